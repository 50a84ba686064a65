"""What state costs and buys as text, letter for letter."""

from __future__ import annotations

from fwsim.report.resources_text import MACHINE, resource_lines
from fwsim.resources.stopwatch import Speed
from fwsim.resources.timeline import Point
from tests.batches import FakeBatch, batch
from tests.report_resources import BEGIN, measured
from tests.report_summaries import about, mixed, tallied

__all__ = ["mixed"]


def text(one: FakeBatch, *, bars: bool = True, tracking: bool = True, **given: object) -> list[str]:
    """The lines of a run that was measured."""
    return resource_lines(measured(**given), tallied(one), about(tracking=tracking), bars=bars)


def test_text_tells_the_price_and_what_it_buys(mixed: FakeBatch) -> None:
    assert text(mixed) == [
        "What state costs, and what it buys",
        "connections   21 opened: 13 expired, 4 closed, 3 evicted, 1 left at the end; "
        "peak 12, reached by 2026-03-02 08:00:05 UTC",
        "live          ▄█·▁  up to 10",
        "opened        ▃█·▁  up to 15",
        "ended         ▁██·  up to 10",
        "evicted       ·█··  up to 3",
        "no room for   ·█··  up to 1",
        "              4 columns of 1 s from 2026-03-02 08:00:03 UTC",
        "memory        508 bytes a connection, 6.1 kB at the peak; 6.1 kB with as many as there may be (12)",
        "table full    3 connections evicted, 1 packet dropped for lack of room",
        "state blocks  2 packets that stateless admits: 2 out of state",
        "state admits  1 packet that stateless blocks: 1 ordinary traffic",
        "",
        "                         stateless   stateful",
        "look-ups per packet              -       0.80",
        "rules tried per packet        3.60       3.60",
        "",
        f"{MACHINE}: stateless 1,230,000 packets/s of a core, stateful too short to be timed",
        f"{MACHINE}: 7 kB held for connections, 900 bytes to remember refused openings",
    ]


def test_digits_where_there_are_no_bars(mixed: FakeBatch) -> None:
    lines = text(mixed, bars=False)
    assert lines[2] == "live          49.1  up to 10"
    assert "".join(lines).isascii()


def test_without_tracking_there_is_no_price(mixed: FakeBatch) -> None:
    lines = text(mixed, tracking=False)
    assert lines[1] == "connections   none kept: no rule asks for them"
    assert not any(line.startswith(("live", "memory", "table full", "look-ups")) for line in lines)
    assert any(line.startswith("rules tried per packet") for line in lines)


def test_a_table_that_never_filled_and_one_without_a_limit() -> None:
    quiet = (Point(BEGIN, live=1, opened=1, peak=1),)
    lines = text(batch({}), points=quiet, limit=0)
    assert "memory        508 bytes a connection, 508 bytes at the peak; there may be any number of them" in lines
    assert "table full    never: no connection was evicted, and no packet dropped for lack of room" in lines
    assert "state blocks  no packet that stateless admits" in lines
    assert not any(line.startswith("evicted") for line in lines)


def test_without_connections_there_is_no_chart() -> None:
    lines = text(batch({}), points=(Point(BEGIN),))
    assert lines[1] == "connections   0 opened: 0 expired, 0 closed, 0 evicted, 0 left at the end; peak 0"
    assert not any(line.startswith("live") for line in lines)


def test_shards_and_uncompiled_runs_say_so(mixed: FakeBatch) -> None:
    slow = Speed(False, 20_000, 10**9)
    lines = text(mixed, shards=3, speeds={"stateless": slow, "stateful": slow})
    speed = "20,000 packets/s of a core (not compiled)"
    assert lines[-2] == f"{MACHINE}: stateless {speed}, stateful {speed} (in 3 shards, whose times are added up)"


def test_costs_are_of_all_packets_whatever_is_selected(mixed: FakeBatch) -> None:
    lines = resource_lines(measured(), tallied(mixed), about(selection="-Y evidence"), bars=True)
    assert lines[0] == "What state costs, and what it buys (costs: of all packets)"
