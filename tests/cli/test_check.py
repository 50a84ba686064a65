"""`fwsim check`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke

NFT = """\
table inet filter {
\tchain forward {
\t\ttype filter hook forward priority 0; policy drop;
\t\tiifname "lan" accept
\t\tmeta cpu 1 accept
\t}
}
"""


def test_what_is_not_simulated_is_listed_with_its_line_and_ends_with_status_3(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    path.write_text(NFT)
    result = invoke("check", str(path))
    assert result.status == 3
    first, construct, network, last = result.out.splitlines()
    assert first == f"{path}  nft, 2 rules in 1 chain"
    assert construct == f"  {path}:5: warning: not simulated: meta cpu 1, in rule 2 of inet filter forward"
    assert network.startswith("  note: no network: nothing is known to lie behind lan")
    assert last == "  1 warning, 1 note"


def test_a_ruleset_that_is_simulated_whole_ends_with_status_0(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    path.write_text(NFT.replace("meta cpu 1", "tcp dport 22"))
    result = invoke("check", str(path), "--interface", "lan=10.0.0.0/8", "--only", "not-simulated")
    assert result.status == 0
    assert "nothing to remark" in result.out


def test_an_own_address_that_masquerading_needs_is_remarked(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    chain = "type nat hook postrouting priority 100; oifname lan masquerade"
    path.write_text(f"table ip nat {{\nchain post {{\n{chain}\n}}\n}}\n")
    result = invoke("check", str(path), "--interface", "lan=10.0.0.0/8")
    assert result.status == 0
    assert result.lines[1] == (
        f"  {path}:3: warning: no address: masquerade needs the firewall's own address on lan, which is not known: "
        "--local ADDRESS or --topology FILE tells it, in rule 1 of ip nat post"
    )
    told = invoke("check", str(path), "--interface", "lan=10.0.0.0/8", "--local", "10.0.0.1")
    assert "nothing to remark" in told.out


def test_several_rulesets_are_objects_of_one_list_for_programs(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    path.write_text(NFT)
    result = invoke("check", str(path), "rulesets/host.yaml", "--format", "json", "--only", "not-simulated",
                    "--only", "no-network")  # fmt: skip
    found = json.loads(result.out)
    assert (found["summary"]["schema_version"], found["summary"]["complete"]) == (1, False)
    first, second = found["rulesets"]
    assert [finding["kind"] for finding in first["findings"]] == ["not-simulated", "no-network"]
    assert (first["findings"][0]["line"], first["findings"][1]["line"]) == (5, None)
    assert (second["path"], second["format"], second["findings"]) == ("rulesets/host.yaml", "yaml", [])


def test_a_ruleset_with_a_mistake_ends_with_status_2_and_its_place(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    path.write_text(NFT.replace("accept", "acept", 1))
    result = invoke("check", str(path))
    assert result.status == 2
    assert f"{path}:4:22" in result.err


def test_a_rule_whose_alternatives_multiply_is_told_by_its_line(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "rules.v4"
    ways = " ".join(f"-m multiport --ports {number}" for number in range(1, 25))
    path.write_text(f"*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp {ways} -j ACCEPT\nCOMMIT\n")
    done = invoke("check", str(path))
    assert done.status == 3
    assert f"{path}:3: warning: not simulated: a rule of very many parts, in rule 1 of ip filter INPUT" in done.out


def test_a_rule_that_never_applies_is_told_with_those_that_take_its_packets(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.yaml"
    path.write_text(
        "chains:\n  forward:\n    hook: forward\n    policy: drop\n    rules:\n"
        "      - {name: low, proto: tcp, dport: 1-100, verdict: drop}\n"
        "      - {proto: tcp, dport: 90-200, verdict: accept}\n"
        "      - {name: web, proto: tcp, dport: [80, 150], verdict: accept}\n"
        "      - {name: ssh, proto: tcp, dport: 22, verdict: accept}\n"
    )
    done = invoke("check", path, "--only", "shadowed")
    assert done.status == 0
    _, web, packet, ssh, _, last = done.out.splitlines()
    together = 'rule "low" (line 6), rule 2 (line 7) together take every packet before it'
    assert web == f'  {path}:8: error: shadowed: {together}, in rule "web" of forward'
    assert packet == '      tcp 198.51.100.7:40000 > 203.0.113.7:80 syn: drop: rule "low" of forward (line 6)'
    alone = 'rule "low" (line 6) takes every packet before it'
    assert ssh == f'  {path}:9: error: shadowed: {alone}, in rule "ssh" of forward'
    assert last == "  2 errors"


SHADOWED = """\
chains:
  forward:
    hook: forward
    policy: drop
    rules:
      - {name: low, proto: tcp, dport: 1-100, verdict: drop}
      - {name: ssh, proto: tcp, dport: 22, verdict: accept}
      - {name: web, proto: tcp, dport: 90-443, verdict: accept}
