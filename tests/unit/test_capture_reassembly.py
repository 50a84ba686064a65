"""Fragments that wait: order, duplicates, overlaps, lengths, time, memory (conntrack-spec 12; probed on Linux 6.18)."""

from __future__ import annotations

from itertools import permutations

import pytest

from fwsim.capture import reassembly as module
from fwsim.capture.fragments import Fragment
from fwsim.capture.reassembly import SECOND, Given, Lost, Reassembly
from fwsim.terms import Reason

WAITING, OVERLAP, DUPLICATE = Reason.FRAGMENT_WAITING, Reason.FRAGMENT_OVERLAP, Reason.FRAGMENT_DUPLICATE
LENGTH, TOO_LARGE = Reason.FRAGMENT_LENGTH, Reason.FRAGMENT_TOO_LARGE
FAMILIES = pytest.mark.parametrize("family", [4, 6])


class Bench:
    """A reassembly that is given fragments as (start, end, more)."""

    def __init__(self, family: int = 4) -> None:
        self.reassembly: Reassembly[int] = Reassembly()
        self.family = family
        self.count = 0

    def give(
        self, start: int, end: int, more: bool = True, *, ident: int = 1, sender: int = 9, ecn: int = 0, now: int = 0,
        head: int = 0, headless: bool = False,
    ) -> Given[int]:  # fmt: skip
        """Give one; its place is its number."""
        self.count += 1
        size = head or (20 if self.family == 4 else 40)
        key = (self.family, sender, ident)
        fragment = Fragment(key, self.family, start, end, more, ecn, bytes(size), bytes(max(end - start, 0)), headless)
        return self.reassembly.give(fragment, self.count, now)

    def reasons(self, *fragments: tuple[int, int, bool]) -> list[Reason]:
        """What becomes of each."""
        return [self.give(*fragment).reason for fragment in fragments]


@FAMILIES
def test_fragments_in_any_order_become_a_datagram_with_the_last(family: int) -> None:
    for order in permutations([(0, 8, True), (8, 24, True), (24, 32, True), (32, 33, False)]):
        bench = Bench(family)
        *earlier, last = [bench.give(*fragment) for fragment in order]
        assert [given.reason for given in earlier] == [WAITING] * 3
        assert last.reason == Reason.NONE
        assert last.whole is not None
        assert (last.whole.length, last.whole.places) == (33, [1, 2, 3])
        assert not bench.reassembly


@FAMILIES
def test_what_lies_within_a_run_is_a_duplicate(family: int) -> None:
    bench = Bench(family)
    assert bench.reasons((0, 16, True), (16, 32, True), (8, 24, True), (0, 32, True), (0, 16, True)) == [
        WAITING, WAITING, DUPLICATE, DUPLICATE, DUPLICATE,
    ]  # fmt: skip
    assert bench.give(32, 40, False).whole is not None


@FAMILIES
def test_the_same_bytes_in_two_runs_overlap(family: int) -> None:
    """The second piece came first, so the kernel does not know that they touch."""
    bench = Bench(family)
    assert bench.reasons((16, 32, True), (0, 16, True), (8, 24, True)) == [WAITING, WAITING, OVERLAP]
    assert not bench.reassembly


@FAMILIES
@pytest.mark.parametrize("intruder", [(8, 24, True), (24, 48, True), (8, 48, True), (0, 24, True)])
def test_an_overlap_takes_everything_with_it(family: int, intruder: tuple[int, int, bool]) -> None:
    bench = Bench(family)
    bench.reasons((16, 32, True), (64, 72, True))
    given = bench.give(*intruder)
    assert (given.reason, given.with_it) == (OVERLAP, Lost([1, 2], OVERLAP))
    assert not bench.reassembly


def test_a_wrong_length_costs_ipv4_the_set_and_ipv6_the_fragment() -> None:
    for intruder in ((0, 16, False), (40, 48, False), (40, 48, True), (24, 24, True), (32, 32, False)):
        for family in (4, 6):
            bench = Bench(family)
            bench.reasons((0, 8, True), (8, 24, True), (24, 32, False))
            bench.reasons((8, 24, True), (24, 32, False))
            given = bench.give(*intruder)
            assert given.reason == LENGTH, intruder
            assert (given.with_it is None) == (family == 6)


