"""Whether a packet with a source that cannot be there gets through: for each interface, over all packets.

Read first: `arriving` (what is spoofed, and where it goes), `traffic` (what packets there are), `fwsim.space`.

Certified is what opens a connection or belongs to none (`ct state new`, `invalid`, `untracked`): no such packet is
accepted, whatever its fields. Packets of an established connection, and what is related to one, are the tracker's
business. The stateless mode has no tracker: there every packet is certified, or is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, partial
from ipaddress import ip_address
from itertools import islice

from fwsim.engine.binding import SNAT_DONE
from fwsim.lower import lower
from fwsim.netfilter.model import every_step
from fwsim.netfilter.steps import Effectless
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.space import Leaf, Model, Search, way_through
from fwsim.space.fields import DST, FAMILY, IIF, OIF, SRC, TTL
from fwsim.space.intervals import Set, holds, point
from fwsim.space.model import FINAL
from fwsim.space.search import GETS_THROUGH, STEPS
from fwsim.space.walking import Walk
from fwsim.space.ways import Base, Stop
from fwsim.terms import CtState, Hook, Verdict
from fwsim.topology import Topology, settled
from fwsim.topology.address_plan import IPAddress
from fwsim.topology.fib import where
from fwsim.topology.routing import LOOPBACK
from fwsim.topology.unplaced import interfaces_without_network

from .arriving import Arrival, number_of, spoofed_arrivals
from .confirming import Engine, Region, Witness, fitting, packet_of
from .mirrored import MIRRORED_HOOK, mirror_of, mirrored_back
from .traffic import Kind, possible_replies, strangers, without_memory

ELSEWHERE = ("198.51.100.7", "203.0.113.7", "2001:db8:7::7")
"""Addresses for examples (RFC 5737, RFC 3849), preferred where no network is named."""
DEFRAGMENTED = -400
"""The priority at which Linux puts fragments together (`NF_IP_PRI_CONNTRACK_DEFRAG`)."""
NAT = "nat"
FAMILIES = (4, 6)
TOO_MANY = "too many cases to look at"
HANGS = "it hangs on what is not known here"
UNCONFIRMED = 40
"""Regions of which no packet was let through, before the search is given up (of one rule, if all are looked for)."""


Ends = tuple[int, int, tuple[int, ...] | None]
"""Which line, or policy, of which chain has decided last, and all lines that accept on the way, if they are known."""


class Status(Enum):
    """What is known of the spoofed packets of an interface."""

    CERTIFIED = "certified"
    """None gets through: this is proved."""
    OPEN = "gets through"
    """One does."""
    NOT_CERTIFIED = "not certified"
    """Neither is known."""


@dataclass(frozen=True)
class Asked:
    """What is certified, or is not: packets of a family that come in by an interface, at a hook, in a mode."""

    interface: str
    family: int
    hook: Hook
    mode: str


@dataclass(frozen=True)
class Certificate:
    """The answer, with a packet that gets through, or the reason why neither is known.

    `rules` are the numbers of the rules that let it through, or on which it hangs. If every rule was asked for, there
    is one of `others` for each further rule (or policy) that lets one through, `rules` are those of which it is not
    known if they do, and `incomplete` says that there were too many cases to find all of them.
    """

    asked: Asked
    status: Status
    witness: Witness | None = None
    why: str = ""
    rules: tuple[int, ...] = ()
    others: tuple[Witness, ...] = ()
    incomplete: bool = False


@dataclass
class Doubts:
    """What a search has left open."""

    regions: int = 0
    lines: dict[int, None] = field(default_factory=dict)
    ends: dict[Ends, int] = field(default_factory=dict)
    """How many of the regions are let in, by whom."""
    incomplete: bool = False

    def add(self, leaf: Leaf, by: Ends) -> None:
        """A region that may get through, though none of its packets was seen to."""
        self.regions += 1
        self.ends[by] = self.ends.get(by, 0) + 1
        self.lines.update(dict.fromkeys(leaf.doubts or ((leaf.rule,) if leaf.rule >= 0 else ())))

    @property
    def any(self) -> bool:
        """Whether anything was left open."""
        return bool(self.regions) or self.incomplete


class Spoofing:
    """A ruleset being certified."""

    def __init__(self, ruleset: Ruleset, host: Host | None = None, steps: int = STEPS) -> None:
        """`host` describes the machine; `steps` limits each search."""
        self.ruleset = ruleset
        self.topology = Topology.build(ruleset, host=host)
        self.lowered = lower(
            ruleset,
            interfaces=self.topology.names,
            routes=partial(where, self.topology),
            places=settled(self.topology.places),
        )
        self.model = Model(self.lowered)
        self.engine = Engine(ruleset, self.topology, self.lowered)
        self.steps = steps
        self.hosts = [number_of(address) for address in self._hosts()]
        self._ways: dict[tuple[int, bool, bool], list[Stop]] = {}

    @cached_property
    def copying(self) -> str | None:
        """A rule that sends copies of packets elsewhere, by file and line; None if there is none."""
        for table in self.ruleset.netfilter.tables:
            for rule in (rule for chain in table.chains.values() for rule in chain.rules):
                if any(isinstance(step, Effectless) and step.copies for step in every_step(rule.steps)):
                    return f"{rule.location.path}:{rule.location.line}"
        return None

    @cached_property
    def unplaced(self) -> list[str]:
        """Interfaces of which nothing can be certified: no network is known to lie behind them."""
        declared = [name for name, behind in self.topology.interfaces.items() if not behind.networks]
        named = interfaces_without_network(self.ruleset.netfilter, self.topology)
        ports = {LOOPBACK, *self.topology.known.ports}
        return [name for name in dict.fromkeys([*declared, *named]) if name not in ports]

    @property
    def has_networks(self) -> bool:
        """Whether it is known of any interface what lies behind it."""
        return any(behind.networks for behind in self.topology.interfaces.values())

    def certificates(self) -> Iterator[Certificate]:
        """The answers for all interfaces with networks, by interface, family, hook and mode."""
        yield from (case.certificate() for case in self._cases(("stateful", "stateless")))

    def of_every_rule(self) -> Iterator[Certificate]:
        """The same in the stateful mode, with all rules that let something through: they are looked for to the end.

        Where nothing filters, nothing is asked.
        """
        for case in self._cases(("stateful",)):
            if self._is_filtered(case.asked.family, case.asked.hook):
                yield case.of_every_rule()

    def _is_filtered(self, family: int, *hooks: Hook) -> bool:
        """Whether a chain filters packets of a family at a hook."""
        filters = (chain for chain in self.lowered.chains if chain.kind != NAT and chain.family in (0, family))
        return any(not set(hooks).isdisjoint(chain.hooks) for chain in filters)

    @cached_property
    def unfiltered(self) -> list[int]:
        """The families of which the ruleset says nothing, though it filters the other."""
        found = [family for family in FAMILIES if not self._is_filtered(family, Hook.FORWARD, Hook.INPUT)]
        return found if len(found) < len(FAMILIES) else []

    @property
    def untold(self) -> list[int]:
        """Those of which another file tells: iptables-save and ip6tables-save know one each."""
        return self.unfiltered if self.ruleset.netfilter.format == "iptables" else []

    def _cases(self, modes: Sequence[str]) -> Iterator[_Case]:
        """The questions."""
        for name, behind in self.topology.interfaces.items():
            if not behind.networks or name == LOOPBACK:
                continue
            for family in (family for family in FAMILIES if family not in self.untold):
                arrivals = spoofed_arrivals(self.topology, name, family, redirected=self.model.redirects)
                for hook in self._hooks():
                    here = sorted((arrival for arrival in arrivals if arrival.hook == hook), key=self._is_odd)
                    for mode in modes:
                        yield _Case(self, Asked(name, family, hook, mode), here)

    def search(self, hook: int, *, stateful: bool, filtering: bool = False) -> Search:
        """A search for what gets through, along the way of packets with this hook.

        Where only the chains are asked that are `filtering`, leaves name the rules that let packets in, not those that
        give them another source behind that (as if none was refused there).
        """
        return Search(self.model, self._way(hook, stateful, filtering), GETS_THROUGH, self.steps)

    def accepting(self, hook: int, part: Region) -> tuple[int, ...] | None:
        """The lines that accept the packets of a region that go the same way; None if that is not known.

        Of the stateful mode, in the chains that are filtering.
        """
        way = self._way(hook, True, True)
        trip = Walk(self.model, way).trip({field: values[0][0] if values else None for field, values in part.items()})
        if trip is None:
            return None
        verdicts = self.model.program.rules["verdict"]
        return tuple(visit.line for visit in trip.visits if verdicts[visit.line] == Verdict.ACCEPT)

    def _way(self, hook: int, stateful: bool, filtering: bool) -> list[Stop]:
        """The way of packets with a hook."""
        key = hook, stateful, filtering
        if key not in self._ways:
            way = way_through(self.model, hook, stateful=stateful)
            self._ways[key] = [stop for stop in way if not (filtering and _gives_sources(stop))]
        return self._ways[key]

    def kinds(self, family: int, *, stateful: bool) -> list[Kind]:
        """The packets that a mode knows nothing of, by what rules see of them."""
        if stateful:
            loose = bool(self.lowered.settings[0]["loose"])
            return strangers(family, tracking=self.lowered.tracking, loose=loose, fragments=self._sees_fragments)
        errors = self.ruleset.stateless.icmp_errors == "accept"
        return without_memory(family, twin=self.lowered.uses_ct, errors=errors)

    def replies(self, family: int) -> list[Kind]:
        """The packets that the stateless mode may take for replies."""
        return possible_replies(family, self.ruleset.stateless.replies) if self.lowered.uses_ct else []

    @cached_property
    def _sees_fragments(self) -> bool:
        """Whether chains stand before defragmentation. Unlike Linux: the engine shows them whole datagrams."""
        early = [chain for chain in self.lowered.chains if Hook.PREROUTING in chain.hooks]
        return any(chain.priority < DEFRAGMENTED and chain.first < chain.last for chain in early)

    def _is_odd(self, arrival: Arrival) -> bool:
        """Whether there are no ordinary packets in an arrival: these are looked at last."""
        return not all(any(holds(side, host) for host in self.hosts) for side in (arrival.src, arrival.dst))

    def _hooks(self) -> list[Hook]:
        """Where packets go that are asked about: to the firewall only if its addresses or chains are known."""
        guarded = any(Hook.INPUT in chain.hooks for chain in self.lowered.chains)
        return [Hook.FORWARD, *([Hook.INPUT] if guarded or self.topology.local else [])]

    def _hosts(self) -> Iterator[IPAddress]:
        """Addresses that say something: those of hosts behind interfaces, and the firewall's own."""
        for behind in self.topology.interfaces.values():
            for network in behind.networks:
                if 0 < network.prefixlen < network.max_prefixlen:
                    yield from islice(network.hosts(), 6, 8)
        for own in self.topology.local:
            yield own.network_address
        yield from map(ip_address, ELSEWHERE)


