"""nft text, and the syntax tree of nft, into `fwsim.netfilter`.

Read first: `fwsim.nft` (the tree), `fwsim.netfilter` (what it becomes). This is the way in.

| module | holds |
|---|---|
| `services`, `symbols`, `types` | names of ports, protocols and constants; the data types |
| `headers`, `keys` | fields of headers; keys of meta and ct |
| `values`, `members`, `blocks` | constants, elements of sets, and which of them overlap |
| `reading`, `protocols`, `operands` | a rule while it is read; what it looks at, and what is asked before |
| `comparing`, `matches`, `maps` | comparisons and maps |
| `setting`, `counting`, `rejecting`, `translating`, `updating`, `statements` | statements |
| `named_sets`, `ruleset`, `rules`, `sets`, `chains`, `commands`, `removing` | commands |
| `checking`, `result` | what the kernel checks in the end; the `Netfilter` |
"""

from __future__ import annotations

from pathlib import Path

from fwsim.errors import RulesetError
from fwsim.garbage import uncollected
from fwsim.netfilter.model import Netfilter
from fwsim.nft import parse_text
from fwsim.nft.block_tree import Script

from .checking import check
from .commands import MOST_PROBLEMS, Applying
from .result import netfilter
from .ruleset import Ruleset


@uncollected()
def read_nft(text: str, path: str = "<text>", folder: Path | None = None) -> Netfilter:
    """The ruleset that an nft script makes of an empty one; without a folder it can include nothing."""
    return netfilter_of(parse_text(text, path, folder))


@uncollected()
def netfilter_of(script: Script) -> Netfilter:
    """The ruleset that the commands of a script make.

    Raises RulesetError with the first mistakes of what nft or the kernel would refuse.
    """
    ruleset = Ruleset()
    applying = Applying(ruleset)
    for command in script.commands:
        applying.attempt(applying.command, command)
    problems = applying.problems or check(ruleset)
    if problems:
        raise RulesetError(problems[:MOST_PROBLEMS])
    return netfilter(ruleset, script)
