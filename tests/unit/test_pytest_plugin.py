"""The pytest plugin, in projects outside this repository."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from fwsim.expectations import reading
from fwsim.pytest_plugin import ENDINGS
from tests.expecting import RULES

pytest_plugins = ["pytester"]
NAME = "fwsim.pytest_plugin"
INSTALLED = any(point.value == NAME for point in entry_points(group="pytest11"))
OPTIONS = ("-p", "no:randomly", "-p", "no:cacheprovider", *(() if INSTALLED else ("-p", NAME)))

CASES = """\
ruleset: rules.yaml
cases:
  - {name: web, packet: "tcp 10.1.4.23 > 9.9.9.9:80", verdict: accept, tags: [edge], points: 2}
  - {name: ident, packet: "tcp 10.1.4.23 > 9.9.9.9:113", verdict: reject, rule: out, points: 1}
"""
IN_PYTHON = """
from fwsim.expectations.playbook import ACCEPT, DROP, State

def test_a_blind_reset(fwsim_firewall):
    play = fwsim_firewall("rules.yaml")
    play.tcp("10.1.4.23:51822", "203.0.113.80:443").handshake()
    play.reply("R", seq=1_000_000).expect(DROP, rule="broken")
    play.connection.is_(State.ESTABLISHED, assured=True)

def test_without_state(fwsim_firewall):
    play = fwsim_firewall("rules.yaml", mode="stateless")
    play.packet("tcp 203.0.113.80:443 > 10.1.4.23:51822 rst").expect(ACCEPT)
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a ruleset."""
    (pytester.path / "rules.yaml").write_text(RULES)
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess(*OPTIONS, *arguments)


def test_the_names_of_files_are_those_of_the_command() -> None:
    assert ENDINGS == reading.ENDINGS


def test_files_of_expectations_are_tests_whose_failures_tell_what_decided(project: pytest.Pytester) -> None:
    (project.path / "small.fwsim.yaml").write_text(CASES)
    result = run(project, "-v", "--junit-xml=report.xml")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "small.fwsim.yaml::web PASSED*",
            "small.fwsim.yaml::ident FAILED*",
            "small.fwsim.yaml:4: 10.1.4.23:40000 > 9.9.9.9:113 *",
            "*stateful rule: expected out, is ident",
            '*STATEFUL  reject, by rule "ident" (line 13)',
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert "pytest_plugin.py" not in result.stdout.str()
    report = (project.path / "report.xml").read_text()
    assert '<property name="points" value="2" />' in report
    assert '<property name="points" value="0" />' in report


def test_tags_can_be_named_with_k(project: pytest.Pytester) -> None:
    (project.path / "small.fwsim.yaml").write_text(CASES)
    run(project, "-k", "edge", "--strict-markers").assert_outcomes(passed=1, deselected=1)


def test_a_file_with_mistakes_is_an_error_that_tells_their_places(project: pytest.Pytester) -> None:
    (project.path / "small.fwsim.yaml").write_text(CASES.replace("verdict: accept", "verdikt: accept"))
    (project.path / "other.yaml").write_text("no: test\n")
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["error: *small.fwsim.yaml:3:*: unknown key 'verdikt', did you mean 'verdict'?"])


def test_a_capture_that_is_not_there_fails_the_case_with_its_place(project: pytest.Pytester) -> None:
    (project.path / "a.fwsim.yaml").write_text(
        "ruleset: rules.yaml\ncases: [{select: seq, count: 0, capture: a.pcap}]\n"
    )
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["error: *a.fwsim.yaml:2:*a.pcap: no such file"])


def test_the_fixture_makes_firewalls_to_play_packets_to(project: pytest.Pytester) -> None:
    project.makepyfile(IN_PYTHON)
    run(project).assert_outcomes(passed=2)


def test_a_failure_in_python_tells_the_script_and_what_decided(project: pytest.Pytester) -> None:
    project.makepyfile(IN_PYTHON.replace('rule="broken"', 'rule="known"'))
    result = run(project)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*>>>>>>> rule: expected known, actual broken", '*STATEFUL  drop, by rule "broken" (line 12)']
    )
    assert "stage.py" not in result.stdout.str()


def test_rulesets_are_found_from_the_test_or_from_the_root_and_may_be_written_in_place(
    project: pytest.Pytester,
) -> None:
    (project.path / "below").mkdir()
    (project.path / "below" / "test_it.py").write_text(
        "from fwsim.expectations.playbook import ACCEPT\n"
        "def test_root(fwsim_firewall):\n"
        "    fwsim_firewall('rules.yaml').packet('tcp 10.1.4.23 > 9.9.9.9:80').expect(ACCEPT)\n"
        "def test_in_place(fwsim_firewall):\n"
        "    fwsim_firewall({'policy': 'accept'}).packet('tcp 10.1.4.23 > 9.9.9.9:80').expect(ACCEPT)\n"
        "def test_nowhere(fwsim_firewall):\n"
        "    fwsim_firewall('none.yaml')\n"
    )
    result = run(project)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*none.yaml: no such ruleset in *below or *"])


WRONG = """
from fwsim.expectations.playbook import ACCEPT, State

