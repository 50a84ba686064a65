"""The link layer: from the first byte of a frame to the first byte of its IP packet.

Read first: the registry of link-layer header types (tcpdump.org/linktypes.html) and `fwsim.tables.FRAME`. Each
function here moves a `LAYER` row to the next header and returns `NONE`, or the `Reason` why there is no IP packet.
Nothing of the IP header is read here, except its version where the link layer does not tell it.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.wire import Buffer, u8, u16, u32, u32_little
from fwsim.tables import row_type
from fwsim.terms import Reason

Row = Any

LAYER = row_type("at have size kind")
"""Where a header begins (`at`), how many bytes from there on are in the buffer (`have`) and were on the wire (`size`),
and its `kind`: for the network layer 4 or 6, behind it the protocol number."""

NONE = int(Reason.NONE)
NOT_IP = int(Reason.NOT_IP)
CUT = int(Reason.CUT)

LINK_NULL = 0
LINK_ETHERNET = 1
LINK_RAW_BSD = 12
LINK_RAW_OPENBSD = 14
LINK_RAW = 101
LINK_LOOP = 108
LINK_LINUX_SLL = 113
LINK_IPV4 = 228
LINK_IPV6 = 229
LINK_LINUX_SLL2 = 276
READABLE_LINKS = (
    LINK_NULL, LINK_ETHERNET, LINK_RAW_BSD, LINK_RAW_OPENBSD, LINK_RAW, LINK_LOOP,
    LINK_LINUX_SLL, LINK_IPV4, LINK_IPV6, LINK_LINUX_SLL2,
)  # fmt: skip
"""The link types read here (LINKTYPE_ numbers)."""

ETHERNET_IPV4 = 0x0800
ETHERNET_VLAN = 0x8100
ETHERNET_IPV6 = 0x86DD
ETHERNET_MPLS = 0x8847
ETHERNET_MPLS_MULTICAST = 0x8848
ETHERNET_PPPOE_SESSION = 0x8864
ETHERNET_QINQ = 0x88A8
ETHERNET_QINQ_OLD = 0x9100
TAGS_MAX = 8
"""More VLAN tags or MPLS labels than this are nonsense."""

INBOUND = 1
OUTBOUND = 2
COOKED_OUTGOING = 4
"""The cooked packet type PACKET_OUTGOING (`packet(7)`); 0 to 3 were received."""


@hot
def link_layer(buffer: Buffer, link_type: int, frame: Row, packet: Row, layer: Row) -> int:
    """Step over a frame's link-layer header, which begins at the layer."""
    if link_type == LINK_ETHERNET:
        return ethernet(buffer, frame, packet, layer)
    if link_type == LINK_LINUX_SLL:
        return cooked(buffer, frame, packet, layer)
    if link_type == LINK_LINUX_SLL2:
        return cooked_v2(buffer, frame, packet, layer)
    if link_type == LINK_NULL or link_type == LINK_LOOP:
        return loopback(buffer, layer)
    if link_type == LINK_IPV4 or link_type == LINK_IPV6:
        return ip_begins(layer, 4 if link_type == LINK_IPV4 else 6)
    if link_type == LINK_RAW or link_type == LINK_RAW_BSD or link_type == LINK_RAW_OPENBSD:
        return raw(buffer, layer)
    return NOT_IP


@hot
def ethernet(buffer: Buffer, frame: Row, packet: Row, layer: Row) -> int:
    """Ethernet II (IEEE 802.3 §3.2.6); a frame with a length in place of the type (LLC) is not IP to Linux."""
    if layer["have"] < 14:
        return missing(layer, 14)
    at = layer["at"]
    frame["source_mac"] = (u32(buffer, at + 6) << 16) | u16(buffer, at + 10)
    frame["pkttype"] = pkttype_of(u32(buffer, at), u16(buffer, at + 4))
    advance(layer, 14)
    return ether_payload(buffer, u16(buffer, at + 12), packet, layer)


@hot
def pkttype_of(high: int, low: int) -> int:
    """PACKET_HOST, PACKET_BROADCAST or PACKET_MULTICAST, by the destination of a frame that is not for others."""
    if high & 0x01000000 == 0:
        return 0
    return 1 if high == 0xFFFFFFFF and low == 0xFFFF else 2


@hot
def cooked(buffer: Buffer, frame: Row, packet: Row, layer: Row) -> int:
    """Linux cooked capture v1 (LINKTYPE_LINUX_SLL): 16 bytes, the protocol last."""
    if layer["have"] < 16:
        return missing(layer, 16)
    at = layer["at"]
    sent_or_received(frame, u16(buffer, at))
    if u16(buffer, at + 4) == 6:
        frame["source_mac"] = (u32(buffer, at + 6) << 16) | u16(buffer, at + 10)
    advance(layer, 16)
    return ether_payload(buffer, u16(buffer, at + 14), packet, layer)


