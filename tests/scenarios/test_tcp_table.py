"""The TCP state table cell by cell, as conntrack-spec 3.4 prints it: state, direction and class to new state."""

from __future__ import annotations

import pytest

from fwsim.terms import Reason
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, ORIGINAL, REPLY, Playbook, Raw, State

STATES = ("NO", "SS", "SR", "ES", "FW", "CW", "LA", "TW", "CL", "S2")
NAMES = dict(
    zip(
        STATES,
        (State.NONE, State.SYN_SENT, State.SYN_RECV, State.ESTABLISHED, State.FIN_WAIT, State.CLOSE_WAIT,
         State.LAST_ACK, State.TIME_WAIT, State.CLOSE, State.SYN_SENT2),
        strict=True,
    )
)  # fmt: skip

TABLE = {
    ORIGINAL: """
        syn     SS SS IG IG IG IG IG SS SS S2
        synack  IV IV SR IV IV IV IV IV IV SR
        fin     IV IV FW FW LA LA LA TW CL IV
        ack     ES IV ES ES CW CW TW TW CL IV
        rst     IV CL CL CL CL CL CL CL CL CL
    """,
    REPLY: """
        syn     IV S2 IV IV IV IV IV SS IV S2
        synack  IV SR IG IG IG IG IG IG IG SR
        fin     IV IV FW FW LA LA LA TW CL IV
        ack     IV IG SR ES CW CW TW TW CL IG
        rst     IV CL CL CL CL CL CL CL CL CL
    """,
}
"""Rows are classes, columns states in the order of `STATES`. Class `none` (bad flags) never gets this far."""

FLAGS = {"syn": "S", "synack": "SA", "fin": "FA", "ack": "A", "rst": "R"}

WAYS = {
    "NO": "",
    "SS": "o S",
    "SR": "o S, r SA",
    "ES": "o S, r SA, o A",
    "FW": "o S, r SA, o A, o FA",
    "CW": "o S, r SA, o A, o FA, r A",
    "LA": "o S, r SA, o A, o FA, r A, r FA",
    "TW": "o S, r SA, o A, o FA, r A, r FA, o A",
    "CL": "o S, r SA, o A, o R",
    "S2": "o S, r S",
}
"""How a connection gets into each state: o is the opener, r the other end."""

CELLS = [
    (direction, line.split()[0], state, new)
    for direction, rows in TABLE.items()
    for line in rows.strip().splitlines()
    for state, new in zip(STATES, line.split()[1:], strict=True)
    if not (state == "NO" and direction == REPLY)  # without a connection every packet is an original one
]


def bring_to(play: Playbook, state: str) -> None:
    """Play until the connection is in this state."""
    for step in filter(None, WAYS[state].split(", ")):
        end, flags = step.split()
        (play.original if end == "o" else play.reply)(flags).expect(ACCEPT)
    if state != "NO":
        play.connection.is_(NAMES[state])


@pytest.mark.parametrize(
    ("direction", "kind", "state", "new"), CELLS, ids=[f"{d.name.lower()}-{k}-in-{s}-{n}" for d, k, s, n in CELLS]
)
def test_a_cell_of_the_table(stage: Stager, direction: int, kind: str, state: str, new: str) -> None:
    """Spec 3.4, with numbers that fit, so that only the table decides."""
    play = stage()
    bring_to(play, state)
    sent = (play.original if direction == ORIGINAL else play.reply)(FLAGS[kind])
    if new == "IV":
        sent.expect(DROP, ct=INVALID, exists=state != "NO")
    elif new == "IG":
        sent.expect(ACCEPT, ct=ESTABLISHED, state=NAMES[state], reason=Reason.TCP_IGNORED)
        play.connection.is_(NAMES[state])
    elif state == "SS" and kind == "rst":
        sent.expect(ACCEPT, before=State.SYN_SENT, reason=Reason.TCP_RESET_UNREPLIED, exists=False)
    else:
        sent.expect(ACCEPT, state=NAMES[new])


def test_a_refusal_without_a_number_of_its_own_counts_as_a_reset(stage: Stager) -> None:
    """Spec 3.2: RST comes before ACK."""
    play = stage()
    play.original("S").expect(ACCEPT)
    play.reply("RA", seq=Raw(0)).expect(ACCEPT, exists=False)
