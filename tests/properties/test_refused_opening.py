"""A refused first packet leaves no connection, only a ghost; and it might as well not have been sent."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fwsim.tables import DECISION
from fwsim.terms import CtState, Evidence, Reason, Verdict
from tests.replaying import OF_THE_TABLE, Outcome, cut_down, replay
from tests.scenes import Scene, Step, Talk, perform
from tests.strategies import Policy, policies, scenes

PASSED = (int(Verdict.ACCEPT), int(Verdict.UNKNOWN))
MARKS = ({"name": "all marked", "set_ct_mark": 1, "verdict": "continue"},)
CLOSED = st.sampled_from((
    Policy(({"name": "nobody", "ct_state": "new", "verdict": "drop"},), last="accept"),
    Policy(({"name": "known", "ct_state": ["established", "related"], "verdict": "accept"},)),
    Policy((*MARKS, {"name": "nobody", "ct_state": "new", "verdict": "reject"}), last="accept"),
))  # fmt: skip
"""Policies that let no packet open a connection."""

NUMBERS = ("connection",)


@given(scenes(), CLOSED)
def test_where_nobody_may_open_there_is_no_connection(scene: Scene, policy: Policy) -> None:
    outcome = replay([taken.frame for taken in perform(scene)], policy.ruleset())
    assert outcome.connections == []
    assert outcome.counters["created"] == 0
    known = int(CtState.ESTABLISHED), int(CtState.RELATED)
    assert [state for state in outcome.column("ct_state") if state in known] == []
    new = [row for row, state in enumerate(outcome.column("ct_state")) if state == CtState.NEW]
    assert all(outcome.frames["connection"][row] > 0 for row in new)  # its ghost
    assert all(outcome.column("ct_direction")[row] == 0 for row in new)


@given(scenes(orderly=True), CLOSED)
def test_what_answers_a_refused_opening_follows_it(scene: Scene, policy: Policy) -> None:
    """Of evidence, packets of a ghost have what its opening had, or `follows-denied`, but no word of forgery."""
    outcome = replay([taken.frame for taken in perform(scene)], policy.ruleset())
    numbers = outcome.column("connection")
    for row, number in enumerate(numbers):
        if number > 0 and numbers.index(number) < row:
            evidence = int(outcome.frames["evidence"][row])
            opening = int(outcome.frames["evidence"][numbers.index(number)])
            forged = evidence & int(Evidence.SYNACK_WITHOUT_SYN | Evidence.UDP_REPLY_WITHOUT_REQUEST)
            assert forged == 0 or forged == opening & forged


@given(scenes(orderly=True), policies(limits=False))
def test_refused_openings_might_as_well_not_have_been_sent(scene: Scene, policy: Policy) -> None:
    """Leave out, of each conversation, all that was refused before anything of it passed."""
    taken = perform(scene)
    whole = replay([one.frame for one in taken], policy.ruleset())
    verdicts = whole.column("verdict")
    passed: set[int] = set()
    kept = []
    for row, one in enumerate(taken):
        if verdicts[row] in PASSED:
            passed.add(one.talk)
        if one.talk in passed:
            kept.append(row)
    fewer = replay([taken[row].frame for row in kept], policy.ruleset())
    for name in DECISION.names or ():
        if name not in NUMBERS:
            assert [whole.column(name)[row] for row in kept] == fewer.column(name), name
    end = max((one.frame.at_ns for one in taken), default=0)
    assert outliving(whole, end) == outliving(fewer, end)


def outliving(outcome: Outcome, end: int) -> list[dict[str, Any]]:
    """The connections that outlive a time, without their places in the table and what is counted by frames."""
    places = (*OF_THE_TABLE, "opened_frame", "last_frame", "evidence")
    return [cut_down(c, places) for c in outcome.connections if c["expires"] > end]


@given(scenes())
def test_tracking_has_a_word_for_every_refusal(scene: Scene) -> None:
    """A packet that a closed policy refuses was refused by a rule or the policy, or by tracking with its reason."""
    outcome = replay([taken.frame for taken in perform(scene)], Policy(()).ruleset())
    assert all(Reason(reason) != Reason.NONE for reason in outcome.column("reason"))


def test_an_opening_whose_wrong_checksum_does_not_count_leaves_a_ghost() -> None:
    """Checksums of what the firewall sends itself are not verified: the packet could have opened a connection."""
    steps = (Step(0, {"flags": "S", "bad_checksum": True}), Step(1, {"flags": "SA"}))
    talk = Talk("tcp", 4, ("here", "wan"), 0, 443, steps, {"isn": (1, 2)})
    outcome = replay([taken.frame for taken in perform(Scene((talk,)))], Policy(()).ruleset())
    assert outcome.column("connection") == [1, 1]
    assert int(outcome.frames["evidence"][1]) == Evidence.FOLLOWS_DENIED
