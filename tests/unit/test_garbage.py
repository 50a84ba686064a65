"""The collector of cyclic garbage is left as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from fwsim.cli import run
from fwsim.errors import RulesetError
from fwsim.garbage import uncollected
from fwsim.ruleset import load_ruleset


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    was_on = gc.isenabled()
    yield
    (gc.enable if was_on else gc.disable)()


@pytest.mark.parametrize("on", [True, False])
def test_the_collector_rests_meanwhile_and_is_then_as_before(on: bool) -> None:
    (gc.enable if on else gc.disable)()
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled() == on


def test_after_a_ruleset_that_cannot_be_read_garbage_is_collected_again() -> None:
    gc.enable()
    with pytest.raises(RulesetError):
        load_ruleset("no-such-file.yaml")
    assert gc.isenabled()


def test_what_stays_is_passed_over_until_the_command_is_done() -> None:
    gc.unfreeze()
    with uncollected():
        pass
    assert gc.get_freeze_count() == 0
    with uncollected(stays=True):
        assert gc.get_freeze_count() == 0
    assert gc.get_freeze_count() > 0
    assert run(["--version"]) == 0
    assert gc.get_freeze_count() == 0
