"""Work in stages: order, overlap, errors wherever they happen, and threads that all end."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim import stages
from fwsim.stages import Stage, Stages

LONG = 20
"""Seconds after which a test that waits has failed."""


def nothing(item: int) -> None:
    """A stage that does nothing."""


def counting(count: int) -> Callable[[], int | None]:
    """A source of numbers."""
    numbers = iter(range(count))
    return lambda: next(numbers, None)


def endless() -> Callable[[], int | None]:
    return counting(10**9)


def run(
    read: Callable[[], int | None], done: Sequence[Stage[int]], *, threads: int = 2, ahead: int = 4
) -> Generator[int]:
    return Stages(read, done, threads=threads, ahead=ahead).__iter__()


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    for _ in range(200):  # on a busy machine one may still be on its way out
        if threading.active_count() == before:
            break
        time.sleep(0.01)
    assert threading.active_count() == before


# --- order -------------------------------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Stages, each with those that come before it, for the same item and (any of them) for the item before."""
    count = draw(st.integers(1, 5))
    return [
        (
            tuple(draw(st.sets(st.integers(0, number - 1)))) if number else (),
            tuple(draw(st.sets(st.integers(0, count - 1), max_size=2))),
        )
        for number in range(count)
    ]


@given(graphs(), st.integers(1, 4), st.integers(1, 6), st.integers(0, 2**32))
def test_items_pass_every_stage_in_order_and_behind_what_comes_before(
    graph: list[tuple[tuple[int, ...], tuple[int, ...]]], threads: int, ahead: int, seed: int
) -> None:
    chance = random.Random(seed)
    pauses = [chance.choice((0.0, 0.0, 0.0005)) for _ in range(100)]
    inside = [0] * len(graph)
    passed: list[list[int]] = [[] for _ in graph]

    def stage(number: int) -> Stage[int]:
        after, behind = graph[number]

        def work(item: int) -> None:
            inside[number] += 1
            assert inside[number] == 1
            assert all(item in passed[other] for other in after)
            assert all(item == 0 or item - 1 in passed[other] for other in behind)
            time.sleep(pauses[(7 * number + item) % 100])
            passed[number].append(item)
            inside[number] -= 1

        return Stage(work, after, behind)

    found = []
    for item in run(counting(12), [stage(number) for number in range(len(graph))], threads=threads, ahead=ahead):
        assert all(item in there for there in passed)
        found.append(item)
    assert found == list(range(12))
    assert passed == [found] * len(graph)


def test_no_items_and_no_stages_are_fine() -> None:
    assert list(run(counting(0), [Stage(nothing)])) == []
    assert list(run(counting(3), [])) == [0, 1, 2]


def test_two_stages_work_on_two_items_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=LONG)

    def early(item: int) -> None:
        if item == 1:
            both.wait()

    def late(item: int) -> None:
        if item == 0:
            both.wait()

    assert list(run(counting(2), [Stage(early), Stage(late, after=(0,))])) == [0, 1]


def test_stages_that_do_not_ask_for_each_other_work_on_one_item_at_the_same_time() -> None:
    both = threading.Barrier(3, timeout=LONG)

    def meet(item: int) -> None:
        both.wait()

    assert list(run(counting(3), [Stage(meet) for _ in range(3)], threads=3)) == [0, 1, 2]


def test_no_more_items_than_allowed_are_in_work() -> None:
    read: list[int] = []

    def reading() -> int | None:
        read.append(len(read))
        return read[-1]

    with closing(run(reading, [Stage(nothing)], ahead=3)) as items:
        for item in items:
            time.sleep(0.001)
            assert len(read) <= item + 1 + 3
            if item == 20:
                break


def test_what_is_ready_is_given_out_while_the_source_has_nothing() -> None:
    given_out = threading.Event()

    def reading() -> int | None:
        if not reads:
            assert given_out.wait(LONG)
            return None
        return reads.pop()

    reads = [1, 0]
    found = []
    for item in run(reading, [Stage(nothing), Stage(nothing, after=(0,))]):
        found.append(item)
        if item == 1:
            given_out.set()
    assert found == [0, 1]


# --- ends --------------------------------------------------------------------------------------------------------


