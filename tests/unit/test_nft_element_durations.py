"""Durations of elements that rules add."""

import pytest

from fwsim.errors import RulesetError
from fwsim.importing.nft import read_nft


def test_a_duration_without_end_is_refused_with_its_place() -> None:
    text = "table ip t { set s { type mark; size 9; flags dynamic, timeout; }; chain c { update @s { meta mark timeout "
    with pytest.raises(RulesetError, match="is no duration"):
        read_nft(text + "9" * 400 + "m }; }; }\n")
