"""A walk told rule by rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fwsim import trace
from fwsim.engine.instructions import match
from fwsim.engine.program import V_DROP, V_JUMP
from fwsim.terms import CtStatus
from fwsim.trace import Failure, Look, value_text
from tests.matching import INTERFACES, Firewall

DROP = {"verdict": "drop"}


def failure(rule: dict[str, Any], unknown: tuple[str, ...] = (), **fields: Any) -> tuple[str, str, str] | None:
    """What decided against a single rule."""
    look = Firewall([{**DROP, **rule}]).trace(unknown, **fields)[0]
    return None if look.failure is None else (look.failure.key, look.failure.wanted, look.failure.value)


def test_every_rule_looked_at_is_told_with_its_chain_and_depth() -> None:
    chains = {
        "f": {"hook": "forward", "rules": [{"iif": "wan", **DROP}, {"verdict": "jump s"}, DROP]},
        "s": {"rules": [{"oif": "lan", **DROP}]},
    }
    assert Firewall(chains).trace() == [
        Look(0, 0, 0, False, Failure("iif", "wan", "lan"), V_DROP),
        Look(1, 0, 0, True, None, V_JUMP, 1),
        Look(3, 1, 1, False, Failure("oif", "lan", "wan"), V_DROP),
        Look(2, 0, 0, True, None, V_DROP),
    ]


def test_the_first_match_that_fails_is_named() -> None:
    rule = {"ct_state": "new", "iif": "lan", "dst": "192.0.2.9", "proto": "tcp", "dport": [22, 443]}
    assert failure(rule) == ("dst", "192.0.2.9", "192.0.2.2")
    assert failure(rule, dst="192.0.2.9") == ("dport", "[22, 443]", "80")
    assert failure(rule, dst="192.0.2.9", dport=22) is None
    assert failure(rule, ct_state=1) == ("ct_state", "new", "invalid")


def test_behind_a_match_that_fails_nothing_more_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(*given: Any) -> int:
        asked.append("match")
        return match(*given)

    monkeypatch.setattr(trace, "match", counted)
    rule = {"ct_state": "new", "iif": "lan", "dst": "192.0.2.9"}
    assert failure(rule) == ("dst", "192.0.2.9", "192.0.2.2")
    until_then = len(asked)
    asked.clear()
    assert failure({**rule, "proto": "tcp", "dport": 22}) == ("dst", "192.0.2.9", "192.0.2.2")
    assert len(asked) == until_then


@pytest.mark.parametrize(
    ("rule", "fields", "wanted"),
    [
        ({"src": "@hosts"}, {}, ("src", "@hosts", "10.1.0.5")),
        ({"dst": "::/0"}, {"dst": None}, ("dst", "::/0", "not there")),
        ({"src": "::1"}, {"family": 6, "src": "2001:db8::5"}, ("src", "::1", "2001:db8::5")),
        ({"proto": "udp"}, {}, ("proto", "udp", "tcp")),
        ({"proto": "udp"}, {"proto": 254}, ("proto", "udp", "254")),
        ({"tcp_flags": "syn / syn,ack"}, {"flags": 0x12}, ("tcp_flags", "syn / syn,ack", "S.")),
        ({"icmp_type": "echo-request"}, {}, ("proto", "icmp", "tcp")),
        ({"icmp_type": 0}, {"proto": 1, "icmp_type": 3}, ("icmp_type", "0", "destination-unreachable")),
        ({"icmpv6_type": "nd-redirect"}, {}, ("family", "ipv6", "ipv4")),
        ({"family": "ipv6"}, {}, ("family", "ipv6", "ipv4")),
        ({"fragment": "later"}, {}, ("fragment", "later", "whole")),
        ({"mark": 1}, {"mark": 255}, ("mark", "1", "0xff")),
        ({"ct_status": "assured"}, {"ct_status": 2}, ("ct_status", "assured", "seen-reply")),
        ({"ct_direction": "reply"}, {}, ("ct_direction", "reply", "original")),
        ({"ttl": "!64"}, {}, ("ttl", "!64", "64")),
        ({"oif": "!wan"}, {"oif": None}, ("oif", "!wan", "not there")),
    ],
)  # fmt: skip
def test_wanted_and_found_are_in_the_words_of_a_ruleset(
    rule: dict[str, Any], fields: dict[str, Any], wanted: tuple[str, str, str]
) -> None:
    firewall = Firewall([{**DROP, **rule}], sets={"hosts": ["10.9.9.9"]} if "@hosts" in rule.values() else {})
    found = firewall.trace(**fields)[0].failure
    assert found == Failure(*wanted)


def test_a_rule_that_may_apply_tells_what_is_not_known() -> None:
    look = Firewall([{"iif": "lan", **DROP}]).trace(("iif",))[0]
    assert (look.matched, look.failure) == (None, Failure("iif", "lan", "not known"))


def test_what_rules_a_rule_out_counts_more_than_what_is_not_known() -> None:
    assert failure({"iif": "lan", "ttl": 1}, ("iif",)) == ("ttl", "1", "64")


def test_a_limit_that_is_used_up_is_the_failure() -> None:
    firewall = Firewall([{"limit": {"rate": "1/minute", "burst": 1}, **DROP}])
    assert firewall.trace()[0].failure is None
    assert firewall.trace()[0].failure is None  # a trace takes no tokens
    firewall.ask()
    failed = firewall.trace()[0].failure
    assert failed is not None
    assert (failed.key, failed.value) == ("limit", "used up")


def test_a_limit_on_what_exceeds_is_within_the_rate_or_not_known() -> None:
    limited = {"limit": {"rate": "1/minute", "burst": 5, "over": True}}
    assert failure(limited) == ("limit", "{rate: 1/minute, burst: 5, over: true}", "within the rate")
    firewall = Firewall([{"iif": "lan", **limited, **DROP}])
    firewall.ask(["iif"])
    assert firewall.trace()[0].failure == Failure("limit", "{rate: 1/minute, burst: 5, over: true}", "not known")


def test_a_limit_on_the_way_twice_takes_its_tokens_twice_unless_quiet() -> None:
    limited = {"limit": {"rate": "1/minute", "burst": 1}, "counter": True}
    firewall = Firewall({
        "f": {"hook": "forward", "rules": [{"verdict": "jump s"}, {"verdict": "jump s"}]}, "s": {"rules": [limited]},
    })  # fmt: skip
    assert [look.matched for look in firewall.trace()] == [True, True, True, False]
    assert [look.matched for look in firewall.trace(quiet=1)] == [True, True, True, True]


def flat(group: Any) -> Iterator[Any]:
    """All tables of a group of groups."""
    for part in group:
        if isinstance(part, tuple):
            yield from flat(part)
        else:
            yield part


def test_a_trace_changes_no_memory() -> None:
    firewall = Firewall([{"limit": "1/minute", "counter": True}, DROP])
    firewall.trace()
    firewall.trace(("iif",))
    fresh = firewall.lowered.memory()
    assert all(part.tolist() == new.tolist() for part, new in zip(flat(firewall.memory), flat(fresh), strict=True))


def test_the_clock_is_told_as_a_clock_does() -> None:
    assert value_text("hour", [8 * 3600 + 5 * 60 + 9], INTERFACES) == "08:05:09"
    assert value_text("day", [0], INTERFACES) == "Sunday"


def test_an_interface_without_a_name_is_a_number() -> None:
    assert value_text("iif", [9], INTERFACES) == "interface 9"


def test_the_time_is_told_in_seconds() -> None:
    assert value_text("elapsed", [12_000_400_000], INTERFACES) == "12.000 s since the first packet"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "none"),
        (CtStatus.SNAT_DONE | CtStatus.DNAT_DONE | CtStatus.SEQ_ADJUST, "none"),
        (CtStatus.DNAT_DONE | CtStatus.DNAT | CtStatus.SEEN_REPLY, "seen-reply,dnat"),
        (CtStatus.HELPER | CtStatus.CONFIRMED, "confirmed,helper"),
    ],
)
def test_of_a_status_the_bits_are_told_that_rules_ask_for(status: int, text: str) -> None:
    assert value_text("ct_status", [int(status)], INTERFACES) == text
