"""Decisions in notebooks, of one mode and of both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scapy.layers.inet import IP, TCP

import fwsim
from tests.shown_html import HOSTILE, Read, assert_harmless

OFFICE = str(Path(__file__).parent.parent.parent / "rulesets" / "office.yaml")
FORGED = IP(src="203.0.113.9", dst="10.1.2.3") / TCP(sport=443, dport=40000, flags="A")


def test_both_modes_stand_side_by_side() -> None:
    both = fwsim.Simulator(fwsim.load_ruleset(OFFICE), key=1).decide_both(FORGED, at=1, iif="wan")
    rows = {row[0]: row[1:] for row in Read(both._repr_html_()).rows}
    assert rows["mode"] == ["stateless", "stateful"]
    assert rows["verdict"] == ["accept", "drop"]
    assert rows["by"] == [
        "rule “staff web” of chain forward (line 18), through its mirror image",
        "rule “broken” of chain forward (line 17)",
    ]
    assert rows["evidence"][0].startswith("ack-without-connection: ")
    assert str(both) == f"{both.stateless}\n{both.stateful}"


def test_a_decision_shows_the_connection_it_opened() -> None:
    packet = IP(src="10.1.2.3", dst="203.0.113.9") / TCP(sport=4000, dport=443, flags="S")
    decision = fwsim.Simulator(fwsim.load_ruleset(OFFICE), key=1).decide(packet, at=1, iif="lan")
    rows = dict(Read(decision._repr_html_()).rows)
    assert (rows["verdict"], rows["ct state"], rows["evidence"]) == ("accept", "new, original direction", "none")
    assert rows["tcp state"].endswith("SYN_SENT")


def test_names_of_rules_are_text() -> None:
    decision = fwsim.Simulator(fwsim.load_ruleset(OFFICE), key=1).decide(FORGED, at=1, iif="wan")
    assert_harmless(replace(decision, rule=HOSTILE)._repr_html_())