class ExpectedError(Exception):
    """What goes wrong in these tests."""


def failing(at: int) -> Callable[[int], None]:
    """A stage in which an item goes wrong."""

    def work(item: int) -> None:
        if item == at:
            raise ExpectedError(item)

    return work


@pytest.mark.parametrize("threads", [2, 4])
@pytest.mark.parametrize("at", [0, 1, 7])
@pytest.mark.parametrize("number", range(4))
def test_an_error_in_a_stage_is_raised_behind_the_items_before_it(number: int, at: int, threads: int) -> None:
    work = [Stage(nothing), Stage(nothing, after=(0,)), Stage(nothing, after=(0,)), Stage(nothing, after=(1, 2))]
    work[number] = Stage(failing(at), after=work[number].after)
    found: list[int] = []
    with pytest.raises(ExpectedError, match=str(at)):
        found.extend(run(endless(), work, threads=threads))
    items = run(endless(), work, threads=threads)
    for expected in range(at):
        assert next(items) == expected
    with pytest.raises(ExpectedError, match=str(at)):
        next(items)


def test_an_error_of_the_source_is_raised_behind_all_that_it_gave() -> None:
    numbers = counting(5)

    def reading() -> int | None:
        if (number := numbers()) is None:
            raise ExpectedError("source")
        return number

    items = run(reading, [Stage(nothing)])
    assert [next(items) for _ in range(5)] == list(range(5))
    with pytest.raises(ExpectedError, match="source"):
        next(items)


def test_of_two_errors_the_one_of_the_earlier_item_is_raised() -> None:
    late_has_failed = threading.Event()

    def early(item: int) -> None:
        if item == 3:
            late_has_failed.set()
            raise ExpectedError("third")

    def late(item: int) -> None:
        if item == 1:
            assert late_has_failed.wait(LONG)
            raise ExpectedError("first")

    items = run(endless(), [Stage(early), Stage(late, after=(0,))], ahead=6)
    assert next(items) == 0
    with pytest.raises(ExpectedError, match="first"):
        next(items)


@pytest.mark.parametrize("taken", [0, 1, 5])
@pytest.mark.parametrize("threads", [2, 4])
def test_who_stops_asking_ends_all_threads(taken: int, threads: int) -> None:
    items = run(endless(), [Stage(nothing), Stage(nothing, after=(0,))], threads=threads)
    for _ in range(taken):
        next(items)
    items.close()


def test_an_error_of_who_asks_ends_all_threads() -> None:
    def ask() -> None:
        with closing(run(endless(), [Stage(nothing)])) as items:
            for item in items:
                failing(3)(item)

    with pytest.raises(ExpectedError):
        ask()


def test_ctrl_c_in_a_stage_ends_all_at_once() -> None:
    interrupted = threading.Event()
    numbers = counting(2)

    def reading() -> int | None:
        if (number := numbers()) == 1:
            assert interrupted.wait(LONG)  # so it is not this thread that works on the first
        return number

    def work(item: int) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    items = run(reading, [Stage(work)])
    with pytest.raises(KeyboardInterrupt):
        next(items)


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="Ctrl-C comes to the main thread")
def test_ctrl_c_while_waiting_ends_all_at_once() -> None:
    main = threading.main_thread().ident
    assert main is not None

    def reading() -> int | None:
        time.sleep(0.01)  # until the main thread waits
        signal.pthread_kill(main, signal.SIGINT)
        time.sleep(0.01)
        return 0

    def slow(item: int) -> None:
        time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        list(run(reading, [Stage(slow)]))


def test_a_thread_that_waits_for_a_pipe_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "PATIENCE", 0.01)
    comes = threading.Event()
    waits = threading.Event()
    numbers = counting(2)

    def reading() -> int | None:
        if (number := numbers()) is not None:
            return number
        waits.set()
        assert comes.wait(LONG)
        return None

    before = threading.enumerate()
    items = run(reading, [Stage(nothing)])
    assert next(items) == 0
    assert waits.wait(LONG)
    items.close()
    (left,) = [thread for thread in threading.enumerate() if thread not in before]
    assert left.daemon
    comes.set()
    left.join(LONG)
