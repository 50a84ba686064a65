"""The JSON Schema of output lines refuses what is not in the contract."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from fwsim.report.frame_schema import frame_schema
from fwsim.report.frames import JsonLines
from tests.batches import batch, naming


@pytest.fixture
def record() -> dict[str, Any]:
    """A line of a comparison, parsed."""
    line = JsonLines(("stateless", "stateful"), naming()).lines(batch({}), slice(None))
    record: dict[str, Any] = json.loads(line)
    return record


def test_a_written_line_fits(record: dict[str, Any]) -> None:
    jsonschema.validate(record, frame_schema())


@pytest.mark.parametrize(
    "change",
    [
        {"evidence": ["odd"]},
        {"n": 0},
        {"ts": "1.5"},
        {"flags": "SYN"},
        {"sport": -1},
        {"extra": 1},
        {"stateful": {"verdict": "accept"}},
    ],
)
def test_what_is_not_in_the_contract_is_refused(record: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record | change, frame_schema())


def test_a_missing_field_is_refused(record: dict[str, Any]) -> None:
    del record["vlan"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, frame_schema())
