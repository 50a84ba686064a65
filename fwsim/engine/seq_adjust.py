"""Sequence numbers of a connection in which text has been rewritten to another length (`nf_conntrack_seqadj.c`).

Read first: `fwsim.tables.EXPECTATION`. Who sent the text goes on in numbers of its own, and who got it acknowledges
what it got: so acknowledgements come in other numbers than those of the packets that they are about. The packets are
changed behind all rules: here is what tracking must know to compare them as they arrive, and what those were then that
were seen as they left.

Unlike Linux: an ICMP error about an answer in such a connection is left as it is. The kernel adjusts it too, as if it
were TCP, and drops it if what it takes for options makes no sense (`nf_confirm`).
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.expectation import expectation_of
from fwsim.engine.serial import after, before, wrap
from fwsim.engine.tcp_window import BE_LIBERAL
from fwsim.engine.tuples import Tracker
from fwsim.tables import Row
from fwsim.terms import CtStatus

SEQ_ADJUST = int(CtStatus.SEQ_ADJUST)


@shared
def ack_offset(tracker: Tracker, row: int, direction: int, ack: int) -> int:
    """By how much a packet of a direction acknowledges more than was sent (`nf_ct_seq_offset`, in `tcp_in_window`)."""
    kept = expectation_of(tracker, row)
    seq = wrap(ack - 1)
    if direction:
        return int(kept["after0"] if after(seq, kept["turn0"]) else kept["before0"])
    return int(kept["after1"] if after(seq, kept["turn1"]) else kept["before1"])


@shared
def note_growth(tracker: Tracker, row: int, direction: int, seq: int, growth: int) -> None:
    """Text in a packet has become so many bytes longer (`nf_ct_seqadj_set`); a packet sent again changes nothing."""
    if growth == 0:
        return
    tracker.connections[row]["status"] |= SEQ_ADJUST
    kept = expectation_of(tracker, row)
    if direction:
        if kept["before1"] == kept["after1"] or before(kept["turn1"], seq):
            kept["turn1"], kept["before1"] = seq, kept["after1"]
            kept["after1"] += growth
    elif kept["before0"] == kept["after0"] or before(kept["turn0"], seq):
        kept["turn0"], kept["before0"] = seq, kept["after0"]
        kept["after0"] += growth


@shared
def turn_numbers_back(tracker: Tracker, row: int, direction: int, packet: Row) -> None:
    """Give a packet that was seen going out the numbers with which it came in (`nf_ct_seq_adjust`, undone)."""
    kept = expectation_of(tracker, row)
    own_turn, own_before, own_after = kept["turn0"], kept["before0"], kept["after0"]
    turn, earlier, later = kept["turn1"], kept["before1"], kept["after1"]
    if direction:
        own_turn, own_before, own_after = kept["turn1"], kept["before1"], kept["after1"]
        turn, earlier, later = kept["turn0"], kept["before0"], kept["after0"]
    seq = packet["seq"]
    packet["seq"] = wrap(seq - (own_after if after(wrap(seq - own_before), own_turn) else own_before))
    ack, sack = packet["ack"], packet["sack_right"]
    packet["ack"] = wrap(ack + (later if after(ack, turn) else earlier))
    packet["sack_right"] = wrap(sack + (later if after(sack, turn) else earlier))


@hot
def lose_growth(tracker: Tracker, row: int, direction: int) -> None:
    """Whether the length of what was sent in a direction has changed, or by how much, is not known.

    Unlike Linux: what the other side acknowledges is not held against the window any more.
    """
    tracker.sides[2 * row + 1 - direction]["flags"] |= BE_LIBERAL
