"""Packets by their addresses and where they were seen, put through `engine.origin.locate`; for tests."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.engine.path import LOCAL
from fwsim.tables import FRAME, PACKET, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook, Reason, evidence_words
from fwsim.topology import Topology
from fwsim.topology.address_plan import ANY, IPNetwork, common_number, words_of
from fwsim.topology.declared import Behind

ETHERNET, COOKED, COOKED_V2 = 1, 113, 276
MS = 1_000_000
IN, OUT = 1, 2


class Interface(NamedTuple):
    """An interface a capture was taken on."""

    name: str | None
    link_type: int = ETHERNET


@dataclass
class Captures:
    """The capture interfaces of a run."""

    interfaces: Sequence[Interface]


@dataclass
class Chunk:
    """FRAME and PACKET rows."""

    frames: npt.NDArray[np.void]
    packets: npt.NDArray[np.void]


class Place(NamedTuple):
    """What `locate` said of a packet, interfaces by name."""

    hook: str
    iif: str
    oif: str
    evidence: tuple[str, ...] = ()
    fault: Reason = Reason.NONE
    reason: Reason = Reason.NONE


def networks(*texts: str) -> tuple[IPNetwork, ...]:
    """Networks; `any` for all of both families."""
    return tuple(network for text in texts for network in (ANY if text == "any" else (ipaddress.ip_network(text),)))


def topology(
    interfaces: Mapping[str, Sequence[str] | Behind], local: Sequence[str] = (), on: Sequence[Any] = ()
) -> Topology:
    """A topology, bound to the capture interfaces `on` (names, or Interface)."""
    behind = {name: v if isinstance(v, Behind) else Behind(networks(*v)) for name, v in interfaces.items()}
    made = Topology(behind, networks(*local))
    made.bind([item if isinstance(item, Interface) else Interface(item) for item in on])
    return made


OFFICE: dict[str, Sequence[str] | Behind] = {
    "lan": ["10.1.0.0/16", "fd00:1::/64"],
    "dmz": ["192.0.2.0/28"],
    "wan": ["any"],
}


def office(on: Sequence[Any] = ("lan", "dmz", "wan"), local: Sequence[str] = ()) -> Topology:
    """lan, dmz and wan as in DESIGN section 4."""
    return topology(OFFICE, local, on)


def packet(src: str, dst: str, on: int = 0, **fields: int) -> dict[str, int]:
    """The fields of a frame and its packet, seen on capture interface `on`. Named fields replace defaults."""
    row = {"capture_interface": on, "source_mac": ABSENT, "ttl": 64, "vlan": ABSENT, "length": 60, "proto": 17}
    row |= {"sport": 40000, "dport": 53, "seq": ABSENT, "ip_id": 7, "icmp_type": ABSENT, "icmp_id": ABSENT}
    row["family"] = ipaddress.ip_address(src).version
    for side, text in (("src", src), ("dst", dst)):
        words = words_of(common_number(ipaddress.ip_address(text)))
        row |= {f"{side}{position}": word for position, word in enumerate(words)}
    return row | fields


def chunk(*rows: dict[str, int]) -> Chunk:
    """Rows as tables; fields that are not given are 0, times 1 ms apart."""
    result = Chunk(empty(FRAME, len(rows)), empty(PACKET, len(rows)))
    for position, row in enumerate(rows):
        for name, value in ({"ts": position * MS} | row).items():
            table = result.packets if name in (PACKET.names or ()) else result.frames
            table[position][name] = value
    return result


def places(where: Topology, *rows: dict[str, int]) -> list[Place]:
    """What `locate` says of each packet, in order."""
    located = chunk(*rows)
    interfaces = [Interface(name, link_type) for name, link_type in where.bound]
    where.locate(Captures(interfaces), located)
    return [_place(where, f, p) for f, p in zip(located.frames, located.packets, strict=True)]


def place(where: Topology, src: str, dst: str, on: int = 0, **fields: int) -> Place:
    """What `locate` says of one packet."""
    return places(where, packet(src, dst, on, **fields))[0]


def _place(where: Topology, frame: Any, row: Any) -> Place:
    """Rows in words."""
    hook = int(row["hook"])
    return Place(
        hook="local" if hook == LOCAL else Hook(hook).name.lower() if hook >= 0 else "none",
        iif=_name(where, int(row["iif"])),
        oif=_name(where, int(row["oif"])),
        evidence=tuple(evidence_words(int(frame["evidence"]))),
        fault=Reason(int(frame["route_fault"])),
        reason=Reason(int(frame["reason"])),
    )


def _name(where: Topology, number: int) -> str:
    """The name of an interface number: `-` if absent, `?` if unknown."""
    return {ABSENT: "-", UNKNOWN_VALUE: "?"}.get(number) or where.names[number]
