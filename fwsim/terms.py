"""The vocabulary: every word a decision is made of, in the field's standard terms.

Read first: nothing; this is the bottom rung. Names are the kernel's and nftables' (see
`ct(8)`, `nft(8)`, `conntrack -L`). Nothing here computes; only enumerations and their words live here.

The numbers matter: rows of `fwsim.tables` hold them as plain int64.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

ABSENT = -1
"""A field this packet does not have (a port in an ICMP packet). No match on it succeeds, negated or not."""

UNKNOWN_VALUE = -2
"""A field whose value cannot be known (cut off, no interface found). A match on it is neither true nor false."""


class Hook(IntEnum):
    """Where in the kernel's packet path a chain sits.

    ```
                    +------------+             +---------+             +-------------+
      from the ---> | PREROUTING | -> route -> | FORWARD | ----------> | POSTROUTING | ---> to the
      network       +------------+      |      +---------+             +-------------+      network
                     tracking           v                                     ^
                                   +---------+                           +--------+
                                   |  INPUT  | ---> local process -----> | OUTPUT |
                                   +---------+                           +--------+
                                                                          tracking
    ```
    Tracking happens at priority -200 of PREROUTING and OUTPUT; a new connection is
    confirmed at the very end of INPUT or POSTROUTING.
    """

    PREROUTING = 0
    INPUT = 1
    FORWARD = 2
    OUTPUT = 3
    POSTROUTING = 4


class Verdict(IntEnum):
    """What becomes of a packet."""

    ACCEPT = 0
    DROP = 1
    REJECT = 2
    NOT_EVALUATED = 3
    """No rule decides it: the stack discards it before, or it is not IP, or it is an egress copy."""
    UNKNOWN = 4
    """It hangs on something that is not simulated."""


class Direction(IntEnum):
    """The direction of a packet within its connection: `original` is that of the packet that opened it."""

    ORIGINAL = 0
    REPLY = 1
    NONE = 2


class CtState(IntFlag):
    """`ct state` as rules see it, with nftables' bit values (`enum nft_ct_keys`, NF_CT_STATE_BIT)."""

    NONE = 0
    INVALID = 1
    ESTABLISHED = 2
    RELATED = 4
    NEW = 8
    UNTRACKED = 64


class CtStatus(IntFlag):
    """`ct status` bits (`enum ip_conntrack_status`), and three of our own above the kernel's."""

    EXPECTED = 1
    SEEN_REPLY = 2
    ASSURED = 4
    CONFIRMED = 8
    SNAT = 16
    DNAT = 32
    SEQ_ADJUST = 64
    SNAT_DONE = 128
    DNAT_DONE = 256
    DYING = 512
    HELPER = 8192
    TENTATIVE = 1 << 20
    """Opened by a packet whose verdict is UNKNOWN: it may or may not exist."""
    GHOST = 1 << 21
    """Its opening was refused; remembered only so that later packets can be explained."""
    HELPER_IN_DOUBT = 1 << 22
    """Whether it has a helper, or what that has read, is not known for sure."""
    NAT_IN_DOUBT = 1 << 23
    """Whether, or to what, it is translated is not known for sure."""
    STRAY = 1 << 24
    """A packet may have been one of it that could not be recognised: what state it is in is not known."""
    NAT_CLASH = 1 << 25
    """Nothing was free that it could be translated to."""
    NAT_CLASH_IN_DOUBT = 1 << 26
    """Perhaps nothing was free."""


class TcpState(IntEnum):
    """TCP states in the kernel's order (`enum tcp_conntrack`), named as `conntrack -L` prints them."""

    NONE = 0
    SYN_SENT = 1
    SYN_RECV = 2
    ESTABLISHED = 3
    FIN_WAIT = 4
    CLOSE_WAIT = 5
    LAST_ACK = 6
    TIME_WAIT = 7
    CLOSE = 8
    SYN_SENT2 = 9


class SctpState(IntEnum):
    """SCTP states in the kernel's order (`enum sctp_conntrack`), named as `conntrack -L` prints them."""

    NONE = 0
    CLOSED = 1
    COOKIE_WAIT = 2
    COOKIE_ECHOED = 3
    ESTABLISHED = 4
    SHUTDOWN_SENT = 5
    SHUTDOWN_RECD = 6
    SHUTDOWN_ACK_SENT = 7
    HEARTBEAT_SENT = 8


class TcpFlag(IntFlag):
    """The TCP flag bits, as on the wire (RFC 9293 §3.1, RFC 3168)."""

    FIN = 0x01
    SYN = 0x02
    RST = 0x04
    PSH = 0x08
    ACK = 0x10
    URG = 0x20
    ECE = 0x40
    CWR = 0x80


