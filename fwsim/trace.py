"""One packet's walk, rule by rule: which rules were looked at, and where each failed.

Read first: `fwsim.engine.match`, whose own steps run here one by one, so that a trace cannot disagree with a walk. For
explanations only: it looks at rule after rule without the index, on a copy of the memory.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim import keyed_tables
from fwsim.engine.base_chains import begin_walk, next_base
from fwsim.engine.instructions import match
from fwsim.engine.match import FINISHED, begin_chain, conclude, finish_chain, step
from fwsim.engine.program import FALSE, MAYBE, OP_LAST_QUESTION, OP_LIMIT, TRUE, V_GOTO, V_JUMP, Memory, Program
from fwsim.lower import Lowered
from fwsim.lower.fields import ELAPSED
from fwsim.naming import address_text
from fwsim.ruleset import words as ruleset_words
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtStatus, ct_state_words, flags_text

Row = Any

TRUTHS = {TRUE: True, FALSE: False, MAYBE: None}

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

NAMES: dict[str, dict[str, int]] = {
    "proto": ruleset_words.PROTOCOLS,
    "family": ruleset_words.FAMILIES,
    "fragment": ruleset_words.FRAGMENTS,
    "ct_direction": ruleset_words.DIRECTIONS,
    "icmp_type": ruleset_words.ICMP_TYPES,
    "icmpv6_type": ruleset_words.ICMPV6_TYPES,
    "day": {name: number for number, name in enumerate(DAYS)},
}
"""The words that a ruleset may use for the values of these keys."""

STATUS_BITS = {**ruleset_words.CT_STATUS, "helper": int(CtStatus.HELPER)}
"""The bits of `ct status` that are told: those that only tracking itself asks for say nothing to a reader of rules."""


@dataclass(frozen=True)
class Failure:
    """The match that decided against a rule, or left it open: the rule's `key`, what it wants, what the packet has."""

    key: str
    wanted: str
    value: str


@dataclass(frozen=True)
class Look:
    """One rule looked at. `matched` is None if it may or may not apply; `failure` is None if it does.

    `verdict` is how it ends, an `fwsim.engine.program.V_*`.
    """

    rule: int
    chain: int
    depth: int
    """How many jumps and gotos lead here from the base chain."""
    matched: bool | None
    failure: Failure | None
    verdict: int
    target: int = ABSENT
    """The number of the chain that it jumps or goes to, if it ends so."""


@dataclass(frozen=True)
class Halt:
    """Where a walk has stopped for a translation: at a row of BASE of a `hook`, the number `stage` of the way.

    `chosen` is the row of TRANSLATION that applies, `rule` the rule that has chosen it, or -1.
    """

    base: int
    hook: int
    chosen: int
    rule: int
    stage: int = 0


def trace_walk(
    lowered: Lowered,
    memory: Memory,
    hook: int,
    from_priority: int,
    to_priority: int,
    seen: npt.NDArray[np.void],
    words: npt.NDArray[np.int64],
    decision: Row,
    quiet: int = 0,
    behind: int | None = None,
) -> Generator[Look, None, Halt | None]:
    """Walk as `fwsim.engine.match.walk` does, yielding every rule looked at; `decision` is filled at the end.

    `seen` is a table of one row and `words` its matrix; marks that rules set are written there. `memory` is left as
    it is. `quiet` as in `walk`: a limit asked twice on the way then has its tokens both times. It begins `behind` a
    row of BASE (that of the hook: all), and gives where it has stopped for a translation, if it has.
    """
    program = lowered.program
    own = copied(memory)
    state = own.state[0]
    begin_walk(state, hook)
    state["linear"] = 1
    state["halt"] = state["chosen"] = chooser = ABSENT
    first = hook if behind is None else behind
    base = next_base(program.bases, state, first, from_priority, to_priority, seen[0])
    while base >= 0:
        chain = int(program.bases[base]["chain"])
        rule = begin_chain(program.chains, state, chain)
        while rule != FINISHED:
            looked = rule
            place = int(state["chain"])
            depth = int(state["depth"])
            is_rule = looked < program.chains[place]["last"]
            failures = _failures(lowered, looked, words) if is_rule else {}
            chosen = int(state["chosen"])
            rule = step(program, own, chain, looked, seen[0], words, quiet)
            if state["chosen"] != chosen:
                chooser = int(program.rules[looked]["source"])
            if is_rule and program.rules[looked]["counts"] >= 0:
                look = _look(lowered, looked, place, depth, TRUTHS[int(state["truth"])], failures)
                if not _is_told_by(program, looked, rule, look):
                    yield look
        finish_chain(state, own.hits, quiet)
        base = next_base(program.bases, state, base, from_priority, to_priority, seen[0])
    conclude(program.rules, state, hook, decision)
    return Halt(int(state["halt"]), hook, int(state["chosen"]), chooser) if state["halt"] >= 0 else None


