"""The ruleset that is used when none is given: the inside, or the host, may open connections, others may not.

Read first: `fwsim.ruleset.guess`. What the options say of interfaces and own addresses is taken as it is. Else a quick
first pass over the head of the captures tells what seems to lie inside; from standard input, which can be read only
once, all private networks are taken for the inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fwsim.capture import Input, open_captures
from fwsim.ruleset import Ruleset, guess_policy
from fwsim.topology import Topology

HEAD = 5_000
"""Packets looked at."""


def guessed_ruleset(
    inputs: Sequence[Input], interfaces: Mapping[str, Sequence[str]] | None = None, local: Sequence[str] = ()
) -> str:
    """The YAML of a ruleset that may fit the captures; raises UsageError for options that cannot be read."""
    interfaces = interfaces or {}
    Topology.build(Ruleset.model_validate({"policy": "drop"}), interfaces, local)  # what is wrong with the options
    inside = [] if local else _networks_inside(inputs)
    return (
        guess_policy(inside, interfaces=interfaces) if inside else guess_policy(interfaces=interfaces, local=local)
    )[1]


def _networks_inside(inputs: Sequence[Input]) -> list[str]:
    """The networks that seem to lie inside, from the head of the captures."""
    if any(file.path == "-" for file in inputs):
        return []
    captures = open_captures(list(inputs), limit=HEAD)
    topology = Topology({})
    for chunk in captures:
        topology.locate(captures, chunk)
    return [str(network) for network in topology.surroundings.propose().inside]
