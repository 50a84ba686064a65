"""A datagram in fragments is a datagram: their order, what comes between them and where a chunk ends change nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fwsim.capture.crafting import UDP, Ip, ethernet, in_pieces, udp_datagram
from fwsim.ruleset import Ruleset
from fwsim.tables import DECISION
from tests.playbook import Playbook
from tests.playbook_capture import Frame
from tests.playbook_simulator import POLICIES, stage_rules
from tests.playbook_stage import FIREWALL_MAC, START_NS
from tests.replaying import Outcome, assert_same_decisions, assert_same_tables, replay

ENDS = {4: ("10.1.0.23", "203.0.113.80"), 6: ("fd00:1::23", "2001:db8::80")}
OF_ONE_FRAME = ("tried",)

families = st.sampled_from([4, 6])
rulesets = st.sampled_from(["open", "edge"])


def talk(family: int, sizes: list[int], bad: int) -> list[Ip]:
    """A question and an answer in turns, of these sizes; one with a wrong checksum."""
    packets = []
    for number, size in enumerate(sizes):
        ends, ports = ENDS[family], (40000, 53)
        if number % 2:
            ends, ports = ends[::-1], ports[::-1]
        datagram = udp_datagram(*ends, ports, bytes(size), bad_checksum=number == bad)
        packets.append(Ip(*ends, UDP, datagram, ip_id=100 + number, dont_fragment=False))
    return packets


def framed(packets: list[Ip]) -> list[Frame]:
    """Packets as frames, a millisecond apart."""
    frames = []
    for number, packet in enumerate(packets):
        seen = "lan" if packet.src in ("10.1.0.23", "fd00:1::23") else "wan"
        data = ethernet(bytes(6), FIREWALL_MAC[seen], packet.encode())
        frames.append(Frame(START_NS + number * 1_000_000, seen, data, len(data), ""))
    return frames


def rules(name: str) -> Ruleset:
    """A policy of the stage."""
    return stage_rules(POLICIES[name], local=[])


def said(outcome: Outcome, row: int) -> dict[str, int]:
    """A stateful decision, but for what counts once for a datagram."""
    return {name: int(outcome.stateful[row][name]) for name in DECISION.names or () if name not in OF_ONE_FRAME}


@given(families, rulesets, st.lists(st.integers(0, 300), min_size=1, max_size=4), st.integers(0, 6), st.data())
def test_fragments_in_any_order_have_the_verdict_of_the_whole(
    family: int, name: str, sizes: list[int], bad: int, data: st.DataObject
) -> None:
    whole = talk(family, sizes, bad)
    pieces: list[Ip] = []
    places: list[int] = []
    for number, packet in enumerate(whole):
        cut = data.draw(st.permutations(in_pieces(packet, data.draw(st.sampled_from([8, 40, 64, 1000])))))
        pieces += cut
        places += [number] * len(cut)
    one = replay(framed(whole), rules(name))
    other = replay(framed(pieces), rules(name))
    for row, number in enumerate(places):
        assert said(other, row) == said(one, number)
    assert [int(n) for n in other.frames["connection"]] == [int(one.frames["connection"][n]) for n in places]
    assert [len(c) for c in (other.connections, other.ghosts)] == [len(c) for c in (one.connections, one.ghosts)]
    counted = other.frames[other.frames["further"] == 0]
    assert counted["evidence"].tolist() == one.frames["evidence"].tolist()


@st.composite
def broken(draw: st.DrawFn, family: int) -> list[Ip]:
    """Fragments of a few datagrams, some lost, some twice, some other ones between."""
    sizes = draw(st.lists(st.integers(0, 200), min_size=1, max_size=4))
    pieces = [
        piece for packet in talk(family, sizes, -1) for piece in in_pieces(packet, draw(st.sampled_from([8, 64])))
    ]
    order = draw(st.lists(st.sampled_from(range(len(pieces))), min_size=1, max_size=40))
    ids = st.sampled_from([0, 0, 0, 1])
    return [replace(pieces[number], ip_id=pieces[number].ip_id + draw(ids)) for number in order]


@given(st.data(), families, rulesets, st.integers(1, 5), st.lists(st.integers(0, 5), max_size=3))
def test_splitting_between_fragments_changes_nothing(
    data: st.DataObject, family: int, name: str, rows: int, cuts: list[int]
) -> None:
    frames = framed(data.draw(broken(family)))
    whole = replay(frames, rules(name))
    split = replay(frames, rules(name), chunk_rows=rows, cuts=cuts)
    assert_same_decisions(whole, split)
    assert_same_tables(whole, split)
    assert whole.frames["further"].tolist() == split.frames["further"].tolist()


def test_the_play_that_is_saved_is_the_play_that_is_judged() -> None:
    play: Any = Playbook()
    play.udp().original(2000, pieces=800, order=(2, 0, 1))
    outcome = replay(play.captured(), rules("open"))
    assert len({tuple(said(outcome, row).items()) for row in range(3)}) == 1
    assert outcome.frames["further"].tolist() == [1, 1, 0]
    assert outcome.stateful["tried"].tolist()[:2] == [0, 0]
