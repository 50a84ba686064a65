"""Adding a constant to one side's sequence numbers, modulo 2**32, changes nothing, if what answers them moves along.

There are exceptions, all of them the kernel's: a RST with sequence or acknowledgement number 0 counts as having none,
and a side that has not spoken yet stands at 0, so an acknowledgement sent to it is measured from there. Hence two laws:
one for conversations that both sides have opened, with any shift; one for all, with shifts that pass no 0.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.replaying import Outcome, assert_same_decisions, assert_same_tables, replay
from tests.scenes import Scene, Step, perform
from tests.strategies import BASES, Policy, policies, scenes, tracking_settings

NUMBERS = ("end", "maxend", "maxack", "last_seq", "last_ack", "last_end")
SHIFTS = st.sampled_from((1, 0x80000000, 0xFFFFFFFF, 0xE0D1C2B4, 0x60E1D2C4)) | st.integers(0, 0xFFFFFFFF)
RST, ACK = 4, 16
OPEN = tracking_settings().map(lambda chosen: Policy(BASES[0], chosen))
"""Policies that refuse no opening, else it is not one that tracking has seen."""
SMALL = st.integers(0, 1 << 27)
OPENED = (Step(0, {"flags": "S"}), Step(1, {"flags": "SA"}), Step(0, {"flags": "A"}))
LEAST, MOST = 1 << 22, 1 << 30


@given(scenes(most=1, kinds=("tcp",)), OPEN, SHIFTS, SHIFTS)
def test_an_opened_conversation_is_judged_alike_wherever_its_numbers_begin(
    scene: Scene, policy: Policy, one: int, other: int
) -> None:
    scene = opened_in_order(scene)
    before = replay([t.frame for t in perform(scene)], policy.ruleset())
    after = replay([t.frame for t in perform(scene, shifts=(one, other))], policy.ruleset())
    assume(not has_empty_reset(before) and not has_empty_reset(after))
    assert_same_decisions(before, after)
    assert_same_tables(before, after, except_for=NUMBERS)


def opened_in_order(scene: Scene) -> Scene:
    """The conversation with a handshake ahead, not begun anew, in which nothing is so late that it is forgotten."""
    (talk,) = scene.talks
    steps = [replace(step, gap=1_000_000) for step in talk.steps if step.verb != "again"]
    followers = [step for step in steps if step.words.get("flags") != "S"]
    return Scene((replace(talk, steps=(*OPENED, *followers)),))


@given(scenes(most=1, kinds=("tcp",)), policies(), SMALL, SMALL)
def test_any_conversation_is_judged_alike_if_its_numbers_pass_no_zero(
    scene: Scene, policy: Policy, one: int, other: int
) -> None:
    (talk,) = scene.talks
    scene = Scene((replace(talk, settings={**talk.settings, "isn": (1 << 28, 1 << 28)}),))
    before = replay([t.frame for t in perform(scene)], policy.ruleset())
    after = replay([t.frame for t in perform(scene, shifts=(one, other))], policy.ruleset())
    assume(keeps_off_zero(before) and keeps_off_zero(after))
    assert_same_decisions(before, after)
    assert_same_tables(before, after, except_for=NUMBERS)


def has_empty_reset(outcome: Outcome) -> bool:
    """Whether a RST has a number that counts as none."""
    resets = outcome.packets[(outcome.packets["proto"] == 6) & (outcome.packets["flags"] & RST > 0)]
    return bool(((resets["seq"] == 0) | (resets["ack"] == 0) & (resets["flags"] & ACK > 0)).any())


def keeps_off_zero(outcome: Outcome) -> bool:
    """Whether all sequence numbers, and acknowledgements where there are any, are well between 0 and 2**31."""
    segments = outcome.packets[(outcome.packets["proto"] == 6) & (outcome.packets["flags"] >= 0)]
    answers = segments[segments["flags"] & ACK > 0]
    numbers = [*segments["seq"].tolist(), *answers["ack"].tolist(), *answers["sack_right"].tolist()]
    return all(LEAST <= number <= MOST for number in numbers)
