"""As much of a ruleset as a topology asks for; for tests."""

from __future__ import annotations

from fwsim.ruleset.addresses import parse_address_list, parse_networks
from fwsim.ruleset.values import Addresses, Network


def own(*addresses: str) -> Addresses:
    return parse_address_list(list(addresses)) if addresses else Addresses()


class Declared:
    """An interface as a ruleset has it."""

    def __init__(self, *nets: str, macs: tuple[int, ...] = (), addresses: tuple[str, ...] = ()) -> None:
        self.networks: tuple[Network, ...] = parse_networks(list(nets))
        self.macs = macs
        self.own_macs: tuple[int, ...] = ()
        self.addresses = own(*addresses)
        self.rp_filter = "off"


class Ruleset:
    """As much of a ruleset as a topology asks for."""

    def __init__(self, interfaces: dict[str, Declared], *local: str) -> None:
        self.interfaces = interfaces
        self.local = own(*local)
        self.rp_filter = "off"


def rules(*local: str) -> Ruleset:
    return Ruleset({"lan": Declared("10.1.0.0/16", "fd00:1::/64"), "wan": Declared("any")}, *local)
