import pytest

from fwsim.netfilter.fields import Option, Raw
from fwsim.netfilter.steps import Alter
from tests.iptables_reading import refused_rule, steps


def altered(rule: str, family: int = 4) -> list[tuple[object, int | None]]:
    found = steps(rule, "mangle", family=family)
    return [(step.selectors, step.constant) for step in found if isinstance(step, Alter)]


def test_what_is_set_is_known_and_what_is_moved_is_not() -> None:
    assert altered("-j DSCP --set-dscp-class AF11") == [(("dscp",), 10)]
    assert altered("-j TTL --ttl-set 5") == [(("ttl",), 5)]
    assert altered("-j TTL --ttl-dec 1") == [(("ttl",), None)]
    assert altered("-j HL --hl-set 5", 6) == [(("ttl",), 5)]
    assert altered("-j TOS --set-tos 0x28") == [(("dscp",), 10), ((Raw("nh", 8, 8),), 0x28)]
    assert altered("-j TOS --or-tos 4") == [(("dscp",), None), ((Raw("nh", 8, 8),), None)]
    assert altered("-p tcp -j ECN --ecn-tcp-remove") == [(("tcp_flags",), None)]


def test_options_of_tcp_are_changed_and_taken_away() -> None:
    assert altered("-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu") == [((Option("tcp", "maxseg", "size"),), None)]
    assert altered("-p tcp -j TCPOPTSTRIP --strip-options timestamp,5") == [((Option("tcp", 8), Option("tcp", 5)), 0)]


@pytest.mark.parametrize(
    "rule",
    [
        "-j DSCP", "-j DSCP --set-dscp 64", "-j TTL", "-j TTL --ttl-inc 0", "-j ECN --ecn-tcp-remove", "-j TOS",
        "-j TCPOPTSTRIP --strip-options 5", "-p tcp -j TCPOPTSTRIP --strip-options foo", "-p tcp --syn -j TCPMSS",
        "-p tcp -j TCPMSS --set-mss 1400", "-p tcp ! --syn -j TCPMSS --set-mss 1400",
        "-p tcp --syn -j TCPMSS --set-mss 65516",
    ],
)  # fmt: skip
def test_what_iptables_does_not_take_is_refused(rule: str) -> None:
    assert refused_rule(rule, "mangle").startswith("rules.v4:3:")


def test_headers_are_changed_in_the_table_mangle() -> None:
    assert "table mangle only" in refused_rule("-j TTL --ttl-set 5")
    rule = "-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"
    assert "no place at prerouting" in refused_rule(rule, "mangle", "PREROUTING")
