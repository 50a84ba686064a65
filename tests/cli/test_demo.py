"""`demo`: what it tells is what happens, on any terminal, and the commands that it names work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fwsim.cli.demo import GO_ON
from fwsim.cli.demo_story import EXPECTATIONS, RULES, RULESET, capture, scenes
from fwsim.ruleset import load_ruleset
from tests.cli.conftest import Invoke, Outcome

ROW = re.compile(r"^ ?(\d+)  .*? +(accept|drop)( !)? +(accept|drop)( !)?$", re.MULTILINE)


@pytest.fixture
def verdicts(invoke: Invoke) -> dict[int, tuple[str, str]]:
    """For each packet what stands in the columns of both modes, the sign with it."""
    rows = ROW.findall(invoke("demo").out)
    return {int(number): (without + sign, with_state + mark) for number, without, sign, with_state, mark in rows}


def test_every_packet_is_told_with_both_verdicts(verdicts: dict[int, tuple[str, str]]) -> None:
    assert list(verdicts) == list(range(1, len(scenes()) + 1))


def test_the_honest_conversation_is_admitted_by_both(verdicts: dict[int, tuple[str, str]]) -> None:
    for number in (1, 2, 3, 4, 5, 6, 14, 15, 16):
        assert verdicts[number] == ("accept", "accept")


def test_what_nobody_asked_for_gets_in_without_state_and_is_marked(verdicts: dict[int, tuple[str, str]]) -> None:
    for number in (7, 8, 9, 10, 12, 13):
        assert verdicts[number] == ("accept !", "drop")
    assert verdicts[11] == ("accept !", "accept !")


def test_the_sentences_are_true(demo: Path, invoke: Invoke) -> None:
    assert demo.is_dir()
    words = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--format", "csv").lines
    column = words[0].split(",").index("evidence")
    assert [line.split(",")[column] for line in words[7:14]] == [
        "ack-without-connection", "synack-without-syn", "rst-out-of-window", "seq-above-window", "rst-inexact",
        "udp-reply-without-request", "icmp-reply-without-request",
    ]  # fmt: skip


def test_the_moral_counts_right(invoke: Invoke) -> None:
    outcome = invoke("demo")
    assert (outcome.status, outcome.err) == (0, "")
    told = " ".join(outcome.out.split())
    assert "Of 7 packets that nobody asked for, 7 get in without state and 1 with it." in told
    assert "Keeping state blocked 6 packets" in told


def test_the_table_that_is_shown_is_that_of_conntrack(demo: Path, invoke: Invoke) -> None:
    assert demo.is_dir()
    listed = invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "--after", "6").out
    assert " ".join(listed.split()) in " ".join(invoke("demo").out.split())


def test_every_rule_is_told_with_its_verdict(demo: Path, invoke: Invoke) -> None:
    chain = load_ruleset(str(demo / "demo.yaml")).chains["forward"]
    assert [rule.name for rule in chain.rules] == list(RULES)
    out = invoke("demo").out
    for rule in chain.rules:
        assert re.search(rf"^  {rule.verdict.kind} +{rule.name}  ", out, re.MULTILINE), rule.name
    assert re.search("^  drop +policy  ", out, re.MULTILINE)


def test_nothing_is_left_behind(tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("here", "tmp"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    assert invoke("demo").status == 0
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["here", "tmp"]


@pytest.fixture
def story(tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that `-o` has written, the current one."""
    outcome = invoke("demo", "-o", tmp_path / "story")
    assert (outcome.status, outcome.err) == (0, "")
    assert f"cd {tmp_path / 'story'}\n" in outcome.out
    monkeypatch.chdir(tmp_path / "story")
    return tmp_path / "story"


def test_the_files_are_those_of_the_story(story: Path) -> None:
    contents = {path.name: path.read_bytes() for path in story.iterdir()}
    assert contents == {
        "demo.pcap": capture(scenes()), "demo.yaml": RULESET.encode(), "demo.fwsim.yaml": EXPECTATIONS.encode()
    }  # fmt: skip


def run(story: Path, invoke: Invoke, line: str) -> Outcome:
    typed = line.replace("CAPTURE", "demo.pcap").replace("RULESET", "demo.yaml").split()
    assert typed[0] == "fwsim"
    assert story.is_dir()
    return invoke(*typed[1:])


@pytest.mark.parametrize("line", GO_ON)
def test_the_commands_to_go_on_with_work(line: str, story: Path, invoke: Invoke) -> None:
    outcome = run(story, invoke, line)
    assert (outcome.status, outcome.err) == (0, "")
    assert line in invoke("demo").out


def test_the_expectations_reach_every_rule(story: Path, invoke: Invoke) -> None:
    assert run(story, invoke, "fwsim test demo.fwsim.yaml --fail-under 100").status == 0


def test_it_writes_over_nothing_else(story: Path, invoke: Invoke) -> None:
    assert invoke("demo", "-o", story).status == 0
    (story / "demo.yaml").write_text("policy: drop")
    outcome = invoke("demo", "-o", story)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == f"error: {story}/demo.yaml: is there already, with something else in it\n"
    assert (story / "demo.yaml").read_text() == "policy: drop"


def test_where_it_cannot_write_is_told(story: Path, invoke: Invoke) -> None:
    outcome = invoke("demo", "-o", story / "demo.pcap" / "x")
    assert (outcome.status, outcome.out) == (2, "")
    assert "demo.pcap" in outcome.err
    assert "cannot be written" in outcome.err


def test_a_hostile_folder_cannot_leave_its_quotes_or_move_the_cursor(
    tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = invoke("demo", "-o", "a;b\x1b[2J").out
    assert "\x1b" not in out
    assert r"cd 'a;b\x1b[2J'" in out


def test_it_needs_no_compiler() -> None:
    code = "import sys; from fwsim.cli import run; run(['demo']); assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
