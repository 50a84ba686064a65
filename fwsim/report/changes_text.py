"""What changed between two runs, for people: three lines of Markdown, then a table for every kind of change.

Read first: `fwsim.baseline.counted`. `Told` is what the command line knows besides; `fwsim.report.changes_json` tells
the same to programs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fwsim.baseline.changes import TITLES, Change
from fwsim.baseline.counted import FRAMES, MOST, By, Changes, Connection, Deciding, Frame
from fwsim.harmless import markdown_code, safe
from fwsim.naming import proto_text
from fwsim.report.departure import ends_text
from fwsim.report.figures import count, counted
from fwsim.report.grid import grid


@dataclass(frozen=True)
class Told:
    """What is to be said of a comparison besides its figures."""

    mode: str
    files: Sequence[str]
    now: str
    """What decides now: a ruleset by its path."""
    was: str
    """What decided then."""
    accepted: bool = False
    selection: str | None = None
    notes: tuple[str, ...] = ()


def summary_lines(changes: Changes, told: Told) -> list[str]:
    """The three lines of Markdown."""
    parts = [f"{count(changes.counts[kind])} {TITLES[kind]}" for kind in TITLES if changes.counts[kind]]
    figures = ", ".join(parts) if parts else "no packet is decided otherwise"
    selected = f" selected by {safe(told.selection)}" if told.selection else ""
    accepted = "; accepted, the baseline is rewritten" if told.accepted else ""
    return [
        f"**{answer(changes)}.**",
        f"- {figures}: {count(changes.changed)} of {counted(changes.packets, 'packet')}{selected} change",
        f"- {told.mode}, {code(told.now)} against {told.was}, on {', '.join(map(code, told.files))}{accepted}",
    ]


def answer(changes: Changes) -> str:
    """The sentence with the answer."""
    parts = list(_parts(changes))
    if parts:
        return ", ".join(parts)
    if changes.changed:
        return f"The same packets pass, but {counted(changes.changed, 'packet')} by another rule, state or translation"
    return "Nothing changes"


def _parts(changes: Changes) -> Iterator[str]:
    """What happens to connections, the weightiest first."""
    sentences = (
        (Change.BLOCKED, True, "would be denied that {} today"),
        (Change.BLOCKED, False, "would lose packets that pass today"),
        (Change.ADMITTED, True, "would be admitted that {} denied today"),
        (Change.ADMITTED, False, "would get packets through that are denied today"),
    )
    for kind, opening, words in sentences:
        number = changes.opened(kind) if opening else changes.in_midst(kind)
        if number:
            verb = ("passes" if number == 1 else "pass") if kind == Change.BLOCKED else "is" if number == 1 else "are"
            yield f"{counted(number, 'connection')} {words.format(verb)}"
    unknown, verdicts = changes.counts[Change.UNKNOWN], changes.counts[Change.VERDICT]
    if unknown:
        yield f"the verdict on {counted(unknown, 'packet')} would be unknown"
    if verdicts:
        yield f"{counted(verdicts, 'packet')} would get another verdict"


def code(text: str) -> str:
    """A name in Markdown's quotes."""
    return markdown_code(text)


def details(changes: Changes, told: Told, top: int) -> str:
    """The tables, and the notes."""
    lines: list[str] = []
    for kind in TITLES:
        if changes.counts[kind]:
            lines += ["", f"{TITLES[kind]}: {counted(changes.counts[kind], 'packet')}"]
            lines += _by_rule(changes, told, kind, top)
            lines += _by_connection(changes, told, kind, top)
    notes = list(told.notes)
    if changes.not_told_apart:
        rest = counted(changes.not_told_apart, "packet")
        notes.append(f"{rest} belong to more connections than are told apart ({count(MOST)})")
    return "\n".join([*lines, *(["", *(f"note: {safe(note)}" for note in notes)] if notes else [])]) + "\n"


def ranked_rules(changes: Changes, kind: Change) -> list[tuple[By, Deciding]]:
    """The pairs of rules of a kind of change, most packets first."""
    found = [item for item in changes.deciding.items() if item[0][0] == kind]
    return sorted(found, key=lambda item: (-item[1].packets, item[0]))


def ranked_connections(changes: Changes, kind: Change) -> list[Connection]:
    """The connections with that change, most packets first."""
    found = [one for one in changes.connections.values() if one.packets[kind]]
    return sorted(found, key=lambda one: (-one.packets[kind], one.frames[kind][0]))


def _by_rule(changes: Changes, told: Told, kind: Change, top: int) -> list[str]:
    """The table of rules."""
    found = ranked_rules(changes, kind)
    rows = [["by rule", "", "", "packets", "connections", "frames"]]
    for (_, was, now), one in found[:top]:
        cells = [safe(was), "->", safe(now), count(one.packets), count(one.connections)]
        rows.append([*cells, frames_text(one.frames, one.packets, told.files)])
    return [*_indented(grid(rows, "<<<>><")), *_others(len(found) - top, "pair of rules", "pairs of rules")]


def _by_connection(changes: Changes, told: Told, kind: Change, top: int) -> list[str]:
    """The table of connections."""
    found = ranked_connections(changes, kind)
    rows = [["by connection", "", "packets", "", "frames"]]
    for one in found[:top]:
        opening = "from its opening on" if kind in one.opening else ""
        frames = frames_text(one.frames[kind], one.packets[kind], told.files)
        rows.append([ends(one), proto(one), count(one.packets[kind]), opening, frames])
    return [*_indented(grid(rows, "<<><<")), *_others(len(found) - top, "connection", "connections")]


def _indented(lines: list[str]) -> list[str]:
    """Lines of a table beneath its title."""
    return [f"  {line}" for line in lines]


def _others(number: int, one: str, many: str) -> list[str]:
    """How many are not shown."""
    return [f"  and {count(number)} {one if number == 1 else many} more (--top)"] if number > 0 else []


def ends(connection: Connection) -> str:
    """Both ends of a connection: `10.1.4.23.51822 > 203.0.113.80.443`."""
    return ends_text(connection.ends) if connection.ends["family"] > 0 else "not IP"


def proto(connection: Connection) -> str:
    """Its protocol."""
    found = proto_text(connection.ends["family"], connection.ends["proto"])
    return "" if found is None else str(found)


def frames_text(frames: Sequence[Frame], packets: int, files: Sequence[str]) -> str:
    """The first few frames: `12 13 17 ...`."""
    texts = [f"{safe(files[file])}:{number}" if len(files) > 1 else str(number) for file, number in frames]
    return " ".join([*texts, *(["..."] if packets > min(len(frames), FRAMES) else [])])
