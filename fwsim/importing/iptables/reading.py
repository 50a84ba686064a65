"""Texts of iptables into a ruleset: iptables-save, `iptables -S`, scripts of commands, `ipset save`.

Read first: `text`. All texts of one machine are read into the same tables, in the order given; sets come first.
"""

from __future__ import annotations

from collections.abc import Sequence

from fwsim.errors import RulesetError
from fwsim.garbage import uncollected
from fwsim.netfilter.model import Netfilter, Table

from .building import interfaces_of, tables_of
from .state import Reading, TooManyError
from .text import Text


def read_iptables(text: str, path: str, family: int | None = None) -> Netfilter:
    """Read one text; `family`, 4 or 6, is that of rules which do not say.

    Raises `RulesetError` with every mistake that was found.
    """
    return combined([(path, text)], family)


@uncollected()
def combined(texts: Sequence[tuple[str, str]], family: int | None = None) -> Netfilter:
    """Read the texts of one machine, each with its path: iptables-save, ip6tables-save, `ipset save`, in any order."""
    reading = Reading(family)
    files = [Text(reading, path, text) for path, text in texts]
    try:
        for file in files:
            file.read_sets()
        for file in files:
            file.read()
        reading.check_unchecked()
    except TooManyError:
        pass
    if reading.problems:
        raise RulesetError(reading.problems)
    tables: tuple[Table, ...] = ()
    for number in reading.order:
        tables += tuple(tables_of(reading.machines[number], len(tables)))
    return Netfilter(tables, "iptables", tuple(reading.remarks), interfaces_of(tables), tuple(texts))
