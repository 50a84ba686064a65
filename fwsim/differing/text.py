"""The answer in words: for people at a terminal, and as Markdown for a review.

Read first: `answer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fwsim.harmless import markdown, markdown_code, safe
from fwsim.terms import CtState, Direction, word

from .answer import ACCEPTED, DIFFERENT, EQUIVALENT, UNKNOWN, Answer
from .differences import STATEFUL
from .grouping import Group, RegionTold, Responsible
from .objects import HOOKS, packet_text

REGIONS_SHOWN = 3
SECOND = 1_000_000_000


def lines_of(answer: Answer, top: int) -> list[str]:
    """The answer for people, with at most `top` changes in each mode."""
    lines = [_about(answer), "", sentence(answer)]
    lines += [f"  {each}" for each in notes(answer)]
    for mode in answer.modes:
        groups = [group for group in answer.groups if group.mode == mode]
        if not groups:
            continue
        lines += ["", _heading(answer, mode, groups)]
        for number, group in enumerate(groups[:top], 1):
            lines += _group_lines(answer, group, number)
        if len(groups) > top:
            lines.append(f"  and {len(groups) - top} more: --top N, or --format json, tells them")
    return lines


def sentence(answer: Answer) -> str:
    """The answer in one sentence."""
    new = answer.count[DIFFERENT]
    if answer.status == EQUIVALENT:
        families = answer.comparison.families
        which = "packet" if len(families) > 1 else f"IPv{families[0]} packet"
        return f"Equivalent: every {which} is treated alike by both rulesets, {_modes(answer)}. This is a proof."
    if answer.status == ACCEPTED:
        return "Every difference has been accepted."
    told = f"{_count(new, 'change')} in what becomes of packets" if new else ""
    open_ = answer.count[UNKNOWN]
    left = [f"{_count(open_, 'case')} not known"] if open_ else []
    left += ["not everything was compared"] if answer.reasons else []
    if told or answer.status == DIFFERENT:
        return f"Different: {', and '.join((told or _count(_settings(answer), 'setting'), *left))}."
    return f"Not known: {', and '.join(left)}."


def _settings(answer: Answer) -> int:
    """How many settings differ that are not accepted."""
    return sum(not answer.is_setting_accepted(each) for each in answer.settings)


def notes(answer: Answer) -> Iterator[str]:
    """What else there is to know."""
    for setting in answer.settings:
        accepted = " (accepted)" if answer.is_setting_accepted(setting) else ""
        yield f"setting {setting.name}: {setting.old} -> {setting.new}: what follows is not compared{accepted}"
    yield from (f"not known: {reason}" for reason in answer.reasons)
    for doubt in answer.doubts:
        yield f"cases hang on {safe(doubt)}"
    meant = answer.count[ACCEPTED]
    if meant:
        yield f"{_count(meant, 'change')} accepted"
    for change in answer.accepted_no_more:
        yield f"accepted, but there no more: {safe(change)}"


def _about(answer: Answer) -> str:
    """Which rulesets these are."""
    parts = [
        f"{safe(each.path)} ({each.ruleset.netfilter.format}, {_count(each.rules, 'rule')})"
        for each in (answer.old, answer.new)
    ]
    return " -> ".join(parts)


def _modes(answer: Answer) -> str:
    """The modes that were compared."""
    return f"in the {answer.modes[0]} mode" if len(answer.modes) == 1 else "in both modes"


def _heading(answer: Answer, mode: str, groups: Sequence[Group]) -> str:
    """The line above the changes of a mode."""
    both = answer.comparison.stateless_is_the_same and len(answer.modes) > 1
    title = "stateful and stateless (no rule asks for connections)" if both else mode
    return f"{title}: {_count(len(groups), 'change')}"


def _group_lines(answer: Answer, group: Group, number: int) -> Iterator[str]:
    """One change."""
    mark = " (accepted)" if answer.is_accepted(group) else ""
    yield f"  {number}. {_verdicts(group)}{mark}"
    yield f"     old  {_who(group.old)}"
    yield f"     new  {_who(group.new)}"
    told = regions_text(group)
    for text in told[:REGIONS_SHOWN]:
        yield f"     {safe(text)}"
    if len(told) > REGIONS_SHOWN or not group.complete:
        left = f"{len(told) - REGIONS_SHOWN} more" if len(told) > REGIONS_SHOWN else "perhaps more"
        yield (
            f"     and {left} of the same two rules" if group.complete else f"     and {left}, not all were looked for"
        )
    if group.witness is not None:
        yield f"     e.g. {witness_text(group, tracked=answer.comparison.tracks)}"
    else:
        why = f": it hangs on {'; '.join(map(safe, group.doubts))}" if group.doubts else ""
        yield f"     not known whether there is such a packet{why}"


def _verdicts(group: Group) -> str:
    """What changes."""
    if group.leaves:
        if group.old.verdict == "elsewhere":
            return "translated or handed over by both, but otherwise"
        return f"{group.old.verdict} by both, but it is marked, changed, translated or remembered otherwise"
    old, new = (
        f"{each.verdict}{f' ({each.reject_with})' if each.reject_with else ''}" for each in (group.old, group.new)
    )
    return f"{old} -> {new}"


def _who(one: Responsible) -> str:
    """A rule, a policy or nobody, with where it stands."""
    place = f" ({safe(one.path)}:{one.line})" if one.line and one.path else f" (line {one.line})" if one.line else ""
    if one.chain is None:
        return "no chain decides"
    if one.rule is None:
        return f"policy {one.verdict} of {safe(one.chain)}{place}"
    name = f"rule {one.rule}" if one.rule.isdigit() else f'rule "{safe(one.rule)}"'
    return f"{name} of {safe(one.chain)}{place}"


def regions_text(group: Group) -> list[str]:
    """The regions of a change: the same at several hooks, and of both families, once."""
    found: dict[str, list[RegionTold]] = {}
    for one in group.regions:
        found.setdefault(one.text, []).append(one)
    texts = []
    for text, regions in found.items():
        by_hook: dict[str, list[int]] = {}
        for one in regions:
            by_hook.setdefault(HOOKS[one.hook], []).append(one.family)
        for families in sorted({tuple(sorted(set(each))) for each in by_hook.values()}):
            hooks = [hook for hook, each in by_hook.items() if tuple(sorted(set(each))) == families]
            family = "" if len(families) > 1 else f"IPv{families[0]} "
            texts.append(f"{', '.join(hooks)}: {family}{text or 'all packets'}")
    return texts


def witness_text(group: Group, *, tracked: bool) -> str:
    """A packet in a line: what it is, where it is seen, and what is known of its connection."""
    witness = group.witness
    assert witness is not None
    places = [f"in {safe(witness.iif)}"] if witness.iif else []
    places += [f"out {safe(witness.oif)}"] if witness.oif else []
    if group.mode == STATEFUL and tracked:
        way = witness.shown["ct_direction"]
        seen = [word(CtState(witness.shown["ct_state"])), *([word(Direction(way))] if way >= 0 else [])]
        places.append(f"ct {' '.join(seen)}")
    apart = f"one each {witness.gap_ns / SECOND:.9g} s" if witness.gap_ns else "at once"
    apart = "one a second" if witness.gap_ns == SECOND else apart
    again = f" (packet {witness.times} of the same, {apart})" if witness.times > 1 else ""
    return " ".join([packet_text(witness.packet), *places]) + again


def markdown_of(answer: Answer, top: int) -> str:
    """The answer for a review: the sentence, what else there is to know, and a table."""
    lines = [f"**{sentence(answer)}**", "", f"{markdown_code(_about(answer))}"]
    lines += ["", *(f"- {markdown(each)}" for each in notes(answer))] if any(notes(answer)) else []
    groups = answer.groups[:top]
    if groups:
        lines += ["", "| mode | change | old | new | packets | for example |", "|---|---|---|---|---|---|"]
    for group in groups:
        example = (
            witness_text(group, tracked=answer.comparison.tracks)
            if group.witness is not None
            else "not known whether there is one"
        )
        regions = regions_text(group)
        more = f" (+{len(regions) - 1})" if len(regions) > 1 else ""
        cells = [group.mode, _verdicts(group), _who(group.old), _who(group.new), regions[0] + more, example]
        if answer.is_accepted(group):
            cells[1] += " (accepted)"
        lines.append(f"| {' | '.join(map(markdown, cells))} |")
    if len(answer.groups) > top:
        lines += ["", f"and {len(answer.groups) - top} more"]
    return "\n".join(lines) + "\n"


def _count(number: int, what: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
