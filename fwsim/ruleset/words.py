"""The words a ruleset may use for numbers, after `nft describe` and the IANA registries.

Read first: nothing. Only tables live here. The table of services is packaged, not asked from the system,
so that a ruleset means the same on every machine.
"""

from __future__ import annotations

PROTOCOLS: dict[str, int] = {
    "icmp": 1, "igmp": 2, "ipencap": 4, "ipip": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17, "dccp": 33, "ipv6": 41,
    "rsvp": 46, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58, "ipv6-icmp": 58, "eigrp": 88, "ospf": 89, "pim": 103,
    "ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "sctp": 132, "udplite": 136, "hip": 139,
}  # fmt: skip
"""IP protocol numbers (IANA protocol-numbers), by the names of nft's `inet_proto`."""

HELPERS: dict[str, int] = {"ftp": 1}
"""Helpers that a rule can give to a connection, and what PACKET["ct_helper"] is then."""

PORT_PROTOCOLS: dict[str, int] = {"tcp": 6, "udp": 17, "sctp": 132, "dccp": 33, "udplite": 136}
"""The protocols whose header begins with a source and a destination port."""

SERVICES: dict[str, int] = {
    "echo": 7, "discard": 9, "daytime": 13, "chargen": 19, "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23,
    "smtp": 25, "time": 37, "whois": 43, "tacacs": 49, "domain": 53, "dns": 53, "bootps": 67, "bootpc": 68, "tftp": 69,
    "gopher": 70, "finger": 79, "http": 80, "kerberos": 88, "pop3": 110, "sunrpc": 111, "auth": 113, "nntp": 119,
    "ntp": 123, "epmap": 135, "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139, "imap": 143, "imap2": 143,
    "snmp": 161, "snmp-trap": 162, "bgp": 179, "irc": 194, "ldap": 389, "https": 443, "microsoft-ds": 445,
    "kpasswd": 464, "submissions": 465, "isakmp": 500, "login": 513, "syslog": 514, "printer": 515, "route": 520,
    "ripng": 521, "dhcpv6-client": 546, "dhcpv6-server": 547, "rtsp": 554, "submission": 587, "ipp": 631, "ldaps": 636,
    "domain-s": 853, "rsync": 873, "ftps-data": 989, "ftps": 990, "telnets": 992, "imaps": 993, "pop3s": 995,
    "socks": 1080, "openvpn": 1194, "ms-sql-s": 1433, "ms-sql-m": 1434, "l2f": 1701, "pptp": 1723, "radius": 1812,
    "radius-acct": 1813, "mqtt": 1883, "ssdp": 1900, "nfs": 2049, "iscsi-target": 3260, "mysql": 3306,
    "ms-wbt-server": 3389, "stun": 3478, "svn": 3690, "ipsec-nat-t": 4500, "vxlan": 4789, "sip": 5060, "sips": 5061,
    "xmpp-client": 5222, "xmpp-server": 5269, "mdns": 5353, "llmnr": 5355, "postgresql": 5432, "amqps": 5671,
    "amqp": 5672, "x11": 6000, "redis": 6379, "syslog-tls": 6514, "http-alt": 8080, "https-alt": 8443,
    "secure-mqtt": 8883, "git": 9418,
}  # fmt: skip
"""Port numbers of common services (IANA service-names, and `dns` and `https-alt` as everyone says)."""

ICMP_TYPES: dict[str, int] = {
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
    "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
    "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
    "address-mask-request": 17, "address-mask-reply": 18,
}  # fmt: skip
"""ICMP types (RFC 792, 950, 1256), `nft describe icmp type`."""

ICMP_CODES: dict[str, int] = {
    "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3, "frag-needed": 4,
    "net-prohibited": 9, "host-prohibited": 10, "admin-prohibited": 13,
}  # fmt: skip
"""Codes of ICMP destination-unreachable (RFC 792, 1812), `nft describe icmp code`."""

ICMPV6_TYPES: dict[str, int] = {
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
    "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
    "mld-listener-done": 132, "mld-listener-reduction": 132, "nd-router-solicit": 133, "nd-router-advert": 134,
    "nd-neighbor-solicit": 135, "nd-neighbor-advert": 136, "nd-redirect": 137, "router-renumbering": 138,
    "ind-neighbor-solicit": 141, "ind-neighbor-advert": 142, "mld2-listener-report": 143,
}  # fmt: skip
"""ICMPv6 types (RFC 4443, 4861, 2710, 3810), `nft describe icmpv6 type`."""

