"""The rounds of `fwsim parity`: the captures as they are, or one fuzzed or spoiled capture after the other.

Read first: `fwsim.fuzz`. Everything is made of the seed: equal seeds give equal rounds, as many as there is time for.
"""

from __future__ import annotations

import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import IO

from fwsim.cli.options import InputOptions
from fwsim.cli.runs import BOTH, load, start
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.meeting import Meeting, meeting
from fwsim.fuzz.mutated import mutated
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.parity.records import Record, records, write
from fwsim.report.safe import safe

ROUND = 20_000
"""Packets of a fuzzed capture, and frames read to be spoiled; each round begins with an empty connection table."""
TIMES = 10
"""How often a round goes through short captures: what is left of connections meets them opened again."""


def rounds(inputs: InputOptions, seconds: float | None, folder: Path) -> Iterator[InputOptions]:
    """What each round reads. With `seconds`, traffic is made for so long: of the captures, if there are any.

    The capture of a round that was made is gone when the next one is asked for: see `kept`.
    """
    if seconds is None:
        yield inputs
        return
    end = time.monotonic() + seconds
    made = spoiled(inputs, folder) if inputs.captures or inputs.named else fuzzed(inputs, folder)
    while time.monotonic() < end:
        yield next(made)


def kept(inputs: InputOptions, folder: Path, out: IO[str]) -> InputOptions:
    """The same round with what was made for it in `folder` copied to the current directory, and how to repeat it."""
    made = [path for path in (*inputs.captures, inputs.rules) if path is not None and Path(path).parent == folder]
    if not made:
        return inputs
    copies = {path: copied(Path(path)) for path in made}
    again = replace(
        inputs,
        captures=tuple(copies.get(path, path) for path in inputs.captures),
        rules=copies.get(inputs.rules or "", inputs.rules),
    )
    command = ["fwsim", "parity", *again.captures, *(["-r", again.rules] if again.rules is not None else [])]
    names = " and ".join(safe(path) for path in copies.values())
    out.write(f"Kept: {names}. To repeat it (with the same options otherwise): {safe(shlex.join(command))}\n\n")
    return again


def copied(path: Path) -> str:
    """A copy of a file in the current directory, or if that cannot be, in one for temporary files; its new path."""
    for number in count(1):
        name = path.name if number == 1 else f"{path.stem}-{number}{path.suffix}"
        try:
            with open(name, "xb") as file:
                file.write(path.read_bytes())
            return name
        except FileExistsError:
            continue
        except OSError:
            break
    return shutil.copy(path, tempfile.mkdtemp(prefix="fwsim-parity-"))


def fuzzed(inputs: InputOptions, folder: Path) -> Iterator[InputOptions]:
    """Traffic that meets the ruleset, or if there is none, one with a rule for every state."""
    met = Meeting()
    if inputs.rules is None:
        inputs = replace(inputs, rules=written(folder / "every-state.yaml", EVERY_STATE))
    else:
        met = meeting(load(inputs, inputs.rules))
    for number in count():
        path = str(folder / f"fuzz-{inputs.seed or 0}-{number}.pcapng")
        write_traffic(path, f"{inputs.seed or 0}/{number}", ROUND, interfaces=met.interfaces, hosts=met.hosts)
        yield replace(inputs, captures=(path,))
        Path(path).unlink()


def spoiled(inputs: InputOptions, folder: Path) -> Iterator[InputOptions]:
    """The beginning of the captures, over and over, with packets lost, repeated, reordered and changed each time."""
    run = start(inputs, BOTH)
    frames = records(run.captures, most=ROUND)
    if run.guessed is not None:
        inputs = replace(inputs, rules=written(folder / "guessed.yaml", run.guessed))
    times = max(min(ROUND // max(len(frames), 1), TIMES), 1)
    for number in count():
        path = str(folder / f"spoiled-{inputs.seed or 0}-{number}.pcapng")
        write(path, mutations(Random(f"{inputs.seed or 0}/{number}"), frames * times))
        yield replace(inputs, captures=(path,), named=(), count=None)
        Path(path).unlink()


def mutations(chance: Random, frames: Sequence[Record]) -> Iterator[Record]:
    """The frames, spoiled in their IP packets alone: link layer, interface and padding stay."""
    packets = ((frame, frame.data[frame.packet]) for frame in frames)
    for frame, packet in mutated(chance, packets):
        yield frame.with_packet(packet)


def written(path: Path, text: str) -> str:
    """A file with this text; returns its path."""
    path.write_text(text, encoding="utf-8")
    return str(path)
