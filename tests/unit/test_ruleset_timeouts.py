"""Sets of timers by name: what they give, what overrides them, where they may be named, and what is refused."""

from __future__ import annotations

import io
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP

from fwsim import Simulator
from fwsim.convert.sysctls import sysctls
from fwsim.errors import RulesetError
from fwsim.ruleset import Conntrack, Ruleset, load_ruleset
from fwsim.ruleset.settings import SECOND
from fwsim.ruleset.timeouts import SOURCES, TIMEOUTS

RULES = "policy: drop\nrules:\n  - {ct_state: [new, established], verdict: accept}\n"


def loaded(conntrack: str, **options: Any) -> Ruleset:
    return load_ruleset(io.StringIO(f"conntrack: {conntrack}\n{RULES}"), **options)


def test_every_set_has_a_source_and_every_figure_a_name_and_a_sysctl() -> None:
    assert set(SOURCES) == set(TIMEOUTS) == {"linux", "pf", "asa", "aws"}
    timers = {name for name in Conntrack.model_fields if "timeout" in name}
    for figures in TIMEOUTS.values():
        assert set(figures) <= timers
        assert all(seconds >= 0 and what for seconds, what in figures.values())
    assert set(TIMEOUTS["pf"]) == set(TIMEOUTS["asa"]) == timers


@pytest.mark.parametrize("name", TIMEOUTS)
def test_a_named_set_gives_its_timers_and_leaves_the_others(name: str) -> None:
    found, usual = loaded(f"{{timeouts: {name}, tcp_loose: false}}").conntrack, Conntrack()
    for key in Conntrack.model_fields:
        expected = TIMEOUTS[name][key][0] * SECOND if key in TIMEOUTS[name] else getattr(usual, key)
        assert getattr(found, key) == (False if key == "tcp_loose" else expected), key


def test_figures_that_everybody_knows() -> None:
    pf, asa, aws = (loaded(f"{{timeouts: {name}}}").conntrack for name in ("pf", "asa", "aws"))
    assert [one.tcp_timeout_established // SECOND for one in (pf, asa, aws)] == [86400, 3600, 432000]
    assert [one.tcp_timeout_syn_sent // SECOND for one in (pf, asa, aws)] == [120, 30, 120]
    assert [one.udp_timeout_stream // SECOND for one in (pf, asa, aws)] == [60, 120, 180]


def test_a_timer_of_its_own_overrides_that_of_the_set_wherever_it_stands() -> None:
    for text in ("{timeouts: pf, icmp_timeout: 7}", "{icmp_timeout: 7, timeouts: pf}"):
        found = loaded(text).conntrack
        assert (found.icmp_timeout, found.icmpv6_timeout) == (7 * SECOND, 20 * SECOND)
    found = loaded("{icmp_timeout: 7}", overrides={"conntrack.timeouts": "asa"}).conntrack
    assert (found.icmp_timeout, found.icmpv6_timeout) == (7 * SECOND, 2 * SECOND)


def test_an_option_names_a_set_and_replaces_the_one_of_the_file() -> None:
    assert load_ruleset(io.StringIO(RULES), overrides={"conntrack.timeouts": "pf"}).conntrack.udp_timeout == 60 * SECOND
    assert loaded("{timeouts: pf}", overrides={"conntrack.timeouts": "linux"}).conntrack == Conntrack()
    nft = "table inet t { chain c { type filter hook forward priority 0; ct state established accept; }; }"
    assert load_ruleset(io.StringIO(nft), overrides={"conntrack.timeouts": "pf"}).conntrack.icmp_timeout == 20 * SECOND


def test_the_kernel_is_given_the_timers_of_the_set() -> None:
    given = sysctls(loaded("{timeouts: pf}"), only_given=True)
    assert given["net.netfilter.nf_conntrack_tcp_timeout_established"] == "86400"
    assert set(given) == {f"net.netfilter.nf_conntrack_{name}" for name in TIMEOUTS["pf"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{timeouts: pff}", "1:23: unknown set of timeouts 'pff', did you mean 'pf'?"),
        ("{timeouts: cisco}", "1:23: unknown set of timeouts 'cisco', expected one of linux, pf, asa, aws"),
        ("{timeouts: [pf]}", "1:23: expected one of linux, pf, asa, aws, found a list"),
        ("{timeouts: }", "expected one of linux, pf, asa, aws, found nothing"),
        ("{timeout: pf}", "1:13: unknown key 'timeout', did you mean 'timeouts'?"),
        ("{timeouts: pf, icmp_timeout: 5x}", "expected a duration"),
    ],
)
def test_what_is_no_set_is_refused_with_its_place_and_the_nearest(text: str, message: str) -> None:
    with pytest.raises(RulesetError) as error:
        loaded(text)
    assert message in str(error.value)


def test_an_option_that_names_no_set_is_told_as_the_option() -> None:
    with pytest.raises(RulesetError, match=r"--set conntrack.timeouts=asaa.*did you mean 'asa'\?"):
        load_ruleset(io.StringIO(RULES), overrides={"conntrack.timeouts": "asaa"})


@pytest.mark.parametrize(("name", "lives"), [("linux", True), ("pf", True), ("asa", False)])
def test_a_half_open_connection_lives_as_long_as_its_firewall_says(name: str, lives: bool) -> None:
    firewall = Simulator(loaded(f"{{timeouts: {name}}}"))
    ends = {"src": "10.0.0.1", "dst": "10.0.0.2"}
    firewall.decide(IP(**ends) / TCP(sport=4000, dport=80, flags="S", seq=1, window=1000), at=0)
    answer = IP(src=ends["dst"], dst=ends["src"]) / TCP(sport=80, dport=4000, flags="SA", seq=9, ack=2, window=1000)
    assert firewall.decide(answer, at=31).admitted == lives


def test_a_reset_leaves_nothing_where_the_timer_is_zero() -> None:
    firewall = Simulator(loaded("{timeouts: asa, tcp_loose: false}"))
    ends = {"src": "10.0.0.1", "dst": "10.0.0.2"}
    there = TCP(sport=4000, dport=80, seq=1, window=1000)
    back = TCP(sport=80, dport=4000, seq=9, window=1000)
    for at, (way, flags, numbers) in enumerate(
        [(there, "S", {}), (back, "SA", {"ack": 2}), (there, "A", {"seq": 2, "ack": 10}), (there, "R", {"seq": 2})]
    ):
        segment = way.copy()
        segment.flags = flags
        for key, value in numbers.items():
            setattr(segment, key, value)
        addresses = ends if way is there else {"src": ends["dst"], "dst": ends["src"]}
        assert firewall.decide(IP(**addresses) / segment, at=at).admitted
    late = back.copy()
    late.flags, late.seq, late.ack = "A", 10, 2
    assert not firewall.decide(IP(src=ends["dst"], dst=ends["src"]) / late, at=3).admitted
