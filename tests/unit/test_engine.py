"""Compilation: what is registered, where compiled code is kept, what compiling changes.

Numbers are compared in tests/properties.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fwsim import engine
from fwsim.engine import cache_folder, entry, hot, is_cached
from fwsim.native import keeping

COMPILED = """
from types import FunctionType
import sys
import fwsim.running, fwsim.simulator, fwsim.engine.pipeline as pipeline, fwsim.engine as engine
assert "numba" not in sys.modules
plain = fwsim.running.run_stateful
engine.compile_engine()
"""
"""Run in an interpreter of its own, since compiling is for good."""


def run(code: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, timeout=100, env={**variables, **environment}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def copy_others(package: Path, to: Path) -> None:
    """Copy what compiled code depends on besides the modules of the engine."""
    for name in ("terms.py", "tables.py", *engine.ELSEWHERE):
        (to / name).parent.mkdir(exist_ok=True)
        shutil.copy(package / name, to / name)


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all that compiled code depends on, from which the digest is taken."""
    package = Path(engine.__file__).parent
    copy = tmp_path / "fwsim"
    shutil.copytree(package, copy / "engine")
    copy_others(package.parent, copy)
    monkeypatch.setattr(engine, "__file__", str(copy / "engine" / "__init__.py"))
    return copy


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for compiled code."""
    monkeypatch.setenv("FWSIM_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_hot_and_entry_leave_the_function_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_registered", [])
    monkeypatch.setattr(engine, "_entries", set())

    def inner(number: int) -> int:
        return number + 1

    def outer(number: int) -> int:
        return inner(number)

    assert hot(inner) is inner
    assert entry(outer) is outer
    assert engine._registered == [inner, outer]
    assert engine._entries == {outer}


def test_compiled_code_is_kept_in_the_folder_that_was_asked_for(cache: Path) -> None:
    folder = cache_folder()
    assert folder.parent == cache / "fwsim"
    assert list(folder.iterdir()) == []
    assert cache_folder() == folder


def test_without_a_folder_asked_for_it_is_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FWSIM_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder().parent == tmp_path / "xdg" / "fwsim"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder().parent == tmp_path / "home" / ".cache" / "fwsim"


@pytest.mark.parametrize("changed", ["engine/serial.py", "engine/tcp.py", "terms.py", "tables.py", *engine.ELSEWHERE])
def test_any_change_of_the_sources_changes_the_folder(cache: Path, sources: Path, changed: str) -> None:
    before = cache_folder()
    path = sources / changed
    path.write_text(path.read_text() + "\n# changed\n")
    assert cache_folder() != before


def test_the_same_sources_elsewhere_have_the_same_folder(cache: Path, sources: Path) -> None:
    copied = cache_folder()
    shutil.rmtree(sources)
    shutil.copytree(Path(engine.hot.__code__.co_filename).parent, sources / "engine")
    copy_others(Path(engine.hot.__code__.co_filename).parent.parent, sources)
    assert cache_folder() == copied


def test_code_that_checks_bounds_has_its_own_folder(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_BOUNDSCHECK", raising=False)
    unchecked = cache_folder()
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    assert cache_folder() != unchecked


def test_code_is_cached_once_all_of_it_is_there(cache: Path) -> None:
    assert not is_cached()
    assert not cache.exists()  # asking makes no folder
    keeping.write(cache_folder() / "pipeline.run_stateful-01234567.o", b"machine code")
    assert not is_cached()
    keeping.complete(cache_folder())
    assert is_cached()
    assert not is_cached("write_records")
    keeping.write(cache_folder() / "record_bytes.write_records-01234567.o", b"machine code")
    assert is_cached("write_records")


def test_modules_beside_the_engine_that_hold_hot_functions_are_known() -> None:
    package = Path(engine.__file__).parent.parent
    paths = [path for path in package.rglob("*.py") if path.parent.name != "engine"]
    holding = [path for path in paths if re.search(r"^@(hot|entry|shared)\b", path.read_text(), re.MULTILINE)]
    assert sorted(path.relative_to(package).as_posix() for path in holding) == sorted(engine.ELSEWHERE)


def test_compiling_replaces_the_entry_functions_and_nothing_else(tmp_path: Path) -> None:
    code = COMPILED + (
        "for module in (fwsim.running, pipeline):\n"
        "    assert module.run_stateful is not plain and module.run_stateful.__wrapped__ is plain\n"
        "for name in ('decide_stateful', 'judge', 'show', 'weigh'):\n"
        "    assert isinstance(getattr(pipeline, name), FunctionType), name\n"
        "once = fwsim.running.run_stateful\n"
        "engine.compile_engine()\n"
        "assert fwsim.running.run_stateful is once\n"
        "print(engine.is_compiled(), 'numba' in sys.modules)"
    )
    assert run(code, FWSIM_CACHE_DIR=str(tmp_path)) == "True False"


def test_an_entry_function_beside_the_engine_is_compiled_also_where_it_is_imported_later(tmp_path: Path) -> None:
    code = COMPILED + (
        "assert 'fwsim.report.fragments' not in sys.modules\n"
        "import fwsim.report.fragments, fwsim.report.record_bytes as bytes_of\n"
        "print(fwsim.report.fragments.write_records.__wrapped__.__name__, isinstance(bytes_of.slot_of, FunctionType))"
    )
    assert run(code, FWSIM_CACHE_DIR=str(tmp_path)) == "write_records True"


def test_with_numba_disabled_everything_stays_as_it_is(tmp_path: Path) -> None:
    code = COMPILED + "print(engine.is_compiled(), fwsim.running.run_stateful is plain, 'numba' in sys.modules)"
    assert run(code, FWSIM_CACHE_DIR=str(tmp_path), NUMBA_DISABLE_JIT="1") == "False True False"
    assert list(tmp_path.iterdir()) == []
