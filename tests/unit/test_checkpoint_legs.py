"""A run that rests: behind whole chunks, with everything decided, and on to the same end."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.checkpoint.legs import Legs
from fwsim.result import compare
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator

ROOT = Path(__file__).parent.parent.parent
OFFICE = load_ruleset(str(ROOT / "rulesets" / "office.yaml"))
FRAGMENTS = str(ROOT / "pcaps" / "fragments.pcapng")


def legs(every: int, stop_behind: int = 1 << 60) -> tuple[Legs, list[int]]:
    """A run that rests after so many packets, and is to end behind so many; and the packets done at each rest."""
    captures = open_captures([Input(FRAGMENTS)], chunk_rows=5)
    made = Legs(
        captures,
        Simulator(OFFICE),
        due=lambda read: read >= every,
        stopped=lambda: captures.files[0].packets >= stop_behind,
    )
    rests: list[int] = []
    made.on_rest = lambda: rests.append(made.packets)
    return made, rests


@pytest.mark.parametrize("every", [1, 5, 12, 1000])
def test_resting_changes_nothing(every: int) -> None:
    made, rests = legs(every)
    whole = compare(FRAGMENTS, OFFICE).decisions
    assert made.decisions.tobytes() == whole.tobytes()
    assert made.ended
    last = [len(whole)] if every == 1 else []
    step = -(-every // 5) * 5
    assert rests == list(range(step, len(whole) + 1, step)) + last


def test_at_rest_all_that_was_read_is_decided_and_handed_out_or_held() -> None:
    made, _ = legs(1)
    given: list[int] = []
    held: list[int] = []

    def look() -> None:
        held.append(len(made.held))
        assert made.packets == made.captures.files[0].packets
        assert len(made.held) * 5 + len(given) == made.packets

    made.on_rest = look
    for batch in made:
        given += batch.frames["number"].tolist()
    assert any(held)
    assert given == list(range(1, made.packets + 1))


def test_it_ends_at_rest_when_it_is_to_end() -> None:
    made, rests = legs(1 << 60, stop_behind=11)
    numbers = [number for batch in made for number in batch.frames["number"].tolist()]
    assert (rests, numbers, made.ended) == ([15], list(range(1, 16)), False)
