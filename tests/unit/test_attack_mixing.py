"""Mixing by time: a forged packet stands behind the frames of its time, and what is counted is what was written."""

from __future__ import annotations

import io

from fwsim.attack.mixing import Count, Mixer, mix
from fwsim.attack.model import Forged
from fwsim.capture import CaptureWriter
from tests.attacking import forge, ground_path, opened, packets


def mixed(found: list[Forged]) -> tuple[Count, bytes]:
    stream = io.BytesIO()
    captures = opened(ground_path())
    with CaptureWriter(stream, captures) as writer:
        count = mix(captures, iter(found), Mixer(writer, None))
    return count, stream.getvalue()


def test_nothing_forged_leaves_the_capture_as_it_is() -> None:
    count, data = mixed([])
    assert (count.honest, count.forged, count.innocent) == (len(packets()), 0, 0)
    assert b"fwsim:" not in data


def test_what_is_forged_and_what_is_innocent_are_counted_apart() -> None:
    found = forge("split-handshake:four")
    count, data = mixed(found)
    assert (count.forged, count.innocent) == (3, 2)
    assert data.count(b"fwsim:attack=split-handshake") == 3


def test_packets_behind_the_last_frame_are_written_as_well() -> None:
    found = forge("time-wait-reuse:higher", wait=1000)
    assert found[0].ts > packets()[-1].ts
    assert mixed(found)[0].forged == 1
