"""What the analyses have found, in words: with names and places of rules, and packets that the engine has decided.

Read first: `found`, `kinds`, and the analyses: `judging`, `states`, `replies`, `broad`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fwsim.lower import Lowered, RuleInfo
from fwsim.terms import Verdict, word

from .broad import Broad
from .deciding import Deciding
from .found import NO_RULE, Found
from .ground import Ground, Sample
from .judging import Judging, pairing, removable
from .kinds import Finding, Kind, Level, Place, Shown
from .packet_text import sample_fields, sample_text
from .pairs import MOST, Pairs
from .removing import Removing
from .replies import Replies
from .states import States
from .unreachable import Reaching

NEVER = frozenset((Kind.UNREACHABLE, Kind.SHADOWED, Kind.REDUNDANT))
PROVED = NEVER | {Kind.NO_EFFECT}
"""Kinds that are proved without the packet that shows them."""
IDLE = frozenset((Kind.REDUNDANT, Kind.NO_EFFECT))
PAIRS = frozenset((Kind.GENERALISATION, Kind.CORRELATION))
OF_STATES = frozenset((Kind.NEW_WITHOUT_SYN, Kind.INVALID_ACCEPTED, Kind.NOTRACK_STATE))
BROUGHT = OF_STATES | {Kind.REPLIES_DROPPED, Kind.BROAD_ACCEPT}
"""Kinds whose packets have been brought about with the tracker at work (`bringing`)."""


def told(telling: Telling, wanted: Collection[Kind]) -> Iterator[Finding]:
    """The findings of some kinds."""
    for found in telling.found(frozenset(wanted)):
        one = telling.finding(found)
        if one is not None:
            yield one


class Telling:
    """A program whose findings are told."""

    def __init__(
        self,
        lowered: Lowered,
        path: str,
        logging: frozenset[int] = frozenset(),
        waiting: frozenset[int] = frozenset(),
        tracking: frozenset[int] = frozenset(),
    ) -> None:
        """`path` is where rules are whose place is not known.

        Rules of `logging` do more than to decide, those of `waiting` ask for sets that are empty as they are written;
        without that of `tracking` packets would not be tracked.
        """
        self.waiting = waiting
        self.tracking = tracking
        self.lowered = lowered
        self.path = path
        self.ground = Ground(lowered)
        self.reaching = Reaching(self.ground)
        self.deciding = Deciding(lowered)
        self.pairs = Pairs(self.reaching)
        self.removing = Removing(self.reaching, logging | tracking)
        self.states = States(self.ground, self.reaching.reached)
        self.replies = Replies(self.ground, self.reaching.reached)
        self.broad = Broad(self.ground)
        self.doubted: list[Found] = []
        """What the engine did not confirm."""

    def found(self, wanted: frozenset[Kind]) -> Iterator[Found]:
        """All that the analyses find, as far as it is wanted; which packets reach which rules is asked first."""
        never = list(Judging(self.reaching, self.waiting, self.tracking).never_applying())
        yield from (one for one in never if one.kind in wanted)
        if wanted & IDLE:
            yield from (one for one in removable(self.removing) if one.kind in wanted)
        if wanted & PAIRS:
            yield from (one for one in pairing(self.pairs) if one.kind in wanted)
        if wanted & OF_STATES:
            yield from (one for one in self.states.found() if one.kind in wanted)
        if Kind.REPLIES_DROPPED in wanted:
            yield from self.replies.found()
        if Kind.BROAD_ACCEPT in wanted:
            yield from self.broad.found()

    def finding(self, found: Found) -> Finding | None:
        """A finding in words; None if the engine does with the packet that is to show it something else."""
        samples = [one for one in (found.before, found.sample) if one is not None]
        confirmed = found.kind in BROUGHT or all(map(self._is_confirmed, samples))
        packet = self._shown(found) if confirmed else None
        if packet is None and found.kind not in PROVED:
            self.doubted.append(found)
            return None
        at = self._at(found)
        names = [self.name(rule, found.chain) for rule in found.others]
        rules = tuple(self.place(rule) for rule in found.others)
        level = found.level or found.kind.level
        subject = f"{self.lowered.chains[found.chain].name}\0{at.text or at.name}"
        what = found.what.format(*names) if names else found.what
        return Finding(
            found.kind, at.path, at.line, at.column, what, at.name, at.text, level, rules, packet, subject,
            together=found.together,
        )  # fmt: skip

    def _at(self, found: Found) -> Place:
        """Where a finding is."""
        return self.place(found.rule) if found.rule != NO_RULE else self._policy(found.chain)

    # --- packets ----------------------------------------------------------------------------------------------------

    def _is_confirmed(self, sample: Sample) -> bool:
        """Whether the engine decides as was worked out."""
        decision = self.deciding.decide(sample.hook, sample.packet)
        if decision is None or decision["verdict"] != sample.trip.verdict:
            return False
        if self.lowered.translates or sample.trip.rule < 0:
            return True
        return decision["rule"] == self.ground.sources[sample.trip.rule]

    def _shown(self, found: Found) -> Shown | None:
        """The packet that shows a finding."""
        if found.sample is None:
            return None
        sample = found.sample
        text = sample_text(sample.hook, sample.packet, self.lowered)
        fields = sample_fields(sample.hook, sample.packet, self.lowered.interfaces)
        before = "" if found.before is None else sample_text(found.before.hook, found.before.packet, self.lowered)
        return Shown(text, self._outcome(sample), fields, before)

    def _outcome(self, sample: Sample) -> str:
        """What becomes of a packet."""
        verdict = word(Verdict(sample.trip.verdict))
        if sample.trip.rule >= 0:
            return f"{verdict}: {self.name(self.ground.sources[sample.trip.rule], NO_RULE)}"
        if sample.trip.chain >= 0:
            return f"{verdict}: the policy of {self.lowered.chains[sample.trip.chain].name}"
        return f"{verdict}: no chain refuses it"

    # --- names and places -------------------------------------------------------------------------------------------

    def place(self, number: int) -> Place:
        """Where a rule is."""
        rule = self.lowered.rules[number]
        column = rule.column if rule.line else 0
        return Place(rule.path or self.path, rule.line or 0, column, title(self.lowered, rule), rule.text)

    def _policy(self, number: int) -> Place:
        """Where the policy of a chain is."""
        chain = self.lowered.chains[number]
        return Place(self.path, chain.line or 0, 1 if chain.line else 0, chain.name)

    def name(self, number: int, here: int) -> str:
        """A rule by its name or position and line; with its chain unless that is `here`."""
        rule = self.lowered.rules[number]
        name = f'rule "{rule.name}"' if rule.name else f"rule {rule.position}"
        chain = f" of {self.lowered.chains[rule.chain].name}" if rule.chain != here else ""
        return f"{name}{chain}" + (f" (line {rule.line})" if rule.line else "")

    # --- what was not found out -------------------------------------------------------------------------------------

    def not_found_out(self) -> Iterator[Finding]:
        """What it would have taken too long to find out, or the engine did not confirm."""
        lacking = (
            (Level.WARNING, self.reaching.open, "whether packets get to {0} of the rules"),
            (Level.WARNING, self.removing.open, "whether {0} of the rules change anything"),
            (Level.NOTE, self.pairs.open, "whether {0} of the rules are correlated with others"),
        )
        for level, rules, what in lacking:
            if rules:
                yield self._open(level, what.format(len(rules)), self.lowered.rules[rules[0]])
        kinds = [*self.states.open, *([Kind.REPLIES_DROPPED] if self.replies.open else [])]
        kinds += [Kind.BROAD_ACCEPT] if self.broad.open else []
        for kind in kinds:
            yield self._open(kind.level, f"whether there is more of the kind {kind.word}")
        yield from map(self._doubtful, self.doubted)
        if self.pairs.skipped:
            what = f"more than {MOST:,} rules are correlated with others: the rules behind them were not looked at"
            yield Finding(Kind.UNKNOWN, self.path, 0, 0, what, level=Level.NOTE, subject="more correlations")

    def _doubtful(self, found: Found) -> Finding:
        """What could not be shown."""
        at, word = self._at(found), found.kind.word
        what = f"whether it is of the kind {word}: no packet shows it that the engine decides alike"
        subject = f"{word}\0{self.lowered.chains[found.chain].name}\0{at.text or at.name}"
        level = found.level or found.kind.level
        return Finding(
            Kind.UNKNOWN, at.path, at.line, at.column, what, at.name, at.text, level, subject=subject, together=word
        )  # fmt: skip

    def _open(self, level: Level, what: str, first: RuleInfo | None = None) -> Finding:
        """A question that was not answered."""
        place = f" (the first is in line {first.line})" if first is not None and first.line else ""
        text = f"too many cases: {what} was not found out{place}"
        subject = "".join(letter for letter in what if not letter.isdigit())
        return Finding(Kind.UNKNOWN, self.path, 0, 0, text, level=level, subject=subject)


def title(lowered: Lowered, rule: RuleInfo) -> str:
    """A rule by its name or position, and its chain."""
    name = f'rule "{rule.name}"' if rule.name else f"rule {rule.position}"
    return f"{name} of {lowered.chains[rule.chain].name}"
