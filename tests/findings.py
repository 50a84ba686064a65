"""Findings on rulesets written in a test."""

from __future__ import annotations

from io import StringIO
from typing import Any

from fwsim.checking import Finding, Kind
from fwsim.checking.findings import findings_of
from fwsim.checking.ground import Ground
from fwsim.checking.unreachable import Reaching
from fwsim.lower import Lowered, lower
from fwsim.report.checks import Checked
from fwsim.ruleset import Ruleset, load_ruleset

Json = dict[str, Any]
INTERFACES = ("lan", "wan")


def ruleset_of(rules: list[Json], policy: str = "drop", **chains: Json) -> Ruleset:
    """A ruleset with these rules at the forward hook."""
    forward = {"hook": "forward", "policy": policy, "rules": rules}
    return Ruleset.model_validate({"interfaces": {"lan": {}, "wan": {}}, "chains": {"forward": forward, **chains}})


def lowered_of(rules: list[Json], policy: str = "drop", **chains: Json) -> Lowered:
    """The same for the engine."""
    return lower(ruleset_of(rules, policy, **chains), interfaces=INTERFACES)


def reaching_of(rules: list[Json], policy: str = "drop", **chains: Json) -> Reaching:
    """The rules looked at: which are reached is known."""
    reaching = Reaching(Ground(lowered_of(rules, policy, **chains)))
    list(reaching.unreachable())
    return reaching


def told(rules: list[Json], *kinds: Kind, policy: str = "drop", **chains: Json) -> list[Finding]:
    """The findings of some kinds."""
    return findings_of(ruleset_of(rules, policy, **chains), "rules", only=kinds or frozenset(Kind))


def told_of_text(text: str, *kinds: Kind) -> list[Finding]:
    """The findings on nft text or the like."""
    return findings_of(load_ruleset(StringIO(text)), "rules.nft", only=kinds or frozenset(Kind))


def tcp(ports: str, verdict: str = "accept", **more: Any) -> Json:
    """A rule for TCP."""
    return {"proto": "tcp", "dport": ports, "verdict": verdict, **more}


def checked(rules: list[Json], *kinds: Kind) -> Checked:
    """A ruleset as it is told."""
    return Checked("rules", "yaml", len(rules), 1, told(rules, *kinds))


def checked_text(text: str, *kinds: Kind) -> Checked:
    """The same of nft text."""
    return Checked("rules.nft", "nft", 4, 1, told_of_text(text, *kinds))
