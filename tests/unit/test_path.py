"""The way through the hooks: their order, what is known at each, and what ends it."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.capture.crafting import Ip
from fwsim.terms import CtState, Hook, Reason, Verdict
from tests.deciding import HERE, NOWHERE, OWN, THERE, UNKNOWN_INTERFACE, Wall, tcp, udp

DROP, ACCEPT, UNKNOWN = Verdict.DROP, Verdict.ACCEPT, Verdict.UNKNOWN

WAYS: dict[str, Ip] = {
    "forward": udp(),
    "input": udp(HERE, OWN),
    "output": udp(OWN, HERE),
    "local": udp(OWN, "203.0.113.1"),
}
HOOKS_OF = {
    "forward": ["prerouting", "forward", "postrouting"],
    "input": ["prerouting", "input"],
    "output": ["output", "postrouting"],
    "local": ["output", "postrouting", "prerouting", "input"],
}
OWN_ADDRESSES: dict[str, Any] = {"local": [OWN, "203.0.113.1"]}


def steps(*places: tuple[str, int]) -> dict[str, Any]:
    """A chain at each place (hook and priority) that lets the packet on only if it has come by those before."""
    return {
        f"{hook}{priority}": {
            "hook": hook,
            "priority": priority,
            "policy": "drop",
            "rules": [{"mark": number, "set_mark": number + 1, "verdict": "accept"}],
        }
        for number, (hook, priority) in reversed(list(enumerate(places)))
    }


def at(hook: str, *rules: dict[str, Any], priority: int = 0, policy: str = "accept") -> dict[str, Any]:
    return {f"{hook}{priority}": {"hook": hook, "priority": priority, "policy": policy, "rules": list(rules)}}


@pytest.mark.parametrize("way", WAYS)
def test_hooks_are_passed_in_the_kernels_order(way: str) -> None:
    wall = Wall(steps(*((hook, 0) for hook in HOOKS_OF[way])), **OWN_ADDRESSES)
    decision = wall.ask(WAYS[way])
    filtering = [hook for hook in HOOKS_OF[way] if hook in ("input", "forward", "output")]
    assert (decision.verdict, decision.hook) == (ACCEPT, Hook[filtering[-1].upper()])


@pytest.mark.parametrize("way", WAYS)
def test_chains_of_other_hooks_are_not_walked(way: str) -> None:
    chains: dict[str, Any] = {}
    for hook in Hook:
        if hook.name.lower() not in HOOKS_OF[way]:
            chains |= at(hook.name.lower(), policy="drop")
    assert Wall(chains, **OWN_ADDRESSES).ask(WAYS[way]).reason == Reason.NO_CHAIN


def test_chains_at_one_hook_are_walked_by_priority_on_both_sides_of_tracking() -> None:
    places = [("prerouting", -300), ("prerouting", -200), ("prerouting", -150), ("forward", -1), ("forward", 0)]
    assert Wall(steps(*places, ("postrouting", 100))).ask(udp()).verdict == ACCEPT
    reordered = [places[1], places[0], *places[2:]]
    assert Wall(steps(*reordered)).ask(udp()).chain == "prerouting-300"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", ["stateless", "stateful"])
def test_a_drop_anywhere_is_final(way: str, mode: Any) -> None:
    for dropping in HOOKS_OF[way]:
        chains: dict[str, Any] = {}
        for hook in HOOKS_OF[way]:
            chains |= at(hook, policy="drop" if hook == dropping else "accept")
        decision = Wall(chains, mode=mode, **OWN_ADDRESSES).ask(WAYS[way])
        assert (decision.verdict, decision.chain, decision.rule) == (DROP, f"{dropping}0", "policy")


def test_an_accept_goes_on_to_the_next_chain() -> None:
    chains = at("forward", {"verdict": "accept"}, priority=-10) | at("forward", {"name": "no", "verdict": "drop"})
    decision = Wall(chains).ask(udp())
    assert (decision.verdict, decision.rule, decision.chain) == (DROP, "no", "forward0")


def test_of_several_accepting_chains_the_last_is_named() -> None:
    chains = at("prerouting", {"name": "first", "verdict": "accept"}) | at(
        "postrouting", {"name": "last", "verdict": "accept"}
    )
    assert Wall(chains).ask(udp()).rule == "last"


def test_without_a_chain_on_its_way_a_packet_is_accepted() -> None:
    decision = Wall(at("input", policy="drop")).ask(udp())
    assert (decision.verdict, decision.reason, decision.chain, decision.rule) == (ACCEPT, Reason.NO_CHAIN, None, None)


# --- what is known where ---------------------------------------------------------------------------------------

PRESENT = [
    ("forward", "prerouting", -300, {"iif": "lan"}),
    ("forward", "prerouting", 0, {"iif": "lan"}),
    ("forward", "forward", 0, {"iif": "lan", "oif": "wan"}),
    ("forward", "postrouting", 0, {"iif": "lan", "oif": "wan"}),
    ("input", "prerouting", 0, {"iif": "lan"}),
    ("input", "input", 0, {"iif": "lan"}),
    ("output", "output", -300, {"oif": "lan"}),
    ("output", "output", 0, {"oif": "lan"}),
    ("output", "postrouting", 0, {"oif": "lan"}),
    ("local", "output", -300, {"oif": "lo"}),
    ("local", "output", 0, {"oif": "lo"}),
    ("local", "postrouting", 0, {"oif": "lo"}),
    ("local", "prerouting", 0, {"iif": "lo"}),
    ("local", "input", 0, {"iif": "lo"}),
]


@pytest.mark.parametrize(("way", "hook", "priority", "present"), PRESENT)
def test_interfaces_are_there_where_the_kernel_has_them(
    way: str, hook: str, priority: int, present: dict[str, str]
) -> None:
    """`nf_hook_state`: no `out` before routing and at INPUT, no `in` at OUTPUT and behind it."""
    for key in ("iif", "oif"):
        rule = {"name": "seen", key: ["lan", "wan", "lo"], "verdict": "drop"}
        decision = Wall(at(hook, rule, priority=priority), **OWN_ADDRESSES).ask(WAYS[way])
        assert (decision.verdict == DROP) == (key in present), key
        if key in present:
            named = Wall(at(hook, {**rule, key: present[key]}, priority=priority), **OWN_ADDRESSES)
            assert named.ask(WAYS[way]).rule == "seen"


@pytest.mark.parametrize(("hook", "ttl"), [("prerouting", 64), ("forward", 63), ("postrouting", 63)])
def test_a_forwarded_packet_has_a_lower_ttl_from_forward_on(hook: str, ttl: int) -> None:
    wall = Wall(at(hook, {"name": "seen", "ttl": ttl, "verdict": "drop"}))
    assert wall.ask(udp(ttl=64)).rule == "seen"
    assert wall.ask(udp(ttl=65)).verdict == ACCEPT


@pytest.mark.parametrize(("way", "hook"), [("input", "input"), ("output", "output"), ("output", "postrouting")])
def test_a_packet_that_is_not_forwarded_keeps_its_ttl(way: str, hook: str) -> None:
    wall = Wall(at(hook, {"name": "seen", "ttl": 64, "verdict": "drop"}), **OWN_ADDRESSES)
    assert wall.ask(WAYS[way]).rule == "seen"


def test_a_packet_whose_ttl_ends_passes_prerouting_and_no_further() -> None:
    ended = Wall(at("forward", policy="drop")).ask(udp(ttl=1))
    assert (ended.verdict, ended.reason, ended.chain) == (Verdict.NOT_EVALUATED, Reason.TTL_EXPIRED, None)
    dropped = Wall(at("prerouting", {"name": "no", "verdict": "drop"})).ask(udp(ttl=1))
    assert (dropped.verdict, dropped.rule) == (DROP, "no")


def test_a_mark_set_on_the_way_is_seen_by_later_chains_only() -> None:
    chains = at("forward", {"set_mark": 7}) | at(
        "forward", {"name": "early", "mark": 7, "verdict": "drop"}, priority=-1
    )
    assert Wall(chains).ask(udp()).verdict == ACCEPT
    chains |= at("postrouting", {"name": "late", "mark": 7, "verdict": "drop"})
    assert Wall(chains).ask(udp()).rule == "late"


# --- tracking lies between -200 and the rest -------------------------------------------------------------------


@pytest.mark.parametrize(("priority", "state"), [(-300, "invalid"), (-201, "invalid"), (-200, "new"), (-150, "new")])
def test_chains_below_tracking_see_no_ct_state(priority: int, state: str) -> None:
    """`ct state` without an attached entry is `invalid` (nft_ct.c, NF_CT_STATE_INVALID_BIT)."""
    chains = at("prerouting", {"name": "seen", "ct_state": state, "verdict": "drop"}, priority=priority)
    assert Wall(chains).ask(tcp()).rule == "seen"


def test_a_chain_below_tracking_at_output_sees_no_ct_state_either() -> None:
    chains = at("output", {"name": "seen", "ct_state": "invalid", "verdict": "drop"}, priority=-300)
    assert Wall(chains, **OWN_ADDRESSES).ask(WAYS["output"]).rule == "seen"


def test_a_low_priority_behind_the_first_hook_sees_the_ct_state() -> None:
    """Tracking happens at the first hook; at the later ones every chain is behind it."""
    chains = at("forward", {"name": "seen", "ct_state": "new", "verdict": "drop"}, priority=-300)
    assert Wall(chains).ask(tcp()).rule == "seen"


def test_a_packet_from_local_to_local_is_tracked_once() -> None:
    chains = at("input", {"name": "new", "ct_state": "new", "verdict": "drop"}, priority=-300)
    decision = Wall(chains, **OWN_ADDRESSES).ask(WAYS["local"])
    assert (decision.rule, decision.ct_state) == ("new", CtState.NEW)


# --- unknown ---------------------------------------------------------------------------------------------------


def test_an_unknown_verdict_becomes_a_drop_if_a_later_chain_drops_in_any_case() -> None:
    unsure = at("forward", {**UNKNOWN_INTERFACE, "verdict": "drop"})
    decision = Wall(unsure).ask(udp(HERE, NOWHERE))
    assert (decision.verdict, decision.reason) == (UNKNOWN, Reason.NO_INTERFACE)
    sure = Wall(unsure | at("postrouting", {"name": "no", "verdict": "drop"})).ask(udp(HERE, NOWHERE))
    assert (sure.verdict, sure.rule, sure.chain) == (DROP, "no", "postrouting0")


def test_a_packet_that_goes_no_further_and_may_have_been_dropped_before_is_unknown() -> None:
    ended = udp(NOWHERE, THERE, ttl=1)
    assert Wall(at("prerouting")).ask(ended).verdict == Verdict.NOT_EVALUATED
    decision = Wall(at("prerouting", {"iif": "lan", "verdict": "drop"})).ask(ended)
    assert (decision.verdict, decision.hook, decision.reason) == (UNKNOWN, Hook.PREROUTING, Reason.NO_INTERFACE)


def test_a_packet_that_goes_no_further_in_any_case_opens_no_connection() -> None:
    wall = Wall(at("prerouting", {"iif": "lan", "ttl": 1, "verdict": "drop"}), tracking="on")
    assert wall.ask(udp(NOWHERE, THERE, ttl=1)).verdict == UNKNOWN
    assert wall.ask(udp(NOWHERE, THERE)).ct_state == CtState.NEW
    assert wall.ask(udp(THERE, NOWHERE, ports=(53, 40000))).ct_state == CtState.ESTABLISHED


def test_an_unknown_verdict_stays_if_later_chains_accept() -> None:
    chains = at("forward", {**UNKNOWN_INTERFACE, "verdict": "drop"}) | at("postrouting", {"verdict": "accept"})
    decision = Wall(chains).ask(udp(HERE, NOWHERE))
    assert (decision.verdict, decision.reason) == (UNKNOWN, Reason.NO_INTERFACE)


def test_an_unknown_match_that_changes_nothing_leaves_the_verdict_known() -> None:
    chains = at("forward", {**UNKNOWN_INTERFACE, "verdict": "accept"}, {"name": "all", "verdict": "accept"})
    assert Wall(chains).ask(udp(HERE, NOWHERE)).verdict == ACCEPT


def test_the_source_of_a_reply_is_behind_its_own_interface() -> None:
    wall = Wall(at("forward", {"name": "in", "iif": "wan", "oif": "lan", "verdict": "drop"}))
    assert wall.ask(udp(THERE, HERE)).rule == "in"


ACCEPTS: dict[str, Any] = {"name": "yes", "verdict": "accept"}


@pytest.mark.parametrize(
    ("chains", "chain", "rule"),
    [
        (at("forward", ACCEPTS) | at("postrouting"), "forward0", "yes"),
        (at("forward") | at("postrouting", ACCEPTS), "forward0", "policy"),
        (at("prerouting", ACCEPTS) | at("postrouting"), "prerouting0", "yes"),
        (at("prerouting") | at("postrouting"), "postrouting0", "policy"),
        (at("prerouting", ACCEPTS) | at("postrouting", ACCEPTS), "postrouting0", "yes"),
        (at("forward", ACCEPTS) | at("forward", priority=5), "forward0", "yes"),
        (at("forward") | at("forward", priority=5), "forward5", "policy"),
        (at("forward", ACCEPTS) | at("forward", ACCEPTS, priority=5), "forward5", "yes"),
    ],
)
def test_of_several_that_accept_the_one_that_tells_most_is_named(chains: dict[str, Any], chain: str, rule: str) -> None:
    decision = Wall(chains).ask(WAYS["forward"])
    assert (decision.verdict, decision.chain, decision.rule) == (ACCEPT, chain, rule)
