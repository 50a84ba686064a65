from __future__ import annotations

from typing import Any

import numpy as np

from fwsim.page.flow import LEAST_WIDTH, SPANS, Flow
from fwsim.tables import DECISION, PACKET, empty
from fwsim.terms import Verdict

ACCEPT, DROP, REJECT, UNSEEN = Verdict.ACCEPT, Verdict.DROP, Verdict.REJECT, Verdict.NOT_EVALUATED


class Batch:
    """Packets at these times with these verdicts."""

    def __init__(self, nows: list[int], stateless: list[Verdict], stateful: list[Verdict]) -> None:
        self.packets = empty(PACKET, len(nows))
        self.packets["now"] = nows
        self.stateless, self.stateful = empty(DECISION, len(nows)), empty(DECISION, len(nows))
        self.stateless["verdict"], self.stateful["verdict"] = stateless, stateful


def flow_of(*batches: Any) -> Flow:
    flow = Flow()
    for batch in batches:
        flow.add(batch)
    return flow


def test_verdicts_are_counted_by_mode_and_kind() -> None:
    flow = flow_of(Batch([7, 7, 8, 9], [ACCEPT, DROP, REJECT, UNSEEN], [DROP, DROP, ACCEPT, UNSEEN]))
    assert flow.told() == {"width": 1.0, "spans": [[1, 2, 1, 1, 2, 1]]}


def test_a_span_without_packets_is_told_too() -> None:
    flow = flow_of(Batch([0], [ACCEPT], [ACCEPT]), Batch([2 * LEAST_WIDTH], [DROP], [DROP]))
    assert flow.told()["spans"] == [[1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 1, 0]]


def test_a_long_run_has_longer_spans_and_no_more_of_them() -> None:
    nows = [number * LEAST_WIDTH for number in range(5 * SPANS)]
    all_at_once = flow_of(Batch(nows, [ACCEPT] * len(nows), [DROP] * len(nows)))
    one_by_one = flow_of(*(Batch([now], [ACCEPT], [DROP]) for now in nows))
    assert all_at_once.told() == one_by_one.told()
    assert all_at_once.width == 8 * LEAST_WIDTH
    assert len(all_at_once.told()["spans"]) == 5 * SPANS // 8
    assert int(np.sum(all_at_once.told()["spans"])) == 2 * len(nows)


def test_nothing_has_no_spans() -> None:
    assert flow_of(Batch([], [], [])).told()["spans"] == []
