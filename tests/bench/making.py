"""Big captures for measuring: the same bytes for the same seed, a million packets a second, in little memory.

A capture of conversations has a fixed number of them alive. They take turns in rounds: in each round every one of them
sends its next packet, in random order; one that ends is followed by another. So each step is a few operations on
columns over the conversations, and the packets of one conversation lie a whole round apart, as on a busy link.

All that is random comes from the raw words of one generator, whose stream NumPy promises to keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.terms import TcpFlag
from tests.bench.frames import FILE_HEADER, NO_PAYLOADS, Column, Payloads, header_records, tcp_records
from tests.classbench import Filter, headers_for

VERSION = 2
"""To be raised by whoever changes a byte of what is made here."""

START = 1_772_438_400 * 10**9
LEAST_GAP, MOST_GAP = 200, 4_000
"""Nanoseconds between two packets."""

STEP = 1 << 15
"""Packets made at once."""

PSH_ACK = int(TcpFlag.PSH | TcpFlag.ACK)
SYN_ACK = int(TcpFlag.SYN | TcpFlag.ACK)
FIN_ACK = int(TcpFlag.FIN | TcpFlag.ACK)
ACK = int(TcpFlag.ACK)
SYN = int(TcpFlag.SYN)

SYN_SENT, SYN_ANSWERED, OPENED, REQUEST, RESPONSE, ACKNOWLEDGED, FIN_SENT, FIN_ANSWERED, OVER = range(9)
"""What a conversation sends next."""
BACK = np.array([0, 1, 0, 0, 1, 0, 0, 1, 0], np.bool_)
"""Who sends it: whether the server does."""
FLAGS = np.array([SYN, SYN_ACK, ACK, PSH_ACK, PSH_ACK, ACK, FIN_ACK, FIN_ACK, ACK], np.int64)
COUNTED = np.array([1, 1, 0, 0, 0, 0, 1, 1, 0], np.int64)
"""SYN and FIN take a sequence number."""

CLIENTS, CLIENT_PORTS = 60_000, 40_000
FIRST_CLIENT = (10 << 24) | (1 << 16) | 256
FIRST_SERVER = (203 << 24) | (113 << 8) | 1
SERVERS = 250
SPREAD = 1_580_030_173
"""Has no common divisor with CLIENTS * CLIENT_PORTS: conversations in a row have clients and ports far apart."""

FLOODED = (192 << 24) | (2 << 8) | 2
"""The server that the flood is for."""
FIRST_SOURCE, END_OF_SOURCES = 194 << 24, 224 << 24
"""Where it comes from: half a thousand million addresses, none of which the ruleset names."""


class Traffic(NamedTuple):
    """What conversations there are."""

    live: int
    """How many at any time."""
    requests: tuple[int, ...] = (64, 300)
    responses: tuple[int, ...] = (800, 1240, 1460)
    """Bytes of payload, each as likely; a request is answered by one response or two, then acknowledged."""
    turns: tuple[int, int] = (5, 120)
    """Requests of a conversation, from and below."""
    services: tuple[int, ...] = (80, 443, 443)
    """Servers' ports, each as likely; all of them are open: who is refused does not go on."""


SMALL_REQUESTS, SMALL_RESPONSES = (10, 20), (20, 30, 40)
FOREVER = (1 << 40, (1 << 40) + 1)

MIXED = Traffic(3_000)
SMALL = Traffic(50_000, SMALL_REQUESTS, SMALL_RESPONSES)
MILLION = Traffic(1_000_000, SMALL_REQUESTS, SMALL_RESPONSES, FOREVER)


class Chance:
    """Random columns."""

    def __init__(self, seed: int) -> None:
        """Equal seeds draw equal columns."""
        self._source = np.random.PCG64(seed)

    def words(self, count: int) -> npt.NDArray[np.uint64]:
        """64 random bits each."""
        words: npt.NDArray[np.uint64] = self._source.random_raw(count)
        return words

    def below(self, bound: int, count: int) -> Column:
        """Numbers from 0 up to, not with, a bound of 32 bits at the most."""
        return ((self.words(count) >> np.uint64(32)) * np.uint64(bound) >> np.uint64(32)).astype(np.int64)

    def order(self, count: int) -> npt.NDArray[np.intp]:
        """The numbers below `count` in random order."""
        return np.argsort(self.words(count), kind="stable")


