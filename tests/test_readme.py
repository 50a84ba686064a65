"""The README tells the truth: its Python runs, its ruleset loads, its commands and fields are those of the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fwsim.cli import COMMANDS
from fwsim.expectations.simulated import SimulatedPlaybook
from fwsim.ruleset import Rule, load_ruleset

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


def test_the_ruleset_examples_load(tmp_path: Path) -> None:
    chains = []
    for example in blocks("yaml"):
        path = tmp_path / "example.yaml"
        path.write_text(example)
        chains += [{name: len(chain.rules) for name, chain in load_ruleset(str(path)).chains.items()}]
    assert chains == [{"forward": 5}, {"input": 2, "output": 0}]


def test_the_ruleset_for_one_machine_guards_it(tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_text(blocks("yaml")[1])
    done = fwsim("compare", "pcaps/host.pcap", "-r", str(tmp_path / "host.yaml"))
    assert done.returncode == 0, done.stderr
    assert "no chain" not in done.stdout


def test_the_table_of_rule_keys_has_them_all() -> None:
    table = README.partition("| keys of a rule |")[2].partition("\n\n")[0]
    listed = [
        word for row in table.splitlines() for word in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    ]
    assert sorted(listed) == sorted(Rule.model_fields)


def test_options_that_are_named_exist() -> None:
    options = {name: set(fwsim(name, "--help").stdout.split()) for name in COMMANDS}
    known = {word.rstrip(",") for words in options.values() for word in words if word.startswith("-")}
    own = README.partition("```sh")[0] + README.partition("## Commands")[2].partition("## Working on it")[0]
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", own))
    assert named - known == {"--bench-markdown"}, "but for that of tests/bench"


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


def test_the_example_of_expectations_passes_for_the_office(tmp_path: Path) -> None:
    (example,) = [block for block in blocks("") if block.startswith("ruleset: ")]
    (tmp_path / "office.yaml").write_text((ROOT / "rulesets" / "office.yaml").read_text())
    (tmp_path / "example.fwsim.yaml").write_text(example)
    done = fwsim("test", str(tmp_path / "example.fwsim.yaml"), "-q")
    assert (done.returncode, done.stdout) == (0, "3 of 3 cases passed; 3 of 3 points\n")


def test_the_example_for_pytest_passes() -> None:
    (example,) = [block for block in blocks("") if "fwsim_firewall" in block]
    names: dict[str, Any] = {}
    exec(example, names)
    names["test_a_blind_reset_does_not_end_a_connection"](SimulatedPlaybook)
