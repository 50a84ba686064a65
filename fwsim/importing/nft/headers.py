"""Headers as nft knows them: which fields they have, where these stand, and what header is inside which.

Read first: `fwsim.netfilter.fields`. Offsets are the standards' (RFC 791, 8200, 9293, 768, 792, 4443 ...).
"""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """A field of a header: where it begins and how long it is, in bits, and its data type."""

    offset: int
    bits: int
    type: str = "integer"


LINK, NETWORK, TRANSPORT = 1, 2, 3
"""Layers; nft calls them bases."""

LAYERS = {
    "ether": LINK, "vlan": LINK, "inet": LINK, "netdev": LINK, "arp": NETWORK, "ip": NETWORK, "ip6": NETWORK,
}  # fmt: skip
"""The layer of each header; all others are of the transport layer. `inet` and `netdev` stand for what is below
addresses in tables that see more than one family."""

PORTS = {"sport": Field(0, 16, "inet_service"), "dport": Field(16, 16, "inet_service")}

FIELDS: dict[str, dict[str, Field]] = {
    "ether": {"daddr": Field(0, 48, "ether_addr"), "saddr": Field(48, 48, "ether_addr"),
              "type": Field(96, 16, "ether_type")},
    "vlan": {"pcp": Field(0, 3), "dei": Field(3, 1), "cfi": Field(3, 1), "id": Field(4, 12),
             "type": Field(16, 16, "ether_type")},
    "arp": {"htype": Field(0, 16), "ptype": Field(16, 16, "ether_type"), "hlen": Field(32, 8), "plen": Field(40, 8),
            "operation": Field(48, 16, "arp_op"), "saddr ether": Field(64, 48, "ether_addr"),
            "saddr ip": Field(112, 32, "ipv4_addr"), "daddr ether": Field(144, 48, "ether_addr"),
            "daddr ip": Field(192, 32, "ipv4_addr")},
    "ip": {"version": Field(0, 4), "hdrlength": Field(4, 4), "dscp": Field(8, 6, "dscp"), "ecn": Field(14, 2, "ecn"),
           "length": Field(16, 16), "id": Field(32, 16), "frag-off": Field(48, 16), "ttl": Field(64, 8),
           "protocol": Field(72, 8, "inet_proto"), "checksum": Field(80, 16), "saddr": Field(96, 32, "ipv4_addr"),
           "daddr": Field(128, 32, "ipv4_addr")},
    "ip6": {"version": Field(0, 4), "dscp": Field(4, 6, "dscp"), "ecn": Field(10, 2, "ecn"),
            "flowlabel": Field(12, 20), "length": Field(32, 16), "nexthdr": Field(48, 8, "inet_proto"),
            "hoplimit": Field(56, 8), "saddr": Field(64, 128, "ipv6_addr"), "daddr": Field(192, 128, "ipv6_addr")},
    "icmp": {"type": Field(0, 8, "icmp_type"), "code": Field(8, 8, "icmp_code"), "checksum": Field(16, 16),
             "id": Field(32, 16), "sequence": Field(48, 16), "gateway": Field(32, 32), "mtu": Field(48, 16)},
    "icmpv6": {"type": Field(0, 8, "icmpv6_type"), "code": Field(8, 8, "icmpv6_code"), "checksum": Field(16, 16),
               "param-problem": Field(32, 32), "mtu": Field(32, 32), "id": Field(32, 16), "sequence": Field(48, 16),
               "max-delay": Field(32, 16)},
    "igmp": {"type": Field(0, 8, "igmp_type"), "mrt": Field(8, 8), "checksum": Field(16, 16), "group": Field(32, 32)},
    "ah": {"nexthdr": Field(0, 8, "inet_proto"), "hdrlength": Field(8, 8), "reserved": Field(16, 16),
           "spi": Field(32, 32), "sequence": Field(64, 32)},
    "esp": {"spi": Field(0, 32), "sequence": Field(32, 32)},
    "comp": {"nexthdr": Field(0, 8, "inet_proto"), "flags": Field(8, 8, "bitmask"), "cpi": Field(16, 16)},
    "udp": {**PORTS, "length": Field(32, 16), "checksum": Field(48, 16)},
    "udplite": {**PORTS, "csumcov": Field(32, 16), "checksum": Field(48, 16)},
    "tcp": {**PORTS, "sequence": Field(32, 32), "ackseq": Field(64, 32), "doff": Field(96, 4),
            "reserved": Field(100, 4), "flags": Field(104, 8, "tcp_flag"), "window": Field(112, 16),
            "checksum": Field(128, 16), "urgptr": Field(144, 16)},
    "dccp": {**PORTS, "type": Field(67, 4, "dccp_pkttype")},
    "sctp": {**PORTS, "vtag": Field(32, 32), "checksum": Field(64, 32)},
    "th": PORTS,
}  # fmt: skip
"""The fields of each header."""

