"""The fields a selection can test, each by its kind: numbers, times, addresses, words, names, bits.

Read first: `fwsim.selection`. A kind says how a value is read, which comparisons make sense, and compares a
whole column of a batch with NumPy. The fields are those of the contract's JSON lines; no kind knows the grammar.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.moments import EXPECTED, nanoseconds_of
from fwsim.naming import DECISION_WORDS, NAT, PROTO_WORDS, SIDES, Naming
from fwsim.ruleset.mistakes import nearest
from fwsim.ruleset.words import SERVICES
from fwsim.tables import RULE_POLICY, V6
from fwsim.terms import Evidence, TcpFlag, flags_text, word

Mask = npt.NDArray[np.bool_]
Column = npt.NDArray[np.int64]
Read = Callable[[Any], Column]

ORDERED: dict[str, Callable[[Column, int], Mask]] = {
    "==": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
}
FLAG_LETTERS = {flags_text(flag): int(flag) for flag in TcpFlag}
EVIDENCE_WORDS = {word(bit): int(bit) for bit in Evidence if bit}


class ValueRefusedError(Exception):
    """A value that its field cannot have; `known` are the words it can."""

    def __init__(self, what: str, known: Iterable[str] = ()) -> None:
        """`what` is wrong, as the beginning of a message."""
        super().__init__(what)
        self.known = list(known)


class Field:
    """A field by its name, and how to get its column from a batch."""

    operators: Sequence[str] = ("==", "!=", "in")

    def __init__(self, name: str, column: Read) -> None:
        """`column` gives one int64 per row; negative: not there, or not known."""
        self.name = name
        self.column = column

    def read(self, text: str, operator: str) -> Any:
        """The value that the text stands for; raises `ValueRefusedError`."""
        raise NotImplementedError

    def truth(self, batch: Any) -> Mask:
        """Where the field is there and not 0."""
        return self.column(batch) > 0

    def compare(self, batch: Any, naming: Naming, operator: str, values: tuple[Any, ...]) -> Mask:
        """Where the comparison holds; never where the field is absent or unknown."""
        column = self.column(batch)
        present = column >= 0
        if operator == "in":
            return present & np.isin(column, np.array(values, dtype=np.int64))
        return present & ORDERED[operator](column, values[0])


def _as_range(name: str, text: str) -> str:
    """How a range is written, if the text looks like one."""
    low, sign, high = text.partition("-")
    if not (sign and low.isdigit() and high.isdigit()):
        return ""
    return f": a range is written {name} >= {low} and {name} <= {high}"


class Number(Field):
    """A number: decimal, or hexadecimal with 0x; `names` are words for some of them."""

    operators = ("==", "!=", "<", "<=", ">", ">=", "in")

    def __init__(self, name: str, column: Read, names: dict[int, str] | None = None) -> None:
        """As `Field`."""
        super().__init__(name, column)
        self.numbers = {text: number for number, text in (names or {}).items()}

    def read(self, text: str, operator: str) -> int:
        """See `Field.read`."""
        if text.lower() in self.numbers:
            return self.numbers[text.lower()]
        try:
            number = int(text, 0)
        except ValueError:
            as_range = _as_range(self.name, text)
            known = () if as_range else self.numbers
            raise ValueRefusedError(f"{text!r} is not a number{as_range}", known) from None
        if not 0 <= number < 1 << 62:
            raise ValueRefusedError(f"{text} is not in the range of {self.name}")
        return number


class Port(Number):
    """A port: a number, or the name of its service."""

    def read(self, text: str, operator: str) -> int:
        """See `Field.read`."""
        named = text.lower()
        if named in SERVICES:
            return SERVICES[named]
        if named[:1].isalpha() and not _as_range(self.name, text):
            meant = nearest(named, SERVICES)
            raise ValueRefusedError(f"{text!r} is neither a port nor a service", [meant] if meant else ())
        return super().read(text, operator)


class Seconds(Field):
    """A time: seconds since the epoch, to the nanosecond, or a date."""

    operators = Number.operators

    def read(self, text: str, operator: str) -> int:
        """See `Field.read`."""
        nanoseconds = nanoseconds_of(text)
        if nanoseconds is None:
            raise ValueRefusedError(f"{text!r} is no time, expected {EXPECTED}")
        return nanoseconds


class Word(Field):
    """One word of a closed list."""

    def __init__(self, name: str, column: Read, words: dict[int, str]) -> None:
        """`words` gives the word of each number; numbers without one count as absent."""
        super().__init__(name, column)
        self.words = words
        self.numbers = {text.lower(): number for number, text in words.items()}

    def read(self, text: str, operator: str) -> int:
        """See `Field.read`."""
        number = self.numbers.get(text.lower())
        if number is None:
            raise ValueRefusedError(f"{text!r} is no {self.name.rpartition('.')[2]}", self.words.values())
        return number

    def truth(self, batch: Any) -> Mask:
        """Where there is a word."""
        return np.isin(self.column(batch), list(self.words))

    def compare(self, batch: Any, naming: Naming, operator: str, values: tuple[Any, ...]) -> Mask:
        """See `Field.compare`."""
        mask = super().compare(batch, naming, operator, values)
        return mask & self.truth(batch) if operator == "!=" else mask


class Truth(Field):
    """True or false."""

    operators = ("==", "!=")

    def read(self, text: str, operator: str) -> int:
        """See `Field.read`."""
        if text.lower() not in ("true", "false"):
            raise ValueRefusedError(f"{text!r} is neither true nor false", ["true", "false"])
        return int(text.lower() == "true")


class Bits(Field):
    """Words of evidence: `==`, `in` and `contains` ask whether the packet carries the word."""

    operators = ("==", "!=", "in", "contains")

    def read(self, text: str, operator: str) -> int:
        """See `Field.read`."""
        if text not in EVIDENCE_WORDS:
            raise ValueRefusedError(f"{text!r} is no word of evidence", EVIDENCE_WORDS)
        return EVIDENCE_WORDS[text]

    def compare(self, batch: Any, naming: Naming, operator: str, values: tuple[Any, ...]) -> Mask:
        """See `Field.compare`."""
        wanted = 0
        for value in values:
            wanted |= value
        carried: Mask = (self.column(batch) & wanted) != 0
        return ~carried if operator == "!=" else carried


class Flags(Field):
    """TCP flags in tcpdump's letters: `==` exactly these, `contains` at least these."""

    operators = ("==", "!=", "in", "contains")

    def read(self, text: str, operator: str) -> int:
        """See `Field.read`."""
        if text == "none":
            return 0
        mask = 0
        for letter in text:
            if letter not in FLAG_LETTERS:
                raise ValueRefusedError(
                    f"{text!r} is not made of the letters of TCP flags, {' '.join(FLAG_LETTERS)}, nor none"
                )
            mask |= FLAG_LETTERS[letter]
        return mask

    def compare(self, batch: Any, naming: Naming, operator: str, values: tuple[Any, ...]) -> Mask:
        """See `Field.compare`."""
        if operator != "contains":
            return super().compare(batch, naming, operator, values)
        column = self.column(batch)
        held: Mask = (column >= 0) & ((column & values[0]) == values[0])
        return held


