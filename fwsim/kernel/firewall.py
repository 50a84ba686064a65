"""Linux netfilter itself as a firewall: the same packets, the same ruleset, the kernel's decisions.

Read first: `fwsim.simulator`, whose second implementation this is; `fwsim.kernel.plan` (what is built) and
`fwsim.kernel.answers` (what is heard). Everything happens in a network namespace that belongs to a process of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from ipaddress import ip_network
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from fwsim.engine import routes
from fwsim.errors import UsageError
from fwsim.kernel.answers import Answer, Hearing, Reader, gives_helpers
from fwsim.kernel.framing import ETHER_TYPES, Frames, Framing
from fwsim.kernel.orders import Connection, Injection, Plan, Play, Played, RouteKind, Way
from fwsim.kernel.plan import GLOBAL_SETTING, Devices, plan_of, plan_of_sources
from fwsim.kernel.process import Process
from fwsim.kernel.translated import translations
from fwsim.kernel.witness import Witness, unanswerable
from fwsim.lower import lower
from fwsim.netfilter import Netfilter
from fwsim.ruleset import Ruleset
from fwsim.tables import DECISION, empty
from fwsim.topology import Topology, settled
from fwsim.topology.fib import where

Table = npt.NDArray[np.void]
CHECKSUMS = ("auto", "verify", "ignore")
MOST_WAYS_OUT = 100_000
"""Destinations whose interface is remembered, not looked up."""


class KernelFirewall:
    """A context manager: inside it there is a kernel that filters by the ruleset.

    ```python
    with KernelFirewall(ruleset) as firewall:
        for chunk in captures:
            firewall.topology.locate(captures, chunk)
            decisions = firewall.run(chunk)
    ```
    """

    def __init__(
        self,
        ruleset: Ruleset,
        *,
        interfaces: Mapping[str, Sequence[str]] | None = None,
        local: Sequence[str] = (),
        topology: Topology | None = None,
        checksum: str = "auto",
        real_time: float = 0.0,
        as_it_stands: Netfilter | None = None,
    ) -> None:
        """Plan the firewall; it is built when the context is entered.

        `interfaces` and `local` are those of `Simulator`; or `topology` is one that has located the chunks already.
        `checksum` must be what the captures were opened with. `real_time` plays packets at the capture's pace, so many
        times faster; 0 plays them at once. A ruleset that was read from nft's or iptables' words is given to the kernel
        as it stands; `as_it_stands` has other texts for that. Raises RulesetError for what nft cannot express.
        """
        if checksum not in CHECKSUMS:
            raise UsageError(f"checksum {checksum!r}: expected auto, verify or ignore")
        self.topology = topology or Topology.build(ruleset, interfaces=interfaces or {}, local=local)
        self.topology.take_as_made()
        self.lowered = lower(
            ruleset,
            interfaces=self.topology.names,
            routes=partial(where, self.topology),
            places=settled(self.topology.places),
        )
        self.real_time = real_time
        judged = checksum != "ignore"
        if as_it_stands is None and ruleset.netfilter.sources:
            as_it_stands = ruleset.netfilter
        self._devices = Devices(self.topology.names, named_by_rules(as_it_stands))
        self._plan, self._reader = self._planned(ruleset, as_it_stands, judged)
        self._broadcasts = broadcasts(self._plan)
        self._framing = Framing(self._devices.number, self._way_out, judged=judged, translates=self._plan.translates)
        self._ways_out: dict[tuple[int, ...], int] = {}
        self._process: Process | None = None
        self._next = 1
        self.notes = notes_on(ruleset) if as_it_stands is None else []
        """What of the ruleset does not hold here, one sentence each."""

    def _planned(self, ruleset: Ruleset, as_it_stands: Netfilter | None, judged: bool) -> tuple[Plan, Hearing]:
        """What is built, and who reads what is heard."""
        tracking = self.lowered.tracking
        if as_it_stands is not None:
            plan = plan_of_sources(
                as_it_stands, ruleset, self.topology, self._devices, tracking=tracking, judged=judged
            )
            return plan, Witness(helps=gives_helpers(self.lowered), translates=plan.translates)
        plan = plan_of(ruleset, self.topology, self._devices, tracking=tracking, judged=judged)
        return plan, Reader(self.lowered)

    def __enter__(self) -> Self:
        """Build it. Raises KernelError where the kernel does not let us."""
        process = Process()
        try:
            process.ask(self._plan)
        except BaseException:
            process.close()
            raise
        self._process = process
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the process that owns the namespace; nothing of it is left."""
        self.process.close()
        self._process = None

    @property
    def process(self) -> Process:
        """The worker."""
        if self._process is None:
            raise UsageError("a KernelFirewall works inside `with` only")
        return self._process

    def run(self, chunk: Frames) -> Table:
        """The kernel's decisions about a located chunk or batch, as rows of DECISION."""
        return self.answer(chunk).decisions

    def answer(self, chunk: Frames, *, connections: bool = False) -> Answer:
        """The same with all that goes beyond a row of DECISION; with `connections` the table behind every packet."""
        link_types = [link_type for _, link_type in self.topology.bound]
        first = self._next
        self._next += len(chunk)
        injections, left_out = self._framing.injections(chunk, link_types, first)
        played: Played = self.process.ask(Play(injections, self.real_time, connections))
        answer = Answer(empty(DECISION, len(chunk)), left_out)
        self._reader.blank(answer.decisions)
        if isinstance(self._reader, Witness):
            answer.unanswerable = unanswerable(chunk.packets, chunk.frames, self._broadcasts)
        self._reader.read(answer, chunk.packets, played.heard, first)
        for words, theirs in ((played.invalid, answer.invalid), (played.failed, answer.failed)):
            theirs.update({number - first: text for number, text in words.items()})
        answer.connections = {number - first: table for number, table in played.connections.items()}
        answer.translated = translations(injections, played.left, first)
        answer.by_chance = self.lowered.draws
        return answer

    def relay(self, packets: Sequence[tuple[str, bytes]]) -> dict[int, bytes]:
        """Let IP packets come in by interfaces, and return by place the first bytes of those that came through.

        They are told as they left, and only where the rules translate.
        """
        first = self._next
        self._next += len(packets)
        numbered = enumerate(packets, first)
        injections = [
            Injection(number, Way.RECEIVED, self._devices.numbered(name), ETHER_TYPES[data[0] >> 4] + data, 0)
            for number, (name, data) in numbered
        ]
        played: Played = self.process.ask(Play(injections))
        return {number - first: data for number, data in played.left.items() if first <= number < self._next}

    def connections(self) -> list[Connection]:
        """The kernel's connection table as it is now."""
        found: list[Connection] = self.process.ask(None)
        return found

    def _way_out(self, destination: tuple[int, ...]) -> int:
        """The interface that the routes lead a destination to, or a negative number."""
        if destination not in self._ways_out:
            places: Any = self.topology.places
            row = routes.row_of(places, *destination)
            if len(self._ways_out) >= MOST_WAYS_OUT:
                self._ways_out.clear()
            self._ways_out[destination] = int(places.routes[row]["interface"])
        return self._ways_out[destination]


def broadcasts(plan: Plan) -> frozenset[int]:
    """The broadcast addresses of the networks, as numbers."""
    everybody = (route.network for route in plan.routes if route.kind == RouteKind.BROADCAST)
    return frozenset(int(ip_network(network).network_address) for network in everybody)


def named_by_rules(ruleset: Netfilter | None) -> list[str]:
    """The interfaces that must be there for rules to be loaded at all."""
    if ruleset is None:
        return []
    devices = [name for table in ruleset.tables for chain in table.chains.values() for name in chain.devices]
    return [name for name in (*ruleset.interfaces, *devices) if not name.endswith("*")]


def notes_on(ruleset: Ruleset) -> list[str]:
    """What of a ruleset a network namespace cannot have."""
    if "max" not in ruleset.conntrack.model_fields_set:
        return []
    return [f"{GLOBAL_SETTING} is the host's in every network namespace: the ruleset's value does not hold here"]
