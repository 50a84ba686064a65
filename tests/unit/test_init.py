"""The public names of the package."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import fwsim

HEAVY = ("numpy", "numba", "scapy", "pydantic", "yaml", "click", "rich", "pyroute2")


def modules_after(code: str) -> set[str]:
    """What a fresh interpreter has imported after running some code."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


def test_importing_fwsim_imports_nothing_heavy() -> None:
    loaded = modules_after("import fwsim")
    assert [name for name in loaded if name.split(".")[0] in HEAVY] == []
    assert [name for name in loaded if name.startswith("fwsim.")] == []


def test_a_word_loads_the_words_only() -> None:
    loaded = modules_after("import fwsim\nassert fwsim.Verdict.DROP == 1")
    assert [name for name in loaded if name.split(".")[0] in HEAVY] == []
    assert "fwsim.terms" in loaded


def test_loading_a_ruleset_imports_neither_scapy_nor_numba() -> None:
    loaded = modules_after("import fwsim\nfwsim.load_ruleset")
    assert not {"scapy", "numba"} & {name.split(".")[0] for name in loaded}


def test_a_simulator_starts_without_scapy_and_numba() -> None:
    """They cost seconds, and neither is needed to read a short capture."""
    loaded = modules_after("import fwsim\nfwsim.Simulator")
    assert not {"scapy", "numba"} & {name.split(".")[0] for name in loaded}


@pytest.mark.parametrize("name", fwsim.__all__)
def test_every_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(fwsim, name).__name__ == name
    assert name in dir(fwsim)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'fwsim' has no attribute 'Firewal'"):
        fwsim.Firewal  # noqa: B018


def test_python_m_fwsim_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fwsim", "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert fwsim.__version__ in done.stdout
