"""`fwsim diff`: which packets two rulesets treat differently.

Read first: `fwsim.differing`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fwsim.cli.options import InputOptions, machine_options, packed

if TYPE_CHECKING:
    from fwsim.differing.answer import Answer

EXAMPLES = """\b
Examples:
  fwsim diff old.nft new.nft
  fwsim diff office.yaml <(nft list ruleset) --interface lan=10.1.0.0/16 --interface wan=any
  fwsim diff rules.v4 rules.v4.new --accept intended.json --update
  fwsim diff old.yaml new.yaml --format markdown >> "$GITHUB_STEP_SUMMARY"
"""


@click.command("diff", epilog=EXAMPLES)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@packed("inputs", InputOptions, machine_options)
@click.option(
    "--mode", type=click.Choice(["both", "stateful", "stateless"]), default="both", show_default=True,
    help="In which mode to compare.",
)  # fmt: skip
@click.option("--family", type=click.Choice(["4", "6"]), help="Compare IPv4 only, or IPv6.")
@click.option("--accept", metavar="FILE", help="Changes that are meant: they do not count.")
@click.option("--update", is_flag=True, help="Write all changes that there are to the file of --accept.")
@click.option("--top", type=click.IntRange(min=1), metavar="N", default=20, show_default=True,
              help="How many changes of each mode are shown.")  # fmt: skip
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="Look at so many cases at most.")
@click.option("--format", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def command(
    old: str,
    new: str,
    inputs: InputOptions,
    mode: str,
    family: str | None,
    accept: str | None,
    update: bool,
    top: int,
    steps: int | None,
    format: str,
) -> int:
    """Tell which packets the ruleset NEW treats differently than OLD, by the two rules responsible, with examples.

    All packets are compared: IPv4 and IPv6, forwarded, for the firewall and from it, with every ct state that they may
    have. "Equivalent" is a proof. Formats may differ. Settings of conntrack are not compared in what they do: where
    they differ, that is told, and the rulesets are not called equivalent.

    The exit status is 0 if the rulesets are equivalent (or all changes accepted), 1 if they are not, 3 if that is not
    known.
    """
    from fwsim.cli.streams import opened
    from fwsim.cli.targets import check_target
    from fwsim.differing.accepting import accepted_text, read_accepted
    from fwsim.differing.universe import FAMILIES
    from fwsim.errors import UsageError

    if update and accept is None:
        raise UsageError("--update: needs --accept FILE, to which it writes")
    if update:
        check_target(accept, [old, new, *inputs.sources])
    accepted = {} if accept is None or (update and not Path(accept).exists()) else read_accepted(accept)
    families = FAMILIES if family is None else (int(family),)
    limits: dict[str, Any] = {"steps": steps} if steps else {}
    answer = _compared(old, new, inputs, mode, accepted=accepted, families=families, **limits)
    if update and accept is not None:
        written = accepted_text(answer.groups, answer.settings)
        with opened(accept, whole=True) as stream:
            stream.write(written)
        answer.accept({entry["key"]: entry["change"] for entry in json.loads(written)["accepted"]})
    click.echo(_told(answer, format, top), nl=False)
    return answer.exit_status


def _compared(old: str, new: str, inputs: InputOptions, mode: str, **choices: Any) -> Answer:
    """Compare two rulesets."""
    from fwsim.cli.describing import host_of
    from fwsim.cli.loading import load
    from fwsim.differing.answer import Answer, Named
    from fwsim.differing.differences import MODES
    from fwsim.garbage import uncollected

    host = host_of(inputs)
    with uncollected():
        named = [Named(path, load(inputs, path, host)) for path in (old, new)]
        return Answer(named[0], named[1], host=host, modes=MODES if mode == "both" else (mode,), **choices)


def _told(answer: Answer, format: str, top: int) -> str:
    """The answer as text."""
    from fwsim.differing.objects import object_of
    from fwsim.differing.text import lines_of, markdown_of
    from fwsim.harmless import safe

    if format == "json":
        return json.dumps(object_of(answer), indent=2) + "\n"
    if format == "markdown":
        return markdown_of(answer, top)
    return "\n".join(map(safe, lines_of(answer, top))) + "\n"
