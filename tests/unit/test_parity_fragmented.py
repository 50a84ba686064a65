"""Fragments compared: a datagram is spoken of once, and nothing may be said of what was never put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from scapy.layers.inet import IP, UDP, fragment
from scapy.packet import Raw

from fwsim.capture import from_scapy
from fwsim.kernel import Answer
from fwsim.parity import Comparison, Difference, compare_firewalls, fragmented
from fwsim.parity.comparison import SILENCE
from fwsim.result import Result
from fwsim.ruleset import Ruleset
from fwsim.simulator import Batch, Simulator
from fwsim.tables import plain
from fwsim.terms import Verdict

RULES = Ruleset.model_validate({"policy": "accept", "rules": [{"ct_state": "invalid", "verdict": "drop"}]})
WHOLE = IP(src="192.0.2.1", dst="198.51.100.2", id=9) / UDP(sport=1000, dport=53) / Raw(bytes(40))
PIECES = fragment(WHOLE, fragsize=16)


@dataclass
class Quiet:
    """A firewall that decides as the simulator does, but speaks of fragments at one piece only.

    `speaks` is the number (from 0) of the piece, which it names `later` batches after it came; `says` its verdict.
    """

    speaks: int | None
    later: int = 0
    says: int | None = None
    base: int = 0
    batches: int = 0
    heard: dict[int, dict[str, int]] = field(default_factory=dict)

    def answer(self, batch: Batch, /) -> Answer:
        decisions = batch.stateful.copy()
        answer = Answer(decisions)
        rows = range(len(batch))
        for row in rows:
            theirs = plain(batch.stateful[row])
            if self.says is not None:
                theirs["verdict"] = self.says
            for name, value in SILENCE.items():
                decisions[row][name] = value
            if self.base + row == self.speaks:
                self.heard[self.base + row] = theirs
                if not self.later:
                    decisions[row] = tuple(theirs.values())
        spoken = {self.speaks} if not self.later else set()
        answer.silent = frozenset(row for row in rows if self.base + row not in spoken)
        if self.later and self.batches == self.later and self.speaks is not None:
            answer.late = {self.speaks - self.base: self.heard[self.speaks]}
        self.base += len(batch)
        self.batches += 1
        return answer


def compared(
    other: Quiet, pieces: Sequence[object] = PIECES, chunk_rows: int = 100, rules: Ruleset = RULES
) -> Comparison:
    captures = from_scapy(pieces, chunk_rows=chunk_rows)
    return compare_firewalls(Result(captures, Simulator(rules)), other)


@pytest.mark.parametrize("speaks", range(len(PIECES)))
def test_a_datagram_spoken_of_at_any_piece_agrees(speaks: int) -> None:
    assert compared(Quiet(speaks)).agrees


@pytest.mark.parametrize("speaks", range(len(PIECES)))
def test_a_datagram_that_is_not_tracked_is_one_though_only_its_first_piece_has_ports(speaks: int) -> None:
    assert compared(Quiet(speaks), rules=Ruleset.model_validate({"policy": "accept"})).agrees


def test_a_datagram_that_only_we_speak_of_differs_at_every_piece() -> None:
    found = compared(Quiet(None))
    assert found.differing.total() == len(PIECES) == len(found.differences)


def test_another_verdict_at_the_piece_spoken_of_differs() -> None:
    found = compared(Quiet(1, says=int(Verdict.DROP)))
    assert found.differences[0].number == 2
    assert found.differences[0].fields == ("verdict",)


def test_a_piece_may_be_spoken_of_in_a_later_batch() -> None:
    assert compared(Quiet(0, later=1), chunk_rows=2).agrees


def test_what_comes_late_is_compared_too() -> None:
    found = compared(Quiet(0, later=1, says=int(Verdict.DROP)), chunk_rows=2)
    assert not found.agrees
    assert (found.differences[0].number, found.differences[0].fields) == (1, ("verdict",))


def test_a_set_that_never_completes_agrees_with_silence() -> None:
    assert compared(Quiet(None), PIECES[:-1]).agrees


def test_a_set_that_never_completes_must_not_be_spoken_of() -> None:
    found = compared(Quiet(0, says=int(Verdict.ACCEPT)), PIECES[:-1])
    assert [one.number for one in found.differences] == [1]


def test_of_the_pieces_that_nobody_speaks_of_only_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are let go are judged by what was said until then."""
    monkeypatch.setattr(fragmented, "MOST_SILENT", 4)
    monkeypatch.setattr(fragmented, "MOST_TOLD", 4)
    many = [piece for number in range(20) for piece in fragment(numbered(number), fragsize=16)]
    kept: list[int] = []
    add = fragmented.Pieces.old

    def watched(pieces: fragmented.Pieces) -> Iterator[Difference]:
        yield from add(pieces)
        kept.append(max(len(pieces.silent), len(pieces.told)))

    monkeypatch.setattr(fragmented.Pieces, "old", watched)
    assert compared(Quiet(None), many, chunk_rows=len(PIECES)).differing.total() == len(many)
    assert max(kept) == 4
    assert compared(Talkative(), many, chunk_rows=len(PIECES)).agrees
    assert max(kept) == 4


def numbered(number: int) -> IP:
    return IP(src="192.0.2.1", dst="198.51.100.2", id=number) / UDP(sport=1000, dport=53) / Raw(bytes(40))


class Talkative(Quiet):
    """Speaks of the first piece of every batch."""

    def __init__(self) -> None:
        super().__init__(0)

    def answer(self, batch: Batch, /) -> Answer:
        self.speaks = self.base
        return super().answer(batch)
