"""Conntrack's settings of a ruleset as sysctls, since nft has no words for them.

Read first: `fwsim.ruleset.conntrack`; Documentation/networking/nf_conntrack-sysctl.rst.
"""

from __future__ import annotations

from fwsim.errors import Problem, RulesetError
from fwsim.ruleset import Conntrack, Ruleset
from fwsim.ruleset.settings import SECOND

PREFIX = "net.netfilter.nf_conntrack_"


def sysctls(ruleset: Ruleset, *, only_given: bool = False) -> dict[str, str]:
    """Every setting of conntrack, or those that the ruleset gives, by the name of its sysctl.

    Raises RulesetError for a timeout that is no whole number of seconds: a sysctl cannot hold it.
    """
    settings = ruleset.conntrack
    names = [name for name in Conntrack.model_fields if not only_given or name in settings.model_fields_set]
    broken = [name for name in names if _is_duration(name) and getattr(settings, name) % SECOND]
    if broken:
        place = ruleset.location
        what = "conntrack.{}: a sysctl holds whole seconds, expected a timeout without a fraction"
        raise RulesetError([Problem(place.path, place.line, place.column, what.format(name)) for name in broken])
    return {PREFIX + name: _value(name, getattr(settings, name)) for name in names}


def _is_duration(name: str) -> bool:
    """Whether a setting is a time, kept in ns."""
    return "timeout" in name


def _value(name: str, value: int) -> str:
    """A setting as its sysctl shows it."""
    return str(value // SECOND if _is_duration(name) else int(value))
