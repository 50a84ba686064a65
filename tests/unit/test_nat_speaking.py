"""A server's side of FTP's control connection: its own address, and its own sequence numbers."""

from __future__ import annotations

from fwsim.capture.crafting import Ip, tcp_segment
from fwsim.fuzz.nat.speaking import Shifts, Speaking, numbers, respelled

CLIENT, PUBLIC, SERVER, WAN = "10.1.0.11", "203.0.113.10", "10.2.0.21", "198.51.100.1"
KNOWN, OWN = b"227 (203,0,113,10,4,1)\r\n", b"227 (10,2,0,21,4,1)\r\n"


def segment(src: str, dst: str, seq: int, ack: int, text: bytes = b"", *, wrong: bool = False) -> Ip:
    ports = (4000, 21) if dst in (PUBLIC, SERVER) else (21, 4000)
    return Ip(src, dst, 6, tcp_segment(src, dst, ports, (seq, ack), 0x18, 500, data=text, bad_checksum=wrong))


def server(seq: int, ack: int, text: bytes = b"", *, wrong: bool = False) -> Ip:
    return segment(SERVER, WAN, seq, ack, text, wrong=wrong)


def test_what_is_said_behind_an_announcement_has_the_servers_numbers() -> None:
    speaking = Speaking()
    assert speaking.say(server(900, 16, KNOWN), PUBLIC, SERVER) == server(900, 16, OWN)
    behind, shorter = 900 + len(KNOWN), len(OWN) - len(KNOWN)
    assert speaking.say(server(behind, 16, b"ok"), PUBLIC, SERVER) == server(behind + shorter, 16, b"ok")
    assert speaking.say(server(900, 16, KNOWN), PUBLIC, SERVER) == server(900, 16, OWN)  # once more
    assert speaking.say(server(behind, 16, b"ok"), PUBLIC, SERVER) == server(behind + shorter, 16, b"ok")


def test_the_server_acknowledges_what_it_heard() -> None:
    speaking = Speaking()
    said, came = b"PORT 10,1,0,11,4,1\r\n", b"PORT 198,51,100,1,4,1\r\n"
    sent, arrived = segment(CLIENT, PUBLIC, 50, 900, said).encode(), segment(WAN, SERVER, 50, 900, came).encode()
    speaking.hear(sent, arrived)
    assert speaking.say(server(900, 50), PUBLIC, SERVER) == server(900, 50)
    end = 50 + len(said)
    assert speaking.say(server(900, end), PUBLIC, SERVER) == server(900, end + len(came) - len(said))


def test_a_wrong_checksum_stays_wrong_and_what_is_no_segment_stays_as_it_is() -> None:
    wrong = Speaking().say(server(900, 16, KNOWN, wrong=True), PUBLIC, SERVER)
    assert wrong.payload[20:] == OWN
    assert wrong != server(900, 16, OWN)
    short = Ip(SERVER, WAN, 6, b"short")
    assert Speaking().say(short, PUBLIC, SERVER) == short


def test_a_shift_holds_from_its_position_on_around_the_end_of_the_numbers() -> None:
    shifts = Shifts()
    shifts.note((1 << 32) - 10, 3)
    assert [shifts.at(number) for number in ((1 << 32) - 11, (1 << 32) - 10, 5)] == [0, 3, 3]
    shifts.note(2, 5)
    assert [shifts.at(number) for number in ((1 << 32) - 5, 5)] == [3, 5]


def test_numbers_are_those_of_both_families() -> None:
    assert numbers(server(900, 16, b"text").encode()) == (900, 4)
    v6 = Ip("fd00::1", "fd00::2", 6, tcp_segment("fd00::1", "fd00::2", (1, 2), (7, 8), 16, 9, data=b"xyz"))
    assert numbers(v6.encode()) == (7, 3)
    assert numbers(b"") is None
    assert numbers(Ip(CLIENT, SERVER, 17, bytes(40)).encode()) is None


def test_an_address_is_respelled_with_dots_and_commas() -> None:
    assert respelled(b"EPRT |1|203.0.113.10|5| 203,0,113,10", PUBLIC, SERVER) == b"EPRT |1|10.2.0.21|5| 10,2,0,21"
