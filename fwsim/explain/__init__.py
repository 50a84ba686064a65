"""A packet's two verdicts, step by step, in plain language.

Read first: `fwsim.simulator`. Before a packet is decided, copies are made of what the firewall knows; afterwards
`tracking` tells what tracking made of it, `chains` which rules were tried, `announced` what the FTP helper did and
`association` what became of an SCTP association. Nothing is decided here.
"""

from __future__ import annotations

import numpy as np

from fwsim.explain.announced import helper_story, master_story
from fwsim.explain.association import chunk_story
from fwsim.explain.chains import stateful_walk, stateless_walk
from fwsim.explain.entered import BLIND, entry_story
from fwsim.explain.moment import Moment
from fwsim.explain.tracking import aftermath, connection_story, window_story
from fwsim.explain.waiting import WAITING
from fwsim.harmless import safe
from fwsim.naming import Naming
from fwsim.reasons import EVIDENCE_SENTENCES, SENTENCES
from fwsim.report.figures import time_of_day
from fwsim.report.line import headers
from fwsim.report.unknown import LIMIT_OF, construct_of, constructs_of, hangings, rules_with_limit
from fwsim.report.widths import shortened
from fwsim.simulator import Batch, Mode, Simulator
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, Evidence, Reason, Verdict, word

__all__ = ["explain"]

STEP = 12
"""Columns of the name of a step."""

LONGEST_QUOTE = 160
"""Letters of a rule."""

ICMP_ERROR_FAULTS = {
    Reason.ICMP_ERROR_BAD_QUOTE: "it reports an error, but the packet it quotes cannot be read",
    Reason.ICMP_ERROR_WRONG_TARGET: "it reports an error, but not to the sender of the packet it quotes",
}
"""Instead of the sentence of `icmp-error-without-connection`, where tracking says what is wrong with it."""


