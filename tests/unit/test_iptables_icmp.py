import pytest

from fwsim.netfilter.steps import AnyOf, Match
from fwsim.ruleset.values import Numbers
from tests.iptables_reading import asked, refused_rule, steps


@pytest.mark.parametrize(
    ("text", "number"), [("8", 8), ("ping", 8), ("echo-req", 8), ("ECHO-REQUEST", 8), ("0x8", 8), ("ttl-exceeded", 11)]
)
def test_a_type_is_a_number_or_the_beginning_of_a_name(text: str, number: int) -> None:
    assert asked(f"-p icmp --icmp-type {text}").value == Numbers(((number, number),))


def test_a_name_may_stand_for_a_code_too() -> None:
    first, second = steps("-p icmp --icmp-type fragmentation-needed -j ACCEPT")[1:]
    assert isinstance(first, Match)
    assert isinstance(second, Match)
    assert (first.selector, first.value) == ("icmp_type", Numbers(((3, 3),)))
    assert (second.selector, second.value) == ("icmp_code", Numbers(((4, 4),)))


def test_another_type_or_code_is_two_ways() -> None:
    (step,) = steps("-p icmp ! --icmp-type 3/4 -j ACCEPT")[1:]
    assert isinstance(step, AnyOf)
    assert [[(match.selector, match.value) for match in way] for way in step.alternatives] == [
        [("icmp_type", Numbers(((3, 3),), True))],
        [("icmp_type", Numbers(((3, 3),))), ("icmp_code", Numbers(((4, 4),), True))],
    ]


def test_any_type_asks_for_a_header_only_and_no_type_is_never_true() -> None:
    assert asked("-p icmp --icmp-type any").selector == "fragment"
    assert asked("-p icmp ! --icmp-type 255").value == Numbers(((0, 255),), True)


def test_icmpv6_has_names_of_its_own_and_no_any() -> None:
    assert asked("-p icmpv6 --icmpv6-type neighbor-solicitation", 6).value == Numbers(((135, 135),))
    assert asked("-p 58 --icmpv6-type 255", 6).value == Numbers(((255, 255),))
    assert "no ICMP type" in refused_rule("-p icmpv6 --icmpv6-type any -j ACCEPT", family=6)


@pytest.mark.parametrize("text", ["256", "echo", '""', "8/", "8/256", "/3", "8x", "unreach"])
def test_what_is_no_type_is_refused(text: str) -> None:
    assert refused_rule(f"-p icmp --icmp-type {text} -j ACCEPT").startswith("rules.v4:3:")
