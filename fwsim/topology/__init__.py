"""Which networks, MACs and local addresses lie where: the ruleset's `interfaces:` and `local:`, and the options.

Read first: DESIGN section 3, "Where a packet came from"; `fwsim.engine.places`, whose tables are filled here and
in `fwsim.topology.address_plan`. What follows for a packet is decided in `fwsim.engine.origin`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fwsim.engine import places
from fwsim.engine.origin import locate
from fwsim.engine.places import Places
from fwsim.errors import UsageError
from fwsim.ruleset.host import Host
from fwsim.ruleset.mistakes import unknown
from fwsim.tables import empty
from fwsim.terms import UNKNOWN_VALUE
from fwsim.topology.address_plan import ANY, IPNetwork, plan
from fwsim.topology.declared import Behind, DeclaringRuleset, broadcasts_on, declared_interfaces, declared_local
from fwsim.topology.learned import NOTHING, Learned, learned, unreachable
from fwsim.topology.own_addresses import Words, own_address
from fwsim.topology.routing import Routing, routing_of
from fwsim.topology.settings import UNSET, Settings, declared_settings, reverse_path_notes
from fwsim.topology.surroundings import Surroundings
from fwsim.uncompiled import Tables, flush, loaded

LOOPBACK = "lo"
"""The loopback interface; declared last if the ruleset does not declare it."""

LOOPBACK_NAMES = ("lo", "lo0", r"\Device\NPF_Loopback")
"""What captures of Linux, BSD and macOS, and Windows call it."""

SEEN_FROM_ALL = (113, 276)
"""Link types of a capture on all interfaces at once: LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2."""

HARDLY = 0.1
"""Of the packets: fewer than this touching what the ruleset names, and the ruleset is hardly meant for the capture."""


class CaptureInterface(Protocol):
    """What is asked of an interface that a capture was taken on."""

    @property
    def name(self) -> str | None:
        """Its name in the capture, or the NAME of `--in NAME=FILE`."""

    @property
    def link_type(self) -> int:
        """LINKTYPE_ number."""


class Captured(Protocol):
    """What is asked of captures being read."""

    @property
    def interfaces(self) -> Sequence[CaptureInterface]:
        """The capture interfaces known so far, by number."""


class Located(Protocol):
    """What is asked of a chunk of packets: two arrays of as many rows."""

    @property
    def frames(self) -> npt.NDArray[np.void]:
        """FRAME rows."""

    @property
    def packets(self) -> npt.NDArray[np.void]:
        """PACKET rows."""


class Topology:
    """The declared interfaces by number, with the tables that `engine.origin.locate` reads and writes.

    `names` gives the name of each interface number: those of the ruleset in their order, then new ones from options,
    then the loopback interface. `declared` counts them without an implied loopback interface. `bound` are the capture
    interfaces known so far, by name and link type.
    """

    def __init__(
        self,
        interfaces: Mapping[str, Behind],
        local: Sequence[IPNetwork] = (),
        known: Learned = NOTHING,
        settings: Settings = UNSET,
    ) -> None:
        """Lay out the tables; captures are made known by `bind`.

        `known` is what a description of the machine says beyond `interfaces` and `local`.
        """
        self.known = known
        self.settings = settings
        self.guards_itself = True
        """Whether the ruleset has chains that see the firewall's own packets; else naming its address is no help."""
        self.interfaces = dict(interfaces)
        self.local = tuple(local)
        self.declared = len(self.interfaces)
        self.names = list(self.interfaces)
        if LOOPBACK not in self.interfaces:
            self.names.append(LOOPBACK)
        self.surroundings = Surroundings()
        self.undeclared_names: list[str] = []
        self.bound: tuple[tuple[str | None, int], ...] = ()
        self._tables = Tables(self._lay_out())

    @classmethod
    def build(
        cls,
        ruleset: DeclaringRuleset,
        interfaces: Mapping[str, Sequence[str]] | None = None,
        local: Sequence[str] = (),
        host: Host | None = None,
    ) -> Topology:
        """The topology of a ruleset, changed by a description of the machine and the options.

        `host` (`--topology`, `--live`, `--sysctl`) replaces the networks of the interfaces that it says something of,
        `interfaces` (`--interface NAME=CIDR[,CIDR]`) those of any. Other names are new interfaces. Its addresses and
        `local` (`--local ADDRESS`) are added. Raises UsageError for what cannot be read.
        """
        known = learned(host) if host else NOTHING
        own = declared_local(ruleset, local)
        return cls(
            declared_interfaces(ruleset, interfaces or {}, known.interfaces),
            tuple(dict.fromkeys((*own, *known.local))),
            known,
            Settings(declared_settings(ruleset, ruleset.interfaces) | dict(host.sysctls if host else {})),
        )

    def anew(self) -> Topology:
        """The same before it has seen any packet."""
        other = Topology(self.interfaces, self.local, self.known, self.settings)
        other.guards_itself = self.guards_itself
        other.places.counts["as_made"] = self.count("as_made")
        return other

    def _lay_out(self) -> Places:
        """Tables without any capture interface yet."""
        networks = {number: behind.networks for number, behind in enumerate(self.interfaces.values())}
        refused = unreachable(self.known.special, self.complete)
        address_plan = plan(networks, self.local, len(self.names), self.broadcasts, refused)
        stations = self._stations()
        counts = empty(places.COUNTS, 1)
        counts[0]["interfaces"] = self.declared
        counts[0]["loopback"] = self.names.index(LOOPBACK)
        counts[0]["stations"] = len(stations)
        counts[0]["forwards_v4"] = self.settings.forwards_v4(None)
        counts[0]["forwards_v6"] = self.settings.forwards_v6()
        return Places(
            boundaries=address_plan.boundaries,
            by_first_byte=address_plan.by_first_byte,
            routes=address_plan.routes,
            members=address_plan.members,
            seen_on=empty(places.SEEN_ON, 1),
            vlans=np.full(places.VLANS, -1, dtype=np.int64),
            stations=stations if len(stations) else empty(places.STATION, 1),
            interfaces=self._interface_rows(),
            sightings=empty(places.SIGHTING, places.SIGHTINGS),
            crossings=empty(places.SIGHTING, places.SIGHTINGS),
            learned=empty(places.LEARNED, places.LEARNED_ROWS),
            counts=counts,
        )

    def _stations(self) -> npt.NDArray[np.void]:
        """The known MACs in ascending order, each once.

        A firewall often has one MAC on several interfaces: then it does not tell the interface. One declared as the
        firewall's own and as a station's is taken for its own.
        """
        own = {mac for behind in self.interfaces.values() for mac in behind.own_macs}
        found: dict[int, int] = {}
        for number, behind in enumerate(self.interfaces.values()):
            for mac in {*behind.own_macs, *(set(behind.macs) - own)}:
                found[mac] = number if mac not in found else UNKNOWN_VALUE
        rows = empty(places.STATION, len(found))
        rows[:] = [(mac, found[mac], mac in own) for mac in sorted(found)]
        return rows

    @cached_property
    def routing(self) -> Routing:
        """The routes, for rules that ask for them."""
        networks = {name: (behind.networks, broadcasts_on(behind)) for name, behind in self.interfaces.items()}
        addresses = {name: behind.addresses for name, behind in self.interfaces.items()}
        return routing_of(tuple(self.names), networks, addresses, self.local, self.known)

    def _interface_rows(self) -> npt.NDArray[np.void]:
        """The INTERFACE rows, none of them captured yet."""
        rows = empty(places.INTERFACE, len(self.names))
        for row, name in zip(rows, self.names, strict=True):
            behind = self.interfaces.get(name, Behind())
            row["networks"] = len(behind.networks)
            row["own_mac"] = bool(behind.own_macs)
            row["forwards"] = self.settings.forwards_v4(name)
            row["rp_filter"] = 0 if name == LOOPBACK else self.settings.rp_filter(name)
            row["addressed"] = self.known.addressed is None or name in self.known.addressed
            row["own4"] = self.own_address(name, 4)[0]
            row["own60"], row["own61"], row["own62"], row["own63"] = self.own_address(name, 6)
        return rows

    def own_address(self, name: str, family: int) -> Words:
        """The address to which translation gives an interface, as rows have it."""
        known = self.known
        return own_address(name, family, self.interfaces, self.local, complete=known.knows_local, primary=known.primary)

    @property
    def broadcasts(self) -> list[IPNetwork]:
        """The broadcast addresses of all interfaces."""
        return [end for behind in self.interfaces.values() for end in broadcasts_on(behind)]

    @property
    def complete(self) -> frozenset[int]:
        """The families whose routes are all known: what none of them holds is not reached."""
        return self.known.complete

    @property
    def places(self) -> Places:
        """The tables as arrays, up to date. Hot code takes those of `usable` instead."""
        return self._tables.arrays

    def locate(self, captures: Captured, chunk: Located) -> None:
        """Say for every packet of a chunk where it came from and where it goes (`engine.origin`), in its rows."""
        self.bind(captures.interfaces)
        self.surroundings.observe(chunk.frames, chunk.packets)
        count = len(chunk.frames)
        frames, packets = loaded(chunk.frames, 0, count), loaded(chunk.packets, 0, count)
        locate(self.usable(), frames, packets, 0, count)
        flush(frames, packets)

    def take_as_made(self) -> None:
        """Take packets that go out for what was made or came in here, not for what translation made of that.

        So the kernel is given them, by whoever asks it.
        """
        self.places.counts["as_made"] = 1

    def usable(self) -> Places:
        """The tables for hot code as it is now, compiled or not. To be asked again for every chunk."""
        return self._tables.usable()

    def bind(self, captures: Sequence[CaptureInterface]) -> None:
        """Make the capture interfaces of a run known, in their order. There may be more of them with every chunk."""
        asked = tuple((capture.name, capture.link_type) for capture in captures)
        if asked == self.bound:
            return
        self.bound = asked
        seen_on = empty(places.SEEN_ON, len(captures))
        vlan_rows: list[npt.NDArray[np.int64]] = []
        self.undeclared_names = []
        for row, capture in zip(seen_on, captures, strict=True):
            row["interface"], row["vlans"] = self._number_of(capture.name), -1
            tagged = self._vlans_of(capture.name)
            if tagged:
                row["vlans"] = len(vlan_rows)
                vlan_rows.append(np.full(places.VLANS, -1, dtype=np.int64))
                for vlan, number in tagged.items():
                    vlan_rows[-1][vlan] = number
            elif capture.name and row["interface"] < 0:
                self.undeclared_names.append(capture.name)
        vlans = np.concatenate(vlan_rows) if vlan_rows else np.full(places.VLANS, -1, dtype=np.int64)
        self._tables = Tables(self.places._replace(seen_on=seen_on, vlans=vlans))
        self._note_captured(captures, {*seen_on["interface"].tolist(), *vlans.tolist()})

    def _note_captured(self, captures: Sequence[CaptureInterface], numbers: set[int]) -> None:
        """Keep which declared interfaces the captures were taken on, and whether they can see a packet twice."""
        interfaces = self.places.interfaces
        interfaces["captured"] = [number in numbers for number in range(len(self.names))]
        counts = self.places.counts[0]
        counts["capture_interfaces"] = len(captures)
        counts["captured"] = int(interfaces["captured"].sum())
        counts["captured_bits"] = sum(1 << number for number in range(places.MOST_BITS) if number in numbers)
        counts["several"] = len(captures) > 1 or any(capture.link_type in SEEN_FROM_ALL for capture in captures)

    def check_declared(self, name: str, given: str) -> None:
        """Refuse the name of an interface that is none of those declared, if any is; `given` is how it was named.

        Where none is declared, a new name is as good as any.
        """
        if self.declared and self._number_of(name) < 0 and not self._vlans_of(name):
            raise UsageError(f"{given}: {unknown('interface', name, self.names[: self.declared])}")

    def _number_of(self, name: str | None) -> int:
        """The number of a capture interface by its name, or UNKNOWN_VALUE."""
        name = self.known.ports.get(name, name) if name is not None else None
        if name in self.names:
            return self.names.index(name)
        return self.names.index(LOOPBACK) if name in LOOPBACK_NAMES else UNKNOWN_VALUE

    def _vlans_of(self, name: str | None) -> dict[int, int]:
        """The interfaces declared as `name.VID`, or known to be VLANs, by VLAN id (IEEE 802.1Q: 1 to 4094)."""
        found = {}
        for number, declared in enumerate(self.names):
            known = self.interfaces.get(declared, Behind()).vlan
            if known is not None:
                if known[0] == name and 0 < known[1] < places.VLANS - 1:
                    found[known[1]] = number
                continue
            base, dot, vlan = declared.rpartition(".")
            if dot and base == name and vlan.isascii() and vlan.isdigit() and 0 < int(vlan) < places.VLANS - 1:
                found[int(vlan)] = number
        return found

    def count(self, field: str) -> int:
        """One of the counts kept while packets were placed (`engine.places.COUNTS`)."""
        return int(self.places.counts[0][field])

    @property
    def inside(self) -> str | None:
        """The first interface that is declared with a network narrower than `any`."""
        for name, behind in self.interfaces.items():
            if any(network.prefixlen for network in behind.networks):
                return name
        return None

    @property
    def names_networks(self) -> bool:
        """Whether anything narrower than `any` is declared."""
        return bool(self.local) or self.inside is not None

    @property
    def hardly_touched(self) -> bool:
        """Whether the packets so far have little to do with the networks and addresses that are declared."""
        packets = self.count("packets")
        return self.names_networks and packets > 0 and self.count("touching") < HARDLY * packets

    def advice(self) -> str | None:
        """What to say first if the packets so far have little to do with what is declared, with options that fit."""
        if not self.hardly_touched:
            return None
        packets, touching = self.count("packets"), self.count("touching")
        said = f"only {touching:,} of {packets:,} packets concern the networks and addresses that the ruleset names"
        options = self.surroundings.propose().options(self.inside, bool(self.local) and self.guards_itself)
        return f"{said}; try {' '.join(options)}" if options else said

    def notes(self) -> list[str]:
        """What had to be guessed, one sentence each; nothing if nothing was."""
        result = [*self.known.unlike, *self.settings.notes(bridged=bool(self.known.ports))]
        every_route = 4 in self.complete or any(ANY[0] in behind.networks for behind in self.interfaces.values())
        result += reverse_path_notes(self.settings, self.interfaces, complete=every_route)
        guessed = self.count("guessed")
        if guessed:
            result.append(
                f"the interface by which {guessed:,} packets came in was guessed from their source addresses: "
                "a spoofed source cannot be seen there"
            )
        if self.undeclared_names and self.declared:
            seen = ", ".join(dict.fromkeys(self.undeclared_names))
            said = f"captured on {seen}, which the ruleset does not declare (it has {', '.join(self.interfaces)})"
            unplaced = not all(behind.networks for behind in self.interfaces.values())
            result.append(said + ("; --interface NAME=CIDR or --topology tells what lies where" if unplaced else ""))
        return result


def settled(tables: Places) -> Places:
    """A copy of what does not change while packets are read: where addresses lie, and what interfaces have."""
    return tables._replace(
        seen_on=empty(places.SEEN_ON, 1),
        vlans=np.full(1, -1, dtype=np.int64),
        interfaces=tables.interfaces.copy(),
        sightings=empty(places.SIGHTING, 1),
        crossings=empty(places.SIGHTING, 1),
        learned=empty(places.LEARNED, 1),
        counts=tables.counts.copy(),
    )
