"""The README tells the truth: its Python runs, its ruleset loads, its commands and fields are those of the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fwsim.ruleset import load_ruleset

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return [
        text
        for fence, text in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
        if fence == language
    ]


def fwsim(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fwsim", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_python_example_runs_and_prints_what_it_says() -> None:
    (example,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = re.search(r"print\(decision\) +# (.*)", example)
    assert said is not None
    assert done.stdout.splitlines()[-1] == said.group(1)


def test_the_ruleset_example_loads(tmp_path: Path) -> None:
    (example,) = blocks("yaml")
    path = tmp_path / "example.yaml"
    path.write_text(example)
    assert len(load_ruleset(str(path)).chains["forward"].rules) == 5


def test_the_command_table_lists_the_commands() -> None:
    listed = set(re.findall(r"^\| `fwsim (\w+)", README, re.MULTILINE))
    shown = re.search(r"Commands:\n(.*?)\n\n", fwsim("--help").stdout, re.DOTALL)
    assert shown is not None
    assert listed == {line.split()[0] for line in shown.group(1).splitlines()}


@pytest.mark.parametrize("number", range(2))
def test_the_outputs_shown_are_the_programs(number: int) -> None:
    arguments = [
        ["compare", "pcaps/office.pcapng", "-r", "rulesets/office.yaml"],
        ["explain", "pcaps/office.pcapng", "-r", "rulesets/office.yaml", "-n", "106"],
    ][number]
    shown = [block for block in blocks("") if block.startswith(("Keeping state", "STATEFUL"))][number]
    printed = {" ".join(line.split()) for line in fwsim(*arguments).stdout.splitlines()}
    wanted = [line for line in shown.splitlines() if line.strip() != "..."]
    missing = [line for line in wanted if " ".join(line.split()) not in printed]
    assert missing == []


def test_every_field_of_the_contract_is_named() -> None:
    fields = (
        "n file ts len src dst proto sport dport flags seq ack win icmp_type icmp_code vlan iif oif connection "
        "evidence verdict reason reject_with hook chain rule line mirror ct_state ct_direction tcp_state_before "
        "tcp_state"
    )
    words = set(re.findall(r"\w+", README))
    assert set(fields.split()) <= words
