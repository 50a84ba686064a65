import pytest

from fwsim.nft.tree import Concatenation, Hash, List, Map, Prefix, Range
from tests.nft_reading import left_of, refused, right_of, statement_of


def test_the_right_side_is_a_list_a_prefix_a_range_or_a_mask() -> None:
    assert isinstance(right_of("ct state new,related"), List)
    assert isinstance(right_of("ip saddr 10.0.0.0/8"), Prefix)
    assert isinstance(right_of("tcp dport 1-2"), Range)
    masked = statement_of("tcp flags != syn / syn,ack")
    assert (masked.operator, masked.right.name, len(masked.mask.items)) == ("!=", "syn", 2)
    assert len(statement_of("tcp flags syn,ack / syn,ack,rst").mask.items) == 3


@pytest.mark.parametrize(
    "text", ["tcp flags syn / syn", "ip saddr & meta mark == 1", "ip saddr @a . @b", "foo", "ip saddr 1.2.3.0/24 | 1"]
)
def test_what_no_comparison_can_have_is_refused(text: str) -> None:
    assert refused(text)


def test_what_is_set_may_come_from_the_packet_a_map_or_a_hash() -> None:
    assert isinstance(statement_of("meta mark set ip saddr map { 1.2.3.4 : 5 }").value, Map)
    assert isinstance(statement_of("meta mark set jhash ip saddr . ip daddr mod 2 seed 1").value, Hash)
    assert statement_of("meta protocol set ip").value.name == "ip"
    assert statement_of("meta mark set ip saddr & 0xff").value.operator == "&"
    assert isinstance(statement_of("ct event set new,destroy").value, List)


def test_what_is_matched_may_be_joined_and_mapped() -> None:
    assert isinstance(left_of("ip saddr . tcp dport @x"), Concatenation)
    assert isinstance(left_of("meta mark map { 1 : 2 } 5"), Map)
    assert left_of("symhash mod 2 1").argument is None