class Name(Field):
    """A name given in a ruleset or on the command line, or a rule's position; compared as text."""

    operators = ("==", "!=", "in", "contains")

    def __init__(self, name: str, column: Read, text_of: Callable[[Naming, int], str | None]) -> None:
        """`text_of` gives the name of a number."""
        super().__init__(name, column)
        self.text_of = text_of

    def read(self, text: str, operator: str) -> str:
        """See `Field.read`."""
        return text

    def truth(self, batch: Any) -> Mask:
        """Where there is a name (numbers below zero have none, but for a policy)."""
        column = self.column(batch)
        return _decided(column) if self.name.endswith("rule") else column >= 0

    def compare(self, batch: Any, naming: Naming, operator: str, values: tuple[Any, ...]) -> Mask:
        """See `Field.compare`."""
        column = self.column(batch)
        present = self.truth(batch)
        held = []
        for number in np.unique(column[present]).tolist():
            name = str(self.text_of(naming, number))
            if (values[0] in name) if operator == "contains" else ((name in values) != (operator == "!=")):
                held.append(number)
        return present & np.isin(column, np.array(held, dtype=np.int64))


class Address(Field):
    """An IPv4 or IPv6 address; compared with an address, or with a network, which means being inside."""

    def __init__(self, name: str, words: Callable[[Any], tuple[Column, Column, Column, Column]], there: Read) -> None:
        """`words` gives the four columns of the address, `there` is positive where there is one."""
        super().__init__(name, there)
        self.address_words = words

    def read(self, text: str, operator: str) -> tuple[tuple[int, int], ...]:
        """The network as value and mask of each of the four fields."""
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueRefusedError(f"{text!r} is neither an address nor a network") from None
        if network.version == 4:
            return ((int(network.network_address), int(network.netmask) | V6), (0, 0), (0, 0), (0, 0))
        value, mask = int(network.network_address), int(network.netmask)
        parts = [((value >> shift) & 0xFFFFFFFF, (mask >> shift) & 0xFFFFFFFF) for shift in (96, 64, 32, 0)]
        return ((parts[0][0] | V6, parts[0][1] | V6), *parts[1:])

    def compare(self, batch: Any, naming: Naming, operator: str, values: tuple[Any, ...]) -> Mask:
        """See `Field.compare`."""
        words = self.address_words(batch)
        there = self.column(batch) > 0
        inside = np.zeros(len(there), dtype=np.bool_)
        for network in values:
            one = np.ones(len(there), dtype=np.bool_)
            for column, (value, mask) in zip(words, network, strict=True):
                if mask:
                    one &= (column & mask) == value
            inside |= one
        return there & (~inside if operator == "!=" else inside)


