"""What plain scalars mean in YAML 1.2."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from fwsim.ruleset import text
from fwsim.ruleset.located import Document
from fwsim.ruleset.text import parse_text


def read(source: str) -> Any:
    root, _, problems = parse_text(Document("f.yaml", source))
    assert problems == []
    return root


@pytest.fixture(params=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both of PyYAML's parsers: the one in C is not everywhere."""
    if request.param == "pure":
        monkeypatch.setattr(text, "CParser", None)
    elif not yaml.__with_libyaml__:
        pytest.skip("this PyYAML was built without libyaml")
    return str(request.param)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("022", 22),
        ("0o22", 18),
        ("0x1F", 31),
        ("+12", 12),
        ("-12", -12),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("00:00:5e:00:53:01", "00:00:5e:00:53:01"),
        ("2026-01-01", "2026-01-01"),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("no", "no"),
        ("y", "y"),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("0b11", "0b11"),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("'22'", "22"),
        ('"true"', "true"),
        ("!!str 022", "022"),
        ("=", "="),
        ("10.1.0.0/16", "10.1.0.0/16"),
        ("fd00:1::/64", "fd00:1::/64"),
    ],
)
def test_scalars_are_read_by_the_core_schema_of_yaml_1_2(written: str, value: object) -> None:
    found = read(f"key: {written}\n")["key"]
    assert found == value
    assert type(found) is type(value)
