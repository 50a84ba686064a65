"""What has been read so far of all texts of one machine.

Read first: `machine`.
"""

from __future__ import annotations

from fwsim.errors import Problem
from fwsim.netfilter.model import Remark
from fwsim.ruleset.values import Location

from .ipset import IpSet
from .machine import Machine, TableState
from .reach import problems_of

MOST_PROBLEMS = 50


LONGEST = 400
"""Characters of a message: what it quotes may be a whole text without line ends."""


class TooManyError(Exception):
    """So many problems that no more are looked for."""


class Reading:
    """The tables of both families, the sets, and what is wrong."""

    def __init__(self, family: int | None) -> None:
        """`family` is that of texts which do not say."""
        self.family = family
        self.sets: dict[str, IpSet] = {}
        self.machines = {4: Machine(4, self.sets), 6: Machine(6, self.sets)}
        self.order: list[int] = []
        """The families in the order of their first use."""
        self.problems: list[Problem] = []
        self.remarks: list[Remark] = []
        self._unchecked: dict[tuple[int, str], TableState] = {}
        self._missing: set[str] = set()

    def machine(self, family: int) -> Machine:
        """The tables of a family, which are there as soon as they are asked for."""
        if family not in self.order:
            self.order.append(family)
        return self.machines[family]

    def refuse(self, location: Location, what: str, column: int | None = None) -> None:
        """Remember a problem."""
        self._remember(Problem(location.path, location.line, column or location.column, on_one_line(what)))

    def _remember(self, problem: Problem) -> None:
        """Remember a problem, up to a number."""
        self.problems.append(problem)
        if len(self.problems) >= MOST_PROBLEMS:
            raise TooManyError

    def remark(self, location: Location, what: str) -> None:
        """Remember what was read but changes nothing."""
        self.remarks.append(Remark(location, what))

    def miss_set(self, name: str, location: Location) -> None:
        """Say once that a set is not known."""
        if name not in self.sets and name not in self._missing:
            self._missing.add(name)
            self.remark(location, f"the set `{name}` is not known: give the output of `ipset save` as well")

    def check(self, table: TableState) -> None:
        """Look at a table as a whole, as the kernel does when it gets one."""
        for problem in problems_of(table):
            self._remember(problem)

    def check_later(self, family: int, table: TableState) -> None:
        """A command has changed a table: it is looked at when all are done."""
        self._unchecked[family, table.name] = table

    def check_unchecked(self) -> None:
        """Look at the tables that commands have changed."""
        for table in self._unchecked.values():
            self.check(table)


def on_one_line(what: str) -> str:
    """A message without its middle if it is very long, and with nothing in it that cannot be printed."""
    text = what if len(what) <= LONGEST else f"{what[: LONGEST // 2]} ... {what[-LONGEST // 2 :]}"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
