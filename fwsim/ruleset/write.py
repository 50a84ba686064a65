"""A ruleset -> YAML or JSON that loads to the same ruleset, laid out as a person would write it.

Read first: `model`. Only what was set is written, values as they were spelled. A rule stands on one line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fwsim.errors import UsageError

from .model import Ruleset
from .scalars import plain_scalar

PLAIN = re.compile(r"[A-Za-z0-9_/.](?:[A-Za-z0-9_/.@ -]*[A-Za-z0-9_/.@-])?")
"""Text that needs no quotes anywhere in YAML, unless it spells a number or a constant."""

YAML_1_1 = re.compile(
    r"on|off|yes|no|y|n|[-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.(inf|nan|[0-9_]+)|0[bo]?[0-9_]+|[0-9]{4}-[0-9-]+",
    re.IGNORECASE,
)
"""Text that older parsers, which many editors still have, read as something else: quoted, it means the same to all."""

ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def to_yaml(ruleset: Ruleset) -> str:
    """The ruleset as YAML text."""
    return "".join(line + "\n" for line in _lines(_written(ruleset)))


def to_json(ruleset: Ruleset) -> str:
    """The ruleset as JSON text."""
    return json.dumps(_written(ruleset), indent=2, ensure_ascii=False) + "\n"


def _written(ruleset: Ruleset) -> dict[str, Any]:
    """What was set, as plain mappings, lists and scalars."""
    if ruleset._imported is not None:  # its rules are in no key of ours: without them all would be accepted
        raise UsageError("rules of nft or iptables are written by fwsim convert (fwsim.exporting)")
    return ruleset.model_dump(exclude_unset=True, exclude_none=True)


def _lines(data: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the whole file."""
    for key, value in data.items():
        if key == "chains" and value:
            yield "chains:"
            for name, chain in value.items():
                yield from _chain(name, chain)
        elif key == "rules" and value:
            yield "rules:"
            yield from (f"  - {flow(rule)}" for rule in value)
        elif isinstance(value, Mapping) and value:
            yield f"{key}:"
            yield from (f"  {flow(name)}: {flow(item)}" for name, item in value.items())
        else:
            yield f"{key}: {flow(value)}"


def _chain(name: str, chain: Mapping[str, Any]) -> Iterator[str]:
    """A chain: its keys, then a line for each rule."""
    if not chain:
        yield f"  {flow(name)}: {{}}"
        return
    yield f"  {flow(name)}:"
    for key, value in chain.items():
        if key == "rules" and value:
            yield "    rules:"
            yield from (f"      - {flow(rule)}" for rule in value)
        else:
            yield f"    {key}: {flow(value)}"


def flow(value: Any) -> str:
    """A value in YAML's flow style, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)


def quoted(text: str) -> str:
    """Text, in double quotes where it would otherwise be read as something else."""
    if PLAIN.fullmatch(text) and isinstance(plain_scalar(text), str) and not YAML_1_1.fullmatch(text):
        return text
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    """One letter within double quotes."""
    if letter in ESCAPES:
        return ESCAPES[letter]
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"
