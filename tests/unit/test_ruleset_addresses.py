"""Addresses, networks, ranges, MAC addresses and interface names, as a rule writes them."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.ruleset import Interface, Rule
from fwsim.ruleset.values import (
    Addresses,
    Names,
    Network,
)

V6_ALL = (1 << 128) - 1


FD = 0xFD << 120


def value(key: str, raw: object, **more: object) -> Any:
    return getattr(Rule.model_validate({key: raw, **more}), key)


@pytest.mark.parametrize(
    ("raw", "v4", "v6"),
    [
        ("10.1.0.5", ((0x0A010005, 0x0A010005),), ()),
        ("10.1.0.0/16", ((0x0A010000, 0x0A01FFFF),), ()),
        ("10.1.0.5/16", ((0x0A010000, 0x0A01FFFF),), ()),
        ("10.1.0.0/255.255.0.0", ((0x0A010000, 0x0A01FFFF),), ()),
        ("0.0.0.0/0", ((0, 0xFFFFFFFF),), ()),
        ("10.1.0.9-10.1.0.12", ((0x0A010009, 0x0A01000C),), ()),
        ("10.1.0.9 - 10.1.0.12", ((0x0A010009, 0x0A01000C),), ()),
        ("fd00::/8", (), ((FD, FD | ((1 << 120) - 1)),)),
        ("::1", (), ((1, 1),)),
        ("::ffff:10.1.0.5", (), ((0xFFFF0A010005, 0xFFFF0A010005),)),
        ("any", ((0, 0xFFFFFFFF),), ((0, V6_ALL),)),
        (["10.0.0.1", "10.0.0.2", "10.0.0.4"], ((0x0A000001, 0x0A000002), (0x0A000004, 0x0A000004)), ()),
        (["10.0.0.0/24", "10.0.0.7", "::"], ((0x0A000000, 0x0A0000FF),), ((0, 0),)),
        ("10.0.0.1, 10.0.0.3", ((0x0A000001, 0x0A000001), (0x0A000003, 0x0A000003)), ()),
    ],
)
def test_addresses_are_read_as_intervals_of_their_family(raw: object, v4: object, v6: object) -> None:
    assert value("src", raw) == Addresses(v4, v6)  # type: ignore[arg-type]


def test_interfaces_are_names_or_their_beginnings() -> None:
    names = value("iif", ["lan", "eth*", "eth0.100", "Ethernet 2"])
    assert names == Names(("lan", "eth0.100", "Ethernet 2"), ("eth",))
    assert names.matches("eth7")
    assert names.matches("lan")
    assert not names.matches("lan2")
    assert value("oif", "*").matches("anything")


def test_interfaces_have_networks_with_their_prefix() -> None:
    interface = Interface.model_validate(
        {"networks": ["10.1.0.0/16", "fd00::/8", "192.0.2.1"], "macs": "00:00:5e:00:53:01", "addresses": ["10.1.0.1"]}
    )
    assert interface.networks == (
        Network(4, 0x0A010000, 0x0A01FFFF, 16, "10.1.0.0/16"),
        Network(6, FD, FD | ((1 << 120) - 1), 8, "fd00::/8"),
        Network(4, 0xC0000201, 0xC0000201, 32, "192.0.2.1"),
    )
    assert interface.macs == (0x00005E005301,)
    assert interface.addresses == Addresses(((0x0A010001, 0x0A010001),))
    assert [network.family for network in Interface.model_validate({"networks": "any"}).networks] == [4, 6]
