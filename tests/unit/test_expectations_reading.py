"""Files of expectations, and the places of their mistakes."""

from __future__ import annotations

import io
import json
import random
import re
from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.expectations.reading import folder_of, placed, read_expectations, resolved, within
from fwsim.expectations.suites import Suite
from tests.examples import FOLDER

SYN = "tcp 10.1.0.5 > 9.9.9.9:443"


def problems(text: str) -> list[str]:
    with pytest.raises(RulesetError) as refused:
        read_expectations(io.StringIO(text))
    return [str(problem).removeprefix("<input>:") for problem in refused.value.problems]


def test_unknown_keys_are_refused_where_they_stand_with_the_nearest_one() -> None:
    text = f"""\
rulez: office.yaml
cases:
  - {{packet: {SYN}, verdikt: drop, stateful: {{verdict: drop, rulle: a}}}}
  - conversation:
      - {{packet: {SYN}, state: new, verdict: drop}}
"""
    lines = text.splitlines()
    assert problems(text) == [
        "1:1: unknown key 'rulez', did you mean 'ruleset'?",
        f"3:{lines[2].index('verdikt') + 1}: unknown key 'verdikt', did you mean 'verdict'?",
        f"3:{lines[2].index('rulle') + 1}: unknown key 'rulle', did you mean 'rule'?",
        f"5:{lines[4].index('state') + 1}: unknown key 'state', did you mean 'ct_state'?",
    ]


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("  - packet: tcp 10.1.0.5 > 9.9.9.9:443 sin", "sin"),
        ('  - packet: "tcp 10.1.0.5 > 9.9.9.9:443 sin"', "sin"),
        ("  - packet: 'tcp 10.1.0.5 > 9.9.9.9:443 sin'", "sin"),
        ("  - packet: >-\n      tcp 10.1.0.5 > 9.9.9.9:443 sin", ">-"),
        ("  - packet: &a tcp 10.1.0.5 > 9.9.9.9:443 sin", "&a"),
    ],
)
def test_a_mistake_in_a_packet_is_told_with_its_column(line: str, at: str) -> None:
    (problem,) = problems(f"cases:\n{line}\n    verdict: drop\n")
    assert problem.startswith(f"2:{line.index(at) + 1}: unknown word 'sin'")


def test_a_mistake_in_a_plain_step_is_told_with_its_column_too() -> None:
    (problem,) = problems(f"cases:\n  - conversation:\n      - {SYN}\n      - reply akc\n    verdict: drop\n")
    assert problem.startswith("4:15: unknown word 'akc', did you mean 'ack'?")


def test_a_mistake_in_a_selection_is_told_with_its_column() -> None:
    line = "  - {select: src == 10.1.0.5 and evidense, count: 0, capture: a}"
    (problem,) = problems(f"cases:\n{line}\n")
    assert problem.startswith(f"2:{line.index('evidense') + 1}: no field is called 'evidense'")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a file of expectations: a mapping with 'ruleset' and 'cases', found nothing"),
        ("- 3", "found a list"),
        ("ruleset: a", "the key 'cases' is missing"),
        ("cases: 3", "expected a list of cases, found 3"),
        ("cases: [3]", "expected a case: a mapping with 'packet', 'conversation' or 'select', found 3"),
        ("cases: {a: 3}", "expected a list of cases"),
        ("cases: [{conversation: 3, verdict: drop}]", "expected a list of packets, found 3"),
        ("cases: [", "not valid YAML"),
        ("cases: [{packet: 3, verdict: drop}]", "expected a packet in a line"),
        ("cases:\n  - {name: a, name: b}", "the key 'name' is repeated"),
    ],
)
def test_a_file_of_another_shape_is_refused(text: str, message: str) -> None:
    assert any(message in problem for problem in problems(text))


def test_json_is_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "a.fwsim.json"
    path.write_text(json.dumps({"ruleset": "r.yaml", "cases": [{"packet": SYN, "verdict": "drop"}]}))
    file = read_expectations(path)
    assert file.cases[0].packet is not None
    assert folder_of(file.location.path) == tmp_path
    assert resolved(file, "r.yaml") == str(tmp_path / "r.yaml")


def test_places_are_kept_for_what_is_found_out_later() -> None:
    file = read_expectations(io.StringIO(f"ruleset: a\ncases:\n  - packet: {SYN} in wan\n    verdict: drop\n"))
    assert str(placed(file, ("cases", 0, "packet"), "that", 8)) == "<input>:3:21: that"


def test_a_place_beyond_the_line_is_that_of_the_beginning() -> None:
    assert within(("a", 1, 3), 50, "a: b\n") == ("a", 1, 3)
    assert within(("a", 9, 3), 1, "a: b\n") == ("a", 9, 3)


SPOILERS = (
    "!", "&a", "*a", "[", "]", "{", "}", ">", "|", "-1", "1e9", "null", "true", '"', "9" * 30, "\x01", "::", "0.0.0.0",
    "ff02::1", "about", "lost", "again", "original", "reply", "close", "handshake", "len=60000", "ttl=0", "ack=-5",
    "seq=+4294967295", "type=5", "code=3", "icmp", "icmpv6", "sctp", "gre", "igmp", "repeat: 3", "every: 1s",
    "connection: absent",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_spoiled_in_a_file_it_is_played_or_refused_with_a_place(seed: int) -> None:
    chance = random.Random(seed)
    text = (FOLDER / "office.fwsim.yaml").read_text().partition("  # Packets of a capture.")[0]
    text = text.replace("office.yaml", str(FOLDER / "office.yaml"))
    words = [*SPOILERS, *re.findall(r"[\w.:/-]+", text)]
    outcomes = set()
    for _ in range(40):
        spoiled = text
        for _ in range(chance.randint(1, 3)):
            found = chance.choice(list(re.finditer(r"[^\s{},]+", spoiled)))
            kept = chance.choice(("", found.group() + " "))
            spoiled = spoiled[: found.start()] + kept + chance.choice(words) + spoiled[found.end() :]
        try:
            suite = Suite(read_expectations(io.StringIO(spoiled)))
            outcomes.add(suite.result(chance.randrange(len(suite.titles))).outcome.value)
        except RulesetError as refused:
            outcomes.update("refused" if problem.path and problem.what else "" for problem in refused.problems)
    assert {"refused", "passed"} <= outcomes
    assert "" not in outcomes


def test_a_ruleset_is_told_to_be_one(tmp_path: Path) -> None:
    for text in ("policy: drop\nname: office\n", "name: x\nchains: {f: {hook: forward}}\n", "rules: []\n"):
        (tmp_path / "a.yaml").write_text(text)
        with pytest.raises(RulesetError) as refused:
            read_expectations(tmp_path / "a.yaml")
        (problem,) = refused.value.problems
        assert problem.what.startswith("is a ruleset: fwsim check takes it")


def test_a_tab_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "a.fwsim.yaml").write_text("ruleset: a.yaml\ncases:\n\t- {packet: a}\n")
    with pytest.raises(RulesetError, match=r":3:1: not valid YAML: found a tab, expected spaces"):
        read_expectations(tmp_path / "a.fwsim.yaml")
