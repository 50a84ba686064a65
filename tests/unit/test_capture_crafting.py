"""Packets in a few words have the bytes that the standards say."""

from __future__ import annotations

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import GRE
from scapy.layers.sctp import SCTP, SCTPChunkHeartbeatReq, SCTPChunkInit

from fwsim.capture.crafting import (
    Ip,
    checksum,
    crc32c,
    ethernet,
    gre_packet,
    sctp_chunk,
    sctp_packet,
    tcp_options,
    tcp_segment,
    udp_datagram,
)


def test_the_sum_of_zeros_is_all_ones_and_of_all_ones_is_zero() -> None:
    assert checksum(bytes(4)) == 0xFFFF
    assert checksum(b"\xff" * 4) == 0
    assert checksum(b"\x12\x34\x56") == 0xFFFF - (0x1234 + 0x5600)


def test_options_stand_in_the_order_in_which_linux_writes_them() -> None:
    assert tcp_options(mss=1460, sack_ok=True, timestamps=(1, 2), wscale=7).hex() == (
        "020405b4" + "0402" + "080a0000000100000002" + "01" + "030307"
    )
    assert tcp_options(mss=1460, sack_ok=True).hex() == "020405b4" + "01010402"
    assert tcp_options(sack=((1, 2),)).hex() == "0101050a" + "0000000100000002"


def test_a_udp_checksum_may_cover_less_than_the_packet() -> None:
    whole = udp_datagram("10.0.0.1", "10.0.0.2", (1, 2), b"abcdef", udp_length=10)
    part = udp_datagram("10.0.0.1", "10.0.0.2", (1, 2), b"abcdef", udp_length=10, summed=10)
    assert whole[6:8] != part[6:8]
    assert udp_datagram("10.0.0.1", "10.0.0.2", (1, 2), b"", no_checksum=True)[6:8] == b"\0\0"


def test_short_frames_are_padded_as_they_come_off_the_wire() -> None:
    packet = Ip("10.1.0.1", "10.1.0.2", 253, b"").encode()
    assert len(ethernet(bytes(6), bytes(6), packet)) == 60
    assert len(ethernet(bytes(6), bytes(6), packet, padded=False)) == 34


@pytest.mark.parametrize("pair", [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")], ids=["v4", "v6"])
def test_what_scapy_would_compute_is_there_already(pair: tuple[str, str]) -> None:
    segment = tcp_segment(*pair, (1000, 80), (5, 6), 0x18, 500, options=b"\x02\x04\x05\xb4", data=b"hello")
    packet = Ip(*pair, 6, segment).encode()
    parsed = (IP if pair[0].count(".") else IPv6)(packet)
    for layer, names in ((parsed, ("chksum", "len", "plen")), (parsed[TCP], ("chksum", "dataofs"))):
        for name in names:
            if name in layer.fields:
                del layer.fields[name]
    assert bytes(parsed) == packet


def test_a_wrong_checksum_is_wrong() -> None:
    right, wrong = (
        tcp_segment("192.0.2.1", "192.0.2.2", (1, 2), (3, 4), 2, 5, bad_checksum=bad) for bad in (False, True)
    )
    assert right[16:18] != wrong[16:18]
    assert right[:16] + right[18:] == wrong[:16] + wrong[18:]


def test_the_crc_of_the_digits_is_the_known_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283


def test_scapy_reads_the_chunks_and_computes_the_same_crc() -> None:
    packet = sctp_packet((1000, 2000), 7, sctp_chunk("init", tag=5) + sctp_chunk("heartbeat", body=b"\0\1\0\x08abcd"))
    parsed = SCTP(packet)
    assert (parsed.sport, parsed.dport, parsed.tag, parsed[SCTPChunkInit].init_tag) == (1000, 2000, 7, 5)
    assert parsed[SCTPChunkHeartbeatReq].len == 12
    del parsed.chksum
    assert bytes(parsed) == packet


def test_the_key_of_a_tunnel_stands_where_scapy_reads_it() -> None:
    parsed = GRE(gre_packet(0, 0x0800, 77))
    assert (parsed.version, parsed.proto, parsed.key) == (0, 0x0800, 77)


def test_ipv4_options_lengthen_the_header() -> None:
    data = Ip("10.0.0.1", "10.0.0.2", 17, b"payload", ip_options=b"\x94\x04\0\0").encode()
    assert (data[0], len(data), int.from_bytes(data[2:4], "big")) == (0x46, 31, 31)
    assert (data[20:24], data[24:]) == (b"\x94\x04\0\0", b"payload")
    assert checksum(data[:24]) == 0
