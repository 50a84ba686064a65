"""Ways that are cut where addresses are translated."""

from __future__ import annotations

from io import StringIO

from fwsim.differing.segments import segments_of
from fwsim.differing.sides import sides_of
from fwsim.ruleset import load_ruleset
from fwsim.space.ways import Base
from fwsim.terms import Hook

FILTER = "table ip filter {{ chain {name} {{ type filter hook {hook} priority {priority}; policy drop; }}\n}}\n"
NAT = "table ip nat { chain pre { type nat hook prerouting priority -100; tcp dport 80 dnat to 10.0.0.1; }\n}\n"


def bases(text: str) -> list[list[int]]:
    """The hooks of the base chains of each segment of the way of forwarded packets."""
    ruleset = load_ruleset(StringIO(text))
    sides = sides_of(ruleset, ruleset)
    return [
        [stop.hook for stop in segment.ways[0] if isinstance(stop, Base)]
        for segment in segments_of((sides.old, sides.new), int(Hook.FORWARD), stateful=True)
    ]


def chain(name: str, hook: str, priority: int) -> str:
    return FILTER.format(name=name, hook=hook, priority=priority)


def test_a_way_without_translation_is_whole() -> None:
    text = chain("a", "prerouting", -300) + chain("b", "forward", 0) + chain("c", "postrouting", 0)
    assert bases(text) == [[0, 2, 4]]


def test_a_way_is_cut_before_and_behind_translation() -> None:
    text = chain("a", "prerouting", -150) + NAT + chain("b", "prerouting", 0) + chain("c", "forward", 0)
    assert bases(text) == [[0], [0], [0, 2]]
