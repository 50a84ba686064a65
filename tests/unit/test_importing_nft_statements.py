"""Statements as steps."""

from __future__ import annotations

import pytest

from fwsim.netfilter.steps import Effectless
from tests.nft_importing import refused_rule, steps_of, told

CASES = [
    ("meta l4proto . th dport { tcp . 22, udp . 53 }", ["proto . dport in 6 . 22; 17 . 53"]),
    ("meta l4proto . th dport != { tcp . 22 }", ["not proto . @th,16,16 in 6 . 22"]),
    (
        "ip saddr . ip protocol . th dport vmap { 1.2.3.4 . tcp . 22 : accept }",
        ["family=4", "src . proto . dport map 1.2.3.4 . 6 . 22: accept"],
    ),
    ("meta mark set 5", ["mark := 0x5"]),
    ("meta mark set ct mark", ["mark := 0x0 ^ (ct_mark<<0 & 0xffffffff)"]),
    ("ct mark set meta mark & 0xff | 0x100", ["ct_mark := 0x100 ^ (mark<<0 & 0xff)"]),
    ("meta mark set meta mark << 8 & 0xff00", ["mark := 0x0 ^ (mark<<8 & 0xff00)"]),
    ("meta mark set ct mark >> 16", ["mark := 0x0 ^ (ct_mark<<-16 & 0xffff)"]),
    (
        "meta mark set ip saddr map { 10.0.0.1 : 5, 10.0.1.0/24 : 6 }",
        ["family=4", "src map 10.0.0.1: mark := 0x5; 10.0.1.0-10.0.1.255: mark := 0x6"],
    ),
    ("meta mark set jhash ip saddr mod 5", ["family=4", "mark := 0x0 ^ (?(jhash ip saddr mod 5)<<0 & 0xffffffff)"]),
    ("meta mark set numgen inc mod 5", ["mark := 0x0 ^ (numgen(inc 5+0)<<0 & 0xffffffff)"]),
    ("meta priority set 1:2", ["- meta priority set 1:2"]),
    ("meta nftrace set 1", ["- meta nftrace set 1"]),
    ("ct zone set 1", ["ct_state altered to None"]),
    ("ip ttl set 5", ["family=4", "ttl altered to 5"]),
    ("ip dscp set cs1", ["family=4", "dscp altered to 8"]),
    ("reset tcp option timestamp", ["tcp[timestamp] altered to 0"]),
    (
        "tcp dport vmap { 22 : accept, 80-90 : jump other, * : drop }",
        ["proto=6", "dport map 22: accept; 80-90: jump other; *: drop"],
    ),
    (
        "ct state vmap { established : accept, invalid : drop, new : continue }",
        ["ct_state map 2&0xffffffff: accept; 1&0xffffffff: drop; 8&0xffffffff: continue"],
    ),
    ("meta mark & 0xf vmap { 1 : return }", ["mark map 1&0xf: return"]),
    ("numgen inc mod 2 vmap { 0 : accept, 1 : goto other }", ["numgen(inc 2+0) map 0: accept; 1: goto other"]),
    ('iifname vmap { "lo" : accept, "eth*" : drop }', ["iif map lo: accept; eth*: drop"]),
    ("limit rate over 10/second burst 3 packets drop", ["rate over 10 packets/1000000000 burst 3", "drop"]),
    ("limit rate 1 mbytes/minute", ["rate 1048576 bytes/60000000000 burst 0"]),
    ("quota over 25 mbytes drop", ["quota  over 26214400 used 0", "drop"]),
    ("ct count over 10 reject", ["connections over 10", "reject ICMPX_PORT_UNREACHABLE"]),
    ("counter packets 5 bytes 6 accept", ["- counter packets 5 bytes 6", "accept"]),
    ('log prefix "x: " level info', ['- log prefix "x: " level info']),
    ("notrack", ["notrack"]),
    ("reject", ["reject ICMPX_PORT_UNREACHABLE"]),
    ("reject with tcp reset", ["proto=6", "reject TCP_RESET"]),
    ('log prefix "x" reject with tcp reset', ["proto=6", '- log prefix "x"', "reject TCP_RESET"]),
    ("ip saddr 1.2.3.4 reject", ["family=4", "src=1.2.3.4", "reject ICMP_PORT_UNREACHABLE"]),
    ("reject with icmpv6 no-route", ["family=6", "reject ICMPV6_NO_ROUTE"]),
    ("reject with icmpx admin-prohibited", ["reject ICMPX_ADMIN_PROHIBITED"]),
    ("jump other", ["jump other"]),
    ("queue num 1", ["queue"]),
    ("synproxy mss 1460 wscale 7", ["unknown synproxy mss 1460 wscale 7", "drop"]),
    ("jump { tcp dport 22 accept; }", ["jump __chain2"]),
]


@pytest.mark.parametrize(("rule", "steps"), CASES, ids=[rule for rule, _ in CASES])
def test_a_statement_becomes_its_steps(rule: str, steps: list[str]) -> None:
    assert told(rule) == steps


@pytest.mark.parametrize("rule", ["accept drop", "drop counter", "return accept", "reject accept"])
def test_nothing_may_follow_a_verdict(rule: str) -> None:
    assert "nothing may follow a verdict" in refused_rule(rule)


def test_continue_may_be_followed() -> None:
    assert told("continue accept") == ["continue", "accept"]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("log group 5 level err", "a group excludes level"),
        ("log level audit prefix x", "takes no further options"),
        ("log group 65536", "out of range"),
        (f'log prefix "{"a" * 128}"', "too long"),
        ("queue flags fanout to 5", "needs a range"),
        ("dup to 1.2.3.4", "cannot be used in tables of inet"),
        ("fwd to lo", "tables of netdev only"),
        ("flow add @f", "no flowtable 'f'"),
    ],
)
def test_what_nft_refuses_is_refused(rule: str, what: str) -> None:
    assert what in refused_rule(rule)


def test_what_nft_prints_of_other_tools_is_unknown() -> None:
    assert told('xt match "owner" accept') == ["unknown xt match owner", "accept"]
    assert told('xt target "TPROXY"') == ["unknown"]


def test_the_prefix_of_a_log_entry_is_kept() -> None:
    (step,) = steps_of('log prefix "x: " level info')
    assert isinstance(step, Effectless)
    assert step.log_prefix == "x: "
