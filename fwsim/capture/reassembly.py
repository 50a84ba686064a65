"""Fragments that wait for their datagram, and what the kernel makes of them.

Read first: conntrack-spec §12; `fwsim.capture.fragments.Fragment`. Functions of the kernel are named where they are
followed (`inet_fragment.c`, `ip_fragment.c`, `nf_conntrack_reasm.c`). One thing is not obvious: the kernel keeps *runs*
of fragments that were appended one behind the other. A fragment that lies within one run is a duplicate, and ignored;
one that touches a run otherwise overlaps, and all of the datagram is discarded. So the same bytes in another order may
be the one or the other.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from fwsim.capture.fragments import IPV6_HEADER, Fragment, Key
from fwsim.terms import Reason

Place = TypeVar("Place")
"""Whatever tells the caller which frame a fragment came in."""

SECOND = 1_000_000_000
TIMEOUT = {4: 30 * SECOND, 6: 60 * SECOND}
"""Of a datagram's first fragment to arrive (ns): `ipfrag_time`, `nf_conntrack_frag6_timeout`."""
MEMORY_MAX = 4 << 20
"""Bytes that may wait, of each family: `ipfrag_high_thresh`, `nf_conntrack_frag6_high_thresh`."""
OVERHEAD = 768
"""What is counted for a set, and for each fragment beside its bytes.

Unlike Linux: there it is the size of the buffers (`skb->truesize`), which depends on the network card.
"""
LENGTH_MAX = 65_535
DISTANCE_MAX = 64
"""Other fragments of the same sender after which IPv4 starts afresh (`ipfrag_max_dist`)."""
NOT_ECT = 1
"""Among the ECN values seen, one bit each: a fragment that says its sender does not know ECN."""


@dataclass(slots=True)
class Set(Generic[Place]):
    """The fragments of one datagram so far (`struct inet_frag_queue`): runs from `starts` to `ends`, in order."""

    key: Key
    family: int
    created: int
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    fragments: list[Fragment] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    length: int = 0
    have: int = 0
    last_seen: bool = False
    ecn: int = 0
    position: int = 0
    """Of its last fragment among all of its sender."""

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return self.last_seen and self.have == self.length and self.starts[0] == 0

    @property
    def first(self) -> Fragment:
        """The fragment at the beginning of the datagram."""
        return next(fragment for fragment in self.fragments if fragment.start == 0)

    @property
    def memory(self) -> int:
        """What the kernel counts for it."""
        return OVERHEAD + sum(fragment.size + OVERHEAD for fragment in self.fragments)


@dataclass(slots=True)
class Sender:
    """How many fragments an IPv4 sender has sent (`inet_peer.rid`), and how many of its sets wait."""

    fragments: int = 0
    sets: int = 0


@dataclass
class Lost(Generic[Place]):
    """Fragments of one datagram that are discarded, and why."""

    places: list[Place]
    reason: Reason


@dataclass
class Given(Generic[Place]):
    """What became of a fragment: `reason` why it goes no further now, or 0 for one that does.

    `whole` is the set that it completed; without one, a fragment with `reason` 0 passes as it is. `lost` are earlier
    fragments that are discarded now: `with_it` those of its own datagram, and on its account.
    """

    reason: Reason = Reason.NONE
    whole: Set[Place] | None = None
    with_it: Lost[Place] | None = None
    lost: list[Lost[Place]] = field(default_factory=list)


