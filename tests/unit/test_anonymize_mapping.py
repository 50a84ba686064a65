"""Addresses are mapped one to one, prefixes and special blocks stay, and only the key knows how."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.anonymize.mapping import KEPT, Mapping, blocks
from fwsim.topology.address_plan import SPECIAL_BLOCKS

LAN = ip_network("203.0.112.0/20")
MAPPING = Mapping(b"a key of the tests", [LAN])
V4, V6 = st.integers(0, 2**32 - 1), st.integers(0, 2**128 - 1)


def common(one: int, other: int, bits: int) -> int:
    """How many first bits two numbers have in common."""
    return bits - (one ^ other).bit_length()


@given(V4, V4)
def test_what_two_addresses_have_in_common_stays(one: int, other: int) -> None:
    assert common(MAPPING.address(one, 4), MAPPING.address(other, 4), 32) == common(one, other, 32)


@given(V6, V6, st.integers(0, 128))
def test_so_it_does_in_ipv6(one: int, other: int, bits: int) -> None:
    other = one >> (128 - bits) << (128 - bits) | (other & ((1 << (128 - bits)) - 1))
    assert common(MAPPING.address(one, 6), MAPPING.address(other, 6), 128) == common(one, other, 128)


@pytest.mark.parametrize("text", [text for text, _ in SPECIAL_BLOCKS])
def test_special_blocks_become_themselves(text: str) -> None:
    network = ip_network(text)
    first = int(network.network_address)
    assert MAPPING.network(first, network.version, network.prefixlen) == first


@given(st.sampled_from([text for text, _ in SPECIAL_BLOCKS]), V6)
def test_an_address_of_a_special_block_becomes_another_of_it(text: str, offset: int) -> None:
    network = ip_network(text)
    number = int(network.network_address) + offset % network.num_addresses
    found = MAPPING.address(number, network.version) - int(network.network_address)
    assert 0 <= found < network.num_addresses


def test_blocks_for_documentation_are_mapped_like_any_other() -> None:
    first = int(ip_address("192.0.2.0"))
    assert len({Mapping(bytes([key]) * 16).network(first, 4, 28) for key in range(40)}) > 20


@pytest.mark.parametrize("text", [*KEPT, "ff02::1", "ff02::2", "224.0.0.251"])
def test_what_protocols_have_given_a_meaning_stays(text: str) -> None:
    network = ip_network(text)
    for address in (network.network_address, network.broadcast_address):
        if not text.startswith("ff00"):
            assert MAPPING.address(int(address), network.version) == int(address)


def test_a_multicast_address_that_names_a_host_is_mapped_and_keeps_its_prefix() -> None:
    named = [int(ip_address(f"ff02::1:ff00:{n:x}")) for n in range(64)]
    mapped = [MAPPING.address(number, 6) for number in named]
    assert mapped != named
    assert {number >> 24 for number in mapped} == {named[0] >> 24}


@given(st.sampled_from(["ff05::1:3", "ff3e::8000:1", "ff12::5", "239.1.2.3", "fe80::1", "192.168.1.1"]))
def test_the_scope_of_an_address_stays(text: str) -> None:
    address = ip_address(text)
    mapped = MAPPING.address(int(address), address.version)
    bits = 16 if text.startswith("ff") else 10 if address.version == 6 else 4
    width = 32 if address.version == 4 else 128
    assert mapped >> (width - bits) == int(address) >> (width - bits)


@given(st.integers(0, 2**12 - 1))
def test_the_last_address_of_a_known_network_is_that_of_its_counterpart(offset: int) -> None:
    first = int(LAN.network_address)
    mapped = MAPPING.network(first, 4, LAN.prefixlen)
    assert MAPPING.address(first + 2**12 - 1, 4) == mapped + 2**12 - 1
    assert (MAPPING.address(first + offset, 4) == mapped + 2**12 - 1) == (offset == 2**12 - 1)


def test_another_key_maps_otherwise_and_the_same_alike() -> None:
    number = int(ip_address("198.51.100.77"))
    found = {Mapping(bytes([key]) * 16).address(number, 4) for key in range(40)}
    assert len(found) > 20
    assert Mapping(b"x" * 16).address(number, 4) == Mapping(b"x" * 16).address(number, 4)


@given(V4, V4)
def test_an_interval_becomes_just_the_addresses_in_it(one: int, other: int) -> None:
    low, high = sorted((one, other))
    high = min(high, low + 300)
    wanted = {MAPPING.address(number, 4) for number in range(low, high + 1)}
    found = {number for a, b in MAPPING.addresses(((low, high),), 4) for number in range(a, b + 1)}
    assert found == wanted


@given(V4, V4)
def test_blocks_are_aligned_and_cover_their_interval(one: int, other: int) -> None:
    low, high = sorted((one, other))
    at = low
    for first, size in blocks((low, high), 32):
        assert first == at
        assert first % (1 << size) == 0
        at += 1 << size
    assert at == high + 1


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1))
def test_macs_of_hosts_are_mapped_one_to_one_and_those_of_groups_stay(one: int, other: int) -> None:
    mapped = MAPPING.mac(one)
    assert (mapped == MAPPING.mac(other)) == (one == other)
    assert mapped >> 40 & 1 == one >> 40 & 1
    if one >> 40 & 1:
        assert mapped == one
    assert MAPPING.mac(0) == 0


def test_intervals_of_macs() -> None:
    assert MAPPING.macs(((0, 2**48 - 1),)) == ((0, 2**48 - 1),)
    one = 0x001122334455
    assert MAPPING.macs(((one, one),)) == ((MAPPING.mac(one), MAPPING.mac(one)),)
    low, high = 0x0011223344FE, 0x001122334501
    wanted = {MAPPING.mac(number) for number in range(low, high + 1)}
    assert {n for a, b in MAPPING.macs(((low, high),)) for n in range(a, b + 1)} == wanted
