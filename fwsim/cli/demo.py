"""`fwsim demo`: the whole story in ten seconds, from a capture made on the spot.

Read first: `fwsim.cli.demo_story`, the packets; `fwsim.cli.demo_telling`, how they are told.
"""

from __future__ import annotations

import io
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fwsim.cli.demo_story import Scene

COLUMNS = 80
"""Where it is not told on a terminal."""
FOLDER = "story"
"""Where the commands at the end have the files from, if no folder is given."""
CONVERSATION = 6
"""Packets after which the table is shown."""

EXAMPLES = """\b
Examples:
  fwsim demo
  fwsim demo -o story
"""
GO_ON = {
    "fwsim explain demo.pcap -r demo.yaml -n 9": "packet 9, step by step",
    "fwsim compare demo.pcap -r demo.yaml": "the figures",
    "fwsim report demo.pcap -r demo.yaml -o demo.html": "a page to look at",
    "fwsim attack reset-blind -r demo.yaml": "guessing, measured",
    "fwsim check demo.yaml": "faults of the ruleset",
    "fwsim test demo.fwsim.yaml": "what it should do",
    "fwsim compare CAPTURE -r RULESET": "the same with yours",
}
"""Commands to go on with, and what they tell."""


@click.command("demo", epilog=EXAMPLES)
@click.option("-o", "--output", metavar="FOLDER", help="Write the packets and the rules there, to go on with.")
def command(output: str | None) -> int:
    """See a stateful and a stateless firewall judge the same sixteen packets, and why they differ.

    Nothing is needed for it, and nothing is left behind; with -o its capture, ruleset and expectations are, for other
    commands to use.
    """
    from fwsim.cli.demo_story import scenes

    story = scenes()
    if output is not None:
        _write(Path(output), story)
    click.echo("\n".join(_told(story, output)))
    return 0


def _told(story: list[Scene], folder: str | None) -> Iterator[str]:
    """The story in lines."""
    from fwsim.cli.demo_telling import NARROWEST, PARTS, WIDEST, Teller
    from fwsim.cli.streams import colours
    from fwsim.naming import Naming, RuleNames

    result, (batch,) = _run(story)
    simulator = result.simulator
    rules = {str(mode): RuleNames(lowered.rules, lowered.chains) for mode, lowered in simulator.lowered.items()}
    naming = Naming(["demo.pcap"], simulator.topology.names, rules)
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else COLUMNS
    teller = Teller(min(max(columns, NARROWEST), WIDEST), colours(sys.stdout), naming)
    yield from teller.beginning()
    for number, scene in enumerate(story):
        if number == CONVERSATION:
            yield from teller.remembered(_connection(story[:CONVERSATION]))
        if number in PARTS:
            yield from teller.heading(PARTS[number])
        yield from teller.scene(scene, number, batch)
    yield from teller.end(batch)
    yield from ("", "Go on from here:")
    yield from teller.commands({_files(folder): "these packets as a file"} | GO_ON)


def _run(story: list[Scene]) -> tuple[Any, list[Any]]:
    """Both modes over the packets: the result, and what was decided."""
    from fwsim.cli.demo_story import RULESET, capture
    from fwsim.result import compare
    from fwsim.ruleset import load_ruleset

    with tempfile.TemporaryDirectory(prefix="fwsim-demo-") as folder:
        path = Path(folder) / "demo.pcap"
        path.write_bytes(capture(story))
        result = compare(str(path), load_ruleset(io.StringIO(RULESET)))
        return result, list(result)


def _connection(story: list[Scene]) -> str:
    """The connection that is there after these packets, as conntrack -L shows it."""
    from fwsim.report.conntrack_listing import listed
    from fwsim.tracker import connections_listing

    result, batches = _run(story)
    stateful = result.simulator.stateful
    stateful.settle()
    (connection,) = connections_listing(stateful.tracker)
    return " ".join(listed(connection, int(batches[-1].packets["now"][-1])).split())


def _write(folder: Path, story: list[Scene]) -> None:
    """Write what the story is made of; never over something else."""
    from fwsim.cli.demo_story import EXPECTATIONS, RULESET, capture
    from fwsim.errors import UsageError

    texts = {"demo.yaml": RULESET.encode(), "demo.fwsim.yaml": EXPECTATIONS.encode(), "demo.pcap": capture(story)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in texts.items():
            path = folder / name
            if path.exists() and path.read_bytes() != content:
                raise UsageError(f"{path}: is there already, with something else in it")
            path.write_bytes(content)
    except OSError as problem:
        raise UsageError(f"{problem.filename or folder}: cannot be written: {problem.strerror}") from None


def _files(folder: str | None) -> str:
    """What has to be typed to have the files at hand."""
    from fwsim.harmless import safe

    return f"fwsim demo -o {FOLDER} && cd {FOLDER}" if folder is None else f"cd {safe(shlex.quote(folder))}"
