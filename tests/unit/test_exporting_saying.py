"""Refusals: what cannot be said becomes a located problem, all at once."""

from __future__ import annotations

import pytest

from fwsim.errors import RulesetError
from fwsim.exporting.saying import CannotSay, Refusals, rule_title
from fwsim.netfilter.model import Chain, NetfilterRule
from fwsim.ruleset.values import Location


def test_every_refusal_is_told_once_with_its_place() -> None:
    refusals = Refusals("nft")
    for line in (4, 3, 4):
        with refusals.within("rule", Location("a.nft", line, 2)):
            raise CannotSay("'x'")
    with pytest.raises(RulesetError) as caught:
        refusals.check()
    assert [str(problem) for problem in caught.value.problems] == [
        f"a.nft:{line}:2: rule cannot be written as nft: 'x'" for line in (3, 4)
    ]


def test_without_a_refusal_nothing_is_raised() -> None:
    refusals = Refusals("nft")
    with refusals.within("rule", Location()):
        pass
    refusals.check()


@pytest.mark.parametrize(("name", "title"), [("web", "rule 'web'"), (None, "rule 3 of chain ip t c")])
def test_a_rule_is_called_by_its_name_or_its_place(name: str | None, title: str) -> None:
    assert rule_title(Chain("c", "ip t c"), 3, NetfilterRule((), name)) == title
