"""The words of nft: which are always keywords, and which fields each header has.

Read first: nothing. Words that nft takes for keywords only where they belong (`saddr` behind `ip`, `burst` behind
`limit`) are names everywhere else, so a chain may be called `state`; those in `RESERVED` never are names.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


OPERATORS = {
    "==": "==", "eq": "==", "!=": "!=", "ne": "!=", "<": "<", "lt": "<", ">": ">", "gt": ">",
    "<=": "<=", "le": "<=", ">=": ">=", "ge": ">=", "!": "!", "not": "!",
}  # fmt: skip
"""Relations, as they may be written."""

BITWISE = {
    "|": ("|", 1), "or": ("|", 1), "^": ("^", 2), "xor": ("^", 2), "&": ("&", 3), "and": ("&", 3),
    "<<": ("<<", 4), "lshift": ("<<", 4), ">>": (">>", 4), "rshift": (">>", 4),
}  # fmt: skip
"""Bitwise operators as they may be written, with how closely each binds."""

META_ALONE = words("""
    mark iif iifname iiftype oif oifname oiftype skuid skgid nftrace rtclassid ibriport ibrname obriport
    obrname pkttype cpu iifgroup oifgroup cgroup ipsec time day hour
""")
"""Keys that need no `meta` before them."""

META_QUALIFIED = META_ALONE | words("length protocol priority random secmark")
META_NAMED = words("""
    nfproto l4proto iifkind oifkind ibrpvid ibrvproto sdif sdifname broute secpath
""")
"""Keys behind `meta` that are no keywords."""

FAMILIES = ("ip", "ip6", "inet", "arp", "bridge", "netdev")
HOOKS = words("prerouting input forward postrouting output ingress egress")
CHAIN_TYPES = frozenset(["filter", "nat", "route"])

HEADERS = {
    "ether": "saddr daddr type",
    "vlan": "id cfi dei pcp type",
    "arp": "htype ptype hlen plen operation saddr daddr",
    "ip": "version hdrlength dscp ecn length id frag-off ttl protocol checksum saddr daddr option",
    "ip6": "version dscp ecn flowlabel length nexthdr hoplimit saddr daddr",
    "icmp": "type code checksum id sequence gateway mtu",
    "icmpv6": "type code checksum param-problem mtu id sequence max-delay",
    "igmp": "type checksum mrt group",
    "ah": "nexthdr hdrlength reserved spi sequence",
    "esp": "spi sequence",
    "comp": "nexthdr flags cpi",
    "udp": "sport dport length checksum",
    "udplite": "sport dport csumcov checksum",
    "tcp": "sport dport sequence ackseq doff reserved flags window checksum urgptr option",
    "dccp": "sport dport type option",
    "sctp": "sport dport vtag checksum chunk",
    "th": "sport dport",
}
PAYLOAD = {header: frozenset(fields.split()) for header, fields in HEADERS.items()}
"""Fields that can be matched and set; `option` and `chunk` lead on."""

EXTENSION = {
    header: frozenset(fields.split())
    for header, fields in {
        "hbh": "nexthdr hdrlength",
        "rt": "nexthdr hdrlength type seg-left",
        "rt0": "addr",
        "rt2": "addr",
        "srh": "last-entry flags tag sid",
        "frag": "nexthdr reserved frag-off reserved2 more-fragments id",
        "dst": "nexthdr hdrlength",
        "mh": "nexthdr hdrlength type reserved checksum",
    }.items()
}
"""Fields of IPv6 extension headers, which can only be matched."""

INDEXED = frozenset([("rt0", "addr"), ("srh", "sid")])

TUNNELS = {"vxlan": frozenset(["vni", "flags"]), "geneve": frozenset(["vni", "type"]),
           "gre": frozenset(["version", "flags", "protocol"]), "gretap": frozenset()}  # fmt: skip
"""Headers of nft 1.0.7 and later, with their own fields; they may be followed by a header inside the tunnel."""

IP_OPTIONS = frozenset(["lsrr", "rr", "ssrr", "ra"])
IP_OPTION_FIELDS = words("type length value ptr addr")

TCP_OPTIONS = {
    "echo": "echo", "eol": "eol", "fastopen": "fastopen", "md5sig": "md5sig", "mptcp": "mptcp", "maxseg": "maxseg",
    "mss": "maxseg", "nop": "nop", "noop": "nop", "sack-permitted": "sack-perm", "sack-perm": "sack-perm",
    "timestamp": "timestamp", "window": "window", "sack": "sack", "sack0": "sack", "sack1": "sack1",
    "sack2": "sack2", "sack3": "sack3",
}  # fmt: skip
"""TCP options as they may be written, and their one name."""

SACK_FIELDS = frozenset(["left", "right", "length"])
TCP_OPTION_FIELDS = {
    "maxseg": frozenset(["size", "length"]), "window": frozenset(["count", "length"]),
    "timestamp": frozenset(["tsval", "tsecr", "length"]), "mptcp": frozenset(["subtype", "length"]),
    "sack": SACK_FIELDS, "sack1": SACK_FIELDS, "sack2": SACK_FIELDS, "sack3": SACK_FIELDS,
}  # fmt: skip
"""Fields of TCP options; all others have a length only."""

CHUNK_COMMON = frozenset(["type", "flags", "length"])
CHUNKS = {
    "data": CHUNK_COMMON | {"tsn", "stream", "ssn", "ppid"},
    "init": CHUNK_COMMON | {"init-tag", "a-rwnd", "num-outbound-streams", "num-inbound-streams", "initial-tsn"},
    "init-ack": CHUNK_COMMON | {"init-tag", "a-rwnd", "num-outbound-streams", "num-inbound-streams", "initial-tsn"},
    "sack": CHUNK_COMMON | {"cum-tsn-ack", "a-rwnd", "num-gap-ack-blocks", "num-dup-tsns"},
    "shutdown": CHUNK_COMMON | {"cum-tsn-ack"}, "ecne": CHUNK_COMMON | {"lowest-tsn"},
    "cwr": CHUNK_COMMON | {"lowest-tsn"}, "asconf-ack": CHUNK_COMMON | {"seqno"},
    "forward-tsn": CHUNK_COMMON | {"new-cum-tsn"}, "asconf": CHUNK_COMMON | {"seqno"},
    "heartbeat": CHUNK_COMMON, "heartbeat-ack": CHUNK_COMMON, "abort": CHUNK_COMMON, "shutdown-ack": CHUNK_COMMON,
    "error": CHUNK_COMMON, "cookie-echo": CHUNK_COMMON, "cookie-ack": CHUNK_COMMON, "shutdown-complete": CHUNK_COMMON,
}  # fmt: skip
"""Chunks of SCTP with their fields."""

CT_DIRECTIONAL = frozenset(["bytes", "packets", "avgpkt", "zone"])
CT_DIRECTED = CT_DIRECTIONAL | words("saddr daddr l3proto protocol proto-src proto-dst")
"""Keys that may follow `ct original` and `ct reply`."""
CT_KEYS = CT_DIRECTED | words("mark state direction status expiration helper label event secmark id")
CT_OBJECTS = ("helper", "timeout", "expectation")

FIB_FLAGS = words("saddr daddr mark iif oif")
FIB_RESULTS = frozenset(["oif", "oifname", "type"])
ROUTE_KEYS = frozenset(["classid", "nexthop", "mtu", "ipsec"])

PROTOCOLS = words("tcp udp udplite esp ah icmp igmp icmpv6 comp dccp sctp redirect")
"""Keywords that are values on the right side: protocols, and the icmp type."""
SYMBOLS = words("ether ip ip6 vlan arp dnat snat ecn reset")
"""Keywords that are values on the right side and where something is set."""
RIGHT_WORDS = PROTOCOLS | SYMBOLS

RESERVED = (
    words("""
    eq ne le lt ge gt lshift rshift xor and or not vmap include define redefine undefine describe hook device
    devices table chain rule set element map flowtable handle ruleset socket tproxy accept drop continue jump
    goto return inet netdev add replace update create insert delete get list reset flush rename import export
    monitor position index comment constant interval dynamic auto-merge timeout gc-interval elements expires
    policy size flow offload meter counter log queue limit quota reject snat dnat masquerade redirect random
    th bridge ether type typeof vlan arp ip ecn icmp icmpv6 igmp ip6 priority ah esp comp flags udp udplite
    tcp dccp sctp rt rt0 rt2 srh hbh frag dst mh meta ct numgen jhash symhash dup fwd fib osf synproxy notrack
    all exists missing exthdr secmark xt
