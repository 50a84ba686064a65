"""Whether the kernel tracks for a ruleset, and what that means for fragments."""

from __future__ import annotations

import pytest

from fwsim.exporting.tracking import is_tracked, sees_later_fragments
from tests.exporting import read


@pytest.mark.parametrize(
    ("rule", "priority", "tracked", "fragments"),
    [
        ("ct state new accept", 0, True, False),
        ("tcp dport 22 accept", 0, False, True),
        ("ct state new accept", -450, True, True),
        ("notrack", 0, False, True),
    ],
)
def test_a_ct_expression_puts_fragments_together_for_chains_behind(
    rule: str, priority: int, tracked: bool, fragments: bool
) -> None:
    chain = f"chain c {{ type filter hook prerouting priority {priority}; {rule}; }}"
    netfilter = read(f"table inet t {{\n\t{chain}\n}}\n").netfilter
    assert (is_tracked(netfilter), sees_later_fragments(netfilter)) == (tracked, fragments)


def test_a_map_of_marks_of_connections_makes_the_kernel_track() -> None:
    marks = "map m { type ipv4_addr : mark; elements = { 10.0.0.7 : 5 }\n }"
    chain = "chain f { type filter hook forward priority 0; ct mark set ip saddr map @m\n }"
    assert is_tracked(read(f"table ip t {{\n {marks}\n {chain}\n}}\n").netfilter)
