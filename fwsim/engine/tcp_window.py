"""TCP window tracking: whether a packet lies where its sender may send, and acknowledges what its receiver has sent.

Read first: RFC 9293 §3.4, RFC 7323 §2 (window scale), RFC 2018 (SACK), and G. van Rooij, "Real Stateful TCP Packet
Filtering in IP Filter" (2001), where the four bounds come from. With S the side that sends this packet and
R the one that shall receive it, with `seq` and `end` the packet's first number and the one behind its last,
and `sack` the highest number it acknowledges:

      I   seq  <=  S.maxend                       no data beyond what R's window ever allowed
     II   end  >=  S.end - R.maxwin               no data so old that R has long read it
    III   sack <=  R.end                          no acknowledgement of what R never sent
     IV   sack >=  R.end - max(S.maxwin, 66000)   no acknowledgement out of the distant past

Each row of `SIDE` keeps, of one sender: `end`, the highest end it sent; `maxend`, the right edge its peer
granted; `maxwin`, the largest window it advertised (0: nothing seen of it); `maxack`, its highest
acknowledgement; `scale` and `flags`.

Where the FTP helper has changed the length of what R sent (`fwsim.engine.seq_adjust`), S acknowledges other numbers
than those of R: by the `offset`, which is subtracted from them.

Each bound is one function, used by the check and, for its numbers, by `window_bounds`. The kernel's
`tcp_in_window`, 6.1 to 6.18: a violation of III makes a packet invalid; of II and IV, ignored; of I, invalid
unless it overshoots by less than R's window. States and timers do not belong here.
"""

from __future__ import annotations

from fwsim.engine import hot
from fwsim.engine.serial import after, before, wrap
from fwsim.engine.tcp_table import ACK, CLASS_ACK, FIN, REPLY, RST, SYN, SYN_RECV, SYN_SENT, flag_class
from fwsim.tables import TCP_OPTION_AREA, TCP_OPTION_SACK_PERMITTED, TCP_OPTION_WSCALE, Row, Table
from fwsim.terms import ABSENT, CtStatus, Reason

WINDOW_SCALE = 0x01
"""Side flag: it offered a window scale."""
SACK_PERMITTED = 0x02
"""Side flag: it offered SACK."""
CLOSE_INIT = 0x04
"""Side flag: its FIN began the close."""
BE_LIBERAL = 0x08
"""Side flag: what it sends never fails the window check (the connection was picked up in the middle)."""
DATA_UNACKNOWLEDGED = 0x10
"""Side flag: it sent data that has not been acknowledged to the last byte."""
MAXACK_SET = 0x20
"""Side flag: `maxack` holds a number."""

ACCEPTED = 0
IGNORED = 1
"""Let through, but neither state nor timer change."""
OUTSIDE = 2
"""Outside the window: the packet is invalid."""

LEAST_ACK_WINDOW = 66000
"""How far back an acknowledgement may reach at least (`MAXACKWINCONST`)."""

SEQ_ADJUST = int(CtStatus.SEQ_ADJUST)

REASON_SEQ_OVER = int(Reason.TCP_SEQ_OVER)
REASON_ACK_OVER = int(Reason.TCP_ACK_OVER)
REASON_OLD_DATA = int(Reason.TCP_OLD_DATA)
REASON_OLD_ACK = int(Reason.TCP_OLD_ACK)
REASON_OVERSHOOT = int(Reason.TCP_OVERSHOOT)
REASON_LIBERAL = int(Reason.TCP_LIBERAL)


