"""Packets of regions, made of bytes, and decided by the engine under both rulesets.

Read first: `fwsim.checking.confirming`, `fwsim.engine.twin` (evaluate). A packet is read like a captured one and put
where the region says: on its way, with its interfaces. In the stateful mode rules are shown the ct state of the
region; where addresses are translated, the packet is tracked as the first of all instead. A packet whose fate hangs on
what rules count is decided about again and again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_address
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.capture.captures import Captures
from fwsim.capture.crafting import ethernet, in_pieces, mac_of
from fwsim.capture.model import CaptureFile, Chunk
from fwsim.capture.reader import Run
from fwsim.checking.arriving import number_of
from fwsim.checking.confirming import NAMES, Frames, Packet, frame_of, packet_of, read
from fwsim.checking.traffic import FLAGS, FRAGMENT, ICMP, NOT_THERE, SCTP, TCP, UDP, UDPLITE
from fwsim.engine import twin
from fwsim.engine.beside import show_link
from fwsim.engine.link import LINK_ETHERNET
from fwsim.engine.path import set_out
from fwsim.fuzz.rules.crafted import PIECE, whole
from fwsim.headers.chunks import of_rows
from fwsim.netfilter.model import Netfilter, every_step
from fwsim.ruleset.values import Limit
from fwsim.running import StatefulRun, StatelessRun
from fwsim.space.fields import CT_DIRECTION, CT_MARK, CT_STATE, CT_STATUS, DPORT, DST, IIF, OIF, PROTO, SPORT, SRC
from fwsim.space.intervals import Set, holds, meet, minus, point
from fwsim.tables import DECISION, empty, number_in_seen, plain
from fwsim.terms import ABSENT, CtState, Verdict
from fwsim.uncompiled import flush, loaded, usable

from .comparing import Outcome
from .differences import STATEFUL, Comparison, Difference
from .keys import answer_to
from .sides import Region, Side
from .universe import LATER

AGAIN = 150
"""How often a packet is decided about whose fate hangs on what rules count."""
GAPS = (0, 1_000_000_000)
"""How far apart these packets are: at once, one a second, and so that of two limits one runs out and one does not."""
MOST_GAPS = 8
BATCH = 400
PICKS, PARTS = 3, 6
"""Packets of each part of a region that are tried, and parts."""
HOSTS = {4: ("198.51.100.7", "203.0.113.7", "10.0.0.7"), 6: ("2001:db8:7::7", "2001:db8:8::8")}
HEADER_ENDS = {"sport": 2, "dport": 4, "tcp_seq": 8, "tcp_ack": 12, "icmp_type": 1, "icmp_code": 2}
"""Where fields of a transport header end that is not whole."""
SHOWN = {CT_STATE: "ct_state", CT_DIRECTION: "ct_direction", CT_STATUS: "ct_status", CT_MARK: "ct_mark"}
ICMP_ID = number_in_seen("icmp_id")
NEW = int(CtState.NEW)
FIRSTS = (NEW, int(CtState.INVALID), int(CtState.UNTRACKED))


Hits = npt.NDArray[np.int64]
"""How often each rule was met."""


@dataclass(frozen=True)
class Witness:
    """A packet, as bytes and as it was read, what rules were shown of its connection, and both decisions about it.

    `times` is how often it had to come, `gap_ns` apart.
    """

    data: bytes
    packet: Packet
    iif: str | None
    oif: str | None
    shown: Mapping[str, int]
    old: Mapping[str, int]
    new: Mapping[str, int]
    times: int = 1
    gap_ns: int = 0


class Witnessing:
    """The engine under both rulesets."""

    def __init__(self, comparison: Comparison) -> None:
        """The rulesets are run as they were compared."""
        self.comparison = comparison
        self.names = comparison.sides[0].topology.names
        self.hosts = {
            family: [*self._behind(family), *(number_of(ip_address(text)) for text in texts)]
            for family, texts in HOSTS.items()
        }

    def witnesses(self, differences: Sequence[Difference]) -> list[Witness | None]:
        """For each region a packet on which the engine decides as is said; None if none was found."""
        found: list[Witness | None] = [None] * len(differences)
        made = [next(self._made(difference), None) for difference in differences]
        there = [number for number, one in enumerate(made) if one is not None]
        for start in range(0, len(there), BATCH):
            batch = there[start : start + BATCH]
            tried = [(differences[number], *one) for number in batch if (one := made[number]) is not None]
            for number, witness in zip(batch, self._tried(tried), strict=True):
                found[number] = witness
        return [one or self.witness(each) for one, each in zip(found, differences, strict=True)]

    def witness(self, difference: Difference) -> Witness | None:
        """The same of one region, of which some packets are tried."""
        return next((one for one in self._tried([(difference, *one) for one in self._made(difference)]) if one), None)

    def _tried(self, made: Sequence[tuple[Difference, bytes, Region]]) -> Iterator[Witness | None]:
        """Whether the engine decides about packets as is said of the regions that they are made for."""
        if not made:
            return
        chunk, packets = self._read([data for _, data, _ in made])
        for row, (difference, _, region) in enumerate(made):
            self._place(chunk, row, difference.hook, region)
        judges = self._judges(chunk)
        for row, (difference, data, region) in enumerate(made):
            found = self._decided(judges, chunk, row, difference, region) if _is_in(region, packets[row]) else None
            if found is None:
                yield None
                continue
            shown = {name: _shown(region, field) for field, name in SHOWN.items()}
            iif, oif = self._name(chunk, row, "iif"), self._name(chunk, row, "oif")
            yield Witness(data, packets[row], iif, oif, shown, *found)

    @cached_property
    def gaps(self) -> tuple[int, ...]:
        """How far apart the packets are that come again and again."""
        limits = [limit for side in self.comparison.sides for limit in limits_of(side.ruleset.netfilter)]
        costs = sorted({limit.per_ns // limit.rate for limit in limits if limit.rate})
        between = [(one + other) // 2 for one, other in pairwise(costs)]
        return tuple(dict.fromkeys((*GAPS, *between[:MOST_GAPS])))

    # --- packets ----------------------------------------------------------------------------------------------------

    def _made(self, difference: Difference) -> Iterator[tuple[bytes, Region]]:
        """Some packets of a region as frames, each with the part that it is made for."""
        hangs = any(outcome.doubts for outcome in difference.found.pair)
        for pick in range(1 if hangs else PICKS):
            for region in difference.found.parts[: 2 if hangs else PARTS]:
                part = region if pick == 0 else _end_of(region, 0 if pick == 1 else -1)
                packet = packet_of(self._likely(part, difference.family), self.hosts[difference.family])
                if part.get(FRAGMENT) == point(LATER):
                    data: bytes | None = later_fragment(packet)
                elif _is_broken(part):
                    data = broken_off(packet)
                else:
                    data = frame_of(packet, bad_checksum=False)
                if data is not None:
                    yield data, region

    def _likely(self, part: Region, family: int) -> Region:
        """Between hosts that lie behind the interfaces of its way, where it may be between such."""
        ends: dict[int, Set | None] = {}
        for end, way in ((SRC, IIF), (DST, OIF)):
            through, values = part.get(way), part.get(end)
            if through is None:
                continue
            for host in self.hosts[family]:
                is_there = holds(through, self._interface_of(host, family)) and (values is None or holds(values, host))
                if is_there and point(host) not in ends.values():
                    ends[end] = point(host)
                    break
        return {**part, **ends}

    def _read(self, frames: Sequence[bytes]) -> tuple[Chunk, list[Packet]]:
        """The frames as they are read."""
        run = Run(len(frames), False)
        run.add_interface(self.names[0], LINK_ETHERNET, 0)
        captures = Captures(run, [CaptureFile("<made>")], [Frames(frames)], checksum="ignore", limit=None)
        chunk = next(iter(captures))
        return chunk, [read(chunk.packets[row]) for row in range(len(chunk))]

    def _place(self, chunk: Chunk, row: int, hook: int, region: Region) -> None:
        """Put a packet on its way."""
        packet = chunk.packets[row]
        packet["hook"] = hook
        for name, field, end in (("iif", IIF, "src"), ("oif", OIF, "dst")):
            values = region.get(field) or point(ABSENT)
            near = self._interface_of(read(packet)[end], packet["family"])
            liked = [number for number in (near, *range(len(self.names))) if number != packet["iif"] or name == "iif"]
            packet[name] = next((number for number in liked if holds(values, number)), values[0][0])
        chunk.frames[row]["route_fault"] = 0

    def _behind(self, family: int) -> Iterator[int]:
        """A host behind each interface of which that is known."""
        for behind in self.comparison.sides[0].topology.interfaces.values():
            for network in behind.networks:
                if network.version == family and 0 < network.prefixlen < network.max_prefixlen - 3:
                    yield number_of(network.network_address + 7)

    def _interface_of(self, address: int, family: int) -> int:
        """The interface behind which an address lies, as far as that is known; -1 else."""
        best, found = -1, -1
        for number, behind in enumerate(self.comparison.sides[0].topology.interfaces.values()):
            for network in behind.networks:
                low = number_of(network.network_address)
                inside = network.version == family and low <= address <= number_of(network.broadcast_address)
                if inside and network.prefixlen > best:
                    best, found = network.prefixlen, number
        return found

    def _name(self, chunk: Chunk, row: int, field: str) -> str | None:
        """The name of an interface of a packet."""
        number = int(chunk.packets[row][field])
        return self.names[number] if number >= 0 else None

    # --- decisions --------------------------------------------------------------------------------------------------

    def _decided(
        self, judges: Sequence[Judge], chunk: Chunk, row: int, difference: Difference, region: Region
    ) -> tuple[Mapping[str, int], Mapping[str, int], int, int] | None:
        """Both decisions, if they are as was said; and when they were."""
        outcomes = difference.found.pair
        if not _can_be_shown(outcomes):
            return None
        counts = self._count(outcomes)
        state = {name: _shown(region, field) for field, name in SHOWN.items()}
        shown = None if difference.mode != STATEFUL else state
        for gap in self.gaps if counts else (0,):
            if counts or any(outcome.doing for outcome in outcomes) or self.comparison.translates:
                judges = self._judges(chunk)  # who remember nothing
            for times in range(1, AGAIN if counts else 2):
                before = [judge.hits() if one.doing else None for judge, one in zip(judges, outcomes, strict=True)]
                decisions = [judge.decide(row, shown) for judge in judges]
                if all(map(_is_as_said, judges, before, decisions, outcomes, [difference.family] * 2)):
                    return decisions[0], decisions[1], times, gap
                if any(decision["verdict"] == Verdict.UNKNOWN for decision in decisions):
                    return None
                chunk.packets[row]["now"] += gap
        return None

    def _count(self, outcomes: Sequence[Outcome]) -> bool:
        """Whether it hangs on what rules count; not if it hangs on what is not simulated too."""
        both = zip(self.comparison.sides, outcomes, strict=True)
        doubted = [side.lowered.rules[rule] for side, outcome in both for rule in outcome.doubts]
        return bool(doubted) and not any(rule.not_simulated for rule in doubted)

    def _judges(self, chunk: Chunk) -> list[Judge]:
        """Both rulesets."""
        return [Judge(side, chunk, tracks=self.comparison.translates) for side in self.comparison.sides]


class Judge:
    """One ruleset, deciding about packets of a chunk."""

    def __init__(self, side: Side, chunk: Chunk, *, tracks: bool) -> None:
        """Nothing has been counted yet. `tracks`: the first packet of a connection is tracked."""
        self.side, self.chunk = side, chunk
        asked = side.lowered.asked
        count = len(chunk)
        self.asked = of_rows(asked, chunk.frames, chunk.packets, chunk.buffer, 0, count) if asked else None
        choices = side.ruleset.stateless
        self.run = StatelessRun(side.lowered, replies=choices.replies, icmp_errors=choices.icmp_errors)
        self.tracked = StatefulRun(side.lowered, key=0) if tracks and side.lowered.tracking else None

    def decide(self, row: int, shown: Mapping[str, int] | None) -> dict[str, int]:
        """The decision about a packet, if it comes now, and rules are shown this; None: in the stateless mode."""
        rows: npt.NDArray[np.void] = empty(DECISION, row + 1)
        frames, packets = (loaded(table, row, row + 1) for table in (self.chunk.frames, self.chunk.packets))
        decisions = loaded(rows, row, row + 1)
        if shown is None:
            self.run.run(frames, packets, decisions, row, row + 1, self.asked)
        elif self.tracked is not None and shown["ct_state"] in FIRSTS:
            self._track(self.tracked, row, (frames, packets, decisions), shown["ct_state"])
        else:
            self._show(row, (frames, packets, decisions), shown)
        flush(decisions)
        return plain(rows[row])

    def _show(self, row: int, tables: tuple[Any, Any, Any], shown: Mapping[str, int]) -> None:
        """Show rules what is known of the connection, and let the engine walk through the hooks."""
        frames, packets, decisions = tables
        self.run.run(frames, packets, decisions, row, row, self.asked)  # makes room, and takes what is read of headers
        mode = self.run.usable()
        course = mode.course
        course.extra[0]["row"] = row
        show_link(course.extra[0], frames[row], packets[row])
        set_out(course)
        twin.show(course, packets[row], shown["ct_state"], shown["ct_direction"])
        for name, value in shown.items():
            course.seen[0][name] = value
        twin.evaluate(mode, frames[row], twin.AS_IT_IS, decisions[row])

    def _track(self, run: StatefulRun, row: int, tables: tuple[Any, Any, Any], state: int) -> None:
        """Track a packet, which is to get a ct state by that."""
        frames, packets, decisions = tables
        run.run(frames, packets, usable(self.chunk.quotes), decisions, row, row + 1, self.asked)
        if decisions[row]["ct_state"] != state:
            decisions[row]["verdict"] = int(Verdict.UNKNOWN)

    def hits(self) -> Hits:
        """How often each rule was met."""
        self.run.settle()
        hits = np.array(self.run.mode.course.memory.hits)
        if self.tracked is not None:
            self.tracked.settle()
            hits = hits + self.tracked.mode.course.memory.hits
        return hits


def limits_of(netfilter: Netfilter) -> Iterator[Limit]:
    """The limits of packets in rules."""
    for table in netfilter.tables:
        for chain in table.chains.values():
            for step in every_step([step for rule in chain.rules for step in rule.steps]):
                limit = getattr(step, "limit", None)
                if isinstance(limit, Limit) and limit.unit == "packets":
                    yield limit


def later_fragment(packet: Packet) -> bytes:
    """A fragment that is not the first one, as an Ethernet frame: of a datagram whose header came before."""
    sides = {side: packet[side] - (packet["family"] == 6) * (1 << 128) for side in ("src", "dst")}
    ip = whole({"family": packet["family"], "proto": packet["proto"], "sport": 40_000, "dport": 80, **sides})
    ip = replace(ip, ttl=packet["ttl"], payload=ip.payload + bytes(3 * PIECE), dont_fragment=False)
    piece = in_pieces(ip, PIECE)[1]
    return ethernet(mac_of(ip.src), b"\x02" + bytes(5), piece.encode(), padded=False)


def _can_be_shown(outcomes: Sequence[Outcome]) -> bool:
    """Whether verdicts and the rules that were met can show a difference: not what else rules do that may not apply."""
    if len({(one.verdict, one.answer) for one in outcomes}) == 1:
        return not any(_may_not_apply(one) or one.doing != one.applied for one in outcomes)
    elsewhere = any(one.verdict > Verdict.REJECT for one in outcomes)  # which the verdict does not tell from accept
    return not any(elsewhere and one.verdict <= Verdict.REJECT and one.doubts for one in outcomes)


def _may_not_apply(outcome: Outcome) -> bool:
    """Whether it hangs on more than the packet that it gets there; where it goes from a translation is not asked."""
    return any(rule != outcome.rule or outcome.verdict <= Verdict.REJECT for rule in outcome.doubts)


def _is_broken(region: Region) -> bool:
    """Whether packets end before their transport header does."""
    if region.get(PROTO) == point(TCP):
        return region.get(FLAGS) == NOT_THERE
    proto = region.get(PROTO) or ()
    header = ICMP_ID if any(holds(proto, one) for one in ICMP.values()) else DPORT
    return region.get(header) == NOT_THERE and any(holds(proto, one) for one in (UDP, SCTP, UDPLITE, *ICMP.values()))


def broken_off(packet: Packet) -> bytes:
    """A packet that ends in its transport header, as an Ethernet frame: behind the last field that it is to have."""
    sides = {side: packet[side] - (packet["family"] == 6) * (1 << 128) for side in ("src", "dst")}
    ports = {side: max(packet[side], 0) for side in ("sport", "dport")}
    kind = {name: packet[name] for name in ("icmp_type", "icmp_code") if packet[name] >= 0}
    ip = whole({"family": packet["family"], "proto": packet["proto"], **ports, **kind, **sides})
    left = max((end for name, end in HEADER_ENDS.items() if packet[name] >= 0), default=0)
    ip = replace(ip, ttl=packet["ttl"], payload=ip.payload[:left])
    return ethernet(mac_of(ip.src), b"\x02" + bytes(5), ip.encode(), padded=False)


def _is_as_said(judge: Judge, before: Hits | None, decision: Mapping[str, int], outcome: Outcome, family: int) -> bool:
    """Whether a decision is what the search has said: of rules that leave something, just those applied that do."""
    if decision["verdict"] != outcome.verdict and outcome.verdict <= Verdict.REJECT:
        return False
    if outcome.verdict == Verdict.REJECT and answer_to(family, decision["reject_with"]) != outcome.answer:
        return False
    if before is None:
        return True
    met = judge.hits() - before
    return all((met[rule] > 0) == (rule in outcome.applied) for rule in outcome.doing)


def _is_in(region: Region, packet: Packet) -> bool:
    """Whether a packet as it was read is one of a region."""
    fields = {field: name for name, field in NAMES.items()}
    return all(values is None or holds(values, packet[fields[f]]) for f, values in region.items() if f in fields)


def _shown(region: Region, field: int) -> int:
    """What rules are shown of the connection: nothing unusual if that can be."""
    values = region.get(field)
    if values is None:
        return 0
    return 0 if holds(values, 0) else values[0][0]


def _end_of(region: Region, end: int) -> Region:
    """One packet of a region as regards addresses and ports: with the lowest values, or with the highest."""
    found: dict[int, Set | None] = dict(region)
    for field in (SRC, DST, SPORT, DPORT):
        values = found.get(field)
        if values:
            there = minus(values, point(ABSENT)) or values
            found[field] = meet(values, point(there[end][0 if end == 0 else 1]))
    return found
