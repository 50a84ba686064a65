"""Scapy packets as frames: their bytes, times and link types.

Read first: `ScapySource.next`. The only module that knows scapy; it imports it when the first packet comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from operator import length_hint
from typing import Any

import numpy as np

from fwsim.capture.link_types import is_readable, refusal
from fwsim.capture.model import CaptureFile, Scanned
from fwsim.capture.reader import Run
from fwsim.engine.link import INBOUND, LINK_RAW, OUTBOUND
from fwsim.errors import CaptureError
from fwsim.tables import FRAME, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE

DIRECTIONS = {1: INBOUND, 2: OUTBOUND}
"""Scapy's `direction` attribute is that of pcapng's epb_flags."""


class ScapySource:
    """Gives scapy packets batch by batch."""

    def __init__(
        self, run: Run, file: CaptureFile, packets: Iterable[Any], interface: str | None, ts: int | None
    ) -> None:
        """Take the packets one by one.

        `interface` is where they were seen, unless a packet says it itself; `ts` their time (ns), instead of their own.
        """
        self._run = run
        self._file = file
        self._packets: Iterator[Any] = iter(packets)
        self._interface = interface
        self._ts = ts
        self._number = 0
        self._interfaces: dict[tuple[str | None, int], int] = {}

    def next(self, most: int) -> Scanned | None:
        """The next packets, at most so many; None at the end."""
        batch = list(islice(self._packets, most))
        if not batch:
            return None
        frames = empty(FRAME, len(batch))
        content = bytearray()
        comments: dict[int, list[str]] = {}
        for row, packet in enumerate(batch):
            self._add(frames[row], packet, content)
            if written := [text_of(comment) for comment in getattr(packet, "comments", None) or []]:
                comments[row] = written
        return Scanned(frames, np.frombuffer(bytes(content) + b"\0", np.uint8), comments)

    def estimate_remaining(self) -> int:
        """How many packets are left, if they are in a list; else as many as have come."""
        return length_hint(self._packets, self._number)

    def close(self) -> None:
        """Nothing is open."""

    def _add(self, frame: Any, packet: Any, content: bytearray) -> None:
        """Fill the row of a packet, and append its bytes."""
        data = bytes(addressed(packet))
        self._number += 1
        ts = nanoseconds_of(packet.time) if self._ts is None else self._ts
        frame["number"], frame["ts"] = self._number, ts
        frame["offset"], frame["captured"] = len(content), len(data)
        frame["length"] = max(len(data), getattr(packet, "wirelen", None) or 0)
        frame["capture_interface"] = self._number_of(packet)
        frame["sent_or_received"] = DIRECTIONS.get(getattr(packet, "direction", None) or 0, 0)
        frame["interface"], frame["source_mac"] = UNKNOWN_VALUE, ABSENT
        content += data

    def _number_of(self, packet: Any) -> int:
        """The capture interface of a packet: one for each name and link type."""
        link_type = link_type_of(packet)
        if not is_readable(link_type):
            raise CaptureError(self._file.path, f"packet {self._number}: {refusal(link_type)}")
        sniffed_on = getattr(packet, "sniffed_on", None)
        key = (str(sniffed_on) if sniffed_on else self._interface, link_type)
        if key not in self._interfaces:
            self._interfaces[key] = self._run.add_interface(*key, 0)
            if link_type not in self._file.link_types:
                self._file.link_types.append(link_type)
        return self._interfaces[key]


def addressed(packet: Any) -> Any:
    """The packet, with zeros for MAC addresses that were not given.

    Scapy would ask the network for them (ARP, neighbour discovery) when it makes the bytes.
    """
    if type(packet).__name__ != "Ether" or ("dst" in packet.fields and "src" in packet.fields):
        return packet
    packet = packet.copy()
    for field in ("dst", "src"):
        packet.fields.setdefault(field, "00:00:00:00:00:00")
    return packet


def link_type_of(packet: Any) -> int:
    """The link type of a scapy packet's outermost layer; a bare IP packet is raw IP."""
    from scapy.config import conf

    if type(packet).__name__ in ("IP", "IPv6"):
        return LINK_RAW
    number = conf.l2types.layer2num.get(type(packet))
    if number is None:
        raise CaptureError("<scapy>", f"a packet that begins with {type(packet).__name__}, expected Ether, IP or IPv6")
    return int(number)


def nanoseconds_of(time: Any) -> int:
    """Scapy's time (a decimal, or a float of seconds) in ns."""
    return round(Decimal(time) * 10**9) if isinstance(time, Decimal) else round(float(time) * 1e9)


def text_of(comment: Any) -> str:
    """A packet comment, which scapy keeps as bytes."""
    return comment.decode("utf-8", "replace") if isinstance(comment, bytes) else str(comment)