class Proto(IntEnum):
    """IP protocol numbers that the engine knows by name (IANA)."""

    ICMP = 1
    IGMP = 2
    IPIP = 4
    TCP = 6
    UDP = 17
    DCCP = 33
    GRE = 47
    ESP = 50
    AH = 51
    ICMPV6 = 58
    SCTP = 132
    UDPLITE = 136


class RejectWith(IntEnum):
    """The answer of a REJECT, in nftables' words (`nft(8)`, REJECT STATEMENT)."""

    NONE = 0
    TCP_RESET = 1
    ICMP_NET_UNREACHABLE = 2
    ICMP_HOST_UNREACHABLE = 3
    ICMP_PROT_UNREACHABLE = 4
    ICMP_PORT_UNREACHABLE = 5
    ICMP_NET_PROHIBITED = 6
    ICMP_HOST_PROHIBITED = 7
    ICMP_ADMIN_PROHIBITED = 8
    ICMPV6_NO_ROUTE = 9
    ICMPV6_ADMIN_PROHIBITED = 10
    ICMPV6_ADDR_UNREACHABLE = 11
    ICMPV6_PORT_UNREACHABLE = 12
    ICMPV6_POLICY_FAIL = 13
    ICMPV6_REJECT_ROUTE = 14
    ICMPX_NO_ROUTE = 15
    ICMPX_PORT_UNREACHABLE = 16
    ICMPX_HOST_UNREACHABLE = 17
    ICMPX_ADMIN_PROHIBITED = 18


class Reason(IntEnum):
    """Why: the one thing that settled a packet's fate, or its ct state when that is not plain from the rule.

    What each means in a sentence, and in the kernel's own words, stands in `fwsim.reasons`.
    """

    NONE = 0
    # decided by the ruleset
    RULE = 1
    POLICY = 2
    ONE_OF_SEVERAL = 98
    NO_CHAIN = 3
    MIRROR = 4
    ICMP_ERROR_TWIN = 5
    TABLE_FULL = 6
    NAT_CLASH = 7
    NAT_REDIRECT = 8
    NAT_NO_ADDRESS = 9
    NAT_UNWRITABLE = 96
    NAT_OTHER_INTERFACE = 97
    # not evaluated
    NOT_IP = 10
    EGRESS_COPY = 11
    BAD_IP_HEADER = 12
    BAD_IP_CHECKSUM = 13
    SHORT_PACKET = 14
    TTL_EXPIRED = 15
    MARTIAN_SOURCE = 16
    MARTIAN_DESTINATION = 17
    MULTICAST_NOT_FORWARDED = 18
    OTHER_HOST = 19
    BAD_IP_OPTIONS = 90
    SOURCE_ROUTED = 91
    BAD_HOP_BY_HOP = 92
    NO_ROUTE = 93
    FORWARDING_OFF = 94
    REVERSE_PATH = 95
    # not evaluated: fragments that reach no rule (conntrack-spec 12)
    FRAGMENT_WAITING = 80
    FRAGMENT_INCOMPLETE = 81
    FRAGMENT_TIMEOUT = 82
    FRAGMENT_OVERLAP = 83
    FRAGMENT_DUPLICATE = 84
    FRAGMENT_LENGTH = 85
    FRAGMENT_TOO_LARGE = 86
    FRAGMENT_ECN = 87
    FRAGMENT_DISTANCE = 88
    FRAGMENT_MEMORY = 89
    # unknown
    CUT = 20
    NO_INTERFACE = 22
    TENTATIVE = 23
    NOT_SIMULATED = 24
    NOT_COUNTED = 25
    ENTRIES_FULL = 26
    TRANSLATED = 27
    # why conntrack found it invalid (ct state invalid)
    TCP_SHORT = 30
    TCP_BAD_CHECKSUM = 31
    TCP_BAD_FLAGS = 32
    TCP_NOT_AN_OPENING = 33
    TCP_NO_PICKUP = 34
    TCP_INVALID_STATE = 35
    TCP_SEQ_OVER = 36
    TCP_ACK_OVER = 37
    TCP_RST_SEQ_LOW = 38
    UDP_SHORT = 40
    UDP_BAD_CHECKSUM = 41
    ICMP_SHORT = 42
    ICMP_BAD_CHECKSUM = 43
    ICMP_BAD_TYPE = 44
    ICMP_REPLY_WITHOUT_REQUEST = 45
    ICMP_ERROR_UNMATCHED = 46
    ICMP_ERROR_BAD_QUOTE = 47
    ICMP_ERROR_WRONG_TARGET = 48
    ICMP_REDIRECT_NOT_LOCAL = 49
    L4_TRUNCATED = 50
    NO_TRANSPORT = 51
    LATER_FRAGMENT = 52
    SCTP_BAD_CHECKSUM = 53
    SCTP_BAD_CHUNKS = 54
    SCTP_NOT_AN_OPENING = 55
    SCTP_BAD_TAG = 56
    SCTP_INVALID_STATE = 57
    GRE_BAD_PROTOCOL = 58
    UDPLITE_NO_CHECKSUM = 59
    # why conntrack drops it itself, although the rules have accepted it
    HELPER_PARTIAL = 76
    HELPER_CLASH = 77
    # worth saying although the packet is fine with conntrack
    TCP_IGNORED = 60
    TCP_OLD_DATA = 61
    TCP_OLD_ACK = 62
    TCP_OVERSHOOT = 63
    TCP_RST_INEXACT = 64
    TCP_RESYNC = 65
    TCP_REOPENED = 66
    TCP_CHALLENGE_ACK = 67
    TCP_PICKED_UP = 68
    TCP_LIBERAL = 69
    TCP_RESET_UNREPLIED = 70
    UNTRACKED_ND = 71
    UNTRACKED_RULE = 72
    ICMP_ERROR_RELATED = 73
    TRACKING_OFF = 74
    SCTP_IGNORED = 75
    EXPECTED = 78


