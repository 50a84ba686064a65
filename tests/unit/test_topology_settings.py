"""Settings of the stack."""

from __future__ import annotations

import io

import pytest
from scapy.layers.inet import IP, UDP

from fwsim.ruleset import load_ruleset
from fwsim.ruleset.host import Host
from fwsim.simulator import Simulator
from fwsim.terms import Reason
from fwsim.topology import Topology
from fwsim.topology.settings import Settings, is_looked_at, reverse_path_notes
from tests.hosts import ADDRESSES, LINKS, ROUTES, topology
from tests.placed import IN, Interface, place


def of(*lines: str) -> Settings:
    return Settings(dict(line.split("=") for line in lines))


@pytest.mark.parametrize(
    ("name", "looked_at"),
    [
        ("net.netfilter.nf_conntrack_tcp_loose", True),
        ("net.ipv4.ip_forward", True),
        ("net.ipv4.conf.eth0/10.rp_filter", True),
        ("net.ipv4.conf.all.log_martians", False),
        ("net.ipv4.tcp_rmem", False),
        ("net.bridge.bridge-nf-call-iptables", True),
    ],
)
def test_only_what_may_change_a_verdict_is_looked_at(name: str, looked_at: bool) -> None:
    assert is_looked_at(name) is looked_at


def test_without_settings_everything_is_forwarded_and_nothing_filtered() -> None:
    assert (Settings().forwards_v4("e"), Settings().forwards_v6("e"), Settings().rp_filter("e")) == (True, True, 0)
    assert Settings().notes(bridged=True) == []


def test_an_interface_has_its_own_forwarding_else_that_of_all() -> None:
    settings = of("net.ipv4.ip_forward=1", "net.ipv4.conf.eth0/10.forwarding=0")
    assert settings.forwards_v4("eth0")
    assert not settings.forwards_v4("eth0.10")
    assert settings.forwards_v4(None)
    assert not of("net.ipv4.ip_forward=0").forwards_v4("eth0")
    assert of("net.ipv4.conf.*.forwarding=1", "net.ipv4.ip_forward=0").forwards_v4("eth0")


def test_ipv6_has_one_switch_and_what_forces_it() -> None:
    assert not of("net.ipv6.conf.all.forwarding=0", "net.ipv6.conf.e.forwarding=1").forwards_v6("e")
    assert of("net.ipv6.conf.all.forwarding=1", "net.ipv6.conf.e.forwarding=0").forwards_v6("e")
    assert of("net.ipv6.conf.all.forwarding=0", "net.ipv6.conf.e.force_forwarding=1").forwards_v6("e")


FILTERED = """
interfaces:
  lan: {networks: [10.1.0.0/16]}
  wan.7: {networks: [any], rp_filter: strict}
rp_filter: %s
policy: accept
"""


@pytest.mark.parametrize(
    ("everywhere", "machine", "modes"),
    [
        ("off", {}, [0, 1]),
        ("loose", {}, [2, 2]),
        ("off", {"net.ipv4.conf.wan/7.rp_filter": "0"}, [0, 0]),
        ("strict", {"net.ipv4.conf.lan.rp_filter": "2"}, [2, 1]),
    ],
)
def test_a_ruleset_asks_for_filtering_and_the_machine_knows_better(
    everywhere: str, machine: dict[str, str], modes: list[int]
) -> None:
    ruleset = load_ruleset(io.StringIO(FILTERED % everywhere))
    settings = Topology.build(ruleset, host=Host(sysctls=machine)).settings
    assert [settings.rp_filter(name) for name in ruleset.interfaces] == modes


def test_a_source_that_lies_behind_another_interface_is_discarded_if_the_ruleset_says_so() -> None:
    simulator = Simulator(load_ruleset(io.StringIO(FILTERED % "off")))
    forged = IP(src="10.1.0.5", dst="10.1.0.6") / UDP(sport=1, dport=2)
    assert simulator.decide(forged, iif="lan").admitted
    assert simulator.decide(forged, iif="wan.7").reason == Reason.REVERSE_PATH


@pytest.mark.parametrize(
    ("lines", "mode"),
    [
        (["net.ipv4.conf.all.rp_filter=1"], 1),
        (["net.ipv4.conf.all.rp_filter=1", "net.ipv4.conf.e.rp_filter=2"], 2),
        (["net.ipv4.conf.all.rp_filter=2", "net.ipv4.conf.e.rp_filter=1"], 2),
        (["net.ipv4.conf.default.rp_filter=1"], 1),
        (["net.ipv4.conf.default.rp_filter=1", "net.ipv4.conf.e.rp_filter=0"], 0),
        (["net.ipv4.conf.e.rp_filter=nonsense"], 0),
    ],
)
def test_of_reverse_path_filtering_the_highest_counts(lines: list[str], mode: int) -> None:
    assert of(*lines).rp_filter("e") == mode


def test_what_is_not_simulated_is_told_and_what_changes_nothing_is_not() -> None:
    settings = of("net.ipv4.conf.all.accept_local=1", "net.ipv4.conf.all.log_martians=1", "net.ipv4.ipfrag_time=30")
    (told,) = settings.notes(bridged=False)
    assert told.startswith("net.ipv4.conf.all.accept_local = 1 is not simulated: ")
    assert (
        of("net.ipv4.conf.all.accept_source_route=0", "net.ipv4.conf.e.accept_source_route=1").notes(bridged=True) == []
    )
    assert len(of("net.ipv4.conf.all.accept_source_route=1").notes(bridged=True)) == 1


def test_frames_of_bridges_matter_only_where_there_is_one() -> None:
    settings = of("net.bridge.bridge-nf-call-iptables=1")
    assert settings.notes(bridged=False) == []
    assert len(settings.notes(bridged=True)) == 1


def test_without_all_routes_reverse_path_filtering_says_what_it_lets_through() -> None:
    settings = of("net.ipv4.conf.a.rp_filter=1")
    assert reverse_path_notes(settings, ["a", "b"], complete=True) == []
    assert reverse_path_notes(settings, ["b"], complete=False) == []
    (told,) = reverse_path_notes(settings, ["a", "b"], complete=False)
    assert told.startswith("rp_filter on a: without all routes")


def test_a_machine_that_does_not_forward_receives_all_the_same() -> None:
    made = topology(LINKS, ADDRESSES, ROUTES, sysctls={"net.ipv4.ip_forward": "0"})
    made.bind([Interface("br0")])
    assert place(made, "10.0.0.9", "192.0.2.1", sent_or_received=IN).fault == Reason.FORWARDING_OFF
    assert place(made, "10.0.0.9", "10.0.0.1", sent_or_received=IN).fault == Reason.NONE
