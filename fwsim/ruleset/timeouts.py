"""The timers of other firewalls, as sets that a ruleset names: `conntrack: {timeouts: pf}`.

Read first: `TIMEOUTS`. Every figure bears the name that its firewall gives it; `SOURCES` has the documents. A set gives
values to sysctls of conntrack, and only to them: states and windows stay those of Linux, and so does what a full table
does. What a firewall has no timer for (Linux's, of data that is not acknowledged) is as long as what it would cut.
"""

from __future__ import annotations

from collections.abc import Mapping

from .mistakes import mistake, seen, unknown

KEY = "timeouts"
"""The key of `conntrack` that names a set."""

Figure = tuple[int, str]
"""Seconds, and what the firewall calls it."""

HOUR, DAY = 3600, 86400

TIMEOUTS: dict[str, dict[str, Figure]] = {
    "linux": {},
    "pf": {
        "tcp_timeout_syn_sent": (120, "tcp.first: after the first packet"),
        "tcp_timeout_syn_recv": (30, "tcp.opening: before both ends have acknowledged"),
        "tcp_timeout_established": (DAY, "tcp.established"),
        "tcp_timeout_fin_wait": (900, "tcp.closing: after the first FIN"),
        "tcp_timeout_close_wait": (900, "tcp.closing: after the first FIN, acknowledged or not"),
        "tcp_timeout_last_ack": (45, "tcp.finwait: after both FINs"),
        "tcp_timeout_time_wait": (90, "tcp.closed: after both FINs are acknowledged (pf_tcp_track_full)"),
        "tcp_timeout_close": (90, "tcp.closed: after a RST"),
        "tcp_timeout_max_retrans": (DAY, "no such timer: tcp.established"),
        "tcp_timeout_unacknowledged": (DAY, "no such timer: tcp.established"),
        "udp_timeout": (60, "udp.first"),
        "udp_timeout_stream": (60, "udp.multiple"),
        "icmp_timeout": (20, "icmp.first"),
        "icmpv6_timeout": (20, "icmp.first"),
        "generic_timeout": (60, "other.first, other.multiple"),
        "gre_timeout": (60, "other.first: GRE is not tracked by itself"),
        "gre_timeout_stream": (60, "other.multiple"),
        "sctp_timeout_closed": (60, "other.first: SCTP is not tracked by itself"),
        "sctp_timeout_cookie_wait": (60, "other.multiple"),
        "sctp_timeout_cookie_echoed": (60, "other.multiple"),
        "sctp_timeout_established": (60, "other.multiple"),
        "sctp_timeout_shutdown_sent": (60, "other.multiple"),
        "sctp_timeout_shutdown_recd": (60, "other.multiple"),
        "sctp_timeout_shutdown_ack_sent": (60, "other.multiple"),
        "sctp_timeout_heartbeat_sent": (60, "other.first"),
        "frag6_timeout": (60, "frag"),
    },
    "asa": {
        "tcp_timeout_syn_sent": (30, "set connection timeout embryonic"),
        "tcp_timeout_syn_recv": (30, "set connection timeout embryonic"),
        "tcp_timeout_established": (HOUR, "timeout conn"),
        "tcp_timeout_fin_wait": (HOUR, "timeout conn: only the first FIN has been seen"),
        "tcp_timeout_close_wait": (600, "timeout half-closed: the FIN is acknowledged"),
        "tcp_timeout_last_ack": (600, "timeout half-closed"),
        "tcp_timeout_time_wait": (60, "slots are freed about 60 s after a normal close (Configure Global Timeouts)"),
        "tcp_timeout_close": (0, "a RST tears the connection down at once (syslog 302014, TCP Reset-I and Reset-O)"),
        "tcp_timeout_max_retrans": (HOUR, "no such timer: timeout conn"),
        "tcp_timeout_unacknowledged": (HOUR, "no such timer: timeout conn"),
        "udp_timeout": (120, "timeout udp"),
        "udp_timeout_stream": (120, "timeout udp"),
        "icmp_timeout": (2, "timeout icmp"),
        "icmpv6_timeout": (2, "timeout icmp"),
        "generic_timeout": (HOUR, "set connection timeout idle: a connection of any protocol"),
        "gre_timeout": (HOUR, "set connection timeout idle"),
        "gre_timeout_stream": (HOUR, "set connection timeout idle"),
        "sctp_timeout_closed": (120, "timeout sctp"),
        "sctp_timeout_cookie_wait": (120, "timeout sctp"),
        "sctp_timeout_cookie_echoed": (120, "timeout sctp"),
        "sctp_timeout_established": (120, "timeout sctp"),
        "sctp_timeout_shutdown_sent": (120, "timeout sctp"),
        "sctp_timeout_shutdown_recd": (120, "timeout sctp"),
        "sctp_timeout_shutdown_ack_sent": (120, "timeout sctp"),
        "sctp_timeout_heartbeat_sent": (120, "timeout sctp"),
        "frag6_timeout": (5, "fragment timeout"),
    },
    "aws": {
        "tcp_timeout_established": (432000, "TcpEstablishedTimeout: idle in an established state"),
        "udp_timeout": (30, "UdpTimeout: one direction, or one request with its response"),
        "udp_timeout_stream": (180, "UdpStreamTimeout: more than one request with its response"),
        "generic_timeout": (600, "other protocols: a response within 600 seconds"),
    },
}  # fmt: skip
"""For each set, the seconds of the sysctls that it gives. Those it does not give have Linux's."""

SOURCES = {
    "linux": "Linux 6.18: Documentation/networking/nf_conntrack-sysctl.rst",
    "pf": "OpenBSD: pf.conf(5), set timeout (optimization normal); sys/net/pfvar.h, PFTM_*; without adaptive timeouts",
    "asa": "Cisco ASA: Series Firewall CLI Configuration Guide, Connection Settings; Command Reference, timeout",
    "aws": "Amazon EC2 security groups: API Reference, ConnectionTrackingSpecification (Nitro v6 has 350 s for TCP); "
    "User Guide, Security group connection tracking",
}
"""Where the figures are documented."""


def with_timeouts(settings: object) -> object:
    """The settings of conntrack with the timers of the set that they name, where they do not give their own."""
    if not isinstance(settings, Mapping) or KEY not in settings:
        return settings
    name = settings[KEY]
    if not isinstance(name, str):
        raise mistake(f"expected one of {', '.join(TIMEOUTS)}, found {seen(name)}", KEY)
    if name not in TIMEOUTS:
        raise mistake(unknown("set of timeouts", name, TIMEOUTS), KEY)
    given = {key: value for key, value in settings.items() if key != KEY}
    return {key: seconds for key, (seconds, _) in TIMEOUTS[name].items()} | given
