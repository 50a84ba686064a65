"""A ruleset that takes the place of another while connections live, as when a firewall is reloaded.

Read first: `fwsim.simulator`. What belongs to the kernel stays: connections, fragments that wait, what is known of the
surroundings. What belongs to the rules begins anew: their counts, limits, and the sets that they change. A connection
that is there is translated as it was, whatever the new rules say (nft and iptables ask their nat chains about openings
only).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from fwsim.capture import Chunk
from fwsim.engine.binding import DONE
from fwsim.engine.expiry import FIRST
from fwsim.engine.sources import hang_by_source
from fwsim.engine.tuples import Tracker, is_live, relink
from fwsim.errors import UsageError
from fwsim.naming import Naming, RuleNames
from fwsim.running import StatefulRun
from fwsim.simulator import Simulator, Tracked
from fwsim.tracker import with_rows
from fwsim.uncompiled import flush, usable

LEARNED = ("sightings", "crossings", "learned", "counts")
"""What packets have taught of where things lie."""


class Reloaded(Simulator):
    """A simulator whose rules and chains are numbered behind those of another, so that both can be told apart."""

    behind: Simulator | None = None

    def _moved(self, mode: Any, decisions: Any) -> None:
        """Move the numbers of rules and chains."""
        if self.behind is None:
            return
        before = self.behind.lowered[mode]
        rules, chains = decisions["rule"], decisions["chain"]
        decisions["rule"] = np.where(rules >= 0, rules + len(before.rules), rules)
        decisions["chain"] = np.where(chains >= 0, chains + len(before.chains), chains)

    def _run_stateless(self, batch: Any, frames: Any, packets: Any, decisions: Any, start: int, end: int) -> None:
        """Decide, and move."""
        super()._run_stateless(batch, frames, packets, decisions, start, end)
        self._moved("stateless", batch.stateless[start:end])

    def end_stateful(self, tracked: Tracked) -> None:
        """Move before the datagrams' decisions go to their fragments."""
        flush(*tracked.tables)
        whole = tracked.assembled
        decided = tracked.batch.stateful if whole is None else whole.decisions
        self._moved("stateful", decided[tracked.start : tracked.end])
        super().end_stateful(tracked)


def in_turn(simulator: Simulator) -> list[Simulator]:
    """The simulators that have decided, one after the other."""
    behind = simulator.behind if isinstance(simulator, Reloaded) else None
    return [simulator] if behind is None else [behind, simulator]


def take_over(new: Reloaded, old: Simulator) -> None:
    """Go on with what the old one has come to; at rest."""
    if new.topology.names != old.topology.names:
        names = [", ".join(one.topology.names) or "none" for one in (old, new)]
        raise UsageError(f"the rulesets speak of other interfaces ({names[0]}; {names[1]}): expected the same")
    if not isinstance(old.stateful, StatefulRun) or not isinstance(new.stateful, StatefulRun):
        raise UsageError("a ruleset can be changed only where one table holds all connections")
    old.stateful.settle()
    new.behind = old
    tables = [
        carried(before, after)
        for before, after in ((old.stateful.tracker, new.stateful.tracker), (old.stateful.ghosts, new.stateful.ghosts))
    ]
    new.stateful.replace(*tables)
    new.defragmenter = old.defragmenter if old.defragmenter is not None else new.defragmenter
    new._now = old._now
    new.topology.bind(list(_captured(old)))
    before, after = old.topology.places, new.topology.places
    for name in LEARNED:
        getattr(after, name)[:] = getattr(before, name)
    new.topology.surroundings = old.topology.surroundings


def _captured(old: Simulator) -> Iterator[Any]:
    """The capture interfaces that the old one knows."""
    for name, link_type in old.topology.bound:
        yield _Bound(name, link_type)


class _Bound:
    """A capture interface by name and link type."""

    def __init__(self, name: str | None, link_type: int) -> None:
        """As `Topology.bind` asks for it."""
        self.name = name
        self.link_type = link_type
        self.file = 0


def carried(old: Tracker, fresh: Tracker) -> Tracker:
    """The connections of a table of arrays in one with the settings of another, each in its row."""
    used = int(old.counters[0]["used"])
    tracker = with_rows(len(old.connections), 0, old.counters.copy(), fresh.settings)
    tracker = tracker._replace(expectations=old.expectations.copy())
    for name, rows in (("connections", used), ("neighbours", used), ("tuples", 2 * used), ("sides", 2 * used)):
        getattr(tracker, name)[:rows] = getattr(old, name)[:rows]
    tracker.heap_key[:used], tracker.heap_row[:used] = old.heap_key[:used], old.heap_row[:used]
    translated = bool(old.settings[0]["translating"])
    if translated and fresh.settings[0]["translating"]:
        tracker.sources[:used], tracker.source_buckets[:] = old.sources[:used], old.source_buckets
    tables = usable(tracker)
    relink(tables)
    if fresh.settings[0]["translating"] and not translated:
        for row in (np.flatnonzero(is_live(old.connections[FIRST:used])) + FIRST).tolist():
            hang_by_source(tables, row)
            tables.connections[row]["status"] |= DONE  # its opening is over
    flush(tables)
    return tracker


def names_of_both(naming: Naming, old: Simulator, new: Simulator) -> Naming:
    """The names of a run that begins with one simulator and goes on with the other."""
    rules = {}
    for mode, names in naming.rules.items():
        before, after = (one.lowered["stateless" if mode == "stateless" else "stateful"] for one in (old, new))
        moved = [replace(rule, chain=rule.chain + len(before.chains)) for rule in after.rules]
        rules[mode] = RuleNames([*before.rules, *moved], [*before.chains, *after.chains], names.anywhere)
    return Naming(naming.files, naming.interfaces, rules)


def cut_at(chunk: Chunk, row: int) -> tuple[Chunk, Chunk]:
    """A chunk in two, over the same bytes and quotes."""
    parts = []
    for start, end in ((0, row), (row, len(chunk))):
        comments = {place - start: text for place, text in chunk.comments.items() if start <= place < end}
        rows = chunk.frames[start:end], chunk.packets[start:end]
        parts.append(replace(chunk, frames=rows[0], packets=rows[1], comments=comments))
    return parts[0], parts[1]
