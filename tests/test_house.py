"""The house checks itself: who imports whom, how big things are, and that nothing lies about unused."""

from __future__ import annotations

import ast
import statistics
from functools import cache
from pathlib import Path

import pytest

from fwsim.reasons import SENTENCES
from fwsim.terms import EVIDENCE_GROUPS, Evidence, Reason

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "fwsim"
MODULES = sorted(PACKAGE.rglob("*.py"))

LADDER = [
    {
        "fwsim.terms",
        "fwsim.errors",
        "fwsim.moments",
        "fwsim.garbage",
        "fwsim.frozen",
        "fwsim.harmless",
        "fwsim.shown",
        "fwsim.whole_files",
    },
    {"fwsim.tables", "fwsim.reasons", "fwsim.naming"},
    {"fwsim.native"},
    {"fwsim.engine"},
    {"fwsim.uncompiled"},
    {"fwsim.ruleset", "fwsim.capture", "fwsim.nft", "fwsim.netfilter", "fwsim.importing"},
    {"fwsim.fuzz"},
    {"fwsim.lower", "fwsim.headers", "fwsim.topology", "fwsim.tracker", "fwsim.keyed_tables", "fwsim.defragmenting"},
    {"fwsim.space"},
    {
        "fwsim.trace",
        "fwsim.running",
        "fwsim.sharding",
        "fwsim.convert",
        "fwsim.anonymize",
        "fwsim.exporting",
        "fwsim.stages",
        "fwsim.arrow",
        "fwsim.checking",
    },
    {"fwsim.differing"},
    {
        "fwsim.result",
        "fwsim.run_names",
        "fwsim.compiling",
        "fwsim.simulator",
        "fwsim.connections",
        "fwsim.decisions",
        "fwsim.explanation",
        "fwsim.holding",
        "fwsim.checkpoint",
        "fwsim.resources",
        "fwsim.baseline",
        "fwsim.states",
        "fwsim.reloading",
        "fwsim.shuffling",
        "fwsim.kernel",
    },
    {"fwsim.selection"},
    {"fwsim.report", "fwsim.parity", "fwsim.explain", "fwsim.compiler"},
    {"fwsim.cluster", "fwsim.page", "fwsim.notebook"},
    {"fwsim.attack", "fwsim.expectations"},
    {"fwsim.cli", "fwsim.pytest_plugin"},
]
"""Who may import whom: a module imports from its own rung's package and from the rungs before it."""

DOORS = {
    "scapy": {"fwsim.capture", "fwsim.attack"},
    "pyroute2": {"fwsim.kernel", "fwsim.topology"},
    "pydantic": {"fwsim.ruleset", "fwsim.expectations"},
    "yaml": {"fwsim.ruleset"},
    "numba": {"fwsim.native", "fwsim.compiler"},
    "llvmlite": {"fwsim.native"},
    "pyarrow": {"fwsim.arrow"},
    "dask": {"fwsim.cluster"},
    "distributed": {"fwsim.cluster"},
    "fsspec": {"fwsim.capture", "fwsim.cluster"},
    "click": {"fwsim.cli"},
    "pytest": {"fwsim.pytest_plugin"},
    "rich": {"fwsim.cli"},
}
"""The packages through which a library may come into the house."""

LONG_FILES: dict[str, str] = {}
"""Named exceptions to the size of a file, at most three, each with its reason."""


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports_of(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def rung(name: str) -> int | None:
    for number, packages in enumerate(LADDER):
        if any(name == package or name.startswith(package + ".") for package in packages):
            return number
    return None


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_imports_only_from_below(path: Path) -> None:
    own = dotted(path)
    if own in ("fwsim", "fwsim.__main__"):
        return  # the front doors
    here = rung(own)
    assert here is not None, f"{own} stands on no rung of the ladder"
    for name in imports_of(path):
        there = rung(name)
        if name.startswith("fwsim.") and there is not None:
            assert there <= here, f"{own} imports {name}, which is above it"


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_library_comes_in_by_its_own_door(path: Path) -> None:
    own = dotted(path)
    for name in imports_of(path):
        doors = DOORS.get(name.split(".")[0])
        if doors is not None:
            assert any(own == door or own.startswith(door + ".") for door in doors), f"{own} imports {name}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "engine").glob("*.py")), ids=dotted)
def test_the_engine_imports_only_its_words_rows_and_numpy(path: Path) -> None:
    allowed = ("fwsim.terms", "fwsim.tables", "fwsim.engine", "numpy", "typing", "__future__")
    if path.stem == "__init__":
        return  # owns compilation
    for name in imports_of(path):
        assert name.startswith(allowed), f"{path.stem} imports {name}"


def sizes_of_functions() -> list[tuple[int, str]]:
    sizes = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                body = node.body[1:] if ast.get_docstring(node) else node.body
                size = (node.end_lineno - body[0].lineno + 1) if body else 0
                sizes.append((size, f"{dotted(path)}.{node.name}"))
    return sizes


def test_functions_are_small() -> None:
    sizes = sorted(sizes_of_functions())
    only = [size for size, _ in sizes]
    assert statistics.median(only) <= 8
    assert only[int(len(only) * 0.9)] <= 30
    assert [name for size, name in sizes if size > 60] == []


def test_files_are_small() -> None:
    lines = {dotted(path): len(path.read_text().splitlines()) for path in MODULES}
    assert len(LONG_FILES) <= 3
    assert {name: count for name, count in lines.items() if count > 400 and name not in LONG_FILES} == {}
    assert statistics.median(lines.values()) <= 150


def test_rows_stay_narrow() -> None:
    from fwsim import tables

    assert len(tables.PACKET.names or ()) <= 40
    assert len(tables.CONNECTION.names or ()) <= 56


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Reason)


def test_every_evidence_word_is_in_one_group() -> None:
    total = 0
    for mask in EVIDENCE_GROUPS.values():
        assert total & mask == 0
        total |= mask
    assert total == sum(bit for bit in Evidence)


@pytest.mark.parametrize("folder", ["pcaps", "rulesets"])
def test_every_example_is_used_by_a_test(folder: str) -> None:
    texts = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    readme = (ROOT / "README.md").read_text()
    files = [p.name for p in (ROOT / folder).iterdir() if p.suffix not in (".py", ".md") and p.is_file()]
    whole_folder = f'"{folder}").glob' in texts or f'"{folder}").iterdir' in texts
    assert [name for name in files if name not in texts and not whole_folder and name not in readme] == []


def test_every_module_has_its_own_test() -> None:
    tests = {path.stem for path in (ROOT / "tests" / "unit").glob("test_*.py")}
    tests |= {path.stem for path in (ROOT / "tests" / "cli").glob("test_*.py")}
    wanted = {}
    for path in MODULES:
        if path.stem.startswith("__"):
            continue
        package = path.parent.name
        whole = dotted(path).removeprefix("fwsim.").replace(".", "_")
        wanted[dotted(path)] = {f"test_{path.stem}", f"test_{package}_{path.stem}", f"test_{whole}"}
    assert [name for name, names in wanted.items() if not names & tests] == []
