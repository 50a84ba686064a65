"""The FTP helper in explanations: what it is given, what is announced, and whose announcement opens a connection."""

from __future__ import annotations

import pytest

from fwsim.capture.crafting import TCP, Ip, flag_bits, tcp_segment
from fwsim.engine.expectation import expectation_of
from fwsim.engine.vague import VAGUE_ADDRESS
from fwsim.explain import announced
from fwsim.tables import plain
from fwsim.terms import UNKNOWN_VALUE
from tests import natted
from tests.deciding import HERE, NOWHERE, THERE, Rules, Wall, handshake, tcp
from tests.explaining import told

PORTS = (40000, 21)
RULES: Rules = [
    {"proto": "tcp", "dport": 21, "helper": "ftp"},
    {"ct_state": ["established", "related"], "verdict": "accept"},
    {"proto": "tcp", "dport": 21, "ct_state": "new", "verdict": "accept"},
]


def line(text: str, seq: int = 1001, src: str = HERE, dst: str = THERE) -> Ip:
    """A line of the client."""
    data = text.encode() + b"\r\n"
    return Ip(src, dst, TCP, tcp_segment(src, dst, PORTS, (seq, 5001), flag_bits("PA"), 64240, data=data))


def port(number: int) -> str:
    return f"PORT {HERE.replace('.', ',')},{number >> 8},{number & 255}"


@pytest.fixture
def wall() -> Wall:
    """A control connection behind its first line, of 10 bytes."""
    wall = Wall(RULES)
    handshake(wall, ports=PORTS)
    wall.ask(line("USER abc"))
    return wall


def test_the_opening_packet_says_that_the_helper_is_given() -> None:
    text = told(Wall(RULES), tcp(ports=PORTS))
    assert "\n helper FTP: a rule gives it the connection, whose lines it reads from now on\n" in text


def test_a_line_that_announces_tells_what_is_expected(wall: Wall) -> None:
    text = told(wall, line(port(1041), 1011))
    expected = f"expects a connection from {THERE} to {HERE} port 1041, for 300 s (announced in original direction)"
    assert f"\n helper FTP: {expected}\n" in text


def test_an_announcement_in_place_of_another_says_so(wall: Wall) -> None:
    wall.ask(line(port(1041), 1011))
    text = told(wall, line(port(1042), 1011 + len(port(1041)) + 2))
    assert "port 1042, for 300 s" in text
    assert "\n in place of that to port 1041\n" in text


@pytest.mark.parametrize("packet", [line("NOOP", 1011), line(port(1041), 1012)], ids=["no command", "not heard"])
def test_a_segment_that_announces_nothing_says_so(wall: Wall, packet: Ip) -> None:
    assert "\n helper FTP: nothing is announced in a line that it listens to\n" in told(wall, packet)


def test_a_line_that_the_helper_drops_says_why(wall: Wall) -> None:
    text = told(wall, line("PORT 10,1", 1011))
    assert "\n helper FTP: a line of FTP that is malformed or not there in full: the helper drops it\n" in text


def test_a_packet_that_was_expected_names_its_master(wall: Wall) -> None:
    wall.ask(line(port(1041), 1011))
    wall.wait(100)
    text = told(wall, tcp("S", THERE, HERE, ports=(20, 1041)))
    assert "ct state related: announced by the control connection of FTP\n" in text
    assert "\n expected by the connection opened by packet 1, its master: 200 s left\n" in text


def test_nothing_is_told_of_the_helper_elsewhere(wall: Wall) -> None:
    wall.ask(line(port(1041), 1011))
    for packet in (tcp("S", NOWHERE, HERE, ports=(20, 1041)), tcp("A", ports=PORTS, seq=1011, ack=5001)):
        text = told(wall, packet)
        assert "helper FTP" not in text
        assert "master" not in text


# --- translated ------------------------------------------------------------------------------------------------

HELPING = """table inet helping {
  ct helper standard {
    type "ftp" protocol tcp
  }
  chain c {
    type filter hook prerouting priority 0
    tcp dport 21 ct helper set "standard"
  }
}
"""


def segment(src: str, dst: str, ports: tuple[int, int], seq: int, ack: int, flags: str, data: bytes = b"") -> Ip:
    return Ip(src, dst, TCP, tcp_segment(src, dst, ports, (seq, ack), flag_bits(flags), 64240, data=data))


@pytest.fixture
def gateway() -> natted.Gateway:
    """A control connection through a masquerading gateway, behind its first line."""
    gateway = natted.Gateway(natted.RULES + HELPING)
    for sender, numbers, flags in (("client", (1000, 0), "S"), ("server", (5000, 1001), "SA")):
        gateway.ask(said(sender, *numbers, flags))
    gateway.ask(said("client", 1001, 5001, "PA", b"USER abc\r\n"))
    return gateway


def said(sender: str, seq: int, ack: int, flags: str, data: bytes = b"") -> Ip:
    """A packet of one side."""
    if sender == "client":
        return segment(natted.HOST, natted.PEER, PORTS, seq, ack, flags, data)
    return segment(natted.PEER, natted.PUBLIC, PORTS[::-1], seq, ack, flags, data)


ANNOUNCEMENT = b"PORT 10,1,0,11,4,17\r\n"


def test_a_rewritten_announcement_tells_to_whom_the_connection_will_go(gateway: natted.Gateway) -> None:
    text = told(gateway, said("client", 1011, 5001, "PA", ANNOUNCEMENT))
    expected = f"expects a connection from {natted.PEER} to {natted.PUBLIC} port 1041, for 300 s"
    assert f"{expected} (announced in original direction), to be translated to {natted.HOST} port 1041\n" in text


def test_where_a_connection_will_go_may_not_be_known(gateway: natted.Gateway) -> None:
    gateway.ask(said("client", 1011, 5001, "PA", ANNOUNCEMENT))
    gateway.simulator.stateful.settle()
    expectation = expectation_of(gateway.simulator.stateful.tracker, 2)
    assert expectation["saved"] == 1041
    expectation["saved"] = UNKNOWN_VALUE
    gateway.simulator.stateful.tracker.tuples[5]["dst0"] = VAGUE_ADDRESS
    words = announced.described(gateway.simulator.stateful.tracker, 2, plain(expectation))
    assert f"from {natted.PEER} to an address that is not known port 1041" in words
    assert words.endswith(f"to be translated to {natted.HOST} port that is not known")


def test_an_acknowledgement_of_a_rewritten_line_is_told_in_the_numbers_of_its_sender(gateway: natted.Gateway) -> None:
    gateway.ask(said("client", 1011, 5001, "PA", ANNOUNCEMENT))
    own = 1011 + len(ANNOUNCEMENT)
    grown = own + len("203,0,113,1") - len("10,1,0,11")
    text = told(gateway, said("server", 5001, grown, "A"))
    assert f" it acknowledges {own:,} bounds IV and III: " in text
    assert " ct state established\n" in text
