"""The summary in text and JSON: what it says, that both say the same, and that nothing hostile gets through."""

from __future__ import annotations

import re

import pytest

from fwsim.naming import Naming
from fwsim.report.about import AboutCapture, AboutRuleset
from fwsim.report.summary_text import MANY_RULES, summary
from fwsim.report.tally import Slots, Tally
from fwsim.terms import Evidence, Verdict
from tests.batches import FakeBatch, FakeRule, batch, naming
from tests.report_summaries import BOTH, DROP, about, mixed, tallied

__all__ = ["mixed"]

UNKNOWN: dict[str, int] = {"verdict": Verdict.UNKNOWN}


def test_text_tells_the_whole_story_in_order(mixed: FakeBatch) -> None:
    assert summary(tallied(mixed), naming(), about()) == (
        "office.pcapng  6 packets, 391 connections, under 1 ms from 2026-03-02 08:00:03 UTC\n"
        "office.yaml    4 rules, forward policy drop\n"
        "\n"
        "Keeping state changed 3 verdicts: 2 packets blocked that stateless admits, 1 the reverse.\n"
        "\n"
        "                     packets   stateless   stateful\n"
        "                                  admits     admits\n"
        "ordinary traffic           2           1          2\n"
        "spoofed                    1           1          1   !   no mode helps\n"
        '  spoofed-source           1           1          1   !   rule "public web"\n'
        "out of state               2           2          0\n"
        "  seq-above-window         2           2          0\n"
        "not evaluated              1           -          -       1 egress-copy\n"
        "all                        6           4          3\n"
        "\n"
        "Why stateful blocks the 2   2 outside the window\n"
        "Why stateless blocks the 1  1 later fragments (no port to match)\n"
        "\n"
        "rule               line  stateless  (direct+mirror)  stateful\n"
        "replies              13          -                          1\n"
        "broken               14          -                    drop  2\n"
        "3                    15          3  (2+1)                   1\n"
        "public web           16          1                          1\n"
        "policy of forward     8    drop  1                          -\n"
        "(not evaluated)       -          1                          1\n"
        "Price of state: peak 184 connections, 94 kB; rules tried per packet 3.6 (stateless 3.6)\n"
        "\n"
        "Next: fwsim explain pcaps/office.pcapng -n 2    (seq-above-window)\n"
    )


def test_quiet_gives_the_answer_only(mixed: FakeBatch) -> None:
    text = summary(tallied(mixed), naming(), about(), quiet=True)
    assert text == "Keeping state changed 3 verdicts: 2 packets blocked that stateless admits, 1 the reverse.\n"


def test_the_answer_tells_what_is_unknown_by_mode() -> None:
    stateless: list[dict[str, int]] = [UNKNOWN, UNKNOWN, {}, DROP, UNKNOWN]
    stateful: list[dict[str, int]] = [{}, UNKNOWN, UNKNOWN, {}, {}]
    tally = tallied(batch(*[{} for _ in stateless], stateless=stateless, stateful=stateful))
    assert summary(tally, naming(), about(), quiet=True) == (
        "Keeping state changed 1 verdict: 1 packet admitted that stateless blocks. "
        "Unknown: 2 packets in stateless mode only, 1 packet in stateful mode only, 1 packet in both modes.\n"
    )


def test_a_capture_that_hardly_fits_says_so_on_the_first_line(mixed: FakeBatch) -> None:
    hint = about(hint=("only 0 of 6 packets concern the networks; try --interface lan=192.168.1.0/24",))
    for quiet in (False, True):
        assert summary(tallied(mixed), naming(), hint, quiet=quiet).splitlines()[0].startswith("only 0 of 6 packets")


