"""The engine, asked about one packet by its fields, at a hook, with the connection state that rules are to see.

Read first: `fwsim.engine.path`, `ground` (Sample). Nothing is counted and no token is taken, so that every packet is
the first. `confirming` asks about whole packets instead, which are tracked; here the state is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fwsim.engine import path
from fwsim.engine.asked import AS_IT_CAME, show_headers
from fwsim.engine.binding import DNAT_DONE, SNAT_DONE
from fwsim.engine.twin import DONE
from fwsim.lower import Lowered
from fwsim.running import course_of
from fwsim.space.fields import ADDRESS_FIELDS, CT_DIRECTION, CT_MARK, CT_STATE, CT_STATUS, NAMES, words_of
from fwsim.tables import DECISION, PACKET
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, Hook, Verdict
from fwsim.uncompiled import wrapped

TRACKED = (int(CtState.NEW), int(CtState.ESTABLISHED), int(CtState.RELATED))
OF_PACKETS = len(PACKET.names or ())
QUIET = 1
SOURCE = ("src0", "src1", "src2", "src3", "sport")
ATTACHED = (CT_STATE, CT_DIRECTION, CT_STATUS, CT_MARK)
HIDDEN = {CT_STATE: int(CtState.INVALID), CT_DIRECTION: ABSENT, CT_STATUS: ABSENT, CT_MARK: ABSENT}


class Deciding:
    """The rules of a program at work."""

    def __init__(self, lowered: Lowered) -> None:
        """Nothing is counted."""
        self.lowered = lowered
        self._course: Any = wrapped(course_of(lowered))

    def decide(self, hook: int, packet: Mapping[int, int]) -> dict[str, int] | None:
        """The decision about a packet; None if it hangs on what is not told of it."""
        row = _row(hook, packet)
        course, decision = self._course, dict.fromkeys(DECISION.names or (), 0)
        path.set_out(course)
        seen = course.seen[0]
        seen.update(row)
        seen.update({NAMES[field]: value for field, value in HIDDEN.items()})
        if course.extra[0]["wanted"]:
            show_headers(course.extra[0], course.words, course.asked, AS_IT_CAME)  # of which nothing is known
        path.begin(decision, row)
        verdict = path.before_tracking(course, decision, QUIET)
        if verdict in (int(Verdict.ACCEPT), int(Verdict.UNKNOWN)):
            self._attach(packet)
            verdict = path.after_tracking(course, 0, verdict, decision, QUIET)
            while course.memory.state[0]["halt"] >= 0:
                if not self._translate():
                    return None
                verdict = path.go_on(course, verdict, decision, QUIET)
        return None if verdict == Verdict.UNKNOWN else {**decision, "verdict": int(verdict)}

    def _translate(self) -> bool:
        """Pass where translation has its place; the source may become any. Whether the way of the packet stays."""
        state, seen = self._course.memory.state[0], self._course.seen[0]
        source = state["hook"] in (int(Hook.INPUT), int(Hook.POSTROUTING))
        state["bound"] |= SNAT_DONE if source else DNAT_DONE
        if state["chosen"] != ABSENT:
            state["chosen"] = ABSENT
            seen.update(dict.fromkeys(SOURCE, UNKNOWN_VALUE))
            return source
        return True

    def _attach(self, packet: Mapping[int, int]) -> None:
        """What tracking attaches, unless a rule has exempted the packet."""
        seen = self._course.seen[0]
        if seen["ct_state"] == CtState.INVALID:
            seen.update({NAMES[field]: packet[field] for field in ATTACHED})
            self._course.memory.state[0]["bound"] = DONE if packet[CT_STATE] != CtState.NEW else 0


def _row(hook: int, packet: Mapping[int, int]) -> dict[str, int]:
    """A row of PACKET."""
    row = dict.fromkeys(PACKET.names or (), 0)
    row["hook"] = hook
    for field, value in packet.items():
        if field in ADDRESS_FIELDS:
            name = NAMES[field][:-1]
            words = words_of(value) if value >= 0 else (ABSENT, 0, 0, 0)
            row.update({f"{name}{number}": word for number, word in enumerate(words)})
        elif field < OF_PACKETS:
            row[NAMES[field]] = value
    return row
