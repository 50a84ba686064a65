"""The split handshake: a server answers a SYN with a SYN of its own, and which firewalls let it open the connection.

Read first: Beardsley and Qian, The TCP Split Handshake, 2010; NSS Labs, Network Firewall Group Test, 2011. Each step is
sent only if the one before it arrived: a client whose peer's SYN was refused has nothing to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fwsim.attack.literature.model import Row, Table
from fwsim.attack.literature.stage import BROKEN, CLIENT, KNOWN, NO_WINDOW, OPEN, STRANGER, STRICT, Firewall, Play
from fwsim.simulator import Decision
from fwsim.terms import word

CALL = ((CLIENT, 40_000), (STRANGER, 443))
DATA = 60
HOLE = {"name": "established", "proto": "tcp", "tcp_flags": ["ack", "rst"], "verdict": "accept"}
LIST_OUT = {"name": "outbound", "iif": "lan", "verdict": "accept"}
NO_SYN = {"name": "no call back", "ct_direction": "reply", "tcp_flags": "syn / syn,ack", "verdict": "drop"}

RULES = (KNOWN, BROKEN, OPEN)
FIREWALLS = (
    Firewall("Linux conntrack", RULES, conntrack=STRICT),
    Firewall("state only", RULES, conntrack=NO_WINDOW),
    Firewall("Linux, no SYN in reply", [NO_SYN, *RULES], conntrack=STRICT),
    Firewall("stateless twin", RULES, "stateless"),
    Firewall("stateless, any reply", RULES, "stateless", settings={"stateless": {"replies": "any"}}),
    Firewall("list with established", [HOLE, LIST_OUT], settings={"tracking": "off"}),
)


@dataclass(frozen=True)
class Step:
    """A segment of the client (0) or the server (1); `needed` is False if the story goes on without it."""

    side: int
    flags: str
    seq: int
    ack: int = 0
    size: int = 0
    needed: bool = True


FOUR = (Step(0, "S", 0), Step(1, "S", 0), Step(0, "SA", 0, 1), Step(1, "A", 1, 1), Step(1, "PA", 1, 1, DATA))
FIVE = (FOUR[0], Step(1, "A", 0, 1, needed=False), *FOUR[1:])
"""In five steps the server first acknowledges by a segment of its own, which the client in SYN-SENT passes over."""
WAYS = {"four steps": FOUR, "five steps": FIVE}


def table() -> Table:
    """Which firewalls the handshake passes."""
    rows = tuple(row_of(firewall) for firewall in FIREWALLS)
    failing = sum("opens" in row.cells[1:3] for row in rows)
    return Table(
        "split-handshake",
        "The split handshake through firewalls that let the inside call the outside",
        "Beardsley, Qian, The TCP Split Handshake, 2010; NSS Labs, Network Firewall Group Test, Q1 2011",
        ("firewall", *WAYS, "the server's data"),
        rows,
        (
            f"published: five of six firewalls failed (NSS Labs, 2011). Here: {failing} of {len(rows)} let it open.",
            "Linux takes it for a simultaneous open (RFC 793 §3.4) and lets it pass, but goes on knowing who called: "
            "what the server sends is in the direction of replies, and no rule for calls from inside admits it.",
        ),
    )


def row_of(firewall: Firewall) -> Row:
    """How far the handshake comes."""
    ends = [end_of(firewall, steps) for steps in WAYS.values()]
    told = direction_of(ends[0][1]) if ends[0][1] is not None else "-"
    return Row((firewall.name, *(how for how, _ in ends), told))


def end_of(firewall: Firewall, steps: Sequence[Step]) -> tuple[str, Decision | None]:
    """`opens`, and what was decided of the data; or the step at which it was stopped."""
    play = Play(firewall.simulator(), *CALL)
    for place, step in enumerate(steps):
        decision = play.send(step.side, step.flags, step.seq, step.ack, size=step.size)
        if step.needed and not decision.admitted:
            return f"stopped at step {place + 1} ({step.flags})", None
    return "opens", decision


def direction_of(decision: Decision) -> str:
    """In which direction of the connection the firewall takes the data to go."""
    if decision.mode == "stateless" or not decision.ct_direction:
        return "admitted"
    return f"ct direction {word(decision.ct_direction)}"
