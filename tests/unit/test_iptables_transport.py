import pytest

from fwsim.netfilter.fields import Option, Raw
from fwsim.netfilter.steps import AnyOf, Match, Unknown
from fwsim.ruleset.values import Choice, Masked, Numbers
from tests.iptables_reading import asked, refused_rule, steps


def test_a_protocol_without_its_match_asks_for_no_header() -> None:
    assert steps("-p tcp -j ACCEPT") == [Match("proto", Numbers(((6, 6),)), text="-p tcp")]


@pytest.mark.parametrize("name", ["tcp", "udp", "sctp", "dccp"])
def test_a_match_without_options_is_false_for_later_fragments(name: str) -> None:
    assert asked(f"-p {name} -m {name}") == Match("fragment", Numbers(((2, 2),), True), text=f"-m {name}")


def test_ports_are_ranges_names_and_may_be_inverted() -> None:
    assert asked("-p tcp --dport http:https").value == Numbers(((80, 443),))
    assert asked("-p tcp ! --sport :5") == Match("sport", Numbers(((0, 5),), True), text="! --sport :5")


def test_ports_of_udp_that_are_upside_down_match_nothing() -> None:
    assert asked("-p udp --dport 5:1").value == Numbers(())


def test_flags_are_compared_under_a_mask() -> None:
    assert asked("-p tcp --tcp-flags SYN,ACK SYN").value == Masked((Choice(2, 2, 0x12),))
    assert asked("-p tcp ! --syn").value == Masked((Choice(2, 2, 0x17),), True)
    assert asked("-p tcp --tcp-flags ALL NONE").value == Masked((Choice(0, 0, 0x3F),))
    assert "`ECE` is no TCP flag" in refused_rule("-p tcp --tcp-flags ECE ECE -j ACCEPT")


def test_a_tcp_option_is_there_or_not() -> None:
    assert asked("-p tcp --tcp-option 8") == Match(Option("tcp", 8), Numbers(((1, 1),)), text="--tcp-option 8")
    assert asked("-p tcp ! --tcp-option 8").value == Numbers(((0, 0),))


def test_chunks_and_types_of_dccp_are_unknown() -> None:
    assert steps("-p sctp --chunk-types any INIT -j ACCEPT")[-1] == Unknown("-m sctp --chunk-types any INIT")
    assert steps("-p dccp --dccp-types RESET -j ACCEPT")[-1] == Unknown("-m dccp --dccp-types RESET")


def test_multiport_in_either_direction_is_two_ways_that_exclude_each_other() -> None:
    inside, outside = Numbers(((1, 1), (5, 7))), Numbers(((1, 1), (5, 7)), True)
    text = "--ports 1,5:7"
    assert steps("-p tcp -m multiport --ports 1,5:7 -j ACCEPT")[-1] == AnyOf(
        (
            (Match("sport", inside, text=text),),
            (Match("sport", outside, text=text), Match("dport", inside, text=text)),
        ),
        text,
    )


def test_multiport_in_neither_direction_is_two_matches() -> None:
    found = steps("-p tcp -m multiport ! --ports 1,5 -j ACCEPT")[1:]
    assert [(one.selector, one.value) for one in found if isinstance(one, Match)] == [
        ("sport", Numbers(((1, 1), (5, 5)), True)),
        ("dport", Numbers(((1, 1), (5, 5)), True)),
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "-m multiport --dports 1",
        "-m multiport --dports 1 -p tcp",
        "-p icmp -m multiport --dports 1",
        "! -p tcp -m multiport --dports 1",
        "-p tcp -m multiport --dports " + ",".join(map(str, range(1, 17))),
        "-p tcp -m multiport --dports 5:5",
        "-p udp -m tcp --dport 5",
        "! -p tcp --dport 80",
        "-m tcp --dport 80",
    ],
)
def test_what_the_kernel_does_not_take_is_refused(rule: str) -> None:
    assert refused_rule(f"{rule} -j ACCEPT").startswith("rules.v4:3:")


def test_an_index_of_ipsec_stands_in_the_header() -> None:
    assert asked("-p esp --espspi 5:7").selector == Raw("th", 0, 32)
    assert asked("-p ah -m ah --ahspi 5").selector == Raw("th", 32, 32)
