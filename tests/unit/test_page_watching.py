from __future__ import annotations

import numpy as np
import pytest

from fwsim.page.texts import Texts
from fwsim.page.watching import Watched, offsets
from fwsim.page.window import Window
from fwsim.result import compare
from fwsim.simulator import MODES
from fwsim.tables import BOUNDS, empty, plain
from tests.paging import OFFICE, Page, capture, told


def watched(name: str, window: Window) -> Watched:
    result = compare(capture(name), OFFICE)
    return Watched(result.captures, result.simulator, window, Texts())


@pytest.mark.parametrize("name", ["blind-reset.pcapng", "fragments.pcapng", "tuple-reuse.pcapng", "midstream.pcapng"])
def test_watching_decides_as_any_run_does(name: str) -> None:
    plain_run = list(compare(capture(name), OFFICE))
    for window in (Window(), Window(2, 3), Window(0, 0)):
        seen = list(watched(name, window))
        for mode in MODES:
            own = np.concatenate([batch.decisions(mode) for batch in seen])
            others = np.concatenate([batch.decisions(mode) for batch in plain_run])
            for field in ("verdict", "rule", "chain", "ct_state", "tcp_state", "reason", "connection"):
                assert own[field].tolist() == others[field].tolist()


def test_only_packets_of_the_window_are_looked_at() -> None:
    run = watched("blind-reset.pcapng", Window(2, 3))
    list(run)
    assert sorted(run.sights) == [(0, 3), (0, 4), (0, 5)]


def test_the_window_of_a_packet_is_told_from_its_own_number() -> None:
    bounds = plain(empty(BOUNDS, 1)[0])
    bounds |= {
        "seq": 5,
        "end": 15,
        "lowest_end": 2**32 - 95,
        "highest_seq": 105,
        "tolerated_end": -1,
        "expected_seq": 5,
    }
    bounds |= {"sack": 7, "lowest_sack": 1, "highest_sack": 9, "violated": 0, "tolerated": 0}
    packet = {"seq": 5, "ack": 7}
    assert offsets(bounds, packet) == [0, 10, -100, 100, None, 0, 0, -6, 2, 0, 0]


def test_a_reset_out_of_the_window_lies_beyond_its_end() -> None:
    page = Page(told("blind-reset.pcapng"))
    outside = [at for at in range(page.count) if page.decision("stateful", at)["reason"] == "tcp-seq-over"]
    assert outside
    for at in outside:
        bounds = page.bounds(at)
        assert bounds is not None
        assert bounds["violated"] == 1
        assert bounds["seq"] > bounds["highest_seq"]


def test_a_packet_in_the_window_lies_within_its_ends() -> None:
    page = Page(told("handshake.pcapng"))
    known = [bounds for at in range(page.count) if (bounds := page.bounds(at)) is not None]
    assert known
    for bounds in known:
        assert bounds["violated"] == 0
        assert bounds["lowest_end"] <= bounds["end"]
        assert bounds["seq"] <= bounds["highest_seq"]
