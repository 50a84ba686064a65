"""One rule as the lines of a program: its questions, what it does, and how it ends.

Read first: `fwsim.netfilter.steps`, RULE in `rule_rows`, `asking`. Most rules are one line. One with a map or with
alternatives is a line for each of them, of which a packet meets at most one; all have the rule's number (`source`).
What was done before such a parting must be done once only: it becomes a line of its own that goes on, and keeps whether
it was true (OP_KEEP) for the others to ask (OP_RECALL).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from fwsim.engine.program import (
    FALSE,
    OP_ELEMENT,
    OP_LIMIT,
    OP_RECALL,
    TRUE,
)
from fwsim.netfilter.fields import Fib, Numgen, Selector
from fwsim.netfilter.model import NetfilterRule, Table
from fwsim.netfilter.steps import (
    AnyOf,
    Assign,
    AtHook,
    Case,
    Choose,
    Effectless,
    Lookup,
    Match,
    Nat,
    Step,
    Unknown,
    Verdict,
)
from fwsim.ruleset.values import MatchValue, Numbers
from fwsim.terms import Hook

from .asking import Asked, Meaning, Meanings, merged_asks, question, union
from .counting import Counting, Drawing, asking_drawn
from .doing import (
    Ask,
    Instruction,
    Questions,
    assigning,
    at_hook,
    construct_of,
    doing,
    kept,
    losing_way,
    unknown,
)  # fmt: skip
from .expiring import Expiring
from .routed import Routes, routed
from .stretches import Stretches
from .translations import Translations

MOST_LINES = 64
"""Alternatives that a list of elements is turned into; of more it becomes a question of its own (OP_ELEMENT)."""

MOST_PARTINGS = 31
"""Truths of two bits that one number keeps (`kept` of WALK)."""

MOST_GROWN = 1 << 16
"""Lines that partings may make in all rules together: those of several partings in one rule multiply."""

MOST_ELEMENTS = 1 << 16
"""Elements of all sets together that are questions of their own: their index takes memory by the square of that."""

ACCEPT = Verdict("accept")
Elements: TypeAlias = "tuple[tuple[MatchValue, ...], ...]"


@dataclass
class Line:
    """A line under construction: `asks` first, which the index may answer, `then` the rest in order.

    `counts` says that a packet which meets it has met the rule.
    """

    asks: list[Asked] = field(default_factory=list)
    then: list[Instruction] = field(default_factory=list)
    end: Verdict | None = None
    counts: bool = True

    def copy(self) -> Line:
        """The same once more, to go on with differently."""
        return Line(list(self.asks), list(self.then), self.end, self.counts)


class Lines:
    """The rules of a program, turned into lines; `counting` and `element_sets` collect what they refer to."""

    def __init__(self, meanings: Meanings, stretches: Stretches, first_set: int, routes: Routes | None) -> None:
        """`first_set` is the number of the row of CHAIN that the first set of elements will have.

        Without `routes` nothing is known of them.
        """
        self.routes = routes
        self.meanings = meanings
        self.questions = Questions(stretches)
        self.first_set = first_set
        self.counting = Counting(meanings.interfaces, stretches, meanings.fields)
        self.translations = Translations()
        self.spare = MOST_GROWN
        """How many lines partings may still make."""
        self.expiring = Expiring()
        self.element_sets: list[list[list[Asked]]] = []
        """Sets of elements as hidden chains: for each element its questions."""
        self.fields: set[str] = set()
        """What sets of elements, and new values, are made of: no instruction of their own asks for these."""
        self._known_sets: dict[tuple[object, ...], tuple[int, Elements]] = {}
        """By the identity of anonymous elements, which are kept here: nothing else may get their place."""
        self._placed: set[int] = set()
        """The identities of all elements kept there."""
        self._joined = 0
        """How many elements these are."""

    def of_rule(self, rule: NetfilterRule, table: Table, hooks: frozenset[Hook]) -> list[Line]:
        """The lines of one rule, which is asked at these hooks."""
        growing = _Growing(self, table, hooks)
        for step in rule.steps:
            growing.add(step)
        return growing.lines()

    def has_room(self, elements: Elements) -> bool:
        """Whether there is room for a set of these elements, or it is there."""
        return id(elements) in self._placed or self._joined + len(elements) <= MOST_ELEMENTS

    def element_set(self, key: tuple[object, ...], elements: Elements, asks: list[list[Asked]]) -> int:
        """The row of CHAIN of a set of elements, which asks so; the same `key` is the same set."""
        if key not in self._known_sets:
            self._known_sets[key] = self.first_set + len(self.element_sets), elements
            self.element_sets.append(asks)
            self._placed.add(id(elements))
            self._joined += len(elements)
        return self._known_sets[key][0]


class _Growing:
    """The lines of one rule while its steps are added."""

    def __init__(self, lines: Lines, table: Table, hooks: frozenset[Hook]) -> None:
        """One line without a step; `hooks` are those at which the rule is asked."""
        self.lowering = lines
        self.table = table
        self.hooks = hooks
        self.before: list[Line] = []
        """What was parted with: lines that only keep whether they were true."""
        self.partings = 0
        self.open = [Line()]

    def lines(self) -> list[Line]:
        """All lines, in the order in which they are to be tried."""
        for line in self.open:
            line.asks = merged_asks(line.asks)
        return [*self.before, *self.open]

    def add(self, step: Step) -> None:
        """Add a step to every line that has not ended."""
        ADDING.get(type(step), _Growing._put)(self, step)

    def _put(self, step: Step) -> None:
        """Put a step as instructions into every line that has not ended."""
        self._do(self._instructions(step))

    def _do(self, done: list[Instruction]) -> None:
        """Put instructions there."""
        for line in self._going_on():
            line.then += done

    def _nothing(self, step: Effectless) -> None:
        """Nothing is done."""

    def _match(self, step: Match) -> None:
        """Ask a question."""
        selector = step.selector
        if isinstance(selector, Numgen):
            self._put(self._draw(step))
            return
        if isinstance(selector, Fib) and self.lowering.routes is not None:
            self._part(routed(selector, step, self.hooks, self.table.sees, self.lowering.routes))
            return
        asked = self.lowering.meanings.asked(step, self.table.sets)
        if asked is not None:
            self._ask(asked)
        else:
            self._put(step)

    def _end(self, step: Verdict) -> None:
        """End every line, unless the verdict is to go on: what stands behind that is done (nft_do_chain)."""
        if step.kind != "continue":
            for line in self._going_on():
                line.end = step

    def _translate(self, step: Nat) -> None:
        """Translate the connection, and accept the packet."""
        if step.kind == "tproxy":
            self._take_away(step)
        else:
            self._put(step)
            self._end(ACCEPT)

    def _assign(self, step: Assign) -> None:
        """Set a new value."""
        self._put(self._draw(step))

    def _draw(self, step: Drawing) -> Drawing:
        """Draw the numbers that a step asks for; the step that asks for what was drawn."""
        draws = self.lowering.counting.draws(step)
        if not draws:
            return step
        self._do([Instruction(draw.operands, Ask(draw.key, None, step.text, "limit")) for draw in draws])
        return asking_drawn(step)

    def _ask(self, asked: Asked) -> None:
        """Ask a question: the index may answer it, if nothing was done before."""
        for line in self.open:
            if line.end is None and line.then:
                line.then.append(self.lowering.questions.instruction(asked))
            elif line.end is None:
                line.asks.append(asked)

    def _going_on(self) -> list[Line]:
        """The lines that have not ended."""
        return [line for line in self.open if line.end is None]

    # --- partings ---------------------------------------------------------------------------------------------------

    def _choose(self, step: Choose) -> None:
        """Go on with every case of a map."""
        self._part(self._cases(self._draw(step)))

    def _any_of(self, step: AnyOf) -> None:
        """Go on with every alternative."""
        self._part([[replace(match, text=step.text or match.text) for match in way] for way in step.alternatives])

    def _part(self, alternatives: Sequence[Sequence[Step]]) -> None:
        """Go on with every alternative from every line."""
        going_on = self._going_on()
        grown = len(going_on) * len(alternatives)
        if grown > self.lowering.spare or (self.partings == MOST_PARTINGS and any(map(_does_something, going_on))):
            self.add(Unknown("a rule of very many parts"))
            self.add(Verdict("unknown", text="the rest of it"))
            return
        self.lowering.spare -= grown
        self._keep_what_was_done()
        ended = [line for line in self.open if line.end is not None]
        going_on = self._going_on()
        for alternative in alternatives:
            for line in going_on:
                self.open = [line.copy()]
                for step in alternative:
                    self.add(step)
                ended += self.open
        self.open = ended

    def _keep_what_was_done(self) -> None:
        """Let what a packet does before a parting be done by a line of its own, if it does anything."""
        if all(line.end is not None or not _does_something(line) for line in self.open):
            return
        for line in self._going_on():
            line.counts = False
            line.then.append(kept(TRUE, self.partings))
            line.end = Verdict("continue")
            line.asks = merged_asks(line.asks)
        self.before += [Line(then=[kept(FALSE, self.partings)], end=Verdict("continue"), counts=False), *self.open]
        row = (OP_RECALL, 0, self.partings, 0, 0, 0, 0, 0)
        self.open = [Line(then=[Instruction(row, Ask("the rest of the rule", None, "true", "kept"))])]
        self.partings += 1

    def _cases(self, step: Choose) -> list[list[Step]]:
        """The ways to go on, of which a packet takes at most one."""
        if step.map is not None:
            own = self.table.sets[step.map]
            step = self.lowering.expiring.choice(step, own) if own.expires else replace(step, cases=own.cases or ())
        by_end: dict[tuple[object, ...], list[Case]] = {}
        for case in step.cases:
            by_end.setdefault(_ending(case), []).append(case)
        others = tuple(case.element for case in step.cases if case.element)
        ways = []
        for alike in by_end.values():
            for elements, negated in _grouped(alike, others):
                ways.append([Lookup(step.selectors, elements, negated=negated, text=step.text), *alike[0].steps])
        return ways

    # --- sets of elements -------------------------------------------------------------------------------------------

    def _look_up(self, step: Lookup) -> None:
        """Ask whether the selectors are in a set of elements."""
        step = self._draw(step)
        own = self.table.sets[step.set] if step.set is not None else None
        if own is not None and own.dynamic:
            self._put(step)
            return
        if own is not None and own.expires:
            step = self.lowering.expiring.lookup(step, own, self.table)
        elements = step.elements if step.set is None else self.table.sets[step.set].elements
        if len(step.selectors) == 1 and elements:
            self.add(Match(step.selectors[0], union(elements, negated=step.negated), step.absent, step.text))
            return
        if not self.lowering.has_room(elements):
            self.add(Unknown(f"a set of very many elements: {step.text}"))
            return
        ways = self._ways(step.selectors, elements, step.text)
        if ways is None:
            self.add(Unknown(step.text or "a set of what is not simulated"))
        elif not step.negated and len(ways) <= MOST_LINES and len(self.open) * len(ways) <= MOST_LINES:
            if len(ways) == 1:
                for match in ways[0]:
                    self.add(match)
            else:
                self._part(ways)
        else:
            self._ask_for_element(step, elements, ways)

    def _ways(self, selectors: tuple[Selector, ...], elements: Elements, text: str) -> list[list[Match]] | None:
        """Each element as matches; None if one of the selectors is not simulated."""
        if any(self.lowering.meanings.fields.of(selector) is None for selector in selectors):
            return None
        pairs = [zip(selectors, element, strict=True) for element in elements]
        return [[Match(selector, value, text=text) for selector, value in pair] for pair in pairs]

    def _ask_for_element(self, step: Lookup, elements: Elements, ways: list[list[Match]]) -> None:
        """Ask all elements at once."""
        asks = []
        for way in ways:
            known = [self.lowering.meanings.asked(match, self.table.sets) for match in way]
            asks.append([asked for asked in known if asked is not None])
        fields = tuple(map(self.lowering.meanings.fields.of, step.selectors))
        self.lowering.fields.update(field for field in fields if field is not None)
        key = (self.table.family, self.table.name, step.set, fields, None if step.set else id(step.elements))
        number = self.lowering.element_set(key, elements, asks)
        names = " . ".join(str(selector) for selector in step.selectors)
        row = (OP_ELEMENT, 0, number, 0, 0, 0, int(step.negated), 0)
        if step.negated and not step.absent:
            for selector, field in zip(step.selectors, fields, strict=True):
                self._ask(question(str(selector), str(field), "to be there", Meaning((0,))))
        for line in self._going_on():
            line.then.append(Instruction(row, Ask(names, None, step.text, "set")))

    def _take_away(self, step: Nat) -> None:
        """Hand the packet to a program that may listen here: where it goes is not known, nor what becomes of it."""
        if step.family and not self.table.sees:
            self.add(Match("family", Numbers(((step.family, step.family),))))  # nft_tproxy_eval
        self._do([losing_way()])
        self._end(Verdict("unknown", text=step.text or step.kind))

    # --- single steps -----------------------------------------------------------------------------------------------

    def _instructions(self, step: Step) -> list[Instruction]:
        """A step as instructions."""
        counted = self.lowering.counting.instruction(step, self.table)
        if counted is not None:
            return [Instruction(counted.operands, Ask(counted.key, None, getattr(step, "text", ""), "limit"))]
        if isinstance(step, Match):
            return [unknown(step.text or construct_of(step.selector))]
        if isinstance(step, Nat):
            return [self.lowering.translations.instruction(step)]
        if isinstance(step, AtHook):
            return [at_hook(step.hooks)]
        if isinstance(step, Unknown):
            return [unknown(step.construct, step.hooks, step.elsewhere)]
        if isinstance(step, Assign):
            fields = self.lowering.meanings.fields
            found = (fields.of(term.selector) for term in step.terms)
            self.lowering.fields.update(field for field in found if field is not None)
            return assigning(step, self.lowering.counting.term, fields)
        does = doing(step, self.lowering.meanings.fields)
        return does if does is not None else [unknown(getattr(step, "text", "") or type(step).__name__.lower())]


ADDING: dict[type, Callable[[_Growing, Any], None]] = {
    Match: _Growing._match, Lookup: _Growing._look_up, Choose: _Growing._choose, AnyOf: _Growing._any_of,
    Assign: _Growing._assign, Nat: _Growing._translate, Verdict: _Growing._end, Effectless: _Growing._nothing,
}  # fmt: skip
"""What is done with a step that is more than instructions."""


def _does_something(line: Line) -> bool:
    """Whether meeting a line leaves a trace."""
    return any(instruction.operands[0] >= OP_LIMIT or instruction.operands[0] == OP_RECALL for instruction in line.then)


def _ending(case: Case) -> tuple[object, ...]:
    """What follows from an element, to find those alike."""
    return tuple(replace(step, text="") if isinstance(step, Verdict) else step for step in case.steps)


def _grouped(alike: Sequence[Case], others: Elements) -> list[tuple[Elements, bool]]:
    """The elements of cases with the same end; what no other element holds is the negation of all others."""
    elements = tuple(case.element for case in alike if case.element)
    result: list[tuple[Elements, bool]] = [(elements, False)] if elements else []
    return [*result, (others, True)] if any(not case.element for case in alike) else result
