"""The firewall that a file of expectations is about: its ruleset, its surroundings, its captures.

Read first: `model.Expectations`. What options say goes before what a file says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from fwsim.capture.made import from_frames
from fwsim.errors import Problem, RulesetError, UsageError
from fwsim.expectations.lines import Spoken
from fwsim.expectations.model import Case, Expectations
from fwsim.expectations.named import unknown_names
from fwsim.expectations.reading import placed, resolved
from fwsim.expectations.simulated import KEY
from fwsim.naming import Naming
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.ruleset.host import Host, read_topology, united
from fwsim.ruleset.load import validated
from fwsim.ruleset.mistakes import Path
from fwsim.run_names import naming_of
from fwsim.simulator import Simulator
from fwsim.topology.learned import learned


@dataclass(frozen=True)
class Overrides:
    """What the command line says of the firewall."""

    rules: str | None = None
    stateless_rules: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    interfaces: Mapping[str, Sequence[str]] = field(default_factory=dict)
    local: Sequence[str] = ()
    host: Host = field(default_factory=Host)
    seed: int | None = None


NO_OVERRIDES = Overrides()


@dataclass(frozen=True)
class Prepared:
    """A file, and the firewall that it is about, which has seen nothing."""

    file: Expectations
    ruleset: str
    """Its ruleset, as it can be named."""
    simulator: Simulator
    naming: Naming
    """Of its rules and interfaces."""


@dataclass(frozen=True)
class Surroundings:
    """What a file and the options say besides the rules."""

    settings: dict[str, str]
    interfaces: dict[str, Sequence[str]]
    local: tuple[str, ...]
    host: Host

    @property
    def networks(self) -> dict[str, Sequence[str]]:
        """The networks behind interfaces, also those that a description of the machine knows."""
        known = learned(self.host).interfaces if self.host else {}
        found = {name: [str(one) for one in behind.networks] for name, behind in known.items() if behind.networks}
        return {**found, **self.interfaces}


def prepare(file: Expectations, overrides: Overrides = NO_OVERRIDES) -> Prepared:
    """Load the rulesets of a file; `RulesetError` with all mistakes if it or they have any."""
    missing = _missing(file, overrides)
    if missing:
        raise RulesetError(missing)
    around = _surroundings(file, overrides)
    name, ruleset = _ruleset(file, overrides, around)
    by_hand = overrides.stateless_rules
    if by_hand is None and file.stateless_rules is not None and overrides.rules is None:
        by_hand = resolved(file, file.stateless_rules)
    stateless = None
    if by_hand is not None:
        stateless = load_ruleset(by_hand, interfaces=around.networks, local=around.local)
    simulator = Simulator(
        ruleset,
        interfaces=around.interfaces,
        stateless_rules=stateless,
        key=KEY if overrides.seed is None else overrides.seed,
        host=around.host,
    )
    naming = naming_of(from_frames([]), simulator)
    problems = _undeclared(file, simulator)
    if overrides.rules is None:
        problems += unknown_names(file, naming)
    if problems:
        raise RulesetError(problems)
    return Prepared(file, name, simulator, naming)


def _missing(file: Expectations, overrides: Overrides) -> list[Problem]:
    """The files that a file names, and that are not there."""
    named: list[tuple[Path, str]] = [(("topology",), path) for path in file.topology]
    if overrides.rules is None:
        named += [
            ((key,), path) for key in ("ruleset", "stateless_rules") if isinstance(path := getattr(file, key), str)
        ]
    return missing_files(file, named)


def _surroundings(file: Expectations, overrides: Overrides) -> Surroundings:
    """What both say."""
    written = {key: value if isinstance(value, str) else json.dumps(value) for key, value in file.settings.items()}
    networks = {name: list(dict.fromkeys(one.source for one in found)) for name, found in file.interfaces.items()}
    own = [str(one) for one in file.local.source] if isinstance(file.local.source, tuple) else []
    host = united([*(read_topology(resolved(file, path)) for path in file.topology), overrides.host])
    return Surroundings(
        {**written, **overrides.settings}, {**networks, **overrides.interfaces}, (*own, *overrides.local), host
    )


def _ruleset(file: Expectations, overrides: Overrides, around: Surroundings) -> tuple[str, Ruleset]:
    """The name of the ruleset, and the ruleset."""
    options: dict[str, Any] = {
        "overrides": around.settings, "interfaces": around.networks, "local": around.local,
    }  # fmt: skip
    if overrides.rules is not None:
        return overrides.rules, load_ruleset(overrides.rules, **options)
    if file.ruleset is None:
        raise RulesetError([placed(file, (), "expected a 'ruleset', here or with -r")])
    if isinstance(file.ruleset, str):
        path = resolved(file, file.ruleset)
        return path, load_ruleset(path, **options)
    root, problems = laid_over(file, around)
    return file.location.path, validated(root, problems, {"open_interfaces": not root.get("interfaces")})


def missing_files(file: Expectations, named: Iterable[tuple[Path, str]]) -> list[Problem]:
    """Those of the files that are named at these places which are not there."""
    found = ((path, resolved(file, name)) for path, name in named)
    return [placed(file, path, f"{name}: no such file") for path, name in found if not FilePath(name).exists()]


def captures_of(file: Expectations, numbers: Iterable[int]) -> Iterator[tuple[Path, str]]:
    """The captures that these cases select from, and where they are named."""
    for number in numbers:
        case = file.cases[number]
        if case.select is None:
            continue
        place: Path = ("capture",) if case.capture is None else ("cases", number, "capture")
        for interface, path in case.capture or file.capture or ():
            yield (*place, *([] if interface is None else [interface])), path


def laid_over(file: Expectations, around: Surroundings) -> tuple[Any, list[Problem]]:
    """A ruleset that is written in the file itself, with what is said besides."""
    from fwsim.ruleset.options import lay_over

    return lay_over(file.ruleset, around.settings, around.networks, around.local)


def _undeclared(file: Expectations, simulator: Simulator) -> list[Problem]:
    """The packets that come in by an interface which nobody has declared."""
    problems = []
    for number, case in enumerate(file.cases):
        for path, line in lines_of(case):
            if line.interface is None:
                continue
            try:
                simulator.topology.check_declared(line.interface, "")
            except UsageError as error:
                at = line.text.rfind(f"in {line.interface}") + 3
                problems.append(placed(file, ("cases", number, *path), str(error).removeprefix(": "), at))
    return problems


def lines_of(case: Case) -> list[tuple[Path, Spoken]]:
    """The packets of a case, with where they stand in it."""
    if case.packet is not None:
        return [(("packet",), case.packet)]
    steps = enumerate(case.conversation or ())
    return [(("conversation", number, "packet"), step.packet) for number, step in steps if step.packet is not None]
