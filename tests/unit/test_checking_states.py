"""Findings on what rules make of connections."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.checking import Finding, Kind, states
from fwsim.checking.found import NO_RULE, Found
from fwsim.checking.ground import Ground
from fwsim.checking.states import States
from tests.findings import Json, lowered_of, tcp, told, told_of_text

REPLIES: Json = {"ct_state": ["established", "related"], "verdict": "accept"}
BROKEN: Json = {"ct_state": "invalid", "verdict": "drop"}


def loose(rules: list[Json], **chains: Any) -> list[Finding]:
    return told(rules, Kind.NEW_WITHOUT_SYN, **chains)


def test_a_new_connection_that_begins_without_a_syn_is_told_of_each_rule() -> None:
    found, other = loose([REPLIES, tcp("80", name="web"), tcp("25", name="mail")])
    assert (found.where, other.where) == ('rule "web" of forward', 'rule "mail" of forward')
    assert found.what.endswith("(tcp_loose)")
    assert found.together == other.together != ""
    assert found.packet is not None
    assert ":80 ack" in found.packet.packet
    assert found.packet.packet.endswith("new")


@pytest.mark.parametrize("limit", ["REGIONS", "IN_ALL"])
def test_of_very_many_rules_each_is_looked_at_by_itself(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, limit, 1)
    rules = [REPLIES, tcp("1-9", "drop"), *(tcp(str(port)) for port in range(5, 30))]
    found = loose(rules)
    assert [one.where for one in found] == [f"rule {number} of forward" for number in range(8, 28)]


def test_where_new_ones_must_be_a_syn_there_is_nothing_to_tell() -> None:
    assert loose([REPLIES, tcp("80", tcp_flags="syn / syn,ack,fin,rst")]) == []
    first: Json = {"proto": "tcp", "ct_state": "new", "tcp_flags": "!syn / syn,ack,fin,rst", "verdict": "drop"}
    assert loose([REPLIES, first, tcp("80")]) == []


def test_without_tcp_loose_or_without_tracking_there_are_none() -> None:
    assert loose([tcp("80")]) == []
    ground = Ground(lowered_of([REPLIES, tcp("80")]))
    ground.lowered.settings[0]["loose"] = 0
    assert [one.kind for one in States(ground).found()] == [Kind.INVALID_ACCEPTED]


def invalid(rules: list[Json]) -> list[Finding]:
    return told(rules, Kind.INVALID_ACCEPTED)


def test_invalid_packets_that_are_accepted_before_they_are_dropped_are_told() -> None:
    (found,) = invalid([REPLIES, tcp("80", name="web"), BROKEN, tcp("25")])
    assert found.where == 'rule "web" of forward'
    assert found.what == "accepts packets that conntrack calls invalid, before rule 3 drops them"
    assert found.packet is not None
    assert found.packet.packet.endswith("invalid")


GUARD = """\
table inet t {{
 chain i {{
  type filter hook input priority 0; policy drop;
  ct state established,related accept
  {rule} accept
  ct state invalid drop
  ct state new tcp dport 22 tcp flags & (fin|syn|rst|ack) == syn accept
 }}
}}
"""


@pytest.mark.parametrize(
    "rule",
    [
        "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert }",  # these are never tracked
        "meta l4proto esp", "meta l4proto 89", "ip protocol igmp", "ip protocol 112",  # of which nothing is known
        "udp dport 67", "icmp type echo-request",
        "ip frag-off & 0x1fff != 0",  # a lone fragment waits for the others
        "ct status & (seen-reply|assured) == 0 tcp dport 80", "ct state untracked",
    ],
)  # fmt: skip
def test_packets_that_conntrack_never_calls_invalid_are_not_told(rule: str) -> None:
    assert told_of_text(GUARD.format(rule=rule), Kind.INVALID_ACCEPTED) == []


@pytest.mark.parametrize(
    ("rule", "packet"),
    [
        ("icmpv6 type { destination-unreachable, packet-too-big }", "type 1 code 0 invalid"),
        ("icmp type { echo-request, echo-reply }", "type 0 code 0 invalid"),
        ("tcp dport 80", ":80 rst invalid"), ("ip protocol icmpv6", "type 8 code 0 invalid"),
    ],
)  # fmt: skip
def test_what_conntrack_does_call_invalid_is(rule: str, packet: str) -> None:
    (found,) = told_of_text(GUARD.format(rule=rule), Kind.INVALID_ACCEPTED)
    assert found.packet is not None
    assert found.packet.packet.endswith(packet)
    assert found.what.endswith("before rule 3 (line 6) drops them")


EXEMPT = """\
table inet t {{
 chain r {{
  type filter hook prerouting priority -300; policy accept;
  {rule}
 }}
 chain f {{
  type filter hook forward priority 0; policy drop;
  ct state established,untracked accept
  tcp dport 22 accept
 }}
}}
"""


def test_what_is_exempted_from_tracking_is_neither_new_nor_invalid() -> None:
    kinds = (Kind.INVALID_ACCEPTED, Kind.NEW_WITHOUT_SYN, Kind.UNKNOWN)
    assert told_of_text(EXEMPT.format(rule="notrack"), *kinds) == []
    only = EXEMPT.format(rule="tcp flags & (fin|syn|rst|ack) == ack notrack")
    assert [one.kind for one in told_of_text(only, *kinds)] == [Kind.INVALID_ACCEPTED]


def test_a_rule_that_asks_for_a_mark_is_met_by_no_packet_that_comes() -> None:
    assert loose([REPLIES, tcp("80", mark=1)]) == []
    assert len(loose([REPLIES, {"set_mark": 1, "verdict": "continue"}, tcp("80", mark=1)])) == 1


def test_the_order_of_established_and_invalid_does_not_matter() -> None:
    assert invalid([REPLIES, BROKEN, tcp("80")]) == []
    assert invalid([REPLIES, tcp("80", ct_state="new")]) == []


def test_what_the_loopback_interface_may_do_is_not_told() -> None:
    text = 'table ip x {\n chain c {\n type filter hook input priority 0; policy drop;\n iifname "lo" accept\n'
    text += " ct state established accept\n }\n}\n"
    assert told_of_text(text, Kind.INVALID_ACCEPTED) == []
    assert len(told_of_text(text.replace('"lo"', '"eth0"'), Kind.INVALID_ACCEPTED)) == 1


NOTRACK = """\
table ip x {{
\tchain raw {{
\t\ttype filter hook prerouting priority -300;
\t\tudp dport 53 notrack
\t}}
\tchain c {{
\t\ttype filter hook forward priority 0; policy drop;
\t\tct state {states} udp dport 53 accept
\t}}
}}
"""


def test_what_is_exempted_from_tracking_and_then_dropped_for_its_state_is_told() -> None:
    (found,) = told_of_text(NOTRACK.format(states="new"), Kind.NOTRACK_STATE)
    assert (found.line, found.rules[0].line) == (4, 8)
    assert "rule 1 of ip x c (line 8) would accept as new" in found.what
    assert found.packet is not None
    assert (found.packet.packet[:4], found.packet.outcome) == ("udp ", "drop: the policy of ip x c")
    assert told_of_text(NOTRACK.format(states="new,untracked"), Kind.NOTRACK_STATE) == []


def test_where_it_takes_too_long_it_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "IN_ALL", 2)
    monkeypatch.setattr(states, "ONE_BY_ONE", 2)
    one = States(Ground(lowered_of([REPLIES, tcp("80")])))
    assert list(one.found()) == []
    assert one.open == [Kind.NEW_WITHOUT_SYN, Kind.INVALID_ACCEPTED]
    (unknown, *_) = told([REPLIES, tcp("80")], Kind.NEW_WITHOUT_SYN)
    assert unknown.kind == Kind.UNKNOWN


def test_a_finding_may_be_on_no_rule() -> None:
    assert Found(Kind.BROAD_ACCEPT, NO_RULE, 0, "what").others == ()
