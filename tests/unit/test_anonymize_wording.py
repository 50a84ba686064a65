"""Texts are numbered, addresses in words of other firewalls are mapped, and what cannot be is refused."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from fwsim.anonymize.mapping import Mapping
from fwsim.anonymize.wording import CannotMapError, Wording
from tests.anonymous import SECRET

MAPPING = Mapping(SECRET)
HOST = str(ip_address(MAPPING.address(int(ip_address("203.0.113.5")), 4)))
MAC = MAPPING.mac(0x021122334455).to_bytes(6, "big").hex(":")


def test_equal_texts_become_equal_ones() -> None:
    wording = Wording(MAPPING)
    assert [wording.comment(text) for text in ("Bob", "Anna", "Bob")] == ["comment 1", "comment 2", "comment 1"]
    assert [wording.prefix(text) for text in ("Bob", "", "Anna")] == ["log 1 ", "", "log 2 "]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ('log prefix "bob" level info', 'log prefix "log 1 " level info'),
        ('-j LOG --log-prefix "a \\"b\\" c" --log-level 4', '-j LOG --log-prefix "log 1 " --log-level 4'),
        ("-j LOG --log-prefix=bob", '-j LOG --log-prefix="log 1 "'),
        ("-m string --string bob --algo bm --to 64", '-m string --string "text 1" --algo bm --to 64'),
        ("-j TEE --gateway 203.0.113.5", f"-j TEE --gateway {HOST}"),
        ("-m x --net 203.0.113.5/32 --mac 02:11:22:33:44:55", f"-m x --net {HOST}/32 --mac {MAC}"),
        ("-m recent --name bob --ports 22:80 1.5", "-m recent --name bob --ports 22:80 1.5"),
        ("dup to 10.0.0.0/8", "dup to 10.0.0.0/8"),
    ],
)
def test_own_words_keep_all_but_texts_and_addresses(words: str, found: str) -> None:
    assert Wording(MAPPING).own_words(words) == found


@pytest.mark.parametrize(
    "word", ["203.0.113.5-203.0.113.9", "203.0.113.5/255.255.255.0", '"2001:db8::1,other"', "{::1}"]
)
def test_an_address_that_is_part_of_a_word_is_refused(word: str) -> None:
    with pytest.raises(CannotMapError, match="an address in"):
        Wording(MAPPING).own_words(f"-m x --y {word}")
