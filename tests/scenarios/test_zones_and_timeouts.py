"""Connections in zones, and those that live as long as a rule says: what hangs on them is unknown, and named."""

from __future__ import annotations

import io

import pytest
from scapy.layers.inet import IP, UDP

from fwsim.checking import Kind
from fwsim.checking.findings import findings_of
from fwsim.lower import lower
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator

NFT = """table ip t {{
 ct timeout brief {{
  protocol udp; l3proto ip
  policy = {{ unreplied : 5, replied : 20 }}
 }}
 chain early {{
  type filter hook prerouting priority {}
  {}
 }}
 chain forward {{
  type filter hook forward priority filter; policy drop
  ct state established accept
  udp dport 53 accept
 }}
}}
"""
SAVED = """*raw
:PREROUTING ACCEPT [0:0]
-A PREROUTING -i lan -j CT {}
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A FORWARD -p udp --dport 53 -j ACCEPT
COMMIT
"""


def nft(words: str, priority: str = "raw") -> str:
    return NFT.format(priority, words)


UNKNOWN = [
    (nft("iifname lan ct zone set 1"), "ct zone set 1"),
    (nft("iifname lan ct original zone set 1"), "ct original zone set 1"),
    (nft("ct zone set iifname map { lan : 1 }"), "ct zone set iifname map { lan : 1 }"),
    (nft("iifname lan ct zone set numgen inc mod 3"), "ct zone set numgen inc mod 3"),
    (nft('iifname lan ct timeout set "brief"', "mangle"), 'ct timeout set "brief"'),
    (SAVED.format("--zone 1"), "-j CT --zone 1"),
    (SAVED.format("--zone-orig mark"), "-j CT --zone-orig mark"),
    (SAVED.format("--timeout brief"), "-j CT --timeout brief"),
]


ASKED = IP(src="10.0.0.7", dst="203.0.113.9") / UDP(sport=5000, dport=53)
ANSWER = IP(src="203.0.113.9", dst="10.0.0.7") / UDP(sport=53, dport=5000)


def verdicts(text: str) -> tuple[list[str], list[tuple[str, Kind]]]:
    """What becomes of a question, its answer, and a second question; what `check` names."""
    ruleset = load_ruleset(io.StringIO(text), interfaces={"lan": ["10.0.0.0/8"], "wan": ["any"]})
    firewall = Simulator(ruleset, mode="stateful")
    packets = [(ASKED, "lan"), (ANSWER, "wan"), (ASKED, "lan")]
    told = [firewall.decide(packet, at=float(at), iif=iif).verdict.name for at, (packet, iif) in enumerate(packets)]
    return told, [(found.what, found.kind) for found in findings_of(ruleset, "r")]


@pytest.mark.parametrize(("text", "construct"), UNKNOWN, ids=[construct for _, construct in UNKNOWN])
def test_whether_an_answer_belongs_to_a_connection_in_a_zone_is_unknown_and_the_rule_is_named(
    text: str, construct: str
) -> None:
    decided, named = verdicts(text)
    assert decided == ["ACCEPT", "UNKNOWN", "ACCEPT"]
    assert (construct, Kind.NOT_SIMULATED) in named


def test_zone_0_is_the_one_that_a_packet_is_in_anyhow() -> None:
    for text in (nft("ct zone set 0"), nft("ct zone set iifname map { lan : 0 }"), SAVED.format("--zone 0")):
        decided, named = verdicts(text)
        assert decided == ["ACCEPT", "ACCEPT", "ACCEPT"]
        assert Kind.NOT_SIMULATED not in dict(named).values()


def test_behind_tracking_a_zone_changes_nothing_of_a_tracked_packet() -> None:
    decided, named = verdicts(nft("ct zone set 1", "mangle"))
    assert decided == ["ACCEPT", "ACCEPT", "ACCEPT"]
    assert [what for what, kind in named if kind == Kind.NOT_SIMULATED] == ["ct zone set 1"]


def test_a_connection_that_another_packet_has_opened_is_left_in_doubt_by_a_packet_in_a_zone() -> None:
    text = nft("iifname wan ct zone set 1").replace("udp dport 53 accept", "iifname lan ct state new accept")
    assert verdicts(text)[0] == ["ACCEPT", "UNKNOWN", "ACCEPT"]
    only_new = text.replace("ct state established accept", "ct state established udp sport 53 accept")
    assert verdicts(only_new)[0] == ["ACCEPT", "UNKNOWN", "UNKNOWN"]


@pytest.mark.parametrize(
    "text",
    [nft("ct zone set 1"), nft('ct timeout set "brief"'), SAVED.format("--zone 1")],
    ids=["zone", "timeout", "xt"],
)
def test_rules_that_give_zones_or_timeouts_make_linux_track_but_ask_nothing(text: str) -> None:
    asks_nothing = text.replace("ct state established accept", "").replace("-m conntrack --ctstate ESTABLISHED ", "")
    lowered = lower(load_ruleset(io.StringIO(asks_nothing)), interfaces=["lan"])
    assert (lowered.tracking, lowered.uses_ct) == (True, False)
