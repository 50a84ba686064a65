"""The inverse of the inverse of a tuple is the tuple, and a connection is found by either."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.tuples import find, invert, is_same
from fwsim.tables import TUPLE, V6, Rows, empty
from tests.tracking import Bench, icmp, udp

WORDS = st.sampled_from((0, 1, (1 << 30) - 1, 1 << 30, 0xFFFFFFFF)) | st.integers(0, 0xFFFFFFFF)
NUMBERS = st.sampled_from((0, 1, 0x3FFF, 0x4000, 0xFFFF)) | st.integers(0, 0xFFFF)
PAIRS = {1: (8, 0, 13, 14, 15, 16, 17, 18), 58: (128, 129, 139, 140)}
"""ICMP types that have an inverse."""


@st.composite
def tuples(draw: st.DrawFn) -> dict[str, int]:
    """Any tuple that has an inverse."""
    v6 = draw(st.booleans())
    values = {"proto": draw(st.sampled_from((6, 17, 136, 1, 58, 50, 255))), "next": -1}
    for side in ("src", "dst"):
        for number in range(4):
            values[f"{side}{number}"] = draw(WORDS) if v6 or number == 0 else 0
        values[f"{side}0"] += V6 if v6 else 0
        values[f"{side}_id"] = draw(NUMBERS)
    if values["proto"] in PAIRS:
        values["dst_id"] = draw(st.sampled_from(PAIRS[values["proto"]])) << 8 | draw(st.integers(0, 255))
    return values


@given(tuples())
def test_inverting_twice_gives_the_tuple_back(values: dict[str, int]) -> None:
    rows = Rows(empty(TUPLE, 3))
    rows[0] = values
    assert invert(rows[0], rows[1])
    assert invert(rows[1], rows[2])
    assert is_same(rows[0], rows[2])


HOSTS = ("10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2")


OPENINGS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 60), st.integers(0, 3), st.sampled_from((0, 0, 1, 9))),
    min_size=20,
    max_size=60,
)
"""UDP or ICMP, which host, two ports, and the seconds before: so many that some share a bucket, and some have died."""


@given(OPENINGS, st.integers(0, (1 << 28) - 1))
def test_both_directions_find_the_same_connection(openings: list[tuple[bool, int, int, int, int]], key: int) -> None:
    bench, now = Bench(key=key), 0
    for is_udp, host, one, other, gap in openings:
        now += gap
        source, target = HOSTS[host], HOSTS[host ^ 1]
        query = icmp(source, target, 128 if host > 1 else 8, 0, one)
        bench.see(udp(source, one, target, other) if is_udp else query, now)
    listed = bench.connections()
    scratch = Rows(empty(TUPLE, 2))
    assert listed
    for connection in listed:
        row = 2 * connection["row"]
        scratch[0] = connection["original"]
        assert invert(scratch[0], scratch[1])
        assert [find(bench.tracker, scratch[0]), find(bench.tracker, scratch[1])] == [row, row + 1]
