"""One captured frame -> one row of `PACKET`, layer by layer.

Read first: `fwsim.tables` (FRAME, PACKET, QUOTE), then `fwsim.engine.link`, `network` and `transport`, which this
module only calls in turn. Where a packet came from and where it goes is not decided here (`fwsim.engine.origin`).
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import entry, hot
from fwsim.engine.checksum import Words
from fwsim.engine.icmp_header import GRE, ICMP, ICMPV6, SCTP, UDPLITE, icmp
from fwsim.engine.link import CUT, NONE, link_layer
from fwsim.engine.network import EVIDENCE_CUT, LATER_FRAGMENT, SHORT_PACKET, ipv4, ipv6
from fwsim.engine.sctp_header import sctp
from fwsim.engine.tcp_header import tcp
from fwsim.engine.transport import TCP, UDP, gre, udp, udplite
from fwsim.engine.wire import Buffer
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Direction

Row = Any
Table = Any

NO_DIRECTION = int(Direction.NONE)


@entry
def decode(
    buffer: Buffer, even: Words, odd: Words, link_types: Any,
    frames: Table, packets: Table, quotes: Table, count: int, layers: Table, decoders: Table,
) -> None:  # fmt: skip
    """Decode the first `count` frames of a chunk.

    `even` and `odd` are the buffer's 16-bit words (`checksum.views`), `link_types` has an entry for each capture
    interface; `layers` and `decoders` are one-row tables: scratch, and what is carried from chunk to chunk.
    `quotes` needs as many rows as there are frames.
    """
    layer = layers[0]
    decoder = decoders[0]
    decoder["quotes"] = 0
    for i in range(count):
        frame = frames[i]
        packet = packets[i]
        blank(packet)
        decoder["now"] = max(decoder["now"], frame["ts"])
        packet["now"] = decoder["now"]
        layer["at"] = frame["offset"]
        layer["have"] = frame["captured"]
        layer["size"] = frame["length"]
        reason = link_layer(buffer, link_types[frame["capture_interface"]], frame, packet, layer)
        frame["network"] = layer["at"] - frame["offset"]
        if reason == NONE:
            if layer["kind"] == 4:
                reason = ipv4(buffer, frame, packet, layer, decoder)
            else:
                reason = ipv6(buffer, frame, packet, layer, decoder)
            if layer["kind"] >= 0 and packet["fragment"] != LATER_FRAGMENT:
                transport(buffer, even, odd, frame, packet, quotes, layer, decoder)
            if layer["have"] < layer["size"] and reason != SHORT_PACKET and lacks_header(frame, packet, quotes, layer):
                frame["evidence"] |= EVIDENCE_CUT
        elif reason == CUT:
            frame["evidence"] |= EVIDENCE_CUT
        frame["reason"] = reason


@hot
def transport(
    buffer: Buffer, even: Words, odd: Words, frame: Row, packet: Row, quotes: Table, layer: Row, decoder: Row
) -> None:
    """Read the transport header of the protocols that have ports, flags or types."""
    proto = layer["kind"]
    if proto == TCP:
        tcp(buffer, even, odd, frame, packet, quotes, layer, decoder)
    elif proto == UDP:
        udp(buffer, even, odd, frame, packet, layer, decoder)
    elif proto == ICMP or proto == ICMPV6:
        icmp(buffer, even, odd, frame, packet, quotes, layer, decoder)
    elif proto == SCTP:
        sctp(buffer, frame, packet, quotes, layer, decoder)
    elif proto == UDPLITE:
        udplite(buffer, even, odd, frame, packet, layer, decoder)
    elif proto == GRE:
        gre(buffer, frame, packet, layer)


@hot
def lacks_header(frame: Row, packet: Row, quotes: Table, layer: Row) -> bool:
    """Whether the capture cut off part of a header, and not only of what follows the headers.

    What conntrack reads of the packet that an ICMP error quotes, and the chunks of SCTP, count as headers.
    """
    if packet["proto"] == UNKNOWN_VALUE or frame["option_fault"] == CUT or packet["icmp_id"] == UNKNOWN_VALUE:
        return True
    if layer["have"] < 0:
        return True
    if packet["payload"] != ABSENT and layer["have"] < layer["size"] - packet["payload"]:
        return True
    number = packet["quote"]
    return bool(number >= 0 and quotes[number]["usable"] == UNKNOWN_VALUE)


@hot
def blank(packet: Row) -> None:
    """Reset a row: no address, no transport field, an unknown way in and out, no ct state."""
    packet["family"] = 0
    packet["proto"] = ABSENT
    packet["src0"] = 0
    packet["src1"] = 0
    packet["src2"] = 0
    packet["src3"] = 0
    packet["dst0"] = 0
    packet["dst1"] = 0
    packet["dst2"] = 0
    packet["dst3"] = 0
    packet["length"] = ABSENT
    packet["ttl"] = ABSENT
    packet["dscp"] = ABSENT
    packet["ip_id"] = ABSENT
    packet["fragment"] = 0
    blank_transport(packet)
    packet["vlan"] = ABSENT
    packet["iif"] = UNKNOWN_VALUE
    packet["oif"] = UNKNOWN_VALUE
    packet["hook"] = ABSENT
    packet["mark"] = 0
    packet["ct_state"] = 0
    packet["ct_direction"] = NO_DIRECTION
    packet["ct_status"] = 0
    packet["ct_mark"] = 0
    packet["ct_helper"] = 0


@hot
def blank_transport(packet: Row) -> None:
    """Reset the transport fields: none of them is there."""
    packet["sport"] = ABSENT
    packet["dport"] = ABSENT
    packet["flags"] = ABSENT
    packet["seq"] = ABSENT
    packet["ack"] = ABSENT
    packet["win"] = ABSENT
    packet["payload"] = ABSENT
    packet["tcp_options"] = 0
    packet["wscale"] = 0
    packet["sack_right"] = ABSENT
    packet["icmp_type"] = ABSENT
    packet["icmp_code"] = ABSENT
    packet["icmp_id"] = ABSENT
    packet["quote"] = ABSENT
