"""What both modes remember, in a checkpoint: hits, buckets of limits, connections, ghosts.

Read first: `fwsim.running`. The rest of their tables is the ruleset's, or scratch that no packet leaves to the next.
"""

from __future__ import annotations

from typing import Any

from fwsim.checkpoint.connections import restored_tracker, save_tracker
from fwsim.checkpoint.keyed import restored_keyed, save_keyed
from fwsim.checkpoint.saved import Saved
from fwsim.engine.counted_rows import COUNTED
from fwsim.engine.path import Course
from fwsim.engine.program import Memory
from fwsim.engine.rule_rows import BUCKET
from fwsim.simulator import Simulator
from fwsim.terms import Reason

BUCKETS = {"unknown": (0, int(max(Reason))), "used": (0, 1)}


def save_modes(simulator: Simulator) -> dict[str, Any]:
    """What is saved of both."""
    stateless, stateful = simulator.stateless.mode, simulator.stateful.mode
    return {
        "stateless": _memory(stateless.course.memory),
        "stateful": _memory(stateful.course.memory),
        "connections": save_tracker(stateful.tracker),
        "ghosts": save_tracker(stateful.ghosts),
    }


def restore_modes(simulator: Simulator, saved: Saved) -> None:
    """Put it back into a simulator that has decided nothing yet."""
    simulator.stateless.remember(_remembered(simulator.stateless.mode.course, saved.part("stateless")))
    simulator.stateful.remember(_remembered(simulator.stateful.mode.course, saved.part("stateful")))
    mode = simulator.stateful.mode
    simulator.stateful.replace(
        restored_tracker(mode.tracker, saved.part("connections")), restored_tracker(mode.ghosts, saved.part("ghosts"))
    )


def _memory(memory: Memory) -> dict[str, Any]:
    """What rules have counted."""
    return {
        "hits": memory.hits,
        "buckets": memory.buckets,
        "xt_buckets": memory.xt_buckets,
        "counted": memory.counted,
        "keyed": save_keyed(memory.keyed),
    }


def _remembered(course: Course, saved: Saved) -> Memory:
    """The same, put back."""
    memory = course.memory
    hits = saved.numbers("hits", bounds=(0, 1 << 62))
    saved.must(len(hits) == len(memory.hits), "hits")
    memory.hits[:] = hits
    memory.buckets[:] = saved.rows("buckets", BUCKET, len(memory.buckets), BUCKETS)
    memory.xt_buckets[:] = saved.rows("xt_buckets", BUCKET, len(memory.xt_buckets), BUCKETS)
    counted = saved.rows("counted", COUNTED, len(memory.counted), BUCKETS | {"count": (0, 1 << 62)})
    counted["seed"] = memory.counted["seed"]
    memory.counted[:] = counted
    return memory._replace(keyed=restored_keyed(memory.keyed, course.program.keyed, saved.part("keyed")))
