"""What a field is compared with, as the keys of our own rules spell it.

Read first: `fwsim.ruleset.elements`, `fwsim.ruleset.masks`; `yaml_rules`. Each function gives what stands behind the
key, or None where no packet can match.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fwsim.convert.comparing import address_elements, holds, members
from fwsim.ruleset import words
from fwsim.ruleset.masks import ALL_FLAGS
from fwsim.ruleset.values import MARK_MASK, Addresses, Choice, Interval, Masked, MatchValue, Names, Numbers

from .saying import CannotSay

Written = int | str | list[int | str]

FLAGS = {name: bit for name, bit in words.TCP_FLAGS.items() if name not in ("ecn", "none", "all")}
ICMP = {number: name for name, number in words.ICMP_TYPES.items()}
ICMPV6 = {number: name for name, number in reversed(words.ICMPV6_TYPES.items())}
NUMBER_WORDS: dict[str, Mapping[int, str]] = {
    "proto": {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6", 132: "sctp", 47: "gre", 50: "esp", 51: "ah"},
    "icmp_type": ICMP, "icmpv6_type": ICMPV6,
    "family": {4: "ipv4", 6: "ipv6"}, "fragment": {0: "whole", 1: "first", 2: "later"},
    "ct_direction": {0: "original", 1: "reply"},
}  # fmt: skip
HIGHEST = {
    "family": 6, "proto": 255, "sport": 65535, "dport": 65535, "icmp_type": 255, "icmp_code": 255,
    "icmpv6_type": 255, "icmpv6_code": 255, "dscp": 63, "ttl": 255, "length": 65575, "fragment": 2, "vlan": 4095,
    "ct_direction": 1,
}  # fmt: skip
NAMED_ONLY = ("family", "fragment", "ct_direction")
BITS = {"ct_state": words.CT_STATES, "ct_status": words.CT_STATUS}
NOTHING: list[int | str] = []


def written(key: str, value: MatchValue) -> Written | None:
    """A value without sets, as it stands behind a key of a rule."""
    if isinstance(value, Addresses):
        return _negated([*address_elements(value.v4, 4), *address_elements(value.v6, 6)], value.negated)
    if isinstance(value, Names):
        return _names(value)
    if isinstance(value, Numbers):
        return _numbers(key, value)
    if key == "tcp_flags":
        return _negated([_flags(choice, negated=value.negated) for choice in value.choices], value.negated)
    return _named_bits(key, value) if key in BITS else _marks(value)


def _negated(items: Iterable[int | str], negated: bool) -> Written | None:
    """One element or a list of them."""
    found: list[int | str] = [f"!{item}" if negated else item for item in items]
    if not found:
        return None
    return found[0] if len(found) == 1 else found


def _names(value: Names) -> Written | None:
    """Interfaces by name."""
    found = [*value.names, *(f"{prefix}*" for prefix in value.prefixes)]
    odd = [name for name in found if "," in name or name.startswith(("!", "@")) or name != name.strip()]
    if odd:
        raise CannotSay(f"the interface {odd[0]!r}")
    return _negated(found, value.negated)


def _numbers(key: str, value: Numbers) -> Written | None:
    """Numbers, by name where people do so."""
    names = NUMBER_WORDS.get(key, {})
    if key in NAMED_ONLY:
        chosen = [number for number in sorted(members(value, HIGHEST[key])) if number in names]
        return _negated([names[number] for number in chosen], False)
    found: list[int | str] = []
    for low, high in value.intervals:
        if low <= HIGHEST[key]:
            found.append(_interval((low, min(high, HIGHEST[key])), names))
    if not found and value.negated:
        return f"0-{HIGHEST[key]}"
    return _negated(found, value.negated)


def _interval(interval: Interval, names: Mapping[int, str]) -> int | str:
    """A number or a range."""
    low, high = interval
    return names.get(low, low) if low == high else f"{low}-{high}"


def _flags(choice: Choice, *, negated: bool) -> str:
    """One condition on the TCP flags; `!== syn` would be read as `!=`."""
    low, high, mask = choice
    if low == high:
        if mask == ALL_FLAGS:
            if negated:
                return f"{_flag_names(low)} / all"
            return f"== {_flag_names(low)}"
        return f"{_flag_names(low)} / {_flag_names(mask)}"
    if low == 1 and high >= mask:
        return _flag_names(mask)
    raise CannotSay(f"TCP flags of {low:#x} to {high:#x}")


def _flag_names(bits: int) -> str:
    """Flags by name."""
    return ",".join(name for name, bit in FLAGS.items() if bit & bits) or "none"


def _named_bits(key: str, value: Masked) -> Written | None:
    """A ct state or status: any of some bits."""
    names = BITS[key]
    if key == "ct_state":
        chosen = [name for name, bit in names.items() if any(holds(choice, bit) for choice in value.choices)]
        if value.negated:
            chosen = [name for name in names if name not in chosen]
        return _negated(chosen, False)
    if any(not _is_any(choice) for choice in value.choices):
        raise CannotSay("a ct status that is not 'any of these bits'")
    mask = 0
    for choice in value.choices:
        mask |= choice.mask
    if mask & ~sum(names.values()):
        raise CannotSay(f"the ct status bits {mask:#x}")
    return _negated([name for name, bit in names.items() if bit & mask], value.negated)


def _is_any(choice: Choice) -> bool:
    """Whether it asks that any bit of a mask is set."""
    single = choice.mask & (choice.mask - 1) == 0
    return (choice.low == 1 and choice.high >= choice.mask) or (single and choice.low == choice.high == choice.mask)


def _marks(value: Masked) -> Written | None:
    """Marks: numbers, ranges, and bits under a mask."""
    return _negated([_mark(choice) for choice in value.choices], value.negated)


def _mark(choice: Choice) -> str:
    """One mark."""
    low, high, mask = choice
    if mask & MARK_MASK == MARK_MASK:
        return f"{low:#x}" if low == high else f"{low:#x}-{min(high, MARK_MASK):#x}"
    if low == high and not low & ~mask:
        return f"{low:#x}/{mask:#x}"
    if mask & (mask - 1) == 0 and low == 1:
        return f"{mask:#x}/{mask:#x}"
    raise CannotSay(f"bits of a mark under the mask {mask:#x} from {low:#x} to {high:#x}")
