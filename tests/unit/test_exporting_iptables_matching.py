"""What steps ask as arguments of iptables."""

from __future__ import annotations

import pytest

from fwsim.exporting import iptables_matching as matching
from fwsim.exporting.saying import CannotSay
from fwsim.netfilter.fields import Fib, Numgen
from fwsim.netfilter.steps import Match, Statistic
from fwsim.ruleset.values import Addresses, Choice, Masked, Names, Numbers
from fwsim.terms import Hook

FORWARD = frozenset({Hook.FORWARD})


def test_addresses_are_a_rule_each_or_none_of_them_in_one() -> None:
    value = Addresses(((1, 1), (16, 31)))
    assert matching.address_arguments("src", value, 4, taken=False) == [("-s 0.0.0.1",), ("-s 0.0.0.16/28",)]
    negated = Addresses(value.v4, negated=True)
    assert matching.address_arguments("dst", negated, 4, taken=False) == [
        ("! -d 0.0.0.1", "-m iprange ! --dst-range 0.0.0.16-0.0.0.31")
    ]
    assert matching.address_arguments("src", value, 6, taken=False) == []


def test_ports_fit_into_multiports() -> None:
    many = Numbers(tuple((port, port) for port in range(2, 36, 2)))
    found = matching.port_arguments("dport", many, 6)
    assert [part[0].count(",") for part in found] == [14, 1]
    assert matching.port_arguments("sport", Numbers(((1, 5),), negated=True), 17) == [("-m udp ! --sport 1:5",)]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (Numbers(((5, 5),)), [("-m ttl --ttl-eq 5",)]), (Numbers(((0, 5),)), [("-m ttl --ttl-lt 6",)]),
        (Numbers(((5, 5),), negated=True), [("-m ttl --ttl-lt 5",), ("-m ttl --ttl-gt 5",)]),
    ],
)  # fmt: skip
def test_a_time_to_live(value: Numbers, found: list[tuple[str, ...]]) -> None:
    assert matching.ttl_arguments(value, 4) == found


def test_flags_that_exclude_each_other() -> None:
    found = matching.flags_arguments(Masked((Choice(2, 2, 18), Choice(1, 4, 4))))
    assert found == [
        ("-m tcp --tcp-flags SYN,ACK SYN",),
        ("-m tcp ! --tcp-flags SYN,ACK SYN", "-m tcp ! --tcp-flags RST NONE"),
    ]
    with pytest.raises(CannotSay, match="ECE"):
        matching.flags_arguments(Masked((Choice(2, 2, 255),)))


def test_marks_states_and_status() -> None:
    assert matching.mark_arguments("mark", Masked((Choice(1, 3, 3),))) == [("-m mark ! --mark 0x0/0x3",)]
    assert matching.state_arguments(Masked((Choice(1, 8, 8),), negated=True)) == [
        ("-m conntrack --ctstate INVALID,ESTABLISHED,RELATED,UNTRACKED",)
    ]
    assert matching.status_arguments(Masked((Choice(1, 4, 4),))) == [("-m conntrack --ctstatus ASSURED",)]


@pytest.mark.parametrize(
    ("value", "absent", "found"),
    [
        (Masked((Choice(1, 32, 32),)), False, [["--ctstate DNAT"]]),
        (Masked((Choice(32, 32, 32),)), False, [["--ctstate DNAT"]]),
        (Masked((Choice(1, 48, 48),), True), True, [["! --ctstate SNAT,DNAT"]]),
        (Masked((Choice(1, 16, 16),), True), False, [["--ctstate NEW,ESTABLISHED,RELATED", "! --ctstate SNAT"]]),
        (Masked((Choice(0, 0, 16),)), False, [["--ctstate NEW,ESTABLISHED,RELATED", "! --ctstate SNAT"]]),
        (Masked((Choice(1, 16, 16),)), True, [["--ctstate SNAT"], ["--ctstate INVALID,UNTRACKED"]]),
        (Masked((Choice(1, 36, 36),)), False, [["--ctstate DNAT"], ["! --ctstate DNAT", "--ctstatus ASSURED"]]),
        (Masked((Choice(1, 36, 36),), True), False, [["! --ctstate DNAT", "! --ctstatus ASSURED"]]),
        (Masked((Choice(1, 4, 4),), True), True, [["! --ctstatus ASSURED"], ["--ctstate INVALID,UNTRACKED"]]),
    ],
)
def test_what_is_translated_is_asked_for_as_a_state(value: Masked, absent: bool, found: list[list[str]]) -> None:
    ways = [[f"-m conntrack {part}" for part in way] for way in found]
    assert [list(way) for way in matching.status_arguments(value, absent)] == ways


def test_other_bits_of_the_status_have_no_words() -> None:
    with pytest.raises(CannotSay, match="status bits 0x2000"):
        matching.status_arguments(Masked((Choice(1, 0x2000, 0x2000),)))
    assert len(matching.direction_arguments(Numbers(((0, 1),)))) == 2


def test_interfaces_that_a_hook_does_not_have() -> None:
    step = Match("iif", Names(("a",), negated=True), absent=True)
    assert isinstance(step.value, Names)
    assert matching.interface_arguments("iif", step, step.value, FORWARD) == [("! -i a",)]
    assert matching.interface_arguments("iif", step, step.value, frozenset({Hook.OUTPUT})) == [()]
    assert matching.interface_arguments("iif", Match("iif", Names(("a",))), Names((), ("e",)), FORWARD) == [("-i e+",)]


def test_fragments_packet_types_and_macs() -> None:
    assert matching.fragment_arguments(Numbers(((2, 2),)), 4) == [("-f",)]
    with pytest.raises(CannotSay):
        matching.fragment_arguments(Numbers(((2, 2),)), 6)
    assert matching.packet_type_arguments(Numbers(((1, 1),))) == [("-m pkttype --pkt-type broadcast",)]
    assert matching.mac_arguments(Numbers(((1, 1),))) == [("-m mac --mac-source 00:00:00:00:00:01",)]


def test_routes_and_generators() -> None:
    local = Fib(frozenset({"daddr"}), "type")
    assert matching.route_arguments(local, Numbers(((2, 2),))) == [("-m addrtype --dst-type LOCAL",)]
    from_here = Fib(frozenset({"saddr", "iif"}), "addrtype")
    assert matching.route_arguments(from_here, Numbers(((2, 3),), negated=True)) == [
        ("-m addrtype ! --src-type LOCAL,BROADCAST --limit-iface-in",)
    ]
    back = Fib(frozenset({"saddr", "iif", "loose"}), "rpfilter")
    assert matching.route_arguments(back, Numbers(((0, 0),))) == [("-m rpfilter --loose --invert",)]
    assert matching.nth_of(Numgen("inc", 3, 0, 1), Numbers(((1, 1),))) == Statistic(3, 1)
    with pytest.raises(CannotSay):
        matching.nth_of(Numgen("random", 3, 0, 1), Numbers(((1, 1),)))


def test_addresses_of_connections() -> None:
    assert matching.original_arguments("ct_original_dst", Addresses(((1, 1),)), 4) == [
        ("-m conntrack --ctorigdst 0.0.0.1",)
    ]
