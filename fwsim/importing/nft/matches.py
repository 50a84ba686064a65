"""Comparisons as steps: `tcp dport 22`, `ct state new,established`, `ip saddr . tcp dport @pairs`.

Read first: `operands`, `comparing`. As `expr_evaluate_relational` of nft reads them.
"""

from __future__ import annotations

from collections.abc import Sequence

from fwsim.netfilter.fields import Fib, NotSimulated, Raw
from fwsim.netfilter.steps import Element, Lookup, Match, Step, Unknown
from fwsim.nft import rule_tree
from fwsim.nft.tree import Boolean, Expression, Number, Prefix, Range, SetLiteral, SetReference, Symbol
from fwsim.ruleset.values import Intervals, Names, Numbers

from .comparing import seen
from .headers import ETHERTYPES, INSIDE, TRANSPORT, TRANSPORTS
from .members import anonymous, members_of
from .operands import Operand, is_constant, operand, operands
from .reading import Reading
from .types import TYPES
from .values import Constant, Everything, Span, Word, ends, refuse, unveiled

ORDERS = ("<", ">", "<=", ">=")


def match(reading: Reading, node: rule_tree.Match) -> None:
    """A comparison."""
    if isinstance(node.left, SetLiteral) or is_constant(node.left):
        raise refuse(node.left, "expected something of the packet on the left side, not a constant")
    if node.mask is not None:
        _flags(reading, node)
        return
    right = unveiled(node.right)
    left = operands(reading, node.left)
    if isinstance(right, Boolean):
        left = (there(left[0]), *left[1:])
    _check_shift(left[0], node, right)
    if isinstance(right, SetReference):
        reading.add(_in_set(reading, node, left, right))
    elif isinstance(right, SetLiteral):
        _in_literal(reading, node, left, right)
    elif len(left) > 1:
        raise refuse(node, "a concatenation is compared with sets and maps only, expected braces")
    else:
        _compare(reading, node, left[0], right)


def there(left: Operand) -> Operand:
    """What is asked of a route if it is compared with `exists` or `missing`: whether there is one."""
    if not isinstance(left.selector, Fib) or left.selector.result == "type":
        return left
    return left._replace(selector=Fib(left.selector.flags, "exists"), type=TYPES["boolean"], bits=8, absent=False)


def _check_shift(left: Operand, node: rule_tree.Match, right: Expression) -> None:
    """What is shifted is a mere number to nft, and its type must be."""
    if left.operations and left.operations[-1][0] in ("<<", ">>") and left.type.name != "integer":
        raise refuse(right, f"what is shifted is an integer, expected no {left.type.name}")


def _flags(reading: Reading, node: rule_tree.Match) -> None:
    """`tcp flags syn / syn,ack`."""
    if node.operator not in (None, "==", "!="):
        raise refuse(node, "expected == or != before flags with a mask")
    left = operand(reading, node.left)
    assert node.mask is not None
    mask = reading.constants.number(node.mask, left.wanted)
    masked = left._replace(operations=(*left.operations, ("&", mask)))
    value = reading.constants.number(node.right, left.wanted)
    _emit(reading, masked, ((value, value),), node.operator == "!=")


def _compare(reading: Reading, node: rule_tree.Match, left: Operand, right: Expression) -> None:
    """A comparison with a single value, range or prefix; what was written before makes the same step."""
    if left.tells or left.operations or not is_plain(node.right):
        _compare_anew(reading, node, left, right)
        return
    known = reading.ruleset.comparisons
    key = left, reading.text
    step = known.get(key)
    if step is not None:
        reading.add(step)
        return
    _compare_anew(reading, node, left, right)
    known[key] = reading.steps[-1]


def is_plain(node: Expression) -> bool:
    """Whether an expression says the same wherever it is written so: it has no variable."""
    return isinstance(node, (Symbol, Number)) or (isinstance(node, Prefix) and is_plain(node.base))


def _compare_anew(reading: Reading, node: rule_tree.Match, left: Operand, right: Expression) -> None:
    """The step of a comparison, and what it tells of the headers."""
    operator = node.operator
    if isinstance(right, Range) and left.selector in ("hour", "day"):
        _clock(reading, node, left, right)
        return
    value = reading.constants.one(right, left.wanted)
    _check_constant(node, left, value)
    if operator in ORDERS:
        _order(reading, node, left, value)
    elif operator == "!":
        _without(reading, node, left, value)
    elif isinstance(value, Word):
        _names(reading, node, left, value)
    elif isinstance(value, Span):
        if operator is None and left.type.is_bitmask and not left.operations and value.form == "value":
            found = reading.ruleset.values.any_bit(left, value.low)
            _add(reading, left, Match(left.selector, found, False, reading.text))
            return
        learn(reading, left, operator, (value,))
        _emit(reading, left, ((value.low, value.high),), operator == "!=")


SECMARKS = ("meta secmark", "ct secmark")


