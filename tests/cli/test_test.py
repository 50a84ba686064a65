"""`fwsim test`."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Invoke
from tests.examples import FOLDER
from tests.expecting import RULES, write

CASES = """\
- {name: web, packet: "tcp 10.1.4.23 > 9.9.9.9:80", verdict: accept, tags: [web]}
- {name: ident, packet: "tcp 10.1.4.23 > 9.9.9.9:113", stateful: accept, tags: [slow]}
"""
UNSURE = """\
table inet filter {
\tchain forward {
\t\ttype filter hook forward priority 0;
\t\tmeta cpu 1 drop
\t}
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two cases, one of which fails."""
    return write(tmp_path, CASES)


def test_the_example_passes_with_status_0(invoke: Invoke) -> None:
    result = invoke("test", FOLDER / "office.fwsim.yaml", "-q")
    assert (result.status, result.out) == (0, "18 of 18 cases passed; 5 of 5 points\n")


def test_a_planted_mistake_in_the_rules_fails_the_example(invoke: Invoke, tmp_path: Path) -> None:
    rules = (FOLDER / "office.yaml").read_text()
    (tmp_path / "changed.yaml").write_text(rules.replace("dport: 443, ct_state: new", "dport: 80-443, ct_state: new"))
    assert invoke("test", FOLDER / "office.fwsim.yaml", "-r", tmp_path / "changed.yaml", "-q").status == 0
    (tmp_path / "changed.yaml").write_text(rules.replace("dport: 443, ct_state: new", "dport: 444, ct_state: new"))
    result = invoke("test", FOLDER / "office.fwsim.yaml", "-r", tmp_path / "changed.yaml")
    assert result.status == 1
    assert "FAIL  the world reaches the public web server" in result.out
    assert "19 public web        dport is 443, wants 444" in result.out


def test_a_failure_is_status_1_and_an_unknown_verdict_3(invoke: Invoke, file: Path, tmp_path: Path) -> None:
    assert invoke("test", file).status == 1
    (tmp_path / "unsure.nft").write_text(UNSURE)
    assert invoke("test", file, "-r", tmp_path / "unsure.nft").status == 3


def test_a_wrong_file_is_status_2_with_every_mistake(invoke: Invoke, file: Path) -> None:
    file.write_text(file.read_text().replace("verdict", "verdikt").replace("stateful", "statefull"))
    result = invoke("test", file)
    assert (result.status, result.out) == (2, "")
    assert result.err.count("did you mean") == 2
    assert result.err.startswith(f"error: {file}:3:")
    missing = invoke("test", "nowhere.fwsim.yaml")
    assert (missing.status, missing.err) == (2, "error: nowhere.fwsim.yaml: no such file\n")


def test_a_damaged_capture_is_status_2(invoke: Invoke, tmp_path: Path) -> None:
    from tests.playbook import Playbook

    Playbook().handshake().save(tmp_path / "a.pcapng")
    (tmp_path / "a.pcapng").write_bytes((tmp_path / "a.pcapng").read_bytes()[:-7])
    path = write(tmp_path, "- {select: flags == S, stateful: accept, capture: a.pcapng}")
    result = invoke("test", path)
    assert result.status == 2
    assert "1 of 1 case passed" in result.out
    assert result.err.startswith(f"warning: {tmp_path / 'a.pcapng'}: ")


def test_cases_are_chosen_by_words_and_tags(invoke: Invoke, file: Path) -> None:
    assert invoke("test", file, "-k", "not ident", "-q").out == "1 of 1 case passed, 1 not chosen\n"
    assert invoke("test", file, "--tag", "web").status == 0
    nothing = invoke("test", file, "-k", "mail")
    assert (nothing.status, nothing.err.count("no case was chosen")) == (2, 1)


def test_the_files_of_a_folder_are_run_in_order(invoke: Invoke, file: Path, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.fwsim.yml").write_text(file.read_text().replace("small.yaml", "../small.yaml"))
    result = invoke("test", tmp_path, file, "--format", "json")
    assert [one["path"] for one in json.loads(result.out)["files"]] == [
        str(tmp_path / "below" / "a.fwsim.yml"),
        str(file),
    ]
    (tmp_path / "empty").mkdir()
    refused = invoke("test", tmp_path / "empty")
    assert (refused.status, refused.err.count("holds no file that is called *.fwsim.yaml")) == (2, 1)


def test_too_few_rules_reached_are_status_1(invoke: Invoke, file: Path) -> None:
    passing = ("test", file, "--tag", "web")
    assert invoke(*passing, "--fail-under", "25").status == 0
    result = invoke(*passing, "--fail-under", "25.5")
    assert result.status == 1
    assert "small.yaml: 25 % of its rules are reached, expected 25.5 %" in result.err


def test_several_reports_are_written_at_once(invoke: Invoke, file: Path, tmp_path: Path) -> None:
    reports = [f"--report={form}={tmp_path / form}" for form in ("junit", "json", "markdown")]
    result = invoke("test", file, *reports)
    assert result.status == 1
    assert "1 of 2 cases passed, 1 failed" in result.out
    assert ElementTree.parse(tmp_path / "junit").getroot().get("failures") == "1"
    assert json.loads((tmp_path / "json").read_text())["summary"]["failed"] == 1
    assert (tmp_path / "markdown").read_text().startswith("### fwsim test: 1 of 2 cases passed")
    for form in ("junit", "json", "markdown"):
        assert invoke("test", file, "--format", form).out == (tmp_path / form).read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-q", "-v"], "exclude each other"),
        (["--report", "junit"], "expected FORMAT=FILE"),
        (["--report", "html=a"], "expected FORMAT=FILE"),
        (
            ["--report", "junit=a", "--report", "json=a"],
            "--report junit a and --report json a cannot go to the same place",
        ),
        (["--report", "junit=small.fwsim.yaml"], "small.fwsim.yaml"),
        (["--report", "junit=small.yaml"], "small.yaml"),
        (["-k", "("], "expected a word"),
        (["--fail-under", "101"], "101"),
        (["--set", "conntrack.tcp_lose=1"], "did you mean 'tcp_loose'?"),
    ],
)
def test_wrong_requests_are_refused(
    invoke: Invoke, file: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(file.parent)
    before = [path.read_text() for path in sorted(file.parent.iterdir())]
    result = invoke("test", file.name, *arguments)
    assert result.status == 2
    assert message in result.err
    assert [path.read_text() for path in sorted(file.parent.iterdir())] == before


def test_options_mean_what_they_mean_elsewhere(invoke: Invoke, tmp_path: Path) -> None:
    path = write(tmp_path, "- {packet: 'tcp 9.9.9.9 > 10.1.4.23:5 ack', stateful: {verdict: drop, rule: policy}}")
    assert invoke("test", path).status == 1
    assert invoke("test", path, "--set", "conntrack.tcp_loose=1").status == 0
    (tmp_path / "sysctl").write_text("net.netfilter.nf_conntrack_tcp_loose = 1\n")
    assert invoke("test", path, "--sysctl", tmp_path / "sysctl").status == 0
    (tmp_path / "small.yaml").write_text(RULES.replace("10.1.0.0/16", "10.2.0.0/16"))
    case = write(
        tmp_path, "- {packet: 'tcp 10.1.4.23 > 9.9.9.9:80', verdict: accept}", (tmp_path / "small.yaml").read_text()
    )
    assert invoke("test", case).status == 1
    assert invoke("test", case, "--interface", "lan=10.1.0.0/16").status == 0


def test_the_schema_is_printed(invoke: Invoke) -> None:
    assert json.loads(invoke("schema", "test").out)["title"] == "fwsim expectations"


def test_the_other_files_are_run_where_some_have_mistakes(invoke: Invoke, file: Path, tmp_path: Path) -> None:
    (tmp_path / "bert.fwsim.yaml").write_text(file.read_text().replace("accept", "deny"))
    (tmp_path / "carl.fwsim.yaml").write_text(file.read_text().replace("packet", "paket"))
    result = invoke(
        "test", tmp_path, "--report", f"junit={tmp_path / 'a.xml'}", "--report", f"markdown={tmp_path / 'a.md'}"
    )
    assert (result.status, result.err.count("bert.fwsim.yaml:"), result.err.count("carl.fwsim.yaml:")) == (2, 2, 2)
    assert "1 of 2 cases passed, 1 failed, 2 files with mistakes" in result.out
    assert f"{tmp_path / 'bert.fwsim.yaml'}\n  not run: 2 mistakes\n" in result.out
    root = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "1", "2")
    assert "was not run:\n\n- " in (tmp_path / "a.md").read_text()
    told = json.loads(invoke("test", tmp_path, "--format", "json").out)
    assert [len(one["mistakes"]) for one in told["files"]] == [2, 2, 0]
    assert (told["summary"]["files_with_mistakes"], told["summary"]["complete"]) == (2, False)


def test_a_mistake_that_all_files_have_is_told_once(invoke: Invoke, file: Path, tmp_path: Path) -> None:
    (tmp_path / "bert.fwsim.yaml").write_text(file.read_text())
    result = invoke("test", tmp_path, "-r", tmp_path / "none.yaml", "--report", f"junit={tmp_path / 'a.xml'}")
    assert (result.status, result.out, result.err) == (2, "", f"error: {tmp_path / 'none.yaml'}: no such file\n")
    assert ElementTree.parse(tmp_path / "a.xml").getroot().get("errors") == "2"


@pytest.mark.parametrize("broken", ["", "nonsense: 1\n"])
@pytest.mark.parametrize("target", ["cap.pcapng", "top.json", "plain.yaml", "small.yaml", "in.pcapng"])
def test_no_file_that_is_read_is_written_over(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, target: str
) -> None:
    from tests.playbook import Playbook

    monkeypatch.chdir(tmp_path)
    for name in ("cap.pcapng", "in.pcapng"):
        Playbook().handshake().save(tmp_path / name)
    (tmp_path / "top.json").write_text("[]")
    (tmp_path / "plain.yaml").write_text("policy: drop\n")
    head = "topology: [top.json]\nstateless_rules: plain.yaml\ncapture: {lan: in.pcapng}\n" + broken
    cases = "- {select: seq, capture: cap.pcapng, stateful: accept}\n- {select: seq, stateful: accept}"
    write(tmp_path, cases, head=head)
    before = (tmp_path / target).read_bytes()
    for option in ("-o", "--report=junit"):
        given = [f"{option}={target}"] if option.startswith("--") else [option, target]
        result = invoke("test", "small.fwsim.yaml", *given)
        assert (result.status, f"{target}: is read and cannot be written" in result.err) == (2, True)
    assert (tmp_path / target).read_bytes() == before
