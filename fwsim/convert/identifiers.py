"""Names and texts as nft takes them: identifiers of chains and sets, comments, quoted strings.

Read first: `nft(8)`, LEXICAL CONVENTIONS. An identifier begins with a letter and is no word of the grammar; a quoted
string has no escapes, so that no double quote can stand in it.
"""

from __future__ import annotations

import re

GRAMMAR = """
accept add ah all and arp auto-merge bridge burst bytes cgroup chain checksum code comment comp constant continue
counter cpu create ct daddr day dccp define delete describe destroy device devices dnat dport drop dscp dst dup
dynamic ecn element elements eq esp ether exists expires export exthdr fib flags flow flowtable flush frag fwd
gc-interval ge geneve get goto gre gretap group gt handle hbh helper hook hoplimit hour ibriport ibrname icmp icmpv6
id igmp iif iifgroup iifname iiftype import in include index inet inner insert interval ip ip6 ipsec jhash jump last
le length level limit list log lshift lt map mark masquerade meta meter mh minute missing monitor mptcp ne netdev
nexthdr nftrace not notrack numgen obriport obrname offload oif oifgroup oifname oiftype option options or original
osf over packets performance pkttype policy position prefix priority protocol protocols queue quota random rate
redefine redirect reject rename replace reply reset return rshift rt rt0 rt2 rtclassid rule ruleset saddr sctp
second seconds secmark set size skgid skuid snaplen snat socket sport src srh state status string symhash synproxy
table tcp th time timeout tproxy ttl tunnel type typeof udp udplite undefine update version vlan vmap vxlan week
wscale xor xt xz
"""
"""Words of nft's grammar, of which at least one version takes none as an identifier (1.0.6: each was tried)."""

RESERVED = frozenset(GRAMMAR.split())

LONGEST_NAME = 100
"""Letters of an identifier (the kernel takes 255; some remain for what is added)."""
LONGEST_COMMENT = 128
"""Bytes of a comment (NFTNL_UDATA_COMMENT_MAXLEN)."""

WRONG_LETTER = re.compile(r"[^A-Za-z0-9_./-]")


class Identifiers:
    """The identifiers of one kind in a table, each given out once."""

    def __init__(self) -> None:
        """None is taken yet."""
        self.taken: set[str] = set()

    def fresh(self, wanted: str) -> str:
        """An identifier as close to the wanted one as nft allows and as is still free."""
        plain = WRONG_LETTER.sub("_", wanted)[:LONGEST_NAME]
        if not plain[:1].isalpha():
            plain = f"n_{plain}"
        if plain.lower() in RESERVED:
            plain += "_"
        found, count = plain, 1
        while found in self.taken:
            count += 1
            found = f"{plain}_{count}"
        self.taken.add(found)
        return found


def comment_of(text: str) -> str:
    """A text as the comment of a rule: without double quotes and control characters, cut to what nft takes."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text.replace('"', "'"))
    raw = plain.encode("utf-8", "replace")[:LONGEST_COMMENT]
    return f'comment "{raw.decode("utf-8", "ignore")}"'


def remark_of(text: str) -> str:
    """A text as a line that nft passes over."""
    return "# " + "".join(letter if letter.isprintable() else " " for letter in text)
