"""The way of one packet through the hooks, split where tracking happens.

Read first: the drawing at `fwsim.terms.Hook`; conntrack-spec §1. What rules see on the way is the scratch row
`seen`, a copy of the packet: TTL and interfaces change there as the packet moves on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.engine import hot, shared
from fwsim.engine.asked import FORWARDED, show_headers
from fwsim.engine.match import Memory, Program, walk_hook
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Direction, Hook, Reason, Verdict

Row = Any

PREROUTING = int(Hook.PREROUTING)
INPUT = int(Hook.INPUT)
FORWARD = int(Hook.FORWARD)
OUTPUT = int(Hook.OUTPUT)
POSTROUTING = int(Hook.POSTROUTING)
LOCAL = 5
"""In PACKET["hook"]: from a local address to a local one; passes OUTPUT, then INPUT, and is tracked once."""

STAGES = 4
PATHS = (
    (-1, -1, -1, -1),
    (PREROUTING, INPUT, -1, -1),
    (PREROUTING, FORWARD, POSTROUTING, -1),
    (OUTPUT, POSTROUTING, -1, -1),
    (-1, -1, -1, -1),
    (OUTPUT, POSTROUTING, PREROUTING, INPUT),
)
"""By PACKET["hook"]: the hooks on the way of a packet, in order; -1 behind the last."""
END = 7
WAYS = tuple(sum((hook & END) << 3 * stage for stage, hook in enumerate(path)) for path in PATHS)
"""The same as numbers, three bits a hook: a tuple in a tuple is slow when compiled."""

NONE = int(Direction.NONE)
ACCEPT = int(Verdict.ACCEPT)
NOT_EVALUATED = int(Verdict.NOT_EVALUATED)
UNKNOWN = int(Verdict.UNKNOWN)

R_NONE = int(Reason.NONE)
R_TRANSLATED = int(Reason.TRANSLATED)
R_NO_CHAIN = int(Reason.NO_CHAIN)

LOWEST = -(1 << 31)
CONNTRACK = -200
"""Tracking's own priority (NF_IP_PRI_CONNTRACK): chains below it see the packet before it is tracked."""
HIGHEST = 1 << 31
"""Beyond every priority."""


class Course(NamedTuple):
    """What one evaluation needs: the rules, what they remember, and the packet as they see it (one-row tables).

    `seen` is a row of PACKET, `extra` one of EXTRA; `words` is both, as they lie one behind the other. `asked` holds
    what the rules ask of the headers of all packets at hand (`fwsim.engine.asked`).
    """

    program: Program
    memory: Memory
    seen: npt.NDArray[np.void]
    extra: npt.NDArray[np.void]
    words: npt.NDArray[np.int64]
    asked: npt.NDArray[np.int64]


@hot
def hook_of(packet: Row) -> int:
    """The filter hook that a packet passes, of two the first."""
    hook = packet["hook"]
    return OUTPUT if hook == LOCAL else int(hook)


@hot
def set_out(course: Course) -> None:
    """A packet is at the beginning of its way: nothing can have refused it yet."""
    course.memory.state[0]["refusals"] = 0
    course.memory.state[0]["lost"] = 0
    course.memory.state[0]["lost_ct"] = 0


@hot
def begin(decision: Row, packet: Row) -> None:
    """An empty decision about a packet: accepted unless something says otherwise."""
    decision["verdict"] = ACCEPT
    decision["reason"] = R_NO_CHAIN
    decision["reject_with"] = 0
    decision["hook"] = hook_of(packet)
    decision["chain"] = ABSENT
    decision["rule"] = ABSENT
    decision["mirror"] = 0
    decision["tried"] = 0
    decision["ct_state"] = 0
    decision["ct_direction"] = NONE
    decision["tcp_state_before"] = ABSENT
    decision["tcp_state"] = ABSENT
    decision["connection"] = 0


@hot
def refuse(decision: Row, verdict: int, reason: int) -> None:
    """A verdict that no rule has given."""
    decision["verdict"] = verdict
    decision["reason"] = reason
    decision["reject_with"] = 0
    decision["hook"] = ABSENT
    decision["chain"] = ABSENT
    decision["rule"] = ABSENT


