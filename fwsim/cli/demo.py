"""`fwsim demo`: the whole story in ten seconds, from a capture made on the spot.

Read first: `fwsim.cli.demo_story`.
"""

from __future__ import annotations

import io
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import click

COLUMNS = 100


@click.command("demo")
def command() -> int:
    """See a stateful and a stateless firewall judge the same sixteen packets, and why they differ."""
    from fwsim.cli.demo_story import RULESET, capture, scenes
    from fwsim.naming import Naming, RuleNames
    from fwsim.report.line import Lines
    from fwsim.result import compare
    from fwsim.ruleset import load_ruleset

    story = scenes()
    with tempfile.TemporaryDirectory(prefix="fwsim-demo-") as folder:
        path = Path(folder) / "demo.pcap"
        path.write_bytes(capture(story))
        result = compare(str(path), load_ruleset(io.StringIO(RULESET)))
        (batch,) = result
    simulator = result.simulator
    rules = {str(mode): RuleNames(lowered.rules, lowered.chains) for mode, lowered in simulator.lowered.items()}
    naming = Naming(["demo.pcap"], simulator.topology.names, rules)
    writers = [Lines((mode,), naming, colour=_colour()) for mode in ("stateless", "stateful")]
    _print_ruleset(RULESET)
    for row, scene in enumerate(story):
        _print_scene(writers, batch, row, scene.sentence)
    _print_moral(batch)
    return 0


def _colour() -> bool:
    """Whether standard output takes colours."""
    from fwsim.cli.streams import colours

    return colours(sys.stdout)


def _print_ruleset(text: str) -> None:
    """The policy, as it would stand in a file."""
    click.echo("A firewall between an office (lan) and the world (wan), with this ruleset:\n")
    click.echo(textwrap.indent(text, "  "))


def _print_scene(writers: list[Any], batch: Any, row: int, sentence: str) -> None:
    """A sentence, the packet, and what each mode makes of it."""
    from fwsim.report.line import headers
    from fwsim.tables import plain
    from fwsim.terms import evidence_words

    packet, frame = plain(batch.packets[row]), plain(batch.frames[row])
    click.echo("\n".join(textwrap.wrap(f"{row + 1:>2}. {sentence}", COLUMNS, subsequent_indent="    ")))
    click.echo(f"      {headers(packet, frame['length'])}")
    for writer in writers:
        (mode,) = writer.modes
        click.echo(f"      {mode:9}  {writer.verdict(mode, plain(batch.decisions(mode)[row]))}")
    words = evidence_words(frame["evidence"])
    click.echo(f"      evidence   {' '.join(words)}\n" if words else "")


def _print_moral(batch: Any) -> None:
    """What it comes to, and how to go on."""
    from fwsim.terms import Verdict

    without, with_state = batch.stateless["verdict"], batch.stateful["verdict"]
    blocked = int(((without == Verdict.ACCEPT) & (with_state != Verdict.ACCEPT)).sum())
    click.echo(f"Keeping state blocked {blocked} packets that stateless rules of the same policy admit.")
    click.echo("Now with a capture and a ruleset of yours:  fwsim compare CAPTURE -r RULESET")
