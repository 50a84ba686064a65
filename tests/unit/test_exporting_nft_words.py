"""What nft calls selectors and values."""

from __future__ import annotations

import pytest

from fwsim.exporting.nft_words import Known, elements_of, number_text, option_text, quoted_name, selector_text
from fwsim.exporting.saying import CannotSay
from fwsim.netfilter.fields import Fib, Numgen, Option, Raw, Selector
from fwsim.ruleset.values import Addresses, Choice, Masked, MatchValue, Names, Numbers


@pytest.mark.parametrize(
    ("selector", "known", "text"),
    [
        ("dport", Known(), "th dport"), ("dport", Known(proto=6), "tcp dport"), ("src", Known(6), "ip6 saddr"),
        ("ttl", Known(6), "ip6 hoplimit"), ("iif", Known(), "iifname"), (Raw("th", 16, 8), Known(), "@th,16,8"),
        (Fib(frozenset({"oif", "daddr"}), "exists"), Known(), "fib daddr . oif oif"),
        (Numgen("inc", 3, 1, 7), Known(), "numgen inc mod 3 offset 1"),
        (Option("tcp", "maxseg", "size"), Known(), "tcp option maxseg size"),
    ],
)  # fmt: skip
def test_a_selector_in_the_words_of_nft(selector: Selector, known: Known, text: str) -> None:
    assert selector_text(selector, known) == text


def test_types_of_addresses_in_xtables_are_those_of_nft_for_ipv4() -> None:
    selector = Fib(frozenset({"daddr"}), "addrtype")
    assert selector_text(selector, Known(4)) == "fib daddr type"
    with pytest.raises(CannotSay, match="addrtype"):
        selector_text(selector, Known(6))


def test_a_selector_that_the_family_does_not_have_is_refused() -> None:
    with pytest.raises(CannotSay, match="ip_id"):
        selector_text("ip_id", Known(6))


@pytest.mark.parametrize(
    ("selector", "value", "elements"),
    [
        ("src", Addresses(((0x0A000000, 0x0AFFFFFF),), ((1, 1),)), ["10.0.0.0/8"]),
        ("iif", Names(("a", "b*"), ("eth",)), ['"a"', '"b\\*"', '"eth*"']),
        ("proto", Numbers(((6, 6), (8, 10))), ["tcp", "8-10"]),
        ("mark", Masked((Choice(1, 2, 0xFFFFFFFF),)), ["0x1-0x2"]),
        ("src_mac", Numbers(((1, 1),)), ["00:00:00:00:00:01"]),
    ],
)  # fmt: skip
def test_values_as_elements(selector: Selector, value: MatchValue, elements: list[str]) -> None:
    assert elements_of(selector, value, 4) == elements


def test_a_mask_is_no_element() -> None:
    with pytest.raises(CannotSay, match="mask"):
        elements_of("mark", Masked((Choice(1, 1, 0xFF),)), None)


def test_a_name_with_a_quote_is_refused() -> None:
    with pytest.raises(CannotSay):
        quoted_name('a"b')


def test_times_are_in_whole_seconds() -> None:
    assert number_text("time", 5_000_000_000) == "5"
    with pytest.raises(CannotSay):
        number_text("time", 5)


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (Option("ip", "rr"), "ip option rr"), (Option("exthdr", "frag"), "exthdr frag"),
        (Option("exthdr", "frag", "frag-off"), "frag frag-off"),
    ],
)  # fmt: skip
def test_options_and_extension_headers(option: Option, text: str) -> None:
    assert option_text(option) == text


@pytest.mark.parametrize(
    ("selector", "number", "text"),
    [
        ("ct_state", 1, "invalid"), ("ct_state", 6, "established | related"), ("ct_state", 0, "0x0"),
("ct_status", 0x82, "0x82"), ("ct_status", 6, "seen-reply | assured"), ("tcp_flags", 0x42, "syn | ecn"),
        ("mark", 2, "0x2"), ("ct_mark", 2, "0x2"),
    ],
)  # fmt: skip
def test_bits_have_names_where_all_of_them_do(selector: Selector, number: int, text: str) -> None:
    assert number_text(selector, number) == text
    assert elements_of(selector, Numbers(((number, number), (9, 12))), None) == [text, "0x9-0xc"]
