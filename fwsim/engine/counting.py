"""A run counted while it streams by: verdicts by evidence, hits by rule, and what explains them.

Read first: `fwsim.report.tally`, which owns the tables and says what they mean in the end. Memory is bounded whatever
the capture holds. A frame counts once: with several words of evidence, the first of the closed list decides its row.
Evidence counts datagrams: one frame of a datagram in fragments counts in the row of its evidence, the others in a row
of their own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.engine import entry, hot
from fwsim.tables import RULE_POLICY, RULE_SEVERAL, row_type
from fwsim.terms import ABSENT, SUSPICIOUS, Evidence, Proto, Reason, TcpFlag, Verdict

Row = Any
Table = npt.NDArray[np.void]
Numbers = npt.NDArray[np.int64]

TOTALS = row_type("modes rules0 chains0 rules1 chains1 frames octets first_ts last_ts tried0 tried1 kinds")
"""What is counted once, after how many `modes` there are and how many rules and chains each has.

`octets` on the wire; `first_ts`/`last_ts` (ns) the earliest and the latest; `tried` rules looked at in each mode;
`kinds` rows of CHANGE that are used. With one mode, only what ends in 1 is used."""

EXAMPLE = row_type("file number connection")
"""A frame worth pointing at; `number` 0: none yet."""

CHANGE = row_type("order key count")
"""Frames on which the modes differ in the same way (`change_key`), in the `order` in which the kinds came up."""

VERDICTS = len(Verdict)
CELLS = VERDICTS * VERDICTS
FURTHER_ROW = 1 + len([bit for bit in Evidence if bit])
EVIDENCE_ROWS = FURTHER_ROW + 1
"""Row 0: no evidence; row k: the word of bit k-1; the last: further fragments, whose datagram counts elsewhere."""
ACK_ROW = int(Evidence.ACK_WITHOUT_CONNECTION).bit_length()
MIDSTREAM_ROW = int(Evidence.MIDSTREAM).bit_length()
SUSPICIOUS_ROWS = SUSPICIOUS.bit_length()
REASONS = 256
OTHERS = 3
"""The slots behind those of rules and policies: nobody decided, the stateless twin's ICMP errors, one of several."""
HOOKS = 8
WAITING = 1 + CELLS
"""Numbers for each connection in `Counted.waiting`: which it is, and its frames by both verdicts."""

ACCEPT = int(Verdict.ACCEPT)
NOT_EVALUATED = int(Verdict.NOT_EVALUATED)
TWIN = int(Reason.ICMP_ERROR_TWIN)
TCP = int(Proto.TCP)
ACK_OR_RST = int(TcpFlag.ACK | TcpFlag.RST)


class Counted(NamedTuple):
    """All that is counted.

    `cells`: by evidence row and the verdicts of both modes. `hits0`, `hits1`: by slot (rules, policies of chains, then
    `OTHERS`), through the mirror or not, and verdict. `let_in`: suspicious frames
    that the last mode admits, by evidence row and slot. `unseen`: frames that no mode evaluates, by reason.
    `unchained`: frames that the last mode accepts because no chain stands in their way, by hook.
    `changes`: a hash table of CHANGE. `differ`, `admitted`: by evidence row the first frame on which the modes differ,
    that the last mode admits.
    `waiting`: what `wait` keeps, `WAITING` numbers for each of a power of two connections.
    """

    totals: Table
    cells: Numbers
    hits0: Numbers
    hits1: Numbers
    let_in: Numbers
    unseen: Numbers
    unchained: Numbers
    changes: Table
    differ: Table
    admitted: Table
    waiting: Numbers


@entry
def count(
    counted: Counted, frames: Table, packets: Table, first: Table, last: Table, picked: Numbers, start: int, end: int
) -> int:
    """Count the rows that `picked[start:end]` numbers; `first` and `last` are the decisions of both modes.

    Returns where it stopped: before `end` if the table of changes has become too full and must grow.
    """
    totals = counted.totals[0]
    room = len(counted.changes) // 2
    for i in range(start, end):
        if totals["kinds"] >= room:
            return i
        row = picked[i]
        count_one(counted, totals, frames[row], packets[row], first[row], last[row])
    return end


@hot
def count_one(counted: Counted, totals: Row, frame: Row, packet: Row, first: Row, last: Row) -> None:
    """Count one frame."""
    measure(totals, frame)
    two = totals["modes"] == 2
    evidence = FURTHER_ROW if frame["further"] else evidence_row(frame["evidence"])
    verdict = last["verdict"]
    before = first["verdict"] if two else 0
    cell = before * VERDICTS + verdict
    counted.cells[evidence * CELLS + cell] += 1
    slot = slot_of(last, totals["rules1"], totals["chains1"])
    counted.hits1[hit_of(slot, last)] += 1
    totals["tried1"] += last["tried"]
    if two:
        counted.hits0[hit_of(slot_of(first, totals["rules0"], totals["chains0"]), first)] += 1
        totals["tried0"] += first["tried"]
    if verdict == NOT_EVALUATED and (not two or before == NOT_EVALUATED):
        counted.unseen[last["reason"]] += 1
    elif verdict == ACCEPT:
        admit(counted, frame, last, evidence, slot, totals["rules1"] + totals["chains1"] + OTHERS)
    if two and before != verdict:
        differ(counted, frame, packet, first, last, evidence)
    if evidence == ACK_ROW or evidence == MIDSTREAM_ROW:
        weigh_midstream(counted, frame["connection"], evidence, cell)


