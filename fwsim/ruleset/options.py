"""Options of the command line laid over a ruleset's tree before it is validated.

Read first: `located`. A mistake in an option is told with the option in the place of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fwsim.errors import Problem

from .located import Document, List, Map, Place
from .mistakes import seen
from .text import UnreadableError, parse_text


def lay_over(
    root: Map, overrides: Mapping[str, str], interfaces: Mapping[str, Sequence[str]], local: Sequence[str]
) -> tuple[Map, list[Problem]]:
    """The tree with the options laid over it, and the options that cannot be."""
    problems: list[Problem] = []
    for name, networks in interfaces.items():
        option = f"--interface {name}={','.join(networks)}"
        try:
            put(root, ("interfaces", name, "networks"), listed(networks, (option, 1, 1)), (option, 1, 1))
        except UnreadableError as error:
            problems.append(error.problem)
    if local:
        place = (f"--local {','.join(local)}", 1, 1)
        own = root.get("local", [])
        root.put("local", place, listed([*(own if isinstance(own, list) else [own]), *local], place), place)
    for key, value in overrides.items():
        try:
            _override(root, key, value)
        except UnreadableError as error:
            problems.append(error.problem)
    return root, problems


def _override(root: Map, key: str, text: str) -> None:
    """One `--set KEY=VALUE`."""
    option = f"--set {key}={text}"
    value, _, problems = parse_text(Document(option, text))
    if problems:
        raise UnreadableError((option, 1, 1), problems[0].what)
    steps = tuple(key.split("."))
    if not all(steps):
        raise UnreadableError((option, 1, 1), f"expected a key such as conntrack.tcp_loose, found {seen(key)}")
    put(root, steps, value, (option, 1, 1))


def put(root: Map, steps: Sequence[str], value: object, place: Place) -> None:
    """Set the value at a dotted key; mappings on the way are made if they are not there."""
    node = root
    for position, step in enumerate(steps[:-1]):
        below = node.get(step)
        if below is None:
            below = Map(place)
            node.put(step, place, below, place)
        if not isinstance(below, Map):
            raise UnreadableError(
                place, f"{seen('.'.join(steps[: position + 1]))} is not a mapping, so nothing can be set in it"
            )
        node = below
    node.put(steps[-1], place, value, place)


def listed(items: Sequence[object], place: Place) -> List:
    """A list whose items all have the place of their option."""
    result = List(place)
    for item in items:
        result.put(item, place)
    return result
