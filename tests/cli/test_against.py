"""`compare --against`: what another ruleset changes for the traffic that was recorded, and who accepts it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from fwsim.baseline.stored import Baseline
from fwsim.capture import Input, open_captures
from fwsim.cli.demo_story import RULESET
from tests.cli.conftest import Invoke, Outcome

ROOT = Path(__file__).parent.parent.parent
OFFICE = ROOT / "pcaps" / "office.pcapng"


@pytest.fixture
def kept(invoke: Invoke, demo: Path) -> Path:
    """The demo's folder, with a baseline and a ruleset that admits nobody to the web."""
    assert invoke("replay", "demo.pcap", "-r", "demo.yaml", "-q", "--save", "kept").status == 0
    strict = "".join(line for line in RULESET.splitlines(keepends=True) if "staff web" not in line)
    assert strict != RULESET
    (demo / "strict.yaml").write_text(strict)
    return demo


def compare(invoke: Invoke, *more: object, ruleset: str = "strict.yaml", against: str = "kept") -> Outcome:
    return invoke("compare", "demo.pcap", "-r", ruleset, "--against", against, *more)


def test_the_same_ruleset_changes_nothing(invoke: Invoke, kept: Path) -> None:
    outcome = compare(invoke, ruleset="demo.yaml")
    assert outcome.status == 0
    assert outcome.lines[0] == "**Nothing changes.**"


def test_a_rule_that_moved_is_no_change(invoke: Invoke, kept: Path) -> None:
    first = RULESET.index("      - {name:")
    more = "      - {name: nobody, src: 192.0.2.99, verdict: drop}\n"
    (kept / "moved.yaml").write_text(RULESET[:first] + more + RULESET[first:])
    assert compare(invoke, ruleset="moved.yaml").status == 0


def test_a_missing_rule_is_told_by_connection_rule_and_frame(invoke: Invoke, kept: Path) -> None:
    outcome = compare(invoke)
    assert outcome.status == 1
    assert outcome.lines[0].startswith("**")
    assert "would be denied that" in outcome.lines[0]
    assert outcome.lines[1].startswith("- ")
    assert outcome.lines[2] == ("- stateful, `strict.yaml` against `kept`, a baseline of `demo.yaml`, on `demo.pcap`")
    assert '"staff web"' in outcome.out
    quiet = compare(invoke, "-q")
    assert quiet.lines == outcome.lines[:3]


def test_a_ruleset_and_its_baseline_give_the_same_changes(invoke: Invoke, kept: Path) -> None:
    one, other = compare(invoke), compare(invoke, against="demo.yaml")
    assert other.status == 1
    assert one.lines[:2] + one.lines[3:] == other.lines[:2] + other.lines[3:]
    assert compare(invoke, "--mode", "stateless", against="demo.yaml").lines[2].startswith("- stateless")


def test_update_accepts_and_then_nothing_changes(invoke: Invoke, kept: Path) -> None:
    outcome = compare(invoke, "--update")
    assert outcome.status == 0
    assert "accepted" in outcome.lines[2]
    assert compare(invoke).status == 0
    assert invoke("replay", "demo.pcap", "-r", "strict.yaml", "-q", "--save", "fresh").status == 0
    assert (kept / "fresh").read_bytes() == (kept / "kept").read_bytes()


def test_every_changed_packet_is_a_line_and_a_frame(invoke: Invoke, kept: Path) -> None:
    records = [json.loads(line) for line in compare(invoke, "--format", "jsonl", "-w", "changed.pcapng").lines]
    whole = json.loads(compare(invoke, "--format", "json").out)
    assert len(records) == whole["counts"]["changed"] > 0
    assert {record["change"] for record in records} <= {k for k, v in whole["counts"]["changes"].items() if v}
    before = [json.loads(line) for line in invoke("replay", "demo.pcap", "-r", "demo.yaml", "--format", "jsonl").lines]
    after = [json.loads(line) for line in invoke("replay", "demo.pcap", "-r", "strict.yaml", "--format", "jsonl").lines]
    differ = [one["n"] for one, other in zip(before, after, strict=True) if one["verdict"] != other["verdict"]]
    assert [record["n"] for record in records if record["change"] in ("newly blocked", "newly admitted")] == differ
    again = invoke("replay", "changed.pcapng", "-r", "demo.yaml", "--format", "jsonl")
    assert len(again.lines) == len(records)


def test_only_selected_packets_count(invoke: Invoke, kept: Path) -> None:
    assert compare(invoke, "-Y", "n == 1000").status == 0
    outcome = compare(invoke, "-Y", "verdict != accept")
    assert outcome.status == 1
    assert "selected by" in outcome.lines[1]
    assert compare(invoke, "-Y", "n > 1", "--update").status == 2


def test_other_captures_are_refused(invoke: Invoke, kept: Path) -> None:
    capture = (kept / "demo.pcap").read_bytes()
    (kept / "other.pcap").write_bytes(capture[:-1] + bytes([capture[-1] ^ 1]))
    outcome = invoke("compare", "other.pcap", "-r", "demo.yaml", "--against", "kept")
    assert (outcome.status, outcome.out) == (2, "")
    assert "other captures" in outcome.err
    assert compare(invoke, "-c", "3").status == 2
    with Baseline("kept") as still:
        assert still.packets == 16


