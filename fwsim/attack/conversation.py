"""A TCP connection as somebody on the path sees it: what each end has sent, acknowledged and offered, packet by packet.

Read first: `Conversation.see` and `Conversation.host`. What was seen is taken to have arrived; where all is
acknowledged (a quiet moment) that is certain, and victims are attacked then.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from fwsim.attack.host import Host
from fwsim.attack.link import Sighting
from fwsim.attack.segment import ACK, FIN, RST, SYN
from fwsim.engine.serial import after, wrap

QUIET_NS = 2_000_000
"""Nothing is seen for so long at a moment that is worth attacking."""
QUIET_MAX = 256
"""Quiet moments that are remembered of a conversation."""
OPENER, ANSWERER = 0, 1


@dataclass(frozen=True)
class Seen:
    """A TCP segment that was seen; `scale` is the window scale it offers, negative if none."""

    ts: int
    seq: int
    ack: int
    flags: int
    win: int
    payload: int
    scale: int


@dataclass
class End:
    """What one end has shown: `next` follows all that it sent, `acked` is its latest acknowledgement."""

    address: str
    port: int
    next: int = 0
    acked: int = 0
    edge: int = 0
    largest: int = 0
    scale: int = -1
    last_seq: int = 0
    begun: bool = False
    finished: bool = False
    sighting: Sighting | None = None


@dataclass(frozen=True)
class Moment:
    """The hosts of both ends from a time on, the opener's first."""

    ts: int
    hosts: tuple[Host, Host]
    wins: tuple[int, int]
    """The raw windows in the last segment of each."""


@dataclass
class Conversation:
    """One connection; `number` counts those of a capture. Times in ns, 0 if it has not happened."""

    number: int
    ends: tuple[End, End]
    began: int
    whole: bool = False
    opened: int = 0
    closing: int = 0
    closed: int = 0
    last: int = 0
    first_to_finish: int = -1
    """The end that sent the first FIN, if any has."""
    quiet: list[int] = field(default_factory=list)
    wins: list[int] = field(default_factory=lambda: [0, 0])
    moments: list[Moment] | None = None
    """What is remembered of its way, if it is followed."""
    _rested: bool = False

    def see(self, side: int, seen: Seen) -> None:
        """Go on by a segment from one of the ends."""
        self._rest(seen.ts)
        mine, peer = self.ends[side], self.ends[1 - side]
        self._sent(mine, seen)
        self._acknowledged(mine, seen)
        self.wins[side] = seen.win
        self._proceed(side, seen)
        self.last = seen.ts
        self._rested = bool(self.opened and not self.closing and self._settled)
        if self.moments is not None and mine.begun and peer.begun:
            hosts = (self.host(OPENER), self.host(ANSWERER))
            self.moments.append(Moment(seen.ts, hosts, (self.wins[0], self.wins[1])))

    @property
    def _settled(self) -> bool:
        """Whether both ends have acknowledged all that was sent."""
        return self.ends[0].next == self.ends[1].acked and self.ends[1].next == self.ends[0].acked

    def _rest(self, now: int) -> None:
        """Remember the quiet before this segment, if there was any."""
        if self._rested and now - self.last >= QUIET_NS and len(self.quiet) < QUIET_MAX:
            self.quiet.append(self.last + (now - self.last) // 2)

    def _sent(self, mine: End, seen: Seen) -> None:
        """Move on what an end has sent."""
        follows = wrap(seen.seq + seen.payload + bool(seen.flags & SYN) + bool(seen.flags & FIN))
        if seen.flags & SYN:
            mine.scale = seen.scale
        if not mine.begun or (not seen.flags & RST and after(follows, mine.next)):
            mine.next, mine.begun = follows, True
        mine.last_seq = seen.seq

    def _acknowledged(self, mine: End, seen: Seen) -> None:
        """Move on what an end acknowledges, and the right edge of its window."""
        scaled = min(end.scale for end in self.ends) >= 0 and not seen.flags & SYN
        window = seen.win << (mine.scale if scaled else 0)
        mine.largest = max(mine.largest, window)
        if not seen.flags & ACK or seen.flags & RST:
            return
        if not mine.acked or not after(mine.acked, seen.ack):
            mine.acked = seen.ack
        edge = wrap(seen.ack + window)
        if not mine.edge or after(edge, mine.edge):
            mine.edge = edge

    def _proceed(self, side: int, seen: Seen) -> None:
        """Note that it is open, that it is being closed, that it is closed in order."""
        mine, peer = self.ends[side], self.ends[1 - side]
        if seen.flags & SYN:
            self.whole = self.whole or bool(seen.flags & ACK)
        elif not self.opened and peer.begun and seen.flags & ACK:
            self.opened = seen.ts
        if seen.flags & (FIN | RST):
            self.closing = self.closing or seen.ts
            mine.finished = mine.finished or not seen.flags & RST
            if self.first_to_finish < 0 and mine.finished:
                self.first_to_finish = side
        if mine.finished and peer.finished and self._settled and not self.closed and not seen.flags & RST:
            self.closed = seen.ts

    def host(self, side: int) -> Host:
        """The state of one of its hosts, now."""
        mine, peer = self.ends[side], self.ends[1 - side]
        expected = mine.acked if mine.acked and after(mine.acked, peer.next) else peer.next
        room = wrap(mine.edge - expected)
        return Host(
            rcv_nxt=expected,
            rcv_wnd=room if mine.edge and room < 1 << 31 else 0,
            snd_una=peer.acked,
            snd_nxt=mine.next,
            max_wnd=peer.largest,
            wl1=peer.last_seq,
            open=not self.closed,
            waits=self.first_to_finish == side,
        )

    def at(self, ts: int) -> Moment | None:
        """What was so at a time, if it was followed and had begun."""
        moments = self.moments or []
        index = bisect_right(moments, ts, key=lambda moment: moment.ts)
        return moments[index - 1] if index else None
