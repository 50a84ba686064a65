"""Constants: the right side of comparisons, elements of sets, what is assigned.

Read first: `types`. A constant is read by the type of what it is compared with (`Wanted`), as nft does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from fwsim.errors import RulesetError
from fwsim.nft.source import shown
from fwsim.nft.tree import (
    Binary,
    Boolean,
    Concatenation,
    Expression,
    List,
    Node,
    Number,
    Prefix,
    Range,
    SetReference,
    Symbol,
    Variable,
    Verdict,
    Wildcard,
)  # fmt: skip

from .types import READERS, TYPES, DataType, UnreadableError, milliseconds


class Wanted(NamedTuple):
    """What a constant is compared with: its type, its width in bits, and the largest value if that is less."""

    type: DataType
    bits: int
    most: int = 0


class Span(NamedTuple):
    """Numbers from `low` to `high`; `form` is how they were written: `value`, `prefix` or `range`."""

    low: int
    high: int
    form: str = "value"


class Word(NamedTuple):
    """A string: a name, or with `begins` what names begin with."""

    text: str
    begins: bool = False


class Everything(NamedTuple):
    """`*` as an element."""

    form: str = "*"


Constant: TypeAlias = "Span | Word | Everything"
Evaluated: TypeAlias = "Constant | tuple[Constant, ...]"
"""Of a concatenation all its parts."""

MOST_KNOWN = 1 << 16
"""Words that are remembered: rulesets repeat ports and states, sets of a million addresses do not."""


def refuse(node: Node, what: str) -> RulesetError:
    """One mistake at a node."""
    return node.source.error(node.start, what)


def duration_ns(node: Node, text: str) -> int:
    """A duration that a node says, in ns."""
    try:
        return milliseconds(text) * 1_000_000
    except UnreadableError as why:
        raise refuse(node, f"{shown(text)} is no duration: {why}") from None


def unveiled(node: Expression) -> Expression:
    """What a variable stands for, or the expression itself."""
    return node.value if isinstance(node, Variable) else node


class Constants:
    """Reads constants; what was read before is not read again."""

    def __init__(self) -> None:
        """Nothing has been read yet."""
        self._known: dict[tuple[Wanted, str], Constant] = {}

    def one(self, node: Expression, wanted: Wanted) -> Constant:
        """A constant that is no concatenation."""
        reader = READ.get(type(node))
        if reader is None:
            raise refuse(node, "expected a constant here")
        return reader(self, node, wanted)

    def word(self, node: Symbol | Number, text: str, wanted: Wanted) -> Constant:
        """A single word or number."""
        key = wanted, text
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[key] = read_word(node, text, wanted)
        return found

    def number(self, node: Expression, wanted: Wanted) -> int:
        """A single number."""
        found = self.one(node, wanted)
        if not isinstance(found, Span) or found.form != "value":
            raise refuse(node, "expected a single value")
        return found.low


def read_word(node: Symbol | Number, text: str, wanted: Wanted) -> Constant:
    """A word by its type."""
    kind = wanted.type
    if kind.base == "string":
        return _string(node, text, wanted)
    if kind.name == "iface_index" and not text.isdigit():
        return Word(text)
    if kind.name in ("uid", "gid") and not text.isdigit():
        return Span(0, (1 << 32) - 1, "range")  # known on its own machine only, and never compared here
    reader = READERS.get(kind.name)
    if reader is None:
        raise refuse(node, f"'{text}' cannot be read as {kind.name}")
    try:
        value = reader(text)
    except UnreadableError as why:
        raise refuse(node, f"'{text[:60]}' cannot be read as {kind.name}: {why}") from None
    if kind.name == "ct_label":
        value = _label(node, value)
    if value >> wanted.bits or (wanted.most and value > wanted.most):
        most = wanted.most or (1 << wanted.bits) - 1
        raise refuse(node, f"{text[:60]} is out of range, expected 0 to {most}")
    return Span(value, value)


def _label(node: Node, number: int) -> int:
    """The bit of a connection label."""
    if number > 127:
        raise refuse(node, "a label is at most 127")
    return 1 << number


def _string(node: Symbol | Number, text: str, wanted: Wanted) -> Word:
    """A string; an asterisk at its end, without a backslash, stands for anything that follows."""
    if not text:
        raise refuse(node, "an empty string is not allowed")
    if wanted.bits and len(text.encode("utf-8", "surrogatepass")) * 8 > wanted.bits:
        raise refuse(node, f"the string is too long, expected at most {wanted.bits // 8} bytes")
    if not text.endswith("*"):
        return Word(text)
    if text == "*":
        raise refuse(node, "a string cannot be a '*' alone")
    return Word(text[:-2] + "*") if text[-2] == "\\" else Word(text[:-1], True)


def _symbol(constants: Constants, node: Symbol, wanted: Wanted) -> Constant:
    return constants.word(node, node.name, wanted)


def _number(constants: Constants, node: Number, wanted: Wanted) -> Constant:
    return constants.word(node, str(node.value), wanted)


def _variable(constants: Constants, node: Variable, wanted: Wanted) -> Constant:
    return constants.one(node.value, wanted)


def _boolean(_: Constants, node: Boolean, wanted: Wanted) -> Constant:
    if wanted.type.name != "boolean":
        raise refuse(node, f"'{node.text}' cannot be compared with {wanted.type.name}")
    return Span(int(node.exists), int(node.exists))


def _prefix(constants: Constants, node: Prefix, wanted: Wanted) -> Constant:
    base = constants.one(node.base, wanted)
    if isinstance(base, Word):
        if node.length > wanted.bits or node.length % 8:
            raise refuse(node, f"the prefix length {node.length} is invalid here")
        return Word(base.text[: node.length // 8], True)
    if not isinstance(base, Span) or base.form != "value":
        raise refuse(node, "a prefix needs a single value before the slash")
    if node.length > wanted.bits:
        raise refuse(node, f"the prefix length {node.length} is invalid for {wanted.bits} bits")
    free = (1 << (wanted.bits - node.length)) - 1
    return Span(base.low & ~free, base.low | free, "prefix")


def ends(constants: Constants, node: Range, wanted: Wanted) -> tuple[int, int]:
    """First and last value of a range as they were written."""
    found = []
    for end in (node.first, node.last):
        value = constants.one(end, wanted)
        if not isinstance(value, Span) or value.form != "value":
            raise refuse(node, f"a range of {wanted.type.name} needs two single values")
        found.append(value.low)
    return found[0], found[1]


def _range(constants: Constants, node: Range, wanted: Wanted) -> Constant:
    if wanted.type.base == "string":
        raise refuse(node, f"a range is undefined for {wanted.type.name}")
    low, high = ends(constants, node, wanted)
    if low > high:
        raise refuse(node, "the range has zero or negative size")
    return Span(low, high, "range")


def _list(constants: Constants, node: List, wanted: Wanted) -> Constant:
    value = 0
    for item in node.items:
        found = constants.one(item, wanted)
        if not isinstance(found, Span) or found.form != "value":
            raise refuse(item, "a member of a list must be a single value")
        if not wanted.type.is_bitmask:
            raise refuse(item, f"values of {wanted.type.name} cannot be joined by commas, expected a set in braces")
        value |= found.low
    return Span(value, value)


OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "&": int.__and__, "|": int.__or__, "^": int.__xor__, "<<": int.__lshift__, ">>": int.__rshift__,
}  # fmt: skip


def _binary(constants: Constants, node: Binary, wanted: Wanted) -> Constant:
    left = constants.number(node.left, wanted)
    shift = node.operator in ("<<", ">>")
    right = constants.number(node.right, Wanted(TYPES["integer"], 32) if shift else wanted)
    if shift and right >= wanted.bits:
        raise refuse(node, f"a shift of {right} bits is undefined for {wanted.bits} bits")
    value = OPERATIONS[node.operator](left, right) & ((1 << wanted.bits) - 1)
    return Span(value, value)


def _wildcard(_constants: Constants, _node: Wildcard, _wanted: Wanted) -> Constant:
    return Everything()


def _reference(_: Constants, node: SetReference, _wanted: Wanted) -> Constant:
    raise refuse(node, "a set cannot stand here, expected a value")


def _concatenation(_: Constants, node: Concatenation, wanted: Wanted) -> Constant:
    raise refuse(node, f"a concatenation cannot be compared with {wanted.type.name}")


def _verdict(_: Constants, node: Verdict, wanted: Wanted) -> Constant:
    raise refuse(node, f"a verdict cannot be read as {wanted.type.name}")


READ: dict[type, Callable[..., Constant]] = {
    Symbol: _symbol, Number: _number, Variable: _variable, Boolean: _boolean, Prefix: _prefix, Range: _range,
    List: _list, Binary: _binary, Wildcard: _wildcard, SetReference: _reference, Concatenation: _concatenation,
    Verdict: _verdict,
}  # fmt: skip
"""How each kind of node is read as a constant."""


def element(constants: Constants, node: Expression, wanted: tuple[Wanted, ...]) -> Evaluated:
    """An element of a set, or one value: of a concatenation all parts."""
    node = unveiled(node)
    if len(wanted) == 1:
        return constants.one(node, wanted[0])
    if isinstance(node, Wildcard):
        return Everything()
    if not isinstance(node, Concatenation):
        raise refuse(node, f"expected {len(wanted)} values joined by dots")
    if len(node.parts) != len(wanted):
        raise refuse(node, f"the concatenation has {len(node.parts)} parts, expected {len(wanted)}")
    return tuple(constants.one(part, want) for part, want in zip(node.parts, wanted, strict=True))
