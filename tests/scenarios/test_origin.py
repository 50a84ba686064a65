"""Where packets came from, the whole way: frames are decoded, located, tracked and judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import CookedLinux, CookedLinuxV2, Dot1Q, Ether

from fwsim.capture import from_scapy
from fwsim.result import Result
from fwsim.ruleset import Ruleset
from fwsim.simulator import Batch, Simulator
from fwsim.terms import CtState, Hook, Reason, Verdict, evidence_words

HOST, SERVER = "10.1.4.5", "198.51.100.9"
ACCEPT, DROP, NOT_EVALUATED = int(Verdict.ACCEPT), int(Verdict.DROP), int(Verdict.NOT_EVALUATED)

OFFICE: dict[str, Any] = {
    "interfaces": {
        "lan": {"networks": ["10.1.0.0/16"]},
        "dmz": {"networks": ["192.0.2.0/28"]},
        "wan": {"networks": ["any"]},
    },
    "policy": "drop",
    "rules": [
        {"name": "replies", "ct_state": ["established", "related"], "verdict": "accept"},
        {"name": "staff", "iif": "lan", "oif": "wan", "ct_state": "new", "verdict": "accept"},
        {"name": "public", "dst": "192.0.2.2", "ct_state": "new", "verdict": "accept"},
    ],
}


def judged(packets: Sequence[Any], local: Sequence[str] = (), **rules: Any) -> tuple[Batch, Simulator]:
    """The decisions on a capture of these packets, 1 ms apart."""
    for position, packet in enumerate(packets):
        packet.time = 1_700_000_000 + position / 1000
    simulator = Simulator(Ruleset.model_validate(OFFICE | rules), local=local, key=1)
    (batch,) = Result(from_scapy(packets), simulator)
    return batch, simulator


def seen(packet: Any, on: str, ttl: int = 64, direction: int = 0) -> Any:
    """A copy of a packet as seen on a named interface."""
    copy = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / packet.copy()
    copy[IP].ttl = ttl
    copy.sniffed_on = on
    copy.direction = direction
    return copy


def cooked(packet: Any, kind: int, ifindex: int = 0, ttl: int = 64) -> Any:
    """A copy of a packet as `tcpdump -i any` sees it; `kind` 0 came in, 4 goes out."""
    layer = CookedLinuxV2(pkttype=kind, ifindex=ifindex) if ifindex else CookedLinux(pkttype=kind)
    copy = layer / packet.copy()
    copy[IP].ttl = ttl
    return copy


def handshake(src: str = HOST, dst: str = SERVER) -> list[Any]:
    out, back = IP(src=src, dst=dst, id=1), IP(src=dst, dst=src, id=2)
    return [
        out / TCP(sport=40000, dport=443, flags="S", seq=100),
        back / TCP(sport=443, dport=40000, flags="SA", seq=900, ack=101),
        out / TCP(sport=40000, dport=443, flags="A", seq=101, ack=901),
    ]


def test_conversation_seen_on_both_interfaces_is_tracked_once() -> None:
    syn, synack, ack = handshake()
    batch, simulator = judged([
        seen(syn, "lan"), seen(syn, "wan", 63), seen(synack, "wan"), seen(synack, "lan", 63), seen(ack, "lan"),
        seen(ack, "wan", 63),
    ])  # fmt: skip
    assert batch.stateful["verdict"].tolist() == [ACCEPT, NOT_EVALUATED] * 3
    assert batch.stateless["verdict"].tolist() == [ACCEPT, NOT_EVALUATED] * 3
    assert batch.frames["reason"].tolist() == [0, Reason.EGRESS_COPY] * 3
    assert batch.stateful["connection"][::2].tolist() == [1, 1, 1]
    assert simulator.topology.notes() == []


def test_conversation_seen_by_tcpdump_on_any_is_tracked_once() -> None:
    syn, synack, ack = handshake()
    for ins, outs in (((2, 3), (3, 2)), ((0, 0), (0, 0))):  # ifindexes of cooked v2, or none in v1
        batch, _ = judged([
            cooked(syn, 0, ins[0]), cooked(syn, 4, outs[0], 63), cooked(synack, 0, ins[1]),
            cooked(synack, 4, outs[1], 63), cooked(ack, 0, ins[0]), cooked(ack, 4, outs[0], 63),
        ])  # fmt: skip
        assert batch.stateful["verdict"].tolist() == [ACCEPT, NOT_EVALUATED] * 3


def test_conversation_on_a_trunk_is_tracked_once_in_its_vlan_interfaces() -> None:
    interfaces = {"eth0.10": {"networks": ["10.1.0.0/16"]}, "eth0.20": {"networks": ["any"]}}
    rules = [{"iif": "eth0.10", "oif": "eth0.20", "ct_state": "new", "verdict": "accept"}]
    syn = handshake()[0]
    frames = []
    for vlan, ttl in ((10, 64), (20, 63)):
        frame = Ether() / Dot1Q(vlan=vlan) / syn.copy()
        frame[IP].ttl = ttl
        frame.sniffed_on = "eth0"
        frames.append(frame)
    batch, _ = judged(frames, interfaces=interfaces, rules=rules)
    assert batch.stateful["verdict"].tolist() == [ACCEPT, NOT_EVALUATED]


def test_capture_on_the_outside_alone_is_judged_with_ingress_from_the_source() -> None:
    syn, synack, ack = handshake()
    batch, simulator = judged([seen(syn, "wan", 63), seen(synack, "wan"), seen(ack, "wan", 63)])
    assert batch.stateful["verdict"].tolist() == [ACCEPT] * 3
    assert batch.packets["iif"].tolist() == [0, 2, 0]
    assert "guessed" in simulator.topology.notes()[0]


def test_forged_inside_source_is_let_in_by_a_rule_without_an_interface_and_marked() -> None:
    forged = IP(src=HOST, dst="192.0.2.2") / UDP(sport=5, dport=53)
    batch, _ = judged([seen(forged, "wan"), seen(IP(src=SERVER, dst="192.0.2.2") / UDP(sport=5, dport=53), "wan")])
    assert batch.stateful["verdict"].tolist() == [ACCEPT, ACCEPT]
    assert [evidence_words(int(bits)) for bits in batch.frames["evidence"]] == [["spoofed-source"], []]


def test_last_ttl_gets_a_state_but_no_verdict_and_leaves_no_connection() -> None:
    syn = handshake()[0]
    batch, _ = judged([seen(syn, "lan", 1), seen(syn, "lan", 64)])
    assert batch.stateful["verdict"].tolist() == [NOT_EVALUATED, ACCEPT]
    assert batch.stateful["reason"][0] == Reason.TTL_EXPIRED
    assert batch.stateful["ct_state"].tolist() == [CtState.NEW, CtState.NEW]


def test_own_address_from_outside_is_a_martian_that_no_rule_decides() -> None:
    forged = IP(src="10.1.0.1", dst=HOST) / UDP(sport=5, dport=53)
    batch, _ = judged([seen(forged, "wan", direction=1)], local=["10.1.0.1"])
    assert batch.stateful["verdict"].tolist() == [NOT_EVALUATED]
    assert batch.stateful["reason"].tolist() == [Reason.MARTIAN_SOURCE]
    assert evidence_words(int(batch.frames["evidence"][0])) == ["spoofed-source"]


def test_hooks_follow_the_local_addresses() -> None:
    chains = {"in": {"hook": "input", "policy": "drop"}, "out": {"hook": "output"}, "through": {"hook": "forward"}}
    ends = [(SERVER, "203.0.113.1"), ("203.0.113.1", SERVER), (SERVER, HOST)]
    told = [IP(src=src, dst=dst) / UDP() for src, dst in ends]
    rules = {"interfaces": OFFICE["interfaces"], "local": ["203.0.113.1"], "chains": chains}
    simulator = Simulator(Ruleset.model_validate(rules), key=1)
    (batch,) = Result(from_scapy([seen(packet, "wan") for packet in told]), simulator)
    assert batch.stateful["hook"].tolist() == [Hook.INPUT, Hook.OUTPUT, Hook.FORWARD]
    assert batch.stateful["verdict"].tolist() == [DROP, ACCEPT, ACCEPT]


def test_loopback_traffic_passes_output_and_input_and_is_tracked_once() -> None:
    question = IP(src="127.0.0.1", dst="127.0.0.1") / UDP(sport=5000, dport=53)
    answer = IP(src="127.0.0.1", dst="127.0.0.1") / UDP(sport=53, dport=5000)
    refused = IP(src="127.0.0.1", dst="127.0.0.1") / UDP(sport=5000, dport=54)
    chains = {
        "in": {"hook": "input", "rules": [{"proto": "udp", "dport": 54, "verdict": "drop"}]},
        "out": {"hook": "output", "rules": [{"ct_state": "new", "counter": True}]},
    }
    simulator = Simulator(Ruleset.model_validate({"chains": chains}), key=1)
    (batch,) = Result(from_scapy([question, answer, refused]), simulator)
    assert batch.stateful["ct_state"].tolist() == [CtState.NEW, CtState.ESTABLISHED, CtState.NEW]
    assert batch.stateful["connection"].tolist()[:2] == [1, 1]
    assert batch.stateful["verdict"].tolist() == [ACCEPT, ACCEPT, DROP]
    assert batch.stateful["hook"].tolist() == [Hook.INPUT] * 3
