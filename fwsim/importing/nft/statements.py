"""The statements of rules as steps.

Read first: `matches`, `maps`, `setting`, `counting`. `STATEMENTS` says who reads which.
"""

from __future__ import annotations

from collections.abc import Callable

from fwsim.netfilter.steps import Effectless, NoTrack, Unknown, Verdict
from fwsim.nft import rule_tree
from fwsim.nft.tree import Expression, Map, Range

from .counting import counted, use
from .maps import mapped, verdict_map, verdict_step
from .matches import match
from .operands import is_constant, operands
from .reading import Reading
from .rejecting import reject
from .setting import assign, strip
from .translating import nat, tproxy
from .types import TYPES
from .updating import meter, set_update
from .values import Wanted, refuse
from .xtables import xtables

BOUND: dict[type, str] = {
    rule_tree.Nat: "", rule_tree.Reject: "reject", rule_tree.Tproxy: "tproxy", rule_tree.Synproxy: "synproxy",
    rule_tree.FlowOffload: "flow",
}  # fmt: skip
"""Statements that stand at some hooks only, with their name there; of nat it is their kind."""

LONGEST_PREFIX = 127
"""NF_LOG_PREFIXLEN - 1."""


def statement(reading: Reading, node: rule_tree.Statement) -> None:
    """One statement; nothing may follow a verdict."""
    if reading.terminal:
        raise refuse(node, "nothing may follow a verdict in a rule")
    reading.text = node.text
    STATEMENTS[type(node)](reading, node)
    bound = BOUND.get(type(node))
    if bound is not None:
        reading.bound.append((node, bound or getattr(node, "kind", "")))
    reading.terminal = ends(node)


ENDING = frozenset([rule_tree.Nat, rule_tree.Reject, rule_tree.Queue, rule_tree.Forward])
"""Statements that nothing may follow; nor may it a verdict."""


def ends(node: rule_tree.Statement) -> bool:
    """Whether nothing may follow."""
    if isinstance(node, rule_tree.VerdictStatement):
        return getattr(node.verdict, "kind", "") != "continue"
    return type(node) in ENDING


def _verdict(reading: Reading, node: rule_tree.VerdictStatement) -> None:
    reading.add(verdict_step(reading, node.verdict))


def _anonymous_chain(reading: Reading, node: rule_tree.AnonymousChain) -> None:
    """`jump { ... }`: a chain of its own."""
    name = reading.ruleset.anonymous_chain(reading.table, node)
    reading.add(Verdict(node.kind, name, text=node.text))


def _counted(reading: Reading, node: rule_tree.Statement) -> None:
    reading.add(counted(node))


def _log(reading: Reading, node: rule_tree.Log) -> None:
    """A log entry."""
    numbers = (node.group, node.snaplen, node.queue_threshold)
    if any(number is not None for number in numbers) and (node.level is not None or node.flags):
        raise refuse(node, "a group excludes level and flags")
    if node.level == "audit" and (node.prefix is not None or node.flags):
        raise refuse(node, "level audit takes no further options")
    for number, bits in zip(numbers, (16, 32, 16), strict=True):
        if number is not None and number >> bits:
            raise refuse(node, f"{number} is out of range, expected 0 to {(1 << bits) - 1}")
    prefix = node.prefix.name if node.prefix is not None else None
    if prefix is not None and len(prefix.encode("utf-8", "surrogatepass")) > LONGEST_PREFIX:
        raise refuse(node, f"the prefix is too long, expected at most {LONGEST_PREFIX} bytes")
    reading.add(Effectless(node.text, prefix))


def _queue(reading: Reading, node: rule_tree.Queue) -> None:
    """Off to a program."""
    number = node.number
    wanted = Wanted(TYPES["integer"], 16)
    if "fanout" in node.flags and number is not None and not isinstance(number, Range):
        raise refuse(number, "fanout needs a range of queues")
    if isinstance(number, Map):
        mapped(reading, number, (wanted,), lambda _: (Verdict("queue"),), "queue")
    elif number is not None and is_constant(number):
        reading.constants.one(number, wanted)
    elif number is not None:
        found = operands(reading, number)[0]
        if found.most > 0xFFFF:
            raise refuse(number, "the number of a queue has 16 bits")
    reading.add(Verdict("queue", text=node.text))


