"""Elements of sets and maps, and what is refused about them."""

from __future__ import annotations

import pytest

from fwsim.errors import RulesetError
from fwsim.importing.nft import read_nft
from tests.nft_importing import refused_rule, told


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("tcp dport { 22 : accept }", "a value stands in maps only"),
        ("tcp dport vmap { 22 : accept, 22 : drop }", "has another value already"),
        ("tcp dport vmap { 20-30 : accept, 25 : drop }", "overlaps with another"),
        ('iifname vmap { "eth0" : accept, "eth*" : drop }', "overlaps with another"),
        ("ip saddr . tcp dport { 10.0.0.0/8 . 1-5, 10.1.0.0/16 . 3 }", "overlaps with another"),
        ("ip saddr { 1.2.3.4 timeout 5s, 1.2.3.5 }", "have no timeout"),
    ],
)
def test_what_nft_refuses_of_elements_is_refused(rule: str, what: str) -> None:
    assert what in refused_rule(rule)


def test_sets_in_sets_are_opened() -> None:
    assert told("tcp dport { { 22, 23 }, 24 }") == ["proto=6", "dport=22-24"]
    before = "define inner = { 22, 23 }"
    assert told("tcp dport vmap { $inner : accept, 24 : drop }", "ip", before) == [
        "proto=6",
        "dport map 22: accept; 23: accept; 24: drop",
    ]


def test_a_named_set_is_no_element() -> None:
    before = "set s { type inet_service; }\ndefine name = @s"
    assert "cannot be part of another set" in refused_rule("tcp dport { 22, $name }", "ip", before)


def test_elements_of_an_anonymous_set_may_overlap_and_be_the_same() -> None:
    assert told("tcp dport { 1-5, 3-8, 3-8 }") == ["proto=6", "dport=1-8"]
    assert told("tcp dport vmap { 1-5 : accept, 1-5 : accept }")[1].startswith("dport map 1-5: accept")


def test_an_element_around_an_earlier_one_is_loaded_as_by_the_kernel() -> None:
    assert told("ip saddr . tcp dport { 10.1.0.0/16 . 22, 10.0.0.0/8 . 22 }", "ip")[0] == "proto=6"


def test_names_that_double_are_refused_before_they_are_written_out() -> None:
    lines = ["define a0 = { 1, 2 }"]
    lines += [f"define a{number + 1} = {{ $a{number}, $a{number} }}" for number in range(60)]
    text = "\n".join(lines) + "\ntable t {\n\tchain c {\n\t\ttcp dport $a60 accept\n\t}\n}\n"
    with pytest.raises(RulesetError, match="nested deeper than 16 levels"):
        read_nft(text)
