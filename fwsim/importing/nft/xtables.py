"""What nft prints of iptables' extensions by their names alone: `xt match conntrack`, `xt target REJECT`.

Read first: `fwsim.netfilter.steps`. Their options are lost: an extension is taken for what its name alone says of it,
and for the rest it is unknown. nft itself reads none of this.
"""

from __future__ import annotations

from collections.abc import Callable

from fwsim.netfilter.fields import Option
from fwsim.netfilter.steps import Alter, Effectless, Nat, Step, Unknown, Verdict
from fwsim.nft import rule_tree
from fwsim.terms import RejectWith

from .reading import Reading

TRACKING = frozenset((
    "conntrack", "state", "connmark", "connbytes", "connlabel", "connlimit", "helper", "cluster", "CONNMARK",
    "CONNSECMARK", "CT",
))  # fmt: skip
"""The extensions that make Linux track (nf_ct_netns_get); the NAT targets do too."""


def _nat(name: str, text: str) -> Step:
    """A translation, not to what."""
    return Nat(name.lower(), told=False, text=text)


def _effectless(name: str, text: str) -> Step:
    """Nothing that a rule could see."""
    return Effectless(text, copies=name == "TEE")


def _mark(_: str, text: str) -> Step:
    """Another mark."""
    return Alter(("mark",), None, text)


def _ttl(_: str, text: str) -> Step:
    """Another TTL or hop limit."""
    return Alter(("ttl",), None, text)


def _segment_size(_: str, text: str) -> Step:
    """Another MSS."""
    return Alter((Option("tcp", "maxseg", "size"),), None, text)


def _reject(_: str, text: str) -> Step:
    """A refusal, with what answer is lost."""
    return Verdict("reject", None, RejectWith.NONE, text)


def _unknown(_: str, text: str) -> Step:
    """Anything."""
    return Verdict("unknown", text=text)


TARGETS: dict[str, Callable[[str, str], Step]] = {
    **dict.fromkeys(("DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"), _nat),
    **dict.fromkeys(("LOG", "NFLOG", "TRACE", "AUDIT", "CHECKSUM", "CLASSIFY", "LED", "IDLETIMER", "RATEEST", "TEE"),
                    _effectless),
    **dict.fromkeys(("MARK", "HMARK", "SET"), _mark),
    **dict.fromkeys(("TTL", "HL"), _ttl),
    "TCPMSS": _segment_size, "REJECT": _reject,
}  # fmt: skip
"""What is known of a target by its name. SET gives a mark with `--map-set`; its set is matched by extensions alone."""


LOST = "nft does not tell the options of these extensions of iptables, iptables-save does"


def xtables(reading: Reading, node: rule_tree.Xtables) -> None:
    """An extension. One without a name, as in older listings, may be a match or a target, and any of them."""
    text = f"xt {node.kind} {node.name}".rstrip()
    if text == "xt match comment":
        return
    if node.kind == "match" or not node.name or node.name in TRACKING:
        reading.add(Unknown(text, tracks=not node.name or node.name in TRACKING))
    if node.kind != "match":
        reading.add(TARGETS.get(node.name, _unknown)(node.name, text))
    if node.name == "REJECT":
        reading.ruleset.remark(node, f"{text}: what it answers is not told")
    reading.ruleset.remark_once(node, LOST)
