"""The rounds of `fwsim parity`: the captures as they are, or one fuzzed or spoiled capture after the other.

Read first: `fwsim.fuzz`. Everything is made of the seed: equal seeds give equal rounds, as many as there is time for.
"""

from __future__ import annotations

import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import IO

from fwsim.cli.loading import load
from fwsim.cli.options import InputOptions
from fwsim.cli.runs import BOTH, start
from fwsim.errors import UsageError
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.from_rules import places_for, write_packets
from fwsim.fuzz.meeting import Meeting, meeting
from fwsim.fuzz.mutated import mutated
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.fuzz.rules.places import Places
from fwsim.fuzz.rules.through import Relay
from fwsim.harmless import safe
from fwsim.kernel import KernelFirewall
from fwsim.kernel.plan import translates
from fwsim.parity import standing_still
from fwsim.parity.records import Record, records, write
from fwsim.ruleset import Ruleset
from fwsim.topology import Topology

ROUND = 20_000
"""Packets of a fuzzed capture, and frames read to be spoiled; each round begins with an empty connection table."""
TIMES = 10
"""How often a round goes through short captures: what is left of connections meets them opened again."""


Rounds = Callable[[InputOptions, Path], Iterator[InputOptions]]
"""Rounds without end; what was made for one in the folder is gone when the next one is asked for."""


def rounds(
    inputs: InputOptions,
    seconds: float | None,
    folder: Path,
    from_rules: int | None = None,
    made_by: Rounds | None = None,
) -> Iterator[InputOptions]:
    """What each round reads. With `seconds`, traffic is made for so long: of the captures, if there are any.

    With `from_rules` there is one round, of so many packets made from the ruleset's own rules. `made_by` makes other
    traffic than these.

    The capture of a round that was made is gone when the next one is asked for: see `kept`.
    """
    if from_rules is not None:
        yield made_from_rules(inputs, from_rules, folder)
        return
    if seconds is None:
        yield inputs
        return
    end = time.monotonic() + seconds
    made = (made_by or (spoiled if inputs.captures or inputs.named else fuzzed))(inputs, folder)
    while time.monotonic() < end:
        yield next(made)


def made_from_rules(inputs: InputOptions, count: int, folder: Path) -> InputOptions:
    """A round of packets made from the rules; where the ruleset has no topology, with one that fits them."""
    if inputs.rules is None:
        raise UsageError("--from-rules makes packets for a ruleset: expected one with -r")
    if inputs.captures or inputs.named:
        raise UsageError("--from-rules makes the packets itself: expected no captures with it")
    ruleset = load(inputs, inputs.rules)
    topology = Topology.build(ruleset)
    if any(behind.networks for behind in topology.interfaces.values()):
        behind = {name: one.networks for name, one in topology.interfaces.items()}
        places = Places.given(behind, topology.local)
    else:
        places = places_for(ruleset.netfilter)
        networks = {name: ",".join(texts) for name, texts in places.interfaces.items()}
        inputs = replace(inputs, interfaces=networks, local=(*inputs.local, *places.local))
    path = str(folder / f"from-rules-{inputs.seed or 0}.pcapng")
    with relaying(ruleset, places) as relay:
        write_packets(path, ruleset.netfilter, places, inputs.seed or 0, count, relay)
    return replace(inputs, captures=(path,))


@contextmanager
def relaying(ruleset: Ruleset, places: Places) -> Iterator[Relay | None]:
    """A kernel that says what becomes of packets, if the rules translate."""
    if not translates(ruleset.netfilter):
        yield None
        return
    with KernelFirewall(standing_still(ruleset), interfaces=places.interfaces, local=places.local) as kernel:
        yield kernel.relay


def kept(inputs: InputOptions, folder: Path, out: IO[str], given: InputOptions | None = None) -> InputOptions:
    """The same round with what was made for it in `folder` copied to the current directory, and how to repeat it.

    `given` is what the user gave: what else the round has is to be given too.
    """
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
    if given is not None and inputs.interfaces != given.interfaces:
        command += [word for name, text in inputs.interfaces.items() for word in ("--interface", f"{name}={text}")]
        command += [word for address in inputs.local for word in ("--local", address)]
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
