"""The policy that is used when no ruleset is given: the inside may open connections, the outside may not.

Read first: `model`. Which networks are inside is the caller's guess; it is printed with the rest, to be copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .model import Ruleset
from .write import to_yaml

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
"""What is taken for the inside if nothing better is known (RFC 1918, 3927, 4193, 4291)."""

NEIGHBOUR_DISCOVERY = ["nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert"]

RULES: list[dict[str, Any]] = [
    {"name": "replies", "ct_state": ["established", "related"], "verdict": "accept"},
    {"name": "broken", "ct_state": "invalid", "verdict": "drop"},
    {"name": "neighbour discovery", "icmpv6_type": NEIGHBOUR_DISCOVERY, "verdict": "accept"},
    {"name": "from inside", "iif": "inside", "ct_state": "new", "verdict": "accept"},
]

HEADING = "# No ruleset was given, so this one is used. What lies inside is a guess from the capture.\n"


def guess_policy(inside_networks: Sequence[str] = PRIVATE) -> tuple[Ruleset, str]:
    """The policy for these inside networks (CIDR), as a ruleset and as the YAML that loads to it."""
    ruleset = Ruleset.model_validate(
        {
            "name": "inside may open, outside may not",
            "interfaces": {"inside": {"networks": list(inside_networks)}, "outside": {"networks": ["any"]}},
            "policy": "drop",
            "rules": RULES,
        }
    )
    return ruleset, HEADING + to_yaml(ruleset)
