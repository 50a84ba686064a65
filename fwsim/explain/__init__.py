"""A packet's two verdicts, step by step, in plain language.

Read first: `fwsim.simulator`. Before a packet is decided, copies are made of what the firewall knows; afterwards
`tracking` tells what tracking made of it, and `chains` which rules were tried. Nothing is decided here.
"""

from __future__ import annotations

from fwsim.explain.chains import stateful_walk, stateless_walk
from fwsim.explain.moment import Moment
from fwsim.explain.tracking import aftermath, connection_story, window_story
from fwsim.naming import Naming
from fwsim.reasons import EVIDENCE_SENTENCES, SENTENCES
from fwsim.report.figures import time_of_day
from fwsim.report.line import headers
from fwsim.report.safe import safe
from fwsim.simulator import Batch, Mode, Simulator
from fwsim.terms import ABSENT, CtState, Evidence, Reason, Verdict, word

__all__ = ["explain"]

STEP = 12
"""Columns of the name of a step."""


def explain(simulator: Simulator, batch: Batch, row: int, naming: Naming) -> str:
    """Decide about a row of a batch whose rows before it are decided, and tell how it came to that."""
    moment = Moment(simulator, batch, row)
    lines = [_headline(moment, naming), "", *_stateful(moment, naming), "", *_stateless(moment, naming)]
    lines += [_step("evidence", text) for text in _evidence(moment)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _headline(moment: Moment, naming: Naming) -> str:
    """The packet in a line."""
    packet, frame = moment.captured_packet, moment.captured_frame
    way = " -> ".join(safe(naming.interface(packet[name]) or "?") for name in ("iif", "oif"))
    return f"Packet {frame['number']}  {time_of_day(frame['ts'])}  {way}  {headers(packet, frame['length'])}"


def _step(name: str, text: str) -> str:
    """A line of a step."""
    return f"  {name:{STEP}}{text}"


def _verdict(moment: Moment, naming: Naming, mode: Mode) -> str:
    """The mode, its verdict, and who gave it."""
    decision = moment.decision(mode)
    verdict = word(Verdict(decision["verdict"])).replace("_", " ")
    title = naming.rules[mode].title(decision["rule"], decision["chain"])
    line = naming.rules[mode].line(decision["rule"], decision["chain"])
    by = ""
    if title:
        through = "the mirror of " if decision["mirror"] else ""
        who = f"{through}{'rule ' if decision['rule'] >= 0 else ''}{safe(title)}{f' (line {line})' if line else ''}"
        unknown = decision["verdict"] == Verdict.UNKNOWN
        by = f": {SENTENCES[Reason(decision['reason'])]} (at {who})" if unknown else f", by {who}"
    elif decision["verdict"] in (Verdict.NOT_EVALUATED, Verdict.UNKNOWN) or decision["reason"] == Reason.TABLE_FULL:
        by = f": {SENTENCES[Reason(decision['reason'])]}"
    elif decision["reason"]:
        by = f": {SENTENCES[Reason.NO_CHAIN]}"
    return f"{mode.upper()}  {verdict}{by}"


def _stateful(moment: Moment, naming: Naming) -> list[str]:
    """The stateful mode's story."""
    lines = [_verdict(moment, naming, "stateful"), *(_step("fragments", text) for text in _fragments(moment))]
    if moment.frame["reason"]:
        return lines
    for name, told in (("tracking", connection_story(moment)), ("window", window_story(moment))):
        lines += [_step(name if at == 0 else "", text) for at, text in enumerate(told)]
    for name, text in stateful_walk(moment):
        lines.append(_step(name, text))
    lines += [_step("afterwards" if at == 0 else "", text) for at, text in enumerate(aftermath(moment))]
    return lines


def _stateless(moment: Moment, naming: Naming) -> list[str]:
    """The stateless mode's story."""
    lines = [_verdict(moment, naming, "stateless")]
    if not moment.captured_frame["reason"]:
        lines += [_step(name, text) for name, text in stateless_walk(moment)]
    return lines


def _fragments(moment: Moment) -> list[str]:
    """What a fragment has to do with its datagram."""
    if moment.frame["reason"] == Reason.FRAGMENT_WAITING:
        return ["it gets the verdict on its datagram: explain the packet that completes that"]
    whole = moment.whole
    if whole is None or whole.fragments is None or not whole.fragments.places:
        return []
    others = ", ".join(str(place.number) for place in whole.fragments.places)
    return [f"completes a datagram, with {others}: {headers(moment.packet, moment.packet['length'])}"]


def _evidence(moment: Moment) -> list[str]:
    """Each evidence word with its sentence."""
    words = [bit for bit in Evidence if bit and moment.frame["evidence"] & bit]
    invalid = moment.decision("stateful")["ct_state"] == CtState.INVALID
    if not words:
        return ["none" + (", although tracking calls it invalid" if invalid else "")]
    told = [f"{word(bit)}: {EVIDENCE_SENTENCES[bit]}" for bit in words]
    ghost = moment.ghost
    if ghost is not None and moment.frame["evidence"] & Evidence.FOLLOWS_DENIED and ghost["opened_frame"] != ABSENT:
        told.append(f"packet {ghost['opened_frame']} tried to open this conversation and was refused")
    return told
