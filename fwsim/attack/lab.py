"""The lab: orders and a ground -> a capture with labelled attacks in it.

Read first: `attack`. Without a capture the ground is made (`fwsim.attack.ground`); what follows is the same.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from itertools import chain, islice
from typing import IO

from fwsim.attack import ground
from fwsim.attack.conversation import Conversation
from fwsim.attack.crafting import crafted
from fwsim.attack.labels import LabelFile
from fwsim.attack.mixing import Count, Mixer, mix
from fwsim.attack.model import Forged, Order
from fwsim.attack.survey import followed, survey_of
from fwsim.capture import Captures, CaptureWriter, Input, open_captures
from fwsim.errors import UsageError
from fwsim.topology import Topology
from fwsim.topology.address_plan import IPNetwork

HEAD = 5_000
"""Packets from which it is guessed what lies inside."""


@dataclass(frozen=True)
class Place:
    """Where it happens: captures to mix into, or none; and what is known of interfaces and networks, or nothing."""

    captures: Sequence[Input] = ()
    interfaces: Mapping[str, Sequence[IPNetwork]] = field(default_factory=dict)
    own: Sequence[IPNetwork] = ()
    """The firewall's own addresses."""

    @property
    def inside(self) -> list[IPNetwork]:
        """What is known to lie inside."""
        return ground.inside_of(self.interfaces, self.own)


def attack(
    orders: Sequence[Order], place: Place, output: str, *, seed: int = 0, labels: IO[str] | None = None
) -> Count:
    """Write a capture with the attacks in it; `labels` takes their labels instead of the capture's comments."""
    with grounds(place, seed) as captures:
        inside = place_inside(place, captures)
        survey = survey_of(opened(captures), inside)

        def follow(numbers: Collection[int]) -> dict[int, Conversation]:
            return followed(opened(captures), inside, numbers)

        packets = crafted(orders, survey, seed, follow)
        first = begun(packets)
        label_file = LabelFile(labels, os.path.basename(output)) if labels is not None else None
        last = opened(captures)
        with CaptureWriter(output, last) as writer:
            return mix(last, first, Mixer(writer, label_file))


def begun(items: Iterator[Forged]) -> Iterator[Forged]:
    """The same items, of which the first has been made: what is wrong with the orders is told before a file is."""
    return chain(list(islice(items, 1)), items)


@contextmanager
def grounds(place: Place, seed: int) -> Iterator[list[Input]]:
    """The captures to attack; made for the purpose if there are none."""
    if place.captures:
        if any(capture.path == "-" for capture in place.captures):
            raise UsageError("--into -: is read more than once, expected a file")
        yield list(place.captures)
        return
    interfaces = ground.declared(place.interfaces, place.own)
    with tempfile.TemporaryDirectory(prefix="fwsim-attack-") as folder:
        path = os.path.join(folder, "ground.pcapng")
        ground.write(path, ground.ground(interfaces, f"{seed}/ground", place.own), list(interfaces))
        yield [Input(path)]


def place_inside(place: Place, captures: Sequence[Input]) -> list[IPNetwork]:
    """The networks inside: as declared, else as the head of the capture has it."""
    if place.inside:
        return place.inside
    if not place.captures:
        return ground.inside_of(ground.declared({}), ())
    head, topology = open_captures(captures, limit=HEAD, digest=False), Topology({})
    for chunk in head:
        topology.locate(head, chunk)
    proposal = topology.surroundings.propose()
    return list(proposal.inside) or [ip_network(str(address)) for address in proposal.local]


def opened(captures: Sequence[Input]) -> Captures:
    """The captures, from their beginning."""
    return open_captures(captures, digest=False, merge=len(captures) > 1)
