"""The literature's packets: the running kernel decides about them as the simulator does, where they are about Linux."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fwsim.attack.literature import ack_scan, rst_invalid, split_handshake
from fwsim.attack.literature.blind_reset import EXPECTED, LINUX, STATE_ONLY, handshakes, resets
from fwsim.attack.literature.full_table import Flood, forged, honest
from fwsim.attack.literature.many import SECOND, in_order, stored
from fwsim.attack.literature.stage import STRANGER, WEB, Firewall, Play
from fwsim.capture import CaptureWriter, Input, open_captures
from fwsim.engine.link import LINK_RAW
from fwsim.kernel import KernelFirewall
from fwsim.parity import frozen, standing_still
from fwsim.ruleset.timeouts import TIMEOUTS
from fwsim.simulator import Simulator
from fwsim.terms import TcpState
from tests.kernel_stage import needs_kernel
from tests.parity.cases import compared

pytestmark = pytest.mark.kernel
SCANNED = tuple(case.firewall for case in ack_scan.CASES)
WITH_STATE = tuple(firewall for firewall in split_handshake.FIREWALLS if firewall.mode == "stateful")
"""The kernel has no twin; as rules it is compared in `test_attacks`."""


def agree(path: str, firewall: Firewall) -> int:
    """How many packets of a capture were compared, all of which both decided alike."""
    needs_kernel()
    ruleset = standing_still(firewall.ruleset())
    simulator = Simulator(ruleset, key=4711)
    with KernelFirewall(ruleset, topology=simulator.topology) as kernel:
        comparison = compared(frozen(open_captures([Input(path)])), simulator, kernel)
    assert [(one.number, one.fields, one.words) for one in comparison.differences] == []
    return comparison.compared.total()


def written(packets: Sequence[bytes], folder: Path) -> str:
    """A capture of packets, a hundredth of a second apart."""
    path = str(folder / "played.pcapng")
    with CaptureWriter(path) as writer:
        number = writer.interface(None, LINK_RAW)
        for place, packet in enumerate(packets):
            writer.packet(packet, SECOND + place * 10_000_000, interface=number)
    return path


@pytest.mark.parametrize("firewall", [rst_invalid.LINUX, rst_invalid.FIREWALLS[1]], ids=lambda one: one.name)
def test_the_kernel_s_own_sequence_of_resets(firewall: Firewall, tmp_path: Path) -> None:
    play = Play(firewall.simulator(), *rst_invalid.CALL)
    steps = len(list(rst_invalid.played(play)))
    assert agree(written(play.sent, tmp_path), firewall) == len(play.sent) > steps


@pytest.mark.parametrize("name", TIMEOUTS)
def test_the_timers_of_other_firewalls_are_taken_by_the_kernel(name: str, tmp_path: Path) -> None:
    """Also one that is zero: what a RST has closed is gone at once, and a packet behind it belongs to nothing."""
    firewall = Firewall(name, rst_invalid.RULES, conntrack={"timeouts": name, "tcp_loose": False})
    play = Play(firewall.simulator(), *rst_invalid.CALL)
    list(rst_invalid.played(play))
    assert play.send(0, "A", 1001, 3001).admitted == (name != "asa")
    assert agree(written(play.sent, tmp_path), firewall) == len(play.sent)


@pytest.mark.parametrize("steps", split_handshake.WAYS.values(), ids=split_handshake.WAYS)
@pytest.mark.parametrize("firewall", WITH_STATE, ids=lambda one: one.name)
def test_the_split_handshake(firewall: Firewall, steps: Sequence[split_handshake.Step], tmp_path: Path) -> None:
    play = Play(firewall.simulator(), *split_handshake.CALL)
    for step in steps:
        play.send(step.side, step.flags, step.seq, step.ack, size=step.size)
    assert agree(written(play.sent, tmp_path), firewall) == len(steps)


@pytest.mark.parametrize("firewall", SCANNED, ids=lambda one: one.name)
def test_the_probes_of_scans_and_their_answers(firewall: Firewall, tmp_path: Path) -> None:
    sent: list[bytes] = []
    for port in (ack_scan.OPENED, ack_scan.CLOSED, ack_scan.GUARDED):
        for number, flags in enumerate(ack_scan.PROBES.values()):
            play = Play(firewall.simulator(), (STRANGER, 40_000 + number), (WEB, port))
            ack_scan.answer_to(play, flags)
            sent += play.sent
    assert agree(written(sent, tmp_path), firewall) == len(sent) > 9


@pytest.mark.parametrize("firewall", [LINUX, STATE_ONLY], ids=lambda one: one.name)
@pytest.mark.parametrize("window", [5840, 65535])
def test_the_edges_of_the_band_that_is_admitted(firewall: Firewall, window: int) -> None:
    edges = [0, window, 2 * window]
    offsets = sorted({edge + near for edge in edges for near in (-2, -1, 0, 1, 2)} | {3 * window, 1 << 31, 1000})
    seq = EXPECTED + np.array(offsets)
    packets = in_order([*handshakes(len(seq), window), resets(SECOND + np.arange(len(seq)), seq, apart=True)])
    with stored(packets) as path:
        assert agree(path, firewall) == 4 * len(seq)


def test_a_flood_with_honest_connections_alongside() -> None:
    flood = Flood("few", 100_000, 120, 3)
    packets = in_order([*forged(flood, 5), *honest(flood)])
    with stored(packets) as path:
        assert agree(path, flood.firewall()) == len(packets)


@pytest.mark.parametrize(("beyond", "least", "most"), [(100, 1, 10), (5840, 1, 10), (5841, 400_000, 432_000)])
def test_a_reset_inside_the_window_cuts_the_time_and_one_in_the_band_above_does_not(
    beyond: int, least: int, most: int
) -> None:
    needs_kernel()
    simulator = Simulator(LINUX.ruleset(), key=4711)
    packets = in_order([*handshakes(1, 5840), resets(np.array([SECOND]), np.array([EXPECTED + beyond]), apart=True)])
    with stored(packets) as path, KernelFirewall(LINUX.ruleset(), topology=simulator.topology) as kernel:
        captures = frozen(open_captures([Input(path)]))
        for chunk in captures:
            simulator.topology.locate(captures, chunk)
            kernel.answer(chunk)
        (connection,) = kernel.connections()
    assert connection.tcp_state == TcpState.ESTABLISHED
    assert least <= connection.timeout <= most
