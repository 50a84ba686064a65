"""The stage of the tests: `fwsim.expectations.stage`, and where things are on it."""

from __future__ import annotations

from fwsim.expectations.ground import UPSTREAM_MAC
from fwsim.expectations.stage import (
    ACCEPT,
    DROP,
    NO_DIRECTION,
    ORIGINAL,
    REPLY,
    START_NS,
    Judgement,
    Key,
    Remembered,
    Sent,
    Stage,
)
from tests.playbook import BEHIND, OFFICE

__all__ = [  # noqa: RUF022  # by kind
    "ACCEPT", "DROP", "ORIGINAL", "REPLY", "NO_DIRECTION", "START_NS", "BEHIND", "FIREWALL_MAC", "UPSTREAM_MAC",
    "Judgement", "Key", "Remembered", "Sent", "Stage", "behind",
]  # fmt: skip

FIREWALL_MAC = OFFICE.macs
behind = OFFICE.behind
