"""`schema`: valid JSON Schemas of what is read and written."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from fwsim.cli.demo_story import RULESET
from fwsim.cli.schema import KINDS
from tests.cli.conftest import Invoke


@pytest.mark.parametrize("what", KINDS)
def test_schema_is_a_valid_schema(invoke: Invoke, what: str) -> None:
    outcome = invoke("schema", what)
    assert outcome.status == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(outcome.out))


def test_schema_of_rulesets_is_the_default_and_fits_a_ruleset(invoke: Invoke) -> None:
    schema = json.loads(invoke("schema").out)
    jsonschema.validate(yaml.safe_load(RULESET), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"polcy": "drop"}, schema)
