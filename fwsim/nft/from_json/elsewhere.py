"""Statements that tell somebody or send a packet elsewhere: log, reject, nat, tproxy, dup, fwd, queue, synproxy, flow.

Read first: `values`. Each function takes the statement, its key, and what stands behind it.
"""

from __future__ import annotations

from collections.abc import Callable

from fwsim.nft.answers import LEVELS
from fwsim.nft.nat import NAT_FLAGS, QUEUE_FLAGS
from fwsim.nft.rule_tree import (
    Duplicate,
    FlowOffload,
    Forward,
    Log,
    Named,
    Nat,
    Queue,
    Reject,
    Statement,
    Synproxy,
    Tproxy,
)  # fmt: skip
from fwsim.nft.source import shown
from fwsim.nft.tree import Expression, Number, Symbol

from .located import Json
from .members import Members, flags, integer, is_null, members, needed, one_of, word
from .values import STATEMENT, constant, expression

LOG_FLAGS = ("tcp sequence", "tcp options", "ip options", "skuid", "ether", "all")
LOG_NUMBERS = {"group": 65535, "snaplen": (1 << 32) - 1, "queue-threshold": 65535}
REJECTS = ("icmp", "icmpv6", "icmpx", "tcp reset")
SYNPROXY_FLAGS = ("timestamp", "sack-perm")
FORMS = {"interval": "interval", "prefix": "prefix", "concat": "addr . port"}
NETMAP = "netmap"
"""A flag that nft prints where the form of the address is a prefix, and does not take."""


def log(found: Json, _: str, inside: Json) -> Log:
    """`{"log": {"prefix": "x", "level": "info"}}`, `{"log": null}`."""
    held = _optional(inside, ("prefix", "level", "flags", *LOG_NUMBERS))
    prefix = None
    if "prefix" in held:
        place = held["prefix"]
        prefix = Symbol(place.source, place.start, place.end, word(place))
    numbers = {key.replace("-", "_"): integer(held[key], "a number", most) for key, most in LOG_NUMBERS.items()
               if key in held}  # fmt: skip
    level = one_of(held["level"], LEVELS, "a level such as info") if "level" in held else None
    told = flags(held.get("flags"), LOG_FLAGS)
    return Log(found.source, found.start, found.end, prefix, **numbers, level=level, flags=told)


def _optional(inside: Json, known: tuple[str, ...]) -> Members:
    """The members of an object, or of null."""
    return {} if is_null(inside) else members(inside, known, ", ".join(known))


def reject(found: Json, _: str, inside: Json) -> Reject:
    """`{"reject": {"type": "icmp", "expr": "port-unreachable"}}`, `{"reject": null}`."""
    held = _optional(inside, ("type", "expr"))
    if "type" not in held:
        if "expr" in held:
            inside.refuse("'type' is missing")
        return Reject(found.source, found.start, found.end)
    kind = one_of(held["type"], REJECTS, "icmp, icmpv6, icmpx or tcp reset")
    code = constant(held["expr"]) if "expr" in held else None
    if kind == "tcp reset":
        return Reject(found.source, found.start, found.end, "tcp")
    if not isinstance(code, Symbol | Number | None):
        held["expr"].fail("a code")
    return Reject(found.source, found.start, found.end, kind, code)


def nat(found: Json, kind: str, inside: Json) -> Nat:
    """`{"dnat": {"family": "ip", "addr": "10.0.0.1", "port": 80}}`, `{"masquerade": null}`."""
    held = _optional(inside, ("family", "addr", "port", "flags", "type_flags"))
    if kind not in ("snat", "dnat") and "addr" in held:
        held["addr"].refuse(f"{kind} takes no address")
    family, address, port = _family(held), _value(held, "addr"), _value(held, "port")
    told = tuple(flag for flag in flags(held.get("flags"), (*NAT_FLAGS, NETMAP)) if flag != NETMAP)
    forms = flags(held.get("type_flags"), FORMS)
    form = FORMS[forms[0]] if forms else None
    return Nat(found.source, found.start, found.end, kind, family, form, address, port, told)


