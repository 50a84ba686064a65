import pytest

from fwsim.importing.iptables import values
from fwsim.importing.iptables.services import ANY_PROTOCOL, SERVICES
from fwsim.importing.iptables.values import RefusedError
from fwsim.ruleset.values import Addresses, Masked, Names, Numbers


@pytest.mark.parametrize(
    ("text", "number"), [("16", 16), ("0x10", 16), ("020", 16), ("+16", 16), (" 16", 16), ("0", 0)]
)
def test_a_number_is_read_as_c_reads_it(text: str, number: int) -> None:
    assert values.number(text, 0, 100) == number


@pytest.mark.parametrize("text", ["", "-1", "08", "0x", "1.5", "1_0", "16 ", "²", "9" * 5000])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        values.number(text, 0, 255)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("10.0.0.0/8", 0x0A000000, 0x0AFFFFFF),
        ("10.1/16", 0x0A010000, 0x0A01FFFF),
        ("10", 0x0A000000, 0x0A000000),
        ("0x0a000001", 0x0A000001, 0x0A000001),
        ("010.0.0.1", 0x08000001, 0x08000001),
        ("10.1.2.3/255.255.0.0", 0x0A010000, 0x0A01FFFF),
        ("anything/0", 0, 0xFFFFFFFF),
        ("localhost", 0x7F000001, 0x7F000001),
    ],
)
def test_a_network_is_read_as_xtables_reads_it(text: str, low: int, high: int) -> None:
    assert values.network(text, 4).intervals(32) == ((low, high),)


@pytest.mark.parametrize("text", ["", "1.2.3.256", "1..2", "1.2.3.4.5", "::1", "1.2.3.4/33", "1.2.3.4/", "example.org"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        values.network(text, 4)


def test_a_mask_with_few_holes_becomes_stretches_of_addresses() -> None:
    assert values.network("10.0.0.1/255.255.254.255", 4).intervals(32) == (
        (0x0A000001, 0x0A000001),
        (0x0A000101, 0x0A000101),
    )
    assert isinstance(values.addresses_value(values.network("10.0.0.1/255.255.254.0", 4), 4, False), Addresses)


def test_a_mask_with_many_holes_stays_a_mask() -> None:
    assert isinstance(values.addresses_value(values.network("10.0.0.1/0.0.0.255", 4), 4, False), Masked)


def test_a_service_belongs_to_its_protocol() -> None:
    assert values.port("tftp", SERVICES["udp"]) == 69
    with pytest.raises(RefusedError, match="tftp"):
        values.port("tftp", SERVICES["tcp"])


def test_ports_of_getaddrinfo_wrap_and_may_be_upside_down() -> None:
    assert values.loose_port_range("70000") == (4464, 4464)
    assert values.loose_port_range("5:1") == (5, 1)
    assert values.loose_port_range("5:") == (5, 65535)


def test_ports_of_tcp_are_strict() -> None:
    assert values.port_range(":5", ANY_PROTOCOL) == (0, 5)
    for text in ("5:1", "70000", "1,2"):
        with pytest.raises(RefusedError):
            values.port_range(text, ANY_PROTOCOL)


def test_a_mac_has_six_numbers() -> None:
    assert values.mac("0:1:2:3:4:ff") == 0x0001020304FF
    with pytest.raises(RefusedError):
        values.mac("00-11-22-33-44-55")


def test_equal_values_are_one_object() -> None:
    assert values.numbers_value(((80, 80),)) is values.numbers_value(((80, 80),))
    assert values.numbers_value(((80, 80),), True) == Numbers(((80, 80),), negated=True)
    assert values.interface_value("eth+", False) == Names((), ("eth",))
    assert values.interface_value("eth0", True) == Names(("eth0",), (), True)
    assert values.any_of(8) is values.any_of(8)
    assert values.any_of(0) == Masked(())
