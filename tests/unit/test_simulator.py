"""The simulator: replays of captures, single packets, and the thread that reads ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Ether

import fwsim
from fwsim.capture import Captures, Input, open_captures
from fwsim.errors import UsageError
from fwsim.simulator import Decision, Simulator
from fwsim.terms import CtState, Direction, Hook, Reason, RejectWith, TcpState, Verdict
from tests.deciding import EDGE, NOWHERE, ruleset_of

ROOT = Path(__file__).parent.parent.parent
OFFICE = str(ROOT / "rulesets" / "office.yaml")
SHORT = str(ROOT / "pcaps" / "blind-reset.pcapng")
STATELESS = str(ROOT / "rulesets" / "office-stateless.yaml")


def opened(path: str = SHORT, chunk_rows: int = 7) -> Captures:
    return open_captures([Input(path)], chunk_rows=chunk_rows)


# --- single packets --------------------------------------------------------------------------------------------


def firewall(mode: Any = "stateful", rules: Any = EDGE, **document: Any) -> Simulator:
    return Simulator(ruleset_of(rules, **document), mode=mode)


SYN = IP(src="10.1.0.5", dst="203.0.113.80") / TCP(sport=40000, dport=443, flags="S", seq=1000)
SYN_ACK = IP(src="203.0.113.80", dst="10.1.0.5") / TCP(sport=443, dport=40000, flags="SA", seq=5000, ack=1001)


def test_a_conversation_is_decided_packet_by_packet() -> None:
    wall = firewall()
    first = wall.decide(SYN, at=0.0, iif="lan")
    assert (first.admitted, first.ct_state, first.rule, first.connection) == (True, CtState.NEW, "out", 1)
    second = wall.decide(SYN_ACK, at=0.5, iif="wan")
    assert (second.admitted, second.ct_state, second.ct_direction) == (True, CtState.ESTABLISHED, Direction.REPLY)
    assert (second.tcp_state_before, second.tcp_state) == (TcpState.SYN_SENT, TcpState.SYN_RECV)


def test_a_decision_knows_everything_by_name() -> None:
    decision = firewall().decide(SYN_ACK, iif="wan")
    assert decision == Decision(
        mode="stateful", verdict=Verdict.DROP, reason=Reason.TCP_NOT_AN_OPENING, reject_with=RejectWith.NONE,
        hook=Hook.FORWARD, chain="rules", rule="broken", line=None, mirror=False, ct_state=CtState.INVALID,
        ct_direction=Direction.NONE, tcp_state_before=None, tcp_state=None, connection=None,
        evidence=("synack-without-syn",),
    )  # fmt: skip
    assert not decision.admitted


def test_the_line_of_the_rule_is_that_of_its_file() -> None:
    wall = Simulator(fwsim.load_ruleset(OFFICE))
    lines = Path(OFFICE).read_text().splitlines()
    decision = wall.decide(IP(src="10.1.0.7", dst="203.0.113.80") / TCP(dport=443, flags="S"))
    assert decision.line is not None
    assert "name: staff web" in lines[decision.line - 1]
    policy = wall.decide(IP(src="203.0.113.80", dst="10.1.0.7") / TCP(dport=22, flags="S"))
    assert policy.line is not None
    assert (policy.rule, lines[policy.line - 1].strip()) == ("policy", "policy: drop")


def test_stateless_decisions_do_not_depend_on_what_came_before() -> None:
    wall = firewall("stateless")
    before = wall.decide(SYN_ACK, iif="wan")
    wall.decide(SYN, iif="lan")
    assert (before.verdict, before.mirror, before.reason) == (Verdict.ACCEPT, True, Reason.MIRROR)
    assert wall.decide(SYN_ACK, iif="wan").verdict == before.verdict


def test_the_time_goes_on_only_as_told_and_never_back() -> None:
    wall = firewall()
    query = IP(src="10.1.0.5", dst="203.0.113.80") / UDP(sport=40000, dport=53) / b"?"
    answer = IP(src="203.0.113.80", dst="10.1.0.5") / UDP(sport=53, dport=40000) / b"!"
    wall.decide(query, at=100)
    assert wall.decide(answer).ct_state == CtState.ESTABLISHED
    assert wall.decide(answer, at=1).ct_state == CtState.ESTABLISHED
    assert wall.decide(answer, at=129.9).ct_state == CtState.ESTABLISHED
    assert wall.decide(answer, at=300).ct_state == CtState.NEW


def test_an_interface_that_is_told_is_where_the_packet_came_in() -> None:
    wall = firewall()
    forged = wall.decide(SYN, iif="wan")
    assert (forged.verdict, forged.evidence) == (Verdict.DROP, ("spoofed-source",))
    assert wall.decide(SYN).admitted  # guessed from its source


def test_frames_and_bare_packets_are_the_same() -> None:
    bare, framed = firewall(), firewall()
    assert bare.decide(SYN, iif="lan") == framed.decide(Ether() / SYN, iif="lan")


def test_ipv6_and_icmp_are_decided_too() -> None:
    wall = firewall()
    assert wall.decide(IPv6(src="fd00:1::5", dst="2001:db8::80") / TCP(dport=443, flags="S")).admitted
    assert wall.decide(IP(src="10.1.0.5", dst="203.0.113.80") / ICMP(id=3)).admitted
    reply = wall.decide(IP(src="203.0.113.80", dst="10.1.0.5") / ICMP(type=0, id=3))
    assert reply.ct_state == CtState.ESTABLISHED
    assert reply.tcp_state is None


def test_a_frame_that_is_not_ip_is_not_evaluated() -> None:
    decision = firewall().decide(Ether() / ARP())
    assert (decision.verdict, decision.reason, decision.hook) == (Verdict.NOT_EVALUATED, Reason.NOT_IP, None)


def test_an_unknown_decision_is_not_admitted() -> None:
    wall = firewall(rules=[{"name": "perhaps", "oif": "wan", "verdict": "accept"}])
    decision = wall.decide(IP(src="10.1.0.5", dst=NOWHERE) / TCP(flags="S"))
    assert (decision.verdict, decision.admitted) == (Verdict.UNKNOWN, False)


@pytest.mark.parametrize(
    ("mode", "packet", "rules", "line"),
    [
        ("stateful", SYN, EDGE, "stateful: accept, by rule 'out' of chain 'rules', ct state new"),
        (
            "stateful", SYN_ACK, EDGE,
            "stateful: drop, by rule 'broken' of chain 'rules', ct state invalid, tcp-not-an-opening, "
            "evidence synack-without-syn",
        ),
        (
            "stateless", SYN_ACK, EDGE,
            "stateless: accept, by rule 'out' of chain 'rules', through its mirror image, mirror, "
            "evidence synack-without-syn",
        ),
        ("stateful", SYN, [], "stateful: drop, by policy of chain 'rules'"),
        ("stateful", Ether() / ARP(), EDGE, "stateful: not_evaluated, not-ip"),
    ],
)  # fmt: skip
def test_a_printed_decision_explains_itself(mode: str, packet: Any, rules: Any, line: str) -> None:
    assert str(firewall(mode, rules).decide(packet)) == line


def test_interfaces_and_local_addresses_may_be_given_beside_the_ruleset() -> None:
    ruleset = ruleset_of([{"name": "mine", "iif": "lan", "verdict": "accept"}])
    wall = Simulator(ruleset, interfaces={"lan": ["192.0.2.0/24"]}, local=["192.0.2.1"])
    decision = wall.decide(IP(src="192.0.2.9", dst="192.0.2.1") / UDP())
    assert (decision.rule, decision.hook) == ("mine", Hook.INPUT)


def test_an_interface_that_is_not_declared_is_refused() -> None:
    with pytest.raises(UsageError, match=r"iif='lann': unknown interface 'lann', did you mean 'lan'\?"):
        firewall().decide(SYN, iif="lann")
