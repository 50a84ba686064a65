from fwsim.netfilter.fields import Raw
from fwsim.netfilter.steps import Match, Rate, Verdict
from fwsim.ruleset.values import Addresses, Masked, Names, Numbers
from tests.iptables_reading import asked, refused_rule, rules_of, saved, steps


def test_the_header_comes_first_and_then_the_matches_in_their_order() -> None:
    found = steps("-m limit --limit 5/s -p tcp --dport 80 -s 10.0.0.1 -i eth0 -j DROP")
    assert [type(step) for step in found] == [Match, Match, Match, Rate, Match, Verdict]
    assert [getattr(step, "selector", None) for step in found] == ["src", "iif", "proto", None, "dport", None]


def test_lists_of_addresses_make_a_rule_for_each_pair() -> None:
    rules = rules_of(saved("-A FORWARD -s 10.0.0.1,10.0.0.2 -d 10.1.0.0/16,10.2.0.0/16 -j ACCEPT"), "FORWARD")
    pairs = [tuple(step.text for step in rule.steps[:2] if isinstance(step, Match)) for rule in rules]
    assert len(rules) == 4
    assert pairs[0] == ("-s 10.0.0.1,10.0.0.2", "-d 10.1.0.0/16,10.2.0.0/16")
    assert rules[1].steps[0] == rules[0].steps[0] != rules[2].steps[0]
    assert "several addresses" in refused_rule("! -s 10.0.0.1,10.0.0.2 -j ACCEPT")


def test_every_address_asks_nothing_and_none_is_never_met() -> None:
    assert steps("-s 0/0 -p all -j ACCEPT") == []
    assert asked("! -s 0/0").value == Addresses(v4=((0, 0xFFFFFFFF),), negated=True)


def test_a_mask_with_many_holes_is_compared_as_bits() -> None:
    assert isinstance(asked("-s 10.0.0.1/0.0.0.255").value, Masked)
    assert asked("-d ::1/::ffff", 6).selector == Raw("nh", 192, 128)


def test_interfaces_may_end_with_a_plus_and_be_absent() -> None:
    assert asked("-i eth+") == Match("iif", Names((), ("eth",)), text="-i eth+")
    assert asked("! -o eth0") == Match("oif", Names(("eth0",), (), True), True, "! -o eth0")
    assert steps("-i + -j ACCEPT") == []
    assert asked("! -i +") == Match("iif", Names((), ("",), True), text="! -i +")


def test_later_fragments_are_asked_for() -> None:
    assert asked("! -f") == Match("fragment", Numbers(((2, 2),), True), text="! -f")
    assert "not for IPv6" in refused_rule("-f -j ACCEPT", family=6)


def test_a_chain_of_its_own_hook_does_not_know_the_other_interface() -> None:
    assert "-o has no place in INPUT" in refused_rule("-o eth0 -j DROP", chain="INPUT")
    assert "-i has no place in POSTROUTING" in refused_rule("-i eth0 -j ACCEPT", "nat", "POSTROUTING")
    assert "DROP has no place" in refused_rule("-j DROP", "nat")


def test_a_rule_without_a_target_goes_on() -> None:
    assert steps("-s 10.0.0.1") == [asked("-s 10.0.0.1")]
    assert steps("-g user")[-1] == Verdict("goto", "user", None, "-g user")
