"""How long a TCP connection lives on after a packet.

Read first: `nf_conntrack-sysctl` (kernel documentation), the `nf_conntrack_tcp_timeout_*` entries. All durations are
nanoseconds from the SETTINGS row. Who may renew a timer is for `fwsim.engine.tcp` to say.
"""

from __future__ import annotations

from fwsim.engine import hot
from fwsim.engine.tcp_reset import ASSURED
from fwsim.engine.tcp_table import (
    CLASS_FIN,
    CLASS_RST,
    CLOSE_WAIT,
    ESTABLISHED,
    FIN_WAIT,
    LAST_ACK,
    SYN_RECV,
    SYN_SENT,
    SYN_SENT2,
    TIME_WAIT,
)
from fwsim.engine.tcp_window import DATA_UNACKNOWLEDGED
from fwsim.tables import Row, Table

SECOND = 1_000_000_000

SYN_SENT2_TIMEOUT = 120 * SECOND
"""Of a simultaneous open; it has no sysctl."""

HOPELESS_LEAST = 120 * SECOND
"""A connection with less than this left is not shortened by `hasten_hopeless_close`."""


@hot
def state_timeout(state: int, settings: Row) -> int:
    """The timeout of a state, as its sysctl sets it."""
    if state == ESTABLISHED:
        return settings["established"]
    if state == SYN_SENT:
        return settings["syn_sent"]
    if state == SYN_RECV:
        return settings["syn_recv"]
    if state == FIN_WAIT:
        return settings["fin_wait"]
    if state == CLOSE_WAIT:
        return settings["close_wait"]
    if state == LAST_ACK:
        return settings["last_ack"]
    if state == TIME_WAIT:
        return settings["time_wait"]
    return SYN_SENT2_TIMEOUT if state == SYN_SENT2 else settings["close"]


@hot
def choose_timeout(connection: Row, sides: Table, base: int, kind: int, state: int, settings: Row) -> int:
    """The timeout after a packet of flag class `kind` that leads to `state`; the first reason that applies counts."""
    timeout = state_timeout(state, settings)
    retransmitting = settings["max_retrans_timeout"]
    if connection["retrans"] >= settings["max_retrans"] and timeout > retransmitting:
        return retransmitting
    if kind == CLASS_RST:
        return settings["close"]  # also where the connection stays open (6.18; 6.12 chose otherwise)
    unacknowledged = settings["unacknowledged"]
    if (sides[base]["flags"] | sides[base + 1]["flags"]) & DATA_UNACKNOWLEDGED and timeout > unacknowledged:
        return unacknowledged
    if connection["last_win"] == 0 and timeout > retransmitting:
        return retransmitting
    return timeout


@hot
def renew(connection: Row, timeout: int, now: int) -> None:
    """Let the connection live `timeout` ns from `now` on."""
    connection["timeout"] = timeout
    connection["expires"] = now + timeout


@hot
def hasten_hopeless_close(connection: Row, kind: int, direction: int, now: int, settings: Row) -> None:
    """Shorten an assured connection's life when both sides end it out of the window (`nf_tcp_handle_invalid`).

    They agree that it is over and we have lost track of it. The first such FIN or RST is only remembered.
    """
    if not connection["status"] & ASSURED or (kind != CLASS_FIN and kind != CLASS_RST):
        return
    last = connection["last_index"]
    if connection["last_direction"] == direction or (last != CLASS_FIN and last != CLASS_RST):
        connection["last_index"] = kind
        connection["last_direction"] = direction
        return
    remaining = connection["expires"] - now
    if remaining >= HOPELESS_LEAST and remaining > settings["unacknowledged"]:
        renew(connection, settings["unacknowledged"], now)
