"""Whole datagrams made of their fragments, and decoded as if they had been captured so.

Read first: `fwsim.capture.reassembly`. As the kernel does, the header is that of the first fragment (`ip_frag_reasm`,
`nf_ct_frag6_reasm`); what the capture cut off of a fragment leaves the rest of the datagram unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fwsim.capture.fragments import IPV6_HEADER, Fragment
from fwsim.capture.model import Table
from fwsim.capture.reassembly import Place, Set
from fwsim.engine import is_compiled
from fwsim.engine.checksum import AUTO, VERIFY, fold, views
from fwsim.engine.decode import decode
from fwsim.engine.link import LAYER, LINK_RAW
from fwsim.engine.network import DECODER
from fwsim.tables import FRAME, PACKET, QUOTE, empty
from fwsim.uncompiled import flush, usable


@dataclass(frozen=True)
class Datagram:
    """An IP packet: its bytes as far as they are known, and how many it has."""

    content: bytes
    length: int


def whole_of(fragments: Set[Place]) -> Datagram:
    """The datagram of a complete set."""
    payload = bytearray(fragments.length)
    known = 0
    for fragment in sorted(fragments.fragments, key=lambda one: one.start):
        size = (fragment.end & ~7 if fragment.more else fragment.end) - fragment.start
        data = fragment.data[:size]
        payload[fragment.start : fragment.start + len(data)] = data
        if known == fragment.start:
            known += len(data)
    return _datagram(fragments.first, payload[:known], fragments.length)


def alone(fragment: Fragment) -> Datagram:
    """A fragment taken for a datagram, as tracking does with one that was not put together."""
    return _datagram(fragment, fragment.data[: fragment.size], fragment.size)


def _datagram(first: Fragment, payload: bytes | bytearray, length: int) -> Datagram:
    """A payload behind the header of the first fragment, which is made to fit."""
    head = bytearray(first.head)
    if first.family == 4:
        head[2:4] = (len(head) + length).to_bytes(2, "big")
        head[6:8] = head[10:12] = b"\0\0"
        words = (int.from_bytes(head[at : at + 2], "big") for at in range(0, len(head), 2))
        head[10:12] = (~fold(sum(words)) & 0xFFFF).to_bytes(2, "big")
    else:
        head[4:6] = (len(head) - IPV6_HEADER + length).to_bytes(2, "big")
    return Datagram(bytes(head + payload), len(head) + length)


def decoded(datagrams: Sequence[Datagram], checksum: int) -> tuple[Table, Table, Table]:
    """A row of FRAME and one of PACKET for each datagram, and the rows of QUOTE that they refer to."""
    count = len(datagrams)
    frames, packets, quotes = empty(FRAME, count), empty(PACKET, count), empty(QUOTE, count)
    content = bytearray()
    for frame, datagram in zip(frames, datagrams, strict=True):
        frame["offset"], frame["captured"], frame["length"] = len(content), len(datagram.content), datagram.length
        content += datagram.content
    buffer = np.frombuffer(content + b"\0", np.uint8)
    layer, decoder = empty(LAYER, 1), empty(DECODER, 1)
    # Before a packet is fragmented its checksum is filled in (`skb_checksum_help`): none is left to a network card.
    decoder["checksum"] = VERIFY if checksum == AUTO else checksum
    link_types = np.array([LINK_RAW], np.int64) if is_compiled() else [LINK_RAW]
    rows = frames_, packets_, quotes_, layer_, decoder_ = [
        usable(table) for table in (frames, packets, quotes, layer, decoder)
    ]
    even, odd = views(buffer)
    decode(usable(buffer), even, odd, link_types, frames_, packets_, quotes_, count, layer_, decoder_)
    flush(*rows)
    return frames, packets, quotes
