"""Packets whose ct state needs no look-up: invalid, never tracked, or hanging on what is not known.

Read first: conntrack-spec §2, `fwsim.tables.TRACK`. What belongs to a connection, and is invalid nevertheless, is
judged by its protocol (`fwsim.engine.conntrack`).
"""

from __future__ import annotations

from fwsim.engine import hot
from fwsim.engine.icmp import ICMP_LAST, is_never_tracked
from fwsim.engine.network import LATER_FRAGMENT
from fwsim.engine.sctp_header import MOST_CHUNKS
from fwsim.engine.tuples import Tracker
from fwsim.tables import Row, Table
from fwsim.terms import UNKNOWN_VALUE, CtState, Hook, Proto, Reason

TCP = int(Proto.TCP)
UDP = int(Proto.UDP)
UDPLITE = int(Proto.UDPLITE)
ICMP = int(Proto.ICMP)
ICMPV6 = int(Proto.ICMPV6)
GRE = int(Proto.GRE)
SCTP = int(Proto.SCTP)

INVALID = int(CtState.INVALID)
UNTRACKED = int(CtState.UNTRACKED)

OUTPUT = int(Hook.OUTPUT)

R_NONE = int(Reason.NONE)
R_CUT = int(Reason.CUT)
R_LATER_FRAGMENT = int(Reason.LATER_FRAGMENT)
R_NOT_SIMULATED = int(Reason.NOT_SIMULATED)
R_TCP_BAD_CHECKSUM = int(Reason.TCP_BAD_CHECKSUM)
R_UDP_BAD_CHECKSUM = int(Reason.UDP_BAD_CHECKSUM)
R_ICMP_BAD_CHECKSUM = int(Reason.ICMP_BAD_CHECKSUM)
R_SCTP_BAD_CHECKSUM = int(Reason.SCTP_BAD_CHECKSUM)
R_ICMP_BAD_TYPE = int(Reason.ICMP_BAD_TYPE)
R_UNTRACKED_ND = int(Reason.UNTRACKED_ND)


@hot
def refuse(result: Row, reason: int) -> None:
    """`ct state invalid`, and why."""
    result["ct_state"] = INVALID
    result["reason"] = reason


@hot
def counted_fault(tracker: Tracker, frame: Row, packet: Row) -> int:
    """What is wrong with the transport header, as conntrack sees it, or 0.

    Checksums are verified only if `nf_conntrack_checksum` is set, and not of packets that are made here.
    """
    fault = frame["transport_fault"]
    if (
        fault == R_TCP_BAD_CHECKSUM
        or fault == R_UDP_BAD_CHECKSUM
        or fault == R_ICMP_BAD_CHECKSUM
        or fault == R_SCTP_BAD_CHECKSUM
    ):
        if not tracker.settings[0]["checksum"] or packet["hook"] >= OUTPUT:
            return R_NONE
    return int(fault)


@hot
def is_settled(packet: Row, quotes: Table, fault: int, result: Row) -> bool:
    """Whether the packet has a ct state without any look-up: not to be known, invalid or never tracked."""
    if packet["fragment"] == LATER_FRAGMENT:
        refuse(result, R_LATER_FRAGMENT)
    elif fault and not has_ports(packet):
        refuse(result, fault)
    elif is_never_tracked(packet):
        result["ct_state"] = UNTRACKED
        result["reason"] = R_UNTRACKED_ND
    elif is_icmp(packet) and is_bad_icmp(packet):
        refuse(result, R_ICMP_BAD_TYPE)
    elif not fault and is_cut(packet):
        result["ct_state"] = UNKNOWN_VALUE
        result["reason"] = R_CUT
    elif not fault and packet["proto"] == SCTP and lacks_chunks(packet, quotes):
        result["ct_state"] = UNKNOWN_VALUE
        result["reason"] = lacks_chunks(packet, quotes)
    else:
        return False
    return True


@hot
def has_ports(packet: Row) -> bool:
    """Whether a packet has a tuple even if its header has a fault: then it is looked up before it is judged."""
    proto = packet["proto"]
    return (
        (proto == TCP or proto == UDP or proto == UDPLITE or proto == SCTP)
        and packet["sport"] >= 0
        and packet["dport"] >= 0
    )


@hot
def is_cut(packet: Row) -> bool:
    """Whether the capture cut off what tracking would look at."""
    proto = packet["proto"]
    if proto == UNKNOWN_VALUE:
        return True
    if proto == TCP:
        return packet["sport"] < 0 or packet["dport"] < 0 or is_tcp_cut(packet)
    if proto == UDP or proto == UDPLITE or proto == SCTP:
        return packet["sport"] < 0 or packet["dport"] < 0
    if proto == GRE:
        return packet["icmp_id"] == UNKNOWN_VALUE
    if proto == ICMP or proto == ICMPV6:
        return packet["icmp_type"] < 0 or packet["icmp_code"] < 0 or packet["icmp_id"] == UNKNOWN_VALUE
    return False


@hot
def is_tcp_cut(packet: Row) -> bool:
    """Whether a TCP header lacks a field behind its ports (those of a complete one are never negative)."""
    return packet["flags"] < 0 or packet["seq"] < 0 or packet["ack"] < 0 or packet["win"] < 0 or packet["payload"] < 0


@hot
def lacks_chunks(packet: Row, quotes: Table) -> int:
    """Why the list of an SCTP packet's chunks is not known to its end, or 0.

    Unlike Linux: a list of more than 48 unlike chunks is not followed, nor that of a first fragment by itself.
    """
    if packet["quote"] < 0:
        return R_NOT_SIMULATED
    chunks = quotes[packet["quote"]]
    if chunks["usable"] == UNKNOWN_VALUE:
        return R_CUT
    return R_NOT_SIMULATED if chunks["usable"] == 1 and chunks["chunks"] > MOST_CHUNKS else R_NONE


@hot
def is_icmp(packet: Row) -> bool:
    """Whether the packet is ICMP or ICMPv6."""
    return packet["proto"] == ICMP or packet["proto"] == ICMPV6


@hot
def is_bad_icmp(packet: Row) -> bool:
    """Whether the ICMP type is none that conntrack admits at all: beyond the last, or of the other IP version."""
    if packet["proto"] == ICMP:
        return packet["family"] != 4 or packet["icmp_type"] > ICMP_LAST
    return packet["family"] != 6
