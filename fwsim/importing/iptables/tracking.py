"""Matches on what conntrack knows, and on marks: state, conntrack, mark, connmark, helper, connlimit, connbytes.

Read first: `extensions`. `xt_conntrack.c`: of a packet without a connection (INVALID, UNTRACKED) the option `--ctstate`
alone counts, whatever else is asked, and without it the match is false.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fwsim.netfilter.steps import AnyOf, Connections, Match, Step
from fwsim.ruleset.values import Choice, Masked, Names, Numbers
from fwsim.terms import CtState, CtStatus, Direction

from .extensions import Steps, Use, match
from .options import one_of
from .values import BITS, RefusedError, addresses_value, any_of, interval

LONGEST_HELPER = 29
STATES = {state.name or "": int(state) for state in (
    CtState.INVALID, CtState.NEW, CtState.ESTABLISHED, CtState.RELATED, CtState.UNTRACKED)}  # fmt: skip
WITHOUT_CONNECTION = int(CtState.INVALID | CtState.UNTRACKED)
TRANSLATIONS = {"SNAT": int(CtStatus.SNAT), "DNAT": int(CtStatus.DNAT)}
STATE_WORDS = {**STATES, **{word: 1 << 16 + place for place, word in enumerate(TRANSLATIONS)}}
"""What `--ctstate` takes."""
STATUSES = {
    "NONE": 0, "EXPECTED": int(CtStatus.EXPECTED), "SEEN_REPLY": int(CtStatus.SEEN_REPLY),
    "ASSURED": int(CtStatus.ASSURED), "CONFIRMED": int(CtStatus.CONFIRMED),
}  # fmt: skip


def listed(text: str, words: dict[str, int], what: str) -> int:
    """A list with commas, of words that may be cut short: the bits of the first that begins so."""
    bits = 0
    for part in text.split(","):
        found = [word for word in words if part and word.startswith(part.upper())]
        if not found:
            raise RefusedError(
                f"`{part}` is no {what}: expected some of {' '.join(words)}, with commas and without blanks"
            )
        bits |= words[found[0]]
    return bits


@match("state", "+! state text")
def state(use: Use) -> Steps:
    """xt_conntrack.c, by its old name."""
    bits = listed(use.given["state"].value, STATES, "state")
    yield use.match("state", "ct_state", any_of(bits, use.negated("state")))


# --- conntrack -------------------------------------------------------------------------------------------------------


def _masked_status(use: Use, value: Any) -> Masked:
    """`--ctstatus`."""
    return any_of(listed(value, STATUSES, "ctstatus"), use.negated("ctstatus"))


def _direction(text: str) -> Numbers:
    """`--ctdir`."""
    try:
        direction = int(Direction[text.upper()])
    except KeyError:
        direction = int(Direction.NONE)
    if direction == Direction.NONE:
        raise RefusedError(f"--ctdir: `{text}` is neither ORIGINAL nor REPLY")
    return Numbers(((direction, direction),))


ADDRESSES = {
    "ctorigsrc": "ct_original_src", "ctorigdst": "ct_original_dst", "ctreplsrc": "ct_reply_src",
    "ctrepldst": "ct_reply_dst",
}  # fmt: skip
RANGES = {
    "ctexpire": "ct_expiration", "ctorigsrcport": "ct_original_sport", "ctorigdstport": "ct_original_dport",
    "ctreplsrcport": "ct_reply_sport", "ctrepldstport": "ct_reply_dport",
}  # fmt: skip


def _of_connection(use: Use) -> Iterator[Match]:
    """What is asked of the connection, besides its state."""
    for name, given in use.given.items():
        if name == "ctproto":
            yield use.match(name, "ct_proto", Numbers(((given.value, given.value),), given.negated))
        elif name in ADDRESSES:
            yield use.match(name, ADDRESSES[name], addresses_value(given.value, use.family, given.negated))
        elif name in RANGES:
            yield use.match(name, RANGES[name], Numbers(interval(*given.value), given.negated))
        elif name == "ctstatus":
            yield use.match(name, "ct_status", _masked_status(use, given.value))
        elif name == "ctdir":
            yield use.match(name, "ct_direction", _direction(given.value))


def _state_ways(use: Use) -> list[tuple[Match, ...]]:
    """The ways in which `--ctstate` is true, which exclude each other."""
    asked = listed(use.given["ctstate"].value, STATE_WORDS, "ctstate")
    states = asked & 0xFFFF
    translated = sum(TRANSLATIONS[word] for word in TRANSLATIONS if asked & STATE_WORDS[word])
    inside = use.match("ctstate", "ct_state", any_of(states))
    if not translated and not use.negated("ctstate"):
        return [(inside,)]
    outside = use.match("ctstate", "ct_state", any_of(states, negated=True))
    if use.negated("ctstate"):
        untranslated = use.match("ctstate", "ct_status", any_of(translated, negated=True), absent=True)
        return [(outside, untranslated) if translated else (outside,)]
    by_translation = (outside, use.match("ctstate", "ct_status", any_of(translated)))
    return [(inside,), by_translation] if states else [by_translation[1:]]


@match(
    "conntrack", "! ctstate text", "! ctproto proto", "! ctorigsrc network", "! ctorigdst network",
    "! ctreplsrc network", "! ctrepldst network", "! ctstatus text", "! ctexpire u32:", "! ctorigsrcport ports",
    "! ctorigdstport ports", "! ctreplsrcport ports", "! ctrepldstport ports", "ctdir text",
)  # fmt: skip
def conntrack(use: Use) -> Steps:
    """xt_conntrack.c."""
    one_of("conntrack", use.given, *use.extension.options)
    others = tuple(_of_connection(use))
    if "ctstate" not in use:
        return others
    ways = _state_ways(use)
    if others:
        none = use.match("ctstate", "ct_state", any_of(WITHOUT_CONNECTION))
        some = use.match("ctstate", "ct_state", any_of(WITHOUT_CONNECTION, negated=True))
        ways = [(first, *way) for way in ways for first in (none, some)]
        ways = [way if way[0] is none else (*way, *others) for way in ways]
    return ways[0] if len(ways) == 1 else (AnyOf(tuple(ways), use.whole_text()),)


@match("connmark", "+! mark mark")
def connmark(use: Use) -> Steps:
    """xt_connmark.c."""
    mark, mask = use.given["mark"].value
    yield use.match("mark", "ct_mark", Masked((Choice(mark, mark, mask),), use.negated("mark")))


@match("mark", "+! mark mark")
def packet_mark(use: Use) -> Steps:
    """xt_mark.c."""
    mark, mask = use.given["mark"].value
    yield use.match("mark", "mark", Masked((Choice(mark, mark, mask),), use.negated("mark")))


@match("helper", "+! helper text")
def helper(use: Use) -> Steps:
    """xt_helper.c: the helper of the connection that has announced this one; without a name any."""
    name = use.given["helper"].value[:LONGEST_HELPER]
    names = Names((name, name.partition("-")[0])) if "-" in name else Names((name,))
    value = Names(names.names if name else (), () if name else ("",), use.negated("helper"))
    yield use.match("helper", "ct_helper", value, absent=value.negated)


@match(
    "connlimit", "! connlimit-upto u32 -connlimit-above", "! connlimit-above u32 -connlimit-upto",
    "connlimit-mask plenmask", "connlimit-saddr flag -connlimit-daddr", "connlimit-daddr flag",
)  # fmt: skip
def connlimit(use: Use) -> Steps:
    """xt_connlimit.c."""
    one_of("connlimit", use.given, "connlimit-upto", "connlimit-above")
    name = "connlimit-above" if "connlimit-above" in use else "connlimit-upto"
    over = (name == "connlimit-above") != use.negated(name)
    bits = use.given["connlimit-mask"].value if "connlimit-mask" in use else BITS[use.family]
    side = "dst" if "connlimit-daddr" in use else "src"
    yield Connections(use.given[name].value, over, ((side, bits),), use.whole_text())


MOST_BYTES = (1 << 63) - 1
MOST_LABEL = 127
COUNTERS = {"packets": "ct_packets", "bytes": "ct_bytes"}


@match("connbytes", "+! connbytes u64:", "+ connbytes-dir text", "+ connbytes-mode text")
def connbytes(use: Use) -> Steps:
    """xt_connbytes.c; the counters of one direction alone, and averages, are not simulated."""
    text = use.given["connbytes"].text.split()[-1]
    low, high = use.given["connbytes"].value
    high = high if ":" in text else MOST_BYTES
    direction, mode = use.given["connbytes-dir"].value, use.given["connbytes-mode"].value
    if direction not in ("original", "reply", "both"):
        raise RefusedError(f"--connbytes-dir: `{direction}` is none of original, reply, both")
    if mode not in ("packets", "bytes", "avgpkt"):
        raise RefusedError(f"--connbytes-mode: `{mode}` is none of packets, bytes, avgpkt")
    if low > high:
        raise RefusedError(f"--connbytes: {low} is more than {high}")
    yield from _counted(use, low, min(high, MOST_BYTES), direction, mode)


def _counted(use: Use, low: int, high: int, direction: str, mode: str) -> Iterator[Step]:
    """The count of a whole connection, else what is unknown."""
    if direction != "both" or mode not in COUNTERS:
        yield use.unknown()
    else:
        value = Numbers(((low, high),), use.negated("connbytes"))
        yield Match(COUNTERS[mode], value, text=use.whole_text())


@match("connlabel", "+! label text", "set flag")
def connlabel(use: Use) -> Steps:
    """xt_connlabel.c: labels have names of the machine's own."""
    label = use.given["label"].value
    if label.isascii() and label.isdigit() and int(label[:9]) > MOST_LABEL:
        raise RefusedError(f"--label: at most {MOST_LABEL}")
    yield use.unknown()
