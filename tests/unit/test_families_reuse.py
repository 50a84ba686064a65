"""Segments for connections that were just closed: what a host in TIME-WAIT would do, and a firewall does."""

from __future__ import annotations

import pytest

from fwsim.attack.model import Effect
from fwsim.attack.segment import taken_apart
from fwsim.terms import TcpState
from tests.attacking import admitted, forge, outcomes, survey


@pytest.mark.parametrize(
    ("style", "flags", "before", "after"),
    [("higher", 2, Effect.SYN_ACK, Effect.SYN_ACK), ("lower", 2, Effect.ACK, Effect.ACK),
     ("duplicate", 16, Effect.ACK, Effect.ACK), ("reset", 4, Effect.RESET, Effect.NONE)],
)  # fmt: skip
def test_each_style_on_the_tuple_of_a_closed_connection(style: str, flags: int, before: Effect, after: Effect) -> None:
    (found,) = forge(f"time-wait-reuse:{style}")
    segment = taken_apart(found.packet)
    assert segment.flags == flags
    (victim,) = [c for c in survey().conversations if c.closed and segment.sport in (c.ends[0].port, c.ends[1].port)
                 and segment.dport in (c.ends[0].port, c.ends[1].port)]  # fmt: skip
    assert found.ts > victim.closed
    assert (found.intent.before, found.intent.after) == (before, after)


def test_a_permitted_syn_opens_the_connection_anew_in_the_firewall() -> None:
    found = outcomes("time-wait-reuse:higher")
    assert admitted(found) == (1, 1, 1)
    assert found[0].tcp_state == TcpState.SYN_SENT


def test_it_waits_as_long_as_asked() -> None:
    soon, late = (forge("time-wait-reuse:higher", wait=seconds)[0].ts for seconds in (0, 90))
    assert late - soon == 90_000_000_000
