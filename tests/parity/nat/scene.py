"""Network namespaces: a gateway with `lan`, `dmz` and `wan`, and who lives behind them.

Read first: network_namespaces(7), veth(4). One process plays all parts: a socket belongs to the namespace in which it
was made, so `within` is entered only to make it. The process itself is the gateway. Addresses of neighbours are fixed,
so nobody asks for them. Nothing is left when the process ends.

    inside  10.1.0.11 .12 .20   -- lan  10.1.0.1         (fd00:1::/64)
    server  10.2.0.2            -- dmz  10.2.0.1         (fd00:2::/64)
    outside 198.51.100.254      -- wan  198.51.100.1-4   (2001:db8:51::/64)
            203.0.113.80 .81    (2001:db8:80::80)
    far     192.0.2.9, behind outside by a link with an MTU of 1280 (2001:db8:9::9)
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pyroute2 import IPRoute

from fwsim.kernel.namespace import CLONE_NEWNET, enter, has_sysctl, unshare, write_sysctl

GATEWAY = "gateway"
DEVICES = ("lan", "dmz", "wan")
"""Of the gateway."""

HOSTS = {"inside": "lan", "server": "dmz", "outside": "wan"}
"""Who is at the other end of a device of the gateway."""

ADDRESSES = {
    ("gateway", "lan"): ("10.1.0.1/24", "fd00:1::1/64"),
    ("gateway", "dmz"): ("10.2.0.1/24", "fd00:2::1/64"),
    ("gateway", "wan"): (
        "198.51.100.1/24",
        "198.51.100.2/24",
        "198.51.100.3/24",
        "198.51.100.4/24",
        "2001:db8:51::1/64",
    ),
    ("inside", "lan0"): (
        *("10.1.0.11/24", "10.1.0.12/24", "10.1.0.20/24"),
        *("fd00:1::11/64", "fd00:1::12/64", "fd00:1::20/64"),
    ),
    ("server", "dmz0"): ("10.2.0.2/24", "fd00:2::2/64"),
    ("outside", "wan0"): (
        *("198.51.100.254/24", "203.0.113.80/32", "203.0.113.81/32"),
        *("2001:db8:51::fe/64", "2001:db8:80::80/128", "2001:db8:80::81/128"),
    ),
    ("outside", "link"): ("192.0.2.1/24", "2001:db8:9::1/64"),
    ("far", "link0"): ("192.0.2.9/24", "2001:db8:9::9/64"),
}

MTU_OF_THE_LAST_LINK = 1280

EVERYWHERE = ("0.0.0.0/0", "::/0")
OUTSIDE = ("10.0.0.0/8", "198.51.100.64/26", "fd00::/16", "2001:db8:77::/64")
"""What somebody outside sends to the gateway, beside its own networks."""

ROUTES = {
    "gateway": ("wan", ("198.51.100.254", "2001:db8:51::fe"), EVERYWHERE),
    "inside": ("lan0", ("10.1.0.1", "fd00:1::1"), EVERYWHERE),
    "server": ("dmz0", ("10.2.0.1", "fd00:2::1"), EVERYWHERE),
    "outside": ("wan0", ("198.51.100.1", "2001:db8:51::1"), OUTSIDE),
    "far": ("link0", ("192.0.2.1", "2001:db8:9::1"), EVERYWHERE),
}
"""Of each host: a device, the next hop by it (IPv4, IPv6), and what lies there."""

SETTINGS: dict[str, int] = {
    "net/ipv6/conf/{}/addr_gen_mode": 1,
    "net/ipv6/conf/{}/accept_dad": 0,
    "net/ipv6/conf/{}/dad_transmits": 0,
    "net/ipv6/conf/{}/accept_ra": 0,
    "net/ipv6/conf/{}/router_solicitations": 0,
    "net/ipv4/conf/{}/send_redirects": 0,
    "net/ipv4/conf/{}/rp_filter": 0,
}
FORWARDING: dict[str, int] = {"net/ipv4/ip_forward": 1, "net/ipv6/conf/all/forwarding": 1}
FOR_ALL: dict[str, int] = {
    "net/ipv4/conf/all/rp_filter": 0,
    "net/ipv4/conf/all/send_redirects": 0,
    "net/ipv4/icmp_ratelimit": 0,
    "net/ipv6/icmp/ratelimit": 0,
    "net/ipv4/tcp_syn_linear_timeouts": 0,
}

PATIENCE = 5.0
SETNS_NETWORK = CLONE_NEWNET


@dataclass
class Scene:
    """The namespaces, by the name of who lives in them."""

    files: dict[str, int] = field(default_factory=dict)
    """Descriptors that keep them, and lead back into them."""

    @contextmanager
    def within(self, who: str) -> Iterator[None]:
        """Be there for as long as the block lasts, and in the gateway again behind it."""
        go(self.files[who])
        try:
            yield
        finally:
            go(self.files[GATEWAY])

    def socket(self, who: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket of somebody's."""
        with self.within(who):
            made = socket.socket(family, kind, protocol)
        made.settimeout(PATIENCE)
        return made


