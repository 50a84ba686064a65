"""Explanations of translated packets: what rules see behind a translation, and who has chosen it."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import IP, TCP

from fwsim.capture import from_scapy
from fwsim.explain import explain
from fwsim.explain.chains import stateful_walk, stateless_walk
from fwsim.naming import Naming, RuleNames
from fwsim.reasons import SENTENCES
from fwsim.terms import Reason
from tests.deciding import error_about, icmp, tcp, udp
from tests.explaining import moment_of, told
from tests.gateway import FORWARD, IN, MASQUERADE, OUT, OUTSIDE, RAW
from tests.gateway import PUBLIC as OWN
from tests.gateway import Gateway as OneSided
from tests.natted import HOST, PEER, PUBLIC, RULES, SERVER, Gateway
from tests.placed import Captures, Interface

SYN = tcp("S", HOST, PEER)


def walked(gate: Gateway, packet: Any) -> list[str]:
    return [f"{name} {' '.join(str(text).split())}".strip() for name, text in stateful_walk(moment_of(gate, packet))]


def translations(lines: list[str]) -> list[str]:
    return [line.partition("now ")[2] for line in lines if "now " in line]


def test_the_first_packet_tells_the_rule_and_what_rules_see_behind_it() -> None:
    lines = walked(Gateway(), tcp("S", PEER, PUBLIC, ports=(50000, 8080)))
    assert translations(lines) == [
        f"{PEER}.50000 > {SERVER}.80: destination translated by rule 1 of inet nat pre (line 4), on its way to forward"
    ]
    assert any("ct status dnat accept yes -> accept" in line for line in lines)
    assert lines.index(next(line for line in lines if "now" in line)) == 1


def test_later_packets_and_answers_tell_the_packet_whose_translation_is_remembered() -> None:
    gate = Gateway()
    gate.ask(SYN)
    (back,) = translations(walked(gate, tcp("SA", PEER, PUBLIC, ports=(443, 40000), ack=1001)))
    assert back.startswith(f"{PEER}.443 > {HOST}.40000: destination translated back, as is remembered of packet 1")
    (forth,) = translations(walked(gate, tcp("A", HOST, PEER, seq=1001, ack=1001)))
    assert forth == f"{PUBLIC}.40000 > {PEER}.443: source translated as is remembered of packet 1"


def test_errors_about_translated_packets_are_translated_as_these() -> None:
    gate = Gateway()
    gate.ask(SYN)
    (error,) = translations(walked(gate, error_about(tcp("S", PUBLIC, PEER), "192.0.2.9")))
    assert error.startswith(f"192.0.2.9 > {HOST}: destination translated back, as is remembered of packet 1")


def test_pings_tell_their_id_and_a_drawn_port_is_a_question_mark() -> None:
    (ping,) = translations(walked(Gateway(), icmp(8, HOST, PEER)))
    assert ping == f"{PUBLIC} > {PEER} id 7: source translated by rule 2 of inet nat post (line 11)"
    (drawn,) = translations(walked(Gateway(), udp(HOST, PEER, ports=(123, 123))))
    assert drawn == f"{PUBLIC}.? > {PEER}.123: source translated by rule 1 of inet nat post (line 10)"


def test_a_rule_that_leaves_a_packet_as_it_is_is_told_too() -> None:
    lines = walked(Gateway(RULES.replace("udp dport 53 redirect to :5353", "dnat ip to 203.0.113.80")), SYN)
    assert any("destination stays as it is, by rule 2 of inet nat pre (line 5)" in line for line in lines)


def test_a_port_that_is_changed_without_a_rule_says_so() -> None:
    gate = Gateway(RULES.replace('oifname "wan" masquerade\n', f"ip saddr {HOST} snat ip to 10.1.0.99\n"))
    gate.ask(SYN)
    (moved,) = translations(walked(gate, tcp("S", "10.1.0.99", PEER)))
    reason = "source translated by no rule: the answer to it could be one to another connection"
    assert moved == f"10.1.0.99.? > {PEER}.443: {reason}"


def test_a_clash_is_told_as_the_reason_of_the_drop() -> None:
    gate = Gateway(
        RULES.replace('oifname "wan" masquerade\n', 'oifname "wan" meta l4proto tcp snat ip to 203.0.113.1:4000\n')
    )
    gate.ask(tcp("S", HOST, PEER))
    text = told(gate, tcp("S", "10.1.0.77", PEER))
    assert "STATEFUL drop: its answers would be taken for another connection's, and translation finds nothing" in text


def test_a_drop_by_translation_itself_is_told_where_it_happens() -> None:
    gate = Gateway()
    gate.ask(SYN)
    redirect = error_about(tcp("S", PUBLIC, PEER), "192.0.2.9", 5, 1)
    lines = walked(gate, redirect)
    assert lines[-1] == f"prerouting dropped: {SENTENCES[Reason.NAT_REDIRECT]} -> drop"
    gate = Gateway()
    gate.ask(SYN)
    assert f"STATEFUL drop: {SENTENCES[Reason.NAT_REDIRECT]}\n" in told(gate, redirect)


def test_both_tuples_of_a_translated_connection_are_told() -> None:
    gate = Gateway()
    tuples = f"translated: {HOST}.40000 > {PEER}.443, answered by {PEER}.443 > {PUBLIC}.40000\n"
    text = told(gate, SYN)
    assert tuples in text.partition(" afterwards ")[2]
    assert tuples in told(gate, tcp("SA", PEER, PUBLIC, ports=(443, 40000), ack=1001)).partition(" afterwards ")[0]
    assert "translated:" not in told(gate, tcp("S", HOST, "10.1.0.77"))


def test_stateless_every_packet_is_translated_anew() -> None:
    gate = Gateway()
    for packet in (SYN, tcp("A", HOST, PEER, seq=1001, ack=1001)):
        lines = [" ".join(str(text).split()) for _, text in stateless_walk(moment_of(gate, packet))]
        assert (
            translations(lines)[0]
            == f"{PUBLIC}.40000 > {PEER}.443: source translated by rule 2 of inet nat post (line 11)"
        )


TPROXY = """table inet mangle {
  chain pre {
    type filter hook prerouting priority PRIORITY
    tcp dport 99 limit rate 1/second tproxy ip to :98 accept
    meta l4proto tcp tproxy ip to 127.0.0.1:3128 accept
  }
}
table inet filter {
  chain forward {
    type filter hook forward priority 0; policy drop
    ct state established accept
  }
}
"""


@pytest.mark.parametrize("priority", ["-150", "-300"])
def test_what_a_program_takes_hangs_on_that(priority: str) -> None:
    gate = Gateway(TPROXY.replace("PRIORITY", priority))
    construct = "what is not simulated: tproxy ip to 127.0.0.1:3128"
    tentative = tcp("A", HOST, PEER, seq=1001, ack=1)
    for packet, hangs in (SYN, construct), (tentative, "something that is not simulated"):
        text = told(gate, packet)
        assert f"STATEFUL unknown: it hangs on {hangs} (at rule 2 of inet mangle pre (line 5))\n" in text
        told_last = [line for line in text.partition("STATELESS")[0].splitlines() if "->" in line][-1]
        assert told_last.endswith("tproxy ip to 127.0.0.1:3128 accept yes -> not simulated")
        assert "translated" not in text
    assert "STATEFUL drop, by policy of inet filter forward" in told(gate, tcp("S", "fd00:1::11", "2001:db8:80::80"))


# --- one side only ---------------------------------------------------------------------------------------------------


def explained(gate: OneSided, on: str, way: int, packet: Any) -> str:
    deciding = gate.simulator
    (chunk,) = from_scapy([packet], interface=on, ts=9_000_000)
    chunk.frames["sent_or_received"] = way
    deciding.topology.locate(Captures([Interface(name, RAW) for name in gate.on]), chunk)
    names = {str(mode): RuleNames(one.rules, one.chains) for mode, one in deciding.lowered.items()}
    return explain(deciding, deciding.undecided(chunk), 0, Naming(["wan.pcap"], deciding.topology.names, names))


@pytest.mark.parametrize("known", [True, False])
def test_what_was_captured_when_it_had_left_tells_what_it_was(known: bool) -> None:
    gate = OneSided(FORWARD if known else MASQUERADE, on=("wan",))
    if known:
        gate.see("wan", IN, IP(src=OUTSIDE, dst=OWN) / TCP(sport=5000, dport=80, flags="S", seq=1))
    answer = IP(src=OWN, dst=OUTSIDE) / TCP(sport=80, dport=5000, flags="SA" if known else "S", seq=9, ack=2)
    text = explained(gate, "wan", OUT, answer)
    if known:
        assert f"rules see what it was before, 10.2.0.2.8080 > {OUTSIDE}.5000\n" in text
        assert f"now {OWN}.80 > {OUTSIDE}.5000: source translated back, as is remembered of packet 1\n" in text
        assert text.splitlines()[2].startswith("STATEFUL  accept")
    else:
        assert text.count("what it was before is not known: no rule is asked") == 2
        assert "ct state not known" in text
