"""`fwsim check`: what there is to know about rulesets before they are used.

Read first: `fwsim.checking`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from fwsim.cli.options import InputOptions, machine_options, packed

if TYPE_CHECKING:
    from fwsim.checking import Finding
    from fwsim.ruleset import Ruleset

NOT_SIMULATED = 3
"""The exit status if anything is not simulated."""

EXAMPLES = """\b
Examples:
  fwsim check /etc/nftables.conf --live
  nft list ruleset | fwsim check -
  fwsim check rules.v4 --topology addr.json --topology route.json
"""


@click.command("check", epilog=EXAMPLES)
@click.argument("rulesets", metavar="RULESET...", nargs=-1, required=True)
@packed("inputs", InputOptions, machine_options)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(rulesets: tuple[str, ...], inputs: InputOptions, format: str) -> int:
    """Tell what of a ruleset is not simulated, what has no effect here, and what of its interfaces is not known yet.

    The exit status is 3 if something is not simulated: a packet whose verdict hangs on it gets the verdict unknown.
    """
    from fwsim.checking import Kind, findings_of
    from fwsim.cli.describing import host_of
    from fwsim.cli.loading import load
    from fwsim.garbage import uncollected

    host = host_of(inputs)
    found = []
    for path in rulesets:
        with uncollected():
            ruleset = load(inputs, path, host)
            found.append((path, ruleset, findings_of(ruleset, path, host)))
    if format == "json":
        click.echo(json.dumps([_object(*one) for one in found], indent=2))
    else:
        for one in found:
            click.echo("\n".join(_lines(*one)))
    every = [finding for _, _, findings in found for finding in findings]
    return NOT_SIMULATED if any(finding.kind == Kind.NOT_SIMULATED for finding in every) else 0


def _lines(path: str, ruleset: Ruleset, findings: list[Finding]) -> list[str]:
    """A line that says what was read, and one for each finding."""
    from fwsim.report.figures import counted
    from fwsim.report.safe import safe

    chains = [chain for table in ruleset.netfilter.tables for chain in table.chains.values()]
    rules = sum(len(chain.rules) for chain in chains)
    title = f"{safe(path)}  {ruleset.netfilter.format}, {counted(rules, 'rule')} in {counted(len(chains), 'chain')}"
    return [title, *(_line(finding) for finding in findings), *([] if findings else ["  nothing to remark"])]


def _line(finding: Finding) -> str:
    """`  rules.nft:12: not simulated: meta skuid 1000, in rule 3 of inet filter output`."""
    from fwsim.report.safe import safe

    place = f"{safe(finding.path)}:{finding.line}: " if finding.line else ""
    where = f", in {safe(finding.where)}" if finding.where else ""
    return f"  {place}{finding.kind.value}: {safe(finding.what)}{where}"


def _object(path: str, ruleset: Ruleset, findings: list[Finding]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "path": path,
        "format": ruleset.netfilter.format,
        "findings": [
            {
                "kind": finding.kind.name.lower(), "path": finding.path, "line": finding.line or None,
                "column": finding.column or None, "what": finding.what, "where": finding.where or None,
                "text": finding.text or None,
            }
            for finding in findings
        ],
    }  # fmt: skip
