"""Where packets go that come in by an interface with a source that cannot be there, before any rule is asked.

Read first: `fwsim.engine.origin`, which decides it for one packet; ROUTE in `fwsim.engine.places`. Addresses are alike
that lie in the same kind of interval, so one packet for each pair of kinds, with many hops left and with one, stands
for all: the engine itself is asked about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fwsim.capture.model import CaptureInterface
from fwsim.engine.link import INBOUND, LINK_ETHERNET
from fwsim.lower.boundaries import V6_START
from fwsim.space.fields import V4_ADDRESSES, V6_ADDRESSES, number_of_words, words_of
from fwsim.space.intervals import Set, meet, of_intervals, point, union
from fwsim.tables import FRAME, PACKET, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Evidence, Hook
from fwsim.topology import Topology
from fwsim.topology.address_plan import IPAddress

SPOOFED = int(Evidence.SPOOFED_SOURCE)
WAYS = (int(Hook.INPUT), int(Hook.FORWARD))
EXPIRING: Set = ((0, 1),)
LASTING: Set = ((2, 255),)
FAMILIES: dict[int, Set] = {4: V4_ADDRESSES, 6: V6_ADDRESSES}


@dataclass(frozen=True)
class Arrival:
    """Packets that get as far as the rules: their addresses, the hops left to them, and the way that they take.

    `oif` is where they leave, ABSENT for the firewall's own; None if that is not known. If they are `lost`, routing
    discards them behind the first hook, unless rules there send them elsewhere.
    """

    src: Set
    dst: Set
    ttl: Set
    hook: int
    oif: Set | None
    lost: bool = False


@dataclass
class Chunk:
    """Packets to be located."""

    frames: npt.NDArray[np.void]
    packets: npt.NDArray[np.void]


@dataclass(frozen=True)
class Seen:
    """Where they are seen."""

    interfaces: list[CaptureInterface]


def spoofed_arrivals(topology: Topology, interface: str, family: int, *, redirected: bool = False) -> list[Arrival]:
    """All packets of a family with a spoofed source that come in by an interface and are not discarded at once.

    If some may be `redirected` to other destinations, those too that are discarded only for theirs.
    """
    kinds = list(kinds_of_addresses(topology, FAMILIES[family]))
    rows = [(src, dst, ttl) for src in kinds for dst in kinds for ttl in (EXPIRING, LASTING)]
    chunk = Chunk(empty(FRAME, len(rows)), empty(PACKET, len(rows)))
    chunk.frames["sent_or_received"] = INBOUND
    chunk.frames["source_mac"] = ABSENT
    chunk.packets["family"], chunk.packets["vlan"] = family, ABSENT
    for packet, (src, dst, ttl) in zip(chunk.packets, rows, strict=True):
        packet["ttl"] = ttl[0][1]
        for side, addresses in (("src", src), ("dst", dst)):
            for number, word in enumerate(words_of(addresses[0][0])):
                packet[f"{side}{number}"] = word
    topology.locate(Seen([CaptureInterface(interface, LINK_ETHERNET, 0)]), chunk)
    found: dict[tuple[Set, int, int, Set], list[Set]] = {}
    lost: dict[tuple[Set, int, int, Set], list[Set]] = {}
    for frame, packet, (src, dst, ttl) in zip(chunk.frames, chunk.packets, rows, strict=True):
        if frame["reason"] or not frame["evidence"] & SPOOFED or packet["hook"] not in WAYS:
            continue
        group = lost if frame["route_fault"] else found
        group.setdefault((ttl, int(packet["hook"]), int(packet["oif"]), src), []).append(dst)
    arrivals = _joined(found)
    if redirected:
        passing = {src for _, _, _, src in found}
        arrivals += [replace(one, lost=True) for one in _joined({k: v for k, v in lost.items() if k[3] in passing})]
    return arrivals


def number_of(address: IPAddress) -> int:
    """An address as sets have it."""
    return int(address) if address.version == 4 else V6_START + int(address)


def kinds_of_addresses(topology: Topology, family: Set) -> Iterator[Set]:
    """The addresses of a family, apart by what is known of them."""
    boundaries = topology.places.boundaries.reshape(-1, 4).tolist()
    starts = [number_of_words(*words) for words in boundaries]
    alike: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for route, low, end in zip(topology.places.routes.tolist(), starts, [*starts[1:], 1 << 129], strict=True):
        alike.setdefault(tuple(route), []).append((low, end - 1))
    for intervals in alike.values():
        those = meet(of_intervals(intervals), family)
        if those:
            yield those


def _joined(found: dict[tuple[Set, int, int, Set], list[Set]]) -> list[Arrival]:
    """As few arrivals as there are ways."""
    by_way: dict[tuple[Set, int, int, Set], list[Set]] = {}
    for (ttl, hook, oif, src), targets in found.items():
        by_way.setdefault((ttl, hook, oif, union(targets)), []).append(src)
    by_ttl: dict[tuple[int, int, Set, Set], list[Set]] = {}
    for (ttl, hook, oif, dst), sources in by_way.items():
        by_ttl.setdefault((hook, oif, dst, union(sources)), []).append(ttl)
    return [
        Arrival(src, dst, union(ttls), hook, None if oif == UNKNOWN_VALUE else point(oif))
        for (hook, oif, dst, src), ttls in by_ttl.items()
    ]
