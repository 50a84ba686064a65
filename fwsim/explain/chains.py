"""The rules that a packet was tried against, in both modes, with the match that failed.

Read first: `fwsim.engine.path` and `fwsim.engine.twin`, whose order is followed here, and `fwsim.trace`, which does
the walking.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

from fwsim.engine.asked import AS_IT_CAME, FORWARDED, show_headers
from fwsim.engine.beside import for_nothing, show_link, show_own_tuple, show_tuple
from fwsim.engine.binding import DONE
from fwsim.engine.icmp import is_icmp_error, is_never_tracked
from fwsim.engine.path import CONNTRACK, HIGHEST, LOCAL, LOWEST, STAGES, Course, begin, set_out
from fwsim.engine.program import Memory
from fwsim.engine.twin import REPLIES_NEVER, could_be_reply, show, show_mirror
from fwsim.explain.moment import Moment
from fwsim.explain.translations import Alone, Tracked, Translations
from fwsim.harmless import safe
from fwsim.headers import Numbers
from fwsim.lower import Lowered
from fwsim.report.widths import shortened
from fwsim.running import new_course, set_clock
from fwsim.tables import DECISION, PACKET, RULE_POLICY, Table, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus, Direction, Hook, Proto, Reason, Verdict, word
from fwsim.trace import Failure, Halt, Look, trace_walk


@dataclass(frozen=True)
class Tried:
    """One rule looked at: `14 broken   ct_state is new, wants invalid   no`."""

    rule: int
    line: int | None
    depth: int
    name: str
    about: str
    """The match that failed, or what it says."""
    outcome: str
    """`no`, `perhaps`, or `yes -> accept`."""

    def __str__(self) -> str:
        """The line."""
        name = f"{self.line or '-':>4} {'  ' * self.depth}{self.name}"
        return f"{name:22} {self.about:52} {self.outcome}"


@dataclass(frozen=True)
class PolicyAsked:
    """No rule of a base chain decided."""

    chain: int
    name: str
    outcome: str

    def __str__(self) -> str:
        """The line."""
        return f"     {'policy of ' + self.name:70} -> {self.outcome}"


Line = str | Tried | PolicyAsked
"""What is told in a line; `str()` of it is how it reads."""

Told = tuple[str, Line]
"""The name of a step, and a line of it."""

ENDS = ("accept", "drop", "reject", "go on", "jump", "goto", "return", "not simulated")
"""What a rule does that matches, by the numbers of `fwsim.engine.program` (V_ACCEPT ..)."""

LONGEST_WANTED = 60
"""Letters of what a rule wants."""

SPOKEN = {
    "ct_state": "ct state ", "ct_status": "ct status ", "ct_mark": "ct mark ", "mark": "meta mark ",
    "family": "meta nfproto ", "proto": "meta l4proto ",
}  # fmt: skip
"""How nft begins to ask for a field: the same once more, where its name has just been told."""

LONGEST_SEEN = 52
"""Letters of a rule without a name that matches."""

PATHS: dict[int, tuple[Hook, ...]] = {
    Hook.INPUT: (Hook.PREROUTING, Hook.INPUT),
    Hook.FORWARD: (Hook.PREROUTING, Hook.FORWARD, Hook.POSTROUTING),
    Hook.OUTPUT: (Hook.OUTPUT, Hook.POSTROUTING),
    LOCAL: (Hook.OUTPUT, Hook.POSTROUTING, Hook.PREROUTING, Hook.INPUT),
}
"""The hooks that a packet passes, by its first filter hook."""

REFUSALS = (Verdict.DROP, Verdict.REJECT)
FORWARD, PREROUTING = Hook.FORWARD, Hook.PREROUTING
MADE_HERE = (Hook.OUTPUT, LOCAL)
ARRIVING = (Hook.PREROUTING, Hook.INPUT)

CT_FIELDS = ("ct_direction", "ct_status", "ct_mark")
"""What rules can ask of a connection, apart from the ct state."""


def stateful_walk(moment: Moment) -> Iterator[Told]:
    """The chains that the packet met, with the ct state that tracking gave it."""
    lowered = moment.simulator.lowered["stateful"]
    if moment.decision("stateful")["reason"] == Reason.TABLE_FULL:
        return  # tracking itself has dropped it
    if moment.entered is not None and moment.entered.packet is None:
        return  # no rule was asked
    course = _course(lowered, moment.stateful_memory, moment.asked)
    set_clock(course, moment.packet["now"])
    course.seen[0] = _row(moment.packet)
    show_headers(course.extra[0], course.words, course.asked, AS_IT_CAME)
    show_link(course.extra[0], moment.frame, moment.packet)
    translations = Tracked(moment) if lowered.translates else None
    _show_tracked(moment, course, translations)
    yield from once(walk_path(lowered, course, moment.frame["route_fault"], translations))


def stateless_walk(moment: Moment) -> Iterator[Told]:
    """The evaluations that the stateless twin of the policy makes of the packet."""
    mode = moment.simulator.stateless.mode
    lowered = moment.simulator.lowered["stateless"]
    course = _course(lowered, moment.stateless_memory, moment.captured_asked)
    set_clock(course, moment.captured_packet["now"])
    alone = Alone(moment) if lowered.translates else None
    packet, fault = moment.captured_packet, moment.captured_frame["route_fault"]
    show_link(course.extra[0], moment.captured_frame, packet)
    if is_never_tracked(packet):
        show(course, _row(packet), CtState.UNTRACKED, ABSENT)
        yield from _named("untracked", walk_path(lowered, course, fault, alone))
    elif not mode.twin:
        show(course, _row(packet), CtState.INVALID, ABSENT)
        yield from once(walk_path(lowered, course, fault, alone))
    elif is_icmp_error(packet) and mode.icmp_errors:
        show(course, _row(packet), CtState.RELATED, Direction.REPLY)
        yield from _named("as related", walk_path(lowered, course, fault, alone))
    elif is_icmp_error(packet):
        show(course, _row(packet), CtState.INVALID, ABSENT)
        yield from _named("as invalid", walk_path(lowered, course, fault, alone))
    else:
        show(course, _row(packet), CtState.NEW, Direction.ORIGINAL)
        yield from _named("as new", walk_path(lowered, course, fault, alone))
        decision = moment.decision("stateless")
        if decision["mirror"] or decision["verdict"] not in (Verdict.ACCEPT, Verdict.NOT_EVALUATED):
            yield from _as_reply(moment, lowered, course, mode.replies, alone)


def _as_reply(moment: Moment, lowered: Lowered, course: Course, replies: int, alone: Alone | None) -> Iterator[Told]:
    """The mirror image, and the packet as a reply."""
    packet = moment.captured_packet
    if not could_be_reply(packet, replies):
        why = "replies are never admitted" if replies == REPLIES_NEVER else "it cannot be a reply"
        flags = " (no ACK and no RST)" if packet["proto"] == Proto.TCP and replies != REPLIES_NEVER else ""
        yield "mirror", f"{why}{flags}: no mirror image is tried"
        return
    show_mirror(course, _row(packet))
    yield from _named("mirror", walk_path(lowered, course, 0, alone))
    show(course, _row(packet), CtState.ESTABLISHED, Direction.REPLY)
    yield from _named("as reply", walk_path(lowered, course, moment.captured_frame["route_fault"], alone))


def _course(lowered: Lowered, memory: Memory, asked: Numbers | None) -> Course:
    """A course for one packet, and what its rules ask of the packet's headers."""
    course = new_course(lowered, memory)
    return course if asked is None else course._replace(asked=asked)


