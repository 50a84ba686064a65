"""Tracking split into shards: whose packet it is, what happens to a shard while others' pass, and common numbers.

Read first: `fwsim.engine.pipeline.run_stateful`. Connections between the same two addresses are in one shard, with the
ICMP errors about them, and the connections that a helper expects. Every shard goes through all packets of a chunk,
decides its own, and lets time pass for its tables at the others: so what is known of the whole at a packet is the sum
of what the shards know there.

A shard numbers what begins in a chunk provisionally: by the row where it begins, -1 for row 0. Once all shards are
through, `number_rows` gives the numbers that one shard would have given, and `adopt_numbers` writes them into a table.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.engine import entry, hot
from fwsim.engine.ahead import hash_packet
from fwsim.engine.expiry import expire
from fwsim.engine.icmp import is_icmp_error
from fwsim.engine.tuples import LOW, Tracker, fold
from fwsim.tables import V6, Row, Table

Numbers = npt.NDArray[np.int64]

NOBODY = -1
"""Owner of a packet that is not evaluated at all."""

# What `Share.state` holds.
MINE = 0
"""The number of the shard, or NOBODY if there is only one."""
BEFORE = 1
"""How many packets came before this chunk."""
CREATED = 2
ASSURED = 3
GHOSTS_CREATED = 4
GHOSTS_ASSURED = 5
"""From CREATED on, of both tables before the packet: how many connections were created, and the newest ASSURED one."""
STATE = 6

# What `totals` holds.
NEXT = 0
"""The number that comes next."""
PEAK = 1
GHOSTS_PEAK = 2
"""The most connections and ghosts that there were at a time, in all shards."""
BIRTHS = 3
"""How many rows of `births` are used."""
TOTALS = 4


class Share(NamedTuple):
    """What a shard shares with the others, by row of the chunk; without others, nothing (empty arrays).

    `owners` are numbers of shards, `nows` the packets' times. `born` is where a packet's connection was confirmed: its
    row in the owner's table, or that of its ghost as a negative number; else 0. `live` has two numbers for each packet:
    the shard's connections and ghosts behind it. `joined` and `ghosts_joined` tell by row of the tables at which packet
    a connection came to its place in the order of age. `owners`, `nows` and `born` are the same arrays for all shards.
    """

    state: Numbers
    owners: Numbers
    nows: Numbers
    born: Numbers
    live: Numbers
    joined: Numbers
    ghosts_joined: Numbers


class Births(NamedTuple):
    """What begins in a chunk: the rows at which something does, and the final numbers by row."""

    rows: Numbers
    numbers: Numbers
    totals: Numbers


# --- whose packet ------------------------------------------------------------------------------------------------


@hot
def part_of(key: int, first: int, second: int, third: int, fourth: int) -> int:
    """A keyed hash of an address."""
    total = fold((first & LOW) * key + (first >> 30))
    if first < V6:
        return int(total)
    total = fold(total * key + (second & LOW))
    total = fold(total * key + (third & LOW))
    total = fold(total * key + (fourth & LOW))
    return int(fold(total * key + ((second >> 30) | (third >> 30) << 2 | (fourth >> 30) << 4)))


@hot
def shard_of(row: Row, key: int, count: int) -> int:
    """The shard of a packet or quoted packet: the same for both directions.

    The product of two sums with the key: nobody who does not know that can choose addresses that share a shard.
    """
    src = part_of(key, row["src0"], row["src1"], row["src2"], row["src3"])
    dst = part_of(key, row["dst0"], row["dst1"], row["dst2"], row["dst3"])
    if count < 1:
        return 0
    return int(fold(fold(src + key) * fold(dst + key)) % count)


@entry
def share_out(
    frames: Table, packets: Table, quotes: Table, share: Share, key: int, count: int, start: int, end: int
) -> None:
    """Say whose packet each is, of `count` shards."""
    for i in range(start, end):
        packet = packets[i]
        share.nows[i] = packet["now"]
        share.born[i] = 0
        if frames[i]["reason"]:
            share.owners[i] = NOBODY
        elif is_icmp_error(packet) and packet["quote"] >= 0:
            share.owners[i] = shard_of(quotes[packet["quote"]], key, count)
        else:
            share.owners[i] = shard_of(packet, key, count)


@hot
def hash_own(tracker: Tracker, packets: Table, hashes: Any, share: Share, start: int, end: int) -> None:
    """Write the hashes of the shard's own packets (`fwsim.engine.ahead`); -1 for others."""
    key = tracker.counters[0]["hash_key"]
    for i in range(start, end):
        hashes[i] = hash_packet(packets[i], key) if share.owners[i] == share.state[MINE] else -1


