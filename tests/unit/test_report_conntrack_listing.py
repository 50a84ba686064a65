"""Connections as conntrack-tools 1.4.7 prints them; the expected lines were printed by the tool on Linux 6.18."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.report.conntrack_listing import event, listed, record
from fwsim.tables import V6
from fwsim.terms import UNKNOWN_VALUE, CtStatus, SctpState, TcpState

SECOND = 1_000_000_000
LOCALHOST = {"src0": 0x7F000001, "src1": 0, "src2": 0, "src3": 0, "dst0": 0x7F000001, "dst1": 0, "dst2": 0, "dst3": 0}
LOCALHOST6 = {"src0": V6, "src1": 0, "src2": 0, "src3": 1, "dst0": V6, "dst1": 0, "dst2": 0, "dst3": 1}
BOTH = CtStatus.SEEN_REPLY | CtStatus.ASSURED


def connection(
    proto: int,
    ids: tuple[int, int],
    reply_ids: tuple[int, int] | None = None,
    *,
    left: float = 0,
    status: int = 0,
    state: int = 0,
    mark: int = 0,
    addresses: dict[str, int] = LOCALHOST,
) -> dict[str, Any]:
    """A connection from 127.0.0.1 to 127.0.0.1, as the tracker lists it."""
    swapped = reply_ids or (ids[1], ids[0])
    return {
        "number": 3,
        "opened_frame": 1,
        "opened_file": 0,
        "last_frame": 2,
        "last_file": 0,
        "created": 5,
        "mark": mark,
        "status": int(status),
        "state": int(state),
        "expires": int(left * SECOND),
        "original": {**addresses, "proto": proto, "src_id": ids[0], "dst_id": ids[1]},
        "reply": {**addresses, "proto": proto, "src_id": swapped[0], "dst_id": swapped[1]},
    }


@pytest.mark.parametrize(
    ("known", "line"),
    [
        (
            connection(6, (59326, 6001), left=431999.9, status=BOTH, state=TcpState.ESTABLISHED),
            "tcp      6 431999 ESTABLISHED src=127.0.0.1 dst=127.0.0.1 sport=59326 dport=6001 "
            "src=127.0.0.1 dst=127.0.0.1 sport=6001 dport=59326 [ASSURED] mark=0 use=1",
        ),
        (
            connection(17, (33013, 7777), left=29.999),
            "udp      17 29 src=127.0.0.1 dst=127.0.0.1 sport=33013 dport=7777 [UNREPLIED] src=127.0.0.1 dst=127.0.0.1 "
            "sport=7777 dport=33013 mark=0 use=1",
        ),
        (
            connection(1, (4660, 8 << 8), (4660, 0), left=29, status=CtStatus.SEEN_REPLY),
            "icmp     1 29 src=127.0.0.1 dst=127.0.0.1 type=8 code=0 id=4660 "
            "src=127.0.0.1 dst=127.0.0.1 type=0 code=0 id=4660 mark=0 use=1",
        ),
        (
            connection(47, (0, 0), left=29),
            "gre      47 29 src=127.0.0.1 dst=127.0.0.1 srckey=0x0 dstkey=0x0 [UNREPLIED] src=127.0.0.1 dst=127.0.0.1 "
            "srckey=0x0 dstkey=0x0 mark=0 use=1",
        ),
        (
            connection(47, (0, 5), left=29),
            "gre      47 29 src=127.0.0.1 dst=127.0.0.1 srckey=0x0 dstkey=0x5 [UNREPLIED] src=127.0.0.1 dst=127.0.0.1 "
            "srckey=0x5 dstkey=0x0 mark=0 use=1",
        ),
        (
            connection(132, (1000, 80), left=2, status=CtStatus.SEEN_REPLY, state=SctpState.COOKIE_WAIT),
            "sctp     132 2 COOKIE_WAIT src=127.0.0.1 dst=127.0.0.1 sport=1000 dport=80 "
            "src=127.0.0.1 dst=127.0.0.1 sport=80 dport=1000 mark=0 use=1",
        ),
        (
            connection(6, (4000, 21), left=59, status=CtStatus.SEEN_REPLY | CtStatus.HELPER, state=TcpState.SYN_RECV),
            "tcp      6 59 SYN_RECV src=127.0.0.1 dst=127.0.0.1 sport=4000 dport=21 "
            "src=127.0.0.1 dst=127.0.0.1 sport=21 dport=4000 mark=0 helper=ftp use=1",
        ),
        (
            connection(89, (0, 0), left=599),
            "unknown  89 599 src=127.0.0.1 dst=127.0.0.1 [UNREPLIED] src=127.0.0.1 dst=127.0.0.1 mark=0 use=1",
        ),
        (
            connection(17, (44278, 7778), left=0, addresses=LOCALHOST6),
            "udp      17 0 src=::1 dst=::1 sport=44278 dport=7778 [UNREPLIED] src=::1 dst=::1 "
            "sport=7778 dport=44278 mark=0 use=1",
        ),
    ],
)
def test_listing_is_that_of_the_tool(known: dict[str, Any], line: str) -> None:
    assert listed(known, 0) == line


def test_events_are_those_of_the_tool() -> None:
    opened = connection(6, (59326, 6001), left=120, state=TcpState.SYN_SENT)
    there, back = "sport=59326 dport=6001", "sport=6001 dport=59326"
    tuples = f"src=127.0.0.1 dst=127.0.0.1 {there} [UNREPLIED] src=127.0.0.1 dst=127.0.0.1 {back}"
    assert event("new", opened, 0) == f"    [NEW] tcp      6 120 SYN_SENT {tuples}"
    closed = {**opened, "state": int(TcpState.CLOSE)}
    assert event("destroy", closed, 0) == f"[DESTROY] tcp      6 120 CLOSE {tuples}"
    assert event("destroy", closed, 120 * SECOND) == f"[DESTROY] tcp      6 CLOSE {tuples}"
    assured = {**opened, "status": int(BOTH), "expires": 432_000 * SECOND, "state": int(TcpState.ESTABLISHED)}
    assert event("update", assured, 0) == (
        " [UPDATE] tcp      6 432000 ESTABLISHED src=127.0.0.1 dst=127.0.0.1 sport=59326 dport=6001 src=127.0.0.1 "
        "dst=127.0.0.1 sport=6001 dport=59326 [ASSURED]"
    )
    assert event("update", {**assured, "mark": 7}, 0).endswith("[ASSURED] mark=7")
    helped = {**assured, "mark": 7, "status": int(BOTH | CtStatus.HELPER)}
    assert event("update", helped, 0).endswith("[ASSURED] mark=7 helper=ftp")
    assert event("destroy", helped, 0).endswith("[ASSURED] mark=7")


def test_record_names_the_frames_and_the_ids_by_protocol() -> None:
    tcp = record(connection(6, (1, 2), left=9, status=BOTH, state=TcpState.ESTABLISHED), 0)
    assert tcp["original"] == {"src": "127.0.0.1", "dst": "127.0.0.1", "sport": 1, "dport": 2}
    assert (tcp["state"], tcp["timeout"], tcp["assured"]) == ("ESTABLISHED", 9, True)
    assert (tcp["opened_by"], tcp["last_seen_in"]) == ({"file": 0, "n": 1}, {"file": 0, "n": 2})
    ping = record(connection(58, (7, 128 << 8), (7, 129 << 8)), 0)
    assert ping["reply"] == {"src": "127.0.0.1", "dst": "127.0.0.1", "type": 129, "code": 0, "id": 7}
    assert ping["state"] is None
    assert record(connection(132, (1, 2)), 0)["original"]["sport"] == 1
    assert set(record(connection(50, (0, 0)), 0)["original"]) == {"src", "dst"}


def translated(**reply: int) -> dict[str, Any]:
    """From 127.0.0.1 to 10.9.0.9, translated to 127.0.0.1."""
    known = connection(17, (5555, 99), (98, 5555), left=29.9, status=CtStatus.SEEN_REPLY | CtStatus.DNAT)
    known["original"] = known["original"] | {"dst0": 0x0A090009}
    known["reply"] = known["reply"] | reply
    return known


def test_of_translated_connections_the_tool_prints_both_tuples_and_no_word_more() -> None:
    assert listed(translated(), 0) == (
        "udp      17 29 src=127.0.0.1 dst=10.9.0.9 sport=5555 dport=99 "
        "src=127.0.0.1 dst=127.0.0.1 sport=98 dport=5555 mark=0 use=1"
    )
    found = record(translated(), 0)
    assert (found["snat"], found["dnat"]) == (False, True)
    assert found["original"]["dst"] == "10.9.0.9"
    assert found["reply"] == {"src": "127.0.0.1", "dst": "127.0.0.1", "sport": 98, "dport": 5555}


def test_parts_of_a_tuple_that_only_the_kernel_knows_are_question_marks_and_null() -> None:
    drawn = translated(dst0=UNKNOWN_VALUE, dst_id=UNKNOWN_VALUE)
    assert "src=127.0.0.1 dst=? sport=98 dport=? mark=0" in listed(drawn, 0)
    assert record(drawn, 0)["reply"] == {"src": "127.0.0.1", "dst": None, "sport": 98, "dport": None}


def test_state_and_timeout_of_a_connection_that_was_not_followed_for_sure_are_not_told() -> None:
    status = CtStatus.STRAY | CtStatus.TENTATIVE
    lost = connection(6, (1, 2), left=432009.5, status=status, state=TcpState.SYN_SENT)
    assert listed(lost, 0).startswith("tcp      6 ? ? src=127.0.0.1 ")
    assert event("destroy", lost, 0).startswith("[DESTROY] tcp      6 ? ? src=127.0.0.1 ")
    assert listed(connection(17, (1, 2), left=121, status=status), 0).startswith("udp      17 ? src=127.0.0.1 ")
    found = record(lost, 0)
    assert (found["state"], found["timeout"], found["tentative"]) == (None, None, True)
