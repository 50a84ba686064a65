"""The match `set` and the target SET.

Read first: `ipset`, `extensions`. A set that was not given with the ruleset is there, but not known: what hangs on it
is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.netfilter.steps import Effectless, Lookup, Match, Step, Unknown, Update
from fwsim.ruleset.values import Addresses, MatchValue, Numbers

from .extensions import NEVER, Steps, Use, match, target
from .ipset import IpSet
from .options import one_of
from .values import RefusedError

SECOND = 1_000_000_000
FIELDS = {
    ("ip", "src"): ("src",), ("ip", "dst"): ("dst",), ("net", "src"): ("src",), ("net", "dst"): ("dst",),
    ("port", "src"): ("proto", "sport"), ("port", "dst"): ("proto", "dport"), ("iface", "src"): ("iif",),
    ("iface", "dst"): ("oif",), ("mac", "src"): ("src_mac",), ("mac", "dst"): ("dst_mac",), ("mark", "src"): ("mark",),
    ("mark", "dst"): ("mark",),
}  # fmt: skip
"""What a packet is asked for, by the part of an element and the direction."""


def _directions(text: str) -> tuple[str, ...]:
    """`src,dst`."""
    directions = tuple(text.split(","))
    if not set(directions) <= {"src", "dst"} or len(directions) > 6:
        raise RefusedError(f"`{text}`: expected src and dst, with commas, one for each part of an element")
    return directions


def selectors_of(ipset: IpSet, directions: tuple[str, ...]) -> tuple[str, ...]:
    """The fields that are looked up."""
    if ipset.type == "bitmap:port":
        return ("sport" if directions[0] == "src" else "dport",)
    pairs = zip(ipset.parts, directions, strict=False)
    return tuple(field for pair in pairs for field in FIELDS[pair])


def _named(ipset: IpSet, negated: bool) -> MatchValue:
    """A value that names a set."""
    address = ipset.parts[0] in ("ip", "net")
    return Addresses(sets=(ipset.name,), negated=negated) if address else Numbers(sets=(ipset.name,), negated=negated)


def _never(negated: bool) -> list[Step]:
    """What is in no set."""
    return [] if negated else [NEVER]


def membership(use: Use, ipset: IpSet, directions: tuple[str, ...], negated: bool, text: str) -> list[Step]:
    """Whether a packet is in a set."""
    if ipset.type == "list:set":
        return _in_list(use, ipset, directions, negated, text)
    if len(directions) < len(ipset.parts) or (("ip" in ipset.parts or "net" in ipset.parts) and (
            ipset.family != use.family)):  # fmt: skip
        return _never(negated)
    known = ipset.as_set()
    if known is None:
        return [Unknown(text)]
    if not known.elements and not ipset.dynamic:
        return _never(negated)
    selectors = selectors_of(ipset, directions)
    if known.value is not None:
        return [Match(selectors[0], _named(ipset, negated), negated, text)]
    return [Lookup(selectors, (), ipset.name, negated, text, absent=negated)]


def _in_list(use: Use, ipset: IpSet, directions: tuple[str, ...], negated: bool, text: str) -> list[Step]:
    """Whether a packet is in one of several sets: simulated where that is one question for all of them."""
    members = [use.sets[name] for name in ipset.entries if name in use.sets]
    steps = [step for member in members for step in membership(use, member, directions, negated, text)]
    if not members or all(step is NEVER for step in steps):
        return _never(negated)
    if negated or len(steps) == 1:
        return steps
    return [Unknown(text)]


@match(
    "set", "! match-set|set two", "return-nomatch flag", "! update-counters flag", "! update-subcounters flag",
    "! packets-eq u64", "packets-lt u64", "packets-gt u64", "! bytes-eq u64", "bytes-lt u64", "bytes-gt u64",
)  # fmt: skip
def in_set(use: Use) -> Steps:
    """xt_set.c."""
    one_of("set", use.given, "match-set")
    name, direction = use.given["match-set"].value
    directions = _directions(direction)
    ipset = use.sets.get(name)
    counters = any(option.startswith(("packets", "bytes")) for option in use.given)
    exceptions = ipset is not None and "return-nomatch" in use and any(
        entry.nomatch for entry in ipset.entries.values())  # fmt: skip
    if ipset is None or counters or exceptions:
        return (use.unknown(),)
    return membership(use, ipset, directions, use.negated("match-set"), use.given["match-set"].text)


def _updates(use: Use) -> Iterator[Step]:
    """What is put in and taken out."""
    timeout = use.given["timeout"].value * SECOND if "timeout" in use else None
    operations = {"add-set": "update" if "exist" in use else "add", "del-set": "delete"}
    for name, operation in operations.items():
        if name in use:
            set_name, direction = use.given[name].value
            directions = _directions(direction)
            ipset = use.sets.get(set_name)
            if ipset is None or ipset.type == "list:set" or len(directions) < len(ipset.parts):
                yield Effectless(use.whole_text())
            else:
                selectors = selectors_of(ipset, directions)
                yield Update(operation, set_name, selectors, timeout, text=use.whole_text())


@target(
    "SET", "add-set two", "del-set two", "exist flag", "timeout u32", "map-set two", "map-mark flag", "map-prio flag",
    "map-queue flag",
)  # fmt: skip
def set_target(use: Use) -> Steps:
    """xt_set.c."""
    one_of("SET", use.given, "add-set", "del-set", "map-set")
    yield from _updates(use)
    if "map-mark" in use:
        yield use.unknown("map-set", "map-mark")
    elif "map-set" in use:
        yield Effectless(use.whole_text())
