"""Lines of FTP that the fuzzer says: right announcements of every kind, and wrong ones."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from fwsim.fuzz.ftp_lines import line, spelled

PAIRS = [("10.1.0.11", "198.51.100.21"), ("fd00:1::11", "2001:db8:2::21")]


def said(side: int, pair: tuple[str, str]) -> Counter[bytes]:
    return Counter(line(Random(seed), side, pair)[1] for seed in range(4_000))


@pytest.mark.parametrize(
    ("pair", "client", "server"),
    [
        (PAIRS[0], [b"PORT 10,1,0,11,4,1\r\n", b"EPRT |1|10.1.0.11|1025|\r\n", b"port 10,1,0,11,4,0\r\n"],
         [b"227 Entering Passive Mode (198,51,100,21,4,1)\r\n", b"229 (|||1026|)\r\n"]),
        (PAIRS[1], [b"EPRT |2|fd00:1::11|1025|\r\n", b"EPRT |2|fd00:1:0:0:0:0:0:11|1024|\r\n"],
         [b"229 Entering Extended Passive Mode (|||1024|)\r\n"]),
    ],
    ids=["v4", "v6"],
)  # fmt: skip
def test_right_announcements_of_both_sides_come_often(
    pair: tuple[str, str], client: list[bytes], server: list[bytes]
) -> None:
    for side, lines in ((0, client), (1, server)):
        found = said(side, pair)
        assert all(found[one] > 2 for one in lines), (lines, found.most_common(20))


def test_wrong_announcements_come_too() -> None:
    found = b"".join(said(0, PAIRS[0]))
    for part in (b"10,1,0,99", b"EPRT !1!", b",273,112", b"PORTX", b"|70000|", b"200 first\r\nEPRT"):
        assert part in found, part


def test_an_address_is_spelled_in_more_than_one_way() -> None:
    found = {spelled(Random(seed), "fd00:1::11") for seed in range(500)}
    assert {"fd00:1::11", "fd00:1:0:0:0:0:0:11", "FD00:0001:0000:0000:0000:0000:0000:0011", "1::2::3"} <= found
