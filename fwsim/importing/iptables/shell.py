"""Lines of a script of iptables commands: no shell is evaluated, only what needs none is read.

Read first: nothing. Variables, substitution, conditions and loops are refused, with the way to get the ruleset instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .values import RefusedError

ADVICE = "no shell is evaluated here: run the script on its machine and give the output of `iptables-save`"
PROGRAMS = re.compile(r"(ip6?tables)(?:-legacy|-nft)?\Z")
ASSIGNMENT = re.compile(r"\w+=")
KEYWORDS = frozenset(
    [
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "select",
        "function",
        "{",
        "}",
        "[",
        "[[",
        "test",
        ".",
        "source",
        "eval",
        "exec",
        "return",
        "export",
        "local",
        "declare",
        "readonly",
        "read",
        "alias",
        "trap",
        "shift",
        "wait",
    ]
)
ASIDE = frozenset(
    [
        "echo",
        "printf",
        "modprobe",
        "insmod",
        "depmod",
        "sysctl",
        "exit",
        "set",
        ":",
        "true",
        "false",
        "sleep",
        "clear",
        "service",
        "systemctl",
        "rc-service",
        "logger",
        "netfilter-persistent",
        "iptables-save",
        "ip6tables-save",
        "cd",
        "umask",
        "date",
        "sync",
        "ip",
        "ifconfig",
        "route",
        "brctl",
        "cat",
        "ls",
        "touch",
        "mkdir",
        "chmod",
        "apt",
        "apt-get",
        "yum",
        "dnf",
        "/etc/init.d/iptables",
        "nmap",
        "ping",
        "tcpdump",
    ]
)
"""Commands that change no rule of iptables."""

SILENCED = re.compile(r"(?:\d?>>?|&>)\s*/dev/null|2>&1")
SINGLE_QUOTED = re.compile(r"'[^']*'|\\.")
TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)|(?P<operator>[;&|<>()]+)|(?P<comment>\#)|'(?P<single>[^']*+)'"""
    r"""|"(?P<double>(?:[^"\\]|\\.)*+)"|\\(?P<escaped>.)|(?P<broken>['"\\])"""
    r"""|(?P<plain>[^ \t\r\n;&|<>()'"\\\#][^ \t\r\n;&|<>()'"\\]*+)""",
    re.DOTALL,
)
"""A word of the shell is several of these in a row."""
ESCAPED = re.compile(r'\\(["\\])')
PARTS = (";", "&&")
PUNCTUATION = frozenset(";&|<>()")


class Logical(NamedTuple):
    """A line with those that continue it, and the number of its first."""

    number: int
    text: str


class Simple(NamedTuple):
    """A command without its shell: `iptables`, `ip6tables`, `ipset` or None for one that changes nothing here."""

    program: str | None
    words: list[str]


def logical_lines(lines: list[str], first: int) -> Iterator[Logical]:
    """Lines, of which one that ends with a backslash goes on in the next."""
    number, text = first, ""
    for place, line in enumerate(lines, first):
        if not text:
            number = place
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            text += line[:-1] + " "
            continue
        yield Logical(number, text + line)
        text = ""
    if text:
        yield Logical(number, text)


def commands(line: str) -> Iterator[Simple]:
    """The commands of a line."""
    bare = SINGLE_QUOTED.sub("", line)
    if not line.strip() or line.lstrip().startswith("#"):
        return
    if "$" in bare or "`" in bare:
        raise RefusedError(f"`{'$' if '$' in bare else '`'}` asks the shell: {ADVICE}")
    command: list[str] = []
    for word in [*words_of(SILENCED.sub(" ", line)), ";"]:
        if word in PARTS:
            yield from _simple(command)
            command = []
        else:
            command.append(word)


def words_of(line: str) -> Iterator[str]:
    """The words of a line, and its operators: what a shell makes of it (POSIX, Shell Command Language, 2.2 and 2.3)."""
    word: list[str] = []
    for found in TOKEN.finditer(line):
        part = _part(found, inside=bool(word))
        if part is not None:
            word.append(part)
            continue
        if word:
            yield "".join(word)
        word = []
        if found.lastgroup == "operator":
            yield found[0]
        if found.lastgroup == "comment":
            return
    if word:
        yield "".join(word)


def _part(found: re.Match[str], *, inside: bool) -> str | None:
    """What a token adds to a word, if it does not end it; `inside` one, `#` begins no comment."""
    kind = found.lastgroup
    if kind in ("plain", "single", "escaped"):
        return str(found[kind])
    if kind == "double":
        return ESCAPED.sub(r"\1", found["double"])
    if kind == "broken":
        what = "no character behind the last backslash" if found[0] == "\\" else f"no closing {found[0]}"
        raise RefusedError(f"the line cannot be cut into words: {what}")
    return "#" if kind == "comment" and inside else None


def _simple(words: list[str]) -> Iterator[Simple]:
    """One command."""
    words = _without_sudo(words)
    if not words:
        return
    name = words[0].rpartition("/")[2]
    if words[0] in KEYWORDS or ASSIGNMENT.match(words[0]):
        raise RefusedError(f"`{words[0]}` is shell: {ADVICE}")
    if name in ASIDE or words[0] in ASIDE:
        yield Simple(None, words)
        return
    found = PROGRAMS.match(name)
    if found is None and name != "ipset":
        raise RefusedError(f"`{words[0]}` is no command that is read here: {ADVICE}")
    shell = next((word for word in words if word and set(word) <= PUNCTUATION), None)
    if shell is not None:
        raise RefusedError(f"`{shell}` is shell: {ADVICE}")
    yield Simple(found[1] if found else "ipset", words[1:])


def _without_sudo(words: list[str]) -> list[str]:
    """What sudo runs."""
    if words[:1] != ["sudo"]:
        return words
    place = 1
    while place < len(words) and words[place].startswith("-"):
        place += 2 if words[place] in ("-u", "-g") else 1
    return words[place:]
