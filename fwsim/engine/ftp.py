"""The FTP helper: it reads the control connection, and expects the data connections announced there.

Read first: conntrack-spec §13, `ftp_line`, `expectation`; the kernel's `nf_conntrack_ftp.c`. It runs behind the rules,
on packets that they have accepted, and only in connections that a rule has given it. It listens to a segment only if
that begins just behind a newline that it has seen in this direction: so never to the first line of either side.

In a translated connection it writes into the line the address, and perhaps the port, that the other side has to use
(`nf_nat_ftp.c`). The port is another one only if the same connection is expected by another master: drawn then.
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.expectation import NOT_AT_ALL, PERHAPS, SURELY, clashes, expect, expectation_of, is_end
from fwsim.engine.ftp_line import BROKEN_OFF, ELSEWHERE, ENDS_LINE, EXTENDED_PASSIVE
from fwsim.engine.ftp_text import growth_of
from fwsim.engine.seq_adjust import lose_growth, note_growth
from fwsim.engine.serial import after, before, wrap
from fwsim.engine.tuples import Tracker
from fwsim.engine.vague import VAGUE_ADDRESS
from fwsim.tables import Row, Table
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtStatus, Reason

HELPER = int(CtStatus.HELPER)
STRAY = int(CtStatus.STRAY)
HELPER_IN_DOUBT = int(CtStatus.HELPER_IN_DOUBT)
TRANSLATED = int(CtStatus.SNAT | CtStatus.DNAT)

R_NONE = int(Reason.NONE)
R_CUT = int(Reason.CUT)
R_NOT_SIMULATED = int(Reason.NOT_SIMULATED)
R_PARTIAL = int(Reason.HELPER_PARTIAL)
R_CLASH = int(Reason.HELPER_CLASH)
R_TRANSLATED = int(Reason.TRANSLATED)

NONE_LEFT = 65534
"""From this port on there is none to draw."""
FEW_LEFT = 65520
"""From here on so few are left that it may well draw none that is free."""


@hot
def read_along(tracker: Tracker, row: int, packet: Row, quotes: Table, direction: int, doubt: bool) -> int:
    """Read a segment of a control connection: 0, or the reason why it is dropped (`help`).

    R_CUT and R_NOT_SIMULATED: it cannot be known. With `doubt` nothing is expected for sure. Where lines begin in what
    may be of a connection or not (STRAY) is not known: any segment may begin one.
    """
    if packet["payload"] <= 0:
        return R_NONE
    number = packet["quote"]
    reason = R_NONE
    astray = tracker.connections[row]["status"] & STRAY != 0
    if astray or begins_a_line(expectation_of(tracker, row), direction, packet["seq"]):
        reason = listen(tracker, row, packet, quotes, direction, doubt)
    if number == UNKNOWN_VALUE:
        tracker.connections[row]["status"] |= HELPER_IN_DOUBT
    if reason != R_PARTIAL and ends_a_line(number, quotes):
        note_line(expectation_of(tracker, row), direction, wrap(packet["seq"] + packet["payload"]))
    return reason


@hot
def ends_a_line(number: int, quotes: Table) -> bool:
    """Whether a segment ends with a newline; one that the capture cut off is taken to do so."""
    if number >= 0:
        return bool(quotes[number]["newline"])
    return number == ENDS_LINE or number == UNKNOWN_VALUE


@hot
def listen(tracker: Tracker, row: int, packet: Row, quotes: Table, direction: int, doubt: bool) -> int:
    """Do what a line says that begins where a line may begin."""
    number = packet["quote"]
    now = packet["now"]
    if number == UNKNOWN_VALUE:
        expect_any(tracker, row, direction, now)
        return R_CUT
    if number < 0 or quotes[number]["src_id"] != direction:
        return R_NONE
    said = quotes[number]
    if said["usable"] == BROKEN_OFF:
        return R_PARTIAL
    if said["usable"] == UNKNOWN_VALUE:
        expect_any(tracker, row, direction, now)
        return R_NOT_SIMULATED
    if said["usable"] == ELSEWHERE:
        return R_NONE
    is_rewritten = said["list1"] == UNKNOWN_VALUE
    clash = clashes(tracker, row, direction, UNKNOWN_VALUE if is_rewritten else said["dst_id"], now)
    if is_rewritten:
        take_rewritten(tracker, row, packet, said, direction, clash, doubt)
        return R_NONE
    if tracker.connections[row]["status"] & TRANSLATED:
        return rewrite(tracker, row, packet, said, direction, clash, doubt)
    if clash == SURELY:
        return R_CLASH
    if clash == PERHAPS:
        expect(tracker, row, direction, said["dst_id"], now, PERHAPS)
        return R_CUT
    expect(tracker, row, direction, said["dst_id"], now, PERHAPS if doubt else SURELY)
    return R_NONE


@hot
def expect_any(tracker: Tracker, row: int, direction: int, now: int) -> None:
    """What a line announces is not known: perhaps a connection to any port."""
    expect(tracker, row, direction, UNKNOWN_VALUE, now, PERHAPS)
    if tracker.connections[row]["status"] & TRANSLATED:
        expectation_of(tracker, row)["follows"] = 1
        lose_growth(tracker, row, direction)


@shared
def rewrite(tracker: Tracker, row: int, packet: Row, said: Row, direction: int, clash: int, doubt: bool) -> int:
    """Do what a line says in a translated connection (`nf_nat_ftp`): 0, or the reason why it is dropped.

    Port 0 is expected like any other, but taken for a failure. A port is drawn from those up to 65,534, as often as
    there are some: near the end none may be free.
    """
    port = said["dst_id"]
    if clash == SURELY and port >= NONE_LEFT:
        return R_CLASH
    drawn = clash != NOT_AT_ALL
    unsure = doubt or drawn
    expected = UNKNOWN_VALUE if drawn else port
    alone = expect(tracker, row, direction, expected, packet["now"], PERHAPS if unsure else SURELY)
    expectation = expectation_of(tracker, row)
    expectation["follows"] = 1
    expectation["saved"] = port if alone else UNKNOWN_VALUE
    if port == 0 and clash != SURELY:
        if said["newline"]:
            note_line(expectation, direction, wrap(packet["seq"] + packet["payload"]))
        return R_PARTIAL if clash == NOT_AT_ALL else R_CUT
    first = tracker.tuples[2 * row + 1 - direction]["dst0"]
    growth = growth_of(said, first)
    if first == VAGUE_ADDRESS or drawn:
        tracker.connections[row]["status"] |= STRAY  # what is acknowledged hangs on the digits that were drawn
        lose_growth(tracker, row, direction)
    elif doubt and growth != 0:
        lose_growth(tracker, row, direction)
    else:
        note_growth(tracker, row, direction, packet["seq"], growth)
    return R_TRANSLATED if drawn and port >= FEW_LEFT else R_NONE


@hot
def take_rewritten(tracker: Tracker, row: int, packet: Row, said: Row, direction: int, clash: int, doubt: bool) -> None:
    """Expect what a line says that was seen going out, as it was rewritten, with the numbers that it has there.

    Where the announcer has another address for others, that may have stood there before: then nobody has listened. If
    others expect a connection too, its port may have been drawn.
    """
    own, other = tracker.tuples[2 * row + direction], tracker.tuples[2 * row + 1 - direction]
    plain = said["list0"] == EXTENDED_PASSIVE or is_end(other, own["src0"], own["src1"], own["src2"], own["src3"], 0)
    sure = plain and clash == NOT_AT_ALL and not doubt
    alone = expect(tracker, row, direction, said["dst_id"], packet["now"], SURELY if sure else PERHAPS)
    expectation = expectation_of(tracker, row)
    expectation["follows"] = 1
    expectation["saved"] = said["dst_id"] if alone and clash == NOT_AT_ALL else UNKNOWN_VALUE


@hot
def begins_a_line(row: Row, direction: int, seq: int) -> bool:
    """Whether a sequence number is one behind a newline (`find_nl_seq`)."""
    if direction:
        return bool(seq == row["line10"] or seq == row["line11"])
    return bool(seq == row["line00"] or seq == row["line01"])


@hot
def note_line(row: Row, direction: int, seq: int) -> None:
    """Remember where a line begins, in place of the older of two, unless it is older still (`update_nl_seq`)."""
    first = row["line10"] if direction else row["line00"]
    second = row["line11"] if direction else row["line01"]
    if seq == first or seq == second:
        return
    if first == ABSENT:
        first = seq
    elif second == ABSENT:
        second = seq
    elif before(first, second):
        first = seq if after(seq, first) else first
    elif after(seq, second):
        second = seq
    if direction:
        row["line10"], row["line11"] = first, second
    else:
        row["line00"], row["line01"] = first, second
