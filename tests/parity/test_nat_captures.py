"""Real translated traffic: decided as the kernel did, and from one side as from both, or unknown; never different.

Read first: `tests.parity.nat`. With `-s` a table of every comparison is printed behind the last of its kind.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from tests.kernel_stage import needs_kernel
from tests.parity.nat.replayed import (
    DIFFERENT,
    EQUAL,
    UNKNOWN,
    Tally,
    rules_of,
    sides_of,
    table,
    truth_of,
    with_both,
    with_kernel,
)
from tests.parity.nat.scenarios import SCENARIOS
from tests.parity.nat.truth import BOTH, CAPTURES, OUT, Fate, Truth

NAMES = sorted(SCENARIOS)
SIDES = [(name, side) for name in NAMES for side in sides_of(name)]

UNKNOWN_AT_MOST = {"docker": 10, "icmp-errors": 1, "output-dnat": 34}
"""How many frames of a capture of both sides may be unknown, where any may be: packets that the gateway itself sent,
which may have been others before translation."""

KNOWN = [
    *((name, "lan") for name in NAMES if name.startswith(("masquerade", "snat", "redirect", "tcp", "two"))),
    *((name, "wan") for name in ("dnat-clash", "dnat-map", "dnat-ports", "hairpin", "routed")),
]
"""One-sided captures of the side where connections come from: nothing is unknown there."""


@pytest.mark.parametrize("name", NAMES)
def test_both_sides_are_decided_as_the_kernel_did(name: str) -> None:
    found = with_kernel(name)
    assert [words for tally in found.values() for words in tally.told] == []
    assert found["verdicts"].counts[UNKNOWN] <= UNKNOWN_AT_MOST.get(name, 0)
    assert found["verdicts"].counts.total() == len(truth_of(name).frames)


@pytest.mark.parametrize(("name", "side"), SIDES)
def test_one_side_is_decided_as_both_are(name: str, side: str) -> None:
    found = with_both(name, side)
    assert found.told == []
    assert found.counts.total() > 0


@pytest.mark.parametrize(("name", "side"), KNOWN)
def test_where_connections_come_from_all_is_known(name: str, side: str) -> None:
    assert with_both(name, side).counts[UNKNOWN] == 0


def test_the_tables_of_all_comparisons() -> None:
    kinds: dict[str, list[tuple[str, Tally]]] = {}
    for name in NAMES:
        for kind, tally in with_kernel(name).items():
            kinds.setdefault(kind, []).append((name, tally))
    kinds["one side"] = [(f"{name} {side}", with_both(name, side)) for name, side in SIDES]
    for kind, rows in kinds.items():
        print(f"\n{kind}\n{table(rows)}")  # noqa: T201
    routed = dict(kinds["verdicts"])["routed"]
    assert (routed.counts[UNKNOWN], routed.counts[DIFFERENT]) == (0, 0)
    assert routed.counts[EQUAL] > 50


@pytest.mark.parametrize(("name", "side"), SIDES)
def test_a_capture_of_one_side_has_the_frames_of_that_device(name: str, side: str) -> None:
    def frames(file: str) -> list[tuple[str | None, int, int, bytes]]:
        captures = open_captures([Input(str(CAPTURES / name / file))])
        return [
            (
                captures.interfaces[row["capture_interface"]].name,
                int(row["ts"]),
                int(row["sent_or_received"]),
                chunk.data(at),
            )
            for chunk in captures
            for at, row in enumerate(chunk.frames)
        ]

    both = frames(BOTH)
    assert frames(BOTH.replace("both", side)) == [frame for frame in both if frame[0] == side]
    assert [way for _, _, way, _ in both] == [fate.way for fate in truth_of(name).frames]


def test_every_capture_is_of_a_scenario_and_has_rules() -> None:
    assert sorted(path.name for path in CAPTURES.iterdir() if path.is_dir()) == NAMES
    assert all(rules_of(name).read_text() for name in NAMES)


def test_every_frame_that_left_has_the_frame_that_it_was() -> None:
    for name in NAMES:
        fates = truth_of(name).frames
        for number, fate in enumerate(fates, 1):
            for left in fate.left:
                assert fates[left - 1].cause, f"{name} {left}"
            assert not fate.cause or number in fates[fate.cause - 1].left, f"{name} {number}"


@pytest.mark.parametrize(
    ("fate", "line"),
    [
        (Fate("new", [2, 3]), "accept new -> 2 3"),
        (Fate("established reply", taken=True), "accept established reply here"),
        (Fate("", taken=True), "accept here"),
        (Fate("new", [9], taken=True), "accept new here -> 9"),
        (Fate("invalid"), "drop invalid"),
        (Fate("", cause=7, way=OUT), "out of 7"),
        (Fate("established reply", way=OUT), "out made established reply"),
        (Fate("", way=OUT), "out made"),
        (Fate(""), "drop"),
    ],
)
def test_a_fate_is_read_as_it_is_written(fate: Fate, line: str) -> None:
    assert fate.line() == line
    assert Fate.read(line) == fate


@pytest.mark.kernel
def test_a_scenario_recorded_anew_has_the_same_connections(tmp_path: Path) -> None:
    needs_kernel()
    for tool in ("nft", "conntrack"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} here")
    name = "snat-address"
    command = [sys.executable, "-m", "tests.parity.nat.record", "--to", str(tmp_path), name]
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parent.parent.parent)
    anew = Truth.load(tmp_path / name / "truth.json")
    assert anew.connections() == truth_of(name).connections()
    assert len([fate for fate in anew.frames if fate.accepted]) >= 20
