"""What a segment does to a host: the cases of RFC 793 and RFC 5961, one by one."""

from __future__ import annotations

import pytest

from fwsim.attack.host import Host, before_rfc5961, by_rfc5961, in_time_wait, in_window, without_connection
from fwsim.attack.model import Effect
from fwsim.attack.segment import ACK, FIN, PSH, RST, SYN, Segment
from fwsim.engine.serial import wrap

NEXT, WINDOW, OLDEST, LAST, LARGEST = 0xFFFF_FF00, 10_000, 5_000, 6_000, 30_000
HOST = Host(rcv_nxt=NEXT, rcv_wnd=WINDOW, snd_una=OLDEST, snd_nxt=LAST, max_wnd=LARGEST, wl1=wrap(NEXT - 10))
"""Its window wraps around."""


def segment(flags: int, off: int = 0, *, ack: int = OLDEST, data: bytes = b"") -> Segment:
    return Segment("192.0.2.1", "192.0.2.2", 6, 64, 1, 2, wrap(NEXT + off), ack, flags, 100, data)


@pytest.mark.parametrize(
    ("off", "length", "inside"),
    [(0, 0, True), (WINDOW - 1, 0, True), (WINDOW, 0, False), (-1, 0, False), (-5, 5, False), (-5, 6, True),
     (WINDOW - 1, 100, True), (WINDOW, 1, False), (1 << 31, 1, False)],
)  # fmt: skip
def test_a_segment_is_acceptable_if_it_begins_or_ends_in_the_window(off: int, length: int, inside: bool) -> None:
    assert in_window(HOST, wrap(NEXT + off), length) is inside


def test_a_closed_window_takes_only_what_is_empty_and_exact() -> None:
    closed = Host(NEXT, 0, OLDEST, LAST, LARGEST, NEXT)
    assert [in_window(closed, wrap(NEXT + off), length) for off, length in ((0, 0), (0, 1), (1, 0))] == [
        True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "off", "ack", "data", "before", "by"),
    [
        # RFC 5961 §3.2: exact, in the window, outside.
        (RST, 0, 0, b"", Effect.RESET, Effect.RESET),
        (RST, 1, 0, b"", Effect.RESET, Effect.ACK),
        (RST, WINDOW - 1, 0, b"", Effect.RESET, Effect.ACK),
        (RST, WINDOW, 0, b"", Effect.NONE, Effect.NONE),
        (RST, -1, 0, b"", Effect.NONE, Effect.NONE),
        # §4.2: whatever its number, a SYN is challenged; of old, one in the window was an error.
        (SYN, 0, 0, b"", Effect.RESET, Effect.ACK),
        (SYN, WINDOW, 0, b"", Effect.ACK, Effect.ACK),
        (SYN | ACK, 5, OLDEST, b"", Effect.RESET, Effect.ACK),
        # §5.2: an acknowledgement may be old by no more than the largest window; of old, by half of the space.
        (ACK | PSH, 0, OLDEST, b"x", Effect.DATA, Effect.DATA),
        (ACK | PSH, 0, LAST, b"x", Effect.DATA, Effect.DATA),
        (ACK | PSH, 0, LAST + 1, b"x", Effect.ACK, Effect.ACK),
        (ACK | PSH, 0, OLDEST - LARGEST, b"x", Effect.DATA, Effect.DATA),
        (ACK | PSH, 0, OLDEST - LARGEST - 1, b"x", Effect.DATA, Effect.ACK),
        (ACK | PSH, 0, LAST - (1 << 31) + 1, b"x", Effect.DATA, Effect.ACK),
        (ACK | PSH, WINDOW, OLDEST, b"x", Effect.ACK, Effect.ACK),
        (PSH, 0, OLDEST, b"x", Effect.NONE, Effect.NONE),
        (ACK | FIN, 0, OLDEST, b"", Effect.CLOSE, Effect.CLOSE),
        (ACK, 0, OLDEST, b"", Effect.WINDOW, Effect.WINDOW),
        (ACK, 0, OLDEST - 1, b"", Effect.NONE, Effect.NONE),
        (ACK, -1, OLDEST, b"", Effect.ACK, Effect.ACK),
    ],
)
def test_what_a_segment_does(flags: int, off: int, ack: int, data: bytes, before: Effect, by: Effect) -> None:
    sent = segment(flags, off, ack=wrap(ack), data=data)
    assert (before_rfc5961(HOST, sent), by_rfc5961(HOST, sent)) == (before, by)


def test_what_is_not_sound_does_nothing() -> None:
    broken = Segment("192.0.2.1", "192.0.2.2", 6, 64, 1, 2, NEXT, OLDEST, RST, 0, sound=False)
    effects = {before_rfc5961(HOST, broken), by_rfc5961(HOST, broken), *in_time_wait(HOST, broken, listening=True)}
    assert effects == {Effect.NONE}


@pytest.mark.parametrize(
    ("flags", "listens", "closed"),
    [(SYN, Effect.SYN_ACK, Effect.RST), (ACK, Effect.RST, Effect.RST), (SYN | ACK, Effect.RST, Effect.RST),
     (RST, Effect.NONE, Effect.NONE), (FIN, Effect.NONE, Effect.RST), (0, Effect.NONE, Effect.RST),
     (FIN | PSH, Effect.NONE, Effect.RST), (FIN | ACK, Effect.RST, Effect.RST)],
)  # fmt: skip
def test_scans_tell_open_ports_from_closed_ones_as_rfc_793_has_it(flags: int, listens: Effect, closed: Effect) -> None:
    assert without_connection(flags, listening=True) == listens
    assert without_connection(flags, listening=False) == closed


def test_in_time_wait_only_a_newer_syn_to_a_port_that_listens_opens() -> None:
    newer, older = segment(SYN), segment(SYN, -1)
    assert in_time_wait(HOST, newer, listening=True) == (Effect.SYN_ACK, Effect.SYN_ACK)
    assert in_time_wait(HOST, newer, listening=False) == (Effect.ACK, Effect.ACK)
    assert in_time_wait(HOST, older, listening=True) == (Effect.ACK, Effect.ACK)


def test_rfc_1337_keeps_time_wait_alive() -> None:
    assert in_time_wait(HOST, segment(RST), listening=True) == (Effect.RESET, Effect.NONE)
