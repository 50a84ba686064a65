"""`--live`: links, addresses, routes and settings of the machine itself, as `ip` and `sysctl` would show them.

Read first: `fwsim.ruleset.host.ip_json`, in whose words netlink's are put, so that both give the same; rtnetlink(7).
Only dumps are asked for and only /proc/sys is read: nothing is written, and no privilege is needed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fwsim.errors import KernelError
from fwsim.ruleset.host import Host, united
from fwsim.ruleset.host.ip_json import TABLES, IpLink, IpRoute, IpRule, Listed, host_of
from fwsim.ruleset.host.model import ROUTE_KINDS
from fwsim.topology.settings import is_looked_at

IFF_LOOPBACK = 1 << 3
IFA_F_SECONDARY, IFA_F_DEPRECATED, IFA_F_NOPREFIXROUTE = 0x01, 0x20, 0x200
RTNH_F_DEAD = 1
ARPHRD_ETHER = 1
RTPROT_KERNEL = 2
FAMILIES = {2: "inet", 10: "inet6"}
KINDS = {number: word for word, number in ROUTE_KINDS.items()}
TABLE_NAMES = {number: name for name, number in TABLES.items()}

SYSCTLS = Path("/proc/sys")
FOLDERS = ("net/netfilter", "net/ipv4", "net/ipv6", "net/bridge")

Message = Mapping[str, Any]


def live_host() -> Host:
    """The machine as it is, in the network namespace of this process. Raises KernelError where that is not Linux."""
    if sys.platform != "linux":
        raise KernelError(f"--live asks Linux for its interfaces and routes, not {sys.platform}")
    from pyroute2 import IPRoute
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        with IPRoute() as ip:
            listed = host_of(_listed(ip))
    except (OSError, NetlinkError) as error:
        raise KernelError(f"--live: netlink: {error.strerror or error}") from None
    return united([listed, Host(sysctls=live_sysctls())])


def live_sysctls(root: Path = SYSCTLS) -> dict[str, str]:
    """The settings that matter here, by name; those that may not be read are left out."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = _name_of(path.relative_to(root))
            if not is_looked_at(name) or not os.access(path, os.R_OK) or not path.is_file():
                continue
            try:
                found[name] = path.read_text().strip()
            except OSError:  # one that can only be written, whatever its mode says
                continue
    return found


def _name_of(path: Path) -> str:
    """The name of a setting: dots between its parts, a slash for a dot in them."""
    return ".".join(part.replace(".", "/") for part in path.parts)


def _listed(ip: Any) -> Iterator[Listed]:
    """All that is listed, as `ip -j` would."""
    links = list(ip.get_links())
    names: dict[int | None, str] = {link["index"]: _attributes(link)["IFLA_IFNAME"] for link in links}
    addresses: dict[int, list[dict[str, Any]]] = {}
    for address in ip.get_addr():
        if address["family"] in FAMILIES:
            addresses.setdefault(address["index"], []).append(_address(address))
    for link in links:
        yield IpLink.model_validate({**_link(link, names), "addr_info": addresses.get(link["index"], [])})
    for family in FAMILIES:
        for route in ip.get_routes(family=family):
            if route["type"] in KINDS:
                yield IpRoute.model_validate(_route(route, names))
        for rule in ip.get_rules(family=family):
            yield IpRule.model_validate(_rule(rule))


def _attributes(message: Message) -> dict[str, Any]:
    """The attributes of a message by name."""
    found: dict[str, Any] = dict(message["attrs"])
    return found


def _link(message: Message, names: Mapping[int | None, str]) -> dict[str, Any]:
    """A device as `ip -j -d link` shows it."""
    said = _attributes(message)
    info = _attributes(said["IFLA_LINKINFO"]) if "IFLA_LINKINFO" in said else {}
    kind = info.get("IFLA_INFO_KIND")
    data = _attributes(info["IFLA_INFO_DATA"]) if kind == "vlan" else {}
    return {
        "ifname": said["IFLA_IFNAME"],
        "flags": ["LOOPBACK"] if message["flags"] & IFF_LOOPBACK else [],
        "link_type": "ether" if message["ifi_type"] == ARPHRD_ETHER else "",
        "address": said.get("IFLA_ADDRESS"),
        # a parent in another namespace has a number that means another device here
        "link": names.get(said.get("IFLA_LINK")) if "IFLA_LINK_NETNSID" not in said else None,
        "master": names.get(said.get("IFLA_MASTER")),
        "linkinfo": {"info_kind": kind, "info_data": {"id": data.get("IFLA_VLAN_ID")}} if kind else None,
    }


def _address(message: Message) -> dict[str, Any]:
    """An address as `ip -j addr` shows it."""
    said = _attributes(message)
    own = said.get("IFA_LOCAL", said.get("IFA_ADDRESS"))
    far = said.get("IFA_ADDRESS", own)
    return {
        "family": FAMILIES[message["family"]],
        "local": own,
        "address": far if far != own else None,
        "prefixlen": message["prefixlen"],
        "broadcast": said.get("IFA_BROADCAST"),
        "secondary": bool(message["flags"] & (IFA_F_SECONDARY | IFA_F_DEPRECATED)),
        "noprefixroute": bool(int(said.get("IFA_FLAGS") or message["flags"]) & IFA_F_NOPREFIXROUTE),
    }


def _route(message: Message, names: Mapping[int | None, str]) -> dict[str, Any]:
    """A route as `ip -j route show table all` shows it."""
    said = _attributes(message)
    hops = said.get("RTA_MULTIPATH") or ()
    return {
        "dst": f"{said['RTA_DST']}/{message['dst_len']}" if "RTA_DST" in said else "default",
        "type": KINDS[message["type"]],
        "dev": names.get(said.get("RTA_OIF")),
        "nexthops": [_hop(hop, names) for hop in hops],
        "flags": _flags(message["flags"]),
        "gateway": said.get("RTA_GATEWAY"),
        "via": said.get("RTA_VIA"),
        "prefsrc": said.get("RTA_PREFSRC"),
        "table": said.get("RTA_TABLE", message["table"]),
        "metric": said.get("RTA_PRIORITY", 0),
        "protocol": "kernel" if message["proto"] == RTPROT_KERNEL else "",
        "pref": "medium" if FAMILIES[message["family"]] == "inet6" else None,
    }


def _hop(hop: Message, names: Mapping[int | None, str]) -> dict[str, Any]:
    """One of several next hops."""
    said = _attributes(hop)
    ways = {"gateway": said.get("RTA_GATEWAY"), "via": said.get("RTA_VIA")}
    return {"dev": names.get(hop["oif"]), "flags": _flags(hop["flags"]), **ways}


def _flags(flags: int) -> Iterable[str]:
    """The flags of a next hop, as far as they matter."""
    return ["dead"] if flags & RTNH_F_DEAD else []


def _rule(message: Message) -> dict[str, Any]:
    """A rule as `ip -j rule` shows it."""
    said = _attributes(message)
    table = int(said.get("FRA_TABLE") or message["table"])
    rule = {"priority": said.get("FRA_PRIORITY", 0), "table": TABLE_NAMES.get(table, str(table) if table else "")}
    if "FRA_SRC" in said:
        rule["src"] = said["FRA_SRC"]
        rule["srclen"] = message["src_len"] if message["src_len"] != (32 if message["family"] == 2 else 128) else None
    return rule
