"""The pytest plugin: files named `*.fwsim.yaml` are tests, and `fwsim_firewall` lets people write them in Python.

Read first: `fwsim.expectations.model` (the files), `fwsim.expectations.playbook` (the language for Python). pytest
loads this at its start, in every project of an environment where fwsim is installed: nothing heavy is imported before a
file or the fixture is used.

```python
def test_a_blind_reset_does_not_end_a_connection(fwsim_firewall):
    play = fwsim_firewall("rulesets/office.yaml")
    play.tcp("10.1.4.23:51822", "203.0.113.80:443").handshake()
    play.reply("R", seq=1_000_000).expect(DROP, rule="broken")
    play.packet("tcp 198.51.100.7:40000 > 192.0.2.2:443 syn in wan").expect(ACCEPT)
```
(`from fwsim.expectations.playbook import ACCEPT, DROP`.)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fwsim.expectations.playbook import Playbook
    from fwsim.expectations.results import CaseResult
    from fwsim.expectations.suites import Suite

BROKEN_OFF = pytest.StashKey[bool]()
"""Of a test: whether it was, by a failure or a skip."""
ENDINGS = (".fwsim.yaml", ".fwsim.yml", ".fwsim.json")
"""How the names of files of expectations end."""


def _harmless(lines: Iterable[str]) -> str:
    """Complaints as a text in which nothing is obeyed."""
    from fwsim.harmless import safe

    return "\n".join(map(safe, lines))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take files of expectations for tests."""
    if not file_path.name.endswith(ENDINGS):
        return None
    found: pytest.Collector = ExpectationsFile.from_parent(parent, path=file_path)
    return found


class ExpectationsFile(pytest.File):
    """A file of expectations."""

    def collect(self) -> Iterable[pytest.Item]:
        """Its cases; a file with mistakes is an error that tells them with their places."""
        from fwsim.errors import FwsimError
        from fwsim.expectations.reading import read_expectations
        from fwsim.expectations.suites import Suite

        try:
            suite = Suite(read_expectations(self.path))
        except FwsimError as error:
            raise self.CollectError(_harmless(error.lines())) from None
        for number, title in enumerate(suite.titles):
            yield ExpectationItem.from_parent(self, name=title, suite=suite, number=number)


class CaseFailedError(Exception):
    """A case that did not pass."""

    def __init__(self, result: CaseResult) -> None:
        """What came of it."""
        super().__init__(result.title)
        self.result = result


class ExpectationItem(pytest.Item):
    """One case."""

    def __init__(self, *, suite: Suite, number: int, **item: Any) -> None:
        """The case of this number in its file; its tags can be named with -k."""
        super().__init__(**item)
        self.suite = suite
        self.number = number
        self.case = suite.file.cases[number]
        self.extra_keyword_matches.update(self.case.tags)

    def runtest(self) -> None:
        """Run it; points go into pytest's own reports as properties."""
        from fwsim.expectations.results import Outcome
        from fwsim.expectations.text import points_of

        result = self.suite.result(self.number)
        if self.case.points is not None:
            points = {"points": result.points, "possible_points": self.case.points}
            self.user_properties += [(name, points_of(number)) for name, number in points.items()]
        if result.outcome is not Outcome.PASSED:
            raise CaseFailedError(replace(result, path=os.path.relpath(self.path, self.config.invocation_params.dir)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What was not as expected, and what decided it, without a traceback."""
        from fwsim.errors import FwsimError
        from fwsim.expectations.text import failure_lines

        if isinstance(excinfo.value, CaseFailedError):
            return "\n".join(line.rstrip() for line in failure_lines(excinfo.value.result)).rstrip()
        if isinstance(excinfo.value, FwsimError):
            return _harmless(excinfo.value.lines())
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, self.case.location.line - 1, self.name


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Note whether a test was broken off, for the fixture."""
    if call.when == "call":
        item.stash[BROKEN_OFF] = call.excinfo is not None


@pytest.fixture
def fwsim_firewall(request: pytest.FixtureRequest) -> Iterator[Callable[..., Playbook]]:
    """Make firewalls to play packets to: `fwsim_firewall("office.yaml", mode="stateful")`.

    The ruleset is a path (from the folder of the test, or else from pytest's root), a mapping as YAML would have it, or
    a `fwsim.Ruleset`; further words are those of `fwsim.Simulator`. What comes back is a `Playbook`; at the end of the
    test each must have come to an end with an expectation.
    """
    from fwsim.errors import FwsimError
    from fwsim.expectations.simulated import SimulatedPlaybook

    plays: list[Playbook] = []

    def make(ruleset: Any, **options: Any) -> Playbook:
        __tracebackhide__ = True
        if isinstance(ruleset, str | Path):
            ruleset = str(_found(request, Path(ruleset)))
        try:
            plays.append(SimulatedPlaybook(ruleset, **options))
        except FwsimError as error:
            wrong = "\n".join(error.lines())
        else:
            return plays[-1]
        pytest.fail(wrong)

    yield make
    __tracebackhide__ = True
    if request.node.stash.get(BROKEN_OFF, False):
        return  # it has come to no end, and what broke it off is told
    for play in plays:
        play.finish()


def _found(request: pytest.FixtureRequest, path: Path) -> Path:
    """Where a ruleset is."""
    __tracebackhide__ = True
    folders = list(dict.fromkeys((request.path.parent, request.config.rootpath)))
    for folder in folders:
        if (folder / path).exists():
            return folder / path
    pytest.fail(f"{path}: no such ruleset in {' or '.join(map(str, folders))}")
