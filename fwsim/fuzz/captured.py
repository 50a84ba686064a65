"""Fuzzed traffic as a capture file, which everything that reads captures can read.

Read first: `write_traffic`. Equal arguments give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from fwsim.capture import CaptureWriter
from fwsim.capture.crafting import ethernet, mac_of
from fwsim.fuzz import GATEWAY, USUAL, Hosts, traffic

BEGINNING = 1_772_438_400 * 10**9
"""The time of the first packet, ns since the epoch; the others follow a microsecond apart."""
MICROSECOND = 1_000
INBOUND = 1


def write_traffic(
    target: str | BinaryIO,
    seed: int | str,
    count: int,
    *,
    interfaces: Sequence[str] = ("lan", "wan"),
    hosts: Hosts = USUAL,
    fragments: float = 0.04,
    options: float = 0.03,
) -> int:
    """Write at least `count` packets of `traffic` as they come in by two interfaces; returns how many were written."""
    with CaptureWriter(target) as writer:
        numbers = [writer.interface(name) for name in interfaces]
        for place, sent in enumerate(traffic(seed, count, hosts, fragments=fragments, options=options)):
            writer.packet(sent.frame, BEGINNING + place * MICROSECOND, interface=numbers[sent.side], direction=INBOUND)
        return writer.packets


def write_arrivals(target: str | BinaryIO, packets: Iterable[tuple[str, bytes]], interfaces: Sequence[str]) -> int:
    """Write IP packets as they come in by these interfaces; returns how many were written."""
    hosts = {name: mac_of(f"10.0.0.{number}") for number, name in enumerate(interfaces, 1)}
    with CaptureWriter(target) as writer:
        numbers = {name: writer.interface(name) for name in interfaces}
        for place, (name, packet) in enumerate(packets):
            frame = ethernet(hosts[name], GATEWAY, packet, padded=False)
            writer.packet(frame, BEGINNING + place * MICROSECOND, interface=numbers[name], direction=INBOUND)
        return writer.packets
