"""What is not a capture is refused in one clear line, whatever it is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.errors import CaptureError
from tests.captures_by_hand import Pcapng, ether, ip4, pcap, tcp

TCP = ether(ip4(tcp()))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty, expected a capture"),
        (b"\xd4", "something that begins with the bytes d4"),
        (b"interfaces:\n  lan: {}\n", r"is text, expected a pcap or pcapng capture \(a ruleset goes behind -r\)"),
        (b"snoop\0\0\0\0\0\0\2", r"is a snoop capture \(RFC 1761\), expected"),
        (b"\x7fELF\2\1\1\0", "is a program, expected"),
        (bytes(100), "is something that begins with the bytes 00 00 00 00, expected"),
        (b"PK\x03\x04" + bytes(30), "is a zip archive, expected"),
        (b"\x1f\x8b\x08\x00garbage garbage garbage", "the gzip data are damaged"),
        (b"\x28\xb5\x2f\xfd", "the zstd data end too early"),
        (b"\x04\x22\x4d\x18", "the lz4 data end too early"),
    ],
)
def test_what_is_no_capture_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "looks-like-a.pcap"
    path.write_bytes(content)
    with pytest.raises(CaptureError, match=message) as caught:
        open_captures([Input(str(path))])
    (line,) = caught.value.lines()
    assert line.startswith(f"error: {path}: ")


def test_missing_file_and_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"nothing\.pcap: no such file"):
        open_captures([Input(str(tmp_path / "nothing.pcap"))])
    with pytest.raises(CaptureError, match="is a directory, expected a capture file"):
        open_captures([Input(str(tmp_path))])
    with pytest.raises(CaptureError, match=r"cannot be opened|no such file"):
        open_captures([Input("a\0b")])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read every file")
def test_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(pcap(TCP))
    path.chmod(0)
    with pytest.raises(CaptureError, match="cannot be opened: Permission denied"):
        open_captures([Input(str(path))])


def test_later_file_that_is_no_capture_is_refused_before_the_first_is_read(tmp_path: Path) -> None:
    good, bad, odd = (tmp_path / name for name in ("good", "bad", "odd"))
    good.write_bytes(pcap(TCP))
    bad.write_bytes(b"text")
    odd.write_bytes(Pcapng().section().interface(105).packet(TCP).content)
    with pytest.raises(CaptureError, match="bad: is text"):
        open_captures([Input(str(good)), Input(str(bad))])
    with pytest.raises(CaptureError, match="odd: link type 105"):
        open_captures([Input(str(good)), Input(str(odd))])
