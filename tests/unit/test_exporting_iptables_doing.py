"""What steps count, change and decide as arguments of iptables."""

from __future__ import annotations

import pytest

from fwsim.exporting.iptables_doing import counted, done, verdict
from fwsim.exporting.saying import CannotSay
from fwsim.netfilter.steps import (
    Assign,
    Connections,
    Effectless,
    HashLimit,
    Nat,
    NoTrack,
    Quota,
    Rate,
    Recent,
    SetHelper,
    Statistic,
    Step,
    Term,
    Verdict,
)
from fwsim.ruleset.values import Limit
from fwsim.terms import RejectWith

BUCKET = Limit(5, 60 * 10**9)
HASHED = (
    "-m hashlimit --hashlimit-upto 5/min --hashlimit-burst 5 --hashlimit-mode srcip,dstport --hashlimit-srcmask 24 "
    "--hashlimit-name h --hashlimit-htable-expire 1000"
)
SEEN = "-m recent ! --rcheck --seconds 60 --hitcount 4 --name r --mask 255.255.255.0 --rdest"


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Rate(BUCKET, "xt"), "-m limit --limit 5/min --limit-burst 5"),
        (Statistic(3, 1), "-m statistic --mode nth --every 3 --packet 1"),
        (Statistic(probability=1 << 30, negated=True), "-m statistic --mode random ! --probability 0.50000000000"),
        (HashLimit("h", BUCKET, (("src", 24), ("dport", 0)), 10**9), HASHED),
        (Recent("r", "rcheck", "dst", 24, 60, 4, negated=True), SEEN),
        (Connections(3, True, (("dst", 24),)),
         "-m connlimit --connlimit-above 3 --connlimit-mask 24 --connlimit-daddr"),
        (Quota(500), "-m quota --quota 500"),
    ],
)  # fmt: skip
def test_counts(step: Step, text: str) -> None:
    assert counted(step, 4, "iptables") == text


@pytest.mark.parametrize("step", [Rate(BUCKET), Rate(Limit(5, 7), "xt"), Quota(5, used=1)])
def test_counts_that_iptables_does_otherwise_are_refused(step: Step) -> None:
    with pytest.raises(CannotSay):
        counted(step, 4, "nft")


@pytest.mark.parametrize(
    ("step", "table", "text"),
    [
        (Assign("mark", 1, (Term("mark", 0xFFFFFF00),)), "mangle", "-j MARK --set-xmark 0x1/0xff"),
        (Assign("mark", 0, (Term("mark", 0xFFFFFF00), Term("ct_mark", 0xFF))), "mangle",
         "-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff"),
        (Assign("ct_mark", 0, (Term("mark"),)), "mangle",
         "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff"),
        (NoTrack(), "raw", "-j CT --notrack"), (SetHelper("ftp"), "raw", "-j CT --helper ftp"),
        (Effectless("", "a"), "filter", '-j LOG --log-prefix "a"'),
        (Nat("dnat", 4, (1, 1), (80, 80)), "nat", "-j DNAT --to-destination 0.0.0.1:80"),
        (Nat("masquerade", flags=frozenset({"fully-random"})), "nat", "-j MASQUERADE --random-fully"),
    ],
)  # fmt: skip
def test_targets(step: Step, table: str, text: str) -> None:
    assert done(step, 4, table) == text


def test_a_counter_needs_no_target() -> None:
    assert done(Effectless("counter", counter=True), 4, "filter") is None


@pytest.mark.parametrize(
    ("step", "table"),
    [
        (NoTrack(), "filter"), (Nat("masquerade"), "filter"), (Assign("mark", 0, (Term("src"),)), "mangle"),
        (Effectless("", "x" * 30), "filter"), (Effectless("nftrace set 1"), "filter"),
    ],
)  # fmt: skip
def test_targets_that_cannot_be_there_are_refused(step: Step, table: str) -> None:
    with pytest.raises(CannotSay):
        done(step, 4, table)


def test_verdicts() -> None:
    assert verdict(Verdict("accept"), 4, "nat") == "-j ACCEPT"
    assert verdict(Verdict("continue"), 4, "nat") is None
    answer = Verdict("reject", reject_with=RejectWith.ICMPV6_NO_ROUTE)
    assert verdict(answer, 6, "filter") == "-j REJECT --reject-with icmp6-no-route"
    with pytest.raises(CannotSay, match="other family"):
        verdict(answer, 4, "filter")
