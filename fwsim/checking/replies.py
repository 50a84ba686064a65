"""Connections that rules let somebody open, and whose answers are dropped: for want of a rule, or of state.

Read first: `ground`, `mirrored`. Of what a rule accepts as new the answers are looked for: with addresses, ports and
interfaces exchanged, seen as `ct state established`, reply. If none of them gets through, the rule opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fwsim.engine.path import LOCAL
from fwsim.space import Goal, Search
from fwsim.space.fields import CT_DIRECTION, CT_MARK, CT_STATE, CT_STATUS, MARK, PROTO, SPORT
from fwsim.space.intervals import Set, narrowed, of_intervals, point
from fwsim.space.search import GETS_THROUGH
from fwsim.tables import number_in_seen
from fwsim.terms import ABSENT, CtState, CtStatus, Direction, Hook, Verdict, word

from .bringing import Bringing
from .confirming import FIRST_SEQ, Region, fitting
from .found import Found
from .ground import Budget, Ground, Sample
from .kinds import Kind, Level
from .mirrored import SWAPPED
from .traffic import FAMILIES, FLAGS, ICMP, ICMP_TYPE, REPLY_OF, WITH_PORTS, opening

ACCEPT = int(Verdict.ACCEPT)
REFUSED = Goal(frozenset((int(Verdict.DROP), int(Verdict.REJECT))))
HOOKS = {
    int(Hook.FORWARD): int(Hook.FORWARD),
    int(Hook.INPUT): int(Hook.OUTPUT),
    int(Hook.OUTPUT): int(Hook.INPUT),
    LOCAL: LOCAL,
}
"""Where answers go."""
TCP, SYN, SYN_ACK = 6, 2, 18
SEQ, ACK = number_in_seen("seq"), number_in_seen("ack")
ANSWERING = ((16, 31), (80, 95), (144, 159), (208, 223))
SEEN = int(CtStatus.CONFIRMED | CtStatus.SEEN_REPLY)
PERHAPS = CtStatus.EXPECTED | CtStatus.ASSURED | CtStatus.SNAT | CtStatus.DNAT | CtStatus.SNAT_DONE | CtStatus.DNAT_DONE
ANSWER: dict[int, Set | None] = {
    CT_STATE: point(int(CtState.ESTABLISHED)), CT_DIRECTION: point(int(Direction.REPLY)), MARK: point(0),
}  # fmt: skip
FIRST: dict[int, int] = {
    CT_STATE: int(CtState.ESTABLISHED), CT_DIRECTION: int(Direction.REPLY), MARK: 0, CT_STATUS: SEEN, CT_MARK: 0,
}  # fmt: skip
"""What rules see of the first answer, unless they have marked or translated the connection."""
ANY: dict[int, Set | None] = {
    **ANSWER, CT_MARK: ((0, (1 << 32) - 1),),
    CT_STATUS: of_intervals((SEEN | more, SEEN | more) for more in range(2 * PERHAPS) if more | PERHAPS == PERHAPS),
}  # fmt: skip
"""What they may see of any."""
OF_CLIENTS = ((ABSENT, ABSENT), (1_024, 65_535))
"""Source ports of those who open connections."""
IN_ALL = 6_000
"""Regions that are looked at altogether."""
PARTS = 40
"""Regions of one rule whose answers are looked for."""


class Replies:
    """A program, and the answers to what its rules accept."""

    def __init__(self, ground: Ground, reached: Mapping[int, Sample]) -> None:
        """`reached` has a packet for each rule that is reached by one."""
        self.ground = ground
        self.reached = reached
        self.open = False
        """Whether anything was not found out."""
        self._bringing = Bringing(ground.lowered)
        self._loose = bool(ground.lowered.settings[0]["loose"])
        self._budget = Budget(IN_ALL)

    def found(self) -> Iterator[Found]:
        """A finding for each rule that accepts what is not answered, by hooks."""
        for hook in (Hook.FORWARD, Hook.INPUT, Hook.OUTPUT):
            if not self._refuses_answers(HOOKS[hook]):
                continue
            dropped = self._dropped(int(hook))
            for level, rules in ((Level.WARNING, dropped[True]), (Level.NOTE, dropped[False])):
                what = self._told(some=level == Level.NOTE)
                for rule, (before, answer) in rules.items():
                    chain = self.ground.lowered.rules[rule].chain
                    together = f"{word(hook)} {level.name}"
                    yield Found(Kind.REPLIES_DROPPED, rule, chain, what, (), answer, before, level, together)

    def _told(self, *, some: bool) -> str:
        """What is said of a rule whose answers do not come back."""
        if some:
            return "accepts connections, and some answers to them are dropped"
        why = "no rule accepts them" if self.ground.lowered.uses_ct else "no state is kept, and no rule is for them"
        return f"accepts connections, and the answers to them are dropped: {why}"

    def _refuses_answers(self, hook: int) -> bool:
        """Whether anything that is established may be refused on a way; where nothing is, there is nothing to tell."""
        for packets in FAMILIES.values():
            search = Search(self.ground.model, self.ground.ways[hook], REFUSED, self._budget.steps)
            if next(search.leaves({**packets, **ANY}), None) is not None or not search.complete:
                return True
        return False

    def _dropped(self, hook: int) -> dict[bool, dict[int, tuple[Sample, Sample]]]:
        """The rules whose answers are dropped, all of them or some, each with a packet and its answer as they go."""
        found: dict[bool, dict[int, tuple[Sample, Sample]]] = {True: {}, False: {}}
        for rule, sample in sorted(self.reached.items()):
            if sample.hook != hook or not self._opens(rule, sample):
                continue
            answer = self._answer(sample)
            if answer is None or answer.trip.verdict == ACCEPT:
                continue
            real = self._bringing.answered(sample, answer)
            if real is None or real.trip.verdict == ACCEPT or not self._belongs(real):
                continue
            if self._budget.left <= 0:
                self.open = True
                break
            found[not self._is_answered(rule, hook, sample)][rule] = sample, real
        return found

    def _belongs(self, answer: Sample) -> bool:
        """Whether a packet is taken for part of a connection, or is not looked at."""
        return not self.ground.lowered.tracking or answer.packet[CT_STATE] != CtState.INVALID

    def _opens(self, rule: int, sample: Sample) -> bool:
        """Whether a packet opens a connection because a rule accepts it."""
        if sample.trip.verdict != ACCEPT or self.ground.accepting(sample) != rule:
            return False
        return sample.packet[CT_STATE] == CtState.NEW and _is_opening(sample.packet)

    def _answer(self, sample: Sample) -> Sample | None:
        """The answer to a packet, on its way."""
        packet = dict(sample.packet)
        packet.update({field: sample.packet[other] for field, other in SWAPPED.items() if other in sample.packet})
        packet.update(FIRST)
        if packet[PROTO] == TCP:
            packet[FLAGS] = SYN_ACK
            packet[ACK] = (packet[SEQ] + 1) % (1 << 32) if packet.get(SEQ, ABSENT) >= 0 else FIRST_SEQ + 1
            packet.pop(SEQ, None)
        if packet[PROTO] in ICMP.values():
            packet[ICMP_TYPE] = _reply_to(packet[ICMP_TYPE])
        hook = HOOKS[sample.hook]
        return self.ground.sample(hook, packet)

    def _is_answered(self, rule: int, hook: int, sample: Sample) -> bool:
        """Whether any answer to what a rule accepts may get through."""
        ground = self.ground
        (line, *_) = ground.lines[rule]
        for family in FAMILIES:
            steps = self._budget.steps
            packets = {**ground.packets(family, line.box), **opening(family, loose=self._loose).seen}
            packets[SPORT] = narrowed(packets.get(SPORT), OF_CLIENTS)
            search = Search(ground.model, ground.ways[hook], Goal(rules=frozenset((rule,))), steps)
            for count, leaf in enumerate(search.leaves(packets)):
                for part in fitting(leaf.packets, ground.ordinary.shapes[family]):
                    if self._gets_back(part, hook) or count == PARTS:
                        self._budget.left -= steps - search.left
                        return True
            self._budget.left -= steps - search.left
            if not search.complete:
                self.open = True
                return True
        return False

    def _gets_back(self, opening: Region, hook: int) -> bool:
        """Whether some answer to packets of a region may get through."""
        answers: dict[int, Set | None] = {**opening, **{field: opening.get(one) for field, one in SWAPPED.items()}}
        answers.update(ANY)
        if answers.get(PROTO) == point(TCP):
            answers[FLAGS] = ANSWERING
        answers.pop(ICMP_TYPE, None)
        steps = self._budget.steps
        search = Search(self.ground.model, self.ground.ways[HOOKS[hook]], GETS_THROUGH, steps)
        found = next(search.leaves(answers), None) is not None
        self._budget.left -= steps - search.left
        if not found and not search.complete:
            self.open = True
        return found or not search.complete


def _is_opening(packet: Mapping[int, int]) -> bool:
    """Whether a packet is one that asks for an answer."""
    proto = packet[PROTO]
    if proto == TCP:
        return packet[FLAGS] & 0x17 == SYN
    if proto in ICMP.values():
        return _reply_to(packet[ICMP_TYPE]) >= 0
    return proto in WITH_PORTS


def _reply_to(request: int) -> int:
    """The type of the ICMP packet that answers one of this type; -1 if none does."""
    found = (answer for pairs in REPLY_OF.values() for answer, asked in pairs.items() if asked == request)
    return next(found, -1)
