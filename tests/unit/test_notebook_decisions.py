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
    assert rows["connection"] == "1"
    assert rows["tcp state"].endswith("SYN_SENT")


def test_a_refused_opening_has_no_connection_though_it_has_a_number() -> None:
    both = fwsim.Simulator(fwsim.load_ruleset(OFFICE), key=1).decide_both(FORGED, at=1, iif="wan")
    assert both.stateful.connection is not None
    assert {row[0]: row[2] for row in Read(both._repr_html_()).rows}["connection"] == "none"


def test_what_belongs_to_a_connection_shows_it_even_if_it_is_invalid() -> None:
    firewall = fwsim.Simulator(fwsim.load_ruleset(OFFICE), key=1)
    ends = {"sport": 4000, "dport": 443}
    firewall.decide(IP(src="10.1.2.3", dst="203.0.113.9") / TCP(**ends, flags="S", seq=100), at=1, iif="lan")
    answer = IP(src="203.0.113.9", dst="10.1.2.3") / TCP(sport=443, dport=4000, flags="SA", seq=500, ack=101)
    forged = IP(src="203.0.113.9", dst="10.1.2.3") / TCP(sport=443, dport=4000, flags="R", seq=9_000_000)
    shown = [dict(Read(firewall.decide(one, iif="wan")._repr_html_()).rows) for one in (answer, forged)]
    assert [(rows["verdict"], rows["connection"]) for rows in shown] == [("accept", "1"), ("drop", "1")]


def test_names_of_rules_are_text() -> None:
    decision = fwsim.Simulator(fwsim.load_ruleset(OFFICE), key=1).decide(FORGED, at=1, iif="wan")
    assert_harmless(replace(decision, rule=HOSTILE)._repr_html_())
