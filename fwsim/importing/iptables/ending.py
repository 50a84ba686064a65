"""Targets that end a rule: REJECT, queues, and those whose end is not known.

Read first: `extensions`. The verdicts ACCEPT, DROP, RETURN and QUEUE are no extensions.
"""

from __future__ import annotations

from fwsim.netfilter.steps import Verdict
from fwsim.terms import RejectWith

from .extensions import FORWARD, INPUT, OUTPUT, TCP, Steps, Use, target
from .values import RefusedError

R = RejectWith
REJECTS = {
    "icmp-net-unreachable": R.ICMP_NET_UNREACHABLE, "net-unreach": R.ICMP_NET_UNREACHABLE,
    "icmp-host-unreachable": R.ICMP_HOST_UNREACHABLE, "host-unreach": R.ICMP_HOST_UNREACHABLE,
    "icmp-proto-unreachable": R.ICMP_PROT_UNREACHABLE, "proto-unreach": R.ICMP_PROT_UNREACHABLE,
    "icmp-port-unreachable": R.ICMP_PORT_UNREACHABLE, "port-unreach": R.ICMP_PORT_UNREACHABLE,
    "icmp-net-prohibited": R.ICMP_NET_PROHIBITED, "net-prohib": R.ICMP_NET_PROHIBITED,
    "icmp-host-prohibited": R.ICMP_HOST_PROHIBITED, "host-prohib": R.ICMP_HOST_PROHIBITED,
    "tcp-reset": R.TCP_RESET, "tcp-rst": R.TCP_RESET,
    "icmp-admin-prohibited": R.ICMP_ADMIN_PROHIBITED, "admin-prohib": R.ICMP_ADMIN_PROHIBITED,
}  # fmt: skip
REJECTS_V6 = {
    "icmp6-no-route": R.ICMPV6_NO_ROUTE, "no-route": R.ICMPV6_NO_ROUTE,
    "icmp6-adm-prohibited": R.ICMPV6_ADMIN_PROHIBITED, "adm-prohibited": R.ICMPV6_ADMIN_PROHIBITED,
    "icmp6-addr-unreachable": R.ICMPV6_ADDR_UNREACHABLE, "addr-unreach": R.ICMPV6_ADDR_UNREACHABLE,
    "icmp6-port-unreachable": R.ICMPV6_PORT_UNREACHABLE, "port-unreach": R.ICMPV6_PORT_UNREACHABLE,
    "tcp-reset": R.TCP_RESET,
    "icmp6-policy-fail": R.ICMPV6_POLICY_FAIL, "policy-fail": R.ICMPV6_POLICY_FAIL,
    "icmp6-reject-route": R.ICMPV6_REJECT_ROUTE, "reject-route": R.ICMPV6_REJECT_ROUTE,
}  # fmt: skip
"""What `--reject-with` takes, in the order in which a word cut short is looked for."""


@target("REJECT", "reject-with text 1..0", tables=("filter",), hooks=(INPUT, FORWARD, OUTPUT))
def reject(use: Use) -> Steps:
    """ipt_REJECT.c, ip6t_REJECT.c."""
    known = REJECTS if use.family == 4 else REJECTS_V6
    word = use.given["reject-with"].value.lower() if "reject-with" in use else "port-unreach"
    found = [name for name in known if name.startswith(word)]
    if not found:
        raise RefusedError(f"--reject-with: `{word}` is no reject type: expected one of {' '.join(known)}")
    answer = known[found[0]]
    if answer == R.TCP_RESET and (use.protocol != TCP or use.protocol_negated):
        raise RefusedError(f"--reject-with {word} needs `-p tcp`")
    yield Verdict("reject", None, answer, use.whole_text())


@target(
    "NFQUEUE", "queue-num u16 -queue-balance", "queue-balance u16:", "queue-bypass flag",
    "queue-cpu-fanout flag &queue-balance",
)  # fmt: skip
def nfqueue(use: Use) -> Steps:
    """xt_NFQUEUE.c."""
    if "queue-balance" in use:
        low, high = use.given["queue-balance"].value
        if low >= high:
            raise RefusedError(f"--queue-balance: {low} should be less than {high}")
    yield Verdict("queue", text=use.whole_text())


@target(
    "SYNPROXY", "sack-perm flag", "timestamp flag", "wscale u32", "mss u32", "ecn flag", protocols=(TCP,),
    hooks=(INPUT, FORWARD),
)  # fmt: skip
@target(
    "CLUSTERIP", "new flag", "hashmode text", "clustermac mac", "total-nodes u16", "local-node u16", "hash-init u32",
    families=(4,), hooks=(INPUT,),
)  # fmt: skip
def unknown(use: Use) -> Steps:
    """What becomes of the packet is not known."""
    yield Verdict("unknown", text=use.whole_text())
