"""Both modes in one pass beside tcpdump's single filter, and beside whatever else reads a capture.

Nothing is asserted about time, which depends on the machine; every process must succeed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.kernel import KernelFirewall
from fwsim.ruleset import load_ruleset
from tests.bench import keeping, making
from tests.bench.measuring import (
    EDGE,
    ROOT,
    Figures,
    compare,
    cpu_ratio,
    median,
    once,
    ratio,
    tcpdump,
    times_for,
    turns,
)
from tests.bench.table import Row
from tests.kernel_stage import needs_kernel

Put = Callable[[Row], None]

pytestmark = pytest.mark.usefixtures("warm")

SCAPY_PACKETS, KERNEL_PACKETS = 50_000, 100_000

SCAPY = """
import sys, time
from itertools import islice
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.utils import PcapReader
start, seen = time.perf_counter(), set()
with PcapReader(sys.argv[1]) as packets:
    for packet in islice(packets, int(sys.argv[2])):
        ip, tcp = packet[IP], packet[TCP]
        seen.add((ip.src, ip.dst, ip.proto, tcp.sport, tcp.dport))
print(time.perf_counter() - start)
"""
"""Reads the 5-tuple of each packet; prints the seconds that this took, without those for loading scapy."""


def beside_tcpdump(put: Put, number: int, what: str, count: int, capture: Path, target: float, *options: str) -> None:
    """Measure one capture, and put the row."""
    figures = turns({"fwsim": compare(capture, *options), "tcpdump": tcpdump(capture)}, times_for(count))
    put_ratio(put, number, f"compare, {what}, {count:,} packets", figures, "tcpdump", target)


def put_ratio(
    put: Put, number: int, work: str, figures: dict[str, list[Figures]], rival: str, target: float | None = None
) -> None:
    """A row for a rival that ran in the same turns."""
    if rival not in figures:
        pytest.skip(f"{rival} is not installed")
    ours, theirs = figures["fwsim"], figures[rival]
    beside = f"{rival} {median(theirs).spent}"
    cpu = cpu_ratio(ours, theirs)
    put(Row(number, work, str(median(ours)), beside, ratio(ours, theirs), target, cpu=cpu))
    assert len(ours) == len(theirs) > 0


def test_packets_of_590_bytes(put: Put) -> None:
    count = keeping.sizes().mixed
    capture = keeping.mixed(count)
    work = f"compare, mean 590 bytes, 20 rules, {count:,} packets"
    program = shutil.which("cat")
    commands = {
        "fwsim": compare(capture),
        "tcpdump": tcpdump(capture),
        "cat": [program, str(capture)] if program else None,
    }
    figures = turns(commands, times_for(count))
    put_ratio(put, 20, work, figures, "cat")
    put_ratio(put, 10, work, figures, "tcpdump", 1)


def test_a_tenth_of_the_packets(put: Put) -> None:
    count = keeping.sizes().least
    if count == keeping.sizes().mixed:
        pytest.skip("the same capture as the large one")
    beside_tcpdump(put, 11, "mean 590 bytes, 20 rules", count, keeping.mixed(count), 1)


def test_small_packets(put: Put) -> None:
    count = keeping.sizes().small
    what = f"small packets, {making.SMALL.live:,} live connections"
    beside_tcpdump(put, 12, what, count, keeping.small(count), 2)


def test_a_flood(put: Put) -> None:
    count = keeping.sizes().flood
    beside_tcpdump(put, 13, "a flood, conntrack.max at its default", count, keeping.flood(count), 3)


def test_a_million_connections(put: Put) -> None:
    sizes = keeping.sizes()
    capture = keeping.million(sizes.million, sizes.live)
    what = f"{sizes.live:,} live connections"
    beside_tcpdump(put, 14, f"{what}, no limit", sizes.million, capture, 3, "--set", "conntrack.max=0")
    beside_tcpdump(put, 15, f"{what}, conntrack.max at its default", sizes.million, capture, 3)


def test_scapy(put: Put) -> None:
    count = keeping.sizes().least
    capture = keeping.mixed(count)
    read = min(count, SCAPY_PACKETS)
    told = subprocess.run(
        [sys.executable, "-c", SCAPY, str(capture), str(read)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    theirs = read / float(told.stdout)
    put(rates(21, "scapy, 5-tuple", capture, count, theirs))
    assert theirs > 0


@pytest.mark.kernel
def test_the_kernel(put: Put) -> None:
    needs_kernel()
    count = keeping.sizes().least
    capture = keeping.mixed(count)
    captures = open_captures([Input(str(capture))], chunk_rows=10_000, digest=False, limit=KERNEL_PACKETS)
    spent, played = 0.0, 0
    with KernelFirewall(load_ruleset(str(EDGE))) as firewall:
        for chunk in captures:
            firewall.topology.locate(captures, chunk)
            begun = time.perf_counter()
            answer = firewall.answer(chunk)
            spent += time.perf_counter() - begun
            played += len(chunk) - len(answer.left_out)
    put(rates(22, "Linux, `KernelFirewall`", capture, count, played / spent))
    assert played > 0


def rates(number: int, rival: str, capture: Path, count: int, theirs: float) -> Row:
    """Packets a second of a rival that is too slow for a whole capture, beside those of a whole run of fwsim."""
    rate = count / once(compare(capture)).wall
    what = f"compare, mean 590 bytes, {count:,} packets"
    beside = f"{rival}: {theirs:,.0f} packets/s"
    return Row(number, what, f"{rate:,.0f} packets/s", beside, rate / theirs, unit="times as fast")
