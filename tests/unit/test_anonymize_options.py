"""What options hold is mapped, kept because it decides something, or gone; their kinds and lengths stay."""

from __future__ import annotations

import io
from ipaddress import ip_address
from pathlib import Path
from random import Random

import pytest

from fwsim.anonymize.mapping import Mapping
from fwsim.anonymize.options import ip_options, ipv6_options, tcp_options
from fwsim.anonymize.sums import summed
from fwsim.capture.crafting import SCTP, TCP, UDP, Ip, sctp_packet, tcp_segment, udp_datagram
from fwsim.ruleset import load_ruleset
from tests.anonymous import SECRET, anonymous, decided, differences
from tests.unit.test_anonymize_transport import A6, B6, A, B, stripped

MAPPING = Mapping(SECRET)
HOME = ip_address("2001:db8:5ec::77")


def mapped(text: str) -> bytes:
    address = ip_address(text)
    return MAPPING.address(int(address), address.version).to_bytes(len(address.packed), "big")


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (b"\xfd\x0aHIDDENID", b"\xfd\x0a" + bytes(8)),  # an experiment
        (b"\x22\x0aACOOKIE!", b"\x22\x0a" + bytes(8)),  # the cookie of Fast Open
        (b"\x1e\x08\x12ABCDE", b"\x1e\x08\x10" + bytes(5)),  # Multipath TCP, whose subtype is asked for
        (b"\x02\x04\x05\xb4\x01\x01\x04\x02", b"\x02\x04\x05\xb4\x01\x01\x04\x02"),
        (b"\x03\x08\x07SECRT", b"\x03\x08\x07" + bytes(5)),  # longer than it may be
        (b"\x08\x0a\0\0\0\7\0\0\0\5\0\0", b"\x08\x0a\0\0\0\7\0\0\0\5\0\0"),
        (b"\0\x22\x04AB\x02\x04\x05\xb4", b"\0\x22\x04\0\0\x02\x04\x05\xb4"),  # rules look behind the end too
        (b"\x02\0\x02\x04\x05\xb4\x13", b"\x02\0\x02\x04\x05\xb4\x13"),
        (b"\xfd\xffHIDDEN", b"\xfd\xff" + bytes(6)),
    ],
)
def test_of_tcp_options_few_keep_what_they_hold(options: bytes, left: bytes) -> None:
    data = bytearray(b"<" + options + b">")
    tcp_options(data, 1, len(data) - 1)
    assert bytes(data) == b"<" + left + b">"


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (b"\x9e\x08HIDDEN\x94\x04\0\0", b"\x9e\x08" + bytes(6) + b"\x94\x04\0\0"),
        (b"\x07\x09\x04" + ip_address(A).packed + b"no", b"\x07\x09\x04" + mapped(A) + b"\0\0"),
        (b"\x44\x0a\x09\0timeno", b"\x44\x0a\x09\0time\0\0"),
        (b"\x44\x08\x09\2what", b"\x44\x08\x09\2" + bytes(4)),
        (b"\x01\0HIDDEN", b"\x01\0" + bytes(6)),
        (b"\x9e\x01HIDDEN", b"\x9e\x01" + bytes(6)),
        (b"\x9e\xffHIDDEN", b"\x9e\xff" + bytes(6)),
        (b"\x9e", b"\x9e"),
    ],
)
def test_of_ip_options_none_keeps_more_than_rules_see(options: bytes, left: bytes) -> None:
    data = bytearray(options + b">>")
    grown = ip_options(data, 0, len(options), MAPPING)
    assert bytes(data) == left + b">>"
    assert (summed(options) + grown - summed(left)) % 0xFFFF == 0


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (b"\xc9\x10" + HOME.packed, b"\xc9\x10" + mapped(str(HOME))),
        (b"\xc9\x04home", b"\xc9\x04" + bytes(4)),
        (b"\x01\x04SAID\x05\x02\0\1", b"\x01\x04\1\0\0\0\x05\x02\0\1"),  # Linux discards it for not being blank
        (b"\x01\x04" + bytes(4), b"\x01\x04" + bytes(4)),
        (b"\0\0\x1e\x04LEAK\xc2\x04\0\1\0\0", b"\0\0\x1e\x04" + bytes(4) + b"\xc2\x04\0\1\0\0"),
        (b"\x1e\xffHIDDEN", b"\x1e\xff" + bytes(6)),
        (b"\x01\0\x1e", b"\x01\0\x1e"),
    ],
)
def test_of_ipv6_options_a_home_address_is_mapped(options: bytes, left: bytes) -> None:
    data = bytearray(options + b">>")
    ipv6_options(data, 0, len(options), MAPPING)
    assert bytes(data) == left + b">>"


