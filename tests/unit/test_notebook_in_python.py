"""What notes recommend, in the words of Python; and what they recommend is taken."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import fwsim
from fwsim.notebook.in_python import in_python
from fwsim.report.about_run import CAPTURE_NOTES

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("option", "argument"),
    [
        ("try --interface lan=10.0.0.0/8,fd00::/8", "try interfaces={'lan': ['10.0.0.0/8', 'fd00::/8']}"),
        ("--local 10.0.0.1 --local fd00::1", "local=['10.0.0.1', 'fd00::1']"),
        ("; --interface NAME=CIDR or --topology tells", "; interfaces={NAME: [CIDR]} or host= tells"),
        ("(--checksum verify judges it)", '(checksum="verify" judges it)'),
        ("--in NAME=FILE merges", "fwsim compare --in NAME=FILE merges"),
        ("a range goes -- upwards", "a range goes -- upwards"),
    ],
)
def test_an_option_becomes_an_argument(option: str, argument: str) -> None:
    assert in_python(option) == argument


def test_no_option_is_left_in_notes() -> None:
    for note in CAPTURE_NOTES.values():
        assert "--" not in in_python(note)


def test_advice_can_be_typed_as_it_stands() -> None:
    result = fwsim.compare(str(ROOT / "pcaps" / "host.pcap"), str(ROOT / "rulesets" / "v6-router.yaml")).run()
    advice = result.simulator.topology.advice()
    assert advice is not None
    said = in_python(advice).partition("; try ")[2]
    call = ast.parse(f"compare({said})", mode="eval").body
    assert isinstance(call, ast.Call)
    options: dict[str, Any] = {str(one.arg): ast.literal_eval(one.value) for one in call.keywords}
    assert options == {"interfaces": {"lan": ["192.0.2.0/24"]}, "local": ["192.0.2.10"]}
    again = fwsim.compare(str(ROOT / "pcaps" / "host.pcap"), str(ROOT / "rulesets" / "v6-router.yaml"), **options).run()
    assert again.simulator.topology.advice() is None
