"""A rule of many steps as rules of a format that can say less in one: alternatives, and chains of their own.

Read first: `fwsim.netfilter.steps`. What a rule asks so far is a list of alternatives (`heads`) that exclude each
other; each becomes a rule of its own. Where the rest of a rule must not stand in several rules (a token bucket is
one), or does not fit behind what is there, the heads lead into a chain that has the rest:

```
   head 1 -> jump rest        rest: the other steps
   head 2 -> jump rest
   next rule
```
If the rest returns, or goes on after a change that another head might see, coming back to the next head would be
wrong. Then the heads go there for good, and what follows is a chain as well:

```
   head 1 -> goto rest        rest: the other steps         rest-next: next rule ...
   head 2 -> goto rest              goto rest-next
   goto rest-next
```
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from fwsim.netfilter.fields import Numgen
from fwsim.netfilter.model import selectors_of
from fwsim.netfilter.steps import (
    Alter,
    AnyOf,
    Assign,
    Case,
    Choose,
    Connections,
    HashLimit,
    Lookup,
    Match,
    Nat,
    Quota,
    Rate,
    Recent,
    SetHelper,
    Statistic,
    Step,
    Unknown,
    Update,
    Verdict,
)

from .saying import CannotSay

Head = TypeVar("Head")

ASKS = (Match, Lookup, AnyOf, Unknown)
COUNTS = (Rate, Quota, Connections, Statistic, HashLimit, Recent)
FINAL = frozenset({"accept", "drop", "reject", "queue"})
LEAVES = frozenset({"return", "goto"})
"""Verdicts that leave the chain without ending it for the packet."""
CHANGING = (Assign, Alter, Update, SetHelper)
LASTING = frozenset({
    "family", "proto", "src", "dst", "sport", "dport", "tcp_flags", "tcp_seq", "tcp_ack", "tcp_window", "icmp_type",
    "icmp_code", "icmp_id", "length", "ip_id", "fragment", "iif", "oif", "pkttype", "src_mac", "dst_mac", "vlan",
    "hour", "day", "time", "monthday", "monthday_before", "ct_direction", "ct_original_src", "ct_original_dst",
    "ct_reply_src", "ct_reply_dst",
})  # fmt: skip
"""Fields that no rule changes (but by rewriting the header itself, which `Alter` tells)."""
MOST_HEADS = 4096
"""Alternatives of one rule: more would be a text that nobody reads."""


class Generated(str):
    """The name of a chain that was made here: it is the format's already."""

    __slots__ = ()


@dataclass
class Sheet:
    """A chain being written: its lines or rules, in whatever form the format has."""

    name: str
    rules: list[Any] = field(default_factory=list)


def verdicts_of(steps: Sequence[Step]) -> Iterator[str]:
    """The kinds of all verdicts in some steps, those of anonymous maps too."""
    for step in steps:
        if isinstance(step, Verdict):
            yield step.kind
        elif isinstance(step, Choose):
            for case in step.cases:
                yield from verdicts_of(case.steps)


def leaves(steps: Sequence[Step]) -> bool:
    """Whether some step may leave the chain, so that it cannot stand in one that was jumped to."""
    return any(kind in LEAVES for kind in verdicts_of(steps)) or any(
        isinstance(step, Choose) and step.map is not None for step in steps
    )


def comes_back_changed(steps: Sequence[Step]) -> bool:
    """Whether the packet may get behind the rule with something changed that a match has asked for."""
    if any(isinstance(step, Choose) for step in steps):
        return True
    last = steps[-1] if steps else None
    if isinstance(last, Nat) or (isinstance(last, Verdict) and last.kind in FINAL | LEAVES):
        return False
    jumps = isinstance(last, Verdict) and last.kind == "jump"
    return jumps or any(isinstance(step, CHANGING) for step in steps)


def asks_lasting(step: Step) -> bool:
    """Whether a match gives the same answer whenever it is asked."""
    if isinstance(step, AnyOf):
        return all(asks_lasting(match) for matches in step.alternatives for match in matches)
    if isinstance(step, Lookup) and step.set is not None:
        return False
    return all(isinstance(selector, str) and selector in LASTING for selector in selectors_of(step))


