"""`conntrack`: the table and its events, in between too."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import pytest

from fwsim.capture import Captures
from fwsim.cli.streams import Compiling
from fwsim.compiling import Switch, Tell
from tests.cli.conftest import Invoke

TUPLES = "src=10.1.4.23 dst=203.0.113.80 sport=51822 dport=443 {}src=203.0.113.80 dst=10.1.4.23 sport=443 dport=51822"


def test_table_at_the_end(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("conntrack", "demo.pcap", "-r", "demo.yaml")
    assert outcome.status == 0
    assert outcome.lines == [f"tcp      6 120 TIME_WAIT {TUPLES.format('')} [ASSURED] mark=0 use=1"]
    assert outcome.err == "1 connection at 2026-03-02 08:00:11 UTC\n"


@pytest.mark.parametrize("options", [[], ["--events"], ["--format", "json"], ["-Y", "dport==443"]])
def test_an_unknown_verdict_ends_with_status_3_as_in_a_replay(
    invoke: Invoke, demo: Path, tmp_path: Path, options: list[str]
) -> None:
    rules = tmp_path / "edge.nft"
    rules.write_text("table ip f {\nchain c {\ntype filter hook forward priority 0; meta cpu 1 drop\n}\n}\n")
    replayed = invoke("replay", "demo.pcap", "-r", str(rules))
    outcome = invoke("conntrack", "demo.pcap", "-r", str(rules), *options)
    assert (outcome.status, replayed.status) == (3, 3)
    (told,) = [line for line in outcome.err.splitlines() if line.startswith("unknown: ")]
    assert told in replayed.err.splitlines()


def test_the_table_of_several_shards_is_the_same(invoke: Invoke, demo: Path) -> None:
    alone, shared = (invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "-v", "--jobs", jobs) for jobs in (1, 3))
    assert (alone.out, alone.err) == (shared.out, shared.err)


def test_events_are_those_of_one_shard_and_that_is_told(invoke: Invoke, demo: Path) -> None:
    alone, shared = (invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "-E", "--jobs", jobs) for jobs in (1, 2))
    assert alone.out == shared.out
    because = "the connection table is looked at packet by packet"
    assert shared.err == f"note: --jobs 2: connections were tracked in one shard, because {because}\n"


def test_table_right_after_a_packet(invoke: Invoke, demo: Path) -> None:
    def state(after: str) -> list[str]:
        return [line.split()[3] for line in invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "--after", after).lines]

    assert [state(str(number)) for number in (1, 2, 3, 14)] == [
        ["SYN_SENT"],
        ["SYN_RECV"],
        ["ESTABLISHED"],
        ["FIN_WAIT"],
    ]
    assert state("demo.pcap:15") == ["LAST_ACK"]


def test_table_at_a_time_counts_the_timeouts_down(invoke: Invoke, demo: Path) -> None:
    def at(time: str) -> list[str]:
        return [line.split()[2] for line in invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "--at", time).lines]

    assert at("+0") == ["120"]
    assert at("+0.019") == ["119"]
    assert at("+128.020") == ["0"]
    assert at("+128.021") == []
    assert at("2026-03-02T08:00:03.020") == ["60"]


@pytest.mark.parametrize("also", [[], ["-E"], ["--format", "json"]])
def test_a_time_before_the_first_packet_is_told(invoke: Invoke, demo: Path, also: list[str]) -> None:
    """A number alone is a time since 1970, and hardly meant as one."""
    asked = invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "--at", "5", *also)
    assert (asked.status, asked.err.splitlines()[0]) == (
        0,
        "note: --at 5 is before the first packet (2026-03-02 08:00:03 UTC): "
        "+5 is 5 s into the capture, --after 5 is right after packet 5",
    )
    assert "note" not in invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "--at", "+0", *also).err


def test_json_names_the_packets(invoke: Invoke, demo: Path) -> None:
    (connection,) = json.loads(invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "--format", "json").out)
    assert connection["original"] == {"src": "10.1.4.23", "dst": "203.0.113.80", "sport": 51822, "dport": 443}
    assert (connection["opened_by"]["n"], connection["last_seen_in"]["n"]) == (1, 16)
    verbose = invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "-v")
    assert verbose.lines[0].endswith("# connection 1, opened by packet 1, last seen in 16")


def test_events_come_in_the_order_of_the_packets(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "--events")
    unreplied, assured = TUPLES.format("[UNREPLIED] "), TUPLES.format("") + " [ASSURED]"
    assert outcome.lines == [
        f"    [NEW] tcp      6 120 SYN_SENT {unreplied}",
        f" [UPDATE] tcp      6 60 SYN_RECV {TUPLES.format('')}",
        f" [UPDATE] tcp      6 432000 ESTABLISHED {assured}",
        f" [UPDATE] tcp      6 120 FIN_WAIT {assured}",
        f" [UPDATE] tcp      6 30 LAST_ACK {assured}",
        f" [UPDATE] tcp      6 120 TIME_WAIT {assured}",
    ]
    timed = invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "-E", "-v")
    assert timed.lines[1] == f"[1772438403.020000]\t{outcome.lines[1]}"


def test_a_connection_that_times_out_is_destroyed_without_time_left(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("conntrack", "demo.pcap", "demo.pcap", "-r", "demo.yaml", "-E")
    assert outcome.status == 0
    later = demo / "later.pcap"
    content = bytearray((demo / "demo.pcap").read_bytes())
    seconds = int.from_bytes(content[24:28], "little") + 1000
    content[24:28] = seconds.to_bytes(4, "little")
    later.write_bytes(content[: 24 + 16 + 40])
    lines = invoke("conntrack", "demo.pcap", "later.pcap", "-r", "demo.yaml", "-E").lines
    assert lines[-2] == f"[DESTROY] tcp      6 TIME_WAIT {TUPLES.format('')} [ASSURED]"
    assert lines[-1].startswith("    [NEW] tcp      6 120 SYN_SENT ")


def test_events_as_json_are_one_list(invoke: Invoke, demo: Path) -> None:
    events = json.loads(invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "-E", "--format", "json").out)
    assert [event["event"] for event in events] == ["new", *["update"] * 5]
    assert events[0]["ts"] == "1772438403.000000000"
    none = json.loads(invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "-E", "--format", "json", "--at", "+0").out)
    assert [event["event"] for event in none] == ["new"]


def test_no_events_are_an_empty_list(invoke: Invoke, demo: Path) -> None:
    (demo / "closed.yaml").write_text("policy: drop\nrules: [{name: x, ct_state: established, verdict: accept}]\n")
    outcome = invoke("conntrack", "demo.pcap", "-r", "closed.yaml", "-E", "--format", "json")
    assert json.loads(outcome.out) == []


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("", "no rule needs tracking, so the kernel does not track (tracking: on makes it track)"),
        ("tracking: off\n", "the ruleset says tracking: off"),
    ],
    ids=["auto", "off"],
)
def test_where_nothing_is_tracked_there_is_no_connection_and_no_event(
    invoke: Invoke, demo: Path, document: str, why: str
) -> None:
    asked = "ct_state: new" if document else "proto: tcp"
    (demo / "flat.yaml").write_text(f"{document}policy: accept\nrules: [{{name: x, {asked}, verdict: accept}}]\n")
    note = f"note: there is no connection table: {why}\n"
    table = invoke("conntrack", "demo.pcap", "-r", "flat.yaml")
    assert (table.status, table.out) == (0, "")
    assert table.err == f"{note}0 connections at 2026-03-02 08:00:11 UTC\n"
    events = invoke("conntrack", "demo.pcap", "-r", "flat.yaml", "-E")
    assert (events.status, events.out, events.err) == (0, "", note)
    for more in ((), ("-E",)):
        as_json = invoke("conntrack", "demo.pcap", "-r", "flat.yaml", "--format", "json", *more)
        assert (as_json.out, as_json.err) == ("[]\n", note)
    summary = json.loads(invoke("compare", "demo.pcap", "-r", "flat.yaml", "--format", "json").out)
    assert summary["connections"] == []


def test_tracking_on_has_a_table_even_if_no_rule_asks(invoke: Invoke, demo: Path) -> None:
    (demo / "on.yaml").write_text("tracking: on\npolicy: drop\nrules: [{name: x, proto: tcp, verdict: accept}]\n")
    outcome = invoke("conntrack", "demo.pcap", "-r", "on.yaml")
    assert len(outcome.lines) > 0
    assert "note:" not in outcome.err


def test_a_selection_shows_the_connections_that_a_selected_packet_belongs_to(invoke: Invoke, demo: Path) -> None:
    (demo / "on.yaml").write_text("tracking: on\npolicy: drop\nrules: [{name: x, proto: tcp, verdict: accept}]\n")
    whole = invoke("conntrack", "demo.pcap", "-r", "on.yaml").lines
    assert len(whole) == 2
    for expression, lines in (("dport==22", whole[1:]), ("n==3", whole[:1]), ("n==99", []), ("proto==tcp", whole)):
        assert invoke("conntrack", "demo.pcap", "-r", "on.yaml", "-Y", expression).lines == lines
    wrong = invoke("conntrack", "demo.pcap", "-r", "on.yaml", "-Y", "nonsense==1")
    assert wrong.err.startswith("error: -Y, column 1: ")


def test_a_selection_keeps_the_events_of_a_connection_before_its_selected_packet(invoke: Invoke, demo: Path) -> None:
    (demo / "on.yaml").write_text("tracking: on\npolicy: drop\nrules: [{name: x, proto: tcp, verdict: accept}]\n")
    whole = invoke("conntrack", "demo.pcap", "-r", "on.yaml", "-E").lines
    (other,) = [line for line in whole if "dport=22" in line]
    last = invoke("conntrack", "demo.pcap", "-r", "on.yaml", "-E", "-Y", "n==16").lines
    assert last == [line for line in whole if line != other]
    assert invoke("conntrack", "demo.pcap", "-r", "on.yaml", "-E", "-Y", "dport==22").lines == [other]


def test_a_packet_that_is_not_there_is_a_mistake(invoke: Invoke, demo: Path) -> None:
    for after, message in (
        ("99", "error: --after 99: the capture ends before it"),
        ("0", "error: --after 0: packets are numbered from 1"),
        ("x", "error: --after x: expected a packet's number, or FILE:NUMBER"),
        ("3-5", "error: --after 3-5: expected one packet, not a range"),
        ("other:3", "error: --after other:3: expected one of the captures demo.pcap"),
    ):
        outcome = invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "--after", after)
        assert outcome.status == 2
        assert outcome.err.startswith(message)


def test_a_damaged_capture_shows_what_was_read_and_gives_status_2(invoke: Invoke, demo: Path) -> None:
    (demo / "cut.pcap").write_bytes((demo / "demo.pcap").read_bytes()[:700])
    outcome = invoke("conntrack", "cut.pcap", "-r", "demo.yaml")
    assert outcome.status == 2
    assert len(outcome.lines) == 1
    assert "warning: cut.pcap: " in outcome.err


def test_rules_of_the_stateless_mode_are_refused(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("conntrack", "demo.pcap", "-r", "demo.yaml", "--stateless-rules", "demo.yaml")
    assert outcome.status == 2
    assert outcome.err == "error: conntrack runs the stateful mode alone: expected no --stateless-rules\n"


def test_compiling_is_told_of_as_everywhere(invoke: Invoke, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of a long capture was silent where `compare` says why it is slow."""
    told: list[object] = []

    class Watched(Switch):
        def __init__(self, captures: Captures, stop: Event, tell: Tell) -> None:
            told.append(tell)
            super().__init__(captures, stop, tell)

    monkeypatch.setattr("fwsim.result.Switch", Watched)
    assert invoke("conntrack", "demo.pcap", "-r", "demo.yaml").status == 0
    assert [type(tell) for tell in told] == [Compiling]
