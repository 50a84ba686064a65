"""The TCP header: fields, faults, options as the kernel parses them, and the words for flags."""

from __future__ import annotations

import struct

import pytest

from fwsim.engine.tcp_header import flags_evidence
from fwsim.terms import UNKNOWN_VALUE, Evidence, Reason, TcpFlag
from tests.captures_by_hand import CLIENT6, SERVER6, decoded, ip4, ip6, tcp

TIMESTAMP = struct.pack(">BBBBII", 1, 1, 8, 10, 111, 222)
VALID = {"S", "SU", "SA", "R", "RA", "FA", "FAU", "A", "AU"}
"""The flag sets conntrack accepts, without PSH, ECE and CWR (conntrack-spec 3.1)."""
LETTERS = {
    "F": TcpFlag.FIN, "S": TcpFlag.SYN, "R": TcpFlag.RST, "P": TcpFlag.PSH,
    "A": TcpFlag.ACK, "U": TcpFlag.URG, "E": TcpFlag.ECE, "C": TcpFlag.CWR,
}  # fmt: skip


def options_of(options: bytes, *, ack: int = 5000, flags: int = 0x10) -> tuple[int, int, int]:
    """What is read of the options: bits, window scale, highest SACK edge."""
    packet = decoded(ip4(tcp(flags, ack=ack, options=options)), 101).packet
    return packet["tcp_options"], packet["wscale"], packet["sack_right"]


def test_tcp_fields_are_read() -> None:
    segment = tcp(0x18, sport=1, dport=65535, seq=0xFFFFFFFF, ack=0x80000000, win=65535, payload=b"data!")
    for data in (ip4(segment), ip6(tcp(0x18, sport=1, dport=65535, seq=0xFFFFFFFF, ack=0x80000000, win=65535,
                                       payload=b"data!", src=CLIENT6, dst=SERVER6))):  # fmt: skip
        found = decoded(data, 101)
        fields = ("sport", "dport", "seq", "ack", "flags", "win", "payload", "tcp_options", "wscale", "sack_right")
        expected = [1, 65535, 0xFFFFFFFF, 0x80000000, 0x18, 65535, 5, 0, 0, 0x80000000]
        assert [found.packet[f] for f in fields] == expected
        assert (found.frame["transport_fault"], found.packet["icmp_type"], found.packet["quote"]) == (0, -1, -1)


def test_all_eight_flags_are_kept_and_reserved_bits_are_not() -> None:
    segment = tcp(0xD2)
    reserved = segment[:12] + bytes([segment[12] | 0x0F]) + segment[13:]
    found = decoded(ip4(reserved), 101, checksum="ignore")
    assert (found.packet["flags"], found.frame["evidence"]) == (0xD2, 0)


@pytest.mark.parametrize(
    "segment",
    [tcp()[:19], tcp()[:13], tcp()[:1], b"", tcp(offset=4), tcp(offset=6), tcp(offset=15, payload=b"x" * 39)],
    ids=len,
)
def test_header_longer_than_the_packet_is_a_fault(segment: bytes) -> None:
    found = decoded(ip4(segment), 101, checksum="ignore")
    assert found.frame["transport_fault"] == Reason.TCP_SHORT
    assert found.frame["evidence"] & Evidence.BAD_LENGTH


def test_no_options_is_told_from_options_that_say_nothing() -> None:
    assert options_of(b"")[0] == 0
    assert options_of(bytes([1, 1, 1, 1]))[0] == 1
    assert options_of(TIMESTAMP)[0] == 1


@pytest.mark.parametrize(
    ("options", "bits", "scale"),
    [
        (bytes([2, 4, 5, 0xB4, 4, 2, 1, 3, 3, 7, 0, 0]), 7, 7),
        (bytes([3, 3, 14, 0]), 3, 14),
        (bytes([3, 3, 15, 0]), 3, 14),
        (bytes([3, 3, 255, 0]), 3, 14),
        (bytes([3, 4, 7, 0]), 1, 0),  # a wrong length is no window scale
        (bytes([4, 3, 0, 0]), 1, 0),
        (bytes([4, 2, 0, 0]), 5, 0),
        (bytes([0, 0, 3, 3, 7, 0, 0, 0]), 1, 0),  # behind the end of options
        (bytes([8, 1, 3, 3, 7, 0, 0, 0]), 1, 0),  # a length below 2 ends parsing
        (bytes([8, 0, 3, 3, 7, 0, 0, 0]), 1, 0),
        (bytes([3, 3, 7, 8, 10, 1, 1, 1]), 3, 7),  # longer than what is left: what came before counts
        (bytes([1, 1, 1, 3]), 1, 0),  # a lone last byte
        (bytes([3, 3, 2, 3, 3, 9, 0, 0]), 3, 9),  # the last of two
        (bytes([99, 2, 4, 2]), 5, 0),  # an unknown kind is skipped
    ],
)
def test_syn_options_are_read_as_the_kernel_does(options: bytes, bits: int, scale: int) -> None:
    assert options_of(options, flags=0x02)[:2] == (bits, scale)


