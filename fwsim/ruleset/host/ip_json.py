"""The JSON of iproute2 as pydantic models: `ip -j link`, `ip -j addr`, `ip -j route`, `ip -j rule`.

Read first: `model`. Each is a list of objects, told apart by their keys; keys that say nothing to a firewall are
passed over. What stands in the models is what iproute2 6.1 prints, with `-d` or without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fwsim.ruleset.addresses import address, parse_interface_name, parse_macs
from fwsim.ruleset.mistakes import mistake, seen
from fwsim.ruleset.values import V4_BITS, V6_BITS

from .model import LOCAL, MAIN, ROUTE_KINDS, Address, Host, Link, Route

TABLES = {"local": LOCAL, "main": MAIN, "default": 253}
USUAL_RULES = {(0, "local"), (32766, "main"), (32767, "default")}
"""Priority and table of the rules that every machine has (ip-rule(8)); IPv6 lacks the last one."""
NO_MAC = 0
LAST_TABLE = (1 << 32) - 1

Span = tuple[int, int, int]
"""Family, first address, prefix length."""


def _text(raw: object) -> str:
    """Text; a JSON number or constant that stands for one is taken as it was written."""
    if isinstance(raw, bool) or not isinstance(raw, (str, int)):
        raise mistake(f"expected text, found {seen(raw)}")
    return str(raw)


def _address(raw: object) -> tuple[int, int]:
    """The family and number of an address."""
    return address(_text(raw))


def _destination(raw: object) -> Span | None:
    """The network of a route; None for `default`, whose family the other keys tell."""
    text = _text(raw)
    if text in ("default", "all"):
        return None
    base, slash, after = text.partition("/")
    family, number = address(base)
    bits = V4_BITS if family == 4 else V6_BITS
    if slash and not (after.isascii() and after.isdigit() and len(after) <= 3 and int(after) <= bits):
        raise mistake(f"expected a prefix length of 0 to {bits} in {seen(text)}")
    rest = bits - int(after) if slash else 0
    return family, number >> rest << rest, bits - rest


def _table(raw: object) -> int:
    """The number of a routing table; 0 for a name that only that machine knows."""
    text = _text(raw)
    if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LAST_TABLE:
        return int(text)
    return TABLES.get(text, 0)


def _kind(raw: object) -> str:
    """The type of a route."""
    text = _text(raw)
    if text not in ROUTE_KINDS:
        raise mistake(f"expected the type of a route ({', '.join(ROUTE_KINDS)}), found {seen(raw)}")
    return text


def _alike(family: int, number: tuple[int, int] | None) -> int | None:
    """The number of an address, if it is one of this family."""
    return number[1] if number is not None and number[0] == family else None


Name = Annotated[str, BeforeValidator(parse_interface_name)]
Text = Annotated[str, BeforeValidator(_text)]
Number = Annotated[tuple[int, int], BeforeValidator(_address)]


class Listed(BaseModel):
    """An object of a listing."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class InfoData(Listed):
    """What `-d` tells of a device's kind."""

    id: Any = None


class LinkInfo(Listed):
    """The kind of a device (`-d`)."""

    info_kind: Text | None = None
    info_data: InfoData | None = None


class AddrInfo(Listed):
    """One address of a device."""

    family: Text = ""
    local: Number | None = None
    address: Number | None = None
    prefixlen: Annotated[int, Field(ge=0, le=V6_BITS)] = V6_BITS
    broadcast: Number | None = None
    noprefixroute: bool = False
    secondary: bool = False
    temporary: bool = False
    deprecated: bool = False


