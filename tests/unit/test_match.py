"""The chains of a hook: order, jumps, verdicts, counting, and rules that may or may not apply."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from random import Random
from typing import Any

import pytest

from fwsim.engine.match import walk_linear
from fwsim.terms import UNKNOWN_VALUE, Hook, RejectWith
from tests.matching import HIGHEST, LOWEST, Firewall, fresh_decision

LAN = {"iif": "lan"}
DROP = {"verdict": "drop"}
ACCEPT = {"verdict": "accept"}


def at(hook: str, *rules: dict[str, Any], priority: int = 0, policy: str = "accept") -> dict[str, Any]:
    return {"hook": hook, "priority": priority, "policy": policy, "rules": list(rules)}


def chain(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"rules": list(rules)}


# --- which rule decides


def test_the_first_rule_that_matches_decides() -> None:
    firewall = Firewall([{"dport": 22, "proto": "tcp", **DROP}, {**LAN, **ACCEPT}, DROP])
    assert firewall.verdict(dport=22) == ("drop", "1")
    assert firewall.verdict() == ("accept", "2")
    assert firewall.verdict(iif=1) == ("drop", "3")


@pytest.mark.parametrize("policy", ["accept", "drop"])
def test_the_policy_decides_what_no_rule_does(policy: str) -> None:
    answer = Firewall([{"iif": "dmz", **DROP}], policy).ask()
    assert (answer.verdict, answer.rule, answer.reason, answer.tried) == (policy, "policy", "policy", 1)


def test_a_hook_without_chain_accepts_and_says_so() -> None:
    answer = Firewall([DROP]).ask(hook=Hook.INPUT)
    assert (answer.verdict, answer.chain, answer.rule, answer.reason, answer.tried) == (
        "accept",
        None,
        None,
        "no-chain",
        0,
    )


def test_a_hook_without_chain_keeps_what_an_earlier_hook_said() -> None:
    firewall = Firewall([{"name": "mine", **ACCEPT}])
    decision = fresh_decision()
    firewall.ask(decision=decision)
    answer = firewall.ask(hook=Hook.POSTROUTING, decision=decision)
    assert (answer.rule, answer.reason, answer.tried) == ("mine", "rule", 1)


def test_a_chain_without_rules_is_its_policy() -> None:
    assert Firewall([], "drop").verdict() == ("drop", "policy")


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"verdict": "reject"}, RejectWith.ICMPX_PORT_UNREACHABLE),
        ({"verdict": "reject", "proto": "tcp", "reject_with": "tcp-reset"}, RejectWith.TCP_RESET),
    ],
)
def test_a_reject_names_its_answer(rule: dict[str, Any], kind: RejectWith) -> None:
    answer = Firewall([rule]).ask()
    assert (answer.verdict, answer.reject_with) == ("reject", kind)


def test_a_drop_has_no_answer() -> None:
    decision = fresh_decision()
    decision[0]["reject_with"] = 7
    assert Firewall([DROP]).ask(decision=decision).reject_with == 0


# --- base chains


def test_base_chains_run_by_priority_and_accept_goes_on_to_the_next() -> None:
    chains = {
        "late": at("forward", DROP, priority=10),
        "early": at("forward", {"name": "first", **ACCEPT}, priority=-5),
    }
    answer = Firewall(chains).ask()
    assert (answer.verdict, answer.chain, answer.rule, answer.tried) == ("drop", "late", "1", 2)


def test_a_drop_in_an_early_chain_is_final() -> None:
    answer = Firewall({"late": at("forward", ACCEPT, priority=1), "early": at("forward", DROP)}).ask()
    assert (answer.verdict, answer.chain, answer.tried) == ("drop", "early", 1)


def test_of_equal_priorities_the_chain_declared_last_runs_first() -> None:
    # as the kernel does, nf_hook_entries_grow
    answer = Firewall({"one": at("forward", DROP), "two": at("forward", {"verdict": "reject"})}).ask()
    assert (answer.verdict, answer.chain) == ("reject", "two")


@pytest.mark.parametrize(
    ("span", "chain"),
    [((LOWEST, -200), "raw"), ((-200, HIGHEST), "filter"), ((-300, -299), "raw"), ((-299, 0), None), ((1, 9), None)],
)
def test_only_chains_of_the_asked_priorities_run(span: tuple[int, int], chain: str | None) -> None:
    chains = {"raw": at("forward", ACCEPT, priority=-300), "filter": at("forward", ACCEPT)}
    assert Firewall(chains).ask(span=span).chain == chain


def test_a_chain_at_several_hooks_is_one_chain() -> None:
    firewall = Firewall({"all": {"hook": ["input", "forward"], "policy": "drop", "rules": [{**LAN, **ACCEPT}]}})
    for hook in (Hook.INPUT, Hook.FORWARD):
        firewall.ask(hook=hook)
        firewall.ask(hook=hook, iif=1)
    assert firewall.hits() == {"1": 2, "policy all": 2}
    assert firewall.ask(hook=Hook.OUTPUT).reason == "no-chain"


# --- jump, goto, return, continue


def test_a_jump_comes_back_behind_the_jumping_rule() -> None:
    firewall = Firewall({"f": at("forward", {"verdict": "jump sub"}, DROP), "sub": chain({"iif": "dmz", **ACCEPT})})
    assert firewall.ask().chain == "f"
    assert firewall.verdict() == ("drop", "2")
    assert firewall.ask().tried == 3
    assert firewall.verdict(iif=1) == ("accept", "1")


def test_return_goes_back_to_the_caller() -> None:
    sub = chain({**LAN, "verdict": "return"}, DROP)
    firewall = Firewall({"f": at("forward", {"verdict": "jump sub"}, {"name": "after", **ACCEPT}), "sub": sub})
    assert firewall.verdict() == ("accept", "after")
    assert firewall.verdict(iif=1) == ("drop", "2")


def test_goto_comes_back_to_the_caller_of_its_chain() -> None:
    chains = {
        "f": at("forward", {"verdict": "jump one"}, {"name": "after", **ACCEPT}),
        "one": chain({"verdict": "goto two"}, {"name": "never", **DROP}),
        "two": chain({"iif": "dmz", **DROP}),
    }
    assert Firewall(chains).verdict() == ("accept", "after")


def test_goto_from_a_base_chain_ends_in_its_policy() -> None:
    chains = {"f": at("forward", {"verdict": "goto sub"}, ACCEPT, policy="drop"), "sub": chain({"verdict": "return"})}
    assert Firewall(chains).verdict() == ("drop", "policy")


def test_return_in_a_base_chain_is_its_policy() -> None:
    assert Firewall([{**LAN, "verdict": "return"}, ACCEPT], "drop").verdict() == ("drop", "policy")


def test_continue_goes_on_with_the_next_rule() -> None:
    assert Firewall([{"counter": True, "log": "seen"}, {"name": "next", **DROP}]).verdict() == ("drop", "next")


def test_fifteen_jumps_in_a_row_fit_on_the_stack() -> None:
    chains: dict[str, Any] = {"f": at("forward", {"verdict": "jump c1"}, ACCEPT)}
    for n in range(1, 15):
        chains[f"c{n}"] = chain({"verdict": f"jump c{n + 1}"}, {"iif": "dmz", **ACCEPT})
    chains["c15"] = chain({"name": "deepest", **LAN, **DROP})
    assert Firewall(chains).verdict() == ("drop", "deepest")
    answer = Firewall(chains).ask(["iif"])
    assert (answer.verdict, answer.rule) == ("unknown", "deepest")


def test_a_chain_called_twice_is_walked_twice() -> None:
    chains = {"f": at("forward", {"verdict": "jump s"}, {"verdict": "jump s"}), "s": chain({"iif": "dmz", **DROP})}
    assert Firewall(chains).ask().tried == 4


# --- the index beside the linear walk


@pytest.mark.parametrize("count", [62, 63, 64, 126, 127, 200])
@pytest.mark.parametrize("place", [0, 61, 62, 63, 64, 125, 126, 199])
def test_long_chains_find_their_rule_and_count_those_before_it(count: int, place: int) -> None:
    firewall = Firewall([{"proto": "tcp", "dport": 1000 + n, **DROP} for n in range(count)])
    answer = firewall.ask(dport=1000 + place)
    assert answer == firewall.ask(dport=1000 + place, which=walk_linear)
    assert answer.rule == (str(place + 1) if place < count else "policy")
    assert answer.tried == min(place + 1, count)


def test_a_mark_set_by_a_rule_is_seen_by_the_rules_behind_it() -> None:
    rules = [{"mark": 1, **DROP}, {**LAN, "set_mark": 1}, {"mark": 0, **DROP}, {"mark": 1, "name": "one", **ACCEPT}]
    assert Firewall(rules, "drop").verdict() == ("accept", "one")


def test_a_mark_set_in_one_chain_is_seen_in_the_next() -> None:
    chains = {"a": at("forward", {"set_mark": "0x10/0xf0"}, priority=-1), "b": at("forward", {"mark": "0x13", **DROP})}
    assert Firewall(chains).verdict(mark=0x23) == ("drop", "1")


def test_notrack_makes_an_untracked_packet_of_one_that_has_no_connection() -> None:
    rules: list[dict[str, Any]] = [{"notrack": True}, {"ct_state": "untracked", "name": "bare", **ACCEPT}]
    assert Firewall(rules, "drop").verdict(ct_state=1, ct_mark=None) == ("accept", "bare")
    assert Firewall(rules, "drop").verdict(ct_state=2) == ("drop", "policy")


# --- counting


def test_every_rule_that_matches_is_counted_and_no_other() -> None:
    chains = {
        "f": at("forward", {"name": "count", "counter": True}, {"name": "not", "iif": "wan", **DROP},
                {"name": "call", "verdict": "jump s"}, {"name": "last", **DROP}),
        "s": chain({"name": "back", "verdict": "return"}),
    }  # fmt: skip
    firewall = Firewall(chains)
    firewall.ask()
    assert firewall.hits() == {"count": 1, "call": 1, "back": 1, "last": 1}


def test_a_quiet_walk_counts_nothing_and_takes_no_token() -> None:
    firewall = Firewall([{"limit": {"rate": "1/minute", "burst": 1}, **ACCEPT}], "drop")
    assert [firewall.ask(quiet=1).verdict for _ in range(3)] == ["accept"] * 3
    assert firewall.hits() == {}
    assert [firewall.ask().verdict for _ in range(2)] == ["accept", "drop"]


def test_a_limit_is_asked_only_where_all_matches_hold() -> None:
    firewall = Firewall([{**LAN, "limit": {"rate": "1/minute", "burst": 1}, **ACCEPT}], "drop")
    assert [firewall.ask(iif=iif).verdict for iif in (1, 1, 0, 0)] == ["drop", "drop", "accept", "drop"]


# --- unknown


def test_an_unknown_field_that_no_rule_asks_for_does_not_matter() -> None:
    assert Firewall([{**LAN, **DROP}]).verdict(["oif", "sport"]) == ("drop", "1")


def test_an_unknown_field_behind_the_deciding_rule_does_not_matter() -> None:
    firewall = Firewall([{"ct_state": "established", **ACCEPT}, {"oif": "wan", **ACCEPT}], "drop")
    assert firewall.verdict(["oif"], ct_state=2) == ("accept", "1")


def test_a_rule_that_may_apply_leaves_the_verdict_unknown_and_names_the_cause() -> None:
    answer = Firewall([{"name": "maybe", **LAN, **ACCEPT}], "drop").ask(["iif"])
    assert (answer.verdict, answer.rule, answer.reason, answer.chain) == ("unknown", "maybe", "no-interface", "forward")


@pytest.mark.parametrize(
    ("field", "rule", "more", "reason"),
    [
        ("oif", {"oif": "wan"}, {}, "no-interface"),
        ("dport", {"proto": "tcp", "dport": 80}, {}, "cut"),
        ("dport", {"proto": "tcp", "dport": 80}, {"fragment": 1}, "cut"),
        ("ct_state", {"ct_state": "new"}, {}, "tentative"),
        ("ct_mark", {"ct_mark": 1}, {}, "tentative"),
    ],
)
def test_the_cause_is_that_of_the_unknown_field(field: str, rule: dict[str, Any], more: Any, reason: str) -> None:
    assert Firewall([{**rule, **ACCEPT}], "drop").ask([field], **more).reason == reason


@pytest.mark.parametrize("last", [ACCEPT, DROP])
def test_both_ways_to_the_same_verdict_make_it_definite_but_not_which_rule_gives_it(last: dict[str, Any]) -> None:
    firewall = Firewall([{"name": "maybe", **LAN, **last}, {"name": "surely", **last}], "drop")
    answer = firewall.ask(["iif"])
    assert (answer.verdict, answer.rule, answer.chain) == (last["verdict"], None, "forward")
    assert (answer.reason, firewall.hits()) == ("one-of-several", {})


def test_a_rule_or_the_policy_behind_it_is_not_known_to_be_either() -> None:
    answer = Firewall([{"name": "maybe", **LAN, **DROP}], "drop").ask(["iif"])
    assert (answer.verdict, answer.rule, answer.reason) == ("drop", None, "one-of-several")


def test_a_rule_that_is_reached_in_two_ways_is_the_same_rule() -> None:
    chains = {
        "f": at("forward", {**LAN, "verdict": "jump s"}, {"verdict": "jump s"}),
        "s": chain({"name": "one", **DROP}),
    }
    firewall = Firewall(chains)
    answer = firewall.ask(["iif"])
    assert (answer.verdict, answer.rule, answer.chain, answer.reason) == ("drop", "one", "s", "rule")
    assert firewall.hits()["one"] == 1


def test_a_policy_of_a_later_chain_does_not_hide_that_one_of_several_rules_has_accepted() -> None:
    first = at("forward", {"name": "maybe", **LAN, **ACCEPT}, {"name": "surely", **ACCEPT}, priority=-1)
    answer = Firewall({"a": first, "b": at("forward")}).ask(["iif"])
    assert (answer.verdict, answer.rule, answer.chain) == ("accept", None, "a")
    answer = Firewall({"a": first, "b": at("forward", {"name": "last", **ACCEPT})}).ask(["iif"])
    assert (answer.verdict, answer.rule, answer.chain, answer.reason) == ("accept", "last", "b", "rule")


def test_a_false_match_beside_an_unknown_one_rules_the_rule_out() -> None:
    assert Firewall([{**LAN, "ttl": 1, **ACCEPT}], "drop").verdict(["iif"]) == ("drop", "policy")


def test_a_negated_match_on_an_unknown_field_is_unknown_and_on_an_absent_one_false() -> None:
    firewall = Firewall([{"iif": "!lan", **DROP}])
    assert firewall.verdict(["iif"])[0] == "unknown"
    assert firewall.verdict(iif=None) == ("accept", "policy")


def test_drop_and_reject_are_not_the_same_verdict() -> None:
    assert Firewall([{**LAN, **DROP}, {"verdict": "reject"}]).verdict(["iif"])[0] == "unknown"


def test_rejects_of_different_kinds_are_but_the_answer_is_not_known() -> None:
    rules = [{**LAN, "proto": "tcp", "verdict": "reject", "reject_with": "tcp-reset"}, {"verdict": "reject"}]
    answer = Firewall(rules).ask(["iif"])
    assert (answer.verdict, answer.rule, answer.reject_with) == ("reject", None, RejectWith.NONE)
    rules[0]["reject_with"] = rules[1]["reject_with"] = "tcp-reset"
    rules[1]["proto"] = "tcp"
    answer = Firewall(rules, "drop").ask(["iif"], proto=6)
    assert (answer.rule, answer.reject_with) == (None, RejectWith.TCP_RESET)


def test_a_later_base_chain_that_drops_anyway_makes_it_definite() -> None:
    chains = {"a": at("forward", {**LAN, **DROP}, priority=-1), "b": at("forward", {"name": "sure", **DROP})}
    answer = Firewall(chains).ask(["iif"])
    assert (answer.verdict, answer.chain, answer.rule) == ("drop", None, None)


def test_a_packet_that_may_be_dropped_early_is_unknown_though_the_next_chain_accepts() -> None:
    chains = {"a": at("forward", {**LAN, **DROP}, priority=-1), "b": at("forward", ACCEPT)}
    assert Firewall(chains).ask(["iif"]).verdict == "unknown"


def test_a_jump_that_may_happen_is_followed_and_not_followed() -> None:
    chains = {"f": at("forward", {**LAN, "verdict": "jump s"}, {"name": "rest", **DROP}), "s": chain(ACCEPT)}
    assert Firewall(chains).ask(["iif"]).verdict == "unknown"
    chains["s"] = chain({"name": "there", **DROP})
    answer = Firewall(chains).ask(["iif"])
    assert (answer.verdict, answer.rule, answer.chain, answer.tried) == ("drop", None, None, 3)


def test_a_goto_that_may_happen_may_also_not() -> None:
    chains = {"f": at("forward", {**LAN, "verdict": "goto s"}, DROP), "s": chain({"counter": True})}
    assert Firewall(chains).ask(["iif"]).verdict == "unknown"  # the policy accepts


def test_a_return_that_may_happen_leads_to_the_caller_even_if_the_chain_ends_otherwise() -> None:
    sub = chain({**LAN, "verdict": "return"}, DROP)
    chains = {"f": at("forward", {"verdict": "jump s"}, {"name": "after", **ACCEPT}), "s": sub}
    assert Firewall(chains).ask(["iif"]).verdict == "unknown"
    chains["f"]["rules"][1] = {"name": "after", **DROP}
    assert Firewall(chains).ask(["iif"]).verdict == "drop"


def test_a_return_that_may_happen_in_a_base_chain_may_be_its_policy() -> None:
    rules = [{**LAN, "verdict": "return"}, DROP]
    assert Firewall(rules, "accept").verdict(["iif"])[0] == "unknown"
    assert Firewall(rules, "drop").verdict(["iif"])[0] == "drop"


def test_a_rule_without_verdict_that_may_apply_changes_nothing() -> None:
    firewall = Firewall([{**LAN, "counter": True}, {"name": "next", **DROP}])
    assert firewall.verdict(["iif"]) == ("drop", "next")
    assert firewall.hits() == {"next": 1}


def test_a_mark_that_may_have_been_set_is_unknown() -> None:
    firewall = Firewall([{**LAN, "set_mark": 1}, {"mark": 1, **DROP}])
    answer = firewall.ask(["iif"])
    assert (answer.verdict, answer.mark, answer.rule, answer.reason) == ("unknown", UNKNOWN_VALUE, "2", "no-interface")
    assert firewall.ask(["iif"], mark=1).verdict == "drop"  # it is 1 either way


def test_a_mark_set_where_the_packet_may_be_elsewhere_is_unknown() -> None:
    chains = {
        "a": at("forward", {**LAN, **ACCEPT}, {"set_mark": 1, **ACCEPT}, priority=-1),
        "b": at("forward", {"mark": 1, **DROP}),
    }
    assert Firewall(chains).ask(["iif"]).verdict == "unknown"


def test_a_limit_that_may_have_been_asked_stays_unknown() -> None:
    firewall = Firewall([{**LAN, "limit": {"rate": "1/minute", "burst": 1}, **ACCEPT}], "drop")
    assert firewall.ask(["iif"]).verdict == "unknown"
    answer = firewall.ask()
    assert (answer.verdict, answer.reason) == ("unknown", "no-interface")
    assert firewall.ask(iif=1).verdict == "drop"


def test_a_limit_behind_a_chain_that_may_have_dropped_the_packet_becomes_unknown() -> None:
    limit = {"name": "limited", "limit": {"rate": "1/minute", "burst": 1}, **ACCEPT}
    chains = {"a": at("forward", {**LAN, **DROP}, priority=-1), "b": at("forward", limit, policy="drop")}
    firewall = Firewall(chains)
    assert firewall.ask(["iif"]).verdict == "unknown"
    assert firewall.hits() == {}
    assert firewall.ask(iif=1).verdict == "unknown"


def test_a_large_set_in_many_rules_is_stored_once_and_answers_for_both_families() -> None:
    dice = Random(1)
    v4 = [dice.getrandbits(32) for _ in range(3000)]
    v6 = [0x20010DB8 << 96 | dice.getrandbits(90) for _ in range(3000)]
    elements = [str(IPv4Address(number)) for number in v4] + [str(IPv6Address(number)) for number in v6]
    rules = [{"src": "@large", "proto": "tcp", "dport": port, "verdict": "drop"} for port in range(1, 701)]
    firewall = Firewall(rules, sets={"large": elements})
    assert len(firewall.lowered.program.numbers) < 3 * (2 * 3000 + 4 * 2 * 3000)
    for number in dice.sample(v4, 20):
        assert firewall.verdict(src=str(IPv4Address(number)), dport=700) == ("drop", "700")
        if number + 1 not in v4:
            assert firewall.verdict(src=str(IPv4Address(number + 1)), dport=700) == ("accept", "policy")
    for number in dice.sample(v6, 20):
        v6_packet: dict[str, Any] = {"family": 6, "dst": "2001:db8::1", "dport": 3}
        assert firewall.verdict(src=str(IPv6Address(number)), **v6_packet) == ("drop", "3")
        assert firewall.verdict(src=str(IPv6Address(number + 1)), **v6_packet) == ("accept", "policy")
