"""Targets that leave no trace on what later rules see: LOG and its like.

Read first: `extensions`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from fwsim.netfilter.steps import Effectless

from .extensions import FORWARD, OUTPUT, POSTROUTING, Steps, Use, target
from .values import RefusedError, number_or_none

LEVELS = frozenset(["emerg", "panic", "alert", "crit", "error", "warning", "notice", "info", "debug"])
PREFIXES = ("log-prefix", "nflog-prefix", "ulog-prefix")
LONGEST_PREFIX = {"log-prefix": 29, "nflog-prefix": 63, "ulog-prefix": 31}


def _noted(use: Use) -> Effectless:
    """A note, with the prefix that it has."""
    prefix = None
    for name in PREFIXES:
        if name in use:
            prefix = use.given[name].value
            if "\n" in prefix:
                raise RefusedError(f"--{name}: the quote is not closed")
            prefix = prefix[: LONGEST_PREFIX[name]]
    return Effectless(use.whole_text(), prefix)


@target(
    "LOG", "log-level text", "log-prefix text 1..0", "log-tcp-sequence flag", "log-tcp-options flag",
    "log-ip-options flag", "log-uid flag", "log-macdecode flag",
)  # fmt: skip
def log(use: Use) -> Steps:
    """xt_LOG.c."""
    if "log-level" in use:
        level = use.given["log-level"].value
        if level not in LEVELS and number_or_none(level, 0, 7) is None:
            raise RefusedError(f"--log-level: `{level}` is none of 0 to 7 and {' '.join(sorted(LEVELS))}")
    yield _noted(use)


@target("AUDIT", "+ type text")
def audit(use: Use) -> Steps:
    """xt_AUDIT.c."""
    if use.given["type"].value not in ("accept", "drop", "reject"):
        raise RefusedError("--type: expected accept, drop or reject")
    yield _noted(use)


@target("CLASSIFY", "+ set-class text", hooks=(FORWARD, OUTPUT, POSTROUTING))
def classify(use: Use) -> Steps:
    """xt_CLASSIFY.c."""
    if not re.fullmatch(r"[0-9a-fA-F]+:[0-9a-fA-F]+", use.given["set-class"].value):
        raise RefusedError("--set-class: expected MAJOR:MINOR")
    yield _noted(use)


@target(
    "NFLOG", "nflog-group u16", "nflog-prefix text 1..0", "nflog-range u32 -nflog-size", "nflog-size u32",
    "nflog-threshold u16",
)  # fmt: skip
@target(
    "ULOG", "ulog-nlgroup u8 1..32", "ulog-prefix text 1..0", "ulog-cprange u64", "ulog-qthreshold u64 1..50",
    families=(4,),
)  # fmt: skip
@target("TRACE", tables=("raw",))
@target("CHECKSUM", "+ checksum-fill flag", tables=("mangle",))
@target("IDLETIMER", "+ timeout u32", "+ label text", "alarm flag")
@target("RATEEST", "+ rateest-name text", "+ rateest-interval text", "+ rateest-ewmalog text")
@target("LED", "+ led-trigger-id text", "led-delay text", "led-always-blink flag")
@target("SECMARK", "+ selctx text", tables=("mangle", "security"))
@target("CONNSECMARK", "save flag -restore", "restore flag", tables=("mangle", "security"))
def noted(use: Use) -> Steps:
    """Something that no rule can ask for."""
    yield _noted(use)


@target("TEE", "+ gateway host", "oif text")
def copied(use: Use) -> Steps:
    """A copy of the packet goes elsewhere."""
    yield replace(_noted(use), copies=True)
