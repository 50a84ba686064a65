"""The example captures: built again they are the same, their labels hold, and each mode does with them what is told."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import zstandard

from fwsim.capture import Input, open_captures
from fwsim.holding import in_order
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Batch, Simulator
from fwsim.terms import Evidence, Verdict, evidence_words, word
from pcaps import stories
from pcaps.build import CAPTURES, MADE_WITH, build
from tests.examples import RULESETS as EXAMPLES

ROOT = Path(__file__).parent.parent.parent
PCAPS, RULESETS = ROOT / "pcaps", ROOT / "rulesets"
COMPRESSED = {".gz": "zlib", ".zst": "zstd"}
INSTALLED = {"zlib": zlib.ZLIB_RUNTIME_VERSION, "zstd": ".".join(map(str, zstandard.ZSTD_VERSION))}


def content(path: Path) -> bytes:
    """The capture itself, unpacked."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().decompress(path.read_bytes())
    return path.read_bytes()


# --- the files -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All captures, built anew."""
    folder = tmp_path_factory.mktemp("pcaps")
    build(folder)
    return folder


@pytest.mark.parametrize("name", CAPTURES)
def test_a_capture_is_built_byte_for_byte(built: Path, name: str) -> None:
    assert content(built / name) == content(PCAPS / name)
    library = COMPRESSED.get(Path(name).suffix)
    if library is None or INSTALLED[library] == MADE_WITH[library]:
        assert (built / name).read_bytes() == (PCAPS / name).read_bytes()


def test_every_capture_in_the_folder_has_a_script_and_a_story() -> None:
    present = {path.name for path in PCAPS.iterdir() if ".pcap" in path.name}
    assert present == set(CAPTURES)
    told = (PCAPS / "README.md").read_text(encoding="utf-8")
    assert [name for name in CAPTURES if f"## {name}" not in told] == []


def test_the_commands_of_the_stories_name_files_that_exist() -> None:
    lines = (PCAPS / "README.md").read_text(encoding="utf-8").splitlines()
    commands = [line.split() for line in lines if line.startswith("    fwsim ")]
    named = [part for command in commands for part in command if part.startswith(("pcaps/", "rulesets/"))]
    assert len(commands) > len(CAPTURES)
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_flood_comes_from_100_000_sources_and_the_file_is_small() -> None:
    data = content(PCAPS / "syn-flood.pcap.zst")
    sources: Counter[bytes] = Counter()
    at = 24
    while at < len(data):
        captured = int.from_bytes(data[at + 8 : at + 12], "little")
        sources[data[at + 16 + 26 : at + 16 + 30]] += 1
        at += 16 + captured
    assert sum(1 for count in sources.values() if count == 1) == stories.FLOOD_SOURCES
    assert (PCAPS / "syn-flood.pcap.zst").stat().st_size < 1_000_000


# --- what the modes make of them -------------------------------------------------------------------------------


class Judged(NamedTuple):
    """One packet: its label (only words of evidence) and evidence, sorted; the verdicts of both modes."""

    number: int
    label: tuple[str, ...]
    evidence: tuple[str, ...]
    stateless: Verdict
    stateful: Verdict


def batches(capture: str, rules: str, stateless_rules: str | None = None, limit: int | None = None) -> Iterator[Batch]:
    """A capture's packets with the decisions of both modes."""
    other = None if stateless_rules is None else load_ruleset(str(RULESETS / stateless_rules))
    simulator = Simulator(load_ruleset(str(RULESETS / rules)), stateless_rules=other, key=1)
    captures = open_captures([Input(str(PCAPS / capture))], limit=limit)

    def decided() -> Iterator[Batch]:
        for chunk in captures:
            simulator.topology.locate(captures, chunk)
            yield simulator.run(chunk)

    yield from in_order(decided(), simulator.defragmenter)


def label_of(comments: list[str]) -> tuple[str, ...]:
    """The words of evidence in a packet's comment."""
    assert len(comments) <= 1
    return () if not comments or comments[0].startswith("note:") else tuple(sorted(comments[0].split()))


@cache
def judged(capture: str, rules: str, stateless_rules: str | None = None) -> list[Judged]:
    """All packets of a capture."""
    found = []
    for batch in batches(capture, rules, stateless_rules):
        for row in range(len(batch)):
            found.append(
                Judged(
                    int(batch.frames[row]["number"]),
                    label_of(batch.comments.get(row, [])),
                    tuple(sorted(evidence_words(int(batch.frames[row]["evidence"])))),
                    Verdict(int(batch.stateless[row]["verdict"])),
                    Verdict(int(batch.stateful[row]["verdict"])),
                )
            )
    return found


