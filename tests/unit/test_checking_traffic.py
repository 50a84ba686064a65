"""What packets there are: every captured one fits a shape, and is seen as its kind says."""

from __future__ import annotations

from random import Random

import pytest

from fwsim.capture.captures import Captures
from fwsim.capture.model import CaptureFile, Chunk
from fwsim.capture.reader import Run
from fwsim.checking.confirming import Frames
from fwsim.checking.spoofing import Spoofing
from fwsim.checking.traffic import Kind, Shape, possible_replies, strangers, without_memory
from fwsim.engine.link import LINK_ETHERNET
from fwsim.ruleset import Ruleset
from fwsim.space.fields import FAMILY, NAMES
from fwsim.space.intervals import holds
from fwsim.tables import PACKET
from fwsim.terms import CtState
from tests.spoofed import Pool, decisions_of, made

INTERFACES = {"lan": {"networks": ["10.0.0.0/8", "fd00::/16"]}, "wan": {"networks": ["any"]}}


def spoofing(tracking: bool, loose: bool = True) -> Spoofing:
    rule = {"ct_state": "new", "verdict": "accept"} if tracking else {"ttl": 3, "verdict": "drop"}
    chains = {"forward": {"hook": "forward", "policy": "accept", "rules": [rule]}}
    document = {"interfaces": INTERFACES, "conntrack": {"tcp_loose": loose}, "chains": chains}
    return Spoofing(Ruleset.model_validate(document))


def captured(one: Spoofing, family: int, seed: int) -> Chunk:
    pool = Pool(one, Random(seed))
    frames = [frame for frame in (made(pool, family) for _ in range(250)) if frame is not None]
    run = Run(len(frames), False)
    run.add_interface("wan", LINK_ETHERNET, 0)
    captures = Captures(run, [CaptureFile("<made>")], [Frames(frames)], checksum="verify", limit=None)
    (chunk,) = captures
    one.topology.locate(captures, chunk)
    return chunk


def fits(row: dict[str, int], shape: Shape) -> bool:
    known = {field: NAMES[field] for field in shape if NAMES[field] in (PACKET.names or ())}
    return all(holds(shape[field], row[name]) for field, name in known.items())


def kinds_of(row: dict[str, int], kinds: list[Kind], state: int) -> list[Kind]:
    return [kind for kind in kinds if kind.state == state and any(fits(row, shape) for shape in kind.shapes)]


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize(("tracking", "loose"), [(True, True), (True, False), (False, True)])
def test_every_packet_is_of_the_kind_that_tracking_sees(family: int, tracking: bool, loose: bool) -> None:
    one = spoofing(tracking, loose)
    chunk = captured(one, family, 7)
    kinds = strangers(family, tracking=tracking, loose=loose)
    states = decisions_of(one, chunk, "stateful")["ct_state"].tolist()
    names = PACKET.names or ()
    for values, frame, state in zip(chunk.packets.tolist(), chunk.frames, states, strict=True):
        row = dict(zip(names, values, strict=True))
        seen = state if tracking else CtState.INVALID
        if frame["reason"] or seen in (CtState.ESTABLISHED, CtState.RELATED):
            continue
        assert kinds_of(row, kinds, seen), row


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("twin", [True, False])
def test_without_memory_every_packet_is_of_some_kind(family: int, twin: bool) -> None:
    kinds = without_memory(family, twin=twin, errors=True)
    names = PACKET.names or ()
    for values in captured(spoofing(twin), family, 8).packets.tolist():
        row = dict(zip(names, values, strict=True))
        assert any(fits(row, shape) for kind in kinds for shape in kind.shapes), row


def test_replies_are_those_that_a_router_takes_for_them() -> None:
    assert possible_replies(4, "never") == []
    (kind,) = possible_replies(4, "ack-or-rst")
    syn = {"proto": 6, "sport": 1, "dport": 2, "flags": 2, "seq": 1, "ack": 0, "win": 1, "fragment": 0}
    rest = {"icmp_type": -1, "icmp_code": -1, "icmp_id": -1}
    assert not any(fits(syn | rest, shape) for shape in kind.shapes[:6])
    assert any(fits(syn | rest | {"flags": 16}, shape) for shape in kind.shapes)
    assert FAMILY not in kind.seen
