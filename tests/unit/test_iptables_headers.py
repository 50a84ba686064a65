import pytest

from fwsim.netfilter.fields import Option, Raw, Selector
from fwsim.netfilter.steps import Match, Unknown
from fwsim.ruleset.values import Choice, Masked, MatchValue, Numbers
from tests.iptables_reading import asked, refused_rule, steps


@pytest.mark.parametrize(
    ("rule", "selector", "value"),
    [
        ("-m length --length 100:200", "length", Numbers(((100, 200),))),
        ("-m length ! --length 200:100", "length", Numbers((), True)),
        ("-m ttl --ttl-lt 5", "ttl", Numbers(((0, 4),))),
        ("-m ttl --ttl-lt 0", "ttl", Numbers(())),
        ("-m ttl --ttl-gt 5", "ttl", Numbers(((6, 255),))),
        ("-m ttl ! --ttl 5", "ttl", Numbers(((5, 5),), True)),
        ("-m dscp --dscp-class AF11", "dscp", Numbers(((10, 10),))),
        ("-m dscp ! --dscp 0x3f", "dscp", Numbers(((63, 63),), True)),
        ("-m tos --tos 0x28/0xfc", "dscp", Numbers(((10, 10),))),
        ("-m tos --tos Minimize-Delay", Raw("nh", 8, 8), Masked((Choice(16, 16, 63),))),
        ("-m ecn ! --ecn-ip-ect 1", Raw("nh", 14, 2), Numbers(((1, 1),), True)),
        ("-p tcp -m ecn --ecn-tcp-ece", "tcp_flags", Masked((Choice(64, 64, 64),))),
    ],
)
def test_a_field_of_the_header_is_compared(rule: str, selector: Selector, value: MatchValue) -> None:
    found = asked(rule)
    assert (found.selector, found.value) == (selector, value)


def test_ipv6_has_a_hop_limit_and_a_traffic_class() -> None:
    assert asked("-m hl --hl-eq 5", 6).selector == "ttl"
    assert asked("-m tos --tos 5", 6).selector == Raw("nh", 4, 8)


def test_a_packet_without_the_option_meets_the_inverted_match() -> None:
    found = asked("-p tcp -m tcpmss ! --mss 500:600")
    assert (found.selector, found.value, found.absent) == (
        Option("tcp", "maxseg", "size"), Numbers(((500, 600),), True), True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "rule",
    [
        "-m ttl --ttl-gt 5 --ttl-lt 10", "-m ttl", "-m dscp --dscp 64", "-m tos --tos 256", "-m ecn --ecn-tcp-cwr",
        "-m tcpmss --mss 5", "-p tcp -m tcpmss --mss 6:5", "-m dscp --dscp-class LE", "-m length --length 1:2:3",
    ],
)  # fmt: skip
def test_what_iptables_does_not_take_is_refused(rule: str) -> None:
    assert refused_rule(f"{rule} -j ACCEPT").startswith("rules.v4:3:")


def test_extension_headers_are_there_or_not() -> None:
    assert asked("-m frag", 6).selector == Option("exthdr", "frag")
    assert asked("-m frag --fragfirst", 6) == Match(
        Option("exthdr", "frag", "frag-off"), Numbers(((0, 0),)), text="--fragfirst"
    )
    assert steps("-m hbh --hbh-len 8 -j ACCEPT", family=6)[1:] == [Unknown("-m hbh --hbh-len 8")]
    assert "together" in refused_rule("-m frag --fragmore --fraglast -j ACCEPT", family=6)
    assert "--rt-type 0" in refused_rule("-m rt --rt-0-res -j ACCEPT", family=6)
    assert "none of" in refused_rule("-m ipv6header --header foo -j ACCEPT", family=6)