class IpLink(Listed):
    """A device in `ip -j link` and `ip -j addr`."""

    ifname: Name
    flags: tuple[Text, ...] = ()
    link_type: Text = ""
    address: Any = None
    link: Name | None = None
    master: Name | None = None
    linkinfo: LinkInfo | None = None
    addr_info: tuple[AddrInfo, ...] = ()

    def as_link(self) -> Link:
        """The device."""
        info = self.linkinfo or LinkInfo()
        vlan = info.info_data.id if info.info_kind == "vlan" and info.info_data is not None else None
        if vlan is not None and not (type(vlan) is int and 0 <= vlan < 4096):
            vlan = None
        loopback = "LOOPBACK" in self.flags
        return Link(
            self.ifname, self._mac(), loopback, info.info_kind or None, vlan,
            self.link if vlan is not None else None, self.master,
        )  # fmt: skip

    def _mac(self) -> int | None:
        """The MAC of an Ethernet device."""
        if self.link_type != "ether" or not isinstance(self.address, str):
            return None
        found = parse_macs(self.address)[0]
        return found if found != NO_MAC else None

    def as_addresses(self) -> Iterable[Address]:
        """Its addresses of IPv4 and IPv6."""
        for info in self.addr_info:
            if info.family not in ("inet", "inet6") or info.local is None:
                continue
            family, number = info.local
            yield Address(
                self.ifname,
                family,
                number,
                min(info.prefixlen, V4_BITS if family == 4 else V6_BITS),
                _alike(family, info.address),
                _alike(family, info.broadcast),
                not info.noprefixroute,
                info.secondary or info.temporary or info.deprecated,
            )


class NextHop(Listed):
    """One of several next hops."""

    dev: Name | None = None
    flags: tuple[Text, ...] = ()
    gateway: Any = None
    via: Any = None


class IpRoute(Listed):
    """A route in `ip -j route`."""

    dst: Annotated[Span | None, BeforeValidator(_destination)]
    type: Annotated[str, BeforeValidator(_kind)] = "unicast"
    dev: Name | None = None
    nexthops: tuple[NextHop, ...] = ()
    flags: tuple[Text, ...] = ()
    gateway: Number | None = None
    via: Any = None
    prefsrc: Number | None = None
    table: Annotated[int, BeforeValidator(_table)] = MAIN
    metric: Annotated[int, Field(ge=0)] = 0
    protocol: Text = ""
    pref: Text | None = None

    def as_route(self) -> Route | None:
        """The route; None if it leads nowhere any more (its device is down)."""
        hops = self.nexthops or (NextHop(dev=self.dev, flags=self.flags, gateway=self.gateway, via=self.via),)
        alive = tuple(hop.dev for hop in hops if hop.dev is not None and "dead" not in hop.flags)
        if any(hop.dev is not None for hop in hops) and not alive:
            return None
        family, number, prefix = self.dst or (self._family(), 0, 0)
        return Route(
            family,
            number,
            prefix,
            self.type,
            alive if self.type in ("unicast", "local", "broadcast", "anycast", "multicast") else (),
            self.table,
            self.metric,
            _alike(family, self.prefsrc),
            self.protocol == "kernel" and self.gateway is None and not self.nexthops,
            any(hop.gateway is not None or hop.via is not None for hop in hops),
        )

    def _family(self) -> int:
        """That of a default route: only those of IPv6 have a router preference, and addresses tell it."""
        for known in (self.gateway, self.prefsrc):
            if known is not None:
                return known[0]
        return 6 if self.pref is not None else 4


class IpRule(Listed):
    """A rule of policy routing in `ip -j rule`."""

    priority: int
    table: Text = ""
    src: Text = "all"
    srclen: int | None = None

    def text(self) -> str | None:
        """Its main parts as `ip rule` prints them; None for one that every machine has."""
        if (self.priority, self.table) in USUAL_RULES and self.src == "all":
            return None
        length = f"/{self.srclen}" if self.srclen is not None else ""
        return f"{self.priority}: from {self.src}{length} lookup {self.table}".strip()


def kind_of(item: Mapping[str, Any]) -> type[Listed] | None:
    """What an object of a listing is, by its keys."""
    if "ifname" in item:
        return IpLink
    if "dst" in item and "priority" not in item:
        return IpRoute
    return IpRule if "priority" in item else None


def host_of(items: Iterable[Listed]) -> Host:
    """What the objects of a listing say together."""
    links: dict[str, Link] = {}
    addresses: set[Address] = set()
    routes: set[Route] = set()
    rules: set[str] = set()
    for item in items:
        if isinstance(item, IpLink):
            link = item.as_link()
            links[link.name] = link.completed(links[link.name]) if link.name in links else link
            addresses.update(item.as_addresses())
        elif isinstance(item, IpRoute):
            route = item.as_route()
            routes |= {route} if route is not None else set()
        elif isinstance(item, IpRule):
            text = item.text()
            rules |= {text} if text is not None else set()
    return Host(links=links, addresses=frozenset(addresses), routes=frozenset(routes), rules=frozenset(rules))
