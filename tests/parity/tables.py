"""Connection tables side by side: the kernel's as ctnetlink tells it, and the simulator's.

Read first: `differing`. Clocks differ: the simulator's may stand still while the kernel's goes on, so that a timeout of
the kernel may be lower by as much as has passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from fwsim.kernel.orders import Connection
from fwsim.naming import address_text
from fwsim.simulator import Simulator
from fwsim.terms import CtStatus
from fwsim.tracker import connections_listing

TCP, UDP, UDPLITE = 6, 17, 136
COMPARED_STATUS = CtStatus.EXPECTED | CtStatus.SEEN_REPLY | CtStatus.ASSURED | CtStatus.CONFIRMED
SECOND = 1_000_000_000
STREAM_SECONDS = 2
"""The age from which a UDP conversation is a stream (nf_conntrack_udp_packet)."""

Tuple = tuple[str, str, int, int, int]


class Entry(NamedTuple):
    """What must agree of a connection; `timeout` in seconds, `state` -1 if it is none of TCP."""

    reply: Tuple
    status: int
    state: int
    mark: int
    timeout: float


Listed = dict[Tuple, Entry]


def of_kernel(connections: Iterable[Connection]) -> Listed:
    """The kernel's table by original tuple."""
    return {
        one.original: Entry(one.reply, one.status & COMPARED_STATUS, one.tcp_state, one.mark, one.timeout)
        for one in connections
    }


def of_simulator(simulator: Simulator, now: int) -> Listed:
    """The simulator's table at a time (ns)."""
    simulator.stateful.settle()
    return dict(entries(simulator, now))


def entries(simulator: Simulator, now: int) -> Iterator[tuple[Tuple, Entry]]:
    """Those alive."""
    for one in connections_listing(simulator.stateful.tracker):
        if one["expires"] > now:
            state = one["state"] if one["original"]["proto"] == TCP else -1
            timeout = (one["expires"] - now) / SECOND
            entry = Entry(tuple_of(one["reply"]), one["status"] & COMPARED_STATUS, state, one["mark"], timeout)
            yield tuple_of(one["original"]), entry


def tuple_of(row: Mapping[str, Any]) -> Tuple:
    """A row of TUPLE as the kernel's tuples are written."""
    source, destination = (address_text([row[f"{end}{word}"] for word in range(4)]) for end in ("src", "dst"))
    return source, destination, row["proto"], row["src_id"], row["dst_id"]


def differing(ours: Listed, theirs: Listed, late: float) -> list[str]:
    """In what two tables differ; the kernel's clock is `late` seconds ahead at most.

    UDP's timeout and ASSURED depend on the age of a conversation, and are left out once that could matter.
    """
    found = [f"only the simulator has {original}" for original in ours.keys() - theirs.keys()]
    found += [f"only the kernel has {original}" for original in theirs.keys() - ours.keys()]
    for original in ours.keys() & theirs.keys():
        mine, other = ours[original], theirs[original]
        aged = original[2] in (UDP, UDPLITE) and late >= STREAM_SECONDS
        if aged:
            mine, other = (one._replace(status=one.status & ~CtStatus.ASSURED) for one in (mine, other))
        if mine._replace(timeout=0) != other._replace(timeout=0):
            found.append(f"{original}: simulator {mine}, kernel {other}")
        elif not aged and not mine.timeout - late - 1 <= other.timeout <= mine.timeout + 1:
            found.append(f"{original}: a timeout of {mine.timeout} s, kernel {other.timeout} s")
    return found
