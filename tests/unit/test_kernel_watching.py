"""The observers around rules of somebody else, as commands."""

from __future__ import annotations

import pytest

from fwsim.kernel.observers import GROUP
from fwsim.kernel.watching import watching

HIGHEST, LOWEST = (1 << 31) - 1, -(1 << 31)


def position(commands: tuple[str, ...], words: str) -> int:
    (found,) = [number for number, command in enumerate(commands) if words in command]
    return found


@pytest.mark.parametrize("tracked", [True, False])
def test_every_hook_is_entered_and_left(tracked: bool) -> None:
    commands = watching("last", tracked=tracked)
    for hook in ("prerouting", "input", "forward", "output", "postrouting"):
        for name in ("enters", "leaves"):
            assert position(commands, f"{name}-{hook} {{ type filter hook {hook}") >= 0


def test_the_ends_are_there_before_anything_asks_for_a_state() -> None:
    commands = watching("last", tracked=True)
    assert position(commands, f"hook postrouting priority {HIGHEST};") < min(
        number for number, command in enumerate(commands) if "ct state" in command
    )
    assert position(commands, "leaves-postrouting {") > 0
    assert f"priority {HIGHEST - 1};" in commands[position(commands, "leaves-postrouting {")]


def test_nobody_asks_for_a_state_where_nothing_is_tracked() -> None:
    assert not any("ct state" in command for command in watching("last", tracked=False))


def test_all_tables_are_their_makers_own_and_all_messages_in_one_group() -> None:
    commands = watching("last", tracked=True)
    tables = [command for command in commands if command.startswith("add table")]
    assert len(tables) == 3
    assert all(command.endswith("{ flags owner; }") for command in tables)
    assert all(f"group {GROUP}" in command for command in commands if "log prefix" in command)


def test_only_the_ends_bring_bytes_of_the_packet_along() -> None:
    logging = [command for command in watching("last", tracked=True) if "log prefix" in command]
    assert [command.split()[4] for command in logging if "snaplen 0" not in command] == ["input", "postrouting"]


def test_an_answer_of_the_stack_is_told_and_goes_no_further() -> None:
    rules = [command for command in watching("last", tracked=False) if " made " in command and "add rule" in command]
    assert 'icmp code 3 log prefix "A5" group 5 snaplen 0 drop' in " ".join(rules)
    assert rules[0].endswith('tcp flags & rst == rst log prefix "A1" group 5 snaplen 0 drop')
    answers = [rule for rule in rules if 'prefix "A' in rule]
    assert rules[len(answers)].endswith("== 0 drop")


def test_the_first_chains_run_before_all_others() -> None:
    commands = watching("last", tracked=True)
    assert f"hook prerouting priority {LOWEST};" in commands[position(commands, "arrived {")]
    assert f"hook output priority {LOWEST};" in commands[position(commands, "made {")]
