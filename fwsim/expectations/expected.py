"""What is expected of each packet, mode by mode, once all that is inherited is known; and whether it is so.

Read first: `facts`. A key without a mode is of every mode that a verdict is expected in (of both, if there is none);
but those about the connection are of the stateful mode, which alone knows it. What a step says takes the place of what
its case says; with a verdict of its own, a step takes nothing else over for that mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fwsim.expectations.facts import FACTS, NONE, STATEFUL_FACTS, STATELESS_FACTS, Nat
from fwsim.naming import DECISION_FIELDS, DECISION_SOURCES, NAT_FIELDS, Naming, departed
from fwsim.simulator import MODES, Batch, Mode
from fwsim.tables import DEPARTURE, RULE_SEVERAL, plain
from fwsim.terms import evidence_words

if TYPE_CHECKING:
    from fwsim.expectations.model import Expecting

SHARED = tuple(name for name in FACTS if name not in ("verdict", *STATEFUL_FACTS, *STATELESS_FACTS))
EVIDENCE = "evidence"
NOT_KNOWN = "not known"
"""Told of a rule where one of several decided."""
LEFT_OPEN = "left open"
"""Under this, the facts of a decision that are not known."""


class Conflict(ValueError):  # noqa: N818  (of an expectation, not of the program)
    """What is expected contradicts itself; `key` is where."""

    def __init__(self, key: str, message: str) -> None:
        """Where and what."""
        super().__init__(message)
        self.key = key


@dataclass(frozen=True)
class Expected:
    """What is expected of a packet: facts by mode, and words of evidence."""

    modes: Mapping[Mode, Mapping[str, Any]] = field(default_factory=dict)
    evidence: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        """Whether anything is."""
        return any(self.modes.values()) or self.evidence is not None


@dataclass(frozen=True)
class Difference:
    """One thing that is not as expected; the mode is empty for what does not depend on it."""

    mode: str
    fact: str
    wanted: str
    actual: str
    is_unknown: bool = False
    """Whether it may be as expected: nobody knows."""
    where: str = ""
    """Of which chain the rule is that has no name of its own, or the policy."""

    def __str__(self) -> str:
        """In a line."""
        mode = f"{self.mode} " if self.mode else ""
        return f"{mode}{self.fact}: expected {self.wanted}, is {self.actual}{self.where}"


NOTHING = Expected()


def expected_of(said: Expecting, inherited: Expected = NOTHING) -> Expected:
    """What a case or a step expects of its packets; raises `Conflict`."""
    own: dict[Mode, dict[str, Any]] = {mode: {} for mode in MODES}
    for mode in MODES:
        facts = getattr(said, mode)
        if said.verdict is not None:
            own[mode]["verdict"] = said.verdict
        if facts is not None:
            own[mode] |= facts.given()
    shared = {name: value for name in SHARED if (value := getattr(said, name)) is not None}
    modes = _meant(own, inherited)
    if shared and len({own[mode].get("verdict") or _verdict(inherited, mode) for mode in modes}) > 1:
        name = next(iter(shared))
        raise Conflict(name, f"the modes differ in their verdict: expected {name!r} under the mode that it is of")
    for mode in modes:
        own[mode] = {**shared, **own[mode]}
    for mode, names in (("stateful", STATEFUL_FACTS), ("stateless", STATELESS_FACTS)):
        given = {name: value for name in names if (value := getattr(said, name)) is not None}
        own[mode] = {**given, **own[mode]}
    whole = {
        mode: facts if "verdict" in facts else {**inherited.modes.get(mode, {}), **facts} for mode, facts in own.items()
    }
    return Expected(whole, said.evidence if said.evidence is not None else inherited.evidence)


def _meant(own: Mapping[Mode, Mapping[str, Any]], inherited: Expected) -> tuple[Mode, ...]:
    """The modes that a key without one is of."""
    for verdicts in (own, inherited.modes):
        if found := tuple(mode for mode in MODES if "verdict" in verdicts.get(mode, {})):
            return found
    return MODES


def _verdict(expected: Expected, mode: Mode) -> Any:
    """The verdict that is expected in a mode."""
    return expected.modes.get(mode, {}).get("verdict")


def actual(batch: Batch, row: int, mode: Mode, naming: Naming) -> dict[str, Any]:
    """What a mode decided about a row, in words."""
    numbers = plain(batch.decisions(mode)[row])
    values = naming.decision(mode, [numbers[name] for name in DECISION_SOURCES])
    found: dict[str, Any] = dict(zip(DECISION_FIELDS, values, strict=True))
    found[LEFT_OPEN] = _left_open(found) if numbers["rule"] == RULE_SEVERAL else ()
    table = batch.departures.get(mode)
    told = None
    if table is not None:
        left = plain(table[row])
        told = departed([left[name] for name in DEPARTURE.names or ()])
    found["nat"] = None if told is None else dict(zip(NAT_FIELDS, told, strict=True))
    return found


def _left_open(decided: Mapping[str, Any]) -> tuple[str, ...]:
    """The facts that are not known of a decision which one of several rules has made."""
    rejected = decided["verdict"] == "reject"
    return ("rule", *(name for name in ("chain", "reject_with")[: 1 + rejected] if decided[name] is None))


def differences(expected: Expected, batch: Batch, row: int, naming: Naming) -> list[Difference]:
    """All that is not as expected of a row."""
    found = []
    for mode, facts in expected.modes.items():
        if not facts:
            continue
        decided = actual(batch, row, mode, naming)
        found += [Difference(mode, *told) for name in FACTS if name in facts for told in _told(name, facts, decided)]
    if expected.evidence is not None:
        words = evidence_words(int(batch.frames[row]["evidence"]))
        wanted = [one for one in expected.evidence if one != NONE]
        if any(one not in words for one in wanted) or (words and not wanted):
            found.append(Difference("", EVIDENCE, " ".join(wanted) or NONE, " ".join(words) or NONE))
    return found


def _told(name: str, facts: Mapping[str, Any], decided: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The fact, what was wanted, what is if it is not that, and whether that is only not known."""
    wanted, is_so = facts[name], decided[name]
    if name in decided[LEFT_OPEN]:
        return [(name, " or ".join(wanted), NOT_KNOWN, True)]
    if isinstance(wanted, Nat):
        return [(name, str(wanted), nat_text(is_so))] if wanted.complaint(is_so) else []
    if isinstance(wanted, bool):
        return [(name, _switch(wanted), _switch(is_so))] if wanted != is_so else []
    if (NONE if is_so is None else is_so) in wanted:
        return []
    if name == "chain" and is_so is not None and is_so.split()[-1] in wanted:
        return []  # of nft and iptables: the chain without its table
    nameless = name == "rule" and is_so is not None and (is_so == "policy" or is_so.isdigit())
    where = f" of {decided['chain']}" if nameless and decided["chain"] else ""
    return [(name, " or ".join(wanted), NONE if is_so is None else str(is_so), False, where)]


def _switch(value: object) -> str:
    """A switch as it is written."""
    return "true" if value else "false"


def nat_text(told: Mapping[str, Any] | None) -> str:
    """How a packet was translated."""
    if told is None:
        return NONE
    return ", ".join(
        str(value) if name == "side" else f"{name} {value}" for name, value in told.items() if value is not None
    )