def test_packets_with_such_options_are_decoded_alike_without_what_these_held(tmp_path: Path) -> None:
    datagram = udp_datagram(A6, B6, (1, 2), b"x")
    home = bytes([UDP, 2, 1, 2, 0, 0, 0xC9, 16]) + HOME.packed
    padded = bytes([UDP, 1, 1, 12]) + b"HIDDENPADDIN"
    segment = tcp_segment(A, B, (40000, 80), (7, 9), 2, 512, options=b"\xfd\x08HIDDEN\x22\x08COOKIE")
    content, _ = stripped(
        tmp_path,
        Ip(A6, B6, 60, home + datagram).encode(),
        Ip(A6, B6, 0, padded + datagram).encode(),
        Ip(A, B, TCP, segment).encode(),
        Ip(A, B, UDP, udp_datagram(A, B, (1, 2), b"x"), ip_options=b"\x9e\x0cHIDDENIPOP").encode(),
    )
    assert [found for found in (b"HIDDEN", b"COOKIE", HOME.packed) if found in content] == []
    assert mapped(str(HOME)) in content


RULES = """
table inet t {
chain f {
type filter hook forward priority 0; policy accept;
ct state invalid drop
tcp option 253 exists drop
tcp option mptcp subtype 3 drop
tcp option timestamp tsval > 77777 drop
ip option rr exists drop
rt type 2 drop
hbh hdrlength 2 drop
}
}
"""


def random_options(dice: Random, kinds: tuple[int, ...], size: int) -> bytes:
    """So many bytes of options, some of them broken."""
    found = b""
    while len(found) < size:
        length = dice.choice((2, 3, 4, 8, 10, dice.randrange(256)))
        found += bytes([dice.choice(kinds), length]) + dice.choice((dice.randbytes, bytes))(max(length - 2, 0))
    return found[:size]


def random_packet(dice: Random) -> bytes:
    """A packet with options, extension headers or chunks of chance."""
    options = random_options(dice, (0, 1, 2, 3, 5, 8, 30, 34, 253), 4 * dice.randrange(11))
    segment = tcp_segment(A6, B6, (1, 80), (7, 9), dice.choice((2, 0x10, 0x12)), 512, options=options)
    before = random_options(dice, (0, 1, 5, 7, 30, 49, 194, 201), 8 * dice.randrange(1, 4) - 2)
    extended = bytes([TCP, len(before) // 8]) + before + segment
    datagram = udp_datagram(A, B, (1, 2), b"x")
    in_header = random_options(dice, (0, 1, 7, 68, 131, 134, 148, 158), 4 * dice.randrange(11))
    chunk = bytes([dice.randrange(16), 0, 0, dice.randrange(40)]) + dice.randbytes(36)
    return dice.choice((
        Ip(A6, B6, TCP, segment), Ip(A6, B6, dice.choice((0, 43, 60)), extended),
        Ip(A, B, UDP, datagram, ip_options=in_header), Ip(A, B, SCTP, sctp_packet((1, 2), 3, chunk * 2)),
    )).encode()  # fmt: skip


def test_whatever_options_hold_the_decisions_stay(tmp_path: Path) -> None:
    dice = Random(7)
    ruleset = load_ruleset(io.StringIO(RULES))
    stripped(tmp_path, *(random_packet(dice) for _ in range(300)))
    before = decided(tmp_path / "before.pcapng", ruleset)
    after = decided(tmp_path / "after.pcapng", anonymous(ruleset, MAPPING))
    for one, other in zip(before[:2], after[:2], strict=True):
        assert differences(one, other) == {}
        assert len(set(one["verdict"].tolist())) > 2
    assert before[2] == after[2]
