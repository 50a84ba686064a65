"""The TCP transition table: every cell, its reason, the flag classes, and what the tracker makes of a cell."""

from __future__ import annotations

from itertools import product

import pytest

from fwsim.engine import tcp
from fwsim.engine.tcp_table import (
    CELL_IGNORE,
    CELL_INVALID,
    CLASS_ACK,
    CLASS_FIN,
    CLASS_NONE,
    CLASS_RST,
    CLASS_SYN,
    CLASS_SYNACK,
    CLASS_WORDS,
    ROW_NAMES,
    TABLE,
    WHY,
    flag_class,
    flags_are_valid,
    next_state,
)
from fwsim.engine.tcp_window import BE_LIBERAL, CLOSE_INIT
from fwsim.terms import CtStatus, Reason, TcpFlag, TcpState
from tests.unit.tcp_conversation import Conversation

# The kernel's table once more, copied independently: columns none, syn_sent, syn_recv, established, fin_wait,
# close_wait, last_ack, time_wait, close, syn_sent2.
EXPECTED = {
    "original syn":    "SS SS IG IG IG IG IG SS SS S2",
    "original synack": "IV IV SR IV IV IV IV IV IV SR",
    "original fin":    "IV IV FW FW LA LA LA TW CL IV",
    "original ack":    "ES IV ES ES CW CW TW TW CL IV",
    "original rst":    "IV CL CL CL CL CL CL CL CL CL",
    "original none":   "IV IV IV IV IV IV IV IV IV IV",
    "reply syn":       "IV S2 IV IV IV IV IV SS IV S2",
    "reply synack":    "IV SR IG IG IG IG IG IG IG SR",
    "reply fin":       "IV IV FW FW LA LA LA TW CL IV",
    "reply ack":       "IV IG SR ES CW CW TW TW CL IG",
    "reply rst":       "IV CL CL CL CL CL CL CL CL CL",
    "reply none":      "IV IV IV IV IV IV IV IV IV IV",
}  # fmt: skip
CODES = {"NO": 0, "SS": 1, "SR": 2, "ES": 3, "FW": 4, "CW": 5, "LA": 6, "TW": 7, "CL": 8, "S2": 9, "IV": 10, "IG": 11}
FLAGS = {"syn": "S", "synack": "S.", "fin": "F.", "ack": ".", "rst": "R."}


@pytest.mark.parametrize("name", EXPECTED)
def test_row_of_the_table_is_the_kernels(name: str) -> None:
    direction, kind = name.split()
    cells = [CODES[code] for code in EXPECTED[name].split()]
    number = ("original", "reply").index(direction)
    assert [next_state(number, CLASS_WORDS.index(kind), state) for state in range(10)] == cells


def test_rows_are_named_in_the_order_of_the_table() -> None:
    assert list(ROW_NAMES) == list(EXPECTED)


def test_every_cell_has_a_reason() -> None:
    for direction, kind, state in product(range(2), range(6), range(10)):
        assert len(WHY[direction][kind][state]) > 10, (ROW_NAMES[6 * direction + kind], TcpState(state))
        assert len(TABLE[direction][kind]) == 10


def test_flags_that_a_tcp_sends_are_valid_with_psh_ece_cwr_or_without() -> None:
    sane = {"S", "SU", "S.", "R", "R.", "F.", "F.U", ".", ".U"}
    letters = {"F": TcpFlag.FIN, "S": TcpFlag.SYN, "R": TcpFlag.RST, ".": TcpFlag.ACK, "U": TcpFlag.URG}
    allowed = {sum(letters[letter] for letter in word) for word in sane}
    others = int(TcpFlag.PSH | TcpFlag.ECE | TcpFlag.CWR)
    for flags in range(256):
        assert flags_are_valid(flags) == (flags & ~others in allowed), flags


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        (TcpFlag.RST | TcpFlag.SYN | TcpFlag.ACK | TcpFlag.FIN, CLASS_RST),
        (TcpFlag.SYN | TcpFlag.ACK | TcpFlag.FIN, CLASS_SYNACK),
        (TcpFlag.SYN | TcpFlag.FIN, CLASS_SYN),
        (TcpFlag.FIN | TcpFlag.ACK, CLASS_FIN),
        (TcpFlag.ACK | TcpFlag.PSH | TcpFlag.URG, CLASS_ACK),
        (TcpFlag.URG | TcpFlag.PSH, CLASS_NONE),
    ],
)
def test_flag_class_is_that_of_the_strongest_flag(flags: int, kind: int) -> None:
    assert flag_class(int(flags)) == kind


def in_state(state: int) -> Conversation:
    """A replied-to connection forced into a state, both sides known, nothing held against the window."""
    talk = Conversation(be_liberal=1)
    talk.client("S").server("S.", 0, 1)
    talk.connection["state"] = state
    talk.connection["last_index"] = CLASS_ACK
    talk.connection["last_end"] = 123  # so that no packet seems to answer the last one
    return talk


@pytest.mark.parametrize(
    ("direction", "kind", "state"), list(product(("original", "reply"), FLAGS, list(TcpState)[1:]))
)
def test_cell_is_obeyed(direction: str, kind: str, state: TcpState) -> None:
    cell = next_state(int(direction == "reply"), CLASS_WORDS.index(kind), int(state))
    talk = in_state(state)
    before = talk.left
    talk.after(1)
    send = talk.client if direction == "original" else talk.server
    send(FLAGS[kind], 1, 1)
    if kind == "syn" and state in (TcpState.TIME_WAIT, TcpState.CLOSE) and cell != CELL_INVALID:
        cell = CELL_IGNORE  # no FIN was seen: not a reopening
    if cell == CELL_INVALID:
        assert (talk.ct_state, talk.reason, talk.state) == ("invalid", Reason.TCP_INVALID_STATE, state)
    elif cell == CELL_IGNORE:
        assert (talk.ct_state, talk.reason, talk.state) == ("established", Reason.TCP_IGNORED, state)
        assert talk.left == before - 1
    else:
        assert (talk.ct_state, talk.state) == ("established", cell)
        assert talk.result["state_before"] == state
        assert talk.result["state_after"] == cell


@pytest.mark.parametrize("kind", FLAGS)
def test_cell_of_no_connection_is_obeyed(kind: str) -> None:
    cell = next_state(0, CLASS_WORDS.index(kind), 0)
    talk = Conversation().client(FLAGS[kind], 0, 1)
    if cell == CELL_INVALID:
        talk.expect("invalid", reason="TCP_NOT_AN_OPENING").gone()
    else:
        assert (talk.ct_state, talk.state) == ("new", cell)


@pytest.mark.parametrize("closer", [0, 1])
def test_syn_after_a_fin_of_either_side_reopens(closer: int) -> None:
    for state in (TcpState.TIME_WAIT, TcpState.CLOSE):
        talk = in_state(state)
        talk.sides[closer]["flags"] |= CLOSE_INIT
        talk.client("S", 5000)
        talk.expect("new", "syn_sent", 120, "TCP_REOPENED")
        assert talk.outcome == tcp.ACCEPT


def test_picked_up_sides_are_liberal_for_good() -> None:
    talk = Conversation().client(".", 1, 1)
    assert talk.sides[0]["flags"] & talk.sides[1]["flags"] & BE_LIBERAL
    assert not talk.connection["status"] & CtStatus.SEEN_REPLY
