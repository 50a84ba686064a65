"""The split handshake and land: every step as it is described, and which mode lets it happen."""

from __future__ import annotations

import pytest

from fwsim.attack.model import Effect
from fwsim.attack.segment import addresses, taken_apart
from fwsim.engine.serial import wrap
from fwsim.terms import TcpState
from tests.attacking import admitted, dissected, flags_of, forge, needs_tshark, outcomes

STEPS = {"four": ["S", "S", "SA", "A", "PA"], "five": ["S", "A", "S", "SA", "A", "PA"]}


@pytest.mark.parametrize("style", STEPS)
def test_the_steps_are_those_of_the_paper_and_only_the_servers_are_forged(style: str) -> None:
    found = forge(f"split-handshake:{style}")
    assert [sorted(flags_of(one)) for one in found] == [sorted(flags) for flags in STEPS[style]]
    client = addresses(found[0].packet)[0]
    assert [one.innocent for one in found] == [addresses(one.packet)[0] == client for one in found]


@pytest.mark.parametrize("style", STEPS)
def test_the_numbers_fit_together(style: str) -> None:
    found = [taken_apart(one.packet) for one in forge(f"split-handshake:{style}")]
    opening, (answer, reply, last) = found[0], found[-4:-1]
    assert (reply.seq, reply.ack) == (opening.seq, wrap(answer.seq + 1))
    assert (last.seq, last.ack) == (wrap(answer.seq + 1), wrap(opening.seq + 1))
    if style == "five":
        assert found[1].ack == wrap(opening.seq + 1)


def test_the_client_answers_the_servers_syn_and_is_opened() -> None:
    does = [one.intent.after for one in forge("split-handshake:five") if not one.innocent]
    assert does == [Effect.NONE, Effect.SYN_ACK, Effect.OPEN, Effect.DATA]


def test_state_as_linux_keeps_it_lets_it_happen() -> None:
    found = outcomes("split-handshake:four")
    assert admitted(found) == (3, 2, 3)
    assert found[-1].tcp_state == TcpState.ESTABLISHED


@needs_tshark
def test_land_goes_from_an_address_and_port_to_itself() -> None:
    fields = ("ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "tcp.flags")
    rows = dissected(forge("land", ports="139", targets=2), *fields)
    assert len(rows) == 2
    assert all(row[0] == row[1] and row[2:] == ("139", "139", "0x0002") for row in rows)


def test_land_leaves_its_word() -> None:
    assert all("land" in one.evidence for one in outcomes("land", ports="443", targets=1))
