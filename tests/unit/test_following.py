"""Data connections that are translated as the control connection which has announced them."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import IP

from fwsim.naming import address_text
from fwsim.terms import UNKNOWN_VALUE, CtState, CtStatus
from fwsim.tracker import connections_listing
from tests.ftp_conversation import SYN, Conversation, End, announcement
from tests.gateway import IN, INSIDE, MASQUERADE, OUT, OUTSIDE, PUBLIC, Gateway, nat

HELPING = """table inet helping {
  ct helper standard { type "ftp" protocol tcp; }
  chain c {
    type filter hook prerouting priority 0
    tcp dport 21 ct helper set "standard"
  }
}
"""
SERVER = "10.2.0.2"
TO_SERVER = nat(f"ip daddr {PUBLIC} tcp dport 21 dnat to {SERVER}", hook="prerouting", priority=-100)
PORT = 1041
STATUS = CtStatus.EXPECTED | CtStatus.SNAT_DONE | CtStatus.DNAT_DONE


def play(gateway: Gateway, talk: Conversation) -> list[int]:
    """The ct states of all that has been said so far."""
    seen = [gateway.batch(one.interface, IN, IP(one.data)).stateful[0]["ct_state"] for one in talk.packets]
    talk.packets.clear()
    return [int(state) for state in seen]


def masqueraded(port: int = 4000, client: str = INSIDE) -> Conversation:
    """A client behind the gateway."""
    return Conversation(
        (End("lan", client, OUTSIDE, (port, 21)), End("wan", OUTSIDE, PUBLIC, (21, port)))
    ).greet()  # fmt: skip


def forwarded() -> Conversation:
    """A server behind the gateway."""
    client = End("wan", OUTSIDE, PUBLIC, (4000, 21))
    return Conversation((client, End("dmz", SERVER, OUTSIDE, (21, 4000)))).greet()


def child(gateway: Gateway, talk: Conversation, way: int, kind: str, source: int) -> dict[str, Any]:
    """The data connection that a line announces, behind its opening."""
    talk.say(way, announcement(kind, talk.ends[way].src, PORT))
    play(gateway, talk)
    data = talk.expected(way, PORT, source)
    data.send(0, SYN)
    play(gateway, data)
    *_, last = connections_listing(gateway.simulator.stateful.tracker)
    return last


def reply(connection: dict[str, Any]) -> tuple[str, int, str, int]:
    """Where its answers come from and go to."""
    row = connection["reply"]
    ends = [address_text([row[f"{end}{word}"] for word in range(4)]) for end in ("src", "dst")]
    return ends[0], row["src_id"], ends[1], row["dst_id"]


@pytest.mark.parametrize(
    ("start", "way", "kind", "source", "answers", "changed"),
    [
        (masqueraded, 0, "PORT", 20, (INSIDE, PORT, OUTSIDE, 20), CtStatus.DNAT),
        (masqueraded, 1, "227", 5555, (OUTSIDE, PORT, PUBLIC, 5555), CtStatus.SNAT),
        (forwarded, 0, "PORT", 20, (OUTSIDE, PORT, PUBLIC, 20), CtStatus.SNAT),
        (forwarded, 1, "227", 5555, (SERVER, PORT, OUTSIDE, 5555), CtStatus.DNAT),
    ],
)
def test_a_data_connection_is_translated_as_its_master(
    start: Any, way: int, kind: str, source: int, answers: tuple[Any, ...], changed: int
) -> None:
    gateway = Gateway(HELPING, MASQUERADE, TO_SERVER, on=("lan", "wan", "dmz"))
    found = child(gateway, start(), way, kind, source)
    assert reply(found) == answers
    wanted = STATUS | changed
    assert found["status"] & (STATUS | CtStatus.SNAT | CtStatus.DNAT) == wanted


def test_without_translation_the_chains_are_asked() -> None:
    gateway = Gateway(HELPING, nat('iifname "wan" oifname "lan" snat to 10.1.0.1'), on=("lan", "wan"))
    talk = Conversation((End("lan", INSIDE, OUTSIDE, (4000, 21)), End("wan", OUTSIDE, INSIDE, (21, 4000)))).greet()
    assert reply(child(gateway, talk, 0, "PORT", 20)) == (INSIDE, PORT, "10.1.0.1", 20)


FIXED = nat('oifname "wan" tcp dport 80 snat to 198.51.100.1:2020', 'oifname "wan" masquerade')


@pytest.mark.parametrize(("client", "port"), [(INSIDE, 2020), ("10.1.0.12", 20)], ids=["the same", "another"])
def test_its_source_has_the_port_that_another_connection_from_there_has(client: str, port: int) -> None:
    gateway = Gateway(HELPING, FIXED, TO_SERVER.replace(SERVER, INSIDE))
    other = Conversation((End("lan", client, OUTSIDE, (20, 80)), End("wan", OUTSIDE, PUBLIC, (80, 2020))))
    other.send(0, SYN)
    play(gateway, other)
    ends = End("wan", OUTSIDE, PUBLIC, (4000, 21)), End("lan", INSIDE, OUTSIDE, (21, 4000))
    assert reply(child(gateway, Conversation(ends).greet(), 0, "PORT", 20)) == (OUTSIDE, PORT, PUBLIC, port)


def test_a_port_that_is_taken_is_drawn() -> None:
    gateway = Gateway(HELPING, MASQUERADE, TO_SERVER, on=("lan", "wan", "dmz"))
    other = Conversation((End("lan", INSIDE, OUTSIDE, (20, PORT)), End("wan", OUTSIDE, PUBLIC, (PORT, 20))))
    other.send(0, SYN)
    play(gateway, other)
    assert reply(child(gateway, forwarded(), 0, "PORT", 20)) == (OUTSIDE, PORT, PUBLIC, UNKNOWN_VALUE)


def test_one_that_is_perhaps_expected_may_be_translated() -> None:
    gateway = Gateway(HELPING, MASQUERADE)
    first, second = masqueraded(), masqueraded(4001, "10.1.0.12")
    for talk in (first, second):
        talk.say(0, announcement("PORT", talk.ends[0].src, PORT))
        play(gateway, talk)
    data = second.expected(0, PORT + 1, 20)
    data.send(0, SYN)
    data.send(1, SYN | 0x10)
    assert play(gateway, data) == [UNKNOWN_VALUE, UNKNOWN_VALUE]
    *_, last = connections_listing(gateway.simulator.stateful.tracker)
    assert reply(last)[:2] == (address_text([UNKNOWN_VALUE, 0, 0, 0]), UNKNOWN_VALUE)
    assert last["status"] & CtStatus.NAT_IN_DOUBT


NOT_KNOWN = address_text([UNKNOWN_VALUE, 0, 0, 0])
OTHER_INSIDE = "10.1.0.12"


@pytest.mark.parametrize(
    ("target", "source"),
    [(f"{SERVER}:{PORT}", (NOT_KNOWN, PORT)), (OTHER_INSIDE, (OTHER_INSIDE, UNKNOWN_VALUE))],
    ids=["to somebody else", "to who may have announced it"],
)
def test_rules_bind_one_that_is_perhaps_expected_where_its_master_would_too(
    target: str, source: tuple[str, int]
) -> None:
    """If it is expected, no rule is asked: it goes to who announced it, at the port that was announced."""
    rule = nat(f"iifname wan meta l4proto tcp dnat to {target}", hook="prerouting", priority=-100)
    gateway = Gateway(HELPING, MASQUERADE, rule)
    first, second = masqueraded(), masqueraded(4001, OTHER_INSIDE)
    for talk in (first, second):
        talk.say(0, announcement("PORT", talk.ends[0].src, PORT))
        play(gateway, talk)
    data = second.expected(0, PORT + 1, 20)
    data.send(0, SYN)
    assert play(gateway, data) == [UNKNOWN_VALUE]
    *_, last = connections_listing(gateway.simulator.stateful.tracker)
    assert reply(last)[:2] == source
    assert last["status"] & CtStatus.NAT_IN_DOUBT


# --- seen on one side only -----------------------------------------------------------------------------------------


def half(gateway: Gateway, talk: Conversation) -> list[int]:
    """The ct states of what has been said so far, seen at the one interface that is captured: the other side leaves."""
    states = []
    for one in talk.packets:
        way = IN if IP(one.data).src == talk.ends[0].src else OUT
        states.append(int(gateway.batch(gateway.on[0], way, IP(one.data)).stateful[0]["ct_state"]))
    talk.packets.clear()
    return states


def seen_inside() -> Conversation:
    """A client behind the gateway, and what arrives there."""
    return Conversation(
        (End("lan", INSIDE, OUTSIDE, (4000, 21)), End("lan", OUTSIDE, INSIDE, (21, 4000)))
    ).greet()  # fmt: skip


def seen_outside() -> Conversation:
    """A client outside, and what comes back to it."""
    return Conversation(
        (End("wan", OUTSIDE, PUBLIC, (4000, 21)), End("wan", PUBLIC, OUTSIDE, (21, 4000)))
    ).greet()  # fmt: skip


def test_a_connection_that_is_seen_leaving_was_announced() -> None:
    gateway, talk = Gateway(HELPING, MASQUERADE, on=("lan",)), seen_inside()
    talk.say(0, announcement("PORT", INSIDE, PORT))
    talk.say(1, "200 noted")
    assert set(half(gateway, talk)[1:]) == {CtState.ESTABLISHED}
    leaving = End("lan", OUTSIDE, INSIDE, (20, PORT)).packet(7, 0, SYN)
    assert gateway.batch("lan", OUT, IP(leaving.data)).stateful[0]["ct_state"] == CtState.RELATED
    *_, last = connections_listing(gateway.simulator.stateful.tracker)
    assert address_text([last["original"][f"dst{word}"] for word in range(4)]) == PUBLIC
    assert reply(last) == (INSIDE, PORT, OUTSIDE, 20)


def test_nobody_has_announced_another_port() -> None:
    gateway, talk = Gateway(HELPING, MASQUERADE, on=("lan",)), seen_inside()
    talk.say(0, announcement("PORT", INSIDE, PORT))
    half(gateway, talk)
    leaving = End("lan", OUTSIDE, INSIDE, (20, PORT + 1)).packet(7, 0, SYN)
    assert gateway.batch("lan", OUT, IP(leaving.data)).stateful[0]["ct_state"] == CtState.NEW


@pytest.mark.parametrize(
    ("kind", "address", "state"),
    [("229", "", CtState.RELATED), ("227", PUBLIC, UNKNOWN_VALUE), ("227", OUTSIDE, CtState.NEW)],
    ids=["port alone", "address that may have been written by the server", "address of somebody else"],
)
def test_a_line_that_is_seen_leaving_announces_what_it_says(kind: str, address: str, state: int) -> None:
    gateway, talk = Gateway(HELPING, TO_SERVER, on=("wan",)), seen_outside()
    talk.say(1, announcement(kind, address, PORT))
    talk.say(0, "NOOP")
    talk.say(1, "200 OK")
    assert set(half(gateway, talk)[1:]) == {CtState.ESTABLISHED}
    opening = End("wan", OUTSIDE, PUBLIC, (5555, PORT)).packet(7, 0, SYN)
    assert gateway.batch("wan", IN, IP(opening.data)).stateful[0]["ct_state"] == state


def test_the_numbers_of_a_line_that_came_in_are_those_of_answers_that_are_seen_leaving() -> None:
    """What the client acknowledges has been turned back into the numbers of the server."""
    gateway = Gateway(HELPING, TO_SERVER, on=("dmz", "wan"))
    talk = forwarded()
    talk.say(1, announcement("227", SERVER, PORT))
    play(gateway, talk)
    client = talk.ends[0]
    gateway.on = ("dmz",)
    end = End("dmz", client.src, SERVER, client.ports)
    for beyond, state in ((0, CtState.ESTABLISHED), (1, CtState.INVALID)):
        left = end.packet(talk.seq[0], talk.seq[1] + beyond, 0x10)
        assert gateway.batch("dmz", OUT, IP(left.data)).stateful[0]["ct_state"] == state


def test_a_connection_that_nobody_knows_perhaps_has_a_helper() -> None:
    gateway = Gateway(HELPING, MASQUERADE, on=("wan",))
    talk = Conversation((End("wan", PUBLIC, OUTSIDE, (4000, 21)), End("wan", OUTSIDE, PUBLIC, (21, 4000)))).greet()
    talk.say(0, announcement("PORT", PUBLIC, PORT))
    for one in talk.packets:
        gateway.batch("wan", OUT if IP(one.data).src == PUBLIC else IN, IP(one.data))
    for port, state in ((PORT + 1, CtState.NEW), (PORT, UNKNOWN_VALUE)):
        opening = End("wan", OUTSIDE, PUBLIC, (20, port)).packet(7, 0, SYN)
        assert gateway.batch("wan", IN, IP(opening.data)).stateful[0]["ct_state"] == state
