"""Witnesses of differences, shown to the kernel under both rulesets."""

from __future__ import annotations

import pytest

from fwsim.differing.differences import STATEFUL, Comparison
from fwsim.differing.grouping import Group, groups_of
from fwsim.kernel import KernelFirewall
from fwsim.ruleset import Ruleset
from fwsim.terms import CtState
from tests.differing import model, pairs
from tests.kernel_stage import Seen, Stage, needs_kernel

pytestmark = pytest.mark.kernel

ETHERNET = 14
NEW = int(CtState.NEW)


def shown(ruleset: Ruleset, groups: list[Group]) -> list[str | None]:
    """The kernel's verdicts on the witnesses; None where the packet would not take that way on a machine."""
    with KernelFirewall(ruleset) as firewall:
        stage = Stage(ruleset, firewall)
        found: list[str | None] = []
        for group in groups:
            assert group.witness is not None
            packet = Seen(group.witness.iif or "", group.witness.data[ETHERNET:])
            (row,) = stage.chunk([packet]).packets
            names = firewall.topology.names
            way = int(row["hook"]), names[row["iif"]], names[row["oif"]]
            assert group.witnessed is not None
            same = way == (group.witnessed.hook, group.witness.iif, group.witness.oif)
            found.append(stage.play(packet)[0].verdict if same else None)
    return found


@pytest.mark.parametrize("seed", range(60, 64))
def test_the_kernel_decides_about_witnesses_as_is_said(seed: int) -> None:
    needs_kernel()
    told = 0
    for before, after in pairs(6, seed, states=False):
        both = model(before), model(after)
        groups = [group for group in groups_of(Comparison(*both), [STATEFUL]) if group.witnessed is not None]
        groups = [group for group in groups if group.regions[0].family == 4][:6]
        if not groups:
            continue
        verdicts = [shown(ruleset, groups) for ruleset in both]
        for group, old, new in zip(groups, *verdicts, strict=True):
            if old is not None:
                assert (old, new) == (group.old.verdict, group.new.verdict), (before, after, group)
                told += 1
    assert told
