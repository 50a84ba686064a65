"""What a blind reset costs: a sweep with one RST for each window, by what stands in its way.

Read first: Watson, Slipping in the Window, 2004; RFC 5961 section 3; `values_of` for what is measured value by value.
The sweep begins right behind the window, so that its last packet is the first to fall into it: the worst case.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fwsim.attack.host import Host, in_window
from fwsim.attack.literature.many import FLAGS_AT, SECOND, address, in_order, judged, segments, stored
from fwsim.attack.literature.model import Row, Table, number
from fwsim.attack.literature.stage import BROKEN, CLIENT, KNOWN, NO_WINDOW, OPEN, STRANGER, STRICT, Firewall
from fwsim.attack.segment import RST
from fwsim.engine.serial import wrap
from fwsim.simulator import Batch, Mode
from fwsim.terms import TcpState, Verdict

SPACE = 1 << 32
WINDOWS = (5840, 65535)
RATE = 100_000
"""RSTs a second: a sweep takes less than the ten seconds to which conntrack cuts the time of a connection."""
AROUND = 1_000
"""Values that are tried on either side of the band that is admitted."""
PORTS = 64_000
SERVER_PORT = 443
FIRST = 1_000
EXPECTED = 3_000_000_001
"""The number that the client expects next."""

RULES = (KNOWN, BROKEN, OPEN)
LINUX = Firewall("Linux conntrack", RULES, conntrack=STRICT)
STATE_ONLY = Firewall("state only", RULES, conntrack=NO_WINDOW)
CLOSE = int(TcpState.CLOSE)
ACCEPT = int(Verdict.ACCEPT)


@dataclass(frozen=True)
class Found:
    """Of RSTs in their order, which are admitted, and which close the firewall's connection."""

    admitted: npt.NDArray[np.bool_]
    closing: npt.NDArray[np.bool_]


def handshakes(count: int, window: int) -> list[npt.NDArray[np.void]]:
    """As many connections, a microsecond apart; the client offers this window, and the server goes on at EXPECTED."""
    each = np.arange(count)
    ts, there, ports = each * 1000, clients(each), (1024 + each % PORTS, SERVER_PORT)
    peer = address(STRANGER)
    return [
        segments(ts, "S", there, peer, ports, seq=FIRST, win=window),
        segments(ts + 100, "SA", peer, there, ports[::-1], seq=EXPECTED - 1, ack=FIRST + 1),
        segments(ts + 200, "A", there, peer, ports, seq=FIRST + 1, ack=EXPECTED, win=window),
    ]


