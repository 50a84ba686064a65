"""Batches as Arrow record batches of the same fields as JSON lines.

Read first: `fwsim.naming`. The selected rows of many batches are gathered, since an array costs as much to make for a
thousand rows as for some ten thousand; memory is bounded by `ROWS`. In a comparison the decisions are structs
`stateless` and `stateful`; of one mode, their fields stand beside those of the frame. What JSON has as null is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fwsim.arrow.addresses import addresses
from fwsim.arrow.vocabulary import Vocabulary, lookup, nullable
from fwsim.naming import (
    DECISION_FIELDS,
    DECISION_SOURCES,
    DECISION_WORDS,
    FRAME_FIELDS,
    NAT,
    NAT_FIELDS,
    SIDES,
    Naming,
    RuleNames,
    proto_text,
)
from fwsim.tables import DEPARTURE, RULE_POLICY
from fwsim.terms import evidence_words, flags_text

Column = npt.NDArray[np.int64]

ROWS = 1 << 16
"""Rows of a record batch, and of a row group."""

WORDS = pa.dictionary(pa.int32(), pa.string())
NUMBERS: dict[str, Any] = {
    "n": np.uint64, "len": np.uint32, "sport": np.uint16, "dport": np.uint16, "seq": np.uint32, "ack": np.uint32,
    "win": np.uint32, "icmp_type": np.uint8, "icmp_code": np.uint8, "vlan": np.uint16, "connection": np.uint64,
    "line": np.uint32,
}  # fmt: skip
OTHERS = {"ts": pa.timestamp("ns", "UTC"), "evidence": pa.list_(pa.string()), "mirror": pa.bool_()}
LEFT = [pa.field(name, WORDS if name in ("side", "src", "dst") else pa.uint16()) for name in NAT_FIELDS]
OTHERS[NAT] = pa.struct(LEFT)
ALWAYS = ("n", "file", "ts", "len", "evidence", "mirror", "stateless", "stateful")
"""The fields that are never null."""

OF_DEPARTURE = DEPARTURE.names or ()
OF_FRAME = ("number", "file", "ts", "length", "connection", "evidence")
OF_PACKET = (
    "family", "proto", "src0", "src1", "src2", "src3", "dst0", "dst1", "dst2", "dst3", "sport", "dport", "flags",
    "seq", "ack", "win", "icmp_type", "icmp_code", "vlan", "iif", "oif",
)  # fmt: skip


def schema(modes: Sequence[str]) -> Any:
    """The fields and their types."""
    frame = [_field(name) for name in FRAME_FIELDS]
    decision = [_field(name) for name in (*DECISION_FIELDS, NAT)]
    if len(modes) == 1:
        return pa.schema(frame + decision)
    return pa.schema(frame + [pa.field(mode, pa.struct(decision), nullable=False) for mode in modes])


def _field(name: str) -> Any:
    """A field with its type: words, unless it is something else."""
    kind = pa.from_numpy_dtype(NUMBERS[name]) if name in NUMBERS else OTHERS.get(name, WORDS)
    return pa.field(name, kind, nullable=name not in ALWAYS)


class Gathered:
    """The numbers of up to `ROWS` rows, column by column."""

    def __init__(self, modes: Sequence[str]) -> None:
        """None yet."""
        self.count = 0
        self.frames = np.empty((len(OF_FRAME), ROWS), np.int64)
        self.packets = np.empty((len(OF_PACKET), ROWS), np.int64)
        self.decisions = {mode: np.empty((len(DECISION_SOURCES), ROWS), np.int64) for mode in modes}
        self.departures: dict[str, npt.NDArray[np.int64]] = {}
        """Of modes that translate."""

    def take(self, batch: Any, rows: npt.NDArray[np.intp]) -> None:
        """Copy rows, for which there is room."""
        begin, self.count = self.count, self.count + len(rows)
        pieces = [(self.frames, batch.frames, OF_FRAME), (self.packets, batch.packets, OF_PACKET)]
        pieces += [(store, getattr(batch, mode), DECISION_SOURCES) for mode, store in self.decisions.items()]
        for mode in self.decisions.keys() & batch.departures.keys():
            if mode not in self.departures:
                self.departures[mode] = np.zeros((len(OF_DEPARTURE), ROWS), np.int64)
            pieces.append((self.departures[mode], batch.departures[mode], OF_DEPARTURE))
        whole = len(rows) == len(batch)
        for store, table, names in pieces:
            for line, name in zip(store, names, strict=True):
                line[begin : self.count] = table[name] if whole else table[name][rows]


class Columns:
    """Gathers the rows of batches, and makes record batches of them.

    Two that are gathered take turns: one is good until the next has been given and the one after it is asked for.
    """

    def __init__(self, modes: Sequence[str], naming: Naming) -> None:
        """Nothing is gathered yet."""
        self.modes = tuple(modes)
        self.naming = naming
        self.schema = schema(modes)
        self.gathered, self.other = Gathered(modes), Gathered(modes)
        self.words = {
            "proto": Vocabulary({number: str(proto_text(4, number)) for number in range(256)}),
            "flags": Vocabulary({mask: flags_text(mask) for mask in range(256)}),
            "interface": Vocabulary(dict(enumerate(naming.interfaces))),
        } | {name: Vocabulary(words) for name, words in DECISION_WORDS.items()}
        self.rules = {mode: _RuleWords(naming.rules[mode]) for mode in self.modes}

    def add(self, batch: Any, rows: Any) -> Iterator[Gathered]:
        """Take the selected rows of a batch, which are in order; gives what is full by then."""
        places = np.arange(len(batch))[rows]
        while len(places):
            room = ROWS - self.gathered.count
            self.gathered.take(batch, places[:room])
            places = places[room:]
            if self.gathered.count == ROWS:
                yield from self.rest()

    def rest(self) -> Iterator[Gathered]:
        """What is gathered and not given yet."""
        if self.gathered.count:
            yield self.gathered
            self.gathered, self.other = self.other, self.gathered
            self.gathered.count = 0

    def record_batch(self, gathered: Gathered) -> Any:
        """The record batch of what was gathered."""
        arrays = self._frame(gathered)
        decisions = [self._decision(gathered, mode) for mode in self.modes]
        if len(decisions) == 1:
            arrays += decisions[0]
        else:
            fields = [_field(name) for name in (*DECISION_FIELDS, NAT)]
            arrays += [pa.StructArray.from_arrays(columns, fields=fields) for columns in decisions]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _frame(self, gathered: Gathered) -> list[Any]:
        """The columns of `FRAME_FIELDS`."""
        frames = dict(zip(OF_FRAME, gathered.frames[:, : gathered.count], strict=True))
        packets = dict(zip(OF_PACKET, gathered.packets[:, : gathered.count], strict=True))
        ip = packets["family"] > 0
        made = {
            "n": _numbers("n", frames["number"]),
            "file": Vocabulary(dict(enumerate(self.naming.files))).array(frames["file"]),
            "ts": pa.array(frames["ts"].copy()).view(OTHERS["ts"]),
            "len": _numbers("len", frames["length"]),
            "proto": self.words["proto"].array(np.where(ip, packets["proto"], -1)),
            "flags": self.words["flags"].array(packets["flags"]),
            "connection": _numbers("connection", np.where(frames["connection"] > 0, frames["connection"], -1)),
            "evidence": _evidence(frames["evidence"]),
        }
        for end in ("src", "dst"):
            made[end] = addresses([packets[f"{end}{word}"] for word in range(4)], ip & (packets[f"{end}0"] >= 0))
        for name in ("iif", "oif"):
            made[name] = self.words["interface"].array(packets[name])
        return [made[name] if name in made else _numbers(name, packets[name]) for name in FRAME_FIELDS]

    def _decision(self, gathered: Gathered, mode: str) -> list[Any]:
        """The columns of `DECISION_FIELDS`, and how packets left."""
        numbers = dict(zip(DECISION_SOURCES, gathered.decisions[mode][:, : gathered.count], strict=True))
        made = {name: self.words[name].array(numbers[name]) for name in DECISION_WORDS}
        rules = self.rules[mode]
        made["chain"] = rules.chains.array(numbers["chain"])
        made["rule"] = rules.rules.array(numbers["rule"])
        made["line"] = _numbers("line", rules.lines(numbers["rule"], numbers["chain"]))
        made["mirror"] = pa.array(numbers["mirror"] != 0)
        return [*(made[name] for name in DECISION_FIELDS), self._left(gathered, mode)]

    @staticmethod
    def _left(gathered: Gathered, mode: str) -> Any:
        """How packets left: null where that is as they came, or not at all."""
        if mode not in gathered.departures:
            return pa.nulls(gathered.count, OTHERS[NAT])
        numbers = dict(zip(OF_DEPARTURE, gathered.departures[mode][:, : gathered.count], strict=True))
        there = numbers["left"] != 0
        made = [Vocabulary(SIDES).array(numbers["left"])]
        for end in ("src", "dst"):
            known = there & (numbers[f"{end}0"] >= 0)
            made.append(addresses([numbers[f"{end}{word}"] for word in range(4)], known))
        made += [nullable(numbers[name].astype(np.uint16), numbers[name] < 0) for name in NAT_FIELDS[3:]]
        return pa.StructArray.from_arrays(made, fields=LEFT, mask=pa.array(~there))


class _RuleWords:
    """The names and lines of the rules and chains of a mode."""

    def __init__(self, names: RuleNames) -> None:
        numbers = (RULE_POLICY, *range(len(names.rules)))
        self.chains = Vocabulary({chain: names.chain(chain) for chain in range(len(names.chains))})
        self.rules = Vocabulary({rule: names.rule(rule) for rule in numbers})
        self.line_of_rule = {rule: names.line(rule, -1) for rule in numbers}
        self.line_of_policy = {chain: names.line(RULE_POLICY, chain) for chain in range(len(names.chains))}

    def lines(self, rules: Column, chains: Column) -> Column:
        """The line of the rule, or of the chain's policy, or -1."""
        found: Column = lookup(self.line_of_rule, rules)
        policy = rules == RULE_POLICY
        if policy.any():
            found[policy] = lookup(self.line_of_policy, chains[policy])
        return found


def _numbers(name: str, values: Column) -> Any:
    """A column of numbers, null where one is absent or unknown."""
    return nullable(values.astype(NUMBERS[name]), values < 0)


def _evidence(masks: Column) -> Any:
    """Lists of words; equal masks are put into words once."""
    encoded = pa.array(masks.copy()).dictionary_encode()
    lists = pa.array([evidence_words(mask) for mask in encoded.dictionary.to_pylist()], OTHERS["evidence"])
    return lists.take(encoded.indices)


def reader(batches: Iterable[Any], modes: Sequence[str], naming: Naming) -> Any:
    """All rows of some batches, as they come."""

    def given() -> Iterator[Any]:
        columns = Columns(modes, naming)
        for batch in batches:
            yield from map(columns.record_batch, columns.add(batch, slice(None)))
        yield from map(columns.record_batch, columns.rest())

    return pa.RecordBatchReader.from_batches(schema(modes), given())
