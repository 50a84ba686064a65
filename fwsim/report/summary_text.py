"""The text that `compare` and `replay` print: what was read, the answer in a sentence, tables that add up.

Read first: DESIGN section 5, last paragraph, and `fwsim.report.comparison` for the figures. Every name that is not ours
goes through `safe`.
"""

from __future__ import annotations

import re

from fwsim.harmless import safe
from fwsim.naming import Naming
from fwsim.report.about import About
from fwsim.report.comparison import (
    BLOCKED,
    TWIN,
    Changes,
    EvidenceRow,
    RuleRow,
    added,
    changes,
    evidence_table,
    matrix,
    most_telling,
    not_evaluated,
    rule_table,
    unknown,
)  # fmt: skip
from fwsim.report.figures import count, counted, duration, moment, size
from fwsim.report.grid import grid
from fwsim.report.line import paint
from fwsim.report.tally import Tally
from fwsim.report.widths import shortened
from fwsim.terms import Verdict

MANY_RULES = 40
"""With more rules than this, those without hits are only counted."""

COUNTED = re.compile(r"\bcounter packets \d+ bytes \d+")

LONGEST_RULE = 60
"""Letters of a rule without a name."""


def summary(
    tally: Tally,
    naming: Naming,
    about: About,
    *,
    groups: str = "",
    colour: bool = False,
    quiet: bool = False,
    bars: bool = True,
) -> str:
    """The whole text; with `quiet` only the answer and what must not be missed. `groups` is the table of `--by`.

    `bars` if block elements can be written.
    """
    answer = paint(sentence(tally, selected=about.selection is not None), "1", colour)
    if quiet:
        return (
            "\n".join([*broken_off(about), *map(safe, about.hint), answer]) + "\n" + (f"\n{groups}" if groups else "")
        )
    blocks = [
        broken_off(about),
        [*map(safe, about.hint)],
        header(tally, about),
        [answer],
        evidence_lines(tally, naming, selected=about.selection is not None),
        why_lines(tally),
        [*rule_lines(tally, naming, about), *price(tally, about)],
        translation_lines(about),
        cost_lines(tally, about, bars=bars),
        [groups.rstrip("\n")] if groups else [],
        [f"note: {safe(note)}" for note in about.notes],
        next_step(tally, about),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def cost_lines(tally: Tally, about: About, *, bars: bool) -> list[str]:
    """What keeping state cost, if that was measured."""
    if about.resources is None:
        return []
    from fwsim.report.resources_text import resource_lines

    return resource_lines(about.resources, tally, about, bars=bars)


def broken_off(about: About) -> list[str]:
    """Said first, if not all of it was read."""
    return [f"Not the whole capture: {about.interrupted}."] if about.interrupted else []


def header(tally: Tally, about: About) -> list[str]:
    """The captures, what is selected of them, and the ruleset, a line each."""
    names = ", ".join(_file_name(capture.path) for capture in about.captures[:3])
    names += f" and {len(about.captures) - 3} more" if len(about.captures) > 3 else ""
    span = ""
    if tally.first_ts is not None:
        span = f", {duration(tally.last_ts - tally.first_ts)} from {moment(tally.first_ts)}"
    connections = f", {counted(about.connections, 'connection')}" if about.tracking else ""  # else: evidence only
    rows = [[names, f"{counted(tally.frames, 'packet')}{connections}{span}"]]
    if about.selection is not None:
        rows = [[names, f"{counted(sum(capture.packets for capture in about.captures), 'packet')}{connections}"]]
        rows.append(["selected", f"{counted(tally.frames, 'packet')}{span}, by {safe(about.selection)}"])
    rules = ", ".join([counted(about.ruleset.rules, "rule"), *map(safe, about.ruleset.policies)])
    rows.append([_file_name(about.ruleset.path), rules])
    if about.ruleset.stateless_path:
        rows.append([_file_name(about.ruleset.stateless_path), "instead of it in stateless mode"])
    return grid(rows, "<<")


def _file_name(path: str) -> str:
    """A file without its folder."""
    return "(standard input)" if path == "-" else safe(path.rpartition("/")[2])


def sentence(tally: Tally, *, selected: bool = False) -> str:
    """The answer; `selected` if it is only about some of the packets that were read."""
    packets = counted(tally.frames, "selected packet" if selected else "packet")
    if len(tally.modes) == 2:
        answer = _comparison_sentence(changes(tally), tally, packets)
        return f"Of the selected packets: {answer[0].lower()}{answer[1:]}" if selected else answer
    totals = added(matrix(tally), 1)[0]
    parts = [
        f"{count(totals[verdict])} {word}"
        for verdict, word in ((Verdict.DROP, "dropped"), (Verdict.REJECT, "rejected"), (Verdict.UNKNOWN, "undecided"))
        if totals[verdict]
    ]
    parts += [f"{count(sum(tally.not_evaluated.values()))} not evaluated"] if tally.not_evaluated else []
    admitted = f"{count(totals[Verdict.ACCEPT])} of {packets}"
    return f"{tally.modes[0].capitalize()} mode admits {admitted}" + (f": {', '.join(parts)}." if parts else ".")


def _comparison_sentence(changed: Changes, tally: Tally, packets: str) -> str:
    """What keeping state changed."""
    undecided = _unknown_sentence(changed, tally)
    if not changed.total:
        return f"Keeping state changed no verdict{_admitting(changed, tally, packets)}.{undecided}"
    parts = []
    if changed.blocked:
        parts.append(f"{counted(changed.blocked, 'packet')} blocked that stateless admits")
    if changed.admitted:
        admitted_only = f"{counted(changed.admitted, 'packet')} admitted that stateless blocks"
        parts.append(f"{count(changed.admitted)} the reverse" if changed.blocked else admitted_only)
    if changed.otherwise:
        parts.append(f"{count(changed.otherwise)} in another way")
    return f"Keeping state changed {counted(changed.total, 'verdict')}: {', '.join(parts)}.{undecided}"


def _admitting(changed: Changes, tally: Tally, packets: str) -> str:
    """How many packets each mode admits; they differ only if verdicts are known in one mode only."""
    stateless, stateful = (count(verdicts[Verdict.ACCEPT]) for verdicts in added(matrix(tally), 2))
    known = " that is known in both modes" if changed.undecided else ""
    if stateless == stateful:
        return f"{known}: both modes admit {stateless} of {packets}"
    return f"{known}: stateless admits {stateless} of {packets}, stateful {stateful}"


def _unknown_sentence(changed: Changes, tally: Tally) -> str:
    """In which mode how many verdicts are unknown."""
    by_mode = unknown(tally)
    both = (sum(by_mode) - changed.undecided) // 2
    parts = [
        f"{counted(number - both, 'packet')} in {mode} mode only"
        for mode, number in zip(tally.modes, by_mode, strict=True)
        if number > both
    ]
    parts += [f"{counted(both, 'packet')} in both modes"] if both else []
    return f" Unknown: {', '.join(parts)}." if parts else ""


def evidence_lines(tally: Tally, naming: Naming, *, selected: bool = False) -> list[str]:
    """The table by evidence; its packets add up to all that was read or selected."""
    modes = range(len(tally.modes))
    rows = [["", "packets", *tally.modes], ["", "", *["admits" for _ in modes]]]
    rows += [_evidence_cells(row, len(tally.modes)) for row in evidence_table(tally, naming)]
    unseen = not_evaluated(tally)
    if unseen:
        reasons = ", ".join(f"{count(number)} {reason}" for reason, number in unseen)
        rows.append(["not evaluated", count(sum(number for _, number in unseen)), *["-" for _ in modes], "", reasons])
    totals = added(matrix(tally), len(tally.modes))
    rows.append(
        [
            "all selected" if selected else "all",
            count(tally.frames),
            *[count(totals[mode][Verdict.ACCEPT]) for mode in modes],
        ]
    )
    if any(unknown(tally)):
        rows.append(["(verdict unknown)", "", *[count(number) for number in unknown(tally)]])
    return grid(rows, "<>" + ">" * len(tally.modes) + "<<", gap=3)


def _evidence_cells(row: EvidenceRow, modes: int) -> list[str]:
    """One row of the table by evidence."""
    label = f"  {row.word}" if row.word else row.group
    admitted = [count(row.admitted(mode)) for mode in range(modes)]
    return [label, count(row.packets), *admitted, "!" if row.useless else "", safe(row.note)]


def why_lines(tally: Tally) -> list[str]:
    """Why each mode blocks what the other admits."""
    if len(tally.modes) < 2:
        return []
    changed = changes(tally)
    rows = []
    for mode, number, why in (
        ("stateful", changed.blocked, changed.why_blocked),
        ("stateless", changed.admitted, changed.why_admitted),
    ):
        if number:
            reasons = " | ".join(f"{count(part)} {phrase}" for phrase, part in why)
            rows.append([f"Why {mode} blocks the {count(number)}", reasons])
    return grid(rows, "<<")


def rule_lines(tally: Tally, naming: Naming, about: About) -> list[str]:
    """Hits per rule, quoted if it has no name; each mode's column adds up to all that was read or selected.

    Rules that translate decide nothing: they have a table of their own (`translation_lines`).
    """
    translating = {(one.chain, one.rule) for one in about.translations}
    table = [
        row
        for row in rule_table(tally, naming)
        if (row.chain, row.name) not in translating or any(map(sum, row.verdicts))
    ]
    shown = [row for row in table if len(table) <= MANY_RULES or any(map(sum, row.verdicts))]
    chains = {row.chain for row in shown if row.of_ruleset}
    two = len(tally.modes) == 2
    rows = [["rule", "line", *(["stateless", "(direct+mirror)", "stateful"] if two else tally.modes)]]
    for row in shown:
        cells = [_rule_label(row, several=len(chains) > 1), str(row.line or "-")]
        for mode in range(len(tally.modes)):
            cells += _hit_cells(row, mode, split=two and mode == 0)
        rows.append([*cells, safe(shortened(_quoted(row.text), LONGEST_RULE))])
    lines = grid(rows, "<>" + ("><>" if two else ">") + "<")
    if len(shown) < len(table):
        lines.append(f"and {counted(len(table) - len(shown), 'rule')} without hits")
    return lines


def translation_lines(about: About) -> list[str]:
    """How many connections each rule was asked for that says how they are translated."""
    if not about.translations:
        return []
    rows = [["translated by", "line", "new connections"]]
    for one in about.translations:
        text = safe(shortened(_quoted(one.text), LONGEST_RULE))
        counted = count(one.connections) if one.connections else "-"
        rows.append([f"{safe(one.chain)}: {safe(one.rule)}", str(one.line or "-"), counted, text])
    return grid([[*rows[0], ""], *rows[1:]], "<>><")


def _quoted(text: str) -> str:
    """A rule in a line, without what it had counted when it was listed."""
    return " ".join(COUNTED.sub("counter", text).split())


def _rule_label(row: RuleRow, *, several: bool) -> str:
    """How a rule is named in the table."""
    if not row.of_ruleset:
        return row.name if row.name == TWIN else f"({row.name})"
    chain = safe(row.chain or "?")
    if row.name == "policy":
        return f"policy of {chain}"
    return f"{chain}: {safe(row.name)}" if several else safe(row.name)


def _hit_cells(row: RuleRow, mode: int, *, split: bool) -> list[str]:
    """The verdict if it is not accept, the hits, and for stateless how they divide."""
    hits = row.hits(mode)
    blocked = sum(row.verdicts[mode][verdict] for verdict in BLOCKED)
    verdict = ""
    if blocked and blocked == hits:
        verdict = "reject  " if row.verdicts[mode][Verdict.REJECT] == hits else "drop  "
    cells = [verdict + count(hits) if hits else "-"]
    if split:
        mirrored = row.mirrored[mode]
        cells.append(f"({count(hits - mirrored)}+{count(mirrored)})" if mirrored else "")
    return cells


def price(tally: Tally, about: About) -> list[str]:
    """What keeping state costs."""
    evaluated = max(tally.frames - sum(tally.not_evaluated.values()), 1)
    tried = [tally.hits[mode].tried / evaluated for mode in tally.modes]
    per = "rules tried per packet" if about.selection is None else "rules tried per selected packet"
    all_of_them = "" if about.selection is None else " (all packets)"
    if "stateful" not in tally.modes:
        return [f"{per.capitalize()} {tried[0]:.1f}"]
    without = f" (stateless {tried[0]:.1f})" if len(tried) > 1 else ""
    if not about.tracking:
        return [f"No rule asks for the connection: nothing is tracked; {per} {tried[-1]:.1f}{without}"]
    peak = f"peak {counted(about.peak_connections, 'connection')}, {size(about.memory)}{all_of_them}"
    return [f"Price of state: {peak}; {per} {tried[-1]:.1f}{without}"]


def next_step(tally: Tally, about: About) -> list[str]:
    """The command that explains the most telling packet."""
    telling = most_telling(tally)
    if telling is None or not about.explain:
        return []
    example, word = telling
    several = len(about.captures) > 1
    number = f"{safe(about.captures[example.file].path)}:{example.number}" if several else str(example.number)
    again = "    (with the ruleset on standard input again)" if about.ruleset.path == "-" else ""
    return [f"Next: {safe(about.explain)} -n {number}    ({word}){again}"]
