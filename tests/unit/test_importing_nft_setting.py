"""What rules set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.netfilter.steps import Assign
from tests.nft_importing import imported, refused_rule, script, steps_of, told


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("meta l4proto set 5", "cannot be set"),
        ("ct state set new", "cannot be set"),
        ("meta mark set ip saddr", "expected mark, not ipv4_addr"),
        ("meta mark set ip ttl", "not integer of 8 bits"),
        ("meta mark set 4294967296", "out of range"),
        ("meta mark set meta mark << 32", "a shift of 32 bits"),
        ('ct helper set "ftp"', "there is no ct helper 'ftp'"),
        ("ct mark set 1-5", "a single value"),
    ],
)
def test_what_cannot_be_set_is_refused(rule: str, what: str) -> None:
    assert what in refused_rule(rule)


@given(st.integers(0, 2**32 - 1), st.lists(st.tuples(st.sampled_from("&|^"), st.integers(0, 2**32 - 1)), max_size=4))
def test_operators_become_one_masked_term(mark: int, operations: list[tuple[str, int]]) -> None:
    expression, expected = "meta mark", mark
    for operator, by in operations:
        expression = f"({expression}) {operator} {by}"
        expected = {"&": expected & by, "|": expected | by, "^": expected ^ by}[operator]
    (step,) = steps_of(f"ct mark set {expression}")
    assert isinstance(step, Assign)
    (term,) = step.terms
    assert step.constant ^ (mark & term.mask) == expected


def test_bits_that_are_shifted_out_stay_out() -> None:
    assert told("meta mark set (ct mark << 8) >> 8") == ["mark := 0x0 ^ (ct_mark<<0 & 0xffffff)"]


def test_what_is_not_simulated_is_remarked() -> None:
    before = "ct expectation e { protocol udp; dport 9; timeout 1m; size 12; }"
    netfilter = imported(script('ct expectation set "e"', "ip", before))
    assert [remark.what for remark in netfilter.remarks] == ['ct expectation set "e": no connection is expected by it']


def test_a_zone_and_a_timeout_change_what_is_known_of_the_connection() -> None:
    assert told("ct zone set 1") == told("ct reply zone set 1") == ["ct_state altered to None"]
    assert told("ct zone set 0") == ["- ct zone set 0"]
    before = "ct timeout t { protocol udp; }"
    assert told('ct timeout set "t"', "ip", before) == ["ct_status altered to None"]


def test_a_helper_object_gives_its_helper() -> None:
    before = 'ct helper h { type "ftp" protocol tcp; }'
    assert told('ct helper set "h"', "ip", before) == ["helper ftp"]
    assert told('ct helper set tcp dport map { 21 : "h" }', "ip", before) == ["proto=6", "dport map 21: helper ftp"]


def test_fields_of_the_packet_are_altered() -> None:
    assert told("ip ttl set 64", "ip") == ["ttl altered to 64"]
    assert told("ip dscp set ip saddr map { 10.0.0.1 : ef }", "ip") == ["src map 10.0.0.1: dscp altered to 46"]
    head = "type filter hook forward priority 0;"
    assert told("tcp option maxseg size set rt mtu", "ip", head=head) == ["tcp[maxseg].size altered to None"]
