"""The texts that a ruleset was read from, as what programs are to load.

Read first: `fwsim.kernel.orders.Load`, `Netfilter.sources`. What a text is shows in it; of which family and table the
lines of iptables are, where they do not say, is taken from the tables that were read from it.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from fwsim.kernel.orders import Load
from fwsim.netfilter import Netfilter, Table

JSON = re.compile(r'\s*\{\s*"nftables"\s*:')
IPSET = re.compile(r"^\s*(?:ipset\s+)?(?:create|add|-N|-A)\s+\S+\s+\S", re.MULTILINE)
SAVED = re.compile(r"^\s*\*(?:filter|nat|mangle|raw|security)\s*$", re.MULTILINE)
SCRIPT = re.compile(
    r"^\s*(?:sudo\s+)?(?:(?:\S*/)?ip6?tables(?:-\w+)?\s+)?(?:-[ANPIDFX]|-t|-w|--[a-z]+)\s+\S", re.MULTILINE
)
NFT = re.compile(
    r"^\s*(?:flush\s+ruleset|(?:\w+\s+)?(?:table|chain|rule|set|map|element)\s|define\s|include\s)", re.MULTILINE
)

PATTERNS = (("nft-json", JSON), ("iptables-save", SAVED), ("nft", NFT), ("iptables", SCRIPT), ("ipset", IPSET))
"""What a text is: the first whose pattern is found in it."""


def loads_of(netfilter: Netfilter) -> tuple[Load, ...]:
    """What is to be loaded. The first nft text includes the others."""
    kinds = [(tool_of(text), name, text) for name, text in netfilter.sources]
    nft = [(name, text) for tool, name, text in kinds if tool == "nft"]
    loads = [load_of(netfilter, tool, name, text) for tool, name, text in kinds if tool != "nft"]
    if nft:
        (name, text), *included = nft
        loads.append(Load("nft", name, text, files=tuple((beside(name, path), more) for path, more in included)))
    return tuple(loads)


def tool_of(text: str) -> str:
    """Which program's words a text is in."""
    return next((tool for tool, pattern in PATTERNS if pattern.search(text)), "nft")


def load_of(netfilter: Netfilter, tool: str, name: str, text: str) -> Load:
    """A text of iptables, ipset or JSON."""
    tables = [table for table in netfilter.tables if table.location.path == name] or list(netfilter.tables)
    return Load(tool, name, text, family=family_of(tables), table=tables[0].name if tables else "filter")


def family_of(tables: list[Table]) -> int:
    """The family that tables are of, 4 if there is none."""
    return 6 if tables and all(table.family == "ip6" for table in tables) else 4


def beside(name: str, path: str) -> str:
    """A path of an included file as the including one says it: from its own folder."""
    folder = PurePath(name).parent
    return str(PurePath(path).relative_to(folder)) if PurePath(path).is_relative_to(folder) else PurePath(path).name
