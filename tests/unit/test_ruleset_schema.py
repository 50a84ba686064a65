"""The JSON Schema accepts what the loader accepts, and describes every key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from fwsim.ruleset import Chain, Conntrack, Interface, Rule, Ruleset, Stateless, guess_policy, ruleset_schema, to_yaml
from fwsim.ruleset.located import Document
from fwsim.ruleset.schema import DESCRIPTIONS
from fwsim.ruleset.text import parse_text
from fwsim.ruleset.timeouts import TIMEOUTS
from tests.examples import RULESETS

VALIDATOR = jsonschema.Draft202012Validator(ruleset_schema())


def valid(data: object) -> bool:
    return bool(VALIDATOR.is_valid(data))


def test_the_schema_is_itself_valid_and_plain_json() -> None:
    schema = ruleset_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_there_are_rulesets_to_try() -> None:
    assert len(RULESETS) >= 5


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: path.stem)
def test_every_ruleset_of_the_project_is_valid(path: Path) -> None:
    root, _, _ = parse_text(Document(path.name, path.read_text()))
    VALIDATOR.validate(root)


@pytest.mark.parametrize(
    "rule",
    [
        {"src": "10.0.0.1"},
        {"src": ["!10.0.0.1", "!@a"]},
        {"proto": "tcp", "dport": 22},
        {"proto": ["tcp", 17], "dport": ["22-23", "ssh", 8080, "@web"], "sport": "!22, 80"},
        {"tcp_flags": "syn / fin,syn,rst,ack"},
        {"ct_state": "new"},
        {"ct_state": ["established", "related"]},
        {"fragment": True},
        {"mark": "0x1/0xff", "set_mark": 1, "set_ct_mark": "0x10/0xf0"},
        {"limit": "10/second", "log": True},
        {"limit": {"rate": "10/second", "burst": 5, "over": True}, "log": {"prefix": "x"}},
        {"verdict": "jump a"},
        {"verdict": "reject", "reject_with": "icmpx-no-route"},
        {"reject_with": "icmpx no-route", "name": 404, "counter": 1},
    ],
)
def test_every_spelling_of_a_rule_is_valid(rule: dict[str, Any]) -> None:
    Rule.model_validate(rule)
    assert valid({"rules": [rule]})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "a"},
        {"rules": 5},
        {"rules": [{"dprt": 22}]},
        {"rules": [{"dport": 65536}]},
        {"rules": [{"dport": []}]},
        {"rules": [{"dport": None}]},
        {"rules": [{"verdict": "acept"}]},
        {"rules": [{"limit": {"burst": 5}}]},
        {"policy": "reject"},
        {"policy": "drop", "conntrack": {"tcp_lose": 1}},
        {"policy": "drop", "conntrack": {"udp_timeout": "5x"}},
        {"policy": "drop", "conntrack": {"timeouts": "pff"}},
        {"policy": "drop", "tracking": "maybe"},
        {"chains": {"a": {"hook": "ingress"}}},
        {"policy": "drop", "interfaces": {"lan": {"macs": ["zz"]}}},
    ],
)
def test_what_the_loader_refuses_by_its_shape_is_not_valid(data: object) -> None:
    assert not valid(data)


@pytest.mark.parametrize("name", TIMEOUTS)
def test_named_timeouts_are_valid(name: str) -> None:
    data = {"policy": "drop", "conntrack": {"timeouts": name, "icmp_timeout": 5}}
    Ruleset.model_validate(data)
    assert valid(data)


@pytest.mark.parametrize("model", [Ruleset, Chain, Interface, Stateless, Rule])
def test_every_key_is_described(model: type[BaseModel]) -> None:
    assert DESCRIPTIONS[model.__name__].keys() == model.model_fields.keys()


def test_defaults_are_shown_as_they_are_written() -> None:
    properties = ruleset_schema()["$defs"]["Conntrack"]["properties"]
    assert properties["tcp_timeout_established"]["default"] == "5d"
    assert properties["icmp_timeout"]["default"] == 30
    assert Conntrack.model_validate({key: item["default"] for key, item in properties.items()}) == Conntrack()


def test_the_guessed_policy_is_valid() -> None:
    root, _, _ = parse_text(Document("guess", to_yaml(guess_policy()[0])))
    VALIDATOR.validate(root)
