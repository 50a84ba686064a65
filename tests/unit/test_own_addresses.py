"""The address that an interface has of its own, as far as it is known."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.topology.declared import Behind
from fwsim.topology.own_addresses import NO_ADDRESS, NOT_KNOWN, own_address, words_of
from tests import tracking
from tests.placed import networks


def own(
    family: int = 4, local: tuple[str, ...] = (), on: dict[str, tuple[str, ...]] | None = None, **known: Any
) -> Any:
    """That of `wan`, which has these addresses declared `on` it, behind it everything; behind `lan` is 10.0.0.0/8."""
    declared = on or {}
    interfaces = {
        "lan": Behind(networks("10.0.0.0/8", "fd00::/16"), addresses=networks(*declared.get("lan", ()))),
        "wan": Behind(networks("any"), addresses=networks(*declared.get("wan", ()))),
    }
    return own_address("wan", family, interfaces, networks(*local), **known)


def text(address: str) -> tuple[int, int, int, int]:
    return tracking.words_of(address)


def test_the_one_that_is_declared_on_it() -> None:
    assert own(on={"wan": ("198.51.100.1",)}) == text("198.51.100.1")
    assert own(6, on={"wan": ("198.51.100.1", "2001:db8::1")}) == text("2001:db8::1")


def test_what_is_declared_on_it_goes_before_what_lies_in_its_networks() -> None:
    assert own(local=("198.51.100.9",), on={"wan": ("198.51.100.1",)}) == text("198.51.100.1")


def test_the_only_own_one_that_lies_behind_it() -> None:
    assert own(local=("198.51.100.1", "10.0.0.1")) == text("198.51.100.1")
    assert own(6, local=("2001:db8::1", "fd00::1")) == text("2001:db8::1")


def test_one_that_is_declared_on_another_is_not_its_own() -> None:
    assert own(local=("198.51.100.1", "203.0.113.1"), on={"lan": ("203.0.113.1",)}) == text("198.51.100.1")


@pytest.mark.parametrize("how", [{"local": ("198.51.100.1", "203.0.113.1")}, {"on": {"wan": ("1.1.1.1", "1.1.1.2")}}])
def test_which_of_several_is_the_first_is_not_known(how: dict[str, Any]) -> None:
    assert own(**how) == NOT_KNOWN
    assert own(**how, complete=(4,)) == NOT_KNOWN


def test_a_whole_network_of_own_ones_is_several() -> None:
    assert own(local=("198.51.100.0/30",)) == NOT_KNOWN


def test_secondary_ones_do_not_count_where_the_primary_is_known() -> None:
    both = ("198.51.100.1", "203.0.113.1")
    assert own(local=both, primary={"wan": networks("203.0.113.1")}) == text("203.0.113.1")
    assert own(local=both, primary={"lan": networks("203.0.113.1")}) == NOT_KNOWN
    assert own(on={"wan": both}, primary={"wan": networks("203.0.113.1")}) == text("203.0.113.1")


def test_there_is_none_only_where_all_are_known() -> None:
    assert own() == NOT_KNOWN
    assert own(complete=(4,)) == NO_ADDRESS
    assert own(complete=(6,)) == NOT_KNOWN
    assert own(6, complete=(6,)) == NO_ADDRESS
    assert own(6, local=("198.51.100.1",), complete=(6,)) == NO_ADDRESS


def test_link_local_ones_of_ipv6_are_left_out() -> None:
    """Nobody beyond the link could answer to them. Of IPv4 they are addresses like others."""
    assert own(6, on={"wan": ("fe80::1", "2001:db8::1")}) == text("2001:db8::1")
    assert own(6, on={"wan": ("fe80::1",)}, complete=(6,)) == NO_ADDRESS
    assert own(6, local=("fe80::1", "2001:db8::1")) == text("2001:db8::1")
    assert own(on={"wan": ("169.254.1.1",)}) == text("169.254.1.1")


def test_an_interface_that_is_not_declared_has_what_lies_nowhere() -> None:
    assert own_address("tun0", 4, {}, networks("198.51.100.1")) == NOT_KNOWN
    assert own_address("tun0", 4, {}, networks("198.51.100.1"), primary={"tun0": networks("1.1.1.1")}) == text(
        "1.1.1.1"
    )


@pytest.mark.parametrize("address", ["198.51.100.1", "2001:db8:1:2:3:4:5:6"])
def test_addresses_in_words(address: str) -> None:
    (network,) = networks(address)
    assert words_of(network) == text(address)
