"""Payloads become zeros, and what the decoder says of a packet stays: checksums above all."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from fwsim.anonymize.captures import Anonymizer
from fwsim.anonymize.mapping import Mapping
from fwsim.capture import CaptureWriter
from fwsim.capture.crafting import (
    GRE,
    SCTP,
    TCP,
    UDP,
    Ip,
    ethernet,
    gre_packet,
    in_pieces,
    mac_of,
    sctp_chunk,
    sctp_packet,
    tcp_segment,
    udp_datagram,
)
from fwsim.ruleset import load_ruleset
from tests.anonymous import SECRET, anonymous, anonymous_capture, decided, decoded, differences

A, B = "198.51.100.1", "203.0.113.9"
A6, B6 = "2001:db8::1", "2001:db8::2"
SAID = b"a secret that nobody may read, of an odd length"
MAPPING = Mapping(SECRET)


def stripped(
    folder: Path, *packets: bytes, lengths: tuple[int, ...] = (), gateway: bool = False
) -> tuple[bytes, Anonymizer]:
    """Packets on Ethernet, made anonymous; what the decoder makes of them is the same. Returns the capture."""
    with CaptureWriter(str(folder / "before.pcapng")) as writer:
        number = writer.interface("lan")
        for place, packet in enumerate(packets):
            frame = ethernet(mac_of("10.0.0.1"), mac_of("10.0.0.2"), packet, padded=False)
            length = lengths[place] if lengths else len(frame)
            writer.packet(frame, place, interface=number, length=length)
    anonymizer = anonymous_capture(folder / "before.pcapng", folder / "after.pcapng", MAPPING)
    before, after = decoded(folder / "before.pcapng"), decoded(folder / "after.pcapng")
    for one, other in zip(before[:2], after[:2], strict=True):
        assert differences(one, other, {"quote", "icmp_id"} if gateway else {"quote"}) == {}
    return (folder / "after.pcapng").read_bytes(), anonymizer


def wrong(packet: bytes, at: int) -> bytes:
    """The packet with one byte changed."""
    return packet[:at] + bytes([packet[at] ^ 0x5A]) + packet[at + 1 :]


@pytest.mark.parametrize(("src", "dst"), [(A, B), (A6, B6)])
@pytest.mark.parametrize("how", [{}, {"bad_checksum": True}, {"offloaded": True}])
def test_a_tcp_payload_goes_and_the_header_stays(tmp_path: Path, src: str, dst: str, how: dict[str, bool]) -> None:
    segment = tcp_segment(src, dst, (40000, 80), (7, 9), 0x18, 512, options=bytes([1, 1, 1, 0]), data=SAID, **how)
    content, _ = stripped(tmp_path, Ip(src, dst, TCP, segment).encode())
    assert SAID[:8] not in content
    assert segment[:16] in content
    assert bytes(len(SAID)) in content


@pytest.mark.parametrize("how", [{}, {"no_checksum": True}, {"bad_checksum": True}, {"udp_length": 4}])
def test_a_udp_payload_goes(tmp_path: Path, how: dict[str, int]) -> None:
    datagram = udp_datagram(A, B, (5353, 53), SAID, **how)  # type: ignore[arg-type]
    content, _ = stripped(tmp_path, Ip(A, B, UDP, datagram).encode())
    assert SAID[:8] not in content


def test_a_cut_packet_stays_cut(tmp_path: Path) -> None:
    packet = Ip(A, B, UDP, udp_datagram(A, B, (5353, 53), SAID)).encode()
    content, _ = stripped(tmp_path, packet[:40], lengths=(14 + len(packet),))
    assert SAID[:8] not in content


def test_fragments_together_have_the_checksum_that_they_had(tmp_path: Path) -> None:
    data = SAID * 20
    for size in (8, 16, 64, 400):
        for datagram in (udp_datagram(A, B, (5353, 53), data), wrong(udp_datagram(A, B, (5353, 53), data), 6)):
            pieces = in_pieces(Ip(A, B, UDP, datagram, ip_id=size), size)
            segment = tcp_segment(A, B, (40000, 80), (7, 9), 0x18, 512, data=data)
            pieces += in_pieces(Ip(A, B, TCP, segment, ip_id=size + 1), size)
            content, anonymizer = stripped(tmp_path, *(piece.encode() for piece in pieces))
            assert anonymizer.fragments == len(pieces)
            assert b"secret" not in content
            ruleset = load_ruleset(io.StringIO("rules: [{ct_state: invalid, verdict: drop}]\npolicy: accept"))
            verdicts = [
                decided(tmp_path / name, anonymous(ruleset, MAPPING))[1]["verdict"].tolist()
                for name in ("before.pcapng", "after.pcapng")
            ]
            assert verdicts[0] == verdicts[1]


@pytest.mark.parametrize("broken", [False, True])
def test_sctp_keeps_its_chunks_and_the_state_of_its_crc(tmp_path: Path, broken: bool) -> None:
    chunks = sctp_chunk("init", tag=77) + sctp_chunk("data", body=bytes(12) + SAID) + sctp_chunk("sack")
    packet = sctp_packet((5000, 6000), 9, chunks)
    content, _ = stripped(tmp_path, Ip(A, B, SCTP, wrong(packet, 8) if broken else packet).encode())
    assert SAID[:8] not in content


@pytest.mark.parametrize(
    ("chunk", "left"),
    [
        (b"\6\1\0\x0d\0\x0c\0\x09REASON!?", b"\6\1\0\x0d" + bytes(12)),  # ABORT, filled up
        (b"\x09\0\0\x0c\0\5\0\x08\x0a\1\2\3", b"\x09\0\0\x0c" + bytes(8)),  # ERROR: an address
        (b"\3\0\0\x14\0\0\0\7\0\0\1\0\0\1\0\0\0\1\0\2", b"\3\0\0\x14\0\0\0\7\0\0\1\0\0\1" + bytes(6)),
        (b"\7\0\0\x08\0\0\0\7", b"\7\0\0\x08\0\0\0\7"),
        (b"\x42\0\0\0HIDDENSTUFFS", b"\x42" + bytes(15)),  # of no length: nobody goes on behind it
        (b"\1\0\0\5tags", b"\1\0\0\5tags"),  # Linux reads the tag of an INIT that is too short for it
        (b"\x0e\0\0\x04end", b"\x0e\0\0\x04" + bytes(3)),
    ],
)
def test_of_sctp_chunks_the_numbers_stay_alone(tmp_path: Path, chunk: bytes, left: bytes) -> None:
    content, _ = stripped(tmp_path, Ip(A, B, SCTP, sctp_packet((5000, 6000), 9, chunk)).encode())
    header = content.index(bytes([5000 >> 8, 5000 & 255, 6000 >> 8, 6000 & 255]))
    assert content[header + 12 : header + 12 + len(chunk)] == left


def test_a_call_id_and_a_key_stay(tmp_path: Path) -> None:
    content, _ = stripped(tmp_path, Ip(A, B, GRE, gre_packet(1, 0x880B, 4711, SAID)).encode())
    assert SAID[:8] not in content


def test_what_is_not_known_keeps_four_bytes(tmp_path: Path) -> None:
    content, _ = stripped(tmp_path, Ip(A, B, 89, b"head" + SAID).encode())
    assert b"head" in content
    assert SAID[:8] not in content


def test_lines_of_ftp_and_fragments_of_sctp_are_counted(tmp_path: Path) -> None:
    line = tcp_segment(A, B, (40000, 21), (7, 9), 0x18, 512, data=b"PORT 10,0,0,1,4,5\r\n")
    pieces = in_pieces(Ip(A, B, SCTP, sctp_packet((1, 2), 3, sctp_chunk("data") * 4)), 24)
    frames = [Ip(A, B, TCP, line).encode(), *(piece.encode() for piece in pieces)]
    content, anonymizer = stripped(tmp_path, *frames)
    assert anonymizer.carried.ftp_lines == 1
    assert anonymizer.carried.lost == len(pieces)
    assert b"PORT" not in content