class Conversations:
    """All conversations that are alive, as columns."""

    def __init__(self, traffic: Traffic, chance: Chance) -> None:
        """All of them are about to begin."""
        self.traffic = traffic
        self.chance = chance
        self.payloads = Payloads(
            [
                chance.words(size // 8 + 1).astype("<u8").tobytes()[:size]
                for size in traffic.requests + traffic.responses
            ]
        )
        self.opened = 0
        names = ("stage", "client", "server", "port", "service", "there", "back", "turns", "responses")
        self.of: dict[str, Column] = {name: np.zeros(traffic.live, np.int64) for name in names}
        """`there` and `back` are the next sequence numbers of client and server."""
        self._begin(np.arange(traffic.live))

    def _begin(self, rows: npt.NDArray[np.intp]) -> None:
        """Others take the place of these."""
        number = np.arange(self.opened, self.opened + len(rows), dtype=np.int64)
        self.opened += len(rows)
        key = number * SPREAD % (CLIENTS * CLIENT_PORTS)
        services = np.array(self.traffic.services, np.int64)
        low, high = self.traffic.turns
        below = self.chance.below
        drawn = {
            "stage": np.full(len(rows), SYN_SENT),
            "client": FIRST_CLIENT + key % CLIENTS,
            "port": 20_000 + key // CLIENTS,
            "server": FIRST_SERVER + below(SERVERS, len(rows)),
            "service": services[below(len(services), len(rows))],
            "there": below(1 << 32, len(rows)),
            "back": below(1 << 32, len(rows)),
            "turns": low + below(high - low, len(rows)),
        }
        for name, values in drawn.items():
            self.of[name][rows] = values

    def speak(self, rows: npt.NDArray[np.intp]) -> tuple[dict[str, Column], Column]:
        """The next packets of these, each of which is named once: fields and payloads."""
        now = {name: column[rows] for name, column in self.of.items()}
        stage = now["stage"]
        back = BACK[stage]
        payload = self._payload(stage)
        fields = {
            "src": np.where(back, now["server"], now["client"]),
            "dst": np.where(back, now["client"], now["server"]),
            "sport": np.where(back, now["service"], now["port"]),
            "dport": np.where(back, now["port"], now["service"]),
            "seq": np.where(back, now["back"], now["there"]),
            "ack": np.where(back, now["there"], now["back"]) * (stage != SYN_SENT),
            "flags": FLAGS[stage],
        }
        said = self.payloads.sizes[payload] + COUNTED[stage]
        self.of["there"][rows] = now["there"] + said * ~back & 0xFFFFFFFF
        self.of["back"][rows] = now["back"] + said * back & 0xFFFFFFFF
        self._go_on(rows, now)
        return fields, payload

    def _payload(self, stage: Column) -> Column:
        """Which payload each sends."""
        requests, responses = len(self.traffic.requests), len(self.traffic.responses)
        asked = 1 + self.chance.below(requests, len(stage))
        told = 1 + requests + self.chance.below(responses, len(stage))
        return np.where(stage == REQUEST, asked, np.where(stage == RESPONSE, told, 0))

    def _go_on(self, rows: npt.NDArray[np.intp], now: dict[str, Column]) -> None:
        """What they send next."""
        stage, turns, responses = now["stage"], now["turns"], now["responses"]
        responses = np.where(stage == REQUEST, 1 + self.chance.below(2, len(rows)), responses - (stage == RESPONSE))
        turns = turns - (stage == ACKNOWLEDGED)
        after = stage + 1
        after = np.where((stage == RESPONSE) & (responses > 0), RESPONSE, after)
        after = np.where((stage == ACKNOWLEDGED) & (turns > 0), REQUEST, after)
        self.of["responses"][rows], self.of["turns"][rows], self.of["stage"][rows] = responses, turns, after
        over = rows[stage == OVER]
        if len(over):
            self._begin(over)


class Clock:
    """When packets are seen, and their numbers."""

    def __init__(self, chance: Chance) -> None:
        """At the first packet."""
        self.chance = chance
        self.now = START
        self.made = 0

    def tick(self, count: int) -> tuple[Column, Column]:
        """Times and numbers of the next packets."""
        ts = self.now + np.cumsum(LEAST_GAP + self.chance.below(MOST_GAP - LEAST_GAP, count))
        numbers = np.arange(self.made, self.made + count, dtype=np.int64)
        self.now, self.made = int(ts[-1]), self.made + count
        return ts, numbers


def conversations(traffic: Traffic, packets: int, seed: int = 1) -> Iterator[bytes]:
    """The records of a capture of conversations."""
    chance = Chance(seed)
    clock, talk = Clock(chance), Conversations(traffic, chance)
    while clock.made < packets:
        order = chance.order(traffic.live)[: packets - clock.made]
        for at in range(0, len(order), STEP):
            rows = order[at : at + STEP]
            fields, payload = talk.speak(rows)
            yield tcp_records(*clock.tick(len(rows)), fields, payload, talk.payloads)


def flood(packets: int, seed: int = 1) -> Iterator[bytes]:
    """The records of a capture of SYNs from random sources to one server."""
    chance = Chance(seed)
    clock = Clock(chance)
    while clock.made < packets:
        count = min(STEP, packets - clock.made)
        fields = {
            "src": FIRST_SOURCE + chance.below(END_OF_SOURCES - FIRST_SOURCE, count),
            "dst": np.full(count, FLOODED),
            "sport": 1024 + chance.below(0x10000 - 1024, count),
            "dport": np.full(count, 443),
            "seq": chance.below(1 << 32, count),
            "flags": np.full(count, SYN),
        }
        yield tcp_records(*clock.tick(count), fields, np.zeros(count, np.int64), NO_PAYLOADS)


def drawn_headers(filters: Sequence[Filter], packets: int, seed: int = 1) -> Iterator[bytes]:
    """The records of a capture of small packets with headers at random, half of them inside a filter."""
    clock = Clock(Chance(seed))
    while clock.made < packets:
        headers = headers_for(filters, min(1 << 18, packets - clock.made), seed + clock.made)
        yield header_records(*clock.tick(len(headers)), headers)


def write_capture(path: Path, records: Iterator[bytes]) -> None:
    """A pcap (nanoseconds) of these records."""
    with path.open("wb") as out:
        out.write(FILE_HEADER)
        for piece in records:
            out.write(piece)
