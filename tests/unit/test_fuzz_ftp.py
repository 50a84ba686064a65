"""FTP of the fuzzer: control connections that go on in sequence, data connections as announced."""

from __future__ import annotations

from random import Random

import pytest

from fwsim.capture.crafting import Ip
from fwsim.fuzz import ftp
from fwsim.fuzz.policy import REFUSED_TOS

PAIRS = [("10.1.0.11", "198.51.100.21"), ("fd00:1::11", "2001:db8:2::21")]


def ports(ip: Ip) -> tuple[int, int]:
    return int.from_bytes(ip.payload[:2], "big"), int.from_bytes(ip.payload[2:4], "big")


def is_control(ip: Ip) -> bool:
    return any(4000 <= port < 4060 for port in ports(ip))


@pytest.mark.parametrize("pair", PAIRS, ids=["v4", "v6"])
def test_what_a_side_says_goes_on_where_it_ended_mostly(pair: tuple[str, str]) -> None:
    on = elsewhere = 0
    for seed in range(100):
        end: dict[int, int] = {}
        for side, ip in ftp.conversation(Random(seed), pair):
            if is_control(ip):
                seq, flags, size = int.from_bytes(ip.payload[4:8], "big"), ip.payload[13], len(ip.payload) - 20
                on, elsewhere = on + (end.get(side, seq) == seq), elsewhere + (end.get(side, seq) != seq)
                end[side] = seq + size + bool(flags & 3) & 0xFFFFFFFF
    assert on > 3 * elsewhere > 0


def test_data_connections_go_to_announced_ports_and_the_first_packet_of_some_is_refused() -> None:
    announced = refused = 0
    for seed in range(200):
        text = b""
        for _, ip in ftp.conversation(Random(seed), PAIRS[0]):
            if is_control(ip):
                text += ip.payload[20:]
            else:
                port = min(ports(ip), key=lambda port: port in ftp.DATA_SOURCES)
                announced += f"{port >> 8},{port & 255}".encode() in text or str(port).encode() in text
                refused += ip.tos == REFUSED_TOS
    assert announced > 500
    assert refused > 20
