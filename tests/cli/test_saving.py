"""`replay --save`: a baseline that says what it was made of, the same bytes each time."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path

from fwsim.baseline.stored import Baseline
from tests.cli.conftest import Invoke


def test_a_baseline_names_capture_ruleset_and_options(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("replay", "demo.pcap", "-r", "demo.yaml", "--set", "conntrack.tcp_loose=0", "--save", "kept")
    assert outcome.status == 0
    with Baseline("kept") as kept:
        digest = hashlib.sha256((demo / "demo.pcap").read_bytes()).hexdigest()
        assert kept.about.captures == [("demo.pcap", digest)]
        assert kept.about.ruleset == "demo.yaml"
        assert kept.about.digest == hashlib.sha256((demo / "demo.yaml").read_bytes()).hexdigest()
        assert list(kept.about.options) == ["--set"]
        assert kept.packets == 16


def test_it_holds_the_decisions_of_the_run(invoke: Invoke, demo: Path) -> None:
    for mode in ("stateful", "stateless"):
        command = ["replay", "demo.pcap", "-r", "demo.yaml", "--mode", mode, "--format", "jsonl"]
        records = [json.loads(line) for line in invoke(*command, "--save", mode).lines]
        with Baseline(mode) as kept:
            kinds, connections, _ = kept.take(100)
            found = [kept.kinds[number].record() for number in kinds.tolist()]
        for record, one, connection in zip(records, found, connections.tolist(), strict=True):
            assert {name: record[name] for name in one if name in record} == {
                name: value for name, value in one.items() if name in record
            }
            assert record["connection"] == (connection or None)


def test_the_same_run_gives_the_same_bytes(invoke: Invoke, demo: Path) -> None:
    for name, seed in (("one", 1), ("two", 2)):
        invoke("replay", "demo.pcap", "-r", "demo.yaml", "-q", "--save", name)
        assert seed
    assert (demo / "one").read_bytes() == (demo / "two").read_bytes()
    invoke("replay", "demo.pcap", "-r", "demo.yaml", "-q", "--jobs", "2", "--save", "two")
    assert (demo / "one").read_bytes() == (demo / "two").read_bytes()


def test_part_of_a_file_is_told_by_its_option(invoke: Invoke, demo: Path) -> None:
    assert invoke("replay", "demo.pcap", "-r", "demo.yaml", "-q", "-c", "3", "--save", "kept").status == 0
    with Baseline("kept") as kept:
        assert (kept.packets, kept.about.options) == (3, {"-c": "3"})


def test_what_cannot_be_written_or_kept_is_refused(invoke: Invoke, demo: Path) -> None:
    command = ["replay", "demo.pcap", "-r", "demo.yaml"]
    assert invoke(*command, "--save", "demo.pcap").status == 2
    assert invoke(*command, "--save", "no/such").status == 2
    refused = invoke(*command, "--save", "kept", "--checkpoint", "point")
    assert (refused.status, "--save" in refused.err) == (2, True)
    assert not (demo / "kept").exists()


def test_a_link_to_a_baseline_stays_one_when_it_is_saved_or_updated(invoke: Invoke, demo: Path) -> None:
    (demo / "real").touch()
    (demo / "link").symlink_to("real")
    command = ["demo.pcap", "-r", "demo.yaml", "-q"]
    assert invoke("replay", *command, "--save", "link").status == 0
    first = (demo / "real").read_bytes()
    (demo / "demo.yaml").write_text((demo / "demo.yaml").read_text().replace("staff web", "web"))
    assert invoke("compare", *command, "--against", "link", "--update").status == 0
    assert (demo / "link").is_symlink()
    assert (demo / "real").read_bytes() != first
    with Baseline("real") as kept:
        assert kept.packets == 16


def test_a_pipe_takes_a_baseline_and_stays_one(invoke: Invoke, demo: Path) -> None:
    os.mkfifo("pipe")
    taken: list[bytes] = []
    reading = threading.Thread(target=lambda: taken.append((demo / "pipe").read_bytes()))
    reading.start()
    assert invoke("replay", "demo.pcap", "-r", "demo.yaml", "-q", "--save", "pipe").status == 0
    reading.join()
    assert (demo / "pipe").is_fifo()
    (demo / "kept").write_bytes(taken[0])
    with Baseline("kept") as kept:
        assert kept.packets == 16


def test_two_outputs_do_not_share_a_file_and_a_baseline_is_no_stream(invoke: Invoke, demo: Path) -> None:
    command = ["replay", "demo.pcap", "-r", "demo.yaml", "-q"]
    for more, said in (
        (["--save", "q", "--state-out", "q"], "--save q and --state-out q cannot go to the same place"),
        (["--save", "q", "-o", "q"], "-o q and --save q cannot go to the same place"),
        (["--save", "q", "-w", "./q"], "-w ./q and --save q cannot go to the same place"),
        (["--state-out", "q", "-w", "q"], "-w q and --state-out q cannot go to the same place"),
        (["--save", "-"], "--save: a baseline is read again, expected a file"),
        (["--state-in", "kept", "--save", "kept"], "kept: is read and cannot be written"),
    ):
        (demo / "kept").write_text('{"format": "fwsim connections", "version": 1, "at": "1", "connections": []}')
        outcome = invoke(*command, *more)
        assert (outcome.status, said in outcome.err) == (2, True), outcome.err
    assert {path.name for path in demo.iterdir()} == {"demo.pcap", "demo.yaml", "kept"}
