from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP

from fwsim.page import tables
from fwsim.page.tables import ASSURED, TENTATIVE, UNREPLIED, ends_of
from fwsim.tables import V6, plain
from fwsim.terms import UNKNOWN_VALUE
from tests.captures_by_hand import pcap
from tests.paging import Page, told


def table_behind(page: Page, at: int) -> dict[int, list[Any]]:
    """The connections as the page puts them together."""
    rows = {row[0]: row for row in page.data["before"]}
    for place in range(at + 1):
        for change in page.value("changes", place) or []:
            rows.pop(change[0], None)
            if len(change) > 1:
                rows[change[0]] = change
    return rows


def states(page: Page, at: int) -> list[str]:
    return [page.text(row[3]) for row in table_behind(page, at).values()]


def test_a_handshake_goes_through_its_states() -> None:
    page = Page(told("handshake.pcapng"))
    assert [states(page, at) for at in range(3)] == [["SYN_SENT"], ["SYN_RECV"], ["ESTABLISHED"]]


def test_the_first_packet_opens_a_connection_that_is_not_answered_yet() -> None:
    page = Page(told("handshake.pcapng"))
    (row,) = table_behind(page, 0).values()
    assert row[4] & UNREPLIED
    (row,) = table_behind(page, 2).values()
    assert row[4] & ASSURED
    assert page.value("live", 0) == 1


def test_a_packet_that_is_invalid_changes_nothing() -> None:
    page = Page(told("blind-reset.pcapng"))
    invalid = [at for at in range(page.count) if page.decision("stateful", at)["ct_state"] == "invalid"]
    assert invalid
    assert all(not page.value("changes", at) for at in invalid)


def test_only_what_the_table_has_is_remembered() -> None:
    page = Page(told("ack-scan.pcapng", count=60, read=60))
    known = {row[0] for at in range(page.count) for row in table_behind(page, at).values()}
    for at in range(page.count):
        assert page.value("remembered", at) == (page.value("connection", at) in known)
    refused = [at for at in range(page.count) if not page.value("remembered", at)]
    assert any(page.value("connection", at) for at in refused), "a refused opening has a number nevertheless"


def test_ports_used_again_give_another_connection() -> None:
    page = Page(told("tuple-reuse.pcapng"))
    numbers = {change[0] for at in range(page.count) for change in page.value("changes", at) or []}
    gone = {change[0] for at in range(page.count) for change in page.value("changes", at) or [] if len(change) == 1}
    assert len(numbers) > 1
    assert gone


def test_connections_of_before_the_window_are_told_as_they_were() -> None:
    whole, later = Page(told("handshake.pcapng")), Page(told("handshake.pcapng", first=3))
    (row,) = later.data["before"]
    (same,) = table_behind(whole, 2).values()
    assert [later.text(number) for number in row[1:4]] == [whole.text(number) for number in same[1:4]]
    assert row[4:] == same[4:]


def test_a_connection_that_may_not_be_there_is_told_as_such(tmp_path: Path) -> None:
    text = """*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A FORWARD -p udp -m bpf --bytecode "1,6 0 0 65535" -j ACCEPT
COMMIT
"""
    (tmp_path / "rules.v4").write_text(text)
    page = Page(told("spoofed-dns.pcapng", str(tmp_path / "rules.v4"), count=2))
    (row,) = table_behind(page, 0).values()
    assert row[4] & TENTATIVE


def test_what_comes_behind_the_growing_of_the_table_is_seen_too(tmp_path: Path) -> None:
    opening = [
        IP(src="10.1.0.5", dst="203.0.113.9") / TCP(sport=port, dport=443, flags="S") for port in range(1, 1_400)
    ]
    answer = IP(src="203.0.113.9", dst="10.1.0.5") / TCP(sport=443, dport=1_399, flags="SA", seq=9, ack=1)
    (tmp_path / "many.pcap").write_bytes(pcap(*map(bytes, [*opening, answer]), link=101))
    (tmp_path / "rules.json").write_text('{"policy": "accept", "rules": [{"ct_state": "invalid", "verdict": "drop"}]}')
    page = Page(told(str(tmp_path / "many.pcap"), str(tmp_path / "rules.json"), first=900))
    bounds = page.bounds(page.count - 1)
    assert bounds is not None
    assert page.value("changes", page.count - 1) == [table_behind(page, page.count - 1)[1_399]]


def test_connections_that_make_room_are_gone() -> None:
    page = Page(told("syn-flood.pcap.zst", count=300, read=300, settings={"conntrack.max": "20"}))
    for at in range(page.count):
        there = table_behind(page, at)
        assert len(there) <= 20 + 1
        assert page.value("live", at) <= 20


def test_a_packet_that_makes_room_costs_no_look_at_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Any] = []

    def look(row: Any) -> dict[str, int]:
        looks.append(row)
        return plain(row)

    monkeypatch.setattr(tables, "plain", look)
    told("syn-flood.pcap.zst", count=300, read=300, settings={"conntrack.max": "150"})
    assert 0 < len(looks) < 5 * 300


@pytest.mark.parametrize(
    ("words", "proto", "ids", "text"),
    [
        (((10 << 24) + 1, 0, 0, 0), 6, (40000, 443), "10.0.0.1:40000 → 10.0.0.1:443"),
        ((V6 + (0xFD00 << 16), 0, 0, 1), 17, (5, 53), "[fd00::1]:5 → [fd00::1]:53"),
        (((10 << 24) + 1, 0, 0, 0), 1, (9, 2048), "10.0.0.1 → 10.0.0.1"),
        ((UNKNOWN_VALUE, 0, 0, 0), 6, (UNKNOWN_VALUE, 80), "?:? → ?:80"),
    ],
)
def test_ends_of_a_connection(words: tuple[int, ...], proto: int, ids: tuple[int, int], text: str) -> None:
    row = {f"{end}{place}": word for end in ("src", "dst") for place, word in enumerate(words)}
    assert ends_of({**row, "proto": proto, "src_id": ids[0], "dst_id": ids[1]}) == text