"""


@pytest.fixture
def shadowed(tmp_path: Path) -> Path:
    path = tmp_path / "edge.yaml"
    path.write_text(SHADOWED)
    return path


@pytest.mark.parametrize(("level", "status"), [("error", 1), ("warning", 1), ("note", 1)])
def test_a_finding_as_bad_as_asked_for_ends_with_status_1(
    level: str, status: int, invoke: Invoke, shadowed: Path
) -> None:
    assert invoke("check", shadowed, "--fail-on", level).status == status


def test_what_is_not_as_bad_ends_with_status_0(invoke: Invoke, shadowed: Path) -> None:
    assert invoke("check", shadowed, "--fail-on", "error", "--only", "correlation").status == 0
    assert invoke("check", shadowed, "--fail-on", "note", "--only", "correlation").status == 1
    assert invoke("check", shadowed).status == 0


def test_what_is_not_simulated_counts_more_than_a_finding(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    path.write_text(NFT)
    assert invoke("check", path, "--fail-on", "note").status == 3


def test_accepted_findings_count_for_nothing_and_new_ones_do(invoke: Invoke, shadowed: Path, tmp_path: Path) -> None:
    accepted = tmp_path / "accepted.json"
    options = ("--accept", accepted, "--fail-on", "note")
    assert invoke("check", shadowed, *options).status == 2  # there is no such file yet
    assert invoke("check", shadowed, *options, "--update").status == 0
    again = invoke("check", shadowed, *options)
    assert again.status == 0
    assert "accepted" in again.lines[-1]
    shadowed.write_text("# a line more\n" + SHADOWED)
    assert invoke("check", shadowed, *options).status == 0
    shadowed.write_text(SHADOWED + "      - {name: late, proto: tcp, dport: 50, verdict: accept}\n")
    worse = invoke("check", shadowed, *options)
    assert worse.status == 1
    assert 'shadowed: rule "low" (line 6) takes every packet before it, in rule "late" of forward' in worse.out
    assert 'in rule "ssh"' not in worse.out


OPEN = """\
table inet fw {
\tchain forward {
\t\ttype filter hook forward priority 0; policy drop;
\t\tct state established,related accept
\t\ttcp dport 80 accept
\t\ttcp dport 25 accept
\t\tct state invalid drop
\t}
}
"""


def test_a_rule_that_newly_offends_is_not_accepted_with_others_of_its_chain(invoke: Invoke, tmp_path: Path) -> None:
    path, accepted = tmp_path / "edge.nft", tmp_path / "accepted.json"
    options = ("--accept", accepted, "--fail-on", "warning")
    path.write_text(OPEN)
    assert invoke("check", path, *options, "--update").status == 0
    path.write_text(OPEN.replace("\t\ttcp dport 80", "\t\ttcp dport 3389 accept\n\t\ttcp dport 80"))
    worse = invoke("check", path, *options)
    assert worse.status == 1
    told = [line.rpartition("in ")[2] for line in worse.lines if "warning: " in line]
    assert told == ["rule 2 of inet fw forward"] * 2
    assert "so it is with" not in worse.out
    path.write_text(OPEN.replace("\t\ttcp dport 80 accept\n", ""))  # one that went away leaves the others accepted
    assert invoke("check", path, *options).status == 0


def test_what_is_not_simulated_may_be_accepted_too(invoke: Invoke, tmp_path: Path) -> None:
    path, accepted = tmp_path / "edge.nft", tmp_path / "accepted.json"
    path.write_text(NFT)
    invoke("check", path, "--accept", accepted, "--update")
    assert invoke("check", path, "--accept", accepted).status == 0


def test_an_update_without_a_file_is_refused(invoke: Invoke, shadowed: Path) -> None:
    done = invoke("check", shadowed, "--update")
    assert done.status == 2
    assert "expected --accept FILE" in done.err


@pytest.mark.parametrize(("form", "begins"), [("sarif", "{"), ("json", "{"), ("markdown", "**fwsim check: 1 error")])
def test_a_form_is_written_to_a_file_the_same_each_time(
    form: str, begins: str, invoke: Invoke, shadowed: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        done = invoke("check", shadowed, "--format", form, "-o", path)
        assert (done.status, done.out) == (0, "")
    assert first.read_bytes() == second.read_bytes()
    assert first.read_text().startswith(begins)
    assert first.read_bytes().endswith(b"\n")


def test_forged_sources_are_findings_like_others_in_the_other_forms(invoke: Invoke) -> None:
    done = invoke("check", "rulesets/office.yaml", "--only", "spoofing", "--format", "sarif")
    (run,) = json.loads(done.out)["runs"]
    assert {result["ruleId"] for result in run["results"]} == {"spoofing"}
    assert invoke("check", "rulesets/office.yaml", "--only", "spoofing", "--fail-on", "warning").status == 1


def test_an_unknown_kind_is_refused(invoke: Invoke, shadowed: Path) -> None:
    assert invoke("check", shadowed, "--only", "shadow").status == 2


def test_a_file_that_is_no_file_of_accepted_findings_is_not_overwritten(
    invoke: Invoke, shadowed: Path, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("a day of work\n")
    done = invoke("check", shadowed, "--accept", notes, "--update")
    assert (done.status, notes.read_text()) == (2, "a day of work\n")
    accepted = tmp_path / "accepted.json"
    assert [invoke("check", shadowed, "--accept", accepted, "--update").status for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    "options",
    [("--update", "-o", "same"), ("-o", "same"), ("--report", "json=./same"), ("--update", "--report", "sarif=same")],
)
def test_two_things_are_not_written_to_one_file(
    options: tuple[str, ...], invoke: Invoke, shadowed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert invoke("check", shadowed, "--accept", "same", "--update").status == 0
    before = Path("same").read_bytes()
    done = invoke("check", shadowed, "--accept", "same", *options)
    assert done.status == 2
    assert "cannot go to the same place" in done.err or "is read and cannot be written" in done.err
    assert Path("same").read_bytes() == before


def test_what_makes_a_file_of_accepted_findings_is_told_where_there_is_none(
    invoke: Invoke, shadowed: Path, tmp_path: Path
) -> None:
    done = invoke("check", shadowed, "--accept", tmp_path / "none.json")
    assert done.status == 2
    assert "there is no such file yet: --update makes it" in done.err


def test_one_run_prints_text_and_writes_several_reports(invoke: Invoke, shadowed: Path, tmp_path: Path) -> None:
    paths = {form: tmp_path / form for form in ("sarif", "junit", "markdown", "json")}
    reports = [word for form, path in paths.items() for word in ("--report", f"{form}={path}")]
    done = invoke("check", shadowed, "--fail-on", "error", *reports)
    assert (done.status, done.err) == (1, "")
    assert "error: shadowed" in done.out
    for form, path in paths.items():
        assert path.read_text() == invoke("check", shadowed, "--format", form, "--fail-on", "error").out
    assert invoke("check", shadowed, "--report", "html=x").status == 2


def test_where_no_text_is_seen_a_line_on_stderr_tells_what_there_is(
    invoke: Invoke, shadowed: Path, tmp_path: Path
) -> None:
    options = ("check", shadowed, "--fail-on", "error", "--format", "sarif", "-o", tmp_path / "check.sarif")
    done = invoke(*options)
    assert (done.status, done.out, done.err) == (1, "", f"{shadowed}: 1 error, 1 warning, 1 note\n")
    assert invoke(*options, "-q").err == ""


def test_of_a_ruleset_with_a_mistake_reports_are_written_that_tell_it(invoke: Invoke, tmp_path: Path) -> None:
    bad, good = tmp_path / "edge.nft", tmp_path / "good.nft"
    bad.write_text(NFT.replace("accept", "acept", 1))
    good.write_text(OPEN)
    paths = {form: tmp_path / form for form in ("sarif", "junit", "markdown")}
    reports = [word for form, path in paths.items() for word in ("--report", f"{form}={path}")]
    done = invoke("check", bad, good, *reports)
    assert done.status == 2
    assert f"{bad}:4:22" in done.err
    assert done.lines[0].startswith(f"{good}  nft")  # the other is told all the same
    (run,) = json.loads(paths["sarif"].read_text())["runs"]
    first = run["results"][0]
    assert (first["ruleId"], first["level"]) == ("mistake", "error")
    assert first["locations"][0]["physicalLocation"]["region"]["startLine"] == 4
    assert run["invocations"] == [{"executionSuccessful": False}]
    assert "Not everything could be evaluated" in paths["markdown"].read_text()
    assert 'errors="1"' in paths["junit"].read_text()


def test_nothing_is_accepted_where_a_ruleset_cannot_be_read(invoke: Invoke, tmp_path: Path) -> None:
    bad, accepted = tmp_path / "edge.nft", tmp_path / "accepted.json"
    bad.write_text(NFT.replace("accept", "acept", 1))
    assert invoke("check", bad, "--accept", accepted, "--update").status == 2
    assert not accepted.exists()


HANGING = """\
table inet fw {
\tchain forward {
\t\ttype filter hook forward priority 0; policy drop;
\t\tct state established,related accept
\t\tct state invalid drop
\t\toifname "wan" tcp flags & (syn | ack) == syn tcp dport 80 accept
\t}
}
"""


@pytest.mark.parametrize(
    "options", [(), ("--only", "unknown"), ("--only", "spoofing"), ("--only", "spoofing", "--fail-on", "error"),
                ("--only", "spoofing", "--format", "sarif"), ("--format", "markdown")],
)  # fmt: skip
def test_sources_of_which_nothing_is_known_are_status_3_however_it_is_asked(
    options: tuple[str, ...], invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "edge.nft"
    path.write_text(HANGING)
    done = invoke("check", path, "--interface", "lan=10.0.0.0/8", *options)
    assert done.status == 3


def test_what_is_unknown_is_told_at_its_rule_and_may_be_accepted(invoke: Invoke, tmp_path: Path) -> None:
    path, accepted = tmp_path / "edge.nft", tmp_path / "accepted.json"
    path.write_text(HANGING)
    asked = ("check", path, "--interface", "lan=10.0.0.0/8")
    done = invoke(*asked, "--only", "unknown")
    assert done.status == 3
    assert f"  {path}:6: warning: unknown: whether sources that cannot be there get in by lan IPv4 through" in done.out
    assert done.out.splitlines()[1].endswith("in rule 3 of inet fw forward")
    assert invoke(*asked, "--accept", accepted, "--update").status == 0
    assert invoke(*asked, "--accept", accepted).status == 0


def test_a_name_that_is_no_utf_8_is_a_name(invoke: Invoke, tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"bad\xff.yaml")
    with open(path, "w") as stream:
        stream.write(SHADOWED)
    for form in ("text", "json", "sarif", "junit", "markdown"):
        done = invoke("check", os.fsdecode(path), "--format", form, "--accept", tmp_path / form, "--update")
        assert done.status == 0
        assert invoke("check", os.fsdecode(path), "--accept", tmp_path / form, "--fail-on", "note").status == 0


def test_a_file_of_expectations_is_named_as_such(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.fwsim.yaml"
    path.write_text("ruleset: edge.nft\ncases: []\n")
    done = invoke("check", path)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"error: {path}: is a file of expectations, expected a ruleset: fwsim test {path}\n"


SAVED = """\
# Generated by iptables-save v1.8.9 on Mon Nov 23 09:00:00 2026
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
"""


def test_what_iptables_saved_says_nothing_of_ipv6(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "rules.v4"
    path.write_text(SAVED)
    asked = ("check", path, "--interface", "lan=10.0.0.0/8,fd00::/8", "--interface", "wan=any")
    done = invoke(*asked)
    spoofing = [line for line in done.lines if " spoofing: " in line]
    assert len(spoofing) == 2
    assert all(line.startswith(f"  {path}:5: ") for line in spoofing)
    assert [line for line in done.lines if "IPv6" in line] == [
        "  note: remark: no chain filters IPv6, and no forged source of it is looked for (put the output of "
        "ip6tables-save into the file as well)"
    ]
    certified = invoke(*asked, "--only", "spoofing")
    assert [line for line in certified.lines if "IPv6" in line] == [
        "  IPv6: no chain filters it, and no forged source of it is looked for (put the output of ip6tables-save into "
        "the file as well)"
    ]
