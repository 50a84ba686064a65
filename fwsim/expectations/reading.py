"""A file of expectations, read: every mistake with file, line and column, those within a packet's line too.

Read first: `model`; `fwsim.ruleset.load`, whose reader of YAML and JSON this uses.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path as FilePath
from typing import IO

from pydantic import BaseModel, ValidationError

from fwsim.errors import Problem, RulesetError, UsageError
from fwsim.expectations.lines import LineMistake
from fwsim.expectations.model import LONGEST_EXPRESSION, MODELS, Expectations
from fwsim.garbage import uncollected
from fwsim.ruleset.located import Document, List, Map, Place, place_of, without
from fwsim.ruleset.mistakes import Path, seen
from fwsim.ruleset.problems import MISTAKES_TOLD, Shape, mistakes_in
from fwsim.ruleset.source import read_text
from fwsim.ruleset.text import UnreadableError, parse_text
from fwsim.selection import Selection
from fwsim.simulator import MODES

ENDINGS = (".fwsim.yaml", ".fwsim.yml", ".fwsim.json")
"""How the names of files of expectations end (`fwsim.pytest_plugin` knows them too)."""
EXPECTED = "a file of expectations: a mapping with 'ruleset' and 'cases'"
IS_RULESET = "is a ruleset: fwsim check takes it, or a file of expectations names it under 'ruleset'"
SHAPES = {
    "cases": "a list of cases",
    "conversation": "a list of packets",
    "interfaces": "a mapping of networks by interface",
    "stateless": "a verdict, or a mapping of what is expected",
    "stateful": "a verdict, or a mapping of what is expected",
}
ITEMS = {"cases": "a case: a mapping with 'packet', 'conversation' or 'select'"}
ELSEWHERE = {
    "expect": "verdict", "expected": "verdict", "action": "verdict", "result": "verdict", "decision": "verdict",
    "state": "ct_state", "ctstate": "ct_state", "filter": "select", "pcap": "capture", "rules": "ruleset",
    "tests": "cases", "packets": "conversation", "steps": "conversation", "wait": "after", "score": "points",
    "title": "name", "topologies": "topology", "reject": "reject_with", "times": "repeat",
}  # fmt: skip
"""Keys that one might expect and that do not look like ours."""


class PartlyReadError(RulesetError):
    """A file with mistakes; `rest` is what can be read of it without them, in which there may be more."""

    def __init__(self, problems: list[Problem], root: Map, rest: Expectations | None) -> None:
        """With `root`, the file as it was written."""
        super().__init__(problems)
        self.root = root
        self.rest = rest


@uncollected()
def read_expectations(source: str | PathLike[str] | IO[str] | IO[bytes]) -> Expectations:
    """Read and check a file; `PartlyReadError` with every mistake if it has any. `-` is standard input."""
    path, text = read_text(source)
    document = Document(path, text)
    try:
        root, place, problems = parse_text(document)
    except UnreadableError as error:
        raise RulesetError([error.problem]) from None
    if not isinstance(root, Map):
        found = "nothing" if root is None else seen(root)
        raise RulesetError([Problem(*place, f"expected {EXPECTED}, found {found}")])
    if "cases" not in root and not root.keys().isdisjoint(("rules", "chains", "policy")):
        raise RulesetError([Problem(*root.place, IS_RULESET)])
    read, mistakes = _validated(root, document)
    problems = problems + mistakes + _selections(root)
    if read is None or problems:
        raise PartlyReadError(sorted(set(problems))[:MISTAKES_TOLD], root, read)
    return read


def _validated(root: Map, document: Document) -> tuple[Expectations | None, list[Problem]]:
    """What is right of a file, if anything is, and the mistakes in the others.

    What must fit together is looked at when everything is right by itself: so the rest is validated again.
    """
    problems: list[Problem] = []
    rest: Map | None = root
    while rest is not None:
        try:
            read = Expectations.model_validate(rest)
        except ValidationError as error:
            found = _problems(error, rest, document)
            problems += [problem for _, problem in found]
            rest = _rest(rest, [path for path, _ in found])
        else:
            read._root = rest
            return read, problems
    return None, problems


def _rest(root: Map, paths: list[Path]) -> Map | None:
    """A file without the cases and the keys that have mistakes; None if that leaves none, or nothing else."""
    cases = root.get("cases")
    if not isinstance(cases, List):
        return None
    bad = {path[1] for path in paths if path[0] == "cases" and len(path) > 1}
    kept = List(cases.place)
    for number, case in enumerate(cases):
        if number not in bad:
            kept.put(case, cases.places[number])
    keys = {path[0] for path in paths if path} & root.keys() - {"cases"}
    if not kept or not (bad or keys):
        return None
    rest: Map = without(root, [(key,) for key in keys])
    rest["cases"] = kept
    return rest


def _selections(root: Map) -> list[Problem]:
    """The mistakes in selections, also of cases with other mistakes."""
    found = []
    cases = root.get("cases")
    for number, case in enumerate(cases if isinstance(cases, List) else ()):
        select = case.get("select") if isinstance(case, Map) else None
        try:
            if isinstance(select, str) and 0 < len(select) <= LONGEST_EXPRESSION:
                Selection(select, MODES)
        except UsageError as error:
            column, what = str(error).removeprefix("-Y, column ").split(": ", 1)
            place = place_of(root, ("cases", number, "select"))
            found.append(Problem(*within(place, int(column) - 1, root.document.text), what))
    return found


def _problems(error: ValidationError, root: Map, document: Document) -> list[tuple[Path, Problem]]:
    """Every mistake of a validation, with its path and its place."""
    found: list[tuple[Path, Problem]] = []
    for item in error.errors(include_url=False):
        cause = item.get("ctx", {}).get("error")
        offset = cause.offset if isinstance(cause, LineMistake) else None
        for path, what in mistakes_in(item, SHAPE):
            if item["type"] == "missing":
                what = f"the key {seen(path[-1])} is missing"
            place = place_of(root, path)
            whole = place if offset is None else within(place, offset, document.text)
            found.append((path, Problem(*whole, what)))
    return found


def within(place: Place, offset: int, text: str) -> Place:
    """The place of a letter in a scalar that begins at a place; the beginning itself if it is written in several lines.

    An escaped letter in quotes counts as it is written.
    """
    path, number, column = place
    line = text.splitlines()[number - 1] if number <= len(text.splitlines()) else ""
    begins = line[column - 1 :]
    if begins[:1] in ("|", ">", "&", "*", "!"):
        return place
    quoted = begins[:1] in ("'", '"')
    after = column + offset + quoted
    return (path, number, after) if after <= len(line) + 1 else place


def _model_at(path: Path) -> type[BaseModel]:
    """The model whose keys stand at a path."""
    names = [step for step in path if isinstance(step, str)]
    return MODELS.get(names[-1], Expectations) if names else Expectations


def _expected(path: Path) -> str:
    """What should stand at a place where something of another shape does."""
    if not path:
        return EXPECTED
    last = path[-1]
    if isinstance(last, str):
        return SHAPES.get(last, "a mapping")
    return ITEMS.get(str(path[-2]), "a packet in a line, or a mapping with 'packet'")


SHAPE = Shape(_model_at, _expected, ELSEWHERE, MODELS)
"""What files of expectations look like."""


def placed(file: Expectations, path: Path, what: str, offset: int | None = None) -> Problem:
    """A mistake at a path of a file that was read, or at an offset in the text there."""
    document = file.root.document
    place = place_of(file.root, path)
    return Problem(*(place if offset is None else within(place, offset, document.text)), what)


def folder_of(path: str) -> FilePath:
    """Where the paths in a file begin: the folder that it lies in, or the current one."""
    return FilePath(path).parent if FilePath(path).is_file() else FilePath()


def resolved(file: Expectations, path: str) -> str:
    """A path in a file, as it can be opened."""
    return str(folder_of(file.location.path) / path)


def inputs_of(root: Map) -> list[str]:
    """All files that a file names, itself among them, as they can be opened; it may have mistakes."""
    cases = root.get("cases")
    nodes = [root, *(case for case in (cases if isinstance(cases, List) else ()) if isinstance(case, Map))]
    found: list[object] = [value for key in ("ruleset", "stateless_rules") if isinstance(value := root.get(key), str)]
    for node in nodes:
        for value in (node.get("topology"), node.get("capture")):
            found += value.values() if isinstance(value, Map) else value if isinstance(value, List) else [value]
    path = root.document.path
    return [path, *(str(folder_of(path) / name) for name in found if isinstance(name, str))]
