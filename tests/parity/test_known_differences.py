"""Known differences from Linux: still there, still marked in the source, and told in the README."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.kernel import KernelFirewall
from fwsim.kernel.framing import Framing
from fwsim.parity import frozen, standing_still
from fwsim.ruleset import Ruleset
from fwsim.simulator import Simulator
from tests.kernel_stage import STAGE, needs_kernel
from tests.parity.cases import ROOT, compared
from tests.parity.known_differences import KERNEL, KNOWN, OPEN, KnownDifference

EXPECTED = [
    pytest.param(known, id=name, marks=pytest.mark.xfail(strict=True, reason=f"Linux {KERNEL}: {known.reason}",
                 raises=AssertionError))
    for name, known in KNOWN.items()
]  # fmt: skip


@pytest.mark.kernel
@pytest.mark.parametrize("known", EXPECTED)
def test_both_firewalls_decide_alike(known: KnownDifference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_kernel()
    path = tmp_path / "known.pcapng"
    path.write_bytes(known.capture())
    ruleset = standing_still(Ruleset.model_validate({"interfaces": STAGE["interfaces"], **(known.rules or OPEN)}))
    if known.as_captured:
        monkeypatch.setattr(Framing, "mended", lambda self, data, *about: data)
    simulator = Simulator(ruleset, key=4711)
    with KernelFirewall(ruleset, topology=simulator.topology) as kernel:
        comparison = compared(frozen(open_captures([Input(str(path))], digest=False)), simulator, kernel)
    if comparison.left_out:
        pytest.fail(f"the kernel was not asked: {comparison.left_out}")
    assert comparison.agrees
    assert not comparison.unknown


@pytest.mark.parametrize("known", [pytest.param(known, id=name) for name, known in KNOWN.items()])
def test_a_known_difference_is_marked_where_it_is_made(known: KnownDifference) -> None:
    assert "Unlike Linux:" in (ROOT / known.where).read_text()


@pytest.mark.parametrize("known", [pytest.param(known, id=name) for name, known in KNOWN.items()])
def test_a_known_difference_is_told_in_the_readme(known: KnownDifference) -> None:
    assert " ".join(known.reason.split()) in " ".join((ROOT / "README.md").read_text().split())