def _check_constant(node: rule_tree.Match, left: Operand, value: Constant) -> None:
    """What nft takes for no right side."""
    if isinstance(value, Everything):
        raise refuse(node.right, "'*' stands in sets only")
    if isinstance(left.selector, NotSimulated) and left.selector.construct in SECMARKS:
        raise refuse(node.right, "a secmark cannot be compared with a constant")


def _emit(reading: Reading, left: Operand, intervals: Intervals, negated: bool) -> None:
    """The step that compares numbers."""
    if left.type.name == "iface_index":
        _index(reading, left, intervals, negated)
        return
    fragment = _fragment(reading, left, intervals, negated)
    if fragment is not None:
        reading.add(Match("fragment", fragment, False, reading.text))
        return
    value = reading.ruleset.values.numbers(left, intervals, negated)
    _add(reading, left, Match(seen(left), value, left.absent and negated, reading.text))


FRAGMENT_OFFSET = Raw("nh", 48, 16)
FRAGMENTS = {0x1FFF: (0, 1), 0x3FFF: (0, 0)}
"""By the mask of `ip frag-off`: what `fragment` is where all of its bits are 0 (a first or no fragment, or none)."""


def _fragment(reading: Reading, left: Operand, intervals: Intervals, negated: bool) -> Numbers | None:
    """`ip frag-off & 0x1fff != 0`: a later fragment, which `fragment` tells."""
    if len(left.operations) != 1 or left.selector != FRAGMENT_OFFSET or reading.header(2) != "ip":
        return None
    operator, mask = left.operations[0]
    if operator != "&" or mask not in FRAGMENTS or intervals not in (((0, 0),), ((1, 0xFFFF),)):
        return None
    return Numbers((FRAGMENTS[mask],), negated != (intervals != ((0, 0),)))


def _index(reading: Reading, left: Operand, intervals: Intervals, negated: bool) -> None:
    """An interface by its number: none is 0, and no other is known."""
    if intervals == ((0, 0),):
        value = Names((), ("",), not negated)
        _add(reading, left, Match(left.selector, value, absent=not negated, text=reading.text))
    else:
        reading.add(Unknown(reading.text))


def _add(reading: Reading, left: Operand, step: Step) -> None:
    """The step, or that its answer is not known."""
    reading.add(Unknown(reading.text, left.hooks) if isinstance(left.selector, NotSimulated) else step)


def _names(reading: Reading, node: rule_tree.Match, left: Operand, word: Word) -> None:
    """A comparison with a name."""
    negated = node.operator == "!="
    reading.ruleset.mention(left, (word,))
    value = reading.ruleset.values.of(left, (word,), negated)
    _add(reading, left, Match(left.selector, value, left.absent and negated, reading.text))


def _without(reading: Reading, node: rule_tree.Match, left: Operand, value: Constant) -> None:
    """`tcp flags ! syn`: none of the bits."""
    if left.operations:
        raise refuse(node, "'!' cannot be combined with bitwise operators")
    if not left.type.is_bitmask or not isinstance(value, Span) or value.form != "value":
        raise refuse(node, "'!' stands before flags only, expected '!='")
    found = reading.ruleset.values.any_bit(left, value.low, True)
    _add(reading, left, Match(left.selector, found, False, reading.text))


def _order(reading: Reading, node: rule_tree.Match, left: Operand, value: Constant) -> None:
    """`>= 1024`."""
    if isinstance(value, Word) and not value.begins:
        reading.add(Unknown(reading.text))
        return
    if not isinstance(value, Span) or value.form != "value":
        raise refuse(node.right, f"'{node.operator}' needs a single value")
    most = (1 << left.bits) - 1
    low, high = {
        "<": (0, value.low - 1), "<=": (0, value.low), ">": (value.low + 1, most), ">=": (value.low, most),
    }[node.operator or ""]  # fmt: skip
    if left.type.name == "iface_index":
        reading.add(Unknown(reading.text))
        return
    _emit(reading, left, ((low, high),) if low <= high else (), False)


def _clock(reading: Reading, node: rule_tree.Match, left: Operand, right: Range) -> None:
    """`meta hour "22:00"-"06:00"` goes over midnight: not between the end and the beginning, as nft has it."""
    low, high = ends(reading.constants, right, left.wanted)
    negated = node.operator == "!="
    if node.operator in (*ORDERS, "!"):
        raise refuse(node, f"'{node.operator}' needs a single value")
    if low > high:
        low, high, negated = high, low, not negated
    _emit(reading, left, ((low, high),), negated)


def learn(reading: Reading, left: Operand, operator: str | None, values: Sequence[Constant]) -> None:
    """What the rule knows of the headers, now that a value told it."""
    if not left.tells or operator not in (None, "=="):
        return
    for value in values:
        if isinstance(value, Span) and value.form == "value":
            TELLS[left.tells](reading, value.low)
    if left.selector == "proto":
        spans = [value for value in values if isinstance(value, Span)]
        few = all(span.high - span.low < 256 for span in spans)
        if few and spans:
            reading.only_protocols(frozenset(n for span in spans for n in range(span.low, span.high + 1)))


