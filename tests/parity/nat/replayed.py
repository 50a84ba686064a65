"""Recorded captures through the simulator, compared with the kernel and with each other.

Read first: `Tally`, `truth`. Both sides of the traffic are compared with what the kernel did; one side with both.
Whatever is unknown agrees with everything: it is counted, and tests bound it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from fwsim.capture import Input, open_captures
from fwsim.holding import in_order
from fwsim.report.conntrack_listing import listed
from fwsim.ruleset import load_ruleset
from fwsim.ruleset.host import Host, read_topology, united
from fwsim.simulator import Simulator
from fwsim.tables import plain
from fwsim.terms import UNKNOWN_VALUE, CtState, CtStatus, Direction, Reason, Verdict, word
from fwsim.tracker import connections_listing
from tests.parity.nat.truth import BOTH, CAPTURES, IN, TRUTH, TUPLE, Fate, Truth

TOPOLOGY = ("addr.json", "route.json", "route6.json")
RULES = ("rules.nft", "rules.iptables", "rules.ip6tables")

EQUAL, UNKNOWN, DIFFERENT, COPY = "equal", "unknown", "different", "copy"

Row = dict[str, int]


@dataclass
class Tally:
    """How often one thing agrees with another, is unknown, or is different; the first differences in words."""

    counts: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def add(self, found: str, words: str) -> None:
        """Count one."""
        self.counts[found] += 1
        if found == DIFFERENT:
            self.told.append(words)


@dataclass
class Replayed:
    """What the simulator made of a capture: the device and decision of each frame, and the connections left."""

    devices: list[str]
    decisions: list[Row]
    connections: list[dict[str, Any]]

    def of(self, device: str) -> list[int]:
        """The numbers (from 1) of the frames that were seen at a device."""
        return [number for number, name in enumerate(self.devices, 1) if name == device]


@cache
def machine() -> Host:
    """The gateway, as `ip -j` described it."""
    return united([read_topology(CAPTURES / name) for name in TOPOLOGY])


def rules_of(name: str) -> Path:
    """The ruleset of a scenario."""
    (path,) = (CAPTURES / name / file for file in RULES if (CAPTURES / name / file).exists())
    return path


def truth_of(name: str) -> Truth:
    """What the kernel did in a scenario."""
    return Truth.load(CAPTURES / name / TRUTH)


def sides_of(name: str) -> list[str]:
    """The devices of which there are captures of their own."""
    ending = BOTH.removeprefix("both")
    return sorted(path.name.removesuffix(ending) for path in (CAPTURES / name).glob(f"*{ending}") if path.name != BOTH)


@cache
def replay(name: str, side: str = "both") -> Replayed:
    """Decide about a capture of a scenario."""
    simulator = Simulator(load_ruleset(str(rules_of(name))), key=4711, host=machine())
    captures = open_captures([Input(str(CAPTURES / name / BOTH.replace("both", side)))])

    def decided() -> Any:
        for chunk in captures:
            simulator.topology.locate(captures, chunk)
            yield simulator.run(chunk)

    devices, decisions = [], []
    for batch in in_order(decided(), simulator.defragmenter):
        devices += [captures.interfaces[number].name or "" for number in batch.frames["capture_interface"].tolist()]
        decisions += [plain(row) for row in batch.stateful]
    simulator.stateful.settle()
    return Replayed(devices, decisions, list(connections_listing(simulator.stateful.tracker)))


# --- with the kernel --------------------------------------------------------------------------------------------------

STOPPED = (Verdict.DROP, Verdict.REJECT, Verdict.NOT_EVALUATED)


def is_copy(decision: Row) -> bool:
    """Whether a frame was taken for what became of another."""
    return decision["verdict"] == Verdict.NOT_EVALUATED and decision["reason"] == Reason.EGRESS_COPY


def verdict_like(fate: Fate, decision: Row) -> str:
    """Whether a verdict is what the kernel did. What became of a frame that came in must not be judged again."""
    if fate.way != IN and fate.cause:
        return COPY if is_copy(decision) else UNKNOWN if decision["verdict"] == Verdict.UNKNOWN else DIFFERENT
    if decision["verdict"] == Verdict.UNKNOWN:
        return UNKNOWN
    if is_copy(decision):
        return DIFFERENT
    accepted = decision["verdict"] == Verdict.ACCEPT
    stopped = decision["verdict"] in STOPPED
    return EQUAL if (accepted if fate.way != IN or fate.accepted else stopped) else DIFFERENT


def state_like(fate: Fate, decision: Row) -> str:
    """Whether rules saw the ct state and direction that those of the kernel saw; `copy` where none saw any."""
    if not fate.state or decision["verdict"] == Verdict.NOT_EVALUATED:
        return COPY
    if decision["verdict"] == Verdict.UNKNOWN or UNKNOWN_VALUE in (decision["ct_state"], decision["ct_direction"]):
        return UNKNOWN
    state, _, direction = fate.state.partition(" ")
    same = word(CtState(decision["ct_state"])) == state
    if direction:
        same = same and word(Direction(decision["ct_direction"])) == direction
    return EQUAL if same else DIFFERENT


def with_kernel(name: str) -> dict[str, Tally]:
    """The capture of both sides against the kernel: verdicts, ct states, connections."""
    ours, truth = replay(name), truth_of(name)
    assert len(ours.decisions) == len(truth.frames)
    found = {"verdicts": Tally(), "states": Tally(), "connections": Tally()}
    for number, (fate, decision) in enumerate(zip(truth.frames, ours.decisions, strict=True), 1):
        words = f"{name} {number}: {fate.line()}, but {told(decision)}"
        found["verdicts"].add(verdict_like(fate, decision), words)
        found["states"].add(state_like(fate, decision), words)
    known = truth.connections()
    for connection in ours.connections:
        found["connections"].add(*connection_like(known, connection))
    return found


def connection_like(known: dict[str, list[str]], connection: dict[str, Any]) -> tuple[str, str]:
    """Whether a connection's reply tuple is the last that the kernel gave one with this original tuple."""
    if connection["status"] & CtStatus.TENTATIVE or UNKNOWN_VALUE in connection["reply"].values():
        return UNKNOWN, ""
    line = listed(connection, connection["expires"])
    original, reply = TUPLE.findall(line)
    theirs = known.get(f"{connection['original']['proto']} {original}", ["none"])
    return EQUAL if reply == theirs[-1] else DIFFERENT, f"{line}, but {theirs}"


