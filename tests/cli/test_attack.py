"""`attack`: the list, descriptions, what is written, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwsim.attack.registry import FAMILIES
from tests.attacking import OFFICE, ROOT
from tests.cli.conftest import Invoke

MORNING = str(ROOT / "pcaps" / "office.pcapng")


def test_without_a_name_every_family_is_listed_with_its_sentence_and_source(invoke: Invoke) -> None:
    outcome = invoke("attack")
    assert outcome.status == 0
    text = " ".join(outcome.out.split())
    for family in FAMILIES.values():
        assert f"{family.name} {family.sentence} ({family.source})" in text


def test_describe_tells_styles_options_needs_and_evidence(invoke: Invoke) -> None:
    outcome = invoke("attack", "reset-blind", "--describe")
    assert outcome.status == 0
    for part in ("reset-blind:exact  (--knows sequence)", "--option window=65535", "Source: RFC 5961", "rst-inexact"):
        assert part in outcome.out
    assert "label alone tells" in invoke("attack", "hijack", "--describe").out
    everything = invoke("attack", "--describe").out
    assert all(f"\n{name}\n" in f"\n{everything}" for name in FAMILIES)


def test_it_writes_a_capture_and_tells_how_many(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "out.pcapng"
    outcome = invoke("attack", "split-handshake", "ack-scan", "--option", "ports=80", "-r", OFFICE, "-o", path)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.lines == [f"{path}: 6 forged packets, 2 answers of ordinary hosts to them, 1,202 others"]
    assert path.read_bytes().count(b"fwsim:attack=") == 6


def test_options_go_to_all_or_to_one_family(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "out.pcapng"
    options = ("--option", "count=3", "--option", "udp-flood.count=5")
    assert invoke("attack", "syn-flood", "udp-flood", *options, "-o", path).status == 0
    data = path.read_bytes()
    assert (data.count(b"fwsim:attack=syn-flood"), data.count(b"fwsim:attack=udp-flood")) == (3, 5)


def test_a_capture_of_an_invented_network_says_what_fits_it(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "out.pcapng"
    outcome = invoke("attack", "ack-scan", "-o", path)
    assert outcome.status == 0
    assert outcome.err.startswith("note: made for an invented network: -r RULESET makes it fit a ruleset")
    options = outcome.err.rpartition("compare it with ")[2].split()
    compared = json.loads(invoke("compare", path, *options, "--format", "json").out)
    suspected = [row for row in compared["counts"]["evidence"] if row["group"] == "spoofed"]
    assert suspected == []
    assert compared["counts"]["changed"]["blocked"] > 40
    for given in (["-r", OFFICE], ["--into", str(ROOT / "pcaps" / "blind-reset.pcapng")]):
        assert invoke("attack", "ack-scan", "-o", path, *given).err == ""


def test_a_captures_connections_are_attacked_with_labels_apart(invoke: Invoke, tmp_path: Path) -> None:
    path, labels = tmp_path / "out.pcapng", tmp_path / "labels.csv"
    outcome = invoke("attack", "hijack", "--into", MORNING, "-r", OFFICE, "-o", path, "--labels", labels, "--seed", 4)
    assert (outcome.status, outcome.err) == (0, "")
    assert b"fwsim:" not in path.read_bytes()
    lines = labels.read_text().splitlines()
    assert lines[0] == "file,frame,attack,style,id,knows,victim,before_rfc5961,by_rfc5961"
    assert [line.split(",")[2] for line in lines[1:]] == ["hijack"] * 4
    assert {line.split(",")[0] for line in lines[1:]} == {"out.pcapng"}


def test_interfaces_of_options_are_where_it_happens(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "out.pcapng"
    outcome = invoke("attack", "land", "--interface", "inner=172.20.0.0/16", "-o", path)
    assert outcome.status == 0
    assert b"inner" in path.read_bytes()
    assert bytes([172, 20]) in path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ack-scam", "-o", "x"], "unknown attack 'ack-scam', did you mean 'ack-scan'?"),
        (["ack-scam", "--describe"], "unknown attack 'ack-scam', did you mean 'ack-scan'?"),
        (["reset-blind:exat", "-o", "x"], "unknown style of reset-blind 'exat', did you mean 'exact'?"),
        (["ack-scan"], "attack: expected -o FILE, the capture to write, or -r RULESET"),
        (["-o", "x"], "attack: expected the name of an attack"),
        (["hijack", "--knows", "ports", "-o", "x"], "hijack needs --knows sequence, got ports"),
        (["syn-flood", "--option", "cuont=3", "-o", "x"], "--option: unknown option 'cuont', did you mean 'count'?"),
        (["syn-flood", "--option", "land.rate=3", "-o", "x"], "unknown attack among those ordered 'land'"),
        (["syn-flood", "--option", "to=web", "-o", "x"], "option to=web: expected ADDRESS"),
        (["land", "--labels", "x", "-o", "x"], "-o x and --labels x cannot go to the same place"),
        (["land", "--into", "missing.pcap", "-o", "x"], "missing.pcap"),
        (["land", "--format", "json", "-o", "x"], "--format json: is for what is measured, expected -r RULESET and no"),
        (["land", "--labels", "x", "-r", OFFICE], "--labels: nothing is written when a ruleset is measured"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_with_status_2(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = invoke("attack", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_capture_is_used_up_to_the_damage_with_a_warning_and_status_2(invoke: Invoke, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(Path(MORNING).read_bytes()[:-30])
    outcome = invoke("attack", "land", "--into", cut, "-r", OFFICE, "-o", tmp_path / "out.pcapng")
    assert outcome.status == 2
    assert outcome.out.endswith(": 42 forged packets, 6,976 others\n")
    assert outcome.err.startswith(f"warning: {cut}: ")


def test_with_a_ruleset_and_no_output_it_measures(invoke: Invoke) -> None:
    outcome = invoke("attack", "reset-blind:exact", "ack-scan", "-r", OFFICE)
    assert (outcome.status, outcome.err) == (0, "")
    rows = {line.split()[0]: line.split()[1:4] for line in outcome.lines[2:4]}
    assert rows == {"reset-blind:exact": ["3", "3", "3"], "ack-scan:plain": ["42", "1", "-"]}


def test_it_measures_a_captures_own_connections_and_writes_json(invoke: Invoke) -> None:
    small = str(ROOT / "pcaps" / "blind-reset.pcapng")
    options = ("--option", "count=2", "--seed", "7")
    outcome = invoke("attack", "reset-blind:random", "-r", OFFICE, "--into", small, *options, "--format", "json")
    assert outcome.status == 0
    found = json.loads(outcome.out)
    assert found["honest"]["packets"] == 36
    assert found["attacks"][0]["sent"] == 6


def test_it_measures_on_the_machine_that_the_options_tell(invoke: Invoke, tmp_path: Path) -> None:
    sysctls = tmp_path / "sysctl.txt"
    sysctls.write_text("net.ipv4.conf.all.rp_filter = 1\n")
    asked = ("attack", "spoof-inside", "-r", "rulesets/office.yaml", "--format", "json")
    plain, strict = (json.loads(invoke(*asked, *more).out)["attacks"][0]["variants"]["stateful"]["admitted"]
                     for more in ((), ("--sysctl", sysctls)))  # fmt: skip
    assert plain > 0
    assert strict == 0


def test_measuring_checks_what_is_asked_for_first(invoke: Invoke) -> None:
    outcome = invoke("attack", "ack-scam", "-r", OFFICE)
    assert (outcome.status, outcome.out) == (2, "")
    assert "did you mean 'ack-scan'?" in outcome.err


def test_the_capture_that_is_read_is_not_written_over(invoke: Invoke) -> None:
    outcome = invoke("attack", "land", "--into", MORNING, "-o", MORNING)
    assert outcome.status == 2
    assert "is read and cannot be written at the same time" in outcome.err


def test_tables_of_the_literature_are_printed_or_written_as_json(invoke: Invoke) -> None:
    outcome = invoke("attack", "--literature", "split-handshake", "rst-invalid")
    assert (outcome.status, outcome.err) == (0, "")
    assert "Here: 3 of 6 let it open." in outcome.out
    assert "conntrack_rst_invalid.pkt" in outcome.out
    found = json.loads(invoke("attack", "--literature", "rst-invalid", "--format", "json").out)
    assert [row["Linux conntrack"] for row in found["tables"][0]["rows"]] == ["invalid"] * 4 + ["closes"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rst-valid"], "unknown table of the literature 'rst-valid', did you mean 'rst-invalid'?"),
        (["-r", OFFICE], "--literature: takes the names of its tables and --format, nothing else"),
        (["-o", "x"], "--literature: takes the names of its tables and --format, nothing else"),
    ],
)
def test_the_literature_takes_names_of_its_own(invoke: Invoke, arguments: list[str], message: str) -> None:
    outcome = invoke("attack", "--literature", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
