"""What rules of random rulesets ask of packets, in nft's words.

Read first: nft(8), EXPRESSIONS. Every value is one that the traffic of `fwsim.fuzz.nat` may have, or lies beside.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fwsim.fuzz.nat.places import DMZ, HOSTS, LAN, NEW_PORTS, OWN, POOL, PORTS, PREFIXES, PUBLIC, WAN

IP = {4: "ip", 6: "ip6"}
ICMP = {4: "icmp", 6: "icmpv6"}
Making = Callable[[Random, int], str]
"""Makes a condition about packets of a family."""


def any_host(chance: Random, family: int) -> str:
    """An address that packets have, before or behind translation."""
    side = chance.choice((LAN, DMZ, WAN))
    return chance.choice((*HOSTS[family][side], OWN[family][side], chance.choice(PUBLIC[family])))


def addresses(chance: Random, family: int) -> str:
    """An address, several, a range or a network."""
    one = any_host(chance, family)
    kind = chance.random()
    if kind < 0.5:
        return one
    if kind < 0.7:
        return "{ " + ", ".join(sorted({one, any_host(chance, family)})) + " }"
    if kind < 0.8:
        return "-".join(POOL[family])
    network = {LAN: ("10.1.0.0/16", "fd00:1::/64")}.get(LAN, ("", ""))[family == 6]
    return chance.choice((network, *PREFIXES[family]))


def negated(chance: Random, value: str, share: float = 0.2) -> str:
    """The value, or anything else."""
    return f"!= {value}" if chance.random() < share else value


def comes_by(chance: Random, family: int) -> str:
    """By which interface it came in."""
    return f"iifname {negated(chance, chance.choice((LAN, DMZ, WAN)))}"


def leaves_by(chance: Random, family: int) -> str:
    """By which it goes out."""
    return f"oifname {negated(chance, chance.choice((WAN, WAN, LAN, DMZ)))}"


def source(chance: Random, family: int) -> str:
    """Where from."""
    return f"{IP[family]} saddr {negated(chance, addresses(chance, family))}"


def destination(chance: Random, family: int) -> str:
    """Where to."""
    return f"{IP[family]} daddr {negated(chance, addresses(chance, family))}"


def with_port(chance: Random, family: int) -> str:
    """A protocol with ports, and one of them."""
    proto = chance.choice(("tcp", "tcp", "udp", "udp", "sctp"))
    port = chance.choice((*PORTS[proto], *PORTS[proto], *NEW_PORTS))
    kind = chance.random()
    if kind < 0.6:
        return f"{proto} dport {port}"
    if kind < 0.75:
        return f"{proto} dport {{ {', '.join(map(str, PORTS[proto]))} }}"
    if kind < 0.85:
        return f"{proto} sport 1000-1050"
    return f"meta l4proto {proto}"


def protocol(chance: Random, family: int) -> str:
    """A protocol of any kind."""
    kind = chance.random()
    if kind < 0.7:
        return with_port(chance, family)
    if kind < 0.8:
        return f"{ICMP[family]} type echo-request"
    return "meta l4proto " + chance.choice((ICMP[family], "gre", "{ tcp, udp }", "112", f"{{ udp, {ICMP[family]} }}"))


def translated(chance: Random, family: int) -> str:
    """Whether its connection is translated."""
    return f"ct status {chance.choice(('dnat', 'snat', 'dnat,snat', 'seen-reply', 'assured'))}"


def state(chance: Random, family: int) -> str:
    """Its state."""
    return f"ct state {chance.choice(('new', 'established', 'related', 'invalid', 'established,related', 'untracked'))}"


def of_tuple(chance: Random, family: int) -> str:
    """An address or port of one of its connection's tuples."""
    side = chance.choice(("original", "reply"))
    if chance.random() < 0.3:
        end = chance.choice(("proto-dst", "proto-src"))
        return (
            f"meta l4proto {chance.choice(('tcp', 'udp'))} ct {side} {end} {chance.choice((80, 443, 53, *NEW_PORTS))}"
        )
    return f"ct {side} {IP[family]} {chance.choice(('saddr', 'daddr'))} {addresses(chance, family)}"


def direction(chance: Random, family: int) -> str:
    """Which way it goes."""
    return f"ct direction {chance.choice(('original', 'reply'))}"


BEFORE_ROUTING: tuple[Making, ...] = (comes_by, comes_by, destination, destination, source, protocol)
BEHIND_ROUTING: tuple[Making, ...] = (
    leaves_by, leaves_by, leaves_by, source, destination, protocol, translated, of_tuple, comes_by,
)  # fmt: skip
FILTERING: tuple[Making, ...] = (
    destination, source, comes_by, protocol, translated, translated, of_tuple, of_tuple, state, state, direction,
)  # fmt: skip


def some(chance: Random, family: int, makings: tuple[Making, ...], least: int, most: int) -> list[str]:
    """A few conditions of different kinds, of which one at most asks for a protocol: two could never hold."""
    found: dict[Making, str] = {}
    for _ in range(chance.randint(least, most)):
        making = chance.choice(makings)
        condition = making(chance, family)
        if not (has_protocol(condition) and any(map(has_protocol, found.values()))):
            found.setdefault(making, condition)
    return list(found.values())


def has_protocol(condition: str) -> bool:
    """Whether a condition asks for a protocol."""
    return condition.startswith(("tcp ", "udp ", "sctp ", "icmp", "meta l4proto"))
