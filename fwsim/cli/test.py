"""`fwsim test`: what a ruleset should do, written beside it, and whether it does.

Read first: `fwsim.expectations.model` (the files), `fwsim.expectations.suites` (how they are run).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwsim.cli.options import ONE_RULESET, Decorator, InputOptions, machine_options, packed, single_of
from fwsim.cli.targets import Targets, check_targets, named, targets_of

if TYPE_CHECKING:
    from fwsim.expectations.preparing import Overrides
    from fwsim.expectations.results import Report

FORMATS = ("text", "json", "junit", "markdown")
FAILED, WRONG, NOT_KNOWN = 1, 2, 3
"""Exit statuses: an expectation failed; a file has mistakes or a capture is damaged; a verdict is unknown."""

EXAMPLES = """\b
Examples:
  fwsim test rulesets/office.fwsim.yaml
  fwsim test *.fwsim.yaml -r candidate.nft --fail-under 90
  fwsim test office.fwsim.yaml -k 'web and not slow' --report junit=report.xml --report markdown=summary.md
"""

test_options: list[Decorator] = [
    click.option(
        "-r", "--rules", metavar="FILE", multiple=True, callback=single_of(ONE_RULESET),
        help="Test this ruleset instead of those that the files name.",
    ),
    click.option(
        "--stateless-rules", metavar="FILE", multiple=True, callback=single_of(ONE_RULESET),
        help="A ruleset of its own for the stateless mode (no twin).",
    ),
    click.option("--seed", type=click.IntRange(min=0), help="Draws what rules leave to chance."),
]  # fmt: skip


@click.command("test", epilog=EXAMPLES)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@packed("inputs", InputOptions, [*test_options, *machine_options])
@click.option(
    "-k", "expression", metavar="EXPR",
    help="Only cases whose name, tags or file hold these words: 'web and not slow'.",
)  # fmt: skip
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Only cases with this tag, or one of these.")
@click.option(
    "--fail-under", type=click.FloatRange(0, 100), metavar="N",
    help="Status 1 if the cases reach less than N percent of the rules of a ruleset (policies do not count).",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", default="-", help="Write there instead of standard output.")
@click.option(
    "--report", "reports", metavar="FORMAT=FILE", multiple=True, callback=targets_of(FORMATS),
    help="Write the report there too, in this format. Repeatable.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="The sum only.")
@click.option("-v", "--verbose", is_flag=True, help="The cases that passed, too.")
def command(
    files: tuple[str, ...],
    inputs: InputOptions,
    expression: str | None,
    tags: tuple[str, ...],
    fail_under: float | None,
    form: str,
    output: str,
    reports: Targets,
    quiet: bool,
    verbose: bool,
) -> int:
    """Check whether rulesets do what is expected of them.

    A FILE (NAME.fwsim.yaml; of a folder, all of them) names a ruleset and cases: a packet, a conversation, or selected
    packets of a capture, each with the verdict that is expected, by mode if they differ. Every case meets a firewall
    that has seen nothing. What decided about a packet that fails is told step by step; at the end, which rules no case
    reaches.

    A file with mistakes is told, and the others are run. The exit status is 2 if there is one (or the request is wrong,
    or a capture is damaged), else 3 if a verdict is unknown that was expected to be another one, else 1 if a case fails
    or --fail-under does.
    """
    from fwsim.cli import complain
    from fwsim.cli.streams import opened, warn
    from fwsim.errors import UsageError
    from fwsim.expectations.choosing import Chosen
    from fwsim.expectations.suites import run_files

    if quiet and verbose:
        raise UsageError("-q (the sum only) and -v (the cases that passed, too) exclude each other")
    targets = [(form, output), *reports]
    check_targets(named(output, reports), [*files, *inputs.sources])
    report = run_files(files_in(files), overrides_of(inputs), Chosen(expression, tags))
    if not report.results and not report.refused:
        raise UsageError("no case was chosen: expected -k and --tag to leave one")
    complain(list(dict.fromkeys(line for error in report.refused.values() for line in error.lines())))
    check_targets(named(output, reports), report.inputs)
    for kind, path in targets if report.results else reports:
        with opened(path, whole=True) as stream:
            stream.write(writer_of(kind, quiet=quiet, verbose=verbose)(report))
    warn(report.warnings)
    return status_of(report, fail_under)


def files_in(paths: Sequence[str]) -> list[str]:
    """The files of expectations: those named, and those in the folders that are named."""
    from fwsim.errors import UsageError
    from fwsim.expectations.reading import ENDINGS

    found: list[str] = []
    for path in paths:
        if not os.path.isdir(path):
            found.append(path)
            continue
        within = [one for one in Path(path).rglob("*.fwsim.*") if one.name.endswith(ENDINGS) and one.is_file()]
        if not within:
            raise UsageError(f"{path}: holds no file that is called *{', *'.join(ENDINGS)}")
        found += sorted(map(str, within))
    return list(dict.fromkeys(found))


def overrides_of(inputs: InputOptions) -> Overrides:
    """What the options say of the firewall."""
    from fwsim.cli.describing import host_of
    from fwsim.cli.sysctl import conntrack_settings
    from fwsim.expectations.preparing import Overrides

    host = host_of(inputs)
    return Overrides(
        rules=inputs.rules,
        stateless_rules=inputs.stateless_rules,
        settings=conntrack_settings(host.sysctls) | inputs.settings,
        interfaces={name: networks.split(",") for name, networks in inputs.interfaces.items()},
        local=inputs.local,
        host=host,
        seed=inputs.seed,
    )


def writer_of(form: str, *, quiet: bool, verbose: bool) -> Callable[[Report], str]:
    """What writes a report in a format."""
    from fwsim.expectations.as_json import json_of
    from fwsim.expectations.junit import junit_of
    from fwsim.expectations.markdown import markdown_of
    from fwsim.expectations.text import text_of

    def text(report: Report) -> str:
        return text_of(report, verbose=verbose, quiet=quiet)

    return {"text": text, "json": json_of, "junit": junit_of, "markdown": markdown_of}[form]


def status_of(report: Report, fail_under: float | None) -> int:
    """The exit status; of several reasons, 2 goes before 3, and that before 1."""
    from fwsim.cli.streams import warn
    from fwsim.expectations.results import Outcome

    low = [one for one in report.coverage if fail_under is not None and one.percent < fail_under]
    warn(f"{one.ruleset}: {one.percent:.4g} % of its rules are reached, expected {fail_under:g} %" for one in low)
    if report.warnings or report.refused:
        return WRONG
    if report.count(Outcome.UNKNOWN):
        return NOT_KNOWN
    return FAILED if report.count(Outcome.FAILED) or low else 0
