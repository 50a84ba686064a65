"""The tracker and the naive one side by side, packet by packet: whatever happens next, they stay equal.

Everything but TCP (`oracle_tracker`). Unlike `test_tracker_oracle`, the table also grows on the way, fills up, and time
stands still or runs out between packets, in any order that hypothesis can think of.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from fwsim.terms import Reason
from fwsim.tracker import grow
from fwsim.uncompiled import flush, wrapped
from tests.oracle_tracker import Oracle
from tests.properties.test_tracker_oracle import (
    ERRORS,
    GAPS,
    HOSTS,
    answer_to,
    listing_of,
    listing_of_oracle,
    plain_packets,
)
from tests.tracking import SECOND, Bench, Datagram, icmp


class Trackers(RuleBasedStateMachine):
    """Both trackers, and the packets seen so far."""

    seen: Bundle[Datagram] = Bundle("seen")

    @initialize(limit=st.sampled_from((0, 1, 2, 3, 262144)), checksum=st.booleans(), key=st.integers(0, 1 << 28))
    def begin(self, limit: int, checksum: bool, key: int) -> None:
        self.bench = Bench(max=limit, checksum=int(checksum), key=key)
        self.oracle = Oracle(limit=limit, checksum=checksum)
        self.now = 0

    def show(self, packet: Datagram, accept: bool) -> None:
        """Let both see a packet."""
        result = self.bench.see(packet, self.now / SECOND, accept=accept)
        expected = self.oracle.track(packet, self.now)
        if self.oracle.pending is not None and accept:
            self.oracle.confirm()
        state = 0 if result["reason"] == Reason.TABLE_FULL else result["ct_state"]
        assert (state, result["direction"] if state != 1 else 2) == expected

    @rule(target=seen, packet=plain_packets(), accept=st.booleans())
    def send(self, packet: Datagram, accept: bool) -> Datagram:
        self.show(packet, accept)
        return packet

    @rule(packet=seen)
    def repeat(self, packet: Datagram) -> None:
        self.show(packet, True)

    @rule(packet=seen)
    def answer(self, packet: Datagram) -> None:
        self.show(answer_to(packet), True)

    @rule(packet=seen, answered=st.booleans(), data=st.data())
    def report(self, packet: Datagram, answered: bool, data: st.DataObject) -> None:
        """An ICMP error about a packet or its answer."""
        about = replace(answer_to(packet) if answered else packet, fault=0)
        hosts = HOSTS[about.family]
        source, kind = data.draw(st.sampled_from(hosts)), data.draw(st.sampled_from(ERRORS[about.family]))
        self.show(icmp(source, data.draw(st.sampled_from((about.src, hosts[0]))), kind, 0, quote=about, ttl=255), True)

    @rule(gap=st.sampled_from(GAPS))
    def wait(self, gap: int) -> None:
        self.now += gap

    @rule(room=st.sampled_from((1, 100, 500)))
    def grow(self, room: int) -> None:
        """Let the table grow, as it does between chunks."""
        flush(self.bench.tracker)
        self.bench.arrays = grow(self.bench.arrays, room)
        self.bench.tracker = wrapped(self.bench.arrays)

    @invariant()
    def tables_are_equal(self) -> None:
        if hasattr(self, "oracle"):
            self.bench.expire(self.now / SECOND)
            for entry in self.oracle.entries():
                if entry.expires <= self.now:
                    self.oracle.remove(entry)
            assert listing_of(self.bench) == listing_of_oracle(self.oracle)


TestTrackers = Trackers.TestCase
