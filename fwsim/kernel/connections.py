"""The kernel's connection table, as ctnetlink tells it.

Read first: include/uapi/linux/netfilter/nfnetlink_conntrack.h; `pyroute2.netlink.nfnetlink.nfctsocket`.
"""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Any, Self

from pyroute2.netlink.nfnetlink.nfctsocket import NFCTSocket

from fwsim.kernel.network import named
from fwsim.kernel.orders import Connection

ICMP, ICMPV6 = 1, 58


class Table:
    """A socket to ask for the connections of the namespace that this process is in."""

    def __init__(self) -> None:
        """Open it, for both families."""
        self.socket = NFCTSocket(socket.AF_UNSPEC)

    def __enter__(self) -> Self:
        """For `with`."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.socket.close()

    def entries(self) -> list[Connection]:
        """All connections now, in the order of the kernel's hash table."""
        with named("list of connections"):
            return [connection_of(message) for message in self.socket.dump()]


def connection_of(message: Any) -> Connection:
    """One entry as plain data."""
    info = message.get_attr("CTA_PROTOINFO")
    tcp = info.get_attr("CTA_PROTOINFO_TCP") if info is not None else None
    return Connection(
        original=tuple_of(message.get_attr("CTA_TUPLE_ORIG")),
        reply=tuple_of(message.get_attr("CTA_TUPLE_REPLY")),
        status=message.get_attr("CTA_STATUS"),
        timeout=message.get_attr("CTA_TIMEOUT") or 0,
        tcp_state=tcp.get_attr("CTA_PROTOINFO_TCP_STATE") if tcp is not None else -1,
        mark=message.get_attr("CTA_MARK") or 0,
    )


def tuple_of(attribute: Any) -> tuple[str, str, int, int, int]:
    """A tuple; for ICMP the ids are those of `fwsim.tables.TUPLE`: the id, and type * 256 + code."""
    ip, proto = attribute.get_attr("CTA_TUPLE_IP"), attribute.get_attr("CTA_TUPLE_PROTO")
    source = ip.get_attr("CTA_IP_V4_SRC") or ip.get_attr("CTA_IP_V6_SRC")
    destination = ip.get_attr("CTA_IP_V4_DST") or ip.get_attr("CTA_IP_V6_DST")
    number = proto.get_attr("CTA_PROTO_NUM")
    if number in (ICMP, ICMPV6):
        name = "CTA_PROTO_ICMP" if number == ICMP else "CTA_PROTO_ICMPV6"
        kind = proto.get_attr(f"{name}_TYPE") << 8 | proto.get_attr(f"{name}_CODE")
        return source, destination, number, proto.get_attr(f"{name}_ID"), kind
    ports = proto.get_attr("CTA_PROTO_SRC_PORT") or 0, proto.get_attr("CTA_PROTO_DST_PORT") or 0
    return (source, destination, number, *ports)
