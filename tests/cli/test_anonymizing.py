"""`convert --anonymize`: a capture and its ruleset for everybody to see, decided as the originals are."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Invoke

ROOT = Path(__file__).parent.parent.parent


def test_capture_and_ruleset_are_decided_as_the_originals(invoke: Invoke, demo: Path) -> None:
    anonymous = ("convert", "--anonymize", "--key", "secret")
    first = invoke(*anonymous, "demo.yaml", "-o", "anonymous.yaml")
    assert first.status == 0
    assert "a new key was made" in first.err
    assert (demo / "secret").stat().st_mode & 0o077 == 0
    assert invoke(*anonymous, "demo.pcap", "-r", "demo.yaml", "-o", "anonymous.pcapng").status == 0
    before = [json.loads(line) for line in invoke("compare", "demo.pcap", "-r", "demo.yaml", "--format", "jsonl").lines]
    command = ("compare", "anonymous.pcapng", "-r", "anonymous.yaml", "--format", "jsonl")
    after = [json.loads(line) for line in invoke(*command).lines]
    moved = {"file", "src", "dst", "line"}
    for one, other in zip(before, after, strict=True):
        for record in (one, other):
            for part in (record, record["stateless"], record["stateful"]):
                for name in moved & set(part):
                    del part[name]
        assert one == other


def test_the_same_key_gives_the_same_bytes_and_none_gives_others(invoke: Invoke, demo: Path) -> None:
    (demo / "secret").write_bytes(bytes(range(32)))
    for name in ("one", "two"):
        invoke("convert", "demo.pcap", "--anonymize", "--key", "secret", "-o", name)
    assert (demo / "one").read_bytes() == (demo / "two").read_bytes()
    outcome = invoke("convert", "demo.pcap", "--anonymize", "-o", "three")
    assert "drawn at random" in outcome.err
    assert (demo / "three").read_bytes() != (demo / "one").read_bytes()


def test_an_nft_ruleset_stays_one_and_the_options_are_told(invoke: Invoke, demo: Path) -> None:
    (demo / "secret").write_bytes(bytes(32))
    (demo / "r.nft").write_text("table ip t {\nchain c {\nip saddr 203.0.113.5 accept\n}\n}\n")
    outcome = invoke("convert", "r.nft", "--anonymize", "--key", "secret", "--interface", "eth0=203.0.113.0/24")
    assert outcome.status == 0
    assert "table ip t" in outcome.out
    assert "203.0.113.5" not in outcome.out
    assert "--interface eth0=" in outcome.err


def test_what_does_not_go_together_is_refused(invoke: Invoke, demo: Path) -> None:
    (demo / "short").write_bytes(b"short")
    for arguments in (
        ("demo.pcap", "--key", "secret"),
        ("demo.yaml", "-r", "demo.yaml", "--to", "nft"),
        ("demo.yaml", "--anonymize", "-r", "demo.yaml"),
        ("demo.pcap", "--anonymize", "--to", "nft"),
        ("demo.pcap", "--anonymize", "--key", "short"),
        ("demo.pcap", "--anonymize", "--key", "no/such/folder"),
        ("demo.yaml",),
        ("missing", "--anonymize", "--key", "short"),
    ):
        outcome = invoke("convert", *arguments)
        assert (outcome.status, outcome.out) == (2, ""), arguments
        assert outcome.err.splitlines()[-1].startswith("error: ")


def test_a_capture_without_its_ruleset_says_what_may_change(invoke: Invoke, demo: Path) -> None:
    (demo / "secret").write_bytes(bytes(32))
    outcome = invoke("convert", "demo.pcap", "--anonymize", "--key", "secret", "-o", "out")
    assert "broadcast" in outcome.err


def test_rules_that_read_what_becomes_zeros_are_told(invoke: Invoke, demo: Path) -> None:
    (demo / "secret").write_bytes(bytes(32))
    rules = "tcp option @34,16,16 7 drop\n" * 12
    (demo / "r.nft").write_text(f"table ip t {{\nchain c {{\n{rules}}}\n}}\n")
    for arguments in (("r.nft",), ("demo.pcap", "-r", "r.nft", "-o", "out.pcapng")):
        outcome = invoke("convert", *arguments, "--anonymize", "--key", "secret")
        assert outcome.status == 0
        assert "note: r.nft:3: what the TCP option fastopen holds is read, which a mapped capture has as" in outcome.err
        assert "2 rules more read such" in outcome.err
