"""What a line of a rule asks and does as a value: equal for lines that treat every packet of a family alike.

Read first: `fwsim.space.model` (SpaceRule), RULE and INSTRUCTION in `fwsim.engine.rule_rows`. Numbers of rows are no
part of it, what stands in the rows is. Lines that count are alike only if they share their counter with as many lines
before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any

import numpy.typing as npt

from fwsim.engine.program import (
    OP_ALTER,
    OP_ASSIGN,
    OP_BY_KEY,
    OP_DRAW,
    OP_DRAWN,
    OP_DRAWN_TERM,
    OP_ELEMENT,
    OP_KEEP,
    OP_LIMIT,
    OP_LUCK,
    OP_NAT,
    OP_QUOTA,
    OP_RECALL,
    OP_TERM,
    OP_TURN,
    OP_UNKNOWN,
    OP_XT_LIMIT,
    V_REJECT,
    V_UNKNOWN,
)
from fwsim.space.fields import CT_MARK, FAMILY, domain
from fwsim.space.intervals import Set, meet
from fwsim.space.model import SpaceRule, Step
from fwsim.terms import RejectWith

from .sides import Side

TABLES = {
    OP_LIMIT: "limits", OP_XT_LIMIT: "xt_limits", OP_QUOTA: "counts", OP_TURN: "counts", OP_LUCK: "counts",
    OP_DRAW: "counts",
}  # fmt: skip
"""Where the row `first` of an instruction stands that counts."""
BY_TEXT = (OP_BY_KEY, OP_DRAWN, OP_DRAWN_TERM)
"""Instructions that are told apart by how the rule was written, and by all sets that rules change."""


ANSWERS = {
    RejectWith.ICMPX_NO_ROUTE: (RejectWith.ICMP_NET_UNREACHABLE, RejectWith.ICMPV6_NO_ROUTE),
    RejectWith.ICMPX_PORT_UNREACHABLE: (RejectWith.ICMP_PORT_UNREACHABLE, RejectWith.ICMPV6_PORT_UNREACHABLE),
    RejectWith.ICMPX_HOST_UNREACHABLE: (RejectWith.ICMP_HOST_UNREACHABLE, RejectWith.ICMPV6_ADDR_UNREACHABLE),
    RejectWith.ICMPX_ADMIN_PROHIBITED: (RejectWith.ICMP_ADMIN_PROHIBITED, RejectWith.ICMPV6_ADMIN_PROHIBITED),
}
"""What answers for either family are to IPv4 and to IPv6 (nft_reject_icmp_code, nft_reject_icmpv6_code)."""


def answer_to(family: int, reject_with: int) -> int:
    """The answer of a rejection to packets of a family."""
    found = ANSWERS.get(RejectWith(reject_with))
    return reject_with if found is None else int(found[family == 6])


class Keys:
    """The keys of the lines of one ruleset."""

    def __init__(self, side: Side) -> None:
        """Nothing is worked out before it is asked for."""
        self.side = side
        self._steps: dict[int, tuple[tuple[Any, ...], ...]] = {}
        self._uses: Counter[tuple[str, int]] = Counter()
        self._rows: dict[int, list[tuple[str, int]]] = {}
        """The rows that count of each line."""
        self._sets = repr(
            [
                (
                    each.name,
                    each.kinds,
                    each.elements,
                    each.cases,
                    each.size,
                    each.timeout_ns,
                    each.steps,
                    each.expiries,
                )
                for table in side.ruleset.netfilter.tables
                for each in table.sets.values()
                if each.dynamic or each.expires
            ]
        )
        for chain in side.model.chains:
            for rule in chain.rules:
                if rule.steps:
                    self._steps[rule.number] = tuple(self._step(rule, step) for step in rule.steps)

    def of(self, rule: SpaceRule, universe: Mapping[int, Set | None]) -> Hashable | None:
        """The key of a line for the packets of a universe, but for its target; None if none of them is in its box."""
        box = []
        for field, wanted in rule.box.items():
            among = universe.get(field)
            every = domain(field) if among is None else among
            left = wanted if among is None else meet(wanted, every)
            if not left:
                return None
            if left != every:
                box.append((self.side.common_field(field), left))
        answer = self.answer(rule, _family(universe)) if rule.verdict == V_REJECT else 0
        doing = tuple(_to_family(step, _family(universe)) for step in self._steps.get(rule.number, ()))
        queue = self._construct(rule) if rule.verdict == V_UNKNOWN else ()
        return tuple(sorted(box)), doing, rule.verdict, answer, queue

    def answer(self, rule: SpaceRule, family: int) -> int:
        """What a line that rejects answers to packets of a family."""
        return answer_to(family, self.row("rules", rule.number)["reject_with"])

    def does(self, rule: SpaceRule, family: int, *, refused: bool, alone: bool) -> Hashable:
        """What a line leaves behind of packets of a family; of those that are `refused` only what others see of it.

        What a line counts that is `alone`, as the other ruleset does not have it, concerns only itself, unless it
        shares its counter.
        """
        own = alone and all(self._uses[row] == 1 for row in self._rows.get(rule.number, ()))
        steps = [_to_family(step, family) for step in self._steps.get(rule.number, ())]
        return tuple(step for step in steps if _is_left(step, refused=refused) and not (own and step[0] == "count"))

    def row(self, table: str, number: int) -> dict[str, int]:
        """A row of a table of the program."""
        rows: npt.NDArray[Any] = getattr(self.side.lowered.program, table)
        return dict(zip(rows.dtype.names or (), rows[number].item(), strict=True))

    def _construct(self, rule: SpaceRule) -> Hashable:
        """What of a rule is not simulated."""
        return self.side.lowered.rules[rule.source].not_simulated

    def _step(self, rule: SpaceRule, step: Step) -> tuple[Any, ...]:
        """The key of one step."""
        row, op = step.row, step.row["op"]
        field = self.side.common_field(row["field"]) if row["field"] >= 0 else row["field"]
        if step.ask is not None:
            return "ask", self.side.common_field(step.ask.field), step.ask.wanted, step.ask.bits
        if op == OP_ELEMENT:
            return "in", row["negate"], self._elements(rule, step)
        if op == OP_UNKNOWN:
            return "unknown", row["mask"], row["value"], self._construct(rule)
        if op in TABLES:
            self._rows.setdefault(rule.number, []).append((TABLES[op], row["first"]))
            return "count", op, *self._shared(TABLES[op], row["first"]), row["value"]
        if op in BY_TEXT:
            text = self.side.lowered.rules[rule.source].text
            return "written", op, " ".join(text.split()), self.side.ruleset.netfilter.format, self._sets
        if op == OP_NAT:
            translation = self.row("translations", row["first"])
            family = translation.pop("family")
            return "nat", family, row["mask"], tuple(translation.values()), row["value"]
        if op in (OP_TERM, OP_ASSIGN, OP_ALTER):
            return "set", op, field, row["count"], row["mask"], row["value"], row["absent"]
        if op in (OP_KEEP, OP_RECALL):
            return "keep", op, row["first"], row["value"]
        return "do", op, row["first"], row["count"], row["mask"], row["value"]

    def _elements(self, rule: SpaceRule, step: Step) -> Hashable:
        """The elements of a set, in any order."""
        if step.elements is None:
            return self._construct(rule), self.side.lowered.rules[rule.source].text
        common = self.side.common_field
        return frozenset(tuple(sorted((common(f), s) for f, s in one.items())) for one in step.elements)

    def _shared(self, table: str, number: int) -> tuple[Hashable, int]:
        """A row that counts, and how many lines before use it too."""
        before = self._uses[table, number]
        self._uses[table, number] += 1
        return tuple(self.row(table, number).values()), before


def _family(universe: Mapping[int, Set | None]) -> int:
    """The family of the packets of a universe."""
    values = universe.get(FAMILY)
    return values[0][0] if values else 4


def _to_family(step: tuple[Any, ...], family: int) -> tuple[Any, ...]:
    """A step as packets of a family meet it: what is for them alone is as good as what is for all."""
    if step[0] != "nat":
        return step
    return "nat", *(0 if one == family else one for one in step[1:3]), *step[3:]


def _is_left(step: tuple[Any, ...], *, refused: bool) -> bool:
    """Whether the key of a step is of one that leaves something."""
    if step[0] in ("ask", "in", "unknown", "keep"):
        return False
    return not refused or step[0] in ("count", "written") or (step[0] == "set" and step[2] == CT_MARK)
