import pytest

from fwsim.netfilter.steps import AnyOf, Match
from fwsim.ruleset.values import Numbers
from tests.iptables_reading import asked, refused_rule, steps

HOUR = 3600


def test_hours_may_reach_over_midnight() -> None:
    assert asked("-m time --timestart 10:00 --timestop 11:00").value == Numbers(((10 * HOUR, 11 * HOUR),))
    assert asked("-m time --timestart 22:00 --timestop 06:00").value == Numbers(((0, 6 * HOUR), (22 * HOUR, 86399)))


def test_days_begin_with_sunday_as_zero() -> None:
    assert asked("-m time --weekdays Mo,Sun").value == Numbers(((0, 1),))
    assert asked("-m time ! --weekdays 1,2,3,4,5").value == Numbers(((0, 0), (6, 6)))


def test_hours_after_midnight_belong_to_the_day_before_if_contiguous() -> None:
    (step,) = steps("-m time --timestart 22:00 --timestop 06:00 --contiguous --weekdays Sat -j ACCEPT")
    assert isinstance(step, AnyOf)
    assert [[match.value for match in way] for way in step.alternatives] == [
        [Numbers(((0, 6 * HOUR),)), Numbers(((0, 0),))],
        [Numbers(((22 * HOUR, 86399),)), Numbers(((6, 6),))],
    ]


def test_a_date_holds_to_its_last_nanosecond() -> None:
    (step,) = steps("-m time --datestart 1970-01-02 --datestop 1970-01-02T00:00:01 -j ACCEPT")
    assert isinstance(step, Match)
    assert step.value == Numbers(((86400 * 10**9, 86402 * 10**9 - 1),))


def test_the_last_second_that_iptables_save_prints_is_no_end() -> None:
    assert steps("-m time --datestop 2038-01-19T03:14:07 -j ACCEPT") == []
    saved = "-m time --timestart 22:00:00 --timestop 06:00:00 --datestop 2038-01-19T03:14:07 --contiguous"
    assert asked(saved).value == Numbers(((0, 6 * HOUR), (22 * HOUR, 86399)))


def test_the_time_of_the_kernel_is_utc() -> None:
    assert asked("-m time --kerneltz --timestart 1:00").value == Numbers(((HOUR, 86399),))


def test_days_of_the_month_are_asked_for_with_those_of_the_week() -> None:
    week, month = steps("-m time --weekdays Fri ! --monthdays 13,1,2 -j ACCEPT")
    assert isinstance(week, Match)
    assert isinstance(month, Match)
    assert (week.selector, week.value) == ("day", Numbers(((5, 5),)))
    assert (month.selector, month.value) == ("monthday", Numbers(((1, 2), (13, 13)), negated=True))


def test_contiguous_hours_belong_to_a_day_of_the_month_too() -> None:
    first, step = steps(
        "-m time --datestart 2020 --timestart 22:00 --timestop 06:00 --contiguous --monthdays 31 -j ACCEPT"
    )
    assert isinstance(first, Match)
    assert first.selector == "time"
    assert isinstance(step, AnyOf)
    assert [[match.selector for match in way] for way in step.alternatives] == [
        ["hour", "monthday_before"],
        ["hour", "monthday"],
    ]


@pytest.mark.parametrize(
    "words",
    [
        "--timestart 24:00", "--timestart 10", "--weekdays mo", "--weekdays 0", "--datestart 2020-13",
        "--datestart 2039-01-01", "--datestart 1969-01-01", "--monthdays 32", "--contiguous", "--utc --kerneltz",
        "--datestart 2020-00-01",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(words: str) -> None:
    assert refused_rule(f"-m time {words} -j ACCEPT").startswith("rules.v4:3:")
