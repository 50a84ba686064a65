"""Counting compiled or not: the same figures, whole or in pieces, and keys that say what they are made of."""

from __future__ import annotations

import numpy as np
import pytest

from fwsim.engine.counting import CELLS, change_key, evidence_row
from fwsim.report.tally import Slots, Tally, _explanation
from fwsim.tables import DECISION, PACKET, empty
from fwsim.terms import UNKNOWN_VALUE, CtState, Direction, Evidence, Proto, Reason, TcpFlag, Verdict
from tests.batches import batch


@pytest.mark.parametrize(("flags", "could"), [(TcpFlag.SYN, 0), (TcpFlag.ACK, 1), (TcpFlag.RST, 1)])
def test_a_key_holds_all_that_explains_a_change(flags: TcpFlag, could: int) -> None:
    packet, first, last = empty(PACKET, 1)[0], empty(DECISION, 1)[0], empty(DECISION, 1)[0]
    packet["proto"], packet["flags"], packet["fragment"] = Proto.TCP, flags, 2
    first["verdict"], last["verdict"] = Verdict.UNKNOWN, Verdict.REJECT
    last["reason"], last["ct_state"], last["ct_direction"] = max(Reason), max(CtState), UNKNOWN_VALUE
    assert _explanation(change_key(packet, first, last)) == (
        Verdict.UNKNOWN, Verdict.REJECT, max(Reason), max(CtState), UNKNOWN_VALUE, 2, could,
    )  # fmt: skip


def test_every_value_fits_its_field_of_the_key() -> None:
    assert max(Reason) < 256
    assert max(CtState) + 2 < 256
    assert max(Direction) + 2 < 8
    assert max(Verdict) < 8
    assert len(Verdict) ** 2 == CELLS


def test_without_evidence_a_frame_counts_in_the_first_row() -> None:
    assert evidence_row(0) == 0
    assert evidence_row(int(Evidence.CUT)) == int(Evidence.CUT).bit_length()


def test_counting_frame_by_frame_and_all_at_once_gives_the_same() -> None:
    frames = [{"evidence": evidence, "connection": number} for number, evidence in enumerate(Evidence)]
    decisions = [{"verdict": number % len(Verdict), "rule": number % 4 - 2} for number in range(len(frames))]
    whole = batch(*frames, stateful=decisions)
    at_once, one_by_one = (
        Tally(("stateless", "stateful"), dict.fromkeys(("stateless", "stateful"), Slots(4, 1))) for _ in "ab"
    )
    at_once.add(whole)
    for row in range(len(frames)):
        one_by_one.add(whole, np.array([row]))
    assert (at_once.cells == one_by_one.cells).all()
    for field in ("frames", "octets", "first_ts", "last_ts", "changes", "let_in", "examples", "unchained"):
        assert getattr(at_once, field) == getattr(one_by_one, field), field
    for mode in at_once.modes:
        assert (at_once.hits[mode].counts == one_by_one.hits[mode].counts).all()
