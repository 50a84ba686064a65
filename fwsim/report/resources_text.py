"""`compare --resources`: what keeping state costs, beside what it buys, as text.

Read first: `fwsim.report.resources`. What depends on the machine is in the last lines, which begin with `MACHINE`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fwsim.report.about import About
from fwsim.report.figures import count, counted, duration, moment, size
from fwsim.report.grid import grid
from fwsim.report.resources import (
    Column,
    bought,
    buckets_of_a_column,
    columns,
    evaluated,
    memory,
    peak_reached,
)  # fmt: skip
from fwsim.report.sparkline import sparkline
from fwsim.report.tally import Tally
from fwsim.resources.meter import Measured
from fwsim.resources.stopwatch import Speed

MACHINE = "On this machine"

NOT_TRACKED = "none kept: no rule asks for them"


def resource_lines(measured: Measured, tally: Tally, about: About, *, bars: bool) -> list[str]:
    """All that is said of it; `bars` where block elements can be written."""
    lines = ["What state costs, and what it buys" + ("" if about.selection is None else " (costs: of all packets)")]
    rows = [["connections", NOT_TRACKED]]
    if about.tracking:
        rows = [*_connections(measured), *_chart(measured, bars=bars), *_room(measured)]
    lines += grid([*rows, *_bought(tally)], "<<")
    return [*lines, "", *_per_packet(measured, tally, about), "", *_machine(measured, tally.modes)]


def _connections(measured: Measured) -> list[list[str]]:
    """How many came, how they went."""
    end = measured.end
    went = f"{count(end.expired)} expired, {count(end.closed)} closed, {count(end.evicted)} evicted"
    left = f"{count(end.live)} left at the end; peak {count(end.peak)}"
    reached = f", reached by {moment(peak_reached(measured))}" if end.peak else ""
    return [["connections", f"{count(end.opened)} opened: {went}, {left}{reached}"]]


def _chart(measured: Measured, *, bars: bool) -> list[list[str]]:
    """Connections over time."""
    if not measured.end.opened:
        return []
    chart = columns(measured.points)
    shown = {"live": "live", "opened": "opened", "ended": "ended", "evicted": "evicted", "refused": "no room for"}
    rows = [
        [label, f"{sparkline(numbers, bars=bars)}  up to {count(max(numbers))}"]
        for name, label in shown.items()
        if max(numbers := [_height(column, name) for column in chart]) or name in ("live", "opened", "ended")
    ]
    width = measured.width * buckets_of_a_column(len(measured.points))
    return [*rows, ["", f"{counted(len(chart), 'column')} of {duration(width)} from {moment(measured.begin)}"]]


def _height(column: Column, name: str) -> int:
    """One of the numbers of a column."""
    number: int = getattr(column, name)
    return number


def _room(measured: Measured) -> list[list[str]]:
    """Memory, and what happened when there was no room."""
    taken = memory(measured)
    if taken.full is None:
        full = "; there may be any number of them"
    else:
        full = f"; {size(taken.full)} with as many as there may be ({count(measured.limit)})"
    end = measured.end
    rows = [["memory", f"{count(taken.each)} bytes a connection, {size(taken.peak)} at the peak{full}"]]
    if end.evicted or end.refused:
        went = (
            f"{counted(end.evicted, 'connection')} evicted, {counted(end.refused, 'packet')} dropped for lack of room"
        )
    else:
        went = "never: no connection was evicted, and no packet dropped for lack of room"
    return [*rows, ["table full", went]]


def _bought(tally: Tally) -> list[list[str]]:
    """What only state does."""
    found = bought(tally)
    rows = [
        _by_group("blocks", found.blocked, "that stateless admits"),
        _by_group("admits", found.admitted, "that stateless blocks"),
    ]
    return [["state " + label, text] for label, text in rows]


def _by_group(label: str, groups: Mapping[str, int], rest: str) -> tuple[str, str]:
    """Packets and their groups, most first."""
    if not groups:
        return label, f"no packet {rest}"
    parts = [f"{count(number)} {group}" for group, number in sorted(groups.items(), key=lambda one: -one[1])]
    return label, f"{counted(sum(groups.values()), 'packet')} {rest}: {', '.join(parts)}"


def _per_packet(measured: Measured, tally: Tally, about: About) -> list[str]:
    """What each mode does for a packet."""
    rows = [["", *tally.modes]]
    if about.tracking:
        sought = measured.searches / max(measured.packets, 1)
        rows.append(["look-ups per packet", "-", f"{sought:.2f}"])
    packets = max(evaluated(tally), 1)
    rows.append(["rules tried per packet", *(f"{tally.hits[mode].tried / packets:.2f}" for mode in tally.modes)])
    return grid(rows, "<>>", gap=3)


def _machine(measured: Measured, modes: Sequence[str]) -> list[str]:
    """What would be otherwise on another machine, or another time."""
    speeds = [f"{mode} {_speed(measured.speeds.get(mode))}" for mode in modes]
    shards = f" (in {measured.shards} shards, whose times are added up)" if measured.shards > 1 else ""
    held = f"{size(measured.held)} held for connections, {size(measured.ghosts)} to remember refused openings"
    return [f"{MACHINE}: {', '.join(speeds)}{shards}", f"{MACHINE}: {held}"]


def _speed(speed: Speed | None) -> str:
    """Packets a second of one mode."""
    if speed is None:
        return "too short to be timed"
    how = "" if speed.compiled else " (not compiled)"
    return f"{count(_rounded(speed.per_second))} packets/s of a core{how}"


def _rounded(number: int) -> int:
    """Three digits of a measured number."""
    return round(number, 3 - len(str(number)))
