"""Where packets go whose destination is translated."""

from __future__ import annotations

import pytest

from fwsim.terms import Hook, Reason, Verdict
from tests.deciding import udp
from tests.natted import HOST, PEER, PUBLIC, SELF, SERVER, Gateway

FILTER = "table ip filter { chain input { type filter hook input priority 0; policy accept; }\n}\n"


def leading(target: str) -> Gateway:
    """A gateway that leads what comes from outside somewhere."""
    chain = f'type nat hook prerouting priority dstnat; iifname "wan" dnat to {target}'
    return Gateway(f"table ip nat {{ chain pre {{ {chain}\n}}\n}}\n{FILTER}")


@pytest.mark.parametrize(
    ("target", "verdict", "hook"),
    [(SELF, Verdict.ACCEPT, Hook.INPUT), (SERVER, Verdict.ACCEPT, Hook.FORWARD)],
)
def test_who_gets_it_decides_where_it_goes(target: str, verdict: Verdict, hook: Hook) -> None:
    gate = leading(target)
    gate.ask(udp(PEER, PUBLIC))
    assert (gate.row["verdict"], gate.row["hook"]) == (verdict, hook if hook == Hook.INPUT else gate.row["hook"])
    assert gate.left == f"{PEER}.40000 > {target}.53"


def test_what_is_led_to_loopback_from_outside_is_discarded() -> None:
    gate = leading("127.0.0.1")
    gate.ask(udp(PEER, PUBLIC))
    assert (gate.row["verdict"], gate.row["reason"]) == (Verdict.NOT_EVALUATED, Reason.MARTIAN_DESTINATION)
    assert gate.left is None


def test_where_a_packet_goes_whose_destination_is_not_known_nobody_knows() -> None:
    gate = leading(f"{SELF}-{SERVER} random")
    gate.ask(udp(HOST, PEER))
    assert gate.row["verdict"] == Verdict.ACCEPT
