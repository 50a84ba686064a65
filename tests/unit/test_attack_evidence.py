"""Evidence compared with labels: what counts, what is missed and why, and which attacks leave none by nature."""

from __future__ import annotations

from functools import cache

import pytest

from fwsim.attack.evidence import (
    BITS,
    EXPLAINED,
    Compared,
    as_dict,
    promised,
    taken_for,
    text_of,
    together,
    with_evidence,
)
from fwsim.attack.measuring import Table, measured
from fwsim.attack.model import Knowledge
from fwsim.attack.registry import FAMILIES
from fwsim.terms import CtState, Reason, word
from tests.attacking import office, place

ASKED = (
    "reset-blind",
    "data-blind:random",
    "table-exhaustion",
    "bad-checksum:data",
    "overlapping-fragments",
    "ack-scan",
)


@cache
def table(knows: Knowledge | None = None, asked: tuple[str, ...] = ASKED) -> Table:
    return measured(asked, office(), place(), knows=knows)


def compared(name: str) -> Compared:
    return next(row.evidence for row in table().rows if row.name == name)


def test_a_word_that_is_promised_or_raises_suspicion_counts_and_no_other() -> None:
    one = Compared(("bad-checksum",))
    for name in ("bad-checksum", "flags-none", "midstream"):
        one.note(BITS[name], "new")
    assert (one.forged, one.found, dict(one.missed)) == (3, 2, {"new": 1})
    other = Compared(("flags-none",))
    other.note(BITS["bad-checksum"], "invalid")
    other.suspect(BITS["bad-checksum"])
    other.suspect(BITS["after-close"] | BITS["cut"])
    assert (other.found, other.suspected, dict(other.suspicions)) == (0, 1, {"after-close": 1})


def test_recall_and_precision_are_shares_and_nothing_where_there_is_no_evidence() -> None:
    one = Compared(("land",), forged=8, found=6, suspected=2)
    assert (one.recall, one.precision) == (0.75, 0.75)
    assert (Compared((), forged=8).recall, Compared((), forged=8, suspected=3).precision) == (None, None)
    assert Compared(("land",), forged=8).precision is None


@pytest.mark.parametrize(
    ("name", "knows", "expected"),
    [
        ("reset-blind:random", Knowledge.PORTS, True), ("reset-blind:exact", Knowledge.SEQUENCE, False),
        ("syn-blind:exact", Knowledge.SEQUENCE, True), ("dns-spoof", Knowledge.NOTHING, True),
        ("dns-spoof", Knowledge.PORTS, False), ("icmp-reset", Knowledge.NOTHING, True),
        ("icmp-pmtu", Knowledge.SEQUENCE, False), ("table-exhaustion:syn", Knowledge.NOTHING, False),
        ("table-exhaustion:ack", Knowledge.NOTHING, True), ("hijack", Knowledge.SEQUENCE, False),
    ],
)  # fmt: skip
def test_what_is_promised_hangs_on_style_and_knowledge(name: str, knows: Knowledge, expected: bool) -> None:
    family, _, style = name.partition(":")
    found = FAMILIES[family].style(style or None)
    assert found is not None
    assert bool(promised(FAMILIES[family], found, knows)) == expected


def test_every_promised_word_is_a_word() -> None:
    for family in FAMILIES.values():
        for style in family.styles:
            assert set(promised(family, style, Knowledge.NOTHING)) <= set(BITS)


def test_attacks_with_evidence_are_found_and_nobody_else_is_suspected() -> None:
    for name in ("reset-blind:random", "table-exhaustion:ack", "bad-checksum:data", "ack-scan:plain",
                 "overlapping-fragments:flags", "overlapping-fragments:ports"):  # fmt: skip
        assert (compared(name).recall, compared(name).precision) == (1, 1), name


def test_what_is_missed_is_explained() -> None:
    found = compared("data-blind:random")
    assert 0.6 < (found.recall or 0) < 1
    assert set(found.missed) == {"tcp-old-data"}
    assert found.forged == found.found + found.missed.total()
    assert any("taken for data sent again" in line for line in text_of([("data-blind:random", found)]))


def test_label_only_attacks_are_marked_and_what_they_leave_behind_is_told() -> None:
    exact = compared("reset-blind:exact")
    assert exact.label_only
    assert exact.found == 0
    assert set(exact.suspicions) == {"after-close"}
    lines = list(text_of([(row.name, row.evidence) for row in table().rows]))
    (line,) = [line for line in lines if line.startswith("reset-blind ")]
    assert line.endswith("label only: exact")
    assert any("reset-blind:exact" in line and "believed a forged packet" in line for line in lines)
    assert as_dict(exact)["label_only"]


@pytest.mark.parametrize("name", ["dns-spoof", "icmp-reset", "icmp-pmtu"])
def test_who_has_to_guess_ports_is_found(name: str) -> None:
    found = table(Knowledge.NOTHING, (name,)).rows[0].evidence
    assert (found.recall, found.precision) == (1, 1)


def test_totals_are_those_with_evidence_and_those_of_all() -> None:
    one, other = Compared(("land",), forged=4, found=4), Compared((), forged=6, suspected=4)
    assert together(with_evidence([one, other])).recall == 1
    whole = together([one, other])
    assert (whole.recall, whole.precision) == (0.4, 0.5)


@pytest.mark.parametrize(
    ("reason", "ct_state", "words", "expected"),
    [(Reason.RULE, CtState.NEW, (), "new"), (Reason.POLICY, CtState.ESTABLISHED, ("cut",), "established"),
     (Reason.TCP_OLD_DATA, CtState.ESTABLISHED, (), "tcp-old-data"),
     (Reason.TCP_OLD_DATA, CtState.ESTABLISHED, ("follows-denied",), "follows-denied")],
)  # fmt: skip
def test_what_a_packet_is_taken_for(reason: Reason, ct_state: CtState, words: tuple[str, ...], expected: str) -> None:
    assert taken_for(int(reason), int(ct_state), sum(BITS[one] for one in words)) == expected


def test_every_explanation_is_of_something_that_a_packet_can_be_taken_for() -> None:
    reasons = {word(reason) for reason in Reason} | set(BITS) | {word(state) for state in CtState}
    assert set(EXPLAINED) <= reasons


@pytest.mark.slow
def test_in_the_whole_table_only_old_data_is_missed_and_no_honest_packet_suspected_but_after_a_forged_close() -> None:
    rows = measured((), office(), place()).rows
    assert {row.name.partition(":")[0] for row in rows} == set(FAMILIES)
    missed = {row.name: set(row.evidence.missed) for row in rows if not row.evidence.label_only and row.evidence.missed}
    assert missed == {"data-blind:random": {"tcp-old-data"}, "ack-blind:random": {"tcp-old-data"}}
    for row in rows:
        assert row.evidence.suspicions.keys() <= {"after-close"}
        assert not row.evidence.suspected or row.evidence.label_only
    assert together(with_evidence(row.evidence for row in rows)).precision == 1
