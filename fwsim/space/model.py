"""The rules of a program as sets of packets: what each asks first, and the steps that are left.

Read first: RULE, CHAIN and INSTRUCTION in `fwsim.tables`, `fwsim.engine.program`. What a rule asks before it does
anything is a product of sets, its box, and the index of its chain knows it. What follows is done step by step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from fwsim.engine.program import (
    OP_ALTER,
    OP_ASSIGN,
    OP_ELEMENT,
    OP_KEEP,
    OP_LAST_MATCH,
    OP_LAST_QUESTION,
    OP_LIMIT,
    OP_NAT,
    OP_NOTRACK,
    OP_SET_HELPER,
    OP_TERM,
    V_CONTINUE,
    V_GOTO,
    V_JUMP,
    V_RETURN,
    V_UNKNOWN,
)
from fwsim.headers.selecting import There
from fwsim.lower import Lowered
from fwsim.netfilter.fields import Raw
from fwsim.tables import Row, each, number_in_seen
from fwsim.terms import Verdict

from .asking import Ask, ask_of
from .elements import Element, elements_of
from .fields import (
    CT_DIRECTION,
    CT_MARK,
    CT_STATE,
    CT_STATUS,
    DPORT,
    DST,
    FAMILY,
    HOOK,
    IIF,
    MARK,
    OIF,
    PROTO,
    SPORT,
    SRC,
    TTL,
    domain,
)
from .index import Index
from .intervals import Set, meet

ACCEPT = int(Verdict.ACCEPT)
FINAL = (ACCEPT, int(Verdict.DROP), int(Verdict.REJECT))

NEEDED = (
    FAMILY, PROTO, SRC, DST, SPORT, DPORT, TTL, IIF, OIF, MARK, CT_STATE, CT_DIRECTION, CT_STATUS, CT_MARK,
)  # fmt: skip
"""The fields that every region has: those that hooks and tracking look at or change."""

FIRST_SLOT = number_in_seen("slot0")
ALTERING = (OP_TERM, OP_ASSIGN, OP_ALTER)
CHANGED_BY = {OP_NOTRACK: (CT_STATE,), OP_SET_HELPER: (CT_STATUS,)}
"""The fields that other instructions change."""


class Step(NamedTuple):
    """An instruction behind the box: its row, and what it asks if it is a match or looks for an element."""

    row: Row
    ask: Ask | None = None
    elements: list[Element] | None = None


@dataclass(frozen=True)
class SpaceRule:
    """A line of a rule, by its `number` in the program; `source` is the number of the rule that was written."""

    number: int
    source: int
    box: dict[int, Set]
    """By field."""
    steps: tuple[Step, ...]
    verdict: int
    target: int

    @property
    def is_plain(self) -> bool:
        """Whether nothing but its box decides whether it applies, and nothing is done."""
        return not self.steps

    @property
    def counts(self) -> bool:
        """Whether it looks at what packets before have left, or draws, and leaves something itself."""
        return any(OP_LIMIT <= step.row["op"] <= OP_LAST_QUESTION for step in self.steps)

    @property
    def does(self) -> bool:
        """Whether it leaves anything but a verdict."""
        return self.counts or any(step.row["op"] > OP_KEEP for step in self.steps)


class SpaceChain:
    """A chain: its rules by position, the first being the program's number `first`."""

    def __init__(self, first: int, policy: int, rules: list[SpaceRule], places: dict[int, int]) -> None:
        """`places` are the places of the fields in a region."""
        self.first = first
        self.policy = policy
        self.rules = rules
        self._places = places

    @cached_property
    def index(self) -> Index:
        """What its rules touch."""
        return Index(self.boxes)

    @cached_property
    def boxes(self) -> list[dict[int, Set]]:
        """The boxes of all rules, by the places of a region."""
        return [{self._places[field]: wanted for field, wanted in rule.box.items()} for rule in self.rules]

    @cached_property
    def idle(self) -> int:
        """The rules that make no difference to the packets that meet them."""
        return self._those(V_CONTINUE)

    @cached_property
    def finals(self) -> dict[int, int]:
        """For each final verdict the bitset of rules that give it to all packets of their box."""
        return {verdict: self._those(verdict) for verdict in FINAL}

    @cached_property
    def leaving(self) -> int:
        """The rules behind which no packet of their box goes on in the chain."""
        return self._those(*FINAL, V_GOTO, V_RETURN)

    @cached_property
    def returning(self) -> int:
        """The rules that only return."""
        return self._those(V_RETURN)

    @cached_property
    def everyone(self) -> int:
        """All rules."""
        return (1 << len(self.rules)) - 1

    def _those(self, *verdicts: int) -> int:
        """The plain rules with these verdicts."""
        return sum(1 << n for n, rule in enumerate(self.rules) if rule.is_plain and rule.verdict in verdicts)

    @cached_property
    def verdicts(self) -> frozenset[int]:
        """What its rules do with packets, done or not."""
        return frozenset(rule.verdict for rule in self.rules)

    @cached_property
    def calls(self) -> dict[int, int]:
        """The chains that its rules jump or go to, each with the bitset of these rules."""
        found: dict[int, int] = {}
        for number, rule in enumerate(self.rules):
            if rule.verdict in (V_JUMP, V_GOTO):
                found[rule.target] = found.get(rule.target, 0) | 1 << number
        return found

    @cached_property
    def _lines(self) -> dict[int, int]:
        """The lines of each rule, as a bitset."""
        found: dict[int, int] = {}
        for number, rule in enumerate(self.rules):
            found[rule.source] = found.get(rule.source, 0) | 1 << number
        return found

    def sources(self, wanted: frozenset[int]) -> int:
        """The lines of some rules."""
        found = 0
        for source in wanted:
            found |= self._lines.get(source, 0)
        return found


