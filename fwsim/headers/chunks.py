"""What rules ask of the rows of a chunk, whose datagrams may have been put together of fragments.

Read first: `fwsim.defragmenting` (Assembled), `fwsim.headers`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fwsim.defragmenting import Assembled, Whole
from fwsim.tables import FRAME, PACKET, empty

from . import nothing_known, read
from .places import Numbers, Packets, Table
from .selecting import Readable

Buffer = npt.NDArray[np.uint8]


def of_rows(
    asked: Sequence[Readable], frames: Table, packets: Table, buffer: Buffer, start: int, end: int
) -> Numbers | None:
    """The matrix of `fwsim.engine.asked` of rows up to `end`, read from `start` on; None if nothing is asked."""
    if not asked:
        return None
    matrix = nothing_known(end, len(asked))
    matrix[start:end] = read(Packets(frames[start:end], packets[start:end], buffer), asked)
    return matrix


def of_assembled(asked: Sequence[Readable], assembled: Assembled, buffer: Buffer) -> Numbers | None:
    """The same of rows in some of which there are datagrams."""
    if not asked:
        return None
    matrix = read(Packets(assembled.frames, assembled.packets, buffer), asked)
    wholes = [whole for whole in assembled.wholes if whole.fragments is not None]
    if wholes:
        matrix[[whole.row - assembled.start for whole in wholes]] = read(_datagrams(assembled, wholes), asked)
    return matrix


def _datagrams(assembled: Assembled, wholes: Sequence[Whole]) -> Packets:
    """The datagrams as packets without a link layer: which fragment's would be theirs, is not worked out."""
    frames, packets = empty(FRAME, len(wholes)), empty(PACKET, len(wholes))
    content = bytearray()
    for number, whole in enumerate(wholes):
        at = whole.row - assembled.start
        frames[number], packets[number] = assembled.frames[at], assembled.packets[at]
        frames[number]["offset"], frames[number]["network"] = len(content), 0
        frames[number]["captured"] = len(whole.datagram.content)
        content += whole.datagram.content
    found = Packets(frames, packets, np.frombuffer(bytes(content), np.uint8))
    found.reassembled[:] = True
    return found
