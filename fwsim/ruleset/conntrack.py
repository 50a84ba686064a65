"""Conntrack's settings, under their sysctl names without `nf_conntrack_` (`net.netfilter.nf_conntrack_*`).

Read first: `fields`. Defaults are those of Linux 6.18 (Documentation/networking/nf_conntrack-sysctl.rst).
All durations are kept in ns. `timeouts: pf` names a set of them (`fwsim.ruleset.timeouts`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, model_validator

from .fields import DURATION, SWITCH, count
from .settings import SECOND
from .timeouts import with_timeouts

Duration = Annotated[int, DURATION]
"""Nanoseconds; written as seconds or with a unit."""
Switch = Annotated[bool, SWITCH]


class Conntrack(BaseModel):
    """What can be set of connection tracking; every duration in ns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max: Annotated[int, count(1 << 31)] = 262144
    """Connections the table holds; 0 means no bound."""
    checksum: Switch = True
    """Whether a packet with a wrong transport checksum is invalid."""
    tcp_loose: Switch = True
    """Whether a connection may be picked up without having seen its SYN."""
    tcp_be_liberal: Switch = False
    """Whether packets outside the window are valid."""
    tcp_ignore_invalid_rst: Switch = False
    """Whether an RST below the window is valid."""
    tcp_max_retrans: Annotated[int, count(255)] = 3
    """Retransmissions after which the timeout is cut to `tcp_timeout_max_retrans`."""

    tcp_timeout_syn_sent: Duration = 120 * SECOND
    tcp_timeout_syn_recv: Duration = 60 * SECOND
    tcp_timeout_established: Duration = 432000 * SECOND
    tcp_timeout_fin_wait: Duration = 120 * SECOND
    tcp_timeout_close_wait: Duration = 60 * SECOND
    tcp_timeout_last_ack: Duration = 30 * SECOND
    tcp_timeout_time_wait: Duration = 120 * SECOND
    tcp_timeout_close: Duration = 10 * SECOND
    tcp_timeout_max_retrans: Duration = 300 * SECOND
    tcp_timeout_unacknowledged: Duration = 300 * SECOND
    udp_timeout: Duration = 30 * SECOND
    udp_timeout_stream: Duration = 120 * SECOND
    icmp_timeout: Duration = 30 * SECOND
    icmpv6_timeout: Duration = 30 * SECOND
    generic_timeout: Duration = 600 * SECOND
    gre_timeout: Duration = 30 * SECOND
    gre_timeout_stream: Duration = 180 * SECOND
    sctp_timeout_closed: Duration = 10 * SECOND
    sctp_timeout_cookie_wait: Duration = 3 * SECOND
    sctp_timeout_cookie_echoed: Duration = 3 * SECOND
    sctp_timeout_established: Duration = 210 * SECOND
    sctp_timeout_shutdown_sent: Duration = 3 * SECOND
    sctp_timeout_shutdown_recd: Duration = 3 * SECOND
    sctp_timeout_shutdown_ack_sent: Duration = 3 * SECOND
    sctp_timeout_heartbeat_sent: Duration = 30 * SECOND
    frag6_timeout: Duration = 60 * SECOND

    @model_validator(mode="before")
    @classmethod
    def _named(cls, settings: object) -> object:
        """Put the timers of a named set in their places."""
        return with_timeouts(settings)
