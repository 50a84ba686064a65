"""What tables hold: chains, sets and maps, flowtables, counters and the like, helpers, timeouts, expectations.

Read first: `statements`, `fwsim.nft.block_tree`. Each function takes the object and its members, all of them known.
"""

from __future__ import annotations

from collections.abc import Callable

from fwsim.nft.block_tree import Base, Chain, CtObject, DataType, Flowtable, NamedSet, Priority, Stateful, Table
from fwsim.nft.blocks import LONGEST_INTERFACE
from fwsim.nft.chains import POLICIES
from fwsim.nft.objects import LONGEST_CONTEXT, LONGEST_HELPER
from fwsim.nft.rule_tree import Quota
from fwsim.nft.sets import OBJECT_KINDS, SET_FLAGS
from fwsim.nft.source import byte_length
from fwsim.nft.table_blocks import TABLE_FLAGS
from fwsim.nft.tree import Concatenation, Expression, Symbol
from fwsim.nft.words import CHAIN_TYPES, DATA_TYPES, FAMILIES, HOOKS

from .elsewhere import SYNPROXY_FLAGS
from .located import Json
from .members import Members, boolean, flags, integer, is_null, name, needed, one_of, only, signed, unsigned, word
from .stateful import RATE_KEYS, rate
from .statements import stateful_statements
from .values import LEFT, duration, duration_text, expression, set_of

PROTOCOLS = ("tcp", "udp")


def table(found: Json, held: Members) -> Table | None:
    """Flags and comment of a table, if it has any."""
    if not {"flags", "comment"} & held.keys():
        return None
    told = flags(held.get("flags"), TABLE_FLAGS)
    return Table(found.source, found.start, found.end, told, _comment(held))


def _comment(held: Members) -> str | None:
    """A comment, if there is one."""
    return word(held["comment"], "a comment") if "comment" in held else None


def chain(found: Json, held: Members) -> Chain | None:
    """Type, hook and priority of a chain, if it has any."""
    based = [key for key in ("type", "hook", "prio") if key in held]
    if not based and not {"policy", "dev", "comment"} & held.keys():
        return None
    base = _base(found, held) if based else None
    if base is None and {"policy", "dev"} & held.keys():
        found.refuse("a policy or interface without a hook, expected 'type', 'hook' and 'prio'")
    policy = one_of(held["policy"], POLICIES, "accept or drop") if "policy" in held else None
    title = name(needed(found, held, "name"))
    return Chain(found.source, found.start, found.end, title, base, policy, (), comment=_comment(held))


def _base(found: Json, held: Members) -> Base:
    """How a chain is hooked."""
    kind = one_of(needed(found, held, "type"), CHAIN_TYPES, "a type of chain: filter, nat or route")
    hook = one_of(needed(found, held, "hook"), HOOKS, "a hook such as input")
    order = _priority(needed(found, held, "prio"))
    devices = _devices(held["dev"]) if "dev" in held else ()
    return Base(found.source, found.start, found.end, kind, hook, order, devices)


def _priority(found: Json) -> Priority:
    """A number."""
    return Priority(found.source, found.start, found.end, None, signed(found, "a priority"))


def _devices(found: Json) -> tuple[Expression, ...]:
    """One interface, or an array of them."""
    return tuple(_device(item) for item in (found.value if isinstance(found.value, list) else [found]))


def _device(found: Json) -> Symbol:
    """The name of an interface."""
    title = name(found)
    if byte_length(title) > LONGEST_INTERFACE:
        found.refuse(f"expected the name of an interface, of at most {LONGEST_INTERFACE} bytes")
    return Symbol(found.source, found.start, found.end, title)