""")
    | META_ALONE
)
"""Words that are keywords wherever they stand."""

DATA_TYPES = words("""
    integer string verdict nf_proto bitmask ll_addr ipv4_addr ipv6_addr ether_addr ether_type arp_op
    inet_proto inet_service icmp_type tcp_flag dccp_pkttype mh_type time mark iface_index iface_type realm
    classid uid gid ct_state ct_dir ct_status icmpv6_type pkt_type icmp_code icmpv6_code icmpx_code devgroup
    dscp ecn fib_addrtype boolean ifname igmp_type cgroupsv2
""")
"""What `type` of a set may name."""

TYPE_KEYWORDS = frozenset(["mark", "ecn", "time"])
"""Data types that are keywords elsewhere."""

STATEMENT_WORDS = {
    "log": words("prefix snaplen queue-threshold level group"),
    "reject": frozenset(["with", "icmpx"]),
    "queue": frozenset(["to", "num", "bypass", "fanout"]),
    "limit": words("name packets bytes rate burst second minute week over"),
    "quota": words("name bytes over until used"),
    "counter": frozenset(["name", "packets", "bytes"]),
    "synproxy": words("name wscale maxseg mss timestamp sack-permitted sack-perm"),
    **dict.fromkeys(["tproxy", "dup", "fwd"], frozenset(["to"])),
    **dict.fromkeys(
        ["snat", "dnat", "masquerade", "redirect"],
        words("to prefix fully-random persistent port addr"),
    ),
}
"""Words that are keywords inside a statement, and names elsewhere."""

AFTER_CT = words("""
    bytes packets avgpkt zone saddr daddr l3proto protocol proto-src proto-dst state direction status
    expiration expectation helper helpers event id count over dport
""")
"""Words that the value behind `ct KEY` cannot begin with: nft still takes them for keywords there."""
AFTER_CT_SET = AFTER_CT | {"original", "reply", "label"}
"""The same behind `ct KEY set VALUE`."""
AFTER_META = frozenset(["length", "protocol"])
"""The same behind `meta KEY`."""
AFTER_MODULUS = frozenset(["mod", "seed"])
"""The same behind `numgen inc mod N` and `jhash ... mod N`."""
AFTER_OPTION = {
    "ip": IP_OPTIONS | IP_OPTION_FIELDS | (PAYLOAD["ip"] - {"ecn"}) | {"options", "to", "prefix"},
    "tcp": frozenset(TCP_OPTIONS) | PAYLOAD["tcp"] | words("left right count tsval tsecr subtype options length"),
    "sctp": frozenset(CHUNKS) | frozenset(field for fields in CHUNKS.values() for field in fields),
}
"""The same behind an option without a field."""
