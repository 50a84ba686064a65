"""The contract's fields of a frame, and their values column by column.

Read first: DESIGN section 5, the list under `--format`. What has few different values (a decision, an evidence mask, an
address) is put into text once and remembered; what differs from frame to frame comes from the tables in whole columns.
A value that a frame does not have, or that cannot be known, is None. Only what JSON lines and CSV share is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.naming import DECISION_WORDS, PROTO_WORDS, Naming
from fwsim.tables import V6
from fwsim.terms import evidence_words, flags_text

Encode = Callable[[Any], str]
Rows = npt.NDArray[np.intp] | slice

FRAME_FIELDS = (
    "n", "file", "ts", "len", "src", "dst", "proto", "sport", "dport", "flags", "seq", "ack", "win",
    "icmp_type", "icmp_code", "vlan", "iif", "oif", "connection", "evidence",
)  # fmt: skip
DECISION_FIELDS = (
    "verdict", "reason", "reject_with", "hook", "chain", "rule", "line", "mirror",
    "ct_state", "ct_direction", "tcp_state_before", "tcp_state",
)  # fmt: skip
_SOURCES = tuple(name for name in DECISION_FIELDS if name != "line")
_REMEMBERED = 100_000


def address_text(words: Sequence[int]) -> str:
    """An address in its usual form: dotted IPv4, or IPv6 as RFC 5952 writes it."""
    first = words[0]
    if first < V6:
        return f"{first >> 24}.{first >> 16 & 255}.{first >> 8 & 255}.{first & 255}"
    from ipaddress import IPv6Address

    return str(IPv6Address((first - V6) << 96 | words[1] << 64 | words[2] << 32 | words[3]))


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

    def frame(self, batch: Any, rows: Rows) -> Iterator[tuple[Any, ...]]:
        """For each row the values of `FRAME_FIELDS`, ready to be put into a line."""
        frames, packets = batch.frames[rows], batch.packets[rows]
        columns: list[Iterable[Any]] = [
            frames["number"].tolist(),
            self.once("file", frames["file"].tolist(), self.naming.file),
            [seconds_text(ts) for ts in frames["ts"].tolist()],
            frames["length"].tolist(),
            self.addresses(packets, "src"),
            self.addresses(packets, "dst"),
            self.once("proto", np.where(packets["family"] > 0, packets["proto"], -1).tolist(), _proto),
            *(self.numbers(packets[name]) for name in ("sport", "dport")),
            self.once("flags", packets["flags"].tolist(), lambda mask: flags_text(mask) if mask >= 0 else None),
            *(self.numbers(packets[name]) for name in ("seq", "ack", "win", "icmp_type", "icmp_code", "vlan")),
            *(self.once("interface", packets[name].tolist(), self.naming.interface) for name in ("iif", "oif")),
            self.numbers(np.where(frames["connection"] > 0, frames["connection"], -1)),
            self.once("evidence", frames["evidence"].tolist(), evidence_words),
        ]
        return zip(*columns, strict=True)

    def decisions(self, batch: Any, rows: Rows, mode: str, shape: Callable[[list[str]], str]) -> list[str]:
        """For each row its decision, put into text by `shape` from the encoded values of `DECISION_FIELDS`."""
        table = getattr(batch, mode)[rows]
        return self.once(
            mode,
            zip(*(table[name].tolist() for name in _SOURCES), strict=True),
            lambda values: shape([self.encode(value) for value in self.decision(mode, values)]),
            encoded=True,
        )

    def decision(self, mode: str, values: Sequence[int]) -> list[Any]:
        """The values of `DECISION_FIELDS` for the numbers in a DECISION row."""
        numbers = dict(zip(_SOURCES, values, strict=True))
        names = self.naming.rules[mode]
        found: dict[str, Any] = {name: words.get(numbers[name]) for name, words in DECISION_WORDS.items()}
        found["chain"] = names.chain(numbers["chain"])
        found["rule"] = names.rule(numbers["rule"])
        found["line"] = names.line(numbers["rule"], numbers["chain"])
        found["mirror"] = bool(numbers["mirror"])
        return [found[name] for name in DECISION_FIELDS]

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


def _proto(number: int) -> str | int | None:
    """The name of an IP protocol, or its number."""
    return PROTO_WORDS.get(number, number) if number >= 0 else None
