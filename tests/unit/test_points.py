"""The values that are worth trying."""

from __future__ import annotations

from random import Random

from fwsim.fuzz.rules.points import points
from fwsim.ruleset.values import Addresses, Choice, Masked, MatchValue, Names, Numbers


def tried(field: str, value: MatchValue, family: int = 4) -> set[int | str]:
    return set(points(Random(1), field, value, family))


def test_boundaries_and_what_lies_beside_and_between() -> None:
    found = tried("dport", Numbers(((1000, 2000),)))
    assert {999, 1000, 2000, 2001} <= found
    assert any(1000 < int(point) < 2000 for point in found)


def test_nothing_lies_beside_the_last_number_of_a_field() -> None:
    assert max(map(int, tried("dport", Numbers(((0, 65_535),))))) == 65_535
    assert min(map(int, tried("dport", Numbers(((0, 5),))))) == 0
    assert max(map(int, tried("ttl", Numbers(((255, 255),))))) == 255
    assert max(map(int, tried("src", Addresses(v4=((0, 0xFFFFFFFF),))))) == 0xFFFFFFFF


def test_addresses_are_those_of_the_family() -> None:
    value = Addresses(v4=((10, 20),), v6=((1 << 100, 1 << 101),))
    assert {9, 10, 20, 21} <= tried("src", value)
    assert {1 << 100, (1 << 101) + 1} <= tried("src", value, 6)


def test_flags_are_each_tried_and_none() -> None:
    assert {0, 1, 2, 4} <= tried("tcp_flags", Masked((Choice(1, 7, 7),))) | tried(
        "tcp_flags", Masked((Choice(1, 7, 7),))
    )
    assert {2, 0} <= tried("tcp_flags", Masked((Choice(2, 2, 0x17),)))


def test_a_beginning_of_a_name_becomes_a_name() -> None:
    assert tried("iif", Names(("lan",), ("eth",))) == {"lan", "eth0"}


def test_a_huge_value_has_few_points() -> None:
    assert len(points(Random(1), "dport", Numbers(tuple((n, n) for n in range(0, 60_000, 2))), 4)) <= 60
