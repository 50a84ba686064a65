"""`compare` and `replay` from the request to the output: formats, selection, counting, exit statuses."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fwsim.cli import run
from fwsim.report.frame_schema import frame_schema
from fwsim.report.resources_text import MACHINE
from tests.cli.conftest import Invoke

PCAPS = Path(__file__).parent.parent.parent / "pcaps"
CUT = [7, 8, 9, 10, 12, 13]
"""The packets of the demo that stateless admits and stateful blocks."""


def records(text: str) -> list[dict[str, object]]:
    """JSON lines, parsed."""
    return [json.loads(line) for line in text.splitlines()]


def test_text_tells_the_answer_and_the_next_step(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("compare", "demo.pcap", "-r", "demo.yaml")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.lines[0] == "demo.pcap  16 packets, 1 connection, 8.02 s from 2026-03-02 08:00:03 UTC"
    assert "Keeping state changed 6 verdicts: 6 packets blocked that stateless admits." in outcome.lines
    assert outcome.lines[-1] == "Next: fwsim explain demo.pcap -r demo.yaml -n 9    (rst-out-of-window)"


def test_quiet_is_one_line_and_verbose_one_more_for_every_packet(invoke: Invoke, demo: Path) -> None:
    quiet = invoke("compare", "demo.pcap", "-r", "demo.yaml", "-q")
    assert quiet.lines == ["Keeping state changed 6 verdicts: 6 packets blocked that stateless admits."]
    plain = invoke("compare", "demo.pcap", "-r", "demo.yaml")
    verbose = invoke("compare", "demo.pcap", "-r", "demo.yaml", "-v")
    assert len(verbose.lines) == len(plain.lines) + 17
    assert verbose.lines[17:] == plain.lines
    assert "Flags [S], seq 1000000" in verbose.lines[0]


def test_json_lines_hold_every_frame_in_order_and_satisfy_the_schema(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--format", "jsonl")
    found = records(outcome.out)
    assert (outcome.status, outcome.err) == (0, "")
    assert [record["n"] for record in found] == list(range(1, 17))
    for record in found:
        jsonschema.validate(record, frame_schema())
    assert [record["n"] for record in found if record["stateful"]["verdict"] != "accept"] == CUT  # type: ignore[index]
    assert found[8]["evidence"] == ["rst-out-of-window"]
    assert found[1]["stateless"]["mirror"] is True  # type: ignore[index]
    assert found[2]["stateful"]["tcp_state"] == "ESTABLISHED"  # type: ignore[index]


def test_csv_holds_the_same_frames(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("replay", "demo.pcap", "-r", "demo.yaml", "--format", "csv")
    rows = list(csv.DictReader(outcome.lines))
    assert [int(row["n"]) for row in rows if row["verdict"] != "accept"] == CUT


def test_json_is_one_object_with_the_digests_of_what_was_read(invoke: Invoke, demo: Path) -> None:
    whole = json.loads(invoke("compare", "demo.pcap", "-r", "demo.yaml", "--format", "json", "--by", "port").out)
    (read,) = whole["summary"]["inputs"]
    assert read["sha256"] == hashlib.sha256((demo / "demo.pcap").read_bytes()).hexdigest()
    assert whole["summary"]["ruleset"]["sha256"] == hashlib.sha256((demo / "demo.yaml").read_bytes()).hexdigest()
    assert whole["summary"]["complete"] is True
    assert whole["counts"]["changed"]["blocked"] == 6
    assert sum(rule["stateful"]["hits"] for rule in whole["rules"]) == 16
    (connection,) = whole["connections"]
    assert (connection["state"], connection["opened_by"]) == ("TIME_WAIT", {"file": 0, "n": 1})
    assert sum(group["packets"] for group in whole["by"]) == 16


def test_of_a_ruleset_that_can_be_read_once_no_digest_is_told(invoke: Invoke, demo: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, (demo / "demo.yaml").read_bytes())
    os.close(writing)
    outcome = invoke("compare", "demo.pcap", "-r", f"/dev/fd/{reading}", "--format", "json")
    os.close(reading)
    ruleset = json.loads(outcome.out)["summary"]["ruleset"]
    assert (ruleset["path"], ruleset["sha256"], ruleset["rules"]) == (f"/dev/fd/{reading}", None, 5)


def test_replay_runs_the_mode_that_was_asked_for(invoke: Invoke, demo: Path) -> None:
    stateful = invoke("replay", "demo.pcap", "-r", "demo.yaml", "-q")
    assert stateful.lines == ["Stateful mode admits 10 of 16 packets: 6 dropped."]
    stateless = invoke("replay", "demo.pcap", "-r", "demo.yaml", "--mode", "stateless", "-q")
    assert stateless.lines == ["Stateless mode admits 16 of 16 packets."]
    assert "staff web" in invoke("replay", "demo.pcap", "-r", "demo.yaml").lines[0]


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        (["-Y", "stateless.verdict==accept and stateful.verdict!=accept"], CUT),
        (["-Y", "src in 198.51.100.0/24 and not proto==tcp"], [12, 13]),
        (["--from", "+7"], [13, 14, 15, 16]),
        (["--from", "2026-03-02T08:00:04", "--to", "2026-03-02T09:00:05+01:00"], [7, 8]),
        (["--to", "1772438403.021"], [1, 2, 3]),
        (["--to", "+0"], [1]),
        (["-c", "5"], [1, 2, 3, 4, 5]),
        (["-Y", "n==999"], []),
    ],
)
def test_selection_chooses_what_is_shown_but_not_what_is_tracked(
    invoke: Invoke, demo: Path, selection: list[str], numbers: list[int]
) -> None:
    whole = {
        record["n"]: record
        for record in records(invoke("compare", "demo.pcap", "-r", "demo.yaml", "--format", "jsonl").out)
    }
    found = records(invoke("compare", "demo.pcap", "-r", "demo.yaml", "--format", "jsonl", *selection).out)
    assert [record["n"] for record in found] == numbers
    assert all(whole[record["n"]] == record for record in found)


def test_selection_is_counted_and_told(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("compare", "demo.pcap", "-r", "demo.yaml", "-Y", "evidence")
    assert outcome.lines[0] == "demo.pcap  16 packets, 1 connection"
    assert outcome.lines[1].startswith("selected   7 packets, ")
    assert outcome.lines[1].endswith(", by -Y evidence")
    assert "Of the selected packets: keeping state changed 6 verdicts" in outcome.out
    assert "all selected                         7           7          1" in outcome.lines
    assert "(all packets); rules tried per selected packet" in outcome.out
    assert "out of state                         7           7          1" in outcome.lines


@pytest.mark.parametrize(
    ("kind", "first"), [("source", "198.51.100.66"), ("port", "tcp/51822"), ("rule", "forward: broken")]
)
def test_by_shows_where_the_modes_differ_most(invoke: Invoke, demo: Path, kind: str, first: str) -> None:
    rows = list(
        csv.DictReader(invoke("compare", "demo.pcap", "-r", "demo.yaml", "--by", kind, "--format", "csv").lines)
    )
    assert sum(int(row["packets"]) for row in rows) == 16
    assert sum(int(row["differ"]) for row in rows) == 6
    assert rows[0][kind] == first
    text = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--by", kind, "--top", "1")
    assert any(line.startswith(f"by {kind}") for line in text.lines)
    assert any(line.split()[1:2] == ["others"] for line in text.lines)


def test_output_goes_to_the_file_and_nothing_to_standard_output(invoke: Invoke, demo: Path) -> None:
    expected = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--format", "jsonl").out
    outcome = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--format", "jsonl", "-o", "out.jsonl")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    assert (demo / "out.jsonl").read_text() == expected


@pytest.mark.parametrize("target", ["demo.pcap", "demo.yaml", "missing/out"])
def test_output_over_an_input_or_to_nowhere_is_refused(invoke: Invoke, demo: Path, target: str) -> None:
    before = (demo / "demo.pcap").read_bytes()
    outcome = invoke("compare", "demo.pcap", "-r", "demo.yaml", "-o", target)
    assert outcome.status == 2
    assert outcome.err.startswith(f"error: {target}: ")
    assert (demo / "demo.pcap").read_bytes() == before


def test_several_captures_are_read_one_after_the_other(invoke: Invoke, demo: Path) -> None:
    (demo / "again.pcap").write_bytes((demo / "demo.pcap").read_bytes())
    found = records(invoke("compare", "demo.pcap", "again.pcap", "-r", "demo.yaml", "--format", "jsonl").out)
    assert [(record["file"], record["n"]) for record in found] == [
        (name, number) for name in ("demo.pcap", "again.pcap") for number in range(1, 17)
    ]


def test_named_inputs_are_merged_and_tell_the_interface(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("compare", "--in", "lan=demo.pcap", "-r", "demo.yaml", "--format", "jsonl")
    assert outcome.status == 0
    assert [record["n"] for record in records(outcome.out)] == list(range(1, 17))


def test_settings_change_what_happens(invoke: Invoke, demo: Path) -> None:
    def dropped(*options: str) -> list[object]:
        found = records(invoke("replay", "demo.pcap", "-r", "demo.yaml", "--format", "jsonl", *options).out)
        return [record["n"] for record in found if record["verdict"] != "accept"]

    assert dropped() == CUT
    liberal = dropped("--set", "conntrack.tcp_be_liberal=1")
    assert 9 not in liberal
    assert 10 not in liberal
    (demo / "sysctl").write_text("kernel.x = 1\nnet.netfilter.nf_conntrack_tcp_be_liberal = 1\n")
    assert dropped("--sysctl", "sysctl") == liberal
    assert dropped("--sysctl", "sysctl", "--set", "conntrack.tcp_be_liberal=0") == CUT
    assert dropped("--interface", "lan=192.168.0.0/16") == list(range(1, 17))


def test_stateless_rules_by_hand_replace_the_twin(invoke: Invoke, demo: Path) -> None:
    (demo / "acl.yaml").write_text("policy: drop\nrules:\n  - {name: all tcp, proto: tcp, verdict: accept}\n")
    options = ["compare", "demo.pcap", "-r", "demo.yaml", "--stateless-rules", "acl.yaml"]
    found = records(invoke(*options, "--format", "jsonl").out)
    assert {record["stateless"]["rule"] for record in found} == {"all tcp", "policy"}  # type: ignore[index]
    text = invoke(*options)
    assert "acl.yaml   instead of it in stateless mode" in text.lines
    assert "--stateless-rules acl.yaml" in text.lines[-1]


def test_seed_changes_no_result(invoke: Invoke, demo: Path) -> None:
    outputs = {
        invoke("compare", "demo.pcap", "-r", "demo.yaml", "--format", "jsonl", "--seed", seed).out for seed in (1, 2, 3)
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_jobs_change_no_result(invoke: Invoke, demo: Path, form: str) -> None:
    outcomes = [
        invoke("compare", "demo.pcap", "-r", "demo.yaml", "--format", form, "--jobs", jobs) for jobs in (1, 2, 5)
    ]
    assert len({outcome.out for outcome in outcomes}) == 1
    assert [(outcome.status, outcome.err) for outcome in outcomes] == [(0, "")] * 3


@pytest.mark.parametrize(
    ("rules", "because"),
    [
        ("rules:\n  - {limit: 1/hour, verdict: accept}\n", "a rule counts the packets of all connections together"),
        ("conntrack: {max: 2}\npolicy: accept\n", "the connection table may fill up"),
    ],
)
def test_it_is_told_why_there_is_one_shard_only(invoke: Invoke, demo: Path, rules: str, because: str) -> None:
    (demo / "one.yaml").write_text(rules)
    alone, shared = (invoke("compare", "demo.pcap", "-r", "one.yaml", "--jobs", jobs) for jobs in (1, 2))
    assert alone.out == shared.out
    assert alone.err == ""
    assert shared.err.startswith(f"note: --jobs 2: connections were tracked in one shard, because {because}")


@pytest.mark.parametrize("jobs", ["0", "65", "x"])
def test_an_impossible_number_of_jobs_is_a_wrong_request(invoke: Invoke, demo: Path, jobs: str) -> None:
    outcome = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--jobs", jobs)
    assert outcome.status == 2
    assert "--jobs" in outcome.err


def test_without_a_ruleset_one_is_guessed_and_printed_to_be_copied(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("compare", "demo.pcap")
    assert outcome.status == 0
    begin = next(number for number, line in enumerate(outcome.lines) if line.startswith("  #"))
    end = outcome.lines.index("", begin)
    copied = "\n".join(line[2:] for line in outcome.lines[begin:end])
    assert "10.1.4.0/24" in copied
    (demo / "copied.yaml").write_text(copied)
    again = invoke("compare", "demo.pcap", "-r", "copied.yaml", "-q")
    assert again.lines == [line for line in outcome.lines if line.startswith("Keeping state")]


def test_a_capture_that_has_nothing_to_do_with_the_ruleset_leads_to_options_that_fit(
    invoke: Invoke, demo: Path
) -> None:
    (demo / "other.yaml").write_text((demo / "demo.yaml").read_text().replace("10.1.0.0/16", "192.168.77.0/24"))
    outcome = invoke("compare", "demo.pcap", "-r", "other.yaml")
    assert outcome.status == 0
    assert outcome.lines[0].startswith("only 0 of 16 packets concern")
    option = outcome.lines[0].partition("; try ")[2]
    assert option == "--interface lan=10.1.4.0/24"
    assert "6 packets blocked" in invoke("compare", "demo.pcap", "-r", "other.yaml", *option.split()).out
    machine = invoke("compare", "demo.pcap", "-r", "other.yaml", "--format", "jsonl")
    assert machine.err.startswith("note: only 0 of 16 packets")
    assert len(records(machine.out)) == 16
    lines = invoke("replay", "demo.pcap", "-r", "other.yaml").lines
    assert lines[0].startswith("note: only 0 of 16 packets")


def test_a_host_ruleset_without_local_addresses_leads_to_local(invoke: Invoke, demo: Path) -> None:
    (demo / "host.yaml").write_text(
        "chains:\n  input:\n    hook: input\n    policy: drop\n"
        "    rules: [{name: replies, ct_state: established, verdict: accept}]\n"
    )
    outcome = invoke("compare", "demo.pcap", "-r", "host.yaml")
    assert "--local 10.1.4.23" in outcome.lines[0]
    assert "no chain" in outcome.out
    fitting = invoke("compare", "demo.pcap", "-r", "host.yaml", "--local", "10.1.4.23")
    assert "--local" not in fitting.lines[0]


def test_a_cut_off_capture_yields_what_could_be_read_and_status_2(invoke: Invoke, demo: Path) -> None:
    (demo / "cut.pcap").write_bytes((demo / "demo.pcap").read_bytes()[:700])
    outcome = invoke("compare", "cut.pcap", "-r", "demo.yaml", "--format", "json")
    assert outcome.status == 2
    assert outcome.err.startswith("warning: cut.pcap: ")
    whole = json.loads(outcome.out)
    assert whole["summary"]["complete"] is False
    assert whole["counts"]["frames"] == 4


def test_an_unknown_verdict_gives_status_3(invoke: Invoke, demo: Path) -> None:
    (demo / "unknown.yaml").write_text(
        "interfaces: {lan: {networks: [10.9.0.0/16]}}\npolicy: drop\nrules: [{name: odd, iif: lan, verdict: accept}]\n"
    )
    outcome = invoke("compare", "demo.pcap", "-r", "unknown.yaml", "-q")
    assert outcome.status == 3
    hanging = 'hang on an interface that is not known, first packet 1, asked for by rule "odd" (unknown.yaml:3)'
    assert outcome.err.startswith(f"unknown: 16 packets {hanging}; --interface NAME=CIDR or ")
    selected = invoke("replay", "demo.pcap", "-r", "unknown.yaml", "-q", "-Y", "n==99")
    assert (selected.status, selected.err) == (0, "")


@pytest.mark.parametrize(
    ("name", "content"),
    [("text.pcap", b"hello\n"), ("empty.pcap", b""), ("missing.pcap", None)],
)
def test_what_is_no_capture_is_one_line_and_status_2(
    invoke: Invoke, demo: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (demo / name).write_bytes(content)
    outcome = invoke("compare", name, "-r", "demo.yaml")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {name}: ")
    assert outcome.err.count("\n") == 1


def test_a_directory_is_no_capture(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("compare", ".", "-r", "demo.yaml")
    assert (outcome.status, outcome.err) == (2, "error: .: is a directory, expected a capture file\n")


def test_every_mistake_in_a_ruleset_is_told_with_its_place(invoke: Invoke, demo: Path) -> None:
    (demo / "bad.yaml").write_text("polcy: drop\nrules:\n  - {prot: tcp}\n  - {dport: 99999, proto: tcp}\n")
    outcome = invoke("compare", "demo.pcap", "-r", "bad.yaml")
    assert (outcome.status, outcome.out) == (2, "")
    assert len(outcome.err.splitlines()) >= 3
    assert all(line.startswith("error: bad.yaml:") for line in outcome.err.splitlines())


def test_a_mistake_in_the_expression_is_told_before_anything_is_read(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("compare", "missing.pcap", "-r", "demo.yaml", "-Y", "statefull.verdict==drop")
    told = "no field is called 'statefull.verdict': did you mean stateful.verdict?"
    assert outcome.err == f"error: -Y, column 1: {told}\n"


def test_a_selection_by_time_is_told_too(invoke: Invoke, demo: Path) -> None:
    replayed = invoke("replay", "demo.pcap", "-r", "demo.yaml", "--from", "+0", "--to", "2030-01-01")
    assert "by --from +0 --to 2030-01-01" in replayed.out
    assert "of 16 selected packets" in replayed.out


def test_quiet_and_verbose_are_refused_together(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("compare", "demo.pcap", "-r", "demo.yaml", "-q", "-v")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: -q (the answer only) and -v")


def test_packets_at_a_hook_without_a_chain_are_told(invoke: Invoke, demo: Path) -> None:
    (demo / "host.yaml").write_text("chains: {in: {hook: input, policy: drop}}\n")
    outcome = invoke("compare", "demo.pcap", "-r", "host.yaml", "-Y", "n <= 3")
    assert "note: no chain at forward: 3 selected packets accepted without a rule" in outcome.lines
    forwarding = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--local", "10.1.4.20")
    assert "note: no chain at forward" not in forwarding.out


def test_an_interface_that_is_not_declared_is_refused_with_the_nearest(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("compare", "--in", "wann=demo.pcap", "-r", "demo.yaml")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == "error: --in wann=demo.pcap: unknown interface 'wann', did you mean 'wan'?\n"


def test_where_no_interface_is_declared_any_name_will_do(invoke: Invoke, demo: Path) -> None:
    (demo / "open.yaml").write_text("policy: drop\nrules: [{iif: eth7, verdict: accept}]\n")
    new = invoke("compare", "--in", "eth7=demo.pcap", "-r", "open.yaml")
    assert new.status == 0
    assert "both modes admit 16 of 16 packets" in new.out  # the rule matches the interface that they were seen on
    assert "expected the name of an interface" in invoke("compare", "--in", "a*=demo.pcap", "-r", "open.yaml").err
    declared = invoke("compare", "--in", "eth7=demo.pcap", "-r", "open.yaml", "--interface", "eth8=10.0.0.0/8")
    assert (declared.status, "unknown interface 'eth7'" in declared.err) == (2, True)
    assert invoke("compare", "--in", "eth7=demo.pcap").status == 0


def test_a_host_policy_is_guessed_for_a_local_address(invoke: Invoke, demo: Path) -> None:
    text = invoke("compare", "demo.pcap", "--local", "10.1.4.20").out
    assert "  local: [10.1.4.20]" in text.splitlines()
    assert "input policy drop" in text
    bad = invoke("compare", "demo.pcap", "--local", "10.1.4")
    assert (bad.status, bad.err.startswith("error: --local 10.1.4: ")) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-r", "missing.yaml"], "error: missing.yaml: no such file"),
        (["-r", "demo.yaml", "--set", "conntrack.max=x"], "error: --set conntrack.max=x: expected a number"),
        (["-r", "demo.yaml", "--interface", "lan=10"], "error: --interface lan=10: expected"),
    ],
)
def test_files_and_options_are_complained_of_without_a_place(
    invoke: Invoke, demo: Path, arguments: list[str], told: str
) -> None:
    outcome = invoke("compare", "demo.pcap", *arguments)
    assert (outcome.status, outcome.err.startswith(told)) == (2, True), outcome.err


def test_a_construct_in_an_included_file_is_named_with_that_file(tmp_path: Path, invoke: Invoke) -> None:
    rules = "table ip t {\n chain f { type filter hook forward priority 0;\n\n meta random 4 drop\n }\n}\n"
    (tmp_path / "more.nft").write_text(rules)
    (tmp_path / "main.nft").write_text('include "./more.nft"\n')
    outcome = invoke("compare", PCAPS / "handshake.pcapng", "-r", tmp_path / "main.nft")
    assert outcome.status == 3
    assert "meta random 4" in outcome.err
    assert "more.nft:4)" in outcome.err


def test_interfaces_that_only_the_stateless_ruleset_names_are_known(invoke: Invoke, demo: Path) -> None:
    chain = "table inet f {\n chain c {\n  type filter hook forward priority 0; policy drop;\n"
    Path("state.nft").write_text(f"{chain}  ct state established accept\n  tcp flags syn accept\n }}\n}}\n")
    Path("acl.nft").write_text(f'{chain}  iifname "wan" drop\n  iifname "lan" accept\n }}\n}}\n')
    outcome = invoke(
        "compare", PCAPS / "handshake.pcapng", "-r", "state.nft", "--stateless-rules", "acl.nft", "--format", "jsonl"
    )
    assert outcome.status == 0
    assert [json.loads(line)["stateless"]["verdict"] for line in outcome.lines][:2] == ["accept", "drop"]


def test_two_rulesets_are_one_too_many(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("compare", "demo.pcap", "-r", "rules.v4", "-r", "rules.v6")
    assert (outcome.status, outcome.out) == (2, "")
    assert "'-r' / '--rules': given 2 times (rules.v4, rules.v6), expected once: rules for IPv4 and" in outcome.err


def test_rules_without_a_name_are_quoted_and_of_chains_at_one_hook_the_strictest_policy_is_told(
    invoke: Invoke, demo: Path
) -> None:
    hook = "type filter hook forward priority"
    Path("rules.nft").write_text(
        f"table inet f {{\n chain a {{\n  {hook} 0; policy accept;\n"
        "  ct state established counter packets 12 bytes 345 accept\n }\n"
        f" chain b {{\n  {hook} 1; policy drop;\n"
        "  tcp dport { 80, 443 } ip saddr 10.1.0.0/16 ip daddr 203.0.113.0/24 accept\n }\n}\n"
    )
    outcome = invoke("compare", "demo.pcap", "-r", "rules.nft")
    assert outcome.lines[1] == "rules.nft  2 rules, forward policy drop"
    assert "  ct state established counter accept" in outcome.out
    assert "  tcp dport { 80, 443 } ip saddr 10.1.0.0/16 ip daddr 203.0..." in outcome.out


def test_a_ruleset_from_standard_input_is_called_so(
    invoke: Invoke, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path("demo.yaml").read_bytes())))
    outcome = invoke("compare", "demo.pcap", "-r", "-")
    assert outcome.lines[1].startswith("(standard input)  ")
    assert outcome.lines[-1].endswith("(with the ruleset on standard input again)")


NAT = """\
table ip nat {
  chain post { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
}
table inet f {
  chain in { type filter hook input priority filter; policy drop; ct state established accept; }
}
"""


def test_an_ipv6_packet_misses_no_chain_where_only_ipv4_is_translated(invoke: Invoke, tmp_path: Path) -> None:
    """What it misses is a chain where it is filtered."""
    (tmp_path / "nat.nft").write_text(NAT)
    capture = str(Path(__file__).parent.parent.parent / "pcaps" / "v6-router.pcapng")
    words = ["--interface", "lan=fd00:1::/64", "--interface", "wan=any"]
    outcome = invoke("replay", capture, "-r", str(tmp_path / "nat.nft"), *words)
    notes = [line for line in outcome.lines if line.startswith("note: no chain")]
    assert notes == ["note: no chain at forward: 21 packets accepted without a rule"]


def test_rules_that_translate_say_how_many_connections_they_were_asked_for(invoke: Invoke) -> None:
    """They decide nothing, and are none of the rules that do."""
    recorded = Path(__file__).parent.parent / "parity" / "nat" / "captures"
    given = [str(recorded / "dnat-forward" / name) for name in ("both.pcapng.gz", "rules.nft")]
    given = [given[0], "-r", given[1], "--topology", str(recorded / "addr.json")]
    found = json.loads(invoke("compare", *given, "--format", "json").out)
    assert [(one["line"], one["connections"]) for one in found["translations"]] == [
        (23, 1), (24, 1), (25, 1), (26, 1), (30, 1)
    ]  # fmt: skip
    table = [line for line in invoke("compare", *given).lines if "dnat to" in line]
    assert [line.split()[3:6] for line in table] == [
        ["1", "23", "1"],
        ["2", "24", "1"],
        ["3", "25", "1"],
        ["4", "26", "1"],
    ]
    alone = json.loads(invoke("replay", *given, "--mode", "stateless", "--format", "json").out)
    assert alone["translations"] == []


# --- what state costs ------------------------------------------------------------------------------------------------


def without_machine(whole: dict[str, Any]) -> dict[str, Any]:
    """What compare --resources adds, but for what hangs on the machine; the rest is left in `whole`."""
    resources: dict[str, Any] = whole.pop("resources")
    del resources["this_machine"]
    return resources


def test_resources_are_added_and_change_nothing_else(invoke: Invoke, demo: Path) -> None:
    plain, priced = (invoke("compare", "demo.pcap", "-r", "demo.yaml", *more) for more in ([], ["--resources"]))
    lines = [line for line in priced.lines if not line.startswith(MACHINE)]
    at = lines.index("What state costs, and what it buys")
    assert lines[:at] == plain.lines[:at]
    assert lines[-1] == plain.lines[-1]
    assert lines[at + 1].startswith("connections   1 opened: ")
    assert "state blocks  6 packets that stateless admits: 6 out of state" in lines


def test_resources_as_json_fit_their_schema_and_leave_the_rest_as_it_is(invoke: Invoke) -> None:
    command = ["compare", PCAPS / "office.pcapng", "-r", PCAPS.parent / "rulesets" / "office.yaml", "--format", "json"]
    plain, priced = (json.loads(invoke(*command, *more).out) for more in ([], ["--resources"]))
    jsonschema.validate(priced["resources"], json.loads(invoke("schema", "resources").out))
    resources = without_machine(priced)
    assert priced == plain
    last = resources["connections"]["points"][-1]
    assert (last["opened"], resources["connections"]["peak"]) == (444, plain["counts"]["peak_connections"])
    assert resources["state_blocks"]["packets"] == plain["counts"]["changed"]["blocked"]
    assert resources["state_admits"]["packets"] == plain["counts"]["changed"]["admitted"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--format", "jsonl"], "--resources is part of the summary: expected --format text or json, not jsonl"),
        (["-q"], "-q (the answer only) and --resources exclude each other"),
    ],
)
def test_resources_where_there_is_no_summary_are_refused(
    invoke: Invoke, demo: Path, options: list[str], complaint: str
) -> None:
    outcome = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--resources", *options)
    assert (outcome.status, outcome.out) == (2, "")
    assert complaint in outcome.err


def test_resources_are_digits_where_the_terminal_has_no_bars(
    demo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", narrow)
    assert run(["compare", "demo.pcap", "-r", "demo.yaml", "--resources"]) == 0
    narrow.seek(0)
    (live,) = (line for line in narrow.read().splitlines() if line.startswith("live "))
    assert "9" in live
