"""What steps count, change and decide as nft writes it."""

from __future__ import annotations

import pytest

from fwsim.exporting.nft_doing import (
    alter_text,
    assign_text,
    counting_text,
    duration_text,
    effectless_text,
    nat_text,
    verdict_text,
)
from fwsim.exporting.nft_words import Known
from fwsim.exporting.saying import CannotSay
from fwsim.netfilter.steps import (
    Alter,
    Assign,
    Connections,
    Effectless,
    HashLimit,
    Nat,
    Quota,
    Rate,
    Recent,
    Step,
    Term,
    Verdict,
)
from fwsim.ruleset.values import Limit
from fwsim.terms import RejectWith

BUCKET = Limit(5, 60 * 10**9)


@pytest.mark.parametrize(("time", "text"), [(90_000_000_000, "1m30s"), (0, "0ms"), (1_500_000_000, "1s500ms")])
def test_durations(time: int, text: str) -> None:
    assert duration_text(time) == text


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Rate(BUCKET), "limit rate 5/minute burst 5 packets"), (Rate(BUCKET, object="slow"), 'limit name "slow"'),
        (Quota(100, 5, over=True), "quota over 100 bytes used 5 bytes"), (Connections(3, over=True), "ct count over 3"),
    ],
)  # fmt: skip
def test_counts(step: Step, text: str) -> None:
    assert counting_text(step) == text


@pytest.mark.parametrize(
    "step",
    [Rate(BUCKET, "xt"), HashLimit("h", BUCKET, (("src", 32),), 1), Recent("r", "set"), Rate(Limit(5, 10**9, 0))],
)
def test_counts_that_nft_does_otherwise_are_refused(step: Step) -> None:
    with pytest.raises(CannotSay):
        counting_text(step)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Assign("mark", 5), "meta mark set 0x5"), (Assign("ct_mark", terms=(Term("mark"),)), "ct mark set meta mark"),
        (Assign("mark", 1, (Term("mark", 0xF0),)), "meta mark set meta mark & 0xf0 | 0x1"),
        (Assign("mark", 1, (Term("mark", 0xF1),)), "meta mark set meta mark & 0xf1 ^ 0x1"),
        (Assign("mark", 0, (Term("ct_mark", 0xFF00, 8),)), "meta mark set ct mark << 8 & 0xff00"),
    ],
)  # fmt: skip
def test_marks(step: Assign, text: str) -> None:
    assert assign_text(step, Known()) == text


def test_a_mark_made_of_several_things_is_refused() -> None:
    with pytest.raises(CannotSay):
        assign_text(Assign("mark", 0, (Term("mark"), Term("ct_mark"))), Known())


@pytest.mark.parametrize(
    ("step", "family", "text"),
    [
        (Nat("snat", 4, (1, 2), (10, 20), frozenset({"random"})), 0, "snat ip to 0.0.0.1-0.0.0.2:10-20 random"),
        (Nat("dnat", 6, (1, 1), (80, 80)), 0, "dnat ip6 to [::1]:80"), (Nat("dnat", 4, (1, 1)), 4, "dnat to 0.0.0.1"),
        (Nat("masquerade"), 4, "masquerade"), (Nat("redirect", ports=(80, 80)), 4, "redirect to :80"),
    ],
)  # fmt: skip
def test_translations(step: Nat, family: int, text: str) -> None:
    assert nat_text(step, family) == text


def test_verdicts() -> None:
    assert verdict_text(Verdict("jump", "x"), {"x": "x_"}, is_nft=False) == "jump x_"
    tcp_reset = Verdict("reject", reject_with=RejectWith.TCP_RESET)
    assert verdict_text(tcp_reset, {}, is_nft=False) == "reject with tcp reset"
    with pytest.raises(CannotSay):
        verdict_text(Verdict("queue"), {}, is_nft=False)
    with pytest.raises(CannotSay):
        verdict_text(Verdict("unknown", text="-j SYNPROXY"), {}, is_nft=False)


def test_a_log_keeps_its_words_but_no_variable() -> None:
    step = Effectless('log prefix "a" level warn', "a")
    assert effectless_text(step, is_nft=True) == step.text
    assert effectless_text(step, is_nft=False) == 'log prefix "a"'
    assert effectless_text(Effectless("log prefix $x", "a"), is_nft=True) == 'log prefix "a"'
    with pytest.raises(CannotSay):
        effectless_text(Effectless("-j TRACE"), is_nft=False)


def test_a_header_that_is_changed() -> None:
    assert alter_text(Alter(("dscp",), 8), Known(4), is_nft=False) == "ip dscp set 8"
    with pytest.raises(CannotSay):
        alter_text(Alter(("dscp",), None), Known(4), is_nft=False)
