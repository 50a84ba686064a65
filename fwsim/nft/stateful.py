"""Statements that count: counter, last, limit, quota, ct count, as rules, sets, elements and objects have them.

Read first: `tokens`, `rule_tree`. What is used by name (`limit name x`) is in `statements`.
"""

from __future__ import annotations

from collections.abc import Callable

from .durations import UNITS, data_unit, duration
from .rule_tree import ConnectionLimit, Counter, Last, Limit, Quota, Statement
from .tokens import Reader

TIME_UNITS = frozenset(["second", "minute", "hour", "day", "week"])


def counter(reader: Reader) -> Counter:
    """`counter`, `counter packets 1 bytes 2`."""
    start = reader.start
    reader.expect("counter")
    found: dict[str, int] = {}
    while reader.text in ("packets", "bytes"):
        key = reader.text
        reader.advance()
        found[key] = reader.number(f"a number of {key}")
    return Counter(reader.source, start, reader.last, found.get("packets"), found.get("bytes"))


def counter_of_element(reader: Reader) -> Counter:
    """`counter` or `counter packets 1 bytes 2`, both or none."""
    start = reader.start
    reader.expect("counter")
    if reader.text != "packets":
        return Counter(reader.source, start, reader.last)
    packets, size = packets_and_bytes(reader)
    return Counter(reader.source, start, reader.last, packets, size)


def packets_and_bytes(reader: Reader) -> tuple[int, int]:
    """`packets 1 bytes 2`."""
    reader.expect("packets")
    packets = reader.number("a number of packets")
    reader.expect("bytes")
    return packets, reader.number("a number of bytes")


def last(reader: Reader) -> Last:
    """`last`, `last used never`, `last used 5s` (nft 1.0.7 and later)."""
    start = reader.start
    reader.expect("last")
    used = None
    if reader.take("used"):
        used = "never" if reader.take("never") else duration(reader).name
    return Last(reader.source, start, reader.last, used)


def limit(reader: Reader) -> Limit:
    """`limit rate ...`."""
    start = reader.start
    reader.expect("limit")
    return limit_rate(reader, start)


def limit_rate(reader: Reader, start: int) -> Limit:
    """`rate over 10/second burst 5 packets`, `rate 1 mbytes/second burst 2 kbytes`."""
    reader.expect("rate")
    over = reader.take("over")
    rate = reader.number("a rate")
    if reader.take("/"):
        per, unit = reader.one_of(TIME_UNITS, "second, minute, hour, day or week"), "packets"
    else:
        size, per = _rate_in_bytes(reader)
        rate, unit = rate * size, "bytes"
    burst = _burst(reader, unit) if reader.take("burst") else None
    return Limit(reader.source, start, reader.last, over, rate, unit, per, burst)


def _rate_in_bytes(reader: Reader) -> tuple[int, str]:
    """Bytes of the unit, and the time, of `mbytes/second`, which is one word; or of `mbytes / second`."""
    unit, slash, per = reader.text.partition("/")
    if not slash:
        size = data_unit(reader)
        reader.expect("/")
        return size, reader.one_of(TIME_UNITS, "second, minute, hour, day or week")
    if unit not in UNITS or per not in TIME_UNITS:
        reader.fail("'/' and a time, or a unit such as kbytes/second")
    reader.advance()
    return UNITS[unit], per


def _burst(reader: Reader, unit: str) -> int:
    """Behind `burst`."""
    start = reader.start
    burst = reader.number("a number of packets or bytes")
    if unit == "bytes":
        return burst * data_unit(reader)
    reader.expect("packets")
    if not burst:
        reader.refuse(start, "a burst of 0 packets lets nothing through, expected at least 1")
    return burst


def quota(reader: Reader) -> Quota:
    """`quota over 25 mbytes used 2 kbytes`."""
    start = reader.start
    reader.expect("quota")
    return quota_amount(reader, start)


def quota_amount(reader: Reader, start: int) -> Quota:
    """What follows `quota`."""
    over = reader.take("over")
    if not over:
        reader.take("until")
    count = reader.number("an amount of data")
    amount = count * data_unit(reader)
    used = 0
    if reader.take("used"):
        count = reader.number("an amount of data")
        used = count * data_unit(reader)
    return Quota(reader.source, start, reader.last, over, amount, used)


def connection_limit(reader: Reader) -> ConnectionLimit:
    """`ct count over 10`."""
    start = reader.start
    reader.expect("ct")
    reader.expect("count")
    over = reader.take("over")
    count = reader.number("a number of connections")
    return ConnectionLimit(reader.source, start, reader.last, over, count)


OF_ELEMENTS: dict[str, Callable[[Reader], Statement]] = {
    "counter": counter_of_element, "limit": limit, "quota": quota, "ct": connection_limit, "last": last,
}  # fmt: skip
"""Statements that an element may carry, by their first word."""
