"""Packets made from rules, through translation: answers and errors go to whom the question came from."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

from fwsim.capture.crafting import Ip, icmp_message, udp_datagram
from fwsim.capture.ends import Ends, ends_of
from fwsim.fuzz.readdressed import readdressed
from fwsim.fuzz.rules.places import Places
from fwsim.fuzz.rules.talks import INBOUND, OUTBOUND, Spoken
from fwsim.fuzz.rules.through import through

CLIENT, PUBLIC, SERVER, OWN = "192.0.2.9", "198.51.100.1", "10.2.0.21", "10.1.0.1"
PLACES = Places({"dmz": ["10.2.0.0/24"], "wan": ["any"]}, [f"{OWN}/32", f"{PUBLIC}/32"], "wan")


def udp(src: str, dst: str, *ports: int) -> Ip:
    return Ip(src, dst, 17, udp_datagram(src, dst, (ports[0], ports[1]), b"x"))


def echo(src: str, dst: str, kind: int, number: int) -> Ip:
    return Ip(src, dst, 1, icmp_message(src, dst, kind, 0, struct.pack("!HH", number, 1)))


def error(src: str, dst: str, about: Ip) -> Ip:
    return Ip(src, dst, 1, icmp_message(src, dst, 3, 1, bytes(4), about.encode()))


QUESTION = udp(CLIENT, PUBLIC, 5000, 53)


def passed(ends: Ends, *packets: Spoken) -> list[Spoken]:
    """The packets through a firewall that makes these ends of what goes to its public address."""
    asked: list[tuple[str, bytes]] = []

    def relay(batch: Sequence[tuple[str, bytes]]) -> dict[int, bytes]:
        asked.extend(batch)
        ((_, data),) = batch
        original = next((one.ip for one in packets if one.ip.encode() == data), None)
        return {0: readdressed(original, ends).encode()} if original and original.dst == PUBLIC else {0: data}

    found = list(through(packets, PLACES, relay))
    assert [data for _, data in asked] == [one.ip.encode() for one in found if one.direction == INBOUND]
    return found


def came(ip: Ip, interface: str = "wan") -> Spoken:
    return Spoken(interface, INBOUND, ip)


def test_an_answer_comes_from_where_the_question_went() -> None:
    ends = (OWN, 6000, SERVER, 5353)
    _, answer = passed(ends, came(QUESTION), came(udp(PUBLIC, CLIENT, 53, 5000)))
    assert answer == came(udp(SERVER, OWN, 5353, 6000), "dmz")


def test_an_answer_to_a_query_has_its_new_id() -> None:
    ends = (CLIENT, 80, SERVER, 8 << 8)
    _, answer = passed(ends, came(echo(CLIENT, PUBLIC, 8, 7)), came(echo(PUBLIC, CLIENT, 0, 7)))
    assert answer == came(echo(SERVER, CLIENT, 0, 80), "dmz")


def test_an_error_quotes_what_was_heard() -> None:
    ends = (CLIENT, 5000, SERVER, 5353)
    _, answer = passed(ends, came(QUESTION), came(error(PUBLIC, CLIENT, QUESTION)))
    assert (answer.interface, answer.ip.src, answer.ip.dst) == ("dmz", SERVER, CLIENT)
    assert ends_of(answer.ip.payload[8:]) == ends


@pytest.mark.parametrize(
    "other", [udp(PUBLIC, CLIENT, 54, 5000), udp(SERVER, CLIENT, 53, 5000), echo(PUBLIC, CLIENT, 0, 7)]
)
def test_what_answers_nothing_stays_as_it_is(other: Ip) -> None:
    assert passed((CLIENT, 5000, SERVER, 5353), came(QUESTION), came(other))[1] == came(other)


def test_an_error_about_something_else_goes_where_it_would_without_translation() -> None:
    stray = error(PUBLIC, CLIENT, udp(CLIENT, PUBLIC, 1, 2))
    assert passed((CLIENT, 5000, "192.0.2.7", 53), came(QUESTION), came(stray))[1] == came(stray)


def test_what_only_the_firewall_could_answer_is_left_out_and_what_it_says_stays() -> None:
    own = Spoken("wan", OUTBOUND, udp(PUBLIC, CLIENT, 53, 5000))
    ends = (CLIENT, 5000, OWN, 5353)
    assert passed(ends, came(QUESTION), came(own.ip), own) == [came(QUESTION), own]
