"""The settings that `--set` can change, with their values where these are a closed list.

Read first: `fwsim.ruleset.conntrack` and `fwsim.ruleset.model`, which have them, with pydantic behind them; a test
holds that both have the same.
"""

from __future__ import annotations

from collections.abc import Sequence

SWITCHES = ("checksum", "tcp_loose", "tcp_be_liberal", "tcp_ignore_invalid_rst")
NUMBERS = ("max", "tcp_max_retrans")
TIMEOUTS = (
    "tcp_timeout_syn_sent", "tcp_timeout_syn_recv", "tcp_timeout_established", "tcp_timeout_fin_wait",
    "tcp_timeout_close_wait", "tcp_timeout_last_ack", "tcp_timeout_time_wait", "tcp_timeout_close",
    "tcp_timeout_max_retrans", "tcp_timeout_unacknowledged", "udp_timeout", "udp_timeout_stream", "icmp_timeout",
    "icmpv6_timeout", "generic_timeout", "gre_timeout", "gre_timeout_stream", "sctp_timeout_closed",
    "sctp_timeout_cookie_wait", "sctp_timeout_cookie_echoed", "sctp_timeout_established", "sctp_timeout_shutdown_sent",
    "sctp_timeout_shutdown_recd", "sctp_timeout_shutdown_ack_sent", "sctp_timeout_heartbeat_sent", "frag6_timeout",
)  # fmt: skip

SETTINGS: dict[str, Sequence[str]] = {
    **{f"conntrack.{name}": ("0", "1") for name in SWITCHES},
    **{f"conntrack.{name}": () for name in (*NUMBERS, *TIMEOUTS)},
    "conntrack.timeouts": ("linux", "pf", "asa", "aws"),
    "rp_filter": ("off", "strict", "loose"),
    "tracking": ("auto", "on", "off"),
    "stateless.replies": ("ack-or-rst", "any", "never"),
    "stateless.icmp_errors": ("accept", "never"),
}
