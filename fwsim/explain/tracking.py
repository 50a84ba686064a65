"""What tracking made of a packet, in words: its connection, where it lies in the window, what it left behind.

Read first: `fwsim.engine.conntrack` and `fwsim.engine.tcp_window`, whose own bounds are printed.
"""

from __future__ import annotations

from fwsim.engine.seq_adjust import ack_offset
from fwsim.engine.serial import distance
from fwsim.engine.tcp_reset import closes_unchecked
from fwsim.engine.tcp_table import flags_are_valid
from fwsim.engine.tcp_window import meet_sender, window_bounds
from fwsim.explain.moment import Moment
from fwsim.naming import STATE_WORDS
from fwsim.reasons import KERNEL_WORDS, SENTENCES
from fwsim.report.departure import tuple_text
from fwsim.tables import BOUNDS, SIDE, empty, plain
from fwsim.terms import (
    ABSENT,
    UNKNOWN_VALUE,
    CtState,
    CtStatus,
    Direction,
    Proto,
    Reason,
    TcpFlag,
    Verdict,
    ct_state_words,
    word,
)

SECOND = 1_000_000_000


def connection_story(moment: Moment) -> list[str]:
    """Which connection the packet belongs to, and the ct state that follows."""
    result = moment.result
    if not moment.simulator.lowered["stateful"].tracking:
        return [SENTENCES[Reason.TRACKING_OFF]]
    if not moment.tracked:
        return ["not tracked: a rule ahead of tracking dropped it"]
    if moment.decision("stateful")["ct_state"] == CtState.UNTRACKED and not result["reason"]:
        return [SENTENCES[Reason.UNTRACKED_RULE]]
    lines = []
    before = moment.connection_before
    if before is not None:
        direction = word(Direction(result["direction"]))
        about = "quotes a packet of" if result["reason"] == Reason.ICMP_ERROR_RELATED else "belongs to"
        opened = moment.numbered(before["opened_frame"], before["opened_file"])
        last = moment.numbered(before["last_frame"], before["last_file"])
        lines.append(f"{about} the connection opened by packet {opened}, last seen in {last}; {direction} direction")
        lines.append(condition(moment, before))
        lines += _translated(moment.both_tuples(moment.before))
    elif result["fresh"]:
        lines.append(f"no connection is known for it: {_opening(moment)}")
    elif result["reason"] == Reason.ICMP_ERROR_WRONG_TARGET:
        lines.append("quotes a packet of a known connection, but does not go to that packet's sender")
    else:
        lines.append("no connection is known for it")
    return [*lines, *_state_and_reason(moment)]


def _opening(moment: Moment) -> str:
    """Whether the packet opens a connection: only one that goes through does."""
    if moment.connection_after is None:
        return "it would open one"
    unknown = moment.decision("stateful")["verdict"] == Verdict.UNKNOWN
    return "it opens one if it goes through, which is not known" if unknown else "it opens one"


def _state_and_reason(moment: Moment) -> list[str]:
    """The ct state, why, and what Linux would log."""
    result = moment.result
    state = "not known" if result["ct_state"] == UNKNOWN_VALUE else ct_state_words(result["ct_state"])
    reason = Reason(result["reason"])
    lines = [f"ct state {state}" + (f": {SENTENCES[reason]}" if reason else "")]
    if result["ct_state"] == CtState.INVALID and reason in KERNEL_WORDS:
        lines.append(f'the kernel\'s words: "{KERNEL_WORDS[reason]}"')
    return lines


def _translated(tuples: tuple[dict[str, int], dict[str, int]] | None) -> list[str]:
    """Both directions of a connection whose addresses are translated, as they come in."""
    if tuples is None:
        return []
    original, reply = map(tuple_text, tuples)
    return [f"translated: {original}, answered by {reply}"]


def condition(moment: Moment, connection: dict[str, int]) -> str:
    """A connection's state in a few words: `ESTABLISHED, ASSURED, 300 s left`."""
    words = []
    states = STATE_WORDS.get(connection["proto"])
    if states is not None and connection["state"]:
        words.append(states[connection["state"]])
    status = connection["status"]
    if status & CtStatus.ASSURED:
        words.append("ASSURED")
    elif not status & CtStatus.SEEN_REPLY:
        words.append("UNREPLIED")
    if status & CtStatus.TENTATIVE:
        words.append("perhaps not there (the verdict on its opening is unknown)")
    left = max(connection["expires"] - moment.packet["now"], 0)
    words.append(f"{left / SECOND:.0f} s left")
    return ", ".join(words)


def bounds_of(moment: Moment) -> dict[str, int] | None:
    """The BOUNDS row of a TCP packet of a known connection, from copies of both sides as they were; else None."""
    before = moment.connection_before
    packet = moment.packet
    if before is None or packet["proto"] != Proto.TCP or not flags_are_valid(max(packet["flags"], 0)):
        return None
    return None if moment.frame["transport_fault"] or packet["seq"] < 0 else _bounds(moment, before)


