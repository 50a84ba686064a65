"""Texts of the command line become values."""

from __future__ import annotations

import click
import pytest

from fwsim.cli.options import FIELDS, InputOptions, Moment, OutputOptions, SelectionOptions, moment_of, single_of
from fwsim.errors import UsageError
from fwsim.selection.fields import fields_of

CONTEXT = click.Context(click.Command("test"))
PARAMETER = click.Option(["--at"])
SECOND = 1_000_000_000


def moment(text: str) -> Moment | None:
    """The moment that a text stands for."""
    return moment_of(CONTEXT, PARAMETER, text)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("1772438403.123456789", 1_772_438_403_123_456_789),
        ("2026-03-02T08:00:03", 1_772_438_403 * SECOND),
        ("2026-03-02 08:00:03.5", 1_772_438_403_500_000_000),
        ("2026-03-02T09:00:03+01:00", 1_772_438_403 * SECOND),
        ("2026-03-02T08:00:03Z", 1_772_438_403 * SECOND),
    ],
)
def test_absolute_times_are_utc_to_the_nanosecond(text: str, nanoseconds: int) -> None:
    assert moment(text) == Moment(nanoseconds, relative=False)


def test_relative_time_counts_from_the_first_packet() -> None:
    found = moment("+1.5")
    assert found == Moment(1_500_000_000, relative=True)
    assert found.since_epoch(7) == 1_500_000_007
    assert Moment(5, relative=False).since_epoch(7) == 5
    assert moment_of(CONTEXT, PARAMETER, None) is None


@pytest.mark.parametrize("text", ["", "+", "-1", "soon", "nan", "inf", "1e99", "+-3", "1960-01-01", "+2026-03-02"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time: expected"):
        moment(text)


def test_nothing_selected_is_known_as_such() -> None:
    assert not SelectionOptions(None, None, None).given
    assert SelectionOptions("n==1", None, None).given
    assert SelectionOptions(None, None, Moment(0, relative=True)).given


def test_sources_are_all_that_is_read() -> None:
    inputs = InputOptions((), (("wan", "b"), ("lan", "a")), "r", None, {}, (), {}, "s", "auto", None, None)
    assert inputs.files == ["b", "a"]
    assert inputs.sources == ["b", "a", "r", "s"]


def test_help_names_every_field_of_a_selection() -> None:
    named = FIELDS.partition("Fields: ")[2].partition(" Operators")[0].replace(",", " ").split()
    assert set(fields_of(["stateful"])) <= {word.rstrip(".") for word in named}


def test_quiet_and_verbose_exclude_each_other() -> None:
    with pytest.raises(UsageError, match=r"-q .* and -v .* exclude each other"):
        OutputOptions("text", "-", None, False, None, 10, quiet=True, verbose=True)


def test_an_option_of_which_one_value_is_meant_is_not_taken_twice() -> None:
    single = single_of(": join them")
    assert single(CONTEXT, PARAMETER, ()) is None
    assert single(CONTEXT, PARAMETER, ("rules.v4",)) == "rules.v4"
    with pytest.raises(click.BadParameter, match=r"^given 2 times \(rules.v4, rules.v6\), expected once: join them$"):
        single(CONTEXT, PARAMETER, ("rules.v4", "rules.v6"))
