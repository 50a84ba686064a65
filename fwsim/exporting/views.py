"""The ways in which the stateless twin looks at a packet, and what a match gives in each.

Read first: `fwsim.engine.twin`, DESIGN section 3. In a view the ct state is a constant; the mirror image swaps
addresses, ports and interfaces, is a SYN, and turns an ICMP reply into its request. Matches become what must be asked
of the packet as it is: another match, or one of the constants `TRUE` and `FALSE`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from fwsim.netfilter.fields import Numgen, Selector
from fwsim.netfilter.steps import Match
from fwsim.ruleset.values import Intervals, Masked, MatchValue, Numbers, merged
from fwsim.terms import CtState, Direction, Hook, Proto, TcpFlag

from .drafting import told
from .saying import CannotSay

TRUE = True
FALSE = False

TRACKING = -200
"""The priority of tracking: chains below it see a packet that is not tracked yet, as `invalid`."""
ANSWERS = {0: 8, 14: 13, 16: 15, 18: 17, 129: 128, 140: 139}
"""The ICMP and ICMPv6 replies and what they answer."""
SWAPPED = {"src": "dst", "dst": "src", "sport": "dport", "dport": "sport", "iif": "oif", "oif": "iif"}
UNTOUCHED = frozenset({
    "family", "proto", "tcp_seq", "tcp_ack", "tcp_window", "icmp_code", "icmp_id", "dscp", "ttl", "length", "ip_id",
    "fragment", "vlan", "pkttype", "src_mac", "dst_mac", "mark", "hour", "day", "time",
    "monthday", "monthday_before",
})  # fmt: skip
CONNECTION = ("ct_direction", "ct_status", "ct_mark")
SYN = int(TcpFlag.SYN)


@dataclass(frozen=True)
class View:
    """One way to look at a packet. `direction` None: no connection, so that nothing of one is there."""

    name: str
    state: CtState
    direction: Direction | None
    mirrored: bool = False
    quiet: bool = False
    """Whether nothing is counted or told: the packet was decided once already."""
    facts: tuple[tuple[str, Intervals], ...] = ()
    """What is so of every packet in this view; of `icmp_type` in a quiet one only if it is ICMP at all."""
    notrack: bool = False
    """Behind a rule that takes it out of tracking."""

    @property
    def without_connection(self) -> View:
        """The same behind a `notrack`."""
        return replace(self, name=f"{self.name}-untracked", state=CtState.UNTRACKED, direction=None, notrack=True)


def _icmp(family: int, *types: tuple[int, int]) -> tuple[tuple[str, Intervals], ...]:
    """What is known of ICMP or ICMPv6 packets of some types."""
    proto = int(Proto.ICMP if family == 4 else Proto.ICMPV6)
    return (("family", ((family, family),)), ("proto", ((proto, proto),)), ("icmp_type", types))


V4_ERRORS = ((3, 5), (11, 12))
V6_ERRORS = ((0, 127), (137, 137))
NEVER_TRACKED = ((130, 136), (143, 143), (151, 152))
REPLIES = (("icmp_type", tuple((reply, reply) for reply in ANSWERS)),)

NEW = View("new", CtState.NEW, Direction.ORIGINAL)
MIRROR = View("mirror", CtState.NEW, Direction.ORIGINAL, mirrored=True, quiet=True, facts=REPLIES)
REPLY = View("reply", CtState.ESTABLISHED, Direction.REPLY, quiet=True, facts=REPLIES)
UNTRACKED = View("untracked", CtState.UNTRACKED, None, facts=_icmp(6, *NEVER_TRACKED))


def error_view(family: int, *, related: bool) -> View:
    """An ICMP error of one family, which is related or, if the twin admits none, invalid."""
    facts = _icmp(family, *(V4_ERRORS if family == 4 else V6_ERRORS))
    if related:
        return View(f"error-v{family}", CtState.RELATED, Direction.REPLY, facts=facts)
    return View(f"error-v{family}", CtState.INVALID, None, facts=facts)


class Place(NamedTuple):
    """Where rules stand on the way of a packet: `flow` is the hook that its rules are written for."""

    flow: Hook
    hook: Hook
    early: bool
    """Before tracking."""


def constant(selector: Selector, view: View, place: Place) -> int | None:
    """The number that a field of the connection has in a view; None if the packet has no connection."""
    if selector == "ct_state":
        return int(CtState.INVALID if place.early and not view.notrack else view.state)
    if selector not in CONNECTION:
        raise CannotSay(f"{selector!r}: a stateless packet has no connection")
    if view.direction is None:
        return None
    return int(view.direction) if selector == "ct_direction" else 0


def takes_out(view: View, place: Place) -> bool:
    """Whether `notrack` does anything: only to a packet that nothing is attached to (nft_notrack_eval)."""
    return constant("ct_state", view, place) == CtState.INVALID


def is_of_connection(selector: Selector) -> bool:
    """Whether a selector needs conntrack."""
    return isinstance(selector, str) and selector.startswith("ct_")


def includes(value: MatchValue, number: int) -> bool:
    """Whether a number is among the values, before negation."""
    if value.sets:
        raise CannotSay("a set of ct states or marks")
    if isinstance(value, Masked):
        return any(choice.low <= number & choice.mask <= choice.high for choice in value.choices)
    if isinstance(value, Numbers):
        return any(low <= number <= high for low, high in value.intervals)
    raise CannotSay("a connection compared with names")


def matched(step: Match, view: View, place: Place) -> Match | bool:
    """What a match asks of the packet as it is."""
    selector, value = step.selector, step.value
    if is_of_connection(selector):
        number = constant(selector, view, place)
        return step.absent if number is None else includes(value, number) != value.negated
    if selector in ("iif", "oif") and not is_visible(str(selector), view, place):
        return step.absent
    if selector == "ttl" and place.hook == Hook.PREROUTING and _seen_flow(view, place) == Hook.FORWARD:
        value = _lowered(value)
    if not view.mirrored:
        return _known(step if value is step.value else replace(step, value=value), view)
    if selector == "tcp_flags":
        return _tcp(step) if includes(value, SYN) != value.negated else FALSE
    if not isinstance(selector, str):
        raise CannotSay(f"{told(step)} of the mirror image")
    mirrored = mirror_of(selector)
    return _known(Match(mirrored, mirror_value(selector, value), step.absent, step.text), view)


def _known(step: Match, view: View) -> Match | bool:
    """A match, if it is not known already that it is false."""
    facts = dict(view.facts).get(str(step.selector))
    if facts is None or not isinstance(step.value, Numbers) or step.value.sets:
        return step
    known = (number for low, high in facts for number in range(low, high + 1))
    return step if any(includes(step.value, number) != step.value.negated for number in known) else FALSE


def mirror_of(selector: Selector) -> Selector:
    """The field of the packet that a field of its mirror image is."""
    if isinstance(selector, str) and (selector in UNTOUCHED or selector == "icmp_type"):
        return selector
    if isinstance(selector, str) and selector in SWAPPED:
        return SWAPPED[selector]
    if isinstance(selector, Numgen):
        raise CannotSay("a number that is counted, in the mirror image")
    raise CannotSay(f"{selector!r} of the mirror image")


def mirror_value(selector: Selector, value: MatchValue) -> MatchValue:
    """The values that the packet must have for its mirror image to have these."""
    if selector != "icmp_type":
        return value
    if value.sets or not isinstance(value, Numbers):
        raise CannotSay("a set of ICMP types, in the mirror image")
    replies = [reply for reply, request in ANSWERS.items() if includes(value, request) != value.negated]
    return Numbers(merged((reply, reply) for reply in replies))


def _tcp(step: Match) -> Match:
    """A match that all TCP packets meet."""
    return Match("proto", Numbers(((int(Proto.TCP), int(Proto.TCP)),)), text=step.text)


def _lowered(value: MatchValue) -> MatchValue:
    """A TTL as FORWARD sees it, one lower; a packet with none left does not get there."""
    if not isinstance(value, Numbers) or value.sets:
        raise CannotSay("a set of TTLs before FORWARD")
    return Numbers(tuple((max(low - 1, 0), high - 1) for low, high in value.intervals if high), value.negated)


def _seen_flow(view: View, place: Place) -> Hook:
    """The hook that the packet, as it is seen, passes: INPUT and OUTPUT are swapped in the mirror image."""
    swapped = {Hook.INPUT: Hook.OUTPUT, Hook.OUTPUT: Hook.INPUT}
    return swapped.get(place.flow, place.flow) if view.mirrored else place.flow


def is_visible(key: str, view: View, place: Place) -> bool:
    """Whether the rules at a place see the interface of the packet, as it is seen."""
    if key == "iif":
        return _seen_flow(view, place) != Hook.OUTPUT
    return place.hook not in (Hook.PREROUTING, Hook.INPUT)
