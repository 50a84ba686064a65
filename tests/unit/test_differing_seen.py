"""What rules see otherwise than it came is not asked of packets as they come; and so no change is missed."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest

from fwsim.differing.answer import Answer, Named
from fwsim.differing.differences import STATEFUL
from fwsim.differing.seen import Seen, seen_by_any
from fwsim.differing.sides import Side, sides_of
from fwsim.ruleset import load_ruleset
from fwsim.space import way_through
from fwsim.space.fields import CT_STATE, DPORT, MARK, OIF, TTL
from fwsim.space.intervals import point
from fwsim.terms import ABSENT, CtState, Hook


def table(forward: str, before: str = "", priority: int = -150) -> str:
    """An nft ruleset with rules at forward, and some at prerouting."""
    early = f"chain p {{ type filter hook prerouting priority {priority}; {before}; }};" if before else ""
    return f"table inet t {{ {early} chain f {{ type filter hook forward priority 0; {forward}; }}; }}\n"


def side_of(text: str) -> Side:
    ruleset = load_ruleset(StringIO(text))
    return sides_of(ruleset, ruleset).old


def seen(text: str) -> Seen:
    side = side_of(text)
    return Seen(side, way_through(side.model, int(Hook.FORWARD)))


def test_marks_that_rules_set_may_be_any() -> None:
    changing = seen(table("mark 1 drop", "tcp dport 25 meta mark set 1"))
    assert changing.of({MARK: point(0), DPORT: point(80)}) == {MARK: None, DPORT: point(80)}
    assert changing.as_come({MARK: point(1), DPORT: point(80)}) == {DPORT: point(80)}
    assert seen(table("mark 1 drop")).of({MARK: point(0)}) == {MARK: point(0)}


def test_a_hop_less_is_left_where_packets_are_forwarded() -> None:
    forwarded = seen(table("ip ttl 1 drop"))
    assert forwarded.of({TTL: ((2, 255),)}) == {TTL: None}
    assert forwarded.as_come({TTL: point(1)}) == {}


def test_before_tracking_and_routing_something_else_is_seen() -> None:
    early = seen(table("ct state new accept", 'oifname != "wan" ct state invalid drop', -300))
    new, invalid = point(int(CtState.NEW)), point(int(CtState.INVALID))
    assert early.of({CT_STATE: new, OIF: point(3)}) == {
        CT_STATE: (*invalid, *new) if invalid < new else (*new, *invalid),
        OIF: (point(ABSENT)[0], point(3)[0]),
    }
    assert early.as_come({CT_STATE: new}) == {CT_STATE: new}
    assert early.as_come({CT_STATE: invalid}) == {}
    assert early.as_come({OIF: ((ABSENT, 2),)}) == {}
    assert not early.is_constant({CT_STATE: new})
    assert early.is_constant({DPORT: point(80)})


def test_what_either_ruleset_changes_may_be_any() -> None:
    marking, plain = seen(table("mark 1 drop", "meta mark set 1")), seen(table("mark 1 drop"))
    assert seen_by_any([plain, marking], {MARK: point(0)}) == {MARK: None}
    assert seen_by_any([plain, plain], {MARK: point(0)}) == {MARK: point(0)}


CHANGED = {
    "a mark set before": ("mark 25 {}", "tcp dport 25 meta mark set 25", -150),
    "another mark than none": ("mark != 0 {}", "tcp dport 25 meta mark set 25", -150),
    "a mark by a map": ("meta mark vmap {{ 25 : {} }}", "tcp dport 25 meta mark set 25", -150),
    "the last hop": ("ip ttl 1 {}", "", 0),
    "the last hop of IPv6": ("ip6 hoplimit < 2 {}", "", 0),
    "an address set before": ("ip saddr 127.0.0.1 {}", "ip saddr set 127.0.0.1", -150),
    "a ct state that was taken away": ("ct state untracked tcp dport 22 {}", "tcp dport 22 notrack", -300),
    "a ct mark": ("ct mark 1 {}", "ct state new ct mark set 1", -150),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_behind_what_changes_packets_is_told(name: str) -> None:
    forward, before, priority = CHANGED[name]
    old, new = (load_ruleset(StringIO(table(forward.format(verdict), before, priority))) for verdict in DECIDED)
    assert statuses(old, new)[STATEFUL] == "different"


DECIDED = ("drop", "accept")

EARLY = {
    "where it is not known where packets go": ('oifname != "wan" tcp dport 22 drop', -150, "tcp dport 22 drop"),
    "where nothing is tracked yet": ("ct state invalid tcp dport 22 drop", -300, "ct state invalid drop"),
}


@pytest.mark.parametrize("name", EARLY)
def test_a_rule_that_sees_packets_early_is_missed(name: str) -> None:
    """Whatever it asks for of packets as they come is dropped later on too, so that only what it sees early tells."""
    early, priority, later = EARLY[name]
    forward = early if priority > -300 else later
    behind = f"chain i {{ type filter hook input priority 0; {later}; }}; }}\n"
    old, new = (
        load_ruleset(StringIO(table(forward, before, priority).removesuffix("}\n") + behind))
        for before in (early, "tcp dport 1 counter")
    )
    assert statuses(old, new)[STATEFUL] == "different"


def test_a_rule_is_not_settled_by_one_that_another_hook_sees_otherwise() -> None:
    """The chain is called twice: before it is known where packets go, and behind that."""
    calling = (
        "table inet t {{ chain both {{ {}; }}; chain p {{ {} -150; jump both; }}; chain f {{ {} 0; jump both; }}; }}"
    )
    hooks = "type filter hook prerouting priority", "type filter hook forward priority"
    first = 'oifname "wan" accept'
    old, new = (load_ruleset(StringIO(calling.format(both, *hooks))) for both in (f"{first}; tcp dport 22 drop", first))
    assert statuses(old, new)[STATEFUL] == "different"


def statuses(old: Any, new: Any) -> dict[str, str]:
    answer = Answer(Named("old", old), Named("new", new))
    return {mode: answer.status_of(mode) for mode in answer.modes}