def reads_connection(step: Assign) -> bool:
    """Whether a new mark is made of something that a packet without a connection lacks."""
    return any(isinstance(term.selector, str) and term.selector.startswith("ct_") for term in step.terms)


def is_shared(step: Step) -> bool:
    """Whether a step counts for itself, so that it must be in one rule only."""
    if isinstance(step, (Rate, Quota)):
        return step.object is None
    return draws(step) or isinstance(step, (Connections, Statistic, HashLimit))


def draws(step: Step) -> bool:
    """Whether a step draws numbers, from a generator of its own."""
    terms = step.terms if isinstance(step, Assign) else ()
    return any(isinstance(each, Numgen) for each in (*selectors_of(step), *(term.selector for term in terms)))


class Drafting(ABC, Generic[Head]):
    """Writes one rule after the other. A format says what a head is and how rules are made of it."""

    sheet: Sheet
    heads: list[Head]
    acted: bool
    """Whether the rule has done something already, so that its heads must not become more."""
    lasting: bool
    """Whether all that the heads ask stays as it is."""

    def __init__(self) -> None:
        """No chain is open yet."""
        self.sheets: list[Sheet] = []

    @abstractmethod
    def fresh(self, wanted: str) -> str:
        """A free name for a chain, close to the wanted one."""

    @abstractmethod
    def start(self) -> Head:
        """The head of a new rule, which asks nothing."""

    @abstractmethod
    def asked(self, step: Step, head: Head) -> list[Head]:
        """The alternatives of a match behind a head, none if it is never true."""

    @abstractmethod
    def joined(self, head: Head, more: Head) -> Head | None:
        """A head that asks both, None if they do not fit into one rule."""

    @abstractmethod
    def act(self, step: Step, rest: Sequence[Step]) -> bool:
        """Put what a step counts or does behind all heads; False if it does not fit there. `rest` begins with it."""

    @abstractmethod
    def call(self, head: Head, kind: str, target: str) -> None:
        """Write a head as a rule that jumps or goes to a chain."""

    @abstractmethod
    def finish(self, head: Head) -> None:
        """Write a head as a rule without a verdict."""

    def open(self, name: str) -> Sheet:
        """A new chain, which further rules are written into."""
        self.sheet = Sheet(name)
        self.sheets.append(self.sheet)
        return self.sheet

    def add(self, steps: Sequence[Step]) -> None:
        """Write a rule at the end of the open chain."""
        self.heads, self.acted, self.lasting = [self.start()], False, True
        steps = [step for step in steps if not _goes_on(step)]
        for number, step in enumerate(steps):
            if isinstance(step, Choose) and not self.has_map(step):
                self._choose(step, steps[:number], steps[number + 1 :])
                return
            excluded = self.excluded(step)
            if excluded is not None:
                rest = steps[number + 1 :]
                self._continue_in(partial(self._exclude, excluded, rest), rest)
                return
            if not self._take(step, steps[number:]):
                if number == 0:
                    raise CannotSay(told(step))
                self._continue_in(partial(self._add_rest, steps[number:]), steps[number:])
                return
            if not self.heads or isinstance(step, Verdict):
                return
        for head in self.heads:
            self.finish(head)

    def _add_rest(self, steps: Sequence[Step], _following: str | None) -> None:
        """Write the rest of a rule, whose end is that of its chain."""
        self.add(steps)

    def excluded(self, step: Step) -> Step | None:
        """Of a negated match that the format cannot say the opposite: its packets do not get to the rest of a rule."""
        return None

    def _exclude(self, excluded: Step, rest: Sequence[Step], following: str | None) -> None:
        """A chain that those who meet a match leave at once."""
        self.add((excluded, Verdict("return") if following is None else Verdict("goto", Generated(following))))
        self.add(rest)

    def has_map(self, step: Choose) -> bool:
        """Whether the format can say this map."""
        return False

    def cases_of(self, step: Choose) -> Sequence[Case]:
        """The cases of a map that is written out as rules."""
        return step.cases

    def _take(self, step: Step, rest: Sequence[Step]) -> bool:
        """Put a step into the heads; False if a chain of its own must be made for the rest."""
        if isinstance(step, ASKS):
            return self._ask(step)
        several = len(self.heads) > 1
        if several and (is_shared(step) or (not self.lasting and comes_back_changed(rest))):
            return False
        if not self.act(step, rest):
            return False
        self.acted = True
        return True

    def _ask(self, step: Step) -> bool:
        """Join a match to all heads."""
        several = len(self.heads) > 1
        more = [self.asked(step, head) for head in self.heads]
        if (self.acted and any(len(some) > 1 for some in more)) or (several and is_shared(step)):
            return False
        if sum(map(len, more)) > MOST_HEADS:
            raise CannotSay(f"it would become more than {MOST_HEADS} rules")
        found = [[self.joined(head, other) for other in some] for head, some in zip(self.heads, more, strict=True)]
        if any(head is None for some in found for head in some):
            return False
        for head, some in zip(self.heads, found, strict=True):
            if self.acted and not some:
                self.finish(head)
        self.heads = [head for some in found for head in some if head is not None]
        self.lasting = self.lasting and asks_lasting(step)
        return True

    def _continue_in(self, write: Callable[[str | None], None], rest: Sequence[Step]) -> None:
        """Lead the heads to a chain that `write` fills; it is given the chain that follows, if it is no jump."""
        here = self.sheet
        behind = self.fresh(f"{here.name}-more")
        if not leaves(rest) and (len(self.heads) == 1 or self.lasting):
            self._call_all("jump", behind)
            self.open(behind)
            write(None)
            self.sheet = here
            return
        following = self.fresh(f"{here.name}-next")
        self._call_all("goto", behind)
        self.call(self.start(), "goto", following)
        self.open(behind)
        write(following)
        self.call(self.start(), "goto", following)
        self.open(following)

    def _call_all(self, kind: str, target: str) -> None:
        """Every head as a rule that leads to a chain."""
        for head in self.heads:
            self.call(head, kind, target)

    def _choose(self, step: Choose, before: Sequence[Step], rest: Sequence[Step]) -> None:
        """A map as a rule for each of its cases, in a chain of their own unless each ends the rule at once."""
        written = [(case, _ended((*_element(step, case), *case.steps), rest)) for case in self.cases_of(step)]
        only_asks = all(isinstance(asked, ASKS) and not is_shared(asked) for asked in before)
        if only_asks and all(case.element and _is_over(steps) for case, steps in written):
            for _, steps in written:
                self.add((*before, *steps))
            return

        def write(following: str | None) -> None:
            """The cases; a packet that has met one goes on behind them all."""
            end = Verdict("return") if following is None else Verdict("goto", Generated(following))
            for _, steps in written:
                self.add(steps if _is_over(steps) else (*steps, end))

        self._continue_in(write, [*rest, *(each for _, steps in written for each in steps)])


def _element(step: Choose, case: Case) -> tuple[Step, ...]:
    """What a packet must be for a case."""
    return tuple(Match(selector, value) for selector, value in zip(step.selectors, case.element, strict=False))


def _goes_on(step: Step) -> bool:
    """Whether a step only says that the rule goes on."""
    return isinstance(step, Verdict) and step.kind == "continue"


def _is_over(steps: Sequence[Step]) -> bool:
    """Whether a rule of these steps is the last that a packet meets in its chain."""
    last = steps[-1] if steps else None
    return isinstance(last, Nat) or (isinstance(last, Verdict) and last.kind in FINAL | LEAVES)


def _ended(steps: tuple[Step, ...], rest: Sequence[Step]) -> tuple[Step, ...]:
    """The steps of a case, and those behind the map if they are reached."""
    if _goes_on(steps[-1]):
        return (*steps[:-1], *rest)
    return steps if isinstance(steps[-1], (Verdict, Nat)) else (*steps, *rest)


def told(step: Step) -> str:
    """A step as messages name it: as it was written."""
    return repr(getattr(step, "text", "") or getattr(step, "construct", "") or type(step).__name__.lower())
