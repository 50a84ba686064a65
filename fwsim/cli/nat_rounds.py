"""Rounds of `fwsim parity --fuzz --nat`: a random ruleset that translates in each, and traffic through it.

Read first: `fwsim.fuzz.nat`. Who answers a translated packet must know what it became: a kernel with the same ruleset
is asked for that while the traffic is made. Equal seeds give equal rounds but for ports that the kernel draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from fwsim.cli.loading import load
from fwsim.cli.options import InputOptions
from fwsim.cli.rounds import written
from fwsim.errors import UsageError
from fwsim.fuzz.captured import write_arrivals
from fwsim.fuzz.nat.places import INTERFACES, LOCAL
from fwsim.fuzz.nat.rulesets import ruleset
from fwsim.fuzz.nat.traffic import traffic
from fwsim.kernel import KernelFirewall
from fwsim.parity import standing_still

ROUND = 4_000
"""Packets that meet a ruleset."""


def translating(inputs: InputOptions, folder: Path) -> Iterator[InputOptions]:
    """A ruleset and a capture for each round, which are gone when the next one is asked for."""
    if inputs.rules is not None or inputs.captures or inputs.named or inputs.interfaces or inputs.local:
        raise UsageError("--nat makes rulesets, interfaces and traffic itself: expected no captures, -r, --interface")
    placed = replace(inputs, interfaces=INTERFACES, local=LOCAL)
    for number in count():
        seed = f"{inputs.seed or 0}/{number}"
        name = f"nat-{inputs.seed or 0}-{number}"
        rules, path = written(folder / f"{name}.rules", ruleset(seed)), folder / f"{name}.pcapng"
        model = standing_still(load(placed, rules))
        with KernelFirewall(model, interfaces=networks(), local=LOCAL) as kernel:
            write_arrivals(str(path), traffic(seed, ROUND, kernel.relay), list(INTERFACES))
        yield replace(placed, captures=(str(path),), rules=rules)
        path.unlink()
        Path(rules).unlink()


def networks() -> dict[str, list[str]]:
    """The networks behind each interface."""
    return {name: text.split(",") for name, text in INTERFACES.items()}
