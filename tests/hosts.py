"""Descriptions of machines, from the JSON of `ip -j` as texts or objects; for tests."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host, read_topology, united
from fwsim.topology import Topology

ETH0_MAC, BR0_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
LINKS: list[dict[str, Any]] = [
    {"ifname": "lo", "flags": ["LOOPBACK", "UP"], "link_type": "loopback", "address": "00:00:00:00:00:00"},
    {"ifname": "eth0", "flags": ["UP"], "link_type": "ether", "address": ETH0_MAC},
    {"ifname": "eth1", "flags": ["UP"], "link_type": "ether", "address": "02:00:00:00:00:03", "master": "br0"},
    {"ifname": "br0", "link_type": "ether", "address": BR0_MAC, "linkinfo": {"info_kind": "bridge"}},
    {"ifname": "office", "link": "eth0", "link_type": "ether", "address": ETH0_MAC,
     "linkinfo": {"info_kind": "vlan", "info_data": {"protocol": "802.1Q", "id": 30}}},
    {"ifname": "tun0", "flags": ["POINTOPOINT"], "link_type": "none"},
]  # fmt: skip
"""`ip -j -d link`."""


def info(local: str, prefixlen: int, **more: Any) -> dict[str, Any]:
    """An address as `ip -j addr` has it."""
    return {"family": "inet6" if ":" in local else "inet", "local": local, "prefixlen": prefixlen, **more}


ADDRESSES: list[dict[str, Any]] = [
    {**LINKS[0], "addr_info": [info("127.0.0.1", 8), info("::1", 128)]},
    {"ifname": "eth0", "addr_info": [info("203.0.113.2", 24, broadcast="203.0.113.255"), info("2001:db8::2", 64)]},
    {"ifname": "br0", "addr_info": [info("10.0.0.1", 16), info("fe80::1", 64)]},
    {"ifname": "tun0", "addr_info": [info("10.8.0.1", 32, address="10.8.0.2")]},
    {},
]
ROUTES: list[dict[str, Any]] = [
    {"dst": "default", "gateway": "203.0.113.1", "dev": "eth0", "flags": []},
    {"dst": "203.0.113.0/24", "dev": "eth0", "protocol": "kernel", "scope": "link", "prefsrc": "203.0.113.2"},
    {"dst": "10.0.0.0/16", "dev": "br0", "protocol": "kernel", "scope": "link", "prefsrc": "10.0.0.1"},
    {"dst": "10.8.0.2", "dev": "tun0", "protocol": "kernel", "scope": "link", "prefsrc": "10.8.0.1"},
    {"dst": "10.9.0.0/16", "gateway": "10.8.0.2", "dev": "tun0", "metric": 50},
    {"dst": "10.9.0.0/16", "gateway": "203.0.113.9", "dev": "eth0", "metric": 100},
    {"type": "unreachable", "dst": "10.0.0.0/8", "flags": []},
]
"""`ip -j route`."""


def read(*listings: Any) -> Host:
    """What some listings say together; a text is read as it stands."""
    texts = [one if isinstance(one, str) else json.dumps(one) for one in listings]
    return united(read_topology(io.StringIO(text)) for text in texts)


def topology(
    *listings: Any,
    ruleset: Mapping[str, Any] | None = None,
    sysctls: Mapping[str, str] | None = None,
    local: Sequence[str] = (),
    interfaces: Mapping[str, Sequence[str]] | None = None,
) -> Topology:
    """The topology of a machine with these listings and settings, of a ruleset without rules, and of options."""
    host = united([read(*listings), Host(sysctls=sysctls or {})])
    rules = Ruleset.model_validate({"policy": "drop", **(ruleset or {})})
    return Topology.build(rules, interfaces=interfaces, host=host, local=local)
