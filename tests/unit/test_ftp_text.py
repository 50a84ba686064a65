"""The length of rewritten text."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from fwsim.engine.ftp_line import EPRT, EXTENDED_PASSIVE, PASSIVE, PORT
from fwsim.engine.ftp_text import digits, growth_of, text_length
from fwsim.tables import QUOTE, V6, Rows, empty
from tests.ftp_conversation import announcement
from tests.tracking import words_of

KINDS = {"PORT": PORT, "227": PASSIVE, "EPRT": EPRT, "229": EXTENDED_PASSIVE}


@pytest.mark.parametrize("number", [0, 9, 10, 99, 100, 999, 1000, 9999, 10000, 65535])
def test_digits_are_counted(number: int) -> None:
    assert digits(number) == len(str(number))


@pytest.mark.parametrize("port", [1, 255, 256, 2560, 25600, 65535])
@pytest.mark.parametrize("address", ["1.2.3.4", "10.20.30.40", "198.51.100.100", "0.0.0.0", "255.255.255.255"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_line_is_as_long_as_the_kernel_writes_it(kind: str, address: str, port: int) -> None:
    line = announcement(kind, address, port)
    text = line[5:] if kind in ("PORT", "EPRT") else line[line.index("(") + 1 : -1]
    assert text_length(KINDS[kind], words_of(address)[0], port) == len(text)


@pytest.mark.parametrize("port", [1, 65535])
def test_an_ipv6_address_is_written_with_all_its_digits(port: int) -> None:
    whole = ip_address("fd00::1").exploded
    assert text_length(EPRT, V6 + 0xFD000000, port) == len(f"|2|{whole}|{port}|")


def test_over_ipv6_port_names_the_first_word() -> None:
    assert text_length(PORT, V6 + 0x20010DB8, 1041) == len("32,1,13,184,4,17")


def test_a_line_grows_by_what_is_written_in_place_of_what_it_said() -> None:
    said = Rows(empty(QUOTE, 1))[0]
    said.update(list0=PORT, list1=len("010,0,0,1,04,017"), dst_id=1041)
    assert growth_of(said, words_of("198.51.100.1")[0]) == len("198,51,100,1,4,17") - len("010,0,0,1,04,017")
