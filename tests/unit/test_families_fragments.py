"""Fragments: where each begins and ends, what it hides, and what a stack of today makes of it."""

from __future__ import annotations

from typing import Any

from fwsim.attack.model import Effect
from tests.attacking import dissected, forge, needs_tshark, outcomes

FIELDS = ("ip.frag_offset", "ip.flags.mf", "ip.len", "ip.id", "ip.checksum.status", "data.data")


def offsets(name: str, **options: Any) -> list[tuple[int, bool, int]]:
    rows = dissected(forge(name, targets=1, **options), *FIELDS)
    assert len({row[3] for row in rows}) == 1
    return [(8 * int(row[0]), row[1] in ("1", "True"), int(row[2]) - 20) for row in rows]


@needs_tshark
def test_a_tiny_fragment_ends_before_the_flags() -> None:
    assert offsets("tiny-fragments") == [(0, True, 8), (8, False, 16)]


@needs_tshark
def test_an_overlap_of_flags_covers_them_and_goes_on_behind() -> None:
    assert offsets("overlapping-fragments:flags") == [(0, True, 24), (8, False, 24)]


@needs_tshark
def test_an_overlap_of_ports_is_at_offset_0_and_eight_bytes_long() -> None:
    assert offsets("overlapping-fragments:ports") == [(0, True, 16), (0, True, 8), (16, False, 8)]


def test_put_together_as_meant_it_is_a_syn_to_the_hidden_port_with_a_right_checksum() -> None:
    from fwsim.attack.segment import SYN, taken_apart

    for name in ("tiny-fragments", "overlapping-fragments:flags", "overlapping-fragments:ports"):
        pieces = [one.packet for one in forge(name, targets=1)]
        whole = bytearray(64)
        size = 0
        for piece in pieces:
            offset = (int.from_bytes(piece[6:8], "big") & 0x1FFF) * 8
            whole[offset : offset + len(piece) - 20] = piece[20:]
            size = max(size, offset + len(piece) - 20)
        segment = taken_apart(pieces[0][:20] + bytes(whole[:size]))
        assert (segment.dport, segment.flags, segment.sound) == (23, SYN, True)


def test_what_overlaps_does_nothing_to_a_host_of_today() -> None:
    found = forge("overlapping-fragments:flags", targets=1, port=443)
    assert [one.intent.before for one in found] == [Effect.WAIT, Effect.SYN_ACK]
    assert found[-1].intent.after == Effect.NONE


def test_the_words_are_left_and_state_that_puts_fragments_together_admits_none() -> None:
    tiny = outcomes("tiny-fragments", port=443, targets=1)
    assert {one.evidence for one in tiny} == {("tiny-fragment",)}
    overlapping = outcomes("overlapping-fragments:flags", port=443, targets=1)
    assert all("overlapping-fragment" in one.evidence for one in overlapping)
    assert not any(one.stateful for one in overlapping)
