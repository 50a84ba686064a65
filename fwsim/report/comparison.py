"""The figures of a run: what was counted, put into rows that add up and named.

Read first: `fwsim.report.tally`, which counts, and DESIGN section 5, the text that `compare` prints first. Rows are
made here for text and JSON alike; how they look is said in `summary_text` and `summary_json`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fwsim.naming import SEVERAL, Naming, RuleNames
from fwsim.report.figures import counted
from fwsim.report.tally import EVIDENCE_ROWS, FURTHER_ROW, VERDICTS, Example, Hits, Tally
from fwsim.report.why import admitted_because, blocked_because
from fwsim.tables import RULE_POLICY
from fwsim.terms import EVIDENCE_GROUPS, SUSPICIOUS, Evidence, Hook, Reason, Verdict, word

ACCEPT = int(Verdict.ACCEPT)
NOT_EVALUATED = int(Verdict.NOT_EVALUATED)
UNKNOWN = int(Verdict.UNKNOWN)
TWIN = "icmp errors (twin)"
BLOCKED = (int(Verdict.DROP), int(Verdict.REJECT))
_SPOOFED_ROWS = [bit.bit_length() for bit in Evidence if bit & EVIDENCE_GROUPS["spoofed"]]
REMARKS = {Evidence.RST_INEXACT: "stays open, timeout cut to 10 s"}
TELLING = (
    Evidence.RST_OUT_OF_WINDOW, Evidence.SEQ_ABOVE_WINDOW, Evidence.SYNACK_WITHOUT_SYN,
    Evidence.UDP_REPLY_WITHOUT_REQUEST, Evidence.ICMP_ERROR_WITHOUT_CONNECTION, Evidence.RST_WITHOUT_CONNECTION,
    Evidence.ACK_WITHOUT_CONNECTION, Evidence.ACK_ABOVE_WINDOW, Evidence.FIN_WITHOUT_CONNECTION,
    Evidence.ICMP_REPLY_WITHOUT_REQUEST, Evidence.FLAGS_XMAS, Evidence.FLAGS_NONE, Evidence.FLAGS_FIN_ONLY,
    Evidence.FLAGS_SYN_FIN, Evidence.FLAGS_INVALID, Evidence.AFTER_CLOSE, Evidence.SYN_IN_CONNECTION,
)  # fmt: skip
"""The words of evidence from the most telling example of what state is good for."""


@dataclass(frozen=True)
class EvidenceRow:
    """Frames with the same first word of evidence (or of a group, with `word` None), by verdict in each mode."""

    group: str
    word: str | None
    packets: int
    verdicts: tuple[tuple[int, ...], ...]
    """For each mode the frames by `Verdict`."""
    useless: bool = False
    """No mode helps: state keeps out no more than its absence does."""
    note: str = ""

    def admitted(self, mode: int) -> int:
        """How many frames a mode admits."""
        return self.verdicts[mode][ACCEPT]


@dataclass(frozen=True)
class RuleRow:
    """What one rule (or policy, or the lack of either) decided, in each mode that has it."""

    name: str
    chain: str | None
    line: int | None
    verdicts: tuple[tuple[int, ...], ...]
    """For each mode the frames by `Verdict`."""
    mirrored: tuple[int, ...]
    """For each mode how many of them came through the mirror."""
    of_ruleset: bool = True
    """False for rows that are none of the ruleset's rules or policies."""
    text: str = ""
    """A rule without a name, as it was written."""

    def hits(self, mode: int) -> int:
        """How many frames it decided in a mode."""
        return sum(self.verdicts[mode])


@dataclass(frozen=True)
class Changes:
    """On how many frames the modes differ, and why; the parts add up to the whole."""

    blocked: int
    """Stateless admits, stateful blocks."""
    admitted: int
    """Stateless blocks, stateful admits."""
    otherwise: int
    """Blocked by both, but once dropped and once rejected; or evaluated in one mode only."""
    undecided: int
    """Unknown in one mode only."""
    why_blocked: list[tuple[str, int]]
    why_admitted: list[tuple[str, int]]

    @property
    def total(self) -> int:
        """Verdicts that state changed for certain."""
        return self.blocked + self.admitted + self.otherwise


def matrix(tally: Tally) -> list[tuple[tuple[int, ...], ...]]:
    """For each evidence row the frames by verdict in each mode, without those that no mode evaluates."""
    cells = tally.cells.copy()
    cells.reshape(EVIDENCE_ROWS, -1)[:, _nowhere(len(tally.modes))] = 0
    axes = range(len(tally.modes))
    return [
        tuple(tuple(row.sum(axis=tuple(other for other in axes if other != axis)).tolist()) for axis in axes)
        for row in cells
    ]


