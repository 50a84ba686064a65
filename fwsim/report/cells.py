"""The contract's fields of a frame, and their values column by column.

Read first: DESIGN section 5, the list under `--format`. What has few different values (a decision, an evidence mask, an
address) is put into text once and remembered; what differs from frame to frame comes from the tables in whole columns.
A value that a frame does not have, or that cannot be known, is None. Only what JSON lines and CSV share is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.naming import DECISION_SOURCES, NAT, Naming, address_text, departed, proto_text
from fwsim.tables import DEPARTURE, V6
from fwsim.terms import evidence_words, flags_text

Encode = Callable[[Any], str]
Rows = npt.NDArray[np.intp] | slice

_REMEMBERED = 100_000
LEFT = DEPARTURE.names or ()


def seconds_text(nanoseconds: int) -> str:
    """Nanoseconds as seconds with nine decimals, exactly."""
    return f"{nanoseconds // 1_000_000_000}.{nanoseconds % 1_000_000_000:09d}"


class Cells:
    """The columns of text of a batch, each value encoded as one format wants it."""

    def __init__(self, encode: Encode, naming: Naming) -> None:
        """`encode` writes a value: text, number, truth, list of words, or None."""
        self.encode = encode
        self.naming = naming
        self.nothing = encode(None)
        self.memory: dict[str, dict[Any, str]] = {}
        self.words: dict[str, Callable[..., Any]] = {
            "file": naming.file,
            "proto": proto_text,
            "flags": lambda mask: flags_text(mask) if mask >= 0 else None,
            "iif": naming.interface,
            "oif": naming.interface,
            "evidence": evidence_words,
        }

    def frame(self, batch: Any, rows: Rows) -> Iterator[tuple[Any, ...]]:
        """For each row the values of `fwsim.naming.FRAME_FIELDS`, ready to be put into a line."""
        frames, packets, words = batch.frames[rows], batch.packets[rows], self.words
        protos = zip(packets["family"].tolist(), packets["proto"].tolist(), strict=True)
        columns: list[Iterable[Any]] = [
            frames["number"].tolist(),
            self.once("file", frames["file"].tolist(), words["file"]),
            [seconds_text(ts) for ts in frames["ts"].tolist()],
            frames["length"].tolist(),
            self.addresses(packets, "src"),
            self.addresses(packets, "dst"),
            self.once("proto", protos, lambda key: words["proto"](*key)),
            *(self.numbers(packets[name]) for name in ("sport", "dport")),
            self.once("flags", packets["flags"].tolist(), words["flags"]),
            *(self.numbers(packets[name]) for name in ("seq", "ack", "win", "icmp_type", "icmp_code", "vlan")),
            *(self.once("interface", packets[name].tolist(), words[name]) for name in ("iif", "oif")),
            self.numbers(np.where(frames["connection"] > 0, frames["connection"], -1)),
            self.once("evidence", frames["evidence"].tolist(), words["evidence"]),
        ]
        return zip(*columns, strict=True)

    def decisions(self, batch: Any, rows: Rows, mode: str, shape: Callable[[list[str]], str]) -> list[str]:
        """For each row its decision, put into text by `shape` from the encoded values (`fwsim.naming`)."""
        table = getattr(batch, mode)[rows]
        return self.once(
            mode,
            zip(*(table[name].tolist() for name in DECISION_SOURCES), strict=True),
            lambda values: shape([self.encode(value) for value in self.naming.decision(mode, values)]),
            encoded=True,
        )

    def departures(self, batch: Any, rows: Rows, mode: str, shape: Callable[[list[str] | None], str]) -> list[str]:
        """For each row how it left, put into text by `shape` from the encoded values; None if as it came, or not."""
        table = batch.departures.get(mode)
        if table is None:
            return [shape(None)] * len(batch.frames[rows])

        def text(values: Any) -> str:
            found = departed(values)
            return shape(None if found is None else [self.encode(value) for value in found])

        return self.once(f"{mode}.{NAT}", zip(*(table[rows][name].tolist() for name in LEFT), strict=True), text,
                         encoded=True)  # fmt: skip

    def once(self, kind: str, keys: Iterable[Any], text: Callable[[Any], Any], *, encoded: bool = False) -> list[str]:
        """The text of each key, made once and remembered."""
        known = self.memory.setdefault(kind, {})
        if len(known) > _REMEMBERED:
            known.clear()  # bounded, however many addresses a capture holds
        result = []
        for key in keys:
            found = known.get(key)
            if found is None:
                found = known[key] = text(key) if encoded else self.encode(text(key))
            result.append(found)
        return result

    def addresses(self, packets: npt.NDArray[np.void], name: str) -> list[str]:
        """A column of addresses; nothing where there is no IP packet."""
        there = packets["family"] > 0
        first = np.where(there, packets[name + "0"], -1)
        if not (first >= V6).any():
            return self.once("ipv4", first.tolist(), lambda word: address_text((word,)) if word >= 0 else None)
        words = [first.tolist(), *(packets[name + digit].tolist() for digit in "123")]
        return self.once("ip", zip(*words, strict=True), lambda key: address_text(key) if key[0] >= 0 else None)

    def numbers(self, column: npt.NDArray[np.int64]) -> list[Any]:
        """A column of numbers; nothing where one is absent or unknown."""
        values: list[Any] = column.tolist()
        if len(values) == 0 or column.min() >= 0:
            return values
        return [value if value >= 0 else self.nothing for value in values]
