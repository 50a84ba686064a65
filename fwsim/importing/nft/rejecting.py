"""`reject`, in all its kinds and with the defaults of each family.

Read first: `reading`. As `stmt_evaluate_reject` of nft does it.
"""

from __future__ import annotations

from fwsim.netfilter.steps import Verdict
from fwsim.nft.rule_tree import Reject
from fwsim.terms import RejectWith

from .headers import NETWORK, TRANSPORT
from .protocols import protocol
from .reading import FAMILY, Reading, conflict
from .types import TYPES
from .values import Wanted, refuse

ICMP = {
    0: RejectWith.ICMP_NET_UNREACHABLE, 1: RejectWith.ICMP_HOST_UNREACHABLE, 2: RejectWith.ICMP_PROT_UNREACHABLE,
    3: RejectWith.ICMP_PORT_UNREACHABLE, 9: RejectWith.ICMP_NET_PROHIBITED, 10: RejectWith.ICMP_HOST_PROHIBITED,
    13: RejectWith.ICMP_ADMIN_PROHIBITED,
}  # fmt: skip
ICMPV6 = {
    0: RejectWith.ICMPV6_NO_ROUTE, 1: RejectWith.ICMPV6_ADMIN_PROHIBITED, 3: RejectWith.ICMPV6_ADDR_UNREACHABLE,
    4: RejectWith.ICMPV6_PORT_UNREACHABLE, 5: RejectWith.ICMPV6_POLICY_FAIL, 6: RejectWith.ICMPV6_REJECT_ROUTE,
}  # fmt: skip
ICMPX = {
    0: RejectWith.ICMPX_NO_ROUTE, 1: RejectWith.ICMPX_PORT_UNREACHABLE, 2: RejectWith.ICMPX_HOST_UNREACHABLE,
    3: RejectWith.ICMPX_ADMIN_PROHIBITED,
}  # fmt: skip
CODES = {"icmp": ICMP, "icmpv6": ICMPV6, "icmpx": ICMPX}
PORT = {"icmp": 3, "icmpv6": 4, "icmpx": 1}
"""The code of each kind that stands if none was written."""
NETWORKS = {"icmp": "ip", "icmpv6": "ip6"}


def reject(reading: Reading, node: Reject) -> None:
    """A rejection, with what nft asks before it."""
    if reading.family == "arp":
        raise refuse(node, "reject cannot be used in tables of arp")
    kind = node.kind or _default(reading)
    if kind == "tcp":
        _ask_tcp(reading, node)
        reading.add(Verdict("reject", None, RejectWith.TCP_RESET, node.text))
        return
    number = PORT[kind]
    if node.code is not None:
        number = reading.constants.number(node.code, Wanted(TYPES[f"{kind}_code"], 32)) & 0xFF
    _check_family(reading, node, kind)
    reading.add(Verdict("reject", None, CODES[kind].get(number, CODES[kind][PORT[kind]]), node.text))
    if number not in CODES[kind]:
        reading.ruleset.remark(node, f"{node.text}: told as {kind} {number} by the kernel, here as port-unreachable")


def _default(reading: Reading) -> str:
    """The kind that stands if none was written."""
    network = reading.header(NETWORK)
    return {"ip": "icmp", "ip6": "icmpv6"}.get(network or "", "icmpx")


def _ask_tcp(reading: Reading, node: Reject) -> None:
    """A reset answers TCP only; nft asks for it before all else, so that nothing else is logged."""
    known = reading.header(TRANSPORT)
    if known is None:
        reading.ask_first(protocol(6))
        reading.learn("tcp")
    elif known != "tcp":
        raise refuse(node, f"'tcp reset' cannot answer {known}")


def _check_family(reading: Reading, node: Reject, kind: str) -> None:
    """An ICMP error answers its own family only."""
    known = reading.header(NETWORK)
    if kind == "icmpx":
        if reading.family in ("ip", "ip6"):
            raise refuse(node, "icmpx stands in tables that see both families, expected icmp or icmpv6")
        return
    wanted = NETWORKS[kind]
    if known is None:
        reading.ask_first(FAMILY[4 if wanted == "ip" else 6])
        reading.learn(wanted)
    elif known != wanted:
        raise conflict(node, known, wanted)
