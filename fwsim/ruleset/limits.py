"""`limit` and `log`, which can be written short or as a mapping.

```
limit: 10/second                                      10 packets a second, up to 5 at once (nft's default burst)
limit: {rate: 64 kbytes/minute, burst: 8 kbytes}      bytes instead of packets; k is 1024, as in nft
limit: {rate: 10/second, burst: 20, over: true}       matches what exceeds the rate
log: true        log: "refused: "        log: {prefix: "refused: "}
```
Read first: `values`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .mistakes import KEY, Mistakes, Path, mistake, seen, unknown
from .values import Limit, Log

SECOND = 1_000_000_000
UNITS_OF_TIME = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
UNITS_OF_DATA = {"bytes": 1, "kbytes": 1024, "mbytes": 1024 * 1024}
RATE = re.compile(r"(\d{1,12})\s*([a-z]+)?\s*/\s*([a-z]+)", re.ASCII)
BURST = re.compile(r"(\d{1,12})\s*([a-z]+)?", re.ASCII)
WANTED_RATE = "a rate such as '10/second' or '64 kbytes/minute'"
WANTED_BURST = "a burst such as 20 or '8 kbytes'"
PACKETS = "packets"
BYTES = "bytes"
DEFAULT_BURST = {PACKETS: 5, BYTES: 0}
"""The kernel's: NFT_LIMIT_PKT_BURST_DEFAULT; a byte limit has no burst beyond its rate."""
LARGEST = 0xFFFFFFFF
"""Rates and bursts are bounded so that tokens, kept in nanoseconds, fit into 63 bits."""
LIMIT_KEYS = ("rate", "burst", "over")
LONGEST_PREFIX = 127
"""NF_LOG_PREFIXLEN - 1."""


def parse_limit(raw: object) -> Limit:
    """A limit in either form."""
    if isinstance(raw, Limit):
        return raw
    if isinstance(raw, str):
        rate, unit, per_ns = _rate(raw)
        return Limit(rate, per_ns, DEFAULT_BURST[unit], False, unit, raw)
    if not isinstance(raw, Mapping):
        raise mistake(f"expected {WANTED_RATE}, or a mapping of rate, burst and over, found {seen(raw)}")
    if "rate" not in raw:
        raise Mistakes(*_unknown_keys(raw, LIMIT_KEYS), ((), f"a limit needs its 'rate': {WANTED_RATE}"))
    return _limit(raw)


def _limit(raw: Mapping[str, object]) -> Limit:
    """The mapping form; all mistakes in it are told at once."""
    found = _unknown_keys(raw, LIMIT_KEYS)
    unit = PACKETS
    rate, per_ns, burst = 1, SECOND, 0
    try:
        rate, unit, per_ns = _rate(raw["rate"])
    except Mistakes as error:
        found += [(("rate",), message) for _, message in error.found]
    try:
        burst = _burst(raw["burst"], unit) if "burst" in raw else DEFAULT_BURST[unit]
    except Mistakes as error:
        found += [(("burst",), message) for _, message in error.found]
    over = raw.get("over", False)
    if not isinstance(over, bool):
        found.append((("over",), f"expected true or false, found {seen(over)}"))
    if found:
        raise Mistakes(*found)
    return Limit(rate, per_ns, burst, over is True, unit, {str(key): value for key, value in raw.items()})  # type: ignore[misc]


def _unknown_keys(raw: Mapping[str, object], known: tuple[str, ...]) -> list[tuple[Path, str]]:
    """A message for every key that is none of the known ones."""
    return [((key, KEY), unknown("key", str(key), known)) for key in raw if key not in known]


def _rate(raw: object) -> tuple[int, str, int]:
    """Rate, unit (packets or bytes) and period in ns."""
    found = RATE.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None:
        raise mistake(f"expected {WANTED_RATE}, found {seen(raw)}")
    period = UNITS_OF_TIME.get(found[3])
    if period is None:
        raise mistake(unknown("unit of time", found[3], UNITS_OF_TIME))
    rate, unit = _amount(int(found[1]), found[2])
    if rate == 0:
        raise mistake("expected a rate of at least 1, found 0")
    return rate, unit, period * SECOND


def _burst(raw: object, unit: str) -> int:
    """The burst, in the unit of the rate."""
    text = str(raw) if type(raw) is int else raw
    found = BURST.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise mistake(f"expected {WANTED_BURST}, found {seen(raw)}")
    burst, own = _amount(int(found[1]), found[2])
    if found[2] is not None and own != unit:
        raise mistake(f"the burst is in {own} but the rate in {unit}, expected the same unit")
    return burst


def _amount(number: int, unit: str | None) -> tuple[int, str]:
    """A number of packets or bytes, and which of them."""
    if unit in (None, PACKETS):
        amount, kind = number, PACKETS
    elif unit in UNITS_OF_DATA:
        amount, kind = number * UNITS_OF_DATA[unit], BYTES
    else:
        raise mistake(unknown("unit", str(unit), (PACKETS, *UNITS_OF_DATA)))
    if amount > LARGEST:
        raise mistake(f"expected at most {LARGEST} {kind}, found {amount}")
    return amount, kind


def parse_log(raw: object) -> Log | None:
    """Whether to log and with which prefix; `false` is as if nothing was written."""
    if raw is None or isinstance(raw, Log):
        return raw
    if isinstance(raw, bool):
        return Log("", raw) if raw else None
    if isinstance(raw, Mapping):
        found = _unknown_keys(raw, ("prefix",))
        if found:
            raise Mistakes(*found)
        return _prefixed(raw.get("prefix", ""), ("prefix",))
    return _prefixed(raw, ())


def _prefixed(raw: object, path: Path) -> Log:
    """A log with a prefix."""
    if not isinstance(raw, str) or len(raw) > LONGEST_PREFIX or not raw.isprintable():
        raise mistake(
            f"expected true or a printable prefix of at most {LONGEST_PREFIX} letters, found {seen(raw)}", *path
        )
    return Log(raw, raw)
