"""Of which packet another is the copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fwsim.capture.model import Chunk
from fwsim.cli.runs import BOTH, start
from fwsim.engine.sightings import FORWARDING_NS
from fwsim.explain.sightings import Sightings
from fwsim.tables import plain
from fwsim.terms import Reason
from tests.unit.test_cli_runs import inputs

ROOT = Path(__file__).parent.parent.parent
OFFICE = str(ROOT / "rulesets" / "office.yaml")


def located(capture: str) -> Iterator[Chunk]:
    """The chunks of a capture, where each packet was seen being known."""
    run = start(inputs(captures=(str(ROOT / "pcaps" / capture),), rules=OFFICE), BOTH)
    for chunk in run.captures:
        run.simulator.topology.locate(run.captures, chunk)
        yield chunk


def asked(sightings: Sightings, chunk: Chunk, row: int) -> tuple[int, int] | None:
    """The original of a row."""
    return sightings.original(plain(chunk.frames[row]), plain(chunk.packets[row]))


@pytest.fixture
def pair() -> Chunk:
    """A capture that begins with a packet and its copy."""
    return next(located("any-interface.pcapng"))


@pytest.mark.parametrize("capture", ["any-interface.pcapng", "office.pcapng"])
def test_every_copy_has_its_original_with_the_same_bytes_behind_the_header(capture: str) -> None:
    """All that the engine has put aside, which knows that they are copies, though not of what."""
    sightings, bytes_of, copies = Sightings(), dict[int, bytes](), 0
    for chunk in located(capture):
        sightings.note(chunk)
        for row in range(len(chunk)):
            number, at = int(chunk.frames[row]["number"]), int(chunk.frames[row]["network"])
            bytes_of[number] = chunk.data(row)[at + 20 :]
            found = asked(sightings, chunk, row)
            if chunk.frames[row]["reason"] == Reason.EGRESS_COPY:
                copies += 1
                assert found is not None
                assert found[1] < number
                assert bytes_of[found[1]] == bytes_of[number]
    assert copies > 10


def test_the_packet_before_it_may_stand_in_an_earlier_chunk(pair: Chunk) -> None:
    sightings = Sightings()
    for rows in (slice(0, 1), slice(1, 1), slice(1, 2)):
        sightings.note(Chunk(pair.frames[rows], pair.packets[rows], pair.quotes, pair.buffer, {}))
    assert asked(sightings, pair, 1) == (0, 1)
    assert asked(sightings, pair, 0) is None


def test_what_was_seen_too_early_or_at_the_same_place_is_no_original(pair: Chunk) -> None:
    def found() -> tuple[int, int] | None:
        sightings = Sightings()
        sightings.note(pair)
        return asked(sightings, pair, 1)

    assert found() == (0, 1)
    pair.frames["ts"][1:] += FORWARDING_NS + pair.frames["ts"][0] - pair.frames["ts"][1]
    assert found() == (0, 1)
    pair.frames["ts"][1:] += 1
    assert found() is None
    pair.frames["ts"][1:] -= 1
    for name in ("interface", "capture_interface", "ifindex", "sent_or_received"):
        pair.frames[name][1] = pair.frames[name][0]
    assert found() is None


@pytest.mark.parametrize(("hops", "known"), [(-1, False), (0, True), (1, True), (2, False)])
def test_a_copy_has_the_same_ttl_or_one_less(pair: Chunk, hops: int, known: bool) -> None:
    pair.packets["ttl"][1] = pair.packets["ttl"][0] - hops
    sightings = Sightings()
    sightings.note(pair)
    assert (asked(sightings, pair, 1) is not None) == known


def test_what_was_not_evaluated_is_no_original(pair: Chunk) -> None:
    pair.frames["reason"][0] = Reason.BAD_IP_CHECKSUM
    sightings = Sightings()
    sightings.note(pair)
    assert asked(sightings, pair, 1) is None
    assert np.any(pair.frames["reason"] == 0)
