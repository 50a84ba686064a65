"""Constants by the type of what they are compared with."""

from __future__ import annotations

import pytest

from fwsim.importing.nft import values as nft_values
from tests.nft_importing import refused_rule, steps_of, told


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("ip ttl 256", "256 is out of range, expected 0 to 255"),
        ("meta day 7", "7 is out of range, expected 0 to 6"),
        ("ct mark 4294967296", "out of range"),
        ("ip saddr 10.0.0.0/33", "the prefix length 33 is invalid"),
        ("tcp dport 5-3", "zero or negative size"),
        ("tcp dport 22,23", "cannot be joined by commas"),
        ("ct label 128", "at most 127"),
        ('iifname "*"', "cannot be a '*' alone"),
        ('iifname ""', "an empty string"),
        ("iifname " + "x" * 17, "too long"),
        ("ip saddr host", "names of hosts are not resolved"),
        ("tcp dport { 22 . 23 }", "a concatenation cannot be compared"),
        ("ip saddr . tcp dport { 10.0.0.1 }", "expected 2 values"),
        ("ip saddr . tcp dport { 10.0.0.1 . 22 . 5 }", "3 parts, expected 2"),
    ],
)
def test_what_is_no_value_of_the_type_is_refused(rule: str, what: str) -> None:
    assert what in refused_rule(rule)


def test_operators_compute_constants() -> None:
    assert told("meta mark 1 | 2 ^ 7") == ["mark=5&0xffffffff"]
    assert told("ct mark 1 << 4") == ["ct_mark=16&0xffffffff"]


def test_a_backslash_keeps_the_asterisk() -> None:
    assert told(r'iifname "eth\*"') == ["iif=eth*"]
    assert told('iifname "eth*"') == ["iif=eth*"]
    assert steps_of(r'iifname "eth\*"') != steps_of('iifname "eth*"')


def test_words_are_remembered_in_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nft_values, "MOST_KNOWN", 2)
    assert told("tcp dport { 1, 2, 3, 4, 1 }") == ["proto=6", "dport=1-4"]
