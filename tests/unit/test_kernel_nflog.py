"""Log messages of nfnetlink_log: read by hand as pyroute2 reads them, and asked for as the kernel wants it."""

from __future__ import annotations

import errno
import struct

import pytest

from fwsim.errors import KernelError
from fwsim.kernel.nflog import (
    BIND,
    COPY_META,
    MESSAGE_CONFIG,
    MESSAGE_ERROR,
    MESSAGE_PACKET,
    Listener,
    Note,
    config,
    log_message,
    notes_of,
)


def attribute(kind: int, data: bytes) -> bytes:
    raw = struct.pack("=HH", 4 + len(data), kind) + data
    return raw + bytes(-len(raw) % 4)


def message(*attributes: bytes, group: int = 5, kind: int = MESSAGE_PACKET) -> bytes:
    body = struct.pack(">BBH", 2, 0, group) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


HEADER = attribute(1, struct.pack(">HBB", 0x0800, 2, 0))
PREFIX = attribute(10, b"R12\0")
ADDRESS = attribute(8, struct.pack(">HH8s", 6, 0, bytes([2, 0, 0, 1, 2, 3])))
MARK = attribute(2, struct.pack(">I", 77))
DEVICES = attribute(4, struct.pack(">I", 3)) + attribute(5, struct.pack(">I", 4))


def test_a_message_tells_its_prefix_hook_and_number() -> None:
    (note,) = notes_of(message(HEADER, PREFIX, DEVICES, MARK, ADDRESS))
    assert note == Note(group=5, hook=2, prefix="R12", mac=0x010203, mark=77)


def test_a_packet_made_here_has_no_mac() -> None:
    (note,) = notes_of(message(HEADER, PREFIX, MARK))
    assert (note.mac, note.mark) == (0, 77)


def test_a_message_brings_bytes_of_its_packet_along_where_they_were_asked_for() -> None:
    raw = message(HEADER, PREFIX, MARK, ADDRESS, attribute(9, b"E\0\0\x14packet"))
    assert [note.packet for note in notes_of(raw, copied=True)] == [b"E\0\0\x14packet"]
    assert [note._replace(packet=b"") for note in notes_of(raw, copied=True)] == list(notes_of(raw))


def test_several_messages_of_one_datagram_come_in_order() -> None:
    done = struct.pack("=IHHII", 20, 3, 2, 0, 0) + bytes(4)
    first = message(HEADER, attribute(10, b"S8o\0"), ADDRESS)
    found = list(notes_of(first + message(HEADER, PREFIX) + done))
    assert [note.prefix for note in found] == ["S8o", "R12"]


def test_both_readers_read_the_same() -> None:
    raw = message(HEADER, PREFIX, DEVICES, MARK, ADDRESS)
    slow = log_message(raw)
    slow.decode()
    (fast,) = notes_of(raw)
    assert slow["res_id"] == fast.group
    assert slow.get_attr("NFULA_PREFIX") == fast.prefix
    assert slow.get_attr("NFULA_MARK") == fast.mark
    assert slow.get_attr("NFULA_PACKET_HDR")["hook"] == fast.hook
    assert int.from_bytes(slow.get_attr("NFULA_HWADDR")["hw_addr"][1:6], "big") == fast.mac


def test_a_request_for_a_group_is_what_the_kernel_reads() -> None:
    raw = config(5, CMD=BIND)
    length, kind, flags = struct.unpack_from("=IHH", raw)
    assert (length, kind, flags & 5) == (len(raw), MESSAGE_CONFIG, 5)  # NLM_F_REQUEST | NLM_F_ACK
    assert raw[16:20] == struct.pack(">BBH", 0, 0, 5)
    assert raw[20:25] == struct.pack("=HHB", 5, 1, BIND)


def test_a_request_for_the_mode_is_what_the_kernel_reads() -> None:
    raw = config(5, MODE={"copy_range": 0, "copy_mode": COPY_META, "pad": 0}, QTHRESH=100)
    assert raw[20:30] == struct.pack("=HH", 10, 2) + struct.pack(">IBB", 0, COPY_META, 0)
    assert raw[32:40] == struct.pack("=HH", 8, 5) + struct.pack(">I", 100)


def test_an_error_of_the_kernel_is_raised_and_an_acknowledgement_is_not() -> None:
    def answer(number: int) -> bytes:
        return struct.pack("=IHHII", 36, MESSAGE_ERROR, 0, 0, 0) + struct.pack("=i", number) + bytes(16)

    assert list(notes_of(answer(0))) == []
    with pytest.raises(KernelError, match="EPERM"):
        list(notes_of(answer(-errno.EPERM)))


def test_waiting_for_a_message_that_never_comes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    from fwsim.kernel import nflog

    monkeypatch.setattr(nflog, "PATIENCE", 0.05)
    listener = Listener.__new__(Listener)
    listener.copied = 0
    listener.socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with other, listener.socket:
        assert list(listener.receive(wait=False)) == []
        with pytest.raises(KernelError, match="no log message"):
            list(listener.receive(wait=True))
        other.send(message(HEADER, PREFIX))
        assert [note.prefix for note in listener.receive(wait=True)] == ["R12"]
