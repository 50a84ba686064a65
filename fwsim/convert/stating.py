"""The statements of a rule as nft writes them: limit, counter, log, marks, notrack, helper, verdict.

Read first: `fwsim.ruleset.values` (Limit, Log, SetMark). They stand behind the matches in the order in which
`fwsim.lower` runs them.
"""

from __future__ import annotations

from collections.abc import Mapping

from fwsim.ruleset import Rule
from fwsim.ruleset.limits import BYTES, LONGEST_PREFIX, SECOND, UNITS_OF_TIME
from fwsim.ruleset.values import MARK_MASK, Action, Limit, Log, SetMark
from fwsim.terms import RejectWith

from .matching import NotInNft

FINAL = ("accept", "drop", "reject")
"""Verdicts that decide about a packet, at least in its base chain."""

HELPED = {"ftp": "tcp"}
"""The protocol of the connections that each helper reads."""

GIVES_HELPER = "ct helper"
"""How the statement begins that gives a helper."""

MOST_TOKENS = 1 << 64
"""A bucket of as many ns is refused by the kernel (nft_limit_init)."""


def limit_text(limit: Limit) -> str:
    """A token bucket, without the word `limit`."""
    units = {seconds * SECOND: name for name, seconds in UNITS_OF_TIME.items()}
    unit = units.get(limit.per_ns)
    if unit is None:
        raise NotInNft(f"'limit': a rate is in packets or bytes a {', '.join(UNITS_OF_TIME)}")
    over = "over " if limit.over else ""
    if limit.unit == BYTES:
        if limit.per_ns * (limit.rate + limit.burst) >= MOST_TOKENS:
            raise NotInNft("'limit': the bucket is larger than the kernel allows")
        burst = f" burst {limit.burst} bytes" if limit.burst else ""
        return f"rate {over}{limit.rate} bytes/{unit}{burst}"
    if not limit.burst:
        raise NotInNft("'limit': a burst of 0 packets is taken for the default of 5 by the kernel")
    return f"rate {over}{limit.rate}/{unit} burst {limit.burst} packets"


def log_text(log: Log) -> str:
    """A log statement. Its prefix is taken as it stands, so that no `"` and no `$` can be in it."""
    if not log.prefix:
        return "log"
    wrong = [letter for letter in '"$' if letter in log.prefix]
    if wrong:
        raise NotInNft(f"'log': a prefix cannot hold {' or '.join(wrong)}")
    if len(log.prefix.encode()) > LONGEST_PREFIX:
        raise NotInNft(f"'log': a prefix holds at most {LONGEST_PREFIX} bytes")
    return f'log prefix "{log.prefix}"'


def set_mark_text(field: str, change: SetMark) -> str:
    """`(old & ~mask) | value`."""
    if change.mask == MARK_MASK:
        return f"{field} set {change.value:#x}"
    return f"{field} set {field} & {MARK_MASK & ~change.mask:#x} | {change.value:#x}"


def reject_text(kind: RejectWith | None) -> str:
    """A reject with what it answers; port unreachable if the rule does not say."""
    flavour, _, rest = (kind or RejectWith.ICMPX_PORT_UNREACHABLE).name.lower().partition("_")
    return f"reject with {flavour} {rest.replace('_', '-')}"


def verdict_text(rule: Rule, action: Action, chains: Mapping[str, str]) -> str:
    """The verdict of a rule; nothing for one that continues."""
    if action.kind == "continue":
        return ""
    if action.kind == "reject":
        return reject_text(rule.reject_with)
    return action.kind if action.target is None else f"{action.kind} {chains[action.target]}"


def changes(rule: Rule, *, connection: bool) -> list[str]:
    """What a rule sets. Without a `connection` a mark of it under a mask is left out: reading it would end the rule."""
    result = []
    if rule.set_mark is not None:
        result.append(set_mark_text("meta mark", rule.set_mark))
    if rule.set_ct_mark is not None and (connection or rule.set_ct_mark.mask == MARK_MASK):
        result.append(set_mark_text("ct mark", rule.set_ct_mark))
    if rule.notrack:
        result.append("notrack")
    if rule.helper is not None:
        result.append(f'{GIVES_HELPER} set "{rule.helper}"')
    return result


def helper_object(name: str) -> list[str]:
    """The object of the table that stands for a helper, for both families."""
    return [f"\tct helper {name} {{", f'\t\ttype "{name}" protocol {HELPED[name]}', "\t}"]