def explain(simulator: Simulator, batch: Batch, row: int, naming: Naming) -> str:
    """Decide about a row of a batch whose rows before it are decided, and tell how it came to that."""
    moment = Moment(simulator, batch, row, naming.files)
    lines = [_headline(moment, naming), "", *_stateful(moment, naming), "", *_stateless(moment, naming)]
    lines += [_step("evidence", text) for text in _evidence(moment)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _headline(moment: Moment, naming: Naming) -> str:
    """The packet in a line."""
    packet, frame = moment.captured_packet, moment.captured_frame
    way = " -> ".join(safe(naming.interface(packet[name]) or "?") for name in ("iif", "oif"))
    number = moment.numbered(frame["number"], frame["file"])
    return f"Packet {number}  {time_of_day(frame['ts'])}  {way}  {headers(packet, frame['length'])}"


def _step(name: str, text: object) -> str:
    """A line of a step."""
    return f"  {name:{STEP}}{text}"


def _steps(name: str, told: list[str]) -> list[str]:
    """A step of several lines."""
    return [_step(name if at == 0 else "", text) for at, text in enumerate(told)]


def _verdict(moment: Moment, naming: Naming, mode: Mode) -> str:
    """The mode, its verdict, and who gave it."""
    decision = moment.decision(mode)
    verdict = word(Verdict(decision["verdict"])).replace("_", " ")
    title = naming.rules[mode].title(decision["rule"], decision["chain"])
    line = naming.rules[mode].line(decision["rule"], decision["chain"])
    by = ""
    if mode == "stateful" and moment.frame["reason"] == Reason.FRAGMENT_WAITING:
        return f"{mode.upper()}  {SENTENCES[Reason.FRAGMENT_WAITING]}"
    if title:
        through = "the mirror of " if decision["mirror"] else ""
        named = decision["rule"] >= 0 and naming.rules[mode].rules[decision["rule"]].name
        who = f"{through}{'rule ' if named else ''}{safe(title)}{f' (line {line})' if line else ''}"
        unknown = decision["verdict"] == Verdict.UNKNOWN
        by = f": {_why_unknown(moment, naming, mode)} (at {who})" if unknown else f", by {who}"
    elif decision["verdict"] in (Verdict.NOT_EVALUATED, Verdict.UNKNOWN, Verdict.DROP):
        by = f": {_unruled(moment, Reason(decision['reason']))}"
    elif decision["reason"]:
        by = f": {SENTENCES[Reason.NO_CHAIN]}"
    return f"{mode.upper()}  {verdict}{by}"


def _unruled(moment: Moment, reason: Reason) -> str:
    """Why no rule decided; of a copy, of which packet."""
    if reason == Reason.EGRESS_COPY and moment.original is not None:
        return f"a second sighting of packet {moment.original}, which was judged when it came in"
    return SENTENCES[reason]


def _quoted(moment: Moment, naming: Naming, mode: Mode) -> list[str]:
    """The rule that decided, as it was written."""
    rule = moment.decision(mode)["rule"]
    text = " ".join(naming.rules[mode].rules[rule].text.split()) if rule >= 0 else ""
    return [_step("rule", safe(shortened(text, LONGEST_QUOTE)))] if text else []


def _why_unknown(moment: Moment, naming: Naming, mode: Mode) -> str:
    """The reason for an unknown verdict: if a rule asked for a ct state that is not known, why that is so."""
    decision = moment.decision(mode)
    (hanging,) = hangings(moment.batch, moment.batch.decisions(mode), np.array([moment.row]))
    limited = decision["rule"] in rules_with_limit(moment.simulator.lowered[mode])
    constructs = constructs_of(hanging, naming.rules[mode])
    if constructs:
        return f"it hangs on what is not simulated: {', '.join(map(safe, constructs))}"
    if construct_of(hanging, mode, limited) == LIMIT_OF:
        return "what is left of the rule's limit is not known"
    asked_in_vain = decision["reason"] == Reason.TENTATIVE and decision["ct_state"] == UNKNOWN_VALUE
    return SENTENCES[Reason((asked_in_vain and moment.result["reason"]) or decision["reason"])]


def _stateful(moment: Moment, naming: Naming) -> list[str]:
    """The stateful mode's story."""
    lines = [_verdict(moment, naming, "stateful"), *_quoted(moment, naming, "stateful")]
    lines += [_step("fragments", text) for text in _fragments(moment)]
    if (moment.frame["reason"] and moment.entered is None) or is_copy(moment):
        return lines
    lines += _steps("capture", entry_story(moment.entered))
    lines += _steps("tracking", [*connection_story(moment), *master_story(moment)])
    lines += _steps("window", window_story(moment))
    lines += _steps("chunks", chunk_story(moment))
    for name, text in stateful_walk(moment):
        lines.append(_step(name, text))
    lines += _steps("helper", helper_story(moment))
    lines += _steps("afterwards", aftermath(moment))
    return lines


def is_copy(moment: Moment) -> bool:
    """Whether it was taken for what became of another packet: then nothing was asked about it."""
    decision = moment.decision("stateful")
    return decision["verdict"] == Verdict.NOT_EVALUATED and decision["reason"] == Reason.EGRESS_COPY


def _stateless(moment: Moment, naming: Naming) -> list[str]:
    """The stateless mode's story."""
    lines = [_verdict(moment, naming, "stateless"), *_quoted(moment, naming, "stateless")]
    if is_blind(moment):
        lines += _steps("capture", [BLIND])
    elif not moment.captured_frame["reason"]:
        lines += [_step(name, text) for name, text in stateless_walk(moment)]
    return lines


def is_blind(moment: Moment) -> bool:
    """Whether the stateless mode, which knows no connection, could not tell what the packet was before it left."""
    decision = moment.decision("stateless")
    unasked = decision["reason"] == Reason.TRANSLATED and decision["hook"] == ABSENT
    return bool(moment.captured_frame["egress"] and unasked)


def _fragments(moment: Moment) -> list[str]:
    """What a fragment has to do with its datagram."""
    if moment.frame["reason"] == Reason.FRAGMENT_WAITING:
        return [WAITING]
    whole = moment.whole
    if whole is None or whole.fragments is None or not whole.fragments.places:
        return []
    others = ", ".join(moment.numbered(place.number, place.file) for place in whole.fragments.places)
    return [f"completes a datagram, with {others}: {headers(moment.packet, moment.packet['length'])}"]


def _evidence(moment: Moment) -> list[str]:
    """Each evidence word with its sentence."""
    words = [bit for bit in Evidence if bit and moment.frame["evidence"] & bit]
    invalid = moment.decision("stateful")["ct_state"] == CtState.INVALID
    if not words:
        return ["none" + (", although tracking calls it invalid" if invalid else "")]
    told = [f"{word(bit)}: {_sentence(moment, bit)}" for bit in words]
    ghost = moment.ghost
    if ghost is not None and moment.frame["evidence"] & Evidence.FOLLOWS_DENIED and ghost["opened_frame"] != ABSENT:
        number = moment.numbered(ghost["opened_frame"], ghost["opened_file"])
        told.append(f"packet {number} tried to open this conversation and was refused")
    return told


def _sentence(moment: Moment, bit: Evidence) -> str:
    """What an evidence word means here."""
    fault = ICMP_ERROR_FAULTS.get(Reason(moment.result["reason"]))
    return fault if fault and bit == Evidence.ICMP_ERROR_WITHOUT_CONNECTION else EVIDENCE_SENTENCES[bit]
