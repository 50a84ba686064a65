"""`fwsim check`: what there is to know about rulesets before they are used.

Read first: `fwsim.checking`, `fwsim.report.checks`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwsim.cli.options import InputOptions, machine_options, packed, single_of
from fwsim.cli.targets import Targets, check_targets, named, targets_of
from fwsim.errors import Problem, RulesetError, UsageError

if TYPE_CHECKING:
    from fwsim.checking import Finding, Kind, Level
    from fwsim.report.checks import Checked

FAILED = 1
"""The exit status if a finding is as bad as --fail-on says."""
NOT_EVALUATED = 3
"""The exit status if anything is not simulated, or too much to be worked out."""
LEVELS = ("error", "warning", "note")
KINDS = (
    "not-simulated", "remark", "unreachable", "shadowed", "redundant", "generalisation", "correlation", "no-effect",
    "new-without-syn", "invalid-accepted", "replies-dropped", "notrack-state", "broad-accept", "spoofing",
    "no-network", "no-address", "unknown", "mistake",
)  # fmt: skip
"""The words of `fwsim.checking.Kind`, which is not loaded to be told in `--help`."""
SPOOFING = ("spoofing",)
FORMATS = ("text", "json", "sarif", "junit", "markdown")

EXAMPLES = """\b
Examples:
  fwsim check /etc/nftables.conf --live
  nft list ruleset | fwsim check -
  fwsim check rules.v4 --topology addr.json --topology route.json
  fwsim check office.yaml --only spoofing
  fwsim check office.yaml --accept office.accepted.json --update
  fwsim check office.yaml --accept office.accepted.json --fail-on warning
  fwsim check office.yaml --fail-on warning --report sarif=check.sarif --report markdown=summary.md
"""


@dataclass(frozen=True)
class CheckOptions:
    """What is looked for, and what becomes of it."""

    only: tuple[str, ...] = ()
    fail_on: str | None = None
    accept: str | None = None
    update: bool = False
    format: str = "text"
    output: str = "-"
    reports: Targets = ()
    quiet: bool = False

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.update and self.accept is None:
            raise UsageError("--update writes the file of accepted findings: expected --accept FILE with it")

    @property
    def certifies(self) -> bool:
        """Whether certificates are asked for, not findings."""
        plain = self.format in ("text", "json") and not (self.accept or self.fail_on or self.reports)
        return self.only == SPOOFING and plain

    @property
    def targets(self) -> Targets:
        """All that is written."""
        return ((self.format, self.output), *self.reports)

    @property
    def least(self) -> Level:
        """The level from which on a finding is one that has failed, in reports that must say so."""
        from fwsim.checking import Level

        return Level[(self.fail_on or "warning").upper()]


check_options = [
    click.option(
        "--only", type=click.Choice(KINDS), multiple=True, metavar="KIND",
        help=f"Only findings of this kind: {', '.join(KINDS)}. Repeatable.",
    ),
    click.option("--fail-on", type=click.Choice(LEVELS), help="End with status 1 if a finding is that bad, or worse."),
    click.option(
        "--accept", metavar="FILE", multiple=True, callback=single_of(),
        help="Findings in this file are accepted: they are not told and count for nothing.",
    ),
    click.option("--update", is_flag=True, help="Accept all that is found: write it into the file of --accept."),
    click.option(
        "--format", type=click.Choice(FORMATS), default="text", show_default=True,
        help="sarif: SARIF 2.1.0, for code review; junit: as tests; markdown: for the summary of a job.",
    ),
    click.option("-o", "--output", metavar="FILE", default="-", help="Write there instead of standard output."),
    click.option(
        "--report", "reports", metavar="FORMAT=FILE", multiple=True, callback=targets_of(FORMATS),
        help="Write the findings there too, in this format. Repeatable.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="The sum only; if text goes elsewhere, nothing on stderr either."),
]  # fmt: skip


@click.command("check", epilog=EXAMPLES)
@click.argument("rulesets", metavar="RULESET...", nargs=-1, required=True)
@packed("inputs", InputOptions, machine_options)
@packed("options", CheckOptions, check_options)
def command(rulesets: tuple[str, ...], inputs: InputOptions, options: CheckOptions) -> int:
    """Tell what is wrong or suspicious in a ruleset, over all packets, and what of it is not simulated.

    Rules that never apply (shadowed, redundant), rules that do the opposite to the same packets (generalisation,
    correlation), rules to no effect, connections without a SYN, invalid packets, answers that are dropped, NOTRACK
    that goes against rules for states, accepts that are too broad, forged sources. Each with the rules involved and a
    packet that the engine has decided.

    The exit status is 2 if a ruleset cannot be read; else 3 if something is not simulated (a packet whose verdict hangs
    on it gets the verdict unknown) or it is unknown whether there is another error or warning; else 1 if a finding is
    as bad as --fail-on says; else 0. What is accepted counts for nothing, what is unknown or not simulated included.

    --only spoofing alone tells for every interface with networks whether a packet can come in by it with a source that
    lies behind another interface, or is the firewall's own, and get through. "certified" is a proof over all packets
    that belong to no connection (without state: over all packets). The exit status is 1 if such a packet gets through
    in the stateful mode, 3 if for some interface neither is known.
    """
    accept = [options.accept] if options.accept else []
    written = [("--accept", path) for path in accept if options.update]
    read = [path for path in accept if not options.update]
    check_targets([*named(options.output, options.reports), *written], [*rulesets, *inputs.sources, *read])
    if options.certifies:
        from fwsim.cli.certifying import certify

        return certify(rulesets, inputs, options.format, options.output)
    known = _known(options)
    every = _checked(rulesets, inputs, options)
    mistakes = [finding for one in every if one.is_unreadable for finding in one.findings]
    if options.update and not mistakes:
        known = _updated(options, every)
    every = _accepted(every, known)
    _write(options, every)
    if mistakes:
        raise RulesetError([Problem(one.path, one.line, one.column, one.what) for one in mistakes])
    return _status(options, [finding for one in every for finding in one.findings])


def _checked(rulesets: Sequence[str], inputs: InputOptions, options: CheckOptions) -> list[Checked]:
    """All rulesets with their findings; of one that cannot be read its mistakes."""
    from fwsim.checking.findings import findings_of
    from fwsim.cli.describing import host_of
    from fwsim.cli.loading import load
    from fwsim.garbage import uncollected
    from fwsim.report.checks import Checked
    from fwsim.report.checks.model import unreadable

    host = host_of(inputs)
    found = []
    for path in rulesets:
        with uncollected(stays=True):
            try:
                ruleset = load(inputs, path, host)
            except RulesetError as error:
                found.append(unreadable(path, error.problems))
                continue
            findings = findings_of(ruleset, path, host, _kinds(options.only))
        chains = [chain for table in ruleset.netfilter.tables for chain in table.chains.values()]
        rules = sum(len(chain.rules) for chain in chains)
        found.append(Checked(path, ruleset.netfilter.format, rules, len(chains), findings, _digest(path)))
    return found


def _kinds(only: Sequence[str]) -> frozenset[Kind]:
    """The kinds that are looked for."""
    from fwsim.checking import Kind

    return frozenset(kind for kind in Kind if not only or kind.word in only)


def _digest(path: str) -> str | None:
    """The SHA-256 of a file; None of what is no file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if Path(path).is_file() else None


