"""Files of expectations, run; and the rules that they reach."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.expectations import suites
from fwsim.expectations.model import Case, Inputs
from fwsim.expectations.preparing import Prepared
from fwsim.expectations.reading import read_expectations
from fwsim.expectations.results import CaseResult
from fwsim.expectations.selected import play_capture
from fwsim.expectations.suites import Suite, run_files
from tests.examples import FOLDER
from tests.expecting import RULES, run, told, write

SYN = "tcp 10.1.4.23 > 9.9.9.9:80"


def test_the_example_passes_for_the_office() -> None:
    report = run_files([str(FOLDER / "office.fwsim.yaml")])
    assert [(result.title, told(result)) for result in report.results if result.failures] == []
    assert (report.got, report.possible) == (5, 5)
    assert [line.title for line in report.coverage[0].missed] == ['"traceroute"']


def test_cases_without_names_are_numbered_where_they_are_alike(tmp_path: Path) -> None:
    cases = f"- {{packet: {SYN}, verdict: accept}}\n" * 2 + f"- {{name: {SYN} (2), packet: {SYN}, verdict: accept}}\n"
    assert [result.title for result in run(tmp_path, cases).results] == [SYN, f"{SYN} (3)", f"{SYN} (2)"]


def test_a_case_does_not_depend_on_which_others_are_chosen(tmp_path: Path) -> None:
    cases = f"""\
    - {{name: opens, packet: "{SYN}", verdict: accept}}
    - {{name: refused, packet: "tcp 10.1.4.23 > 9.9.9.9:113", verdict: accept}}
    """
    whole = run(tmp_path, cases)
    one = run(tmp_path, cases, choose=lambda path, title, case: title == "refused")
    assert one.results == [whole.results[1]]
    assert (one.left_out, whole.left_out) == (1, 0)


def test_rules_are_reached_in_either_mode_and_policies_count_apart(tmp_path: Path) -> None:
    coverage = run(tmp_path, f"- {{packet: {SYN}, verdict: accept}}").coverage[0]
    assert (coverage.reached, len(coverage.rules), coverage.percent) == (1, 4, 25)
    assert [(line.title, line.line) for line in coverage.missed] == [
        ('"known"', 11), ('"broken"', 12), ('"ident"', 13), ("policy of forward", 9),
    ]  # fmt: skip
    mirrored = run(tmp_path, "- {packet: 'tcp 9.9.9.9 > 10.1.4.23:5 ack', stateless: accept}").coverage[0]
    assert [line.title for line in mirrored.lines if line.reached] == ['"broken"', '"out"']


def test_rules_that_decide_nothing_are_reached_too(tmp_path: Path) -> None:
    rules = (
        "table inet filter {\n\tchain extra {\n\t\tlog\n\t\tudp dport 9 drop\n\t}\n\tchain forward {\n\t\ttype filter "
        "hook forward priority 0;\n\t\tip protocol udp jump extra\n\t}\n}\n"
    )
    coverage = run(tmp_path, "- {packet: 'udp 10.1.4.23 > 9.9.9.9:53', verdict: accept}", rules).coverage[0]
    assert [line.title for line in coverage.missed] == ["rule 2 of inet filter extra"]


def test_files_about_one_ruleset_reach_its_rules_together(tmp_path: Path) -> None:
    first = write(tmp_path, f"- {{packet: {SYN}, verdict: accept}}")
    second = tmp_path / "second.fwsim.yaml"
    second.write_text(first.read_text().replace(":80", ":113").replace("accept", "reject"))
    (coverage,) = run_files([str(first), str(second)]).coverage
    assert coverage.reached == 2


def test_cases_about_one_capture_are_done_in_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.playbook import Playbook

    Playbook().handshake().save(tmp_path / "a.pcapng")
    passes: list[int] = []

    def counting(inputs: Inputs, cases: Sequence[tuple[int, Case, str]], prepared: Prepared) -> dict[int, CaseResult]:
        passes.append(len(cases))
        return play_capture(inputs, cases, prepared)

    monkeypatch.setattr(suites, "play_capture", counting)
    cases = "- {select: seq, stateful: accept}\n- {select: flags == S, stateful: accept}\n"
    suite = Suite(read_expectations(str(write(tmp_path, cases, RULES, "capture: a.pcapng\n"))))
    assert [suite.result(number).packets for number in (1, 0)] == [1, 3]
    assert passes == [2]


def test_a_file_with_mistakes_is_none_of_the_others_business(tmp_path: Path) -> None:
    good = write(tmp_path, f"- {{packet: {SYN}, verdict: accept}}")
    bad, worse = tmp_path / "bad.fwsim.yaml", tmp_path / "worse.fwsim.yaml"
    bad.write_text(good.read_text().replace("accept", "accepted"))
    worse.write_text(good.read_text().replace("verdict", "verdikt").replace("packet", "paket"))
    late = tmp_path / "late.fwsim.yaml"
    late.write_text(
        f"ruleset: small.yaml\ncases:\n  - verdict: accept\n"
        f"    conversation: [{SYN}, {{after: 9, packet: reply ack}}, {{at: 1, packet: reply ack}}]\n"
    )
    files = [str(path) for path in (bad, good, late, worse)]
    report = run_files([*files, str(tmp_path / "none.fwsim.yaml")])
    assert [result.path for result in report.results] == [str(good)]
    assert list(report.refused) == [str(bad), str(worse), str(tmp_path / "none.fwsim.yaml"), str(late)]
    assert report.files == [*files, str(tmp_path / "none.fwsim.yaml")]
    assert [len(report.mistakes(path)) for path in files] == [1, 0, 1, 2]
    assert report.mistakes(str(bad)) == [f"{bad}:3:51: unknown verdict 'accepted', did you mean 'accept'?"]


ALL_AT_ONCE = """\
- {packet: tcp 10.1.4.23 > 9.9.9.9:80, verdict: acept}
- {packet: tcp 10.1.4.23 > 9.9.9.9:80 in lam, verdict: accept}
- {packet: tcp 10.1.4.23 > 9.9.9.9:80, verdict: accept, rule: outt}
- {select: "dprt == 80", capture: none.pcap, verdict: accept}
- {select: "dport == 80", capture: {lan: none.pcap}, verdict: accept}
- {select: "sprt == 80", kount: 5, capture: none.pcap, verdict: accept}
- {name: a, packet: tcp 10.1.4.23 > 9.9.9.9:80, verdict: accept}
- {name: a, packet: tcp 10.1.4.23 > 9.9.9.9:80 in wam, verdict: accept}
"""


def test_mistakes_of_all_kinds_are_told_in_one_run(tmp_path: Path) -> None:
    with pytest.raises(RulesetError) as refused:
        run(tmp_path, ALL_AT_ONCE)
    told_of = [
        (problem.line, problem.what.split("'")[1] if "'" in problem.what else problem.what[-12:])
        for problem in refused.value.problems
    ]
    assert told_of == [
        (3, "acept"), (4, "lam"), (5, "outt"), (6, "dprt"), (6, "no such file"), (7, "no such file"), (8, "sprt"),
        (8, "kount"), (10, "a"),
    ]  # fmt: skip


def test_a_missing_ruleset_and_missing_captures_are_told_together(tmp_path: Path) -> None:
    path = write(tmp_path, "- {select: seq, capture: none.pcap, verdict: drop}\n- {packet: 1, verdict: drop}\n")
    path.write_text(path.read_text().replace("small.yaml", "gone.yaml") + "topology: gone.json\n")
    (mistakes,) = [run_files([str(path)]).mistakes(str(path))]
    assert [line.rpartition("/")[2] for line in mistakes] == [
        "gone.yaml: no such file",
        "none.pcap: no such file",
        "small.fwsim.yaml:4:14: expected a packet in a line, such as tcp 10.1.0.5 > 192.0.2.2:443 syn, found 1",
        "gone.json: no such file",
    ]  # fmt: skip


def test_a_capture_of_a_case_that_is_not_chosen_need_not_be_there(tmp_path: Path) -> None:
    cases = f"- {{select: seq, capture: none.pcap, verdict: drop}}\n- {{name: x, packet: {SYN}, verdict: accept}}"
    report = run(tmp_path, cases, choose=lambda path, title, case: title == "x")
    assert ([result.outcome.value for result in report.results], report.left_out) == (["passed"], 1)