@hot
def cooked_v2(buffer: Buffer, frame: Row, packet: Row, layer: Row) -> int:
    """Linux cooked capture v2 (LINKTYPE_LINUX_SLL2): 20 bytes, the protocol first, and the interface's index."""
    if layer["have"] < 20:
        return missing(layer, 20)
    at = layer["at"]
    sent_or_received(frame, u8(buffer, at + 10))
    frame["ifindex"] = u32(buffer, at + 4)
    if u8(buffer, at + 11) == 6:
        frame["source_mac"] = (u32(buffer, at + 12) << 16) | u16(buffer, at + 16)
    advance(layer, 20)
    return ether_payload(buffer, u16(buffer, at), packet, layer)


@hot
def sent_or_received(frame: Row, cooked_type: int) -> None:
    """Note the direction a cooked header tells, unless the capture file has told it already."""
    if frame["sent_or_received"] == 0 and cooked_type <= COOKED_OUTGOING:
        frame["sent_or_received"] = OUTBOUND if cooked_type == COOKED_OUTGOING else INBOUND


@hot
def ether_payload(buffer: Buffer, kind: int, packet: Row, layer: Row) -> int:
    """Go on by EtherType: through VLAN tags (the outermost is kept), MPLS labels and PPPoE, to IP."""
    tags = 0
    while kind == ETHERNET_VLAN or kind == ETHERNET_QINQ or kind == ETHERNET_QINQ_OLD:
        if layer["have"] < 4 or tags == TAGS_MAX:
            return missing(layer, 4)
        at = layer["at"]
        vlan = u16(buffer, at) & 0xFFF
        if tags == 0 and vlan != 0:  # VLAN 0 only carries a priority (IEEE 802.1Q §9.6)
            packet["vlan"] = vlan
        kind = u16(buffer, at + 2)
        advance(layer, 4)
        tags += 1
    if kind == ETHERNET_IPV4:
        return ip_begins(layer, 4)
    if kind == ETHERNET_IPV6:
        return ip_begins(layer, 6)
    if kind == ETHERNET_MPLS or kind == ETHERNET_MPLS_MULTICAST:
        return mpls(buffer, layer)
    if kind == ETHERNET_PPPOE_SESSION:
        return pppoe(buffer, layer)
    return NOT_IP


@hot
def mpls(buffer: Buffer, layer: Row) -> int:
    """A stack of MPLS labels (RFC 3032 §2.1); behind the last, only the IP version tells what follows."""
    for _ in range(TAGS_MAX):
        if layer["have"] < 4:
            return missing(layer, 4)
        last = u8(buffer, layer["at"] + 2) & 1
        advance(layer, 4)
        if last:
            return by_version(buffer, layer)
    return NOT_IP


@hot
def pppoe(buffer: Buffer, layer: Row) -> int:
    """A PPPoE session frame (RFC 2516 §4): six bytes, then the PPP protocol."""
    if layer["have"] < 8:
        return missing(layer, 8)
    at = layer["at"]
    protocol = u16(buffer, at + 6)
    if u8(buffer, at + 1) != 0 or (protocol != 0x0021 and protocol != 0x0057):
        return NOT_IP
    advance(layer, 8)
    return ip_begins(layer, 4 if protocol == 0x0021 else 6)


@hot
def loopback(buffer: Buffer, layer: Row) -> int:
    """BSD loopback: an address family in either byte order; every BSD has its own number for IPv6."""
    if layer["have"] < 4:
        return missing(layer, 4)
    family = u32(buffer, layer["at"])
    if family > 0xFFFF:
        family = u32_little(buffer, layer["at"])
    advance(layer, 4)
    if family == 2:
        return ip_begins(layer, 4)
    if family == 24 or family == 28 or family == 30 or family == 10:
        return ip_begins(layer, 6)
    return NOT_IP


@hot
def raw(buffer: Buffer, layer: Row) -> int:
    """An IP packet without any header before it; one of no known version still counts as IPv4, and is then refused."""
    reason = by_version(buffer, layer)
    if reason == NOT_IP and layer["have"] > 0:
        return ip_begins(layer, 4)
    return reason


@hot
def by_version(buffer: Buffer, layer: Row) -> int:
    """Tell IPv4 from IPv6 by the version in the first byte."""
    if layer["have"] < 1:
        return missing(layer, 1)
    version = u8(buffer, layer["at"]) >> 4
    if version == 4 or version == 6:
        return ip_begins(layer, version)
    return NOT_IP


@hot
def ip_begins(layer: Row, family: int) -> int:
    """The IP packet of this family begins here."""
    layer["kind"] = family
    return NONE


@hot
def advance(layer: Row, size: int) -> None:
    """Move a layer over a header."""
    layer["at"] += size
    layer["have"] -= size
    layer["size"] -= size


@hot
def missing(layer: Row, need: int) -> int:
    """Why a link-layer header is not there: the capture was cut, or the frame ends before it."""
    return CUT if layer["size"] >= need and layer["have"] < need else NOT_IP
