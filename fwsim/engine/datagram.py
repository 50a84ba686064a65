"""Tracking of protocols without a state machine: UDP, UDP-Lite, GRE, and every protocol the kernel knows nothing about.

Read first: conntrack-spec §7 and §10. Such a connection is a pair of tuples with a timer. The packet belongs to it
already; malformed packets have been refused. Lookups and ICMP do not belong here.
"""

from __future__ import annotations

from fwsim.engine import hot
from fwsim.tables import Row
from fwsim.terms import CtStatus, Proto

SEEN_REPLY = int(CtStatus.SEEN_REPLY)
ASSURED = int(CtStatus.ASSURED)
CONFIRMED = int(CtStatus.CONFIRMED)
UDP = int(Proto.UDP)
UDPLITE = int(Proto.UDPLITE)
GRE = int(Proto.GRE)

STREAM_AFTER = 2_000_000_000
"""A UDP exchange is a stream if it is still active so many ns after its first packet (`stream_ts`)."""


@hot
def datagram_packet(connection: Row, packet: Row, settings: Row) -> None:
    """Restart the timer of a connection, and find out whether it has become a stream."""
    proto = packet["proto"]
    now = packet["now"]
    if proto == UDP:
        udp_packet(connection, now, settings)
    elif proto == UDPLITE:
        assured_packet(connection, now, settings["udp"], settings["udp_stream"])
    elif proto == GRE:
        assured_packet(connection, now, settings["gre"], settings["gre_stream"])
    else:
        refresh(connection, now, settings["generic"])


@hot
def refresh(connection: Row, now: int, timeout: int) -> None:
    """Restart the timer (`nf_ct_refresh_acct`)."""
    connection["timeout"] = timeout
    connection["expires"] = now + timeout


@hot
def udp_packet(connection: Row, now: int, settings: Row) -> None:
    """UDP (`nf_conntrack_udp_packet`): a stream is assured and lives longer.

    It is one once both sides have been heard before and two seconds are over since the first packet. A short
    exchange, like DNS, never is.
    """
    status = connection["status"]
    if status & SEEN_REPLY and now > connection["created"] + STREAM_AFTER:
        refresh(connection, now, settings["udp_stream"])
        connection["status"] |= ASSURED
    else:
        refresh(connection, now, settings["udp"])


@hot
def assured_packet(connection: Row, now: int, timeout: int, stream_timeout: int) -> None:
    """UDP-Lite and GRE (`nf_conntrack_udplite_packet`, `nf_conntrack_gre_packet`): assured once both spoke."""
    if connection["status"] & SEEN_REPLY:
        refresh(connection, now, stream_timeout)
        connection["status"] |= ASSURED
    else:
        refresh(connection, now, timeout)
