"""What compiled code writes lines from: the parts of a line, and a pool of texts found by the numbers they stand for.

Read first: `fwsim.report.record_bytes`. The texts come from the same `Cells` that write lines uncompiled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np

from fwsim.naming import DECISION_SOURCES, FRAME_FIELDS, NAT, departed
from fwsim.report.cells import LEFT, Rows
from fwsim.report.frames import Csv, JsonLines
from fwsim.report.record_bytes import (
    ADDRESS,
    FRAGMENT,
    FRAMES,
    NUMBER,
    PACKETS,
    PART,
    PROGRESS,
    SECONDS,
    SLOT_KEYS,
    STATEFUL,
    STATEFUL_NAT,
    STATELESS,
    STATELESS_NAT,
    Form,
    Source,
    write_records,
)
from fwsim.tables import DECISION, DEPARTURE, FRAME, PACKET, empty, number_of, words

ALWAYS = np.iinfo(np.int64).min
"""The least value of a field that every frame has."""

FIELDS: dict[str, tuple[int, int, tuple[str, ...], int]] = {
    "n": (NUMBER, FRAMES, ("number",), ALWAYS),
    "file": (FRAGMENT, FRAMES, ("file",), 0),
    "ts": (SECONDS, FRAMES, ("ts",), ALWAYS),
    "len": (NUMBER, FRAMES, ("length",), ALWAYS),
    "src": (ADDRESS, PACKETS, ("src0",), 0),
    "dst": (ADDRESS, PACKETS, ("dst0",), 0),
    "proto": (FRAGMENT, PACKETS, ("family", "proto"), 0),
    "flags": (FRAGMENT, PACKETS, ("flags",), 0),
    "iif": (FRAGMENT, PACKETS, ("iif",), 0),
    "oif": (FRAGMENT, PACKETS, ("oif",), 0),
    "connection": (NUMBER, FRAMES, ("connection",), 1),
    "evidence": (FRAGMENT, FRAMES, ("evidence",), 0),
    "stateless": (FRAGMENT, STATELESS, DECISION_SOURCES, 0),
    "stateful": (FRAGMENT, STATEFUL, DECISION_SOURCES, 0),
    "stateless.nat": (FRAGMENT, STATELESS_NAT, LEFT, 0),
    "stateful.nat": (FRAGMENT, STATEFUL_NAT, LEFT, 0),
}
"""How a field is written, the table and the fields it is read from, and the least value that is one.

