"""The demo's packets are well-formed: a capture with right lengths and checksums."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

from fwsim.cli.demo_story import CLIENT, WEB, capture, checksum, scenes, with_pseudo_header


def test_internet_checksum_is_that_of_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2
    assert checksum(b"\x01") == 0xFFFF - 0x0100


def test_every_checksum_verifies() -> None:
    for scene in scenes():
        packet = scene.packet
        assert checksum(packet[:20]) == 0
        assert struct.unpack_from("!H", packet, 2)[0] == len(packet)
        source, destination = (str(IPv4Address(packet[at : at + 4])) for at in (12, 16))
        if packet[9] == 1:
            assert checksum(packet[20:]) == 0
        else:
            assert with_pseudo_header(source, destination, packet[9], packet[20:]) == 0


def test_the_capture_holds_the_scenes_in_time() -> None:
    story = scenes()
    assert [scene.at for scene in story] == sorted(scene.at for scene in story)
    content = capture(story)
    assert len(content) == 24 + sum(16 + len(scene.packet) for scene in story)
    assert CLIENT != WEB
