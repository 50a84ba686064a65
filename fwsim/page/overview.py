"""What is told of the run as a whole: the answer, the evidence in both modes, the connections over time.

Read first: `fwsim.report.comparison` and `fwsim.report.summary_text`, whose figures and words these are.
"""

from __future__ import annotations

from typing import Any

from fwsim.naming import Naming
from fwsim.page.texts import shown
from fwsim.reasons import EVIDENCE_SENTENCES
from fwsim.report.about import About
from fwsim.report.comparison import added, changes, evidence_table, matrix, not_evaluated, unknown
from fwsim.report.figures import counted, duration, moment, size
from fwsim.report.summary_text import sentence
from fwsim.report.tally import Tally
from fwsim.resources.meter import Measured
from fwsim.terms import Evidence, Verdict, word

MILLISECOND = 1_000_000
SENTENCES = {word(bit): text for bit, text in EVIDENCE_SENTENCES.items()}


def told(tally: Tally, naming: Naming, about: About) -> dict[str, Any]:
    """For the page."""
    changed = changes(tally)
    span = "" if tally.first_ts is None else duration(tally.last_ts - tally.first_ts)
    return {
        "answer": sentence(tally),
        "captures": [_capture(one.path, one.packets, one.format, one.complete) for one in about.captures],
        "ruleset": {
            "path": _file(about.ruleset.path), "rules": about.ruleset.rules,
            "policies": [shown(policy) for policy in about.ruleset.policies],
            "stateless": _file(about.ruleset.stateless_path) if about.ruleset.stateless_path else "",
        },
        "packets": tally.frames,
        "span": span,
        "begin": "" if tally.first_ts is None else moment(tally.first_ts),
        "connections": about.connections,
        "tracking": about.tracking,
        "price": f"peak {counted(about.peak_connections, 'connection')}, {size(about.memory)}",
        "evidence": _matrix(tally, naming),
        "why": [[mode, number, [[shown(phrase), part] for phrase, part in why]]
                for mode, number, why in (("stateful", changed.blocked, changed.why_blocked),
                                          ("stateless", changed.admitted, changed.why_admitted)) if number],
        "notes": [shown(note) for note in (*about.hint, *about.notes)],
        "interrupted": about.interrupted,
        "explain": shown(about.explain),
    }  # fmt: skip


def _capture(path: str, packets: int, format_: str, complete: bool) -> dict[str, Any]:
    """One capture."""
    return {"path": _file(path), "packets": packets, "format": format_, "complete": complete}


def _file(path: str) -> str:
    """A file without its folder."""
    return "standard input" if path == "-" else shown(path.rpartition("/")[2])


def _matrix(tally: Tally, naming: Naming) -> list[dict[str, Any]]:
    """The rows of the table by evidence; they add up, and the last is their sum."""
    rows = [
        {
            "group": row.group, "word": row.word or "", "packets": row.packets,
            "admitted": [row.admitted(mode) for mode in range(2)], "useless": row.useless, "note": shown(row.note),
            "means": SENTENCES.get(row.word or "", ""),
        }
        for row in evidence_table(tally, naming)
    ]  # fmt: skip
    unseen = not_evaluated(tally)
    if unseen:
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in unseen)
        rows.append(_plain("not evaluated", sum(number for _, number in unseen), [-1, -1], reasons))
    totals = added(matrix(tally), 2)
    unsure = unknown(tally)
    note = f"verdict unknown: stateless {unsure[0]:,}, stateful {unsure[1]:,}" if any(unsure) else ""
    return [*rows, _plain("all", tally.frames, [totals[mode][Verdict.ACCEPT] for mode in range(2)], note)]


def _plain(group: str, packets: int, admitted: list[int], note: str) -> dict[str, Any]:
    """A row that is none of evidence."""
    return {"group": group, "word": "", "packets": packets, "admitted": admitted, "useless": False, "note": note,
            "means": ""}  # fmt: skip


def connections_over_time(measured: Measured | None) -> dict[str, Any]:
    """For the page: ms since the first packet, live connections then, opened and ended since the run began."""
    if measured is None:
        return {"points": [], "limit": 0}
    points = [[(point.at - measured.begin) // MILLISECOND, point.live, point.opened, point.ended, point.evicted]
              for point in measured.points]  # fmt: skip
    return {"points": points, "limit": measured.limit}


def words() -> list[str]:
    """The words of evidence by their bits, from the lowest."""
    return [word(bit) for bit in Evidence if bit]
