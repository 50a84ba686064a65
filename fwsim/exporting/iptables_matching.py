"""What a step asks, as arguments of an iptables rule: one list for each alternative.

Read first: `iptables_words`, `drafting`. One rule has each of `-s -d -p -i -o` at most once; of the other matches as
many as it takes. A list of addresses becomes a rule for each, a list of ports a `multiport`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address

from fwsim.convert.comparing import address_elements, clipped, holds, members
from fwsim.netfilter.fields import Fib, Numgen
from fwsim.netfilter.steps import Match, Statistic
from fwsim.ruleset.values import MARK_MASK, Addresses, Choice, Interval, Masked, MatchValue, Names, Numbers
from fwsim.terms import Hook

from .drafting import told
from .iptables_words import (
    ALL_FLAGS,
    DPORT,
    FLAGS,
    PACKET_TYPES,
    PROTOCOLS,
    ROUTE_TYPES,
    STATES,
    STATUS,
    TRANSLATIONS,
    interface,
)
from .saying import CannotSay

Arguments = tuple[str, ...]
HIGHEST = {4: (1 << 32) - 1, 6: (1 << 128) - 1}
SLOTS = 15
"""Ports of one multiport; a range takes two."""
WITH_INTERFACE = {
    "iif": frozenset({Hook.PREROUTING, Hook.INPUT, Hook.FORWARD}),
    "oif": frozenset({Hook.FORWARD, Hook.OUTPUT, Hook.POSTROUTING}),
}
WITHOUT_INTERFACE = {"iif": frozenset({Hook.OUTPUT}), "oif": frozenset({Hook.PREROUTING, Hook.INPUT})}


def sign(negated: bool) -> str:
    """What stands in front of an option."""
    return "! " if negated else ""


def address_arguments(key: str, value: Addresses, family: int, *, taken: bool) -> list[Arguments]:
    """Source or destination; `-s` and `-d` are `taken` if the rule has them already."""
    intervals = value.v4 if family == 4 else value.v6
    if not intervals:
        return []
    option, side = ("-s", "src") if key == "src" else ("-d", "dst")
    if intervals == ((0, HIGHEST[family]),):
        return [] if value.negated else [()]
    found: list[str] = []
    for interval, element in zip(intervals, address_elements(intervals, family), strict=True):
        by_range = taken or "-" in element or (value.negated and bool(found))
        text = f"-m iprange {sign(value.negated)}--{side}-range {_range(interval, family)}"
        found.append(text if by_range else f"{sign(value.negated)}{option} {element}")
    return [tuple(found)] if value.negated else [(each,) for each in found]


ORIGINAL = {
    "ct_original_src": "ctorigsrc", "ct_original_dst": "ctorigdst", "ct_reply_src": "ctreplsrc",
    "ct_reply_dst": "ctrepldst",
}  # fmt: skip
"""The addresses of a connection, as `-m conntrack` calls them."""


def original_arguments(key: str, value: Addresses, family: int) -> list[Arguments]:
    """The addresses of a connection: networks, each in a match of its own."""
    elements = address_elements(value.v4 if family == 4 else value.v6, family)
    if any("-" in element for element in elements):
        raise CannotSay(f"a range of addresses in --{ORIGINAL[key]}")
    found = [f"-m conntrack {sign(value.negated)}--{ORIGINAL[key]} {element}" for element in elements]
    return [tuple(found)] if value.negated and found else [(text,) for text in found]


def _range(interval: Interval, family: int) -> str:
    """First and last address."""
    kind: Callable[[int], object] = IPv4Address if family == 4 else IPv6Address
    return f"{kind(interval[0])}-{kind(interval[1])}"


def interface_arguments(key: str, step: Match, value: Names, hooks: frozenset[Hook]) -> list[Arguments]:
    """The interface by which a packet comes in or goes out."""
    option = "-i" if key == "iif" else "-o"
    if hooks <= WITHOUT_INTERFACE[key]:
        return [()] if step.absent else []
    if value.negated != step.absent and not hooks <= WITH_INTERFACE[key]:
        raise CannotSay(f"{told(step)} at hooks with and without that interface")
    names = [interface(name) for name in value.names] + [f"{prefix}+" for prefix in value.prefixes]
    if not value.negated:
        return [(f"{option} {name}",) for name in names]
    if len(names) > 1:
        raise CannotSay(f"{told(step)}: none of several interfaces")
    return [(f"! {option} {name}",) for name in names]


def protocol_name(number: int) -> str:
    """A protocol as `-p` takes it."""
    return PROTOCOLS.get(number, str(number))


def port_arguments(key: str, value: Numbers, proto: int) -> list[Arguments]:
    """Ports of one protocol."""
    intervals = clipped(value.intervals, 65535)
    option = f"--{key}"
    if not intervals:
        return [(f"-m multiport {option}s 0:65535",)] if value.negated else []
    if len(intervals) == 1 and proto in DPORT:
        text = _colon(intervals[0])
        return [(f"-m {protocol_name(proto)} {sign(value.negated)}{option} {text}",)]
    parts = [
        f"-m multiport {sign(value.negated)}{option}s {','.join(_colon(each) for each in some)}"
        for some in _in_slots(intervals)
    ]
    return [tuple(parts)] if value.negated else [(part,) for part in parts]


def _colon(interval: Interval) -> str:
    """A number or a range with a colon."""
    low, high = interval
    return str(low) if low == high else f"{low}:{high}"


def _in_slots(intervals: tuple[Interval, ...]) -> list[list[Interval]]:
    """Intervals in groups that fit into one multiport."""
    groups: list[list[Interval]] = [[]]
    used = 0
    for low, high in intervals:
        size = 1 if low == high else 2
        if used + size > SLOTS:
            groups.append([])
            used = 0
        groups[-1].append((low, high))
        used += size
    return groups


def complement(value: Numbers, highest: int) -> tuple[Interval, ...]:
    """The intervals that a match accepts, negated or not."""
    inside = clipped(value.intervals, highest)
    if not value.negated:
        return inside
    found, start = [], 0
    for low, high in inside:
        if start < low:
            found.append((start, low - 1))
        start = high + 1
    return (*found, (start, highest)) if start <= highest else tuple(found)


def range_arguments(match: str, option: str, value: Numbers, highest: int) -> list[Arguments]:
    """A match whose option takes `low:high`."""
    return [(f"-m {match} --{option} {low}:{high}",) for low, high in complement(value, highest)]


def ttl_arguments(value: Numbers, family: int) -> list[Arguments]:
    """The TTL or hop limit: equal, lower or greater."""
    name = "ttl" if family == 4 else "hl"
    found: list[Arguments] = []
    for low, high in complement(value, 255):
        if low == high:
            found.append((f"-m {name} --{name}-eq {low}",))
        else:
            lower = (f"-m {name} --{name}-gt {low - 1}",) if low else ()
            upper = (f"-m {name} --{name}-lt {high + 1}",) if high < 255 else ()
            found.append((*lower, *upper))
    return found


def each_number(text: str, value: Numbers, highest: int) -> list[Arguments]:
    """A match that takes one number; `text` has a place for it."""
    if value.negated and len(value.intervals) == 1 and value.intervals[0][0] == value.intervals[0][1]:
        match, _, option = text.partition(" --")
        return [(f"{match} ! --{option.format(value.intervals[0][0])}",)]
    return [(text.format(number),) for low, high in complement(value, highest) for number in range(low, high + 1)]


def flags_arguments(value: Masked) -> list[Arguments]:
    """TCP flags: some of them under a mask, or not."""
    tests = [_flags(choice) for choice in value.choices]
    wanted = [f"-m tcp {sign(opposite)}--tcp-flags {rest}" for opposite, rest in tests]
    others = [f"-m tcp {sign(not opposite)}--tcp-flags {rest}" for opposite, rest in tests]
    if value.negated:
        return [tuple(others)]
    return [(*others[:number], text) for number, text in enumerate(wanted)]


def _flags(choice: Choice) -> tuple[bool, str]:
    """Mask and flags, and whether it is their opposite."""
    low, high, mask = choice
    if mask & ~ALL_FLAGS:
        raise CannotSay("the TCP flags ECE and CWR")
    if low == high:
        return False, f"{_names(mask, FLAGS)} {_names(low, FLAGS)}"
    if low == 1 and high >= mask:
        return True, f"{_names(mask, FLAGS)} NONE"
    raise CannotSay(f"TCP flags of {low:#x} to {high:#x}")


def _names(bits: int, words: Mapping[int, str]) -> str:
    """Bits by their names."""
    return ",".join(name for bit, name in words.items() if bit & bits) or "NONE"


def mark_arguments(match: str, value: Masked) -> list[Arguments]:
    """A mark, or the mark of the connection."""
    tests = [_mark(choice) for choice in value.choices]
    wanted = [f"-m {match} {sign(opposite)}--mark {rest}" for opposite, rest in tests]
    others = [f"-m {match} {sign(not opposite)}--mark {rest}" for opposite, rest in tests]
    if value.negated:
        return [tuple(others)]
    return [(*others[:number], text) for number, text in enumerate(wanted)]


def _mark(choice: Choice) -> tuple[bool, str]:
    """Value and mask, and whether it is their opposite."""
    low, high, mask = choice
    if low == high:
        return False, f"{low:#x}" if mask & MARK_MASK == MARK_MASK else f"{low:#x}/{mask:#x}"
    if low == 1 and high >= mask:
        return True, f"0x0/{mask:#x}"
    raise CannotSay(f"marks from {low:#x} to {high:#x}")


CONNECTED = "-m conntrack --ctstate NEW,ESTABLISHED,RELATED"
UNCONNECTED = "-m conntrack --ctstate INVALID,UNTRACKED"
"""Whether a packet belongs to a connection."""


def state_arguments(value: Masked) -> list[Arguments]:
    """The ct state, of which a packet has exactly one."""
    chosen = [name for bit, name in STATES.items() if any(holds(choice, bit) for choice in value.choices)]
    if value.negated:
        chosen = [name for name in STATES.values() if name not in chosen]
    return [(f"-m conntrack --ctstate {','.join(chosen)}",)] if chosen else []


def status_arguments(value: Masked, absent: bool = False) -> list[Arguments]:
    """The status of a connection: any of some bits, or none of them. With `absent`, or no connection.

    What is translated is asked for by `--ctstate`, which a packet without a connection meets if it is negated.
    """
    mask, negated = _status_bits(value)
    if mask & ~sum((*STATUS, *TRANSLATIONS)):
        raise CannotSay(f"the ct status bits {mask:#x}")
    translated, others = mask & sum(TRANSLATIONS), mask & sum(STATUS)
    asked = f"--ctstate {_names(translated, TRANSLATIONS)}"
    is_translated, is_not = f"-m conntrack {asked}", f"-m conntrack ! {asked}"
    other = f"-m conntrack {sign(negated)}--ctstatus {_names(others, STATUS)}"
    found: list[Arguments]
    if not translated:
        found = [(other,)]
    elif negated:
        found = [(is_not, other)] if others else [(is_not,) if absent else (CONNECTED, is_not)]
        absent = absent and bool(others)
    else:
        found = [(is_translated,), (is_not, other)] if others else [(is_translated,)]
    return [*found, (UNCONNECTED,)] if absent else found


def _status_bits(value: Masked) -> tuple[int, bool]:
    """The bits of which any is asked for, and whether none must be."""
    if len(value.choices) == 1 and value.choices[0].low == value.choices[0].high == 0:
        return value.choices[0].mask, not value.negated
    mask = 0
    for choice in value.choices:
        single = choice.mask & (choice.mask - 1) == 0
        if not (choice.low == 1 and choice.high >= choice.mask) and not (single and choice.low == choice.mask):
            raise CannotSay("a ct status that is not 'any of these bits'")
        mask |= choice.mask
    return mask, value.negated


def direction_arguments(value: Numbers) -> list[Arguments]:
    """The direction within a connection; both are every packet that has one."""
    chosen = members(value, 1)
    if len(chosen) == 2:
        return [("-m conntrack --ctdir ORIGINAL",), ("-m conntrack --ctdir REPLY",)]
    return [(f"-m conntrack --ctdir {'ORIGINAL' if 0 in chosen else 'REPLY'}",)] if chosen else []


def fragment_arguments(value: Numbers, family: int) -> list[Arguments]:
    """Later fragments, or anything but them."""
    chosen = members(value, 2)
    if chosen == {0, 1, 2} or not chosen:
        return [()] if chosen else []
    if family != 4 or chosen not in ({2}, {0, 1}):
        raise CannotSay("which fragment a packet is")
    return [(f"{sign(chosen != {2})}-f",)]


def packet_type_arguments(value: Numbers) -> list[Arguments]:
    """To whom the frame was sent."""
    chosen = sorted(members(value, 3))
    if 3 in chosen:
        raise CannotSay("frames to other hosts")
    return [(f"-m pkttype --pkt-type {PACKET_TYPES[number]}",) for number in chosen]


def mac_arguments(value: Numbers) -> list[Arguments]:
    """The MAC address that a packet comes from."""
    if any(low != high for low, high in value.intervals):
        raise CannotSay("a range of MAC addresses")
    found = [
        f"-m mac {sign(value.negated)}--mac-source {low.to_bytes(6, 'big').hex(':')}" for low, _ in value.intervals
    ]
    return [tuple(found)] if value.negated else [(text,) for text in found]


IFACES = {"iif": " --limit-iface-in", "oif": " --limit-iface-out"}
RPFILTER = {"loose": " --loose", "mark": " --validmark", "accept_local": " --accept-local"}


def route_arguments(selector: Fib, value: MatchValue) -> list[Arguments]:
    """What kind of address the routes say it is, or whether they lead back to where a packet comes from."""
    if not isinstance(value, Numbers):
        raise CannotSay(f"fib {selector.result}")
    if selector.result == "rpfilter":
        chosen = members(value, 1)
        options = "".join(option for flag, option in RPFILTER.items() if flag in selector.flags)
        invert = "" if 1 in chosen else " --invert"
        return [()] if len(chosen) == 2 else [(f"-m rpfilter{options}{invert}",)] if chosen else []
    side = {"saddr": "src", "daddr": "dst"}.get("".join(selector.flags - set(IFACES)))
    numbers = [number for low, high in value.intervals for number in range(low, high + 1)]
    if selector.result not in ("type", "addrtype") or side is None or any(each not in ROUTE_TYPES for each in numbers):
        raise CannotSay(f"fib {selector.result}")
    types = ",".join(ROUTE_TYPES[number] for number in numbers)
    limit = "".join(option for flag, option in IFACES.items() if flag in selector.flags)
    return [(f"-m addrtype {sign(value.negated)}--{side}-type {types}{limit}",)]


def nth_of(selector: Numgen, value: MatchValue) -> Statistic:
    """A number generator as every so many-th packet."""
    if selector.mode != "inc" or not isinstance(value, Numbers) or len(value.intervals) != 1:
        raise CannotSay("numgen")
    low, high = value.intervals[0]
    if low != high or not 0 <= low - selector.offset < selector.modulus:
        raise CannotSay("numgen compared with several numbers")
    return Statistic(selector.modulus, low - selector.offset, None, value.negated)
