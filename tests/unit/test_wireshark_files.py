"""The files of a profile, line by line."""

from __future__ import annotations

import re

from fwsim.naming import RuleNames
from fwsim.report.wireshark.colours import COLOURS
from fwsim.report.wireshark.files import OURS, profile
from fwsim.report.wireshark.saved import BUTTONS, filters
from tests.batches import FakeChain, FakeRule

HOSTILE = 'x"\n"all" frame\r\n@x@frame@[0,0,0][0,0,0]\\'
RULES = {"stateful": RuleNames([FakeRule(HOSTILE, 1, 1)], [FakeChain(HOSTILE, 1)])}


def test_a_colour_rule_is_a_name_a_filter_and_two_colours_of_16_bits() -> None:
    first, *lines = profile()["colorfilters"].splitlines()
    assert first == OURS
    assert len(lines) == len(COLOURS)
    assert all(re.fullmatch(r"@[^@]+@[^@]+@(\[\d{1,5},\d{1,5},\d{1,5}\]){2}", line) for line in lines)
    assert "@both admit@" in lines[9]
    assert lines[1].endswith("[36751,7453,5654][65535,65535,65535]")


def test_the_columns_and_their_widths_name_the_same_fields() -> None:
    files = profile()
    columns = re.findall(r'"([^"]*)", "([^"]*)"', files["preferences"])
    widths = dict(re.findall(r"(%[^,]+), (\d+)", files["recent"]))
    assert [shape.split(":0:R")[0].split(":-1:R")[0] for _, shape in columns] == list(widths)
    assert ("Annotation", "%Cus:frame.comment:-1:R") in columns


def test_every_file_has_its_lines_and_no_name_adds_one() -> None:
    plain, hostile = profile(), profile(RULES)
    assert len(hostile["dfilters"].splitlines()) == len(plain["dfilters"].splitlines()) + 1
    assert len(plain["dfilters"].splitlines()) == len(filters({}))
    assert len(plain["dfilter_buttons"].splitlines()) == 1 + len(BUTTONS)
    assert {name: text for name, text in hostile.items() if name != "dfilters"} == {
        name: text for name, text in plain.items() if name != "dfilters"
    }
    for text in hostile.values():
        assert text.endswith("\n")
        assert all(line.isprintable() for line in text.splitlines())


def test_quotes_in_a_button_are_written_as_numbers() -> None:
    line = next(line for line in profile()["dfilter_buttons"].splitlines() if '"unknown"' in line)
    assert line.count('"') == 8
    assert "\\x22stateless=unknown;\\x22" in line


def test_a_saved_filter_is_a_quoted_name_and_an_expression() -> None:
    for line in profile(RULES)["dfilters"].splitlines():
        assert re.fullmatch(r'"(?:[^"\\]|\\["\\])*" \S.*', line)
