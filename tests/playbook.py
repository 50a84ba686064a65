"""The scenario language on the stage of the tests: `fwsim.expectations.playbook` in the example office.

Read first: `fwsim.expectations.playbook`. What the tests save is written by a writer of their own (`playbook_capture`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fwsim.expectations.ground import office
from fwsim.expectations.playbook import (
    ACCEPT,
    DROP,
    ESTABLISHED,
    INVALID,
    NEW,
    ORIGINAL,
    RELATED,
    REPLY,
    UNTRACKED,
    Conversation,
    ExpectationError,
    Firewall,
    Ip,
    Ping,
    Raw,
    Sctp,
    Sent,
    State,
    Tcp,
    Udp,
)
from fwsim.expectations.playbook import Playbook as AnyPlaybook
from tests.playbook_capture import pcapng

__all__ = [  # noqa: RUF022  # by kind
    "ACCEPT", "DROP", "ORIGINAL", "REPLY", "NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "State",
    "Conversation", "ExpectationError", "Firewall", "Ip", "Ping", "Playbook", "Raw", "Sctp", "Sent", "Tcp", "Udp",
]  # fmt: skip

USUAL_ENDS = {4: ("10.1.0.23", "203.0.113.80"), 6: ("[fd00:1::23]", "[2001:db8::80]")}
BEHIND = {"lan": ("10.1.0.0/16", "fd00:1::/64", "fe80::/10"), "wan": ("any",), "dmz": ("192.0.2.0/28",)}
"""Who lives behind which interface of the firewall on stage; everybody else is behind `wan`."""
OFFICE = office(BEHIND, USUAL_ENDS)


class Playbook(AnyPlaybook):
    """A playbook in the office."""

    def __init__(self, firewall: Firewall | None = None, *, family: int = 4, **stage: Any) -> None:
        """Set the stage; `family` is that of the usual ends."""
        super().__init__(firewall, family=family, **{"ground": OFFICE, **stage})

    def save(self, path: Path | str, interfaces: tuple[str, ...] = ("lan", "wan", "dmz")) -> None:
        """Save what was sent as a pcapng capture."""
        Path(path).write_bytes(pcapng(self.captured(), interfaces))
