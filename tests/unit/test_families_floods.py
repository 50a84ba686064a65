"""Floods: how many, how fast, from where, to whom."""

from __future__ import annotations

import pytest

from fwsim.attack.families.floods import parsed
from fwsim.attack.segment import addresses, taken_apart
from fwsim.errors import UsageError
from tests.attacking import admitted, dissected, forge, needs_tshark, outcomes

FLOODS = ("udp-flood:random", "udp-flood:reply", "icmp-reply-flood", "syn-flood:random", "syn-flood:fixed",
          "syn-flood:slow",
          "table-exhaustion:syn", "table-exhaustion:ack", "table-exhaustion:udp")  # fmt: skip


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_comes_in_order_to_one_host(name: str) -> None:
    found = forge(name, count=60)
    assert len(found) == 60
    times = [one.ts for one in found]
    assert times == sorted(times)
    assert {addresses(one.packet)[1] for one in found} == {"192.0.2.2"}


@needs_tshark
@pytest.mark.parametrize("name", FLOODS)
def test_every_checksum_is_right(name: str) -> None:
    fields = [f"{proto}.checksum.status" for proto in ("ip", "tcp", "udp", "icmp")]
    rows = dissected(forge(name, count=40), *fields)
    assert {row[0] for row in rows} == {"1"}
    assert {"".join(row[1:]) for row in rows} == {"1"}


def test_the_rate_is_what_is_asked_for_and_slow_is_two_a_second() -> None:
    fast = forge("syn-flood:random", count=3, rate=1000)
    slow = forge("syn-flood:slow", count=3, rate=1000)
    assert fast[2].ts - fast[0].ts == 2_000_000
    assert slow[2].ts - slow[0].ts == 1_000_000_000


def test_sources_are_one_or_many() -> None:
    fixed = {addresses(one.packet)[0] for one in forge("syn-flood:fixed", count=60)}
    many = {addresses(one.packet)[0] for one in forge("syn-flood:random", count=60)}
    assert (len(fixed), len(many)) == (1, 60)


def test_no_two_connections_of_an_exhaustion_are_the_same() -> None:
    found = [taken_apart(one.packet) for one in forge("table-exhaustion:syn", count=500)]
    assert len({(segment.src, segment.sport) for segment in found}) == 500


def test_a_permitted_syn_flood_passes_both_modes_and_bare_acks_only_the_one_without_state() -> None:
    assert admitted(outcomes("syn-flood:random", count=20)) == (20, 20, 20)
    assert admitted(outcomes("table-exhaustion:ack", count=20)) == (20, 20, 0)
    assert admitted(outcomes("icmp-reply-flood", count=20))[2] == 0


def test_replies_that_nobody_asked_for_pass_where_no_state_is_kept() -> None:
    found = [taken_apart(one.packet) for one in forge("udp-flood:reply", count=60)]
    assert {segment.sport for segment in found} == {53, 123}
    assert all(32768 <= segment.dport <= 60999 for segment in found)
    assert admitted(outcomes("udp-flood:reply", count=20)) == (20, 20, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("192.0.2.9", ("192.0.2.9", 443)), ("192.0.2.9:25", ("192.0.2.9", 25)), ("2001:db8::9", ("2001:db8::9", 443)),
     ("[2001:db8::9]:25", ("2001:db8::9", 25))],
)  # fmt: skip
def test_a_target_is_an_address_with_or_without_a_port(text: str, expected: tuple[str, int]) -> None:
    assert parsed(text, 443) == expected


@pytest.mark.parametrize("text", ["web", "192.0.2.9:0", "192.0.2.9:x", "[2001:db8::9", "1.2.3.4:70000", ""])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected ADDRESS"):
        parsed(text, 443)
