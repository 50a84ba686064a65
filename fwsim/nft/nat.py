"""Statements that send a packet elsewhere: nat, tproxy, dup, fwd, queue, synproxy, flow offload.

Read first: `expressions`, `rule_tree`. Each function stands at its keyword.
"""

from __future__ import annotations

from .expressions import hashed, left_side, settable
from .operands import span, variable
from .rule_tree import Duplicate, FlowOffload, Forward, Named, Nat, Queue, Statement, Synproxy, Tproxy
from .selectors import numgen
from .tokens import Reader
from .tree import Expression, Map, Number

NAT_FLAGS = frozenset(["random", "fully-random", "persistent"])
QUEUE_FLAGS = frozenset(["bypass", "fanout"])
BEHIND_FAMILY = ("to", "addr", "interval", "prefix")


def snat(reader: Reader) -> Nat:
    """`snat` and `dnat`."""
    source, start, kind = reader.source, reader.start, reader.text
    reader.advance()
    family, form = _family_and_form(reader)
    if form is not None or family is not None:
        reader.expect("to")
        bare = form is not None
    else:
        bare = False
        reader.take("to")
    address, port = None, None
    if reader.text == ":" and family is None and form is None:
        reader.advance()
        port = settable(reader)
    else:
        address = settable(reader)
        if not bare and reader.take(":"):
            port = settable(reader)
    flags: list[str] = []
    while reader.text in NAT_FLAGS:
        flags += _flags(reader, NAT_FLAGS)
    return Nat(source, start, reader.last, kind, family, form, address, port, tuple(flags))


def _family_and_form(reader: Reader) -> tuple[str | None, str | None]:
    """`ip`, `ip6 prefix`, `interval`, `ip addr . port`: what may stand before `to`."""
    family = form = None
    if reader.text in ("ip", "ip6") and reader.peek() in BEHIND_FAMILY:
        family = reader.text
        reader.advance()
    if reader.text == "interval" or (reader.text == "prefix" and (family or reader.peek() == "to")):
        form = reader.text
        reader.advance()
    elif family and reader.take("addr"):
        reader.expect(".")
        reader.expect("port")
        form = "addr . port"
    return family, form


def _flags(reader: Reader, known: frozenset[str]) -> list[str]:
    """Flags with commas between."""
    found = [reader.one_of(known, " or ".join(sorted(known)))]
    while reader.take(","):
        found.append(reader.one_of(known, " or ".join(sorted(known))))
    return found


def masquerade(reader: Reader) -> Nat:
    """`masquerade to :1024-65535 random`; a redirect may leave the colon out."""
    source, start, kind = reader.source, reader.start, reader.text
    reader.advance()
    port = None
    if reader.take("to"):
        if kind == "masquerade" or reader.text == ":":
            reader.expect(":")
        port = settable(reader)
    flags = _flags(reader, NAT_FLAGS) if reader.text in NAT_FLAGS else []
    return Nat(source, start, reader.last, kind, None, None, None, port, tuple(flags))


def tproxy(reader: Reader) -> Tproxy:
    """`tproxy ip to 127.0.0.1:3128`, `tproxy to :3128`."""
    source, start = reader.source, reader.start
    reader.advance()
    family = _family(reader)
    reader.expect("to")
    address = None if reader.text == ":" else settable(reader)
    port = settable(reader) if reader.take(":") else None
    return Tproxy(source, start, reader.last, family, address, port)


def _family(reader: Reader) -> str | None:
    """`ip` or `ip6`."""
    if reader.text not in ("ip", "ip6"):
        return None
    family = reader.text
    reader.advance()
    return family


def duplicate(reader: Reader) -> Duplicate:
    """`dup to 10.0.0.1 device "eth0"`."""
    source, start = reader.source, reader.start
    reader.advance()
    reader.expect("to")
    to = settable(reader)
    device = settable(reader) if reader.take("device") else None
    return Duplicate(source, start, reader.last, to, device)


def forward(reader: Reader) -> Forward:
    """`fwd to "eth0"`, `fwd ip to 10.0.0.1 device "eth0"`."""
    source, start = reader.source, reader.start
    reader.advance()
    family = _family(reader)
    reader.expect("to")
    found = settable(reader)
    if family is None:
        return Forward(source, start, reader.last, None, None, found)
    reader.expect("device")
    device = settable(reader)
    return Forward(source, start, reader.last, family, found, device)


def queue(reader: Reader) -> Queue:
    """`queue`, `queue num 1-3 bypass`, `queue flags bypass to numgen inc mod 4`."""
    source, start = reader.source, reader.start
    reader.advance()
    number: Expression | None = None
    flags: list[str] = []
    if reader.take("to"):
        number = _queue_number(reader)
    elif reader.take("flags"):
        flags = _flags(reader, QUEUE_FLAGS)
        if reader.take("num"):
            number = _plain_number(reader)
        else:
            reader.expect("to")
            number = _queue_number(reader)
    else:
        while reader.text == "num" or reader.text in QUEUE_FLAGS:
            if reader.take("num"):
                number = _plain_number(reader)
            else:
                flags += _flags(reader, QUEUE_FLAGS)
    return Queue(source, start, reader.last, number, tuple(flags))


def _queue_number(reader: Reader) -> Expression:
    """A queue, a range of queues, or what chooses one."""
    if reader.text == "numgen":
        found: Expression = numgen(reader)
    elif reader.text in ("jhash", "symhash"):
        found = hashed(reader)
    elif reader.at_number() or reader.text == "$":
        return _plain_number(reader)
    else:
        found = left_side(reader)
        if not isinstance(found, Map):
            reader.fail("'map'")
    return found


def _plain_number(reader: Reader) -> Expression:
    """`1` or `1-3`."""
    first = _one_number(reader)
    return span(reader, first, _one_number) if reader.text == "-" else first


def _one_number(reader: Reader) -> Expression:
    """A number or a variable."""
    if reader.text == "$":
        return variable(reader)
    source, start = reader.source, reader.start
    number = reader.number("the number of a queue")
    return Number(source, start, reader.last, number)


def synproxy(reader: Reader) -> Statement:
    """`synproxy mss 1460 wscale 7 timestamp sack-perm`, `synproxy name x`."""
    source, start = reader.source, reader.start
    reader.advance()
    if reader.take("name"):
        name = settable(reader)
        return Named(source, start, reader.last, "synproxy", name)
    numbers: dict[str, int] = {}
    words: set[str] = set()
    while True:
        word = SYNPROXY.get(reader.text)
        if word is None:
            break
        reader.advance()
        if word in ("mss", "wscale"):
            numbers[word] = reader.number(f"a number for {word}")
        else:
            words.add(word)
    found = numbers.get("mss"), numbers.get("wscale"), "timestamp" in words, "sack-perm" in words
    return Synproxy(source, start, reader.last, *found)


SYNPROXY = {"mss": "mss", "maxseg": "mss", "wscale": "wscale", "timestamp": "timestamp", "sack-perm": "sack-perm",
            "sack-permitted": "sack-perm"}  # fmt: skip
"""Arguments of synproxy as they may be written."""


def flow_offload(reader: Reader, start: int) -> FlowOffload:
    """Behind `flow`: `add @name` or `offload @name`."""
    reader.advance()
    reader.expect("@")
    name = reader.string("the name of a flowtable")
    return FlowOffload(reader.source, start, reader.last, name)
