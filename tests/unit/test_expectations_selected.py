"""Selected packets of a capture."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.expectations.results import Outcome
from tests.expecting import only, run, told, write
from tests.playbook import Playbook

HEAD = "capture: talk.pcapng\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a capture: a handshake, twelve resets outside the window, and one unasked SYN."""
    play = Playbook().handshake()
    for number in range(12):
        play.reply("R", seq=1_000_000 + number)
    play.tcp("198.51.100.7:40000", "10.1.0.23:22").original("S")
    play.save(tmp_path / "talk.pcapng")
    return tmp_path


def test_every_selected_packet_must_be_as_expected(folder: Path) -> None:
    result = only(folder, "- {select: flags contains R, stateful: {verdict: drop, rule: broken}}", head=HEAD)
    assert (told(result), result.packets) == ([], 12)


def test_failures_name_their_packets_and_the_first_is_explained(folder: Path) -> None:
    result = only(folder, "- {select: flags contains R, verdict: accept}", head=HEAD)
    assert [failure.what.split(":")[0] for failure in result.failures] == ["packet 4", "packet 5", "packet 6"]
    assert result.more == 9
    assert result.failures[0].explanation.startswith("Packet 4  ")
    assert "opened by packet 1, last seen in 3" in result.failures[0].explanation
    assert [failure.explanation for failure in result.failures[1:]] == ["", ""]


def test_a_selection_of_nothing_fails_unless_it_is_expected(folder: Path) -> None:
    nothing = "- {select: dport == 23, stateful: drop%s}"
    assert told(only(folder, nothing % "", head=HEAD)) == ["count: expected at least 1, is 0"]
    assert told(only(folder, nothing % ", count: 0", head=HEAD)) == []
    assert told(only(folder, "- {select: flags contains R, count: 11}", head=HEAD)) == ["count: expected 11, is 12"]


def test_a_selection_may_ask_for_what_was_decided(folder: Path) -> None:
    case = "- {select: stateful.verdict == accept and evidence contains rst-out-of-window, count: 0}"
    assert told(only(folder, case, head=HEAD)) == []


def test_rules_are_reached_by_the_selected_packets_alone(folder: Path) -> None:
    missed = {
        case: [
            line.title for line in run(folder, f"- {{select: '{case}', count: {count}}}", head=HEAD).coverage[0].missed
        ]
        for case, count in (("flags contains R", 12), ("dport == 22", 1), ("seq and not flags contains R", 4))
    }
    assert missed == {
        "flags contains R": ['"known"', '"ident"', "policy of forward"],
        "dport == 22": ['"known"', '"broken"', '"ident"', '"out"'],
        "seq and not flags contains R": ['"broken"', '"ident"'],
    }


def test_captures_of_several_interfaces_are_merged(folder: Path) -> None:
    for name in ("lan", "wan"):
        play = Playbook()
        play.original("S", lost=name == "wan")
        play.reply("SA", lost=name == "lan")
        play.save(folder / f"{name}.pcapng")
    case = "- {select: seq, capture: {lan: lan.pcapng, wan: wan.pcapng}, count: 2, stateful: accept}"
    assert told(only(folder, case)) == []
    wrong = only(folder, case.replace("accept", "drop"))
    assert [failure.what.split(": ")[0].rpartition("/")[2] for failure in wrong.failures] == [
        "lan.pcapng:1",
        "wan.pcapng:1",
    ]


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("- {select: seq, capture: none.pcap, stateful: drop}", r"3:\d+: .*none.pcap: no such file"),
        ("- {select: seq, capture: small.yaml, stateful: drop}", r"3:\d+: .*small.yaml"),
        ("- {select: seq, capture: {lam: talk.pcapng}, stateful: drop}", r"3:\d+: interface lam: unknown"),
    ],
)  # fmt: skip
def test_a_capture_that_cannot_be_read_is_told_where_it_is_named(folder: Path, case: str, message: str) -> None:
    with pytest.raises(RulesetError, match=rf"small\.fwsim\.yaml:{message}"):
        only(folder, case)


def test_a_damaged_capture_is_judged_as_far_as_it_goes_with_a_warning(folder: Path) -> None:
    whole = (folder / "talk.pcapng").read_bytes()
    (folder / "talk.pcapng").write_bytes(whole[:-7])
    report = run(folder, "- {select: flags contains R, stateful: drop}", head=HEAD)
    assert report.results[0].outcome is Outcome.PASSED
    assert len(report.warnings) == 1
    assert report.warnings[0].startswith(str(write(folder, "").parent / "talk.pcapng"))


def test_a_second_sighting_of_a_packet_does_not_count_unless_it_is_asked_for(tmp_path: Path) -> None:
    play = Playbook()
    play.copies = True
    play.handshake()
    play.save(tmp_path / "talk.pcapng")
    assert only(tmp_path, "- {select: seq, stateful: accept, count: 3}", head=HEAD).failures == ()
    copies = "- {select: stateful.verdict == not_evaluated, verdict: not_evaluated, count: 3}"
    assert told(only(tmp_path, copies, head=HEAD)) == []


def test_a_count_of_evidence_that_fails_says_how_it_is_counted(tmp_path: Path) -> None:
    Playbook().handshake().save(tmp_path / "a.pcapng")
    for select, told_of in (("evidence", "by each of its words of evidence"), ("seq >= 0", "")):
        case = f"- {{select: '{select}', capture: a.pcapng, count: 77}}"
        (failure,) = only(tmp_path, case).failures
        assert (told_of in failure.explanation, bool(failure.explanation)) == (True, bool(told_of))
