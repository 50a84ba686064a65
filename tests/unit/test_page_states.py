from __future__ import annotations

import pytest

from fwsim.engine.tcp_table import CELL_IGNORE, CELL_INVALID, TABLE, WHY
from fwsim.page.states import IGNORED, INVALID, told
from fwsim.terms import TcpState


def test_every_cell_of_the_engines_table_is_told() -> None:
    cells = told()["cells"]
    assert len(cells) == 2 * 6 * 10
    for direction, kind, state, following, why in cells:
        meant = {INVALID: CELL_INVALID, IGNORED: CELL_IGNORE}.get(following, following)
        assert TABLE[direction][kind][state] == meant
        assert WHY[direction][kind][state] == why


@pytest.mark.parametrize("state", TcpState)
def test_states_have_their_names(state: TcpState) -> None:
    assert told()["states"][state] == state.name


def test_rows_have_their_names() -> None:
    assert told()["directions"] == ["original", "reply"]
    assert told()["flags"] == ["syn", "synack", "fin", "ack", "rst", "none"]