def sack(*blocks: tuple[int, int]) -> bytes:
    return bytes([1, 1, 5, 2 + 8 * len(blocks)]) + b"".join(struct.pack(">II", *block) for block in blocks)


def test_the_highest_right_edge_beyond_ack_is_kept() -> None:
    assert options_of(sack((6000, 7000)))[2] == 7000
    assert options_of(sack((6000, 7000), (9000, 9500), (8000, 8100)))[2] == 9500
    assert options_of(sack((1000, 2000)))[2] == 5000  # a D-SACK below ack
    assert options_of(b"")[2] == 5000


def test_sack_edges_wrap_around() -> None:
    assert options_of(sack((0xFFFFFFF0, 16)), ack=0xFFFFFF00)[2] == 16
    assert options_of(sack((0xFFFFFFF0, 16)), ack=100)[2] == 100


def test_only_the_first_sound_sack_option_counts() -> None:
    assert options_of(sack((6000, 7000)) + sack((8000, 9000)))[2] == 7000
    assert options_of(bytes([5, 9]) + bytes(7) + bytes([1, 1, 1]) + sack((6000, 7000)))[2] == 7000


def test_sack_behind_a_timestamp_is_read() -> None:
    assert options_of(TIMESTAMP + sack((6000, 7000)))[2] == 7000


def test_options_beyond_the_cut_are_unknown() -> None:
    whole = ip4(tcp(0x02, options=bytes([3, 3, 7, 0])))
    found = decoded(whole[:42], 101, length=len(whole))
    fields = ("tcp_options", "wscale", "payload")
    assert [found.packet[f] for f in fields] == [UNKNOWN_VALUE, 0, 0]
    found = decoded(whole[:32], 101, length=len(whole))
    assert [found.packet[f] for f in fields] == [UNKNOWN_VALUE, 0, UNKNOWN_VALUE]
    bare = ip4(tcp(0x10, payload=b"x" * 9))
    assert decoded(bare[:40], 101, length=len(bare)).packet["tcp_options"] == 0


def evidence_of(letters: str) -> int:
    return flags_evidence(sum(int(LETTERS[letter]) for letter in letters))


@pytest.mark.parametrize("more", ["", "P", "E", "C", "PEC"])
def test_flags_that_conntrack_accepts_are_no_evidence(more: str) -> None:
    assert {evidence_of(letters + more) for letters in VALID} == {0}


@pytest.mark.parametrize(
    ("letters", "evidence"),
    [
        ("", Evidence.FLAGS_NONE), ("EC", Evidence.FLAGS_NONE), ("FPU", Evidence.FLAGS_XMAS),
        ("F", Evidence.FLAGS_FIN_ONLY),
        ("FP", Evidence.FLAGS_FIN_ONLY), ("FE", Evidence.FLAGS_FIN_ONLY), ("SF", Evidence.FLAGS_SYN_FIN),
        ("SFA", Evidence.FLAGS_SYN_FIN), ("FSRPAUEC", Evidence.FLAGS_SYN_FIN), ("P", Evidence.FLAGS_INVALID),
        ("U", Evidence.FLAGS_INVALID), ("FU", Evidence.FLAGS_INVALID), ("SR", Evidence.FLAGS_INVALID),
        ("FR", Evidence.FLAGS_INVALID), ("FRA", Evidence.FLAGS_INVALID), ("RU", Evidence.FLAGS_INVALID),
        ("SAU", Evidence.FLAGS_INVALID),
    ],
)  # fmt: skip
def test_wrong_flags_have_a_word(letters: str, evidence: Evidence) -> None:
    assert evidence_of(letters) == evidence


def test_every_combination_conntrack_refuses_has_exactly_one_word() -> None:
    for flags in range(256):
        judged = {letter for letter, flag in LETTERS.items() if flags & flag} - set("PEC")
        accepted = any(judged == set(valid) for valid in VALID)
        assert (flags_evidence(flags) == 0) == accepted
        assert bin(flags_evidence(flags)).count("1") == (not accepted)


def test_flags_evidence_is_on_the_frame() -> None:
    assert decoded(ip4(tcp(0x29)), 101).frame["evidence"] == Evidence.FLAGS_XMAS
    assert decoded(ip4(tcp(0)), 101).frame["evidence"] == Evidence.FLAGS_NONE
    assert decoded(ip4(tcp(0)), 101).frame["transport_fault"] == 0  # the tracker judges flags