class Model:
    """A program as sets of packets. `fields` are those of a region, in the order of their `places`."""

    def __init__(self, lowered: Lowered) -> None:
        """Read the rows of a program."""
        self.lowered = lowered
        self.program = lowered.program
        self.bases = list(each(self.program.bases))
        self._instructions = list(each(self.program.instructions))
        self._chains = list(each(self.program.chains))
        self._columns = list(each(self.program.columns))
        self._asks: dict[int, Ask] = {}
        self._alike: dict[tuple[int, ...], Ask] = {}
        self._elements: dict[int, list[Element] | None] = {}
        self._calls: dict[int, set[int]] = {}
        self._numbers = list(each(self.program.rules))
        boxes = [self._rule(number, row) for number, row in enumerate(self._numbers)]
        fields = {*NEEDED, *(field for rule in boxes for field in rule.box)}
        for rule in boxes:
            fields.update(*map(_fields_of, rule.steps))
        self.fields = tuple(sorted(fields))
        self.places = {field: place for place, field in enumerate(self.fields)}
        self.chains = [
            SpaceChain(row["first"], row["policy"], boxes[row["first"] : row["last"]], self.places)
            for row in self._chains[: len(lowered.chains)]
        ]

    def _rule(self, number: int, row: Row) -> SpaceRule:
        """A line: its box is what it asks before anything else."""
        box: dict[int, Set] = {}
        at = row["first"]
        while at < row["last"]:
            step = self._instructions[at]
            if step["op"] > OP_LAST_MATCH:
                break
            ask = self._ask(step)
            if ask.bits is not None:
                break
            box[ask.field] = meet(box[ask.field], ask.wanted) if ask.field in box else ask.wanted
            at += 1
        steps = tuple(self._step(step) for step in self._instructions[at : row["last"]])
        return SpaceRule(number, row["source"], box, steps, row["verdict"], row["target"])

    def _ask(self, row: Row) -> Ask:
        """The question of a row; equal ones are worked out once."""
        key = tuple(row.values())
        found = self._alike.get(key)
        if found is None:
            found = self._alike[key] = ask_of(row, self.program.numbers)
        return found

    def _step(self, row: Row) -> Step:
        """An instruction behind the box."""
        if row["op"] <= OP_LAST_MATCH:
            return Step(row, self._ask(row))
        if row["op"] == OP_ELEMENT:
            return Step(row, None, self._elements_of(row["first"]))
        return Step(row)

    def _elements_of(self, chain: int) -> list[Element] | None:
        """The elements of a set, by the number of its chain."""
        if chain not in self._elements:
            self._elements[chain] = elements_of(self.program, self._chains[chain], self._columns)
        return self._elements[chain]

    @cached_property
    def altered(self) -> frozenset[int]:
        """The fields that rules change for those behind them; translated addresses are seen in other chains only."""
        found: set[int] = set()
        for step in (step for chain in self.chains for rule in chain.rules for step in rule.steps):
            op = step.row["op"]
            found.update((step.row["field"],) if op in (OP_ASSIGN, OP_ALTER) else CHANGED_BY.get(op, ()))
        return frozenset(found)

    @cached_property
    def redirects(self) -> bool:
        """Whether rules may send packets to other destinations than they were addressed to."""
        return any(
            row["op"] == OP_NAT or (row["op"] == OP_ALTER and row["field"] in (DST, HOOK)) for row in self._instructions
        ) or any(row["verdict"] == V_UNKNOWN for row in self._numbers)

    def region(self, packets: Mapping[int, Set | None]) -> tuple[Set | None, ...]:
        """Some packets as a region: a field that is not named may have any value."""
        return tuple(packets[field] if field in packets else domain(field) for field in self.fields)

    def lasts(self, slot: int) -> bool:
        """Whether what is read of a header is the same once the packet is forwarded: not bits of the IP header."""
        asked = self.lowered.asked[slot - FIRST_SLOT]
        raw = asked.raw if isinstance(asked, There) else asked
        return not (isinstance(raw, Raw) and raw.base == "nh")

    def calls(self, chain: int) -> set[int]:
        """The chains that a chain jumps or goes to, and those that these do, with itself."""
        if chain in self._calls:
            return self._calls[chain]
        found, waiting = {chain}, [chain]
        while waiting:
            further = self.chains[waiting.pop()].calls.keys() - found
            found |= further
            waiting += further
        self._calls[chain] = found
        return found


def _fields_of(step: Step) -> set[int]:
    """The fields that a step looks at or changes."""
    if step.ask is not None:
        return {step.ask.field}
    if step.elements is not None:
        return {field for element in step.elements for field in element}
    if step.row["op"] in ALTERING and step.row["field"] >= 0:
        return {step.row["field"]}
    return {CT_STATUS} if step.row["op"] == OP_SET_HELPER else set()
