"""Matches on bits: marks, TCP flags, ct state, ct status.

Read first: `values`, `elements`, `words`.

TCP flags, after nft (each line checked with `nft --debug=netlink`):

```
tcp_flags: syn                     SYN is set, whatever else is            nft: tcp flags syn
tcp_flags: [syn, ack]              SYN or ACK or both are set              nft: tcp flags syn,ack
tcp_flags: syn / syn,ack           of these two exactly SYN is set         nft: tcp flags syn / syn,ack
tcp_flags: == syn                  exactly SYN of all eight                nft: tcp flags == syn
tcp_flags: "!syn"                  SYN is not set                          nft: tcp flags ! syn
tcp_flags: "!= syn"                anything but exactly SYN of all eight   nft: tcp flags != syn
tcp_flags: [syn / syn,ack, rst]    either of these two conditions
```
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from . import words
from .elements import elements, integer, parsed
from .mistakes import mistake, seen, unknown
from .values import MARK_MASK, Choice, Masked, SetMark

WANTED_MARK = "a mark such as 1, 0x10, 0x10/0xff or 1-5"
WANTED_FLAGS = "TCP flags such as 'syn' or 'syn / fin,syn,rst,ack'"
ALL_FLAGS = 0xFF


def parse_bits(raw: object, names: Mapping[str, int], what: str) -> Masked:
    """A match on named bits (`ct_state`, `ct_status`): any of those listed is set."""
    if isinstance(raw, Masked):
        return raw
    expected = f"a {what} ({', '.join(names)})"
    negated, plain, sets, source = elements(raw, expected)
    if sets:
        raise mistake(f"{what} cannot be compared with a set, expected {expected}")
    bits = 0
    for bit in parsed(plain, lambda item: _bit(item, names, what)):
        bits |= bit
    return Masked((Choice(1, bits, bits),), negated, (), source)


def _bit(item: object, names: Mapping[str, int], what: str) -> int:
    """The bit of a word; `_` and `-` are the same in it."""
    word = str(item).lower()
    bit = names.get(word, names.get(word.replace("_", "-")))
    if bit is None:
        raise mistake(unknown(what, str(item), names))
    return bit


def parse_flags(raw: object) -> Masked:
    """A match on TCP flags, in the spellings of the table above."""
    if isinstance(raw, Masked):
        return raw
    exact = isinstance(raw, str) and raw.lstrip().startswith("!=") and "/" not in raw
    negated, plain, sets, source = elements(raw, WANTED_FLAGS, commas=False)
    if sets:
        raise mistake(f"tcp flags cannot be compared with a set, expected {WANTED_FLAGS}")
    spelled = [(path, f"== {item}") for path, item in plain] if exact else plain
    return Masked(tuple(parsed(spelled, _flags)), negated, (), source)


def _flags(item: object) -> Choice:
    """One condition on the flags."""
    if not isinstance(item, str):
        raise mistake(f"expected {WANTED_FLAGS}, found {seen(item)}")
    if item.startswith("=="):
        bits = _flag_bits(item[2:])
        return Choice(bits, bits, ALL_FLAGS)
    value, slash, mask = item.partition("/")
    bits = _flag_bits(value)
    if not slash:
        if not bits:
            raise mistake("no flag set is written '== none' or 'none / fin,syn,rst,ack', found 'none'")
        return Choice(1, bits, bits)
    over = _flag_bits(mask)
    if bits & ~over:
        raise mistake(f"the flags before '/' must be among those behind it, found {seen(item)}")
    return Choice(bits, bits, over)


def _flag_bits(text: str) -> int:
    """Flags by name, with commas or `|` between them."""
    bits = 0
    for word in re.split(r"[,|]", text.strip().strip("()")):
        bit = words.TCP_FLAGS.get(word.strip().lower())
        if bit is None:
            raise mistake(unknown("TCP flag", word.strip(), words.TCP_FLAGS))
        bits |= bit
    return bits


def parse_marks(raw: object) -> Masked:
    """A match on a mark: values, `value/mask`, ranges, sets."""
    if isinstance(raw, Masked):
        return raw
    negated, plain, sets, source = elements(raw, WANTED_MARK)
    return Masked(tuple(parsed(plain, mark)), negated, sets, source)


def mark(item: object) -> Choice:
    """One mark, one `value/mask`, or one range of marks."""
    value, mask = _value_and_mask(item)
    if value is not None:
        return Choice(value, value, mask)
    first, hyphen, last = str(item).partition("-")
    low, high = _bits32(first), _bits32(last)
    if not hyphen or low is None or high is None:
        raise mistake(f"expected {WANTED_MARK}, found {seen(item)}")
    if low > high:
        raise mistake(f"the range {seen(item)} is reversed, expected the lower mark first")
    return Choice(low, high, MARK_MASK)


def _value_and_mask(item: object) -> tuple[int | None, int]:
    """A mark and its mask; None if the item is something else."""
    if type(item) is int:
        return _checked(item, item), MARK_MASK
    text, slash, after = str(item).partition("/")
    value = _bits32(text)
    mask = _bits32(after) if slash else MARK_MASK
    if mask is None or (slash and value is None):
        raise mistake(f"expected {WANTED_MARK}, found {seen(item)}")
    if value is not None and value & ~mask:
        raise mistake(f"the mark has bits outside its mask in {seen(item)}, so it could never match")
    return value, mask


def _bits32(text: str) -> int | None:
    """A number of at most 32 bits, or None."""
    number = integer(text.strip())
    return None if number is None else _checked(number, text)


def _checked(number: int, item: object) -> int:
    """A number that fits into 32 bits."""
    if not 0 <= number <= MARK_MASK:
        raise mistake(f"expected a mark of 0 to {MARK_MASK:#x}, found {seen(item)}")
    return number


def parse_set_mark(raw: object) -> SetMark:
    """The mark to set: a value, or `value/mask` to leave the bits outside the mask as they are."""
    if isinstance(raw, SetMark):
        return raw
    if isinstance(raw, bool) or not isinstance(raw, (int, str)):
        raise mistake(f"expected a mark such as 1, 0x10 or 0x10/0xff, found {seen(raw)}")
    value, mask = _value_and_mask(raw)
    if value is None:
        raise mistake(f"expected a mark such as 1, 0x10 or 0x10/0xff, found {seen(raw)}")
    return SetMark(value, mask, raw)
