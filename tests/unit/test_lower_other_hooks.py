"""Chains that are not walked leave open what they might do."""

from __future__ import annotations

import pytest

from fwsim.netfilter import Chain, NetfilterRule, Set, Table
from fwsim.netfilter.steps import Assign, Case, Choose, Step, Update, Verdict
from fwsim.ruleset.values import Addresses
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


@pytest.mark.parametrize("named", [True, False])
def test_a_map_of_verdicts_may_drop(named: bool) -> None:
    cases = (Case((Addresses(v4=((1, 1),)),), (DROP,)),)
    choose = Choose(("src",), map="m") if named else Choose(("src",), cases)
    chain = Chain("c", "netdev t c", rules=(NetfilterRule((choose,)),), other_hook="ingress")
    own = Table("netdev", "t", {"c": chain}, {"m": Set("m", ("ipv4_addr",), cases=cases)})
    assert NetfilterFirewall(own).ask(hook=Hook.PREROUTING).verdict == "unknown"


def test_a_mark_set_there_may_be_asked_for_later() -> None:
    assert firewall("netdev", "ingress", Assign("mark", 5)).ask(hook=Hook.PREROUTING).verdict == "unknown"
    assert firewall("netdev", "ingress", Assign("priority", 5)).ask(hook=Hook.PREROUTING).verdict == "accept"


def test_chains_of_the_table_that_it_does_not_lead_to_do_not_count() -> None:
    own = Chain("c", "inet t c", rules=(NetfilterRule((Verdict("jump", "d"),)),), other_hook="ingress")
    others = Chain("d", "inet t d"), Chain("e", "inet t e", (Hook.FORWARD,), rules=(NetfilterRule((DROP,)),))
    table = Table("inet", "t", {each.name: each for each in (own, *others)})
    assert NetfilterFirewall(table).ask(hook=Hook.PREROUTING).verdict == "accept"


def test_a_set_of_a_netdev_table_is_its_own_that_of_an_inet_table_is_not() -> None:
    def answer(family: str) -> str:
        add = Update("add", "s", ("src",))
        chain = Chain("c", f"{family} t c", rules=(NetfilterRule((add,)),), other_hook="ingress")
        own = Table(family, "t", {"c": chain}, {"s": Set("s", ("ipv4_addr",), dynamic=True)})
        return NetfilterFirewall(own).ask(hook=Hook.PREROUTING).verdict

    assert (answer("netdev"), answer("inet")) == ("accept", "unknown")
