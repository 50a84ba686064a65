"""A result as its summary: the answer, the table by evidence, why, hits per rule.

Read first: `fwsim.report.comparison` and `fwsim.report.summary_text`: the figures and words of the terminal. A result
that nobody has read is shown as that: nothing is replayed because a notebook looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fwsim.naming import Naming
from fwsim.notebook.in_python import in_python
from fwsim.notebook.markup import Markup, block, element, joined, lines, table, written
from fwsim.report.about import About
from fwsim.report.comparison import (
    added,
    changes,
    evidence_table,
    matrix,
    most_telling,
    not_evaluated,
    rule_table,
    unknown,
)
from fwsim.report.figures import count
from fwsim.report.summary_text import header, price, sentence
from fwsim.report.tally import Tally
from fwsim.result import Result
from fwsim.terms import Verdict

if TYPE_CHECKING:
    from fwsim.notebook.counting import Counting

UNREAD = (
    "Nothing has been read yet, and nothing is by looking at this. result.run() reads it all and counts; iterating, "
    "result.decisions and result.to_arrow() do so too."
)
SHOWN_FILES = 10


def result_html(result: Result) -> str:
    """As far as it has been read."""
    counting: Counting | None = result.counting
    if counting is None:
        return block(element("p", element("b", "Not read yet: "), _captures(result)), element("p", UNREAD))
    about = counting.about()
    return block(*_summary(counting.tally, counting.naming, about), *_next(result, counting))


def _captures(result: Result) -> str:
    """What is going to be read."""
    paths = [file.path for file in result.captures.files]
    more = f" and {len(paths) - SHOWN_FILES} more" if len(paths) > SHOWN_FILES else ""
    return f"{', '.join(paths[:SHOWN_FILES])}{more}, {' and '.join(result.modes)}"


def _summary(tally: Tally, naming: Naming, about: About) -> list[Markup]:
    """The parts in the order of the terminal."""
    parts = [element("p", element("b", f"Not the whole capture: {about.interrupted}."))] if about.interrupted else []
    parts += [element("p", in_python(hint)) for hint in about.hint]
    parts.append(lines([_headed(line) for line in header(tally, about)]))
    parts.append(element("p", element("b", sentence(tally))))
    parts += [_evidence(tally, naming), *_why(tally), _rules(tally, naming, about)]
    if about.translations:
        rows = [(f"{one.chain}: {one.rule}", str(one.line or "-"), count(one.connections), one.text)
                for one in about.translations]  # fmt: skip
        parts.append(table(("translated by", "line", "new connections", ""), rows, "<>>~"))
    parts += [element("p", line) for line in price(tally, about)]
    if about.notes:
        parts.append(lines([joined(f"note: {in_python(note)}") for note in about.notes]))
    return parts


def _next(result: Result, counting: Counting) -> list[Markup]:
    """The packet that tells most, and how to have it explained."""
    telling = most_telling(counting.tally)
    if telling is None:
        return []
    example, word = telling
    several = len(result.captures.files) > 1
    name = counting.naming.file(example.file)
    asked = f"{name}:{example.number}" if several else example.number
    how = f": .explain({asked!r})" if result.reopen else ""
    said = f"packet {example.number}{f' of {name}' if several else ''} ({word}){how}"
    return [element("p", f"Worth a look: {said}")]


def _headed(line: str) -> Markup:
    """A line that begins with a name, behind which there is more room than between words."""
    name, _, said = line.strip().partition("  ")
    return joined(element("b", name), f" {' '.join(said.split())}")


def _evidence(tally: Tally, naming: Naming) -> Markup:
    """The table by evidence; its packets add up to all that was read."""
    modes = range(len(tally.modes))
    rows: list[list[object]] = []
    for row in evidence_table(tally, naming):
        label = joined(Markup("&emsp;"), row.word) if row.word else element("b", row.group)
        note = ("! " if row.useless else "") + row.note
        rows.append([label, count(row.packets), *(count(row.admitted(mode)) for mode in modes), note])
    unseen = not_evaluated(tally)
    if unseen:
        reasons = ", ".join(f"{count(number)} {reason}" for reason, number in unseen)
        rows.append(["not evaluated", count(sum(number for _, number in unseen)), *("-" for _ in modes), reasons])
    totals = added(matrix(tally), len(tally.modes))
    rows.append(["all", count(tally.frames), *(count(totals[mode][Verdict.ACCEPT]) for mode in modes), ""])
    if any(unknown(tally)):
        rows.append(["(verdict unknown)", "", *(count(number) for number in unknown(tally)), ""])
    head = ["", "packets", *(f"{mode} admits" for mode in tally.modes), ""]
    return table(head, rows, "<>" + ">" * len(tally.modes) + "~")


def _why(tally: Tally) -> list[Markup]:
    """Why each mode blocks what the other admits."""
    if len(tally.modes) < 2:
        return []
    changed = changes(tally)
    told = (("stateful", changed.blocked, changed.why_blocked), ("stateless", changed.admitted, changed.why_admitted))
    return [
        element(
            "p", f"Why {mode} blocks the {count(number)}: " + ", ".join(f"{count(part)} {word}" for word, part in why)
        )
        for mode, number, why in told
        if number
    ]


def _rules(tally: Tally, naming: Naming, about: About) -> Markup:
    """Hits per rule; each mode's column adds up to all that was read."""
    translating = {(one.chain, one.rule) for one in about.translations}
    known = [row for row in rule_table(tally, naming)
             if (row.chain, row.name) not in translating or any(map(sum, row.verdicts))]  # fmt: skip
    columns: list[tuple[str, str, list[object]]] = [
        ("chain", "<", [row.chain or "" for row in known]),
        ("rule", "<", [row.name for row in known]),
        ("line", ">", [str(row.line or "-") for row in known]),
    ]
    for mode, name in enumerate(tally.modes):
        columns.append((f"{name} hits", ">", [_hits(row.verdicts[mode]) for row in known]))
        if any(row.mirrored[mode] for row in known):
            columns.append(
                ("by mirror", ">", [count(row.mirrored[mode]) if row.mirrored[mode] else "" for row in known])
            )
    columns.append(("", "~", [written(row.text) for row in known]))
    heads, align, cells = zip(*columns, strict=True)
    return table(heads, list(zip(*cells, strict=True)), "".join(align))


def _hits(verdicts: tuple[int, ...]) -> str:
    """The hits of a rule in a mode, with the verdict unless it is to accept."""
    hits = sum(verdicts)
    word = next((name for verdict, name in ((Verdict.DROP, "drop "), (Verdict.REJECT, "reject "))
                 if hits and verdicts[verdict] == hits), "")  # fmt: skip
    return f"{word}{count(hits)}" if hits else "-"
