"""On which interface each of the firewall's own addresses is: what `masquerade` and `redirect` take is a device's own.

Read first: `inet_select_addr` (net/ipv4/devinet.c), `nf_nat_redirect_ipv4`. The kernel takes the first address of the
device, in the order in which they were given to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fwsim.topology.address_plan import IPNetwork
from fwsim.topology.declared import Behind

Home = tuple[bool, int]
"""How an address belongs to an interface: it is declared on it, or lies in a network behind it with this prefix."""


def homes(interfaces: Mapping[str, Behind], local: Sequence[IPNetwork]) -> dict[IPNetwork, str | None]:
    """The interface of each address of the firewall, in their order; None for one that several claim equally, or none.

    That where it is declared, else the one behind which its network lies, the narrowest of several.
    """
    return {address: home_of(address, interfaces) for address in local}


def home_of(address: IPNetwork, interfaces: Mapping[str, Behind]) -> str | None:
    """The interface of one address."""
    claims: dict[Home, list[str]] = {}
    for name, behind in interfaces.items():
        claim = claim_on(address, behind)
        if claim is not None:
            claims.setdefault(claim, []).append(name)
    best = claims[max(claims)] if claims else []
    return best[0] if len(best) == 1 else None


def claim_on(address: IPNetwork, behind: Behind) -> Home | None:
    """How an address belongs to an interface, if it does."""
    if any(holds(own, address) for own in behind.addresses):
        return True, 0
    found = [network.prefixlen for network in behind.networks if holds(network, address)]
    return (False, max(found)) if found else None


def holds(network: IPNetwork, address: IPNetwork) -> bool:
    """Whether a network holds an address, or a smaller network."""
    return network.version == address.version and address.subnet_of(network)  # type: ignore[arg-type]
