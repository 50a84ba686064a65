"""Fixtures: the stage on which playbooks are played; and how long laws are tried."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.playbook import Playbook

Stager = Callable[..., Playbook]

settings.register_profile("default", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("short", settings.get_profile("default"), max_examples=10)
settings.register_profile("long", derandomize=False, deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
"""How many examples a law is tried on. `default` and `short` try the same ones every time; `long` looks for others."""

if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
"""A run in the background of a script ignores Ctrl-C, and so would the programs that tests start: theirs is tested."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--compiled", action="store_true", help="run compiled what runs in the process of the tests")


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module binds an entry function, or asks whether it is compiled."""
    if config.getoption("--compiled"):
        from fwsim.engine import compile_engine

        compile_engine()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--compiled"):
        skip = pytest.mark.skip(reason="--compiled: it looks at what is uncompiled")
        for item in items:
            if item.get_closest_marker("uncompiled"):
                item.add_marker(skip)


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


@pytest.fixture(autouse=True, scope="session")
def _uncompiled() -> Iterator[None]:
    """Whatever the user's cache holds, runs in the process of the tests do not go over to compiled code by themselves:
    that is for good, and would make tests hang on their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fwsim.compiling.is_cached", lambda: False)
        patch.setattr("fwsim.compiling.WORTH_COMPILING", 1 << 62)
        yield


@pytest.fixture(autouse=True)
def _stays_as_it_is() -> Iterator[None]:
    """A test that makes the process go over to compiled code fails itself, not others behind it."""
    from fwsim.engine import is_compiled

    before = is_compiled()
    yield
    assert is_compiled() is before
