"""The JSON Schema of files of expectations accepts what the reader accepts, and describes every key."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from fwsim.expectations.facts import Facts, Nat, Remembered
from fwsim.expectations.model import Case, Expectations, Step
from fwsim.expectations.schema import DESCRIPTIONS, expectations_schema
from fwsim.ruleset.located import Document
from fwsim.ruleset.text import parse_text
from tests.examples import FOLDER

VALIDATOR = jsonschema.Draft202012Validator(expectations_schema())
SYN = "tcp 10.1.0.5 > 9.9.9.9:443"


def whole(case: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"ruleset": "a.yaml", "cases": [case], **more}


def test_the_schema_is_itself_valid_and_plain_json() -> None:
    schema = expectations_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


def test_the_example_is_valid() -> None:
    path = FOLDER / "office.fwsim.yaml"
    root, _, _ = parse_text(Document(path.name, path.read_text()))
    VALIDATOR.validate(root)


@pytest.mark.parametrize(
    "given",
    [
        whole({"packet": SYN, "verdict": ["drop", "reject"], "stateful": "drop", "stateless": {"mirror": True}}),
        whole({"conversation": [SYN, {"packet": "reply", "after": "3s", "nat": "none"}, {"connection": "absent"}]}),
        whole({"conversation": [{"packet": SYN, "repeat": 3, "every": 1, "nat": {"side": "out", "dport": 80}}]}),
        whole({"conversation": [SYN, {"connection": {"state": ["CLOSE"], "assured": True, "timeout": "10s"}}]}),
        whole({"select": "evidence", "count": 0, "points": 2.5, "tags": "web", "capture": {"lan": "a.pcap"}}),
        whole({"packet": SYN, "rule": ["a", 3], "reject_with": "none", "time": 0}, settings={"conntrack.max": 3}),
        whole({"packet": SYN, "verdict": "drop"}, ruleset={"policy": "drop"}, interfaces={"lan": "any"}, local="::1"),
    ],
)
def test_every_way_to_write_it_is_accepted_by_both(given: dict[str, Any]) -> None:
    VALIDATOR.validate(given)
    for case in given["cases"]:
        Case.model_validate(case if "conversation" not in case else {**case, "verdict": "drop"})


@pytest.mark.parametrize(
    "given",
    [
        {"ruleset": "a.yaml"},
        whole({"packet": SYN, "verdict": "acept"}),
        whole({"packet": SYN, "verdikt": "accept"}),
        whole({"packet": SYN, "stateful": {"rulez": "a"}}),
        whole({"conversation": [{"packet": SYN, "repeat": 0}]}),
        whole({"packet": SYN, "points": -1}),
    ],
)
def test_what_is_refused_by_the_reader_for_its_shape_is_refused_here_too(given: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(given)


@pytest.mark.parametrize("model", [Expectations, Case, Step, Facts, Remembered, Nat], ids=lambda model: model.__name__)
def test_every_key_is_described(model: type[BaseModel]) -> None:
    assert set(DESCRIPTIONS[model.__name__]) == set(model.model_fields)
