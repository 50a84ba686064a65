"""What is to be said about a run besides its figures, as far as its captures and its simulator tell.

Read first: `fwsim.report.about`. How the run was asked for is known elsewhere: `fwsim.cli.summing_up` adds it for the
command line, `fwsim.notebook.counting` for Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from fwsim.capture.model import CaptureFile
from fwsim.reloading import in_turn
from fwsim.report.about import AboutCapture, AboutTranslation
from fwsim.report.comparison import changes
from fwsim.report.figures import counted
from fwsim.report.tally import Tally
from fwsim.result import Result
from fwsim.simulator import Simulator
from fwsim.terms import Hook, Verdict, word

NOWHERE = 0.95
"""Of the packets: if more pass no chain at all, something about the firewall's own addresses is missing."""


def captures_of(files: Sequence[CaptureFile], *, broken_off: bool = False) -> tuple[AboutCapture, ...]:
    """Each capture; of a run that was `broken_off`, only those with a digest are known to be whole."""
    return tuple(
        AboutCapture(
            file.path,
            file.format,
            file.sha256,
            file.packets,
            file.complete and not (broken_off and file.sha256 is None),
            tuple(file.warnings),
        )
        for file in files
    )


def policies(simulator: Simulator, modes: Sequence[str]) -> tuple[str, ...]:
    """The policies where there are chains; of several chains at the same hooks, the strictest."""
    strictest: dict[tuple[Hook, ...], Verdict] = {}
    for chain in simulator.lowered["stateful" if "stateful" in modes else "stateless"].chains:
        if chain.hooks and strictest.get(chain.hooks, Verdict.ACCEPT) == Verdict.ACCEPT:
            strictest[chain.hooks] = chain.policy
    return tuple(f"{'+'.join(map(word, hooks))} policy {word(policy)}" for hooks, policy in strictest.items())


def translations(simulator: Simulator, modes: Sequence[str]) -> Iterator[AboutTranslation]:
    """The rules of chains that translate, with what they counted."""
    if "stateful" not in modes:
        return
    for one in in_turn(simulator):
        lowered = one.lowered["stateful"]
        hits = one.stateful.mode.course.memory.hits
        for number, rule in enumerate(lowered.rules):
            chain = lowered.chains[rule.chain]
            if chain.kind == "nat":
                text = "" if rule.name else rule.text
                yield AboutTranslation(chain.name, rule.label, rule.line, text, int(hits[number]))


CAPTURE_NOTES = {
    "offloaded": "{} with a transport checksum left to the network card, not judged (--checksum verify judges it)",
    "offloaded_header": "{} with an IPv4 header checksum left to the network card, not judged",
    "segmented": "{} captured before segmentation (IP length 0): the captured length was taken",
    "cut": "{} cut short by the snap length: checksums not judged, and only what hangs on the missing bytes is unknown",
}


def capture_notes(counts: dict[str, int]) -> list[str]:
    """What had to be guessed about packets as they were captured."""
    return [text.format(counted(counts[name], "packet")) for name, text in CAPTURE_NOTES.items() if counts.get(name)]


def order_notes(files: Sequence[CaptureFile]) -> list[str]:
    """Captures that were read one after the other, but are of the same time: of those, the first two."""
    for before, after in pairwise(files):
        if before.last_ts is not None and after.first_ts is not None and after.first_ts < before.last_ts:
            return [
                f"{after.path} begins before {before.path} ends, but was read after it: "
                "--in NAME=FILE merges captures of several interfaces by time"
            ]
    return []


def limit_notes(simulator: Simulator, tally: Tally) -> list[str]:
    """A limit is state too: it must be said if it may explain a difference."""
    limits = simulator.lowered["stateless"].program.limits
    if len(tally.modes) < 2 or not changes(tally).admitted or len(limits) == 0:
        return []
    return [
        "a limit counts without state too, but every packet that is judged as new, not only the first of a connection"
    ]


def advice_of(result: Result, tally: Tally | None = None) -> str | None:
    """What to say first if the ruleset and the capture hardly have to do with each other."""
    topology = result.simulator.topology
    advice = topology.advice()
    if advice or tally is None or not topology.guards_itself or tally.frames < result.packets:
        return advice
    hits = tally.hits[tally.modes[-1]]
    unchained = int(hits.counts[hits.slots.none, :, Verdict.ACCEPT].sum())
    if unchained <= NOWHERE * (tally.frames - sum(tally.not_evaluated.values())) or not unchained:
        return None
    proposal = topology.surroundings.propose()
    known = topology.local
    own = [address for address in proposal.local if not any(address in network for network in known)]
    options = " ".join(f"--local {address}" for address in own)
    said = f"{unchained:,} of {tally.frames:,} packets pass no chain of the ruleset"
    return f"{said}; if it is that of one machine, name its address: {options}" if options else said
