"""Conversations as they are seen: what each end expects, offers and has acknowledged; when they are quiet or over."""

from __future__ import annotations

from fwsim.attack.conversation import ANSWERER, OPENER, Conversation, End, Seen

MS = 1_000_000
S, SA, A, FA, R = 2, 18, 16, 17, 4


def talk(*segments: tuple[int, int, int, int, int, int, int], follow: bool = False) -> Conversation:
    """Segments of (ms, side, flags, seq, ack, win, payload)."""
    ends = (End("192.0.2.1", 1025), End("192.0.2.2", 443))
    found = Conversation(0, ends, 0, moments=[] if follow else None)
    for ms, side, flags, seq, ack, win, payload in segments:
        scale = (7 if side == OPENER else 2) if flags & 2 else -1
        found.see(side, Seen(ms * MS, seq, ack, flags, win, payload, scale))
    return found


HANDSHAKE = ((1, 0, S, 1000, 0, 64240, 0), (2, 1, SA, 5000, 1001, 65535, 0), (3, 0, A, 1001, 5001, 500, 0))


def test_after_the_handshake_each_expects_what_follows_the_others_syn() -> None:
    found = talk(*HANDSHAKE)
    client, server = found.host(OPENER), found.host(ANSWERER)
    assert (found.whole, found.opened) == (True, 3 * MS)
    assert (client.rcv_nxt, client.snd_una, client.snd_nxt) == (5001, 1001, 1001)
    assert (server.rcv_nxt, server.snd_una, server.snd_nxt) == (1001, 5001, 5001)


def test_windows_are_scaled_but_for_those_of_syns() -> None:
    found = talk(*HANDSHAKE)
    assert found.host(OPENER).rcv_wnd == 500 << 7
    assert found.host(ANSWERER).rcv_wnd == 65535
    assert found.host(ANSWERER).max_wnd == 64240
    later = talk(*HANDSHAKE, (9, 1, A, 5001, 1001, 600, 0))
    assert later.host(ANSWERER).rcv_wnd == 65535
    assert talk(*HANDSHAKE, (9, 1, A, 5001, 1001, 60000, 0)).host(ANSWERER).rcv_wnd == 60000 << 2


def test_what_was_sent_is_expected_no_more_and_takes_of_the_window() -> None:
    found = talk(*HANDSHAKE, (4, 1, A, 5001, 1001, 600, 1000))
    client = found.host(OPENER)
    assert (client.rcv_nxt, client.rcv_wnd) == (6001, (500 << 7) - 1000)
    assert (found.host(ANSWERER).snd_una, found.host(ANSWERER).snd_nxt) == (5001, 6001)


def test_a_repeated_segment_moves_nothing_back() -> None:
    data = (4, 1, A, 5001, 1001, 600, 1000)
    more = (5, 1, A, 6001, 1001, 600, 1000)
    assert talk(*HANDSHAKE, data, more, data).host(OPENER).rcv_nxt == 7001


def test_numbers_wrap() -> None:
    found = talk(
        (1, 0, S, 0xFFFF_FFFF, 0, 100, 0), (2, 1, SA, 0xFFFF_FFF0, 0, 100, 0), (3, 1, A, 0xFFFF_FFF1, 0, 9, 32)
    )
    assert found.host(OPENER).rcv_nxt == 0x11
    assert found.host(ANSWERER).rcv_nxt == 0


def test_a_moment_is_quiet_if_all_is_acknowledged_and_nothing_comes_for_a_while() -> None:
    data, ack = (10, 1, A, 5001, 1001, 600, 10), (20, 0, A, 1001, 5011, 500, 0)
    assert talk(*HANDSHAKE, data, ack, (60, 0, A, 1001, 5011, 500, 5)).quiet == [6_500_000, 40 * MS]


def test_it_is_over_when_both_have_finished_and_the_last_fin_is_acknowledged() -> None:
    close = ((10, 1, FA, 5001, 1001, 9, 0), (11, 0, FA, 1001, 5002, 9, 0), (12, 1, A, 5002, 1002, 9, 0))
    found = talk(*HANDSHAKE, *close)
    assert (found.closing, found.closed, found.first_to_finish) == (10 * MS, 12 * MS, ANSWERER)
    assert not found.host(OPENER).open
    assert (found.host(OPENER).waits, found.host(ANSWERER).waits) == (False, True)
    assert talk(*HANDSHAKE, *close[:2]).closed == 0
    assert talk(*HANDSHAKE, (10, 1, R, 5001, 0, 0, 0)).closed == 0


def test_who_follows_it_knows_every_moment() -> None:
    found = talk(*HANDSHAKE, (10, 1, A, 5001, 1001, 600, 1000), follow=True)
    assert found.at(MS) is None
    early, late = found.at(5 * MS), found.at(50 * MS)
    assert early is not None
    assert late is not None
    assert (early.hosts[OPENER].rcv_nxt, late.hosts[OPENER].rcv_nxt) == (5001, 6001)
    assert late.wins == (500, 600)
