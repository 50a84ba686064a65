"""The policy that is used when no ruleset is given: the inside, or the host, may open connections, others may not.

Read first: `model`. Which networks are inside is the caller's guess; it is printed with the rest, to be copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .model import Ruleset
from .write import to_yaml

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
"""What is taken for the inside if nothing better is known (RFC 1918, 3927, 4193, 4291)."""

ANY = ("any", "0.0.0.0/0", "::/0")
"""Networks that tell no inside from an outside."""

LOOPBACK = ("127.0.0.0/8", "::1")

NEIGHBOUR_DISCOVERY = ["nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert"]

EVERYWHERE: list[dict[str, Any]] = [
    {"name": "replies", "ct_state": ["established", "related"], "verdict": "accept"},
    {"name": "broken", "ct_state": "invalid", "verdict": "drop"},
    {"name": "neighbour discovery", "icmpv6_type": NEIGHBOUR_DISCOVERY, "verdict": "accept"},
]
"""The rules of a router and of a host alike."""

HEADING = "# No ruleset was given, so this one is used. "
INSIDE_GUESSED = "What lies inside is a guess from the capture.\n"
POLICY_GUESSED = "Who may open connections is a guess.\n"

Interfaces = Mapping[str, Sequence[str]]


def guess_policy(
    inside: Sequence[str] = PRIVATE, *, interfaces: Interfaces | None = None, local: Sequence[str] = ()
) -> tuple[Ruleset, str]:
    """The policy of a router or, if it has addresses of its own (`local`), of a host; and the YAML that loads to it.

    `inside` are the networks (CIDR) that may open connections through a router; `interfaces` (name -> networks), if one
    has networks narrower than `any`, say it better. What has such `interfaces` and `local` is both.

    `tcp_loose` stays as Linux has it: captures often begin in the middle of conversations, which would be blocked to
    their end without it; and what comes unasked from outside is dropped either way.
    """
    named = any(not set(networks) <= set(ANY) for networks in (interfaces or {}).values())
    declared: Interfaces = _with_outside(interfaces or {}) if named else {"inside": inside, "outside": ["any"]}
    through = [*EVERYWHERE, {"name": "from inside", "iif": _inside(declared), "ct_state": "new", "verdict": "accept"}]
    networks = {name: {"networks": list(behind)} for name, behind in declared.items()}
    tree: dict[str, Any] = {"name": "inside may open, outside may not"}
    if not local:
        tree |= {"interfaces": networks, "policy": "drop", "rules": through}
    else:
        tree = {"name": "this host may open, nobody may open to it"}
        tree |= {"interfaces": networks} if named else {}
        tree |= {"local": list(local), "chains": _host_chains(local)}
        if named:
            tree["chains"]["forward"] = {"hook": "forward", "policy": "drop", "rules": through}
    ruleset = Ruleset.model_validate(tree)
    return ruleset, HEADING + (POLICY_GUESSED if local or named else INSIDE_GUESSED) + to_yaml(ruleset)


def _host_chains(local: Sequence[str]) -> dict[str, Any]:
    """What comes to a host, and what it sends. Its own packets to itself pass both."""
    itself = {"name": "to itself", "src": [*LOOPBACK, *local], "verdict": "accept"}
    return {
        "input": {"hook": "input", "policy": "drop", "rules": [*EVERYWHERE, itself]},
        "output": {"hook": "output", "policy": "accept"},
    }


def _with_outside(interfaces: Interfaces) -> Interfaces:
    """Interfaces, one of them with all networks that lie behind none of the others."""
    if any(set(networks) & set(ANY) for networks in interfaces.values()) or "outside" in interfaces:
        return interfaces
    return {**interfaces, "outside": ["any"]}


def _inside(interfaces: Interfaces) -> str | list[str]:
    """The interfaces behind which only some networks lie."""
    names = [name for name, networks in interfaces.items() if not set(networks) & set(ANY)]
    return names[0] if len(names) == 1 else names
