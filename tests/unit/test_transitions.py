"""How transition tables are written."""

from __future__ import annotations

import pytest

from fwsim.engine.transitions import cells, reasons

CODES = ("NO", "ES", "--")


def test_a_row_of_codes_becomes_their_places() -> None:
    assert cells(CODES, "ES -- NO") == (1, 2, 0)
    with pytest.raises(ValueError, match="not in tuple"):
        cells(CODES, "ES XX")


def test_a_line_tells_the_reason_of_one_state_or_several() -> None:
    assert reasons(("NO", "ES", "FW"), "ES FW: open: still\n    NO: nothing") == (
        "nothing",
        "open: still",
        "open: still",
    )
    with pytest.raises(KeyError):
        reasons(("NO", "ES"), "NO: nothing")
