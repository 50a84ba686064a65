"""Fixtures: the stage on which playbooks are played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.playbook import Playbook

Stager = Callable[..., Playbook]


@pytest.fixture
def stage() -> Iterator[Stager]:
    """Make playbooks: `stage(rules, family=6, tcp_loose=False, ...)`; all of them must have come to an end.

    `rules` is a list of rules, the name of one in `POLICIES`, or whole chains; further words are conntrack settings.
    """
    from tests.playbook_simulator import POLICIES, SimulatedFirewall, stage_rules

    plays: list[Playbook] = []

    def make(
        rules: str | list[Any] | dict[str, Any] = "open",
        *,
        family: int = 4,
        local: tuple[str, ...] = (),
        **conntrack: object,
    ) -> Playbook:
        chosen = POLICIES[rules] if isinstance(rules, str) else rules
        firewall = SimulatedFirewall(stage_rules(chosen, local=list(local), **conntrack))
        plays.append(Playbook(firewall, family=family))
        return plays[-1]

    yield make
    for play in plays:
        play.finish()


@pytest.fixture(params=[4, 6], ids=["v4", "v6"])
def play(stage: Stager, request: pytest.FixtureRequest) -> Playbook:
    """A playbook against the simulator, set as the kernel is by default; anybody may open a connection. v4 and v6."""
    return stage(family=request.param)