def _nowhere(modes: int) -> int:
    """The cell, within an evidence row, of frames that no mode evaluates."""
    return sum(NOT_EVALUATED * VERDICTS**mode for mode in range(modes))


def added(rows: Iterable[tuple[tuple[int, ...], ...]], modes: int) -> tuple[tuple[int, ...], ...]:
    """Rows of a matrix added up."""
    total = np.zeros((modes, VERDICTS), dtype=np.int64)
    for row in rows:
        total += np.array(row)
    return tuple(tuple(part) for part in total.tolist())


def evidence_table(tally: Tally, naming: Naming) -> list[EvidenceRow]:
    """Ordinary traffic, then each group that occurs with its words in the closed list's order, then what is left."""
    rows = matrix(tally)
    modes = len(tally.modes)
    table = [EvidenceRow("ordinary traffic", None, sum(rows[0][0]), rows[0])]
    for group, mask in EVIDENCE_GROUPS.items():
        bits = [bit for bit in Evidence if bit and bit & mask]
        words = [_word_row(group, bit, rows[bit.bit_length()], tally, naming) for bit in bits]
        words = [row for row in words if row.packets]
        if words:
            total = added((row.verdicts for row in words), modes)
            useless = bool(mask & SUSPICIOUS) and _useless(total)
            note = _verdict_on_state(total) if useless else ""
            table.append(EvidenceRow(group, None, sum(total[0]), total, useless, note))
            table += words
    further = rows[FURTHER_ROW]
    if sum(further[0]):
        table.append(EvidenceRow("further fragments", None, sum(further[0]), further))
    return table


def _word_row(
    group: str, bit: Evidence, verdicts: tuple[tuple[int, ...], ...], tally: Tally, naming: Naming
) -> EvidenceRow:
    """The row of one word, with the rule that lets most of it in."""
    row = bit.bit_length()
    note = ""
    if bit & SUSPICIOUS and verdicts[-1][ACCEPT]:
        note = REMARKS.get(bit) or _let_in(tally, naming.rules[tally.modes[-1]], row)
    return EvidenceRow(
        group, word(bit), sum(verdicts[0]), verdicts, bool(bit & SUSPICIOUS) and _useless(verdicts), note
    )


def _useless(verdicts: tuple[tuple[int, ...], ...]) -> bool:
    """Whether keeping state keeps out no more than stateless does, though there is something to keep out."""
    return len(verdicts) == 2 and verdicts[1][ACCEPT] >= verdicts[0][ACCEPT] > 0


def _verdict_on_state(verdicts: tuple[tuple[int, ...], ...]) -> str:
    """What to say of a group where state does not help."""
    return "no mode helps" if verdicts[0][ACCEPT] == verdicts[1][ACCEPT] else "state lets more in"


def _let_in(tally: Tally, names: RuleNames, row: int) -> str:
    """The rule by which most packets of an evidence row come in, in the last mode."""
    hits = tally.hits[tally.modes[-1]]
    slots = Counter({slot: count for (found, slot), count in tally.let_in.items() if found == row})
    (slot, _), *others = slots.most_common()
    blind = " has no iif" if row in _SPOOFED_ROWS and slot in names.anywhere else ""
    return title(hits, names, slot) + blind + (f", and {counted(len(others), 'more rule')}" if others else "")


def title(hits: Hits, names: RuleNames, slot: int) -> str:
    """A slot as it is named in a sentence: `rule "public web"`, `rule 3 of forward`, `policy of forward`."""
    slots = hits.slots
    if slot < slots.rules:
        return ("rule " if names.rules[slot].name else "") + (names.title(slot, 0) or "")
    if slot < slots.none:
        return names.title(RULE_POLICY, slot - slots.rules) or ""
    return {slots.icmp_twin: TWIN, slots.several: SEVERAL}.get(slot, "no chain")


def rule_table(tally: Tally, naming: Naming) -> list[RuleRow]:
    """Each rule with its hits, the policies, and what no rule decided; the hits add up to all frames."""
    merged: dict[RowKey, dict[int, tuple[tuple[int, ...], int]]] = {}
    for number, mode in enumerate(tally.modes):
        for key, counts, mirrored in _slot_rows(tally.hits[mode], naming.rules[mode]):
            merged.setdefault(key, {})[number] = (counts, mirrored)
    nothing = ((0,) * VERDICTS, 0)
    table = []
    for key, found in merged.items():
        both = [found.get(number, nothing) for number in range(len(tally.modes))]
        verdicts, images = tuple(c for c, _ in both), tuple(m for _, m in both)
        table.append(RuleRow(key.name, key.chain, key.line, verdicts, images, key.of_ruleset, key.text))
    return sorted(table, key=lambda row: (not row.of_ruleset, row.name != TWIN))


