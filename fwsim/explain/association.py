"""Where the chunks of an SCTP packet take its association, and the tags that are compared.

Read first: `fwsim.engine.sctp`, whose tables are read here once more, chunk by chunk.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine.sctp_header import ENTRY_T, MOST_CHUNKS, entry_of
from fwsim.engine.sctp_table import CELL_INVALID, DATA, KIND_WORDS, WHY, next_state
from fwsim.explain.moment import Moment
from fwsim.naming import STATE_WORDS
from fwsim.tables import plain
from fwsim.terms import UNKNOWN_VALUE, Direction, Proto, Reason, SctpState

NOT_BY_TABLE = {Reason.SCTP_NOT_AN_OPENING, Reason.SCTP_BAD_CHUNKS, Reason.SCTP_BAD_TAG}
"""Why a packet is refused whatever the table says of its chunks."""


def chunk_story(moment: Moment) -> list[str]:
    """The chunks with what the table says of each, as far as tracking got; and the tags."""
    if moment.packet["proto"] != Proto.SCTP or moment.packet["quote"] < 0 or moment.frame["transport_fault"]:
        return []
    assembled = moment.simulator.assembled
    quotes = assembled.quotes if assembled is not None else moment.batch.quotes
    row = plain(quotes[moment.packet["quote"]])
    if row["usable"] == UNKNOWN_VALUE or row["chunks"] > MOST_CHUNKS:
        return []
    entries = [int(entry_of(row, number)) & ~ENTRY_T for number in range(row["chunks"])]
    return [*_tags(moment, row), *_chunks(moment, entries)]


def _tags(moment: Moment, row: dict[str, Any]) -> list[str]:
    """The packet's tag, and those that the association has."""
    named = f", names {row['init_tag']:#x} for packets to its sender" if row["init_tag"] >= 0 else ""
    lines = [f"carries the tag {_tag(row['vtag'])}{named}"]
    if moment.connection_before is not None:
        base, direction = 2 * moment.result["connection"], moment.result["direction"]
        own, peer = (int(moment.before.sides[base + side]["end"]) for side in (direction, 1 - direction))
        lines.append(f"known: {_tag(own)} in its direction, {_tag(peer)} in the other (0 is none)")
    return lines


def _tag(tag: int) -> str:
    """A verification tag."""
    return f"{tag:#x}" if tag > 0 else str(tag)


def _chunks(moment: Moment, kinds: list[int]) -> list[str]:
    """Each chunk with the states before and after it."""
    names = [KIND_WORDS[kind] if kind < len(KIND_WORDS) else "data" if kind == DATA else "other" for kind in kinds]
    before = moment.connection_before
    if moment.result["reason"] in NOT_BY_TABLE or (before is None and not moment.result["fresh"]):
        return [f"chunks: {', '.join(names) or 'none'}"]
    direction = Direction.ORIGINAL if before is None else Direction(moment.result["direction"])
    state = int(SctpState.NONE if before is None else before["state"])
    words = STATE_WORDS[Proto.SCTP]
    lines = []
    for name, kind in zip(names, kinds, strict=True):
        if kind >= DATA:
            lines.append(f"{name}: keeps {words[state]}")
            continue
        following = next_state(direction, kind, state)
        becomes = "invalid" if following == CELL_INVALID else words[following]
        lines.append(f"{name}: {words[state]} -> {becomes}: {WHY[direction][kind][state]}")
        if following == CELL_INVALID:
            break
        state = following
    return lines
