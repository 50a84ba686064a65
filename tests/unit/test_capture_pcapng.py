"""pcapng: sections, interfaces, time resolutions, every kind of packet block, options, damage."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from fwsim.capture import CaptureInterface
from fwsim.capture.pcapng import ticks_per_second
from fwsim.errors import CaptureError
from tests.captures_by_hand import Pcapng, ether, ip4, read, tcp, udp

DATA = ether(ip4(tcp()))
OTHER = ether(ip4(udp(), 17))
NAME, RESOLUTION, OFFSET = 2, 9, 14
COMMENT, FLAGS = 1, 2


@pytest.mark.parametrize("order", ["<", ">"])
def test_enhanced_packets_are_read_in_both_byte_orders(tmp_path: Path, order: str) -> None:
    made = Pcapng(order).section().interface().packet(DATA, 1_700_000_000_123_456).packet(OTHER, 1_700_000_000_123_457)
    captures, frames = read(tmp_path, made.content)
    assert [f.frame["ts"] for f in frames] == [1_700_000_000_123_456_000, 1_700_000_000_123_457_000]
    assert [(f.frame["captured"], f.frame["length"]) for f in frames] == [(len(DATA),) * 2, (len(OTHER),) * 2]
    assert [f.packet["dport"] for f in frames] == [80, 53]
    assert (captures.files[0].format, captures.complete) == ("pcapng", True)
    assert captures.interfaces == [CaptureInterface(None, 1, 0)]


@pytest.mark.parametrize(
    ("resolution", "ticks", "ns"),
    [
        (6, 1_700_000_000_000_001, 1_700_000_000_000_001_000),
        (9, 1_700_000_000_000_000_001, 1_700_000_000_000_000_001),
        (3, 1_700_000_000_001, 1_700_000_000_001_000_000),
        (0, 1_700_000_000, 1_700_000_000_000_000_000),
        (1, 17_000_000_005, 1_700_000_000_500_000_000),
        (12, 5_000_000_000_123_999, 5_000_000_000_123),
        (19, 9_000_000_000_000_000_000, 900_000_000),
        (127, 1, 0),
        (0x80 | 10, 1_700_000_000 * 1024 + 512, 1_700_000_000_500_000_000),
        (0x80 | 32, (1_700_000_000 << 32) + (1 << 31), 1_700_000_000_500_000_000),
        (0x80 | 40, (4_000_000 << 40) + (3 << 38), 4_000_000_750_000_000),
        (0x80 | 127, 1 << 62, 0),
    ],
)
def test_time_resolutions_are_powers_of_ten_and_of_two(tmp_path: Path, resolution: int, ticks: int, ns: int) -> None:
    made = Pcapng().section().interface(1, 0, (RESOLUTION, bytes([resolution]))).packet(DATA, ticks)
    _, (frame,) = read(tmp_path, made.content)
    assert frame.frame["ts"] == ns


def test_every_resolution_fits_the_arithmetic() -> None:
    for resolution in range(256):
        prescale, units = ticks_per_second(resolution)
        assert 1 <= prescale < 1 << 63
        assert units * 10**9 < 1 << 63


@pytest.mark.parametrize("offset", [-5, 0, 1_700_000_000])
@pytest.mark.parametrize("order", ["<", ">"])
def test_time_offset_is_added_in_seconds(tmp_path: Path, offset: int, order: str) -> None:
    option = (OFFSET, struct.pack(order + "q", offset))
    _, (frame,) = read(tmp_path, Pcapng(order).section().interface(1, 0, option).packet(DATA, 7_000_001).content)
    assert frame.frame["ts"] == (7 + offset) * 10**9 + 1000


def test_times_beyond_all_sense_are_held(tmp_path: Path) -> None:
    options = (OFFSET, struct.pack("<q", 1 << 62)), (RESOLUTION, b"\x00")
    _, (frame,) = read(tmp_path, Pcapng().section().interface(1, 0, *options).packet(DATA, (1 << 64) - 1).content)
    assert frame.frame["ts"] == 9_000_000_000 * 10**9


def test_several_interfaces_have_names_and_link_types(tmp_path: Path) -> None:
    made = Pcapng().section().interface(1, 0, (NAME, b"eth0")).interface(101, 0, (NAME, "tun\u00e9".encode()))
    made.packet(DATA, 1, interface=0).packet(ip4(tcp()), 2, interface=1)
    captures, frames = read(tmp_path, made.content)
    assert captures.interfaces == [CaptureInterface("eth0", 1, 0), CaptureInterface("tun\u00e9", 101, 0)]
    assert [f.frame["capture_interface"] for f in frames] == [0, 1]
    assert [f.packet["dport"] for f in frames] == [80, 80]
    assert captures.files[0].link_types == [1, 101]


def test_many_interfaces_are_numbered_on(tmp_path: Path) -> None:
    made = Pcapng().section()
    for number in range(40):
        made.interface(1, 0, (NAME, b"if%d" % number))
    for number in range(40):
        made.packet(DATA, number, interface=number)
    captures, frames = read(tmp_path, made.content)
    assert [captures.interfaces[f.frame["capture_interface"]].name for f in frames] == [f"if{n}" for n in range(40)]


def test_interface_described_between_packets_is_known_from_there(tmp_path: Path) -> None:
    made = Pcapng().section().interface(1, 0, (NAME, b"a")).packet(DATA).interface(1, 0, (NAME, b"b"))
    captures, frames = read(tmp_path, made.packet(DATA, interface=1).content)
    assert [captures.interfaces[f.frame["capture_interface"]].name for f in frames] == ["a", "b"]


def test_section_has_its_own_byte_order_and_interfaces(tmp_path: Path) -> None:
    made = Pcapng("<").section().interface(1, 0, (NAME, b"a")).packet(DATA, 1_000_000)
    made.section(">").interface(1, 0, (NAME, b"b"), (RESOLUTION, b"\x09")).packet(OTHER, 2_000_000_000)
    made.section("<").interface(101).packet(ip4(tcp()), 3_000_000)
    captures, frames = read(tmp_path, made.content)
    assert [f.frame["ts"] for f in frames] == [10**9, 2 * 10**9, 3 * 10**9]
    assert [f.frame["capture_interface"] for f in frames] == [0, 1, 2]
    assert [f.frame["number"] for f in frames] == [1, 2, 3]
    assert [f.packet["dport"] for f in frames] == [80, 53, 80]
    assert captures.complete


def test_comments_before_a_section_of_the_other_byte_order_are_kept(tmp_path: Path) -> None:
    made = Pcapng("<").section().interface().packet(DATA, 1, (COMMENT, b"little"))
    made.section(">").interface().packet(DATA, 2, (COMMENT, b"big"))
    _, frames = read(tmp_path, made.content)
    assert [f.comments for f in frames] == [["little"], ["big"]]


@pytest.mark.parametrize("filling", [1000, 1040, 1046, 1047, 1048])
def test_section_header_across_buffers_leaves_the_frames_before_it_alone(tmp_path: Path, filling: int) -> None:
    made = Pcapng().section().interface()
    for number in range(filling):
        made.packet(DATA.ljust(960, b"\0"), number, (COMMENT, b"%03d" % (number % 1000)))
    head = made.pack("IHHq", 0x1A2B3C4D, 1, 0, -1)
    made.block(0x0A0D0D0A, head + made.options((1, b"x" * 60000))).interface().packet(OTHER, 7)
    captures, frames = read(tmp_path, made.content, chunk_rows=2000)
    assert [f.packet["dport"] for f in frames] == [80] * filling + [53]
    assert [f.comments for f in frames[:-1]] == [[f"{number % 1000:03}"] for number in range(filling)]
    assert captures.complete


def test_simple_packets_belong_to_the_first_interface_and_inherit_the_time(tmp_path: Path) -> None:
    made = (
        Pcapng()
        .section()
        .interface(1, 40)
        .interface()
        .packet(DATA, 5_000_000, interface=1)
        .simple(DATA[:40], len(DATA))
    )
    _, frames = read(tmp_path, made.content)
    found = frames[1].frame
    assert (found["capture_interface"], found["ts"]) == (0, 5 * 10**9)
    assert (found["captured"], found["length"]) == (40, len(DATA))


def test_simple_packet_of_an_interface_without_limit_is_whole(tmp_path: Path) -> None:
    _, (frame,) = read(tmp_path, Pcapng().section().interface().simple(DATA).content)
    assert (frame.frame["captured"], frame.frame["ts"], frame.packet["dport"]) == (len(DATA), 0, 80)


@pytest.mark.parametrize("order", ["<", ">"])
def test_obsolete_packet_blocks_are_read(tmp_path: Path, order: str) -> None:
    made = Pcapng(order).section().interface().interface()
    made.obsolete(DATA, 5_000_001, (FLAGS, made.pack("I", 2)), (COMMENT, b"old"), interface=1)
    _, (frame,) = read(tmp_path, made.content)
    fields = ("capture_interface", "ts", "captured", "sent_or_received")
    assert [frame.frame[f] for f in fields] == [1, 5_000_001_000, len(DATA), 2]
    assert (frame.packet["dport"], frame.comments) == (80, ["old"])


@pytest.mark.parametrize(("flags", "direction"), [(0, 0), (1, 1), (2, 2), (3, 0), (0xFFFFFFFD, 1), (0x1C | 2, 2)])
@pytest.mark.parametrize("order", ["<", ">"])
def test_flags_tell_the_direction(tmp_path: Path, order: str, flags: int, direction: int) -> None:
    made = Pcapng(order).section().interface()
    made.packet(DATA, 0, (4, b"12345678"), (FLAGS, made.pack("I", flags)))
    _, (frame,) = read(tmp_path, made.content)
    assert frame.frame["sent_or_received"] == direction


def test_flags_win_over_the_cooked_packet_type(tmp_path: Path) -> None:
    cooked = struct.pack(">HHH8sH", 4, 1, 6, b"\0" * 8, 0x0800) + ip4(tcp())
    made = Pcapng().section().interface(113).packet(cooked, 0, (FLAGS, b"\1\0\0\0")).packet(cooked)
    _, frames = read(tmp_path, made.content)
    assert [f.frame["sent_or_received"] for f in frames] == [1, 2]


def test_comments_are_returned_with_their_frame(tmp_path: Path) -> None:
    made = Pcapng().section().interface().packet(DATA)
    made.packet(DATA, 1, (COMMENT, b"first"), (FLAGS, b"\1\0\0\0"), (COMMENT, b"na\xc3\xafve \xff\x1b[31m"))
    made.packet(DATA, 2).packet(DATA, 3, (COMMENT, b""))
    captures, frames = read(tmp_path, made.content)
    assert [f.comments for f in frames] == [[], ["first", "na\u00efve \ufffd\x1b[31m"], [], [""]]
    assert frames[1].frame["sent_or_received"] == 1
    assert captures.complete


def test_comments_stay_with_their_frames_across_buffers(tmp_path: Path) -> None:
    made = Pcapng().section().interface()
    parts = [made.content]
    for number in range(3000):
        made.content = b""
        made.packet(DATA.ljust(1000, b"\0"), number, (COMMENT, b"%d" % number))
        parts.append(made.content)
    _, frames = read(tmp_path, b"".join(parts))
    assert [f.comments for f in frames] == [[str(number)] for number in range(3000)]


@pytest.mark.parametrize(
    "options", [b"\x01\x00\xff\xff", b"\x01\x00\x05\x00abcd", b"\x02\x00", b"\x00\x00\x00\x00zzzz"]
)
def test_options_that_do_not_fit_are_left_alone(tmp_path: Path, options: bytes) -> None:
    made = Pcapng().section().interface()
    head = made.pack("IIIII", 0, 0, 0, len(DATA), len(DATA)) + DATA + bytes(-len(DATA) % 4)
    captures, (frame,) = read(tmp_path, made.block(6, head + options.ljust(-(-len(options) // 4) * 4, b"\0")).content)
    assert (frame.packet["dport"], frame.comments, frame.frame["sent_or_received"]) == (80, [], 0)
    assert captures.complete


def test_blocks_that_say_nothing_of_packets_are_skipped(tmp_path: Path) -> None:
    made = Pcapng().section().interface().block(4, b"\0" * 4)
    made.block(5, b"\0" * 12).packet(DATA).block(0x0BAD, b"x" * 2_000_000).block(10, b"keys" * 9).packet(OTHER)
    captures, frames = read(tmp_path, made.content)
    assert [f.packet["dport"] for f in frames] == [80, 53]
    assert captures.complete


def test_block_length_without_its_padding_is_rounded_up(tmp_path: Path) -> None:
    made = Pcapng().section().interface()
    data = OTHER
    body = made.pack("IIIII", 0, 0, 0, len(data), len(data)) + data
    size = made.pack("I", len(body) + 12)
    assert len(body) % 4
    content = made.content + made.pack("I", 6) + size + body + bytes(-len(body) % 4) + size
    captures, frames = read(tmp_path, content)
    assert (len(frames), captures.complete) == (1, True)


def test_named_input_gives_all_interfaces_its_name(tmp_path: Path) -> None:
    from fwsim.capture import Input, open_captures

    path = tmp_path / "a"
    path.write_bytes(Pcapng().section().interface(1, 0, (NAME, b"eth0")).interface().packet(DATA).content)
    captures = open_captures([Input(str(path), "wan")])
    assert sum(len(chunk) for chunk in captures) == 1
    assert [one.name for one in captures.interfaces] == ["wan", "wan"]


def test_only_interface_of_a_link_type_that_is_not_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"link type 105 \(IEEE 802.11\) is not read"):
        read(tmp_path, Pcapng().section().interface(105).packet(DATA).content)


def test_one_of_several_interfaces_that_is_not_read_is_warned_of(tmp_path: Path) -> None:
    made = Pcapng().section().interface(1).interface(105).packet(DATA).packet(DATA, interface=1).packet(DATA)
    captures, frames = read(tmp_path, made.content)
    assert [f.frame["reason"] for f in frames] == [0, 10, 0]
    assert captures.files[0].warnings == [
        "link type 105 (IEEE 802.11) is not read: frames of capture interface 1 are not evaluated"
    ]
    assert captures.complete


def test_unused_interface_of_another_link_type_is_no_matter(tmp_path: Path) -> None:
    captures, frames = read(tmp_path, Pcapng().section().interface(1).interface(105).packet(DATA).content)
    assert (len(frames), captures.files[0].warnings) == (1, [])


def damaged(tmp_path: Path, content: bytes) -> str:
    """Read a capture of one good packet and then damage; the warning."""
    captures, frames = read(tmp_path, Pcapng().section().interface().packet(DATA).content + content)
    assert ([f.packet["dport"] for f in frames], captures.complete) == ([80], False)
    (warning,) = captures.files[0].warnings
    return warning


def packet_block(**changes: int) -> bytes:
    """An enhanced packet block with some of its numbers changed."""
    values = {"total": 32 + len(DATA) + -len(DATA) % 4, "interface": 0, "captured": len(DATA), "again": 0} | changes
    again = values["again"] or values["total"]
    head = struct.pack("<IIIIIII", 6, values["total"], values["interface"], 0, 0, values["captured"], len(DATA))
    return head + DATA + bytes(-len(DATA) % 4) + struct.pack("<I", again) + bytes(64)


@pytest.mark.parametrize("total", [0, 8, 28, 31, 0x01000001, 0xFFFFFFFF, 0x7FFFFFFC])
def test_impossible_block_length_is_damage(tmp_path: Path, total: int) -> None:
    assert "a block of impossible length where frame 2 was expected" in damaged(tmp_path, packet_block(total=total))


@pytest.mark.parametrize("total", [0, 8, 11, 0xFFFFFFF0])
@pytest.mark.parametrize("kind", [1, 3, 5, 0, 0x0BAD])
def test_impossible_length_of_another_block_is_damage(tmp_path: Path, kind: int, total: int) -> None:
    warning = damaged(tmp_path, struct.pack("<III", kind, total, 0) + bytes(64))
    assert "a block of impossible length" in warning


def test_lengths_that_differ_before_and_behind_a_block_are_damage(tmp_path: Path) -> None:
    assert "impossible length" in damaged(tmp_path, packet_block(again=44))
    assert "impossible length" in damaged(tmp_path, struct.pack("<IIII", 5, 16, 0, 20))


def test_captured_length_beyond_the_block_is_damage(tmp_path: Path) -> None:
    assert "impossible length" in damaged(tmp_path, packet_block(captured=len(DATA) + 8))
    assert "longer than 262,144 bytes" in damaged(tmp_path, packet_block(captured=0xFFFFFFFF))


def test_interface_that_is_not_described_is_damage(tmp_path: Path) -> None:
    assert "frame 2 names an interface that the file does not describe" in damaged(tmp_path, packet_block(interface=1))
    made = Pcapng().section().simple(DATA)
    captures, frames = read(tmp_path, made.content)
    assert (frames, captures.complete) == ([], False)


def test_interfaces_without_end_are_damage(tmp_path: Path) -> None:
    block = Pcapng().interface().content
    captures, _ = read(tmp_path, Pcapng().section().content + block * 17_000)
    assert not captures.complete
    assert len(captures.interfaces) == 16_384


@pytest.mark.parametrize("section", [b"\x0a\x0d\x0d\x0a" + bytes(24), b"\x0a\x0d\x0d\x0a" + bytes(8)])
def test_damaged_section_header_is_damage_within_and_refused_at_the_start(tmp_path: Path, section: bytes) -> None:
    damaged(tmp_path, section)
    with pytest.raises(CaptureError, match="section header"):
        read(tmp_path, section)


def test_other_version_is_refused(tmp_path: Path) -> None:
    made = Pcapng().block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 2, 0, -1))
    with pytest.raises(CaptureError, match=r"version 2.0, expected 1.0"):
        read(tmp_path, made.content)


def test_packet_block_larger_than_the_buffer_is_read(tmp_path: Path) -> None:
    made = Pcapng().section().interface()
    made.packet(DATA, 1, *[(COMMENT, b"x" * 65000)] * 40).packet(OTHER, 2)
    captures, frames = read(tmp_path, made.content)
    assert ([len(f.comments) for f in frames], captures.complete) == ([40, 0], True)
    assert [f.packet["dport"] for f in frames] == [80, 53]
