"""What the objects of nft JSON must and may hold.

Read first: `located`.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from fwsim.nft.source import shown

from .located import Json

Members = dict[str, Json]

LARGEST = (1 << 32) - 1


def members(found: Json, known: Collection[str], what: str) -> Members:
    """An object with no other keys than the known ones."""
    value = found.value
    if not isinstance(value, dict):
        found.fail(f"an object with {what}")
    for key, item in value.items():
        if key not in known:
            near = get_close_matches(key[:100], known, 1)
            hint = f"'{near[0]}'" if near else ", ".join(sorted(known))
            item.refuse(f"unknown key {shown(key)}, expected {hint}")
    return value


def needed(found: Json, held: Members, key: str) -> Json:
    """A member that must be there."""
    item = held.get(key)
    if item is None:
        found.refuse(f"'{key}' is missing")
    return item


def only(found: Json, what: str) -> tuple[str, Json]:
    """The one key of an object, and its value."""
    value = found.value
    if not isinstance(value, dict) or len(value) != 1:
        found.fail(f"an object with one key: {what}")
    ((key, item),) = value.items()
    return key, item


def word(found: Json, what: str = "a string") -> str:
    """A string."""
    if not isinstance(found.value, str):
        found.fail(what)
    return found.value


def name(found: Json) -> str:
    """A name, which has a letter at least."""
    text = word(found, "a name")
    if not text:
        found.fail("a name")
    return text


def one_of(found: Json, known: Collection[str], what: str) -> str:
    """One of some strings."""
    if not isinstance(found.value, str) or found.value not in known:
        found.fail(what)
    return found.value


def integer(found: Json, what: str = "a number", largest: int = LARGEST) -> int:
    """A number from 0."""
    value = found.value
    if not isinstance(value, int) or isinstance(value, bool):
        found.fail(what)
    if not 0 <= value <= largest:
        found.refuse(f"{value} is out of range, expected 0 to {largest}")
    return value


def unsigned(found: Json, what: str = "a number") -> int:
    """A number of 64 bits; libnftables prints those above 2^63 as negative ones."""
    value = found.value
    if not isinstance(value, int) or isinstance(value, bool):
        found.fail(what)
    return value % (1 << 64)


def signed(found: Json, what: str = "a number") -> int:
    """A number of 32 bits with a sign."""
    value = found.value
    if not isinstance(value, int) or isinstance(value, bool):
        found.fail(what)
    if not -(1 << 31) <= value < 1 << 31:
        found.refuse(f"{value} is out of range, expected 32 bits")
    return value


def boolean(found: Json | None) -> bool:
    """`true` or `false`; what is not there is false."""
    if found is None:
        return False
    if not isinstance(found.value, bool):
        found.fail("true or false")
    return found.value


def items(found: Json, what: str) -> list[Json]:
    """An array."""
    if not isinstance(found.value, list):
        found.fail(f"an array of {what}")
    return found.value


def pair(found: Json, what: str) -> tuple[Json, Json]:
    """An array of two."""
    value = found.value
    if not isinstance(value, list) or len(value) != 2:
        found.fail(f"an array of two: {what}")
    return value[0], value[1]


def flags(found: Json | None, known: Collection[str]) -> tuple[str, ...]:
    """A flag, or an array of flags."""
    if found is None:
        return ()
    listed = found.value if isinstance(found.value, list) else [found]
    return tuple(one_of(item, known, f"one of {', '.join(sorted(known))}") for item in listed)


def is_null(found: Json) -> bool:
    """Whether it is `null`."""
    return found.value is None
