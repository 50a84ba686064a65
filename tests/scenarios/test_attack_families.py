"""Every family in every style: its packets as tshark reads them, what becomes of them in the office, and its labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from fwsim.attack.lab import attack
from fwsim.attack.labels import label_among, values_of
from fwsim.attack.model import Forged
from fwsim.attack.registry import FAMILIES, names_with_styles, ordered
from tests.attacking import admitted, dissected, folder, forge, ground_path, needs_tshark, opened, outcomes, place

SYN, SYN_ACK, ACK, DATA, FIN_ACK, RST, RST_ACK = (
    f"tcp 0x{bits:04x}" for bits in (0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14)
)
FIN, NULL, XMAS, UDP, ERROR, ECHO, REPLY = "tcp 0x0001", "tcp 0x0000", "tcp 0x0029", "udp", "icmp 3", "icmp 8", "icmp 0"
HEAD, REST, LATER = "fragment at 0, more to come", "fragment at 8", "fragment at 16"

CASES: dict[str, tuple[set[str], tuple[int, int, int]]] = {
    "syn-scan:plain": ({SYN}, (4, 1, 1)),
    "ack-scan:plain": ({ACK}, (4, 1, 0)),
    "fin-scan:plain": ({FIN}, (4, 1, 0)),
    "null-scan:plain": ({NULL}, (4, 1, 0)),
    "xmas-scan:plain": ({XMAS}, (4, 1, 0)),
    "maimon-scan:plain": ({FIN_ACK}, (4, 1, 0)),
    "window-scan:plain": ({ACK}, (4, 1, 0)),
    "synack:plain": ({SYN_ACK}, (4, 1, 0)),
    "backscatter:plain": ({SYN_ACK, RST_ACK, ERROR, REPLY}, (6, 1, 0)),
    "reset-blind:random": ({RST}, (12, 12, 0)),
    "reset-blind:sweep": ({RST}, (32, 32, 0)),
    "reset-blind:exact": ({RST}, (2, 2, 2)),
    "syn-blind:random": ({SYN}, (12, 0, 0)),
    "syn-blind:sweep": ({SYN}, (32, 0, 0)),
    "syn-blind:exact": ({SYN}, (2, 0, 0)),
    "data-blind:random": ({DATA}, (12, 12, 4)),
    "data-blind:sweep": ({DATA}, (64, 64, 16)),
    "data-blind:exact": ({DATA}, (2, 2, 2)),
    "ack-blind:random": ({ACK}, (12, 12, 4)),
    "ack-blind:sweep": ({ACK}, (64, 64, 16)),
    "ack-blind:exact": ({ACK}, (2, 2, 2)),
    "hijack:plain": ({DATA, ACK}, (8, 8, 8)),
    "icmp-reset:plain": ({ERROR}, (12, 12, 12)),
    "icmp-pmtu:plain": ({ERROR}, (12, 12, 12)),
    "split-handshake:four": ({SYN, ACK, DATA}, (3, 2, 3)),
    "split-handshake:five": ({SYN, ACK, DATA}, (4, 3, 4)),
    "land:plain": ({SYN}, (4, 1, 1)),
    "spoof-inside:plain": ({SYN, UDP, ECHO}, (6, 1, 1)),
    "bogon:plain": ({SYN, UDP, ECHO}, (6, 1, 1)),
    "dns-spoof:plain": ({UDP}, (12, 12, 12)),
    "udp-flood:random": ({UDP}, (6, 0, 0)),
    "udp-flood:reply": ({UDP}, (6, 6, 0)),
    "icmp-reply-flood:plain": ({REPLY}, (6, 0, 0)),
    "syn-flood:random": ({SYN}, (6, 6, 6)),
    "syn-flood:fixed": ({SYN}, (6, 6, 6)),
    "syn-flood:slow": ({SYN}, (6, 6, 6)),
    "table-exhaustion:syn": ({SYN}, (6, 6, 6)),
    "table-exhaustion:ack": ({ACK}, (6, 6, 0)),
    "table-exhaustion:udp": ({UDP}, (6, 0, 0)),
    "tiny-fragments:plain": ({HEAD, REST}, (4, 0, 0)),
    "overlapping-fragments:flags": ({HEAD, REST}, (4, 0, 0)),
    "overlapping-fragments:ports": ({HEAD, LATER}, (6, 1, 0)),
    "bad-checksum:reset": ({RST}, (12, 12, 0)),
    "bad-checksum:data": ({DATA}, (12, 12, 0)),
    "bad-checksum:fin": ({FIN_ACK}, (12, 12, 0)),
    "low-ttl:reset": ({RST}, (12, 12, 12)),
    "low-ttl:data": ({DATA}, (12, 12, 12)),
    "low-ttl:fin": ({FIN_ACK}, (12, 12, 12)),
    "bad-window:reset": ({RST}, (12, 12, 0)),
    "bad-window:data": ({DATA}, (12, 12, 0)),
    "bad-window:fin": ({FIN_ACK}, (12, 12, 0)),
    "bad-offset:reset": ({RST}, (12, 12, 0)),
    "bad-offset:data": ({DATA}, (12, 12, 0)),
    "bad-offset:fin": ({FIN_ACK}, (12, 12, 0)),
    "ftp-bounce:inside": ({SYN, ACK, DATA}, (7, 0, 0)),
    "ftp-bounce:outside": ({SYN, ACK, DATA}, (7, 0, 0)),
    "time-wait-reuse:higher": ({SYN}, (2, 2, 2)),
    "time-wait-reuse:lower": ({SYN}, (2, 2, 2)),
    "time-wait-reuse:duplicate": ({ACK}, (2, 2, 2)),
    "time-wait-reuse:reset": ({RST}, (2, 2, 2)),
}
"""What its forged packets are; and how many there are, how many the stateless mode admits, how many the stateful."""

FEW = {"count": 6, "victims": 2, "ports": "22,443", "targets": 2, "window": 1 << 28}
FIELDS = (
    "ip.proto", "ipv6.nxt", "tcp.flags", "icmp.type", "ip.frag_offset", "ip.flags.mf", "_ws.malformed",
    "ip.checksum.status", "tcp.checksum.status", "udp.checksum.status", "icmp.checksum.status",
)  # fmt: skip
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp"}
RIGHT, WRONG, NOT_SEEN, UNVERIFIED = "1", "0", "", "2"


def options_of(name: str) -> dict[str, Any]:
    """Few packets, where the family can be told."""
    known = {option.name for option in FAMILIES[name.partition(":")[0]].options}
    return {key: value for key, value in FEW.items() if key in known}


def forged(name: str) -> list[Forged]:
    """The forged packets of an attack, without what ordinary hosts answer."""
    return [one for one in forge(name, **options_of(name)) if not one.innocent]


@cache
def read_by_tshark() -> dict[str, list[tuple[str, ...]]]:
    """The rows of all attacks, read at once."""
    packets = {name: forged(name) for name in CASES}
    rows = iter(dissected([one for found in packets.values() for one in found], *FIELDS))
    return {name: [next(rows) for _ in found] for name, found in packets.items()}


def kind(row: tuple[str, ...]) -> str:
    """What a packet is, by tshark."""
    proto, next_header, flags, icmp, offset, more, *_ = row
    if offset not in ("", "0") or more in ("1", "True"):
        return f"fragment at {8 * int(offset)}" + (", more to come" if more in ("1", "True") else "")
    name = PROTOCOLS[proto or next_header]
    return {"tcp": f"tcp {flags}", "icmp": f"icmp {icmp}"}.get(name, name)


def test_every_family_is_here_in_every_style() -> None:
    assert set(CASES) == set(names_with_styles(list(FAMILIES.values())))


@needs_tshark
@pytest.mark.parametrize("name", CASES)
def test_tshark_reads_its_packets_as_they_are_meant(name: str) -> None:
    rows = read_by_tshark()[name]
    assert len(rows) == CASES[name][1][0]
    assert {kind(row) for row in rows} == CASES[name][0]
    assert all(bool(row[6]) == name.startswith("bad-offset") for row in rows)
    tcp = {row[8] for row in rows}
    assert tcp <= ({WRONG} if name.startswith("bad-checksum") else {RIGHT, NOT_SEEN, UNVERIFIED})
    assert {status for row in rows for status in (row[7], *row[9:])} <= {RIGHT, NOT_SEEN}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_as_many_are_admitted_as_state_or_the_lack_of_it_allows(name: str) -> None:
    assert admitted(outcomes(name, **options_of(name))) == CASES[name][1]


def packets_of(path: str) -> Iterator[tuple[bytes, dict[str, str] | None]]:
    """The IP packets of a capture, without what pads their frames, each with its label if it has one."""
    for chunk in opened(path):
        for row in range(len(chunk)):
            data = chunk.data(row)[int(chunk.frames[row]["network"]) :]
            length = 40 + int.from_bytes(data[4:6], "big") if data[0] >> 4 == 6 else int.from_bytes(data[2:4], "big")
            yield data[:length], label_among(chunk.comments.get(row, []))


def test_in_a_capture_of_all_attacks_every_forged_packet_is_labelled_and_no_honest_one() -> None:
    orders = [ordered(name, None, {key: str(value) for key, value in options_of(name).items()}) for name in CASES]
    path = str(folder() / "everything.pcapng")
    count = attack(orders, place(), path)
    found = list(packets_of(path))
    everything = [one for name in CASES for one in forge(name, **options_of(name))]
    labelled = Counter((data, *label.values()) for data, label in found if label is not None)
    assert labelled == Counter((one.packet, *values_of(one).values()) for one in everything if not one.innocent)
    others = Counter(data for data, label in found if label is None)
    honest = Counter(data for data, _ in packets_of(ground_path()))
    assert others == honest + Counter(one.packet for one in everything if one.innocent)
    assert (count.forged, count.honest + count.innocent) == (labelled.total(), others.total())
