"""YAML text -> mappings and lists with places: YAML 1.2's core schema over PyYAML's parser.

Read first: `located`, `scalars`. Works on parser events, iteratively, so that neither depth nor aliases can exhaust
anything: aliases share their node, and what they would expand to is counted. libyaml's parser is used where PyYAML
was built with it (ten times faster).

Beyond YAML itself: a local tag is negation, since `dport: !22` is a tag to YAML and would otherwise lose its sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from fwsim.errors import Problem

from .json_text import is_json, json_events
from .located import Document, List, Map, Place
from .mistakes import seen
from .scalars import plain_scalar

try:
    from yaml._yaml import CParser
except ImportError:  # PyYAML without libyaml: the same, ten times slower
    CParser = None  # type: ignore[assignment, misc]

DEEPEST = 32
"""How deep a ruleset may be nested (a rule's list is at depth 6)."""

MOST_NODES = 2_000_000
"""Nodes of a whole document: a hundred thousand rules, and half a gigabyte of memory."""

MOST_ALIASED = 100_000
"""Nodes that aliases may add (a bomb of ten levels of ten would be 10**10)."""

CORE_TAG = "tag:yaml.org,2002:"


class UnreadableError(Exception):
    """The text cannot be read on from here; `problem` says why."""

    def __init__(self, place: Place, what: str) -> None:
        """Where and what."""
        self.problem = Problem(*place, what)
        super().__init__(what)


@dataclass(slots=True)
class Open:
    """A mapping or list that is being filled: its pending key, its anchor, and whether a local tag negates it."""

    node: Map | List
    anchor: str | None
    counted: int
    flow: bool
    negated: bool = False
    key: str | None = None
    key_place: Place = ("", 1, 1)


def parse_text(document: Document) -> tuple[Any, Place, list[Problem]]:
    """The value of the root of a YAML or JSON text, its place, and the mistakes that do not stop reading."""
    builder = Builder(document)
    events = json_events(document.text) if is_json(document.text) else yaml_events(document.text)
    try:
        for event in events:
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        place = _place(document, error.problem_mark or error.context_mark)
        raise UnreadableError(place, TAB if _is_tab(document, place) else _syntax(error)) from None
    except yaml.reader.ReaderError as error:
        raise UnreadableError((document.path, 1, 1), f"not valid YAML: {error.reason}") from None
    return builder.root, builder.root_place, builder.problems


def yaml_events(text: str) -> Iterator[Any]:
    """The parser's events, from libyaml if PyYAML has it."""
    loader: Any = CParser(text) if CParser is not None else yaml.Loader(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _place(document: Document, mark: Any) -> Place:
    """The place of a mark."""
    return (document.path, 1, 1) if mark is None else (document.path, mark.line + 1, mark.column + 1)


TAB = "not valid YAML: found a tab, expected spaces"


def _is_tab(document: Document, place: Place) -> bool:
    """Whether a tab stands at a place."""
    lines = document.text.split("\n")
    return place[1] <= len(lines) and lines[place[1] - 1][place[2] - 1 : place[2]] == "\t"


def _syntax(error: yaml.MarkedYAMLError) -> str:
    """A syntax error of the parser, in one line."""
    where = f" {error.context}" if error.context else ""
    begun, found = error.context_mark, error.problem_mark
    since = f" (begun in line {begun.line + 1})" if begun is not None and found and begun.line != found.line else ""
    return f"not valid YAML: {error.problem}{where}{since}"


class Builder:
    """Takes events one by one and builds the tree."""

    def __init__(self, document: Document) -> None:
        """Start with nothing."""
        self.document = document
        self.root: Any = None
        self.root_place: Place = (document.path, 1, 1)
        self.documents = 0
        self.problems: list[Problem] = []
        self.open: list[Open] = []
        self.anchors: dict[str, tuple[Any, int] | None] = {}
        self.count = 0
        self.aliased = 0
        self.end = 0
        self.takers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._begin,
            yaml.SequenceStartEvent: self._begin,
            yaml.MappingEndEvent: self._finish,
            yaml.SequenceEndEvent: self._finish,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, event: Any) -> None:
        """One event."""
        taker = self.takers.get(type(event))
        if taker is not None:
            taker(event)

    def _at(self, event: Any) -> Place:
        """Where an event begins."""
        mark = event.start_mark
        return (self.document.path, mark.line + 1, mark.column + 1)

    def _document(self, event: Any) -> None:
        """The beginning of a document, of which there may be one."""
        self.documents += 1
        if self.documents > 1:
            raise UnreadableError(self._at(event), "a second YAML document begins here, expected only one in a file")

    def _scalar(self, event: Any) -> None:
        """A scalar: the key of a mapping, or a value."""
        self._counted(event, 1)
        self.end = event.end_mark.index
        top = self.open[-1] if self.open else None
        if top is not None and top.key is None and isinstance(top.node, Map):
            top.key, top.key_place = event.value, self._at(event)
            return
        value = self._value(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        self._add(value, self._at(event))

    def _value(self, event: Any) -> object:
        """What a scalar means, its tag considered."""
        text: str = event.value
        tag = event.tag
        if tag is None:
            value: object = text if event.style else plain_scalar(text)
            # The parser hides a lone `!` in front of a scalar: only the text shows it.
            return self._negated(value) if self._has_sign(event) else value
        if tag == CORE_TAG + "str":
            return text
        if tag.startswith("!") and (tag == "!" or (not text and not event.style)):
            return self._negated(text or tag[1:])
        self._problem(event, f'unknown tag {seen(tag)}, expected none (a negated value is written in quotes: "!22")')
        return text

    @staticmethod
    def _negated(value: object) -> str:
        """A value with the sign that was written as a tag."""
        return f"!{'' if value is None else value}"

    def _has_sign(self, event: Any) -> bool:
        """Whether the node begins with a lone `!`, perhaps behind its anchor."""
        text = self.document.text
        first = event.start_mark.index
        if event.anchor is not None:
            first += len(event.anchor) + 1
            while text[first : first + 1].isspace():
                first += 1
        return text[first : first + 1] == "!"

    def _begin(self, event: Any) -> None:
        """The beginning of a mapping or list."""
        self._counted(event, 1)
        place = self._at(event)
        if self.open and self.open[-1].key is None and isinstance(self.open[-1].node, Map):
            raise UnreadableError(
                place, "expected a plain key, found a mapping or list (several values are a list: [80, 443])"
            )
        if len(self.open) >= DEEPEST:
            raise UnreadableError(place, f"nested deeper than {DEEPEST} levels")
        sequence = isinstance(event, yaml.SequenceStartEvent)
        node = List(place) if sequence else Map(place, self.document, event.start_mark.index)
        opened = Open(node, event.anchor, self.count, bool(event.flow_style), sequence and self._has_sign(event))
        if event.tag not in (None, "!", CORE_TAG + ("seq" if sequence else "map")) or (
            event.tag == "!" and not sequence
        ):
            self._problem(event, f"unknown tag {seen(event.tag)}, expected none")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.open.append(opened)

    def _finish(self, event: Any) -> None:
        """The end of a mapping or list."""
        done = self.open.pop()
        if done.flow:
            self.end = event.end_mark.index
        node = done.node
        if isinstance(node, Map):
            node.end = self.end
        elif done.negated:
            node[:] = [self._negated(item) if isinstance(item, (str, int)) else item for item in node]
        if done.anchor is not None:
            self.anchors[done.anchor] = (node, self.count - done.counted + 1)
        self._add(node, node.place)

    def _alias(self, event: Any) -> None:
        """A reference to an anchored node, which is shared and not copied."""
        place = self._at(event)
        target = self.anchors.get(event.anchor)
        if target is None:
            within = event.anchor in self.anchors
            why = "refers to a node that it is part of" if within else "refers to no anchor above it"
            raise UnreadableError(place, f"the alias {seen('*' + event.anchor)} {why}")
        self.end = event.end_mark.index
        value, size = target
        self.aliased += size
        if self.aliased > MOST_ALIASED:
            raise UnreadableError(place, f"aliases expand to more than {MOST_ALIASED} nodes")
        self._counted(event, size)
        top = self.open[-1]
        if top.key is None and isinstance(top.node, Map):
            raise UnreadableError(place, "expected a plain key, found an alias as key")
        self._add(value, place)

    def _counted(self, event: Any, nodes: int) -> None:
        """Count nodes, and stop at too many."""
        self.count += nodes
        if self.count > MOST_NODES:
            raise UnreadableError(self._at(event), f"more than {MOST_NODES} nodes in one file")

    def _add(self, value: object, place: Place) -> None:
        """Put a finished value where it belongs."""
        if not self.open:
            self.root, self.root_place = value, place
            return
        top = self.open[-1]
        if isinstance(top.node, List):
            top.node.put(value, place)
        else:
            self._put(top, top.node, value, place)

    def _put(self, top: Open, node: Map, value: object, place: Place) -> None:
        """An item of a mapping; of a repeated key the first value stays."""
        key = top.key or ""
        if key in node:
            first = node.key_places[key][1]
            self.problems.append(
                Problem(*top.key_place, f"the key {seen(key)} is repeated, it stands in line {first} too")
            )
        else:
            node.put(key, top.key_place, value, place)
        top.key = None

    def _problem(self, event: Any, what: str) -> None:
        """A mistake after which reading goes on."""
        self.problems.append(Problem(*self._at(event), what))
