"""Who is where around a translating firewall: three interfaces with a few hosts each, public addresses, own ones."""

from __future__ import annotations

from random import Random

LAN, DMZ, WAN = "lan", "dmz", "wan"
INTERFACES = {
    LAN: "10.1.0.0/16,fd00:1::/64",
    DMZ: "10.2.0.0/24,fd00:2::/64",
    WAN: "any,198.51.100.0/24,2001:db8:2::/64",
}
OWN = {
    4: {LAN: "10.1.0.1", DMZ: "10.2.0.1", WAN: "198.51.100.1"},
    6: {LAN: "fd00:1::1", DMZ: "fd00:2::1", WAN: "2001:db8:2::1"},
}
HOSTS = {
    4: {
        LAN: ("10.1.0.11", "10.1.0.12"),
        DMZ: ("10.2.0.21", "10.2.0.22"),
        WAN: ("198.51.100.31", "192.0.2.32"),
    },
    6: {
        LAN: ("fd00:1::11", "fd00:1::12"),
        DMZ: ("fd00:2::21", "fd00:2::22"),
        WAN: ("2001:db8:2::31", "2001:db8:3::32"),
    },
}
PUBLIC = {
    4: ("203.0.113.10", "203.0.113.11", "203.0.113.21"),
    6: ("2001:db8:9::10", "2001:db8:9::11", "2001:db8:9::21"),
}
"""Addresses that the world may know servers by; no host has them, and they are not the firewall's."""
POOL = {4: ("203.0.113.64", "203.0.113.79"), 6: ("2001:db8:9::40", "2001:db8:9::4f")}
"""The first and last of addresses to be shared."""
PREFIXES = {4: ("203.0.113.0/24", "10.2.0.0/24"), 6: ("2001:db8:9::/64", "fd00:2::/64")}
"""A public network, and that behind the dmz, which can be mapped to each other."""
PORTS = {"tcp": (80, 443, 22), "udp": (53, 123, 5000, 5001), "sctp": (80, 81)}
"""Ports that the conversations are about (`fwsim.fuzz.tcp`, `fwsim.fuzz.datagrams`, `fwsim.fuzz.sctp`)."""
NEW_PORTS = (80, 5353, 7000, 8080, 40_000)

NETWORKS = {
    4: {LAN: "10.1.0.", DMZ: "10.2.0."},
    6: {LAN: "fd00:1:", DMZ: "fd00:2:"},
}
"""How addresses behind an interface begin; all others lie behind the wan."""

LOCAL = tuple(address for family in (4, 6) for address in OWN[family].values())


def behind(address: str) -> str:
    """The interface that an address lies behind."""
    for name, beginning in NETWORKS[6 if ":" in address else 4].items():
        if address.startswith(beginning):
            return name
    return WAN


def pair(chance: Random) -> tuple[str, tuple[str, str]]:
    """Where a conversation begins, who begins it, and whom it is addressed to: hosts, public addresses, own ones."""
    family = chance.choice((4, 4, 6))
    name = chance.choice((LAN, LAN, LAN, WAN, WAN, DMZ))
    client = chance.choice(HOSTS[family][name])
    kind = chance.random()
    if kind < 0.5:
        other = chance.choice([one for one in HOSTS[family] if one != name])
        return name, (client, chance.choice(HOSTS[family][other]))
    if kind < 0.7:
        return name, (client, chance.choice(PUBLIC[family]))
    if kind < 0.95:
        return name, (client, OWN[family][chance.choice((WAN, WAN, name))])
    return name, (client, chance.choice(HOSTS[family][name]))
