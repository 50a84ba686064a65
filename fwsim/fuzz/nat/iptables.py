"""Random rulesets that translate, as iptables-save writes them.

Read first: iptables-extensions(8): DNAT, SNAT, MASQUERADE, REDIRECT, NETMAP, conntrack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from fwsim.fuzz.nat.conditions import any_host
from fwsim.fuzz.nat.places import DMZ, HOSTS, LAN, NEW_PORTS, OWN, POOL, PORTS, PREFIXES, PUBLIC, WAN
from fwsim.fuzz.nat.statements import server, source

FAMILY = 4
Making = Callable[[Random], str]


def saved(chance: Random) -> str:
    """The tables nat and filter, of IPv4."""
    lines = ["*nat", ":PREROUTING ACCEPT [0:0]", ":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    lines += [":POSTROUTING ACCEPT [0:0]", *nat_rules(chance), "COMMIT", "*filter", ":INPUT ACCEPT [0:0]"]
    lines += [f":FORWARD {chance.choice(('ACCEPT', 'DROP'))} [0:0]", ":OUTPUT ACCEPT [0:0]", *filter_rules(chance)]
    return "\n".join([*lines, "COMMIT", ""])


def nat_rules(chance: Random) -> Iterator[str]:
    """Rules of the table nat."""
    for _ in range(chance.randint(1, 5)):
        ports = chance.random() < 0.6
        matches = [*ends(chance, "-i"), *([with_port(chance)] if ports else [])]
        target = chance.choice((*TO_DESTINATION, *(WITH_PORTS if ports else ())))(chance)
        yield " ".join(["-A PREROUTING", *matches, "-j", target])
    for _ in range(chance.randint(1, 4)):
        yield " ".join(["-A POSTROUTING", *ends(chance, "-o"), "-j", chance.choice(TO_SOURCE)(chance)])


def filter_rules(chance: Random) -> Iterator[str]:
    """Rules of the table filter."""
    yield "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    for chain in ("FORWARD",) * chance.randint(2, 6) + ("INPUT",) * chance.randint(0, 3):
        matches = [*ends(chance, "-i"), chance.choice(OF_CONNECTION)(chance)]
        yield " ".join([f"-A {chain}", *matches, "-j", chance.choice(("ACCEPT", "ACCEPT", "DROP", "REJECT"))])


def ends(chance: Random, option: str) -> Iterator[str]:
    """An interface and addresses."""
    not_ = "! " if chance.random() < 0.2 else ""
    if chance.random() < 0.6:
        yield f"{not_}{option} {chance.choice((LAN, WAN, WAN, DMZ))}"
    if chance.random() < 0.3:
        yield f"-s {any_host(chance, FAMILY)}/32"
    if chance.random() < 0.3:
        yield f"-d {any_host(chance, FAMILY)}/32"


def with_port(chance: Random) -> str:
    """A protocol and a port."""
    proto = chance.choice(("tcp", "udp"))
    return f"-p {proto} -m {proto} --dport {chance.choice(PORTS[proto])}"


TO_DESTINATION: tuple[Making, ...] = (
    lambda chance: f"DNAT --to-destination {server(chance, FAMILY)}",
    lambda chance: f"DNAT --to-destination {'-'.join(HOSTS[FAMILY][DMZ])}",
    lambda chance: f"DNAT --to-destination {'-'.join(HOSTS[FAMILY][DMZ])} --persistent",
    lambda chance: "REDIRECT",
    lambda chance: f"NETMAP --to {PREFIXES[FAMILY][1]}",
    lambda chance: chance.choice(("ACCEPT", "RETURN")),
)
WITH_PORTS: tuple[Making, ...] = (
    lambda chance: f"DNAT --to-destination {server(chance, FAMILY)}:{chance.choice(NEW_PORTS)}",
    lambda chance: f"DNAT --to-destination {server(chance, FAMILY)}:7000-7003",
    lambda chance: f"DNAT --to-destination :{chance.choice(NEW_PORTS)}",
    lambda chance: f"REDIRECT --to-ports {chance.choice((*NEW_PORTS, '7000-7002'))}",
)
TO_SOURCE: tuple[Making, ...] = (
    lambda chance: "MASQUERADE",
    lambda chance: "MASQUERADE",
    lambda chance: f"SNAT --to-source {source(chance, FAMILY)}",
    lambda chance: f"SNAT --to-source {'-'.join(POOL[FAMILY])}",
    lambda chance: f"SNAT --to-source {'-'.join(POOL[FAMILY])} --persistent",
    lambda chance: f"NETMAP --to {PREFIXES[FAMILY][0]}",
    lambda chance: "ACCEPT",
)
OF_CONNECTION: tuple[Making, ...] = (
    lambda chance: f"-m conntrack --ctstate {chance.choice(('DNAT', 'SNAT', 'NEW', 'INVALID', 'NEW,DNAT'))}",
    lambda chance: f"-m conntrack --ctorigdst {chance.choice((*PUBLIC[FAMILY], OWN[FAMILY][WAN]))}/32",
    lambda chance: f"-m conntrack --ctreplsrc {server(chance, FAMILY)}/32",
    lambda chance: f"-m conntrack --ctorigsrc {chance.choice(HOSTS[FAMILY][LAN])}/32",
    lambda chance: f"-m conntrack --ctdir {chance.choice(('ORIGINAL', 'REPLY'))}",
    lambda chance: f"-m conntrack --ctproto 6 --ctorigdstport {chance.choice(PORTS['tcp'])}",
    with_port,
)
