"""A pytest plugin (`-p tests.mutations.planting`): one module of the engine is loaded with a change in its source.

The file itself stays as it is. The environment says what to change (`PLANT`, a JSON list: module, old text, new text)
and where to write, as JSON, whether the changed module was loaded and which tests failed by which exception (`REPORT`).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

import pytest

PLANT = "FWSIM_MUTANT"
REPORT = "FWSIM_MUTANT_REPORT"


class ChangedSource(SourceFileLoader):
    """Loads a module from its source with one text replaced, past the cache of bytecode."""

    def __init__(self, name: str, path: str, old: str, new: str) -> None:
        super().__init__(name, path)
        self.old, self.new = old, new
        self.is_loaded = False

    def get_code(self, fullname: str) -> CodeType:
        source = Path(self.path).read_text()
        code = compile(source.replace(self.old, self.new), self.path, "exec", dont_inherit=True)
        self.is_loaded = True
        return code


class Planter(MetaPathFinder):
    """Finds the one module, and notes what the tests say to it."""

    def __init__(self, module: str, old: str, new: str) -> None:
        assert module not in sys.modules, f"{module} was imported before it could be changed"
        self.module, self.old, self.new = module, old, new
        self.loader: ChangedSource | None = None
        self.failures: list[tuple[str, str, bool]] = []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        self.loader = spec.loader = ChangedSource(fullname, spec.origin, self.old, self.new)
        return spec

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed and call.excinfo is not None:
            by_assertion = isinstance(call.excinfo.value, AssertionError | pytest.fail.Exception)
            self.failures.append((item.nodeid, call.excinfo.typename, by_assertion))
        return report

    def pytest_sessionfinish(self) -> None:
        is_loaded = self.loader is not None and self.loader.is_loaded
        Path(os.environ[REPORT]).write_text(json.dumps({"loaded": is_loaded, "failures": self.failures}))


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the planter in front of all finders of modules, before a conftest imports any of the engine."""
    planter = Planter(*json.loads(os.environ[PLANT]))
    sys.meta_path.insert(0, planter)
    early_config.pluginmanager.register(planter, "planter")