def _notrack(reading: Reading, node: rule_tree.Notrack) -> None:
    reading.add(NoTrack(node.text))


def _duplicate(reading: Reading, node: rule_tree.Duplicate) -> None:
    """A copy goes elsewhere; the packet goes on."""
    wanted = {"ip": ("ipv4_addr", 32), "ip6": ("ipv6_addr", 128), "netdev": ("iface_index", 32)}.get(reading.family)
    if wanted is None:
        raise refuse(node, f"dup cannot be used in tables of {reading.family}")
    if reading.family == "netdev" and node.device is not None:
        raise refuse(node, "a device cannot stand here")
    _check_value(reading, node.to, wanted)
    reading.add(Effectless(node.text, copies=True))


def _check_value(reading: Reading, node: Expression, wanted: tuple[str, int]) -> None:
    """What is given must have a type; the name of an interface is one."""
    kind, bits = wanted
    if isinstance(node, Map):
        mapped(reading, node, (Wanted(TYPES[kind], bits),), lambda _: (Effectless(node.text),), "dup")
    elif is_constant(node):
        reading.constants.one(node, Wanted(TYPES["ifname" if kind == "iface_index" else kind], bits * 4))
    else:
        operands(reading, node)


def _forward(reading: Reading, node: rule_tree.Forward) -> None:
    """The packet goes out by another device."""
    if reading.family != "netdev":
        raise refuse(node, "fwd stands in tables of netdev only")
    _check_value(reading, node.device, ("iface_index", 32))
    reading.add(Effectless(node.text))


def _flow(reading: Reading, node: rule_tree.FlowOffload) -> None:
    """The connection goes into a flowtable."""
    if node.flowtable not in reading.table.flowtables:
        raise refuse(node, f"there is no flowtable '{node.flowtable}' in {reading.table.title}")
    reading.ruleset.remark(
        node, f"{node.text}: later packets of the connection would pass by the rules, here none does"
    )
    reading.add(Effectless(node.text))


def _synproxy(reading: Reading, node: rule_tree.Synproxy) -> None:
    """The kernel answers in place of the server: whether the packet goes on is not simulated."""
    reading.add(Unknown(node.text))
    reading.add(Verdict("drop", text=node.text))


def _named(reading: Reading, node: rule_tree.Named) -> None:
    """A named object."""
    if node.kind == "synproxy":
        use(reading, node)
        reading.steps.pop()
        reading.add(Unknown(node.text))
        reading.add(Verdict("drop", text=node.text))
        return
    use(reading, node)


STATEMENTS: dict[type, Callable[..., None]] = {
    rule_tree.Match: match, rule_tree.VerdictMap: verdict_map, rule_tree.VerdictStatement: _verdict,
    rule_tree.AnonymousChain: _anonymous_chain, rule_tree.Named: _named, rule_tree.Counter: _counted,
    rule_tree.Last: _counted, rule_tree.Limit: _counted, rule_tree.Quota: _counted,
    rule_tree.ConnectionLimit: _counted, rule_tree.Log: _log, rule_tree.Reject: reject, rule_tree.Nat: nat,
    rule_tree.Tproxy: tproxy, rule_tree.Synproxy: _synproxy, rule_tree.Queue: _queue,
    rule_tree.Duplicate: _duplicate, rule_tree.Forward: _forward, rule_tree.Assign: assign,
    rule_tree.Notrack: _notrack, rule_tree.FlowOffload: _flow, rule_tree.SetUpdate: set_update,
    rule_tree.Meter: meter, rule_tree.StripOption: strip, rule_tree.Xtables: xtables,
}  # fmt: skip
"""Who reads which statement."""