def named_set(found: Json, held: Members) -> NamedSet:
    """A set, or a map if it tells what it maps to."""
    title = name(needed(found, held, "name"))
    key = _data_type(needed(found, held, "type"))
    is_map = "map" in held
    value, kind = _mapped(held["map"]) if is_map else (None, None)
    timeout, gc_interval = (duration(held[each]).name if each in held else None for each in ("timeout", "gc-interval"))
    return NamedSet(
        found.source, found.start, found.end, title, is_map, key, value, False, kind,
        flags=flags(held.get("flags"), SET_FLAGS), timeout=timeout, gc_interval=gc_interval,
        size=integer(held["size"], "a number of elements") if "size" in held else None,
        policy=one_of(held["policy"], ("performance", "memory"), "performance or memory") if "policy" in held else None,
        auto_merge=boolean(held.get("auto-merge")),
        statements=stateful_statements(held["stmt"]) if "stmt" in held else (),
        elements=set_of(held["elem"], held["elem"]) if "elem" in held else None, comment=_comment(held),
    )  # fmt: skip


def _data_type(found: Json) -> DataType:
    """`"ipv4_addr"`, `["ipv4_addr", "inet_service"]`, `{"typeof": ...}` (nft 1.1 and later)."""
    place = found.source, found.start, found.end
    if isinstance(found.value, dict):
        kind, inside = only(found, "typeof")
        if kind != "typeof":
            found.fail("typeof")
        asked = expression(inside, LEFT)
        return DataType(*place, (), asked.parts if isinstance(asked, Concatenation) else (asked,))
    listed = found.value if isinstance(found.value, list) else [found]
    names = tuple(part for item in listed for part in _type_names(item))
    if not names:
        found.fail("a data type such as ipv4_addr")
    return DataType(*place, names)


def _type_names(found: Json) -> list[str]:
    """A data type, or several with dots between, as nft prints what a map gives."""
    names = word(found, "a data type such as ipv4_addr").split(" . ")
    if not all(each in DATA_TYPES for each in names):
        found.fail("a data type such as ipv4_addr")
    return names


def _mapped(found: Json) -> tuple[DataType | None, str | None]:
    """What a map gives: values of a type, or objects of a kind."""
    if isinstance(found.value, str) and found.value in OBJECT_KINDS:
        return None, found.value
    return _data_type(found), None


def flowtable(found: Json, held: Members) -> Flowtable:
    """A flowtable."""
    title = name(needed(found, held, "name"))
    hook = one_of(needed(found, held, "hook"), HOOKS, "a hook: ingress")
    order = _priority(needed(found, held, "prio"))
    devices = _devices(held["dev"]) if "dev" in held else ()
    told = flags(held.get("flags"), ("offload", "counter"))
    return Flowtable(
        found.source, found.start, found.end, title, hook, order, devices, "counter" in told, "offload" in told
    )


def _counter(found: Json, held: Members) -> Stateful:
    """`packets` and `bytes`."""
    packets, size = (unsigned(held[key]) if key in held else None for key in ("packets", "bytes"))
    return _stateful(found, held, "counter", packets=packets, bytes=size)


def _stateful(found: Json, held: Members, kind: str, **told: object) -> Stateful:
    """An object of a kind with what it tells."""
    title = name(needed(found, held, "name"))
    return Stateful(found.source, found.start, found.end, kind, title, comment=_comment(held), **told)  # type: ignore[arg-type]


def _quota(found: Json, held: Members) -> Stateful:
    """`bytes`, `used` and `inv`."""
    amount = unsigned(needed(found, held, "bytes"))
    used = unsigned(held["used"]) if "used" in held else 0
    told = Quota(found.source, found.start, found.end, boolean(held.get("inv")), amount, used)
    return _stateful(found, held, "quota", rate=told)


def _limit(found: Json, held: Members) -> Stateful:
    """A rate."""
    return _stateful(found, held, "limit", rate=rate(found, found, held))


def _secmark(found: Json, held: Members) -> Stateful:
    """`context`."""
    place = needed(found, held, "context")
    context = word(place)
    if not 0 < byte_length(context) <= LONGEST_CONTEXT:
        place.refuse(f"expected a security context, of at most {LONGEST_CONTEXT} bytes")
    return _stateful(found, held, "secmark", context=context)


