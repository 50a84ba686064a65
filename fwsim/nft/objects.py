"""Named counters, quotas, limits, secmarks and synproxies; helpers, timeouts and expectations of conntrack.

Read first: `blocks`, `stateful`, `block_tree`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .block_tree import CtObject, Stateful
from .blocks import block
from .durations import WHOLE_DURATION, duration
from .elements import comment
from .source import byte_length
from .stateful import limit_rate, packets_and_bytes, quota_amount
from .tokens import NEWLINE, QUOTED, Reader
from .words import CT_OBJECTS, FAMILIES

Found = dict[str, Any]

LONGEST_CONTEXT = 255
LONGEST_HELPER = 15
"""Bytes of the context of a secmark, and of the name of a helper."""


def _counter(reader: Reader, found: Found) -> None:
    """`packets 1 bytes 2`."""
    found["packets"], found["bytes"] = packets_and_bytes(reader)


def _quota(reader: Reader, found: Found) -> None:
    """`over 25 mbytes used 2 kbytes`."""
    found["rate"] = quota_amount(reader, reader.start)


def _limit(reader: Reader, found: Found) -> None:
    """`rate 10/second burst 5 packets`."""
    found["rate"] = limit_rate(reader, reader.start)


def _secmark(reader: Reader, found: Found) -> None:
    """`"system_u:object_r:ssh_server_packet_t:s0"`."""
    start = reader.start
    text = reader.string("a security context in quotes")
    if not 0 < byte_length(text) <= LONGEST_CONTEXT:
        reader.refuse(start, f"expected a security context, of at most {LONGEST_CONTEXT} bytes")
    found["context"] = text


def _synproxy(reader: Reader, found: Found) -> None:
    """`mss 1460 wscale 7 timestamp sack-perm`, or the first two each on a line of its own."""
    _step(reader, "mss", "maxseg")
    found["mss"] = reader.number("a segment size")
    split = reader.kind == NEWLINE or reader.text == ";"
    if split:
        reader.advance()
    reader.expect("wscale")
    found["wscale"] = reader.number("a window scale")
    if split:
        reader.separator()
    found["timestamp"] = reader.take("timestamp")
    found["sack_permitted"] = reader.take("sack-perm") or reader.take("sack-permitted")


def _step(reader: Reader, *words: str) -> None:
    """Step over one of some words that mean the same."""
    if reader.text not in words:
        reader.fail(f"'{words[0]}'")
    reader.advance()


CONFIGS: dict[str, Callable[[Reader, Found], None]] = {
    "counter": _counter, "quota": _quota, "limit": _limit, "secmark": _secmark, "synproxy": _synproxy,
}  # fmt: skip
"""What each kind of object is configured with."""


def stateful_block(kind: str) -> Callable[[Reader, int, str], Stateful]:
    """The reader of `{ ... }` behind the name of an object of a kind."""

    def read(reader: Reader, start: int, name: str) -> Stateful:
        source = reader.source
        found: Found = {}

        def item(reader: Reader) -> None:
            if reader.text == "comment":
                found["comment"] = comment(reader, found.get("comment"))
            else:
                CONFIGS[kind](reader, found)

        block(reader, item)
        return Stateful(source, start, reader.close(source), kind, name, **found)

    return read


def stateful_inline(reader: Reader, kind: str, start: int, name: str) -> Stateful:
    """An object that is configured behind its name without braces."""
    found: Found = {}
    if kind != "counter" or reader.text == "packets":
        CONFIGS[kind](reader, found)
    return Stateful(reader.source, start, reader.last, kind, name, **found)


def ct_block(kind: str) -> Callable[[Reader, int, str], CtObject]:
    """The reader of `{ ... }` behind the name of a ct object of a kind."""

    def read(reader: Reader, start: int, name: str) -> CtObject:
        source = reader.source
        found: Found = {}

        def item(reader: Reader) -> None:
            if reader.text == "comment":
                found["comment"] = comment(reader, found.get("comment"))
                return
            known = CT_ITEMS[kind].get(reader.text)
            if known is None:
                reader.fail(", ".join(CT_ITEMS[kind]) + " or comment")
            known(reader, found)
            reader.separator()

        block(reader, item)
        return CtObject(source, start, reader.close(source), f"ct {kind}", name, **found)

    return read


def _helper(reader: Reader, found: Found) -> None:
    """`type "ftp" protocol tcp`."""
    reader.advance()
    start = reader.start
    if reader.kind != QUOTED:
        reader.fail("the name of a helper in quotes")
    name = reader.string("the name of a helper")
    if not 0 < byte_length(name) <= LONGEST_HELPER:
        reader.refuse(start, f"expected the name of a helper, of at most {LONGEST_HELPER} bytes")
    found["helper"] = name
    _protocol(reader, found)


def _protocol(reader: Reader, found: Found) -> None:
    """`protocol tcp`."""
    reader.expect("protocol")
    found["protocol"] = reader.one_of(frozenset(["tcp", "udp"]), "tcp or udp")


def _l3proto(reader: Reader, found: Found) -> None:
    """`l3proto ip`."""
    reader.advance()
    found["l3proto"] = reader.one_of(frozenset(FAMILIES), "a family")


def _timeouts(reader: Reader, found: Found) -> None:
    """`policy = { established : 120, close : 2m }`; durations with units are of nft 1.0.9 and later."""
    reader.advance()
    reader.expect("=")
    reader.open_brace()
    timeouts = [_state(reader)]
    while reader.take(","):
        timeouts.append(_state(reader))
    reader.close_brace()
    found["timeouts"] = found.get("timeouts", ()) + tuple(timeouts)


def _state(reader: Reader) -> tuple[str, str]:
    """`established : 120`."""
    state = reader.name("the name of a state")
    reader.expect(":")
    if reader.at_string() and WHOLE_DURATION.match(reader.text):
        return state, duration(reader).name
    return state, str(reader.number("a number of seconds"))


def _number(key: str) -> Callable[[Reader, Found], None]:
    """The reader of `KEY NUMBER`."""

    def read(reader: Reader, found: Found) -> None:
        reader.advance()
        found[key] = reader.number("a number")

    return read


def _expiry(reader: Reader, found: Found) -> None:
    """`timeout 1m`."""
    reader.advance()
    found["timeout"] = duration(reader).name


CT_ITEMS: dict[str, dict[str, Callable[[Reader, Found], None]]] = {
    "helper": {"type": _helper, "l3proto": _l3proto},
    "timeout": {"protocol": _protocol, "policy": _timeouts, "l3proto": _l3proto},
    "expectation": {
        "protocol": _protocol, "dport": _number("dport"), "timeout": _expiry, "size": _number("size"),
        "l3proto": _l3proto,
    },
}  # fmt: skip
"""What each kind of ct object may say of itself."""

STATEFUL_BLOCKS = {kind: stateful_block(kind) for kind in CONFIGS}
CT_BLOCKS = {kind: ct_block(kind) for kind in CT_OBJECTS}
