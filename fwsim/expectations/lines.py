"""A packet in a line: `tcp 198.51.100.7:40000 > 192.0.2.2:443 syn in wan`.

Read first: `Spoken`. Nothing is crafted here (`speaking` does that); a mistake is told with its column in the line.

```
line  := PROTO END > END {word}     a packet; between the same ends, in either direction, it goes on with what was said
       | original {word}            a packet of the same conversation as the line before, from the end that opened it
       | reply {word}               one from the other end
word  := syn | syn-ack | ... | [S.]           TCP flags in words, or as tcpdump has them
       | echo-request | port-unreachable ...  ICMP types, and codes of unreachable
       | init | cookie-echo,data ...          SCTP chunks
       | handshake | close | again            TCP, SCTP: all packets of an opening; TCP: those of a close; anew
       | in INTERFACE | NAME=NUMBER | bad-checksum | lost
       | about (original | reply | PROTO END > END {word})     what an ICMP error quotes
```
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from ipaddress import ip_address
from operator import or_
from typing import Any, NoReturn

from fwsim.capture.crafting import CHUNK_TYPES, FLAG_BITS, ICMP, ICMPV6, SCTP, TCP, UDP
from fwsim.expectations.hints import FLAG_WORDS, flags_together, hint
from fwsim.ruleset import words
from fwsim.ruleset.mistakes import Mistakes, seen, unknown
from fwsim.terms import Direction, TcpFlag

PORTED = (TCP, UDP, SCTP)
CHECKED = (TCP, UDP, SCTP, ICMP, ICMPV6)
"""What has a checksum of its own."""
MUTE = {33: "dccp", 136: "udplite"}
"""Protocols with ports that are not spoken here."""
LONGEST = 1000
"""Letters of a line."""
USUAL_PORT = 40000
"""Where the end that opens speaks from, if no port is named."""

FLAG_SETS = {"none": 0, "null": 0, "xmas": 0x29, "all": 0xFF}
HINTED = ("syn", "syn-ack", "ack", "psh-ack", "fin-ack", "rst", "rst-ack", "handshake", "close")
"""The flags that a message proposes."""

ERRORS = {ICMP: (3, 4, 5, 11, 12), ICMPV6: (1, 2, 3, 4)}
"""The types that report about another packet."""
TYPES: dict[int, Mapping[str, int]] = {ICMP: words.ICMP_TYPES, ICMPV6: words.ICMPV6_TYPES}
CODES: dict[int, Mapping[str, int]] = {ICMP: words.ICMP_CODES, ICMPV6: words.ICMPV6_CODES}
ECHO = {ICMP: 8, ICMPV6: 128}

NUMBERS = {"len": 65_000, "ttl": 255, "tos": 255, "dscp": 63, "vlan": 4094}
"""What can be said of any packet, and the highest value: bytes of data, fields of the IP header, the VLAN id."""
OWN_NUMBERS: dict[int, dict[str, int]] = {
    TCP: {"seq": 0xFFFFFFFF, "ack": 0xFFFFFFFF, "win": 65535},
    ICMP: {"type": 255, "code": 255, "ident": 65535, "number": 65535},
    ICMPV6: {"type": 255, "code": 255, "ident": 65535, "number": 65535},
    SCTP: {"vtag": 0xFFFFFFFF},
}
"""What can be said of packets of a protocol."""
RELATIVE = ("seq", "ack")
"""Numbers that count from the beginning of the conversation, or with a sign from the next one in order."""

NAMES = {"kind": "an ICMP type", "chunks": "chunks", "interface": "an interface"}

TOKEN = re.compile(r"\S+")


class LineMistake(Mistakes):
    """A mistake at an `offset` in a line."""

    def __init__(self, offset: int, message: str) -> None:
        """Where and what."""
        super().__init__(((), message))
        self.offset = offset


@dataclass(frozen=True)
class End:
    """One end of a conversation; port 0 where the protocol has none."""

    address: str
    port: int = 0


@dataclass(frozen=True)
class Next:
    """A number that counts from the next one in order."""

    plus: int


@dataclass(frozen=True)
class Spoken:
    """A line, read. `ends` is None where it goes on with the conversation before, from the end of `direction`."""

    text: str
    proto: int | None = None
    ends: tuple[End, End] | None = None
    direction: Direction = Direction.ORIGINAL
    whole: str = ""
    """`handshake` or `close`: several packets."""
    anew: bool = False
    flags: str | None = None
    """Of TCP, as letters."""
    chunks: tuple[str, ...] = ()
    """Of SCTP."""
    kind: tuple[int, int] | None = None
    """Of ICMP, type and code."""
    about: Direction | Spoken | None = None
    interface: str | None = None
    lost: bool = False
    numbers: dict[str, int | Next] = field(default_factory=dict)
    bad_checksum: bool = False

    @property
    def is_error(self) -> bool:
        """Whether it is an ICMP error."""
        return self.kind is not None and self.proto is not None and self.kind[0] in ERRORS.get(self.proto, ())

    def number(self, name: str, usual: int) -> int:
        """A number that was said and does not depend on the conversation, or else the usual one."""
        found = self.numbers.get(name, usual)
        return found.plus if isinstance(found, Next) else found


def read_line(text: str, proto: int | None = None) -> Spoken:
    """A line of the language; raises `LineMistake`. `proto` is that of the conversation that it may go on with."""
    if len(text) > LONGEST:
        raise LineMistake(LONGEST, f"expected a line of at most {LONGEST} letters")
    reader = _Reader(text, [(match.start(), match.group()) for match in TOKEN.finditer(text)], proto)
    found = reader.line()
    if reader.tokens:
        reader.fail(f"expected nothing more, found {seen(reader.tokens[0][1])}")
    return found


class _Reader:
    """The words of a line, taken one by one."""

    def __init__(self, text: str, tokens: list[tuple[int, str]], proto: int | None = None, *, quoted: bool = False):
        self.text = text
        self.tokens = tokens
        self.proto = proto
        self.quoted = quoted
        self.said: dict[str, Any] = {}

    def fail(self, what: str, offset: int | None = None) -> NoReturn:
        """Raise the mistake, by default at the next word."""
        here = self.tokens[0][0] if self.tokens else len(self.text)
        raise LineMistake(here if offset is None else offset, what)

    def take(self, wanted: str) -> tuple[int, str]:
        """The next word and its place."""
        if not self.tokens:
            self.fail(f"expected {wanted}, but the line ends")
        return self.tokens.pop(0)

    def line(self) -> Spoken:
        """A whole line, or what stands behind `about`."""
        offset, first = self.take("a protocol, original or reply")
        ends = None
        direction = Direction.ORIGINAL
        if first in words.DIRECTIONS:
            direction = Direction(words.DIRECTIONS[first])
        else:
            self.proto = self.protocol(first, offset)
            ends = self.both_ends()
        self.said = {}
        while self.tokens:
            self.word()
        self.settle_kind()
        found = Spoken(self.text, self.proto, ends, direction, **self.said)
        if found.is_error and ends is None:
            self.fail("an ICMP error has ends of its own: expected icmp ROUTER > HOST", offset)
        if found.about is not None and not found.is_error:
            self.fail("only an ICMP error is about another packet: expected its type, such as port-unreachable")
        return found

    def settle_kind(self) -> None:
        """Put `type=` and `code=` where the words for them go."""
        numbers = self.said.get("numbers", {})
        kind, code = self.said.get("kind", (None, 0))
        kind, code = numbers.pop("type", kind), numbers.pop("code", code)
        if kind is None and code:
            self.fail("code= without a type: expected type= before it")
        if kind is not None:
            self.said["kind"] = (kind, code)

    def protocol(self, text: str, offset: int) -> int:
        """A protocol by name or number."""
        if text in words.PROTOCOLS:
            return self.spoken(words.PROTOCOLS[text], offset)
        number = whole(text)
        if number is None or number > 255:
            self.fail(unknown("protocol", text, [*words.PROTOCOLS, "original", "reply"]), offset)
        return self.spoken(number, offset)

    def spoken(self, proto: int, offset: int) -> int:
        """A protocol, if packets of it are made here."""
        if proto in MUTE:
            self.fail(f"packets of {MUTE[proto]} are not made here", offset)
        return proto

    def both_ends(self) -> tuple[End, End]:
        """`END > END`."""
        first = self.end(USUAL_PORT)
        offset, arrow = self.take("'>'")
        if arrow not in (">", "->"):
            self.fail(f"expected '>' between the ends, found {seen(arrow)}", offset)
        at = self.tokens[0][0] if self.tokens else len(self.text)
        second = self.end(None)
        six = ":" in first.address
        if six != (":" in second.address):
            self.fail("both ends must be of one family, IPv4 or IPv6", at)
        if self.proto == ICMP and six:
            self.proto = ICMPV6
        if self.proto == ICMPV6 and not six:
            self.fail("icmpv6 runs between IPv6 addresses: expected icmp", at)
        return first, second

    def end(self, usual: int | None) -> End:
        """An address, with a port where the protocol has them."""
        offset, text = self.take("an address, such as 192.0.2.2:443 or [2001:db8::1]:443")
        host, port = split_end(text)
        try:
            address = str(ip_address(host))
        except ValueError:
            self.fail(f"expected an address, such as 192.0.2.2:443 or [2001:db8::1]:443, found {seen(text)}", offset)
        if self.proto not in PORTED:
            if port is not None:
                self.fail(f"this protocol has no ports: expected {address}", offset)
            return End(address)
        if port is None:
            if usual is None:
                self.fail(f"expected a port behind {text} (an IPv6 address stands in brackets)", offset)
            return End(address, usual)
        number = words.SERVICES.get(port, whole(port))
        if number is not None and number > 65535:
            self.fail(f"expected a port of 0 to 65535, found {seen(port)}", offset)
        if number is None:
            self.fail(unknown("port", port, words.SERVICES), offset)
        return End(address, number)

    def word(self) -> None:
        """One of the words behind the ends."""
        offset, text = self.take("a word")
        name, sign, value = text.partition("=")
        if sign:
            self.number(name, value, offset)
        elif text == "in":
            self.say("interface", self.take("the name of an interface")[1], offset)
        elif text == "about":
            self.say("about", self.subject(), offset)
        elif text == "bad-checksum" and self.proto in (None, *CHECKED):
            self.say("bad_checksum", True, offset)
        elif text == "lost":
            self.say("lost", True, offset)
        elif text == "again" and self.proto in (None, TCP):
            self.say("anew", True, offset)
        else:
            self.own_word(text, offset)

    def say(self, what: str, value: object, offset: int) -> None:
        """Keep what was said, once."""
        if what == "flags" and what in self.said:
            together = flags_together(self.said[what] + str(value))
            self.fail(f"flags twice: expected them in one word, {seen(together)}", offset)
        if what in self.said:
            self.fail(f"{NAMES.get(what, what)} twice: expected one", offset)
        self.said[what] = value

    def subject(self) -> Direction | Spoken:
        """What an error is about."""
        if self.quoted:
            self.fail("what is quoted quotes nothing itself")
        if self.tokens and self.tokens[0][1] in words.DIRECTIONS:
            return Direction(words.DIRECTIONS[self.tokens.pop(0)[1]])
        inner = _Reader(self.text, self.tokens, quoted=True)
        found = inner.line()
        self.tokens = inner.tokens
        return found

    def number(self, name: str, value: str, offset: int) -> None:
        """`NAME=NUMBER`."""
        known = {**NUMBERS, **self.own_numbers()}
        if self.proto == SCTP:
            del known["len"]
        if name not in known:
            self.fail(
                hint(f"{name}={value}", self.proto) or unknown("word", name, [f"{key}=" for key in known]), offset
            )
        numbers = self.said.setdefault("numbers", {})
        if name in numbers:
            self.fail(f"{name} is said twice: expected it once", offset)
        signed = name in RELATIVE and value[:1] in ("+", "-")
        found = whole(value[1:] if signed else value)
        if found is None or found > known[name]:
            self.fail(f"{name}: expected a number of 0 to {known[name]}, found {seen(value)}", offset)
        numbers[name] = Next(-found if value[0] == "-" else found) if signed else found

    def own_numbers(self) -> dict[str, int]:
        """The numbers of the protocol; of all protocols where it is that of the line before."""
        if self.proto is None:
            return reduce(or_, OWN_NUMBERS.values())
        return OWN_NUMBERS.get(self.proto, {})

    def own_word(self, text: str, offset: int) -> None:
        """A word of the protocol: flags, a type, chunks."""
        if text in ("handshake", "close") and self.proto in (None, TCP, SCTP):
            if text == "close" and self.proto == SCTP:
                self.fail("close is of TCP: expected the chunks, such as shutdown", offset)
            self.say("whole", text, offset)
            return
        for proto, read in ((TCP, flags_of), (SCTP, chunks_of), (ICMP, kind_of), (ICMPV6, kind_of)):
            found: tuple[str, object] | None = read(text, proto) if self.proto in (None, proto) else None
            if found is not None:
                what, value = found
                self.say(what, value, offset)
                return
        self.fail(hint(text, self.proto) or unknown("word", text, self.known_words()), offset)

    def known_words(self) -> list[str]:
        """What a message proposes."""
        if self.proto in TYPES:
            return [*TYPES[self.proto], *CODES[self.proto], "in", "about", "bad-checksum", "lost"]
        own = {TCP: HINTED, SCTP: (*CHUNK_TYPES, "handshake")}.get(self.proto or TCP, ())
        return [*own, "in", "bad-checksum", "lost", "again"]


def flags_of(text: str, proto: int) -> tuple[str, str] | None:
    """TCP flags as letters: `syn-ack`, `[S.]`, `none`."""
    if text.startswith("[") and text.endswith("]") and (text == "[none]" or set(text[1:-1]) <= FLAG_BITS.keys()):
        return "flags", "" if text == "[none]" else text[1:-1]
    if text in FLAG_SETS:
        return "flags", letters(FLAG_SETS[text])
    parts = text.split("-")
    if not all(part in FLAG_WORDS for part in parts) or len(set(parts)) < len(parts):
        return None
    return "flags", letters(sum(FLAG_WORDS[part] for part in parts))


def letters(bits: int) -> str:
    """Flags as letters."""
    return "".join((flag.name or "")[0] if flag != TcpFlag.CWR else "W" for flag in TcpFlag if bits & flag)


def chunks_of(text: str, proto: int) -> tuple[str, tuple[str, ...]] | None:
    """SCTP chunks, with commas between them."""
    chunks = tuple(text.split(","))
    return ("chunks", chunks) if all(chunk in CHUNK_TYPES for chunk in chunks) else None


def kind_of(text: str, proto: int) -> tuple[str, tuple[int, int]] | None:
    """An ICMP type by its name, or the code of a destination that is unreachable."""
    if text in TYPES[proto]:
        return "kind", (TYPES[proto][text], 0)
    unreachable = TYPES[proto]["destination-unreachable"]
    return ("kind", (unreachable, CODES[proto][text])) if text in CODES[proto] else None


def split_end(text: str) -> tuple[str, str | None]:
    """The address and the port of `10.1.0.23:40000`, `[fd00:1::23]:40000` or `fd00:1::23`."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return "", None
        return host, rest[1:] if rest else None
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text, None


def whole(text: str) -> int | None:
    """A plain number, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