@hot
def measure(totals: Row, frame: Row) -> None:
    """Number, size and time span of the frames."""
    ts = frame["ts"]
    if totals["frames"] == 0:
        totals["first_ts"] = ts
        totals["last_ts"] = ts
    totals["frames"] += 1
    totals["octets"] += frame["length"]
    totals["first_ts"] = min(totals["first_ts"], ts)
    totals["last_ts"] = max(totals["last_ts"], ts)


@hot
def evidence_row(evidence: int) -> int:
    """The row of an evidence mask: the number of its lowest bit, from 1; 0 without evidence."""
    row = 0
    while evidence:
        row += 1
        if evidence & 1:
            break
        evidence >>= 1
    return row


@hot
def slot_of(decision: Row, rules: int, chains: int) -> int:
    """Where the hit of a decision is counted: at a rule, the policy of a chain, or behind these (`OTHERS`)."""
    if decision["reason"] == TWIN:
        return rules + chains + 1
    rule = decision["rule"]
    if rule >= 0:
        return int(rule)
    if rule == RULE_SEVERAL:
        return rules + chains + 2
    return int(rules + decision["chain"]) if rule == RULE_POLICY else rules + chains


@hot
def hit_of(slot: int, decision: Row) -> int:
    """The place in `hits` of a decision."""
    return int((2 * slot + decision["mirror"]) * VERDICTS + decision["verdict"])


@hot
def admit(counted: Counted, frame: Row, last: Row, evidence: int, slot: int, slots: int) -> None:
    """Count a frame that the last mode lets in: by whom if it is suspicious, and where no chain stood in its way."""
    if 0 < evidence <= SUSPICIOUS_ROWS:
        counted.let_in[evidence * slots + slot] += 1
        point_at(counted.admitted[evidence], frame)
    if last["rule"] == ABSENT and last["reason"] != TWIN and last["hook"] >= 0:
        counted.unchained[last["hook"]] += 1


@hot
def differ(counted: Counted, frame: Row, packet: Row, first: Row, last: Row, evidence: int) -> None:
    """Count a frame on which the modes differ, by what explains it."""
    point_at(counted.differ[evidence], frame)
    key = change_key(packet, first, last)
    changes = counted.changes
    mask = len(changes) - 1
    at = (key ^ (key >> 7) ^ (key >> 15)) & mask
    while changes[at]["count"] and changes[at]["key"] != key:
        at = (at + 1) & mask
    change = changes[at]
    if change["count"] == 0:
        change["key"] = key
        change["order"] = counted.totals[0]["kinds"]
        counted.totals[0]["kinds"] += 1
    change["count"] += 1


@hot
def change_key(packet: Row, first: Row, last: Row) -> int:
    """What explains that the modes differ, as one number: fields of 3, 3, 8, 8, 3, 3 bits, and 1.

    They are both verdicts; the last mode's reason, ct state and direction, each + 2 to count UNKNOWN_VALUE in; the
    packet's fragment field; and whether it could be a reply.
    """
    could = packet["proto"] != TCP or packet["flags"] & ACK_OR_RST != 0
    key = first["verdict"] << 3 | last["verdict"]
    key = key << 8 | (last["reason"] & 255)
    key = key << 8 | ((last["ct_state"] + 2) & 255)
    key = key << 3 | ((last["ct_direction"] + 2) & 7)
    return int((key << 3 | packet["fragment"]) << 1 | could)


@hot
def point_at(example: Row, frame: Row) -> None:
    """Remember a frame, if it is the first."""
    if example["number"] == 0:
        example["file"] = frame["file"]
        example["number"] = frame["number"]
        example["connection"] = frame["connection"]


# --- conversations picked up in mid-stream -----------------------------------------------------------------------


@hot
def weigh_midstream(counted: Counted, connection: int, evidence: int, cell: int) -> None:
    """Move what was picked up in mid-stream and later answered from `ack-without-connection` to `midstream`.

    A packet that seems to continue nothing may belong to a conversation that was open before the capture began. Only
    the answer tells. Until then its cell is remembered by connection; a newer connection may take an older one's place.
    """
    places = len(counted.waiting) // WAITING
    base = (connection & (places - 1)) * WAITING
    if evidence == ACK_ROW:
        if connection > 0:
            wait(counted.waiting, base, connection, cell)
    elif connection > 0 and counted.waiting[base] == connection:
        answer(counted, base)


@hot
def wait(waiting: Numbers, base: int, connection: int, cell: int) -> None:
    """One frame more that waits for its connection's answer."""
    if waiting[base] != connection:
        for at in range(base, base + WAITING):
            waiting[at] = 0
        waiting[base] = connection
    waiting[base + 1 + cell] += 1


@hot
def answer(counted: Counted, base: int) -> None:
    """Move the frames of a connection that is answered now; its first is no example of such an ACK after all."""
    waiting = counted.waiting
    forget_example(counted.differ[ACK_ROW], waiting[base])
    forget_example(counted.admitted[ACK_ROW], waiting[base])
    waiting[base] = 0
    for cell in range(CELLS):
        moved = waiting[base + 1 + cell]
        counted.cells[ACK_ROW * CELLS + cell] -= moved
        counted.cells[MIDSTREAM_ROW * CELLS + cell] += moved


@hot
def forget_example(example: Row, connection: int) -> None:
    """Forget an example if it is of this connection."""
    if example["connection"] == connection:
        example["number"] = 0