@hot
def check_window(
    connection: Row, sides: Table, base: int, packet: Row, direction: int, settings: Row, result: Row
) -> int:
    """Hold a packet against its window and learn from it: ACCEPTED, IGNORED or OUTSIDE (`tcp_in_window`).

    `result["reason"]` is set when a bound is violated. What is learnt of a sender seen for the first time
    stays learnt even if the packet then fails.
    """
    sender = sides[base + direction]
    receiver = sides[base + 1 - direction]
    state = connection["state"]
    offset = result["ack_offset"] if connection["status"] & SEQ_ADJUST else 0
    if meet_sender(sender, receiver, packet, direction, state, offset):
        return ACCEPTED
    seq = compared_seq(sender, packet, state)
    end = compared_end(sender, packet, state)
    sack = compared_sack(receiver, packet, offset)
    bound = violated_bound(sender, receiver, seq, end, sack)
    if bound == 0:
        learn(connection, sender, receiver, packet, direction, seq, end, compared_ack(receiver, packet, offset), sack)
        return ACCEPTED
    outcome = IGNORED
    if bound == 1:
        if overshoot_is_tolerated(sender, receiver, end, sack):
            result["reason"] = REASON_OVERSHOOT
            # The receiver may accept the surplus and acknowledge it: bound III must not fail then.
            sender["end"] = end
            sender["flags"] |= DATA_UNACKNOWLEDGED
        else:
            result["reason"] = REASON_SEQ_OVER
            outcome = OUTSIDE
    elif bound == 3:
        result["reason"] = REASON_ACK_OVER
        outcome = OUTSIDE
    else:
        result["reason"] = REASON_OLD_DATA if bound == 2 else REASON_OLD_ACK
    if settings["be_liberal"] or sender["flags"] & BE_LIBERAL:
        result["reason"] = REASON_LIBERAL
        return ACCEPTED
    return outcome


# --- what is learnt of a side when it first speaks -------------------------------------------------------------


@hot
def meet_sender(sender: Row, receiver: Row, packet: Row, direction: int, state: int, offset: int) -> bool:
    """Learn a side's window from its first packet, or from a new SYN; whether that settles the packet.

    `state` is the connection's before this packet. A SYN without ACK in a simultaneous open has nothing to check.
    """
    flags = packet["flags"]
    if sender["maxwin"] == 0:
        if not flags & SYN:
            pick_up_sender(sender, receiver, packet, offset)
            return False
        begin_sender(sender, receiver, packet, direction)
        return not flags & ACK
    # A SYN ahead of all that was sent, with the handshake unfinished: the side began anew (RFC 9293 §3.10.7.4).
    if flags & SYN and (state == SYN_SENT or state == SYN_RECV) and after(segment_end(packet), sender["end"]):
        begin_sender(sender, receiver, packet, direction)
        return direction == REPLY and not flags & ACK
    return False


@hot
def begin_sender(sender: Row, receiver: Row, packet: Row, direction: int) -> None:
    """Start a side from its SYN or SYN-ACK, whose window is not scaled yet (`tcp_init_sender`)."""
    sender["end"] = segment_end(packet)
    sender["maxend"] = sender["end"]
    sender["maxwin"] = max(packet["win"], 1)
    read_options(sender, packet)
    # Windows are scaled only if both sides offered it (RFC 7323 §2.2).
    if direction == REPLY and not sender["flags"] & receiver["flags"] & WINDOW_SCALE:
        sender["scale"] = 0
        receiver["scale"] = 0


@hot
def pick_up_sender(sender: Row, receiver: Row, packet: Row, offset: int) -> None:
    """Start a side from a packet in the middle; what it acknowledges tells where the other side stands."""
    sack = wrap((packet["sack_right"] if receiver["flags"] & SACK_PERMITTED else packet["ack"]) - offset)
    sender["end"] = segment_end(packet)
    sender["maxwin"] = max(packet["win"] << sender["scale"], 1)
    sender["maxend"] = wrap(sender["end"] + sender["maxwin"])
    if receiver["maxwin"] == 0:
        receiver["end"] = sack
        receiver["maxend"] = sack
    elif sack == wrap(receiver["end"] + 1):
        receiver["end"] = sack  # the answer to a keep-alive, which repeats the last byte


