"""Insertion: every number right but one thing, for which no host takes the packet."""

from __future__ import annotations

import pytest

from fwsim.attack.model import Effect
from fwsim.attack.segment import taken_apart, transport_at
from tests.attacking import admitted, dissected, forge, needs_tshark, outcomes

STYLES = ("reset", "data", "fin")


@needs_tshark
@pytest.mark.parametrize("style", STYLES)
def test_a_bad_checksum_is_bad_and_nothing_else_is(style: str) -> None:
    (row,) = dissected(forge(f"bad-checksum:{style}"), "tcp.checksum.status", "ip.checksum.status", "ipv6.version")
    assert row[0] == "0"
    assert row[1:] in (("1", ""), ("", "6"))


@needs_tshark
def test_a_low_ttl_is_as_low_as_asked_for() -> None:
    (row,) = dissected(forge("low-ttl:reset", ttl=3), "ip.ttl", "ipv6.hlim", "tcp.checksum.status")
    assert row in (("3", "", "1"), ("", "3", "1"))


@pytest.mark.parametrize("offset", [4, 15])
def test_a_bad_offset_stands_in_the_header_and_the_checksum_is_right_by_it(offset: int) -> None:
    from fwsim.capture.crafting import checksum, pseudo_header

    (found,) = forge("bad-offset:reset", offset=offset)
    at = transport_at(found.packet)
    body = found.packet[at:]
    assert body[12] >> 4 == offset
    segment = taken_apart(found.packet)
    assert checksum(pseudo_header(segment.src, segment.dst, 6, len(body)) + body) == 0
    assert not segment.sound


def test_a_bad_window_is_as_far_off_as_asked_for() -> None:
    right, off = (taken_apart(forge("bad-window:data", off=number)[0].packet) for number in (0, 500_000))
    assert (off.seq - right.seq) & 0xFFFFFFFF == 500_000


@pytest.mark.parametrize("name", ["bad-checksum", "low-ttl", "bad-offset"])
@pytest.mark.parametrize("style", STYLES)
def test_no_host_takes_it(name: str, style: str) -> None:
    (found,) = forge(f"{name}:{style}")
    assert (found.intent.before, found.intent.after) == (Effect.NONE, Effect.NONE)


def test_state_that_verifies_stops_all_but_what_ends_behind_it() -> None:
    for name, with_state in (("bad-checksum", 0), ("bad-offset", 0), ("bad-window", 0), ("low-ttl", 1)):
        assert admitted(outcomes(f"{name}:data")) == (1, 1, with_state), name
