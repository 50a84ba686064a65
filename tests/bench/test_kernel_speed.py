"""How many packets a second the kernel decides about, from rows to rows: `pytest -s tests/bench`.

Nothing is asserted about time, which depends on the machine. Not collected by default.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.kernel import KernelFirewall
from fwsim.ruleset import load_ruleset
from tests.bench.making import make_capture
from tests.kernel_stage import needs_kernel

ROOT = Path(__file__).parent.parent.parent
PACKETS = 100_000


@pytest.mark.kernel
def test_packets_a_second_through_the_kernel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs_kernel()
    make_capture(tmp_path / "capture", PACKETS)
    captures = open_captures([Input(str(tmp_path / "capture"))], chunk_rows=10_000, digest=False)
    begun = time.perf_counter()
    spent, played = 0.0, 0
    with KernelFirewall(load_ruleset(str(ROOT / "rulesets" / "office.yaml"))) as firewall:
        built = time.perf_counter() - begun
        for chunk in captures:
            firewall.topology.locate(captures, chunk)
            begun = time.perf_counter()
            answer = firewall.answer(chunk)
            spent += time.perf_counter() - begun
            played += len(chunk) - len(answer.left_out)
    with capsys.disabled():
        print(f"\nbuilt in {built:.2f} s; {played:,} packets in {spent:.2f} s: {played / spent:,.0f} a second")
    assert played > 0
