"""The clock of a comparison: standing still, as if all packets came at once, or hastened, for the kernel's own clock.

Read first: DESIGN section 1, "Time is a field".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

from fwsim.capture import Captures, Chunk
from fwsim.convert.stating import MOST_TOKENS
from fwsim.ruleset import Rule, Ruleset
from fwsim.ruleset.conntrack import Conntrack
from fwsim.ruleset.imported import import_netfilter
from fwsim.ruleset.limits import PACKETS, SECOND, UNITS_OF_TIME
from fwsim.ruleset.located import Document

HOUR = UNITS_OF_TIME["hour"] * SECOND
MOST_SECONDS = ((1 << 31) - 1) // 1000
"""The longest timeout that a sysctl takes, at 1000 jiffies a second (`proc_dointvec_jiffies`)."""
STRETCH = 100
"""How much longer timeouts are made for a clock that stands still, while the kernel's goes on."""
LONG = 3 * HOUR


OWN = "yaml"
"""The format of rulesets of our own (`Netfilter.format`)."""

RATE = re.compile(r"(\d\s*(?:[kmg]?bytes\s*)?/\s*)(?:seconds?|sec|s|minutes?|min|m)\b")
"""A rate in the words of nft and iptables: `10/second`, `5 mbytes/minute`, `3/min`."""


def frozen(captures: Captures) -> Captures:
    """The same captures, every packet at the time of the first one."""
    return cast(Captures, Frozen(captures))


class Frozen:
    """The chunks of captures with the clock stopped; it takes the place of `Captures`."""

    def __init__(self, captures: Captures) -> None:
        """Nothing is read yet."""
        self.captures = captures

    def __iter__(self) -> Iterator[Chunk]:
        """The chunks. The frames keep their own timestamps; `now`, which the firewall goes by, does not move."""
        now: int | None = None
        for chunk in self.captures:
            if now is None and len(chunk):
                now = int(chunk.packets["now"][0])
            chunk.packets["now"] = now
            yield chunk

    def __getattr__(self, name: str) -> Any:
        """All else is the captures'."""
        return getattr(self.captures, name)


def standing_still(ruleset: Ruleset, stretch: int = STRETCH) -> Ruleset:
    """The same ruleset for a clock that does not move, though that of the kernel does while it is asked.

    Limits hold as much as before, but hardly fill again: a token an hour. (A byte limit whose bucket would be more than
    the kernel counts is left as it is.) Timeouts of seconds and minutes become `stretch` times as long. In the text of
    nft and iptables rates are those of an hour.
    """
    longer = _unbounded(ruleset.conntrack.model_copy(update=_longer(ruleset.conntrack, stretch)))
    if ruleset.netfilter.format != OWN:
        return with_text(ruleset.model_copy(update={"conntrack": longer}), lambda text: RATE.sub(r"\1hour", text))
    return rewritten(ruleset.model_copy(update={"conntrack": longer}), _still)


def with_text(ruleset: Ruleset, change: Callable[[str], str]) -> Ruleset:
    """The ruleset that the changed text of nft or iptables is; of several texts it stays as it is."""
    sources = ruleset.netfilter.sources
    if len(sources) != 1:
        return ruleset
    ((path, text),) = sources
    netfilter = import_netfilter(Document(path, change(text)))
    assert netfilter is not None
    result = ruleset.model_copy()
    result.__dict__.pop("netfilter", None)
    result._imported = netfilter
    return result


def rewritten(ruleset: Ruleset, change: Callable[[Rule], Rule]) -> Ruleset:
    """The same ruleset with every rule changed."""
    changes: dict[str, Any] = {
        "chains": {
            name: chain.model_copy(update={"rules": tuple(map(change, chain.rules))})
            for name, chain in ruleset.chains.items()
        }
    }
    if "rules" in ruleset.model_fields_set:
        changes["rules"] = tuple(map(change, ruleset.rules))
    result = ruleset.model_copy(update=changes)
    for name in ("all_chains", "readings", "netfilter"):
        result.__dict__.pop(name, None)  # computed from what has just been replaced
    return result


def _unbounded(conntrack: Conntrack) -> Conntrack:
    """The same without `nf_conntrack_max`, which a network namespace cannot set: its table has the host's room."""
    given = "max" in conntrack.model_fields_set
    result = conntrack.model_copy(update={"max": 0})
    if not given:
        result.model_fields_set.discard("max")
    return result


def _longer(conntrack: Conntrack, stretch: int) -> dict[str, int]:
    """The timeouts that could run out while the kernel is asked, made longer."""
    timeouts = {name: value for name, value in conntrack if "timeout" in name and not name.startswith("frag")}
    return {name: value * stretch for name, value in timeouts.items() if value < LONG}


def _still(rule: Rule) -> Rule:
    """A rule whose limit, if it has one, hardly fills again."""
    limit = rule.limit
    if limit is None:
        return rule
    burst = limit.burst if limit.unit == PACKETS else limit.rate + limit.burst - 1
    if limit.unit != PACKETS and HOUR * (burst + 1) >= MOST_TOKENS:
        return rule
    return rule.model_copy(update={"limit": replace(limit, rate=1, per_ns=HOUR, burst=burst)})


def hastened(ruleset: Ruleset, times: float) -> Ruleset:
    """The same ruleset for captures played so many times as fast: timeouts are shorter and rates higher by as much.

    Timeouts are whole seconds, of which there is at least one. What the kernel has no setting for stays as it is (the
    two seconds after which UDP becomes a stream).
    """

    def sooner(rule: Rule) -> Rule:
        if rule.limit is None:
            return rule
        return rule.model_copy(update={"limit": replace(rule.limit, rate=max(round(rule.limit.rate * times), 1))})

    shorter = {
        name: min(max(round(value / times / SECOND), 1), MOST_SECONDS) * SECOND
        for name, value in ruleset.conntrack
        if "timeout" in name
    }
    conntrack = _unbounded(ruleset.conntrack.model_copy(update=shorter))
    return rewritten(ruleset.model_copy(update={"conntrack": conntrack}), sooner)