STORIES = [
    # capture, ruleset, packets, admitted without state, admitted with state
    ("handshake.pcapng", "office.yaml", 7, 7, 7),
    ("orderly-close.pcap", "office.yaml", 12, 12, 12),
    ("ack-scan.pcapng", "office.yaml", 102, 97, 0),
    ("ack-scan.pcapng", "established-hole.yaml", 102, 102, 102),
    ("unsolicited-synack.pcapng", "office.yaml", 31, 31, 0),
    ("blind-reset.pcapng", "office.yaml", 36, 36, 34),
    ("data-injection.pcapng", "office.yaml", 15, 15, 13),
    ("flag-scan.pcapng", "office.yaml", 30, 8, 0),
    ("spoofed-dns.pcapng", "office.yaml", 43, 43, 3),
    ("fragments.pcapng", "office.yaml", 21, 9, 13),
    ("forged-icmp-error.pcapng", "office.yaml", 15, 15, 12),
    ("midstream.pcapng", "office.yaml", 19, 19, 0),
    ("split-handshake.pcapng", "office.yaml", 6, 5, 6),
    ("asymmetric.pcapng.gz", "office.yaml", 9, 9, 1),
    ("tuple-reuse.pcapng", "office.yaml", 20, 20, 20),
    ("any-interface.pcapng", "office.yaml", 34, 17, 17),
    ("host.pcap", "host.yaml", 12, 12, 11),
    ("v6-router.pcapng", "v6-router.yaml", 22, 22, 21),
]


@pytest.mark.parametrize(("capture", "rules", "packets", "stateless", "stateful"), STORIES)
def test_a_story_ends_as_it_is_told(capture: str, rules: str, packets: int, stateless: int, stateful: int) -> None:
    found = judged(capture, rules)
    admitted = [
        sum(verdict == Verdict.ACCEPT for verdict in mode) for mode in zip(*(p[3:] for p in found), strict=True)
    ]
    assert (len(found), *admitted) == (packets, stateless, stateful)


LABELLED = [(capture, rules) for capture, rules, *_ in STORIES if rules == "office.yaml" and ".pcapng" in capture]


@pytest.mark.parametrize(("capture", "rules"), [*LABELLED, ("v6-router.pcapng", "v6-router.yaml")])
def test_labels_and_evidence_agree(capture: str, rules: str) -> None:
    assert [p for p in judged(capture, rules) if p.label != p.evidence] == []


def test_the_beginning_of_the_flood_opens_a_connection_for_every_packet() -> None:
    seen = list(batches("syn-flood.pcap.zst", "office.yaml", limit=2_000))
    assert sum(len(batch) for batch in seen) == 2_000
    assert {int(v) for batch in seen for v in batch.stateful["verdict"]} == {Verdict.ACCEPT}
    assert len({int(c) for batch in seen for c in batch.stateful["connection"]}) == 2_000


# --- the office ------------------------------------------------------------------------------------------------

OFFICE = ("office.pcapng", "office.yaml")
ELSEWHERE = {"overlapping-fragment", "cut"}
"""Evidence that is in fragments.pcapng only, or in none: of the packets that are cut here, all headers are there."""


def test_the_morning_has_thousands_of_packets_and_every_kind_of_evidence() -> None:
    found = judged(*OFFICE)
    assert 5_000 <= len(found) <= 9_000
    assert {w for p in found for w in p.label} == {word(bit) for bit in Evidence if bit} - ELSEWHERE


def test_in_the_office_labels_and_evidence_agree() -> None:
    assert [p for p in judged(*OFFICE) if p.label != p.evidence] == []


def test_in_the_office_state_blocks_nothing_ordinary() -> None:
    found = judged(*OFFICE)
    assert [p for p in found if not p.label and p.stateful in (Verdict.DROP, Verdict.REJECT)] == []
    assert [p for p in found if Verdict.UNKNOWN in (p.stateless, p.stateful)] == []


def test_in_the_office_state_blocks_hundreds_of_packets_that_are_admitted_without() -> None:
    found = judged(*OFFICE)
    blocked = [p for p in found if p.stateless == Verdict.ACCEPT and p.stateful == Verdict.DROP]
    reverse = [p for p in found if p.stateless == Verdict.DROP and p.stateful == Verdict.ACCEPT]
    assert all(p.label for p in blocked)
    assert (len(blocked), len(reverse)) == (489, 86)


def test_the_story_of_the_office_has_the_right_figures() -> None:
    found = judged(*OFFICE)
    told = " ".join((PCAPS / "README.md").read_text(encoding="utf-8").split())
    labelled = sum(1 for p in found if p.label)
    assert f"{len(found):,} packets in 2 h 14 min" in told
    assert f"{labelled} packets carry a label" in told
    assert "State blocks 489 packets" in told


def test_a_hand_written_access_list_admits_the_same_ordinary_traffic() -> None:
    """All of it but pings: the list has no limit on them."""
    found = judged(*OFFICE, "office-stateless.yaml")
    assert [p for p in found if not p.label and p.stateless != p.stateful] == []
    admitted = Counter(label for p in found for label in p.label if p.stateless == Verdict.ACCEPT)
    assert admitted["ack-without-connection"] > 100
    assert admitted["spoofed-source"] < 12


def test_every_ruleset_is_used_by_a_story() -> None:
    used = {rules for _, rules, *_ in STORIES} | {"office-stateless.yaml"}
    assert used == {path.name for path in EXAMPLES}
