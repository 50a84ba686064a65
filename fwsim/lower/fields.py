"""Where a packet has what a rule asks for: the PACKET or EXTRA field of each field of netfilter's language.

Read first: `fwsim.netfilter.fields`; PACKET and EXTRA in `fwsim.tables`.
"""

from __future__ import annotations

from fwsim.netfilter.fields import FIELDS, Raw, Selector

ELAPSED = "elapsed"
"""The time since the first packet came. No format says this: lowering asks for it."""

PACKET_FIELDS = {
    "ct_state": "ct_state", "family": "family", "iif": "iif", "oif": "oif", "src": "src0", "dst": "dst0",
    "proto": "proto", "sport": "sport", "dport": "dport", "tcp_flags": "flags",
    "tcp_seq": "seq", "tcp_ack": "ack", "tcp_window": "win",
    "icmp_type": "icmp_type", "icmp_code": "icmp_code", "icmp_id": "icmp_id",
    "dscp": "dscp", "ttl": "ttl", "length": "length", "ip_id": "ip_id", "fragment": "fragment", "vlan": "vlan",
    "mark": "mark", "ct_direction": "ct_direction", "ct_status": "ct_status", "ct_mark": "ct_mark",
    "time": "now", "pkttype": "pkttype", "src_mac": "src_mac", "ct_family": "ct_family", "ct_proto": "ct_proto",
    "ct_original_src": "ct_src0", "ct_original_dst": "ct_dst0", "ct_original_sport": "ct_sport",
    "ct_original_dport": "ct_dport", "ct_reply_src": "ct_dst0", "ct_reply_dst": "ct_src0",
    "ct_reply_sport": "ct_dport", "ct_reply_dport": "ct_sport",
    ELAPSED: "elapsed",
}  # fmt: skip
"""The PACKET or EXTRA field of those that are simulated. Of a connection that is not translated, the reply tuple is the
original one turned round."""

ADDRESSES = ("src0", "dst0", "ct_src0", "ct_dst0")
"""The fields that are four words wide."""

HIGHEST = {field: (1 << kind.bits) - 1 for field, kind in FIELDS.items() if kind.bits}
"""The greatest value of each field."""


def highest(selector: Selector) -> int:
    """The greatest value of what a selector looks at."""
    return (1 << selector.length) - 1 if isinstance(selector, Raw) else HIGHEST[str(selector)]


RAW_FIELDS = {Raw("th", 0, 16): "th_sport", Raw("th", 16, 16): "th_dport"}
"""The same of bits of headers that are read whatever the protocol."""


def packet_field(selector: Selector) -> str | None:
    """The field that a selector looks at, if it is simulated."""
    if isinstance(selector, Raw):
        return RAW_FIELDS.get(selector)
    return PACKET_FIELDS.get(selector) if isinstance(selector, str) else None


def is_of_conntrack(selector: Selector) -> bool:
    """Whether it is told by tracking."""
    return isinstance(selector, str) and selector.startswith("ct_")
