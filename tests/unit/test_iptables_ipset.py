import pytest

from fwsim.importing.iptables import ipset
from fwsim.importing.iptables.arguments import split
from fwsim.importing.iptables.ipset import IpSet
from fwsim.importing.iptables.values import RefusedError
from fwsim.netfilter.model import Set
from fwsim.ruleset.values import Addresses, Choice, Location, Masked, Names, Numbers


def made(*lines: str) -> dict[str, IpSet]:
    sets: dict[str, IpSet] = {}
    for line in lines:
        ipset.command(sets, split(line), Location())
    return sets


def known(*lines: str) -> Set:
    (only,) = made(*lines).values()
    found = only.as_set()
    assert found is not None
    return found


def test_addresses_become_one_value() -> None:
    found = known("create a hash:ip family inet hashsize 1024 maxelem 65536", "add a 1.2.3.4", "add a 1.2.3.5")
    assert found.value == Addresses(v4=((0x01020304, 0x01020305),))
    assert (found.kinds, found.size, found.timeout_ns) == (("ipv4_addr",), 65536, None)


def test_the_narrowest_network_decides_about_exceptions() -> None:
    found = known(
        "create b hash:net", "add b 10.0.0.0/8", "add b 10.1.0.0/16 nomatch", "add b 10.1.2.0/24", "add b 11.0.0.0/8"
    )
    assert found.value == Addresses(v4=((0x0A000000, 0x0A00FFFF), (0x0A010200, 0x0A0102FF), (0x0A020000, 0x0BFFFFFF)))


def test_a_netmask_widens_elements() -> None:
    found = known("create h hash:ip family inet6 netmask 64", "add h 2001:db8::1")
    assert found.value == Addresses(v6=((0x20010DB8 << 96, (0x20010DB8 << 96) + (1 << 64) - 1),))


def test_parts_are_protocols_ports_interfaces_and_marks() -> None:
    found = known(
        "create c hash:ip,port,net counters comment", 'add c 1.2.3.4,udp:53,10.0.0.0/8 packets 5 comment "a b"'
    )
    assert found.kinds == ("ipv4_addr", "inet_proto", "inet_service", "ipv4_addr")
    assert found.elements[0][1:3] == (Numbers(((17, 17),)), Numbers(((53, 53),)))
    assert known("create d hash:net,iface", "add d 10.0.0.0/8,eth0").elements[0][1] == Names(("eth0",))
    assert known("create e hash:ip,mark markmask 0xf", "add e 1.2.3.4,0x15").elements[0][1] == Masked(
        (Choice(5, 5, 15),)
    )
    assert known("create f bitmap:port range 0-1000", "add f 80-82").value == Numbers(((80, 82),))


@pytest.mark.parametrize(
    "lines",
    [
        ("create c hash:ip,port", "add c 1.2.3.4,icmp:echo-request"),
        ("create d hash:net,iface", "add d 10.0.0.0/8,physdev:eth1"),
        ("create l bitmap:ip,mac range 10.0.0.0/24", "add l 10.0.0.2"),
        ("create m hash:net,port", "add m 10.0.0.0/8,tcp:80 nomatch"),
    ],
)
def test_elements_that_are_not_simulated_make_a_set_unknown(lines: tuple[str, ...]) -> None:
    (only,) = made(*lines).values()
    assert only.as_set() is None


def test_sets_are_changed_by_later_commands() -> None:
    sets = made("create a hash:ip", "add a 1.2.3.4", "del a 1.2.3.4", "create b hash:ip timeout 300", "destroy a")
    assert list(sets) == ["b"]
    found = sets["b"].as_set()
    assert found is not None
    assert found.timeout_ns == 300_000_000_000


def test_elements_have_the_time_that_is_left_to_them() -> None:
    found = known("create b hash:ip timeout 300", "add b 1.2.3.4 timeout 7", "add b 1.2.3.5", "add b 1.2.3.6 timeout 0")
    assert (found.expiries, found.value) == ((7 * 10**9, None, 0), None)
    assert found.lifetimes == (7 * 10**9, 300 * 10**9, 0)
    lasting = known("create b hash:ip timeout 0", "add b 1.2.3.4 timeout 0", "add b 1.2.3.5")
    assert (lasting.value, lasting.expires) == (Addresses(v4=((0x01020304, 0x01020305),)), False)


def test_exceptions_from_what_is_forgotten_are_not_simulated() -> None:
    (only,) = made("create b hash:net timeout 9", "add b 10.0.0.0/8", "add b 10.1.0.0/16 nomatch").values()
    assert only.as_set() is None


@pytest.mark.parametrize(
    "line",
    [
        "create x foo:bar", "create a hash:ip", "add b 1.2.3.4", "add a 1.2.3.4,80", "add a ::1", "del a 9.9.9.9",
        "create y hash:ip timeout x", "swap a b", "destroy b", "add a", "create " + "x" * 32 + " hash:ip",
        "add a 1.2.3.4 timeout 5", "create y hash:ip timeout 2147484",
    ],
)  # fmt: skip
def test_what_ipset_does_not_take_is_refused(line: str) -> None:
    with pytest.raises(RefusedError):
        made("create a hash:ip", line)
