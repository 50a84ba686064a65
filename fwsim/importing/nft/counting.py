"""Statements that count: limits, quotas, counters, `ct count`, and the named objects of a table.

Read first: `reading`, `fwsim.netfilter.steps`. Unlike nft, which cuts off what is beyond 32 bits without a word, a
burst or number of connections that does not fit is refused (so are sizes of sets and groups of logs).
"""

from __future__ import annotations

from fwsim.errors import RulesetError
from fwsim.netfilter.steps import Alter, Case, Choose, Connections, Effectless, Quota, Rate, SetHelper, Step
from fwsim.nft import block_tree, rule_tree
from fwsim.nft.rule_tree import Statement
from fwsim.nft.tree import Expression, Map, Node, SetLiteral, SetReference, Symbol
from fwsim.ruleset.values import Limit

from .maps import choose_named, keys, last_first, looked_at
from .matches import element_of
from .members import anonymous_map, members_of
from .reading import Reading
from .values import refuse, unveiled

SECOND = 1_000_000_000
PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
DEFAULT_BURST = {"packets": 5, "bytes": 0}
LARGEST = (1 << 64) - 1


def limit(node: rule_tree.Limit, name: str | None = None, text: str | None = None) -> Rate:
    """`limit rate over 10/second burst 5 packets`."""
    burst = DEFAULT_BURST[node.unit] if node.burst is None else node.burst
    period = PERIODS[node.per] * SECOND
    if not node.rate or node.rate > LARGEST or burst > 0xFFFFFFFF:
        raise refuse(node, "the kernel takes a rate of at least 1, and a burst of 32 bits")
    tokens = node.rate + burst if node.unit == "bytes" else burst
    if period * tokens // node.rate > LARGEST or node.rate + burst > LARGEST:
        raise refuse(node, "the rate and its burst are out of range for the kernel")
    text = node.text if text is None else text
    return Rate(Limit(node.rate, period, burst, node.over, node.unit, node.text), "nft", name, text)


def quota(node: rule_tree.Quota, name: str | None = None, text: str | None = None) -> Quota:
    """`quota over 25 mbytes`."""
    if node.bytes >> 63 or node.used > node.bytes:
        raise refuse(node, "the quota is out of range for the kernel")
    return Quota(node.bytes, node.used, node.over, name, node.text if text is None else text)


def connections(node: rule_tree.ConnectionLimit) -> Connections:
    """`ct count over 10`."""
    if node.count >> 32:
        raise refuse(node, f"{node.count} is out of range, expected 0 to 4294967295")
    return Connections(node.count, node.over, (), node.text)


def counted(node: Node) -> Step:
    """A statement that counts, as rules, sets and elements have it."""
    if isinstance(node, rule_tree.Limit):
        return limit(node)
    if isinstance(node, rule_tree.Quota):
        return quota(node)
    if isinstance(node, rule_tree.ConnectionLimit):
        return connections(node)
    return Effectless(node.text, counter=isinstance(node, rule_tree.Counter))


STATEFUL = (rule_tree.Limit, rule_tree.Quota, rule_tree.ConnectionLimit, rule_tree.Counter, rule_tree.Last)


def object_step(node: block_tree.Stateful | block_tree.CtObject) -> Step:
    """What a named object does where a rule uses it."""
    if isinstance(node, block_tree.CtObject):
        return _of_connection(node)
    if isinstance(node.rate, rule_tree.Limit):
        return limit(node.rate, node.name)
    if isinstance(node.rate, rule_tree.Quota):
        return quota(node.rate, node.name)
    return Effectless(node.text, counter=node.kind == "counter")


def _of_connection(node: block_tree.CtObject) -> Step:
    """What an object does to the connection that a packet opens."""
    if node.kind == "ct helper":
        return SetHelper(node.helper or "", node.text)
    if node.kind == "ct timeout":
        return Alter(("ct_status",), None, node.text)  # how long connections live, nothing here keeps for each
    return Effectless(node.text)


def check_object(node: block_tree.Stateful | block_tree.CtObject) -> None:
    """What nft and the kernel refuse of an object."""
    mistake = _missing(node)
    if mistake:
        raise refuse(node, f"the {node.kind} '{node.name}' {mistake}")


def _missing(node: block_tree.Stateful | block_tree.CtObject) -> str:
    """What an object lacks."""
    if isinstance(node, block_tree.Stateful):
        incomplete = node.kind in ("limit", "quota") and node.rate is None
        return f"says no {'rate' if node.kind == 'limit' else 'amount'}" if incomplete else ""
    if node.kind == "ct helper":
        return "" if node.helper else "has no type"
    if node.kind == "ct expectation" and not (node.protocol and node.dport and node.timeout and node.size):
        return "needs protocol, dport, timeout and size"
    return "" if node.protocol else "has no protocol"


def use(reading: Reading, node: rule_tree.Named) -> None:
    """`counter name "x"`, `limit name x`, or by a map."""
    value = unveiled(node.name)
    if isinstance(value, Map):
        object_map(reading, value, node.kind, node.text)
        return
    reading.add(reading.table.object_named(value, node.kind, name_of(value)).step_for(node.text))


def name_of(node: Expression) -> str:
    """The name of an object."""
    if not isinstance(node, Symbol):
        raise refuse(node, "expected a name")
    return node.name


def object_map(reading: Reading, node: Map, kind: str, text: str) -> None:
    """`counter name tcp dport map { 22 : "ssh" }`."""
    left = keys(reading, node.key)
    mapping = unveiled(node.mapping)
    if isinstance(mapping, SetReference):
        found = reading.table.set_named(mapping)
        found.check_key(mapping, left)
        if found.object_kind != kind:
            raise refuse(mapping, f"'{mapping.name}' is no map to objects of kind {kind}")
        reading.add(choose_named(reading, mapping, left, text))
        return
    if not isinstance(mapping, SetLiteral):
        raise refuse(mapping, "expected a map in braces or by name")
    members = members_of(reading.constants, mapping, left, True)
    anonymous_map(members, left)
    cases = []
    for member in members:
        value = unveiled(member.value) if member.value is not None else None
        if value is None:
            raise refuse(member.node, "expected the name of an object")
        step = reading.table.object_named(value, kind, name_of(value)).step_for(text)
        cases.append(Case(element_of(reading, left, member.key), (step,)))
    reading.ruleset.anonymous_set(reading.table)
    reading.add(Choose(looked_at(left), last_first(cases), None, text))


def not_stateful(node: Statement) -> RulesetError:
    """What cannot be kept for each element."""
    return refuse(node, "expected a statement that counts, such as limit, counter or quota")
