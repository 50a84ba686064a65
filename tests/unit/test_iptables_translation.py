import pytest

from fwsim.netfilter.steps import Assign, Nat
from tests.iptables_reading import refused_rule, steps

ADDRESS = 0x01020304


def nat(rule: str, chain: str = "PREROUTING", family: int = 4) -> tuple[object, ...]:
    last = steps(rule, "nat", chain, family)[-1]
    assert isinstance(last, Nat)
    return last.kind, last.addresses, last.ports, last.flags


@pytest.mark.parametrize(
    ("words", "addresses", "ports"),
    [
        ("1.2.3.4", (ADDRESS, ADDRESS), None),
        ("1.2.3.9-1.2.3.4", (ADDRESS, ADDRESS + 5), None),
        ("1.2.3.4:80-90", (ADDRESS, ADDRESS), (80, 90)),
        ("1.2.3.4:http-alt", (ADDRESS, ADDRESS), (8080, 8080)),
        (":80", None, (80, 80)),
    ],
)
def test_a_destination_has_addresses_and_ports(words: str, addresses: object, ports: object) -> None:
    assert nat(f"-p tcp -j DNAT --to-destination {words}") == ("dnat", addresses, ports, frozenset())


def test_a_range_of_ports_may_be_moved_from_a_base() -> None:
    assert nat("-p tcp -j DNAT --to 1.2.3.4:80-90/85")[2:] == ((80, 90), frozenset({"base 85"}))


def test_ipv6_with_ports_stands_in_brackets() -> None:
    assert nat("-p tcp -j DNAT --to-destination [::1-::5]:80", family=6)[1:3] == ((1, 5), (80, 80))
    assert nat("-j DNAT --to-destination ::1", family=6)[1:3] == ((1, 1), None)


def test_the_other_targets_of_the_table_nat() -> None:
    assert nat("-j SNAT --to-source 1.2.3.4 --random --persistent", "POSTROUTING") == (
        "snat", (ADDRESS, ADDRESS), None, frozenset({"random", "persistent"}),
    )  # fmt: skip
    assert nat("-p tcp -j MASQUERADE --to-ports 1024-2000", "POSTROUTING")[:3] == ("masquerade", None, (1024, 2000))
    assert nat("-p tcp -j REDIRECT --to-ports 80")[:3] == ("redirect", None, (80, 80))
    assert nat("-j NETMAP --to 1.2.3.0/24")[:2] == ("netmap", (ADDRESS - 4, ADDRESS + 251))


def test_a_proxy_leaves_a_mark() -> None:
    rule = "-p tcp -j TPROXY --on-port 5 --on-ip 1.2.3.4 --tproxy-mark 1/1"
    mark, last = steps(rule, "mangle", "PREROUTING")[-2:]
    assert isinstance(mark, Assign)
    assert isinstance(last, Nat)
    assert (mark.constant, last.kind, last.addresses, last.ports) == (1, "tproxy", (ADDRESS, ADDRESS), (5, 5))


@pytest.mark.parametrize(
    "words",
    [
        "DNAT", "DNAT --to 1.2.3", "DNAT --to 1.2.3.4:", "DNAT --to 1.2.3.4:80-70", "DNAT --to 1.2.3.4:70000",
        "DNAT --to 1.2.3.4-:80", "DNAT --to foo", "REDIRECT --to-ports 80,81", "NETMAP --to foo",
    ],
)  # fmt: skip
def test_what_iptables_does_not_take_is_refused(words: str) -> None:
    assert refused_rule(f"-p tcp -j {words}", "nat").startswith("rules.v4:3:")


def test_ports_need_a_protocol_in_front_and_targets_their_hook() -> None:
    assert "-p tcp" in refused_rule("-j REDIRECT --to-ports 80", "nat")
    assert "-p tcp" in refused_rule("-j DNAT --to 1.2.3.4:80 -p tcp", "nat")
    assert "no place at prerouting" in refused_rule("-j MASQUERADE", "nat")
    assert "table nat only" in refused_rule("-j MASQUERADE")
