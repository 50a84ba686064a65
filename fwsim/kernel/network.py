"""The network inside the namespace: a TAP device for each interface, and routes as the topology has them.

Read first: Documentation/networking/tuntap.rst; ip-sysctl.rst. A frame written to a TAP device goes through receive,
tracking, rules and transmit before write(2) returns, with no offload and no reordering. Nothing here sends on its own:
no ARP, no neighbour discovery, no reports of group membership leave the namespace or touch a connection.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from fwsim.errors import KernelError
from fwsim.kernel.namespace import TUN, has_sysctl, write_sysctl
from fwsim.kernel.orders import Route, RouteKind

TUNSETIFF = 0x400454CA
TUNSETPERSIST = 0x400454CB
IFF_TAP = 2
IFF_NO_PI = 0x1000
IFF_NOARP = 1 << 7
TABLE_LOCAL = 255
SCOPE_LINK, SCOPE_HOST = 253, 254
LOOPBACK_INDEX = 1
OTHERS = 3
"""The last devices, which stand for no interface (`fwsim.kernel.plan.Devices`)."""

MTU_MAX = 65521
"""The largest of a TAP device: 65535 without the Ethernet header."""

GATEWAYS = {4: "169.254.255.254", 6: "fe80::ffff:ffff"}
"""The next hop on every device; so the neighbour table holds one entry for each, however many hosts lie behind."""

OWN_ADDRESS = "fe80::ffff:fffe:"
"""Without any IPv6 address on a device, raw sockets refuse to send there; this one begins such an address."""

EVERYWHERE = {4: "0.0.0.0/0", 6: "::/0"}
DETOUR, DECLARED, LAST_RESORT = 1, 100, 10_000
"""Metrics: of a route in place of one of the topology's, of these, and of one that only a packet bound to its device
takes."""

FOR_ALL: dict[str, int | str] = {
    "net/ipv4/ip_forward": 1,
    "net/ipv6/conf/all/forwarding": 1,
    "net/ipv4/ip_no_pmtu_disc": 2,  # what packets say of path MTUs changes no route
    "net/ipv4/icmp_echo_ignore_all": 1,
    "net/ipv4/igmp_max_memberships": 1000,
    "net/ipv4/conf/all/rp_filter": 0,
    "net/ipv4/conf/all/accept_redirects": 0,
    "net/ipv4/conf/all/send_redirects": 0,
    "net/ipv4/conf/all/log_martians": 0,
    "net/ipv4/conf/all/accept_source_route": 0,
    "net/ipv6/max_hbh_opts_number": 8,
    "net/ipv6/conf/all/disable_ipv6": 0,
    "net/ipv6/icmp/echo_ignore_all": 1,
}
"""Settings of the namespace; those that a kernel does not have are left out."""

FOR_EACH: dict[str, int | str] = {
    "net/ipv6/conf/{}/disable_ipv6": 0,
    "net/ipv6/conf/{}/addr_gen_mode": 1,  # no address of its own
    "net/ipv6/conf/{}/accept_ra": 0,
    "net/ipv6/conf/{}/accept_dad": 0,
    "net/ipv6/conf/{}/accept_redirects": 0,
    "net/ipv6/conf/{}/router_solicitations": 0,
    "net/ipv6/conf/{}/forwarding": 1,
    "net/ipv4/conf/{}/rp_filter": 0,
    "net/ipv4/conf/{}/send_redirects": 0,
    "net/ipv4/conf/{}/accept_redirects": 0,
    "net/ipv4/conf/{}/log_martians": 0,
    "net/ipv4/conf/{}/accept_source_route": 0,
}
"""The same for each device."""


@dataclass
class Network:
    """TAP devices by their number: names, file descriptors, indices, and the MACs that frames are sent to."""

    names: Sequence[str]
    descriptors: list[int] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    macs: list[bytes] = field(default_factory=list)
    later: Any = None
    """The netlink socket for detours, once there are any."""

    def build(self, routes: Sequence[Route]) -> None:
        """Make the devices and the routes."""
        for name, value in FOR_ALL.items():
            if has_sysctl(name):
                write_sysctl(name, value)
        with IPRoute() as ip:
            with named("loopback device"):
                ip.link("set", index=LOOPBACK_INDEX, state="up")
            for number, name in enumerate(self.names):
                self.descriptors.append(tap(name))
                self.macs.append(bytes([2, 0xFF, 0, 0, number >> 8, number & 0xFF]))
                with named(f"device {name}"):
                    self._set_up(ip, name, self.macs[-1])
            for route in routes:
                with named(f"route to {route.network}"):
                    self._add(ip, route)

    def _set_up(self, ip: Any, name: str, mac: bytes) -> None:
        """Configure a device and switch it on."""
        index = ip.link_lookup(ifname=name)[0]
        self.indices.append(index)
        for sysctl, value in FOR_EACH.items():
            if has_sysctl(sysctl.format(name)):
                write_sysctl(sysctl.format(name), value)
        ip.link("set", index=index, address=":".join(f"{octet:02x}" for octet in mac), mtu=MTU_MAX)
        ip.link("set", index=index, flags=IFF_NOARP, change=IFF_NOARP)
        ip.link("set", index=index, state="up")
        ip.addr("add", index=index, address=f"{OWN_ADDRESS}{index:x}", prefixlen=128)
        ip.route("add", dst="fe80::/10", oif=index, family=socket.AF_INET6, priority=index)
        for version in (4, 6):
            self.lead(ip, EVERYWHERE[version], len(self.indices) - 1, "add", priority=LAST_RESORT + index)

    def _add(self, ip: Any, route: Route) -> None:
        """Add one route."""
        family = socket.AF_INET6 if route.version == 6 else socket.AF_INET
        local = {"dst": route.network, "table": TABLE_LOCAL, "family": family, "type": int(route.kind)}
        if route.kind == RouteKind.FORWARD:
            self.lead(ip, route.network, route.device, "replace", priority=DECLARED)
        elif route.kind == RouteKind.REFUSE:
            ip.route("replace", dst=route.network, family=family, type=int(route.kind), priority=DECLARED)
        elif route.kind == RouteKind.BROADCAST:
            ip.route("replace", oif=self.indices[route.device], scope=SCOPE_LINK, **local)
        elif ip_network(route.network).is_link_local and route.version == 6:
            for index in self.indices:  # such an address is looked for on the packet's own link only
                ip.route("add", oif=index, priority=index, **local)
        elif route.network.endswith("/32"):
            # an address, not a route: routes in the local table of one's own turn the check of sources on that knows
            # broadcast addresses (`fib_has_custom_local_routes`), which an ordinary router does not make
            address = route.network.removesuffix("/32")
            if not ip_network(route.network).is_loopback:
                ip.addr("replace", index=self._home(route), address=address, prefixlen=32)
        elif route.network.endswith("/128") and self._home(route) != LOOPBACK_INDEX:
            ip.addr("replace", index=self._home(route), address=route.network.removesuffix("/128"), prefixlen=128)
        else:
            ip.route("replace", oif=LOOPBACK_INDEX, scope=SCOPE_HOST, **local)

    def _home(self, route: Route) -> int:
        """The index of the device that has a local address: one of an interface, else the loopback device."""
        return self.indices[route.device] if route.device < len(self.names) - OTHERS else LOOPBACK_INDEX

    def redirect(self, network: str, device: int) -> None:
        """Lead a network out by another device from now on."""
        self.later = self.later or IPRoute()
        with named(f"detour to {network}"):
            self.lead(self.later, network, device, "replace", priority=DETOUR)

    def restore(self, network: str, device: int) -> None:
        """Lead it as before again."""
        with named(f"end of the detour to {network}"):
            self.lead(self.later, network, device, "del", priority=DETOUR)

    def lead(self, ip: Any, network: str, device: int, command: str, **more: int) -> None:
        """Send what is for a network out by a device."""
        version = 6 if ":" in network else 4
        family = socket.AF_INET6 if version == 6 else socket.AF_INET
        hop = {"gateway": GATEWAYS[version], "oif": self.indices[device], "flags": ("onlink",)}
        ip.route(command, dst=network, family=family, **hop, **more)


@contextmanager
def named(what: str) -> Iterator[None]:
    """Say what the kernel would not do, and its error."""
    try:
        yield
    except NetlinkError as error:
        raise KernelError(f"netlink, {what}: {os.strerror(error.code)}") from None


def tap(name: str) -> int:
    """Make a TAP device. It ends with its namespace: to unregister one by one behind their processes takes long."""
    try:
        descriptor = os.open(TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise KernelError(f"opening {TUN}: {error.strerror}; it needs the module tun, and to be readable") from None
    try:
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22s", name.encode(), IFF_TAP | IFF_NO_PI, b""))
        fcntl.ioctl(descriptor, TUNSETPERSIST, 1)
    except OSError as error:
        os.close(descriptor)
        raise KernelError(f"ioctl(TUNSETIFF) for {name}: {error.strerror}") from None
    return descriptor