def _is_told_by(program: Program, line: int, following: int, look: Look) -> bool:
    """Whether the next line, of the same rule, tells the same: this alternative does not match, that may."""
    if look.matched is not False or following != line + 1 or following >= len(program.rules):
        return False
    return bool(program.rules[following]["source"] == look.rule and program.rules[following]["counts"] >= 0)


def copied(memory: Memory) -> Memory:
    """The same memory once more, so that a trace changes nothing."""
    return Memory(
        hits=memory.hits.copy(),
        buckets=memory.buckets.copy(),
        xt_buckets=memory.xt_buckets.copy(),
        counted=memory.counted.copy(),
        keyed=keyed_tables.copy(memory.keyed),
        stack=memory.stack.copy(),
        places=memory.places.copy(),
        element_places=memory.element_places.copy(),
        state=memory.state.copy(),
    )


def _look(
    lowered: Lowered, rule: int, chain: int, depth: int, matched: bool | None, failures: dict[bool | None, Failure]
) -> Look:
    """A rule with its truth, and the first failure that explains it; if no match does, its limit decided."""
    failure = None
    if matched is not True:
        failure = failures.get(matched) or _other_failure(lowered, rule, matched)
    row = lowered.program.rules[rule]
    verdict = int(row["verdict"])
    target = int(row["target"]) if verdict in (V_JUMP, V_GOTO) else ABSENT
    return Look(int(row["source"]), chain, depth, matched, failure, verdict, target)


def _failures(lowered: Lowered, rule: int, words: npt.NDArray[np.int64]) -> dict[bool | None, Failure]:
    """The first match of a rule that is false, and the first that is not known."""
    result: dict[bool | None, Failure] = {}
    row = lowered.program.rules[rule]
    for at in range(int(row["first"]), int(row["last"])):
        ask = lowered.asks[at]
        if ask is None or ask.kind == "limit":
            break
        if ask.field is None:
            continue
        instruction = lowered.program.instructions[at]
        truth = TRUTHS[int(match(instruction, lowered.program.numbers, words))]
        if truth is not True and truth not in result:
            value = [int(word) for word in words[0, instruction["field"] :][:4]]
            result[truth] = Failure(ask.key, ask.wanted, value_text(ask.key, value, lowered.interfaces))
        if truth is False:
            break  # so the rule does not apply, whatever else it asks
    return result


def _other_failure(lowered: Lowered, rule: int, matched: bool | None) -> Failure | None:
    """What is no match of a field as the reason why a rule does not apply."""
    row = lowered.program.rules[rule]
    asked = [(at, lowered.asks[at]) for at in range(int(row["first"]), int(row["last"]))]
    others = [(at, ask) for at, ask in asked if ask is not None and ask.field is None and _is_question(lowered, at)]
    for at, ask in sorted(others, key=lambda other: other[1].kind != "unknown" if matched is None else 0):
        value = "not known" if matched is None else "not so here"
        instruction = lowered.program.instructions[at]
        if instruction["op"] == OP_LIMIT and matched is not None:
            over = lowered.program.limits[instruction["first"]]["over"]
            value = "within the rate" if over else "used up"
        return Failure(ask.key, ask.wanted, value)
    return None


def _is_question(lowered: Lowered, at: int) -> bool:
    """Whether an instruction asks something: what one does is no reason why a rule does not apply."""
    return bool(lowered.program.instructions[at]["op"] <= OP_LAST_QUESTION)


def value_text(key: str, value: Sequence[int], interfaces: Sequence[str]) -> str:
    """What a packet has in the field of a rule's `key`, in a ruleset's words; `value` is four words of an address."""
    number = value[0]
    if number == ABSENT:
        return "not there"
    if number == UNKNOWN_VALUE:
        return "not known"
    if key in ("src", "dst"):
        return address_text(value)
    if key in ("iif", "oif"):
        return interfaces[number] if number < len(interfaces) else f"interface {number}"
    if key == ELAPSED:
        return f"{number / 10**9:.3f} s since the first packet"
    if key == "hour":
        return f"{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"
    if key in NAMES:
        return next((name for name, known in NAMES[key].items() if known == number), str(number))
    return _bits_text(key, number)


def _bits_text(key: str, number: int) -> str:
    """Flags, states and marks; any other number as it is."""
    if key == "tcp_flags":
        return flags_text(number)
    if key == "ct_state":
        return ct_state_words(number)
    if key == "ct_status":
        return ",".join(name for name, bit in STATUS_BITS.items() if number & bit) or "none"
    return hex(number) if key in ("mark", "ct_mark") else str(number)
