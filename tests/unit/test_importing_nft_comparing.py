"""Values of selectors, also behind bitwise operators."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fwsim.importing.nft.comparing import computed, undone
from fwsim.importing.nft.operands import Operand
from fwsim.importing.nft.types import TYPES
from fwsim.netfilter.steps import Match
from tests.nft_importing import script, steps_of, table_of, told

OPERATORS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("&|^"), st.integers(0, 255)),
        st.tuples(st.sampled_from(["<<", ">>"]), st.integers(0, 7)),
    ),
    max_size=4,
)


@given(OPERATORS, st.integers(0, 255), st.integers(0, 255))
def test_the_mask_and_intervals_hold_exactly_for_what_is_computed_into_the_interval(
    operations: list[tuple[str, int]], one: int, other: int
) -> None:
    low, high = sorted((one, other))
    operand = Operand("ttl", TYPES["integer"], 8, operations=tuple(operations))
    mask, intervals = undone(operand, ((low, high),))
    for number in range(256):
        found = any(begin <= number & mask <= end for begin, end in intervals)
        assert found == (low <= computed(number, operand) <= high)


def test_equal_values_are_one_object() -> None:
    one, other = steps_of("tcp dport 22")[1], steps_of("tcp sport 22 tcp dport 22")[2]
    assert isinstance(one, Match)
    assert isinstance(other, Match)
    both = table_of(script("tcp dport 22 accept\ntcp sport 22 accept")).chains["c"].rules
    first, second = (rule.steps[1] for rule in both)
    assert isinstance(first, Match)
    assert isinstance(second, Match)
    assert first.value is second.value


def test_numbers_of_families_are_ours() -> None:
    assert told("meta nfproto { ipv4, ipv6 }") == ["family=4,6"]
    assert told("meta protocol != ip") == ["family=!4"]
    assert told("meta protocol arp") == ["family="]


def test_addresses_under_a_prefix_mask_are_an_interval() -> None:
    assert told("ip saddr & 255.255.0.0 10.0.0.0-10.5.0.0", "ip") == ["src=10.0.0.0-10.5.255.255"]
    assert told("ip saddr | 0.0.0.255 == 10.0.0.255", "ip") == ["src=10.0.0.0-10.0.0.255"]
    assert told("ip6 saddr & ::ffff == ::1", "ip6") == ["@nh,64,128=1&0xffff"]


def test_numbers_of_sixty_four_bits_end_where_the_field_does() -> None:
    assert told("meta time > 1000") == [f"time={1000 * 10**9 + 1}-{2**63 - 1}"]
    assert told("ct bytes != 18446744073709551615") == ["ct_bytes=!"]
