"""Conversations: TCP, UDP, ping and everything else, in numbers relative to their beginning.

Read first: `playbook`. `original` sends from the end that opens, `reply` from the other, as conntrack calls them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from fwsim.capture.crafting import (
    ICMP,
    ICMPV6,
    SCTP,
    TCP,
    UDP,
    Ip,
    flag_bits,
    icmp_message,
    tcp_options,
    tcp_segment,
    udp_datagram,
)
from fwsim.expectations.stage import ACCEPT, ORIGINAL, REPLY, Connection, Key, Sent, Stage

IP_WORDS = {f.name for f in fields(Ip)} - {"src", "dst", "proto", "payload"}
SENDING_WORDS = {"seen", "label", "lost", "cut", "vlan", "copied", "pieces", "order"}
MASK = 0xFFFFFFFF


class Raw(int):
    """An absolute sequence number, where the others are relative."""


def split_words(words: dict[str, Any], *names: set[str]) -> tuple[dict[str, Any], ...]:
    """The keyword arguments that have these names, taken out of the rest."""
    return tuple({word: words.pop(word) for word in list(words) if word in known} for known in names)


def pair(value: Any) -> tuple[Any, Any]:
    """A setting of both ends: given once for both, or as a pair (opening end, other end)."""
    return value if isinstance(value, tuple) else (value, value)


def parse_end(text: str) -> tuple[str, int]:
    """`10.1.0.23:40000` or `[fd00:1::23]:40000`; without a port, port 0."""
    address, colon, port = text.rpartition(":")
    if text.endswith("]") or not colon or ("[" not in text and address.count(":")):
        return text.strip("[]"), 0
    return address.strip("[]"), int(port)


def show_end(address: str, port: int) -> str:
    """An end as tcpdump writes it, with a colon before the port."""
    return (f"[{address}]:{port}" if ":" in address else f"{address}:{port}") if port else address


@dataclass(frozen=True)
class Way:
    """The addresses of a packet, its ports, and the ICMP id."""

    src: str
    sport: int
    dst: str
    dport: int
    ident: int = 0

    def back(self) -> Way:
        """The way of an answer."""
        return Way(self.dst, self.dport, self.src, self.sport, self.ident)


def seen_as(packet: Ip, answering: Way) -> Ip:
    """A packet as it arrives translated, by the way of its answers; nobody verifies checksums in what is quoted."""
    payload = packet.payload
    if packet.proto in (TCP, UDP, SCTP):
        payload = struct.pack("!HH", answering.dport, answering.sport) + payload[4:]
    elif packet.proto in (ICMP, ICMPV6):
        payload = payload[:4] + struct.pack("!H", answering.ident) + payload[6:]
    return replace(packet, src=answering.dst, dst=answering.src, payload=payload)


@dataclass
class End:
    """One end: its address, what its TCP offers, and how far it has come. `next` is relative; `win` as on the wire."""

    address: str
    port: int
    isn: int = 0
    win: int = 64240
    mss: int | None = 1460
    wscale: int | None = None
    sack_ok: bool = False
    timestamps: bool = False
    next: int = 0
    ip_id: int = 0
    clock_ms: int = 0


class Conversation:
    """Two ends that talk over one protocol."""

    def __init__(self, play: Stage, proto: int, opener: str, other: str, **settings: Any) -> None:
        """Name the ends as `address:port`; `settings` are fields of `End` and `Ip`, for both ends or as pairs."""
        self.play = play
        self.proto = proto
        self.ip = split_words(settings, IP_WORDS)[0]
        number = len(play.sent) + len(play.frames)
        ends = []
        for side, text in enumerate((opener, other)):
            address, port = parse_end(text)
            start = {"isn": (0x1F2E3D4C, 0x9A8B7C6D)[side], "ip_id": (0x1000 + 977 * number + 0x4000 * side) & 0xFFFF}
            ends.append(
                End(address, port, **{**start, **{name: pair(value)[side] for name, value in settings.items()}})
            )
        self.ends = (ends[0], ends[1])
        self.last: dict[int, Ip] = {}
        """The last packet in each direction, as it came to the firewall."""
        self.answering: Way | None = None
        """The way of answers if the firewall translates: from where packets arrive, to whom they seem to be from."""

    @property
    def key(self) -> Key:
        """The original tuple."""
        opener, other = self.ends
        return (self.proto, opener.address, opener.port, other.address, other.port)

    @property
    def connection(self) -> Connection:
        """What the firewall remembers of this conversation now."""
        return Connection(Sent(self.play, self.play.now_ns, "", "(the connection, now)", self.key))

    def way(self, direction: int) -> Way:
        """The addresses and ports that packets of a direction carry when they come to the firewall."""
        if direction == REPLY and self.answering is not None:
            return self.answering
        sender, receiver = self.ends[direction], self.ends[1 - direction]
        return Way(sender.address, sender.port, receiver.address, receiver.port)

    def quoted(self, direction: int) -> Ip:
        """The last packet of a direction as those behind the firewall see it, which an ICMP error may quote."""
        packet = self.last[direction]
        if direction == REPLY or self.answering is None:
            return packet
        return seen_as(packet, self.answering)

    def packet(self, direction: int, payload: bytes, **ip: Any) -> Ip:
        """The IP packet around a payload, with the next IP id of its sender."""
        sender, way = self.ends[direction], self.way(direction)
        sender.ip_id = (sender.ip_id + 1) & 0xFFFF
        settings = {word: pair(value)[direction] for word, value in self.ip.items()}
        words = {"ip_id": sender.ip_id, "proto": self.proto, **settings, **ip}
        return Ip(way.src, way.dst, payload=payload, **words)

    def send(self, direction: int, payload: bytes, text: str, words: dict[str, Any], **sending: Any) -> Sent:
        """Send a payload in a direction; `words` are the fields of `Ip` that are not as usual."""
        packet = self.last[direction] = self.packet(direction, payload, **words)
        sent = self.play.send(packet, self.line(direction, text), self.key, **sending)
        became = getattr(sent.decision, "became", None)
        if direction == ORIGINAL and became is not None:
            self.answering = became.back()
        return sent

    def line(self, direction: int, text: str) -> str:
        """A packet as one line of the transcript."""
        way = self.way(direction)
        return f"{show_end(way.src, way.sport)} > {show_end(way.dst, way.dport)} {text}"

    def original(self, data: int | bytes = 0, **words: Any) -> Sent:
        """Send from the opening end."""
        return self.speak(ORIGINAL, data, words)

    def reply(self, data: int | bytes = 0, **words: Any) -> Sent:
        """Send from the other end."""
        return self.speak(REPLY, data, words)

    def speak(self, direction: int, data: int | bytes, words: dict[str, Any]) -> Sent:
        """Send data in the protocol's own dress; a protocol of no particular one sends it bare."""
        ip, sending = split_words(words, IP_WORDS, SENDING_WORDS)
        body = filler(data)
        return self.send(direction, body, f"proto {self.proto}, length {len(body)}", ip, **words, **sending)

    def error(
        self, kind: int, code: int, *, about: int | Ip = ORIGINAL, source: str, to: str | None = None, **words: Any
    ) -> Sent:
        """An ICMP error from a router about a packet: the last in a direction, or any. It goes `to` who sent that.

        `quoted` says how many bytes of the transport header are quoted behind the IP header.
        """
        offender = self.quoted(about) if isinstance(about, int) else about
        return icmp_error(self.play, self.key, offender, kind, code, source, to or offender.src, **words)