The others are numbers of the packet, under their own name."""

TABLES = {FRAMES: FRAME, PACKETS: PACKET, STATELESS: DECISION, STATEFUL: DECISION}
TABLES |= {STATELESS_NAT: DEPARTURE, STATEFUL_NAT: DEPARTURE}
MOST_KEYS = max(len(fields) for _, _, fields, _ in FIELDS.values())
SLOTS = 1 << 10
SLOTS_MOST = 1 << 17
POOL = 1 << 20
POOL_MOST = 1 << 26
OUT = 1 << 20
VALUE = 48
"""Bytes that a number, a time or an address takes at the most."""


class Fragments:
    """Lines of bytes for batch after batch: the pool of texts, and the buffer that is written to."""

    def __init__(
        self, format_: JsonLines | Csv, encoded: Callable[[str], bytes], translating: Collection[str] = ()
    ) -> None:
        """`encoded` makes bytes of text, ASCII of ASCII; `translating` are the modes whose batches have departures."""
        self.format = format_
        self.encoded = encoded
        self.names = [*FRAME_FIELDS]
        for mode in format_.modes:
            self.names += [mode, f"{mode}.{NAT}"] if mode in translating else [mode]
        self.out = np.empty(OUT, np.uint8)
        self.progress = empty(PROGRESS, 1)
        self.slots, self.pool_size = SLOTS, POOL
        self.used = self.filled = 0
        self.grown_at = -1
        self.longest = [0] * len(self.names)
        self.form = self._fresh()

    def pieces(self, batch: Any, rows: Rows) -> Iterator[memoryview]:
        """The lines of the selected rows, each piece to be written before the next is asked for."""
        places = np.arange(len(batch), dtype=np.int64)[rows]
        if not len(places):
            return
        nothing = empty(DEPARTURE, 1)
        left = (batch.departures.get(mode, nothing) for mode in ("stateless", "stateful"))
        tables = (batch.frames, batch.packets, batch.stateless, batch.stateful, *left)
        source = Source(*(words(np.require(table, requirements=["C", "W"])) for table in tables))
        progress = self.progress[0]
        progress["next"] = 0
        self.grown_at = -1
        while progress["next"] < len(places):
            progress["end"] = 0
            while True:
                write_records(self.form, source, places, self.out, self.room, self.progress)
                if progress["missing"] < 0:
                    break
                self._add(source, int(places[progress["next"]]))
            if progress["end"]:
                yield self.out.data[: progress["end"]]
            elif self.room > len(self.out):
                self.out = np.empty(2 * self.room, np.uint8)

    def _fresh(self) -> Form:
        """A form whose pool holds nothing but what stands around numbers, times and addresses."""
        self.used = self.filled = 0
        parts = empty(PART, len(self.names))
        keys: list[int] = []
        pool = np.empty(self.pool_size, np.uint8)
        self.form = Form(parts, np.empty(0), np.zeros((self.slots, SLOT_KEYS + MOST_KEYS), np.int64), pool)
        for part, name in zip(parts, self.names, strict=True):
            kind, table, fields, least = FIELDS.get(name, (NUMBER, PACKETS, (name,), 0))
            part["kind"], part["table"], part["least"] = kind, table, least
            part["field"] = number_of(TABLES[table], fields[0])
            part["first_key"] = len(keys)
            if kind == FRAGMENT:
                keys += [number_of(TABLES[table], field) for field in fields]
            else:
                self._surround(part, name)
            part["last_key"] = len(keys)
        return self.form._replace(key_fields=np.array(keys, np.int64))

    def _surround(self, part: Any, name: str) -> None:
        """Put into the pool what stands around the value of a part, and instead of it."""
        opening = self.format.opening(name)
        quote = self.format.quote if part["kind"] != NUMBER else ""
        part["start"], part["middle"] = self._keep(opening + quote)
        _, part["end"] = self._keep(quote)
        _, part["absent_end"] = self._keep(opening + self.format.cells.nothing)
        self.longest[self.names.index(name)] = int(part["absent_end"] - part["start"]) + VALUE

    @property
    def room(self) -> int:
        """What a line takes at the most, of the fragments known so far."""
        return sum(self.longest)

    def _add(self, source: Source, row: int) -> None:
        """Make the fragment that is missing in a row."""
        number, slot = int(self.progress[0]["missing"]), int(self.progress[0]["slot"])
        part = self.form.parts[number]
        fields = self.form.key_fields[part["first_key"] : part["last_key"]]
        keys = [int(source[part["table"]][row, field]) for field in fields]
        text = self.encoded(self._text(self.names[number], keys))
        if 2 * self.used > self.slots or self.filled + len(text) > self.pool_size:
            self._grow(len(text))
            return
        start, end = self._keep(text)
        self.form.slots[slot, : SLOT_KEYS + len(keys)] = (number + 1, start, end, *keys)
        self.used += 1
        self.longest[number] = max(self.longest[number], end - start)

    def _text(self, name: str, keys: list[int]) -> str:
        """A field or decision as it stands in a line."""
        format_, encode = self.format, self.format.cells.encode
        mode, _, nat = name.partition(".")
        if mode not in format_.modes:
            return format_.opening(name) + encode(format_.cells.words[name](*keys))
        if nat:
            left = departed(keys)
            text = format_.departure(None if left is None else [encode(value) for value in left])
        else:
            values = format_.cells.naming.decision(name, keys)
            text = format_.opening(name) + format_.decision([encode(value) for value in values])
            if f"{name}.{NAT}" not in self.names:
                text += format_.departure(None)
        return text + (format_.ending if name == self.names[-1] else "")

    def _grow(self, length: int) -> None:
        """Begin anew with twice as much room; what is needed will be added again.

        There is a bound, unless a single line needs more than that.
        """
        here = int(self.progress[0]["next"])
        bounded = here != self.grown_at
        self.grown_at = here
        self.slots = min(2 * self.slots, SLOTS_MOST) if bounded else 2 * self.slots
        self.pool_size = min(2 * self.pool_size, POOL_MOST) if bounded else 2 * (self.pool_size + length)
        self.form = self._fresh()

    def _keep(self, text: str | bytes) -> tuple[int, int]:
        """Put a text at the end of the pool; returns where it begins and ends."""
        data = self.encoded(text) if isinstance(text, str) else text
        start, self.filled = self.filled, self.filled + len(data)
        self.form.pool[start : self.filled] = np.frombuffer(data, np.uint8)
        return start, self.filled
