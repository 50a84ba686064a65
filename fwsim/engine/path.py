"""The way of one packet through the hooks, split where tracking happens.

Read first: the drawing at `fwsim.terms.Hook`; conntrack-spec §1. What rules see on the way is the scratch row
`seen`, a copy of the packet: TTL and interfaces change there as the packet moves on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.engine import hot
from fwsim.engine.match import Memory, Program, walk
from fwsim.terms import ABSENT, Hook, Reason, Verdict

Row = Any

PREROUTING = int(Hook.PREROUTING)
INPUT = int(Hook.INPUT)
FORWARD = int(Hook.FORWARD)
OUTPUT = int(Hook.OUTPUT)
POSTROUTING = int(Hook.POSTROUTING)
LOCAL = 5
"""In PACKET["hook"]: from a local address to a local one; passes OUTPUT, then INPUT, and is tracked once."""

ACCEPT = int(Verdict.ACCEPT)
NOT_EVALUATED = int(Verdict.NOT_EVALUATED)
UNKNOWN = int(Verdict.UNKNOWN)

R_NONE = int(Reason.NONE)
R_NO_CHAIN = int(Reason.NO_CHAIN)

LOWEST = -(1 << 31)
CONNTRACK = -200
"""Tracking's own priority (NF_IP_PRI_CONNTRACK): chains below it see the packet before it is tracked."""
HIGHEST = (1 << 31) - 1


class Course(NamedTuple):
    """What one evaluation needs: the rules, what they remember, and the packet as they see it (one-row tables)."""

    program: Program
    memory: Memory
    seen: npt.NDArray[np.void]
    words: npt.NDArray[np.int64]


@hot
def begin(decision: Row) -> None:
    """An empty decision: accepted unless something says otherwise."""
    decision["verdict"] = ACCEPT
    decision["reason"] = R_NO_CHAIN
    decision["reject_with"] = 0
    decision["hook"] = ABSENT
    decision["chain"] = ABSENT
    decision["rule"] = ABSENT
    decision["mirror"] = 0
    decision["tried"] = 0


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
def at_hook(course: Course, hook: int, from_priority: int, so_far: int, decision: Row, quiet: int) -> int:
    """Walk the chains of one hook; the verdict so far may be UNKNOWN, which a definite refusal overrides."""
    if so_far != ACCEPT and so_far != UNKNOWN:
        return so_far
    seen = course.seen[0]
    verdict = walk(course.program, course.memory, hook, from_priority, HIGHEST, seen, course.words, decision, quiet)
    if verdict == ACCEPT and so_far == UNKNOWN:
        decision["verdict"] = UNKNOWN
        return UNKNOWN
    return int(verdict)


@hot
def first_hook(hook: int) -> int:
    """Where a packet is seen first: OUTPUT if it is made here, else PREROUTING."""
    return OUTPUT if hook == OUTPUT or hook == LOCAL else PREROUTING


@hot
def before_tracking(course: Course, decision: Row, quiet: int) -> int:
    """The chains that see the packet before it is tracked (raw, priority below -200)."""
    seen = course.seen[0]
    hook = first_hook(seen["hook"])
    oif = seen["oif"]
    if hook == PREROUTING:
        seen["oif"] = ABSENT  # not routed yet
    verdict = walk(course.program, course.memory, hook, LOWEST, CONNTRACK, seen, course.words, decision, quiet)
    seen["oif"] = oif
    return int(verdict)


@hot
def from_here(course: Course, hook: int, decision: Row, quiet: int) -> int:
    """The hooks of a packet made here; one to a local address comes in again by the loopback interface."""
    seen = course.seen[0]
    iif = seen["iif"]
    seen["iif"] = ABSENT
    verdict = at_hook(course, OUTPUT, CONNTRACK, ACCEPT, decision, quiet)
    verdict = at_hook(course, POSTROUTING, LOWEST, verdict, decision, quiet)
    if hook == OUTPUT:
        return verdict
    seen["iif"] = iif
    seen["oif"] = ABSENT
    verdict = at_hook(course, PREROUTING, LOWEST, verdict, decision, quiet)
    return at_hook(course, INPUT, LOWEST, verdict, decision, quiet)


@hot
def after_tracking(course: Course, route_fault: int, decision: Row, quiet: int) -> int:
    """All hooks of the packet's path behind tracking, in the kernel's order; fills `decision`."""
    seen = course.seen[0]
    hook = seen["hook"]
    if hook == OUTPUT or hook == LOCAL:
        return from_here(course, hook, decision, quiet)
    oif = seen["oif"]
    seen["oif"] = ABSENT
    verdict = at_hook(course, PREROUTING, CONNTRACK, ACCEPT, decision, quiet)
    seen["oif"] = oif
    if (verdict == ACCEPT or verdict == UNKNOWN) and route_fault:
        refuse(decision, NOT_EVALUATED, route_fault)
        return NOT_EVALUATED
    if hook == INPUT:
        return at_hook(course, INPUT, LOWEST, verdict, decision, quiet)
    if seen["ttl"] > 0:
        seen["ttl"] -= 1  # ip_forward lowers it before the FORWARD hook
    verdict = at_hook(course, FORWARD, LOWEST, verdict, decision, quiet)
    return at_hook(course, POSTROUTING, LOWEST, verdict, decision, quiet)
