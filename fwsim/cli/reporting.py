"""The run behind `fwsim report`: captures are read once, or twice if the packets to show lie further behind.

Read first: `fwsim.page.gathering` and `fwsim.cli.runs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from typing import Any

import click

from fwsim.checkpoint.identity import is_regular
from fwsim.cli import INTERRUPTED
from fwsim.cli.asides import Aside, begun
from fwsim.cli.interrupting import Interruption
from fwsim.cli.options import EVERYTHING, InputOptions
from fwsim.cli.progress import with_progress
from fwsim.cli.report import MOST
from fwsim.cli.runs import BOTH, Run, Window, start, status_of
from fwsim.cli.showing import to_come
from fwsim.cli.streams import Compiling, opened, warn
from fwsim.cli.summing_up import about, unknowns_of
from fwsim.cli.targets import check_target
from fwsim.cli.wireshark import GUESSED, Annotating, Profile
from fwsim.errors import UsageError
from fwsim.lower import families_of_one
from fwsim.page.document import document
from fwsim.page.gathering import Gathered
from fwsim.page.texts import Texts
from fwsim.page.watching import Watched
from fwsim.page.window import LIMIT
from fwsim.page.window import Window as Shown
from fwsim.report.about import About
from fwsim.report.comparison import unchained_notes
from fwsim.report.tally import Tally
from fwsim.report.unknown import Unknowns

CHOSEN = "those among which the modes differ most often"
ASKED = "as asked for with --packets"
FIRST = "the first ones"
GUESSED_HERE = "no ruleset was given (-r), so one was guessed, as the part Ruleset of this page has it"


def window_of(text: str | None) -> Shown | None:
    """The packets that `--packets` names; None if it does not."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,15})(?:-(\d{1,15}))?", text, re.ASCII)
    if match is None:
        raise UsageError(f"--packets {text}: expected a packet's number, or a range N-M")
    first = int(match[1])
    last = int(match[2] or first + LIMIT - 1)
    if first < 1 or last < first:
        raise UsageError(f"--packets {text}: packets are numbered from 1, and a range goes upwards")
    if last - first >= MOST:
        raise UsageError(f"--packets {text}: {last - first + 1:,} packets, expected {MOST:,} at the most")
    return Shown(first - 1, last - first + 1)


@dataclass
class Reported:
    """A run that has ended."""

    run: Run
    tally: Tally
    unknowns: Unknowns
    gathered: Gathered
    interrupted: str


def report(
    inputs: InputOptions, output: str, asked: Shown | None, folder: str | None = None, *, quiet: bool = False
) -> int:
    """Run, and write the page, and what Wireshark needs into a `folder`; returns the exit status."""
    check_target(output, inputs.sources)
    made = None if folder is None else Profile(folder, inputs)
    if made is not None:
        made.check_beside(output)
    with Interruption() as interruption:
        asides = [Annotating(made)] if made else []
        done = gather(inputs, asked or Shown(), interruption, asides=asides, hidden=quiet)
        data = done.gathered.whole(done.tally, about_run(done))
        window = window_told(done, asked, interruption, hidden=quiet)
    with opened(output, whole=True) as out:
        out.write(document(data | window))
    if done.run.guessed is not None and not quiet:
        warn([GUESSED], "note")
    if asked is not None and asked.first >= done.tally.frames and not done.interrupted:
        said = f"--packets begins at {asked.first + 1:,}, and there are {done.tally.frames:,}: none is shown one by one"
        warn([said], "note")
    warn(done.unknowns.lines(), "unknown")
    status = status_of(done.run, done.tally)
    if done.interrupted:
        click.echo(f"interrupted{done.interrupted}", err=True)
        return INTERRUPTED
    if made is not None and not quiet:
        click.echo(made.next(annotated=True), err=output == "-")
    return status


def window_told(
    done: Reported, asked: Shown | None, interruption: Interruption, *, hidden: bool = False
) -> dict[str, Any]:
    """What is told of single packets: those that were asked for, else those that are worth it most."""
    told = done.gathered.window()
    told["window"]["chosen"] = ASKED if asked else FIRST
    better = None if asked or done.interrupted else better_window(done)
    if better is None:
        return told
    again = gather(done.run.inputs, better, interruption, to_its_end=True, hidden=hidden)
    if again.interrupted:
        done.interrupted = " while the packets to show were read, so that the first are shown"
        return told
    told = again.gathered.window()
    told["window"]["chosen"] = CHOSEN
    return told


def gather(
    inputs: InputOptions,
    shown: Shown,
    interruption: Interruption,
    *,
    to_its_end: bool = False,
    asides: Sequence[Aside] = (),
    hidden: bool = False,
) -> Reported:
    """Read the captures, all of them, or to the end of the window; `hidden` without telling how far it is."""
    run = start(inputs, BOTH, metered=True)
    texts = Texts()
    watched = Watched(run.captures, run.simulator, shown, texts)
    watched.on_compiling = Compiling()
    run.result = watched
    done = Reported(run, Tally(run.modes, run.slots()), unknowns_of(run), Gathered(watched, run.naming, texts), "")
    batches = iter(watched)
    with closing(batches), begun(asides, run):  # type: ignore[type-var]
        wanted: Iterator[Any] = batches
        if to_its_end:
            wanted = takewhile(lambda _: done.gathered.packets.seen < shown.end, batches)
        left = partial(left_of, done, shown, to_its_end=to_its_end)
        for batch in with_progress(wanted, hidden=hidden, to_come=left, ending=interruption.is_set):
            done.tally.add(batch)
            done.unknowns.add(batch)
            done.gathered.add(batch, done.tally)
            for aside in asides:
                aside.add(batch)
            if interruption.is_set():
                done.interrupted = f" after {done.tally.frames:,} packets"
                break
        for aside in () if done.interrupted else asides:
            aside.finish(run)
    return done


def left_of(done: Reported, shown: Shown, *, to_its_end: bool) -> int | None:
    """About how many packets are still to come, as far as the rate of late tells how long they take.

    None while packets of the window are looked at one by one, for those behind it are a hundred times as fast.
    """
    seen, to_come_at_all = done.gathered.packets.seen, to_come(done.run)
    if to_come_at_all is None:
        return None
    if to_its_end:
        return min(to_come_at_all, shown.end - seen)
    return None if shown.first <= seen < shown.end and seen + to_come_at_all > shown.end else to_come_at_all


def better_window(done: Reported) -> Shown | None:
    """The window among whose packets the modes differ most often, if that is another one and can be read again."""
    if done.tally.frames <= LIMIT or not all(map(is_regular, done.run.inputs.files)):
        return None
    window = done.gathered.busiest.window(LIMIT)
    return window if window.first else None


def about_run(done: Reported) -> About:
    """What is to be said of the run."""
    told = about(done.run, done.tally, Window(EVERYTHING, BOTH), interrupted=done.interrupted)
    families = families_of_one(done.run.simulator.lowered["stateful"])
    guessed = () if done.run.guessed is None else (GUESSED_HERE,)
    return replace(told, notes=guessed + told.notes + unchained_notes(done.tally, families))
