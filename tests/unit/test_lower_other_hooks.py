"""Chains that are not walked leave open what they might do."""

from __future__ import annotations

import pytest

from fwsim.netfilter import Chain, NetfilterRule, Table
from fwsim.netfilter.steps import Step, Verdict
from fwsim.terms import Hook
from fwsim.terms import Verdict as Policy
from tests.netfiltering import ACCEPT, DROP, NetfilterFirewall


def firewall(
    family: str, hook: str, *steps: Step, policy: Policy = Policy.ACCEPT, devices: str = ""
) -> NetfilterFirewall:
    """One chain at such a hook."""
    rules = (NetfilterRule(steps),) if steps else ()
    chain = Chain("c", f"{family} t c", policy=policy, rules=rules, other_hook=hook, devices=tuple(devices.split()))
    return NetfilterFirewall(Table(family, "t", {"c": chain}))


def test_a_packet_that_comes_in_by_a_device_with_an_ingress_chain_that_may_drop_is_unknown() -> None:
    netdev = firewall("netdev", "ingress", DROP, devices="lan wan.*")
    answer = netdev.ask(hook=Hook.PREROUTING, iif=0)
    assert (answer.verdict, answer.chain, answer.reason) == ("unknown", "netdev t c", "not-simulated")
    assert netdev.ask(hook=Hook.PREROUTING, iif=2).verdict == "accept"
    assert netdev.ask(hook=Hook.POSTROUTING, iif=0).verdict == "accept"
    assert netdev.lowered.rules[0].not_simulated == ("chain netdev t c at ingress",)


def test_a_packet_that_goes_out_by_a_device_with_an_egress_chain_is_unknown() -> None:
    netdev = firewall("netdev", "egress", policy=Policy.DROP, devices="wan")
    assert netdev.ask(hook=Hook.POSTROUTING, oif=2).verdict == "unknown"
    assert netdev.ask(hook=Hook.POSTROUTING, oif=0).verdict == "accept"


@pytest.mark.parametrize("family", ["bridge", "inet"])
def test_without_devices_every_packet_may_get_there(family: str) -> None:
    assert firewall(family, "ingress", Verdict("queue")).ask(hook=Hook.PREROUTING).verdict == "unknown"


def test_a_chain_that_only_accepts_changes_nothing() -> None:
    assert firewall("bridge", "forward", ACCEPT).ask(hook=Hook.PREROUTING).verdict == "accept"


def test_arp_is_no_ip() -> None:
    assert firewall("arp", "input", DROP).ask(hook=Hook.PREROUTING).verdict == "accept"
