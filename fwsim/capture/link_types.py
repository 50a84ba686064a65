"""Names of link-layer header types, so that one which is not read can be refused by name.

Source: the registry at tcpdump.org/linktypes.html. What is read is decided in `fwsim.engine.link`.
"""

from __future__ import annotations

from fwsim.engine.link import READABLE_LINKS

LINK_TYPES: dict[int, str] = {
    0: "BSD loopback (NULL)", 1: "Ethernet", 3: "AX.25", 6: "Token Ring (IEEE 802.5)", 7: "ARCNET", 8: "SLIP",
    9: "PPP", 10: "FDDI", 12: "raw IP", 14: "raw IP", 19: "ATM (Linux Classical IP)", 50: "PPP in HDLC framing",
    51: "PPPoE without Ethernet", 99: "Symantec firewall", 100: "ATM RFC 1483", 101: "raw IP", 104: "Cisco HDLC",
    105: "IEEE 802.11", 107: "Frame Relay", 108: "OpenBSD loopback (LOOP)", 109: "OpenBSD IPsec (ENC)",
    113: "Linux cooked v1", 114: "LocalTalk", 117: "OpenBSD pflog", 119: "IEEE 802.11 with Prism header",
    122: "IP over Fibre Channel", 123: "SunATM", 127: "IEEE 802.11 with radiotap header", 129: "ARCNET (Linux)",
    138: "IP over IEEE 1394", 140: "MTP2", 141: "MTP3", 142: "SCCP", 143: "DOCSIS", 144: "Linux IrDA",
    147: "private use 0 (USER0)", 148: "private use 1 (USER1)", 149: "private use 2 (USER2)",
    163: "IEEE 802.11 with AVS header", 165: "BACnet MS/TP", 166: "PPP with direction (pppd)", 177: "Linux LAPD",
    187: "Bluetooth HCI (H4)", 189: "USB (Linux)", 190: "CAN 2.0B", 192: "Per-Packet Information (PPI)",
    195: "IEEE 802.15.4 with FCS", 197: "Endace ERF", 201: "Bluetooth HCI (H4) with direction", 203: "LAPD",
    204: "PPP with direction byte", 209: "IPMB (Linux)", 215: "IEEE 802.15.4 without PHY", 220: "USB (Linux, mmapped)",
    224: "Fibre Channel FC-2", 226: "Solaris ipnet", 227: "SocketCAN", 228: "raw IPv4", 229: "raw IPv6",
    230: "IEEE 802.15.4 without FCS", 231: "D-Bus", 235: "DVB-CI", 239: "NFLOG", 240: "netANALYZER",
    243: "MPEG-2 transport stream", 247: "InfiniBand", 248: "SCTP", 249: "USBPcap", 250: "RTAC serial",
    251: "Bluetooth Low Energy", 252: "Wireshark upper PDU", 253: "Linux netlink", 258: "Juniper",
    265: "G.9959 (Z-Wave)", 268: "GSM Osmocom", 270: "EPON", 272: "nRF sniffer", 273: "Z-Wave with TAP",
    276: "Linux cooked v2", 278: "OpenFlow", 283: "IEEE 802.15.4 TAP", 288: "USB 2.0", 292: "ETW",
}  # fmt: skip
"""Names by number: all common types, and the readable ones."""

READABLE = "Ethernet, raw IP, BSD loopback, Linux cooked"


def link_type_name(number: int) -> str:
    """A link type as people know it, and its number."""
    name = LINK_TYPES.get(number)
    return f"link type {number} ({name})" if name else f"link type {number}"


def is_readable(number: int) -> bool:
    """Whether frames of this link type are decoded."""
    return number in READABLE_LINKS


def refusal(number: int) -> str:
    """What to tell of a capture whose frames cannot be decoded."""
    return f"{link_type_name(number)} is not read, expected one of {READABLE}"
