"""What a line of FTP announces: every quirk of the kernel's parser that can be told apart."""

from __future__ import annotations

import socket

import pytest

from fwsim.engine.ftp_line import (
    BROKEN_OFF,
    ELSEWHERE,
    ENDS_LINE,
    EPRT,
    EXPECTS,
    EXTENDED_PASSIVE,
    PASSIVE,
    PORT,
)
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Direction
from tests.captures_by_hand import CLIENT, CLIENT6, Frame, decoded, ip4, ip6, tcp

FOUR = socket.inet_ntoa(CLIENT)
SIX = socket.inet_ntop(socket.AF_INET6, CLIENT6)
COMMAS = FOUR.replace(".", ",")


def said(text: str, family: int = 4) -> Frame:
    payload = text.encode("latin1")
    return decoded(ip4(tcp(0x18, payload=payload)) if family == 4 else ip6(tcp(0x18, payload=payload)), 101)


def heard(text: str, family: int = 4) -> tuple[int, int]:
    """What a line is, and the port that it names if it EXPECTS one."""
    quote = said(text, family).quote
    assert quote is not None
    return quote["usable"], quote["dst_id"] if quote["usable"] == EXPECTS else ABSENT


@pytest.mark.parametrize(
    ("text", "quote"), [("QUIT\r\n", ENDS_LINE), ("\n", ENDS_LINE), ("no line", ABSENT), ("", ABSENT)]
)
def test_a_payload_that_announces_nothing_only_ends_a_line_or_not(text: str, quote: int) -> None:
    assert said(text).packet["quote"] == quote


@pytest.mark.parametrize("text", ["PX", "EPRX", "PORS 1", "228 x", "22\r\n", "\x12\x32\x37 ", "pOrK\n"])
def test_near_misses_announce_nothing(text: str) -> None:
    assert said(text).packet["quote"] == (ENDS_LINE if text.endswith("\n") else ABSENT)


@pytest.mark.parametrize(
    ("text", "direction", "newline"),
    [("PORT 1\n", 0, 1), ("eprt", 0, 0), ("E", 0, 0), ("227 x\n", 1, 1), ("229 ", 1, 0), ("22", 1, 0)],
)
def test_commands_count_in_one_direction_and_answers_in_the_other(text: str, direction: int, newline: int) -> None:
    quote = said(text).quote
    assert quote is not None
    assert (quote["src_id"], quote["newline"]) == (Direction(direction), newline)
    assert quote["usable"] == BROKEN_OFF


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"PORT {COMMAS},4,1\r\n", (EXPECTS, 1025)),
        (f"PoRtX {COMMAS},4,1\r", (EXPECTS, 1025)),
        (f"PORT {COMMAS},0,0\r", (EXPECTS, 0)),
        (f"PORT {COMMAS},273,1\r", (EXPECTS, 273 * 256 + 1 & 0xFFFF)),
        ("PORT 9,9,9,9,4,1\r", (ELSEWHERE, ABSENT)),
        (f"PORT  {COMMAS},4,1\r", (BROKEN_OFF, ABSENT)),
        (f"PORT {COMMAS},4,1\n", (BROKEN_OFF, ABSENT)),
        (f"PORT {COMMAS},4,1", (BROKEN_OFF, ABSENT)),
        (f"PORT {COMMAS},4\r", (BROKEN_OFF, ABSENT)),
        (f"PORT {COMMAS},4,1,\r", (BROKEN_OFF, ABSENT)),
        ("PORT ", (BROKEN_OFF, ABSENT)),
        ("PORTX", (BROKEN_OFF, ABSENT)),
        (f"227 Entering ({COMMAS},4,1).\r\n", (EXPECTS, 1025)),
        (f"227 {COMMAS},4,1 ", (EXPECTS, 1025)),
        (f"227 ={COMMAS},4,1", (BROKEN_OFF, ABSENT)),
        ("227 none\r\n", (BROKEN_OFF, ABSENT)),
        ("227 1 (9,9,9,9,4,1)\r\n", (BROKEN_OFF, ABSENT)),
        (f"EPRT |1|{FOUR}|1025|\r\n", (EXPECTS, 1025)),
        (f"EPRT !1!{FOUR}!66561!", (EXPECTS, 1025)),
        ("EPRT |1|9.9.9.9|1025|", (ELSEWHERE, ABSENT)),
        (f"EPRT |2|{SIX}|1025|", (BROKEN_OFF, ABSENT)),
        (f"EPRT |1|{FOUR}|0|", (BROKEN_OFF, ABSENT)),
        (f"EPRT |1|{FOUR}|1025", (BROKEN_OFF, ABSENT)),
        (f"EPRT |1|{FOUR}|10x25|", (BROKEN_OFF, ABSENT)),
        (f"EPRT |1!{FOUR}|1025|", (BROKEN_OFF, ABSENT)),
        (f"EPRT 313{FOUR}310253", (BROKEN_OFF, ABSENT)),
        ("EPRT |1|", (BROKEN_OFF, ABSENT)),
        ("229 Entering (|||1025|)\r\n", (EXPECTS, 1025)),
        ("229 (!!!1025!", (EXPECTS, 1025)),
        ("229 (||!1025|)", (BROKEN_OFF, ABSENT)),
        ("229 (|||0|)", (BROKEN_OFF, ABSENT)),
        ("229 |||1025|", (BROKEN_OFF, ABSENT)),
        ("229 (\x7f\x7f\x7f1025\x7f)", (BROKEN_OFF, ABSENT)),
    ],
)
def test_ipv4_lines_are_read_as_in_the_kernel(text: str, wanted: tuple[int, int]) -> None:
    assert heard(text) == wanted


