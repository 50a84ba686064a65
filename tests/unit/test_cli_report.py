from __future__ import annotations

from fwsim.cli.report import MOST, command
from fwsim.page.window import LIMIT


def test_the_limit_is_told_in_the_help() -> None:
    assert command.help is not None
    assert f"{LIMIT:,}" in command.help


def test_more_can_be_asked_for_than_is_shown_by_itself() -> None:
    assert MOST > LIMIT
