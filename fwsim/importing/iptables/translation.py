"""Targets that translate addresses: SNAT, DNAT, MASQUERADE, REDIRECT, NETMAP, TPROXY.

Read first: `extensions`, Nat in `fwsim.netfilter.steps`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fwsim.netfilter.steps import Assign, Nat, Term

from .extensions import INPUT, OUTPUT, POSTROUTING, PREROUTING, SCTP, TCP, UDP, Steps, Use, target
from .services import ANY_PROTOCOL
from .values import BITS, MOST_PORT, RefusedError, exact_address, number_or_none

NAT = ("nat",)
ICMP, ICMPV6, DCCP = 1, 58, 33
WITH_PORTS = (TCP, UDP, SCTP, DCCP, ICMP, ICMPV6)
FLAGS = ("random", "random-fully", "persistent")
ALL = 0xFFFFFFFF


class Ports(NamedTuple):
    """The lowest and highest port, and for a range that is moved the port that stands for its lowest."""

    range: tuple[int, int]
    base: int | None = None


def _port(text: str) -> int:
    """A port by number, or a service of any protocol."""
    number = number_or_none(text, 0, MOST_PORT)
    number = ANY_PROTOCOL.get(text) if number is None else number
    if number is None:
        raise RefusedError(f"`{text}` is no port")
    return number


def ports(text: str) -> Ports:
    """`80`, `80-90` or `80-90/85`."""
    whole, slash, base = text.partition("/")
    first, dash, last = (whole, "", "") if whole in ANY_PROTOCOL else whole.partition("-")
    low = _port(first)
    high = _port(last) if dash else low
    if high < low:
        raise RefusedError(f"`{text}` is no range of ports: the first is greater than the last")
    return Ports((low, high), _port(base) if slash else None)


def _needs_ports(use: Use) -> None:
    """Ports are given only where the packets have some."""
    if use.protocol_then not in WITH_PORTS:
        raise RefusedError(
            f"{use.extension.name}: ports need a protocol that has some in front: `-p tcp`, udp, sctp or dccp"
        )


def _parted(text: str, family: int) -> tuple[str, str]:
    """The addresses and the ports of `ADDRESS[-ADDRESS][:PORTS]`; IPv6 with ports stands in brackets."""
    if family == 4:
        addresses, _, port_text = text.partition(":")
        if text.endswith(":"):
            raise RefusedError(f"`{text}` ends before its port")
        return addresses, port_text
    if text.startswith("["):
        addresses, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")) or rest == ":":
            raise RefusedError(f"`{text}`: expected [ADDRESS]:PORT or [ADDRESS-ADDRESS]:PORT")
        return addresses, rest[1:]
    return text, ""


def _nat(use: Use, kind: str, option: str) -> Nat:
    """SNAT or DNAT."""
    text = use.given[option].value
    address_text, port_text = _parted(text, use.family)
    addresses = None
    if address_text or not port_text:
        first, dash, last = address_text.partition("-")
        low = exact_address(first, use.family)
        high = exact_address(last, use.family) if dash else low
        addresses = min(low, high), max(low, high)
    found = ports(port_text) if port_text else None
    if found is not None:
        _needs_ports(use)
    return _translated(use, kind, addresses, found)


def _translated(use: Use, kind: str, addresses: tuple[int, int] | None, found: Ports | None) -> Nat:
    """The step."""
    flags = {flag for flag in FLAGS if flag in use}
    if found is not None and found.base is not None:
        flags.add(f"base {found.base}")
    return Nat(kind, use.family, addresses, found.range if found else None, frozenset(flags), use.whole_text())


@target(
    "SNAT", "+ to-source text", "random flag", "random-fully flag", "persistent flag", tables=NAT,
    hooks=(POSTROUTING, INPUT),
)  # fmt: skip
def snat(use: Use) -> Steps:
    """xt_nat.c."""
    yield _nat(use, "snat", "to-source")


@target("DNAT", "+ to-destination text", "random flag", "persistent flag", tables=NAT, hooks=(PREROUTING, OUTPUT))
def dnat(use: Use) -> Steps:
    """xt_nat.c."""
    yield _nat(use, "dnat", "to-destination")


def _to_ports(use: Use, kind: str) -> Nat:
    """MASQUERADE or REDIRECT."""
    found = None
    if "to-ports" in use:
        _needs_ports(use)
        found = ports(use.given["to-ports"].value)
    return _translated(use, kind, None, found)


@target("MASQUERADE", "to-ports text", "random flag", "random-fully flag", tables=NAT, hooks=(POSTROUTING,))
def masquerade(use: Use) -> Steps:
    """xt_MASQUERADE.c."""
    yield _to_ports(use, "masquerade")


@target("REDIRECT", "to-ports text", "random flag", tables=NAT, hooks=(PREROUTING, OUTPUT))
def redirect(use: Use) -> Steps:
    """xt_REDIRECT.c."""
    yield _to_ports(use, "redirect")


@target("NETMAP", "+ to network", tables=NAT, hooks=(PREROUTING, POSTROUTING, OUTPUT, INPUT))
def netmap(use: Use) -> Steps:
    """xt_NETMAP.c."""
    found = use.given["to"].value
    hole = ~found.mask & ((1 << BITS[use.family]) - 1)
    last = found.address | hole if not hole & (hole + 1) else found.address
    yield Nat("netmap", use.family, (found.address, last), text=use.whole_text())


def _marked(use: Use) -> Iterable[Assign]:
    """The mark that TPROXY leaves."""
    value, mask = use.given["tproxy-mark"].value
    kept = ~mask & ALL
    yield Assign("mark", value, (Term("mark", kept),) if kept else (), use.given["tproxy-mark"].text, lenient=True)


@target(
    "TPROXY", "+ on-port port", "on-ip host", "tproxy-mark mark", tables=("mangle",), hooks=(PREROUTING,),
    protocols=(TCP, UDP),
)  # fmt: skip
def tproxy(use: Use) -> Steps:
    """xt_TPROXY.c."""
    if "tproxy-mark" in use and use.given["tproxy-mark"].value != (0, 0):
        yield from _marked(use)
    address = use.given["on-ip"].value if "on-ip" in use else 0
    port = use.given["on-port"].value
    yield Nat("tproxy", use.family, (address, address) if address else None, (port, port), text=use.whole_text())
