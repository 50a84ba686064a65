"""Which of the firewall's own addresses an interface has: the one that masquerading and redirection translate to.

Read first: `inet_select_addr` (net/ipv4/devinet.c), `nf_nat_masquerade_ipv4` and `nf_nat_redirect_ipv4`. The kernel
takes the first that is no secondary one; where an interface has several, which that is, is not known here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping, Sequence

from fwsim.tables import V6
from fwsim.terms import ABSENT, UNKNOWN_VALUE
from fwsim.topology.address_plan import IPNetwork
from fwsim.topology.declared import Behind
from fwsim.topology.homes import home_of

Words = tuple[int, int, int, int]
"""An address as rows have it; the first is ABSENT if there is none, UNKNOWN_VALUE if it is not known which."""

NO_ADDRESS = (ABSENT, 0, 0, 0)
NOT_KNOWN = (UNKNOWN_VALUE, 0, 0, 0)


def own_address(
    name: str,
    family: int,
    interfaces: Mapping[str, Behind],
    local: Sequence[IPNetwork],
    *,
    complete: Collection[int] = (),
    primary: Mapping[str, Sequence[IPNetwork]] | None = None,
) -> Words:
    """The address of an interface; `local` are all own ones, and of the families `complete` there are no others.

    `primary` are those of interfaces that are known to have no others but secondary ones.
    """
    own = _global((primary or {}).get(name, ()), family)
    if not own and name in interfaces:
        own = _global(interfaces[name].addresses, family)
    if not own:
        declared = {address for behind in interfaces.values() for address in behind.addresses}
        others = [address for address in _global(local, family) if address not in declared]
        own = [address for address in others if home_of(address, interfaces) == name]
    if len(own) == 1 and own[0].num_addresses == 1:
        return words_of(own[0])
    return NO_ADDRESS if not own and family in complete else NOT_KNOWN


def _global(addresses: Sequence[IPNetwork], family: int) -> list[IPNetwork]:
    """Those of a family that are not only for the link."""
    own = [address for address in addresses if address.version == family]
    return [address for address in own if family == 4 or not address.is_link_local]


def words_of(address: IPNetwork) -> Words:
    """An address in four words."""
    number = int(address.network_address)
    if isinstance(address, ipaddress.IPv4Network):
        return number, 0, 0, 0
    first, second, third, fourth = (number >> shift & 0xFFFFFFFF for shift in (96, 64, 32, 0))
    return V6 + first, second, third, fourth