NAMED: dict[tuple[str, str], str] = {
    ("ip", "saddr"): "src", ("ip", "daddr"): "dst", ("ip6", "saddr"): "src", ("ip6", "daddr"): "dst",
    ("ip", "protocol"): "proto", ("ip", "ttl"): "ttl", ("ip6", "hoplimit"): "ttl", ("ip", "dscp"): "dscp",
    ("ip6", "dscp"): "dscp", ("ip", "length"): "length", ("ip", "id"): "ip_id",
    ("tcp", "flags"): "tcp_flags", ("tcp", "sequence"): "tcp_seq", ("tcp", "ackseq"): "tcp_ack",
    ("tcp", "window"): "tcp_window", ("icmp", "type"): "icmp_type", ("icmp", "code"): "icmp_code",
    ("icmpv6", "type"): "icmp_type", ("icmpv6", "code"): "icmp_code",
    ("icmp", "id"): "icmp_id", ("icmpv6", "id"): "icmp_id",
    ("ether", "saddr"): "src_mac", ("ether", "daddr"): "dst_mac",
    **{(header, port): port for header in ("tcp", "udp", "udplite", "dccp", "sctp") for port in PORTS},
}  # fmt: skip
"""Fields that `fwsim.netfilter` has by a name of its own; the others are bits of their header."""

TRANSPORTS = {
    1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 33: "dccp", 50: "esp", 51: "ah", 58: "icmpv6", 108: "comp",
    132: "sctp", 136: "udplite",
}  # fmt: skip
ETHERTYPES = {0x0800: "ip", 0x0806: "arp", 0x86DD: "ip6", 0x8100: "vlan"}

INSIDE: dict[str, dict[int, str]] = {
    "ip": TRANSPORTS, "ip6": TRANSPORTS, "transport": TRANSPORTS, "inet": {2: "ip", 10: "ip6"},
    "ether": ETHERTYPES, "vlan": ETHERTYPES, "netdev": ETHERTYPES,
}  # fmt: skip
"""By the number that a header gives: what is inside. `transport` stands for an unknown network header."""

WITH_PORTS = frozenset([6, 17, 33, 132, 136])
"""Protocols whose packets have ports."""

ICMP_TYPES: dict[tuple[str, str], tuple[int, ...]] = {
    ("icmp", "id"): (8, 0), ("icmp", "sequence"): (8, 0), ("icmp", "gateway"): (5,), ("icmp", "mtu"): (3,),
    ("icmpv6", "id"): (128, 129), ("icmpv6", "sequence"): (128, 129), ("icmpv6", "mtu"): (2,),
    ("icmpv6", "param-problem"): (4,), ("icmpv6", "max-delay"): (130,),
}  # fmt: skip
"""Types of messages that have such a field, which nft asks for first."""

EXTENSION_FIELDS: dict[tuple[str, str], Field] = {
    ("hbh", "nexthdr"): Field(0, 8, "inet_proto"), ("hbh", "hdrlength"): Field(8, 8),
    ("rt", "nexthdr"): Field(0, 8, "inet_proto"), ("rt", "hdrlength"): Field(8, 8), ("rt", "type"): Field(16, 8),
    ("rt", "seg-left"): Field(24, 8), ("rt0", "addr"): Field(64, 128, "ipv6_addr"),
    ("rt2", "addr"): Field(64, 128, "ipv6_addr"), ("srh", "last-entry"): Field(32, 8), ("srh", "flags"): Field(40, 8),
    ("srh", "tag"): Field(48, 16), ("srh", "sid"): Field(64, 128, "ipv6_addr"),
    ("frag", "nexthdr"): Field(0, 8, "inet_proto"), ("frag", "reserved"): Field(8, 8),
    ("frag", "frag-off"): Field(16, 13), ("frag", "reserved2"): Field(29, 2), ("frag", "more-fragments"): Field(31, 1),
    ("frag", "id"): Field(32, 32), ("dst", "nexthdr"): Field(0, 8, "inet_proto"), ("dst", "hdrlength"): Field(8, 8),
    ("mh", "nexthdr"): Field(0, 8, "inet_proto"), ("mh", "hdrlength"): Field(8, 8),
    ("mh", "type"): Field(16, 8, "mh_type"), ("mh", "reserved"): Field(24, 8), ("mh", "checksum"): Field(32, 16),
}  # fmt: skip
"""Fields of IPv6 extension headers."""

OPTION_BITS: dict[tuple[str, str], int] = {
    ("tcp", "size"): 16, ("tcp", "count"): 8, ("tcp", "tsval"): 32, ("tcp", "tsecr"): 32, ("tcp", "left"): 32,
    ("tcp", "right"): 32, ("tcp", "subtype"): 4, ("ip", "value"): 16, ("ip", "addr"): 32,
    **{("sctp", field): 32 for field in ("tsn", "ppid", "init-tag", "a-rwnd", "initial-tsn", "cum-tsn-ack",
                                        "lowest-tsn", "seqno", "new-cum-tsn")},
    **{("sctp", field): 16 for field in ("length", "stream", "ssn", "num-outbound-streams", "num-inbound-streams",
                                        "num-gap-ack-blocks", "num-dup-tsns")},
}  # fmt: skip
"""Widths of fields of options and chunks; all others have 8 bits."""
