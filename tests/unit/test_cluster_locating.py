from __future__ import annotations

from pathlib import Path

import numpy as np

from fwsim.capture import Input, open_captures
from fwsim.cluster.locating import frozen, locate, thawed
from fwsim.cluster.reading import Content, Source, read
from fwsim.cluster.setup import Setup
from fwsim.parity.records import records, write
from fwsim.terms import Reason
from tests.unit.test_cluster_setup import made

PCAPS = Path(__file__).parent.parent.parent / "pcaps"
TRACKING = "policy: drop\ntracking: on"


def content_of(setup: Setup, name: str, number: int) -> Content:
    return read(setup, Source(name, str(PCAPS / name), number))


def test_time_rows_and_interfaces_go_on_from_file_to_file() -> None:
    setup = made()
    late, early = content_of(setup, "office.pcapng", 0), content_of(setup, "host.pcap", 1)
    late.packets["now"][-1] = early.packets["now"][-1] + 5
    located, carried = locate(setup, late, None, last=False)
    assert (located.number, located.base) == (0, 0)
    following, _ = locate(setup, early, carried, last=True)
    assert following.base == len(late.frames)
    assert set(following.own.packets["now"].tolist()) == {int(late.packets["now"][-1])}
    first = len(late.about.interfaces)
    assert set(following.own.frames["capture_interface"].tolist()) == {first}


def test_what_a_task_is_given_stays_as_it_is() -> None:
    setup = made(TRACKING)
    content = content_of(setup, "fragments.pcapng", 0)
    before = content.frames.tobytes(), content.packets.tobytes()
    once, carried = locate(setup, content, None, last=False)
    again, carried_again = locate(setup, content, None, last=False)
    assert (content.frames.tobytes(), content.packets.tobytes()) == before
    assert once.seen.packets.tobytes() == again.seen.packets.tobytes()
    assert carried == carried_again
    assert frozen(thawed(setup, carried)) == carried


def test_datagrams_stand_in_the_place_of_their_last_fragment() -> None:
    setup = made(TRACKING)
    located, _ = locate(setup, content_of(setup, "fragments.pcapng", 0), None, last=True)
    rows = [whole.row for record in located.records for whole in record.wholes]
    assert rows
    assert set(located.own.packets["fragment"][rows].tolist()) - {0}
    assert set(located.seen.packets["fragment"][rows].tolist()) == {0}
    waiting = located.seen.frames["reason"] == Reason.FRAGMENT_WAITING
    assert waiting.any()
    assert not (located.own.frames["reason"] == Reason.FRAGMENT_WAITING).any()


def test_what_is_incomplete_at_the_end_is_said_of_its_file(tmp_path: Path) -> None:
    setup = made(TRACKING)
    frames = records(open_captures([Input(str(PCAPS / "fragments.pcapng"))]))
    whole, _ = locate(setup, content_of(setup, "fragments.pcapng", 0), None, last=True)
    first = int(np.flatnonzero(whole.seen.frames["reason"] == Reason.FRAGMENT_WAITING)[0])
    write(str(tmp_path / "begun.pcapng"), [frames[first]])
    content = read(setup, Source("begun.pcapng", str(tmp_path / "begun.pcapng"), 4))
    assert locate(setup, content, None, last=False)[0].finals == []
    ((file, final),) = locate(setup, content, None, last=True)[0].finals
    assert (file, final.row, final.reason) == (4, 0, Reason.FRAGMENT_INCOMPLETE)


def test_without_tracking_fragments_stay_as_they_are() -> None:
    setup = made("policy: drop\ntracking: off")
    located, _ = locate(setup, content_of(setup, "fragments.pcapng", 0), None, last=True)
    assert located.seen is located.own
    assert not located.records
