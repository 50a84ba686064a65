"""The stateless twin of a ruleset as rules: what DESIGN section 3 admits without a connection table.

Read first: `fwsim.engine.twin`, `views`. `stateless_twin` does it. For each of input, forward and output one base chain
stands for all chains on the way of a packet:

```
   what is never tracked ------> the chains as they see UNTRACKED -----------------> their verdict
   an ICMP error --------------> ... as they see RELATED --------------------------> their verdict
   everything else ------------> ... as they see NEW -- accept --> accepted
                                                     +- drop ---> could it be a reply? no: dropped
        the mirrored chains as they see the mirror image, NEW -- drop --> dropped    yes
            accept: the chains as they see an ESTABLISHED reply -- drop --> dropped, accept --> accepted
```
Unlike the twin, a packet from a local address to a local one is decided at output and at input, each for itself; and
what prerouting drops is not evaluated if the stack discards it before the hook at which the rules stand now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fwsim.convert.identifiers import Identifiers
from fwsim.lower.needs import asks_for_ct
from fwsim.netfilter.model import ANY_FAMILY, Chain, Netfilter, NetfilterRule, Table, every_step
from fwsim.netfilter.steps import Assign, Match, Step, Verdict
from fwsim.ruleset.values import Choice, Location, Masked, MatchValue, Numbers
from fwsim.terms import Hook, TcpFlag, word
from fwsim.terms import Verdict as Policy

from .copying import Continue, Copies, Way
from .saying import Refusals
from .tracking import every_rule
from .views import (
    ANSWERS,
    MIRROR,
    NEVER_TRACKED,
    NEW,
    REPLY,
    TRACKING,
    UNTRACKED,
    V4_ERRORS,
    Place,
    View,
    error_view,
)

FORM = "a stateless ruleset"
TABLE = "stateless"
ACCEPT = Verdict("accept")
DROP = Verdict("drop")
PATHS = {
    Hook.INPUT: (Hook.PREROUTING, Hook.INPUT),
    Hook.FORWARD: (Hook.PREROUTING, Hook.FORWARD, Hook.POSTROUTING),
    Hook.OUTPUT: (Hook.OUTPUT, Hook.POSTROUTING),
}
MIRRORED = {Hook.INPUT: Hook.OUTPUT, Hook.FORWARD: Hook.FORWARD, Hook.OUTPUT: Hook.INPUT}
ACK_OR_RST = int(TcpFlag.ACK | TcpFlag.RST)
TCP, ICMP, ICMPV6 = 6, 1, 58
LATER = 2
V6_REDIRECT = 137
V6_LAST_ERROR = 127


@dataclass(frozen=True)
class Choices:
    """What the twin admits: `replies` ack-or-rst, any or never; `icmp_errors` accept or never."""

    replies: str = "ack-or-rst"
    icmp_errors: str = "accept"


def stateless_twin(netfilter: Netfilter, choices: Choices = Choices()) -> Netfilter:
    """The rules of the twin; the ruleset itself if it asks for nothing of connections.

    Raises RulesetError with all that cannot be decided without state as the twin decides it.
    """
    if not any(map(asks_for_ct, every_rule(netfilter))):
        return netfilter
    return _Twin(netfilter, choices).netfilter()


class _Twin:
    """One ruleset on its way."""

    def __init__(self, netfilter: Netfilter, choices: Choices) -> None:
        """Nothing is written yet."""
        self.whole = netfilter
        self.choices = choices
        self.refusals = Refusals(FORM)
        self.names = Identifiers()
        for flow in PATHS:
            self.names.fresh(word(flow))
        self.copies = Copies(netfilter, self.names, self.refusals)
        self.refused: dict[tuple[Verdict, Hook, int], Verdict] = {}
        self.resets_marks = _assigns_and_asks_marks(netfilter)

    def netfilter(self) -> Netfilter:
        """The ruleset of the twin."""
        bases = [self._flow(flow) for flow in PATHS if self._is_guarded(flow)]
        chains = {chain.name: chain for chain in self.copies.used_by(bases)}
        self.copies.check_counted(chains)
        self.refusals.check()
        sets, objects = self.copies.sets, self.copies.objects
        location = self.whole.tables[0].location if self.whole.tables else Location()
        table = Table("inet", TABLE, chains, sets, objects, location)
        return Netfilter((table,), self.whole.format, self.whole.remarks, self.whole.interfaces)

    def _is_guarded(self, flow: Hook) -> bool:
        """Whether any chain stands on the way of a packet."""
        return any(self._bases(flow, flow, family) for family in (4, 6))

    def _bases(self, flow: Hook, seen: Hook, family: int) -> list[tuple[Table, Chain, Place]]:
        """The base chains on the way of a packet that passes the hook `seen`, in the order in which they run."""
        found = []
        path = PATHS[seen]
        for hook in path:
            here = [
                (chain.priority, -chain.registered, table, chain)
                for table in self.whole.tables
                for chain in table.chains.values()
                if hook in chain.hooks and table.sees in (ANY_FAMILY, family)
            ]
            for priority, _, table, chain in sorted(here, key=lambda entry: entry[:2]):
                early = hook == path[0] and priority < TRACKING
                found.append((table, chain, Place(flow, hook, early)))
        return found

    def _flow(self, flow: Hook) -> Chain:
        """The base chain at one hook."""
        name = word(flow)
        same = self._key(flow, 4) == self._key(flow, 6)
        if same:
            rules = self._entry(flow, ANY_FAMILY)
        else:
            rules = []
            for family in (4, 6):
                inner = self.copies.chain(f"{name}-ipv{family}", self._entry(flow, family))
                rules.append(_rule([_is("family", family)], inner))
        policy = Policy.DROP
        if rules and len(rules[-1].steps) == 1 and rules[-1].steps[0] in (ACCEPT, DROP):
            policy = Policy.DROP if rules[-1].steps[0] == DROP else Policy.ACCEPT
            rules = rules[:-1]  # the policy says so, too
        return Chain(name, name, (flow,), 0, policy, "filter", tuple(rules), registered=int(flow))

    def _key(self, flow: Hook, family: int) -> list[int]:
        """The chains that packets of a family meet."""
        return [id(chain) for seen in (flow, MIRRORED[flow]) for _, chain, _ in self._bases(flow, seen, family)]

    def _entry(self, flow: Hook, family: int) -> list[NetfilterRule]:
        """The rules of a base chain: which view a packet gets."""
        new = self._walk(NEW, flow, family, ACCEPT, lambda kind: self._reply_or(kind, flow, family))
        rules = []
        if family != 4:
            untracked = self._walk(UNTRACKED, flow, 6, ACCEPT, lambda kind: kind)
            rules.append(_rule(_icmp(6, ICMPV6, NEVER_TRACKED), untracked, "never tracked"))
        for own in (4, 6):
            if family in (ANY_FAMILY, own):
                view = error_view(own, related=self.choices.icmp_errors == "accept")
                rules += _errors(own, self._walk(view, flow, own, ACCEPT, lambda kind: kind))
        return [*rules, *self.copies.inlined(new)]

    def _walk(
        self, view: View, flow: Hook, family: int, accept: Verdict, refuse: Callable[[Verdict], Verdict]
    ) -> Verdict:
        """What decides a packet in one view: the first chain on its way, which leads to the others."""
        seen = MIRRORED[flow] if view.mirrored else flow
        bases = self._bases(flow, seen, family or 4)
        return self.copies.walk(Way(view, tuple(bases), Continue(accept, refuse), family), 0)

    def _reply_or(self, kind: Verdict, flow: Hook, family: int) -> Verdict:
        """Where a packet goes that is refused as NEW."""
        key = (kind, flow, family)
        if key not in self.refused:
            self.refused[key] = self._reply(kind, flow, family)
        return self.refused[key]

    def _reply(self, kind: Verdict, flow: Hook, family: int) -> Verdict:
        """It is admitted if it passes as a reply."""
        if self.choices.replies == "never":
            return kind
        reply = self._fresh_mark(self._walk(REPLY, flow, family, ACCEPT, lambda _: kind), f"{word(flow)}-reply")
        if reply == kind:
            return kind
        mirror = self._walk(MIRROR, flow, family, reply, lambda _: kind)
        if mirror == kind:
            return kind
        mirror = self._fresh_mark(mirror, f"{word(flow)}-mirror")
        return self.copies.chain(
            f"{word(flow)}-replies", [*self._could_be_reply(mirror, kind, family), _rule([], kind)]
        )

    def _fresh_mark(self, verdict: Verdict, name: str) -> Verdict:
        """The same for a packet without a mark, where rules ask for marks that others set."""
        if not self.resets_marks or verdict.target is None:
            return verdict
        return self.copies.chain(name, [NetfilterRule((Assign("mark", 0),)), _rule([], verdict)])

    def _could_be_reply(self, mirror: Verdict, kind: Verdict, family: int) -> list[NetfilterRule]:
        """Rules that send to the mirrored chains what could be a reply."""
        acknowledged = [Match("tcp_flags", Masked((Choice(1, ACK_OR_RST, ACK_OR_RST),)))]
        tcp = [_is("proto", TCP), *(acknowledged if self.choices.replies == "ack-or-rst" else [])]
        rules = [
            _rule([_is("fragment", LATER)], kind, "later fragments"),
            _rule(tcp, mirror, "could be a reply"),
        ]
        replies = {4: [reply for reply in ANSWERS if reply < 128], 6: [reply for reply in ANSWERS if reply >= 128]}
        for own, proto in ((4, ICMP), (6, ICMPV6)):
            if family in (ANY_FAMILY, own):
                types = tuple((reply, reply) for reply in replies[own])
                rules.append(
                    _rule(_icmp(own, proto, types), mirror, f"could be a reply, {'icmp' if own == 4 else 'icmpv6'}")
                )
        others = Match("proto", Numbers(((ICMP, ICMP), (TCP, TCP), (ICMPV6, ICMPV6)), negated=True))
        return [*rules, _rule([others], mirror, "could be a reply, other protocols")]


def _is(field: str, number: int) -> Match:
    """A field that has one value."""
    return Match(field, Numbers(((number, number),)))


def _icmp(family: int, proto: int, types: tuple[tuple[int, int], ...]) -> list[Step]:
    """Packets of these ICMP or ICMPv6 types."""
    value: MatchValue = Numbers(types)
    return [_is("family", family), _is("proto", proto), Match("icmp_type", value)]


def _errors(family: int, verdict: Verdict) -> list[NetfilterRule]:
    """Rules for the ICMP errors of a family, which quote another packet."""
    if family == 4:
        return [_rule(_icmp(4, ICMP, V4_ERRORS), verdict, "icmp errors")]
    redirect = [*_icmp(6, ICMPV6, ((V6_REDIRECT, V6_REDIRECT),)), _is("icmp_code", 0)]
    return [
        _rule(_icmp(6, ICMPV6, ((0, V6_LAST_ERROR),)), verdict, "icmpv6 errors"),
        _rule(redirect, verdict, "icmpv6 redirect"),
    ]


def _rule(asks: Sequence[Step], verdict: Verdict, name: str | None = None) -> NetfilterRule:
    """A rule of the twin itself."""
    return NetfilterRule((*asks, verdict), name)


def _assigns_and_asks_marks(netfilter: Netfilter) -> bool:
    """Whether rules ask for packet marks that rules set."""
    steps = [step for rule in every_rule(netfilter) for step in every_step(rule.steps)]
    return any(isinstance(step, Assign) and step.target == "mark" for step in steps) and any(
        "mark" in _asked(step) for step in steps
    )


def _asked(step: Step) -> tuple[object, ...]:
    """What a step looks at."""
    if isinstance(step, Assign):
        return tuple(term.selector for term in step.terms)
    return (getattr(step, "selector", None), *getattr(step, "selectors", ()))
