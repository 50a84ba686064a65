"""What two firewalls made of the addresses and ports of a packet that both let through.

Read first: DEPARTURE in `fwsim.tables`, `fwsim.capture.ends`. What the simulator does not know agrees with everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from fwsim.capture.ends import QUERIES, Ends
from fwsim.engine.tuples import GRE
from fwsim.engine.vague import has_ports
from fwsim.naming import address_text
from fwsim.simulator import Batch
from fwsim.tables import LEFT, Row, plain
from fwsim.terms import Verdict

Known = tuple[str | None, int | None, str | None, int | None]
"""Both ends, as in `fwsim.capture.ends`; None for what is not known."""


def disagreeing(
    batch: Batch, theirs: Mapping[int, Ends], compared: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, Known, Known]]:
    """The rows of which the ends differ as they left, with ours and theirs.

    `compared` are those about which both firewalls agree otherwise. Of fragments only whole datagrams are told.
    """
    departures = batch.departures.get("stateful")
    left = np.zeros(len(batch), np.int64) if departures is None else departures["left"]
    through = compared & (batch.stateful["verdict"] == int(Verdict.ACCEPT)) & (batch.packets["fragment"] == 0)
    told = (left == LEFT) | np.isin(np.arange(len(batch)), list(theirs))
    for row in np.flatnonzero(through & told & ((left == LEFT) | (left == 0))).tolist():
        packet = plain(batch.packets[row])
        came = ends_of(packet, packet)
        ours = came if departures is None or not left[row] else ends_of(plain(departures[row]), packet)
        other: Known = theirs.get(row, came)
        if any(None not in (one, another) and one != another for one, another in zip(ours, other, strict=True)):
            yield row, ours, other


def ends_of(row: Row, packet: Row) -> Known:
    """The ends in a row of DEPARTURE or PACKET, of a packet."""
    proto, kind = packet["proto"], packet["icmp_type"]
    if has_ports(proto):
        source, destination = row["sport"], row["dport"]
    elif kind >= 0:
        source = row["icmp_id"] if kind in QUERIES.get(proto, ()) else 0
        destination = kind << 8 | packet["icmp_code"]
    else:
        source, destination = 0, row["icmp_id"] if proto == GRE and packet["icmp_id"] >= 0 else 0
    return _address(row, "src"), _known(source), _address(row, "dst"), _known(destination)


def _address(row: Row, end: str) -> str | None:
    """An address."""
    return address_text([row[f"{end}{word}"] for word in range(4)]) if row[f"{end}0"] >= 0 else None


def _known(number: int) -> int | None:
    """A number; None if it is not known, or not there."""
    return number if number >= 0 else None


def ends_text(ends: Known) -> str:
    """Both ends, ports behind a blank: `10.1.0.11 40000 > 203.0.113.80 443`."""
    source, sport, destination, dport = ("?" if part is None else str(part) for part in ends)
    return f"{source} {sport} > {destination} {dport}"