def fields_of(modes: Sequence[str]) -> dict[str, Field]:
    """Every field by its name, for a run of these modes: with two, a decision's fields begin with their mode."""
    fields: list[Field] = [
        Number("n", lambda batch: batch.frames["number"]),
        Name("file", lambda batch: batch.frames["file"], lambda naming, number: naming.file(number)),
        Seconds("ts", lambda batch: batch.frames["ts"]),
        Number("len", lambda batch: batch.frames["length"]),
        Number("connection", _connection),
        Bits("evidence", lambda batch: batch.frames["evidence"]),
        Number("proto", _proto, PROTO_WORDS),
        Flags("flags", lambda batch: batch.packets["flags"]),
        *(Address(name, _words(name), lambda batch: batch.packets["family"]) for name in ("src", "dst")),
        *(Port(name, _packet(name)) for name in ("sport", "dport")),
        *(Number(name, _packet(name)) for name in ("seq", "ack", "win", "icmp_type", "icmp_code", "vlan")),
        *(Name(name, _packet(name), lambda naming, number: naming.interface(number)) for name in ("iif", "oif")),
    ]
    for mode in modes:
        fields += _decision_fields(mode, f"{mode}." if len(modes) > 1 else "")
    return {field.name: field for field in fields}


def _decision_fields(mode: str, prefix: str) -> list[Field]:
    """The fields of one mode's decision."""

    def column(name: str) -> Read:
        return lambda batch: getattr(batch, mode)[name]

    return [
        *(Word(prefix + name, column(name), words) for name, words in DECISION_WORDS.items()),
        Truth(prefix + "mirror", column("mirror")),
        Name(prefix + "chain", column("chain"), lambda naming, number: naming.rules[mode].chain(number)),
        Name(prefix + "rule", column("rule"), lambda naming, number: naming.rules[mode].rule(number)),
        _Line(prefix + "line", column("rule"), column("chain"), mode),
        *_nat_fields(mode, f"{prefix}{NAT}"),
    ]


def _nat_fields(mode: str, name: str) -> list[Field]:
    """How a packet left, where addresses were translated."""

    def column(field: str) -> Read:
        def read(batch: Any) -> Column:
            table = batch.departures.get(mode)
            return np.full(len(batch), -1) if table is None else np.where(table["left"] > 0, table[field], -1)

        return read

    def words(end: str) -> Callable[[Any], tuple[Column, Column, Column, Column]]:
        first, second, third, fourth = (column(f"{end}{word}") for word in range(4))
        return lambda batch: (first(batch), second(batch), third(batch), fourth(batch))

    def there(end: str) -> Read:
        return lambda batch: (column(f"{end}0")(batch) >= 0).astype(np.int64)

    return [
        Truth(name, lambda batch: (column("left")(batch) > 0).astype(np.int64)),
        Word(f"{name}.side", column("left"), SIDES),
        *(Address(f"{name}.{end}", words(end), there(end)) for end in ("src", "dst")),
        *(Port(f"{name}.{field}", column(field)) for field in ("sport", "dport")),
        Number(f"{name}.icmp_id", column("icmp_id")),
    ]


class _Line(Number):
    """The line of the rule that decided; its column depends on the run's ruleset."""

    def __init__(self, name: str, rule: Read, chain: Read, mode: str) -> None:
        super().__init__(name, rule)
        self.chain = chain
        self.mode = mode

    def truth(self, batch: Any) -> Mask:
        """Where a rule or policy decided."""
        return _decided(self.column(batch))

    def compare(self, batch: Any, naming: Naming, operator: str, values: tuple[Any, ...]) -> Mask:
        """See `Field.compare`."""
        names = naming.rules[self.mode]
        pairs, places = np.unique(np.stack([self.column(batch), self.chain(batch)]), axis=1, return_inverse=True)
        lines = [names.line(rule, chain) for rule, chain in pairs.T.tolist()]
        column = np.array([-1 if line is None else line for line in lines], dtype=np.int64)[places.reshape(-1)]
        if operator == "in":
            return np.isin(column, np.array(values, dtype=np.int64))
        return (column >= 0) & ORDERED[operator](column, values[0])


def _decided(column: Column) -> Mask:
    """Where a rule or a policy decided."""
    decided: Mask = (column >= 0) | (column == RULE_POLICY)
    return decided


def _packet(name: str) -> Read:
    """A column of the packets."""
    return lambda batch: batch.packets[name]


def _words(name: str) -> Callable[[Any], tuple[Column, Column, Column, Column]]:
    """The four columns of an address."""
    return lambda batch: (
        batch.packets[name + "0"], batch.packets[name + "1"], batch.packets[name + "2"], batch.packets[name + "3"]
    )  # fmt: skip


def _proto(batch: Any) -> Column:
    """The IP protocol, absent where there is no IP packet."""
    return np.where(batch.packets["family"] > 0, batch.packets["proto"], -1)


def _connection(batch: Any) -> Column:
    """The number of the connection, absent where there is none."""
    column = batch.frames["connection"]
    return np.where(column > 0, column, -1)
