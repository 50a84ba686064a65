"""A file of expectations, as a person writes it.

Read first: `lines` (packets), `facts` (what can be expected of them). For example

```yaml
ruleset: office.yaml
cases:
  - name: the public web server is public
    packet: tcp 198.51.100.7:40000 > 192.0.2.2:443 syn in wan
    verdict: accept
    rule: public web
```

Unknown keys are refused. What is expected of a case holds for each of its packets that says nothing itself
(`expected`); what must fit together is in `checks`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field, PrivateAttr, model_validator

from fwsim.expectations.checks import check_case, check_file
from fwsim.expectations.facts import (
    EVIDENCE,
    RULE_NAMES,
    STRICT,
    VERDICT,
    WORD,
    Alternatives,
    Facts,
    Nat,
    Remembered,
    Short,
    one_or_more,
)
from fwsim.expectations.lines import Spoken, read_line
from fwsim.moments import EXPECTED as WANTED_TIME
from fwsim.moments import nanoseconds_of
from fwsim.ruleset import keys
from fwsim.ruleset.fields import DURATION, SWITCH, TEXT, Reads, listed
from fwsim.ruleset.located import Map
from fwsim.ruleset.mistakes import mistake, seen
from fwsim.ruleset.model import Located
from fwsim.ruleset.settings import parse_text
from fwsim.ruleset.values import Addresses, Network

Inputs = tuple[tuple[str | None, str], ...]
"""Captures, each with the interface that it was taken on if that is told."""
LONGEST_EXPRESSION = 2000
DECIMAL = re.compile(r"\d{1,6}(\.\d{1,3})?", re.ASCII)
MOST_REPEATED = 10_000
"""Packets of one step."""


def parse_line(raw: object) -> Spoken:
    """A packet in a line."""
    if not isinstance(raw, str):
        raise mistake(f"expected a packet in a line, such as tcp 10.1.0.5 > 192.0.2.2:443 syn, found {seen(raw)}")
    return read_line(raw)


def parse_tags(raw: object) -> tuple[str, ...]:
    """Words to choose cases by."""
    return tuple(parse_text(one) for one in one_or_more(raw))


def parse_points(raw: object) -> float:
    """Points of an exercise, with at most three decimals."""
    if isinstance(raw, (int, float, str)) and not isinstance(raw, bool) and DECIMAL.fullmatch(str(raw)):
        return float(raw)
    raise mistake(f"expected a number of points, found {seen(raw)}")


def parse_counted(raw: object) -> int:
    """How often, or how many packets."""
    if type(raw) is int and 0 <= raw < 1 << 40:
        return raw
    raise mistake(f"expected a whole number, found {seen(raw)}")


def parse_repeated(raw: object) -> int:
    """How often a packet is sent."""
    if type(raw) is int and 1 <= raw <= MOST_REPEATED:
        return raw
    raise mistake(f"expected a number of 1 to {MOST_REPEATED}, found {seen(raw)}")


def parse_expression(raw: object) -> str:
    """A selection; it is parsed where the modes are known."""
    if isinstance(raw, str) and 0 < len(raw) <= LONGEST_EXPRESSION:
        return raw
    raise mistake(f"expected an expression as for -Y, such as src == 10.1.0.5 and evidence, found {seen(raw)}")


def parse_description(raw: object) -> str:
    """Some sentences."""
    if isinstance(raw, str) and 0 < len(raw) <= LONGEST_EXPRESSION:
        return raw
    raise mistake(f"expected text of at most {LONGEST_EXPRESSION} letters, found {seen(raw)}")


def parse_path(raw: object) -> str:
    """A path, from the folder of the file."""
    if isinstance(raw, str) and raw:
        return raw
    raise mistake(f"expected the path of a file, found {seen(raw)}")


def parse_capture(raw: object) -> Inputs:
    """The path of a capture, or one for each interface that it was taken on."""
    if isinstance(raw, Mapping):
        return tuple((parse_text(name), parse_path(path)) for name, path in raw.items())
    return ((None, parse_path(raw)),)


def parse_time(raw: object) -> int:
    """A date and time, or seconds since 1970."""
    found = nanoseconds_of(str(raw)) if isinstance(raw, (str, int)) and not isinstance(raw, bool) else None
    if found is None:
        raise mistake(f"expected {WANTED_TIME}, found {seen(raw)}")
    return found


def parse_paths(raw: object) -> tuple[str, ...]:
    """Paths, from the folder of the file."""
    return tuple(parse_path(one) for one in one_or_more(raw))


def parse_ruleset(raw: object) -> Any:
    """The path of a ruleset, or a ruleset itself."""
    if isinstance(raw, Mapping):
        return raw
    return parse_path(raw)


def parse_settings(raw: object) -> dict[str, Any]:
    """Settings by dotted key, as `--set` takes them."""
    if not isinstance(raw, Mapping):
        raise mistake(f"expected settings such as conntrack.tcp_loose: false, found {seen(raw)}")
    for key, value in raw.items():
        if not isinstance(value, (str, int, float, bool)):
            raise mistake(f"expected a word or a number, found {seen(value)}", key)
    return dict(raw)


LINE = Reads(parse_line, lambda line: line.text, TEXT)
TAGS = Reads(parse_tags, list, listed(TEXT))
POINTS = Reads(parse_points, float, {"type": "number", "minimum": 0})
COUNTED = Reads(parse_counted, int, {"type": "integer", "minimum": 0})
REPEATED = Reads(parse_repeated, int, {"type": "integer", "minimum": 1, "maximum": MOST_REPEATED})
DESCRIPTION = Reads(parse_description, str, TEXT)
EXPRESSION = Reads(parse_expression, str, TEXT)
PATH = Reads(parse_path, str, TEXT)
CAPTURE = Reads(parse_capture, dict, {"anyOf": [TEXT, {"type": "object", "additionalProperties": TEXT}]})
TIME = Reads(parse_time, int, {"anyOf": [TEXT, {"type": "integer", "minimum": 0}]})
PATHS = Reads(parse_paths, list, listed(TEXT))
RULESET = Reads(parse_ruleset, lambda given: given, {"anyOf": [TEXT, {"type": "object"}]})
SETTINGS = Reads(parse_settings, dict, {"type": "object"})


class Expecting(Located):
    """What may be expected: of both modes, or under the name of a mode of that one alone."""

    verdict: Annotated[Alternatives | None, VERDICT] = None
    stateless: Facts | None = None
    stateful: Facts | None = None
    rule: Annotated[Alternatives | None, RULE_NAMES] = None
    chain: Annotated[Alternatives | None, RULE_NAMES] = None
    hook: Annotated[Alternatives | None, WORD["hook"]] = None
    reason: Annotated[Alternatives | None, WORD["reason"]] = None
    reject_with: Annotated[Alternatives | None, WORD["reject_with"]] = None
    ct_state: Annotated[Alternatives | None, WORD["ct_state"]] = None
    ct_direction: Annotated[Alternatives | None, WORD["ct_direction"]] = None
    tcp_state: Annotated[Alternatives | None, WORD["tcp_state"]] = None
    mirror: Annotated[bool | None, SWITCH] = None
    nat: Nat | None = None
    evidence: Annotated[Alternatives | None, EVIDENCE] = None


class Step(Short, Expecting):
    """A packet of a conversation, or a look at what is remembered of it; a packet alone may be written as its line."""

    short: ClassVar[str] = "packet"

    packet: Annotated[Spoken | None, LINE] = None
    connection: Remembered | None = None
    after: Annotated[int | None, DURATION] = None
    """Time since the packet before, in ns."""
    at: Annotated[int | None, DURATION] = None
    """Time since the first packet, in ns."""
    repeat: Annotated[int, REPEATED] = 1
    every: Annotated[int | None, DURATION] = None
    """Time between repeated packets, in ns."""


class Case(Expecting):
    """One expectation: of a packet, of a conversation, or of selected packets of a capture."""

    name: Annotated[str | None, keys.NAME] = None
    description: Annotated[str | None, DESCRIPTION] = None
    tags: Annotated[tuple[str, ...], TAGS] = ()
    points: Annotated[float | None, POINTS] = None
    packet: Annotated[Spoken | None, LINE] = None
    conversation: tuple[Step, ...] | None = None
    time: Annotated[int | None, TIME] = None
    """When its first packet comes, in ns since 1970."""
    select: Annotated[str | None, EXPRESSION] = None
    capture: Annotated[Inputs | None, CAPTURE] = None
    count: Annotated[int | None, COUNTED] = None
    """How many packets must be selected, by default at least one.

    A packet with several words of evidence is selected by each of them; the table of `compare` counts it under one.
    """

    @model_validator(mode="after")
    def _check(self) -> Case:
        """Refuse what does not fit together."""
        check_case(self)
        return self

    @property
    def title(self) -> str:
        """Its name, or else what it is about."""
        if self.name is not None:
            return self.name
        if self.conversation:
            first = next((step.packet for step in self.conversation if step.packet is not None), None)
            return f"conversation: {first.text}" if first is not None else "conversation"
        return self.packet.text if self.packet is not None else f"select: {self.select}"


class Expectations(Located):
    """A file of expectations."""

    name: Annotated[str | None, keys.NAME] = None
    ruleset: Annotated[Any, RULESET] = None
    stateless_rules: Annotated[str | None, PATH] = None
    topology: Annotated[tuple[str, ...], PATHS] = ()
    interfaces: dict[Annotated[str, keys.INTERFACE_NAME], Annotated[tuple[Network, ...], keys.NETWORKS]] = Field(
        default_factory=dict
    )
    local: Annotated[Addresses, keys.ADDRESS_LIST] = Addresses()
    settings: Annotated[dict[str, Any], SETTINGS] = Field(default_factory=dict)
    capture: Annotated[Inputs | None, CAPTURE] = None
    cases: tuple[Case, ...]

    _root: Map = PrivateAttr(default_factory=Map)

    @property
    def root(self) -> Map:
        """As it was written, with the places of all keys and values."""
        return self._root

    @model_validator(mode="after")
    def _check(self) -> Expectations:
        """Refuse what does not fit together."""
        check_file(self)
        return self


MODELS: dict[str, type[BaseModel]] = {
    "cases": Case, "conversation": Step, "stateless": Facts, "stateful": Facts, "nat": Nat, "connection": Remembered,
}  # fmt: skip
"""The models by the keys that they stand under."""

__all__ = ["MODELS", "STRICT", "Case", "Expectations", "Expecting", "Step"]
