"""The connection table as a table.

Read first: `fwsim.report.conntrack_listing`, whose records these are, and `fwsim.connections`.
"""

from __future__ import annotations

from typing import Any

from fwsim.connections import Connections
from fwsim.notebook.markup import MOST, block, element, table
from fwsim.report.conntrack_listing import listed as line_of
from fwsim.report.conntrack_listing import record
from fwsim.report.figures import counted, moment
from fwsim.simulator import Simulator
from fwsim.tracker import connections_listing

HEADER = ("#", "proto", "state", "seconds left", "original", "reply", "status", "opened by", "last seen in")


def listed(simulator: Simulator) -> Connections:
    """Those that a simulator remembers now."""
    tracking, now = simulator.lowered["stateful"].tracking, simulator.clock
    simulator.stateful.settle()
    known = list(connections_listing(simulator.stateful.tracker)) if tracking else []
    there = [one for one in known if one["expires"] > now]
    return Connections(
        [record(one, now) for one in there], [line_of(one, now) for one in there], now, tracking=tracking
    )


def connections_html(connections: Connections) -> str:
    """A row for each."""
    if not connections.tracking:
        return block(element("p", "There is no connection table: no rule asks for one, or tracking is off."))
    title = f"{counted(len(connections), 'connection')} at {moment(connections.now)}"
    rows = [_row(one) for one in connections[:MOST]]
    return block(element("p", element("b", title)), table(HEADER, rows, "><<><<<>>", total=len(connections)))


def _row(one: dict[str, Any]) -> list[object]:
    """One connection."""
    frames = [str(one[name]["n"]) if one[name] else "-" for name in ("opened_by", "last_seen_in")]
    left = "?" if one["timeout"] is None else f"{one['timeout']:,}"
    ends = [_tuple(one[side]) for side in ("original", "reply")]
    return [str(one["connection"]), str(one["proto"]), one["state"] or "", left, *ends, _status(one), *frames]


def _tuple(side: dict[str, Any]) -> str:
    """One direction: from where to where."""
    ends = []
    for end, ports in (("src", ("sport", "srckey")), ("dst", ("dport", "dstkey"))):
        address = side[end] or "?"
        port = next((side[name] for name in ports if name in side), "")
        shown = f"[{address}]" if ":" in address and port != "" else address
        ends.append(shown if port == "" else f"{shown}:{'?' if port is None else port}")
    more = (
        f" type {side['type']} code {side['code']} id {'?' if side['id'] is None else side['id']}"
        if "type" in side
        else ""
    )
    return f"{ends[0]} \u2192 {ends[1]}{more}"


def _status(one: dict[str, Any]) -> str:
    """What is said of it besides."""
    words = ["" if one["seen_reply"] else "unreplied"]
    words += [name for name in ("assured", "snat", "dnat", "tentative") if one[name]]
    words += [f"mark {one['mark']}"] if one["mark"] else []
    return " ".join(filter(None, words))
