"""Which address an interface gives to who is masqueraded behind it."""

from __future__ import annotations

import io
from ipaddress import ip_network

import pytest

from fwsim.ruleset import load_ruleset
from fwsim.topology import Topology
from fwsim.topology.own_addresses import NO_ADDRESS, NOT_KNOWN, own_address
from tests.natted import INTERFACES, OWN, RULES

RULESET = load_ruleset(io.StringIO(RULES), interfaces=INTERFACES, local=OWN)
KNOWN = Topology.build(RULESET, interfaces=INTERFACES, local=OWN).interfaces


def nets(*texts: str) -> list[object]:
    """Addresses as networks."""
    return [ip_network(text) for text in texts]


@pytest.mark.parametrize(("local", "first"), [(["203.0.113.1"], 0xCB007101), (["203.0.113.1", "10.1.0.1"], 0xCB007101)])
def test_the_only_address_behind_an_interface_is_its_own(local: list[str], first: int) -> None:
    assert own_address("wan", 4, KNOWN, nets(*local))[0] == first  # type: ignore[arg-type]


def test_of_several_nobody_knows_which() -> None:
    several = nets("203.0.113.1", "203.0.113.2")
    assert own_address("wan", 4, KNOWN, several) == NOT_KNOWN  # type: ignore[arg-type]


def test_where_all_are_known_none_is_none() -> None:
    assert own_address("wan", 4, KNOWN, []) == NOT_KNOWN
    assert own_address("wan", 4, KNOWN, [], complete=(4,)) == NO_ADDRESS


def test_addresses_of_the_link_are_not_taken() -> None:
    both = nets("fe80::1", "2001:db8:2::1")
    assert own_address("wan", 6, KNOWN, both)[1:] == (0x00020000, 0, 1)  # type: ignore[arg-type]