def _transport(reading: Reading, number: int) -> None:
    name = TRANSPORTS.get(number)
    if name is None:
        reading.forget_unknown(TRANSPORT)
    else:
        reading.learn(name)


def _ct_transport(reading: Reading, number: int) -> None:
    if reading.header(2) in ("ip", "ip6") and number in TRANSPORTS:
        reading.learn(TRANSPORTS[number])


def _network(reading: Reading, number: int) -> None:
    name = INSIDE["inet"].get(number)
    if name is not None:
        reading.learn(name)
    else:
        reading.forget_unknown(2)


def _ethertype(reading: Reading, number: int) -> None:
    name = ETHERTYPES.get(number)
    if name is not None and reading.header(1) in ("ether", "vlan", "netdev"):
        reading.learn(name)


def _link(reading: Reading, number: int) -> None:
    if number == 1:
        reading.learn("ether")


def _icmp(reading: Reading, number: int) -> None:
    reading.icmp_type = number


TELLS = {
    "transport": _transport, "ct transport": _ct_transport, "nfproto": _network, "ethertype": _ethertype,
    "link": _link, "icmp": _icmp,
}  # fmt: skip
"""What each kind of operand tells by its value."""


def _in_set(reading: Reading, node: rule_tree.Match, left: tuple[Operand, ...], right: SetReference) -> Step:
    """`tcp dport @ports`."""
    if node.operator in (*ORDERS, "!"):
        raise refuse(node, f"'{node.operator}' cannot be used with a set")
    found = reading.table.set_named(right)
    found.check_key(right, left)
    negated = node.operator == "!="
    if any(each.operations for each in left) or any(isinstance(each.selector, NotSimulated) for each in left):
        hooks = left[0].hooks if len(left) == 1 else frozenset(left[0].hooks)
        return Unknown(reading.text, hooks)
    if len(left) == 1 and left[0].numbers:
        return Unknown(reading.text)
    found.used_by_match = True
    if len(left) == 1:
        value = reading.ruleset.values.of_set(left[0], right.name, negated)
        return Match(left[0].selector, value, left[0].absent and negated, reading.text)
    return Lookup(tuple(each.selector for each in left), (), right.name, negated, reading.text)


def _in_literal(reading: Reading, node: rule_tree.Match, left: tuple[Operand, ...], right: SetLiteral) -> None:
    """`tcp dport { 22, 80-90 }`."""
    if node.operator == "!":
        raise refuse(node, "'!' cannot be used with a set")
    members = members_of(reading.constants, right, left, False)
    if len(members) == 1 and len(left) == 1 and not isinstance(members[0].key, Everything):
        _compare(reading, node, left[0], single(right))
        return
    if node.operator in ORDERS:
        raise refuse(node, f"'{node.operator}' cannot be used with a set")
    anonymous(members, left)
    keys = [member.key for member in members]
    negated = node.operator == "!="
    if len(left) == 1:
        constants = [key for key in keys if isinstance(key, Span | Word | Everything)]
        learn(reading, left[0], node.operator, constants)
        _one_of(reading, left[0], constants, negated)
        return
    reading.add(_lookup(reading, left, members_elements(reading, left, keys), negated))


def single(node: SetLiteral) -> Expression:
    """The only member, through sets in sets."""
    key = unveiled(node.elements[0].key)
    return single(key) if isinstance(key, SetLiteral) else key


def members_elements(reading: Reading, left: tuple[Operand, ...], keys: Sequence[object]) -> tuple[Element, ...]:
    """The elements of a concatenation as values."""
    return tuple(element_of(reading, left, key) for key in keys)


def element_of(reading: Reading, left: tuple[Operand, ...], key: object) -> Element:
    """One element: what each part must be; of `*` nothing."""
    if isinstance(key, Everything):
        return ()
    parts = key if isinstance(key, tuple) and not isinstance(key, Span | Word) else (key,)
    for each, part in zip(left, parts, strict=True):
        reading.ruleset.mention(each, (part,))
    of = reading.ruleset.values.of
    return tuple(of(each, (part,)) for each, part in zip(left, parts, strict=True))


def _one_of(reading: Reading, left: Operand, constants: Sequence[Constant], negated: bool) -> None:
    """One operand is among the elements of an anonymous set."""
    reading.ruleset.mention(left, constants)
    if left.type.name == "iface_index" and any(isinstance(each, Span) for each in constants):
        reading.add(Unknown(reading.text))
        return
    value = reading.ruleset.values.of(left, constants, negated)
    _add(reading, left, Match(seen(left), value, left.absent and negated, reading.text))


def _lookup(reading: Reading, left: tuple[Operand, ...], elements: tuple[Element, ...], negated: bool) -> Step:
    """Several operands at once."""
    if not all(elements):
        return Match("family", Numbers(((4, 6),), negated), text=reading.text)
    return Lookup(tuple(each.selector for each in left), elements, None, negated, reading.text)
