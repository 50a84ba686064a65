"""`demo`: what its sentences claim is what happens."""

from __future__ import annotations

import re

import pytest

from fwsim.cli.demo_story import RULESET, scenes
from tests.cli.conftest import Invoke


@pytest.fixture
def verdicts(invoke: Invoke) -> list[tuple[str, str, str]]:
    """For each scene the stateless verdict, the stateful one, and the evidence."""
    out = invoke("demo").out
    told = [
        re.findall(r"^ +(stateless|stateful|evidence) +(\S+)", scene, re.MULTILINE)
        for scene in re.split(r"\n(?= ?\d+\. )", out)[1:]
    ]
    return [(dict(scene)["stateless"], dict(scene)["stateful"], dict(scene).get("evidence", "")) for scene in told]


def test_every_scene_is_told_with_both_verdicts(verdicts: list[tuple[str, str, str]]) -> None:
    assert len(verdicts) == len(scenes())


def test_the_honest_conversation_is_admitted_by_both(verdicts: list[tuple[str, str, str]]) -> None:
    for number in (1, 2, 3, 4, 5, 6, 14, 15, 16):
        assert verdicts[number - 1] == ("accept", "accept", "")


def test_the_attacks_are_what_their_sentences_say(verdicts: list[tuple[str, str, str]]) -> None:
    words = {
        7: "ack-without-connection", 8: "synack-without-syn", 9: "rst-out-of-window", 10: "seq-above-window",
        12: "udp-reply-without-request", 13: "icmp-reply-without-request",
    }  # fmt: skip
    for number, word in words.items():
        assert verdicts[number - 1] == ("accept", "drop", word)
    assert verdicts[10] == ("accept", "accept", "rst-inexact")


def test_the_moral_counts_right_and_the_ruleset_is_shown(invoke: Invoke) -> None:
    outcome = invoke("demo")
    assert (outcome.status, outcome.err) == (0, "")
    assert "Keeping state blocked 6 packets" in outcome.out
    for line in RULESET.splitlines():
        assert f"  {line}" in outcome.out