def told(decision: Row) -> str:
    """The parts of a decision that are compared."""
    state, direction = decision["ct_state"], decision["ct_direction"]
    words = [word(Verdict(decision["verdict"])), word(Reason(decision["reason"]))]
    words.append(word(CtState(state)) if state >= 0 else "?")
    words.append(word(Direction(direction)) if direction >= 0 else "?")
    return " ".join([*words, *(f"{name} {decision[name]}" for name in WHO)])


# --- one side with both -----------------------------------------------------------------------------------------------

WHO = ("hook", "chain", "rule")
COMPARED = ("verdict", "ct_state", "ct_direction", *WHO)


def with_both(name: str, side: str) -> Tally:
    """The capture of one side against that of both: a frame that went out against the frame that came in as it."""
    both, one, truth = replay(name), replay(name, side), truth_of(name)
    numbers = both.of(side)
    assert len(numbers) == len(one.decisions)
    found = Tally()
    for place, (number, decision) in enumerate(zip(numbers, one.decisions, strict=True), 1):
        fate = truth.frames[number - 1]
        expected = both.decisions[(fate.cause or number) - 1]
        words = f"{name} {side} {place} (both {number}, {fate.line()}): {told(expected)}, but {told(decision)}"
        found.add(alike(fate, expected, decision), words)
    return found


def alike(fate: Fate, expected: Row, decision: Row) -> str:
    """Whether two decisions about one packet agree."""
    if fate.way != IN and is_copy(decision):
        return COPY
    if Verdict.UNKNOWN in (expected["verdict"], decision["verdict"]):
        return UNKNOWN
    differing = {name for name in COMPARED if expected[name] != decision[name]}
    if UNKNOWN_VALUE in (expected["ct_state"], decision["ct_state"]):
        return DIFFERENT if differing - {"ct_state", "ct_direction"} else UNKNOWN
    return DIFFERENT if differing else EQUAL


def table(rows: Sequence[tuple[str, Tally]]) -> str:
    """The counts of some comparisons, a line for each."""
    columns = (EQUAL, UNKNOWN, DIFFERENT, COPY)
    lines = [f"{'':36}" + "".join(f"{name:>10}" for name in columns)]
    lines += [f"{title:36}" + "".join(f"{tally.counts[name]:10}" for name in columns) for title, tally in rows]
    total: Counter[str] = sum((tally.counts for _, tally in rows), Counter())
    lines.append(f"{'all':36}" + "".join(f"{total[name]:10}" for name in columns))
    return "\n".join(lines)
