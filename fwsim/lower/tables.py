"""The rows of a program, put together chain by chain.

Read first: `fwsim.engine.program`, then `lines` (one rule) and `bitsets` (the index of a chain). A set of elements is
a chain that nothing jumps to, behind all others: its index finds the element that a packet is in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from fwsim.engine.counted_rows import COUNT, KEYED, PART, USE, XT_LIMIT
from fwsim.engine.entries import KeyedRules
from fwsim.engine.program import V_CONTINUE, V_GOTO, V_JUMP, V_RETURN, V_UNKNOWN, Program
from fwsim.engine.rule_rows import BASE, CHAIN, COLUMN, INSTRUCTION, LIMIT, RULE, TRANSLATION
from fwsim.netfilter.model import Chain, Netfilter, Table
from fwsim.netfilter.steps import Verdict as End
from fwsim.terms import ABSENT, RejectWith, Verdict

from .asking import Asked, Meanings
from .bases import bases_of
from .bitsets import Bitsets
from .doing import Ask, Instruction
from .fields import Fields
from .keying import Keying
from .lines import Line, Lines
from .needs import different, in_maps
from .other_hooks import IP_FAMILIES, stand_ins
from .reach import depth_of, hooks_of_chains, place_of, targets_of_chains
from .routed import Routes
from .stretches import Stretches

VERDICTS = {
    "accept": int(Verdict.ACCEPT), "drop": int(Verdict.DROP), "reject": int(Verdict.REJECT),
    "continue": V_CONTINUE, "jump": V_JUMP, "goto": V_GOTO, "return": V_RETURN,
    "queue": V_UNKNOWN, "unknown": V_UNKNOWN,
}  # fmt: skip
"""The kind of a verdict as the number in RULE["verdict"]. What becomes of a packet in a queue, userspace decides; what
of a packet at a target that is not simulated, nobody knows here."""

GO_ON = End("continue")


def running_chains(netfilter: Netfilter) -> Iterator[tuple[Table, Chain]]:
    """The chains that IP packets walk through, each with its table, in the order of their numbers."""
    for table in netfilter.tables:
        if table.family in IP_FAMILIES:
            for chain in table.chains.values():
                if chain.other_hook is None:
                    yield table, chain
    yield from stand_ins(netfilter)


class Tables:
    """A program under construction."""

    def __init__(self, netfilter: Netfilter, interfaces: Sequence[str], routes: Routes | None = None) -> None:
        """`interfaces` are the declared names, by number; `routes` answers questions about routes."""
        self.running = list(running_chains(netfilter))
        self.every_rule = [*(rule for _, chain in self.running for rule in chain.rules), *in_maps(self.running)]
        """With what follows from the elements of maps, and what elements count."""
        self.steps = different(step for rule in self.every_rule for step in rule.steps)
        """All their steps; one that stands in many rules is there once."""
        self.fields = Fields(self.steps, xtables=netfilter.format == "iptables")
        self.chain_numbers = {place_of(table, chain): n for n, (table, chain) in enumerate(self.running)}
        targets = targets_of_chains(self.running)
        self.depth = depth_of(self.running, targets)
        self.hooks = hooks_of_chains(self.running, targets)
        self.stretches = Stretches()
        self.bitsets = Bitsets(self.stretches, sum(len(chain.rules) for _, chain in self.running))
        self.lines = Lines(Meanings(interfaces, self.fields), self.stretches, len(self.running), routes)
        self.instructions: list[Instruction] = []
        self.rules: list[tuple[int, ...]] = []
        self.chains: list[tuple[int, ...]] = []
        self.sources = 0
        """How many rules there are, each of one or several lines."""
        self.constructs: dict[int, list[str]] = {}
        """What each rule asks or does that is not simulated."""

    def add_chains(self) -> None:
        """Add all chains with their rules and their index, and the sets that they name."""
        for table, chain in self.running:
            self._add_chain(table, chain)
        for elements in self.lines.element_sets:
            index, rough = self.bitsets.add_chain(elements)
            self.chains.append((0, len(elements), int(bool(rough)), *index))

    def _add_chain(self, table: Table, chain: Chain) -> None:
        """Add a chain with its rules and its index."""
        start = len(self.rules)
        lines: list[Line] = []
        sources: list[int] = []
        hooks = self.hooks[place_of(table, chain)]
        for rule in chain.rules:
            of_rule = self.lines.of_rule(rule, table, hooks)
            lines += of_rule
            sources += [self.sources] * len(of_rule)
            self.sources += 1
        index, rough = self.bitsets.add_chain([line.asks for line in lines])
        told_by_hand = {None, *rough}
        for line, source in zip(lines, sources, strict=True):
            first: list[Asked] = []
            last: list[Asked] = []
            for asked in line.asks:
                (last if asked.place in told_by_hand else first).append(asked)
            self._add_line(line, [*first, *last], len(first), source, table)
        self.chains.append((start, len(self.rules), int(chain.policy), *index))

    def _add_line(self, line: Line, asks: Sequence[Asked], indexed: int, source: int, table: Table) -> None:
        """Add a line: its questions, of which the index answers the first ones, the rest, its verdict."""
        first = len(self.instructions)
        self.instructions += map(self.lines.questions.instruction, asks)
        self.instructions += line.then
        end = line.end or GO_ON
        unknown = [each.ask.wanted for each in line.then if each.ask is not None and each.ask.kind == "unknown"]
        if VERDICTS[end.kind] == V_UNKNOWN:
            unknown.append(end.text or end.kind)
        if unknown:
            self.constructs.setdefault(source, []).extend(unknown)
        target = ABSENT
        if end.target is not None:
            target = self.chain_numbers[table.family, table.name, end.target]
        last = len(self.instructions)
        counts = source if line.counts else ABSENT
        verdict = VERDICTS[end.kind]
        chain = len(self.chains)
        self.rules.append((chain, first, first + indexed, last, verdict, target, reject_with(end), source, counts))

    @property
    def asks(self) -> list[Ask | None]:
        """For each instruction what it asks; None if it does something."""
        return [instruction.ask for instruction in self.instructions]

    def program(self) -> Program:
        """The finished program."""
        counting = self.lines.counting
        return Program(
            instructions=_table(INSTRUCTION, [instruction.operands for instruction in self.instructions]),
            rules=_table(RULE, self.rules),
            chains=_table(CHAIN, self.chains),
            bases=_table(BASE, bases_of(self.running)),
            columns=_table(COLUMN, self.bitsets.columns),
            limits=_table(LIMIT, counting.limits),
            xt_limits=_table(XT_LIMIT, counting.xt_limits),
            counts=_table(COUNT, counting.counts),
            keyed=_keyed(counting.keying),
            translations=_table(TRANSLATION, self.lines.translations.rows),
            numbers=self.stretches.array(),
        )


def reject_with(end: End) -> int:
    """What a reject answers; port unreachable if the rule does not say (`nft(8)`, REJECT STATEMENT)."""
    if end.kind != "reject":
        return int(RejectWith.NONE)
    return int(end.reject_with if end.reject_with is not None else RejectWith.ICMPX_PORT_UNREACHABLE)


def _keyed(keying: Keying) -> KeyedRules:
    """What is kept by key."""
    keying.finish()
    return KeyedRules(
        keyed=_table(KEYED, [tuple(row.values()) for row in keying.keyed]),
        uses=_table(USE, [tuple(row.values()) for row in keying.uses]),
        parts=_table(PART, [tuple(row.values()) for row in keying.parts]),
        rates=_table(LIMIT, keying.rates),
        quotas=_table(COUNT, keying.quotas),
    )


def _table(row: np.dtype[np.void], rows: Sequence[tuple[int, ...]]) -> npt.NDArray[np.void]:
    """A table of these rows, whose fields all are numbers of 64 bits."""
    return np.fromiter(itertools.chain.from_iterable(rows), dtype=np.int64, count=len(rows) * row.itemsize // 8).view(
        row
    )
