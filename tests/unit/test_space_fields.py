"""Fields as sets see them."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from fwsim.space.fields import DST, MARK, NAMES, SRC, domain, first_word, number_of_words, words_of, written
from fwsim.space.intervals import holds
from tests.oracle import words_of as words_of_address


@pytest.mark.parametrize("text", ["0.0.0.0", "10.1.2.3", "255.255.255.255", "::", "2001:db8::1", "ff02::1"])
def test_an_address_is_one_number_and_back(text: str) -> None:
    words = words_of_address(ip_address(text))
    number = number_of_words(*words)
    assert words_of(number) == words
    assert first_word(SRC, number) == words[0]
    assert written(DST, number) == text
    assert holds(domain(SRC), number)


def test_other_fields_are_what_they_are() -> None:
    assert written(MARK, 7) == "7"
    assert first_word(MARK, 1 << 31) == 1 << 31
    assert NAMES[SRC] == "src0"
