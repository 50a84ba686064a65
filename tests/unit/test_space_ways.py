"""The stops of a packet's way."""

from __future__ import annotations

from io import StringIO
from typing import Any

from fwsim.engine.path import LOCAL
from fwsim.lower import lower
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.space import Model, way_through
from fwsim.space.fields import CT_STATE, CT_STATUS, DPORT, DST, IIF, OIF, SPORT, SRC, domain
from fwsim.space.intervals import holds, point
from fwsim.space.ways import Base, Hide, Pass, Show, Stop, Track, Translate, not_asked_yet, seen_behind
from fwsim.terms import ABSENT, CtState, CtStatus, Hook

HOOKS = ("prerouting", "input", "forward", "output", "postrouting")


def model() -> Model:
    chains: dict[str, Any] = {name: {"hook": name, "policy": "drop", "rules": []} for name in HOOKS}
    chains["raw"] = {"hook": "prerouting", "priority": -300, "policy": "accept", "rules": []}
    return Model(lower(Ruleset.model_validate({"chains": chains}), interfaces=()))


def names(model: Model, stops: list[Stop]) -> list[str]:
    return [model.lowered.chains[stop.chain].name for stop in stops if isinstance(stop, Base)]


def test_a_forwarded_packet_is_tracked_behind_raw_and_passes_before_forward() -> None:
    one = model()
    stops = way_through(one, int(Hook.FORWARD))
    assert names(one, stops) == ["raw", "prerouting", "forward", "postrouting"]
    kinds = [type(stop) for stop in stops]
    assert kinds[:5] == [Hide, Base, Show, Track, Hide]
    assert kinds.index(Pass) < [n for n, stop in enumerate(stops) if isinstance(stop, Base)][2]


def test_before_routing_nobody_sees_where_a_packet_leaves() -> None:
    first, *_ = way_through(model(), int(Hook.FORWARD))
    assert isinstance(first, Hide)
    assert {OIF, CT_STATE, CT_STATUS} <= first.fields.keys()
    stateless, *_ = way_through(model(), int(Hook.FORWARD), stateful=False)
    assert isinstance(stateless, Hide)
    assert CT_STATUS not in stateless.fields


def test_translation_stands_at_its_priority_of_every_hook_that_translates() -> None:
    chains = {
        "nat": {"hook": "postrouting", "priority": 50, "policy": "accept", "rules": []},
        "early": {"hook": "prerouting", "priority": -150, "policy": "accept", "rules": []},
        "late": {"hook": "prerouting", "priority": 0, "policy": "accept", "rules": []},
    }
    text = "table ip n {\n chain c {\n type nat hook postrouting priority 100; masquerade\n }\n"
    for name, chain in chains.items():
        text += f" chain {name} {{ type filter hook {chain['hook']} priority {chain['priority']}; }}\n"
    one = Model(lower(load_ruleset(StringIO(text + "}\n")), interfaces=()))
    stops = [stop for stop in way_through(one, int(Hook.FORWARD)) if isinstance(stop, Base | Translate)]
    told = [one.lowered.chains[stop.chain].name.split()[-1] if isinstance(stop, Base) else "*" for stop in stops]
    assert told == ["early", "*", "late", "nat", "c", "*"]


def test_what_is_made_here_has_not_come_in() -> None:
    one = model()
    stops = way_through(one, int(Hook.OUTPUT))
    assert names(one, stops) == ["output", "postrouting"]
    assert all(IIF in stop.fields for stop in stops if isinstance(stop, Hide))
    assert names(one, way_through(one, LOCAL)) == ["output", "postrouting", "raw", "prerouting", "input"]
    assert names(one, way_through(one, int(Hook.INPUT))) == ["raw", "prerouting", "input"]


def test_the_status_of_a_new_connection_tells_that_it_was_looked_at_and_perhaps_translated() -> None:
    new = point(int(CtState.NEW))
    behind = seen_behind((DST, DPORT), new, point(0))
    assert DST not in behind
    for status in (CtStatus.DNAT_DONE, CtStatus.DNAT_DONE | CtStatus.DNAT):
        assert holds(behind[CT_STATUS], int(status))
    assert not holds(behind[CT_STATUS], int(CtStatus.SNAT_DONE))
    assert holds(seen_behind((SRC, SPORT), new, point(0))[CT_STATUS], int(CtStatus.SNAT | CtStatus.SNAT_DONE))
    several = seen_behind((SRC, SPORT), new, ((0, 8),))
    assert several == {SPORT: domain(SPORT), CT_STATUS: domain(CT_STATUS)}


def test_who_has_no_connection_has_no_status() -> None:
    assert seen_behind((DST, DPORT), point(int(CtState.INVALID)), point(ABSENT)) == {}
    known = seen_behind((DST, DPORT), point(int(CtState.ESTABLISHED)), point(8))
    assert known[DST] == domain(DST)


def test_chains_are_asked_about_connections_once() -> None:
    asked = not_asked_yet(int(CtStatus.SNAT_DONE))
    for status in (0, 1, CtStatus.DNAT_DONE, CtStatus.DNAT | CtStatus.DNAT_DONE, CtStatus.HELPER):
        assert holds(asked, int(status))
    for status in (CtStatus.CONFIRMED, CtStatus.SNAT_DONE, CtStatus.SNAT | CtStatus.SNAT_DONE | CtStatus.DNAT_DONE):
        assert not holds(asked, int(status))
