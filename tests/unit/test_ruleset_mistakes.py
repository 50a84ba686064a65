"""Words of messages: the nearest known word, and nothing that disturbs a terminal."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from fwsim.errors import RulesetError
from fwsim.ruleset import load_ruleset
from fwsim.ruleset.mistakes import nearest, seen, unknown


def problems(source: str, **options: Mapping[str, str]) -> list[str]:
    """The problems of a ruleset, without the name of the file."""
    with pytest.raises(RulesetError) as caught:
        load_ruleset(io.StringIO(source), **options)  # type: ignore[arg-type]
    return [str(problem).removeprefix("<input>:") for problem in caught.value.problems]


def test_hostile_text_in_a_message_is_shortened_and_made_printable() -> None:
    (told,) = problems('rules: [{verdict: "' + r"\e[31m\a\n" + "x" * 500 + '"}]\n')
    assert told.isprintable()
    assert len(told) < 250


def test_hostile_names_are_listed_made_printable() -> None:
    (first, second) = problems('interfaces: {"a\\e[2Jz": {}}\nrules: [{iif: lan}]\n')
    assert first.startswith("1:14: expected the name of an interface")
    assert second == "2:15: unknown interface 'lan', expected one of a\N{REPLACEMENT CHARACTER}[2Jz"


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("udp-timeout", ["udp_timeout"], "udp_timeout"),
        ("ESTABLISHED", ["established"], "established"),
        ("establised", ["established", "related"], "established"),
        ("nf_conntrack_tcp_loose", ["tcp_loose", "max"], "tcp_loose"),
        ("net.netfilter.nf_conntrack_max", ["tcp_loose", "max"], "max"),
        ("xyzzy", ["established"], None),
        ("x" * 10**6, ["established"], None),
        ("", ["a"], None),
    ],
)
def test_the_nearest_word_is_the_one_that_was_meant(word: str, known: list[str], meant: str | None) -> None:
    assert nearest(word, known) == meant


def test_values_are_shown_short_and_quoted() -> None:
    shown = [seen(value) for value in (None, True, 5, 10**5000, "a", [1], {"a": 1}, 1.5, "x" * 99)]
    assert shown[:8] == ["nothing", "true", "5", "a very long number", "'a'", "a list", "a mapping", "1.5"]
    assert shown[8] == "'" + "x" * 57 + "...'"


def test_long_lists_of_known_words_are_cut() -> None:
    assert unknown("key", "q", [f"word{number}" for number in range(30)]).endswith("word12, word13, ...")
    assert unknown("set", "q", []) == "unknown set 'q', none is declared"
