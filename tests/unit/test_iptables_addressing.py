from fwsim.netfilter.fields import Fib
from fwsim.netfilter.steps import Match
from fwsim.ruleset.values import Addresses, Numbers
from tests.iptables_reading import asked, refused_rule, steps


def test_a_range_of_addresses_may_be_one() -> None:
    assert asked("-m iprange ! --dst-range 10.0.0.1").value == Addresses(v4=((0x0A000001, 0x0A000001),), negated=True)
    assert asked("-m iprange --src-range ::1-::5", 6).value == Addresses(v6=((1, 5),))


def test_a_range_upside_down_is_met_by_nothing_and_its_opposite_by_all() -> None:
    assert asked("-m iprange --src-range 10.0.0.5-10.0.0.1").value == Numbers(())
    assert steps("-m iprange ! --src-range 10.0.0.5-10.0.0.1 -j ACCEPT") == []


def test_types_of_addresses_are_asked_of_the_routes() -> None:
    assert asked("-m addrtype --dst-type LOCAL,bro") == Match(
        Fib(frozenset({"daddr"}), "addrtype"), Numbers(((2, 3),)), text="--dst-type LOCAL,bro"
    )
    found = asked("-m addrtype ! --src-type UNICAST --limit-iface-in")
    assert (found.selector, found.value) == (Fib(frozenset({"saddr", "iif"}), "addrtype"), Numbers(((1, 1),), True))


def test_types_of_ipv6_are_fewer() -> None:
    assert asked("-m addrtype ! --dst-type MULTICAST,LOCAL", 6).value == Numbers(((2, 2), (5, 5)), True)
    assert "IPv6 knows only" in refused_rule("-m addrtype --dst-type BROADCAST -j ACCEPT", family=6)


def test_an_interface_is_limited_only_where_there_is_one() -> None:
    rule = "-m addrtype --dst-type LOCAL --limit-iface-out -j ACCEPT"
    assert "no place at prerouting" in refused_rule(rule, "mangle", "PREROUTING")
    assert steps(rule, "mangle", "OUTPUT")


def test_the_way_back_is_asked_of_the_routes() -> None:
    (step,) = steps("-m rpfilter --invert -j ACCEPT", "raw")
    assert step == Match(Fib(frozenset({"saddr", "iif"}), "rpfilter"), Numbers(((0, 0),)), text="-m rpfilter --invert")
    (loose,) = steps("-m rpfilter --loose --validmark --accept-local -j ACCEPT", "raw")
    assert isinstance(loose, Match)
    assert loose.selector == Fib(frozenset({"saddr", "iif", "mark", "loose", "accept_local"}), "rpfilter")
    assert loose.value == Numbers(((1, 1),))
    assert "raw or mangle" in refused_rule("-m rpfilter -j ACCEPT")


def test_a_mac_and_a_packet_type_are_numbers() -> None:
    assert asked("-m mac --mac-source 0:1:2:3:4:5").value == Numbers(((0x000102030405,) * 2,))
    assert asked("-m pkttype --pkt-type BCAST").value == Numbers(((1, 1),))
    assert "no place at output" in refused_rule("-m mac --mac-source 0:1:2:3:4:5 -j ACCEPT", chain="OUTPUT")
    assert "none of" in refused_rule("-m pkttype --pkt-type uni -j ACCEPT")