def _gives_sources(stop: Stop) -> bool:
    """Whether packets get other sources in a chain."""
    return isinstance(stop, Base) and stop.nat == SNAT_DONE


class _Case:
    """One question while it is answered."""

    def __init__(self, spoofing: Spoofing, asked: Asked, arrivals: list[Arrival]) -> None:
        """`arrivals` are the packets that get as far as the rules."""
        self.spoofing = spoofing
        self.asked = asked
        self.arrivals = arrivals
        self.stateful = asked.mode == "stateful"
        self.doubts = Doubts()
        self.every = False
        """Whether all rules are looked for that let something through, not only one."""
        self.known: dict[Ends, int] = {}
        """How many packets were seen to be let through, by whom."""

    def certificate(self) -> Certificate:
        """The answer."""
        for arrival in self.arrivals:
            witness = next(self._through(arrival), None)
            if witness is not None:
                rule = witness.decision["rule"]
                return Certificate(self.asked, Status.OPEN, witness, rules=(rule,) if rule >= 0 else ())
        return self._without_witness()

    def _without_witness(self) -> Certificate:
        """The answer if no packet was seen to get through."""
        if not self.doubts.any and self.spoofing.copying is not None:
            why = f"a rule sends copies of packets elsewhere, which are not followed ({self.spoofing.copying})"
            return Certificate(self.asked, Status.NOT_CERTIFIED, None, why)
        if not self.doubts.any:
            return Certificate(self.asked, Status.CERTIFIED)
        why = TOO_MANY if self.doubts.incomplete else HANGS
        return Certificate(self.asked, Status.NOT_CERTIFIED, None, why, self._doubted())

    def of_every_rule(self) -> Certificate:
        """The answer, with a packet for each rule or policy that lets one through."""
        self.every = True
        found: dict[tuple[int, int], Witness] = {}
        for arrival in self.arrivals:
            for witness in self._through(arrival):
                found.setdefault((witness.decision["rule"], witness.decision["chain"]), witness)
        if not found:
            return self._without_witness()
        first, *others = found.values()
        hanging = tuple(rule for rule in self._doubted() if rule not in {number for number, _ in found})
        return Certificate(self.asked, Status.OPEN, first, "", hanging, tuple(others), self.doubts.incomplete)

    def _doubted(self) -> tuple[int, ...]:
        """The rules on which it hangs."""
        sources = self.spoofing.model.program.rules["source"]
        return tuple(sorted({int(sources[line]) for line in self.doubts.lines}))

    def _through(self, arrival: Arrival) -> Iterator[Witness]:
        """Packets of an arrival that get through; what cannot be told is noted."""
        family = self.asked.family
        every: dict[int, Set | None] = {
            FAMILY: point(family), IIF: point(self.spoofing.topology.names.index(self.asked.interface)),
            OIF: arrival.oif, SRC: arrival.src, DST: arrival.dst, TTL: arrival.ttl,
        }  # fmt: skip
        for kind in self.spoofing.kinds(family, stateful=self.stateful):
            for leaf, parts in self._leaves(arrival, every, kind):
                yield from self._confirmed(leaf, parts, invalid=kind.state == CtState.INVALID)
        if not self.stateful:
            for kind in self.spoofing.replies(family):
                for leaf, parts in self._leaves(arrival, every, kind):
                    yield from self._answering(arrival.hook, leaf, parts)

    def _leaves(self, arrival: Arrival, every: Region, kind: Kind) -> Iterator[tuple[Leaf, list[Region]]]:
        """The regions of a kind that pass, each with the parts of it that are packets."""
        search = self.spoofing.search(arrival.hook, stateful=self.stateful, filtering=self.every)
        for leaf in search.leaves({**every, **kind.seen}):
            parts = list(fitting(leaf.packets, kind.shapes))
            if parts and (leaf.verdict not in FINAL or not arrival.lost):
                yield leaf, parts
            if self.doubts.regions > UNCONFIRMED and not self.every:
                break
        self.doubts.incomplete |= not search.complete

    def _confirmed(self, leaf: Leaf, parts: list[Region], *, invalid: bool = False) -> Iterator[Witness]:
        """A packet of some parts of a region that the engine lets through; else the region is in doubt."""
        by = self._by(leaf, parts[0])
        known, doubted = self.known.get(by, 0), self.doubts.ends.get(by, 0)
        if self.every and (known >= (UNCONFIRMED if by[2] is None else 1) or doubted > UNCONFIRMED):
            self.doubts.incomplete |= by[2] is None
            return
        packets = [packet_of(part, self.spoofing.hosts) for part in parts]
        engine = self.spoofing.engine
        found = engine.let_through(packets, self.asked.interface, stateful=self.stateful, invalid=invalid)
        if found is not None:
            self.known[by] = known + 1
            yield found
        else:
            self.doubts.add(leaf, by)

    def _by(self, leaf: Leaf, part: Region) -> Ends:
        """Who lets a region in; all rules that accept it, where all rules are looked for."""
        accepting = self.spoofing.accepting(int(self.asked.hook), part) if self.every else None
        return leaf.rule, leaf.chain, accepting

    def _answering(self, hook: int, leaf: Leaf, parts: list[Region]) -> Iterator[Witness]:
        """Packets of a region that passes as replies, whose mirror image passes as well."""
        for part in parts:
            search = self.spoofing.search(MIRRORED_HOOK[hook], stateful=False)
            for mirror in search.leaves(mirror_of(part, self.asked.family)):
                back = mirrored_back(part, mirror.packets, self.asked.family)
                if all(values is None or values for values in back.values()):
                    yield from self._confirmed(mirror if mirror.doubts else leaf, [back])
                if self.doubts.regions > UNCONFIRMED:
                    break
            self.doubts.incomplete |= not search.complete
