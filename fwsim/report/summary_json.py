"""The summary of a run as one JSON object: summary, counts, rules, connections.

Read first: DESIGN section 5. The figures are those of `summary_text`; nothing is left out that is printed there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from fwsim.naming import DECISION_WORDS, Naming
from fwsim.report.about import About
from fwsim.report.cells import seconds_text
from fwsim.report.comparison import (
    RuleRow,
    added,
    changes,
    evidence_table,
    matrix,
    most_telling,
    not_evaluated,
    rule_table,
)  # fmt: skip
from fwsim.report.tally import Tally

SCHEMA_VERSION = 1

Object = dict[str, Any]


def summary_json(
    tally: Tally, naming: Naming, about: About, connections: Iterable[Object], groups: list[Object] | None = None
) -> str:
    """The whole object, as text."""
    whole: Object = {
        "summary": summary_object(tally, about),
        "counts": _counts(tally, naming, about),
        "rules": [_rule(row, tally) for row in rule_table(tally, naming)],
        "connections": list(connections),
        "translations": [asdict(one) for one in about.translations],
    }
    if about.resources is not None:
        from fwsim.report.resources_json import resources_object

        whole["resources"] = resources_object(about.resources, tally, about)
    if groups is not None:
        whole["by"] = groups
    return json.dumps(whole, indent=1) + "\n"


def summary_object(tally: Tally, about: About) -> Object:
    """What was read, with which ruleset, by which program."""
    from fwsim import __version__

    first = tally.first_ts
    telling = most_telling(tally)
    return {
        "schema_version": SCHEMA_VERSION,
        "fwsim": __version__,
        "modes": list(about.modes),
        "complete": about.complete,
        "inputs": [
            {
                "path": capture.path, "format": capture.format, "sha256": capture.sha256, "packets": capture.packets,
                "complete": capture.complete, "warnings": list(capture.warnings),
            }
            for capture in about.captures
        ],
        "ruleset": {
            "path": about.ruleset.path, "sha256": about.ruleset.sha256, "rules": about.ruleset.rules,
            "stateless_path": about.ruleset.stateless_path, "tracking": about.tracking,
        },
        "selection": about.selection,
        "first_ts": None if first is None else seconds_text(first),
        "last_ts": None if first is None else seconds_text(tally.last_ts),
        "most_telling": None if telling is None else _telling(telling[0].file, telling[0].number, telling[1], about),
        "hint": list(about.hint),
        "notes": [*([about.interrupted] if about.interrupted else []), *about.notes],
    }  # fmt: skip


def _telling(file: int, number: int, word: str, about: About) -> Object:
    """The frame to explain first."""
    return {"file": about.captures[file].path, "n": number, "evidence": word}


def _counts(tally: Tally, naming: Naming, about: About) -> Object:
    """Frames by verdict, by evidence, and what changed."""
    totals = added(matrix(tally), len(tally.modes))
    unseen = dict(not_evaluated(tally))
    counts: Object = {
        "frames": tally.frames,
        "bytes": tally.octets,
        "connections": about.connections,
        "peak_connections": about.peak_connections,
        "memory": about.memory,
        "rules_tried": {mode: tally.hits[mode].tried for mode in tally.modes},
        "not_evaluated": {"frames": sum(unseen.values()), "reasons": unseen},
        "verdicts": _by_mode(tally, totals),
        "evidence": [
            {"group": row.group, "word": row.word, "packets": row.packets, "useless": row.useless, "note": row.note}
            | _by_mode(tally, row.verdicts)
            for row in evidence_table(tally, naming)
        ],
    }
    if len(tally.modes) == 2:
        found = changes(tally)
        counts["changed"] = {
            "total": found.total, "blocked": found.blocked, "admitted": found.admitted, "otherwise": found.otherwise,
            "undecided": found.undecided, "why_blocked": dict(found.why_blocked),
            "why_admitted": dict(found.why_admitted),
        }  # fmt: skip
    return counts


def _by_mode(tally: Tally, verdicts: tuple[tuple[int, ...], ...]) -> Object:
    """Frames by verdict, for each mode."""
    return {mode: _verdicts(part) for mode, part in zip(tally.modes, verdicts, strict=True)}


def _verdicts(counts: tuple[int, ...]) -> Object:
    """Frames by the word of their verdict."""
    return {DECISION_WORDS["verdict"][number]: count for number, count in enumerate(counts)}


def _rule(row: RuleRow, tally: Tally) -> Object:
    """A rule with its hits in each mode."""
    found: Object = {"chain": row.chain, "rule": row.name, "line": row.line, "of_ruleset": row.of_ruleset}
    for number, mode in enumerate(tally.modes):
        hits = {"hits": row.hits(number), "mirror": row.mirrored[number]}
        found[mode] = hits | {"verdicts": _verdicts(row.verdicts[number])}
    return found
