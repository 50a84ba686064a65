"""The statements that translate, in nft's words, each with what must be asked before it.

Read first: nft(8), NAT STATEMENTS. Where the kernel draws ports (`random`, ranges of ports for sources) nobody can say
which: these are rare, for the rest of the traffic is to be comparable.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fwsim.fuzz.nat.conditions import ICMP, IP
from fwsim.fuzz.nat.places import DMZ, HOSTS, LAN, NEW_PORTS, OWN, POOL, PORTS, PREFIXES, PUBLIC, WAN

Making = Callable[[Random, int, str], tuple[str, str]]
"""Makes a condition (it may be empty) and a statement; the word is what names the family where the table does not."""


def to(chance: Random, family: int, address: str, port: str = "") -> str:
    """An address, with a port behind it."""
    if not port:
        return address
    return f"[{address}]:{port}" if family == 6 else f"{address}:{port}"


def server(chance: Random, family: int) -> str:
    """Where connections from outside are led."""
    return chance.choice((*HOSTS[family][LAN], *HOSTS[family][DMZ], *HOSTS[family][DMZ], OWN[family][LAN]))


def source(chance: Random, family: int) -> str:
    """Behind which address connections from inside are hidden."""
    return chance.choice((OWN[family][WAN], OWN[family][WAN], *PUBLIC[family], OWN[family][DMZ]))


def dnat(chance: Random, family: int, word: str) -> tuple[str, str]:
    """To an address."""
    return "", f"dnat{word} to {server(chance, family)}"


def dnat_port(chance: Random, family: int, word: str) -> tuple[str, str]:
    """To an address and a port, or one of some ports."""
    proto = chance.choice(("tcp", "udp", "sctp"))
    port = str(chance.choice((*NEW_PORTS, *PORTS[proto])))
    if chance.random() < 0.3:
        port = chance.choice(("7000-7003", "50-60", "79-81"))
    asked = f"{proto} dport {chance.choice(PORTS[proto])}" if chance.random() < 0.8 else f"meta l4proto {proto}"
    return asked, f"dnat{word} to {to(chance, family, server(chance, family), port)}"


def dnat_range(chance: Random, family: int, word: str) -> tuple[str, str]:
    """To one of some addresses."""
    low, high = chance.choice((HOSTS[family][DMZ], HOSTS[family][LAN], (HOSTS[family][LAN][0],) * 2))
    flag = " persistent" if chance.random() < 0.3 else ""
    return "", f"dnat{word} to {low}-{high}{flag}"


def dnat_map(chance: Random, family: int, word: str) -> tuple[str, str]:
    """To an address by the port."""
    proto = chance.choice(("tcp", "udp"))
    ports = chance.sample(PORTS[proto], 2)
    elements = ", ".join(f"{port} : {server(chance, family)}" for port in ports)
    return f"meta l4proto {proto}", f"dnat{word} to {proto} dport map {{ {elements} }}"


def dnat_map_of_addresses(chance: Random, family: int, word: str) -> tuple[str, str]:
    """To an address by the address."""
    elements = ", ".join(f"{public} : {server(chance, family)}" for public in PUBLIC[family][:2])
    return "", f"dnat{word} to {IP[family]} daddr map {{ {elements} }}"


def dnat_prefix(chance: Random, family: int, word: str) -> tuple[str, str]:
    """A public network to the one inside."""
    return f"{IP[family]} daddr {PREFIXES[family][0]}", f"dnat {IP[family]} prefix to {PREFIXES[family][1]}"


def redirect(chance: Random, family: int, word: str) -> tuple[str, str]:
    """To the firewall itself."""
    if chance.random() < 0.4:
        return "", "redirect"
    proto = chance.choice(("tcp", "udp"))
    return f"{proto} dport {chance.choice(PORTS[proto])}", f"redirect to :{chance.choice((*NEW_PORTS, '7000-7002'))}"


def dnat_with_icmp(chance: Random, family: int, word: str) -> tuple[str, str]:
    """To an address and a port, which is the id of a query."""
    statement = f"dnat{word} to {to(chance, family, server(chance, family), str(chance.choice(NEW_PORTS)))}"
    return f"meta l4proto {{ udp, {ICMP[family]} }}", statement


def snat(chance: Random, family: int, word: str) -> tuple[str, str]:
    """From an address."""
    return "", f"snat{word} to {source(chance, family)}"


def masquerade(chance: Random, family: int, word: str) -> tuple[str, str]:
    """From the address of the interface."""
    return "", "masquerade"


def snat_range(chance: Random, family: int, word: str) -> tuple[str, str]:
    """From one of some addresses."""
    flag = " persistent" if chance.random() < 0.4 else ""
    return "", f"snat{word} to {'-'.join(POOL[family])}{flag}"


def snat_ports(chance: Random, family: int, word: str) -> tuple[str, str]:
    """From an address, and ports that most connections have, so that few are drawn; or one port."""
    proto = chance.choice(("tcp", "udp", "sctp"))
    ports = chance.choice(("1000-1100", "0-65535", "1000-1030", "4000"))
    if chance.random() < 0.4:
        return f"meta l4proto {proto}", f"masquerade to :{ports.replace('0-65535', '1-65535')}"
    return f"meta l4proto {proto}", f"snat{word} to {to(chance, family, source(chance, family), ports)}"


def snat_prefix(chance: Random, family: int, word: str) -> tuple[str, str]:
    """The network inside as a public one."""
    return f"{IP[family]} saddr {PREFIXES[family][1]}", f"snat {IP[family]} prefix to {PREFIXES[family][0]}"


def snat_map(chance: Random, family: int, word: str) -> tuple[str, str]:
    """From an address by the address."""
    elements = ", ".join(f"{host} : {source(chance, family)}" for host in HOSTS[family][LAN])
    return "", f"snat{word} to {IP[family]} saddr map {{ {elements} }}"


def drawn(chance: Random, family: int, word: str) -> tuple[str, str]:
    """From a port that is drawn."""
    return "", chance.choice(("masquerade random", "masquerade fully-random"))


def verdict(chance: Random, family: int, word: str) -> tuple[str, str]:
    """No translation."""
    return "", chance.choice(("accept", "return", "drop"))


DESTINATION: tuple[Making, ...] = (
    *(dnat,) * 4, *(dnat_port,) * 5, *(dnat_range,) * 2, *(dnat_map,) * 2, dnat_map_of_addresses, *(dnat_prefix,) * 2,
    *(redirect,) * 3, dnat_with_icmp, verdict,
)  # fmt: skip
SOURCE: tuple[Making, ...] = (
    *(snat,) * 4, *(masquerade,) * 7, *(snat_range,) * 2, *(snat_ports,) * 2, *(snat_prefix,) * 2, snat_map, verdict,
)  # fmt: skip
RARE: tuple[Making, ...] = (drawn,)
AT_INPUT: tuple[Making, ...] = (*(snat,) * 4, snat_range, snat_map, verdict)
