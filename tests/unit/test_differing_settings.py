"""Settings that differ are told."""

from __future__ import annotations

from io import StringIO
from typing import Any

from fwsim.differing.settings import settings_that_differ
from fwsim.differing.sides import sides_of
from fwsim.ruleset import load_ruleset
from tests.differing import model

STATES: dict[str, Any] = {"rules": [{"ct_state": "established", "verdict": "accept"}], "policy": "drop"}


def told(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, str]]:
    sides = sides_of(model(STATES | old), model(STATES | new))
    return [(each.name, each.old, each.new) for each in settings_that_differ(sides.old, sides.new)]


def test_nothing_is_told_where_nothing_differs() -> None:
    assert told({}, {}) == []


def test_settings_of_conntrack_are_told() -> None:
    differing = told({}, {"conntrack": {"tcp_loose": False, "udp_timeout": "1m"}})
    assert differing == [("conntrack.tcp_loose", "on", "off"), ("conntrack.udp_timeout", "30 s", "60 s")]


def test_tracking_in_one_only_is_told() -> None:
    assert told({}, {"rules": []}) == [("tracking", "on", "off")]


def test_choices_of_the_stateless_mode_are_told() -> None:
    assert told({}, {"stateless": {"replies": "any"}}) == [("stateless.replies", "ack-or-rst", "any")]


def test_networks_are_told_where_both_name_them() -> None:
    lan, other = ({"interfaces": {"lan": {"networks": [network]}}} for network in ("10.0.0.0/8", "10.1.0.0/16"))
    assert told(lan, other) == [("interfaces.lan", "10.0.0.0/8", "10.1.0.0/16")]
    assert told(lan, {}) == [("interfaces.lan", "10.0.0.0/8", "not declared")]


def test_a_ruleset_that_cannot_say_what_lies_where_is_for_the_same_machine() -> None:
    ours = model(STATES | {"interfaces": {"lan": {"networks": ["10.0.0.0/8"]}}, "local": ["10.0.0.1"]})
    theirs = load_ruleset(
        StringIO("table inet t { chain f { type filter hook forward priority 0; ct state new drop; }; }")
    )
    sides = sides_of(ours, theirs)
    assert [each.name for each in settings_that_differ(sides.old, sides.new)] == []


def test_own_addresses_of_one_only_are_told() -> None:
    assert told({"local": ["10.0.0.1"]}, {}) == [("local", "10.0.0.1/32", "not declared")]


def test_reverse_path_filters_are_told_once_if_they_are_the_same_for_all_interfaces() -> None:
    two = {"lan": {"networks": ["10.0.0.0/8"]}, "wan": {"networks": ["any"]}}
    assert told({"interfaces": two, "rp_filter": "strict"}, {"interfaces": two}) == [("rp_filter", "strict", "off")]
    one = {**two, "lan": {"networks": ["10.0.0.0/8"], "rp_filter": "loose"}}
    assert told({"interfaces": two}, {"interfaces": one}) == [("rp_filter of lan", "off", "loose")]