# --- a shard at one packet ---------------------------------------------------------------------------------------


@hot
def is_anothers(tracker: Tracker, ghosts: Tracker, share: Share, i: int) -> bool:
    """Whether a packet is another shard's; if so, time has passed for this one all the same.

    If not, the packet is about to be decided, and what it may change is noted.
    """
    state = share.state
    owner = share.owners[i]
    if owner == NOBODY:
        return bool(state[MINE] != 0)  # nothing but to say so
    expire(tracker, share.nows[i])
    expire(ghosts, share.nows[i])
    if owner != state[MINE]:
        share.live[2 * i] = tracker.counters[0]["live"]
        share.live[2 * i + 1] = ghosts.counters[0]["live"]
        return True
    counters = tracker.counters[0]
    counters["next_number"] = -1 - i
    state[CREATED] = counters["created"]
    state[ASSURED] = counters["newest_assured"]
    state[GHOSTS_CREATED] = ghosts.counters[0]["created"]
    state[GHOSTS_ASSURED] = ghosts.counters[0]["newest_assured"]
    return False


@hot
def note_decided(tracker: Tracker, ghosts: Tracker, results: Table, share: Share, i: int, at: int) -> None:
    """Note what the shard's own packet has changed; `at` is its place in the run.

    Who is the newest ASSURED one now and was not, and has this packet, has become ASSURED by it: nothing else that it
    can do to the order of age leaves its own connection there. A packet without a connection (-1) may have ended the
    last ASSURED one, so that there is no newest one (-1) either: that is no row.
    """
    if share.owners[i] == NOBODY:
        return
    state = share.state
    counters = tracker.counters[0]
    row = results[0]["connection"]
    if counters["created"] != state[CREATED]:
        share.born[i] = row
        share.joined[row] = at
    elif row > 0 and counters["newest_assured"] == row and row != state[ASSURED]:
        share.joined[row] = at
    share.live[2 * i] = counters["live"]
    counters = ghosts.counters[0]
    row = results[1]["connection"]
    if counters["created"] != state[GHOSTS_CREATED]:
        share.born[i] = -row
        share.ghosts_joined[row] = at
    elif row > 0 and counters["newest_assured"] == row and row != state[GHOSTS_ASSURED]:
        share.ghosts_joined[row] = at
    share.live[2 * i + 1] = counters["live"]


# --- all shards together -----------------------------------------------------------------------------------------


@entry
def number_rows(frames: Table, decisions: Table, share: Share, live: Any, births: Births, start: int, end: int) -> None:
    """Number what began in a chunk, in its order; `live` has a row for each shard."""
    totals = births.totals
    totals[BIRTHS] = 0
    for i in range(start, end):
        born = share.born[i]
        if born:
            births.rows[totals[BIRTHS]] = i
            totals[BIRTHS] += 1
            side = 0 if born > 0 else 1
            total = 0
            for shard in range(len(live)):
                total += live[shard, 2 * i + side]
            if total > totals[PEAK + side]:
                totals[PEAK + side] = total
        number = frames[i]["connection"]
        if number < 0:
            if number == -1 - i:
                births.numbers[i] = totals[NEXT]
                totals[NEXT] += 1
            number = births.numbers[-1 - number]
            frames[i]["connection"] = number
            if decisions[i]["connection"]:
                decisions[i]["connection"] = number


@entry
def adopt_numbers(tracker: Tracker, ghosts: Tracker, share: Share, births: Births) -> None:
    """Write the final numbers into the tables of a shard."""
    for place in range(births.totals[BIRTHS]):
        i = births.rows[place]
        if share.owners[i] == share.state[MINE]:
            row = share.born[i]
            connection = tracker.connections[row] if row > 0 else ghosts.connections[-row]
            if connection["number"] < 0:
                connection["number"] = births.numbers[-1 - connection["number"]]
