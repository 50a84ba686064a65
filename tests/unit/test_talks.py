"""Packets with the conversations that give them their state, as the simulator tracks them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from fwsim.capture import Input, open_captures
from fwsim.fuzz.from_rules import write_spoken
from fwsim.fuzz.rules.aim import aimed
from fwsim.fuzz.rules.asking import Ask
from fwsim.fuzz.rules.conditions import Condition
from fwsim.fuzz.rules.places import Places
from fwsim.fuzz.rules.talks import INBOUND, OUTBOUND, Spoken, talk
from fwsim.result import Result
from fwsim.ruleset import Ruleset
from fwsim.ruleset.values import Addresses, Choice, Masked, MatchValue, Numbers
from fwsim.simulator import Simulator
from fwsim.terms import CtState, Direction, Hook

PLACES = Places({"lan": ["10.0.0.0/8", "fd00::/16"], "wan": ["any"]}, ["10.0.0.1", "fd00::1"], "wan")
RULES = Ruleset.model_validate({"chains": {hook: {"hook": hook, "rules": [{"ct_state": "new", "verdict": "accept"}]}
                                           for hook in ("input", "forward", "output")}})  # fmt: skip


def spoken(seed: int, hook: Hook = Hook.FORWARD, **asked: MatchValue) -> list[Spoken]:
    """A talk for one condition."""
    chance = Random(seed)
    condition = Condition(hook, tuple(Ask((((field, value),),)) for field, value in asked.items()))
    one = aimed(chance, condition, PLACES)
    assert one is not None
    return list(talk(chance, one, PLACES))


def tracked(talks: Sequence[Spoken], tmp_path: Path) -> list[tuple[int, int]]:
    """State and direction of each packet of a conversation."""
    target = io.BytesIO()
    write_spoken(target, talks)
    path = tmp_path / "talk.pcapng"
    path.write_bytes(target.getvalue())
    simulator = Simulator(RULES, interfaces=PLACES.interfaces, local=PLACES.local, key=1)
    found = []
    for batch in Result(open_captures([Input(str(path))]), simulator):
        found += list(zip(batch.stateful["ct_state"].tolist(), batch.stateful["ct_direction"].tolist(), strict=True))
    return found


def states(*wanted: CtState) -> Masked:
    bits = sum(int(state) for state in wanted)
    return Masked((Choice(1, bits, bits),))


@pytest.mark.parametrize("hook", [Hook.INPUT, Hook.FORWARD, Hook.OUTPUT])
@pytest.mark.parametrize("proto", [6, 17])
@pytest.mark.parametrize("direction", [Direction.ORIGINAL, Direction.REPLY])
def test_an_established_packet_comes_last_in_the_direction_that_is_asked_for(
    hook: Hook, proto: int, direction: Direction, tmp_path: Path
) -> None:
    asked: dict[str, MatchValue] = {"ct_state": states(CtState.ESTABLISHED), "proto": Numbers(((proto, proto),))}
    one = Numbers(((int(direction), int(direction)),))
    for seed in range(5):
        found = tracked(spoken(seed, hook, **asked, ct_direction=one), tmp_path)
        assert found[0] == (CtState.NEW, Direction.ORIGINAL)
        assert found[-1] == (CtState.ESTABLISHED, direction)


@pytest.mark.parametrize("hook", [Hook.INPUT, Hook.FORWARD, Hook.OUTPUT])
def test_a_related_packet_is_an_error_about_what_was_sent(hook: Hook, tmp_path: Path) -> None:
    for family, proto in ((4, 1), (6, 58)):
        asked: dict[str, MatchValue] = {"family": Numbers(((family, family),)), "proto": Numbers(((proto, proto),))}
        found = tracked(spoken(proto, hook, ct_state=states(CtState.RELATED), **asked), tmp_path)
        assert found == [(CtState.NEW, Direction.ORIGINAL), (CtState.RELATED, Direction.REPLY)]


@pytest.mark.parametrize(("family", "proto"), [(4, 1), (4, 6), (6, 6), (6, 58)])
def test_an_invalid_packet_belongs_to_nothing(family: int, proto: int, tmp_path: Path) -> None:
    asked: dict[str, MatchValue] = {"family": Numbers(((family, family),)), "proto": Numbers(((proto, proto),))}
    found = tracked(spoken(1, Hook.FORWARD, ct_state=states(CtState.INVALID), **asked), tmp_path)
    assert found == [(CtState.INVALID, Direction.NONE)]


def test_an_opening_is_answered_now_and_then() -> None:
    lengths = {len(spoken(seed, proto=Numbers(((6, 6),)))) for seed in range(40)}
    assert 1 in lengths
    assert max(lengths) >= 3


def test_the_firewalls_own_packets_are_seen_going_out() -> None:
    assert {one.direction for one in spoken(3, Hook.OUTPUT)} >= {OUTBOUND}
    assert spoken(3, Hook.FORWARD)[0].direction == INBOUND


def test_nobody_is_answered_by_the_firewall() -> None:
    nobody = Addresses(v4=((0, 0),))
    asked: dict[str, MatchValue] = {"src": nobody, "ct_state": states(CtState.ESTABLISHED)}
    assert {one.direction for seed in range(9) for one in spoken(seed, Hook.INPUT, **asked)} == {INBOUND}
