"""SCTP in explanations: the tags that are compared, and where each chunk takes the association."""

from __future__ import annotations

import pytest

from fwsim.capture.crafting import SCTP, Ip, sctp_chunk, sctp_packet
from tests.deciding import HERE, THERE, Wall
from tests.explaining import told
from tests.playbook_sctp import endless


def sctp(vtag: int, *kinds: str, back: bool = False, crc: int | None = None) -> Ip:
    src, dst, ports, tag = (THERE, HERE, (2, 1), 0x22) if back else (HERE, THERE, (1, 2), 0x11)
    words = {} if crc is None else {"crc": crc}
    return Ip(src, dst, SCTP, sctp_packet(ports, vtag, b"".join(sctp_chunk(kind, tag=tag) for kind in kinds), **words))


@pytest.fixture
def wall() -> Wall:
    """An association in COOKIE_WAIT."""
    wall = Wall([{"ct_state": ["new", "established"], "verdict": "accept"}])
    wall.ask(sctp(0, "init"))
    wall.ask(sctp(0x11, "init-ack", back=True))
    return wall


def test_an_opening_tells_the_tag_that_it_names() -> None:
    text = told(Wall([{"ct_state": "new", "verdict": "accept"}]), sctp(0, "init"))
    assert "\n chunks carries the tag 0, names 0x11 for packets to its sender\n" in text
    assert "\n init: NONE -> CLOSED: an INIT opens an association\n" in text


def test_each_chunk_is_told_with_the_states_and_why(wall: Wall) -> None:
    text = told(wall, sctp(0x22, "cookie-echo", "data"))
    assert (
        "\n chunks carries the tag 0x22\n known: 0x22 in its direction, 0x11 in the other (0 is none)\n"
        " cookie-echo: COOKIE_WAIT -> COOKIE_ECHOED: the opener returns the cookie\n data: keeps COOKIE_ECHOED\n"
    ) in text


def test_a_wrong_tag_is_told_beside_the_right_one(wall: Wall) -> None:
    text = told(wall, sctp(0x23, "data"))
    assert "ct state invalid: the verification tag is not that of the association\n" in text
    assert "\n chunks carries the tag 0x23\n known: 0x22 in its direction, " in text
    assert "\n chunks: data\n" in text
    assert " -> " not in text.split("chunks carries")[1].split("chunks: data")[0]


def test_chunks_that_open_nothing_are_only_named() -> None:
    text = told(Wall([{"ct_state": "new", "verdict": "accept"}]), sctp(5, "cookie-echo", "abort"))
    assert "\n chunks carries the tag 0x5\n chunks: cookie-echo, abort\n" in text


@pytest.mark.parametrize(
    "packet", [sctp(0x22, "data", crc=1), Ip(HERE, THERE, SCTP, endless((1, 2)))], ids=["bad CRC", "endless"]
)
def test_nothing_is_told_of_chunks_that_tracking_does_not_look_at(wall: Wall, packet: Ip) -> None:
    assert "chunks carries" not in told(wall, packet)