def walk_path(
    lowered: Lowered, course: Course, route_fault: int, translations: Translations | None = None
) -> Iterator[Told]:
    """Every chain of the path until one refuses; a line for each rule looked at, and one for a policy."""
    decision = empty(DECISION, 1)
    seen, state = course.seen[0], course.memory.state[0]
    set_out(course)
    begin(decision[0], seen)
    state["iif"], state["oif"], state["fault"] = seen["iif"], seen["oif"], route_fault
    for stage in range(STAGES):
        path = PATHS.get(int(seen["hook"]), ())  # where it goes hangs on what it was translated to
        if stage >= len(path):
            return
        hook = path[stage]
        if hook is FORWARD:
            seen["ttl"] -= seen["ttl"] > 0
            show_headers(course.extra[0], course.words, course.asked, FORWARDED)
        asked = lowered.program.bases[hook]["next"] >= 0  # at most hooks of most rulesets there is no chain
        if stage == 0 and asked:
            _show_interfaces(course, hook, stage)
            yield from _untracked(lowered, course, hook, decision)
        if stage == 0 and seen["hook"] == UNKNOWN_VALUE:
            return
        if asked:
            yield from _through(lowered, course, hook, stage, decision, translations)
        if decision[0]["verdict"] in REFUSALS or (hook is PREROUTING and state["fault"]):
            return


def _show_interfaces(course: Course, hook: Hook, stage: int) -> None:
    """The interfaces as rules see them at a hook."""
    seen, state = course.seen[0], course.memory.state[0]
    made_here = stage < 2 and seen["hook"] in MADE_HERE
    seen["iif"] = ABSENT if made_here else state["iif"]
    seen["oif"] = ABSENT if hook in ARRIVING else state["oif"]


def _through(
    lowered: Lowered, course: Course, hook: Hook, stage: int, decision: Table, translations: Translations | None
) -> Iterator[Told]:
    """The chains of a hook behind tracking, and the translations between them."""
    behind: int | None = None
    while decision[0]["verdict"] not in REFUSALS:
        _show_interfaces(course, hook, stage)
        priorities = (LOWEST if stage else CONNTRACK, HIGHEST)
        halt = yield from _at_hook(lowered, course, hook, priorities, decision, behind)
        if halt is None or translations is None or decision[0]["verdict"] in REFUSALS:
            return
        for text in translations.tell(course, replace(halt, stage=stage), decision[0]):
            yield word(hook), text
        behind = halt.base