def icmp_error(
    play: Stage,
    key: Key | None,
    offender: Ip,
    kind: int,
    code: int,
    source: str,
    to: str,
    *,
    quoted: int = 8,
    **words: Any,
) -> Sent:
    """An ICMP or ICMPv6 error that quotes a packet, and is accounted to the connection with this tuple."""
    ip, sending = split_words(words, IP_WORDS, SENDING_WORDS)
    head = 40 if offender.family == 6 else 20
    rest = words.pop("rest", bytes(4))
    body = icmp_message(source, to, kind, code, rest, offender.encode()[: head + quoted], **words)
    packet = Ip(source, to, ICMPV6 if ":" in source else ICMP, body, **{"tos": 0xC0, "dont_fragment": False, **ip})
    text = f"{source} > {to} icmp error {kind}/{code} about {offender.src} > {offender.dst} proto {offender.proto}"
    return play.send(packet, text, key, **sending)


def filler(data: int | bytes) -> bytes:
    """The bytes given, or this many printable ones (RFC 864, chargen)."""
    if isinstance(data, bytes):
        return data
    line = bytes(range(33, 97))
    return (line * (data // 64 + 1))[:data]


class Tcp(Conversation):
    """A TCP conversation; the first SYN of each end has the relative number 0, its data begin at 1."""

    def __init__(self, play: Stage, opener: str, other: str, **settings: Any) -> None:
        """Name the ends; `settings` are those of `End`."""
        super().__init__(play, TCP, opener, other, **settings)

    def original(self, flags: str = "A", data: int | bytes = 0, **words: Any) -> Sent:  # type: ignore[override]
        """Send a segment from the opening end: flags as letters (`SA` or `S.`), `data` as a length or bytes.

        `seq`, `ack` and the edges in `sack` are relative, or `Raw`. Not named, they are the next ones in order.
        """
        return self.speak(ORIGINAL, data, {"flags": flags, **words})

    def reply(self, flags: str = "A", data: int | bytes = 0, **words: Any) -> Sent:  # type: ignore[override]
        """Send a segment from the other end."""
        return self.speak(REPLY, data, {"flags": flags, **words})

    def speak(self, direction: int, data: int | bytes, words: dict[str, Any]) -> Sent:
        """Send a segment, and count the sender's numbers on if it was the next in order."""
        ip, sending = split_words(words, IP_WORDS, SENDING_WORDS)
        body = filler(data)
        segment, text = self.segment(direction, body, **words)
        return self.send(direction, segment, text, ip, **sending)

    def segment(
        self,
        direction: int,
        body: bytes,
        *,
        flags: str,
        seq: int | None = None,
        ack: int | None = None,
        win: int | None = None,
        options: bytes | None = None,
        sack: tuple[tuple[int, int], ...] = (),
        **tcp: Any,
    ) -> tuple[bytes, str]:
        """The segment's bytes, and its line for the transcript."""
        sender, receiver = self.ends[direction], self.ends[1 - direction]
        bits = flag_bits(flags)
        syn, fin, acked = bits >> 1 & 1, bits & 1, bits & 0x10
        place = (0 if syn else sender.next) if seq is None else seq
        answer = (receiver.next if acked else Raw(0)) if ack is None else ack
        window = (64240 if syn and sender.wscale else sender.win) if win is None else win
        if options is None:
            edges = tuple((absolute(left, receiver), absolute(right, receiver)) for left, right in sack)
            options = self.options(direction, bool(syn), edges)
        if seq is None:
            sender.next = max(sender.next, place + len(body) + syn + fin)
        numbers = (absolute(place, sender), absolute(answer, receiver))
        way = self.way(direction)
        raw = tcp_segment(
            way.src, way.dst, (way.sport, way.dport), numbers, bits, window, options=options, data=body, **tcp
        )
        text = f"[{flags}] seq {place}" + (f" ack {answer}" if acked else "") + f" win {window} length {len(body)}"
        return raw, text

    def options(self, direction: int, syn: bool, sack: tuple[tuple[int, int], ...]) -> bytes:
        """The options that an end sends: those it offers with its SYN, timestamps and SACK blocks later."""
        sender, receiver = self.ends[direction], self.ends[1 - direction]
        stamps = None
        if sender.timestamps and (syn or receiver.timestamps):
            sender.clock_ms = (self.play.now_ns // 1_000_000 + sender.isn) & MASK
            stamps = (sender.clock_ms, receiver.clock_ms)
        if syn:
            return tcp_options(mss=sender.mss, sack_ok=sender.sack_ok, wscale=sender.wscale, timestamps=stamps)
        return tcp_options(timestamps=stamps, sack=sack)

    def handshake(self, verdict: Any = ACCEPT, **words: Any) -> None:
        """SYN, SYN-ACK, ACK, each accepted; `words` hold for all three."""
        self.original("S", **words).expect(verdict)
        self.reply("SA", **words).expect(verdict)
        self.original("A", **words).expect(verdict)

    def close(self, first: int = ORIGINAL, **words: Any) -> None:
        """FIN and its acknowledgement from both ends, one after the other, each accepted."""
        say: tuple[Callable[..., Sent], Callable[..., Sent]] = (self.original, self.reply)
        for side, flags in ((first, "FA"), (1 - first, "A"), (1 - first, "FA"), (first, "A")):
            say[side](flags, **words).expect(ACCEPT)

    def again(self, **isn: int) -> None:
        """Begin anew with the same addresses and ports: later initial numbers, nothing sent yet."""
        for side, end in enumerate(self.ends):
            end.isn = (isn.get(("original", "reply")[side], end.isn + end.next + 0x10000)) & MASK
            end.next = 0


def absolute(number: int, end: End) -> int:
    """A relative number of this end as it stands in the header."""
    return number if isinstance(number, Raw) else (end.isn + number) & MASK


class Udp(Conversation):
    """A UDP conversation."""

    def __init__(self, play: Stage, opener: str, other: str, **settings: Any) -> None:
        """Name the ends."""
        super().__init__(play, UDP, opener, other, **settings)

    def speak(self, direction: int, data: int | bytes, words: dict[str, Any]) -> Sent:
        """Send a datagram."""
        ip, sending = split_words(words, IP_WORDS, SENDING_WORDS)
        way = self.way(direction)
        body = filler(data)
        datagram = udp_datagram(way.src, way.dst, (way.sport, way.dport), body, **words)
        return self.send(direction, datagram, f"udp, length {len(body)}", ip, **sending)


REQUEST_OF = {8: 0, 13: 14, 15: 16, 17: 18, 128: 129, 139: 140}
"""The answer to each ICMP query (conntrack-spec 2.1)."""


class Ping(Conversation):
    """An ICMP query and its answers: echo, unless `kind` names another request. The ports are the ICMP id."""

    def __init__(
        self, play: Stage, opener: str, other: str, *, ident: int = 1, kind: int | None = None, **settings: Any
    ) -> None:
        """Name the ends, without ports."""
        self.v6 = ":" in opener
        self.kind = kind if kind is not None else 128 if self.v6 else 8
        self.ident = ident
        self.number = 0
        super().__init__(play, ICMPV6 if self.v6 else ICMP, opener, other, **settings)

    @property
    def key(self) -> Key:
        """The original tuple: id; type and code."""
        return (self.proto, self.ends[0].address, self.ident, self.ends[1].address, self.kind << 8)

    def _ident(self, direction: int) -> int:
        """The id as those behind the firewall see it, if they answer."""
        return self.answering.ident if direction == REPLY and self.answering is not None else self.ident

    def speak(self, direction: int, data: int | bytes, words: dict[str, Any]) -> Sent:
        """Send a request, or the answer to the last one; `kind`, `code`, `ident` and `number` may be others."""
        ip, sending = split_words(words, IP_WORDS, SENDING_WORDS)
        if direction == ORIGINAL:
            self.number += 1
        usual = self.kind if direction == ORIGINAL else REQUEST_OF.get(self.kind, self.kind)
        kind, code = words.pop("kind", usual), words.pop("code", 0)
        rest = struct.pack("!HH", words.pop("ident", self._ident(direction)), words.pop("number", self.number))
        way = self.way(direction)
        message = icmp_message(way.src, way.dst, kind, code, rest, filler(data or 56), **words)
        return self.send(direction, message, f"icmp {kind}/{code}, id {self.ident}, seq {self.number}", ip, **sending)
