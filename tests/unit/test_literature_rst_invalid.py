"""The kernel's own sequence of resets, as its test has it; and what others make of it."""

from __future__ import annotations

from fwsim.attack.literature.rst_invalid import CALL, LINUX, RESETS, played, table
from fwsim.attack.literature.stage import FIRST, Play
from fwsim.attack.segment import taken_apart
from fwsim.terms import TcpState


def test_four_resets_are_invalid_and_the_fifth_closes() -> None:
    made = table()
    assert made.agrees
    linux = {row.cells[0]: row.cells[made.head.index("Linux conntrack")] for row in made.rows}
    assert linux == {"0": "invalid", "1,000,000": "invalid", "42": "invalid", "3,000": "invalid", "3,001": "closes"}


def test_who_keeps_no_state_or_no_windows_admits_all_of_them() -> None:
    made = table()
    for row in made.rows:
        assert row.cells[1] == "admitted"
        assert row.cells[2] == ("closes" if row.cells[0] == "3,001" else "admitted")


def test_a_host_of_either_kind_believes_only_the_last() -> None:
    assert [row.cells[4:] for row in table().rows] == [("-", "-")] * 4 + [("resets", "resets")]


def test_the_connection_stays_established_until_then() -> None:
    play = Play(LINUX.simulator(), *CALL)
    for reset, _ in played(play):
        if reset.seq < 3001 or reset.seq == 1_000_000:
            probe = play.send(0, "A", 1 + 1000 * reset.ack, 3001)
            assert probe.tcp_state == TcpState.ESTABLISHED


def test_the_packets_bear_the_numbers_of_the_kernel_s_test() -> None:
    play = Play(LINUX.simulator(), *CALL)
    list(played(play))
    segments = [taken_apart(packet) for packet in play.sent]
    resets = [segment for segment in segments if segment.flags & 4]
    assert [segment.seq - FIRST[1] for segment in resets] == [reset.seq for reset in RESETS]
    assert [segment.flags for segment in resets] == [4, 4, 4, 20, 20]
    assert sum(len(segment.data) for segment in segments if segment.sport == 8080) == 3000
