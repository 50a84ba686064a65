"""Rules of nft as rules of iptables: one target each, maps and concatenations written out."""

from __future__ import annotations

import pytest

from fwsim.exporting.iptables import iptables_text
from tests.exporting import assert_same_walks, loads, read


def lines_of(*rules: str) -> list[str]:
    """Rules of a chain at forward, after checking that the tool takes them and that they decide the same."""
    body = "\n\t\t".join(rules)
    head = "table ip t {\n\tchain c {\n\t\ttype filter hook forward priority 0; policy drop;\n\t\t"
    foreign = read(f"{head}{body}\n\t}}\n}}\n")
    text = iptables_text(foreign.netfilter)
    assert loads("iptables-restore", text) == ""
    assert_same_walks(foreign, read(text), count=150, family=4)
    return [line for line in text.splitlines() if line.startswith("-A")]


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        ("ip saddr { 10.0.0.1, 10.0.0.3 } tcp dport 22 accept", 2),
        ("ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.2 . 80-90 } accept", 2),
        ("tcp dport vmap { 22 : accept, 80 : drop }", 2),
        ("ct state vmap { established : accept, invalid : drop }", 2),
        ('log prefix "a" counter meta mark set 0x1 accept', 3),
        ("meta l4proto != { tcp, udp } accept", 4),
        ("meta l4proto { tcp, udp } th dport 53 accept", 2),
        ("icmp type 3 icmp code { 1, 4 } accept", 2),
        ("ct mark set ct mark & 0xff | 0x100", 1),
        ("numgen inc mod 3 1 accept", 1),
        ("tcp flags & (syn | ack) != 0x0 accept", 1),
        ('iifname { "a", "b" } reject with tcp reset', 2),
        ('iifname != { "a", "b" } accept', 4),
    ],
)
def test_a_rule_of_nft_as_rules_of_iptables(rule: str, count: int) -> None:
    assert len(lines_of(rule)) == count


def test_a_mark_that_a_rule_asks_for_and_changes_is_asked_once() -> None:
    lines = lines_of("meta mark 0x0 meta mark set 0x1 accept")
    assert lines == [
        "-A FORWARD -m mark --mark 0x0 -j FORWARD-more",
        "-A FORWARD-more -j MARK --set-xmark 0x1/0xffffffff",
        "-A FORWARD-more -j ACCEPT",
    ]
