"""A firewall that is asked packet by packet, and packets in a few words: for tests of what is decided, and why."""

from __future__ import annotations

import struct
from dataclasses import replace
from decimal import Decimal
from typing import Any

from scapy.layers.l2 import Ether

from fwsim.capture import from_scapy
from fwsim.capture.crafting import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Ip,
    ethernet,
    flag_bits,
    icmp_message,
    tcp_segment,
    udp_datagram,
)
from fwsim.naming import Naming, RuleNames
from fwsim.ruleset import Ruleset
from fwsim.simulator import MODES, Batch, Decision, Mode, Simulator
from fwsim.tables import plain

HERE, THERE, OWN = "10.1.0.5", "203.0.113.80", "10.1.0.1"
HERE6, THERE6 = "fd00:1::5", "2001:db8::80"
NOWHERE = "198.51.100.9"
"""Behind no interface."""

INTERFACES: dict[str, Any] = {
    "lan": {"networks": ["10.1.0.0/16", "fd00:1::/64"], "addresses": ["10.1.0.1", "fd00:1::1"]},
    "wan": {"networks": ["203.0.113.0/24", "2001:db8::/32"], "addresses": ["203.0.113.1", "2001:db8::1"]},
}

KNOWN: dict[str, Any] = {"name": "known", "ct_state": ["established", "related"], "verdict": "accept"}
BROKEN: dict[str, Any] = {"name": "broken", "ct_state": "invalid", "verdict": "drop"}
OUT: dict[str, Any] = {"name": "out", "iif": "lan", "ct_state": "new", "verdict": "accept"}
EDGE: list[dict[str, Any]] = [KNOWN, BROKEN, OUT]
"""Who is inside may open connections; policy drop."""

STEP_NS = 1_000_000
START_NS = 1_772_438_403_000_000_000
UNKNOWN_INTERFACE: dict[str, Any] = {"name": "perhaps", "oif": "wan"}
"""Of a packet to NOWHERE it is not known whether this matches."""
PERHAPS: dict[str, Any] = {**UNKNOWN_INTERFACE, "ct_state": "new", "verdict": "accept"}
"""Of a new packet between HERE and NOWHERE it is not known whether this accepts it."""

Rules = list[dict[str, Any]] | dict[str, Any]


def ruleset_of(rules: Rules, policy: str = "drop", **document: Any) -> Ruleset:
    """Rules for every packet with this policy, or chains, and what else stands in the ruleset."""
    chosen = {"chains": rules} if isinstance(rules, dict) else {"policy": policy, "rules": rules}
    return Ruleset.model_validate({"interfaces": INTERFACES, **chosen, **document})


class Wall:
    """A simulator with a clock of its own: a millisecond from one packet to the next."""

    def __init__(self, rules: Rules, *, mode: Mode = "stateful", policy: str = "drop", **document: Any) -> None:
        """`rules`, `policy` and `document` as in `ruleset_of`."""
        self.simulator = Simulator(ruleset_of(rules, policy, **document), mode=mode, key=1)
        self.mode: Mode = mode
        self.now_ns = START_NS
        self.number = 0
        self.batch = self.bring(Ip(HERE, THERE, UDP, b""))
        self.now_ns, self.number = START_NS, 0

    def bring(self, packet: Ip, *, seen: str | None = None, cut: int | None = None, direction: int = 0) -> Batch:
        """A packet as a batch in which nothing is decided; `seen` on an interface, of the frame only `cut` bytes."""
        data = ethernet(bytes(6), bytes(6), packet.encode(), padded=False)
        frame = Ether(data[:cut])
        frame.time = Decimal(self.now_ns) / 10**9
        frame.wirelen = len(data)
        frame.direction = direction
        captures = from_scapy([frame], interface=seen)
        (chunk,) = captures
        self.number += 1
        chunk.frames["number"] = self.number
        self.simulator.topology.locate(captures, chunk)
        self.now_ns += STEP_NS
        return self.simulator.undecided(chunk)

    def ask(self, packet: Ip, **how: Any) -> Decision:
        """Decide about a packet in the wall's mode; `how` as in `bring`."""
        self.batch = self.bring(packet, **how)
        self.simulator.step(self.batch, 0)
        return self.simulator.decision_of(self.batch, 0, self.mode)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ns += round(seconds * 1e9)

    @property
    def row(self) -> dict[str, int]:
        """The last decision as a row."""
        return plain(self.batch.decisions(self.mode)[0])

    @property
    def naming(self) -> Naming:
        """The names of the run."""
        names = {
            mode: RuleNames(self.simulator.lowered[mode].rules, self.simulator.lowered[mode].chains) for mode in MODES
        }
        return Naming(["hand.pcapng"], self.simulator.topology.names, {str(mode): names[mode] for mode in MODES})


def tcp(
    flags: str = "S", src: str = HERE, dst: str = THERE, *, ports: tuple[int, int] = (40000, 443),
    seq: int = 1000, ack: int = 0, win: int = 64240, data: int = 0, **ip: Any,
) -> Ip:  # fmt: skip
    """A TCP segment without options."""
    words = {name: ip.pop(name) for name in ("options", "offset", "bad_checksum") if name in ip}
    segment = tcp_segment(src, dst, ports, (seq, ack), flag_bits(flags), win, data=bytes(data), **words)
    return Ip(src, dst, TCP, segment, **ip)


def udp(src: str = HERE, dst: str = THERE, *, ports: tuple[int, int] = (40000, 53), data: int = 8, **ip: Any) -> Ip:
    """A UDP datagram."""
    return Ip(src, dst, UDP, udp_datagram(src, dst, ports, bytes(data)), **ip)


def icmp(kind: int, src: str = HERE, dst: str = THERE, *, code: int = 0, ident: int = 7, **ip: Any) -> Ip:
    """An ICMP or ICMPv6 message with an id."""
    message = icmp_message(src, dst, kind, code, struct.pack("!HH", ident, 1), bytes(8))
    return Ip(src, dst, ICMPV6 if ":" in src else ICMP, message, **ip)


def error_about(offender: Ip, src: str, kind: int = 3, code: int = 1) -> Ip:
    """An ICMP error to the sender of a packet, which it quotes."""
    message = icmp_message(src, offender.src, kind, code, bytes(4), offender.encode()[:48])
    return Ip(src, offender.src, ICMPV6 if ":" in src else ICMP, message)


def handshake(wall: Wall, **words: Any) -> list[Decision]:
    """SYN, SYN-ACK and ACK from HERE to THERE; the next numbers are 1001 and 5001."""
    ports = words.pop("ports", (40000, 443))
    return [
        wall.ask(tcp("S", ports=ports, **words)),
        wall.ask(tcp("SA", THERE, HERE, ports=ports[::-1], seq=5000, ack=1001, **words)),
        wall.ask(tcp("A", ports=ports, seq=1001, ack=5001, **words)),
    ]


def back(flags: str = "SA", **words: Any) -> Ip:
    """From THERE, in answer to `tcp()`."""
    return tcp(flags, THERE, HERE, **{"ports": (443, 40000), "seq": 5000, "ack": 1001, **words})


def later(packet: Ip, **words: Any) -> Ip:
    """The packet with other fields of its IP header."""
    return replace(packet, **words)
