"""The captures of the measurements: the same every time, well-formed, and full of what they promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.utils import rdpcap

from fwsim.ruleset import load_ruleset
from fwsim.terms import CtState, Evidence, TcpFlag, Verdict
from tests.bench import keeping, making
from tests.bench.frames import FILE_HEADER
from tests.bench.making import MILLION, MIXED, SMALL, conversations, drawn_headers, flood, write_capture
from tests.bench.measuring import EDGE
from tests.classbench import Filter
from tests.deciding import ruleset_of
from tests.replaying import Outcome, replay_files

ANY = (0, 0xFFFF)
FILTERS = [
    Filter((0x0A000000, 8), (0xC6336400, 24), ANY, (443, 443), 6, (0x02, 0x12)),
    Filter((0xC0000200, 24), (0, 0), (1024, 0xFFFF), (53, 53), 17, (0, 0)),
    Filter((0, 0), (0xCB007100, 24), ANY, ANY, 1, (8, 0xFF)),
    Filter((0x08000000, 6), (0, 1), ANY, ANY, 47, (0, 0)),
    Filter((0, 0), (0x0B000000, 8), ANY, (1, 2000), None, (0, 0)),
]

FEW = 10
KINDS: dict[str, Callable[[int, int], Iterator[bytes]]] = {
    "mixed": lambda packets, seed: conversations(MIXED._replace(live=FEW), packets, seed),
    "small": lambda packets, seed: conversations(SMALL._replace(live=FEW), packets, seed),
    "million": lambda packets, seed: conversations(MILLION._replace(live=FEW), packets, seed),
    "flood": flood,
    "headers": lambda packets, seed: drawn_headers(FILTERS, packets, seed),
}

each_kind = pytest.mark.parametrize("kind", KINDS)


def made(folder: Path, records: Iterator[bytes]) -> Path:
    write_capture(folder / "capture.pcap", records)
    return folder / "capture.pcap"


def replayed(path: Path, rules: list[dict[str, Any]] | None = None) -> Outcome:
    """What becomes of a capture if all may pass that is not invalid; or with the ruleset of the measurements."""
    return replay_files([path], load_ruleset(str(EDGE)) if rules is None else ruleset_of(rules))


OPEN = [{"ct_state": ["new", "established"], "verdict": "accept"}]


@each_kind
def test_the_same_seed_makes_the_same_bytes(kind: str) -> None:
    first, again, other = (b"".join(KINDS[kind](500, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@each_kind
def test_there_are_as_many_packets_as_wanted(kind: str, tmp_path: Path) -> None:
    for wanted in (1, 7, 333):
        assert len(replayed(made(tmp_path, KINDS[kind](wanted, 1)), OPEN)) == wanted


@each_kind
def test_scapy_finds_the_same_lengths_and_checksums(kind: str, tmp_path: Path) -> None:
    packets = rdpcap(str(made(tmp_path, KINDS[kind](200, 3))))
    assert len(packets) == 200
    for packet in packets:
        before = bytes(packet)
        for layer, names in (
            (IP, ("chksum", "len")),
            (TCP, ("chksum",)),
            (UDP, ("chksum", "len")),
            (ICMP, ("chksum",)),
        ):
            if layer in packet:
                for name in names:
                    packet[layer].delfieldval(name)
        assert bytes(packet) == before


@each_kind
def test_fwsim_finds_nothing_wrong_with_the_packets(kind: str, tmp_path: Path) -> None:
    outcome = replayed(made(tmp_path, KINDS[kind](500, 1)), OPEN)
    assert not outcome.frames["reason"].any()
    assert not outcome.frames["transport_fault"].any()
    assert not outcome.frames["route_fault"].any()
    assert not (outcome.frames["evidence"] & Evidence.BAD_CHECKSUM).any()


@pytest.mark.parametrize("kind", ["mixed", "small", "million"])
def test_every_packet_of_a_conversation_belongs_to_it(kind: str, tmp_path: Path) -> None:
    outcome = replayed(made(tmp_path, KINDS[kind](4_000, 1)), OPEN)
    states = np.array(outcome.column("ct_state"))
    opening = outcome.packets["flags"] == TcpFlag.SYN
    assert (states[opening] == CtState.NEW).all()
    assert (states[~opening] == CtState.ESTABLISHED).all()
    assert (np.array(outcome.column("verdict")) == Verdict.ACCEPT).all()
    assert not outcome.frames["evidence"].any()
    assert opening.sum() == FEW if kind == "million" else opening.sum() > 2 * FEW


@pytest.mark.parametrize("kind", ["mixed", "small", "million"])
def test_in_each_round_every_live_connection_sends_a_packet(kind: str, tmp_path: Path) -> None:
    rounds = 100
    outcome = replayed(made(tmp_path, KINDS[kind](rounds * FEW, 1)), OPEN)
    connections = outcome.frames["connection"].reshape(rounds, FEW)
    assert [len(set(row)) for row in connections.tolist()] == [FEW] * rounds
    orders = {tuple(row) for row in connections.tolist()}
    assert len(orders) > rounds // 2


def test_connections_that_never_end_are_all_in_the_table(tmp_path: Path) -> None:
    live = 700
    outcome = replayed(made(tmp_path, conversations(MILLION._replace(live=live), 4 * live)))
    assert len(outcome.connections) == live
    assert set(outcome.column("verdict")) == {Verdict.ACCEPT}


def test_conversations_hold_together_if_a_round_is_made_in_many_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "STEP", 7)
    outcome = replayed(made(tmp_path, conversations(SMALL._replace(live=50, turns=(1, 3)), 1_000)), OPEN)
    assert set(outcome.column("ct_state")) == {CtState.NEW, CtState.ESTABLISHED}
    assert outcome.counters["next_number"] - 1 > 50
    assert not outcome.frames["evidence"].any()


@pytest.mark.parametrize(("traffic", "least", "most"), [(MIXED, 580, 600), (SMALL, 64, 80), (MILLION, 64, 80)])
def test_packets_are_as_large_as_promised(traffic: making.Traffic, least: int, most: int) -> None:
    packets = 60_000
    size = len(b"".join(conversations(traffic._replace(live=50), packets))) / packets - 16
    assert least <= size <= most


def test_a_flood_is_of_openings_that_the_ruleset_lets_in(tmp_path: Path) -> None:
    outcome = replayed(made(tmp_path, flood(600)))
    assert set(outcome.packets["flags"].tolist()) == {TcpFlag.SYN}
    assert len(set(outcome.packets["src0"].tolist())) == 600
    assert set(outcome.packets["dst0"].tolist()) == {making.FLOODED}
    assert set(outcome.column("verdict")) == {Verdict.ACCEPT}
    assert len(outcome.connections) == 600


def test_clients_and_ports_do_not_come_again_soon() -> None:
    numbers = np.arange(100_000, dtype=np.int64)
    keys = numbers * making.SPREAD % (making.CLIENTS * making.CLIENT_PORTS)
    assert len(np.unique(keys)) == len(numbers)
    assert np.gcd(making.SPREAD, making.CLIENTS * making.CLIENT_PORTS) == 1
    assert 20_000 + making.CLIENT_PORTS <= 1 << 16
    assert making.FIRST_CLIENT + making.CLIENTS < (10 << 24) + (2 << 16)


def test_a_capture_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FWSIM_BENCH_DIR", str(tmp_path))
    path = keeping.mixed(50)
    written = path.stat().st_mtime_ns
    assert path.read_bytes().startswith(FILE_HEADER)
    assert keeping.mixed(50) == path
    assert path.stat().st_mtime_ns == written
    assert keeping.mixed(51) != path


def test_a_capture_that_was_not_finished_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FWSIM_BENCH_DIR", str(tmp_path))

    def broken() -> Iterator[bytes]:
        yield b"some"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        keeping.capture("broken", 5, broken)
    assert list(tmp_path.iterdir()) == []
