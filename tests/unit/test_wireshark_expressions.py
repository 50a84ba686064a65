"""Display filters say what is meant whatever stands in a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.capture import CaptureWriter
from fwsim.report.annotations import said
from fwsim.report.wireshark.expressions import evidence, holds, quoted, says
from fwsim.terms import Evidence
from tests.wireshark import fingerprints, needs_tshark

NAMES = [
    "plain",
    'a"b',
    "a\\b",
    "100%; x=y",
    "Büro 管理",
    "a\nb",
    "\x1b[2J",
    "$x && y or frame",
    "{ .* }",
    "'a'",
]


def test_quotes_and_backslashes_are_escaped() -> None:
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'


def test_one_word_of_evidence_is_found_as_it_is_and_several_by_a_pattern() -> None:
    assert evidence(Evidence.LAND) == 'frame.comment contains "evidence=land;"'
    both = evidence(Evidence.LAND | Evidence.CUT)
    assert both == 'frame.comment matches "evidence=(land|cut);"'


@needs_tshark
def test_wireshark_finds_a_name_whatever_it_is_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "names.pcapng"
    with CaptureWriter(str(path)) as writer:
        for number, name in enumerate(NAMES):
            comment = f"fwsim: {said('rule', name)}"
            writer.packet(bytes(60), number * 10**9, interface=writer.interface(None), comments=[comment])
    asked = [says("rule", name) for name in NAMES] + [holds("rule=other;")]
    assert fingerprints(path, asked) == [*((1, number) for number in range(1, len(NAMES) + 1)), (0, 0)]


@pytest.mark.parametrize("name", NAMES)
def test_no_expression_has_more_than_one_line(name: str) -> None:
    assert says("rule", name).isprintable()
