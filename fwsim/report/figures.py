"""Figures as people read them: counts, durations, moments, bytes, percentages.

Read first: nothing. Times are in nanoseconds; moments are printed in UTC, whatever the time zone of the machine.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def count(number: int) -> str:
    """A count with thousands separated."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """A count and its noun, in the plural unless it is one."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def duration(nanoseconds: int) -> str:
    """A duration in its two largest units: `2 h 14 min`, `1.250 s`, `85 ms`."""
    if 0 < nanoseconds < 1_000_000:
        return "under 1 ms"
    if nanoseconds < 1_000_000_000:
        return f"{nanoseconds / 1_000_000:.3g} ms"
    seconds = nanoseconds // 1_000_000_000
    if seconds < 60:
        return f"{nanoseconds / 1_000_000_000:.3g} s"
    parts: list[str] = []
    for unit, size in _UNITS:
        if seconds >= size or parts:
            parts.append(f"{seconds // size} {unit}")
            seconds %= size
    return " ".join(part for part in parts[:2] if not part.startswith("0 "))


def moment(nanoseconds: int) -> str:
    """A time since the epoch as a date and a time of day, to the second."""
    return (EPOCH + timedelta(seconds=nanoseconds // 1_000_000_000)).strftime("%Y-%m-%d %H:%M:%S UTC")


def time_of_day(nanoseconds: int) -> str:
    """A time since the epoch as tcpdump prints it, to the microsecond, in UTC."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest // 1000:06d}"


def size(octets: int) -> str:
    """A number of bytes in the unit that fits, powers of ten."""
    number = float(octets)
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            break
        number /= 1000
    return f"{number:.3g} {unit}" if unit != "bytes" else f"{octets} bytes"


def share(part: int, whole: int) -> str:
    """A part in percent of the whole."""
    return f"{100 * part / whole:.3g} %" if whole else "0 %"


def roughly(number: int) -> int:
    """An estimate as it is told: two digits of it."""
    return round(number, 2 - len(str(number)))
