"""What a forged packet would do, by the victim's true state, whatever the attacker guessed."""

from __future__ import annotations

from typing import Any

from fwsim.attack.conversation import Conversation
from fwsim.attack.judging import intent_of
from fwsim.attack.model import NOTHING_HAPPENS, Effect, Intent
from fwsim.attack.segment import transport_at
from fwsim.attack.survey import followed
from fwsim.attack.wire import icmp, tcp, udp
from fwsim.engine.serial import wrap
from tests.attacking import ground_path, inside, opened, survey

DOES = Effect


def victim() -> tuple[Conversation, int]:
    number = next(c.number for c in survey().conversations if c.quiet and ":" not in c.ends[0].address)
    found = followed(opened(ground_path()), inside(), {number})[number]
    return found, found.quiet[0]


def sent(to_opener: bool, flags: str, off: int, **more: Any) -> Intent:
    found, ts = victim()
    side = 0 if to_opener else 1
    moment = found.at(ts)
    assert moment is not None
    host = moment.hosts[side]
    peer, target = found.ends[1 - side], found.ends[side]
    path, ports = (peer.address, target.address), (peer.port, target.port)
    packet = tcp(*path, ports, flags, seq=wrap(host.rcv_nxt + off), ack=host.snd_una, **more)
    return intent_of(packet, ts, survey(), found, None)


def test_the_host_is_the_one_it_is_addressed_to() -> None:
    for to_opener in (True, False):
        assert sent(to_opener, "R", 0) == Intent(DOES.RESET, DOES.RESET)
        assert sent(to_opener, "R", 1) == Intent(DOES.RESET, DOES.ACK)
        assert sent(to_opener, "R", -1) == NOTHING_HAPPENS
        assert sent(to_opener, "PA", 0, data=b"x") == Intent(DOES.DATA, DOES.DATA)
        assert sent(to_opener, "PA", 0, data=b"x", checksum=7) == NOTHING_HAPPENS


def test_the_state_is_that_of_its_time() -> None:
    found, ts = victim()
    moment = found.at(ts)
    assert moment is not None
    peer, target = found.ends[1], found.ends[0]
    packet = tcp(peer.address, target.address, (peer.port, target.port), "R", seq=moment.hosts[0].rcv_nxt)
    assert intent_of(packet, ts, survey(), found, None).after == DOES.RESET
    assert intent_of(packet, found.last, survey(), found, None).after == DOES.NONE


def test_a_wrong_port_meets_no_connection() -> None:
    found, ts = victim()
    peer, target = found.ends[1], found.ends[0]
    packet = tcp(peer.address, target.address, (peer.port, target.port ^ 1), "A")
    assert intent_of(packet, ts, survey(), found, None) == Intent(DOES.RST, DOES.RST)
    open_port = tcp("198.51.100.66", "192.0.2.2", (1025, 443), "S")
    assert intent_of(open_port, ts, survey(), None, None) == Intent(DOES.SYN_ACK, DOES.SYN_ACK)


def test_an_error_is_believed_for_what_is_in_flight() -> None:
    found, _ = victim()
    flying = next(
        m for m in found.moments or [] if m.hosts[1].snd_una != m.hosts[1].snd_nxt and m.hosts[1].snd_una != 0
    )
    server, client = found.ends[1], found.ends[0]
    for off, after in ((0, DOES.MTU), (-1, DOES.NONE), (1 << 20, DOES.NONE)):
        seq = wrap(flying.hosts[1].snd_una + off)
        quoted = tcp(server.address, client.address, (server.port, client.port), "A", seq=seq)
        error = icmp("198.51.100.1", server.address, 3, 4, 296, quoted[: transport_at(quoted) + 8])
        assert intent_of(error, flying.ts, survey(), found, None) == Intent(DOES.MTU, after)
    other = icmp("198.51.100.1", server.address, 3, 4, 296, quoted[:20])
    assert intent_of(other, flying.ts, survey(), found, None) == NOTHING_HAPPENS


def test_a_dns_answer_is_taken_if_address_port_and_id_are_right() -> None:
    question = survey().questions[0]
    ports = question.ports[::-1]
    for ident, port, taken in ((0, 0, True), (1, 0, False), (0, 1, False)):
        data = (question.ident ^ ident).to_bytes(2, "big") + bytes(10)
        packet = udp(question.server, question.asker, (ports[0], ports[1] ^ port), data)
        assert (intent_of(packet, 0, survey(), None, question).after == DOES.ACCEPTED) is taken


def test_a_ping_is_answered_and_a_reply_is_not() -> None:
    assert intent_of(icmp("192.0.2.1", "192.0.2.2", 8, 0, 1), 0, survey(), None, None).before == DOES.ECHO
    assert intent_of(icmp("192.0.2.1", "192.0.2.2", 0, 0, 1), 0, survey(), None, None) == NOTHING_HAPPENS