@hot
def chains_at(course: Course, hook: int, behind: int, low: int, high: int, decision: Row, quiet: int) -> int:
    """Walk the chains of one hook with `low` <= priority < `high` behind a row of BASE (that of the hook: all)."""
    if course.program.bases[behind]["next"] < 0:
        return ACCEPT  # no chain there: the most frequent case by far
    course.memory.state[0]["linear"] = 0
    seen = course.seen[0]
    return walk_hook(course.program, course.memory, hook, behind, low, high, seen, course.words, decision, quiet)


@hot
def at_hook(course: Course, hook: int, behind: int, low: int, so_far: int, decision: Row, quiet: int) -> int:
    """Walk the chains of one hook; `so_far` is ACCEPT or UNKNOWN."""
    if so_far == ACCEPT:
        return chains_at(course, hook, behind, low, HIGHEST, decision, quiet)
    return at_hook_in_doubt(course, hook, behind, low, decision, quiet)


@shared
def at_hook_in_doubt(course: Course, hook: int, behind: int, low: int, decision: Row, quiet: int) -> int:
    """The same of a packet that may have been refused before: a refusal overrides that if it may have been the same."""
    reason, at = decision["reason"], decision["hook"]
    chain, rule = decision["chain"], decision["rule"]
    refusals = course.memory.state[0]["refusals"]
    verdict = chains_at(course, hook, behind, low, HIGHEST, decision, quiet)
    if verdict == ACCEPT or refusals & ~(1 << verdict):
        decision["reject_with"] = 0
        decision["verdict"] = UNKNOWN
        decision["reason"], decision["hook"] = reason, at  # what is not known, not who accepted later
        decision["chain"], decision["rule"] = chain, rule
        return UNKNOWN
    return int(verdict)


@hot
def is_confirmed(way: int, decision: Row) -> bool:
    """Whether a packet has come as far as where the connection that it opens is confirmed (`nf_confirm`).

    That is behind the last hook of its way; from local to local it is behind POSTROUTING, so that the connection stays
    whatever becomes of the packet when it comes in.
    """
    verdict = decision["verdict"]
    if verdict == ACCEPT or verdict == UNKNOWN:
        return True
    hook = decision["hook"]
    return way == LOCAL and (verdict == NOT_EVALUATED or hook == PREROUTING or hook == INPUT)


@hot
def is_stopped(way: int, route_fault: int, decision: Row) -> bool:
    """Whether a packet whose verdict is not known goes no further than PREROUTING: dropped there, or not routed."""
    return bool(route_fault and way != LOCAL and decision["verdict"] == UNKNOWN and decision["hook"] == PREROUTING)


@hot
def first_hook(hook: int) -> int:
    """Where a packet is seen first: OUTPUT if it is made here, else PREROUTING."""
    return OUTPUT if hook == OUTPUT or hook == LOCAL else PREROUTING


@hot
def before_tracking(course: Course, decision: Row, quiet: int) -> int:
    """The chains that see the packet before it is tracked (raw, priority below -200); few rulesets have one."""
    bases = course.program.bases
    first = bases[first_hook(course.seen[0]["hook"])]["next"]
    if first < 0 or bases[first]["priority"] >= CONNTRACK:
        return ACCEPT
    return raw_chains(course, decision, quiet)


@shared
def raw_chains(course: Course, decision: Row, quiet: int) -> int:
    """Walk the chains before tracking."""
    seen = course.seen[0]
    hook = first_hook(seen["hook"])
    iif, oif = seen["iif"], seen["oif"]
    if hook == PREROUTING:
        seen["oif"] = ABSENT  # not routed yet
    else:
        seen["iif"] = ABSENT  # made here
    verdict = chains_at(course, hook, hook, LOWEST, CONNTRACK, decision, quiet)
    seen["iif"], seen["oif"] = iif, oif
    return verdict