LINE = "tcp 10.1.4.23 > 9.9.9.9:80"

def test_state(fwsim_firewall):
    play = fwsim_firewall("rules.yaml")
    play.tcp("10.1.4.23:51822", "203.0.113.80:443").handshake()
    play.connection.is_(State.TIME_WAIT)

def test_word(fwsim_firewall):
    fwsim_firewall("rules.yaml").packet(LINE).expect("accpt")

def test_fact(fwsim_firewall):
    fwsim_firewall("rules.yaml").packet(LINE).expect(ACCEPT, rul="out")

def test_mode(fwsim_firewall):
    fwsim_firewall("rules.yaml", mode="statefull")

def test_mapping(fwsim_firewall):
    fwsim_firewall({"policy": "drop", "rules": [{"proto": "tpc", "verdict": "accept"}]})

def test_nowhere(fwsim_firewall):
    fwsim_firewall("none.yaml")

def test_elsewhere(fwsim_firewall):
    fwsim_firewall("rules.yaml").packet(LINE)
    assert not LINE
"""


def test_what_is_wrong_in_python_stands_in_a_line_and_is_told_once(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    project.makepyfile(test_it=WRONG)
    result = run(project)
    result.assert_outcomes(failed=7)
    text = result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "FAILED *::test_state - *ExpectationError: remains: expected TIME_WAIT, actual ESTABLISHED*",
            "FAILED *::test_word - *unknown verdict 'accpt', did you mean 'ACCEPT'?",
            "FAILED *::test_fact - *unknown fact 'rul', did you mean 'rule'?",
            "FAILED *::test_mode - *unknown mode 'statefull'*",
            "FAILED *::test_mapping - *rules.0.proto: unknown protocol 'tpc', did you mean 'tcp'?",
        ]
    )
    assert f"none.yaml: no such ruleset in {project.path}\n" in text
    assert "simulator.py" not in text
    assert "stage.py" not in text
    assert "without an expectation" not in text


def test_a_script_that_expects_nothing_is_unfinished(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(fwsim_firewall): fwsim_firewall('rules.yaml').packet('tcp 10.1.4.23 > 9.9.9.9:80')")
    result = run(project)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the playbook ends without an expectation*"])


def test_nothing_heavy_is_imported_when_pytest_starts() -> None:
    heavy = {"numpy", "pydantic", "yaml", "scapy", "numba", "click", "rich", "pyroute2"}
    code = f"import sys, {NAME}; print(sorted({heavy} & sys.modules.keys()), [m for m in sys.modules if 'fwsim.' in m])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == f"[] ['{NAME}']\n"
