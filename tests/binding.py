"""Connections bound to what rules say, without rules and hooks: for tests of translation."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Any

from fwsim.engine.expiry import UNCONFIRMED
from fwsim.engine.program import TO_ADDRESSES, TO_SAME
from fwsim.engine.sources import hang_by_source
from fwsim.engine.tuples import invert
from fwsim.engine.unique_tuple import ANSWER, PERHAPS_KEPT, PROPOSED, make_unique
from fwsim.engine.vague import blur, note_vague, shown_address, shown_id, take
from fwsim.tables import V6
from fwsim.terms import CtStatus
from tests.tracking import Bench, Datagram, udp, words_of

PUBLIC = "198.51.100.1"
INSIDE = "10.1.0.11"
OTHER = "10.1.0.12"
SERVER = "203.0.113.80"
RANGE = ("198.51.100.10", "198.51.100.20")


def rule(low: str | None = PUBLIC, high: str | None = None, **fields: int) -> dict[str, int]:
    """A row of TRANSLATION to a range of addresses, or (None) to the same one; `ports` as low and high."""
    made = dict.fromkeys(("random", "persistent", "offset", "base_port", "ports", "low_port", "high_port"), 0)
    made["to"] = TO_SAME if low is None else TO_ADDRESSES
    for side, text in (("low", low), ("high", high or low)):
        made |= {f"{side}{number}": word for number, word in enumerate(words_of(text or "0.0.0.0"))}
    return made | fields


def ports(low: int, high: int | None = None) -> dict[str, Any]:
    """The fields of a range of ports."""
    return {"ports": 1, "low_port": low, "high_port": high or low}


def address_of(row: Any, side: str) -> str:
    """An address of a tuple, `?` if it is not known."""
    if shown_address(row[f"{side}0"]) < 0:
        return "?"
    if row[f"{side}0"] < V6:
        return str(ipaddress.ip_address(row[f"{side}0"]))
    words = [row[f"{side}0"] - V6, *(row[f"{side}{number}"] for number in (1, 2, 3))]
    return str(ipaddress.ip_address(b"".join(word.to_bytes(4, "big") for word in words)))


def end_of(row: Any, side: str) -> str:
    """An address and its port or id; `?` for what is not known."""
    number = shown_id(row[f"{side}_id"])
    return f"{address_of(row, side)} {number if number >= 0 else '?'}"


class Binder(Bench):
    """A table of connections that are bound on one side when they are opened."""

    def __init__(self, *, translating: int = 3, **changes: Any) -> None:
        """As a `Bench`."""
        super().__init__(translating=translating, **changes)
        self.parts = 0
        """What `make_unique` said last."""

    def propose(self, datagram: Datagram, wanted: dict[str, int], source: int = 1, at: float = 0) -> str:
        """To what the side of a new connection would be bound."""
        assert self.track(datagram, at)["fresh"]
        self.parts = make_unique(self.tracker, wanted, source)
        proposed = self.tracker.tuples[PROPOSED]
        blur(proposed, self.parts & ~PERHAPS_KEPT)
        return end_of(proposed, "src" if source else "dst")

    def open(self, datagram: Datagram, wanted: dict[str, int], source: int = 1, at: float = 0) -> str:
        """Bind it, and confirm the connection."""
        ends = self.propose(datagram, wanted, source, at)
        tracker = self.tracker
        invert(tracker.tuples[PROPOSED], tracker.tuples[ANSWER])
        take(tracker.tuples[ANSWER], tracker.tuples[2 * UNCONFIRMED + 1])
        tracker.connections[UNCONFIRMED]["status"] |= CtStatus.SNAT if source else CtStatus.DNAT
        self.settle()
        hang_by_source(tracker, self.row)
        return ends

    def settle(self, accept: bool = True) -> None:
        """Confirm or forget what the last packet opens, after what of it is vague has been noted."""
        for side in range(2):
            note_vague(self.tracker, self.tracker.tuples[side])
        super().settle(accept)

    @property
    def row(self) -> int:
        """The row of the newest connection."""
        return int(self.tracker.counters[0]["newest"])


def flow(src: str = INSIDE, sport: int = 5000, dst: str = SERVER, dport: int = 53) -> Datagram:
    """A UDP packet of a client."""
    return udp(src, sport, dst, dport)


def of(proto: int, datagram: Datagram) -> Datagram:
    """The same with another protocol."""
    return replace(datagram, proto=proto)
