"""A rule while it is read: its steps so far, and what they say about the packet's headers.

Read first: `headers`, `values`, `fwsim.netfilter.steps`. nft asks for a header before it asks for a field of
it, unless the rule has done so already; `Reading` knows what has been asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fwsim.errors import RulesetError
from fwsim.netfilter.steps import Match, Step
from fwsim.nft.tree import Node
from fwsim.ruleset.values import Names, Numbers

from .headers import LAYERS, LINK, NETWORK, TRANSPORT, WITH_PORTS
from .values import Constants, refuse

if TYPE_CHECKING:
    from .ruleset import ChainState, Ruleset, TableState

AT_FIRST: dict[str, dict[int, str]] = {
    "ip": {NETWORK: "ip"}, "ip6": {NETWORK: "ip6"}, "inet": {LINK: "inet"}, "arp": {NETWORK: "arp"},
    "bridge": {LINK: "ether"}, "netdev": {LINK: "netdev"},
}  # fmt: skip
"""What is known of a packet by the family of the table alone."""

ANY_INTERFACE = Match("iif", Names((), ("",)), text="meta iiftype ether")
"""nft asks whether the frame came in by an Ethernet interface before it looks at its addresses; that packets without
such a header have no `src_mac` says the rest."""

FAMILY = {number: Match("family", Numbers(((number, number),)), text=f"ipv{number}") for number in (4, 6)}


@dataclass
class Reading:
    """The rule that is being read, in its chain and table."""

    ruleset: Ruleset
    table: TableState
    chain: ChainState
    constants: Constants
    headers: dict[int, str] = field(default_factory=dict)
    """The header of each layer, as far as it is known."""
    transports: list[str] = field(default_factory=list)
    """All transport headers that were asked for; more than one is none for certain."""
    outer: list[str] = field(default_factory=list)
    """Link headers outside the one in `headers`: ether around vlan."""
    icmp_type: int | None = None
    protocols: frozenset[int] | None = None
    """The protocols a packet can still have here, if they were asked for."""
    steps: list[Step] = field(default_factory=list)
    bound: list[tuple[Node, str]] = field(default_factory=list)
    """What the kernel takes at some hooks only: where it stands, and what it is."""
    any_ports: bool = False
    """Whether it asks for ports of any protocol (`th dport`)."""
    text: str = ""
    """What is being read, as it was written."""
    terminal: bool = False

    def __post_init__(self) -> None:
        """Start with what the table's family says."""
        self.headers = dict(AT_FIRST[self.table.family])

    @property
    def family(self) -> str:
        """The family of the table."""
        return self.table.family

    def header(self, layer: int) -> str | None:
        """The header of a layer if it is known."""
        return self.headers.get(layer)

    def learn(self, name: str) -> None:
        """From here on the packet has this header."""
        layer = LAYERS.get(name, TRANSPORT)
        before = self.headers.get(layer)
        if layer == TRANSPORT and name not in self.transports:
            self.transports.append(name)
        if layer == LINK and name == "vlan" and before in ("ether", "vlan"):
            self.outer.append(before)
        self.headers[layer] = name

    def forget_unknown(self, layer: int) -> None:
        """The rule asked for something at a layer that nft has no name for."""
        self.headers[layer] = "unknown"

    def only_protocols(self, numbers: frozenset[int]) -> None:
        """The packet has one of these protocols."""
        self.protocols = numbers if self.protocols is None else self.protocols & numbers

    @property
    def has_ports(self) -> bool:
        """Whether only protocols with ports are left."""
        return self.protocols is not None and self.protocols <= WITH_PORTS

    def add(self, step: Step) -> None:
        """The next step."""
        self.steps.append(step)

    def ask_first(self, step: Step) -> None:
        """A step before all others."""
        self.steps.insert(0, step)


def conflict(node: Node, one: str, other: str) -> RulesetError:
    """Two headers that no packet has."""
    return refuse(node, f"conflicting protocols: the rule asks for {one} before, expected no {other}")
