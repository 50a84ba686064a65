"""What an explanation walks leads to the decision, for every packet of the recorded translations.

The retrace runs on copies of what was known before the packet: each of these scenarios has openings behind finished
connections, whose traces in scratch state must not show.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fwsim.capture import Input, open_captures
from fwsim.explain import explain
from fwsim.explain.chains import stateful_walk, stateless_walk
from fwsim.explain.moment import Moment
from fwsim.lower import Lowered
from fwsim.naming import Naming, RuleNames
from fwsim.report.departure import ends_text
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Mode, Simulator
from fwsim.tables import LEFT, RULE_POLICY, plain
from fwsim.terms import Reason, Verdict, word
from tests.parity.nat.replayed import machine, rules_of
from tests.parity.nat.scenarios import SCENARIOS
from tests.parity.nat.truth import BOTH, CAPTURES

WALKS = {"stateful": stateful_walk, "stateless": stateless_walk}
MODES: tuple[Mode, ...] = ("stateful", "stateless")
CHOSEN = [(name, "both") for name in sorted(SCENARIOS)]
CHOSEN += [("ftp-masquerade", "lan"), ("dnat-clash", "dmz"), ("hairpin", "lan"), ("redirect", "wan")]


def moments(name: str, side: str) -> Iterator[Moment]:
    simulator = Simulator(load_ruleset(str(rules_of(name))), key=4711, host=machine())
    captures = open_captures([Input(str(CAPTURES / name / BOTH.replace("both", side)))])
    for chunk in captures:
        simulator.topology.locate(captures, chunk)
        batch = simulator.undecided(chunk)
        for row in range(len(chunk)):
            moment = Moment(simulator, batch, row)
            if not moment.frame["reason"]:
                yield moment


def who(lowered: Lowered, decision: dict[str, int]) -> str:
    """How the line of what decided begins."""
    if decision["rule"] == RULE_POLICY:
        return f"policy of {lowered.chains[decision['chain']].name} "
    rule = lowered.rules[decision["rule"]]
    return f"{rule.line} rule {rule.position} "


def disagreement(moment: Moment, mode: Mode) -> str:
    """What of a retrace is not as the packet was decided; nothing if all is."""
    decision = moment.decision(mode)
    lines = [" ".join(str(text).split()) for _, text in WALKS[mode](moment)]
    verdict = word(Verdict(decision["verdict"]))
    refused = [line for line in lines if line.endswith(("-> drop", "-> reject"))]
    if decision["chain"] >= 0 and decision["reason"] != Reason.TRANSLATED:
        told = "perhaps" if verdict == "unknown" else f"-> {verdict}"
        begin = who(moment.simulator.lowered[mode], decision)
        if not any(line.startswith(begin) and line.endswith(told) for line in lines):
            return f"{verdict} by {begin}"
    if mode == "stateful" and verdict == "accept" and refused:
        return f"accepted, but {refused}"
    if mode == "stateful" and verdict in ("drop", "reject") and decision["chain"] >= 0 and lines[-1:] != refused:
        return f"refused, but {lines[-1:]}"
    return left_otherwise(moment, mode, lines) if verdict == "accept" else ""


def left_otherwise(moment: Moment, mode: Mode, lines: list[str]) -> str:
    """What of a packet that left is not as the last translation told."""
    departures = moment.batch.departures.get(mode)
    if departures is None or departures[moment.row]["left"] != LEFT:
        return ""
    packet = moment.packet if mode == "stateful" else moment.captured_packet
    told = [line.removeprefix("now ").partition(": ")[0] for line in lines if line.startswith("now ")]
    left = ends_text({**packet, **plain(departures[moment.row])})
    return "" if (told or [ends_text(packet)])[-1] == left else f"left as {left}"


@pytest.mark.parametrize(("name", "side"), CHOSEN)
def test_a_retrace_leads_to_the_decision(name: str, side: str) -> None:
    found = {
        (moment.frame["number"], mode): difference
        for moment in moments(name, side)
        for mode in MODES
        if (difference := disagreement(moment, mode))
    }
    assert found == {}


def test_no_rule_is_told_of_what_may_have_been_another_packet() -> None:
    blind = [
        list(stateful_walk(moment))
        for moment in moments("dnat-clash", "dmz")
        if moment.entered is not None and moment.decision("stateful")["reason"] == Reason.TRANSLATED
    ]
    assert len(blind) > 3
    assert blind == [[]] * len(blind)


def test_of_a_copy_nothing_is_told_but_that_it_is_one() -> None:
    simulator = Simulator(load_ruleset(str(rules_of("hairpin"))), key=4711, host=machine())
    names = {mode: RuleNames(one.rules, one.chains) for mode, one in simulator.lowered.items()}
    captures = open_captures([Input(str(CAPTURES / "hairpin" / BOTH.replace("both", "lan")))])
    naming = Naming(["lan"], simulator.topology.names, {str(mode): one for mode, one in names.items()})
    for chunk in captures:
        simulator.topology.locate(captures, chunk)
        batch = simulator.undecided(chunk)
        texts = [explain(simulator, batch, row, naming) for row in range(len(chunk))]
    copies = [text.split("\n\n")[1] for text in texts if "second sighting" in text]
    assert len(copies) > 3
    assert all(len(copy.splitlines()) == 1 for copy in copies)