def _synproxy(found: Json, held: Members) -> Stateful:
    """`mss`, `wscale` and `flags`."""
    mss = integer(needed(found, held, "mss"), "a segment size", 65535)
    wscale = integer(needed(found, held, "wscale"), "a window scale", 255)
    told = flags(held.get("flags"), SYNPROXY_FLAGS)
    return _stateful(
        found, held, "synproxy", mss=mss, wscale=wscale,
        timestamp="timestamp" in told, sack_permitted="sack-perm" in told,
    )  # fmt: skip


def _helper(found: Json, held: Members) -> CtObject:
    """`type` and `protocol`."""
    place = needed(found, held, "type")
    helper = word(place)
    if not 0 < byte_length(helper) <= LONGEST_HELPER:
        place.refuse(f"expected the name of a helper, of at most {LONGEST_HELPER} bytes")
    return _ct_object(found, held, "ct helper", helper=helper)


def _ct_object(found: Json, held: Members, kind: str, **told: object) -> CtObject:
    """An object of a kind with what it tells."""
    title = name(needed(found, held, "name"))
    protocol = one_of(held["protocol"], PROTOCOLS, "tcp or udp") if "protocol" in held else None
    l3proto = one_of(held["l3proto"], FAMILIES, "a family") if "l3proto" in held else None
    common = {"protocol": protocol, "l3proto": l3proto, "comment": _comment(held)}
    return CtObject(found.source, found.start, found.end, kind, title, **common, **told)  # type: ignore[arg-type]


def _timeout(found: Json, held: Members) -> CtObject:
    """`policy`, an object of states and seconds, or null."""
    timeouts: tuple[tuple[str, str], ...] = ()
    if "policy" in held and not is_null(held["policy"]):
        states = held["policy"].value
        if not isinstance(states, dict):
            held["policy"].fail("an object of states and seconds")
        timeouts = tuple((state, str(integer(seconds, "a number of seconds"))) for state, seconds in states.items())
    return _ct_object(found, held, "ct timeout", timeouts=timeouts)


def _expectation(found: Json, held: Members) -> CtObject:
    """`dport`, `timeout` (in milliseconds) and `size`."""
    dport = integer(held["dport"], "a port", 65535) if "dport" in held else None
    size = integer(held["size"], "a number of connections", 255) if "size" in held else None
    timeout = duration_text(integer(held["timeout"], "a number of milliseconds")) if "timeout" in held else None
    return _ct_object(found, held, "ct expectation", dport=dport, timeout=timeout, size=size)


SET_KEYS = ("type", "map", "policy", "flags", "elem", "timeout", "gc-interval", "size", "stmt", "auto-merge", "comment")
CT_KEYS = ("protocol", "l3proto", "comment")

Read = Callable[[Json, Members], object]

OBJECTS: dict[str, tuple[tuple[str, ...], Read]] = {
    "table": (("flags", "comment"), table),
    "chain": (("type", "hook", "prio", "dev", "policy", "comment"), chain),
    "set": (SET_KEYS, named_set), "map": (SET_KEYS, named_set), "meter": (SET_KEYS, named_set),
    "flowtable": (("hook", "prio", "dev", "flags"), flowtable),
    "counter": (("packets", "bytes", "comment"), _counter), "quota": (("bytes", "used", "inv", "comment"), _quota),
    "limit": ((*RATE_KEYS, "comment"), _limit), "secmark": (("context", "comment"), _secmark),
    "synproxy": (("mss", "wscale", "flags", "comment"), _synproxy),
    "ct helper": (("type", *CT_KEYS), _helper), "ct timeout": (("policy", *CT_KEYS), _timeout),
    "ct expectation": (("dport", "timeout", "size", *CT_KEYS), _expectation),
}  # fmt: skip
"""Objects by their key: what they may hold besides their family, table, name and handle, and how that is read."""
