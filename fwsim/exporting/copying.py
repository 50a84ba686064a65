"""Copies of chains in the views of the stateless twin: no verdict in them ends the evaluation, but leads further.

Read first: `stateless`, `partial`. What accepts leads to the next chain on the way, what refuses to wherever the view
says; both are verdicts (`Continue`), most often a `goto` to another copy. A base chain becomes a chain that is gone
to and ends with its policy; a chain that is jumped to stays one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from fwsim.convert.identifiers import Identifiers
from fwsim.netfilter.model import Chain, Netfilter, NetfilterRule, Object, Set, Table, every_step
from fwsim.netfilter.steps import Assign, Case, Choose, NoTrack, Step, Verdict
from fwsim.ruleset.settings import LONGEST_TEXT
from fwsim.terms import Verdict as Policy

from .drafting import ASKS, COUNTS, draws, told
from .partial import Partial
from .saying import CannotSay, Refusals, rule_title
from .tracking import every_rule
from .views import FALSE, Place, View, takes_out

Named = TypeVar("Named", Set, Object)

SUFFIX = {"new": "", "mirror": "-mirror", "reply": "-reply", "related": "-related", "untracked": "-untracked"}
BACK = {"mirror": " (mirrored)"}


@dataclass(frozen=True)
class Continue:
    """Where a packet goes on when a view accepts or refuses it."""

    accept: Verdict
    refuse: Callable[[Verdict], Verdict]


@dataclass(frozen=True)
class Way:
    """The base chains that a packet meets in one view, in order, and what follows."""

    view: View
    bases: tuple[tuple[Table, Chain, Place], ...]
    then: Continue
    family: int


@dataclass(frozen=True)
class Spot:
    """Where a rule is copied: a base chain by its number on the way; `policy` None in a chain that returns."""

    way: Way
    number: int
    table: Table
    accept: Verdict
    policy: Verdict | None

    @property
    def place(self) -> Place:
        """The hook."""
        return self.way.bases[self.number][2]


class Copies:
    """All chains of the twin so far."""

    def __init__(self, netfilter: Netfilter, names: Identifiers, refusals: Refusals) -> None:
        """None yet."""
        self.names = names
        self.refusals = refusals
        self.chains: dict[str, tuple[NetfilterRule, ...]] = {}
        self.known: dict[tuple[NetfilterRule, ...], str] = {}
        self.origins: dict[int, tuple[str, NetfilterRule, NetfilterRule]] = {}
        """Of a rule made here, by its identity: the title, the rule that it is a copy of, itself."""
        self.ways: list[Way] = []
        self.copied: dict[tuple[object, ...], tuple[NetfilterRule, ...]] = {}
        self.sets: Mapping[str, Set] = _all_by_name([table.sets for table in netfilter.tables], refusals)
        self.objects: Mapping[str, Object] = _all_by_name([table.objects for table in netfilter.tables], refusals)
        steps = [step for rule in every_rule(netfilter) for step in every_step(rule.steps)]
        self.assigns_ct_mark = any(isinstance(step, Assign) and step.target == "ct_mark" for step in steps)

    def chain(self, wanted: str, rules: Sequence[NetfilterRule]) -> Verdict:
        """Go to a chain of these rules; an equal one is taken if there is one."""
        first = rules[0].steps[0]
        if len(rules[0].steps) == 1 and isinstance(first, Verdict) and first.kind not in ("jump", "return"):
            return first
        key = tuple(rules)
        if key not in self.known:
            self.known[key] = self.names.fresh(wanted)
            self.chains[self.known[key]] = key
        return Verdict("goto", self.known[key])

    def inlined(self, verdict: Verdict) -> list[NetfilterRule]:
        """A verdict as the last rules of a chain: the rules of the chain that it goes to."""
        if verdict.kind == "goto" and verdict.target is not None:
            return list(self.chains[verdict.target])
        return [NetfilterRule((verdict,))]

    # --- base chains ------------------------------------------------------------------------------------------------

    def walk(self, way: Way, number: int) -> Verdict:
        """The chains on a way from one of them on."""
        self.ways.append(way)  # kept, as copies are known by its identity
        if number == len(way.bases):
            return way.then.accept
        table, chain, _ = way.bases[number]
        following = self.walk(way, number + 1)
        policy = following if chain.policy == Policy.ACCEPT else way.then.refuse(Verdict("drop"))
        spot = Spot(way, number, table, following, policy)
        return self._base(chain, list(enumerate(chain.rules, start=1)), spot)

    def _base(self, chain: Chain, rules: Sequence[tuple[int, NetfilterRule]], spot: Spot) -> Verdict:
        """A chain that is gone to: its rules, then its policy."""
        assert spot.policy is not None
        if chain.kind == "nat" and chain.rules:
            with self.refusals.within(f"chain {chain.title}", chain.location):
                raise CannotSay("a chain of type nat: it needs connections")
        copied = self._rules(chain, rules, spot)
        while copied and _does_nothing_but(copied[-1], spot.policy):
            copied.pop()
        if not copied or not _ends(copied[-1]):
            copied.append(NetfilterRule((spot.policy,)))
        return self.chain(f"{chain.name}{SUFFIX.get(spot.way.view.name, '-' + spot.way.view.name)}", copied)

    def _rules(self, chain: Chain, rules: Sequence[tuple[int, NetfilterRule]], spot: Spot) -> list[NetfilterRule]:
        """Rules as they are in a view, up to the first that decides every packet."""
        found: list[NetfilterRule] = []
        for index, (number, rule) in enumerate(rules):
            title = rule_title(chain, number, rule)
            with self.refusals.within(title, rule.location):
                steps = self._steps(rule.steps, spot, chain, rules[index + 1 :])
                if steps:
                    name = _named(rule.name, BACK.get(spot.way.view.name, "")) if rule.name else None
                    found.append(NetfilterRule(steps, name, rule.location))
                    self.origins[id(found[-1])] = (title, rule, found[-1])
                    if _ends(found[-1]):
                        break
        return found

    # --- the steps of a rule ----------------------------------------------------------------------------------------

    def _steps(
        self, steps: Sequence[Step], spot: Spot, chain: Chain, behind: Sequence[tuple[int, NetfilterRule]]
    ) -> tuple[Step, ...]:
        """The steps that are left; none if the rule does nothing in this view."""
        partial = Partial(spot.way.view, spot.place, spot.table.sets, assigns_ct_mark=self.assigns_ct_mark)
        found: list[Step] = []
        pending = list(steps)
        while pending:
            step = pending.pop(0)
            if isinstance(step, Verdict) and step.kind == "continue":
                continue
            if isinstance(step, Verdict):
                verdict = self._verdict(step, spot)
                return (*found, verdict) if verdict is not None else _effective(found)
            if isinstance(step, NoTrack) and not takes_out(spot.way.view, spot.place):
                continue
            if isinstance(step, NoTrack):
                return (*found, self._untracked(pending, spot, chain, behind))
            left = partial.step(step)
            if left is FALSE:
                return _effective(found)
            if isinstance(left, Choose):
                if not left.selectors:
                    pending = [*left.cases[0].steps, *pending]
                    continue
                left = self._cases(left, spot, pending)
            if not isinstance(left, bool):
                found.append(left)
        return _effective(found)

    def _cases(self, step: Choose, spot: Spot, behind: Sequence[Step]) -> Choose:
        """A map whose verdicts lead further; `behind` it stands what a case may go on with."""
        cases = []
        for case in step.cases:
            last = case.steps[-1]
            steps = case.steps
            if isinstance(last, Verdict):
                verdict = self._verdict(last, spot) or Verdict("continue")
                if behind and verdict.kind == "continue" != last.kind:
                    raise CannotSay(told(step))  # the jump leads nowhere here, and not to what is behind the map
                steps = (*case.steps[:-1], verdict)
            cases.append(Case(case.element, steps))
        return replace(step, cases=tuple(cases))

    def _verdict(self, step: Verdict, spot: Spot) -> Verdict | None:
        """Where a verdict leads in this view; None if to the next rule."""
        match step.kind:
            case "accept":
                return spot.accept
            case "drop" | "reject":
                return spot.way.then.refuse(replace(step, text=""))
            case "return":
                return spot.policy or Verdict("return")
            case "continue":
                return None
            case "jump" | "goto":
                return self._called(step, spot)
        raise CannotSay(told(step))

    def _called(self, step: Verdict, spot: Spot) -> Verdict | None:
        """A jump or goto to the copy of a chain."""
        chain = spot.table.chains[step.target or ""]
        rules = list(enumerate(chain.rules, start=1))
        if step.kind == "goto" and spot.policy is not None:
            return self._base(chain, rules, spot)
        inner = replace(spot, policy=None)
        key = (id(spot.table), chain.name, spot.way.view, spot.place, spot.accept, id(spot.way.then), spot.way.family)
        if key not in self.copied:
            self.copied[key] = tuple(self._rules(chain, rules, inner))
        copied = self.copied[key]
        if not copied:
            return None if step.kind == "jump" else Verdict("return")
        first = copied[0].steps
        if len(first) == 1 and isinstance(first[0], Verdict) and first[0].kind not in ("jump", "return"):
            return replace(first[0], kind=step.kind) if first[0].kind == "goto" else first[0]
        target = self.chain(f"{chain.name}{SUFFIX.get(spot.way.view.name, '-' + spot.way.view.name)}", copied)
        return Verdict(step.kind, target.target)

    def _untracked(
        self, rest: Sequence[Step], spot: Spot, chain: Chain, behind: Sequence[tuple[int, NetfilterRule]]
    ) -> Verdict:
        """Where a packet goes on that is taken out of tracking: the same rules see it otherwise from here on."""
        if spot.policy is None:
            raise CannotSay("notrack in a chain that is jumped to")
        way = replace(spot.way, view=spot.way.view.without_connection)
        following = self.walk(way, spot.number + 1)
        policy = following if spot.policy == spot.accept else spot.policy
        changed = Spot(way, spot.number, spot.table, following, policy)
        return self._base(chain, [(0, NetfilterRule(tuple(rest))), *behind], changed)

    # --- the whole --------------------------------------------------------------------------------------------------

    def used_by(self, bases: Sequence[Chain]) -> list[Chain]:
        """The base chains and all copies that they lead to."""
        found = {chain.name: chain for chain in bases}
        pending = list(bases)
        while pending:
            for name in _targets(pending.pop().rules):
                if name not in found:
                    found[name] = Chain(name, name, rules=self.chains[name])
                    pending.append(found[name])
        return list(found.values())

    def check_counted(self, chains: Mapping[str, Chain]) -> None:
        """Refuse to count in several places what is counted in one."""
        seen: dict[int, int] = {}
        for chain in chains.values():
            for rule in chain.rules:
                title, original, _ = self.origins.get(id(rule), ("", rule, rule))
                if any(_counts(step) for step in every_step(rule.steps)):
                    seen[id(original)] = seen.get(id(original), 0) + 1
                    if seen[id(original)] == 2:
                        with self.refusals.within(title, rule.location):
                            raise CannotSay("what it counts would be counted in several places")


def _counts(step: Step) -> bool:
    """Whether a step counts for itself."""
    return draws(step) or (isinstance(step, COUNTS) and getattr(step, "object", None) is None)


def _named(name: str, behind: str) -> str:
    """A name with something behind it, no longer than a name may be."""
    return name[: LONGEST_TEXT - len(behind)] + behind


def _ends(rule: NetfilterRule) -> bool:
    """Whether no packet gets behind a rule."""
    last = rule.steps[-1]
    return not any(isinstance(step, (*ASKS, *COUNTS, Choose)) for step in rule.steps) and (
        isinstance(last, Verdict) and last.kind != "jump"
    )


def _does_nothing_but(rule: NetfilterRule, verdict: Verdict) -> bool:
    """Whether a rule only gives a verdict that the packet would get without it."""
    return rule.steps[-1] == verdict and all(isinstance(step, ASKS) for step in rule.steps[:-1])


def _effective(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps of a rule without a verdict, up to the last that does something."""
    found = list(steps)
    while found and isinstance(found[-1], ASKS):
        found.pop()
    return tuple(found)


def _targets(rules: Iterable[NetfilterRule]) -> Iterable[str]:
    """The chains that rules lead to."""
    for rule in rules:
        for step in every_step(rule.steps):
            if isinstance(step, Verdict) and step.target is not None:
                yield step.target


def _all_by_name(parts: Sequence[Mapping[str, Named]], refusals: Refusals) -> dict[str, Named]:
    """Sets or objects of all tables; no name can stand for two."""
    found: dict[str, Named] = {}
    for part in parts:
        for name, own in part.items():
            if found.setdefault(name, own) != own:
                with refusals.within(f"{type(own).__name__.lower()} {name}", own.location):
                    raise CannotSay("another table has one of the same name")
    return found
