import random
import shlex

import pytest

from fwsim.importing.iptables.shell import Logical, Simple, commands, logical_lines, words_of
from fwsim.importing.iptables.values import RefusedError


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("iptables -F", [Simple("iptables", ["-F"])]),
        ("sudo -u root /sbin/ip6tables-legacy -F; iptables -X && ipset flush", [
            Simple("ip6tables", ["-F"]), Simple("iptables", ["-X"]), Simple("ipset", ["flush"])]),
        ("iptables -A x -m comment --comment 'a $b' # why", [
            Simple("iptables", ["-A", "x", "-m", "comment", "--comment", "a $b"])]),
        ("iptables -A x ! -i eth0 2>/dev/null", [Simple("iptables", ["-A", "x", "!", "-i", "eth0"])]),
        ("echo 1 > /proc/sys/net/ipv4/ip_forward", [Simple(None, ["echo", "1", ">", "/proc/sys/net/ipv4/ip_forward"])]),
        ("# iptables -F", []),
        ("   ", []),
    ],
)  # fmt: skip
def test_a_line_is_cut_into_commands(line: str, found: list[Simple]) -> None:
    assert list(commands(line)) == found


@pytest.mark.parametrize(
    "line",
    [
        "iptables -A x -i $WAN", "IPT=/sbin/iptables", "for i in 1 2; do", "if true", "iptables -A x -s `hostname`",
        "iptables -F | tee log", "iptables-restore < rules", "iptables -F || true", "nft list ruleset", "iptables 'x",
        "function f {", "iptables -F &",
    ],
)  # fmt: skip
def test_shell_is_refused_with_advice(line: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        list(commands(line))
    assert "iptables-save" in str(refusal.value) or "cut into words" in str(refusal.value)


def test_a_backslash_continues_a_line_but_not_a_comment() -> None:
    assert list(logical_lines(["a \\", "b", "# c \\", "d \\"], 1)) == [
        Logical(1, "a  b"), Logical(3, "# c \\"), Logical(4, "d  "),
    ]  # fmt: skip


def cut_by_the_library(line: str) -> list[str] | None:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|<>()")
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:
        return None


def cut_here(line: str) -> list[str] | None:
    try:
        return list(words_of(line))
    except RefusedError:
        return None


def test_words_and_operators_are_those_of_a_shell() -> None:
    chance = random.Random(5)
    lines = ["".join(chance.choices("ab -\"'\\;&|\t", k=chance.randint(1, 14))) for _ in range(4000)]
    assert [cut_here(line) for line in lines] == [cut_by_the_library(line) for line in lines]


def test_a_comment_begins_where_a_word_would() -> None:
    assert list(words_of("a#b ''#c \\ #d #e")) == ["a#b", "#c", " #d"]


def test_a_word_may_be_long() -> None:
    word = "a" * 4_000_000
    assert list(words_of(f"{word} '{word}' \"{word}\"")) == [word, word, word]