ICMPV6_CODES: dict[str, int] = {
    "no-route": 0, "admin-prohibited": 1, "addr-unreachable": 3, "port-unreachable": 4, "policy-fail": 5,
    "reject-route": 6,
}  # fmt: skip
"""Codes of ICMPv6 destination-unreachable (RFC 4443 §3.1), `nft describe icmpv6 code`."""

DSCP: dict[str, int] = {
    "cs0": 0, "cs1": 8, "cs2": 16, "cs3": 24, "cs4": 32, "cs5": 40, "cs6": 48, "cs7": 56, "df": 0, "be": 0,
    "lephb": 1, "af11": 10, "af12": 12, "af13": 14, "af21": 18, "af22": 20, "af23": 22, "af31": 26, "af32": 28,
    "af33": 30, "af41": 34, "af42": 36, "af43": 38, "va": 44, "ef": 46,
}  # fmt: skip
"""Differentiated services code points (RFC 2474, 2597, 3246, 5865, 8622), `nft describe ip dscp`."""

FAMILIES: dict[str, int] = {"ipv4": 4, "ipv6": 6}
"""The `family` field of a packet."""

FRAGMENTS: dict[str, int] = {"whole": 0, "first": 1, "later": 2}
"""The `fragment` field: not fragmented, the fragment with the transport header, or one behind it."""

DIRECTIONS: dict[str, int] = {"original": 0, "reply": 1}
"""`ct direction`."""

CT_STATES: dict[str, int] = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}
"""`ct state` bits (`enum nft_ct_keys`)."""

CT_STATUS: dict[str, int] = {
    "expected": 1, "seen-reply": 2, "assured": 4, "confirmed": 8, "snat": 16, "dnat": 32, "dying": 512,
}  # fmt: skip
"""`ct status` bits (`enum ip_conntrack_status`)."""

TCP_FLAGS: dict[str, int] = {
    "fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ece": 64, "ecn": 64, "cwr": 128,
    "none": 0, "all": 255,
}  # fmt: skip
"""TCP header flags (RFC 9293 §3.1); nft says `ecn` for ECE. `none` and `all` as in iptables."""

HOOKS: dict[str, int] = {"prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4}
"""The five hooks, by number of `fwsim.terms.Hook`."""

PRIORITIES: dict[str, int] = {
    "raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100,
}  # fmt: skip
"""Names of chain priorities (`nft(8)`, standard priority names for the ip and inet families)."""

REJECT_KINDS: dict[str, int] = {
    "tcp-reset": 1,
    "icmp-net-unreachable": 2, "icmp-host-unreachable": 3, "icmp-prot-unreachable": 4, "icmp-port-unreachable": 5,
    "icmp-net-prohibited": 6, "icmp-host-prohibited": 7, "icmp-admin-prohibited": 8,
    "icmpv6-no-route": 9, "icmpv6-admin-prohibited": 10, "icmpv6-addr-unreachable": 11, "icmpv6-port-unreachable": 12,
    "icmpv6-policy-fail": 13, "icmpv6-reject-route": 14,
    "icmpx-no-route": 15, "icmpx-port-unreachable": 16, "icmpx-host-unreachable": 17, "icmpx-admin-prohibited": 18,
}  # fmt: skip
"""What a reject answers, by number of `fwsim.terms.RejectWith` (`nft(8)`, REJECT STATEMENT)."""

SHORTHAND = "rules"
"""The name of the one chain that `rules:` and `policy:` at the top level stand for."""

VERDICTS = ("accept", "drop", "reject", "jump", "goto", "return", "continue")
JUMPS = ("jump", "goto")
"""The verdicts of a rule; `jump` and `goto` are followed by the name of a chain."""

KINDS: dict[str, str] = {
    "address": "addresses", "port": "ports", "protocol": "protocols", "icmp-type": "ICMP types",
    "icmpv6-type": "ICMPv6 types", "dscp": "dscp values", "number": "numbers", "mark": "marks",
    "interface": "interface names",
}  # fmt: skip
"""What the elements of a set may be, and what messages call them, in the order in which an unused set is tried."""

SET_TYPES = tuple(KINDS)

NFT_SET_TYPES = {
    "ipv4_addr": "address", "ipv6_addr": "address", "inet_service": "port", "inet_proto": "protocol",
    "ifname": "interface", "icmp_type": "icmp-type", "icmpv6_type": "icmpv6-type",
}  # fmt: skip
"""nft's names of the same types, which are understood as well."""
