"""The figures of a comparison add up, whatever was decided, and name what they are about."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fwsim.report.comparison import (
    changes,
    evidence_table,
    matrix,
    most_telling,
    not_evaluated,
    rule_table,
    unknown,
)
from fwsim.report.tally import Slots, Tally
from fwsim.terms import Evidence, Reason, Verdict
from tests.batches import FakeBatch, batch, naming

BOTH = ("stateless", "stateful")


def tallied(*batches: FakeBatch, modes: tuple[str, ...] = BOTH) -> Tally:
    """The tally of some batches."""
    counted = Tally(modes, {mode: Slots(4, 1) for mode in modes})
    for one in batches:
        counted.add(one)
    return counted


@st.composite
def any_batch(draw: st.DrawFn) -> FakeBatch:
    """A batch with whatever evidence and verdicts."""
    count = draw(st.integers(1, 30))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    one = batch({})
    same = np.zeros(count, dtype=np.int64)
    made = FakeBatch(one.frames[same], one.packets[same], one.stateless[same], one.stateful[same])
    made.frames["number"] = np.arange(count) + 1
    made.frames["connection"] = random.integers(0, 4, count)
    masks = random.integers(0, 1 << 28, count) & random.integers(0, 1 << 28, count) & random.integers(0, 1 << 28, count)
    made.frames["evidence"] = np.where(random.random(count) < 0.5, masks, 0)
    made.packets["fragment"] = random.integers(0, 3, count)
    made.frames["further"] = random.integers(0, 5, count) == 0
    for table in (made.stateless, made.stateful):
        table["verdict"] = random.integers(0, 5, count)
        table["rule"] = random.integers(-2, 4, count)
        table["mirror"] = random.integers(0, 2, count)
        table["reason"] = random.choice([int(reason) for reason in Reason], count)
        table["ct_state"] = random.choice([0, 1, 2, 4, 8, 64], count)
    return made


@settings(max_examples=60, deadline=None)
@given(st.lists(any_batch(), min_size=1, max_size=3), st.sampled_from([BOTH, ("stateful",)]))
def test_all_columns_add_up(batches: list[FakeBatch], modes: tuple[str, ...]) -> None:
    counted = tallied(*batches, modes=modes)
    frames = sum(len(one.frames) for one in batches)
    table = evidence_table(counted, naming())
    unseen = sum(number for _, number in not_evaluated(counted))
    groups = [row for row in table if row.word is None]
    assert sum(row.packets for row in groups) + unseen == frames
    for row in table:
        assert all(sum(verdicts) == row.packets for verdicts in row.verdicts)
    for group in groups[1:]:
        if group.group == "further fragments":
            assert group is groups[-1]
            continue
        words = [row for row in table if row.word and row.group == group.group]
        assert sum(row.packets for row in words) == group.packets
        assert np.array_equal(np.sum([row.verdicts for row in words], axis=0), np.array(group.verdicts))
    rules = rule_table(counted, naming())
    for mode in range(len(modes)):
        assert sum(row.hits(mode) for row in rules) == frames
        decided = sum(row.verdicts[mode][Verdict.ACCEPT] for row in rules)
        assert decided == sum(row.admitted(mode) for row in groups)
        assert sum(row.verdicts[mode][Verdict.UNKNOWN] for row in rules) == unknown(counted)[mode]


@settings(max_examples=60, deadline=None)
@given(st.lists(any_batch(), min_size=1, max_size=3))
def test_changes_add_up_to_the_frames_on_which_the_modes_differ(batches: list[FakeBatch]) -> None:
    found = changes(tallied(*batches))
    differ = sum(int((one.stateless["verdict"] != one.stateful["verdict"]).sum()) for one in batches)
    assert found.total + found.undecided == differ
    assert sum(number for _, number in found.why_blocked) == found.blocked
    assert sum(number for _, number in found.why_admitted) == found.admitted
    assert min(found.blocked, found.admitted, found.otherwise, found.undecided) >= 0


def test_group_is_marked_where_state_keeps_out_no_more() -> None:
    spoofed = {"evidence": Evidence.SPOOFED_SOURCE}
    table = evidence_table(tallied(batch(spoofed, spoofed, stateful=[{"rule": 3}, {"rule": 3}])), naming())
    assert [(row.group, row.word, row.useless, row.note) for row in table[1:]] == [
        ("spoofed", None, True, "no mode helps"),
        ("spoofed", "spoofed-source", True, 'rule "public web"'),
    ]


def test_group_says_so_where_state_lets_even_more_in() -> None:
    spoofed = {"evidence": Evidence.SPOOFED_SOURCE}
    drop = {"verdict": Verdict.DROP}
    table = evidence_table(tallied(batch(spoofed, spoofed, stateless=[drop, {}])), naming())
    assert (table[1].useless, table[1].note) == (True, "state lets more in")


def test_group_is_not_marked_where_state_helps_or_nothing_is_admitted() -> None:
    late = {"evidence": Evidence.SEQ_ABOVE_WINDOW}
    drop = {"verdict": Verdict.DROP}
    for stateless in ({}, drop):
        table = evidence_table(tallied(batch(late, stateless=[stateless], stateful=[drop])), naming())
        assert not any(row.useless for row in table)
        assert not any(row.note for row in table)


def test_capture_artefacts_are_never_marked() -> None:
    table = evidence_table(tallied(batch({"evidence": Evidence.CUT}, {"evidence": Evidence.MIDSTREAM})), naming())
    assert [row.word for row in table if row.group == "capture"] == [None, "midstream", "cut"]
    assert not any(row.useless or row.note for row in table)


def test_rule_rows_show_mirror_policy_and_what_no_rule_decided() -> None:
    counted = tallied(
        batch(
            {},
            {},
            {},
            {},
            {},
            {},
            stateless=[
                {"mirror": 1, "rule": 3},
                {"rule": 3},
                {"reason": Reason.ICMP_ERROR_TWIN, "rule": 0},
                {"rule": -2},
                {"verdict": Verdict.UNKNOWN, "rule": -1, "chain": -1},
                {"rule": -3, "reason": Reason.ONE_OF_SEVERAL},
            ],
            stateful=[
                {"rule": -3, "chain": -3, "verdict": Verdict.DROP, "reason": Reason.ONE_OF_SEVERAL},
                {"rule": 0},
                {"rule": 3},
                {"rule": -2, "verdict": Verdict.DROP},
                {"rule": -1, "chain": -1, "verdict": Verdict.DROP, "reason": Reason.TABLE_FULL},
                {"rule": -1, "chain": -1, "reason": Reason.NO_CHAIN},
            ],
        )
    )
    rows = {
        row.name: (row.chain, row.line, row.hits(0), row.mirrored[0], row.hits(1))
        for row in rule_table(counted, naming())
    }
    assert rows == {
        "replies": ("forward", 13, 0, 0, 1),
        "broken": ("forward", 14, 0, 0, 0),
        "3": ("forward", 15, 0, 0, 0),
        "public web": ("forward", 16, 2, 1, 1),
        "policy": ("forward", 8, 1, 0, 1),
        "icmp errors (twin)": (None, None, 1, 0, 0),
        "one of several rules": (None, None, 1, 0, 1),
        "no chain": (None, None, 0, 0, 1),
        "before the rules": (None, None, 0, 0, 1),
        "unknown": (None, None, 1, 0, 0),
    }


def test_most_telling_example_prefers_a_forged_reset_over_an_ack() -> None:
    drop = {"verdict": Verdict.DROP}
    counted = tallied(
        batch(
            {"evidence": Evidence.ACK_WITHOUT_CONNECTION},
            {},
            {"evidence": Evidence.RST_OUT_OF_WINDOW},
            stateful=[drop, drop, drop],
        )
    )
    found = most_telling(counted)
    assert found is not None
    assert (found[0].number, found[1]) == (3, "rst-out-of-window")


def test_without_a_difference_what_still_gets_in_is_the_example() -> None:
    found = most_telling(tallied(batch({}, {"evidence": Evidence.BOGON_SOURCE})))
    assert found is not None
    assert (found[0].number, found[1]) == (2, "bogon-source")
    assert most_telling(tallied(batch({}))) is None


def test_matrix_leaves_out_what_no_mode_evaluates() -> None:
    unseen = {"verdict": Verdict.NOT_EVALUATED}
    counted = tallied(batch({}, {}, stateless=[unseen, unseen], stateful=[unseen, {}]))
    assert matrix(counted)[0] == ((0, 0, 0, 1, 0), (1, 0, 0, 0, 0))


def test_further_fragments_have_a_row_of_their_own_at_the_end() -> None:
    spoofed = {"evidence": Evidence.SPOOFED_SOURCE}
    table = evidence_table(tallied(batch({}, spoofed, {**spoofed, "further": 1})), naming())
    assert [(row.group, row.word, row.packets) for row in table] == [
        ("ordinary traffic", None, 1),
        ("spoofed", None, 1),
        ("spoofed", "spoofed-source", 1),
        ("further fragments", None, 1),
    ]