def _known(options: CheckOptions) -> Mapping[str, Level]:
    """What is accepted; a file that is to be written over must be one of accepted findings."""
    from fwsim.checking.accepting import read_accepted

    if options.accept is None or (options.update and not Path(options.accept).is_file()):
        return {}
    return read_accepted(options.accept)


def _updated(options: CheckOptions, every: list[Checked]) -> Mapping[str, Level]:
    """Accept all that was found, and write that down."""
    from fwsim.checking.accepting import accepted_text
    from fwsim.cli.streams import opened

    findings = [finding for one in every for finding in one.findings]
    with opened(str(options.accept), whole=True) as stream:
        stream.write(accepted_text(findings))
    return {finding.fingerprint: finding.level for finding in findings}


def _accepted(every: list[Checked], known: Mapping[str, Level]) -> list[Checked]:
    """The rulesets with what is accepted marked."""
    from fwsim.checking.accepting import marked

    return [replace(one, findings=marked(one.findings, known)) for one in every]


def _write(options: CheckOptions, every: list[Checked]) -> None:
    """Write all reports; if nobody gets to see them, tell in a line what there is."""
    from fwsim.cli.streams import opened
    from fwsim.harmless import safe
    from fwsim.report.checks.model import counted_findings

    for form, path in options.targets:
        text = _text(form, options, every)
        with opened(path, whole=True) as stream:
            stream.write(text + "\n" * bool(text))
    if not options.quiet and ("text", "-") not in options.targets:
        findings = [finding for one in every for finding in one.findings]
        names = ", ".join(one.path for one in every)
        click.echo(safe(f"{names}: {counted_findings(findings).text}"), err=True)


def _text(form: str, options: CheckOptions, every: list[Checked]) -> str:
    """All that is written in a format."""
    if form == "json":
        from fwsim.report.checks.as_json import as_json

        return as_json(every)
    if form == "sarif":
        from fwsim.report.checks.sarif import as_sarif

        return as_sarif(every)
    if form == "junit":
        from fwsim.report.checks.junit import as_junit

        return as_junit(every, options.least)
    if form == "markdown":
        from fwsim.report.checks.markdown import as_markdown

        return as_markdown(every)
    from fwsim.report.checks.text import text_lines

    read = [one for one in every if not one.is_unreadable]  # what is wrong with others is told on stderr
    return "\n".join("\n".join(text_lines(one, every=bool(options.only), quiet=options.quiet)) for one in read)


def _status(options: CheckOptions, findings: list[Finding]) -> int:
    """The exit status."""
    from fwsim.report.checks.model import leaves_open

    left = [finding for finding in findings if not finding.accepted]
    if any(map(leaves_open, left)):
        return NOT_EVALUATED
    if options.fail_on is None:
        return 0
    return FAILED if any(finding.level >= options.least for finding in left) else 0
