"""Which packets left with other ends than they came with."""

from __future__ import annotations

from fwsim.capture.crafting import Ip, udp_datagram
from fwsim.kernel.orders import Injection, Way
from fwsim.kernel.translated import translations

HOST, PEER, PUBLIC = "10.1.0.11", "198.51.100.21", "198.51.100.1"


def udp(src: str = HOST, dst: str = PEER) -> Ip:
    return Ip(src, dst, 17, udp_datagram(src, dst, (5000, 53), b"query"))


def test_only_packets_that_came_through_with_other_ends_are_translated() -> None:
    came, sent = udp().encode(), udp(PUBLIC).encode()
    played = [
        Injection(20, Way.RECEIVED, 0, b"\x08\0" + came, 0),
        Injection(21, Way.RECEIVED, 0, b"\x08\0" + came, 0),
        Injection(22, Way.SENT, 0, came, 0),
        Injection(23, Way.RECEIVED, 0, b"\x08\0" + came, 0),
    ]
    left = {20: sent, 21: came, 22: sent}
    assert translations(played, left, 20) == {0: (PUBLIC, 5000, PEER, 53), 2: (PUBLIC, 5000, PEER, 53)}