class Reassembly(Generic[Place]):
    """All datagrams that are incomplete."""

    def __init__(self) -> None:
        """Nothing waits."""
        self.sets: dict[int, dict[Key, Set[Place]]] = {4: {}, 6: {}}
        """By family and key, in the order of their timers."""
        self.memory = {4: 0, 6: 0}
        self.senders: dict[int, Sender] = {}

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self.sets[4] or self.sets[6])

    def expire(self, now: int) -> list[Lost[Place]]:
        """Discard what has waited too long by now."""
        lost = []
        for family, sets in self.sets.items():
            while sets and (oldest := next(iter(sets.values()))).created + TIMEOUT[family] <= now:
                lost.append(self._discard(oldest, Reason.FRAGMENT_TIMEOUT))
        return lost

    def give_up(self) -> list[Lost[Place]]:
        """Discard everything, at the end of the capture."""
        waiting = [one for sets in self.sets.values() for one in sets.values()]
        return [self._discard(one, Reason.FRAGMENT_INCOMPLETE) for one in waiting]

    def give(self, fragment: Fragment, place: Place, now: int) -> Given[Place]:
        """Take one fragment, at its time."""
        lost = self.expire(now)
        if fragment.headless:
            return Given(lost=lost)  # nf_ct_frag6_gather lets it pass
        if self.memory[fragment.family] > MEMORY_MAX:
            return Given(Reason.FRAGMENT_MEMORY, lost=lost)
        waiting = self.sets[fragment.family].get(fragment.key) or self._begin(fragment, now)
        if fragment.family == 4 and self._is_too_far(waiting):
            lost.append(self._discard(waiting, Reason.FRAGMENT_DISTANCE))
            waiting = self._begin(fragment, now)
        given = self._queue(waiting, fragment, place)
        given.lost = lost
        return given

    def _begin(self, fragment: Fragment, now: int) -> Set[Place]:
        """A set with nothing in it yet."""
        waiting: Set[Place] = Set(fragment.key, fragment.family, now)
        self.sets[fragment.family][fragment.key] = waiting
        self.memory[fragment.family] += waiting.memory
        if fragment.family == 4:
            sender = self.senders.setdefault(fragment.key[1], Sender())
            sender.sets += 1
            waiting.position = sender.fragments
        return waiting

    def _is_too_far(self, waiting: Set[Place]) -> bool:
        """Whether too much else came from its sender since a set's last fragment (`ip_frag_too_far`)."""
        sender = self.senders[waiting.key[1]]
        sender.fragments += 1
        passed, waiting.position = sender.fragments - waiting.position, sender.fragments
        return bool(waiting.places) and passed > DISTANCE_MAX

    def _remove(self, waiting: Set[Place]) -> None:
        """Take a set out, complete or not."""
        del self.sets[waiting.family][waiting.key]
        self.memory[waiting.family] -= waiting.memory
        if waiting.family == 4:
            sender = self.senders[waiting.key[1]]
            sender.sets -= 1
            if not sender.sets:
                del self.senders[waiting.key[1]]

    def _discard(self, waiting: Set[Place], reason: Reason) -> Lost[Place]:
        """Forget a set (`inet_frag_kill`)."""
        self._remove(waiting)
        return Lost(waiting.places, reason)

    def _queue(self, waiting: Set[Place], fragment: Fragment, place: Place) -> Given[Place]:
        """Put a fragment into its set, and see whether that is complete (`ip_frag_queue`, `nf_ct_frag6_queue`)."""
        if is_ragged(fragment) and fragment.end <= LENGTH_MAX:  # it passes: its target answers with an ICMP error
            return Given(with_it=self._discard(waiting, Reason.FRAGMENT_LENGTH))
        reason, end = judge_length(waiting, fragment)
        if reason == Reason.NONE:
            reason = insert(waiting, fragment.start, end) if end > fragment.start else Reason.FRAGMENT_LENGTH
        if reason == Reason.NONE:
            return self._queued(waiting, fragment, end, place)
        spared = reason == Reason.FRAGMENT_DUPLICATE or (fragment.family == 6 and reason != Reason.FRAGMENT_OVERLAP)
        return Given(reason, with_it=None if spared else self._discard(waiting, reason))

    def _queued(self, waiting: Set[Place], fragment: Fragment, end: int, place: Place) -> Given[Place]:
        """Keep a fragment that found its place."""
        waiting.fragments.append(fragment)
        waiting.have += end - fragment.start
        waiting.ecn |= 1 << fragment.ecn
        self.memory[fragment.family] += fragment.size + OVERHEAD
        reason = self._refused(waiting) if waiting.complete else Reason.FRAGMENT_WAITING
        if reason == Reason.FRAGMENT_WAITING:
            waiting.places.append(place)
            return Given(reason)
        lost = self._discard(waiting, reason)
        return Given(reason, with_it=lost) if reason != Reason.NONE else Given(whole=waiting)

    @staticmethod
    def _refused(whole: Set[Place]) -> Reason:
        """Why a datagram cannot be put together although nothing is missing (`ip_frag_reasm`, `nf_ct_frag6_reasm`)."""
        if whole.ecn & NOT_ECT and whole.ecn != NOT_ECT:
            return Reason.FRAGMENT_ECN
        header = len(whole.first.head) - (IPV6_HEADER if whole.family == 6 else 0)
        return Reason.FRAGMENT_TOO_LARGE if header + whole.length > LENGTH_MAX else Reason.NONE


def is_ragged(fragment: Fragment) -> bool:
    """Whether an IPv6 fragment that is not the last does not end at a multiple of eight bytes."""
    return fragment.family == 6 and fragment.more and fragment.end & 7 != 0


def judge_length(waiting: Set[Place], fragment: Fragment) -> tuple[Reason, int]:
    """Hold a fragment's end against what is known of the datagram's; returns what is wrong, and where it ends.

    IPv4 cuts off what goes beyond a multiple of eight bytes.
    """
    end = fragment.end
    if fragment.family == 6 and end > LENGTH_MAX:
        return Reason.FRAGMENT_TOO_LARGE, end
    if not fragment.more:
        if end < waiting.length or (waiting.last_seen and end != waiting.length):
            return Reason.FRAGMENT_LENGTH, end
        waiting.last_seen = True
        waiting.length = end
        return Reason.NONE, end
    end &= ~7
    if end > waiting.length:
        if waiting.last_seen:
            return Reason.FRAGMENT_LENGTH, end
        waiting.length = end
    return Reason.NONE, end


def insert(waiting: Set[Place], start: int, end: int) -> Reason:
    """Find a fragment's place among the runs (`inet_frag_queue_insert`)."""
    starts, ends = waiting.starts, waiting.ends
    if not ends or start > ends[-1]:
        starts.append(start)
        ends.append(end)
    elif start == ends[-1]:
        ends[-1] = end
    else:
        run = bisect_right(ends, start)
        if starts[run] < end:
            within = starts[run] <= start and end <= ends[run]
            return Reason.FRAGMENT_DUPLICATE if within else Reason.FRAGMENT_OVERLAP
        starts.insert(run, start)
        ends.insert(run, end)
    return Reason.NONE
