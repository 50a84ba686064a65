"""The connection tables agree: what verdicts cannot show, such as timers and the TCP state behind a packet."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fwsim.capture import Chunk
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.kernel import KernelFirewall
from fwsim.parity import standing_still
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.simulator import Simulator
from fwsim.terms import TcpState
from tests.kernel_stage import needs_kernel
from tests.parity.cases import SETTINGS, Source, captures
from tests.parity.tables import Entry, Listed, differing, of_kernel, of_simulator
from tests.replaying import pieces_of

BEGIN = "rules:\n"
MARKED = EVERY_STATE.replace(BEGIN, f"{BEGIN}      - {{name: mark, ct_state: new, iif: lan, set_ct_mark: 7}}\n")
MOST = 1_000
"""Packets of a capture; so few that they are through before UDP's two seconds have passed in the kernel."""


NOTHING_OPENS = {"flag-scan.pcapng", "unsolicited-synack.pcapng"}
"""Captures of which every packet is invalid."""


@dataclass
class Look:
    """The simulator's table behind a piece of a capture."""

    piece: Chunk
    table: Listed


def ruleset(settings: str) -> Ruleset:
    """A rule for every state, and a mark for what is opened from one side."""
    return standing_still(load_ruleset(io.StringIO(MARKED), overrides=SETTINGS[settings]))


def looks(source: Source, simulator: Simulator, folder: Path, every: int) -> Iterator[Look]:
    """The simulator's table behind every so many packets."""
    read = source.captures(folder)
    for chunk in read:
        for piece in pieces_of(chunk, range(every, len(chunk), every)):
            simulator.topology.locate(read, piece)
            simulator.run(piece)
            yield Look(piece, of_simulator(simulator, int(piece.packets["now"][-1])))


def differences(source: Source, settings: str, folder: Path, every: int) -> list[str]:
    """The first look at which the tables differ: where, and in what."""
    simulator = Simulator(ruleset(settings), key=4711)
    seen = list(looks(source, simulator, folder, every))  # first, for the kernel's clock does not wait
    assert any(look.table for look in seen) is (source.name not in NOTHING_OPENS)
    with KernelFirewall(ruleset(settings), topology=simulator.topology) as kernel:
        begun = time.monotonic()
        for look in seen:
            kernel.answer(look.piece)
            found = differing(look.table, of_kernel(kernel.connections()), time.monotonic() - begun)
            if found:
                first, last = look.piece.frames["number"][[0, -1]].tolist()
                return [f"behind frames {first} to {last}", *found]
    return []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"timeout": 97.0}, "a timeout of 100.0 s, kernel 97.0 s"),
        ({"timeout": 102.0}, "a timeout of 100.0 s, kernel 102.0 s"),
        ({"state": TcpState.CLOSE}, "kernel Entry"),
        ({"status": 0}, "kernel Entry"),
        ({"mark": 8}, "kernel Entry"),
        ({"reply": ("192.0.2.2", "10.0.0.1", 6, 80, 2)}, "kernel Entry"),
    ],
)
def test_a_difference_of_tables_is_told(change: dict[str, Any], words: str) -> None:
    original = "10.0.0.1", "192.0.2.2", 6, 1, 80
    entry = Entry(("192.0.2.2", "10.0.0.1", 6, 80, 1), 8, TcpState.SYN_SENT, 7, 100.0)
    assert differing({original: entry}, {original: entry._replace(timeout=98.5)}, late=1.0) == []
    (found,) = differing({original: entry}, {original: entry._replace(**change)}, late=1.0)
    assert words in found
    assert differing({original: entry}, {}, late=1.0) == [f"only the simulator has {original}"]
    assert differing({}, {original: entry}, late=1.0) == [f"only the kernel has {original}"]


STEPS = {"ack-scan.pcapng": 20, "spoofed-dns.pcapng": 10}
"""Packets between two looks, where it is not every one: a look costs the kernel 40 ms."""

SHORT = [source for source in captures() if source.name not in ("host.pcap", "office.pcapng", "syn-flood.pcap.zst")]


@pytest.mark.kernel
@pytest.mark.parametrize("source", SHORT, ids=lambda source: source.file)
def test_the_tables_agree_behind_each_packet(source: Source, tmp_path: Path) -> None:
    needs_kernel()
    assert differences(source, "defaults", tmp_path, every=STEPS.get(source.name, 1)) == []


@pytest.mark.kernel
@pytest.mark.parametrize("settings", ["defaults", "strict", "liberal"])
@pytest.mark.parametrize("seed", ["11/0", "12/0 v4", "13/0 v6"])
def test_the_tables_agree_on_fuzzed_traffic(seed: str, settings: str, tmp_path: Path) -> None:
    needs_kernel()
    assert differences(Source(seed, MOST), settings, tmp_path, every=40) == []
