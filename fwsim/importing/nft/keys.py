"""Keys of `meta` and `ct`: the field each one is, its type, and where it is known.

Read first: `fwsim.netfilter.fields`. A key without a field is not simulated: what hangs on it is unknown.
"""

from __future__ import annotations

from typing import NamedTuple

from fwsim.terms import Hook

EVERYWHERE = frozenset(Hook)
WITH_SOCKET = frozenset([Hook.INPUT, Hook.OUTPUT, Hook.POSTROUTING])
"""Where a packet can have a socket: not before it is routed, nor when it is forwarded."""


class Key(NamedTuple):
    """A key: its field or None, its type, its width if that is not the type's, and what `Operand` says of it."""

    name: str | None
    type: str
    bits: int = 0
    most: int = 0
    absent: bool = False
    numbers: str = ""
    tells: str = ""
    hooks: frozenset[Hook] = EVERYWHERE


META: dict[str, Key] = {
    "length": Key("length", "integer", 32), "mark": Key("mark", "mark"), "pkttype": Key("pkttype", "pkt_type"),
    "protocol": Key("family", "ether_type", numbers="ethertype", tells="ethertype"),
    "nfproto": Key("family", "nf_proto", numbers="nfproto", tells="nfproto"),
    "l4proto": Key("proto", "inet_proto", tells="transport"),
    "iif": Key("iif", "iface_index", absent=True), "oif": Key("oif", "iface_index", absent=True),
    "iifname": Key("iif", "ifname", absent=True), "oifname": Key("oif", "ifname", absent=True),
    "time": Key("time", "time"), "hour": Key("hour", "hour"), "day": Key("day", "day", most=6),
    "skuid": Key(None, "uid", hooks=WITH_SOCKET), "skgid": Key(None, "gid", hooks=WITH_SOCKET),
    "cgroup": Key(None, "integer", 32, hooks=WITH_SOCKET),
    "iiftype": Key(None, "iface_type", tells="link"), "oiftype": Key(None, "iface_type"),
    "nftrace": Key(None, "integer", 1), "rtclassid": Key(None, "realm"), "priority": Key(None, "classid"),
    "random": Key(None, "integer", 32), "cpu": Key(None, "integer", 32), "secmark": Key(None, "integer", 32),
    "iifgroup": Key(None, "devgroup"), "oifgroup": Key(None, "devgroup"), "ipsec": Key(None, "boolean", 8),
    "secpath": Key(None, "boolean", 8), "iifkind": Key(None, "ifname"), "oifkind": Key(None, "ifname"),
    "ibrname": Key(None, "ifname"), "obrname": Key(None, "ifname"), "ibriport": Key(None, "ifname"),
    "obriport": Key(None, "ifname"), "ibrpvid": Key(None, "integer", 16), "ibrvproto": Key(None, "ether_type"),
    "sdif": Key(None, "iface_index"), "sdifname": Key(None, "ifname"), "broute": Key(None, "integer", 1),
}  # fmt: skip

CT: dict[str, Key] = {
    "state": Key("ct_state", "ct_state"), "direction": Key("ct_direction", "ct_dir"),
    "status": Key("ct_status", "ct_status"), "mark": Key("ct_mark", "mark"),
    "expiration": Key("ct_expiration", "expiration"), "helper": Key("ct_helper", "string", 128),
    "l3proto": Key("ct_family", "nf_proto", numbers="nfproto", tells="nfproto"),
    "protocol": Key("ct_proto", "inet_proto", tells="ct transport"), "proto-src": Key(None, "inet_service"),
    "proto-dst": Key(None, "inet_service"), "bytes": Key("ct_bytes", "integer", 64),
    "packets": Key("ct_packets", "integer", 64), "avgpkt": Key(None, "integer", 64), "zone": Key(None, "integer", 16),
    "label": Key(None, "ct_label"), "event": Key(None, "ct_event"), "secmark": Key(None, "integer", 32),
    "id": Key(None, "integer", 32),
}  # fmt: skip

CT_ADDRESSES: dict[tuple[str, str], str] = {
    (direction, key): f"ct_{direction}_{name}"
    for direction in ("original", "reply")
    for key, name in (("saddr", "src"), ("daddr", "dst"), ("proto-src", "sport"), ("proto-dst", "dport"))
}
"""Addresses and ports of a connection."""

PROTOCOL_KEYS: dict[tuple[str, str], str] = {
    ("ip", "protocol"): "transport", ("ip6", "nexthdr"): "transport", ("ether", "type"): "ethertype",
    ("vlan", "type"): "ethertype", ("icmp", "type"): "icmp", ("icmpv6", "type"): "icmp",
}  # fmt: skip
"""Fields of headers that tell what is inside."""
