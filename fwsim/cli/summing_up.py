"""What is to be said about a run that has ended, besides its figures: captures, ruleset, price, notes, advice.

Read first: `fwsim.report.about`, the record that is filled here, and `fwsim.cli.runs`.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from itertools import pairwise

from fwsim.capture.model import CaptureFile
from fwsim.checking.own_addresses import needed_addresses
from fwsim.cli.options import InputOptions
from fwsim.cli.runs import Run, Window
from fwsim.report.about import About, AboutCapture, AboutRuleset
from fwsim.report.comparison import changes
from fwsim.report.figures import counted
from fwsim.report.tally import Tally
from fwsim.report.unknown import Unknowns, rules_with_limit
from fwsim.simulator import Simulator
from fwsim.terms import Hook, Verdict, word
from fwsim.tracker import bytes_of_a_connection

NOWHERE = 0.95
"""Of the packets: if more pass no chain at all, something about the firewall's own addresses is missing."""


def about(run: Run, tally: Tally, window: Window, *, hint: bool = True, interrupted: str = "") -> About:
    """What is to be said about a run that has ended; `interrupted` says how far it came if that was before its end."""
    counters = run.result.statistics
    advice = advice_of(run, tally) if hint else None
    return About(
        modes=run.modes,
        captures=tuple(
            AboutCapture(
                file.path,
                file.format,
                file.sha256,
                file.packets,
                file.complete and not (interrupted and file.sha256 is None),
                tuple(file.warnings),
            )
            for file in run.captures.files
        ),
        ruleset=_about_ruleset(run),
        connections=counters["created"],
        peak_connections=counters["peak"],
        memory=counters["peak"] * bytes_of_a_connection(),
        tracking=run.simulator.lowered["stateful"].tracking,
        selection=window.text,
        notes=(
            *run.simulator.topology.notes(),
            *([] if run.inputs.named else order_notes(run.captures.files)),
            *capture_notes(run.captures.notes),
            *_limit_notes(run, tally),
        ),
        explain=explain_command(run.inputs),
        hint=(advice,) if advice else (),
        interrupted=f"interrupted{interrupted}" if interrupted else "",
    )


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


def _limit_notes(run: Run, tally: Tally) -> list[str]:
    """A limit is state too: it must be said if it may explain a difference."""
    limits = run.simulator.lowered["stateless"].program.limits
    if len(run.modes) < 2 or not changes(tally).admitted or len(limits) == 0:
        return []
    return [
        "a limit counts without state too, but every packet that is judged as new, not only the first of a connection"
    ]


def _about_ruleset(run: Run) -> AboutRuleset:
    """What is to be said about the ruleset; of several chains at the same hooks, the strictest policy."""
    lowered = run.simulator.lowered["stateful" if "stateful" in run.modes else "stateless"]
    strictest: dict[tuple[Hook, ...], Verdict] = {}
    for chain in lowered.chains:
        if chain.hooks and strictest.get(chain.hooks, Verdict.ACCEPT) == Verdict.ACCEPT:
            strictest[chain.hooks] = chain.policy
    policies = [f"{'+'.join(map(word, hooks))} policy {word(policy)}" for hooks, policy in strictest.items()]
    path = run.inputs.rules
    digest = None
    if path and path != "-":
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
    return AboutRuleset(
        path or "(guessed)", digest, len(lowered.rules), tuple(policies), run.inputs.stateless_rules
    )  # fmt: skip


def unknowns_of(run: Run) -> Unknowns:
    """What counts the unknown verdicts of a run, with the files and the limits of its rules."""
    given = {"stateful": run.inputs.rules, "stateless": run.inputs.stateless_rules or run.inputs.rules}
    paths = {mode: "standard input" if path == "-" else path or "guessed" for mode, path in given.items()}
    limited = {str(mode): rules_with_limit(lowered) for mode, lowered in run.simulator.lowered.items()}
    return Unknowns(run.modes, run.naming, paths, limited, needed_text(run.simulator))


def needed_text(simulator: Simulator) -> str:
    """Which own address translation lacks, by the first rule that needs one; empty if none does."""
    needed = needed_addresses(simulator.ruleset.netfilter, simulator.topology)
    if not needed:
        return ""
    more = f" (and so do {counted(len(needed) - 1, 'other rule')})" if len(needed) > 1 else ""
    return needed[0].located + more


def advice_of(run: Run, tally: Tally | None = None) -> str | None:
    """What to say first if the ruleset and the capture hardly have to do with each other."""
    advice = run.simulator.topology.advice()
    if advice or tally is None or not run.simulator.topology.guards_itself or tally.frames < run.result.packets:
        return advice
    hits = tally.hits[run.modes[-1]]
    unchained = int(hits.counts[hits.slots.none, :, Verdict.ACCEPT].sum())
    if unchained <= NOWHERE * (tally.frames - sum(tally.not_evaluated.values())) or not unchained:
        return None
    proposal = run.simulator.topology.surroundings.propose()
    known = run.simulator.topology.local
    own = [address for address in proposal.local if not any(address in network for network in known)]
    options = " ".join(f"--local {address}" for address in own)
    said = f"{unchained:,} of {tally.frames:,} packets pass no chain of the ruleset"
    return f"{said}; if it is that of one machine, name its address: {options}" if options else said


def explain_command(inputs: InputOptions) -> str:
    """The command that explains a frame of this run, but for `-n`."""
    words = ["fwsim", "explain", *inputs.captures]
    for name, file in inputs.named:
        words += ["--in", f"{name}={file}"]
    words += ["-r", inputs.rules] if inputs.rules else []
    words += ["--stateless-rules", inputs.stateless_rules] if inputs.stateless_rules else []
    for name, networks in inputs.interfaces.items():
        words += ["--interface", f"{name}={networks}"]
    for address in inputs.local:
        words += ["--local", address]
    for path in inputs.topology:
        words += ["--topology", path]
    words += ["--live"] if inputs.live else []
    for key, value in inputs.settings.items():
        words += ["--set", f"{key}={value}"]
    words += ["--sysctl", inputs.sysctl] if inputs.sysctl else []
    words += ["--checksum", inputs.checksum] if inputs.checksum != "auto" else []
    return shlex.join(words)