@hot
def read_options(side: Row, packet: Row) -> None:
    """Take over window scale and SACK from a SYN's options; a header without any changes nothing (`tcp_options`)."""
    options = packet["tcp_options"]
    if not options & TCP_OPTION_AREA:
        return
    side["scale"] = 0
    side["flags"] &= BE_LIBERAL
    if options & TCP_OPTION_SACK_PERMITTED:
        side["flags"] |= SACK_PERMITTED
    if options & TCP_OPTION_WSCALE:
        side["flags"] |= WINDOW_SCALE
        side["scale"] = packet["wscale"]


# --- the numbers that are compared -----------------------------------------------------------------------------


@hot
def segment_end(packet: Row) -> int:
    """The sequence number behind a packet: its payload, SYN and FIN count (RFC 9293 §3.4)."""
    flags = packet["flags"]
    return wrap(packet["seq"] + packet["payload"] + (1 if flags & SYN else 0) + (1 if flags & FIN else 0))


@hot
def refuses_blindly(packet: Row, state: int) -> bool:
    """Whether this is a RST with sequence number 0 to an unanswered SYN: its sender had no number to use."""
    return state == SYN_SENT and packet["seq"] == 0 and packet["flags"] & RST != 0


@hot
def compared_seq(sender: Row, packet: Row, state: int) -> int:
    """The packet's first sequence number, or where its sender stands if it had none to use."""
    return sender["end"] if refuses_blindly(packet, state) else packet["seq"]


@hot
def compared_end(sender: Row, packet: Row, state: int) -> int:
    """The number behind the packet, or where its sender stands if it had none to use."""
    return sender["end"] if refuses_blindly(packet, state) else segment_end(packet)


@hot
def acknowledges(packet: Row, offset: int) -> bool:
    """Whether the acknowledgement number means something: ACK is set, and it is not a RST with number 0."""
    flags = packet["flags"]
    return flags & ACK != 0 and (packet["ack"] != offset & 0xFFFFFFFF or not flags & RST)


@hot
def compared_ack(receiver: Row, packet: Row, offset: int) -> int:
    """The acknowledgement, or where the receiver stands if the packet has none."""
    return wrap(packet["ack"] - offset) if acknowledges(packet, offset) else receiver["end"]


@hot
def compared_sack(receiver: Row, packet: Row, offset: int) -> int:
    """The highest number acknowledged, SACK blocks included if the receiver understands them."""
    if not acknowledges(packet, offset):
        return receiver["end"]
    return wrap((packet["sack_right"] if receiver["flags"] & SACK_PERMITTED else packet["ack"]) - offset)


# --- the bounds ------------------------------------------------------------------------------------------------


@hot
def highest_seq(sender: Row) -> int:
    """Bound I: where the sender's window ends."""
    return sender["maxend"]


@hot
def lowest_end(sender: Row, receiver: Row) -> int:
    """Bound II: older data than the receiver's largest window back is a late copy; holds if that window is known."""
    return wrap(sender["end"] - receiver["maxwin"])


@hot
def highest_sack(receiver: Row) -> int:
    """Bound III: the end of what the receiver sent."""
    return receiver["end"]


@hot
def lowest_sack(sender: Row, receiver: Row) -> int:
    """Bound IV: an acknowledgement reaches back by the sender's largest window, at least 66,000."""
    return wrap(receiver["end"] - max(sender["maxwin"], LEAST_ACK_WINDOW))


@hot
def violated_bound(sender: Row, receiver: Row, seq: int, end: int, sack: int) -> int:
    """The first bound that is violated, in the kernel's order I, III, II, IV: 1, 3, 2, 4, or 0."""
    if after(seq, highest_seq(sender)):
        return 1
    if after(sack, highest_sack(receiver)):
        return 3
    if receiver["maxwin"] != 0 and before(end, lowest_end(sender, receiver)):
        return 2
    if before(sack, lowest_sack(sender, receiver)):
        return 4
    return 0


@hot
def overshoot_is_tolerated(sender: Row, receiver: Row, end: int, sack: int) -> bool:
    """Whether a packet beyond bound I is within one more window of its receiver, and keeps the other bounds."""
    if receiver["maxwin"] == 0 or before(end, lowest_end(sender, receiver)):
        return False
    if after(sack, highest_sack(receiver)) or before(sack, lowest_sack(sender, receiver)):
        return False
    return overshoot(sender, end) <= receiver["maxwin"]


