"""How a key of the model is read, written and described: the pieces that `model` is put together from.

Read first: `values`. One `Reads` holds all three for one kind of value, so they cannot drift apart.
Keys that may be left out have the default None, but an empty value (`dport:`) is refused: a match that
silently vanishes would widen its rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from . import words
from .masks import parse_bits, parse_flags, parse_marks, parse_set_mark
from .numbers import FIELDS, parse_numbers
from .settings import duration_text, parse_count, parse_duration, parse_switch, parse_text, parse_word

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}


@dataclass(frozen=True)
class Reads:
    """One kind of value: `parse` reads it, `write` gives back what was written, `schema` describes it to editors."""

    parse: Callable[[Any], Any]
    write: Callable[[Any], Any]
    schema: Json

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let `parse` alone decide what is valid (its `Mistakes` are ValueErrors)."""
        written = core_schema.plain_serializer_function_ser_schema(self.write, when_used="unless-none")
        return core_schema.no_info_plain_validator_function(remembering(self.parse), serialization=written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        """What an editor may offer and refuse."""
        return dict(self.schema)


def remembering(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same parser, which reads a repeated text or number only once (most rules share most of their values).

    What parsers return is frozen, so it can be shared.
    """
    cached = lru_cache(maxsize=8192, typed=True)(parse)
    return lambda raw: cached(raw) if type(raw) is str or type(raw) is int else parse(raw)


def written(value: Any) -> Any:
    """A value as it was written, lists as lists."""
    source = value.source
    return list(source) if isinstance(source, tuple) else source


def listed(*single: Json) -> Json:
    """The schema of a value that may stand alone or in a list."""
    one = single[0] if len(single) == 1 else {"anyOf": list(single)}
    return {"anyOf": [*single, {"type": "array", "items": one, "minItems": 1}]}


def words_or_text(names: Iterable[str]) -> Json:
    """A schema for text that offers known words but allows ranges, negation and sets."""
    return {"anyOf": [{"enum": sorted(names)}, TEXT]}


def numeric(key: str) -> Reads:
    """A numeric match of a rule (`numbers.FIELDS`)."""
    field = FIELDS[key]
    number: Json = {"type": "integer", "minimum": field.lowest, "maximum": field.highest}
    text = words_or_text(field.names) if field.names else TEXT
    single = [text] if field.named_only else [number, text]
    if key == "fragment":
        single.append({"type": "boolean"})
    return Reads(partial(parse_numbers, field=field), written, listed(*single))


def bits(names: Mapping[str, int], what: str) -> Reads:
    """A match on named bits."""
    return Reads(partial(parse_bits, names=names, what=what), written, listed(words_or_text(names)))


def word(what: str, *known: str) -> Reads:
    """One of a few words."""
    return Reads(partial(parse_word, what=what, known=known), str, {"enum": list(known)})


def count(highest: int) -> Reads:
    """A whole number."""
    schema: Json = {"type": "integer", "minimum": 0, "maximum": highest}
    return Reads(partial(parse_count, highest=highest), int, schema)


MARK_SCHEMA: Json = {"type": "integer", "minimum": 0, "maximum": 0xFFFFFFFF}

FLAGS = Reads(parse_flags, written, listed(words_or_text(words.TCP_FLAGS)))
MARKS = Reads(parse_marks, written, listed(MARK_SCHEMA, TEXT))
SET_MARK = Reads(parse_set_mark, written, {"anyOf": [MARK_SCHEMA, TEXT]})
SWITCH = Reads(parse_switch, bool, {"anyOf": [{"type": "boolean"}, {"enum": [0, 1]}]})
NAME = Reads(parse_text, str, {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 200}, INTEGER]})
DURATION = Reads(
    parse_duration,
    duration_text,
    {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\s*(\d+|(\d+(ms|[smhdw]))+)\s*$"}]},
)
