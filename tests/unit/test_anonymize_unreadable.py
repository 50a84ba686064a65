"""Rules that read what is zeros in a mapped capture are found; those that read what stays are not."""

from __future__ import annotations

import io

import pytest

from fwsim.anonymize.unreadable import rules_that_read_zeros
from fwsim.ruleset import load_ruleset


def found_in(rule: str) -> list[tuple[int, str]]:
    text = f"table inet t {{\nchain c {{\ntype filter hook forward priority 0\n{rule} drop\n}}\n}}\n"
    return [(line, what) for _, line, what in rules_that_read_zeros(load_ruleset(io.StringIO(text)).netfilter)]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("tcp option @34,16,16 7", "what the TCP option fastopen holds"),
        ("tcp option @253,16,8 7", "what the TCP option 253 holds"),
        ("tcp option @30,20,8 7", "what the TCP option mptcp holds"),
        ("udp dport 53 @th,64,8 7", "@th,64,8"),
        ("@ih,0,8 7", "@ih,0,8"),
        ("@nh,320,8 7", "@nh,320,8"),
        ("igmp group 7", "@th,32,32"),
        ("meta l4proto 6-17 @th,64,8 7", "@th,64,8"),
    ],
)
def test_a_rule_that_reads_zeros_is_named(rule: str, what: str) -> None:
    assert found_in(rule) == [(4, what)]


@pytest.mark.parametrize(
    "rule",
    [
        "tcp option maxseg size 1460", "tcp option timestamp tsval 7", "tcp option mptcp subtype 1",
        "tcp option fastopen exists", "tcp option fastopen length 10", "udp length 8", "tcp urgptr 7", "tcp dport 22",
        "meta l4proto { tcp, udp } th dport 53", "icmp sequence 5", "esp spi 7", "ah sequence 9", "sctp vtag 7",
        "mh type 7", "frag id 7", "@nh,0,8 0x45",
    ],
)  # fmt: skip
def test_a_rule_that_reads_what_stays_is_not(rule: str) -> None:
    assert found_in(rule) == []
