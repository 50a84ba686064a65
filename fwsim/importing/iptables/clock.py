"""The match time: hours, days of the week and dates.

Read first: `extensions`. All are UTC, on the clock of the capture. Unlike Linux: without `--datestop` there is no last
second (the kernel's is the last of 2038-01-19T03:14:07), and the kernel's time zone, which `--kerneltz` asks for, is
that of a machine on which nobody has set it: UTC.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime

from fwsim.netfilter.steps import AnyOf, Match
from fwsim.ruleset.values import Intervals, Numbers, merged

from .extensions import Steps, Use, match
from .values import RefusedError, interval, number_or_none

SECOND = 1_000_000_000
LAST = 86399
"""The last second of a day."""

WEEK = {"mo": 1, "tu": 2, "we": 3, "th": 4, "fr": 5, "sa": 6, "su": 7}
MOST_DAY = 255
NO_END = 0x7FFFFFFF
"""What iptables-save prints as `--datestop 2038-01-19T03:14:07` where none was given."""

CLOCK = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?\Z")
DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:T(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?)?)?)?\Z")
YEARS = range(1970, 2039)


def seconds_of_day(text: str) -> int:
    """`hh:mm[:ss]`."""
    found = CLOCK.match(text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (24, 0, 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise RefusedError(f"`{text}` is no time of day: expected hh:mm[:ss]")
    return (hours * 60 + minutes) * 60 + seconds


def seconds_of_date(text: str) -> int:
    """`YYYY[-MM[-DD[Thh[:mm[:ss]]]]]`."""
    found = DATE.match(text)
    try:
        parts = [int(part) if part is not None else None for part in found.groups()] if found else [0] * 6
        year, month, day, hour, minute, second = parts
        month, day = (1 if part is None else part for part in (month, day))
        date = datetime(year or 0, month, day, hour or 0, minute or 0, second or 0, tzinfo=UTC)
    except ValueError:
        date = None
    if date is None or date.year not in YEARS:
        raise RefusedError(f"`{text}` is no date: expected YYYY[-MM[-DD[Thh[:mm[:ss]]]]], 1970 to 2038")
    return calendar.timegm(date.timetuple())


def weekdays(text: str) -> set[int]:
    """Days from Monday, 1, to Sunday, 7; a greater number is no day."""
    days = set()
    for word in text.split(","):
        number = number_or_none(word, 1, MOST_DAY)
        if number is None:
            beginning = word[:2].lower()
            number = WEEK.get(beginning) if word[:1].isupper() and word[1:].islower() else None
        if number is None:
            raise RefusedError(f"`{word}` is no day of the week: expected Mon to Sun or 1 to 7")
        days.add(number)
    return days


def monthdays(text: str) -> set[int]:
    """Days of the month."""
    days = set()
    for word in text.split(","):
        number = number_or_none(word, 1, 31) if word else None
        if word and number is None:
            raise RefusedError(f"`{word}` is no day of the month")
        days |= set() if number is None else {number}
    return days


def _day_value(days: set[int], shift: int = 0) -> Numbers:
    """Days as the field `day` has them: Sunday is 0."""
    return Numbers(merged(((day + shift) % 7, (day + shift) % 7) for day in days if day <= 7))


def _of_days(use: Use, *, before: bool = False) -> tuple[Match, ...]:
    """The days that are asked for, of the week and of the month; with `before` today's hours belong to yesterday."""
    asked = []
    if "weekdays" in use:
        days = weekdays(use.given["weekdays"].value)
        if use.negated("weekdays"):
            days = set(WEEK.values()) - days
        asked.append(use.match("weekdays", "day", _day_value(days, int(before))))
    if "monthdays" in use:
        intervals = merged((day, day) for day in monthdays(use.given["monthdays"].value))
        field = "monthday_before" if before else "monthday"
        asked.append(use.match("monthdays", field, Numbers(intervals, use.negated("monthdays"))))
    return tuple(asked)


def _dates(use: Use) -> Steps:
    """`--datestart` and `--datestop`."""
    start = seconds_of_date(use.given["datestart"].value) if "datestart" in use else 0
    stop = seconds_of_date(use.given["datestop"].value) if "datestop" in use else NO_END
    if start or stop != NO_END:
        text = " ".join(use.given[name].text for name in ("datestart", "datestop") if name in use)
        stop = stop if stop != NO_END else (1 << 63) // SECOND - 1
        yield Match("time", Numbers(interval(start * SECOND, (stop + 1) * SECOND - 1)), text=text)


def _hours(use: Use) -> tuple[Intervals, bool]:
    """The seconds of the day that count, and whether they reach over midnight."""
    start = seconds_of_day(use.given["timestart"].value) if "timestart" in use else 0
    stop = seconds_of_day(use.given["timestop"].value) if "timestop" in use else LAST
    return ((start, stop),) if start < stop else merged(((0, stop), (start, LAST))), start > stop


@match(
    "time", "datestart text", "datestop text", "timestart text", "timestop text", "contiguous flag",
    "! weekdays text", "! monthdays text", "localtz flag -utc", "utc flag -kerneltz", "kerneltz flag",
)  # fmt: skip
def time(use: Use) -> Steps:
    """xt_time.c."""
    hours, over_midnight = _hours(use)
    contiguous = "contiguous" in use
    if contiguous and not over_midnight:
        raise RefusedError("--contiguous makes sense only where --timestop is before --timestart")
    yield from _dates(use)
    yield from _daily(use, hours, contiguous)


def _daily(use: Use, hours: Intervals, contiguous: bool) -> Steps:
    """Hours and days; with --contiguous, what is after midnight belongs to the day before."""
    names = [name for name in ("timestart", "timestop", "contiguous") if name in use]
    text = " ".join(use.given[name].text for name in names)
    if contiguous and ("weekdays" in use or "monthdays" in use):
        night, evening = ((Match("hour", Numbers((part,)), text=text)) for part in hours)
        yield AnyOf(((night, *_of_days(use, before=True)), (evening, *_of_days(use))), use.whole_text())
        return
    if hours != ((0, LAST),):
        yield Match("hour", Numbers(hours), text=text)
    yield from _of_days(use)
