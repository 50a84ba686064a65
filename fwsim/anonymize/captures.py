"""A whole capture, frame by frame: link-layer addresses mapped, IP packets stripped, everything else blanked.

Read first: `fwsim.anonymize.transport`. Times, lengths, interfaces and directions stay, comments do not. What is not IP
(ARP, LLDP, ...) keeps its link-layer header alone: no rule sees it. What a frame holds behind its IP packet goes too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fwsim.anonymize.mapping import Mapping
from fwsim.anonymize.network import BEFORE_ADDRESSES, ip
from fwsim.anonymize.sums import blank
from fwsim.anonymize.transport import Carried
from fwsim.capture import Captures, Chunk
from fwsim.engine.link import LINK_ETHERNET, LINK_LINUX_SLL, LINK_LINUX_SLL2, NOT_IP

MACS = {LINK_ETHERNET: (0, 6), LINK_LINUX_SLL: (6,), LINK_LINUX_SLL2: (12,)}
"""Where in a frame the addresses of the link layer stand."""
LENGTHS = {LINK_LINUX_SLL: 5, LINK_LINUX_SLL2: 11}
"""Where it says how long its address is; Ethernet's is as long as it must be."""
MAC = 6
LABEL = 8
"""Where a cooked address is no MAC: so many bytes."""


class Anonymizer:
    """Strips the frames of captures."""

    def __init__(self, captures: Captures, mapping: Mapping) -> None:
        """Nothing was read yet."""
        self.captures = captures
        self.mapping = mapping
        self.carried = Carried(mapping)
        self.fragments = 0

    def __iter__(self) -> Iterator[Chunk]:
        """Chunk by chunk, each a copy."""
        for chunk in self.captures:
            buffer = chunk.buffer.copy()
            names = ("offset", "captured", "network", "capture_interface", "reason")
            columns = (chunk.frames[name].tolist() for name in names)
            for offset, captured, network, interface, reason in zip(*columns, strict=True):
                data = bytearray(buffer[offset : offset + captured].tobytes())
                self.frame(data, self.captures.interfaces[interface].link_type, network, is_ip=reason != NOT_IP)
                buffer[offset : offset + captured] = memoryview(data)
            self.fragments += int((chunk.packets["fragment"] > 0).sum())
            yield replace(chunk, buffer=buffer, comments={})

    def frame(self, data: bytearray, link_type: int, network: int, *, is_ip: bool) -> None:
        """Strip a frame in which the network layer begins at `network`."""
        self._link_layer(data, link_type)
        end = len(data)
        family = data[network] >> 4 if is_ip and network < end else 0
        inside = ip(data, network, end, family, self.mapping)
        if inside is None:
            blank(data, network + BEFORE_ADDRESSES.get(family, 0), end)
            return
        blank(data, inside.end, end)
        self.carried.strip(data, inside, family)

    def _link_layer(self, data: bytearray, link_type: int) -> None:
        """Map the addresses of the link layer."""
        size = LENGTHS.get(link_type)
        for at in MACS.get(link_type, ()):
            if len(data) < at + MAC:
                blank(data, at, len(data))
            elif size is None or data[size] == MAC:
                mapped = self.mapping.mac(int.from_bytes(data[at : at + MAC], "big"))
                data[at : at + MAC] = mapped.to_bytes(MAC, "big")
            else:
                blank(data, at, min(at + LABEL, len(data)))
