"""Words of iptables and ip6tables: its tables, what it calls states, flags and answers, and how it spells names.

Read first: `iptables(8)`, `iptables-extensions(8)`.
"""

from __future__ import annotations

from fwsim.terms import Hook, RejectWith

from .saying import CannotSay

BUILTIN = {
    Hook.PREROUTING: "PREROUTING", Hook.INPUT: "INPUT", Hook.FORWARD: "FORWARD", Hook.OUTPUT: "OUTPUT",
    Hook.POSTROUTING: "POSTROUTING",
}  # fmt: skip
PLACES: dict[str, dict[Hook, int]] = {
    "raw": {Hook.PREROUTING: -300, Hook.OUTPUT: -300},
    "mangle": dict.fromkeys(BUILTIN, -150),
    "nat": {Hook.PREROUTING: -100, Hook.INPUT: 100, Hook.OUTPUT: -100, Hook.POSTROUTING: 100},
    "filter": {Hook.INPUT: 0, Hook.FORWARD: 0, Hook.OUTPUT: 0},
    "security": {Hook.INPUT: 50, Hook.FORWARD: 50, Hook.OUTPUT: 50},
}
"""The five tables: at which hooks they have a chain, and its priority (`enum nf_ip_hook_priorities`)."""

STATES = {1: "INVALID", 2: "ESTABLISHED", 4: "RELATED", 8: "NEW", 64: "UNTRACKED"}
STATUS = {1: "EXPECTED", 2: "SEEN_REPLY", 4: "ASSURED", 8: "CONFIRMED"}
TRANSLATIONS = {16: "SNAT", 32: "DNAT"}
"""Bits of the status that `--ctstate` asks for."""
FLAGS = {1: "FIN", 2: "SYN", 4: "RST", 8: "PSH", 16: "ACK", 32: "URG"}
ALL_FLAGS = sum(FLAGS)
PROTOCOLS = {6: "tcp", 17: "udp", 1: "icmp", 58: "ipv6-icmp", 132: "sctp", 33: "dccp", 136: "udplite"}
WITH_PORTS = (6, 17, 132, 33, 136)
DPORT = (6, 17, 132, 33)
"""Protocols whose own match has ports; the others have them through `multiport`."""
ROUTE_TYPES = {
    1: "UNICAST", 2: "LOCAL", 3: "BROADCAST", 4: "ANYCAST", 5: "MULTICAST", 6: "BLACKHOLE", 7: "UNREACHABLE",
    8: "PROHIBIT",
}  # fmt: skip
PACKET_TYPES = {0: "unicast", 1: "broadcast", 2: "multicast"}

V4 = {
    RejectWith.ICMP_NET_UNREACHABLE: "icmp-net-unreachable", RejectWith.ICMP_HOST_UNREACHABLE: "icmp-host-unreachable",
    RejectWith.ICMP_PROT_UNREACHABLE: "icmp-proto-unreachable",
    RejectWith.ICMP_PORT_UNREACHABLE: "icmp-port-unreachable", RejectWith.ICMP_NET_PROHIBITED: "icmp-net-prohibited",
    RejectWith.ICMP_HOST_PROHIBITED: "icmp-host-prohibited", RejectWith.ICMP_ADMIN_PROHIBITED: "icmp-admin-prohibited",
    RejectWith.ICMPX_NO_ROUTE: "icmp-net-unreachable", RejectWith.ICMPX_PORT_UNREACHABLE: "icmp-port-unreachable",
    RejectWith.ICMPX_HOST_UNREACHABLE: "icmp-host-unreachable",
    RejectWith.ICMPX_ADMIN_PROHIBITED: "icmp-admin-prohibited", RejectWith.TCP_RESET: "tcp-reset",
    RejectWith.NONE: "icmp-port-unreachable",
}  # fmt: skip
V6 = {
    RejectWith.ICMPV6_NO_ROUTE: "icmp6-no-route", RejectWith.ICMPV6_ADMIN_PROHIBITED: "icmp6-adm-prohibited",
    RejectWith.ICMPV6_ADDR_UNREACHABLE: "icmp6-addr-unreachable",
    RejectWith.ICMPV6_PORT_UNREACHABLE: "icmp6-port-unreachable", RejectWith.ICMPV6_POLICY_FAIL: "icmp6-policy-fail",
    RejectWith.ICMPV6_REJECT_ROUTE: "icmp6-reject-route", RejectWith.ICMPX_NO_ROUTE: "icmp6-no-route",
    RejectWith.ICMPX_PORT_UNREACHABLE: "icmp6-port-unreachable",
    RejectWith.ICMPX_HOST_UNREACHABLE: "icmp6-addr-unreachable",
    RejectWith.ICMPX_ADMIN_PROHIBITED: "icmp6-adm-prohibited", RejectWith.TCP_RESET: "tcp-reset",
    RejectWith.NONE: "icmp6-port-unreachable",
}  # fmt: skip
ANSWERS = {4: V4, 6: V6}
"""What a REJECT answers; `icmpx` of nft as its kernel translates it (nft_reject_icmp_code)."""

TARGETS = frozenset({
    "ACCEPT", "AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNMARK", "CONNSECMARK", "CT", "DNAT", "DNPT", "DROP",
    "DSCP", "ECN", "HL", "HMARK", "IDLETIMER", "INPUT", "FORWARD", "LED", "LOG", "MARK", "MASQUERADE", "NETMAP",
    "NFLOG", "NFQUEUE", "NOTRACK", "OUTPUT", "POSTROUTING", "PREROUTING", "QUEUE", "RATEEST", "REDIRECT", "REJECT",
    "RETURN", "SECMARK", "SET", "SNAT", "SNPT", "SYNPROXY", "TCPMSS", "TCPOPTSTRIP", "TEE", "TOS", "TPROXY", "TRACE",
    "TTL", "ULOG",
})  # fmt: skip
"""Names that a chain cannot have: `-j` would mean something else."""
LONGEST_CHAIN = 28
LONGEST_COMMENT = 255
LONGEST_PREFIX = 29


class ChainNames:
    """Names of the chains of a table, each given out once."""

    def __init__(self) -> None:
        """Those of targets are taken."""
        self.taken = set(TARGETS)

    def fresh(self, wanted: str) -> str:
        """A name as close to the wanted one as iptables allows and as is still free."""
        plain = "".join("_" if letter.isspace() or not letter.isprintable() else letter for letter in wanted)
        plain = plain.lstrip("-!") or "chain"
        found, count = plain[:LONGEST_CHAIN], 1
        while found in self.taken:
            count += 1
            found = f"{plain[: LONGEST_CHAIN - 1 - len(str(count))]}_{count}"
        self.taken.add(found)
        return found


def quoted(text: str) -> str:
    """A text as one argument of iptables-restore."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def comment(text: str) -> str:
    """The match that keeps a rule's name."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)[:LONGEST_COMMENT]
    return f"-m comment --comment {quoted(plain)}"


def interface(name: str) -> str:
    """The name of an interface; one that ends with `+` would be the beginning of others."""
    if name.endswith("+") or any(letter.isspace() for letter in name) or '"' in name:
        raise CannotSay(f"the interface {name!r}")
    return name
