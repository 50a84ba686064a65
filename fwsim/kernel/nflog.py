"""NFLOG: how the kernel tells which rules a packet met (`log group G prefix "..."`).

Read first: include/uapi/linux/netfilter/nfnetlink_log.h. pyroute2 speaks many dialects of netlink but not this one, so
its messages are declared here. A busy firewall logs several messages a packet; `notes_of` reads them at 2 microseconds
each, `log_message` of pyroute2 at fifty: a test holds that both read the same.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

from pyroute2.netlink import NLM_F_ACK, NLM_F_REQUEST, nla
from pyroute2.netlink.nfnetlink import nfgen_msg

from fwsim.errors import KernelError

NETLINK_NETFILTER = 12
SUBSYSTEM = 4
"""NFNL_SUBSYS_ULOG."""
MESSAGE_PACKET = SUBSYSTEM << 8
MESSAGE_CONFIG = SUBSYSTEM << 8 | 1
MESSAGE_ERROR = 2
"""NLMSG_ERROR: an error, or with number 0 an acknowledgement."""

BIND = 1
"""NFULNL_CFG_CMD_BIND."""
COPY_META = 1
"""NFULNL_COPY_META: everything about the packet but its bytes."""
COPY_PACKET = 2
"""NFULNL_COPY_PACKET: its first bytes too, from the IP header on; as many as the `snaplen` of the statement allows."""

RECEIVE_BUFFER = 64 << 20
SKB_BYTES = 16_384
"""How large the kernel makes the buffer in which it gathers messages."""
GATHERED = 100
"""Messages that it gathers before it sends them."""
AT_ONCE = 1
TIMEOUT = 100
"""It sends what it has after this time at the latest (in 10 ms)."""

PATIENCE = 10.0
"""Seconds to wait for a message that must come."""

ATTRIBUTE = struct.Struct("=HH")
BEGINNING = struct.Struct("=IH")
HEADER = 16
"""Bytes of `struct nlmsghdr`, of which the length and the type are read."""
A_MARK, A_HARDWARE_ADDRESS, A_PAYLOAD, A_PREFIX = 2, 8, 9, 10
"""NFULA_ attributes that are read."""


class Note(NamedTuple):
    """One log message: who wrote it (`prefix`), where (`hook`), about which packet.

    `mac` is the number in the source MAC of the frame that came in (0 if it was made here); `mark` the packet's mark;
    `packet` its first bytes, if they were asked for.
    """

    group: int
    hook: int
    prefix: str
    mac: int
    mark: int
    packet: bytes = b""


class log_config(nfgen_msg):  # type: ignore[misc]  # noqa: N801  # pyroute2's way to name messages
    """`nfulnl_attr_config`: asks for a group, and says how it is to be delivered."""

    prefix = "NFULA_CFG_"
    nla_map = (
        ("NFULA_CFG_UNSPEC", "none"),
        ("NFULA_CFG_CMD", "uint8"),
        ("NFULA_CFG_MODE", "mode"),
        ("NFULA_CFG_NLBUFSIZ", "be32"),
        ("NFULA_CFG_TIMEOUT", "be32"),
        ("NFULA_CFG_QTHRESH", "be32"),
        ("NFULA_CFG_FLAGS", "be16"),
    )

    class mode(nla):  # type: ignore[misc]  # noqa: N801
        """`struct nfulnl_msg_config_mode`."""

        fields = (("copy_range", ">I"), ("copy_mode", "B"), ("pad", "B"))


class log_message(nfgen_msg):  # type: ignore[misc]  # noqa: N801
    """`nfulnl_attr_type`: one packet that met a `log` statement."""

    prefix = "NFULA_"
    nla_map = (
        ("NFULA_UNSPEC", "none"),
        ("NFULA_PACKET_HDR", "packet_header"),
        ("NFULA_MARK", "be32"),
        ("NFULA_TIMESTAMP", "hex"),
        ("NFULA_IFINDEX_INDEV", "be32"),
        ("NFULA_IFINDEX_OUTDEV", "be32"),
        ("NFULA_IFINDEX_PHYSINDEV", "be32"),
        ("NFULA_IFINDEX_PHYSOUTDEV", "be32"),
        ("NFULA_HWADDR", "hardware_address"),
        ("NFULA_PAYLOAD", "cdata"),
        ("NFULA_PREFIX", "asciiz"),
        ("NFULA_UID", "be32"),
        ("NFULA_SEQ", "be32"),
        ("NFULA_SEQ_GLOBAL", "be32"),
        ("NFULA_GID", "be32"),
        ("NFULA_HWTYPE", "be16"),
        ("NFULA_HWHEADER", "cdata"),
        ("NFULA_HWLEN", "be16"),
    )

    class packet_header(nla):  # type: ignore[misc]  # noqa: N801
        """`struct nfulnl_msg_packet_hdr`."""

        fields = (("hw_protocol", ">H"), ("hook", "B"), ("pad", "B"))

    class hardware_address(nla):  # type: ignore[misc]  # noqa: N801
        """`struct nfulnl_msg_packet_hw`."""

        fields = (("hw_addrlen", ">H"), ("pad", "H"), ("hw_addr", "8s"))


def config(group: int, **attributes: object) -> bytes:
    """A request to the kernel about a group; `attributes` by their names behind NFULA_CFG_."""
    message = log_config()
    message["nfgen_family"] = socket.AF_UNSPEC
    message["version"] = 0
    message["res_id"] = group
    message["attrs"] = [(f"NFULA_CFG_{name}", value) for name, value in attributes.items()]
    message["header"]["type"] = MESSAGE_CONFIG
    message["header"]["flags"] = NLM_F_REQUEST | (NLM_F_ACK if "CMD" in attributes else 0)
    message.encode()
    return bytes(message.data)


def notes_of(data: bytes, *, copied: bool = False) -> Iterator[Note]:
    """The log messages of one datagram, in the order in which they were written; `copied`: with bytes of packets."""
    at, end = 0, len(data)
    while at < end:
        length, kind = BEGINNING.unpack_from(data, at)
        if kind == MESSAGE_PACKET:
            yield note_of(data, at, at + length, copied)
        elif kind == MESSAGE_ERROR:
            refuse(-struct.unpack_from("=i", data, at + HEADER)[0])
        at += (length + 3) & ~3


def note_of(data: bytes, at: int, end: int, copied: bool) -> Note:
    """One log message. Its first attribute, of 8 bytes, has the hook in it; the packet's bytes are in the last."""
    group = data[at + 18] << 8 | data[at + 19]
    hook = data[at + 26]
    prefix, mac, mark, packet = "", 0, 0, b""
    at += 28
    while at < end:
        length, kind = ATTRIBUTE.unpack_from(data, at)
        if kind == A_HARDWARE_ADDRESS:
            mac = int.from_bytes(data[at + 9 : at + 14], "big")  # without the first octet, which says "local"
            if not copied:
                break
        elif kind == A_PAYLOAD:
            packet = data[at + 4 : at + length]
        elif kind == A_PREFIX:
            prefix = data[at + 4 : at + length - 1].decode("ascii", "replace")
        elif kind == A_MARK:
            mark = int.from_bytes(data[at + 4 : at + 8], "big")
        at += (length + 3) & ~3
    return Note(group, hook, prefix, mac, mark, packet)


