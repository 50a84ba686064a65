"""Which interfaces of a ruleset the topology says nothing of: for `fwsim check`.

Read first: `fwsim.netfilter.model` (Netfilter.interfaces). A rule that asks for such an interface is true of
packets only that were captured there; which packets leave by it is not known.
"""

from __future__ import annotations

from fwsim.netfilter.model import Netfilter
from fwsim.ruleset.addresses import is_name
from fwsim.topology import LOOPBACK, Topology


def interfaces_without_network(netfilter: Netfilter, topology: Topology) -> list[str]:
    """The names, and beginnings of names with `*`, behind none of which a network is known, in the ruleset's order.

    The loopback interface needs none, and the port of a bridge has none.
    """
    return [name for name in dict.fromkeys(netfilter.interfaces) if not _is_placed(name, topology)]


def _is_placed(name: str, topology: Topology) -> bool:
    """Whether some network lies behind the interface, or one of those that are called so."""
    known = {LOOPBACK, *topology.known.ports}
    known |= {placed for placed, behind in topology.interfaces.items() if behind.networks}
    if not is_name(name.rstrip("*") or name):
        return name != "*"  # no interface is called so
    if name.endswith("*"):
        return any(one.startswith(name[:-1]) for one in known)
    return name in known