def _family(held: Members) -> str | None:
    """`ip` or `ip6`, if it was told."""
    return one_of(held["family"], ("ip", "ip6"), "ip or ip6") if "family" in held else None


def _value(held: Members, key: str) -> Expression | None:
    """An expression, if it was told."""
    return expression(held[key], STATEMENT) if key in held else None


def tproxy(found: Json, _: str, inside: Json) -> Tproxy:
    """`{"tproxy": {"family": "ip", "addr": "127.0.0.1", "port": 3128}}`."""
    held = members(inside, ("family", "addr", "port"), "addr or port")
    return Tproxy(found.source, found.start, found.end, _family(held), _value(held, "addr"), _value(held, "port"))


def duplicate(found: Json, _: str, inside: Json) -> Duplicate:
    """`{"dup": {"addr": "10.0.0.1", "dev": "eth0"}}`."""
    held = members(inside, ("addr", "dev"), "addr")
    to = expression(needed(inside, held, "addr"), STATEMENT)
    return Duplicate(found.source, found.start, found.end, to, _value(held, "dev"))


def forward(found: Json, _: str, inside: Json) -> Forward:
    """`{"fwd": {"dev": "eth0", "family": "ip", "addr": "10.0.0.1"}}`."""
    held = members(inside, ("dev", "family", "addr"), "dev")
    device = expression(needed(inside, held, "dev"), STATEMENT)
    if ("family" in held) != ("addr" in held):
        inside.refuse("'family' and 'addr' go together")
    return Forward(found.source, found.start, found.end, _family(held), _value(held, "addr"), device)


def queue(found: Json, _: str, inside: Json) -> Queue:
    """`{"queue": {"num": 1, "flags": "bypass"}}`, `{"queue": null}`."""
    held = _optional(inside, ("num", "flags"))
    return Queue(found.source, found.start, found.end, _value(held, "num"), flags(held.get("flags"), QUEUE_FLAGS))


def synproxy(found: Json, _: str, inside: Json) -> Statement:
    """`{"synproxy": {"mss": 1460, "wscale": 7, "flags": ["timestamp"]}}`, or the name of one."""
    if not is_null(inside) and not (
        isinstance(inside.value, dict) and {"mss", "wscale", "flags"} & inside.value.keys()
    ):
        return Named(found.source, found.start, found.end, "synproxy", expression(inside, STATEMENT))
    held = _optional(inside, ("mss", "wscale", "flags"))
    mss = integer(held["mss"], "a segment size", 65535) if "mss" in held else None
    wscale = integer(held["wscale"], "a window scale", 255) if "wscale" in held else None
    told = flags(held.get("flags"), SYNPROXY_FLAGS)
    return Synproxy(found.source, found.start, found.end, mss, wscale, "timestamp" in told, "sack-perm" in told)


def flow(found: Json, _: str, inside: Json) -> FlowOffload:
    """`{"flow": {"op": "add", "flowtable": "@fast"}}`."""
    held = members(inside, ("op", "flowtable"), "op and flowtable")
    one_of(needed(inside, held, "op"), ("add",), "add")
    place = needed(inside, held, "flowtable")
    name = word(place)
    if len(name) < 2 or name[0] != "@":
        place.refuse(f"unexpected {shown(name)}, expected the name of a flowtable behind '@'")
    return FlowOffload(found.source, found.start, found.end, name[1:])


ELSEWHERE: dict[str, Callable[[Json, str, Json], Statement]] = {
    "log": log, "reject": reject, **dict.fromkeys(("snat", "dnat", "masquerade", "redirect"), nat), "tproxy": tproxy,
    "dup": duplicate, "fwd": forward, "queue": queue, "synproxy": synproxy, "flow": flow,
}  # fmt: skip
"""These statements, by their key."""