def whole(address: str) -> str:
    packed = socket.inet_pton(socket.AF_INET6, address)
    return ":".join(f"{int.from_bytes(packed[i : i + 2], 'big'):X}" for i in range(0, 16, 2))


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        (SIX, EXPECTS),
        (SIX.upper(), EXPECTS),
        (whole(SIX), EXPECTS),
        (f"00000{SIX}", EXPECTS),
        ("::1", ELSEWHERE),
        ("::", ELSEWHERE),
        ("1::", ELSEWHERE),
        ("1:2:3:4:5:6:7:8", ELSEWHERE),
        ("1:2:3:4:5:6:7::", ELSEWHERE),
        ("1:2:3:4:5:6:7", BROKEN_OFF),
        ("1:2:3:4:5:6:7:8:9", BROKEN_OFF),
        ("1::2::3", BROKEN_OFF),
        (":1", BROKEN_OFF),
        (":::", BROKEN_OFF),
        ("12345::", BROKEN_OFF),
        ("g::", BROKEN_OFF),
        ("", BROKEN_OFF),
        ("::1.2.3.4", UNKNOWN_VALUE),
    ],
)
def test_ipv6_addresses_are_read_as_in_the_kernel(address: str, wanted: int) -> None:
    assert heard(f"EPRT |2|{address}|1025|\r\n", 6)[0] == wanted


def test_over_ipv6_only_the_first_word_of_an_ipv4_address_is_compared() -> None:
    """`memcmp` over an address of which PORT has set no more (nf_conntrack_ftp.c)."""
    first = ",".join(str(byte) for byte in socket.inet_pton(socket.AF_INET6, SIX)[:4])
    assert heard(f"PORT {first},4,1\r", 6) == (EXPECTS, 1025)
    assert heard("PORT 9,9,9,9,4,1\r", 6) == (ELSEWHERE, ABSENT)
    assert heard(f"EPRT |1|{FOUR}|1025|", 6) == (BROKEN_OFF, ABSENT)
    assert heard("229 (|||1025|)", 6) == (EXPECTS, 1025)


def test_a_payload_that_the_capture_cut_off_is_not_known() -> None:
    data = ip4(tcp(0x18, payload=b"PORT 1,2,3\r\n"))
    assert decoded(data[:-1], 101, length=len(data)).packet["quote"] == UNKNOWN_VALUE


@pytest.mark.parametrize(
    ("text", "kind", "announced"),
    [
        (f"PORT {COMMAS},4,1\r\n", PORT, f"{COMMAS},4,1"),
        (f"PORT {COMMAS},04,001\r\n", PORT, f"{COMMAS},04,001"),
        (f"227 Entering ({COMMAS},4,1).\r\n", PASSIVE, f"{COMMAS},4,1"),
        (f"EPRT |1|{FOUR}|1025|\r\n", EPRT, f"|1|{FOUR}|1025|"),
        (f"EPRT !1!{FOUR}!01025!\r\n", EPRT, f"!1!{FOUR}!01025!"),
        ("229 Extended (|||1025|)\r\n", EXTENDED_PASSIVE, "|||1025|"),
    ],
)
def test_what_it_begins_with_and_how_many_bytes_announce_is_kept(text: str, kind: int, announced: str) -> None:
    quote = said(text).quote
    assert quote is not None
    assert (quote["list0"], quote["list1"]) == (kind, len(announced))


def test_an_ipv6_address_is_counted_as_it_is_written() -> None:
    quote = said(f"EPRT |2|{SIX}|1025|\r\n", 6).quote
    assert quote is not None
    assert quote["list1"] == len(f"|2|{SIX}|1025|")
