"""The number of a priority: its name, its offset, and where the chain is hooked.

Read first: `block_tree`. Source: `std_prio_lookup` of nft, and nft(8), "Standard priority names".
"""

from __future__ import annotations

import re
from typing import NoReturn

from .block_tree import Priority
from .tree import Expression, Number, Symbol

PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
BRIDGE_PRIORITIES = {"dstnat": -300, "filter": -200, "out": 100, "srcnat": 300}
ONLY_AT = {"dstnat": "prerouting", "srcnat": "postrouting", "out": "output"}
"""Names that are known at one hook only."""

SMALLEST, LARGEST = -(1 << 31), (1 << 31) - 1

OFFSET = re.compile(r"[0-9]{1,19}\Z")


def priority_number(priority: Priority, family: str, hook: str) -> int:
    """The number by which chains of a hook are ordered; a name that means nothing there is refused."""
    name, offset, value = priority.name, priority.offset, priority.variable
    if value is not None:
        name, offset = _of_variable(priority, value.value)
    number = offset + (0 if name is None else _standard(priority, name, family, hook))
    if not SMALLEST <= number <= LARGEST:
        _refuse(priority, f"the priority {number} is out of range, expected {SMALLEST} to {LARGEST}")
    return number


def _of_variable(priority: Priority, value: Expression) -> tuple[str | None, int]:
    """Name and offset of a variable: a number, or a name in quotes or not, with or without an offset."""
    if isinstance(value, Number):
        return None, value.value
    if not isinstance(value, Symbol):
        _refuse(priority, "the variable is no priority, expected a number or a name")
    words = value.name.split()
    if len(words) == 3 and words[1] in ("+", "-") and OFFSET.match(words[2]):
        return words[0], int(words[1] + words[2])
    return value.name, 0


def _standard(priority: Priority, name: str, family: str, hook: str) -> int:
    """What a name stands for."""
    if family == "bridge":
        known = BRIDGE_PRIORITIES
    elif family in ("arp", "netdev"):
        known = {"filter": 0}
    else:
        known = PRIORITIES
    names = {each: number for each, number in known.items() if ONLY_AT.get(each, hook) == hook}
    if name not in names:
        _refuse(priority, f"'{name}' is no priority at {hook} of {family}, expected {', '.join(names)} or a number")
    return names[name]


def _refuse(priority: Priority, what: str) -> NoReturn:
    """A located mistake."""
    raise priority.source.error(priority.start, what)
