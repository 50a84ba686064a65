"""SCTP, as the tests know it: `fwsim.expectations.sctp`, and packets that no end sends."""

from __future__ import annotations

from fwsim.capture.crafting import sctp_chunk, sctp_packet
from fwsim.expectations.sctp import Sctp

__all__ = ["Sctp", "endless"]


def endless(ports: tuple[int, int] = (1000, 2000)) -> bytes:
    """A packet of more unlike chunks than are followed."""
    return sctp_packet(ports, 1, b"".join(sctp_chunk(number % 2 * 3) for number in range(60)))
