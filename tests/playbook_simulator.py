"""The simulator as a firewall for playbooks, with the interfaces and policies of the tests' stage.

Read first: `fwsim.expectations.simulated`.
"""

from __future__ import annotations

from typing import Any

from fwsim.expectations.simulated import SimulatedFirewall as AnySimulatedFirewall
from fwsim.ruleset import Ruleset
from fwsim.simulator import Mode, Simulator
from tests.playbook_stage import BEHIND

STAGE_INTERFACES: dict[str, Any] = {
    "lan": {"networks": [n for n in BEHIND["lan"] if not n.startswith("fe80")], "addresses": ["10.1.0.1", "fd00:1::1"]},
    "dmz": {"networks": list(BEHIND["dmz"]), "addresses": ["192.0.2.1"]},
    "wan": {"networks": ["any"], "addresses": ["203.0.113.1", "2001:db8::1"]},
}

KNOWN = {"name": "known", "ct_state": ["established", "related"], "verdict": "accept"}
BROKEN = {"name": "broken", "ct_state": "invalid", "verdict": "drop"}
UNTRACKED = {"name": "untracked", "ct_state": "untracked", "verdict": "accept"}
NEW = {"name": "new", "ct_state": "new", "verdict": "accept"}

POLICIES: dict[str, list[dict[str, Any]]] = {
    "open": [KNOWN, BROKEN, UNTRACKED, NEW],
    "edge": [KNOWN, BROKEN, UNTRACKED, {**NEW, "iif": "lan"}],
}
"""Rules on stage. `open`: anybody may open a connection; `edge`: only who comes from lan."""


def stage_rules(rules: list[Any] | dict[str, Any], *, local: list[str], **conntrack: object) -> Ruleset:
    """A ruleset for the stage: these rules wherever a packet is filtered, else drop; or these chains."""
    settings: dict[str, Any] = {"interfaces": STAGE_INTERFACES, "conntrack": conntrack}
    settings |= {"chains": rules} if isinstance(rules, dict) else {"policy": "drop", "rules": rules}
    return Ruleset.model_validate({**settings, **({"local": local} if local else {})})


class SimulatedFirewall(AnySimulatedFirewall):
    """A simulator of a ruleset on the stage."""

    def __init__(self, ruleset: Ruleset, mode: Mode = "stateful") -> None:
        """An empty connection table; its hash key is fixed, since nothing depends on it."""
        super().__init__(Simulator(ruleset, mode=mode, key=4711), mode, sure=False)
