"""A whole text of nft JSON: to its tree, or to its mistakes.

Read first: `commands`. This is the way in.
"""

from __future__ import annotations

import re
from operator import itemgetter

from fwsim.errors import Problem, RulesetError
from fwsim.garbage import uncollected
from fwsim.nft.block_tree import Command, Script
from fwsim.nft.source import ITEMS, LARGEST, MOST, Source, byte_length, whole
from fwsim.nft.tokens import MOST_PROBLEMS

from .commands import INQUIRIES, VERBS, command
from .located import Json, read
from .members import integer, items, members
from .usual import Usual

BEGINNING = re.compile(r'[ \t\n\r]*+\{[ \t\n\r]*+"nftables"[ \t\n\r]*+:')
SCHEMA = 1
"""The highest version of the schema that libnftables knows."""

MOST_VALUES = 1 << 22
"""Values of a text, by its commas and brackets: each takes a hundred bytes and more, and often is two bytes long."""

ORDER = {"table": 0, "chain": 1, "set": 3, "map": 3, "meter": 3, "flowtable": 3, "element": 4, "rule": 4}
OTHERS = 2
"""In which order objects of a listing need each other: tables, chains, counters and the like, sets, rules."""


def looks_like_nft_json(text: str) -> bool:
    """Whether a text means to be nft JSON, though it may be broken."""
    return BEGINNING.match(text) is not None


@uncollected()
def parse_json(text: str, path: str = "<text>") -> Script:
    """The script that a text of nft JSON is.

    Raises RulesetError with the first ten mistakes.
    """
    if len(text) > LARGEST or (not text.isascii() and byte_length(text) > LARGEST):
        raise whole(path, f"larger than {LARGEST >> 20} MiB, expected nft JSON")
    if sum(map(text.count, ",[{")) > MOST_VALUES:
        raise whole(path, f"more than {MOST_VALUES:,} values, expected nft JSON of fewer")
    source = Source(path, text)
    held = members(read(source, Usual(source).statement), ("nftables",), "nftables")
    if "nftables" not in held:
        raise source.error(0, "'nftables' is missing, expected nft JSON")
    commands: list[tuple[tuple[int, int], Command]] = []
    problems: list[Problem] = []
    stretch = 0
    waiting = items(held["nftables"], "commands")[::-1]
    if len(waiting) > MOST[ITEMS]:
        waiting[-1 - MOST[ITEMS]].refuse(f"more than {MOST[ITEMS]:,} {ITEMS} in one ruleset")
    held.clear()  # what was read is given back command by command
    while waiting:
        item = waiting.pop()
        try:
            if not _is_about_itself(item):
                read_one, rank = command(item), _rank(item)
                stretch += 2 * (rank is None)  # a command is a stretch of its own
                commands.append(((stretch, rank) if rank is not None else (stretch - 1, 0), read_one))
        except RulesetError as error:
            problems += error.problems
            if len(problems) >= MOST_PROBLEMS:
                break
    if problems:
        raise RulesetError(problems)
    commands.sort(key=itemgetter(0))
    return Script(source, 0, len(text), tuple(each for _, each in commands), (source,))


def _rank(item: Json) -> int | None:
    """Where an object of a listing comes among those around it; None for a command, which stays where it is.

    nft lists maps before the chains that they jump to, an order in which it could not add them itself.
    """
    if not isinstance(item.value, dict):
        return None
    ((key, _),) = item.value.items()
    return None if key in VERBS or key in INQUIRIES else ORDER.get(key, OTHERS)


def _is_about_itself(item: Json) -> bool:
    """Whether it is the version of what printed it, of which the schema must be known."""
    if not isinstance(item.value, dict) or "metainfo" not in item.value:
        return False
    told = item.value["metainfo"].value
    if isinstance(told, dict) and "json_schema_version" in told:
        place = told["json_schema_version"]
        if integer(place, "a version") > SCHEMA:
            place.refuse(f"version {place.value} of the schema is not known, expected at most {SCHEMA}")
    return True
