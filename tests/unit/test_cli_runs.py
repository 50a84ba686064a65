"""From options to a run, and which rows of it are selected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fwsim.capture import Input
from fwsim.cli.options import InputOptions, Moment, SelectionOptions
from fwsim.cli.runs import Window, capture_inputs
from fwsim.errors import UsageError
from tests.batches import BASE_TS, batch, naming

BOTH = ("stateless", "stateful")


def inputs(**given: Any) -> InputOptions:
    """Input options, all others as they are by default."""
    usual: dict[str, Any] = {
        "captures": (), "named": (), "rules": "r.yaml", "stateless_rules": None, "interfaces": {}, "local": (),
        "settings": {}, "sysctl": None, "checksum": "auto", "count": None, "seed": None,
    }  # fmt: skip
    return InputOptions(**{**usual, **given})


def test_captures_are_given_plainly_or_by_interface() -> None:
    assert capture_inputs(inputs(captures=("a", "b"))) == [Input("a"), Input("b")]
    assert capture_inputs(inputs(named=(("wan", "b"),))) == [Input("b", "wan")]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "no capture was named"),
        ({"captures": ("a",), "named": (("wan", "b"),)}, "either plainly"),
        ({"captures": ("-", "-")}, "can be read only once"),
        ({"captures": ("-",), "rules": "-"}, "can be read only once"),
        ({"captures": ("a",), "rules": "-", "stateless_rules": "-"}, "can be read only once"),
    ],
)
def test_what_does_not_fit_together_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        capture_inputs(inputs(**given))


@pytest.mark.parametrize(
    ("selecting", "rows"),
    [
        (SelectionOptions(None, None, None), [0, 1, 2, 3]),
        (SelectionOptions("n>=2", None, None), [1, 2, 3]),
        (SelectionOptions(None, Moment(2, relative=True), None), [2, 3]),
        (SelectionOptions(None, None, Moment(BASE_TS + 1, relative=False)), [0, 1]),
        (SelectionOptions("n!=3", Moment(1, relative=True), Moment(2, relative=True)), [1]),
    ],
)
def test_window_selects_by_expression_and_time(selecting: SelectionOptions, rows: list[int]) -> None:
    found = Window(selecting, BOTH).rows(batch({}, {}, {}, {}), naming())
    assert np.arange(4)[found].tolist() == rows


def test_relative_times_count_from_the_first_packet_of_the_run() -> None:
    window = Window(SelectionOptions(None, Moment(10, relative=True), None), BOTH)
    assert np.arange(1)[window.rows(batch({}), naming())].tolist() == []
    assert np.arange(1)[window.rows(batch({"ts": BASE_TS + 10}), naming())].tolist() == [0]
    assert np.arange(0)[window.rows(batch(), naming())].tolist() == []
