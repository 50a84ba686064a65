"""The hooks for pre-commit name commands that there are, and files that they take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fwsim.cli import COMMANDS, run

HOOKS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent.parent / ".pre-commit-hooks.yaml").read_text())
HOOK = {hook["id"]: hook for hook in HOOKS}


NAMED_SO = (
    "rules/edge.nft", "etc/nftables.conf", "gw/rules.v4", "rules.v6", "gw1.rules.v4", "edge.iptables", "iptables.rules",
    "etc/ip6tables.save",
)  # fmt: skip
OF_OTHERS = ("README.md", "etc/udev/70-net.rules", "snort/local.rules", "ci.yaml", "edge.fwsim.yaml", "rules.v4.bak")


@pytest.mark.parametrize("hook", HOOKS, ids=[hook["id"] for hook in HOOKS])
def test_a_hook_runs_a_command(hook: dict[str, Any]) -> None:
    program, command = hook["entry"].split()
    assert program == "fwsim"
    assert command in COMMANDS
    assert hook["language"] == "python"


def test_rulesets_are_checked_by_name() -> None:
    files = re.compile(HOOK["fwsim-check"]["files"])
    for name in NAMED_SO:
        assert files.search(name), name
    for name in OF_OTHERS:
        assert not files.search(name), name


EXPECTED = """\
ruleset: edge.nft
cases:
  - {name: web, packet: "tcp 10.0.0.1 > 10.0.0.2:80", verdict: accept}
"""
RULES = "table ip f {\nchain forward {\ntype filter hook forward priority 0; policy drop; tcp dport %d accept\n}\n}\n"


def test_expectations_are_tried_whatever_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = HOOK["fwsim-test"]
    assert (hook["always_run"], hook["pass_filenames"]) == (True, False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "edge.fwsim.yaml").write_text(EXPECTED)
    command = [*hook["entry"].split()[1:], *hook["args"], "-q"]
    for port, status in ((80, 0), (81, 1)):
        (tmp_path / "rules" / "edge.nft").write_text(RULES % port)
        assert run(command) == status