def refuse(number: int) -> None:
    """Raise what the kernel answered to a request, unless it is an acknowledgement."""
    if number:
        raise KernelError(f"the kernel refuses to deliver log messages: {errno.errorcode.get(number, number)}")


class Listener:
    """The socket that log messages of some groups come to."""

    def __init__(self, copied: int = 0) -> None:
        """A socket in the namespace that the process is in; `copied` is how many bytes of packets are wanted."""
        self.copied = copied
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.socket.bind((0, 0))
        force = getattr(socket, "SO_RCVBUFFORCE", 33)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, force, RECEIVE_BUFFER)
        except PermissionError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)

    def bind(self, group: int, gathered: int) -> None:
        """Receive a group: `gathered` messages at a time."""
        self.socket.send(config(group, CMD=BIND))
        list(notes_of(self.socket.recv(SKB_BYTES)))  # the acknowledgement, or an error
        mode = {"copy_range": self.copied, "copy_mode": COPY_PACKET if self.copied else COPY_META, "pad": 0}
        self.socket.send(config(group, MODE=mode, NLBUFSIZ=SKB_BYTES, TIMEOUT=TIMEOUT, QTHRESH=gathered))

    def gather(self, group: int, gathered: int) -> None:
        """Change how many messages are sent at a time; takes effect with the next message."""
        self.socket.send(config(group, QTHRESH=gathered))

    def receive(self, *, wait: bool) -> Iterator[Note]:
        """What has come; with `wait`, not before there is something."""
        if wait and not select.select([self.socket], [], [], PATIENCE)[0]:
            raise KernelError(f"the kernel sent no log message for {PATIENCE} seconds")
        try:
            data = self.socket.recv(4 * SKB_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno == errno.ENOBUFS:
                raise KernelError("the kernel lost log messages: the receive buffer was full") from None
            raise
        yield from notes_of(data, copied=self.copied > 0)
