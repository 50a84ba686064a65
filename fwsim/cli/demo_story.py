"""The story that `fwsim demo` tells: a few packets, made here, and what is worth saying about each.

Read first: RFC 791, RFC 768, RFC 792 and RFC 9293 for the headers. A web client in the office, 10.1.4.23, opens a
connection; strangers try to slip packets in. Sequence numbers are relative to the sender's first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

RULESET = """\
name: demo
interfaces:
  lan: {networks: [10.1.0.0/16]}
  wan: {networks: [any]}
conntrack: {tcp_loose: false}
chains:
  forward:
    hook: forward
    policy: drop
    rules:
      - {name: replies,   ct_state: [established, related], verdict: accept}
      - {name: broken,    ct_state: invalid, verdict: drop}
      - {name: staff web, iif: lan, oif: wan, proto: tcp, dport: [80, 443], ct_state: new, verdict: accept}
      - {name: staff dns, iif: lan, oif: wan, proto: udp, dport: 53, ct_state: new, verdict: accept}
      - {name: staff ping, iif: lan, oif: wan, icmp_type: echo-request, ct_state: new, verdict: accept}
"""

RULES = {
    "replies": "what belongs to a connection, or is related to one",
    "broken": "what fits no connection, though it would have to",
    "staff web": "from the office: connections to web servers (tcp 80, 443)",
    "staff dns": "from the office: questions about names (udp 53)",
    "staff ping": "from the office: pings (icmp echo request)",
}
"""The rules in plain words."""

EXPECTATIONS = """\
# What demo.yaml should do, with demo.pcap and beyond. Every case meets a firewall that has seen nothing.
ruleset: demo.yaml
capture: demo.pcap
cases:
  - {name: who talk to each other may, select: not evidence, count: 9, verdict: accept}
  - name: what nobody asked for stays outside, with state
    select: evidence and evidence != rst-inexact
    count: 6
    stateful: drop
    stateless: accept
  - name: a reset inside the window gets in, but closes nothing
    conversation:
      - tcp 10.1.4.23:51822 > 203.0.113.80:443 handshake
      - {packet: reply rst seq=+100, evidence: rst-inexact}
      - connection: ESTABLISHED
    verdict: accept
  - name: names are asked for and answered
    conversation:
      - {packet: "udp 10.1.4.23:5353 > 198.51.100.53:53 len=30", rule: staff dns}
      - {packet: reply len=100, stateful: {verdict: accept, rule: replies}}
    verdict: accept
  - {name: the office may ping, packet: icmp 10.1.4.23 > 203.0.113.80 echo-request, rule: staff ping, verdict: accept}
  - {name: nobody comes in, packet: "tcp 198.51.100.66 > 10.1.4.23:22 syn in wan", rule: policy, verdict: drop}
