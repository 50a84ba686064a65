"""What a KernelFirewall says before it needs a kernel; the rest is in tests/parity."""

from __future__ import annotations

from typing import Any

import pytest

import fwsim.kernel
from fwsim.errors import KernelError, RulesetError, UsageError
from fwsim.kernel import KernelFirewall, firewall
from fwsim.ruleset import Ruleset

RULES: dict[str, Any] = {"rules": [{"ct_state": "new", "verdict": "accept"}]}


def test_outside_of_with_there_is_no_kernel() -> None:
    with pytest.raises(UsageError, match="inside `with`"):
        KernelFirewall(Ruleset.model_validate(RULES)).connections()


def test_an_unknown_way_to_judge_checksums_is_refused() -> None:
    with pytest.raises(UsageError, match="expected auto, verify or ignore"):
        KernelFirewall(Ruleset.model_validate(RULES), checksum="maybe")


def test_the_size_of_the_table_is_noted_as_not_ours_to_set() -> None:
    assert KernelFirewall(Ruleset.model_validate(RULES)).notes == []
    (note,) = KernelFirewall(Ruleset.model_validate({**RULES, "conntrack": {"max": 5}})).notes
    assert note.startswith("net.netfilter.nf_conntrack_max is the host's")


def test_what_nft_cannot_say_is_refused_before_anything_is_built() -> None:
    broken = {**RULES, "conntrack": {"udp_timeout": "1500ms"}}
    with pytest.raises(RulesetError, match="whole seconds"):
        KernelFirewall(Ruleset.model_validate(broken))


def test_a_firewall_that_cannot_be_built_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    class Refusing:
        def ask(self, request: object) -> None:
            raise KernelError("no")

        def close(self) -> None:
            closed.append(True)

    monkeypatch.setattr(firewall, "Process", Refusing)
    with pytest.raises(KernelError), KernelFirewall(Ruleset.model_validate(RULES)):
        pytest.fail("it was not built")
    assert closed == [True]


def test_the_package_knows_its_names_and_no_others() -> None:
    assert fwsim.kernel.KernelFirewall is KernelFirewall
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = fwsim.kernel.nothing


def test_the_ways_to_many_destinations_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firewall, "MOST_WAYS_OUT", 10)
    made = KernelFirewall(Ruleset.model_validate({**RULES, "interfaces": {"lan": {"networks": ["10.0.0.0/8"]}}}))
    ways = [made._way_out((host, 0, 0, 0)) for host in range(0x0A000000, 0x0A000000 + 35)]
    assert ways == [0] * 35
    assert len(made._ways_out) <= 10
    assert made._way_out((0x0B000000, 0, 0, 0)) < 0
