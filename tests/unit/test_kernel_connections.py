"""Entries of ctnetlink as plain data."""

from __future__ import annotations

from typing import Any

from fwsim.kernel.connections import connection_of


class Attributes:
    """A message or nested attribute of pyroute2, as far as it is asked here."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def get_attr(self, name: str) -> Any:
        return self.values.get(name)


def side(source: str, destination: str, **proto: int) -> Attributes:
    version = "V6" if ":" in source else "V4"
    ip = {f"CTA_IP_{version}_SRC": source, f"CTA_IP_{version}_DST": destination}
    numbers = {f"CTA_PROTO_{name.upper()}": value for name, value in proto.items()}
    return Attributes(CTA_TUPLE_IP=Attributes(**ip), CTA_TUPLE_PROTO=Attributes(**numbers))


def test_a_tcp_connection() -> None:
    found = connection_of(Attributes(
        CTA_TUPLE_ORIG=side("fd00::1", "fd00::2", num=6, src_port=1000, dst_port=80),
        CTA_TUPLE_REPLY=side("fd00::2", "fd00::1", num=6, src_port=80, dst_port=1000),
        CTA_STATUS=10, CTA_TIMEOUT=60, CTA_MARK=5,
        CTA_PROTOINFO=Attributes(CTA_PROTOINFO_TCP=Attributes(CTA_PROTOINFO_TCP_STATE=2)),
    ))  # fmt: skip
    assert found.original == ("fd00::1", "fd00::2", 6, 1000, 80)
    assert found.reply == ("fd00::2", "fd00::1", 6, 80, 1000)
    assert (found.status, found.timeout, found.tcp_state, found.mark) == (10, 60, 2, 5)


def test_a_ping_and_a_protocol_without_ports() -> None:
    ping = side("10.0.0.1", "10.0.0.2", num=1, icmp_id=7, icmp_type=8, icmp_code=0)
    other = side("10.0.0.1", "10.0.0.2", num=50)
    found = connection_of(Attributes(CTA_TUPLE_ORIG=ping, CTA_TUPLE_REPLY=other, CTA_STATUS=8))
    assert found.original == ("10.0.0.1", "10.0.0.2", 1, 7, 8 << 8)
    assert found.reply == ("10.0.0.1", "10.0.0.2", 50, 0, 0)
    assert (found.tcp_state, found.timeout, found.mark) == (-1, 0, 0)
