"""Packets out of regions, decided by the engine."""

from __future__ import annotations

import pytest

from fwsim.checking.confirming import Engine, Packet, fitting, frame_of, packet_of, read
from fwsim.checking.traffic import shapes_of
from fwsim.lower import lower
from fwsim.ruleset import Ruleset
from fwsim.space.fields import DPORT, DST, FAMILY, PROTO, SRC, TTL
from fwsim.space.intervals import Set, point
from fwsim.terms import CtState, Verdict
from fwsim.topology import Topology

REGION: dict[int, Set | None] = {
    FAMILY: point(4), SRC: ((10 << 24, (10 << 24) + 9),), DST: ((1, 1 << 31),), DPORT: ((1, 99),), TTL: ((2, 255),),
    PROTO: ((0, 255),),
}  # fmt: skip


def engine(**rule: object) -> Engine:
    document = {
        "interfaces": {"lan": {"networks": ["10.0.0.0/8"]}, "wan": {"networks": ["any"]}},
        "chains": {"forward": {"hook": "forward", "policy": "drop", "rules": [{**rule, "verdict": "accept"}]}},
    }
    ruleset = Ruleset.model_validate(document)
    topology = Topology.build(ruleset)
    return Engine(ruleset, topology, lower(ruleset, interfaces=topology.names))


def packets() -> list[Packet]:
    return [packet_of(part, [(10 << 24) + 7, (192 << 24) + 5, 77]) for part in fitting(REGION, shapes_of(4))]


def test_of_a_region_usual_packets_are_taken_that_fit_a_shape() -> None:
    first, second = packets()
    assert (first["proto"], first["dport"], first["sport"], first["tcp_flags"], first["ttl"]) == (6, 80, 40_000, 2, 64)
    assert (first["src"], first["dst"]) == ((10 << 24) + 7, 77)
    assert (second["proto"], second["tcp_flags"]) == (17, -1)


def test_the_engine_decides_about_the_bytes() -> None:
    one = engine(proto="udp", ct_state="new")
    found = one.let_through(packets(), "wan", stateful=True)
    assert found is not None
    assert found.packet["proto"] == 17
    assert found.decision["verdict"] == Verdict.ACCEPT
    assert not found.bad_checksum
    assert one.let_through(packets()[:1], "wan", stateful=True) is None
    assert one.let_through([], "wan", stateful=False) is None


def test_a_wrong_checksum_makes_a_packet_invalid() -> None:
    found = engine(ct_state="invalid").let_through(packets(), "wan", stateful=True, invalid=True)
    assert found is not None
    assert found.bad_checksum
    assert found.decision["ct_state"] == CtState.INVALID


@pytest.mark.parametrize("family", [4, 6])
def test_what_is_made_is_read_as_it_was_meant(family: int) -> None:
    own = 10 if family == 4 else (1 << 128) + (0x20010DB8 << 96)
    region: dict[int, Set | None] = {FAMILY: point(family), SRC: point(own + 1), DST: point(own + 2), TTL: point(9)}
    parts = [packet_of(part) for part in fitting(region, shapes_of(family))]
    assert len(parts) == 6
    frames = [frame_of(packet, bad_checksum=False) for packet in parts]
    for packet, data in zip(parts, frames, strict=True):
        assert data is not None
        ((seen, _),) = engine(ttl=3).decided([data], "wan", stateful=False)
        for name in ("family", "proto", "src", "dst", "sport", "dport", "ttl", "tcp_flags", "icmp_type"):
            assert seen[name] == packet[name], (name, packet)


def test_a_packet_without_the_ports_that_it_must_have_is_not_made() -> None:
    assert frame_of(packets()[0] | {"sport": -1}, bad_checksum=False) is None
    assert frame_of(packets()[0] | {"proto": 50}, bad_checksum=True) is None


def test_rows_are_told_by_the_names_of_rules() -> None:
    from fwsim.tables import PACKET, empty

    table = empty(PACKET, 1)
    table[0]["dst0"], table[0]["flags"] = 99, 2
    assert read(table[0])["dst"] == 99
    assert read(table[0])["tcp_flags"] == 2
