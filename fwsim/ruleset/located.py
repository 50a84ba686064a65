"""Mappings and lists that know where in their file they and their items were written.

Read first: nothing. `yaml_text` and `json_text` build them; pydantic takes them for the dicts and lists they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .mistakes import KEY, Path, Step
from .values import Location

Place: TypeAlias = tuple[str, int, int]
"""File, line and column, both from 1."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text that was read: its name in messages, and the text itself."""

    path: str
    text: str


NOWHERE = Document("", "")


class Map(dict[str, Any]):
    """A mapping; `key_places` and `value_places` tell where its keys and values were written.

    `place` is its own beginning; `start` and `end` are its extent in the text of its document.
    """

    __slots__ = ("document", "end", "key_places", "place", "start", "value_places")

    def __init__(self, place: Place = ("", 1, 1), document: Document = NOWHERE, start: int = 0) -> None:
        """An empty mapping, filled by `put`."""
        self.place = place
        self.document = document
        self.start = self.end = start
        self.key_places: dict[str, Place] = {}
        self.value_places: dict[str, Place] = {}

    def put(self, key: str, key_place: Place, value: object, place: Place) -> None:
        """Add an item."""
        self[key] = value
        self.key_places[key] = key_place
        self.value_places[key] = place

    def location(self) -> Location:
        """The place, with the text of the mapping as it was written."""
        path, line, column = self.place
        policy_line = self.value_places["policy"][1] if "policy" in self.value_places else 0
        return Location(path, line, column, self.document.text[self.start : self.end].rstrip(), policy_line)


class List(list[Any]):
    """A list; `places` tells where its items were written."""

    __slots__ = ("place", "places")

    def __init__(self, place: Place = ("", 1, 1)) -> None:
        """An empty list, filled by `put`."""
        self.place = place
        self.places: list[Place] = []

    def put(self, value: object, place: Place) -> None:
        """Add an item."""
        self.append(value)
        self.places.append(place)


def place_of(root: object, path: Sequence[Step]) -> Place:
    """The place of the node at `path`, or of the last node on the way that exists."""
    node: object = root
    place: Place = root.place if isinstance(root, (Map, List)) else ("", 1, 1)
    for position, step in enumerate(path):
        if isinstance(node, Map) and step in node.value_places:
            if path[position + 1 : position + 2] == (KEY,):
                return node.key_places[str(step)]
            place, node = node.value_places[str(step)], node[str(step)]
        elif isinstance(node, List) and isinstance(step, int) and step < len(node.places):
            place, node = node.places[step], node[step]
        else:
            break
    return place


def without(root: Any, paths: Sequence[Path]) -> Any:
    """A copy of the tree without the nodes at `paths`; an item of a list becomes an empty mapping instead.

    Only what lies on the paths is copied, so nodes shared through aliases stay whole elsewhere.
    """
    below: dict[Step, list[Path]] = {}
    for path in paths:
        below.setdefault(path[0], []).append(path[1:])
    result = _copy(root)
    for step, rest in below.items():
        if isinstance(result, Map) and step in result:
            if () in rest:
                del result[str(step)]
            else:
                result[str(step)] = without(result[str(step)], rest)
        elif isinstance(result, List) and isinstance(step, int):
            result[step] = Map() if () in rest else without(result[step], rest)
    return result


def _copy(node: Any) -> Any:
    """A shallow copy that keeps its places."""
    if isinstance(node, Map):
        result = Map(node.place, node.document, node.start)
        result.end = node.end
        result.update(node)
        result.key_places, result.value_places = node.key_places, node.value_places
        return result
    if isinstance(node, List):
        copied = List(node.place)
        copied.extend(node)
        copied.places = node.places
        return copied
    return node
