"""A packet that was captured when it had left a firewall that translates: how it came in.

Read first: `fwsim.engine.egress`, whose own steps run here, on a copy of the connection table as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwsim import tracker as trackers
from fwsim.engine.attached import Stateful
from fwsim.engine.egress import ANNOUNCED, AS_IT_IS, is_doubtful, is_lost, is_made_here, look_behind, turn_back
from fwsim.engine.expiry import expire
from fwsim.engine.tuples import Tracker
from fwsim.report.departure import ends_text
from fwsim.running import nat_in
from fwsim.simulator import Simulator
from fwsim.tables import PACKET, Row, Table, empty, plain
from fwsim.terms import Reason

BLIND = "it was captured when it had left, and what it was before is not known: no rule is asked"


@dataclass(frozen=True)
class Entered:
    """What was found behind a packet: the row of the `tuple` that it came in with, and itself, then.

    A negative row: not known. Without a `packet` no rule could be asked.
    """

    tuple: int
    packet: dict[str, int] | None


def look(simulator: Simulator, before: Tracker, frame: Row, packet: Row, quotes: Table) -> Entered | None:
    """What is behind a packet; None if it is what it is."""
    lowered = simulator.lowered["stateful"]
    is_copy = frame["reason"] == Reason.EGRESS_COPY and not frame["copy_of"]
    if not lowered.translates or not (is_copy if frame["reason"] else frame["egress"]):
        return None
    mode: Stateful = simulator.stateful.mode
    tracker, nat = trackers.copy(before), nat_in(lowered.places)
    expire(tracker, packet["now"])
    row = empty(PACKET, 1)
    row[0] = tuple(packet.values())
    found = int(look_behind(mode.course, tracker, nat, frame, row[0], quotes))
    if found >= 0 or (found == ANNOUNCED and not is_copy):
        turn_back(tracker, nat, found, frame, row[0], quotes)
        entered = nat.entered[0]
        if is_copy and not is_made_here(entered):
            return None
        blind = is_lost(entered) or (found >= 0 and not is_copy and is_doubtful(tracker, found >> 1))
        return Entered(found, None if blind else plain(entered))
    return None if is_copy or found == AS_IT_IS else Entered(found, None)


def entry_story(entered: Entered | None) -> list[str]:
    """How the packet came in, in a line."""
    if entered is None:
        return []
    if entered.packet is None:
        return [BLIND]
    return [f"it was captured when it had left; rules see what it was before, {ends_text(entered.packet)}"]
