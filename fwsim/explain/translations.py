"""Where the walk of a packet comes to a translation of its addresses: what that does, and in words why.

Read first: `fwsim.engine.attached.go_through_translation` and `fwsim.engine.twin`, whose own steps run here: of the
stateful mode on a copy of the connection table as it was before the packet.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from fwsim import tracker as trackers
from fwsim.engine.binding import DONE
from fwsim.engine.conntrack import track
from fwsim.engine.path import Course
from fwsim.engine.translating import VISIBLE_STATUS, translate
from fwsim.engine.translating_alone import translate_alone
from fwsim.explain.moment import Moment
from fwsim.harmless import safe
from fwsim.lower import Lowered
from fwsim.naming import RuleNames
from fwsim.reasons import SENTENCES
from fwsim.report.departure import ends_text
from fwsim.running import nat_in
from fwsim.tables import TRACK, Row, empty, plain
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus, Direction, Hook, Reason, Verdict, word
from fwsim.trace import Halt

UNCONFIRMED = 0
SOURCE_HOOKS = (Hook.INPUT, Hook.POSTROUTING)
"""Where the source is translated."""


class Translations(ABC):
    """The translations of one packet, one after the other as its walk comes to them."""

    def __init__(self, lowered: Lowered) -> None:
        """Of a mode."""
        self.names = RuleNames(lowered.rules, lowered.chains)
        self.nat = nat_in(lowered.places)

    @abstractmethod
    def apply(self, course: Course, decision: Row) -> int:
        """Translate; the verdict."""

    @abstractmethod
    def why(self, source: bool) -> str:
        """Why addresses are changed where no rule has said it."""

    def tell(self, course: Course, halt: Halt, decision: Row) -> Iterator[str]:
        """Translate, and tell what has changed."""
        state = course.memory.state[0]
        for name, value in (("halt", ABSENT), ("hook", halt.hook), ("stage", halt.stage), ("chosen", halt.chosen)):
            state[name] = value
        before = plain(course.seen[0])
        verdict = self.apply(course, decision)
        after = plain(course.seen[0])
        if verdict == Verdict.DROP:
            decision["verdict"] = verdict
            yield f"     {'dropped: ' + SENTENCES[Reason(int(decision['reason']))]:70} -> drop"
            return
        source = halt.hook in SOURCE_HOOKS
        side = "source" if source else "destination"
        by = f"by {self._rule(halt.rule)}" if halt.rule >= 0 else self.why(source)
        if (now := ends_text(after)) != ends_text(before):
            perhaps = "perhaps " if halt.chosen == UNKNOWN_VALUE else ""
            yield f"     now {now}: {side} {perhaps}translated {by}{_way(before, after)}"
        elif halt.chosen != ABSENT:
            yield f"     {side} stays as it is, {by}"

    def _rule(self, rule: int) -> str:
        """A rule with its line."""
        line = self.names.line(rule, ABSENT)
        return safe(self.names.title(rule, ABSENT) or "") + (f" (line {line})" if line else "")


def _way(before: Row, after: Row) -> str:
    """Where a packet goes on now, if that has changed."""
    if after["hook"] == before["hook"]:
        return ""
    if after["hook"] == UNKNOWN_VALUE:
        return "; which way it goes on is not known"
    local = after["hook"] not in tuple(Hook)
    return f", on its way to {word(Hook.INPUT if local else Hook(after['hook']))}"


class Tracked(Translations):
    """The translations of the stateful mode, which remembers them."""

    def __init__(self, moment: Moment) -> None:
        """Track the packet once more, on a copy of what was known before it."""
        super().__init__(moment.simulator.lowered["stateful"])
        self.moment = moment
        self.tracker = trackers.copy(moment.before)
        self.result = empty(TRACK, 1)[0]
        track(self.tracker, moment.frame, moment.packet, moment.quotes, -1, moment.known_tuple, self.result)
        self.result["ct_state"] = moment.result["ct_state"]

    def apply(self, course: Course, decision: Row) -> int:
        """As `go_through_translation` does."""
        frame = self.moment.frame
        return int(translate(course, self.tracker, self.nat, self.result, frame, int(Verdict.ACCEPT), decision))

    def why(self, source: bool) -> str:
        """Whose packets are translated so."""
        if self.result["ct_state"] == UNKNOWN_VALUE:
            return "if it belongs to a connection that is"
        if self.result["connection"] == UNCONFIRMED:
            return "by no rule: the answer to it could be one to another connection"
        before = self.moment.connection_before
        opened = "?" if before is None else self.moment.numbered(before["opened_frame"], before["opened_file"])
        back = self.result["direction"] == Direction.REPLY
        return f"{'back, ' if back else ''}as is remembered of packet {opened}"

    @property
    def bound(self) -> int:
        """The sides of its connection that are bound already: none, if the packet opens it, else both."""
        return 0 if self.result["connection"] == UNCONFIRMED else DONE

    @property
    def status(self) -> int:
        """The status bits of its connection that rules see; ABSENT if it has none."""
        row = int(self.result["connection"])
        if row < UNCONFIRMED or self.result["ct_state"] in (CtState.INVALID, CtState.UNTRACKED):
            return ABSENT
        status = int(self.tracker.connections[row]["status"])
        return UNKNOWN_VALUE if status & CtStatus.NAT_IN_DOUBT else status & VISIBLE_STATUS


class Alone(Translations):
    """The translations of the stateless mode: only what rules say of each packet."""

    def __init__(self, moment: Moment) -> None:
        """Nothing is known."""
        super().__init__(moment.simulator.lowered["stateless"])
        self.option_fault = moment.captured_frame["option_fault"]
        self.out = 1 if moment.captured_frame["egress"] else 0

    def apply(self, course: Course, decision: Any) -> int:
        """As `fwsim.engine.twin.evaluate` does."""
        translate_alone(course, self.nat, self.option_fault, self.out)
        return int(Verdict.ACCEPT)

    def why(self, source: bool) -> str:
        """Nothing is translated without a rule."""
        return "by no rule"
