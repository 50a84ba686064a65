"""The packet of a finding, and the one that it answers, made of what is told of it and sent through a simulator."""

from __future__ import annotations

from io import StringIO
from typing import Any

from scapy.layers.l2 import Ether

from fwsim.capture import from_scapy
from fwsim.capture.crafting import (
    Ip,
    ethernet,
    icmp_message,
    mac_of,
    sctp_chunk,
    sctp_packet,
    tcp_segment,
    udp_datagram,
)
from fwsim.checking import Finding, Kind
from fwsim.engine.path import LOCAL
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from fwsim.terms import ABSENT, CtState, Hook, Verdict, word
from tests.rich_traffic import INTERFACES, OWN

Fields = dict[str, Any]
TCP, UDP, ICMP, ICMPV6, SCTP = 6, 17, 1, 58, 132
HOOKS = {word(hook): int(hook) for hook in Hook} | {"local": LOCAL}
ANSWERED_AT = {int(Hook.INPUT): int(Hook.OUTPUT), int(Hook.OUTPUT): int(Hook.INPUT)}
REQUEST = {0: 8, 14: 13, 16: 15, 18: 17, 129: 128, 140: 139}
ANY = {"l-any": ["192.168.77.0/24"]}
CALLED = {"l*": "l-any"}
"""An interface for those that are called so."""
STATES = {word(state): int(state) for state in CtState}


def frame_of(fields: Fields, *, ack: int = 0) -> Any:
    """A packet as a frame."""
    src, dst, proto = fields["src"], fields["dst"], fields["proto"]
    ports = fields.get("sport", 0), fields.get("dport", 0)
    room = bytes(max(fields.get("length", 0) - (20 if fields["family"] == 4 else 40) - 8, 0))
    if proto == TCP:
        numbers = fields.get("tcp_seq", 1_000), fields.get("tcp_ack", ack)
        window = fields.get("tcp_window", 65_535)
        payload = tcp_segment(src, dst, ports, numbers, fields["tcp_flags"], window, data=room[12:])
    elif proto == UDP:
        payload = udp_datagram(src, dst, ports, room)
    elif proto in (ICMP, ICMPV6):
        rest = fields.get("icmp_id", 7).to_bytes(2, "big") + b"\0\1"
        data = room or bytes(8)
        payload = icmp_message(src, dst, fields["icmp_type"], fields.get("icmp_code", 0), rest, data)
    elif proto == SCTP:
        payload = sctp_packet(ports, 0, sctp_chunk("init", tag=7)) + room
    else:
        payload = bytes(8) + (room or bytes(8))
    ip = Ip(src, dst, proto, payload, tos=fields.get("dscp", 0) << 2, ip_id=fields.get("ip_id", 0), ttl=fields["ttl"])
    return Ether(ethernet(mac_of(src), b"\x02" + bytes(5), ip.encode(), padded=False))


def opening_of(answer: Fields) -> Fields:
    """What an answer answers."""
    swapped = {"src": "dst", "dst": "src", "sport": "dport", "dport": "sport", "iif": "oif", "oif": "iif"}
    found = {swapped.get(name, name): value for name, value in answer.items() if name not in ("tcp_ack", "tcp_seq")}
    found["hook"] = ANSWERED_AT.get(answer["hook"], answer["hook"])
    if found["proto"] == TCP:
        found["tcp_flags"] = 2
    if "icmp_type" in found:
        found["icmp_type"] = REQUEST[found["icmp_type"]]
    return found


def brought_about(text: str, found: Finding) -> tuple[list[Any], list[Any]]:
    """What is told of the packet of a finding, and what the engine says: the verdict, and the ct state."""
    assert found.packet is not None
    fields: Fields = dict(found.packet.fields)
    fields["hook"] = HOOKS[fields["hook"]]
    packets = [fields]
    if found.kind == Kind.REPLIES_DROPPED:
        packets = [opening_of(fields), fields]
    simulator = Simulator(load_ruleset(StringIO(text)), interfaces=INTERFACES | ANY, local=tuple(OWN.values()), key=1)
    frames = [frame_of(one, ack=1_001 * place) for place, one in enumerate(packets)]
    captures = from_scapy(frames, ts=1_000_000_000)
    chunk = next(iter(captures))
    simulator.topology.locate(captures, chunk)
    names = list(simulator.topology.names)
    for row, packet in enumerate(packets):
        chunk.packets[row]["hook"] = packet["hook"]
        for way in ("iif", "oif"):
            name = CALLED.get(str(packet.get(way)), packet.get(way))
            chunk.packets[row][way] = names.index(name) if name in names else len(names)
        chunk.packets[row]["oif"] = ABSENT if packet["hook"] == Hook.INPUT else chunk.packets[row]["oif"]
        chunk.frames[row]["route_fault"] = 0
        chunk.frames[row]["reason"] = 0
    rows = simulator.run(chunk).decisions("stateful")
    seen = [[Verdict(int(row["verdict"])).name.lower(), int(row["ct_state"])] for row in rows]
    told = [[found.packet.outcome.partition(":")[0], STATES[fields["ct_state"]]]]
    if not seen[-1][1] or not simulator.lowered["stateful"].tracking:  # dropped before, or not tracked
        told[0][1] = seen[-1][1]
    if found.kind == Kind.REPLIES_DROPPED:
        told.insert(0, ["accept", seen[0][1]])
    return told, seen
