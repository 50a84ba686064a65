"""What is offered for which parameter, and that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.cli import COMMANDS, commands
from fwsim.cli.completing import SHELLS, Bash, Fish, Zsh
from fwsim.cli.completing.candidates import NOTHING, Offering, nothing, offer_of


def offered(line: str) -> list[str]:
    """What fish is told, for it takes whole words; `FILE` for a path."""
    found = [line.split("\t") for line in Fish(commands, line).complete().splitlines()]
    return [f"{word}FILE" if kind == "file" else word for kind, word, _ in found]


def texts() -> Iterator[tuple[str, click.Parameter]]:
    for name in COMMANDS:
        command = commands.get_command(click.Context(commands), name)
        assert command is not None
        for parameter in command.params:
            if parameter.type is click.STRING or isinstance(parameter.type, Offering):
                yield name, parameter


def test_every_text_has_something_to_offer_or_is_known_to_have_nothing() -> None:
    forgotten = [
        (name, parameter.opts)
        for name, parameter in texts()
        if offer_of(parameter) is nothing and parameter.metavar not in NOTHING
    ]
    assert forgotten == []


def test_commands_and_options() -> None:
    assert offered("fwsim ") == list(COMMANDS)
    assert offered("fwsim conv") == ["convert"]
    assert offered("fwsim --v") == ["--version"]
    assert offered("fwsim compare --stateless-r") == ["--stateless-rules"]
    assert offered("fwsim man co") == ["compare", "conntrack", "convert", "completion"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fwsim compare --format ", ["text", "json", "jsonl", "csv", "parquet"]),
        ("fwsim compare --format=js", ["--format=json", "--format=jsonl"]),
        ("fwsim compare off", ["FILE"]),
        ("fwsim compare -r ", ["FILE"]),
        ("fwsim compare a.pcap --rules=o", ["--rules=FILE"]),
        ("fwsim compare --in wan=", ["wan=FILE"]),
        ("fwsim compare --in wan", []),
        ("fwsim replay --switch +3600=", ["+3600=FILE"]),
        ("fwsim test --report ju", ["junit="]),
        ("fwsim test --report junit=", ["junit=FILE"]),
        ("fwsim explain -n ", ["FILE"]),
        ("fwsim compare --interface wan=", ["wan=any"]),
        ("fwsim compare --set conntrack.tcp_loose=", ["conntrack.tcp_loose=0", "conntrack.tcp_loose=1"]),
        ("fwsim compare --set rp", ["rp_filter="]),
        ("fwsim compare -c ", []),
        ("fwsim attack reset", ["reset-blind"]),
        ("fwsim attack land reset-blind:", ["reset-blind:random", "reset-blind:sweep", "reset-blind:exact"]),
        ("fwsim attack --literature f", ["full-table"]),
        ("fwsim attack bogon --option r", ["rate="]),
        ("fwsim attack --option icmp-reset.from=", ["icmp-reset.from=router", "icmp-reset.from=peer"]),
        ("fwsim compare -Y evidence==rst-i", ["evidence==rst-inexact"]),
        ("fwsim replay -Y 'verdict in { drop, re", ["verdict in { drop, reject"]),
        ("fwsim schema re", ["replay", "resources"]),
        ("fwsim nosuch ", []),
    ],
)
def test_values(line: str, words: list[str]) -> None:
    assert offered(line) == words


def test_bash_gets_the_part_behind_what_it_breaks_words_at_and_a_space_where_a_word_ends() -> None:
    def told(line: str) -> list[str]:
        return [line.split("\t")[1] for line in Bash(commands, line).complete().splitlines()]

    assert told("fwsim compare --format=c") == ["csv "]
    assert told("fwsim attack reset-blind:e") == ["exact "]
    assert told("fwsim compare --set rp") == ["rp_filter="]
    assert told("fwsim compare -Y 'evidence==rst-i") == ["evidence==rst-inexact"]


def test_descriptions_are_one_short_line() -> None:
    for line in Zsh(commands, "fwsim compare -").complete().splitlines():
        _, word, told = line.split("\t")
        assert told
        assert len(told) <= 76, word


def test_what_is_typed_cannot_become_a_candidate_of_its_own() -> None:
    assert offered("fwsim compare --in 'a\nplain\tx=") == []
    assert offered("fwsim compare --in='a\nplain\tx=") == []


PIECES = (
    "fwsim", *COMMANDS, "-Y", "--format", "=", "-r", "--in", "wan=", "'", '"', "\\", " ", " ", "evidence", ":", "--",
    "-", "reset-blind", "--option", "--literature", "\t", "\n", "é", "\x1b", "\udcff", "-c", "x", "$(", "{", "==",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.sampled_from(sorted(SHELLS)))
def test_no_half_typed_line_is_too_much(line: str, shell: str) -> None:
    for told in SHELLS[shell](commands, f"fwsim {line}").complete().split("\n"):
        assert told == "" or told.split("\t")[0] in ("plain", "open", "file")
