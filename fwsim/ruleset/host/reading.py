"""`--topology FILE`: our own `interfaces:` and `local:`, or what `ip -j` prints, recognised by content.

Read first: `model`, `ip_json`; `fwsim.ruleset.located` (where a mistake is). A mapping is ours, in YAML or JSON: the
two keys of a ruleset file alone. A list is iproute2's; the listings of several commands may stand in several files.
"""

from __future__ import annotations

from os import PathLike
from typing import IO, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fwsim.errors import Problem, RulesetError
from fwsim.garbage import uncollected
from fwsim.ruleset import keys
from fwsim.ruleset.located import Document, List, Map, place_of
from fwsim.ruleset.mistakes import Mistakes, Path, seen, unknown
from fwsim.ruleset.model import Interface
from fwsim.ruleset.problems import MISTAKES_TOLD, problems_of
from fwsim.ruleset.source import read_text
from fwsim.ruleset.text import UnreadableError, parse_text
from fwsim.ruleset.values import Addresses

from .ip_json import Listed, host_of, kind_of
from .model import Host

EXPECTED = "a topology: the keys 'interfaces' and 'local' of a ruleset, or the output of ip -j addr, route or link"


class TopologyFile(BaseModel):
    """A topology in our own format."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    interfaces: dict[Annotated[str, keys.INTERFACE_NAME], Interface] = Field(default_factory=dict)
    local: Annotated[Addresses, keys.ADDRESS_LIST] = Addresses()


@uncollected()
def read_topology(source: str | PathLike[str] | IO[str] | IO[bytes]) -> Host:
    """What a file says of a machine; `RulesetError` with every mistake if it has any. `-` is standard input."""
    path, text = read_text(source)
    document = Document(path, text)
    try:
        root, place, problems = parse_text(document)
    except UnreadableError as error:
        raise RulesetError([error.problem]) from None
    if isinstance(root, List):
        host, more = _listing(root)
    elif isinstance(root, Map):
        host, more = _declared(root)
    else:
        found = "nothing" if root is None else seen(root)
        raise RulesetError([Problem(*place, f"expected {EXPECTED}, found {found}")])
    if problems or more:
        raise RulesetError(sorted({*problems, *more})[:MISTAKES_TOLD])
    return host


def _declared(root: Map) -> tuple[Host, list[Problem]]:
    """A file in our own format."""
    known = list(TopologyFile.model_fields)
    problems = [Problem(*root.key_places[key], unknown("key", key, known)) for key in root if key not in known]
    if problems and not root.keys() & set(known):
        return Host(), [Problem(*root.place, f"expected {EXPECTED}, found the key {seen(next(iter(root)))}")]
    try:
        read = TopologyFile.model_validate(root)
    except ValidationError as error:
        return Host(), problems + problems_of(error, root)
    return Host(interfaces=read.interfaces, local=read.local), problems


def _listing(root: List) -> tuple[Host, list[Problem]]:
    """A listing of iproute2. Devices that were filtered out are empty objects in older ones."""
    items: list[Listed] = []
    problems: list[Problem] = []
    for number, item in enumerate(root):
        model = kind_of(item) if isinstance(item, Map) else None
        if model is None:
            if item != {}:
                problems.append(Problem(*root.places[number], f"expected an object of ip -j, found {seen(item)}"))
            continue
        try:
            items.append(model.model_validate(item))
        except ValidationError as error:
            problems += _located(error, root, number)
        if len(problems) >= MISTAKES_TOLD:
            break
    try:
        return (Host() if problems else host_of(items)), problems
    except Mistakes as mistakes:
        return Host(), [Problem(*root.place, str(mistakes))]


def _located(error: ValidationError, root: List, number: int) -> list[Problem]:
    """The mistakes in one object of a listing, each with its place."""
    found = []
    for item in error.errors(include_url=False):
        path: Path = (number, *item["loc"])
        cause = item.get("ctx", {}).get("error")
        what = str(cause) if isinstance(cause, Mistakes) else f"{item['msg'].lower()}, found {seen(item['input'])}"
        if item["type"] == "missing":
            what = f"the key {seen(path[-1])} is missing"
        found.append(Problem(*place_of(root, path), what))
    return found
