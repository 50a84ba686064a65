from fwsim.netfilter.model import Netfilter
from fwsim.netfilter.steps import Effectless, Lookup, Match, Step, Unknown, Update
from fwsim.ruleset.values import Addresses, Numbers
from tests.iptables_reading import refused_rule, steps, with_sets


def first(netfilter: Netfilter) -> Step:
    return netfilter.tables[0].chains["FORWARD"].rules[0].steps[0]


def test_a_set_that_no_rule_changes_is_a_value() -> None:
    found = with_sets("create a hash:net\nadd a 10.0.0.0/8\n", "-m set ! --match-set a src -j ACCEPT")
    assert first(found) == Match("src", Addresses(sets=("a",), negated=True), True, "! --match-set a src")
    assert found.tables[0].sets["a"].value == Addresses(v4=((0x0A000000, 0x0AFFFFFF),))


def test_several_parts_are_looked_up_together() -> None:
    found = with_sets("create a hash:ip,port\nadd a 1.2.3.4,80\n", "-m set ! --match-set a dst,src -j ACCEPT")
    assert first(found) == Lookup(("dst", "proto", "sport"), (), "a", True, "! --match-set a dst,src", absent=True)


def test_a_set_that_a_rule_changes_is_looked_up() -> None:
    rule = "-m set --match-set a src -j SET --add-set a src --exist --timeout 60"
    found = with_sets("create a hash:ip timeout 300\n", rule)
    rules = found.tables[0].chains["FORWARD"].rules[0].steps
    assert rules == (
        Lookup(("src",), (), "a", text="--match-set a src"),
        Update("update", "a", ("src",), 60_000_000_000, text="-j SET --add-set a src --exist --timeout 60"),
    )
    assert found.tables[0].sets["a"].dynamic


def test_an_empty_set_another_family_and_too_few_directions_hold_nothing() -> None:
    never = Match("proto", Numbers(()))
    assert first(with_sets("create a hash:ip\n", "-m set --match-set a src -j ACCEPT")) == never
    assert first(with_sets("create a hash:ip family inet6\nadd a ::1\n", "-m set --match-set a src -j ACCEPT")) == never
    assert first(with_sets("create a hash:ip,port\nadd a 1.2.3.4,80\n", "-m set --match-set a src -j ACCEPT")) == never


def test_a_list_of_one_set_is_that_set_and_of_several_is_unknown() -> None:
    sets = "create a hash:ip\nadd a 1.2.3.4\ncreate b hash:ip\nadd b 1.2.3.5\ncreate l list:set\nadd l a\n"
    assert isinstance(first(with_sets(sets, "-m set --match-set l src -j ACCEPT")), Match)
    assert isinstance(first(with_sets(sets + "add l b\n", "-m set --match-set l src -j ACCEPT")), Unknown)


def test_a_set_that_is_not_given_is_unknown_and_said_to_be() -> None:
    found = with_sets("", "-m set --match-set a src -j ACCEPT")
    assert first(found) == Unknown("-m set --match-set a src")
    assert [remark.what for remark in found.remarks if "`a`" in remark.what] == [
        "the set `a` is not known: give the output of `ipset save` as well"
    ]
    assert isinstance(steps("-j SET --add-set a src")[-1], Effectless)


def test_directions_are_src_and_dst() -> None:
    assert "expected src and dst" in refused_rule("-m set --match-set a from -j ACCEPT")
    assert "needs a word" in refused_rule("-m set --match-set a")