"""

CLIENT, WEB, DNS, STRANGER = "10.1.4.23", "203.0.113.80", "198.51.100.53", "198.51.100.66"
NAMES = {CLIENT: "client", WEB: "server", DNS: "resolver", STRANGER: "stranger"}
FIRST = {CLIENT: 1_000_000, WEB: 5_000_000, STRANGER: 9_000_000}
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, ".": 16, "U": 32}
BEGINNING = 1_772_438_403
RAW_IP = 101
"""LINKTYPE_RAW: the packet begins with its IP header."""


@dataclass(frozen=True)
class Scene:
    """A packet (its IP bytes, and when it comes in seconds), and the sentence about it."""

    packet: bytes
    at: float
    sentence: str


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(source: str, destination: str, proto: int, payload: bytes) -> bytes:
    """An IPv4 packet (RFC 791)."""
    addresses = IPv4Address(source).packed + IPv4Address(destination).packed
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 7, 0, 64, proto, 0) + addresses
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def with_pseudo_header(source: str, destination: str, proto: int, segment: bytes) -> int:
    """The checksum of a TCP segment or UDP datagram (RFC 9293 §3.1)."""
    addresses = IPv4Address(source).packed + IPv4Address(destination).packed
    return checksum(addresses + struct.pack("!HH", proto, len(segment)) + segment)


def tcp(
    source: str, sport: int, destination: str, dport: int, flags: str, seq: int, ack: int, data: bytes = b""
) -> bytes:
    """A TCP segment in its packet; `seq` and `ack` relative to the first numbers of both ends."""
    own = (FIRST[source] + seq) & 0xFFFFFFFF
    other = (FIRST[destination] + ack) & 0xFFFFFFFF if "." in flags else 0
    bits = sum(FLAGS[letter] for letter in flags)
    head = struct.pack("!HHIIBBHHH", sport, dport, own, other, 0x50, bits, 64240, 0, 0)
    check = with_pseudo_header(source, destination, 6, head + data)
    return ipv4(source, destination, 6, head[:16] + struct.pack("!H", check) + head[18:] + data)


def udp(source: str, sport: int, destination: str, dport: int, data: bytes) -> bytes:
    """A UDP datagram in its packet."""
    head = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    check = with_pseudo_header(source, destination, 17, head + data)
    return ipv4(source, destination, 17, head[:6] + struct.pack("!H", check) + data)


def echo_reply(source: str, destination: str) -> bytes:
    """An ICMP echo reply in its packet."""
    message = struct.pack("!BBHHH", 0, 0, 0, 0x4711, 1) + b"payload!"
    return ipv4(source, destination, 1, message[:2] + struct.pack("!H", checksum(message)) + message[4:])


def scenes() -> list[Scene]:
    """The packets in their order."""
    out = (CLIENT, 51822, WEB, 443)
    back = (WEB, 443, CLIENT, 51822)
    return [
        Scene(tcp(*out, "S", 0, 0), 0.0, "asks for a connection"),
        Scene(tcp(*back, "S.", 0, 1), 0.020, "agrees"),
        Scene(tcp(*out, ".", 1, 1), 0.021, "confirms"),
        Scene(tcp(*out, "P.", 1, 1, b"GET / HTTP/1.1\r\n\r\n"), 0.022, "the request"),
        Scene(tcp(*back, "P.", 1, 19, b"x" * 1200), 0.050, "the response"),
        Scene(tcp(*out, ".", 19, 1201), 0.051, "has received it"),
        Scene(tcp(STRANGER, 443, CLIENT, 22, ".", 0, 0), 1.0,
              "A bare ACK from port 443: it looks like the reply of a web server."),
        Scene(tcp(STRANGER, 80, CLIENT, 40000, "S.", 0, 1), 2.0,
              "An answer to a question that nobody asked: only who remembers can tell."),
        Scene(tcp(*back, "R", 900_000, 0), 3.0,
              "A forged reset, to end the connection: its sequence number is a bad guess."),
        Scene(tcp(*back, "P.", 500_000, 19, b"evil"), 4.0,
              "Forged data, far beyond the window that the client has granted."),
        Scene(tcp(*back, "R", 1300, 0), 5.0,
              "A better guess, inside the window: state does not stop it. But only the exact number would have ended "
              "the connection."),
        Scene(udp(DNS, 53, CLIENT, 40001, b"\x12\x34\x81\x80forged answer"), 6.0,
              "A forged answer about a name. No question went out."),
        Scene(echo_reply(STRANGER, CLIENT), 7.0,
              "The reply to a ping that nobody sent: a classic way to smuggle data in."),
        Scene(tcp(*out, "F.", 19, 1201), 8.0, "wants to close"),
        Scene(tcp(*back, "F.", 1201, 20), 8.020, "closes, too"),
        Scene(tcp(*out, ".", 20, 1202), 8.021, "confirms: it is over"),
    ]  # fmt: skip


def capture(story: list[Scene]) -> bytes:
    """The packets as a pcap file."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, RAW_IP)]
    for scene in story:
        microseconds = round(scene.at * 1_000_000)
        seconds, rest = BEGINNING + microseconds // 1_000_000, microseconds % 1_000_000
        parts.append(struct.pack("<IIII", seconds, rest, len(scene.packet), len(scene.packet)) + scene.packet)
    return b"".join(parts)