@hot
def overshoot(sender: Row, end: int) -> int:
    """How far a packet reaches beyond the window, as the kernel counts it: 1 for one that just fills it."""
    return wrap(end - sender["maxend"] + 1)


@hot
def window_bounds(sides: Table, base: int, direction: int, packet: Row, state: int, offset: int, bounds: Row) -> None:
    """Fill a BOUNDS row: each bound's limit, the packet's number, and the first bound violated. Changes nothing else.

    A side that speaks for the first time is measured by its own packet: call `meet_sender` on a copy of both
    sides first. `state` is the connection's before this packet.
    """
    sender = sides[base + direction]
    receiver = sides[base + 1 - direction]
    seq = compared_seq(sender, packet, state)
    end = compared_end(sender, packet, state)
    sack = compared_sack(receiver, packet, offset)
    bounds["seq"] = seq
    bounds["end"] = end
    bounds["sack"] = sack
    bounds["highest_seq"] = highest_seq(sender)
    bounds["lowest_end"] = lowest_end(sender, receiver) if receiver["maxwin"] != 0 else ABSENT
    bounds["highest_sack"] = highest_sack(receiver)
    bounds["lowest_sack"] = lowest_sack(sender, receiver)
    bounds["tolerated_end"] = wrap(sender["maxend"] + receiver["maxwin"] - 1) if receiver["maxwin"] != 0 else ABSENT
    bounds["expected_seq"] = receiver["maxack"] if receiver["flags"] & MAXACK_SET else ABSENT
    bounds["violated"] = violated_bound(sender, receiver, seq, end, sack)
    bounds["tolerated"] = 1 if bounds["violated"] == 1 and overshoot_is_tolerated(sender, receiver, end, sack) else 0


# --- what is learnt of a packet inside the window --------------------------------------------------------------


@hot
def learn(
    connection: Row, sender: Row, receiver: Row, packet: Row, direction: int, seq: int, end: int, ack: int, sack: int
) -> None:
    """Move both windows by a packet that keeps all bounds."""
    flags = packet["flags"]
    win = packet["win"]
    if not flags & SYN:
        win = win << sender["scale"]
    sender["maxwin"] = max(sender["maxwin"], wrap(win + sack - ack))
    if after(end, sender["end"]):
        sender["end"] = end
        sender["flags"] |= DATA_UNACKNOWLEDGED
    if flags & ACK and (not sender["flags"] & MAXACK_SET or after(ack, sender["maxack"])):
        sender["maxack"] = ack
        sender["flags"] |= MAXACK_SET
    if receiver["maxwin"] != 0 and after(end, sender["maxend"]):
        receiver["maxwin"] = wrap(receiver["maxwin"] + end - sender["maxend"])
    edge = wrap(sack + win)
    if not before(edge, receiver["maxend"]):
        # A closed window still admits a probe of one byte (RFC 9293 §3.8.6.1).
        receiver["maxend"] = edge if win != 0 else wrap(edge + 1)
    if ack == receiver["end"]:
        receiver["flags"] &= ~DATA_UNACKNOWLEDGED
    if flag_class(flags) == CLASS_ACK:
        count_repetition(connection, direction, seq, ack, end, packet["win"])


@hot
def count_repetition(connection: Row, direction: int, seq: int, ack: int, end: int, win: int) -> None:
    """Count how often the same ACK or data came in a row, with `win` as on the wire (`retrans`, 8 bits)."""
    if (
        connection["last_direction"] == direction
        and connection["last_seq"] == seq
        and connection["last_ack"] == ack
        and connection["last_end"] == end
        and connection["last_win"] == win
    ):
        connection["retrans"] = (connection["retrans"] + 1) & 0xFF
        return
    connection["last_direction"] = direction
    connection["last_seq"] = seq
    connection["last_ack"] = ack
    connection["last_end"] = end
    connection["last_win"] = win
    connection["retrans"] = 0
