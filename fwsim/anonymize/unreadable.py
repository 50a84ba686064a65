"""Rules that read what a mapped capture has as zeros: their decisions may be others, which must be told.

Read first: `fwsim.headers.selecting`, and what is kept in `transport` and `options`.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.anonymize.options import MULTIPATH, TCP_KEPT
from fwsim.anonymize.transport import KEPT, OTHERS_KEPT
from fwsim.headers.selecting import TCP_KINDS, bits_of, kind_of
from fwsim.netfilter.fields import Option, Raw, Selector
from fwsim.netfilter.model import Netfilter, NetfilterRule, every_step, selectors_of
from fwsim.netfilter.steps import Match
from fwsim.ruleset.values import Numbers

NETWORK_BITS = 320
"""Of an IPv6 header; what is behind it, or behind one of IPv4, are options or more."""
MULTIPATH_BITS = 20


def rules_that_read_zeros(netfilter: Netfilter) -> Iterator[tuple[str, int, str]]:
    """The path and line of each such rule, and what it reads."""
    for table in netfilter.tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                found = read_as_zeros(rule)
                if found:
                    yield rule.location.path, rule.location.line, found


def read_as_zeros(rule: NetfilterRule) -> str:
    """What a rule reads that becomes zeros; empty if nothing."""
    steps = every_step(rule.steps)
    kept = _kept_bits(step for step in steps if isinstance(step, Match))
    for selector in (selector for step in steps for selector in selectors_of(step)):
        found = _as_zeros(selector, kept)
        if found:
            return found
    return ""


def _kept_bits(matches: Iterator[Match]) -> int:
    """The bits of the transport header that stay whatever the packet is, of those that matches let through."""
    kept = [OTHERS_KEPT]
    for match in matches:
        value = match.value
        if match.selector == "proto" and isinstance(value, Numbers) and not value.negated and not value.sets:
            kept += [
                min(KEPT.get(proto, OTHERS_KEPT) for low, high in value.intervals for proto in range(low, high + 1))
            ]
    return 8 * max(kept)


def _as_zeros(selector: Selector, kept: int) -> str:
    """The same of one selector."""
    if isinstance(selector, Raw):
        most = {"th": kept, "nh": NETWORK_BITS, "ih": 0}.get(selector.base, selector.offset + selector.length)
        beyond = selector.offset + selector.length > most
        return f"@{selector.base},{selector.offset},{selector.length}" if beyond else ""
    if not isinstance(selector, Option) or selector.header != "tcp" or (bits := bits_of(selector)) is None:
        return ""
    kind = kind_of(selector)
    stays = MULTIPATH_BITS if kind == MULTIPATH else 8 * TCP_KEPT.get(kind or 0, 2)
    if bits.offset + bits.length <= stays:
        return ""
    names = {number: name for name, number in reversed(TCP_KINDS.items())}
    return f"what the TCP option {names.get(kind or 0, kind)} holds"
