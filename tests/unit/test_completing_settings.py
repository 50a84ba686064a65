"""The settings that TAB offers behind `--set` are those that rulesets take."""

from __future__ import annotations

import io
import typing

from fwsim.cli.completing.settings import SETTINGS
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.ruleset.conntrack import Conntrack
from fwsim.ruleset.timeouts import SOURCES


def test_every_setting_of_conntrack_is_offered_and_nothing_else() -> None:
    offered = {key.partition(".")[2] for key in SETTINGS if key.startswith("conntrack.")}
    assert offered == {*Conntrack.model_fields, "timeouts"}
    assert set(SETTINGS["conntrack.timeouts"]) == set(SOURCES)


def test_words_are_all_that_there_are() -> None:
    for key in ("rp_filter", "tracking"):
        assert set(SETTINGS[key]) == set(typing.get_args(Ruleset.model_fields[key].annotation))
    for key, field in Ruleset.model_fields["stateless"].annotation.model_fields.items():  # type: ignore[union-attr]
        assert set(SETTINGS[f"stateless.{key}"]) == set(typing.get_args(field.annotation))


def test_every_value_is_taken() -> None:
    for key, values in SETTINGS.items():
        for value in values or ("7",):
            load_ruleset(io.StringIO("policy: drop"), overrides={key: value})