def go(descriptor: int) -> None:
    """Enter a namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, SETNS_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def build(*, offload: bool = False) -> Scene:
    """Make all of it. The process becomes the gateway, for good."""
    scene = Scene()
    enter()
    scene.files[GATEWAY] = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    for who in ("inside", "server", "outside", "far"):
        refused = unshare(CLONE_NEWNET)
        if refused:
            raise OSError(f"unshare(CLONE_NEWNET): {refused}")
        scene.files[who] = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    for who, device in HOSTS.items():
        link(scene, (GATEWAY, device), (who, f"{device}0"))
    link(scene, ("outside", "link"), ("far", "link0"), mtu=MTU_OF_THE_LAST_LINK)
    for who in scene.files:
        with scene.within(who):
            furnish(who, offload=offload)
    return scene


def link(scene: Scene, one: tuple[str, str], other: tuple[str, str], **more: int) -> None:
    """A pair of devices between two namespaces."""
    with scene.within(one[0]), IPRoute() as ip:
        ip.link("add", ifname=one[1], kind="veth", peer={"ifname": other[1], "net_ns_fd": scene.files[other[0]]})
    for who, name in (one, other):
        with scene.within(who), IPRoute() as ip:
            ip.link("set", index=index_of(ip, name), address=mac_of(name), **more)


def index_of(ip: Any, name: str) -> int:
    """The number of a device."""
    found: int = ip.link_lookup(ifname=name)[0]
    return found


def mac_of(name: str) -> str:
    """The MAC of a device, made of its name."""
    return "02:" + name.ljust(5, "\0").encode()[:5].hex(":")


def furnish(who: str, *, offload: bool) -> None:
    """Switch on the devices of the namespace we are in: settings, addresses, neighbours, routes."""
    settings = FOR_ALL | (FORWARDING if who in (GATEWAY, "outside") else {})
    for name, value in settings.items():
        if has_sysctl(name):
            write_sysctl(name, value)
    with IPRoute() as ip:
        ip.link("set", index=1, state="up")
        for (owner, device), addresses in ADDRESSES.items():
            if owner == who:
                bring_up(ip, device, addresses, offload=offload)
        device, hops, networks = ROUTES[who]
        for network in networks:
            family = socket.AF_INET6 if ":" in network else socket.AF_INET
            hop = hops[family == socket.AF_INET6]
            ip.route("add", dst=network, gateway=hop, oif=index_of(ip, device), family=family)
        if who == GATEWAY:
            back(ip)


def back(ip: Any) -> None:
    """The gateway's routes to addresses behind the outside: the default route leads there already."""
    ip.route("add", dst="203.0.113.0/24", gateway="198.51.100.254", oif=index_of(ip, "wan"))


def bring_up(ip: Any, device: str, addresses: tuple[str, ...], *, offload: bool) -> None:
    """Configure a device."""
    for name, value in SETTINGS.items():
        if has_sysctl(name.format(device)):
            write_sysctl(name.format(device), value)
    if not offload:
        switch_off_offloads(device)
    index = index_of(ip, device)
    ip.link("set", index=index, state="up")
    for address in addresses:
        plain, length = address.split("/")
        ip.addr("add", index=index, address=plain, prefixlen=int(length))
    for owner, name in ADDRESSES:
        if peer_of(device) == name:
            for address in ADDRESSES[owner, name]:
                ip.neigh("add", dst=address.split("/")[0], lladdr=mac_of(name), ifindex=index, state="permanent")


def peer_of(device: str) -> str:
    """The device at the other end."""
    return device[:-1] if device.endswith("0") else f"{device}0"


SIOCETHTOOL = 0x8946
ETHTOOL_OFF = (0x15, 0x17, 0x19, 0x1F, 0x24, 0x2C)
"""ETHTOOL_SRXCSUM, STXCSUM, SSG, STSO, SGSO, SGRO of linux/ethtool.h."""


def switch_off_offloads(device: str) -> None:
    """Let frames be what goes over a wire: with checksums, and no longer than the MTU."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in ETHTOOL_OFF:
            value = array.array("B", struct.pack("=II", command, 0))
            address, _ = value.buffer_info()
            request = struct.pack("=16sQ16x", device.encode(), address)
            try:
                fcntl.ioctl(control, SIOCETHTOOL, request)
            except OSError as error:
                if error.errno != 95:  # EOPNOTSUPP: then it is never on
                    raise
