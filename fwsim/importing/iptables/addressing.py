"""Matches on addresses and where a packet comes from: iprange, mac, addrtype, rpfilter, pkttype.

Read first: `extensions`. What the routes say is asked as nft does, with `Fib`.
"""

from __future__ import annotations

from fwsim.netfilter.fields import Fib
from fwsim.netfilter.steps import Match
from fwsim.ruleset.values import Addresses, Numbers, merged
from fwsim.terms import Hook

from .extensions import EVERYWHERE, FORWARD, INPUT, NEVER, OUTPUT, POSTROUTING, PREROUTING, Steps, Use, match
from .options import one_of
from .values import RefusedError, address_range

SIDES = {"src-range": "src", "dst-range": "dst"}


@match("iprange", "! src-range text", "! dst-range text")
def iprange(use: Use) -> Steps:
    """xt_iprange.c."""
    one_of("iprange", use.given, *SIDES)
    for name, given in use.given.items():
        found = address_range(given.value, use.family)
        if found:
            value = Addresses(v4=found, negated=given.negated) if use.family == 4 else Addresses(
                v6=found, negated=given.negated)  # fmt: skip
            yield use.match(name, SIDES[name], value)
        elif not given.negated:
            yield NEVER


@match("mac", "+! mac-source mac", hooks=(PREROUTING, INPUT, FORWARD))
def mac(use: Use) -> Steps:
    """xt_mac.c."""
    address = use.given["mac-source"].value
    yield use.match("mac-source", "src_mac", Numbers(((address, address),), use.negated("mac-source")))


PACKET_TYPES = {
    "unicast": 0, "host": 0, "broadcast": 1, "bcast": 1, "multicast": 2, "mcast": 2, "otherhost": 3,
    "outgoing": 4, "loopback": 5, "fastroute": 6,
}  # fmt: skip


@match("pkttype", "+! pkt-type text")
def pkttype(use: Use) -> Steps:
    """xt_pkttype.c."""
    word = use.given["pkt-type"].value
    number = PACKET_TYPES.get(word.lower())
    if number is None:
        raise RefusedError(f"--pkt-type: `{word}` is none of {' '.join(PACKET_TYPES)}")
    yield use.match("pkt-type", "pkttype", Numbers(((number, number),), use.negated("pkt-type")))


# --- addrtype --------------------------------------------------------------------------------------------------------

TYPES = [
    "UNSPEC",
    "UNICAST",
    "LOCAL",
    "BROADCAST",
    "ANYCAST",
    "MULTICAST",
    "BLACKHOLE",
    "UNREACHABLE",
    "PROHIBIT",
    "THROW",
    "NAT",
    "XRESOLVE",
]
"""RTN_* of linux/rtnetlink.h by number."""

TYPES_V6 = frozenset((0, 1, 2, 4, 5, 7))
"""The types of IPv6 addresses."""


def _types(text: str, family: int) -> set[int]:
    """A list of types, which may be cut short."""
    found = set()
    for word in text.split(","):
        numbers = [number for number, name in enumerate(TYPES) if word and name.startswith(word.upper())]
        if not numbers:
            raise RefusedError(f"`{word}` is no type of address: expected some of {' '.join(TYPES)}, with commas")
        found.add(numbers[0])
    if family == 6 and not found <= TYPES_V6:
        raise RefusedError(f"`{text}`: IPv6 knows only {', '.join(TYPES[number] for number in sorted(TYPES_V6))}")
    return found


def _type_step(use: Use, name: str) -> Match:
    """`--src-type` or `--dst-type`: what xt_addrtype.c makes of several types is for who answers to know."""
    numbers = merged((number, number) for number in _types(use.given[name].value, use.family))
    flags = {"saddr" if name == "src-type" else "daddr"}
    flags |= {"iif"} if "limit-iface-in" in use else {"oif"} if "limit-iface-out" in use else set()
    return use.match(name, Fib(frozenset(flags), "addrtype"), Numbers(numbers, use.negated(name)))


@match(
    "addrtype", "! src-type text", "! dst-type text", "limit-iface-in flag -limit-iface-out", "limit-iface-out flag",
)  # fmt: skip
def addrtype(use: Use) -> Steps:
    """xt_addrtype.c."""
    one_of("addrtype", use.given, "src-type", "dst-type")
    if "limit-iface-in" in use:
        use.hooks = EVERYWHERE - {OUTPUT, POSTROUTING}
    if "limit-iface-out" in use:
        use.hooks = EVERYWHERE - {PREROUTING, INPUT}
    for name in ("src-type", "dst-type"):
        if name in use:
            yield _type_step(use, name)


# --- rpfilter --------------------------------------------------------------------------------------------------------


WAYS_BACK = {"loose": "loose", "validmark": "mark", "accept-local": "accept_local"}


@match(
    "rpfilter", "loose flag", "validmark flag", "accept-local flag", "invert flag", tables=("raw", "mangle"),
    hooks=(Hook.PREROUTING,),
)  # fmt: skip
def rpfilter(use: Use) -> Steps:
    """ipt_rpfilter.c: the way back to the source leads out where the packet came in, or with --loose there is one."""
    flags = {"saddr", "iif"} | {flag for option, flag in WAYS_BACK.items() if option in use}
    found = 0 if "invert" in use else 1
    yield Match(Fib(frozenset(flags), "rpfilter"), Numbers(((found, found),)), text=use.whole_text())
