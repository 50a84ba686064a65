"""Conntrack's settings as a row, and whether tracking is needed at all.

Read first: `fwsim.ruleset.conntrack`, SETTINGS in `fwsim.tables`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from fwsim.ruleset.conntrack import Conntrack
from fwsim.tables import SETTINGS, empty

SYSCTLS = {
    "loose": "tcp_loose", "be_liberal": "tcp_be_liberal", "ignore_invalid_rst": "tcp_ignore_invalid_rst",
    "max_retrans": "tcp_max_retrans", "checksum": "checksum", "max": "max",
    "syn_sent": "tcp_timeout_syn_sent", "syn_recv": "tcp_timeout_syn_recv",
    "established": "tcp_timeout_established", "fin_wait": "tcp_timeout_fin_wait",
    "close_wait": "tcp_timeout_close_wait", "last_ack": "tcp_timeout_last_ack",
    "time_wait": "tcp_timeout_time_wait", "close": "tcp_timeout_close",
    "max_retrans_timeout": "tcp_timeout_max_retrans", "unacknowledged": "tcp_timeout_unacknowledged",
    "udp": "udp_timeout", "udp_stream": "udp_timeout_stream", "icmp": "icmp_timeout", "icmpv6": "icmpv6_timeout",
    "generic": "generic_timeout", "gre": "gre_timeout", "gre_stream": "gre_timeout_stream",
    "sctp_closed": "sctp_timeout_closed", "sctp_cookie_wait": "sctp_timeout_cookie_wait",
    "sctp_cookie_echoed": "sctp_timeout_cookie_echoed", "sctp_established": "sctp_timeout_established",
    "sctp_shutdown_sent": "sctp_timeout_shutdown_sent", "sctp_shutdown_recd": "sctp_timeout_shutdown_recd",
    "sctp_shutdown_ack_sent": "sctp_timeout_shutdown_ack_sent", "sctp_heartbeat_sent": "sctp_timeout_heartbeat_sent",
}  # fmt: skip
"""The sysctl (without `nf_conntrack_`) behind each field of SETTINGS that has one."""


def settings_row(
    conntrack: Conntrack, tracking: bool, translated: Iterable[int] = (), helping: bool = False
) -> npt.NDArray[np.void]:
    """A table of one row of SETTINGS; `translated` are the families of which addresses may be translated."""
    table = empty(SETTINGS, 1)
    for field, sysctl in SYSCTLS.items():
        table[0][field] = int(getattr(conntrack, sysctl))
    table[0]["tracking"] = int(tracking)
    table[0]["translating"] = sum({4: 1, 6: 2}[family] for family in translated)
    table[0]["helping"] = int(helping)
    return table
