"""What the stateful mode remembers of a packet: numbers, conversations in midstream, and ghosts of refusals."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.capture.crafting import Ip
from fwsim.terms import CtState, Reason, Verdict
from fwsim.tracker import connections_listing
from tests.deciding import (
    BROKEN,
    EDGE,
    HERE,
    KNOWN,
    NOWHERE,
    OUT,
    THERE,
    Wall,
    back,
    error_about,
    icmp,
    tcp,
    udp,
)
from tests.natted import HOST, PEER, PUBLIC, Gateway

ACCEPT, DROP, REJECT, UNKNOWN = Verdict.ACCEPT, Verdict.DROP, Verdict.REJECT, Verdict.UNKNOWN
NOT_EVALUATED = Verdict.NOT_EVALUATED
NEW, ESTABLISHED, RELATED = CtState.NEW, CtState.ESTABLISHED, CtState.RELATED
INVALID, UNTRACKED, NONE = CtState.INVALID, CtState.UNTRACKED, CtState.NONE


def wall(*rules: dict[str, Any], **document: Any) -> Wall:
    return Wall(list(rules) or EDGE, **document)


def connections(asked: Wall) -> list[dict[str, Any]]:
    asked.simulator.stateful.settle()
    return list(connections_listing(asked.simulator.stateful.tracker))


def ghosts(asked: Wall) -> list[dict[str, Any]]:
    asked.simulator.stateful.settle()
    return list(connections_listing(asked.simulator.stateful.ghosts))


def test_connections_and_ghosts_are_numbered_in_one_row() -> None:
    asked = wall(KNOWN, BROKEN, {**OUT, "dport": "!23", "proto": "tcp"})
    assert asked.ask(tcp(ports=(1, 80))).connection == 1
    assert asked.ask(tcp(ports=(2, 23))).connection == 2  # a ghost
    assert asked.ask(tcp(ports=(3, 80))).connection == 3
    assert asked.ask(tcp("S", ports=(2, 23))).connection == 2
    assert asked.ask(tcp(ports=(1, 80))).connection == 1


def test_an_icmp_error_has_the_number_of_the_connection_it_is_about() -> None:
    asked = wall()
    asked.ask(tcp(ports=(1, 443)))
    asked.ask(tcp(ports=(2, 443)))
    decision = asked.ask(error_about(tcp(ports=(2, 443)), NOWHERE))
    assert (decision.ct_state, decision.connection, decision.reason) == (RELATED, 2, Reason.ICMP_ERROR_RELATED)
    assert decision.verdict == ACCEPT
    assert decision.evidence == ()


def test_a_packet_without_connection_and_ghost_has_no_number() -> None:
    decision = wall().ask(tcp("A", bad_checksum=True))
    assert (decision.ct_state, decision.connection, decision.tcp_state) == (INVALID, None, None)


# --- what may belong to a connection of which not all is known ----------------------------------------------------


@pytest.mark.parametrize(
    ("opening", "answer", "word"),
    [
        (tcp("S", HOST, PEER), tcp("SA", PEER, PUBLIC, ports=(443, 7)), "synack-without-syn"),
        (tcp("S", HOST, PEER), tcp("A", PEER, PUBLIC, ports=(443, 7)), "ack-without-connection"),
        (tcp("S", HOST, PEER), tcp("R", PEER, PUBLIC, ports=(443, 7)), "rst-without-connection"),
        (tcp("S", HOST, PEER), tcp("FA", PEER, PUBLIC, ports=(443, 7)), "fin-without-connection"),
        (udp(HOST, PEER), udp(PEER, PUBLIC, ports=(53, 40000)), "udp-reply-without-request"),
        (icmp(8, HOST, PEER), icmp(0, PEER, PUBLIC), "icmp-reply-without-request"),
    ],
)
def test_what_may_answer_a_translated_connection_has_no_evidence_against_it(opening: Ip, answer: Ip, word: str) -> None:
    gate = Gateway(own=[])
    assert gate.ask(answer).evidence == (word,)
    gate = Gateway(own=[])
    gate.ask(opening)
    for _ in range(2):
        decision = gate.ask(answer)
        assert (decision.ct_state, decision.evidence) == (NONE, ())


# --- midstream -------------------------------------------------------------------------------------------------


def test_with_tcp_loose_a_conversation_is_picked_up_and_called_midstream_once_answered() -> None:
    asked = wall()
    first = asked.ask(tcp("A", seq=1001, ack=5001))
    assert (first.verdict, first.ct_state, first.reason) == (ACCEPT, NEW, Reason.TCP_PICKED_UP)
    assert first.evidence == ("ack-without-connection",)
    again = asked.ask(tcp("A", seq=1001, ack=5001))
    assert again.evidence == ("ack-without-connection",)
    answer = asked.ask(back("A", seq=5001, ack=1001))
    assert (answer.verdict, answer.ct_state, answer.evidence) == (ACCEPT, ESTABLISHED, ("midstream",))
    assert asked.ask(tcp("A", seq=1001, ack=5001)).evidence == ("midstream",)


def test_without_tcp_loose_a_conversation_cannot_be_picked_up() -> None:
    asked = wall(conntrack={"tcp_loose": False})
    decision = asked.ask(tcp("A", seq=1001, ack=5001))
    assert (decision.verdict, decision.ct_state, decision.reason) == (DROP, INVALID, Reason.TCP_NO_PICKUP)
    assert decision.evidence == ("ack-without-connection",)
    assert connections(asked) == []


def test_without_tcp_loose_a_conversation_that_goes_on_is_midstream_too() -> None:
    """The ghost of what could not be picked up is answered."""
    asked = wall(conntrack={"tcp_loose": False})
    asked.ask(tcp("A", seq=1001, ack=5001))
    answer = asked.ask(back("A", seq=5001, ack=1001))
    assert (answer.verdict, answer.ct_state, answer.evidence) == (DROP, INVALID, ("midstream",))
    assert asked.ask(tcp("A", seq=1001, ack=5001)).evidence == ("midstream",)


# --- ghosts ----------------------------------------------------------------------------------------------------

INSIDE: dict[str, Any] = {"ports": (40000, 22)}


def knock(asked: Wall) -> Any:
    """A SYN from outside, which EDGE refuses."""
    return asked.ask(tcp("S", THERE, HERE, **INSIDE))


def test_what_follows_a_refused_opening_says_so() -> None:
    asked = wall()
    assert knock(asked).evidence == ()
    answer = asked.ask(tcp("SA", HERE, THERE, ports=(22, 40000), seq=5000, ack=1001))
    assert (answer.verdict, answer.ct_state, answer.evidence) == (DROP, INVALID, ("follows-denied",))
    data = asked.ask(tcp("A", THERE, HERE, seq=1001, ack=5001, **INSIDE))
    assert data.evidence == ("follows-denied",)


def test_an_icmp_error_about_a_refused_opening_says_that_it_follows_it() -> None:
    asked = wall()
    knock(asked)
    error = asked.ask(error_about(tcp("S", THERE, HERE, **INSIDE), HERE))
    assert (error.verdict, error.ct_state) == (DROP, INVALID)
    assert (error.reason, error.evidence) == (Reason.ICMP_ERROR_UNMATCHED, ("follows-denied",))
    stranger = asked.ask(error_about(tcp("S", THERE, HERE, ports=(40001, 22)), HERE))
    assert stranger.evidence == ("icmp-error-without-connection",)


def test_a_ghost_remembers_the_frame_and_the_rule_that_denied() -> None:
    asked = wall({"name": "no ssh", "dport": 22, "proto": "tcp", "verdict": "drop"}, *EDGE)
    asked.ask(tcp())
    knock(asked)
    (ghost,) = ghosts(asked)
    assert (ghost["opened_frame"], ghost["extension"]) == (2, 0)


def test_a_retransmitted_opening_leaves_no_second_ghost() -> None:
    asked = wall()
    knock(asked)
    assert knock(asked).evidence == ("follows-denied",)
    assert len(ghosts(asked)) == 1


def test_a_ghost_is_seen_by_no_rule_and_takes_no_place() -> None:
    asked = wall(conntrack={"max": 1})
    knock(asked)
    assert knock(asked).ct_state == NEW
    assert asked.ask(tcp()).verdict == ACCEPT
    assert len(connections(asked)) == 1


def test_a_ghost_is_gone_once_its_conversation_is_accepted() -> None:
    asked = wall(*EDGE, {"ttl": 30, "ct_state": "new", "verdict": "accept"})
    denied = knock(asked)
    assert len(ghosts(asked)) == 1
    accepted = asked.ask(tcp("S", THERE, HERE, ttl=31, **INSIDE))
    assert accepted.verdict == ACCEPT
    assert ghosts(asked) == []
    assert accepted.connection == denied.connection
    assert asked.ask(tcp("SA", HERE, THERE, ports=(22, 40000), seq=5000, ack=1001)).evidence == ()
    assert asked.ask(tcp()).connection == 2


def test_a_ghost_expires_as_its_connection_would_have() -> None:
    asked = wall()
    knock(asked)
    asked.wait(121)
    late = asked.ask(tcp("SA", HERE, THERE, ports=(22, 40000), seq=5000, ack=1001))
    assert late.evidence == ("synack-without-syn",)


def test_ghosts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fwsim.running.GHOSTS", 4)
    asked = wall()
    for port in range(1, 11):
        asked.ask(tcp("S", THERE, HERE, ports=(40000, port)))
    assert [ghost["opened_frame"] for ghost in ghosts(asked)] == [7, 8, 9, 10]


def test_a_packet_with_a_transport_fault_leaves_no_ghost() -> None:
    asked = wall()
    assert asked.ask(tcp("S", THERE, HERE, bad_checksum=True)).reason == Reason.TCP_BAD_CHECKSUM
    assert ghosts(asked) == []


def test_a_refused_forgery_stays_suspicious_until_it_is_answered() -> None:
    asked = wall(conntrack={"tcp_loose": False})
    for _ in range(2):
        scan = asked.ask(tcp("A", THERE, HERE, **INSIDE))
        assert scan.evidence == ("ack-without-connection",)
