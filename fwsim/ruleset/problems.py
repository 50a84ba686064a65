"""pydantic's errors -> located problems with our words.

Read first: `mistakes`, `located`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from fwsim.errors import Problem

from .conntrack import Conntrack
from .located import Map, place_of
from .mistakes import KEY, Mistakes, Path, nearest, seen, unknown
from .model import Chain, Interface, Rule, Ruleset, Stateless
from .timeouts import KEY as TIMEOUTS

MISTAKES_TOLD = 500
"""Problems of one file beyond which the rest is only counted."""

CONTAINERS: dict[str, type[BaseModel]] = {
    "interfaces": Interface, "chains": Chain, "rules": Rule, "conntrack": Conntrack, "stateless": Stateless,
}  # fmt: skip

EXPECTED = {
    "": "a ruleset: a mapping with 'rules' or 'chains'",
    "interfaces": "a mapping of interfaces by name",
    "chains": "a mapping of chains by name",
    "sets": "a mapping of sets by name",
    "rules": "a list of rules",
    "conntrack": "a mapping of conntrack settings",
    "stateless": "a mapping with 'replies' or 'icmp_errors'",
}
EXPECTED_ITEM = {
    "interfaces": "an interface: a mapping with 'networks', 'macs' or 'addresses'",
    "chains": "a chain: a mapping with 'hook', 'policy' or 'rules'",
    "rules": "a rule: a mapping such as {proto: tcp, dport: 22, verdict: accept}",
}

ELSEWHERE = {
    "action": "verdict", "target": "verdict", "jump": "verdict", "goto": "verdict", "then": "verdict",
    "protocol": "proto", "port": "dport", "ports": "dport", "source": "src", "destination": "dst", "saddr": "src",
    "daddr": "dst", "hoplimit": "ttl", "flags": "tcp_flags", "state": "ct_state", "in": "iif", "out": "oif",
    "iifname": "iif", "oifname": "oif", "in_interface": "iif", "out_interface": "oif", "comment": "name",
    "default": "policy", "ip": "addresses", "cidr": "networks", "network": "networks",
}  # fmt: skip
"""Keys that other tools use for ours and that do not look like them."""


@dataclass(frozen=True)
class Shape:
    """What a kind of file looks like, for messages: the model whose keys stand at a path, and what belongs there."""

    model_at: Callable[[Path], type[BaseModel]]
    expected: Callable[[Path], str]
    elsewhere: Mapping[str, str]
    """Keys that other tools use for ours."""
    homes: Mapping[str, type[BaseModel]]
    """The models by the keys that they stand under."""


def problems_of(error: ValidationError, root: Map, shape: Shape | None = None) -> list[Problem]:
    """Every mistake of a validation, with its place in the file; beyond those that are told, in no particular words.

    `shape` is that of a ruleset, unless another is given.
    """
    shape = RULESET if shape is None else shape
    items = sorted(error.errors(include_url=False), key=lambda item: place_of(root, item["loc"]))
    told, counted = items[: MISTAKES_TOLD + 1], items[MISTAKES_TOLD + 1 :]
    problems = [Problem(*place_of(root, path), what) for item in told for path, what in mistakes_in(item, shape)]
    return problems + [Problem(*place_of(root, item["loc"]), "another mistake") for item in counted]


def pruned_paths(error: ValidationError) -> list[Path]:
    """The nodes that failed and must go before the rest can be checked; empty if only cross checks failed."""
    paths = set()
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        path = tuple(step for step in item["loc"] if step != KEY)
        if not path:
            return []
        paths.add(path)
    return sorted(paths, key=str)


def mistakes_in(item: Any, shape: Shape) -> Iterator[tuple[Path, str]]:
    """The mistakes in one of pydantic's errors: their paths and messages."""
    path: Path = item["loc"]
    cause = item.get("ctx", {}).get("error")
    if isinstance(cause, Mistakes):
        for below, message in cause.found:
            yield (*path, *below), message
    elif item["type"] == "extra_forbidden":
        yield (*path, KEY), _unknown_key(path, shape)
    elif item["type"] in ("model_type", "dict_type", "tuple_type", "model_attributes_type"):
        yield path, f"expected {shape.expected(path)}, found {seen(item['input'])}"
    else:
        yield path, f"{item['msg'].lower()}, found {seen(item['input'])}"


def _expected(path: Path) -> str:
    """What should stand at a place where something of another shape does."""
    last = path[-1] if path else ""
    if isinstance(last, str) and (len(path) == 1 or last == "rules"):
        return EXPECTED.get(last, "a mapping")
    return EXPECTED_ITEM.get(str(path[-2]) if len(path) > 1 else "", EXPECTED[""])


def model_at(path: Path) -> type[BaseModel]:
    """The model whose keys stand at a path."""
    if len(path) >= 2 and path[-2] == "rules":
        return Rule
    return CONTAINERS.get(str(path[0]), Ruleset) if path else Ruleset


def _unknown_key(path: Path, shape: Shape) -> str:
    """The message for a key that its model does not have."""
    key = str(path[-1])
    model = shape.model_at(path[:-1])
    known = [name for name in model.model_fields if not name.startswith("_")] + [TIMEOUTS] * (model is Conntrack)
    if key == "<<":
        return "unknown key '<<': YAML 1.2 has no merge keys, write the keys out"
    if shape.elsewhere.get(key.lower()) in known:
        return f"unknown key {seen(key)}, did you mean {seen(shape.elsewhere[key.lower()])}?"
    if nearest(key, known) is None:
        if key.isdigit():
            return f"unknown key {seen(key)} (several values are a list: [80, 443])"
        home = next((name for name, other in shape.homes.items() if key in other.model_fields), None)
        if home is not None and model is not shape.homes[home]:
            return f"the key {seen(key)} does not belong here but under {seen(home)}"
    return unknown("key", key, known)


RULESET = Shape(model_at, _expected, ELSEWHERE, CONTAINERS)
"""What rulesets look like."""
