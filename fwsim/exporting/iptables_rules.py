"""The rules of one table of iptables.

Read first: `drafting`, `iptables_matching`, `iptables_doing`. A rule has one target: what does several things becomes
several rules that ask the same, or a chain where to ask twice would not be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from fwsim.convert.comparing import members
from fwsim.netfilter.fields import Fib, Numgen
from fwsim.netfilter.model import Table
from fwsim.netfilter.steps import (
    Alter,
    AnyOf,
    Assign,
    Case,
    Choose,
    Effectless,
    Lookup,
    Match,
    NoTrack,
    Step,
    Unknown,
    Verdict,
)
from fwsim.ruleset.values import Addresses, Masked, MatchValue, Names, Numbers
from fwsim.terms import Hook, RejectWith

from . import iptables_matching as arguments
from .drafting import COUNTS, Drafting, Generated, reads_connection, told
from .elements import alternatives_of, resolved
from .iptables_doing import counted, done, statistic, verdict
from .iptables_words import WITH_PORTS, ChainNames
from .saying import CannotSay

TCP, ICMP, ICMPV6 = 6, 1, 58
OPTIONS = {"src": "-s ", "dst": "-d "}
NUMBERS: dict[str, Callable[[Numbers, int], list[tuple[str, ...]]]] = {
    "ct_direction": lambda value, _: arguments.direction_arguments(value),
    "fragment": arguments.fragment_arguments,
    "pkttype": lambda value, _: arguments.packet_type_arguments(value),
    "src_mac": lambda value, _: arguments.mac_arguments(value),
    "ct_proto": lambda value, _: arguments.each_number("-m conntrack --ctproto {}", value, 255),
    "ct_original_sport": lambda value, _: arguments.range_arguments("conntrack", "ctorigsrcport", value, 65535),
    "ct_original_dport": lambda value, _: arguments.range_arguments("conntrack", "ctorigdstport", value, 65535),
    "ct_reply_sport": lambda value, _: arguments.range_arguments("conntrack", "ctreplsrcport", value, 65535),
    "ct_reply_dport": lambda value, _: arguments.range_arguments("conntrack", "ctrepldstport", value, 65535),
    "ttl": arguments.ttl_arguments,
    "length": lambda value, _: arguments.range_arguments("length", "length", value, 65535),
    "dscp": lambda value, _: arguments.each_number("-m dscp --dscp {}", value, 63),
}
"""How fields that are numbers are asked for, by value and family."""
MASKS: dict[str, Callable[[Masked], list[tuple[str, ...]]]] = {
    "ct_state": arguments.state_arguments,
    "mark": lambda value: arguments.mark_arguments("mark", value),
    "ct_mark": lambda value: arguments.mark_arguments("connmark", value),
}  # fmt: skip
ALWAYS_THERE = frozenset({"family", "proto", "src", "dst", "ttl", "dscp", "length", "mark", "ct_state", "fragment"})


class IptHead(NamedTuple):
    """The arguments of a rule so far; its protocol and ICMP type if they are known; whether it counts."""

    parts: tuple[str, ...] = ()
    proto: int | None = None
    kind: int | None = None
    counts: bool = False


class IptDrafting(Drafting[IptHead]):
    """Writes the rules of one table for one family."""

    def __init__(self, place: str, family: int, form: str, names: ChainNames) -> None:
        """`place` is the table of iptables, `form` what the ruleset was read from."""
        super().__init__()
        self.place = place
        self.family = family
        self.form = form
        self.names = names
        self.comment = ""

    def begin(self, table: Table, chains: Mapping[str, str], hooks: frozenset[Hook]) -> None:
        """Go on with a chain of this table, which is reached at these hooks."""
        self.table = table
        self.chains = chains
        self.hooks = hooks

    def fresh(self, wanted: str) -> str:
        """A free name for a chain."""
        return self.names.fresh(wanted)

    def start(self) -> IptHead:
        """A rule that asks nothing."""
        return IptHead()

    # --- what it asks -----------------------------------------------------------------------------------------------

    def excluded(self, step: Step) -> Step | None:
        """None of several protocols, or of several interfaces: those are sent back first."""
        if not isinstance(step, Match) or not step.value.negated or step.absent != (step.selector in ("iif", "oif")):
            return None
        value = resolved(step.value, self.table.sets)
        several = False
        if step.selector == "proto" and isinstance(value, Numbers):
            several = len(members(value, 255)) < 255 and len(members(value, 255)) > 1
        elif isinstance(value, Names):
            several = len(value.names) + len(value.prefixes) > 1
        return Match(step.selector, _positive(value), text=step.text) if several else None

    def asked(self, step: Step, head: IptHead) -> list[IptHead]:
        """The alternatives of a match."""
        own = self._own_words(step, "-m ")
        if isinstance(step, Unknown) and own is not None:
            return [head._replace(parts=(own,), counts=False)]
        if isinstance(step, Match):
            return self._match(step, head)
        if isinstance(step, (Lookup, AnyOf)):
            ways = alternatives_of(step, self.table.sets) if isinstance(step, Lookup) else step.alternatives
            return [each for matches in ways for each in self._all(matches, head)]
        raise CannotSay(told(step))

    def _own_words(self, step: Step, beginning: str) -> str | None:
        """A step as it was written for iptables, if it was and is no part of something else."""
        text = getattr(step, "text", "") or getattr(step, "construct", "")
        return text if self.form.startswith("ip") and text.startswith(beginning) else None

    def _all(self, matches: Sequence[Match], head: IptHead) -> list[IptHead]:
        """Several matches, all of which must hold."""
        heads = [IptHead((), head.proto, head.kind)]
        for match in matches:
            heads = [
                more._replace(parts=(*each.parts, *more.parts))
                for each in heads
                for more in self._match(match, each._replace(parts=(*head.parts, *each.parts)))
            ]
        return heads

    def _match(self, step: Match, head: IptHead) -> list[IptHead]:
        """One field, or what else has a value."""
        selector, value = step.selector, resolved(step.value, self.table.sets)
        if selector == "proto" and isinstance(value, Numbers):
            return self._protocol(value, head)
        if selector in ("sport", "dport") and isinstance(value, Numbers):
            return self._ports(str(selector), value, head)
        if selector in ("icmp_type", "icmp_code") and isinstance(value, Numbers):
            return self._icmp(str(selector), value, head)
        if selector == "tcp_flags" and isinstance(value, Masked):
            told_protocol = () if head.proto == TCP else ("-p tcp",)
            if head.proto not in (None, TCP):
                return []
            return [IptHead((*told_protocol, *parts), TCP) for parts in arguments.flags_arguments(value)]
        if selector == "ct_status" and isinstance(value, Masked):
            ways = arguments.status_arguments(value, step.absent)
            return [IptHead(parts, head.proto, head.kind) for parts in ways]
        found = self._plain(step, value, head)
        if step.absent and selector not in ALWAYS_THERE and selector not in ("iif", "oif"):
            raise CannotSay(f"{told(step)} for packets that may lack the field")
        return [IptHead(parts, head.proto, head.kind) for parts in found]

    def _plain(self, step: Match, value: MatchValue, head: IptHead) -> list[tuple[str, ...]]:
        """A match for which nothing else must be known."""
        selector = step.selector
        if selector == "family" and isinstance(value, Numbers):
            return [()] if self.family in members(value, 6) else []
        if isinstance(value, Addresses) and selector in OPTIONS:
            taken = any(OPTIONS[str(selector)] in part for part in head.parts)
            return arguments.address_arguments(str(selector), value, self.family, taken=taken)
        if isinstance(value, Addresses) and selector in arguments.ORIGINAL:
            return arguments.original_arguments(str(selector), value, self.family)
        if isinstance(value, Names) and selector in ("iif", "oif"):
            return arguments.interface_arguments(str(selector), step, value, self.hooks)
        if isinstance(selector, Fib):
            own = self._own_words(step, "-m ")
            return [(own,)] if own is not None else arguments.route_arguments(selector, value)
        if isinstance(selector, Numgen):
            return [(statistic(arguments.nth_of(selector, value)),)]
        if isinstance(value, Masked) and selector in MASKS:
            return MASKS[str(selector)](value)
        if isinstance(value, Numbers) and selector in NUMBERS:
            return NUMBERS[str(selector)](value, self.family)
        own = self._own_words(step, "-m ")
        if own is None or isinstance(selector, str):
            raise CannotSay(told(step))
        return [(own,)]

    def _protocol(self, value: Numbers, head: IptHead) -> list[IptHead]:
        """The protocol, which a rule asks for once."""
        chosen = sorted(members(value, 255))
        if head.proto is not None:
            return [IptHead((), head.proto, head.kind)] if head.proto in chosen else []
        if len(chosen) == 256:
            return [IptHead()]
        if len(chosen) == 255:
            (other,) = set(range(256)) - set(chosen)
            return [IptHead((f"! -p {arguments.protocol_name(other) if other else 'ip'}",))] if other else []
        return [IptHead((f"-p {arguments.protocol_name(number)}",), number) for number in chosen]

    def _ports(self, key: str, value: Numbers, head: IptHead) -> list[IptHead]:
        """Ports, of each protocol that has some."""
        protocols = WITH_PORTS if head.proto is None else (head.proto,)
        found = []
        for proto in protocols:
            if proto in WITH_PORTS:
                told_protocol = () if head.proto is not None else (f"-p {arguments.protocol_name(proto)}",)
                found += [
                    IptHead((*told_protocol, *parts), proto) for parts in arguments.port_arguments(key, value, proto)
                ]
        return found

    def _icmp(self, key: str, value: Numbers, head: IptHead) -> list[IptHead]:
        """Types of ICMP or ICMPv6, and codes behind a type."""
        own, name, option = (ICMP, "icmp", "icmp") if self.family == 4 else (ICMPV6, "icmp6", "icmpv6")
        if head.proto not in (None, own):
            return []
        if key == "icmp_code" and head.kind is None:
            raise CannotSay("a code of ICMP without a single type")
        told_protocol = () if head.proto == own else (f"-p {arguments.protocol_name(own)}",)
        kind = f"{head.kind}/" if key == "icmp_code" else ""
        found = []
        for parts in arguments.each_number(f"-m {name} --{option}-type {kind}{{}}", value, 255):
            number = parts[0].rpartition(" ")[2]
            known = head.kind if kind else int(number) if " ! " not in parts[0] else None
            found.append(IptHead((*told_protocol, *parts), own, known))
        return found

    def joined(self, head: IptHead, more: IptHead) -> IptHead | None:
        """Both; iptables asks for what is no `-m` first, so that it cannot stand behind a count.

        A code of ICMP takes the place of its type: `--icmp-type 3/4`.
        """
        if head.counts and any(not part.startswith("-m ") for part in more.parts):
            return None
        if _repeats(head.parts, more.parts):
            return None
        first = [part for part in head.parts if not any(other.startswith(f"{part}/") for other in more.parts)]
        return IptHead((*first, *more.parts), more.proto, more.kind, head.counts or more.counts)

    # --- what it does -----------------------------------------------------------------------------------------------

    def act(self, step: Step, rest: Sequence[Step]) -> bool:
        """Put a count behind the matches, or write rules with a target."""
        if isinstance(step, COUNTS):
            text = counted(step, self.family, self.form)
            self.heads = [head._replace(parts=(*head.parts, text), counts=True) for head in self.heads]
            return True
        if isinstance(step, Verdict):
            for head in self.heads:
                self._decide(step, head)
            return True
        if isinstance(step, Assign) and not step.lenient and reads_connection(step):
            # iptables goes on without a connection, where nft ends the rule
            self.heads = [head._replace(parts=(*head.parts, arguments.CONNECTED)) for head in self.heads]
        text_of_target = self._own_words(step, "-j ") if isinstance(step, (Alter, Effectless)) else None
        text_of_target = text_of_target or done(step, self.family, self.place)
        if text_of_target is None:
            return True
        again = len(rest) > 1 and any(head.parts for head in self.heads)
        if again and (not self.lasting or any(head.counts for head in self.heads)) and not self._is_harmless(step):
            return False
        for head in self.heads:
            self._write(head, text_of_target)
        self.heads = self.heads if len(rest) > 1 else []
        return True

    def _is_harmless(self, step: Step) -> bool:
        """Whether the same matches give the same answer behind a step."""
        return not isinstance(step, (Assign, NoTrack)) and not any(head.counts for head in self.heads)

    def _decide(self, step: Verdict, head: IptHead) -> None:
        """A rule with a verdict."""
        if step.kind in ("jump", "goto"):
            target = step.target or ""
            self.call(head, step.kind, target if isinstance(target, Generated) else self.chains[target])
            return
        text = verdict(step, self.family, self.place)
        if text is not None:
            needs = step.reject_with == RejectWith.TCP_RESET and head.proto != TCP
            if needs and head.proto is not None:
                return
            self._write(head._replace(parts=("-p tcp", *head.parts)) if needs else head, text)

    def call(self, head: IptHead, kind: str, target: str) -> None:
        """A rule that leads to a chain."""
        self._write(head, f"-{'j' if kind == 'jump' else 'g'} {target}")

    def finish(self, head: IptHead) -> None:
        """A rule without a target; people keep remarks in such."""
        if head.parts or self.comment or self.form.startswith("ip"):
            self._write(head, "")

    def _write(self, head: IptHead, target: str) -> None:
        """Add a rule to the open chain."""
        first = [part for part in head.parts if not part.startswith("-m ")]
        others = [part for part in head.parts if part.startswith("-m ")]
        parts = (f"-A {self.sheet.name}", *first, *others, self.comment, target)
        self.sheet.rules.append(" ".join(part for part in parts if part))

    def cases_of(self, step: Choose) -> Sequence[Case]:
        """The cases of a map, also of a named one."""
        if step.map is None:
            return step.cases
        own = self.table.sets.get(step.map)
        if own is None or own.cases is None or own.dynamic or own.expires:
            raise CannotSay(told(step))
        return own.cases


def _positive(value: MatchValue) -> MatchValue:
    """The values themselves."""
    if isinstance(value, Numbers):
        return Numbers(value.intervals)
    assert isinstance(value, Names)
    return Names(value.names, value.prefixes)


def _repeats(parts: Sequence[str], more: Sequence[str]) -> bool:
    """Whether an option would stand in a rule twice."""
    options = {_option(part) for part in parts if not part.startswith("-m ")}
    return any(_option(part) in options for part in more if not part.startswith("-m "))


def _option(part: str) -> str:
    """The option of an argument, negated or not."""
    return part.removeprefix("! ").partition(" ")[0]