def test_an_empty_last_fragment_still_tells_ipv6_the_length() -> None:
    """Measured: it is refused, but the set remembers where the datagram ends."""
    bench = Bench(6)
    assert bench.give(16, 16, False).reason == LENGTH
    assert bench.give(0, 16).whole is not None


def test_ipv4_cuts_a_ragged_fragment_ipv6_lets_it_pass() -> None:
    bench = Bench(4)
    bench.give(0, 13)
    whole = bench.give(8, 16, False).whole
    assert whole is not None
    assert whole.length == 16
    bench = Bench(6)
    bench.give(0, 8)
    given = bench.give(8, 21)
    assert (given.reason, given.whole, given.with_it) == (Reason.NONE, None, Lost([1], LENGTH))


def test_a_headless_fragment_passes_and_leaves_others_alone() -> None:
    bench = Bench(6)
    bench.give(8, 16)
    given = bench.give(0, 8, headless=True)
    assert (given.reason, given.whole, given.with_it) == (Reason.NONE, None, None)
    assert bench.reassembly


@pytest.mark.parametrize(
    ("family", "head", "most"), [(4, 20, 65_515), (4, 24, 65_511), (6, 40, 65_535), (6, 48, 65_527)]
)
def test_no_datagram_is_longer_than_65535_bytes(family: int, head: int, most: int) -> None:
    for last, reason in ((most, Reason.NONE), (most + 1, TOO_LARGE)):
        bench = Bench(family)
        bench.give(0, 65_504, head=head)
        given = bench.give(65_504, last, False)
        assert given.reason == reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [((0, 0), 0), ((1, 2), 0), ((2, 3), 0), ((3, 3), 0), ((0, 1), 1), ((0, 3), 1), ((2, 0), 1)],
)
@FAMILIES
def test_fragments_must_agree_about_ecn(family: int, values: tuple[int, int], reason: int) -> None:
    bench = Bench(family)
    bench.give(0, 8, ecn=values[0])
    given = bench.give(8, 16, False, ecn=values[1])
    assert given.reason == (Reason.FRAGMENT_ECN if reason else Reason.NONE)
    assert (given.with_it == Lost([1], Reason.FRAGMENT_ECN)) == bool(reason)


@pytest.mark.parametrize(("family", "seconds"), [(4, 30), (6, 60)])
def test_time_runs_from_the_first_to_come(family: int, seconds: int) -> None:
    bench = Bench(family)
    bench.give(0, 8, now=0)
    bench.give(16, 24, now=20 * SECOND)
    bench.give(0, 8, ident=2, now=20 * SECOND)
    assert bench.reassembly.expire(seconds * SECOND - 1) == []
    assert bench.reassembly.expire(seconds * SECOND) == [Lost([1, 2], Reason.FRAGMENT_TIMEOUT)]
    assert bench.reassembly.give_up() == [Lost([3], Reason.FRAGMENT_INCOMPLETE)]
    assert not bench.reassembly


@pytest.mark.parametrize(("others", "afresh"), [(63, False), (64, True)])
def test_ipv4_starts_afresh_behind_64_other_fragments_of_the_sender(others: int, afresh: bool) -> None:
    bench = Bench()
    bench.give(0, 8)
    for number in range(others):
        bench.give(0, 8, ident=10 + number)
        bench.give(0, 8, ident=10 + number, sender=10)  # another sender does not matter
    given = bench.give(8, 16, False)
    assert (given.whole is None) == afresh
    assert given.lost == ([Lost([1], Reason.FRAGMENT_DISTANCE)] if afresh else [])


def test_memory_is_bounded_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY_MAX", 10_000)
    bench = Bench(6)
    given = [bench.give(0, 800, ident=number).reason for number in range(10)]
    assert given.count(WAITING) == 5
    assert given[5:] == [Reason.FRAGMENT_MEMORY] * 5
    bench.reassembly.give_up()
    assert bench.reassembly.memory == {4: 0, 6: 0}
    assert bench.give(0, 800).reason == WAITING
