"""Named sets: a list of elements, typed by the user or by what a rule compares them with.

Read first: `values`, `elements`.

```
sets:
  admins: [10.1.0.5, 10.1.0.9-10.1.0.12]
  web: {type: port, elements: [http, https, 8000-8099]}
```
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from . import words
from .addresses import parse_addresses, parse_names
from .elements import scalars
from .masks import parse_marks
from .mistakes import KEY, Mistakes, Path, mistake, seen, unknown
from .numbers import FIELDS, Field, parse_numbers
from .values import MatchValue, Scalar, SetElements

WANTED = "elements: addresses, ports, protocols, marks, names"
SET_KEYS = ("type", "elements")
NUMBER = Field("number", 65535 + 40, {})
"""A field of plain numbers (ttl, length, vlan, codes); a rule's own field bounds them further."""

READERS: dict[str, Callable[[object], MatchValue]] = {
    "address": parse_addresses,
    "port": partial(parse_numbers, field=FIELDS["dport"]),
    "protocol": partial(parse_numbers, field=FIELDS["proto"]),
    "icmp-type": partial(parse_numbers, field=FIELDS["icmp_type"]),
    "icmpv6-type": partial(parse_numbers, field=FIELDS["icmpv6_type"]),
    "dscp": partial(parse_numbers, field=FIELDS["dscp"]),
    "number": partial(parse_numbers, field=NUMBER),
    "mark": parse_marks,
    "interface": parse_names,
}
"""How the elements of each type (`words.KINDS`) are read."""


def parse_set(raw: object) -> SetElements:
    """A set: a list of elements, or a mapping of `type` and `elements`."""
    if isinstance(raw, SetElements):
        return raw
    if not isinstance(raw, Mapping):
        return SetElements(_elements(raw, ()))
    found: list[tuple[Path, str]] = []
    found += [((key, KEY), unknown("key", str(key), SET_KEYS)) for key in raw if key not in SET_KEYS]
    kind: str | None = None
    elements: tuple[Scalar, ...] = ()
    try:
        elements = _elements(raw["elements"], ("elements",)) if "elements" in raw else _missing()
    except Mistakes as error:
        found += error.found
    try:
        kind = _type(raw["type"]) if "type" in raw else None
    except Mistakes as error:
        found += error.found
    if found:
        raise Mistakes(*found)
    return SetElements(elements, kind, ("elements",))


def _missing() -> tuple[Scalar, ...]:
    """Complain about a mapping without elements."""
    raise mistake("a set needs its 'elements'")


def _type(raw: object) -> str:
    """The type of a set, in our words or nft's."""
    if isinstance(raw, str) and raw in words.SET_TYPES:
        return raw
    if isinstance(raw, str) and raw in words.NFT_SET_TYPES:
        return words.NFT_SET_TYPES[raw]
    raise mistake(unknown("set type", raw if isinstance(raw, str) else seen(raw), words.SET_TYPES), "type")


def _elements(raw: object, path: Path) -> tuple[Scalar, ...]:
    """The elements as written; nothing negated, no sets within sets."""
    items = scalars(raw, WANTED)
    found = []
    for position, item in enumerate(items):
        if isinstance(item, str) and item.lstrip()[:1] in ("!", "@", ""):
            found.append(((*path, position), f"expected an element of the set, found {seen(item)}"))
    if found:
        raise Mistakes(*found)
    return items


def read_set(elements: SetElements, kind: str) -> MatchValue:
    """The elements of a set as the values of a field of this kind."""
    return READERS[kind](elements.elements)


def write_set(value: SetElements) -> object:
    """A set as it is written."""
    if value.type is None:
        return list(value.elements)
    return {"type": value.type, "elements": list(value.elements)}
