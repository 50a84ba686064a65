"""The rules that a packet was tried against, in both modes, with the match that failed.

Read first: `fwsim.engine.path` and `fwsim.engine.twin`, whose order is followed here, and `fwsim.trace`, which does
the walking.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.engine.icmp import is_never_tracked
from fwsim.engine.path import CONNTRACK, HIGHEST, LOCAL, LOWEST, Course, begin
from fwsim.engine.program import Memory
from fwsim.engine.twin import could_be_reply, is_icmp_error, show, show_mirror
from fwsim.explain.moment import Moment
from fwsim.lower import Lowered
from fwsim.report.safe import safe
from fwsim.tables import DECISION, PACKET, empty, plain, words
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus, Direction, Hook, Verdict, word
from fwsim.trace import Look, trace_walk

Told = tuple[str, str]
"""The name of a step, and a line of it."""

ENDS = ("accept", "drop", "reject", "go on", "jump", "goto", "return")
"""What a rule does that matches, by the numbers of `fwsim.engine.program` (V_ACCEPT ..)."""

PATHS: dict[int, tuple[tuple[Hook, int, int], ...]] = {
    Hook.INPUT: ((Hook.PREROUTING, LOWEST, HIGHEST), (Hook.INPUT, LOWEST, HIGHEST)),
    Hook.FORWARD: (
        (Hook.PREROUTING, LOWEST, HIGHEST),
        (Hook.FORWARD, LOWEST, HIGHEST),
        (Hook.POSTROUTING, LOWEST, HIGHEST),
    ),
    Hook.OUTPUT: ((Hook.OUTPUT, LOWEST, HIGHEST), (Hook.POSTROUTING, LOWEST, HIGHEST)),
    LOCAL: (
        (Hook.OUTPUT, LOWEST, HIGHEST),
        (Hook.POSTROUTING, LOWEST, HIGHEST),
        (Hook.PREROUTING, LOWEST, HIGHEST),
        (Hook.INPUT, LOWEST, HIGHEST),
    ),
}
"""The hooks that a packet passes, by its first filter hook."""


def stateful_walk(moment: Moment) -> Iterator[Told]:
    """The chains that the packet met, with the ct state that tracking gave it."""
    lowered = moment.simulator.lowered["stateful"]
    course = _course(lowered, moment.stateful_memory)
    course.seen[0] = _row(moment.packet)
    _show_tracked(moment, course)
    yield from once(walk_path(moment, lowered, course))


def stateless_walk(moment: Moment) -> Iterator[Told]:
    """The evaluations that the stateless twin of the policy makes of the packet."""
    mode = moment.simulator.stateless.mode
    lowered = moment.simulator.lowered["stateless"]
    course = _course(lowered, moment.stateless_memory)
    packet = moment.packet
    if is_never_tracked(packet):
        show(course, _row(packet), CtState.UNTRACKED, ABSENT)
        yield from _named("untracked", walk_path(moment, lowered, course))
    elif not mode.twin:
        show(course, _row(packet), CtState.INVALID, ABSENT)
        yield from once(walk_path(moment, lowered, course))
    elif is_icmp_error(packet):
        show(course, _row(packet), CtState.RELATED if mode.icmp_errors else CtState.INVALID, Direction.REPLY)
        yield from _named("as related", walk_path(moment, lowered, course))
    else:
        show(course, _row(packet), CtState.NEW, Direction.ORIGINAL)
        yield from _named("as new", walk_path(moment, lowered, course))
        if moment.decision("stateless")["verdict"] != Verdict.ACCEPT or moment.decision("stateless")["mirror"]:
            yield from _as_reply(moment, lowered, course, mode.replies)


def _as_reply(moment: Moment, lowered: Lowered, course: Course, replies: int) -> Iterator[Told]:
    """The mirror image, and the packet as a reply."""
    packet = moment.packet
    if not could_be_reply(packet, replies):
        yield "mirror", "it cannot be a reply (no ACK and no RST): no mirror image is tried"
        return
    show_mirror(course, _row(packet))
    yield from _named("mirror", walk_path(moment, lowered, course))
    show(course, _row(packet), CtState.ESTABLISHED, Direction.REPLY)
    yield from _named("as reply", walk_path(moment, lowered, course))


def walk_path(moment: Moment, lowered: Lowered, course: Course) -> Iterator[Told]:
    """Every chain of the path until one refuses; a line for each rule looked at, and one for a policy."""
    decision = empty(DECISION, 1)
    begin(decision[0])
    seen = course.seen[0]
    iif, oif = int(seen["iif"]), int(seen["oif"])
    for hook, low, high in PATHS.get(int(seen["hook"]), ()):
        seen["iif"] = ABSENT if hook == Hook.OUTPUT else iif
        seen["oif"] = ABSENT if hook in (Hook.PREROUTING, Hook.INPUT) else oif
        if hook == Hook.FORWARD and seen["ttl"] > 0:
            seen["ttl"] -= 1
        yield from _at_hook(lowered, course, hook, (low, CONNTRACK), decision)
        yield from _at_hook(lowered, course, hook, (CONNTRACK, high), decision)
        if decision[0]["verdict"] in (Verdict.DROP, Verdict.REJECT) or (
            hook == Hook.PREROUTING and moment.frame["route_fault"]
        ):
            return


def _at_hook(
    lowered: Lowered, course: Course, hook: Hook, priorities: tuple[int, int], decision: object
) -> Iterator[Told]:
    """The chains of a hook within a range of priorities."""
    row = decision[0]  # type: ignore[index]
    if row["verdict"] in (Verdict.DROP, Verdict.REJECT):
        return
    state = int(course.seen[0]["ct_state"])
    raw = priorities[1] == CONNTRACK
    if raw:
        course.seen[0]["ct_state"] = CtState.INVALID  # nothing is attached before tracking
    walked = False
    for look in trace_walk(lowered, course.memory, hook, *priorities, course.seen, course.words, row):
        walked = True
        yield word(hook), _told(lowered, look)
    if raw and course.seen[0]["ct_state"] == CtState.INVALID:
        course.seen[0]["ct_state"] = state
    found = plain(row)
    if found["chain"] >= 0 and found["hook"] == hook and found["rule"] < 0 and (walked or not lowered.rules):
        chain = lowered.chains[found["chain"]]
        yield word(hook), f"     {'policy of ' + safe(chain.name):70} -> {word(Verdict(found['verdict']))}"


def _told(lowered: Lowered, look: Look) -> str:
    """One rule looked at: `14 broken   ct_state is new, wants invalid   no`."""
    rule = lowered.rules[look.rule]
    name = f"{rule.line or '-':>4} {'  ' * look.depth}{safe(rule.label)}"
    if look.failure is not None:
        failure = look.failure
        about = f"{failure.key} is {failure.value}, wants {safe(failure.wanted)}"
        return f"{name:22} {about:52} {'no' if look.matched is False else 'perhaps'}"
    return f"{name:22} {'all of it matches':52} yes -> {ENDS[int(lowered.program.rules[look.rule]['verdict'])]}"


def once(told: Iterator[Told]) -> Iterator[Told]:
    """The same lines, a name only where it changes."""
    last = ""
    for name, text in told:
        yield ("" if name == last else name), text
        last = name


def _named(name: str, told: Iterator[Told]) -> Iterator[Told]:
    """The same lines under the name of an evaluation."""
    for at, (_, text) in enumerate(told):
        yield (name if at == 0 else ""), text


def _course(lowered: Lowered, memory: Memory) -> Course:
    """A course of its own, so that explaining changes nothing."""
    seen = empty(PACKET, 1)
    return Course(lowered.program, memory, seen, words(seen))


def _row(packet: dict[str, int]) -> object:
    """A packet as a row of an array."""
    table = empty(PACKET, 1)
    table[0] = tuple(packet.values())
    return table[0]


def _show_tracked(moment: Moment, course: Course) -> None:
    """The ct fields that the rules saw."""
    seen = course.seen[0]
    result = moment.result
    state = result["ct_state"]
    if not moment.simulator.lowered["stateful"].tracking:
        state = CtState.INVALID
    seen["ct_state"] = state
    for field in ("ct_direction", "ct_status", "ct_mark"):
        seen[field] = UNKNOWN_VALUE if state == UNKNOWN_VALUE else ABSENT
    if state in (UNKNOWN_VALUE, CtState.INVALID, CtState.UNTRACKED):
        return
    connection = moment.connection_before
    seen["ct_direction"] = result["direction"]
    seen["ct_status"] = (connection["status"] if connection else 0) & (CtStatus.TENTATIVE - 1)
    seen["ct_mark"] = connection["mark"] if connection else 0
