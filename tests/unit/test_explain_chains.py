"""The rules that an explanation walks: at the same hooks, with the same fields, as they were decided."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest

from fwsim.explain import chains
from fwsim.explain.chains import once, stateful_walk, stateless_walk
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from fwsim.terms import Hook
from fwsim.trace import trace_walk
from tests.deciding import (
    BROKEN,
    EDGE,
    HERE,
    HERE6,
    KNOWN,
    OWN,
    THERE,
    THERE6,
    Rules,
    Wall,
    error_about,
    handshake,
    icmp,
    tcp,
    udp,
)
from tests.explaining import moment_of


def stateful(wall: Wall, packet: Any, **how: Any) -> list[tuple[str, str]]:
    return squeezed(stateful_walk(moment_of(wall, packet, **how)))


def stateless(wall: Wall, packet: Any, **how: Any) -> list[tuple[str, str]]:
    return squeezed(stateless_walk(moment_of(wall, packet, **how)))


def squeezed(told: Any) -> list[tuple[str, str]]:
    return [(name, " ".join(str(text).split())) for name, text in told]


def test_a_name_is_told_only_where_it_changes() -> None:
    told = [("forward", "a"), ("forward", "b"), ("postrouting", "c"), ("forward", "d")]
    assert list(once(iter(told))) == [("forward", "a"), ("", "b"), ("postrouting", "c"), ("forward", "d")]


def test_hooks_without_a_chain_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(lowered: Any, memory: Any, hook: int, *rest: Any, **more: Any) -> Any:
        asked.append(hook)
        return trace_walk(lowered, memory, hook, *rest, **more)

    monkeypatch.setattr(chains, "trace_walk", counted)
    rules: Rules = {"f": {"hook": "forward", "policy": "drop", "rules": [{"name": "a", "dport": 53, "proto": "udp"}]}}
    assert stateful(Wall(rules), udp())
    assert asked == [Hook.FORWARD]


def test_hooks_are_told_in_their_order_until_one_refuses() -> None:
    chains: Rules = {
        "post": {"hook": "postrouting", "rules": [{"name": "c", "verdict": "accept"}]},
        "f": {"hook": "forward", "rules": [{"name": "b", "dport": 53, "proto": "udp", "verdict": "drop"}]},
        "pre": {"hook": "prerouting", "rules": [{"name": "a", "verdict": "accept"}]},
    }
    assert stateful(Wall(chains), udp()) == [
        ("prerouting", "- a all of it matches yes -> accept"),
        ("forward", "- b all of it matches yes -> drop"),
    ]
    assert [name for name, _ in stateful(Wall(chains), tcp())] == ["prerouting", "forward", "", "postrouting"]


def test_a_policy_is_told_even_of_a_chain_without_rules() -> None:
    chains: Rules = {
        "f": {"hook": "forward", "policy": "drop"},
        "i": {"hook": "input", "rules": [{"name": "a", "verdict": "accept"}]},
    }
    assert stateful(Wall(chains), udp()) == [("forward", "policy of f -> drop")]


def test_a_policy_is_told_once_for_each_chain_that_it_decided() -> None:
    chains: Rules = {
        "raw": {"hook": "prerouting", "priority": "raw", "rules": [{"name": "a", "ttl": 1, "verdict": "drop"}]},
        "pre": {"hook": "prerouting", "rules": [{"name": "b", "ttl": 2, "verdict": "drop"}]},
    }
    policies = [text for _, text in stateful(Wall(chains), udp()) if "policy" in text]
    assert policies == ["policy of raw -> accept", "policy of pre -> accept"]


def test_jumps_are_told_with_the_rules_that_they_lead_to() -> None:
    chains: Rules = {
        "f": {"hook": "forward", "policy": "drop", "rules": [{"name": "go", "verdict": "jump other"}]},
        "other": {"rules": [{"name": "deep", "proto": "tcp", "verdict": "drop"}]},
    }
    assert [text for _, text in stateful(Wall(chains), udp())] == [
        "- go all of it matches yes -> jump other",
        "- deep proto is udp, wants tcp no",
        "policy of f -> drop",
    ]


def test_before_tracking_no_ct_state_is_told_and_behind_it_the_packets_own() -> None:
    asking = {"name": "a", "ct_state": "established", "verdict": "drop"}
    for hook, priority, state in (
        ("prerouting", -300, "invalid"),
        ("prerouting", -150, "new"),
        ("forward", -300, "new"),
    ):
        wall = Wall({"c": {"hook": hook, "priority": priority, "rules": [asking]}})
        assert (hook, f"- a ct_state is {state}, wants established no") in stateful(wall, tcp())


def test_a_notrack_rule_leaves_nothing_of_a_connection_to_match() -> None:
    chains: Rules = {
        "raw": {"hook": "prerouting", "priority": "raw", "rules": [{"name": "off", "notrack": True}]},
        "f": {
            "hook": "forward",
            "rules": [
                {"name": "state", "ct_state": "new", "verdict": "drop"},
                {"name": "way", "ct_direction": "original", "verdict": "drop"},
                {"name": "mark", "ct_mark": 0, "verdict": "drop"},
            ],
        },
    }
    for walk in (stateful, stateless):
        told = [text for _, text in walk(Wall(chains), tcp())]
        assert "- state ct_state is untracked, wants new no" in told
        assert "- way ct_direction is not there, wants original no" in told
        assert "- mark ct_mark is not there, wants 0 no" in told


def test_interfaces_are_told_as_they_were_at_each_hook() -> None:
    asking = {"name": "a", "iif": "wan", "verdict": "drop"}
    chains: Rules = {
        name: {"hook": name, "rules": [asking]} for name in ("output", "postrouting", "prerouting", "input")
    }
    told = stateful(Wall(chains, local=[OWN, "203.0.113.1"]), udp(OWN, "203.0.113.1"))
    assert [(name, text) for name, text in told if "iif" in text] == [
        ("output", "- a iif is not there, wants wan no"),
        ("postrouting", "- a iif is not there, wants wan no"),
        ("prerouting", "- a iif is lo, wants wan no"),
        ("input", "- a iif is lo, wants wan no"),
    ]


def test_the_ttl_is_told_as_it_was_at_forward() -> None:
    chains: Rules = {
        "pre": {"hook": "prerouting", "rules": [{"name": "a", "ttl": 1, "verdict": "drop"}]},
        "f": {"hook": "forward", "rules": [{"name": "b", "ttl": 1, "verdict": "drop"}]},
    }
    told = [text for _, text in stateful(Wall(chains), udp(ttl=64)) if "ttl" in text]
    assert told == ["- a ttl is 64, wants 1 no", "- b ttl is 63, wants 1 no"]


def test_what_routing_discards_is_told_up_to_prerouting_and_tried_as_no_reply() -> None:
    chains: Rules = {
        "pre": {"hook": "prerouting", "rules": [{"name": "a", "ct_state": "related", "verdict": "drop"}]},
        "f": {"hook": "forward", "policy": "drop"},
    }
    expected = ["- a ct_state is new, wants related no", "policy of pre -> accept"]
    wall = Wall(chains, conntrack={"tcp_loose": True})
    assert [text for _, text in stateful(wall, tcp("A", ttl=1))] == expected
    told = stateless(wall, tcp("A", ttl=1))
    assert [text for _, text in told] == expected
    assert told[0][0] == "as new"


def test_a_full_table_lets_no_chain_be_walked() -> None:
    wall = Wall(EDGE, conntrack={"max": 1})
    handshake(wall, ports=(1, 443))
    assert stateful(wall, tcp(ports=(2, 443))) == []


@pytest.mark.parametrize(
    ("icmp_errors", "name", "state", "direction"),
    [("accept", "as related", "related", "reply"), ("never", "as invalid", "invalid", "not there")],
)
def test_an_icmp_error_is_told_as_the_twin_takes_it(icmp_errors: str, name: str, state: str, direction: str) -> None:
    rules = [
        {"name": "a", "ct_state": "new", "verdict": "drop"},
        {"name": "b", "ct_direction": "original", "verdict": "drop"},
    ]
    told = stateless(Wall(rules, stateless={"icmp_errors": icmp_errors}), error_about(tcp(), THERE))
    assert told[:2] == [
        (name, f"- a ct_state is {state}, wants new no"),
        ("", f"- b ct_direction is {direction}, wants original no"),
    ]


def test_the_three_evaluations_of_a_reply_are_told() -> None:
    told = stateless(Wall(EDGE), tcp("SA", THERE, HERE, ports=(443, 40000)))
    assert [name for name, _ in told if name] == ["as new", "mirror", "as reply"]
    assert told[-1] == ("as reply", "- known all of it matches yes -> accept")


def test_what_is_admitted_as_new_is_tried_no_further() -> None:
    assert [name for name, _ in stateless(Wall(EDGE), tcp("A")) if name] == ["as new"]


def test_what_is_never_tracked_and_rules_without_state_are_told_once() -> None:
    assert [name for name, _ in stateless(Wall([KNOWN, BROKEN]), icmp(135, HERE6, THERE6)) if name] == ["untracked"]
    assert stateless(Wall([{"name": "a", "proto": "udp", "verdict": "drop"}]), tcp()) == [
        ("forward", "- a proto is tcp, wants udp no"),
        ("", "policy of rules -> drop"),
    ]


@pytest.mark.parametrize(
    ("packet", "replies", "why"),
    [
        (tcp("S", THERE, HERE), "ack-or-rst", "it cannot be a reply (no ACK and no RST): no mirror image is tried"),
        (icmp(8, THERE, HERE), "ack-or-rst", "it cannot be a reply: no mirror image is tried"),
        (tcp("A", THERE, HERE), "never", "replies are never admitted: no mirror image is tried"),
    ],
)
def test_why_no_mirror_image_is_tried_is_told(packet: Any, replies: str, why: str) -> None:
    assert stateless(Wall(EDGE, stateless={"replies": replies}), packet)[-1] == ("mirror", why)


def test_bits_of_headers_and_the_clock_are_told_as_they_were_at_each_hook() -> None:
    wall = Wall([])
    rules = """table ip t {
        chain p {
            type filter hook prerouting priority 0;
            @nh,64,8 1 drop
            meta hour "23:00"-"23:10" meta day Sunday drop
        }
        chain f {
            type filter hook forward priority 0;
            @nh,64,8 1 drop
            tcp option maxseg size 1000 drop
        }
    }"""
    wall.simulator = Simulator(load_ruleset(StringIO(rules)), key=1)
    hour = datetime.fromtimestamp(wall.now_ns // 10**9, UTC).strftime("%H:%M:%S")
    found = [text.split(" ", 3)[3] for _, text in stateful(wall, tcp(ttl=64)) if "wants" in text]
    assert found == [
        "@nh,64,8 is 64, wants @nh,64,8 1 no",
        f'hour is {hour}, wants meta hour "23:00"-"23:10" no',
        "@nh,64,8 is 63, wants @nh,64,8 1 no",
        "tcp option maxseg size is not there, wants tcp option maxseg size 1000 no",
    ]
