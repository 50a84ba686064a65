"""Batches at random, with all that a frame and a decision can hold, for tests of what writes them.

The values need not make sense together: whoever writes them only reads them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from fwsim.naming import DECISION_WORDS, Naming, RuleNames
from fwsim.tables import CAME, DECISION, DEPARTURE, FRAME, LEFT, PACKET, V6, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Evidence, Proto
from tests.batches import FakeBatch, FakeChain, FakeRule

NAMES = ["forward", 'a "quoted", name', "=formula()", "naïve ☃", "line\nbreak", "\x1b[2J\\", "plain", "-1"]
NOTHING = (ABSENT, UNKNOWN_VALUE)
EDGES = (0, 1, 9, 10, 99, 100, 255, 256, 65_535)
PROTOS = [int(proto) for proto in Proto]
WORDS = (0, 0, 1, 0xFFFF, 0x10000, 0xFFFFFFFF, 0x0A010203)


def random_naming() -> Naming:
    """Names of all kinds for four files, three interfaces, eight rules and two chains."""
    rules = [FakeRule(name if number % 3 else None, number + 1, number or None) for number, name in enumerate(NAMES)]
    chains = [FakeChain("forward", 8), FakeChain('odd "chain"', None)]
    names = RuleNames(rules, chains)
    return Naming(["office.pcapng", *NAMES[1:4]], ["lan", "wän", 'd"mz'], {"stateless": names, "stateful": names})


def random_batch(chance: random.Random, count: int, translating: Sequence[str] = ()) -> FakeBatch:
    """So many frames with their decisions, in modes that are `translating` with how they left."""
    made = FakeBatch(empty(FRAME, count), empty(PACKET, count), empty(DECISION, count), empty(DECISION, count))
    for row in range(count):
        _fill_frame(chance, made.frames[row])
        _fill_packet(chance, made.packets[row])
        _fill_decision(chance, made.stateless[row])
        _fill_decision(chance, made.stateful[row])
    for mode in translating:
        made.departures[mode] = empty(DEPARTURE, count)
        for row in range(count):
            if chance.random() < 0.5:
                _fill_departure(chance, made.departures[mode][row])
    return made


def one_of(chance: random.Random, values: Sequence[int], most: int) -> int:
    """One of some values that matter, or any up to `most`."""
    return chance.choice(values) if chance.random() < 0.5 else chance.randint(0, most)


def _fill_frame(chance: random.Random, row: np.void) -> None:
    """A frame."""
    row["number"] = one_of(chance, (1, 9, 10, 10**9, 10**12), 10**7) + 1
    row["file"] = chance.randrange(4)
    row["ts"] = one_of(chance, (0, 1, 999_999_999, 10**9, (1 << 62) + 1), 2 * 10**18)
    row["length"] = one_of(chance, EDGES, 70_000)
    row["connection"] = one_of(chance, (0, 1, 10), 1 << 40)
    row["evidence"] = chance.choice([0, 0, *map(int, Evidence), int(Evidence.LAND | Evidence.BOGON_SOURCE)])


def _fill_packet(chance: random.Random, row: np.void) -> None:
    """A packet, IP or not."""
    row["family"] = chance.choice([0, 4, 4, 6])
    row["proto"] = chance.choice([*PROTOS, 89, 255, *NOTHING])
    _fill_addresses(chance, row)
    for name, most in {"sport": 65_535, "dport": 65_535, "win": 65_535, "vlan": 4095}.items():
        row[name] = one_of(chance, (*NOTHING, *EDGES[:-1]), most)
    for name in ("seq", "ack"):
        row[name] = one_of(chance, (*NOTHING, 0, 0xFFFFFFFF), 0xFFFFFFFF)
    row["flags"] = one_of(chance, NOTHING, 255)
    for name in ("icmp_type", "icmp_code"):
        row[name] = one_of(chance, NOTHING, 255)
    for name in ("iif", "oif"):
        row[name] = chance.choice([*NOTHING, 0, 1, 2])


def _fill_departure(chance: random.Random, row: np.void) -> None:
    """How it left."""
    row["left"] = chance.choice((LEFT, CAME))
    _fill_addresses(chance, row)
    for name in ("sport", "dport", "icmp_id"):
        row[name] = one_of(chance, (*NOTHING, *EDGES), 65_535)


def _fill_addresses(chance: random.Random, row: np.void) -> None:
    """Both addresses, a few of them not known."""
    for end in ("src", "dst"):
        six = chance.random() < 0.5
        words = [chance.choice(WORDS) if chance.random() < 0.8 else chance.getrandbits(32) for _ in range(4)]
        for digit, word in enumerate(words):
            row[f"{end}{digit}"] = (word + V6 if digit == 0 else word) if six else (0 if digit else word)
        if chance.random() < 0.05:
            row[f"{end}0"] = chance.choice(NOTHING)


def _fill_decision(chance: random.Random, row: np.void) -> None:
    """A decision; some numbers in it have no word."""
    for name, words in DECISION_WORDS.items():
        row[name] = chance.choice([*words, *NOTHING]) if chance.random() < 0.4 else next(iter(words))
    row["chain"] = chance.choice([-1, 0, 1])
    row["rule"] = chance.choice([-2, -1, *range(len(NAMES))])
    row["mirror"] = chance.randrange(2)
    row["tried"] = chance.randrange(100)
