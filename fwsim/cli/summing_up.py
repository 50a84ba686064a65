"""What is to be said about a run that has ended, besides its figures: captures, ruleset, price, notes, advice.

Read first: `fwsim.report.about`, the record that is filled here, `fwsim.report.about_run` and `fwsim.cli.runs`.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from fwsim.checking.own_addresses import needed_addresses
from fwsim.checkpoint.identity import digest_of, is_regular
from fwsim.cli.options import InputOptions
from fwsim.cli.runs import Run, Window
from fwsim.report.about import About, AboutRuleset
from fwsim.report.about_run import (
    advice_of,
    capture_notes,
    captures_of,
    limit_notes,
    order_notes,
    policies,
    translations,
)
from fwsim.report.figures import counted
from fwsim.report.tally import Tally
from fwsim.report.unknown import Unknowns, rules_with_limit
from fwsim.simulator import Simulator
from fwsim.tracker import bytes_of_a_connection

if TYPE_CHECKING:
    from fwsim.resources.meter import Measured


def about(run: Run, tally: Tally, window: Window, *, hint: bool = True, interrupted: str = "") -> About:
    """What is to be said about a run that has ended; `interrupted` says how far it came if that was before its end."""
    counters, cost = run.result.statistics, measured(run)  # before the shards are united to be looked into
    advice = advice_of(run.result, tally) if hint else None
    return About(
        modes=run.modes,
        captures=captures_of(run.captures.files, broken_off=bool(interrupted)),
        ruleset=_about_ruleset(run),
        connections=counters["created"],
        peak_connections=counters["peak"],
        memory=counters["peak"] * bytes_of_a_connection(),
        tracking=run.simulator.lowered["stateful"].tracking,
        selection=window.text,
        translations=tuple(translations(run.simulator, run.modes)),
        notes=(
            *run.simulator.topology.notes(),
            *([] if run.inputs.named else order_notes(run.captures.files)),
            *capture_notes(run.captures.notes),
            *limit_notes(run.simulator, tally),
        ),
        explain=explain_command(run.inputs),
        hint=(advice,) if advice else (),
        interrupted=f"interrupted{interrupted}" if interrupted else "",
        resources=cost,
    )


def measured(run: Run) -> Measured | None:
    """What state cost, if that was measured."""
    if type(run.simulator) is Simulator:
        return None
    from fwsim.resources.meter import MeteredSimulator

    simulator = run.simulator
    return simulator.meter.measured(simulator, run.modes) if isinstance(simulator, MeteredSimulator) else None


def _about_ruleset(run: Run) -> AboutRuleset:
    """What is to be said about the ruleset."""
    lowered = run.simulator.lowered["stateful" if "stateful" in run.modes else "stateless"]
    path = run.inputs.rules
    return AboutRuleset(
        path or "(guessed)",
        digest_of(path) if path and is_regular(path) else None,
        len(lowered.rules),
        policies(run.simulator, run.modes),
        run.inputs.stateless_rules,
    )


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
