from __future__ import annotations

from fwsim.page.telling import ADMITTED, DIFFERENT
from fwsim.terms import SUSPICIOUS, Evidence
from tests.paging import told


def test_the_most_telling_packet_comes_first() -> None:
    first, *others = told("blind-reset.pcapng")["telling"]
    assert first["word"] == "rst-out-of-window"
    assert "stateless admits it" in first["why"]
    assert "stateful drops it" in first["why"]
    assert first["at"] == first["n"] - 1
    assert len(others) < DIFFERENT + ADMITTED


def test_there_are_a_handful_and_none_twice() -> None:
    telling = told("office.pcapng", count=0, first=0)["telling"]
    places = [(one["file"], one["n"]) for one in telling]
    assert 1 < len(places) <= DIFFERENT + ADMITTED
    assert len(set(places)) == len(places)
    words = [one["word"] for one in telling]
    assert words[DIFFERENT - 1] == "ordinary traffic", "kept, though there are more words of evidence than places"
    for one in telling[DIFFERENT:]:
        assert "stateful admits it" in one["why"]
        assert Evidence[one["word"].replace("-", "_").upper()] & SUSPICIOUS


def test_where_nothing_is_wrong_there_is_nothing_to_tell() -> None:
    assert told("handshake.pcapng")["telling"] == []


def test_what_is_owed_to_the_capture_alone_is_no_suspicion() -> None:
    data = told("midstream.pcapng", settings={"conntrack.tcp_loose": "1"})
    admitted = {row["word"]: row["admitted"] for row in data["overview"]["evidence"]}
    assert min(admitted["midstream"]) > 0
    assert not {"midstream", "follows-denied", "bad-checksum", "cut"} & {one["word"] for one in data["telling"]}
