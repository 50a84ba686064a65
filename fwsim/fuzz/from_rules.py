"""Packets made from a ruleset's own rules, as a capture that both firewalls can replay.

Read first: `fwsim.fuzz.rules`. Equal rules, topology and seed give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import BinaryIO

from fwsim.capture import CaptureWriter
from fwsim.capture.crafting import ethernet, mac_of
from fwsim.fuzz.rules.aim import aimed
from fwsim.fuzz.rules.conditions import Condition, conditions
from fwsim.fuzz.rules.places import Places, places_of
from fwsim.fuzz.rules.talks import OUTBOUND, Spoken, talk
from fwsim.fuzz.rules.through import Relay, through
from fwsim.netfilter import Netfilter

BEGINNING = 1_772_438_400 * 10**9
"""The time of the first packet, ns since the epoch; the others follow a microsecond apart."""
MICROSECOND = 1_000
FIREWALL = b"\x02\0\0\0\0\x01"
HOST = mac_of("10.0.0.1")
ROUNDS = 1_000
"""How often all rules are gone through at most, where nearly none can be aimed at."""


def places_for(netfilter: Netfilter) -> Places:
    """A topology for rules that come with none."""
    return places_of(netfilter, conditions(netfilter))


def packets_from(
    netfilter: Netfilter, places: Places, seed: int | str, count: int, relay: Relay | None = None
) -> Iterator[Spoken]:
    """About `count` packets: first one for each rule that meets it, then those that just fail to, and again.

    Where the rules translate, `relay` tells what becomes of a packet, so that it is answered as it arrives.
    """
    chance = Random(f"{seed}")
    found = conditions(netfilter)
    made = 0
    for number in range(ROUNDS):
        for spoken in one_round(chance, found, places, relay, missing=number % 2 == 1):
            yield spoken
            made += 1
            if made == count:
                return


def one_round(
    chance: Random, found: Sequence[Condition], places: Places, relay: Relay | None, *, missing: bool
) -> Iterator[Spoken]:
    """A packet for each condition, in any order; with `missing` one that fails in one of its asks."""
    for condition in chance.sample(found, len(found)):
        missed = chance.randrange(len(condition.asks)) if missing and condition.asks else None
        one = aimed(chance, condition, places, missed)
        if one is not None:
            said = talk(chance, one, places)
            yield from said if relay is None else through(said, places, relay)


def write_packets(
    target: str | BinaryIO,
    netfilter: Netfilter,
    places: Places,
    seed: int | str,
    count: int,
    relay: Relay | None = None,
) -> int:
    """Write `count` packets as a capture with named interfaces; returns how many were written."""
    return write_spoken(target, packets_from(netfilter, places, seed, count, relay))


def write_spoken(target: str | BinaryIO, packets: Iterable[Spoken]) -> int:
    """Write packets as they come in and go out."""
    with CaptureWriter(target) as writer:
        for at, spoken in enumerate(packets):
            own = spoken.direction == OUTBOUND
            frame = ethernet(FIREWALL if own else HOST, HOST if own else FIREWALL, spoken.ip.encode(), padded=False)
            number = writer.interface(spoken.interface)
            writer.packet(frame, BEGINNING + at * MICROSECOND, interface=number, direction=spoken.direction)
        return writer.packets
