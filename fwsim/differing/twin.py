"""Regions of packets that the stateless twins of two rulesets treat differently.

Read first: `fwsim.engine.twin` (what the twin of one does with one packet), `fwsim.checking.mirrored`, `comparing`. A
packet passes as it is; or its mirror image does, and the packet as a reply to it. So a packet is treated differently
only if it meets a changed line in one of these views.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from fwsim.checking.confirming import fitting
from fwsim.checking.mirrored import mirror_of, mirrored_back
from fwsim.checking.traffic import (
    BYTE,
    ERRORS,
    FLAGS,
    ICMP,
    ICMP_TYPE,
    NEVER_TRACKED,
    OF_ICMP,
    OF_TCP,
    REPLY_OF,
    TCP,
    Shape,
    broken_shapes,
    later_fragments,
    shape,
    shapes_of,
    with_values,
)
from fwsim.engine.path import LOCAL
from fwsim.space import Goal, Leaf
from fwsim.space.fields import CT_DIRECTION, CT_MARK, CT_STATE, CT_STATUS, MARK, PROTO
from fwsim.space.intervals import Set, minus, of_intervals, point
from fwsim.tables import PACKET
from fwsim.terms import ABSENT, CtStatus, Hook, Verdict

from .comparing import Comparing, Found, Outcome, is_alike
from .sides import Region
from .universe import ESTABLISHED, INVALID, NEW, ORIGINAL, RELATED, REPLY, UNTRACKED, tied

NEVER, ERROR, ANSWER, SYNLIKE, PLAIN = range(5)
"""Neighbour discovery; ICMP errors; what could be a reply; TCP with neither ACK nor RST; all else."""
MIRRORED = {
    int(Hook.FORWARD): int(Hook.FORWARD), int(Hook.INPUT): int(Hook.OUTPUT), int(Hook.OUTPUT): int(Hook.INPUT),
    LOCAL: LOCAL,
}  # fmt: skip
EVERY = Goal(frozenset(map(int, (Verdict.ACCEPT, Verdict.DROP, Verdict.REJECT))))
ACCEPT = int(Verdict.ACCEPT)
CT_FIELDS = (CT_STATE, CT_DIRECTION, CT_STATUS, CT_MARK, MARK)
DONE = int(CtStatus.SNAT_DONE | CtStatus.DNAT_DONE)
SEEN = {
    NEW: (ORIGINAL, 0, 0), ESTABLISHED: (REPLY, DONE, 0), RELATED: (REPLY, DONE, 0),
    INVALID: (ABSENT, ABSENT, ABSENT), UNTRACKED: (ABSENT, ABSENT, ABSENT),
}  # fmt: skip
"""By ct state the direction, the status and the mark that rules see."""
OWN_FIELDS = len(PACKET.names or ())
"""Fields from here on are read of headers: a mirror image has its own."""


class Twinned(NamedTuple):
    """A region, what becomes of it under one ruleset, and the lines with their truths, by the view they were met in."""

    region: dict[int, Set | None]
    outcome: Outcome
    trail: tuple[tuple[int, int, int], ...]


def parts_of(family: int) -> list[tuple[int, Shape]]:
    """All packets of a family, apart by what a twin takes them for."""
    icmp = [ICMP[family]]
    answers = of_intervals((kind, kind) for kind in REPLY_OF[family])
    quiet = minus(minus(BYTE, ERRORS[family]), answers)
    if family == 6:
        quiet = minus(quiet, NEVER_TRACKED)
    answering = of_intervals((flags, flags) for flags in range(256) if flags & 0x14)
    found = [
        (ERROR, shape(icmp, OF_ICMP, icmp_type=ERRORS[family])),
        (PLAIN, shape(icmp, OF_ICMP, icmp_type=quiet)),
        (SYNLIKE, shape([TCP], OF_TCP, flags=minus(BYTE, answering))),
        (PLAIN, later_fragments()),
    ]
    shapes = with_values(shapes_of(family), FLAGS, [TCP], answering)
    found += [(ANSWER, one) for one in with_values(shapes, ICMP_TYPE, icmp, answers)]
    found += [(ANSWER if one[PROTO] != point(ICMP[family]) else PLAIN, one) for one in broken_shapes()]
    if family == 6:
        found.append((NEVER, shape(icmp, OF_ICMP, icmp_type=NEVER_TRACKED)))
    return found


class Twins:
    """The twins of two rulesets on one way; `back` compares on the way of mirror images."""

    def __init__(self, direct: Comparing, back: Comparing) -> None:
        """What both rulesets have at hand."""
        self.direct, self.back = direct, back
        self.family = direct.universe.family
        self.parts = parts_of(self.family)
        self.choices = [walker.side.ruleset.stateless for walker in direct.walkers]
        self.twin = [walker.side.lowered.uses_ct for walker in direct.walkers]

    def differences(self) -> Iterator[Found]:
        """All differences; a region may come twice, or overlap another."""
        told: dict[tuple[Outcome, Outcome], int] = {}
        for kind, region in self._candidates():
            for found in self._compare(kind, region):
                count = told[found.pair] = told.get(found.pair, 0) + 1
                if self.direct.most is None or count <= self.direct.most:
                    yield found
                else:
                    self.direct.cut.add(found.pair)

    # --- who meets a changed line -----------------------------------------------------------------------------------

    def _candidates(self) -> Iterator[tuple[int, dict[int, Set | None]]]:
        """The packets that meet a changed line in some view, with what a twin takes them for."""
        for side in (0, 1):
            for kind, one in self.parts:
                start = met(self.direct.universe.start, one)
                if start is None:
                    continue
                states = {self._first(side, kind), *([ESTABLISHED] if self._may_answer(side, kind) else [])}
                for state in sorted(states):
                    yield from ((kind, region) for region in self._meeting(self.direct, side, seen(start, state)))
                if self._may_answer(side, kind):
                    yield from ((kind, region) for region in self._mirrored(side, start))

    def _meeting(self, way: Comparing, side: int, start: Region) -> Iterator[dict[int, Set | None]]:
        """The packets of a region that meet a changed line, or get to a changed policy."""
        goal = Goal(lines=frozenset(way.alignment.changed[side]), ends=frozenset(way.alignment.ends[side]))
        if goal.lines or goal.ends:
            for reached in way.walkers[side].reach(goal, start):
                yield unseen(reached.region)

    def _mirrored(self, side: int, start: Region) -> Iterator[dict[int, Set | None]]:
        """The packets of a region whose mirror images meet a changed line."""
        for region in self._meeting(self.back, side, self._mirror(start)):
            yield from self._turned(start, region)

    def _mirror(self, region: Region) -> dict[int, Set | None]:
        """The mirror images of packets of one shape."""
        own = {field: values for field, values in region.items() if field < OWN_FIELDS}
        return seen(mirror_of(own, self.family), NEW)

    def _turned(self, region: Region, mirror: Region) -> Iterator[dict[int, Set | None]]:
        """The packets of a region whose mirror images are in another one."""
        own = {field: values for field, values in mirror.items() if field < OWN_FIELDS}
        back = mirrored_back(region, unseen(own), self.family)
        if all(values is None or values for values in back.values()):
            yield unseen(back)

    # --- what becomes of them ---------------------------------------------------------------------------------------

    def _compare(self, kind: int, region: Region) -> Iterator[Found]:
        """The differences among packets of one kind."""
        for old in self.outcomes(0, kind, region):
            for new in self.outcomes(1, kind, old.region):
                if is_alike(old.outcome, new.outcome) or not self._agree(old, new):
                    continue
                part = tied(self.direct.universe.with_bytes(dict(new.region)))
                if part is not None:
                    yield Found(part, (part,), old.outcome, new.outcome)

    def outcomes(self, side: int, kind: int, region: Region) -> Iterator[Twinned]:
        """What becomes of packets of one kind under one ruleset."""
        walker = self.direct.walkers[side]
        for direct in walker.reach(EVERY, seen(region, self._first(side, kind))):
            found = self._told(side, 0, unseen(direct.region), direct.leaf)
            if direct.leaf.verdict == ACCEPT or not self._may_answer(side, kind):
                yield found
            else:
                yield from self._as_reply(side, found)

    def _as_reply(self, side: int, direct: Twinned) -> Iterator[Twinned]:
        """What becomes of refused packets that may be replies."""
        back = self.back.walkers[side]
        for reply in self.direct.walkers[side].reach(EVERY, seen(direct.region, ESTABLISHED)):
            as_reply = self._told(side, 1, unseen(reply.region), reply.leaf)
            trail = direct.trail + as_reply.trail
            if reply.leaf.verdict != ACCEPT:
                yield Twinned(as_reply.region, direct.outcome, trail)
                continue
            for mirror in back.reach(EVERY, self._mirror(as_reply.region)):
                passing = self._told(side, 2, mirror.region, mirror.leaf)
                outcome = direct.outcome
                if mirror.leaf.verdict == ACCEPT:
                    doubts = (*outcome.doubts, *as_reply.outcome.doubts, *passing.outcome.doubts)
                    outcome = replace(passing.outcome, doubts=tuple(dict.fromkeys(doubts)))
                for region in self._turned(as_reply.region, mirror.region):
                    yield Twinned(region, outcome, trail + passing.trail)

    def _told(self, side: int, view: int, region: Region, leaf: Leaf) -> Twinned:
        """What a leaf of a search says; nothing is left of packets in this mode but what rules count."""
        way = self.direct if view < 2 else self.back
        trail = tuple((view, way.alignment.identity(side, line), truth) for line, truth in leaf.trail)
        return Twinned(dict(region), replace(way.outcome(side, leaf), left=(), doing=()), trail)

    def _agree(self, old: Twinned, new: Twinned) -> bool:
        """Whether lines that are the same, and hang on more than the packet, were taken alike."""
        taken = {(view, line): truth for view, line, truth in old.trail}
        return all(taken.get((view, line), truth) == truth for view, line, truth in new.trail)

    def _first(self, side: int, kind: int) -> int:
        """The ct state that a twin gives a packet at first."""
        if kind == NEVER:
            return UNTRACKED
        if not self.twin[side]:
            return INVALID
        if kind == ERROR:
            return RELATED if self.choices[side].icmp_errors == "accept" else INVALID
        return NEW

    def _may_answer(self, side: int, kind: int) -> bool:
        """Whether a twin looks at the mirror image of what it refuses."""
        replies = self.choices[side].replies
        return self.twin[side] and (replies != "never") and (kind == ANSWER or (kind == SYNLIKE and replies == "any"))


def seen(region: Region, state: int) -> dict[int, Set | None]:
    """Packets as a twin shows them to rules."""
    shown = zip((CT_STATE, CT_DIRECTION, CT_STATUS, CT_MARK), (state, *SEEN[state]), strict=True)
    return {**region, MARK: point(0)} | {field: point(value) for field, value in shown}


def unseen(region: Region) -> dict[int, Set | None]:
    """Packets as they are."""
    return {field: values for field, values in region.items() if field not in CT_FIELDS}


def met(start: Region, one: Shape) -> dict[int, Set | None] | None:
    """The packets of a region that have a shape."""
    return next((dict(part) for part in fitting(start, [one])), None)
