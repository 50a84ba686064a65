"""From which hooks chains are reached."""

from __future__ import annotations

from fwsim.exporting.reaching import hooks_of, targets_of
from fwsim.terms import Hook
from tests.exporting import read

TEXT = """\
table inet t {
	map m { type inet_service : verdict; elements = { 22 : jump c } }
	chain a { goto b; }
	chain b { tcp dport vmap { 22 : jump d }; }
	chain c { accept; }
	chain d { accept; }
	chain e { accept; }
	chain in { type filter hook input priority 0; jump a; }
	chain out { type filter hook output priority 0; tcp dport vmap @m; jump b; }
}
"""


def test_chains_are_reached_through_jumps_gotos_and_maps() -> None:
    (table,) = read(TEXT).netfilter.tables
    both = frozenset({Hook.INPUT, Hook.OUTPUT})
    found = hooks_of(table)
    assert {name: found[name] for name in "abcde"} == {
        "a": frozenset({Hook.INPUT}), "b": both, "c": frozenset({Hook.OUTPUT}), "d": both, "e": frozenset(),
    }  # fmt: skip
    assert set(targets_of(table.chains["out"], table)) == {"b", "c"}
