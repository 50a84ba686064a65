"""The ruleset that is used when none is given: the inside may open connections, the outside may not.

Read first: `fwsim.ruleset.guess`. A quick first pass over the head of the captures tells what seems to lie inside; from
standard input, which can be read only once, all private networks are taken for the inside.
"""

from __future__ import annotations

from collections.abc import Sequence

from fwsim.capture import Input, open_captures
from fwsim.ruleset import guess_policy
from fwsim.topology import Topology

HEAD = 5_000
"""Packets looked at."""


def guessed_ruleset(inputs: Sequence[Input]) -> str:
    """The YAML of a ruleset that may fit the captures."""
    if any(file.path == "-" for file in inputs):
        return guess_policy()[1]
    captures = open_captures(list(inputs), limit=HEAD)
    topology = Topology({})
    for chunk in captures:
        topology.locate(captures, chunk)
    inside = [str(network) for network in topology.surroundings.propose().inside]
    return guess_policy(inside)[1] if inside else guess_policy()[1]