@hot
def after_tracking(course: Course, route_fault: int, so_far: int, decision: Row, quiet: int) -> int:
    """All hooks of the packet's path behind tracking, in the kernel's order; fills `decision`.

    `so_far` is the verdict of the chains before it, ACCEPT or UNKNOWN. Where addresses are translated the way is
    interrupted: `state["halt"]` is not -1 then, and `go_on` goes on.
    """
    state = course.memory.state[0]
    seen = course.seen[0]
    state["iif"], state["oif"] = seen["iif"], seen["oif"]
    state["fault"] = route_fault
    state["halt"] = ABSENT
    state["chosen"] = ABSENT
    if seen["hook"] == UNKNOWN_VALUE:
        return so_far  # a chain before tracking has taken it from its way
    return from_stage(course, 0, so_far, decision, quiet)


@hot
def from_stage(course: Course, first: int, so_far: int, decision: Row, quiet: int) -> int:
    """The hooks of the packet's path from a stage on.

    Which they are changes only where its way is interrupted, or is lost: a rule hands it to a program, say.
    """
    state = course.memory.state[0]
    seen = course.seen[0]
    way = seen["hook"]
    iif, oif, fault = state["iif"], state["oif"], state["fault"]
    verdict = so_far
    path = WAYS[way]
    for stage in range(first, STAGES):
        hook = path >> 3 * stage & END
        if hook == END:
            break
        if hook == FORWARD:
            be_forwarded(course)
        if course.program.bases[hook]["next"] >= 0:  # few rulesets have chains at every hook
            made_here = stage < 2 and (way == OUTPUT or way == LOCAL)
            seen["iif"] = ABSENT if made_here else iif
            seen["oif"] = ABSENT if hook == PREROUTING or hook == INPUT else oif
            verdict = at_hook(course, hook, hook, CONNTRACK if stage == 0 else LOWEST, verdict, decision, quiet)
            if state["halt"] >= 0:
                state["stage"] = stage
                break
            if verdict != ACCEPT and verdict != UNKNOWN:
                break
            if seen["hook"] == UNKNOWN_VALUE:
                return lose_way(decision)
        if hook == PREROUTING and fault:
            return be_discarded(verdict, fault, decision)
    return verdict


@hot
def be_forwarded(course: Course) -> None:
    """What a packet has changed when it comes to the FORWARD hook: `ip_forward` has lowered its TTL."""
    seen = course.seen[0]
    if seen["ttl"] > 0:
        seen["ttl"] -= 1
    if course.extra[0]["wanted"]:
        show_headers(course.extra[0], course.words, course.asked, FORWARDED)


@hot
def go_on(course: Course, so_far: int, decision: Row, quiet: int) -> int:
    """Go on where a packet's way has been interrupted: behind the row of BASE `state["halt"]`."""
    state = course.memory.state[0]
    seen = course.seen[0]
    hook, stage, behind = state["hook"], state["stage"], state["halt"]
    state["halt"] = ABSENT
    made_here = hook == OUTPUT or (stage < 2 and (seen["hook"] == OUTPUT or seen["hook"] == LOCAL))
    seen["iif"] = ABSENT if made_here else state["iif"]
    seen["oif"] = ABSENT if hook == PREROUTING or hook == INPUT else state["oif"]
    if so_far != ACCEPT and so_far != UNKNOWN:
        return so_far
    verdict = at_hook(course, hook, behind, CONNTRACK if stage == 0 else LOWEST, so_far, decision, quiet)
    if state["halt"] >= 0 or (verdict != ACCEPT and verdict != UNKNOWN):
        return verdict
    if seen["hook"] == UNKNOWN_VALUE:
        return lose_way(decision)
    if hook == PREROUTING and state["fault"]:
        return be_discarded(verdict, state["fault"], decision)
    return from_stage(course, stage + 1, verdict, decision, quiet)


@hot
def be_discarded(so_far: int, fault: int, decision: Row) -> int:
    """Routing discards a packet behind PREROUTING, unless a rule may have dropped it before."""
    if so_far == UNKNOWN:
        return UNKNOWN
    refuse(decision, NOT_EVALUATED, fault)
    return NOT_EVALUATED


@hot
def lose_way(decision: Row) -> int:
    """Nobody knows which way it goes: its destination is translated to what is not known, if not for a reason told."""
    if decision["verdict"] != UNKNOWN:
        decision["verdict"] = UNKNOWN
        decision["reason"] = R_TRANSLATED
    return UNKNOWN