class RowKey(NamedTuple):
    """What makes a row of the table of rules: two modes with the same have it in common."""

    chain: str | None
    name: str
    line: int | None
    of_ruleset: bool
    text: str = ""


def _slot_rows(hits: Hits, names: RuleNames) -> Iterable[tuple[RowKey, tuple[int, ...], int]]:
    """The slots of one mode with their key, counts and mirrored hits."""
    for slot in range(hits.slots.count):
        counts = tuple(hits.counts[slot].sum(axis=0).tolist())
        mirrored = int(hits.counts[slot, 1].sum())
        if slot < hits.slots.rules:
            rule = names.rules[slot]
            text = "" if rule.name else rule.text
            yield RowKey(names.chain(rule.chain), str(names.rule(slot)), rule.line, True, text), counts, mirrored
        elif slot < hits.slots.none:
            chain = names.chains[slot - hits.slots.rules]
            if sum(counts):
                yield RowKey(chain.name, "policy", chain.line, True), counts, mirrored
        elif slot != hits.slots.none:
            if sum(counts):
                name = TWIN if slot == hits.slots.icmp_twin else SEVERAL
                yield RowKey(None, name, None, False), counts, mirrored
        else:
            yield from _undecided_rows(counts)


def _undecided_rows(counts: tuple[int, ...]) -> Iterable[tuple[RowKey, tuple[int, ...], int]]:
    """What neither a rule nor a policy decided, by what became of it."""
    labels = ("no chain", "before the rules", "before the rules", "not evaluated", "unknown")
    for label in dict.fromkeys(labels):
        part = tuple(count if labels[verdict] == label else 0 for verdict, count in enumerate(counts))
        if sum(part):
            yield RowKey(None, label, None, False), part, 0


def changes(tally: Tally) -> Changes:
    """What state changed, from the two modes' verdicts."""
    cells = tally.cells.sum(axis=0)
    blocked = sum(int(cells[ACCEPT, verdict]) for verdict in BLOCKED)
    admitted = sum(int(cells[verdict, ACCEPT]) for verdict in BLOCKED)
    undecided = int(cells[UNKNOWN].sum() + cells[:, UNKNOWN].sum() - 2 * cells[UNKNOWN, UNKNOWN])
    different = int(cells.sum() - np.trace(cells))
    why_blocked: Counter[str] = Counter()
    why_admitted: Counter[str] = Counter()
    for (without, with_state, reason, ct_state, direction, fragment, could), count in tally.changes.items():
        if without == ACCEPT and with_state in BLOCKED:
            why_blocked[blocked_because(reason, ct_state)] += count
        elif without in BLOCKED and with_state == ACCEPT:
            why_admitted[admitted_because(fragment, ct_state, direction, bool(could))] += count
    return Changes(
        blocked, admitted, different - blocked - admitted - undecided, undecided,
        why_blocked.most_common(), why_admitted.most_common(),
    )  # fmt: skip


def not_evaluated(tally: Tally) -> list[tuple[str, int]]:
    """Frames that no mode evaluates, by reason, most first."""
    return [(word(Reason(reason)), count) for reason, count in tally.not_evaluated.most_common()]


def unknown(tally: Tally) -> tuple[int, ...]:
    """Frames with an unknown verdict, in each mode."""
    totals = added(matrix(tally), len(tally.modes))
    return tuple(part[UNKNOWN] for part in totals)


def most_telling(tally: Tally) -> tuple[Example, str] | None:
    """The frame to explain first, and its word: one on which the modes differ, else one that should not get in."""
    rows = [bit.bit_length() for bit in TELLING]
    rows += [row for row in range(FURTHER_ROW) if row not in rows]
    words = {bit.bit_length(): word(bit) for bit in Evidence if bit}
    for examples in (tally.examples, tally.admitted_examples):
        for row in rows:
            if row in examples:
                return examples[row], words.get(row, "no evidence against it")
    return None


def unchained_notes(
    tally: Tally, families: Mapping[int, int] | None = None, *, selected: bool = False
) -> tuple[str, ...]:
    """What the ruleset lets pass because it has no chain there, a sentence for each hook.

    `families` are the hooks where there are chains, but for packets of this family only.
    """
    noun = "selected packet" if selected else "packet"
    other = {4: " for IPv6", 6: " for IPv4"}
    return tuple(
        f"no chain{other.get((families or {}).get(hook, 0), '')} at {word(Hook(hook))}: "
        f"{counted(number, noun)} accepted without a rule"
        for hook, number in sorted(tally.unchained.items())
    )
