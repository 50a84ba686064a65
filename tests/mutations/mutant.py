"""What a mutant is: one rule of the engine, changed as somebody might get it wrong."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """A module of `fwsim.engine` in which `old`, that occurs once, reads `new`; `rule` is what no longer holds."""

    module: str
    name: str
    old: str
    new: str
    rule: str