def _untracked(lowered: Lowered, course: Course, hook: Hook, decision: Table) -> Iterator[Told]:
    """The chains of the first hook that see the packet before it is tracked."""
    seen = course.seen[0]
    state = int(seen["ct_state"])
    seen["ct_state"] = CtState.INVALID  # nothing is attached yet
    yield from _at_hook(lowered, course, hook, (LOWEST, CONNTRACK), decision)
    if seen["ct_state"] == CtState.INVALID:
        seen["ct_state"] = state
    else:  # a notrack rule
        for field in CT_FIELDS:
            seen[field] = ABSENT


def _at_hook(
    lowered: Lowered,
    course: Course,
    hook: Hook,
    priorities: tuple[int, int],
    decision: Table,
    behind: int | None = None,
) -> Generator[Told, None, Halt | None]:
    """The chains of a hook within a range of priorities, `behind` a row of BASE; gives where it stops to translate."""
    row = decision[0]
    if row["verdict"] in REFUSALS:
        return None
    row["chain"] = row["rule"] = ABSENT
    looks = trace_walk(lowered, course.memory, hook, *priorities, course.seen, course.words, row, behind=behind)
    while True:
        try:
            look = next(looks)
        except StopIteration as end:
            halt: Halt | None = end.value
            break
        yield word(hook), _told(lowered, look)
    if row["rule"] == RULE_POLICY:
        name = safe(lowered.chains[int(row["chain"])].name)
        yield word(hook), PolicyAsked(int(row["chain"]), name, word(Verdict(int(row["verdict"]))))
    return halt


def _told(lowered: Lowered, look: Look) -> Tried:
    """One rule looked at."""
    rule = lowered.rules[look.rule]
    name = safe(rule.name or f"rule {rule.position}")
    if look.failure is not None:
        outcome = "no" if look.matched is False else "perhaps"
        return Tried(look.rule, rule.line, look.depth, name, _about(look.failure), outcome)
    quoted = "" if rule.name else safe(shortened(" ".join(rule.text.split()), LONGEST_SEEN))
    outcome = f"yes -> {ENDS[look.verdict]}{_target(lowered, look, quoted)}"
    return Tried(look.rule, rule.line, look.depth, name, quoted or "all of it matches", outcome)


def _target(lowered: Lowered, look: Look, quoted: str) -> str:
    """The chain that a rule leads to, without the table if that is its own; nothing if the rule's text ends with it."""
    if look.target == ABSENT:
        return ""
    table = lowered.chains[look.chain].name.rpartition(" ")[0]
    target = safe(lowered.chains[look.target].name.removeprefix(f"{table} "))
    return "" if quoted.endswith(f" {target}") else f" {target}"


def _about(failure: Failure) -> str:
    """`dport is 25, wants 80`; of what is not simulated, the construct and that it is not known."""
    wanted = safe(shortened(failure.wanted.removeprefix(SPOKEN.get(failure.key, "")), LONGEST_WANTED))
    if failure.key == failure.wanted:
        return f"{wanted}: {failure.value}"
    return f"{failure.key} is {failure.value}, wants {wanted}"


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


def _row(packet: dict[str, int]) -> object:
    """A packet as a row of an array."""
    table = empty(PACKET, 1)
    table[0] = tuple(packet.values())
    return table[0]


def _show_tracked(moment: Moment, course: Course, translations: Tracked | None) -> None:
    """The ct fields that the rules saw."""
    seen = course.seen[0]
    result = moment.result
    state = result["ct_state"]
    if not moment.simulator.lowered["stateful"].tracking:
        state = CtState.INVALID
    seen["ct_state"] = state
    for_nothing(course.extra[0], UNKNOWN_VALUE if state == UNKNOWN_VALUE else ABSENT)
    for field in CT_FIELDS:
        seen[field] = UNKNOWN_VALUE if state == UNKNOWN_VALUE else ABSENT
    course.memory.state[0]["bound"] = DONE if translations is None else translations.bound
    if state in (UNKNOWN_VALUE, CtState.NONE, CtState.INVALID, CtState.UNTRACKED):
        return
    connection = moment.connection_before
    show_own_tuple(course.extra[0], moment.packet, result["direction"] == Direction.REPLY)
    seen["ct_direction"] = result["direction"]
    seen["ct_status"] = (connection["status"] if connection else 0) & (CtStatus.TENTATIVE - 1)
    seen["ct_mark"] = max(connection["mark"], UNKNOWN_VALUE) if connection else 0
    if translations is not None:
        seen["ct_status"] = translations.status
        show_tuple(course.extra[0], translations.tracker.tuples, translations.result["connection"])
