"""From orders to packets: in order, the same each time, each with its own chance."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from fwsim.attack.crafting import crafted, end_text
from fwsim.attack.registry import FAMILIES, names_with_styles, ordered
from fwsim.attack.survey import followed
from tests.attacking import forge, ground_path, inside, opened, survey

STYLES = names_with_styles(list(FAMILIES.values()))


def few(name: str) -> dict[str, Any]:
    known = {option.name for option in ordered(name, None, {}).family.options}
    return {key: value for key, value in {"count": 10, "window": 1 << 28, "victims": 2}.items() if key in known}


@pytest.mark.parametrize("name", STYLES)
def test_a_family_gives_the_same_packets_for_a_seed_in_order_of_time(name: str) -> None:
    found = forge(name, seed=5, **few(name))
    assert found
    assert found == forge(name, seed=5, **few(name))
    if not name.startswith("time-wait-reuse"):  # of two victims both are taken, and all numbers are known
        assert found != forge(name, seed=6, **few(name))
    assert all(one.ts <= other.ts for one, other in pairwise(found))
    assert {f"{one.family}:{one.style}" for one in found} == {name}
    assert {one.number for one in found} == set(range(1, max(one.number for one in found) + 1))


def test_what_else_is_ordered_changes_nothing() -> None:
    orders = [ordered(name, None, {"count": "20"}) for name in ("syn-flood", "reset-blind", "bogon")]
    together = list(crafted(orders, survey(), 3, lambda numbers: followed(opened(ground_path()), inside(), numbers)))
    assert all(one.ts <= other.ts for one, other in pairwise(together))
    for name in ("syn-flood", "reset-blind", "bogon"):
        assert [one for one in together if one.family == name] == forge(name, seed=3, count=20)


def test_a_victim_is_named_opener_first() -> None:
    (found,) = forge("hijack", text="x", acks=0)
    opener, _, answerer = found.victim.partition(">")
    ends = [(end_text(*end) for end in ((e.address, e.port) for e in c.ends)) for c in survey().conversations]
    assert [opener, answerer] in [list(pair) for pair in ends]
    assert end_text("2001:db8::1", 5) == "[2001:db8::1]:5"
