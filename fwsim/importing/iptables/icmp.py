"""The matches icmp and icmp6, with the names that they know for types and codes.

Read first: `extensions`. A name may be cut short while it is the only one that begins so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fwsim.netfilter.steps import AnyOf, Match
from fwsim.ruleset.values import Numbers

from .extensions import Steps, Use, match
from .values import RefusedError, number_or_none

ICMP, ICMPV6 = 1, 58
ANY_TYPE = 255
EVERY_CODE = (0, 255)


class Kind(NamedTuple):
    """A type with one of its codes, or all."""

    type: int
    codes: tuple[int, int]


def _names(text: str) -> dict[str, Kind]:
    """`name type` or `name type/code`."""
    words = text.split()
    return {name: _numeric(numbers, numbers) for name, numbers in zip(words[::2], words[1::2], strict=True)}


def _numeric(text: str, whole: str) -> Kind:
    """`8` or `8/0`; what follows the code after a colon does not count."""
    first, slash, rest = text.partition("/")
    number = number_or_none(first, 0, 255)
    code = number_or_none(rest.partition(":")[0], 0, 255) if slash else None
    if number is None or (slash and (code is None or not rest)):
        raise RefusedError(
            f"`{whole}` is no ICMP type: expected a number, type/code, or a name as `iptables -p icmp -h` lists"
        )
    return Kind(number, EVERY_CODE if code is None else (code, code))


NAMES = _names("""
    any 255 echo-reply 0 pong 0 destination-unreachable 3 network-unreachable 3/0 host-unreachable 3/1
    protocol-unreachable 3/2 port-unreachable 3/3 fragmentation-needed 3/4 source-route-failed 3/5 network-unknown 3/6
    host-unknown 3/7 network-prohibited 3/9 host-prohibited 3/10 tos-network-unreachable 3/11 tos-host-unreachable 3/12
    communication-prohibited 3/13 host-precedence-violation 3/14 precedence-cutoff 3/15 source-quench 4 redirect 5
    network-redirect 5/0 host-redirect 5/1 tos-network-redirect 5/2 tos-host-redirect 5/3 echo-request 8 ping 8
    router-advertisement 9 router-solicitation 10 time-exceeded 11 ttl-exceeded 11 ttl-zero-during-transit 11/0
    ttl-zero-during-reassembly 11/1 parameter-problem 12 ip-header-bad 12/0 required-option-missing 12/1
    timestamp-request 13 timestamp-reply 14 address-mask-request 17 address-mask-reply 18
""")
"""Types and codes of ICMP (`iptables -p icmp -h`)."""

NAMES_V6 = _names("""
    destination-unreachable 1 no-route 1/0 communication-prohibited 1/1 beyond-scope 1/2 address-unreachable 1/3
    port-unreachable 1/4 failed-policy 1/5 reject-route 1/6 packet-too-big 2 time-exceeded 3 ttl-exceeded 3
    ttl-zero-during-transit 3/0 ttl-zero-during-reassembly 3/1 parameter-problem 4 bad-header 4/0
    unknown-header-type 4/1 unknown-option 4/2 echo-request 128 ping 128 echo-reply 129 pong 129
    router-solicitation 133 router-advertisement 134 neighbour-solicitation 135 neighbor-solicitation 135
    neighbour-advertisement 136 neighbor-advertisement 136 redirect 137
""")
"""Types and codes of ICMPv6 (`ip6tables -p icmpv6 -h`)."""


def kind(text: str, names: Mapping[str, Kind]) -> Kind:
    """A type, by number or by the beginning of a name."""
    begun = [name for name in names if name.startswith(text.lower())]
    if len(begun) > 1:
        raise RefusedError(f"`{text}` may be `{begun[0]}` or `{begun[1]}`")
    return names[begun[0]] if begun else _numeric(text, text)


def _steps(use: Use, name: str, wanted: Kind) -> Steps:
    """The type and, if it counts, the code."""
    is_type = use.match(name, "icmp_type", Numbers(((wanted.type, wanted.type),)))
    is_other = use.match(name, "icmp_type", Numbers(((wanted.type, wanted.type),), negated=True))
    if wanted.codes == EVERY_CODE:
        yield is_other if use.negated(name) else is_type
    elif use.negated(name):
        other_code = use.match(name, "icmp_code", Numbers((wanted.codes,), negated=True))
        yield AnyOf(((is_other,), (is_type, other_code)), use.given[name].text)
    else:
        yield is_type
        yield use.match(name, "icmp_code", Numbers((wanted.codes,)))


@match("icmp", "+! icmp-type text", families=(4,), protocols=(ICMP,))
def icmp(use: Use) -> Steps:
    """ip_tables.c: icmp_match."""
    wanted = kind(use.given["icmp-type"].value, NAMES)
    if wanted.type != ANY_TYPE:
        return _steps(use, "icmp-type", wanted)
    every = Numbers((EVERY_CODE,), use.negated("icmp-type"))
    whole = Match("fragment", Numbers(((2, 2),), negated=True), text=use.text)
    return (use.match("icmp-type", "icmp_type", every),) if every.negated else (whole,)


@match("icmp6", "+! icmpv6-type text", families=(6,), protocols=(ICMPV6,))
def icmp6(use: Use) -> Steps:
    """ip6_tables.c: icmp6_match."""
    return _steps(use, "icmpv6-type", kind(use.given["icmpv6-type"].value, NAMES_V6))