def clients(each: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where the connections begin: from one address as many as there are ports."""
    return address(CLIENT) + each // PORTS


def resets(ts: npt.NDArray[np.int64], seq: npt.NDArray[np.int64], *, apart: bool) -> npt.NDArray[np.void]:
    """RSTs in the server's name: each to a connection of its own, or all to the first."""
    each = np.arange(len(ts)) if apart else np.zeros(len(ts), np.int64)
    return segments(
        ts, "R", address(STRANGER), clients(each), (SERVER_PORT, 1024 + each % PORTS), seq=seq & 0xFFFFFFFF, win=0
    )


def swept(step: int, window: int) -> npt.NDArray[np.int64]:
    """The numbers of a sweep of the whole space, from right behind the window on."""
    return EXPECTED + window + np.arange(-(-SPACE // step)) * step


def found_by(packets: npt.NDArray[np.void], firewall: Firewall) -> dict[Mode, Found]:
    """What becomes of the RSTs among the packets, in both modes."""
    is_reset = packets["data"][:, FLAGS_AT] & RST != 0
    admitted: dict[Mode, list[npt.NDArray[np.bool_]]] = {"stateless": [], "stateful": []}
    closing: dict[Mode, list[npt.NDArray[np.bool_]]] = {"stateless": [], "stateful": []}

    def look(batch: Batch) -> None:
        for mode in admitted:
            decisions = batch.decisions(mode)
            before, after = decisions["tcp_state_before"], decisions["tcp_state"]
            admitted[mode].append(decisions["verdict"] == ACCEPT)
            closing[mode].append((before > 0) & (before != CLOSE) & (after == CLOSE))

    with stored(packets) as path:
        judged(path, firewall.ruleset(), look)
    return {
        mode: Found(np.concatenate(admitted[mode])[is_reset], np.concatenate(closing[mode])[is_reset])
        for mode in admitted
    }


def client_of(window: int) -> Host:
    """The client's own state."""
    sent = wrap(FIRST + 1)
    return Host(EXPECTED, window, snd_una=sent, snd_nxt=sent, max_wnd=65535, wl1=EXPECTED - 1)


def by_host(seq: npt.NDArray[np.int64], window: int) -> dict[str, Found]:
    """What firewalls would admit that judge a RST as the client does: by RFC 793, and by RFC 5961."""
    host = client_of(window)
    inside = np.fromiter((in_window(host, one, 0) for one in (seq & 0xFFFFFFFF).tolist()), np.bool_, len(seq))
    exact = inside & ((seq & 0xFFFFFFFF) == host.rcv_nxt)
    return {"RFC 793 window": Found(inside, inside), "RFC 5961 exact": Found(exact, exact)}


def everybody(packets: npt.NDArray[np.void], seq: npt.NDArray[np.int64], window: int) -> dict[str, Found]:
    """What becomes of the RSTs of these numbers, by what stands in their way."""
    linux, without = found_by(packets, LINUX), found_by(packets, STATE_ONLY)
    return {
        "stateless": linux["stateless"],
        STATE_ONLY.name: without["stateful"],
        **by_host(seq, window),
        LINUX.name: linux["stateful"],
    }


def sweep(window: int) -> dict[str, Found]:
    """A sweep with one RST for each window, through everybody."""
    seq = swept(window, window)
    ts = SECOND + np.arange(len(seq)) * (SECOND // RATE)
    return everybody(in_order([*handshakes(1, window), resets(ts, seq, apart=False)]), seq, window)


def values_of(window: int, around: int = AROUND) -> dict[str, Found]:
    """Each value from a little below the window to a little above two of them, on a connection of its own."""
    seq = EXPECTED + np.arange(-around, 2 * window + around)
    ts = SECOND + np.arange(len(seq)) * 1000
    return everybody(in_order([*handshakes(len(seq), window), resets(ts, seq, apart=True)]), seq, window)


def forgotten(window: int, *, answered: bool) -> int:
    """After how many of the values that Linux admits without closing it forgets a client that is silent for 11 s.

    A RST inside the window that is not exact cuts the time of its connection to ten seconds (Linux 6.18); one in the
    band above it changes nothing. If it is `answered`, a host of RFC 5961 has sent its challenge ACK.
    """
    seq = EXPECTED + np.arange(1, 2 * window)
    each = np.arange(len(seq))
    ts = SECOND + each * 1000

    def says(when: npt.NDArray[np.int64]) -> npt.NDArray[np.void]:
        ports = (1024 + each % PORTS, SERVER_PORT)
        return segments(when, "A", clients(each), address(STRANGER), ports, seq=FIRST + 1, ack=EXPECTED, win=window)

    parts = [*handshakes(len(seq), window), resets(ts, seq, apart=True), *([says(ts + 500)] if answered else [])]
    heard: list[npt.NDArray[np.bool_]] = []
    with stored(in_order([*parts, says(ts + 11 * SECOND)])) as path:
        judged(path, LINUX.ruleset(), lambda batch: heard.append(batch.stateful["verdict"] == ACCEPT))
    return int((~np.concatenate(heard)[-len(seq) :]).sum())


def table() -> Table:
    """The cost of a blind reset."""
    rows = [row for window in WINDOWS for row in rows_of(window)]
    return Table(
        "blind-reset",
        "The cost of a blind reset: a sweep with one RST for each window, and every value around the window by itself",
        "Watson, Slipping in the Window, 2004: 2^32 / window; RFC 5961 §3",
        ("in its way", "window", "RSTs of a sweep", "admitted", "host of RFC 793 reset by RST", "values admitted",
         "values that close"),
        tuple(rows),
        (note_on(WINDOWS[0]),),
    )  # fmt: skip


def rows_of(window: int) -> list[Row]:
    """The rows of one window."""
    sweeps, values = sweep(window), values_of(window)
    hits = sweeps["RFC 793 window"].admitted
    return [row_of(name, window, sweeps[name], values[name], hits) for name in sweeps]


def row_of(name: str, window: int, swept_by: Found, values: Found, hits: npt.NDArray[np.bool_]) -> Row:
    """One row; a host is reset by the first RST that comes through and falls into its window."""
    sent = len(swept_by.admitted)
    arrived = np.flatnonzero(swept_by.admitted & hits)
    first = int(arrived[0]) + 1 if len(arrived) else 0
    everything = bool(values.admitted.all())
    keeps = bool(values.closing.any())
    cells = (
        name, number(window), number(sent), number(int(swept_by.admitted.sum())), number(first) if first else "never",
        "all" if everything else number(int(values.admitted.sum())),
        number(int(values.closing.sum())) if keeps else "-",
    )  # fmt: skip
    expected = theory(name, window)
    found = (sent, first, -1 if everything else int(values.admitted.sum()))
    return Row(cells, TOLD[name].format(*(number(one) for one in expected)), found == expected)


def theory(name: str, window: int) -> tuple[int, int, int]:
    """By theory: RSTs of a sweep, which of them resets (0: none), and how many values are admitted (-1: all)."""
    sent = -(-SPACE // window)
    values = {"RFC 793 window": window, "RFC 5961 exact": 1, LINUX.name: 2 * window}
    return sent, 0 if name == "RFC 5961 exact" else sent, values.get(name, -1)


TOLD = {
    "stateless": "{0}",
    "state only": "{0}",
    "RFC 793 window": "{0}; one window",
    "RFC 5961 exact": "{0} do not suffice; 2^32; one value",
    "Linux conntrack": "{0}; two windows, closes on one value",
}


def note_on(window: int) -> str:
    """What the values do that are admitted and close nothing."""
    silent, answering = (forgotten(window, answered=answered) for answered in (False, True))
    then = number(answering) if answering else "none"
    return (
        f"window {number(window)}: of the {number(2 * window - 1)} values that Linux admits and that close nothing, "
        f"{number(silent)} cut the time of the connection to 10 s: a client that is silent for 11 s is heard no more "
        f"(tcp_loose=0); once a host of RFC 5961 has sent its challenge ACK, {then}."
    )
