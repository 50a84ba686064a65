"""The engine's tracker against a naive one, on random conversations (everything but TCP)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fwsim.terms import CtStatus, Hook, Proto, Reason
from tests.oracle_tracker import INVERSE, Oracle
from tests.tracking import SECOND, Bench, Datagram, icmp, udp

HOSTS = {4: ("10.0.0.1", "10.0.1.1", "10.0.1.2"), 6: ("fd00::1", "fd01::1", "fe80::1")}
QUERIES = {4: (8, 0, 13, 14, 17, 1, 9, 30), 6: (128, 129, 139, 140, 135, 143, 137, 141, 200)}
ERRORS = {4: (3, 4, 5, 11, 12), 6: (1, 2, 3, 4, 100, 137)}
GAPS = (0, 1, SECOND, 2 * SECOND, 2 * SECOND + 1, 10 * SECOND, 30 * SECOND - 1, 30 * SECOND, 120 * SECOND, 600 * SECOND)
FAULTS = (0, 0, 0, 0, 0, int(Reason.UDP_SHORT), int(Reason.UDP_BAD_CHECKSUM))


@st.composite
def plain_packets(draw: st.DrawFn) -> Datagram:
    """A packet of its own: a query, or a datagram."""
    family = draw(st.sampled_from((4, 6)))
    hosts = HOSTS[family]
    source, target = draw(st.sampled_from(hosts)), draw(st.sampled_from(hosts))
    kind = draw(st.sampled_from(("udp", "udp", "udplite", "icmp", "icmp", "generic", "stray")))
    port, other = draw(st.sampled_from((1, 53))), draw(st.sampled_from((1, 53)))
    if kind in ("udp", "udplite"):
        sent = udp(source, port, target, other, fault=draw(st.sampled_from(FAULTS)))
        return sent if kind == "udp" else replace(sent, proto=int(Proto.UDPLITE))
    if kind == "generic":
        return Datagram(source, target, draw(st.sampled_from((50, 89))))
    proto = int(Proto.ICMP if family == 4 else Proto.ICMPV6)
    if kind == "stray":  # that of the other IP version
        proto = int(Proto.ICMPV6 if family == 4 else Proto.ICMP)
    fault = draw(st.sampled_from((0, 0, 0, int(Reason.ICMP_SHORT), int(Reason.ICMP_BAD_CHECKSUM))))
    code, ident = draw(st.sampled_from((0, 0, 1))), draw(st.sampled_from((7, 8)))
    return icmp(source, target, draw(st.sampled_from(QUERIES[family])), code, ident, proto=proto, fault=fault)


def answer_to(packet: Datagram) -> Datagram:
    """What would answer a packet."""
    answer = packet.answer()
    if packet.icmp is None or packet.proto not in INVERSE:
        return answer
    kind, code, ident = packet.icmp
    return replace(answer, icmp=(INVERSE[packet.proto].get(kind, kind), code, ident))


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[int, Datagram, bool]]:
    """Packets with the time between them and whether rules accept them; many answer, repeat or report earlier ones."""
    script: list[tuple[int, Datagram, bool]] = []
    for _ in range(draw(st.integers(1, 25))):
        packet = draw(plain_packets())
        earlier = [other for _, other, _ in script if other.quote is None]
        choice = draw(st.sampled_from(("own", "again", "answer", "answer", "error")))
        if earlier and choice != "own":
            about = draw(st.sampled_from(earlier))
            packet = about if choice == "again" else answer_to(about)
            if choice == "error":
                about = replace(draw(st.sampled_from((about, packet))), quotable=draw(st.sampled_from((1, 1, 1, 0))))
                hosts = HOSTS[about.family]
                target = draw(st.sampled_from((about.src, about.src, about.src, hosts[0])))
                hops = draw(st.sampled_from((64, 255)))
                kind = draw(st.sampled_from(ERRORS[about.family]))
                packet = icmp(draw(st.sampled_from(hosts)), target, kind, 0, quote=about, ttl=hops)
        hook = draw(st.sampled_from((Hook.FORWARD, Hook.FORWARD, Hook.INPUT, Hook.OUTPUT)))
        script.append((draw(st.sampled_from(GAPS)), replace(packet, hook=int(hook)), draw(st.integers(0, 9)) > 0))
    return script


@settings(deadline=None, max_examples=150)
@given(conversations(), st.sampled_from((0, 1, 2, 3, 262144)), st.booleans())
def test_the_tracker_agrees_with_a_naive_one(
    script: list[tuple[int, Datagram, bool]], limit: int, checksum: bool
) -> None:
    bench, oracle = Bench(max=limit, checksum=int(checksum)), Oracle(limit=limit, checksum=checksum)
    now = 0
    for gap, packet, accept in script:
        now += gap
        result = bench.see(packet, now / SECOND, accept=accept)
        expected = oracle.track(packet, now)
        if oracle.pending is not None and accept:
            oracle.confirm()
        state = 0 if result["reason"] == Reason.TABLE_FULL else result["ct_state"]
        direction = result["direction"] if state != 1 else 2
        assert (state, direction) == expected, packet
        assert listing_of(bench) == listing_of_oracle(oracle), packet


def listing_of(bench: Bench) -> list[tuple[int, int, int, bool, bool]]:
    """What both trackers can be compared by, of each connection in order of creation."""
    return [
        (
            listed["number"], listed["expires"], listed["timeout"],
            bool(listed["status"] & CtStatus.SEEN_REPLY), bool(listed["status"] & CtStatus.ASSURED),
        )
        for listed in bench.connections()
    ]  # fmt: skip


def listing_of_oracle(oracle: Oracle) -> list[tuple[int, int, int, bool, bool]]:
    return [(e.number, e.expires, e.timeout, e.replied, e.assured) for e in oracle.entries()]
