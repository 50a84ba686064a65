"""Limits, quotas, counters and named objects."""

from __future__ import annotations

import pytest

from tests.nft_importing import refused, refused_rule, told

OBJECTS = "limit l { rate over 5/second; }\nquota q { over 5 mbytes; }\ncounter n { }"


def test_objects_are_used_by_name() -> None:
    rule = 'limit name "l" quota name "q" counter name "n"'
    assert told(rule, "ip", OBJECTS) == [
        "rate l over 5 packets/1000000000 burst 5",
        "quota q over 5242880 used 0",
        '- counter name "n"',
    ]


def test_objects_may_come_from_maps() -> None:
    before = OBJECTS + '\nmap m { type inet_service : limit; elements = { 22 : "l" }\n}'
    inner = "rate l over 5 packets/1000000000 burst 5"
    assert told('limit name tcp dport map { 22 : "l" }', "ip", before) == ["proto=6", f"dport map 22: {inner}"]
    assert told("limit name tcp dport map @m", "ip", before) == ["proto=6", "dport map @m"]


def test_a_limit_in_bytes_has_no_burst_of_its_own() -> None:
    assert told("limit rate 1 kbytes/hour") == ["rate 1024 bytes/3600000000000 burst 0"]
    assert told("limit rate 1/week burst 9 packets") == ["rate 1 packets/604800000000000 burst 9"]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("limit rate 0/second", "a rate of at least 1"),
        ("limit rate 18446744073709551615/second", "out of range"),
        ("limit rate 1 bytes/week burst 4294967295 bytes", "out of range"),
        ("quota over 1 bytes used 2 bytes", "out of range"),
        ("quota 9223372036854775808 bytes", "out of range"),
        ("ct count 4294967296", "out of range"),
        ("counter name x", "there is no counter 'x'"),
        ("counter name l", "there is no counter 'l'"),
    ],
)
def test_what_the_kernel_refuses_is_refused(rule: str, what: str) -> None:
    assert what in refused_rule(rule, "ip", OBJECTS)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("table t {\n limit l { }\n}\n", "says no rate"),
        ("table t {\n quota l { }\n}\n", "says no amount"),
        ("table t {\n ct expectation e { protocol tcp; }\n}\n", "needs protocol, dport"),
    ],
)
def test_an_object_that_lacks_something_is_refused(text: str, what: str) -> None:
    assert what in refused(text)
