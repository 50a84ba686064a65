"""The scripts are such as their shells read without complaint."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from fwsim.cli import commands
from fwsim.cli.completing import SHELLS, script


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_finds_no_mistake_in_its_script(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n"], input=script(commands, shell), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_everything_is_filled_in(shell: str) -> None:
    text = script(commands, shell)
    assert "%(" not in text
    assert f"_FWSIM_COMPLETE={shell}_complete" in text
