"""`fwsim report`: a page to look at, for those who would rather look than read; or a profile for Wireshark.

Read first: `fwsim.page`, which makes the page, and `fwsim.report.wireshark`.
"""

from __future__ import annotations

import click

from fwsim.cli.options import InputOptions, input_options
from fwsim.errors import UsageError

EXAMPLES = """\b
Examples:
  fwsim report office.pcapng -r office.yaml -o report.html
  fwsim report day-*.pcapng -r office.yaml -o report.html --packets 120001-122000
  fwsim report office.pcapng -r office.yaml --wireshark ~/.config/wireshark/profiles/fwsim
  fwsim report --wireshark ~/.config/wireshark/profiles/fwsim
"""
MOST = 50_000
"""Packets that can be shown one by one at all: about 15 MB."""


@click.command("report", epilog=EXAMPLES)
@input_options
@click.option("-o", "--output", metavar="FILE", help="The page to write; - is standard output.")
@click.option(
    "--packets",
    metavar="N[-M]",
    help="Show these packets one by one, counted over all captures; by default 5,000: those among which the modes "
    "differ most often.",
)
@click.option(
    "--wireshark",
    "folder",
    metavar="DIR",
    help="Write a profile for Wireshark there: colour rules, columns and saved filters for annotated captures; and, "
    "if captures are named, annotated.pcapng: all their packets with the decisions as comments.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, notes or next steps.")
def command(inputs: InputOptions, output: str | None, packets: str | None, folder: str | None, *, quiet: bool) -> int:
    """Write one HTML file that shows both modes side by side: overview, connections, every step, rules, states.

    It opens from disk, asks nothing of a network, and can be sent to others. Figures are of all packets; those that
    are shown one by one are limited to 5,000, unless --packets asks for others.

    With --wireshark DIR, instead or besides, DIR becomes a profile of Wireshark. Without a capture it is of use for all
    that compare and replay write with -w FILE --annotate; with -r RULESET it has a filter for each rule.
    """
    from fwsim.cli.reporting import report, window_of
    from fwsim.cli.wireshark import annotate

    if output is not None:
        return report(inputs, output, window_of(packets), folder, quiet=quiet)
    if folder is None:
        raise UsageError("nothing to write: expected -o FILE (--output) for the page, or --wireshark DIR")
    if packets is not None:
        raise UsageError("--packets chooses what the page shows: expected -o FILE with it")
    return annotate(inputs, folder, quiet=quiet)
