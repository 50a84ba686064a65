"""Conversations through translation: answers go to whom the question came from."""

from __future__ import annotations

import struct
from random import Random

from fwsim.capture.crafting import Ip, icmp_message, tcp_segment, udp_datagram
from fwsim.capture.ends import ends_of
from fwsim.fuzz.nat.talks import Talk, talk

CLIENT, PUBLIC, SERVER, WAN = "10.1.0.11", "203.0.113.10", "10.2.0.21", "198.51.100.1"


class Never(Random):
    """No chance."""

    def random(self) -> float:
        return 1.0


def udp(src: str, dst: str, *ports: int) -> Ip:
    return Ip(src, dst, 17, udp_datagram(src, dst, (ports[0], ports[1]), b"x"))


def echo(src: str, dst: str, kind: int, number: int) -> Ip:
    return Ip(src, dst, 1, icmp_message(src, dst, kind, 0, struct.pack("!HH", number, 1)))


def test_an_answer_comes_from_where_the_question_went_to_whom_it_seemed_to_come_from() -> None:
    question, answer = udp(CLIENT, PUBLIC, 5000, 53), udp(PUBLIC, CLIENT, 53, 5000)
    one = Talk("lan", iter([(0, question), (1, answer), (1, answer)]))
    first = one.next(Never())
    assert first is not None
    assert (first.interface, first.ip, first.opens) == ("lan", question, True)
    unheard = one.next(Never())
    assert unheard is not None
    assert (unheard.interface, unheard.ip) == ("wan", answer)
    one.learn(question, udp(WAN, SERVER, 6000, 5353).encode())
    heard = one.next(Never())
    assert heard is not None
    assert (heard.interface, heard.ip, heard.opens) == ("dmz", udp(SERVER, WAN, 5353, 6000), False)
    assert one.next(Never()) is None


def test_an_answer_to_a_query_has_the_id_that_the_query_came_with() -> None:
    one = Talk("lan", iter([(1, echo(PUBLIC, CLIENT, 0, 7))]))
    one.learn(echo(CLIENT, PUBLIC, 8, 7), echo(WAN, SERVER, 8, 99).encode())
    answer = one.next(Never())
    assert answer is not None
    assert ends_of(answer.ip.encode()) == (SERVER, 99, WAN, 0)


def test_what_the_firewall_itself_would_answer_is_left_out() -> None:
    one = Talk("lan", iter([(1, udp(WAN, CLIENT, 53, 5000)), (0, udp(CLIENT, WAN, 5000, 53))]))
    spoken = one.next(Never())
    assert spoken is not None
    assert spoken.opens


def test_conversations_are_of_every_kind() -> None:
    chance, kinds = Random(5), set()
    for _ in range(300):
        spoken = talk(chance).next(chance)
        kinds |= {spoken.ip.proto} if spoken else set()
    assert kinds >= {1, 6, 17, 47, 58, 132, 136}


def test_a_server_of_ftp_says_its_own_address() -> None:
    def said(src: str, dst: str, ports: tuple[int, int], numbers: tuple[int, int], text: bytes) -> Ip:
        return Ip(src, dst, 6, tcp_segment(src, dst, ports, numbers, 0x18, 500, data=text))

    question = said(CLIENT, PUBLIC, (4000, 21), (10, 900), b"PASV\r\n")
    answer = said(PUBLIC, CLIENT, (21, 4000), (900, 16), b"227 (203,0,113,10,4,1)\r\n")
    one = Talk("lan", iter([(1, answer)]))
    one.learn(question, said(WAN, SERVER, (4000, 21), (10, 900), b"PASV\r\n").encode())
    spoken = one.next(Never())
    assert spoken is not None
    assert spoken.ip == said(SERVER, WAN, (21, 4000), (900, 16), b"227 (10,2,0,21,4,1)\r\n")