@pytest.mark.parametrize(
    ("stateless", "stateful", "answer"),
    [
        ({}, {}, "Keeping state changed no verdict: both modes admit 1 of 1 packet."),
        ({}, DROP, "Keeping state changed 1 verdict: 1 packet blocked that stateless admits."),
        (DROP, {}, "Keeping state changed 1 verdict: 1 packet admitted that stateless blocks."),
        (DROP, {"verdict": Verdict.REJECT}, "Keeping state changed 1 verdict: 1 in another way."),
        (
            DROP,
            UNKNOWN,
            "Keeping state changed no verdict that is known in both modes: both modes admit 0 of 1 packet. "
            "Unknown: 1 packet in stateful mode only.",
        ),
        (
            UNKNOWN,
            {},
            "Keeping state changed no verdict that is known in both modes: stateless admits 0 of 1 packet, stateful 1. "
            "Unknown: 1 packet in stateless mode only.",
        ),
        (
            UNKNOWN,
            UNKNOWN,
            "Keeping state changed no verdict: both modes admit 0 of 1 packet. Unknown: 1 packet in both modes.",
        ),
    ],
)
def test_the_answer_is_one_sentence(stateless: dict[str, int], stateful: dict[str, int], answer: str) -> None:
    assert answer in summary(tallied(batch({}, stateless=[stateless], stateful=[stateful])), naming(), about())


def test_unknown_verdicts_are_shown(mixed: FakeBatch) -> None:
    one = batch({}, {}, stateful=[{"verdict": Verdict.UNKNOWN}, {}])
    text = summary(tallied(one), naming(), about())
    assert re.search(r"^\(verdict unknown\) +0 +1$", text, re.MULTILINE)
    assert re.search(r"^all +2 +2 +1$", text, re.MULTILINE)


def test_one_mode_has_one_column(mixed: FakeBatch) -> None:
    text = summary(tallied(mixed, ("stateful",)), naming(), about(modes=("stateful",)))
    assert "Stateful mode admits 3 of 6 packets: 2 dropped, 1 not evaluated." in text
    assert "stateless" not in text
    assert "Why" not in text


def test_without_tracking_the_price_is_none(mixed: FakeBatch) -> None:
    text = summary(tallied(mixed), naming(), about(tracking=False))
    assert "nothing is tracked" in text


def test_where_nothing_is_tracked_no_connections_are_counted(mixed: FakeBatch) -> None:
    """The table in which evidence is gathered is nobody's connection table."""
    for selection in (None, "n>0"):
        text = summary(tallied(mixed), naming(), about(tracking=False, selection=selection))
        assert "6 packets" in text.splitlines()[0]
        assert "391" not in text
        assert "391 connections" in summary(tallied(mixed), naming(), about(selection=selection))


def test_many_rules_without_hits_are_only_counted() -> None:
    rules = [FakeRule(f"rule {number}", number, number) for number in range(1, MANY_RULES + 11)]
    text = summary(tallied(batch({}), rules=len(rules)), naming(rules), about())
    assert f"and {len(rules) - 1} rules without hits" in text
    assert "rule 7\n" not in text


def test_several_captures_are_named_with_the_frame() -> None:
    captures = tuple(AboutCapture(f"dir/{name}.pcap", "pcap", "", 1, True) for name in "abcde")
    names = naming(files=[capture.path for capture in captures])
    one = batch({"file": 2, "number": 7}, stateful=[DROP])
    text = summary(tallied(one), names, about(captures=captures))
    assert text.startswith("a.pcap, b.pcap, c.pcap and 2 more  1 packet,")
    assert "Next: fwsim explain pcaps/office.pcapng -n dir/c.pcap:7" in text


def test_hostile_names_do_not_reach_the_text() -> None:
    hostile = "\x1b[31m\nall 9 9 9\u202e"
    names = naming([FakeRule(hostile, 1, 1)] * 4, [hostile])
    told = about(
        captures=(AboutCapture(hostile, "pcap", "", 1, True),),
        ruleset=AboutRuleset(hostile, None, 4, (hostile,), hostile),
        selection=hostile,
        notes=(hostile,),
        explain=f"fwsim explain {hostile}",
    )
    text = summary(tallied(batch({"evidence": Evidence.LAND})), names, told)
    assert all(line.isprintable() for line in text.splitlines())
    assert "\nall 9 9 9" not in text


def test_text_of_nothing_read_is_still_whole() -> None:
    empty = Tally(BOTH, {mode: Slots(4, 1) for mode in BOTH})
    text = summary(empty, Naming([], [], naming().rules), about())
    assert "Keeping state changed no verdict: both modes admit 0 of 0 packets." in text
