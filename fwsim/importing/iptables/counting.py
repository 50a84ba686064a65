"""Matches that count: limit, hashlimit, statistic, recent, quota.

Read first: `extensions`. The kernel keeps what remains of a limit in credits; a limit whose bucket would not fit into
32 bits of them is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple

from fwsim.netfilter.steps import HashLimit, Quota, Rate, Recent, Statistic
from fwsim.ruleset.values import Limit

from .extensions import Steps, Use, match
from .options import one_of
from .values import BITS, RefusedError, number, prefix_mask

SECOND = 1_000_000_000
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
SCALE, SCALE_HASH = 10_000, 1_000_000
"""XT_LIMIT_SCALE, XT_HASHLIMIT_SCALE_v2: what a second is divided into, and so the highest rate."""

CREDITS, HASH_CREDITS = 32_000, 250 << 39
"""HZ * CREDITS_PER_JIFFY of xt_limit.c and xt_hashlimit.c: the same for a HZ of 250 and of 1000."""

WORD = 1 << 32
DEFAULT_BURST, MOST_BURST_HASH = 5, 1_000_000


class PerTime(NamedTuple):
    """So many in a time of so many seconds."""

    rate: int
    seconds: int


def per_time(text: str, scale: int) -> PerTime:
    """`5`, `5/s`, `5/minute`: the unit may be cut short; what follows the number does not count."""
    amount, slash, unit = text.partition("/")
    units = [seconds for name, seconds in UNITS.items() if unit and name.startswith(unit.lower())] if slash else [1]
    digits = re.match(r"\s*\+?(\d{1,18})", amount)
    rate = int(digits[1]) if digits else 0
    if not units or rate == 0:
        raise RefusedError(f"`{text}` is no rate: expected such as 5/second, 5/minute, 5/hour or 5/day")
    if rate > scale * units[0]:
        raise RefusedError(f"`{text}` is too fast: at most {scale} in a second")
    return PerTime(rate, units[0])


def _fits(average: int, burst: int, credits_of: Callable[[int], int]) -> bool:
    """Whether a bucket can be counted without wrapping."""
    return burst > 0 and credits_of(average * burst) >= credits_of(average)


def _credits(user: int) -> int:
    """`user2credits` of xt_limit.c, in words of 32 bits."""
    user %= WORD
    if user > (WORD - 1) // CREDITS:
        return user // SCALE * CREDITS % WORD
    return user * CREDITS // SCALE


def _hash_credits(user: int) -> int:
    """`user2credits` of xt_hashlimit.c, in words of 64 bits."""
    return user * (HASH_CREDITS // SCALE_HASH) % (WORD * WORD)


@match("limit", "limit text", "limit-burst u32 0..10000")
def limit(use: Use) -> Steps:
    """xt_limit.c."""
    rate = per_time(use.given["limit"].value, SCALE) if "limit" in use else PerTime(3, 3600)
    burst = use.given["limit-burst"].value if "limit-burst" in use else DEFAULT_BURST
    if not _fits(SCALE * rate.seconds // rate.rate, burst, _credits):
        raise RefusedError(
            f"limit: the kernel cannot count a burst of {burst} at this rate: take a smaller burst, not 0"
        )
    yield Rate(Limit(rate.rate, rate.seconds * SECOND, burst), kernel="xt", text=use.whole_text())


# --- hashlimit -------------------------------------------------------------------------------------------------------

MODES = {"srcip": "src", "dstip": "dst", "srcport": "sport", "dstport": "dport"}
BYTE_UNITS = {"b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
BYTE_EXPIRE, BYTE_EXPIRE_BURST = 15, 60
PORT_BITS = 16
BYTES = re.compile(r"(\d{1,18})(b|kb|mb|gb)/s(?:ec(?:ond)?)?\Z")
BYTE_BURST = re.compile(r"(\d{1,18})(b|kb|mb|gb)?\Z")


def _byte_rate(text: str) -> int | None:
    """`512kb/s`, if it is a rate of bytes."""
    found = BYTES.match(text)
    if found is None:
        return None
    rate = int(found[1]) * BYTE_UNITS[found[2]]
    if not 0 < rate < WORD:
        raise RefusedError(f"`{text}` is no rate of bytes: at most {WORD - 1}b/s")
    return rate


def _byte_burst(use: Use, rate: int) -> int:
    """The burst of a rate of bytes: a multiple of the rate, rounded up; 0 if there is none."""
    if "hashlimit-burst" not in use:
        return 0
    text = use.given["hashlimit-burst"].value
    found = BYTE_BURST.match(text)
    burst = int(found[1]) * BYTE_UNITS[found[2] or "b"] if found else 0
    if burst < rate:
        raise RefusedError(f"--hashlimit-burst: `{text}` is less than the rate, {rate}b")
    return -(-burst // rate) * rate


def _hash_limit(use: Use, name: str, over: bool) -> tuple[Limit, int]:
    """The bucket, and the seconds after which the kernel forgets one by default."""
    rate = _byte_rate(use.given[name].value)
    if rate is not None:
        burst = _byte_burst(use, rate)
        return Limit(rate, SECOND, burst, over, "bytes"), (
            BYTE_EXPIRE_BURST if "hashlimit-burst" in use else BYTE_EXPIRE)  # fmt: skip
    packets = per_time(use.given[name].value, SCALE_HASH)
    burst = DEFAULT_BURST
    if "hashlimit-burst" in use:
        burst = number(use.given["hashlimit-burst"].value, 1, MOST_BURST_HASH, "burst")
    if not _fits(SCALE_HASH * packets.seconds // packets.rate, burst, _hash_credits):
        raise RefusedError(f"hashlimit: the kernel cannot count a burst of {burst} at this rate: take a smaller burst")
    return Limit(packets.rate, packets.seconds * SECOND, burst, over), packets.seconds


def _hash_key(use: Use) -> tuple[tuple[str, int], ...]:
    """What has a bucket each."""
    text = use.given["hashlimit-mode"].value if "hashlimit-mode" in use else ""
    for word in text.split(",") if text else ():
        if word not in MODES:
            raise RefusedError(f"--hashlimit-mode: `{word}` is none of {' '.join(MODES)}")
    masks = {"src": "hashlimit-srcmask", "dst": "hashlimit-dstmask"}
    fields = [MODES[word] for word in MODES if word in text.split(",")]
    bits = {field: use.given[mask].value if mask in use else BITS[use.family] for field, mask in masks.items()}
    return tuple((field, bits.get(field, PORT_BITS)) for field in fields)


@match(
    "hashlimit", "! hashlimit-upto|hashlimit text -hashlimit-above", "! hashlimit-above text",
    "hashlimit-srcmask plen", "hashlimit-dstmask plen", "hashlimit-burst text", "hashlimit-htable-size u32",
    "hashlimit-htable-max u32", "hashlimit-htable-gcinterval u32", "hashlimit-htable-expire u32",
    "hashlimit-mode text", "+ hashlimit-name text 1..0", "hashlimit-rate-match flag", "hashlimit-rate-interval text",
)  # fmt: skip
def hashlimit(use: Use) -> Steps:
    """xt_hashlimit.c."""
    one_of("hashlimit", use.given, "hashlimit-upto", "hashlimit-above")
    name = "hashlimit-above" if "hashlimit-above" in use else "hashlimit-upto"
    over = (name == "hashlimit-above") != use.negated(name)
    bucket, seconds = _hash_limit(use, name, over)
    table = use.given["hashlimit-name"].value
    if "/" in table:
        raise RefusedError(f"--hashlimit-name: `{table}` has a slash")
    if "hashlimit-rate-match" in use:
        yield use.unknown()
        return
    expire = use.given.get("hashlimit-htable-expire")
    expire_ns = expire.value * 1_000_000 if expire else seconds * SECOND
    most = use.given["hashlimit-htable-max"].value if "hashlimit-htable-max" in use else 0
    yield HashLimit(table, bucket, _hash_key(use), expire_ns, most, use.whole_text())


# --- statistic, quota ------------------------------------------------------------------------------------------------

PROBABILITY = 1 << 31


@match(
    "statistic", "+ mode text", "! probability text -every -packet", "! every u32 1..0 -probability &packet",
    "packet u32 -probability &every",
)  # fmt: skip
def statistic(use: Use) -> Steps:
    """xt_statistic.c."""
    mode = use.given["mode"].value
    needs = {"random": "probability", "nth": "every"}
    if mode not in needs:
        raise RefusedError(f"--mode: `{mode}` is neither random nor nth")
    one_of(f"statistic --mode {mode}", use.given, needs[mode])
    if mode == "nth":
        every, packet = use.given["every"].value, use.given["packet"].value
        if packet >= every:
            raise RefusedError(f"--packet must be less than --every {every}")
        yield Statistic(every, packet, None, use.negated("every"), use.whole_text())
    else:
        share = probability(use.given["probability"].value)
        yield Statistic(None, 0, share, use.negated("probability"), use.whole_text())


def probability(text: str) -> int:
    """A share from 0 to 1, in 2**-31."""
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1 or "_" in text:
        raise RefusedError(f"--probability: `{text}` is no number from 0 to 1")
    return math.floor(share * PROBABILITY + 0.5)


@match("quota", "+! quota u64")
def quota(use: Use) -> Steps:
    """xt_quota.c."""
    given = use.given["quota"]
    yield Quota(given.value, over=given.negated, text=use.whole_text(), kernel="xt")


# --- recent ----------------------------------------------------------------------------------------------------------

ACTIONS = ("set", "rcheck", "update", "remove")
MOST_HITS = 65535
LONGEST_NAME = 199


def _contiguous(mask: int, bits: int) -> int | None:
    """The prefix length of a mask, if it is one."""
    length = mask.bit_count()
    return length if mask == prefix_mask(length, bits) else None


@match(
    "recent", "! set flag -rcheck -update -remove", "! rcheck flag -update -remove", "! update flag -remove",
    "! remove flag", "seconds u32 1..0", "reap flag &seconds", "hitcount u32", "rttl flag -set -remove", "name text",
    "rsource flag", "rdest flag", "mask host",
)  # fmt: skip
def recent(use: Use) -> Steps:
    """xt_recent.c."""
    one_of("recent", use.given, *ACTIONS)
    (action,) = (name for name in ACTIONS if name in use)
    _check_recent(use, action)
    bits = BITS[use.family]
    mask = _contiguous(use.given["mask"].value, bits) if "mask" in use else bits
    if mask is None:
        yield use.unknown()
        return
    numbers = {name: use.given[name].value if name in use else 0 for name in ("seconds", "hitcount")}
    name = use.given["name"].value[:LONGEST_NAME] if "name" in use else "DEFAULT"
    side = "dst" if "rdest" in use else "src"
    yield Recent(
        name, action, side, mask, numbers["seconds"], numbers["hitcount"], "reap" in use, "rttl" in use,
        use.negated(action), use.whole_text(),
    )  # fmt: skip


def _check_recent(use: Use, action: str) -> None:
    """What the kernel refuses."""
    hits = use.given["hitcount"].value if "hitcount" in use else 0
    if hits > MOST_HITS:
        raise RefusedError(f"--hitcount: {hits} is more than {MOST_HITS}")
    if action in ("set", "remove") and ("seconds" in use or hits):
        raise RefusedError(f"recent: --{action} does not go with --seconds and --hitcount")
    if "name" in use and (not use.given["name"].value or "/" in use.given["name"].value):
        raise RefusedError("--name: expected a name without a slash")
