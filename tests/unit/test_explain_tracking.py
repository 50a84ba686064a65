"""What tracking made of a packet, in words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fwsim.explain.tracking import aftermath, connection_story, window_story
from tests.deciding import (
    EDGE,
    HERE,
    HERE6,
    KNOWN,
    NOWHERE,
    PERHAPS,
    THERE,
    THERE6,
    UNKNOWN_INTERFACE,
    Rules,
    Wall,
    error_about,
    handshake,
    icmp,
    later,
    tcp,
    udp,
)
from tests.deciding import back as answering
from tests.explaining import RAW, moment_of


def open_wall(rules: Rules = EDGE, **document: Any) -> Wall:
    """A wall with a connection; HERE has said 1001, THERE 5001."""
    wall = Wall(rules, **document)
    handshake(wall)
    return wall


def back(flags: str, **words: Any) -> Any:
    return answering(flags, **{"seq": 5001, **words})


def window(wall: Wall, packet: Any) -> dict[str, str]:
    """The lines of the window by their names."""
    lines = {}
    for line in window_story(moment_of(wall, packet)):
        name, rest = line[:18].strip(), line[18:]
        lines[name] = re.sub(r" +", " ", rest.strip())
    return lines


# --- the connection --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("packet", "first"),
    [
        (tcp(ttl=9), "not tracked: a rule ahead of tracking dropped it"),
        (udp(), "a notrack rule exempted it from tracking"),
        (tcp(ports=(1, 443)), "no connection is known for it: it opens one"),
        (tcp("SA", ports=(1, 443)), "no connection is known for it"),
        (
            tcp("A", seq=1001, ack=5001),
            "belongs to the connection opened by packet 1, last seen in 4; original direction",
        ),
        (back("A"), "belongs to the connection opened by packet 1, last seen in 4; reply direction"),
        (icmp(135, HERE6, THERE6), "no connection is known for it"),
        (tcp(ports=(1, 443), ttl=1), "no connection is known for it: it would open one"),
        (
            error_about(tcp("A", seq=1001, ack=5001), NOWHERE),
            "quotes a packet of the connection opened by packet 1, last seen in 4; reply direction",
        ),
        (
            later(error_about(tcp("A", seq=1001, ack=5001), NOWHERE), dst="10.1.0.9"),
            "quotes a packet of a known connection, but does not go to that packet's sender",
        ),
        (error_about(tcp("A", ports=(1, 443)), NOWHERE), "no connection is known for it"),
    ],
)
def test_the_connection_is_told_first(packet: Any, first: str) -> None:
    wall = open_wall(RAW)
    wall.ask(tcp("A", seq=1001 + 900_000, ack=5001))  # an invalid packet, which must not show in the next story
    assert connection_story(moment_of(wall, packet))[0].replace("seen in 3", "seen in 4") == first


def test_rules_that_need_no_tracking_are_told() -> None:
    assert connection_story(moment_of(Wall([{"verdict": "accept"}]), tcp())) == [
        "no rule needs tracking, so the kernel does not track"
    ]


def test_the_ct_state_comes_with_its_reason_and_the_kernels_words_if_invalid() -> None:
    assert connection_story(moment_of(open_wall(), back("A", ack=999_999)))[-2:] == [
        "ct state invalid: it acknowledges data that were never sent (bound III)",
        'the kernel\'s words: "ACK is over upper bound (ACKed data not seen yet)"',
    ]
    assert connection_story(moment_of(open_wall(), back("A")))[-1] == "ct state established"


@pytest.mark.parametrize(
    ("packets", "condition"),
    [
        ([tcp()], "SYN_SENT, UNREPLIED, 120 s left"),
        ([tcp(), back("SA", seq=5000)], "SYN_RECV, 60 s left"),
        ([tcp(), back("SA", seq=5000), tcp("A", seq=1001, ack=5001)], "ESTABLISHED, ASSURED, 432000 s left"),
    ],
)
def test_the_condition_of_a_connection_is_told_as_conntrack_lists_it(packets: list[Any], condition: str) -> None:
    wall = Wall(EDGE)
    for packet in packets:
        wall.ask(packet)
    assert connection_story(moment_of(wall, tcp("A", seq=1001, ack=5001)))[1] == condition


def test_an_opening_with_an_unknown_verdict_opens_a_connection_perhaps() -> None:
    first, *_ = connection_story(moment_of(Wall([KNOWN, PERHAPS]), tcp("S", HERE, NOWHERE)))
    assert first == "no connection is known for it: it opens one if it goes through, which is not known"


def test_of_an_icmp_error_the_condition_is_that_of_the_connection_it_is_about() -> None:
    wall = open_wall()
    error = error_about(tcp("A", seq=1001, ack=5001), NOWHERE)
    assert connection_story(moment_of(wall, error))[1] == "ESTABLISHED, ASSURED, 432000 s left"
    assert aftermath(moment_of(wall, error)) == ["ESTABLISHED, ASSURED, 432000 s left: unchanged"]


# --- the window ------------------------------------------------------------------------------------------------


def test_data_in_order_lie_inside() -> None:
    assert window(open_wall(), back("PA", data=100)) == {
        "expected next": "5,001",
        "window ends at": "69,241 +64,240 bound I: no data may begin beyond",
        "Linux tolerates to": "133,480 +128,479 one more window of the receiver",
        "not older than": "4,294,908,057 -64,240 bound II: what ends before is a late copy",
        "this packet": "5,001 to 5,101: inside",
        "it acknowledges": "1,001 bounds IV and III: 4,294,902,297 to 1,001",
    }


@pytest.mark.parametrize(
    ("packet", "name", "end"),
    [
        (back("A", seq=5001 + 300_000, data=1), "this packet", "beyond the window (bound I)"),
        (back("A", seq=5001 + 64_241, data=1), "this packet", "beyond the window, but tolerated"),
        (back("A", seq=5001 - 70_000 + (1 << 32)), "this packet", "a late copy (bound II)"),
        (back("A", ack=2000), "it acknowledges", "of what was never sent (bound III)"),
        (back("A", ack=1001 - 70_000 + (1 << 32)), "it acknowledges", "very old (bound IV)"),
    ],
)
def test_the_bound_that_is_violated_is_told(packet: Any, name: str, end: str) -> None:
    assert window(open_wall(), packet)[name].endswith(end)


def test_of_a_reset_the_one_number_that_closes_is_told() -> None:
    assert window(open_wall(), back("R", seq=6000))["expected next"] == "5,001 exactly here a RST closes the connection"
    assert "it acknowledges" not in window(open_wall(), back("R", seq=6000))


@pytest.mark.parametrize(
    "packet", [tcp(ports=(1, 443)), udp(), back("SF"), back("A", bad_checksum=True), icmp(8)],
    ids=["no connection", "no TCP", "impossible flags", "bad checksum", "ICMP"],
)  # fmt: skip
def test_where_no_window_is_looked_at_none_is_told(packet: Any) -> None:
    assert window(open_wall(), packet) == {}


def test_of_a_peer_that_never_spoke_no_bound_is_told() -> None:
    wall = Wall(EDGE)
    wall.ask(tcp("A", seq=5, ack=0))
    assert window(wall, tcp("A", seq=5, ack=0)) == {
        "window ends at": "64,245 bound I: no data may begin beyond",
        "this packet": "5 to 5: inside",
        "it acknowledges": "0 nothing is known of its peer yet",
    }


@pytest.mark.parametrize(("ack", "bound"), [(55, "0 (bound III)"), (-70_000 + (1 << 32), "4,294,901,296 (bound IV)")])
def test_what_linux_compares_all_the_same_is_told_if_the_packet_fails(ack: int, bound: str) -> None:
    wall = Wall(EDGE)
    wall.ask(tcp())
    told = window(wall, tcp("RA", seq=1001, ack=ack))["it acknowledges"]
    assert told == f"{ack:,} nothing is known of its peer yet; Linux holds it against {bound} all the same"


# --- afterwards ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("packet", "text"),
    [
        (tcp(ports=(1, 443)), "a new connection is remembered: SYN_SENT, UNREPLIED, 120 s left"),
        (tcp("S", THERE, HERE), "nothing: a refused packet opens no connection"),
        (tcp(ports=(1, 443), ttl=1), "nothing"),
        (tcp("SA", ports=(1, 443)), "nothing: the connection table is as it was"),
        (back("R"), "ESTABLISHED -> CLOSE, ASSURED, 10 s left"),
        (tcp("FA", seq=1001, ack=5001), "ESTABLISHED -> FIN_WAIT, ASSURED, 120 s left"),
        (tcp("A", seq=1001, ack=5001), "ESTABLISHED, ASSURED, 432000 s left"),
        (back("A", seq=999_999, data=1), "ESTABLISHED, ASSURED, 432000 s left: unchanged"),
        (icmp(135, HERE6, THERE6), "nothing: the connection table is as it was"),
    ],
)
def test_what_is_left_behind_is_told(packet: Any, text: str) -> None:
    assert aftermath(moment_of(open_wall(), packet)) == [text]


def test_a_connection_that_ends_at_once_is_gone() -> None:
    wall = Wall(EDGE)
    wall.ask(tcp())
    assert aftermath(moment_of(wall, tcp("R", seq=1001))) == ["the connection is gone"]


def test_a_connection_that_may_not_exist_says_so() -> None:
    wall = Wall([KNOWN, {**UNKNOWN_INTERFACE, "verdict": "accept"}])
    (text,) = aftermath(moment_of(wall, tcp("S", HERE, NOWHERE)))
    assert "perhaps not there (the verdict on its opening is unknown)" in text


def test_a_reset_while_closing_is_not_said_to_be_beyond_a_window_that_nobody_looks_at() -> None:
    """Any RST closes then, also one without ACK and far off (`closes_unchecked`)."""
    for flags, ack in (("R", 0), ("RA", 999)):
        wall = open_wall()
        wall.ask(tcp("FA", seq=1001, ack=5001))
        lines = window(wall, back(flags, seq=905_001, ack=ack))
        assert lines["this packet"].endswith("not compared with the window, for while closing any RST closes")
        assert lines["expected next"] == "5,001"
        assert "it acknowledges" not in lines


def test_a_reset_below_what_is_expected_is_not_said_to_be_inside() -> None:
    lines = window(open_wall(), back("R", seq=4001, ack=0))
    assert lines["this packet"].endswith("to 4,001: below what is expected")


def test_a_syn_that_is_ignored_is_not_compared_with_the_window() -> None:
    lines = window(open_wall(), tcp("S", seq=999_001))
    assert lines["this packet"].endswith("to 999,002: not compared with the window")


def test_a_reset_has_no_data_that_could_lie_beyond_the_window() -> None:
    story = connection_story(moment_of(open_wall(), back("R", seq=905_001, ack=0)))
    assert story[2] == (
        "ct state invalid: its sequence number lies beyond the window that the receiver has granted (bound I)"
    )
