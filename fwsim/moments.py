"""Times as a user writes them: seconds since 1970, or a date.

Read first: nothing. Every time is an int of nanoseconds; no clock is read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

EXPECTED = "2026-03-02T08:00:03 or seconds since 1970"
"""What a message says a time looks like."""

_LATEST = 1 << 62


def nanoseconds_of(text: str) -> int | None:
    """A decimal number of seconds, or an ISO 8601 time (UTC unless it says otherwise), in ns; None if it is neither."""
    found = seconds_of(text)
    return _within(_of_date(text)) if found is None else found


def seconds_of(text: str) -> int | None:
    """A decimal number of seconds in ns; None if it is none."""
    try:
        return _within(int(Decimal(text) * 1_000_000_000))
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _within(time: int | None) -> int | None:
    """A time that a capture may have."""
    return time if time is not None and 0 <= time < _LATEST else None


def _of_date(text: str) -> int | None:
    """A date, with or without a time of day."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
