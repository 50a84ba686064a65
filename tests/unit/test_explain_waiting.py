"""Explanations of fragments, held until it is known what becomes of them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from fwsim.capture.crafting import Ip, in_pieces
from fwsim.explain import explain
from fwsim.explain.waiting import Explanations
from tests.deciding import EDGE, Wall, tcp, udp


class Asked:
    """A wall whose every packet is explained."""

    def __init__(self) -> None:
        self.wall = Wall(EDGE)
        self.explanations = Explanations(self.wall.simulator, ["one.pcap", "two.pcap"])

    def ask(self, packet: Ip, file: int = 0) -> list[str]:
        """Explain a packet; what can be told by now, without what comes before the fragments."""
        batch = self.wall.bring(packet)
        batch.frames["file"] = file
        self.explanations.add(explain(self.wall.simulator, batch, 0, self.wall.naming), batch, 0)
        return fragment_lines(self.explanations.ready())


def fragment_lines(texts: list[str]) -> list[str]:
    return ["".join(re.findall(r"^  fragments +(.*)$", text, re.MULTILINE)) for text in texts]


@pytest.fixture
def asked() -> Asked:
    return Asked()


def pieces(ip_id: int = 9) -> list[Ip]:
    return in_pieces(replace(udp(data=100), ip_id=ip_id), 64)


@pytest.mark.parametrize(("file", "where"), [(0, "3"), (1, "two.pcap:3")])
def test_a_fragment_names_the_packet_that_completes_its_datagram(asked: Asked, file: int, where: str) -> None:
    first, second = pieces()
    assert asked.ask(first) == []
    assert asked.explanations.wait()
    assert asked.ask(tcp()) == []
    waiting, other, completing = asked.ask(second, file)
    assert waiting == f"it gets the verdict on its datagram, which packet {where} completes: explain that"
    assert other == ""
    assert completing.startswith("completes a datagram, with 1: ")
    assert not asked.explanations.wait()
    assert asked.explanations.rest() == []


def test_a_fragment_whose_datagram_is_late_says_so(asked: Asked) -> None:
    assert asked.ask(pieces()[0]) == []
    asked.wall.wait(31)
    lost, _ = asked.ask(tcp())
    assert lost == ("it never gets a verdict: a fragment whose datagram was not complete in time (30 s, IPv6 60 s)")


def test_a_fragment_whose_datagram_is_never_complete_says_so_at_the_end(asked: Asked) -> None:
    assert asked.ask(pieces()[0]) == []
    (lost,) = fragment_lines(asked.explanations.rest())
    assert lost == "it never gets a verdict: a fragment whose datagram was still incomplete when the capture ended"
