"""Targets that change marks and tracking: MARK, CONNMARK, CT, NOTRACK, HMARK.

Read first: `extensions`, Assign in `fwsim.netfilter.steps`.
"""

from __future__ import annotations

from typing import NamedTuple

from fwsim.netfilter.steps import Alter, Assign, Effectless, NoTrack, SetHelper, Step, Term

from .extensions import TCP, UDP, Steps, Use, target
from .options import one_of
from .values import RefusedError, number

ALL = 0xFFFFFFFF


class Change(NamedTuple):
    """`new = (old & ~mask) ^ value`: xt_MARK.c and xt_CONNMARK.c know no other."""

    value: int
    mask: int


def _change(name: str, value: int, mask: int) -> Change:
    """What an option asks for."""
    if name == "set-mark":
        return Change(value, value | mask)
    if name == "set-xmark":
        return Change(value, mask)
    return {"and-mark": Change(0, ~value & ALL), "or-mark": Change(value, value), "xor-mark": Change(value, 0)}[name]


CHANGES = ("set-xmark", "set-mark", "and-mark", "or-mark", "xor-mark")


def _asked(use: Use) -> Change | None:
    """The change that one of the options asks for."""
    for name in CHANGES:
        if name in use:
            value = use.given[name].value
            return _change(name, *(value if isinstance(value, tuple) else (value, ALL)))
    return None


def _others(name: str, names: tuple[str, ...]) -> str:
    """The options that one does not go with."""
    return "".join(f" -{other}" for other in names if other != name)


MARK_OPTIONS = tuple(
    f"{name} {'mark' if name.startswith('set') else 'u32'}{_others(name, CHANGES)}" for name in CHANGES
)


@target("MARK", *MARK_OPTIONS)
def mark(use: Use) -> Steps:
    """xt_MARK.c."""
    one_of("MARK", use.given, *CHANGES)
    change = _asked(use)
    assert change is not None
    kept = ~change.mask & ALL
    yield Assign("mark", change.value, (Term("mark", kept),) if kept else (), use.whole_text(), lenient=True)


MOVES = ("save-mark", "restore-mark")
CONNMARK_CHANGES = (*CHANGES, *MOVES)


@target(
    "CONNMARK",
    *(option + "".join(f" -{other}" for other in MOVES) for option in MARK_OPTIONS),
    "save-mark flag -restore-mark", "restore-mark flag", "left-shift-mark u8 0..32", "right-shift-mark u8 0..32",
    "ctmask u32 -mask", "nfmask u32 -mask", "mask u32",
)  # fmt: skip
def connmark(use: Use) -> Steps:
    """xt_CONNMARK.c."""
    one_of("CONNMARK", use.given, *CONNMARK_CHANGES)
    shift = 0
    for name, sign in (("left-shift-mark", 1), ("right-shift-mark", -1)):
        shift = sign * use.given[name].value if name in use else shift
    change = _asked(use)
    text = use.whole_text()
    if change is not None:
        mask = use.given["mask"].value if "mask" in use else change.mask
        kept = ~mask & ALL
        old = (Term("ct_mark", _shifted(kept, shift), shift),) if kept else ()
        yield Assign("ct_mark", _shifted(change.value, shift), old, text, lenient=True)
        return
    both = use.given["mask"].value if "mask" in use else ALL
    ctmask, nfmask = (use.given[name].value if name in use else both for name in ("ctmask", "nfmask"))
    if "save-mark" in use:
        yield _moved("ct_mark", ctmask, "mark", nfmask, shift, text)
    else:
        yield _moved("mark", nfmask, "ct_mark", ctmask, shift, text)


def _shifted(value: int, shift: int) -> int:
    """A value after a shift, to the left if it is positive."""
    return (value << shift if shift >= 0 else value >> -shift) & ALL


def _moved(target: str, cleared: int, source: str, taken: int, shift: int, text: str) -> Step:
    """`target = (target & ~cleared) ^ shifted(source & taken)`."""
    kept = ~cleared & ALL
    old = (Term(target, kept),) if kept else ()
    return Assign(target, 0, (*old, Term(source, _shifted(taken, shift), shift)), text, lenient=True)


EVENTS = frozenset(
    [
        "new",
        "related",
        "destroy",
        "reply",
        "assured",
        "protoinfo",
        "helper",
        "mark",
        "natseqinfo",
        "secmark",
        "label",
        "synproxy",
    ]
)


def _check_events(use: Use) -> None:
    """Events by name."""
    for name in ("ctevents", "expevents"):
        for word in use.given[name].value.split(",") if name in use else ():
            if word not in EVENTS:
                raise RefusedError(f"--{name}: `{word}` is none of {' '.join(sorted(EVENTS))}")


HELPERS: dict[str, tuple[int, ...]] = {
    "ftp": (TCP,), "tftp": (UDP,), "sip": (TCP, UDP), "irc": (TCP,), "RAS": (UDP,), "Q.931": (TCP,), "amanda": (UDP,),
    "netbios-ns": (UDP,), "snmp": (UDP,), "pptp": (TCP,), "sane": (TCP,),
}  # fmt: skip
"""The protocols of the kernel's own helpers."""


def _check_helper(name: str, protocol: int) -> None:
    """A helper of the kernel's is for its protocols; others may come from user space."""
    if protocol not in HELPERS.get(name, (protocol,)):
        raise RefusedError(f"--helper: `{name}` is not for this protocol")


@target(
    "CT", "notrack flag", "helper text", "timeout text", "ctevents text", "expevents text", "zone-orig text",
    "zone-reply text", "zone text", tables=("raw",),
)  # fmt: skip
def ct(use: Use) -> Steps:
    """xt_CT.c; which connection a packet has in another zone than 0, or for how long, cannot be told."""
    _check_events(use)
    text = use.whole_text()
    for name in ("zone", "zone-orig", "zone-reply"):
        if name in use and use.given[name].value != "mark":
            number(use.given[name].value, 0, 0xFFFF, "zone")
    if "notrack" in use:
        yield NoTrack(text)
        return
    if "helper" in use:
        if not use.protocol or use.protocol_negated:
            raise RefusedError("--helper needs a protocol: `-p tcp` or `-p udp`")
        _check_helper(use.given["helper"].value, use.protocol)
        yield SetHelper(use.given["helper"].value, text)
    zones = [use.given[name] for name in ("zone", "zone-orig", "zone-reply") if name in use]
    if "timeout" in use or any(given.value == "mark" or number(given.value, 0, 0xFFFF, "zone") for given in zones):
        yield Alter(("ct_state",), None, text)
    elif zones or not use.given.keys() - {"ctevents", "expevents"}:
        yield Effectless(text)


@target("NOTRACK", tables=("raw",))
def notrack(use: Use) -> Steps:
    """`CT --notrack` by its old name."""
    yield NoTrack(use.text)


@target(
    "HMARK", "hmark-tuple text", "hmark-src-prefix plenmask", "hmark-dst-prefix plenmask", "hmark-sport-mask u16",
    "hmark-dport-mask u16", "hmark-spi-mask u32", "hmark-sport u16", "hmark-dport u16", "hmark-spi u32",
    "hmark-proto-mask u16", "hmark-rnd u32", "+ hmark-mod u32 1..0", "hmark-offset u32",
)  # fmt: skip
def hmark(use: Use) -> Steps:
    """xt_HMARK.c: a hash."""
    one_of("HMARK", use.given, "hmark-rnd")
    yield Alter(("mark",), None, use.whole_text())