def test_other_options_are_noted(invoke: Invoke, kept: Path) -> None:
    outcome = compare(invoke, "--set", "conntrack.tcp_loose=0", ruleset="demo.yaml")
    assert "note: other options than those of the baseline: --set" in outcome.out


@pytest.mark.parametrize(
    "more",
    [("--format", "csv"), ("-v",), ("--by", "rule"), ("--mode", "stateless"), ("--checkpoint", "x"), ("-w", "kept")],
)
def test_what_has_no_meaning_is_refused(invoke: Invoke, kept: Path, more: tuple[str, ...]) -> None:
    outcome = compare(invoke, *more)
    assert (outcome.status, outcome.out) == (2, "")


def test_update_and_mode_need_something_to_compare_with(invoke: Invoke, kept: Path) -> None:
    assert invoke("compare", "demo.pcap", "-r", "demo.yaml", "--update").status == 2
    assert invoke("compare", "demo.pcap", "-r", "demo.yaml", "--mode", "stateful").status == 2
    assert compare(invoke, "--update", against="demo.yaml").status == 2
    assert compare(invoke, against="missing.yaml").status == 2


def test_an_unknown_verdict_weighs_more_than_a_change(invoke: Invoke, kept: Path) -> None:
    (kept / "odd.nft").write_text(
        "table inet t {\n chain forward {\n type filter hook forward priority 0\n osf name Linux drop\n}\n}\n"
    )
    outcome = compare(invoke, ruleset="odd.nft")
    assert outcome.status == 3


def test_the_office_tells_whom_a_narrower_rule_would_hurt(invoke: Invoke, tmp_path: Path) -> None:
    text = (ROOT / "rulesets" / "office.yaml").read_text()
    narrower = tmp_path / "narrower.yaml"
    narrower.write_text(text.replace("dport: [80, 443], ct_state: new", "dport: 443, ct_state: new", 1))
    outcome = invoke("compare", OFFICE, "-r", narrower, "--against", ROOT / "rulesets" / "office.yaml")
    assert outcome.status == 1
    assert outcome.lines[0] == "**7 connections would be denied that pass today.**"


NAT = """
table ip t {
	chain p {
		type nat hook prerouting priority dstnat
		tcp dport 80 dnat to %s
	}
	chain f {
		type filter hook forward priority 0; policy accept;
		ct state invalid drop
	}
}
"""


def test_another_translation_is_a_change_though_the_verdict_is_the_same(invoke: Invoke, demo: Path) -> None:
    where = ("--interface", "lan=10.1.0.0/16", "--interface", "wan=any")
    for name in ("192.0.2.7", "192.0.2.8"):
        (demo / name).write_text(NAT % name)
    command = ("compare", OFFICE, "-c", "1500", *where, "-r")
    same = invoke(*command, "192.0.2.7", "--against", "192.0.2.7")
    assert (same.status, same.lines[0]) == (0, "**Nothing changes.**")
    other = invoke(*command, "192.0.2.8", "--against", "192.0.2.7")
    assert other.status == 1
    assert "translated otherwise" in other.lines[1]
    assert "newly" not in other.lines[1]


def test_what_programs_read_fits_the_published_schemas(invoke: Invoke, kept: Path) -> None:
    of_object, of_line = (json.loads(invoke("schema", what).out) for what in ("against", "against-line"))
    for more in ((), ("--from", "1"), ("-Y", "proto==tcp")):
        whole = json.loads(compare(invoke, "--format", "json", *more).out)
        jsonschema.validate(whole, of_object)
        lines = [json.loads(line) for line in compare(invoke, "--format", "jsonl", *more).lines]
        assert len(lines) == whole["counts"]["changed"]
        for line in lines:
            jsonschema.validate(line, of_line)
    assert whole["rules"]
    assert whole["connections"]
    replayed = invoke("compare", "demo.pcap", "-r", "strict.yaml", "--against", "demo.yaml", "--format", "json")
    jsonschema.validate(json.loads(replayed.out), of_object)


@pytest.mark.parametrize("form", ["jsonl", "json", "text"])
def test_of_other_captures_nothing_is_written_before_they_are_refused(invoke: Invoke, kept: Path, form: str) -> None:
    office = ["compare", OFFICE, "-r", "strict.yaml", "--against", "kept", "--format", form]
    there = {path.name for path in kept.iterdir()}
    for more in ([], ["-o", "out", "-w", "changed"], ["-w", "-", "-o", "out"]):
        outcome = invoke(*office, *more)
        assert (outcome.status, outcome.out) == (2, "")
        assert "was made of other captures" in outcome.err
    left = {path.name for path in kept.iterdir()} - there
    assert left <= ({"out"} if form == "text" else set())


def test_lines_and_capture_are_those_that_changed(invoke: Invoke, kept: Path) -> None:
    outcome = compare(invoke, "--format", "jsonl", "-w", "changed")
    assert outcome.status == 1
    assert len(outcome.lines) == sum(map(len, open_captures([Input("changed")])))
