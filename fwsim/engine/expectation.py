"""Connections that are expected: announced in another one, their *master*, which the FTP helper reads.

Read first: conntrack-spec §13, `fwsim.tables.EXPECTATION`. A master expects at most one connection at a time: TCP, from
the address of who is spoken to (any port) to that of the announcer, at the port announced; in a translated master,
to the address that the announcer has for others. The kernel keeps them
300 s, until a packet would open such a connection, or until the master goes. What a line says is in
`fwsim.engine.ftp_line`, when it is listened to in `fwsim.engine.ftp`.

The masters are chained, newest first. No timer runs: whoever goes along the chain withdraws what has expired, so that
it is met once.
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.tuples import Tracker
from fwsim.engine.vague import VAGUE_ADDRESS
from fwsim.tables import Row
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Proto

TCP = int(Proto.TCP)

LIFETIME = 300_000_000_000
"""How long a connection is expected (`ftp_exp_policy`), ns."""

NOT_AT_ALL = 0
SURELY = 1
PERHAPS = 2


@hot
def expectation_of(tracker: Tracker, row: int) -> Row:
    """What the helper remembers of a connection that has one."""
    return tracker.expectations[tracker.connections[row]["extension"]]  # type: ignore[no-any-return]


@hot
def begin_reading(row: Row) -> None:
    """Forget what a row held: no line seen, nothing expected."""
    row["line00"] = ABSENT
    row["line01"] = ABSENT
    row["line10"] = ABSENT
    row["line11"] = ABSENT
    row["expects"] = NOT_AT_ALL
    row["turn0"], row["before0"], row["after0"] = 0, 0, 0
    row["turn1"], row["before1"], row["after1"] = 0, 0, 0


@shared
def take_expectation(tracker: Tracker) -> int:
    """The row of EXPECTATION for a new connection that has a helper.

    There is one: as with connections, the table has grown before the chunk began.
    """
    counters = tracker.counters[0]
    taken = int(counters["helped_free"])
    if taken >= 0:
        counters["helped_free"] = tracker.expectations[taken]["newer"]
    else:
        taken = int(counters["helped_used"])
        counters["helped_used"] += 1
    counters["helped"] += 1
    begin_reading(tracker.expectations[taken])
    return taken


@shared
def withdraw(tracker: Tracker, row: int) -> None:
    """Expect nothing any more."""
    expectation = expectation_of(tracker, row)
    if expectation["expects"] == NOT_AT_ALL:
        return
    expectation["expects"] = NOT_AT_ALL
    older, newer = expectation["older"], expectation["newer"]
    if older >= 0:
        expectation_of(tracker, older)["newer"] = newer
    if newer >= 0:
        expectation_of(tracker, newer)["older"] = older
    else:
        tracker.counters[0]["newest_expecting"] = older


@shared
def give_back(tracker: Tracker, row: int) -> None:
    """Give back the row of EXPECTATION of a connection that goes, and expect nothing any more."""
    withdraw(tracker, row)
    counters = tracker.counters[0]
    expectation_of(tracker, row)["newer"] = counters["helped_free"]
    counters["helped_free"] = tracker.connections[row]["extension"]
    counters["helped"] -= 1


@shared
def find_master(tracker: Tracker, now: int) -> int:
    """The connection that expects the one whose tuple is in the scratch row; -1 if none (`nf_ct_find_expectation`).

    One that surely expects it is preferred.
    """
    found = -1
    if tracker.tuples[0]["proto"] != TCP:
        return found
    row = int(tracker.counters[0]["newest_expecting"])
    while row >= 0:
        expectation = expectation_of(tracker, row)
        older = int(expectation["older"])
        if expectation["expires"] <= now:
            withdraw(tracker, row)
        elif is_expected(tracker, row, tracker.tuples[0]):
            if expectation["expects"] == SURELY:
                return row
            found = row
        row = older
    return found


@hot
def is_expected(tracker: Tracker, row: int, wanted: Row) -> bool:
    """Whether a tuple is that of the connection which `row` expects."""
    expectation = expectation_of(tracker, row)
    if expectation["port"] != wanted["dst_id"] and expectation["port"] != UNKNOWN_VALUE:
        return False
    return has_same_ends(tracker.tuples[2 * row + 1 - expectation["direction"]], wanted, 0)


@hot
def has_same_ends(known: Row, row: Row, turned: int) -> bool:
    """Whether a tuple, or with `turned` 1 its inverse, has the addresses of a row; one that is vague equals any."""
    if turned:
        return is_end(row, known["dst0"], known["dst1"], known["dst2"], known["dst3"], 1) and is_end(
            row, known["src0"], known["src1"], known["src2"], known["src3"], 0
        )
    return is_end(row, known["src0"], known["src1"], known["src2"], known["src3"], 1) and is_end(
        row, known["dst0"], known["dst1"], known["dst2"], known["dst3"], 0
    )


@hot
def is_end(row: Row, word0: int, word1: int, word2: int, word3: int, source: int) -> bool:
    """Whether a row has an address as its source, or with `source` 0 as its destination."""
    if word0 == VAGUE_ADDRESS:
        return True
    if source:
        return bool(row["src0"] == word0 and row["src1"] == word1 and row["src2"] == word2 and row["src3"] == word3)
    return bool(row["dst0"] == word0 and row["dst1"] == word1 and row["dst2"] == word2 and row["dst3"] == word3)


@hot
def clashes(tracker: Tracker, row: int, direction: int, port: int, now: int) -> int:
    """Whether another connection expects just the one that `row` is about to expect (`expect_clash`).

    NOT_AT_ALL, SURELY, or PERHAPS: one that may not be expected at all, or at a port that is not known. A `port` of
    UNKNOWN_VALUE stands for any.
    """
    found = NOT_AT_ALL
    wanted = tracker.tuples[2 * row + 1 - direction]
    other = int(tracker.counters[0]["newest_expecting"])
    while other >= 0:
        expectation = expectation_of(tracker, other)
        older = int(expectation["older"])
        if expectation["expires"] <= now:
            withdraw(tracker, other)
        elif other != row:
            if has_same_ends(tracker.tuples[2 * other + 1 - expectation["direction"]], wanted, 0):
                if expectation["port"] == port and expectation["expects"] == SURELY:
                    return SURELY
                if expectation["port"] == port or expectation["port"] == UNKNOWN_VALUE or port == UNKNOWN_VALUE:
                    found = PERHAPS
        other = older
    return found


@hot
def expect(tracker: Tracker, row: int, direction: int, port: int, now: int, how: int) -> bool:
    """Expect a connection, SURELY or PERHAPS, in place of any that this master has expected before.

    If it is only perhaps, that one is perhaps still expected: then the port is not known. Whether it is not so.
    """
    expectation = expectation_of(tracker, row)
    waiting = expectation["expects"] != NOT_AT_ALL and expectation["expires"] > now
    alone = how == SURELY or not waiting or (expectation["port"] == port and expectation["direction"] == direction)
    if not alone:
        port = UNKNOWN_VALUE
    withdraw(tracker, row)
    counters = tracker.counters[0]
    expectation["expects"] = how
    expectation["direction"] = direction
    expectation["port"] = port
    expectation["saved"] = port
    expectation["follows"] = 0
    expectation["expires"] = now + LIFETIME
    expectation["newer"] = -1
    expectation["older"] = counters["newest_expecting"]
    if expectation["older"] >= 0:
        expectation_of(tracker, expectation["older"])["newer"] = row
    counters["newest_expecting"] = row
    return alone
