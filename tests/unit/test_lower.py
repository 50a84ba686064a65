"""A ruleset to rows: numbers, names, settings, what is shared and what is refused."""

from __future__ import annotations

import io
from typing import Any

import pytest

from fwsim.engine.program import MAX_DEPTH
from fwsim.errors import RulesetError
from fwsim.lower import Lowered, families_of_one, lower
from fwsim.netfilter import Chain, Table
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.terms import Hook, Verdict
from tests.matching import Firewall
from tests.netfiltering import imported

DROP = {"verdict": "drop"}


def lowered(document: dict[str, Any]) -> Lowered:
    return lower(Ruleset.model_validate(document), interfaces=["lan", "wan"])


def one_chain(*rules: dict[str, Any], **more: Any) -> Lowered:
    return lowered({"chains": {"f": {"hook": "forward", "rules": list(rules)}}, **more})


def test_rules_are_numbered_through_all_chains_and_named_or_placed() -> None:
    document = {
        "chains": {
            "a": {"hook": "forward", "priority": -10, "policy": "drop", "rules": [{"name": "web", **DROP}, DROP]},
            "b": {"rules": [{"name": "ssh", **DROP}]},
        }
    }
    result = lowered(document)
    assert [(r.number, r.name, r.label, r.position, r.chain) for r in result.rules] == [
        (0, "web", "web", 1, 0),
        (1, None, "2", 2, 0),
        (2, "ssh", "ssh", 1, 1),
    ]
    assert [(c.name, c.hooks, c.priority, c.policy, c.first, c.last) for c in result.chains] == [
        ("a", (Hook.FORWARD,), -10, Verdict.DROP, 0, 2),
        ("b", (), 0, Verdict.ACCEPT, 2, 3),
    ]


def test_a_rule_made_in_python_has_no_line() -> None:
    assert one_chain(DROP).rules[0].line is None


BLOCK = """chains:
  f:
    hook: forward
    policy: drop
    rules:
      - {name: "policy: none", verdict: accept}
  g: {hook: input, policy: drop,
      rules: []}
  h:
    rules: []
"""


def test_rules_and_policies_know_their_lines() -> None:
    result = lower(load_ruleset(io.StringIO(BLOCK)), interfaces=[])
    assert [rule.line for rule in result.rules] == [6]
    assert [chain.line for chain in result.chains] == [4, 7, 10]


def test_rules_at_the_top_level_are_one_chain_for_every_packet() -> None:
    result = lowered({"policy": "drop", "rules": [{"proto": "tcp", "verdict": "accept"}]})
    assert [(c.name, c.policy) for c in result.chains] == [("rules", Verdict.DROP)]
    first = [int(head["next"]) for head in result.program.bases[: len(Hook)]]
    assert [first[hook] >= 0 for hook in Hook] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("rule", "uses_ct", "tracking"),
    [
        (DROP, False, False),
        ({"mark": 1, **DROP}, False, False),
        ({"ct_state": "new", **DROP}, True, True),
        ({"ct_direction": "reply", **DROP}, True, True),
        ({"ct_status": "assured", **DROP}, True, True),
        ({"ct_mark": 1, **DROP}, True, True),
        ({"set_ct_mark": 1}, False, True),
        ({"helper": "ftp"}, False, True),
        ({"notrack": True}, False, False),
    ],
)
def test_tracking_is_on_by_itself_if_a_rule_needs_it(rule: dict[str, Any], uses_ct: bool, tracking: bool) -> None:
    # measured on Linux 6.18: `ct mark set` makes packets tracked, `notrack` alone does not
    result = one_chain(rule)
    assert (result.uses_ct, result.tracking, int(result.settings[0]["tracking"])) == (uses_ct, tracking, int(tracking))


def test_tracking_can_be_switched() -> None:
    assert one_chain(DROP, tracking="on").tracking
    assert not one_chain({"ct_state": "new", **DROP}, tracking="off").tracking


def test_the_fields_that_rules_ask_for_are_named() -> None:
    result = one_chain({"icmp_type": 8, "limit": "1/second", **DROP}, {"src": "10.0.0.1", "iif": "lan", "set_mark": 1})
    assert result.uses_fields == {"icmp_type", "proto", "family", "src0", "iif"}


def test_a_limit_that_cannot_be_counted_in_64_bits_is_refused_at_its_rule() -> None:
    with pytest.raises(RulesetError) as error:
        one_chain(DROP, {"limit": {"rate": "1/week", "burst": 4294967295}, **DROP}, {"limit": "1/week", **DROP})
    assert ["limit" in problem.what for problem in error.value.problems] == [True]


def test_a_fresh_memory_remembers_nothing() -> None:
    result = one_chain({"limit": "1/second", **DROP}, DROP)
    one, other = result.memory(), result.memory()
    one.hits[0] = 1
    assert other.hits.tolist() == [0, 0, 0]
    assert (len(one.buckets), len(one.stack)) == (1, MAX_DEPTH)


def test_a_ruleset_of_thousands_of_rules_finds_its_last() -> None:
    rules = [{"src": f"10.{n // 250}.{n % 250}.0/24", "proto": "tcp", "dport": n, **DROP} for n in range(2000)]
    firewall = Firewall(rules)
    answer = firewall.ask(src="10.7.249.9", dport=1999)
    assert (answer.rule, answer.tried) == ("2000", 2000)


def test_hooks_with_chains_for_one_family_only_are_known() -> None:
    four = Chain("a", "ip t a", (Hook.INPUT, Hook.FORWARD))
    six = Chain("b", "ip6 t b", (Hook.FORWARD, Hook.OUTPUT))
    both = Chain("c", "inet t c", (Hook.OUTPUT,))
    tables = (Table("ip", "t", {"a": four}), Table("ip6", "t", {"b": six}), Table("inet", "t", {"c": both}))
    lowered = lower(imported(*tables), interfaces=["lan"])
    assert [chain.family for chain in lowered.chains] == [4, 6, 0]
    assert families_of_one(lowered) == {Hook.INPUT: 4}


def test_the_other_family_misses_no_chain_that_translates() -> None:
    chains = {
        "a": Chain("a", "ip t a", (Hook.POSTROUTING,), kind="nat"),
        "b": Chain("b", "ip t b", (Hook.OUTPUT,), kind="route"),
    }
    lowered = lower(imported(Table("ip", "t", chains)), interfaces=["lan"])
    assert [chain.kind for chain in lowered.chains] == ["nat", "route"]
    assert families_of_one(lowered) == {Hook.OUTPUT: 4}


@pytest.mark.parametrize(
    ("rule", "draws"),
    [("numgen random mod 2 0 drop", True), ("numgen inc mod 2 0 drop", False), ("ip ttl 1 drop", False)],
)
def test_a_ruleset_says_whether_it_leaves_anything_to_chance(rule: str, draws: bool) -> None:
    text = f"table ip t {{\n chain f {{\n type filter hook forward priority 0; {rule}\n }}\n}}\n"
    assert lower(load_ruleset(io.StringIO(text)), interfaces=[]).draws == draws
