"""Texts as the commands that load them, and what is made of a program's words against them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any

import pytest

from fwsim.errors import KernelError, UsageError
from fwsim.kernel import loading
from fwsim.kernel.loading import commands, load, load_all
from fwsim.kernel.orders import Load


@pytest.fixture(autouse=True)
def _old_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "backend", lambda family: "ip6tables-old" if family == 6 else "iptables-old")


def nft_says(monkeypatch: pytest.MonkeyPatch, status: int, words: str) -> None:
    done = subprocess.CompletedProcess(["nft"], status, "", words)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)


def argv(tool: str, text: str = "text", **more: Any) -> list[list[str]]:
    return [command for command, _ in commands(Load(tool, "name", text, **more))]


def test_what_nft_refuses_is_the_users_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    nft_says(monkeypatch, 1, "line 1:\n syntax error")
    with pytest.raises(UsageError, match="nft refuses the ruleset: line 1: syntax error"):
        load("nonsense")


@pytest.mark.parametrize("words", ["Operation not permitted", "No such file or directory"])
def test_what_the_kernel_refuses_nft_is_no_mistake_of_the_user(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    nft_says(monkeypatch, 1, f"Error: Could not process rule: {words}")
    with pytest.raises(KernelError, match=words):
        load("table inet x {}")


def test_a_program_that_is_not_there_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(KernelError, match="install nftables"):
        load("table inet x {}")
    with pytest.raises(KernelError, match="install iptables"):
        load_all([Load("iptables-save", "name", "")])


def test_every_kind_of_text_goes_to_its_program() -> None:
    assert argv("nft") == [["nft", "-I", ".", "-f", "-"]]
    assert argv("nft-json") == [["nft", "-j", "-f", "-"]]
    assert argv("ipset") == [["ipset", "restore"]]
    assert argv("iptables-save", family=6) == [["ip6tables-old-restore"]]


def test_lines_of_a_script_become_commands_without_a_shell() -> None:
    script = (
        "#!/bin/sh\nset -e\nIPT=1; `rm x`\nsudo /sbin/iptables -A INPUT \\\n -m comment --comment 'a b' -j DROP # no\n"
    )
    assert argv("iptables", script + "ip6tables -P INPUT DROP\n") == [
        ["iptables-old", "-w", "-A", "INPUT", "-m", "comment", "--comment", "a b", "-j", "DROP"],
        ["ip6tables-old", "-w", "-P", "INPUT", "DROP"],
    ]


def test_lines_of_a_listing_are_about_one_table() -> None:
    assert argv("iptables", "-N x\n", family=6, table="nat") == [["ip6tables-old", "-w", "-t", "nat", "-N", "x"]]


def test_a_line_with_an_open_quote_is_told() -> None:
    with pytest.raises(UsageError, match="name: 'iptables -A x \"y': No closing quotation"):
        argv("iptables", 'iptables -A x "y\n')


def test_sets_are_loaded_before_rules_and_included_files_lie_in_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def run(command: Sequence[str], text: str, folder: str, name: str = "") -> None:
        seen.append(command[0])
        if command[0] == "nft":
            with open(f"{folder}/sub/a.nft") as file:
                assert file.read() == "x"

    monkeypatch.setattr(loading, "run", run)
    load_all([Load("nft", "a", "", files=(("sub/a.nft", "x"),)), Load("ipset", "b", "")])
    assert seen == ["ipset", "nft"]


def test_what_the_program_says_is_told_with_the_name_of_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    nft_says(monkeypatch, 2, "bad argument")
    with pytest.raises(UsageError, match=r"rules\.v4: iptables-old-restore refuses it: bad argument"):
        load_all([Load("iptables-save", "rules.v4", "")])
    nft_says(monkeypatch, 2, "Warning: Extension x revision 0 not supported, missing kernel module?")
    with pytest.raises(KernelError, match="missing kernel module"):
        load_all([Load("iptables-save", "rules.v4", "")])


def test_without_any_backend_the_kernel_is_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PATH", "/nonexistent")
    loading.backend.cache_clear()
    with pytest.raises(KernelError, match="neither iptables-legacy nor iptables-nft"):
        loading.backend(4)
