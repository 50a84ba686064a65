"""Declared sets and maps, and their elements.

Read first: `named_sets`, `members`.
"""

from __future__ import annotations

from fwsim.netfilter.steps import Step
from fwsim.nft import block_tree, tree
from fwsim.nft.tree import Element, Expression, SetLiteral

from .counting import counted
from .maps import verdict_step
from .members import flat
from .named_sets import PLAIN, Kept, SetState
from .operands import Operand, operand
from .reading import Reading
from .ruleset import ChainState, Ruleset, TableState
from .types import TYPES
from .values import Evaluated, Everything, Wanted, Word, duration_ns, element, refuse, unveiled

LONGEST_KEY = 64
"""Bytes of an element with all its parts, each padded to four (NFT_DATA_VALUE_MAXLEN)."""
RELATIVE = {"time": "expiration"}
"""`type time` means a duration; `meta time` means a date."""


def reading_of(
    ruleset: Ruleset, table: TableState, chain: ChainState | None = None, node: tree.Node | None = None
) -> Reading:
    """A reading that belongs to no rule: for types and elements."""
    if chain is None:
        assert node is not None
        chain = ChainState("", node)
    return Reading(ruleset, table, chain, ruleset.constants)


def declare(ruleset: Ruleset, table: TableState, node: block_tree.NamedSet, exclusive: bool) -> SetState:
    """A set as it is declared, without its elements; one that is there must be the same."""
    found = _declared(ruleset, table, node)
    before = table.sets.get(node.name)
    if before is None:
        table.next_handle()
        table.sets[node.name] = found
        return found
    if exclusive:
        raise refuse(node, f"there is a set '{node.name}' already")
    if _signature(before) != _signature(found):
        raise refuse(node, f"there is another set '{node.name}' already")
    return before


def _signature(found: SetState) -> tuple[object, ...]:
    """What two declarations of one set must have in common."""
    steps = tuple(type(step) for step in found.steps)
    flags = found.flags - {"dynamic", "constant"}
    return found.kinds, found.is_map, found.values, found.object_kind, flags, found.timeout_ns, steps


def _declared(ruleset: Ruleset, table: TableState, node: block_tree.NamedSet) -> SetState:
    """What a declaration says."""
    what = "map" if node.is_map else "set"
    if node.key is None:
        raise refuse(node, f"the {what} '{node.name}' has no type")
    reading = reading_of(ruleset, table, node=node)
    wanted = _types(reading, node.key, what)
    values = _types(reading, node.value, what) if node.value is not None else ()
    if node.is_map and not values and node.object_kind is None:
        raise refuse(node, f"the map '{node.name}' does not say what it gives")
    if node.auto_merge and "interval" not in node.flags:
        raise refuse(node, "auto-merge needs 'flags interval'")
    if node.size is not None and node.size >> 32:
        raise refuse(node, "the size is out of range, expected 32 bits")
    flags = set(node.flags) | ({"timeout"} if node.timeout is not None else set())
    timeout = duration_ns(node, node.timeout) if node.timeout is not None else None
    steps = tuple(counted(each) for each in node.statements)
    kinds = tuple(each.type.name for each in values)
    return SetState(
        node.name, node, wanted, node.is_map, kinds, values, node.object_kind, frozenset(flags), node.auto_merge,
        node.size or 0, timeout, steps,
    )  # fmt: skip


