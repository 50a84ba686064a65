"""Where a packet has what a rule asks for: the PACKET or EXTRA field of each field of netfilter's language.

Read first: `fwsim.netfilter.fields`; PACKET and EXTRA in `fwsim.tables`. What has no field there, but can be read of
the packet's bytes or of its time (`fwsim.headers`), gets a slot of EXTRA; a ruleset has as many as there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from fwsim.headers.selecting import XTABLES, Readable, There, is_changed_by, is_readable, width
from fwsim.netfilter.fields import FIELDS, Option, Raw, Selector
from fwsim.netfilter.model import selectors_of
from fwsim.netfilter.steps import Alter, Assign, Match, Step
from fwsim.ruleset.values import Numbers
from fwsim.tables import SLOTS

ELAPSED = "elapsed"
"""The time since the first packet came. No format says this: lowering asks for it."""

PACKET_FIELDS = {
    "ct_state": "ct_state", "family": "family", "iif": "iif", "oif": "oif", "src": "src0", "dst": "dst0",
    "proto": "proto", "sport": "sport", "dport": "dport", "tcp_flags": "flags",
    "tcp_seq": "seq", "tcp_ack": "ack", "tcp_window": "win",
    "icmp_type": "icmp_type", "icmp_code": "icmp_code", "icmp_id": "icmp_id",
    "dscp": "dscp", "ttl": "ttl", "length": "length", "ip_id": "ip_id", "fragment": "fragment", "vlan": "vlan",
    "mark": "mark", "ct_direction": "ct_direction", "ct_status": "ct_status", "ct_mark": "ct_mark",
    "time": "now", "pkttype": "pkttype", "src_mac": "src_mac", "ct_family": "ct_family", "ct_proto": "ct_proto",
    "ct_original_src": "ct_src0", "ct_original_dst": "ct_dst0", "ct_original_sport": "ct_sport",
    "ct_original_dport": "ct_dport", "ct_reply_src": "reply_src0", "ct_reply_dst": "reply_dst0",
    "ct_reply_sport": "reply_sport", "ct_reply_dport": "reply_dport",
    ELAPSED: "elapsed",
}  # fmt: skip
"""The PACKET or EXTRA field of those that are simulated."""

ADDRESSES = ("src0", "dst0", "ct_src0", "ct_dst0", "reply_src0", "reply_dst0")
"""The fields that are four words wide."""

HIGHEST = {field: (1 << kind.bits) - 1 for field, kind in FIELDS.items() if kind.bits}
"""The greatest value of each field."""

RAW_FIELDS = {Raw("th", 0, 16): "th_sport", Raw("th", 16, 16): "th_dport"}
"""The same of bits of headers that are read whatever the protocol."""

FORWARDING = ((56, 72), (80, 96))
"""Bits of IP headers that forwarding changes."""


def highest(selector: Readable) -> int:
    """The greatest value of what a selector looks at."""
    bits = width(selector)
    return (1 << bits) - 1 if bits is not None else HIGHEST[str(selector)]


def packet_field(selector: Readable) -> str | None:
    """The field that every ruleset has for a selector, if it has one."""
    if isinstance(selector, Raw):
        return RAW_FIELDS.get(selector)
    return PACKET_FIELDS.get(selector) if isinstance(selector, str) else None


def looked_at(match: Match) -> Readable:
    """What a match looks at: if it takes any value of some bits, only whether they are there."""
    selector, value = match.selector, match.value
    if not isinstance(selector, Raw) or not isinstance(value, Numbers) or value.negated or value.sets:
        return selector
    every_value = ((0, (1 << selector.length) - 1),)
    return There(selector) if tuple(value.intervals) == every_value else selector


def written(selector: Readable) -> str:
    """A selector as nft writes it, for explanations."""
    if isinstance(selector, There):
        return f"{written(selector.raw)} there"
    if isinstance(selector, Raw):
        return f"@{selector.base},{selector.offset},{selector.length}"
    if isinstance(selector, Option):
        words = (selector.header, "option") if selector.header in ("tcp", "ip") else ("exthdr",)
        return " ".join((*words, str(selector.option), *((selector.field,) if selector.field else ())))
    return str(selector)


class Fields:
    """The fields of a ruleset."""

    def __init__(self, steps: Iterable[Step] = (), *, xtables: bool = False) -> None:
        """All steps of rules, of iptables or not, say what there is to be read; who comes too late gets no slot."""
        self.slots: list[Readable] = []
        self._xtables = xtables
        for selector in dict.fromkeys(selector for step in steps for selector in _selectors(step)):
            self._allot(selector)

    def _allot(self, selector: Readable) -> None:
        """Give a selector a slot, if it needs and can have one."""
        selector = self._own(selector)
        if packet_field(selector) is not None or selector in self.slots or not is_readable(selector):
            return
        if len(self.slots) < SLOTS:
            self.slots.append(selector)

    def _own(self, selector: Readable) -> Readable:
        """The selector as these rules look for it."""
        if self._xtables and isinstance(selector, Option) and selector.header == "tcp":
            return replace(selector, header=XTABLES)
        return selector

    def of(self, selector: Readable) -> str | None:
        """The field that a selector looks at, if it is simulated."""
        selector = self._own(selector)
        field = packet_field(selector)
        if field is None and selector in self.slots:
            return f"slot{self.slots.index(selector)}"
        return field

    def changed_with(self, altered: Selector) -> list[str]:
        """The slots whose values are not known any more once another selector is changed."""
        own = cast(Selector, self._own(altered))
        others = ((number, selector) for number, selector in enumerate(self.slots) if selector != own)
        return [f"slot{number}" for number, selector in others if is_changed_by(selector, own)]


NO_SLOTS = Fields()
"""Of a ruleset that asks for what all have."""


def changes_on_the_way(selector: Selector) -> bool:
    """Whether what a rule sets there does not stay as it is, where the packet is forwarded."""
    if not isinstance(selector, Raw) or selector.base != "nh":
        return False
    end = selector.offset + selector.length
    return any(selector.offset < last and first < end for first, last in FORWARDING)


def _selectors(step: Step) -> Iterable[Readable]:
    """What a step asks of a packet."""
    if isinstance(step, Match):
        return (looked_at(step),)
    if isinstance(step, Assign):
        return [term.selector for term in step.terms]
    return () if isinstance(step, Alter) else selectors_of(step)
