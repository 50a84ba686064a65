"""Single steps as instructions: what changes the packet as rules see it, and questions without an answer.

Read first: `fwsim.netfilter.steps`, INSTRUCTION in `fwsim.engine.rule_rows`, the `OP_*` of `fwsim.engine.program`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from fwsim.engine.program import (
    OP_ALTER,
    OP_ASSIGN,
    OP_KEEP,
    OP_NOTRACK,
    OP_SET_HELPER,
    OP_TERM,
    OP_UNKNOWN,
)
from fwsim.netfilter.fields import NotSimulated, Option, Selector
from fwsim.netfilter.steps import Alter, Assign, NoTrack, SetHelper, Step, Term
from fwsim.ruleset import words
from fwsim.tables import number_in_seen
from fwsim.terms import UNKNOWN_VALUE, Hook, word

from .asking import Asked, Operands, instruction_of
from .fields import NO_SLOTS, Fields, changes_on_the_way
from .stretches import Stretches

EVERY_HOOK = sum(1 << hook for hook in Hook)


class Ask(NamedTuple):
    """What an instruction asks, for explanations: the field's name, the PACKET field, what it wants.

    Of what is no match, `field` is None and `kind` says what it is: `limit`, `unknown`, `hook`, `set`, `kept` or `nat`.
    """

    key: str
    field: str | None
    wanted: str
    kind: str = "match"


class Instruction(NamedTuple):
    """A row of INSTRUCTION, and what it asks (None if it does something)."""

    operands: Operands
    ask: Ask | None


class Questions:
    """Questions as instructions, each made once."""

    def __init__(self, stretches: Stretches) -> None:
        """`stretches` takes the numbers that they are compared with."""
        self.stretches = stretches
        self._known: dict[int, tuple[Asked, Instruction]] = {}
        """By the identity of the question, which is kept here."""

    def instruction(self, asked: Asked) -> Instruction:
        """A question as an instruction."""
        known = self._known.get(id(asked))
        if known is None:
            row = instruction_of(asked, self.stretches)
            known = self._known[id(asked)] = asked, Instruction(row, Ask(asked.key, asked.field, asked.wanted))
        return known[1]


def doing(step: Step, fields: Fields = NO_SLOTS) -> list[Instruction] | None:
    """What changes the packet as rules see it; None for what is not simulated."""
    if isinstance(step, NoTrack):
        return [_plain(OP_NOTRACK)]
    if isinstance(step, SetHelper):
        helper = words.HELPERS.get(step.helper)
        return [] if helper is None else [_plain(OP_SET_HELPER, value=helper)]
    if isinstance(step, Alter):
        return [each for selector in step.selectors for each in _altering(step, selector, fields)]
    return None


def _altering(step: Alter, selector: Selector, fields: Fields) -> Iterator[Instruction]:
    """A change of a header, and of what else is changed by it."""
    field = fields.of(selector)
    lost = _not_simulated(step.text or "a changed header")
    if selector == "ct_state":
        yield _plain(OP_NOTRACK, value=1, ask=lost)
        return
    known = None if changes_on_the_way(selector) else step.constant
    if field is not None and known is not None:
        yield _plain(OP_ALTER, number_in_seen(field), known)
    elif field is not None:
        # TCPMSS puts an option in where there is none
        absent = int(isinstance(selector, Option))
        yield Instruction((OP_ALTER, number_in_seen(field), 0, 0, 0, UNKNOWN_VALUE, 0, absent), lost)
    for other in fields.changed_with(selector):
        yield _plain(OP_ALTER, number_in_seen(other), UNKNOWN_VALUE, lost)


def assigning(step: Assign, drawn: Callable[[Term], Operands | None], fields: Fields = NO_SLOTS) -> list[Instruction]:
    """A new value, put together; what cannot be asked for later need not be set. `drawn` takes numbers drawn before."""
    target = fields.of(step.target)
    if target is None:
        return []
    terms = []
    for term in step.terms:
        if (taken := drawn(term)) is not None:
            terms.append(Instruction(taken, None))
            continue
        field = fields.of(term.selector)
        number = -1 if field is None else number_in_seen(field)
        ask = _not_simulated(step.text or construct_of(term.selector)) if field is None else None
        terms.append(Instruction((OP_TERM, number, 0, term.shift, term.mask, 0, 0, int(step.lenient)), ask))
    return [*terms, _plain(OP_ASSIGN, number_in_seen(target), step.constant)]


def _plain(op: int, field: int = 0, value: int = 0, ask: Ask | None = None) -> Instruction:
    """An instruction that does something."""
    return Instruction((op, field, 0, 0, 0, value, 0, 0), ask)


def losing_way() -> Instruction:
    """From here on it is not known which hooks the packet passes."""
    return _plain(OP_ALTER, number_in_seen("hook"), UNKNOWN_VALUE)


def _not_simulated(construct: str) -> Ask:
    """Something that is done, but not known how: for those who tell of it."""
    return Ask(construct, None, construct, "unknown")


def kept(truth: int, parting: int) -> Instruction:
    """Keep whether this line was true, or begin with FALSE."""
    return Instruction((OP_KEEP, 0, parting, 0, 0, truth, 0, 0), None)


def unknown(construct: str, hooks: Iterable[Hook] = Hook, elsewhere: bool = False) -> Instruction:
    """A question without an answer at these hooks."""
    mask = _bits(hooks)
    row = (OP_UNKNOWN, 0, 0, 0, mask, EVERY_HOOK & ~mask if elsewhere else 0, 0, 0)
    return Instruction(row, Ask(construct, None, construct, "unknown"))


def at_hook(hooks: frozenset[Hook]) -> Instruction:
    """Whether the packet is at one of these hooks."""
    names = ", ".join(word(hook) for hook in sorted(hooks))
    return Instruction((OP_UNKNOWN, 0, 0, 0, 0, _bits(hooks), 0, 0), Ask("hook", None, names, "hook"))


def _bits(hooks: Iterable[Hook]) -> int:
    """Hooks as bits."""
    return sum(1 << hook for hook in hooks)


def construct_of(selector: Selector) -> str:
    """What is not simulated, by its name."""
    return selector.construct if isinstance(selector, NotSimulated) else str(selector)
