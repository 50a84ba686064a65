"""The kernel's own test of resets: after 3,000 bytes, those at 0, 1,000,000, 42 and 3000 are invalid, 3001 closes.

Read first: Linux, tools/testing/selftests/net/netfilter/packetdrill/conntrack_rst_invalid.pkt. A client inside has
called; the numbers are the server's, counted from its SYN-ACK. The conversation is the test's, step by step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwsim.attack.host import Host, before_rfc5961, by_rfc5961
from fwsim.attack.literature.model import Row, Table, number
from fwsim.attack.literature.stage import (
    BROKEN,
    CLIENT,
    FIRST,
    KNOWN,
    NO_WINDOW,
    OPEN,
    STRANGER,
    STRICT,
    Firewall,
    Play,
)
from fwsim.attack.model import Effect
from fwsim.attack.segment import taken_apart
from fwsim.engine.serial import wrap
from fwsim.terms import TcpState

RULES = (KNOWN, BROKEN, OPEN)
LINUX = Firewall("Linux conntrack", RULES, conntrack=STRICT)
FIREWALLS = (Firewall("stateless", RULES, "stateless"), Firewall("state only", RULES, conntrack=NO_WINDOW), LINUX)
CALL = ((CLIENT, 40_000), (STRANGER, 8080))
WINDOW = 65535
DATA = 1000


@dataclass(frozen=True)
class Reset:
    """One of the test's RSTs: its number, what the test says of it, and whether it bears ACK."""

    seq: int
    published: str
    ack: bool = False


RESETS = (
    Reset(0, "invalid"), Reset(1_000_000, "invalid"), Reset(42, "invalid"), Reset(3000, "invalid", ack=True),
    Reset(3001, "closes", ack=True),
)  # fmt: skip


def played(play: Play) -> Iterator[tuple[Reset, str]]:
    """The conversation: after each RST, what the firewall made of it."""
    play.send(0, "S", 0, win=WINDOW)
    play.send(1, "SA", 0, 1, win=WINDOW)
    play.send(0, "A", 1, 1, win=WINDOW)
    for start in (1, 1 + DATA, 1 + 2 * DATA):
        play.send(1, "A", start, 1, size=DATA, win=WINDOW)
    for end in (1 + DATA, 1 + 2 * DATA, 1 + 3 * DATA):
        play.send(0, "A", 1, end, win=WINDOW)
    for reset in RESETS:
        if reset.ack and not any(earlier.ack for earlier in RESETS[: RESETS.index(reset)]):
            play.send(0, "PA", 1, 1 + 3 * DATA, size=DATA, win=WINDOW)
            play.send(1, "A", 1 + 3 * DATA, 1 + DATA, win=WINDOW)
        yield reset, fate(play, reset)


def fate(play: Play, reset: Reset) -> str:
    """What becomes of a RST: refused, admitted, or admitted as the end of the connection."""
    decision = play.send(1, "RA" if reset.ack else "R", reset.seq, 1 + DATA, win=0)
    if not decision.admitted:
        return "invalid"
    return "closes" if decision.tcp_state == TcpState.CLOSE else "admitted"


def by_hosts(packet: bytes) -> tuple[str, str]:
    """What it does to the client itself: by RFC 793 and by RFC 5961."""
    sent = wrap(FIRST[0] + 1 + DATA)
    host = Host(wrap(FIRST[1] + 1 + 3 * DATA), WINDOW, snd_una=sent, snd_nxt=sent, max_wnd=WINDOW, wl1=0)
    words = {Effect.RESET: "resets", Effect.ACK: "challenge ACK"}
    segment = taken_apart(packet)
    return words.get(before_rfc5961(host, segment), "-"), words.get(by_rfc5961(host, segment), "-")


def table() -> Table:
    """What becomes of each RST."""
    plays = [Play(firewall.simulator(), *CALL) for firewall in FIREWALLS]
    rows = []
    for steps in zip(*(played(play) for play in plays), strict=True):
        reset, linux = steps[-1]
        fates = [found for _, found in steps]
        cells = (number(reset.seq), *fates, *by_hosts(plays[-1].sent[-1]))
        rows.append(Row(cells, reset.published, linux == reset.published))
    return Table(
        "rst-invalid",
        "The kernel's test of resets: the next number is 3001, the window 65,535",
        "Linux, tools/testing/selftests/net/netfilter/packetdrill/conntrack_rst_invalid.pkt (of Linux conntrack)",
        ("RST at", *(firewall.name for firewall in FIREWALLS), "host, RFC 793", "host, RFC 5961"),
        tuple(rows),
    )
