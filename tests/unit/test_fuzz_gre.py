"""GRE tunnels of the fuzzer: both versions, both ways, the few call ids."""

from __future__ import annotations

from random import Random

import pytest

from fwsim.fuzz import gre


@pytest.mark.parametrize("pair", [("10.1.0.11", "198.51.100.21"), ("fd00:1::11", "2001:db8:2::21")], ids=["v4", "v6"])
def test_tunnels_of_all_versions_run_both_ways(pair: tuple[str, str]) -> None:
    packets = [sent for seed in range(300) for sent in gre.conversation(Random(seed), pair)]
    assert {(ip.src, ip.dst, ip.proto) for _, ip in packets} == {(*pair, 47), (*pair[::-1], 47)}
    assert all(ip.src == pair[side] for side, ip in packets)
    whole = [ip.payload for _, ip in packets if len(ip.payload) >= 8]
    assert {payload[1] & 7 for payload in whole} == {0, 1, 2, 7}
    calls = {int.from_bytes(payload[6:8], "big") for payload in whole if payload[1] & 7 == 1}
    assert calls == set(gre.CALLS)
    assert {payload[2:4] for payload in whole} == {b"\x88\x0b", b"\x08\0", b"\0\0"}
    assert any(len(ip.payload) < 8 for _, ip in packets)
