"""Families, styles and what an attacker knows."""

from __future__ import annotations

from fwsim.attack.model import Effect, Knowledge
from fwsim.attack.registry import FAMILIES


def test_knowledge_grows() -> None:
    assert Knowledge.NOTHING < Knowledge.PORTS < Knowledge.SEQUENCE
    assert [known.word for known in Knowledge] == ["nothing", "ports", "sequence"]


def test_the_first_style_is_taken_if_none_is_named() -> None:
    family = FAMILIES["reset-blind"]
    assert family.style(None) is family.styles[0]
    assert family.style("exact") is family.styles[2]
    assert family.style("none") is None


def test_effects_have_words_that_fit_into_labels() -> None:
    assert all(";" not in effect and "=" not in effect for effect in Effect)
