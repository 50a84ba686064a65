"""One text while it is read, line by line.

Read first: `state`, `recognising`, `shell`. Between `*TABLE` and `COMMIT` a line is what iptables-restore takes;
elsewhere it is a command of a script, a line of `iptables -S`, or one of ipset, which has been read before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fwsim.ruleset.values import Location

from . import (
    addressing,
    altering,
    clock,
    counting,
    ending,
    headers,
    icmp,
    ipset,
    marking,
    noting,
    opaque,
    sets,
    tracking,
    translation,
    transport,
)
from .arguments import placed, split
from .commands import Command, Parser
from .machine import TableState
from .recognising import family_of, family_of_header
from .shell import Logical, Simple, commands, logical_lines
from .state import Reading
from .values import RefusedError

EXTENSIONS = (
    addressing, altering, clock, counting, ending, headers, icmp, marking, noting, opaque, sets, tracking, translation,
    transport,
)  # fmt: skip
"""The modules that declare matches and targets."""

FAMILIES = {"iptables": 4, "ip6tables": 6}
SET_COMMAND = re.compile(r"(?:sudo +)?(?:/\S*/)?ipset +(\S.*)|(?:create|add|del|flush|destroy)\b")
COUNTERS = re.compile(r"\[\d+:\d+\](?=\s)")
CHANGED_SET = re.compile(r"--(?:add|del)-set[ \t]+(\S+)")
USED_SET = re.compile(r"--(?:match|add|del|map)-set[ \t]+(\S+)")
RULES = re.compile(r"^(?:\*|:|-[AIPN] )", re.MULTILINE)


class Text:
    """One text while it is read."""

    def __init__(self, reading: Reading, path: str, text: str) -> None:
        """Cut it into lines."""
        self.reading = reading
        self.path = path
        self.lines = text.split("\n")
        self.saved = any(line.startswith("*") for line in self.lines)
        """It has tables of iptables-save."""
        self.family = 4
        self.table: TableState | None = None

    def read_sets(self) -> None:
        """Do what commands of ipset say, wherever they stand: a rule may name a set before."""
        changed = set()
        for number, line in enumerate(self.lines, 1):
            found = SET_COMMAND.match(line)
            if found is not None:
                self._set_command(self._location(number, line), found[1] or line)
            if "-set" in line:
                changed |= set(CHANGED_SET.findall(line))
        for name in changed & self.reading.sets.keys():
            self.reading.sets[name].dynamic = True

    def _set_command(self, location: Location, words: str) -> None:
        """A command of ipset."""
        try:
            ipset.command(self.reading.sets, split(words), location)
        except RefusedError as refused:
            self.reading.refuse(location, str(refused))

    def read(self) -> None:
        """Read all lines."""
        if self.lines[0].endswith("\r"):
            what = "the lines end with a carriage return, which iptables does not take"
            self.reading.refuse(self._location(1, self.lines[0]), what)
            return
        self._begin_part(0)
        for number, line in self._logical():
            header = family_of_header(line) if line.startswith("#") else None
            if header is not None and self.table is None:
                self._begin_part(number - 1)
            if not line or line.startswith("#"):
                continue
            if self.table is not None:
                self._saved_line(number, line, self.table)
            else:
                self._other_line(number, line)
        if self.table is not None:
            last = len(self.lines)
            self.reading.refuse(Location(self.path, last, 1), "COMMIT expected at the end of the table")

    def _logical(self) -> Iterator[Logical]:
        """The lines; those of scripts may go on in the next."""
        if self.saved:
            yield from (Logical(number, line) for number, line in enumerate(self.lines, 1))
        else:
            yield from logical_lines(self.lines, 1)

    def _location(self, number: int, line: str) -> Location:
        """Where a line is."""
        text = line.strip()
        return Location(self.path, number, line.find(text) + 1, text)

    def _attempt(self, number: int, line: str, do: Callable[[], None]) -> None:
        """Do something with a line; what is refused becomes a problem."""
        try:
            do()
        except RefusedError as refused:
            self.reading.refuse(self._location(number, line), str(refused))

    # --- families ---------------------------------------------------------------------------------------------------

    def _begin_part(self, start: int) -> None:
        """Decide the family of the lines up to the next header of iptables-save."""
        first = self.lines[start]
        rest = [first]
        for line in self.lines[start + 1 :]:
            if line.startswith("#") and family_of_header(line) is not None:
                break
            rest.append(line)
        part = "\n".join(rest)
        family = family_of_header(first) or self.reading.family or family_of(part)
        if family is None and RULES.search(part):
            what = "the rules may be those of IPv4 or IPv6: IPv4 is taken"
            self.reading.remark(self._location(start + 1, first), what)
        self.family = family or 4

    # --- iptables-save ----------------------------------------------------------------------------------------------

    def _saved_line(self, number: int, line: str, table: TableState) -> None:
        """A line within a table."""
        if line == "COMMIT":
            self.table = None
            self.reading.check(table)
        elif line.startswith(":"):
            self._attempt(number, line, lambda: self._declare(number, line, table))
        else:
            counters = COUNTERS.match(line)
            self._command(number, line, counters.end() if counters else 0, table)

    def _declare(self, number: int, line: str, table: TableState) -> None:
        """`:CHAIN POLICY [PACKETS:BYTES]`."""
        words = line[1:].split()
        if len(words) < 2:
            raise RefusedError("expected `:CHAIN POLICY`, and `-` for the policy of a chain of one's own")
        location = self._location(number, line)
        self.reading.machine(self.family).declare(table, words[0], words[1], location)

    def _command(self, number: int, line: str, start: int, table: TableState) -> None:
        """A command of iptables-restore, behind its counters."""
        location = self._location(number, line)
        words = line[start:]
        parser = self._parser(self.family, table, in_restore=True)
        try:
            command = parser.parse(split(words))
            self._apply(self.family, table, command, location)
        except RefusedError as refused:
            places = placed(words)
            column = start + places[parser.place][1] if parser.place < len(places) else location.column
            self.reading.refuse(location, str(refused), column)

    def _parser(self, family: int, table: TableState, *, in_restore: bool) -> Parser:
        """A parser for a command on a table."""
        return Parser(family, table.name, table.chains.__contains__, self.reading.sets, in_restore)

    def _apply(self, family: int, table: TableState, command: Command, location: Location) -> None:
        """Do what a command says."""
        self.reading.machine(family).apply(table, command, location)
        if "-set" in location.text:
            for name in USED_SET.findall(location.text):
                self.reading.miss_set(name, location)

    # --- everything else --------------------------------------------------------------------------------------------

    def _other_line(self, number: int, line: str) -> None:
        """A line outside of tables."""
        if line.startswith("*"):
            name = line[1:].strip()
            location = self._location(number, line)
            try:
                self.table = self.reading.machine(self.family).begin(name, location)
            except RefusedError as refused:
                self.reading.refuse(location, str(refused))
                self.table = TableState(name, {}, location)
        elif SET_COMMAND.match(line) or (line == "COMMIT" and not self.saved):
            return
        elif self.saved and not line.strip().startswith("ipset"):
            self.reading.refuse(self._location(number, line), "a line outside of a table: expected `*TABLE`")
        elif re.match(r"-[A-Z]", line):
            self._attempt(number, line, lambda: self._bare(number, line, Simple("", split(line))))
        else:
            self._script_line(number, line)

    def _script_line(self, number: int, line: str) -> None:
        """A line of a script."""
        location = self._location(number, line)
        try:
            for command in commands(line):
                if command.program is None:
                    what = f"`{command.words[0]}` changes no rule and is not run"
                    self.reading.remark(location, what)
                elif command.program != "ipset":
                    self._bare(number, line, command)
        except RefusedError as refused:
            self.reading.refuse(location, str(refused))

    def _bare(self, number: int, line: str, simple: Simple) -> None:
        """One command of a script or of `iptables -S`."""
        family = FAMILIES.get(simple.program or "", self.family)
        machine = self.reading.machine(family)
        location = self._location(number, line)
        table = machine.table(_table_of(simple.words), location)
        command = self._parser(family, table, in_restore=False).parse(simple.words)
        self._apply(family, table, command, location)
        self.reading.check_later(family, table)


def _table_of(words: list[str]) -> str:
    """The table that a command names, wherever in it."""
    for place, word in enumerate(words):
        if word in ("-t", "--table") and place + 1 < len(words):
            return words[place + 1]
        if word.startswith("--table="):
            return word.removeprefix("--table=")
        if word.startswith("-t") and len(word) > len("-t"):
            return word[2:]
    return "filter"
