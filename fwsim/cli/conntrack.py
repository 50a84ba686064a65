"""`fwsim conntrack`: the connection table of a replay, as the `conntrack` tool would show it.

Read first: `conntrack(8)`, and `fwsim.report.conntrack_listing` for its formats.
"""

from __future__ import annotations

import click

from fwsim.cli.options import InputOptions, Moment, SelectionOptions, input_options, moment_of

EXAMPLES = """\b
Examples:
  fwsim conntrack office.pcapng -r office.yaml
  fwsim conntrack office.pcapng -r office.yaml --after 4117
  fwsim conntrack office.pcapng -r office.yaml --at +3600
  fwsim conntrack office.pcapng -r office.yaml --at 2026-03-02T09:00:00
  fwsim conntrack office.pcapng -r office.yaml --events
  fwsim conntrack office.pcapng -r office.yaml -Y 'src==10.1.4.23'
"""


@click.command("conntrack", epilog=EXAMPLES)
@input_options
@click.option(
    "--at",
    metavar="TIME",
    callback=moment_of,
    help="The table at this time, timeouts and all: a date, seconds since 1970, or +N, N seconds into the capture.",
)
@click.option("--after", metavar="[FILE:]N", help="The table right after packet N, as Wireshark numbers it.")
@click.option("-Y", "expression", metavar="EXPR", help="Only connections that a packet selected by this belongs to.")
@click.option("-E", "--events", is_flag=True, help="What came, changed and went, as conntrack -E; not the table.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="json: one list of objects.",
)  # fmt: skip
@click.option("-o", "--output", metavar="FILE", default="-", help="Write there instead of standard output.")
@click.option("-v", "--verbose", is_flag=True, help="With the time of each event, and the packets of each connection.")
def command(
    inputs: InputOptions,
    at: Moment | None,
    after: str | None,
    expression: str | None,
    events: bool,
    form: str,
    output: str,
    verbose: bool,
) -> int:
    """Show the connections that a stateful firewall holds after the captures, as conntrack -L would."""
    from fwsim.cli.table import View, show_events, show_table
    from fwsim.errors import UsageError

    inputs.refuse_stateless_rules("conntrack")
    if at is not None and after is not None:
        raise UsageError("--at and --after exclude each other")
    view = View(at, after, SelectionOptions(expression, None, None), output, as_json=form == "json", verbose=verbose)
    return (show_events if events else show_table)(inputs, view)
