"""What accepts too much."""

from __future__ import annotations

import pytest

from fwsim.checking import Finding, Kind
from fwsim.checking import broad as module
from tests.findings import Json, tcp, told, told_of_text

REPLIES: Json = {"ct_state": ["established", "related"], "verdict": "accept"}


def broad(rules: list[Json], policy: str = "drop", **chains: Json) -> list[Finding]:
    return told(rules, Kind.BROAD_ACCEPT, policy=policy, **chains)


def test_a_rule_that_accepts_whatever_is_new_is_told() -> None:
    (found,) = broad([REPLIES, {"src": "10.0.0.0/8", "verdict": "drop"}, {"ct_state": "new", "verdict": "accept"}])
    assert found.where == "rule 3 of forward"
    assert found.packet is not None
    assert found.packet.outcome == "accept: rule 3 of forward"


@pytest.mark.parametrize(
    "rule",
    [
        tcp("1-1024"), {"src": "10.0.0.0/8", "verdict": "accept"}, {"dst": "10.0.0.1", "verdict": "accept"},
        {"iif": "lan", "verdict": "accept"}, {"ct_state": "established", "verdict": "accept"},
        {"proto": "icmp", "verdict": "accept"}, {"proto": "tcp", "tcp_flags": "ack / ack", "verdict": "accept"},
    ],
)  # fmt: skip
def test_a_rule_that_asks_for_something_is_not(rule: Json) -> None:
    assert broad([rule]) == []


def test_what_leads_to_a_rule_counts_too() -> None:
    below: Json = {"rules": [{"verdict": "accept"}]}
    assert broad([{"src": "10.0.0.0/8", "verdict": "jump below"}], below=below) == []
    assert [one.where for one in broad([{"iif": "!lan", "verdict": "jump below"}], below=below)] == ["rule 1 of below"]


def test_a_policy_that_accepts_is_told_where_rules_filter() -> None:
    (found,) = broad([tcp("1-9", "drop")], policy="accept")
    assert (found.where, found.what[:20]) == ("forward", "the policy accepts n")
    assert broad([{"set_mark": 1, "verdict": "continue"}], policy="accept") == []


def test_the_place_of_a_policy_is_told() -> None:
    text = "table ip x {\n chain c {\n type filter hook forward priority 0; policy accept;\n tcp dport 1 drop\n }\n}\n"
    (found,) = told_of_text(text, Kind.BROAD_ACCEPT)
    assert (found.line, found.where) == (3, "ip x c")


def many(last: str, policy: str) -> str:
    rules = "".join(f"  ip saddr 10.0.{n // 250}.{n % 250} tcp dport {1_000 + n} accept\n" for n in range(400))
    return (
        f"table ip x {{\n chain c {{\n  type filter hook forward priority 0; policy {policy};\n{rules}{last} }}\n}}\n"
    )


def test_a_plain_accept_is_told_whatever_stands_before_it() -> None:
    (found,) = told_of_text(many("  accept\n", "drop"), Kind.BROAD_ACCEPT)
    assert found.line == 404
    (found,) = told_of_text(many("", "accept"), Kind.BROAD_ACCEPT)
    assert (found.line, found.where) == (3, "ip x c")
    assert told_of_text(many("  drop\n", "accept"), Kind.BROAD_ACCEPT) == []


def test_a_plain_accept_whose_packets_a_later_chain_narrows_is_not_told() -> None:
    later = " chain d {\n  type filter hook forward priority 1; policy drop;\n  tcp dport 80 accept\n }\n}\n"
    assert told_of_text(many("  accept\n", "drop").removesuffix("}\n") + later, Kind.BROAD_ACCEPT) == []


def test_where_it_takes_too_long_it_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IN_ALL", 3)
    (found,) = told_of_text(many("  accept\n", "drop"), Kind.BROAD_ACCEPT)
    assert (found.kind, "broad-accept" in found.what) == (Kind.UNKNOWN, True)