class Evidence(IntFlag):
    """What is wrong with a packet, independent of the ruleset (a closed list; words as in `WORDS`)."""

    NONE = 0
    # spoofed
    SPOOFED_SOURCE = 1 << 0
    BOGON_SOURCE = 1 << 1
    LAND = 1 << 2
    # out of state
    ACK_WITHOUT_CONNECTION = 1 << 3
    SYNACK_WITHOUT_SYN = 1 << 4
    RST_WITHOUT_CONNECTION = 1 << 5
    FIN_WITHOUT_CONNECTION = 1 << 6
    UDP_REPLY_WITHOUT_REQUEST = 1 << 7
    ICMP_REPLY_WITHOUT_REQUEST = 1 << 8
    ICMP_ERROR_WITHOUT_CONNECTION = 1 << 9
    SEQ_ABOVE_WINDOW = 1 << 10
    ACK_ABOVE_WINDOW = 1 << 11
    RST_OUT_OF_WINDOW = 1 << 12
    RST_INEXACT = 1 << 13
    SYN_IN_CONNECTION = 1 << 14
    AFTER_CLOSE = 1 << 15
    # malformed
    FLAGS_NONE = 1 << 16
    FLAGS_XMAS = 1 << 17
    FLAGS_FIN_ONLY = 1 << 18
    FLAGS_SYN_FIN = 1 << 19
    FLAGS_INVALID = 1 << 20
    TINY_FRAGMENT = 1 << 21
    OVERLAPPING_FRAGMENT = 1 << 22
    BAD_LENGTH = 1 << 23
    # capture: no suspicion
    MIDSTREAM = 1 << 24
    FOLLOWS_DENIED = 1 << 25
    BAD_CHECKSUM = 1 << 26
    CUT = 1 << 27


SUSPICIOUS = (1 << 24) - 1
"""The evidence bits that speak of the packet; those above speak of the capture."""

EVIDENCE_GROUPS: dict[str, int] = {
    "spoofed": 0x000007,
    "out of state": 0x00FFF8,
    "malformed": 0xFF0000,
    "capture": 0xF000000,
}
"""The four groups, each a mask over `Evidence`, in the order in which they are printed."""


def word(member: IntEnum | IntFlag) -> str:
    """The word of a member in output and rulesets: lower case with hyphens for evidence, else underscores."""
    name = (member.name or "").lower()
    return name.replace("_", "-") if isinstance(member, (Evidence, Reason)) else name


def evidence_words(mask: int) -> list[str]:
    """The words of an evidence mask, in the closed list's order."""
    return [word(bit) for bit in Evidence if bit and mask & bit]


def ct_state_words(mask: int) -> str:
    """A `ct state` as nft prints it: comma-separated words, `none` when tracking is off."""
    return ",".join(word(bit) for bit in CtState if bit and mask & bit) or "none"


def flags_text(flags: int) -> str:
    """TCP flags as tcpdump prints them: `S.`, `P.`, `F.`, `none` (ACK is the dot; `tcpdump(1)`)."""
    letters = "".join(
        letter
        for letter, flag in (
            ("F", TcpFlag.FIN), ("S", TcpFlag.SYN), ("R", TcpFlag.RST), ("P", TcpFlag.PSH),
            (".", TcpFlag.ACK), ("U", TcpFlag.URG), ("E", TcpFlag.ECE), ("W", TcpFlag.CWR),
        )
        if flags & flag
    )  # fmt: skip
    return letters or "none"
