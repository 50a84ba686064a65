"""The tally counts every frame once, in bounded memory, and moves mid-stream conversations when they are answered."""

from __future__ import annotations

import numpy as np
import pytest

from fwsim.engine.counting import evidence_row
from fwsim.report import tally as module
from fwsim.report.tally import EVIDENCE_ROWS, Slots, Tally
from fwsim.terms import Evidence, Reason, Verdict
from tests.batches import batch

BOTH = ("stateless", "stateful")
ACK = Evidence.ACK_WITHOUT_CONNECTION
ACK_ROW = int(ACK).bit_length()
MIDSTREAM_ROW = int(Evidence.MIDSTREAM).bit_length()


def tally(modes: tuple[str, ...] = BOTH) -> Tally:
    """An empty tally for four rules in a chain."""
    return Tally(modes, {mode: Slots(4, 1) for mode in modes})


def test_evidence_row_is_that_of_the_first_word() -> None:
    masks = [0, *(int(bit) for bit in Evidence if bit), int(Evidence.LAND | Evidence.CUT)]
    assert [evidence_row(mask) for mask in masks] == [*range(module.FURTHER_ROW), int(Evidence.LAND).bit_length()]


def test_every_frame_is_counted_once_in_cells_and_hits() -> None:
    counted = tally()
    counted.add(
        batch(
            {"evidence": Evidence.LAND | Evidence.CUT},
            {},
            {},
            {},
            stateful=[
                {"verdict": Verdict.DROP, "rule": 1},
                {"rule": -2},
                {"rule": -1, "reason": Reason.NO_CHAIN},
                {"rule": -3},
            ],
            stateless=[{"mirror": 1}, {"reason": Reason.ICMP_ERROR_TWIN, "rule": 0}, {}, {}],
        )
    )
    assert counted.frames == counted.cells.sum() == 4
    assert counted.cells[int(Evidence.LAND).bit_length(), Verdict.ACCEPT, Verdict.DROP] == 1
    stateless, stateful = (counted.hits[mode].counts.sum(axis=2) for mode in BOTH)
    assert stateless.tolist() == [[0, 0], [0, 0], [2, 1], [0, 0], [0, 0], [0, 0], [1, 0], [0, 0]]
    assert stateful[:, 0].tolist() == [0, 1, 0, 0, 1, 1, 0, 1]
    assert counted.hits["stateful"].tried == 12
    assert (counted.octets, counted.last_ts - (counted.first_ts or 0)) == (4 * 74, 3)


def test_only_selected_rows_are_counted() -> None:
    counted = tally()
    counted.add(batch({}, {}, {}), np.array([0, 2]))
    counted.add(batch({}), np.array([], dtype=np.intp))
    assert counted.frames == counted.cells.sum() == 2


def test_what_explains_a_change_is_kept_for_the_changed_frames_only() -> None:
    counted = tally()
    counted.add(batch({}, {"fragment": 2}, stateful=[{}, {"verdict": Verdict.DROP, "reason": Reason.TCP_SEQ_OVER}]))
    ((key, number),) = counted.changes.items()
    explained = dict(zip(module.CHANGE_FIELDS, key, strict=True))
    assert number == 1
    assert (explained["stateless_verdict"], explained["stateful_verdict"]) == (Verdict.ACCEPT, Verdict.DROP)
    assert (explained["reason"], explained["fragment"]) == (Reason.TCP_SEQ_OVER, 2)


def test_packets_of_a_conversation_that_is_answered_later_move_to_midstream() -> None:
    counted = tally()
    counted.add(batch({"evidence": ACK, "connection": 5}, {"evidence": ACK, "connection": 6}))
    counted.add(batch({"evidence": ACK, "connection": 5}))
    assert counted.cells[ACK_ROW].sum() == 3
    counted.add(batch({"evidence": Evidence.MIDSTREAM, "connection": 5}))
    assert counted.cells[ACK_ROW].sum() == 1
    assert counted.cells[MIDSTREAM_ROW].sum() == 3
    assert counted.cells.sum() == counted.frames == 4


def test_an_answered_opening_is_no_example_any_more() -> None:
    counted = tally()
    refused = {"verdict": Verdict.DROP}
    counted.add(batch({"evidence": ACK, "connection": 5}, stateful=[refused]))
    assert counted.examples[ACK_ROW].connection == 5
    counted.add(batch({"evidence": Evidence.MIDSTREAM, "connection": 5}))
    assert ACK_ROW not in counted.examples


def test_a_flood_of_unanswered_connections_is_forgotten_from_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PENDING", 8)
    counted = tally()
    for connection in range(1, 31):
        counted.add(batch({"evidence": ACK, "connection": connection}))
    assert counted.waiting == 8
    counted.add(batch({"evidence": Evidence.MIDSTREAM, "connection": 1}))
    assert counted.cells[ACK_ROW].sum() == 30, "forgotten ones stay where they were counted"


def test_more_kinds_of_changes_than_there_is_room_for_at_first() -> None:
    counted = tally()
    for reason in range(90):
        for direction in range(3):
            differing = {"verdict": Verdict.DROP, "reason": reason, "ct_direction": direction}
            counted.add(batch({}, {}, stateful=[differing, differing]))
    assert len(counted.changes) == 270 > module.KINDS // 2
    assert set(counted.changes.values()) == {2}
    assert list(counted.changes) == sorted(counted.changes, key=lambda key: (key[2], key[4])), "in the order they came"


def test_one_mode_counts_alone() -> None:
    counted = tally(("stateful",))
    counted.add(batch({"evidence": Evidence.LAND}, {}, stateful=[{}, {"verdict": Verdict.DROP}]))
    assert counted.cells.shape == (EVIDENCE_ROWS, len(Verdict))
    assert counted.cells[:, Verdict.DROP].sum() == 1
    assert not counted.changes
    assert list(counted.admitted_examples) == [int(Evidence.LAND).bit_length()]


def test_frames_that_no_mode_evaluates_are_counted_by_reason() -> None:
    counted = tally()
    copy = {"verdict": Verdict.NOT_EVALUATED, "reason": Reason.EGRESS_COPY, "rule": -1, "chain": -1}
    counted.add(batch({}, {}, stateless=[copy, copy], stateful=[copy, {}]))
    assert counted.not_evaluated == {Reason.EGRESS_COPY: 1}


def test_evidence_of_a_datagram_in_fragments_counts_once() -> None:
    counted = tally()
    counted.add(batch({"evidence": Evidence.LAND, "further": 1}, {"evidence": Evidence.LAND}, {"further": 1}))
    assert counted.cells[int(Evidence.LAND).bit_length()].sum() == 1
    assert counted.cells[module.FURTHER_ROW].sum() == 2
    assert counted.cells.sum() == counted.frames == 3
    assert list(counted.admitted_examples) == [int(Evidence.LAND).bit_length()]
