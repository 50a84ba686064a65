"""What the FTP helper did with a packet: whose connection it was announced in, and what it announces itself.

Read first: `fwsim.engine.expectation`, conntrack-spec §13.
"""

from __future__ import annotations

from fwsim.engine.expectation import LIFETIME, NOT_AT_ALL, PERHAPS, SURELY, expectation_of, find_master
from fwsim.engine.tuples import Tracker, of_packet
from fwsim.engine.vague import VAGUE_ADDRESS
from fwsim.explain.moment import Moment
from fwsim.naming import address_text
from fwsim.reasons import SENTENCES
from fwsim.tables import PACKET as PACKET_ROW
from fwsim.tables import Row, empty, plain
from fwsim.terms import UNKNOWN_VALUE, CtStatus, Direction, Proto, Reason, word

SECOND = 1_000_000_000

REFUSED = {Reason.HELPER_PARTIAL, Reason.HELPER_CLASH}
"""Why the helper drops a packet that the rules have accepted."""


def master_story(moment: Moment) -> list[str]:
    """The control connection that announced the one which a packet opens."""
    if not moment.result["fresh"] and moment.connection_before is not None:
        return []
    row = _master(moment)
    if row < 0:
        return []
    master, expected = moment.before.connections[row], expectation_of(moment.before, row)
    left = (int(expected["expires"]) - moment.packet["now"]) / SECOND
    perhaps = ", perhaps," if expected["expects"] == PERHAPS else ""
    opened = moment.numbered(int(master["opened_frame"]), int(master["opened_file"]))
    return [f"expected{perhaps} by the connection opened by packet {opened}, its master: {left:.0f} s left"]


def _master(moment: Moment) -> int:
    """The row of the connection that expected the packet's, before it; -1 if none did."""
    if moment.packet["proto"] != Proto.TCP or moment.result["reason"] not in (Reason.EXPECTED, Reason.CUT):
        return -1
    packet = empty(PACKET_ROW, 1)
    packet[0] = tuple(moment.packet.values())
    of_packet(packet[0], moment.before.tuples[0])
    return find_master(moment.before, moment.packet["now"])


def helper_story(moment: Moment) -> list[str]:
    """What the helper was given, heard, and expects since."""
    after = moment.connection_after
    if after is None or not after["status"] & CtStatus.HELPER:
        return []
    before = moment.connection_before
    if before is None:
        return ["FTP: a rule gives it the connection, whose lines it reads from now on"]
    if moment.packet["payload"] <= 0:
        return []
    reason = moment.decision("stateful")["reason"]
    if reason in REFUSED:
        return [f"FTP: {SENTENCES[Reason(reason)]}"]
    row = moment.result["connection"]
    was, now = (plain(expectation_of(tracker, row)) for tracker in (moment.before, moment.after))
    if now["expects"] == NOT_AT_ALL or now["expires"] != moment.packet["now"] + LIFETIME:
        return ["FTP: nothing is announced in a line that it listens to"]
    lines = [f"FTP: {described(moment.after, row, now)}"]
    if was["expects"] != NOT_AT_ALL and was["expires"] > moment.packet["now"] and was["port"] != now["port"]:
        lines.append(f"in place of that to port {_port(was)}")
    return lines


def described(tracker: Tracker, row: int, expectation: Row) -> str:
    """What is expected, and how long."""
    sender = 1 - expectation["direction"]
    ends = tracker.tuples[2 * row + sender]
    verb = "expects" if expectation["expects"] == SURELY else "perhaps expects"
    told = (
        f"{verb} a connection from {_address(ends, 'src')} to {_address(ends, 'dst')} port {_port(expectation)}, "
        f"for {LIFETIME // SECOND} s (announced in {word(Direction(expectation['direction']))} direction)"
    )
    if expectation["follows"]:
        announcer = _address(tracker.tuples[2 * row + expectation["direction"]], "src")
        told += f", to be translated to {announcer} port {_port(expectation, 'saved')}"
    return told


def _address(ends: Row, end: str) -> str:
    """One address of a tuple."""
    if ends[f"{end}0"] == VAGUE_ADDRESS:
        return "an address that is not known"
    return address_text([int(ends[f"{end}{part}"]) for part in range(4)])


def _port(expectation: Row, which: str = "port") -> str:
    """The port at which it is expected, or the one `saved`."""
    return "that is not known" if expectation[which] == UNKNOWN_VALUE else str(expectation[which])
