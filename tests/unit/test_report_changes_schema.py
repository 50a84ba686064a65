"""What `--against` writes fits the schemas that are published of it."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from fwsim.baseline.changes import TITLES
from fwsim.report.changes_schema import decision_schema, line_schema, object_schema

DECISION: dict[str, Any] = {
    "verdict": "drop", "reason": None, "reject_with": None, "hook": "forward", "ct_state": "new",
    "ct_direction": "original", "tcp_state_before": "NONE", "tcp_state": None, "mirror": False,
    "decided_by": 'rule "web" of forward', "line": 7,
}  # fmt: skip


@pytest.mark.parametrize("schema", [line_schema(), object_schema()])
def test_the_schemas_are_schemas(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


def test_a_decision_has_words_of_the_vocabulary() -> None:
    jsonschema.validate(DECISION, decision_schema())
    for wrong in ({"verdict": "perhaps"}, {"line": -1}, {"more": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(DECISION | wrong, decision_schema())


def test_every_kind_of_change_is_counted() -> None:
    counts = object_schema()["properties"]["counts"]["properties"]
    assert counts["changes"]["required"] == counts["connections"]["required"] == list(TITLES.values())