def window_story(moment: Moment) -> list[str]:
    """Where a TCP packet lies in the window of its connection, with the numbers that are compared."""
    before = moment.connection_before
    packet = moment.packet
    bounds = bounds_of(moment)
    if bounds is None or before is None:
        return []
    expected = bounds["expected_seq"]
    reset = packet["flags"] & TcpFlag.RST
    unasked = bool(reset and closes_unchecked(before["state"]))
    compared = not unasked and _is_compared(bounds, Reason(moment.result["reason"]))
    lines = []
    if expected >= 0:
        exactly = "exactly here a RST closes the connection" if reset and not unasked else ""
        lines.append(_line("expected next", expected, expected, exactly))
    lines.append(_line("window ends at", bounds["highest_seq"], expected, "bound I: no data may begin beyond"))
    if bounds["tolerated_end"] >= 0:
        lines.append(_line("Linux tolerates to", bounds["tolerated_end"], expected, "one more window of the receiver"))
    if bounds["lowest_end"] >= 0:
        late = "bound II: what ends before is a late copy"
        lines.append(_line("not older than", bounds["lowest_end"], expected, late))
    place = _place(bounds) if compared else ": not compared with the window"
    if unasked:
        place = ": not compared with the window, for while closing any RST closes"
    elif moment.result["reason"] == Reason.TCP_RST_SEQ_LOW:
        place = ": below what is expected"
    lines.append(_line("this packet", bounds["seq"], expected, f"to {bounds['end']:,}{place}"))
    if packet["flags"] & TcpFlag.ACK and compared:
        lines.append(_line("it acknowledges", bounds["sack"], ABSENT, _ack_place(bounds)))
    return lines


def _line(name: str, number: int, expected: int, text: str) -> str:
    """A number of the window with its name, how far it is from the expected one (if known), and its meaning."""
    offset = f"{distance(number, expected):+,}" if expected not in (ABSENT, number) else ""
    return f"{name:18} {number:>13,} {offset:>11}  {text}"


def _bounds(moment: Moment, before: dict[str, int]) -> dict[str, int]:
    """The BOUNDS row, from copies of both sides as they were."""
    base = 2 * moment.result["connection"]
    direction = moment.result["direction"]
    sides = empty(SIDE, 2)
    sides[:] = moment.before.sides[base : base + 2]
    packet = moment.packet
    adjusted = before["status"] & CtStatus.SEQ_ADJUST
    offset = ack_offset(moment.before, moment.result["connection"], direction, packet["ack"]) if adjusted else 0
    meet_sender(sides[direction], sides[1 - direction], packet, direction, before["state"], offset)
    bounds = empty(BOUNDS, 1)
    window_bounds(sides, 0, direction, packet, before["state"], offset, bounds[0])
    return plain(bounds[0])


VIOLATED = {1: Reason.TCP_SEQ_OVER, 2: Reason.TCP_OLD_DATA, 3: Reason.TCP_ACK_OVER, 4: Reason.TCP_OLD_ACK}
"""What the tracker says of a packet that violates a bound, if it looks at the window at all."""


def _is_compared(bounds: dict[str, int], reason: Reason) -> bool:
    """Whether what lies outside of the window was held against the packet: some are decided about without that."""
    if not bounds["violated"] or reason in (Reason.TCP_LIBERAL, Reason.TCP_RST_SEQ_LOW):
        return True
    return reason == (Reason.TCP_OVERSHOOT if bounds["tolerated"] else VIOLATED[bounds["violated"]])


def _place(bounds: dict[str, int]) -> str:
    """Where its data lie."""
    if bounds["violated"] == 1:
        return ": beyond the window" + (", but tolerated" if bounds["tolerated"] else " (bound I)")
    return ": a late copy (bound II)" if bounds["violated"] == 2 else ": inside"


def _ack_place(bounds: dict[str, int]) -> str:
    """Where its acknowledgement lies; the bounds mean nothing of a peer that has not spoken, but Linux compares."""
    if bounds["lowest_end"] == ABSENT:  # no bound II: the receiver has shown no window, so it has sent nothing
        against = {3: f"{bounds['highest_sack']:,} (bound III)", 4: f"{bounds['lowest_sack']:,} (bound IV)"}
        held = against.get(bounds["violated"])
        return "nothing is known of its peer yet" + (f"; Linux holds it against {held} all the same" if held else "")
    where = {3: ": of what was never sent (bound III)", 4: ": very old (bound IV)"}.get(bounds["violated"], "")
    return f"bounds IV and III: {bounds['lowest_sack']:,} to {bounds['highest_sack']:,}{where}"


def aftermath(moment: Moment) -> list[str]:
    """What the packet left behind in the connection table."""
    if not moment.simulator.lowered["stateful"].tracking:
        return ["nothing: there is no connection table"]
    verdict = Verdict(moment.decision("stateful")["verdict"])
    before, after = moment.connection_before, moment.connection_after
    if moment.result["fresh"]:
        if after is not None:
            remembered = f"a new connection is remembered: {condition(moment, after)}"
            return [remembered, *_translated(moment.both_tuples(moment.after))]
        if verdict in (Verdict.DROP, Verdict.REJECT):
            return ["nothing: a refused packet opens no connection"]
        return ["nothing"]
    if before is None:
        return ["nothing: the connection table is as it was"]
    if after is None:
        return ["the connection is gone"]
    now = condition(moment, after)
    if before["state"] != after["state"]:
        return [f"{STATE_WORDS[moment.packet['proto']][before['state']]} -> {now}"]
    if before["expires"] == after["expires"] and before["status"] == after["status"]:
        return [f"{now}: unchanged"]
    return [now]