def _types(reading: Reading, node: block_tree.DataType, what: str) -> tuple[Wanted, ...]:
    """`type ipv4_addr . inet_service`, `typeof ip saddr . tcp dport`."""
    if node.expressions:
        wanted = tuple(_typeof(reading, each) for each in node.expressions)
    else:
        wanted = tuple(_named(name) for name in node.names)
    for each in wanted:
        if not each.bits and each.type.name != "verdict":
            raise refuse(node, f"{each.type.name} has no certain width, expected 'typeof' with an expression")
    if sum(-(-each.bits // 32) * 4 for each in wanted) > LONGEST_KEY:
        raise refuse(node, f"an element of the {what} has at most {LONGEST_KEY} bytes")
    return wanted


def _named(name: str) -> Wanted:
    """A type by name."""
    kind = TYPES[RELATIVE.get(name, name)]
    return Wanted(kind, kind.bits)


def _typeof(reading: Reading, node: Expression) -> Wanted:
    """The type of an expression; it is asked of no packet."""
    if isinstance(node, tree.Symbol) and node.name == "verdict":
        return Wanted(TYPES["verdict"], 0)
    fresh = reading_of(reading.ruleset, reading.table, reading.chain)
    found: Operand = operand(fresh, node)
    return found.wanted


def add_elements(reading: Reading, found: SetState, node: Expression, exclusive: bool = False) -> None:
    """`elements = { ... }`, `add element t s { ... }`."""
    literal = unveiled(node)
    if not isinstance(literal, SetLiteral):
        raise refuse(node, "expected elements in braces")
    has_value = found.is_map or found.object_kind is not None
    for key, value, each in flat(literal):
        if (value is not None) != has_value:
            wanted = "expected ':' and what the map gives for it" if has_value else "a value stands in maps only"
            raise refuse(each, wanted)
        found.add(_key(reading, found, key), _kept(reading, found, each, value), each, exclusive)
    found.settle()


def _key(reading: Reading, found: SetState, node: Expression) -> Evaluated:
    """The key of an element; names of interfaces are kept."""
    key = element(reading.constants, node, found.wanted)
    parts = (
        key if isinstance(key, tuple) and not isinstance(key, Word | Everything) and len(found.wanted) > 1 else (key,)
    )
    for part, wanted in zip(parts, found.wanted, strict=False):
        if isinstance(part, Word) and wanted.type.name == "ifname":
            reading.ruleset.interfaces.setdefault(part.text + "*" if part.begins else part.text)
    return key


def _kept(reading: Reading, found: SetState, node: Element, value: Expression | None) -> Kept:
    """What belongs to an element besides its key."""
    if value is None and not node.statements and node.timeout is None and node.expires is None:
        return PLAIN
    if (node.timeout is not None or node.expires is not None) and "timeout" not in found.flags:
        raise refuse(node, f"'{found.name}' has no 'flags timeout'")
    _check_statements(found, node)
    timeout_ns = _left(found, node)
    if value is None:
        return Kept(None, (), timeout_ns)
    return _kept_value(reading, found, value, timeout_ns)


def _left(found: SetState, node: Element) -> int | None:
    """How long an element is still there, if it says so: 0 is nothing said (nft does not hand it over)."""
    timeout, left = (each and duration_ns(each, each.name) for each in (node.timeout, node.expires))
    if left and left > (timeout or found.timeout_ns or 0):
        raise refuse(node, "the kernel takes no 'expires' beyond the timeout")
    return left or timeout or None


def _kept_value(reading: Reading, found: SetState, value: Expression, timeout_ns: int | None) -> Kept:
    """What a map gives: a verdict, an object, or a value."""
    steps: tuple[Step, ...]
    if found.object_kind is not None:
        name = unveiled(value)
        if not isinstance(name, tree.Symbol):
            raise refuse(value, "expected the name of an object")
        steps = (reading.table.object_named(name, found.object_kind, name.name).step_for(value.text),)
        return Kept(None, steps, timeout_ns)
    if found.values == ("verdict",):
        verdict = verdict_step(reading, value)
        return Kept(Word(f"{verdict.kind} {verdict.target}"), (verdict,), timeout_ns)
    return Kept(element(reading.constants, value, found.value_wanted), (), timeout_ns)


def _check_statements(found: SetState, node: Element) -> None:
    """Statements of an element must be those of its set."""
    if not node.statements:
        return
    if not found.steps and "dynamic" not in found.flags:
        raise refuse(node.statements[0], f"the declaration of '{found.name}' has no such statement")
    if found.steps and len(found.steps) != len(node.statements):
        raise refuse(node.statements[0], f"'{found.name}' has {len(found.steps)} statements for each element")
    for each, step in zip(node.statements, found.steps, strict=False):
        if type(counted(each)) is not type(step):
            raise refuse(each, f"the declaration of '{found.name}' has another statement here")


def remove_elements(reading: Reading, found: SetState, node: Expression, must: bool) -> None:
    """`delete element t s { ... }`."""
    literal = unveiled(node)
    if not isinstance(literal, SetLiteral):
        raise refuse(node, "expected elements in braces")
    for key, _, each in flat(literal):
        found.remove(_key(reading, found, key), each, must)
