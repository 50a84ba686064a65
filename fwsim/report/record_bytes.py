"""Records of a batch as bytes: JSON lines or CSV, whichever the parts of a line describe. Hot code, as `fwsim.engine`.

Read first: `fwsim.report.digits`; `fwsim.report.records`, which makes the parts. What has few different values (a
decision, an evidence mask, an interface) stands ready as a fragment of text in a pool, found by the numbers that it
stands for; numbers, times and addresses are written digit by digit. A fragment that is not there yet ends the loop:
whoever called adds it, and goes on with that row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fwsim.engine import entry, hot
from fwsim.report.digits import Buffer, put_address, put_copy, put_number, put_seconds
from fwsim.tables import PACKET, Row, Table, number_of, row_type

FRAMES, PACKETS, STATELESS, STATEFUL, STATELESS_NAT, STATEFUL_NAT = range(6)
FRAGMENT, NUMBER, SECONDS, ADDRESS = range(4)

PART = row_type("kind table field least start middle end absent_end first_key last_key")
"""One field of a line: its `kind`, and the `table` and `field` it is read from.

Its texts stand in the pool one behind the other: what comes before the value from `start` on, what comes behind it from
`middle` on, and what is written instead of all that if the value is below `least`, from `end` to `absent_end`.
A FRAGMENT is found by the fields that `key_fields` lists from `first_key` to `last_key`."""

PROGRESS = row_type("next end missing slot")
"""How far the lines have come: the `next` place in the list of rows, the `end` of what is written, and the number of
the part whose fragment is `missing` there, or -1, with the `slot` where it belongs."""

SLOT_PART, SLOT_START, SLOT_END, SLOT_KEYS = range(4)
"""The columns of a slot: the number of its part plus 1 (0: free), its fragment in the pool, and then the keys."""

FAMILY = number_of(PACKET, "family")
LOW = (1 << 30) - 1
FACTOR = 1_000_003
BITS = (1 << 40) - 1


class Source(NamedTuple):
    """The tables of a batch as matrices; those of departures only where a mode translates."""

    frames: Any
    packets: Any
    stateless: Any
    stateful: Any
    stateless_nat: Any
    stateful_nat: Any


class Form(NamedTuple):
    """What a line is made of. `slots` (a power of two of them, never all used) is a matrix, see `SLOT_PART`."""

    parts: Table
    key_fields: Any
    slots: Any
    pool: Any


@hot
def cell(source: Source, table: int, row: int, field: int) -> int:
    """One field of a frame."""
    value: int = 0
    if table == PACKETS:
        value = source.packets[row, field]
    elif table == FRAMES:
        value = source.frames[row, field]
    elif table == STATEFUL:
        value = source.stateful[row, field]
    elif table == STATELESS:
        value = source.stateless[row, field]
    elif table == STATEFUL_NAT:
        value = source.stateful_nat[row, field]
    else:
        value = source.stateless_nat[row, field]
    return value


@hot
def slot_of(form: Form, source: Source, number: int, part: Row, row: int) -> int:
    """The slot of a frame's fragment, or that where it belongs."""
    table = part["table"]
    first = part["first_key"]
    count = part["last_key"] - first
    total = number
    for k in range(count):
        value = cell(source, table, row, form.key_fields[first + k])
        total = (total * FACTOR + (value & LOW)) & BITS
    mask = len(form.slots) - 1
    slot = (total ^ (total >> 17)) & mask
    while form.slots[slot, SLOT_PART] != 0:
        same = form.slots[slot, SLOT_PART] == number + 1
        for k in range(count):
            same = same and form.slots[slot, SLOT_KEYS + k] == cell(source, table, row, form.key_fields[first + k])
        if same:
            break
        slot = (slot + 1) & mask
    return slot


@hot
def put_value(form: Form, source: Source, part: Row, row: int, out: Buffer, at: int) -> int:
    """A number, time or address with what stands around it."""
    kind = part["kind"]
    field = part["field"]
    value = cell(source, part["table"], row, field)
    if value < part["least"] or (kind == ADDRESS and source.packets[row, FAMILY] <= 0):
        return put_copy(out, at, form.pool, part["end"], part["absent_end"])
    at = put_copy(out, at, form.pool, part["start"], part["middle"])
    if kind == NUMBER:
        at = put_number(out, at, value)
    elif kind == ADDRESS:
        at = put_address(out, at, source.packets, row, field)
    else:
        at = put_seconds(out, at, value)
    return put_copy(out, at, form.pool, part["middle"], part["end"])


@entry
def write_records(form: Form, source: Source, rows: Any, out: Buffer, room: int, progress: Table) -> None:
    """Write the lines of `rows` from where `progress` says, as long as `room` for one more is left."""
    place = progress[0]["next"]
    end = progress[0]["end"]
    missing = -1
    while place < len(rows) and missing < 0 and end + room <= len(out):
        row = rows[place]
        at = end
        for number in range(len(form.parts)):
            part = form.parts[number]
            if part["kind"] == FRAGMENT:
                slot = slot_of(form, source, number, part, row)
                if form.slots[slot, SLOT_PART] == 0:
                    missing = number
                    progress[0]["slot"] = slot
                    break
                at = put_copy(out, at, form.pool, form.slots[slot, SLOT_START], form.slots[slot, SLOT_END])
            else:
                at = put_value(form, source, part, row, out, at)
        if missing < 0:
            end = at
            place += 1
    progress[0]["next"] = place
    progress[0]["end"] = end
    progress[0]["missing"] = missing
