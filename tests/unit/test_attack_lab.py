"""The lab from orders to a file: bytes that are the same each time, every forged packet labelled and no other."""

from __future__ import annotations

import io
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from fwsim.attack import ground
from fwsim.attack.lab import Place, attack
from fwsim.attack.labels import label_among, read_comment, read_labels
from fwsim.attack.registry import FAMILIES, ordered
from fwsim.capture import Input, open_captures
from fwsim.errors import UsageError
from tests.attacking import ROOT, forge, interfaces, own, packets, place

MORNING = str(ROOT / "pcaps" / "office.pcapng")
SMALL = str(ROOT / "pcaps" / "handshake.pcapng")
Frames = list[tuple[int, bytes, list[str], str | None]]


def frames(path: str) -> Frames:
    """Time, bytes, comments and interface of every frame."""
    found: Frames = []
    captures = open_captures([Input(path)])
    for chunk in captures:
        for row in range(len(chunk)):
            frame = chunk.frames[row]
            name = captures.interfaces[int(frame["capture_interface"])].name
            found.append((int(frame["ts"]), chunk.data(row), list(chunk.comments.get(row, [])), name))
    return found


def made(tmp_path: Path, *names: str, into: str | None = None, seed: int = 0, labels: io.StringIO | None = None) -> str:
    path = str(tmp_path / "out.pcapng")
    where = Place([Input(into)], interfaces(), own()) if into else place()
    attack([ordered(name, None, {}) for name in names], where, path, seed=seed, labels=labels)
    return path


def test_equal_seeds_give_equal_bytes(tmp_path: Path) -> None:
    names = ("reset-blind:exact", "ack-scan", "dns-spoof", "ftp-bounce")
    first = Path(made(tmp_path, *names)).read_bytes()
    assert first == Path(made(tmp_path, *names)).read_bytes()
    assert first != Path(made(tmp_path, *names, seed=1)).read_bytes()


def test_alone_every_forged_packet_is_labelled_and_the_rest_is_the_invented_office(tmp_path: Path) -> None:
    found = frames(made(tmp_path, "ack-scan", "split-handshake"))
    labelled = [(ts, data) for ts, data, comments, _ in found if label_among(comments)]
    forged = [one for name in ("ack-scan", "split-handshake") for one in forge(name)]
    assert sorted(labelled) == sorted((one.ts, one.seen.frame(one.packet)) for one in forged if not one.innocent)
    honest = [(ts, data) for ts, data, comments, _ in found if not comments]
    answers = [(one.ts, one.seen.frame(one.packet)) for one in forged if one.innocent]
    office = [(packet.ts, packet.seen.frame(packet.data)) for packet in packets()]
    assert sorted(honest) == sorted(office + answers)


def test_into_a_capture_its_frames_keep_order_times_interfaces_and_comments(tmp_path: Path) -> None:
    before = frames(MORNING)
    after = frames(made(tmp_path, "reset-blind", "syn-flood:slow", into=MORNING))
    kept = [frame for frame in after if not any(read_comment(comment) for comment in frame[2])]
    assert kept == before
    assert len(after) == len(before) + 100 + 5000
    times = [ts for ts, *_ in after]
    assert times == sorted(times)


def test_labels_in_a_file_name_the_frames_and_leave_no_comment(tmp_path: Path) -> None:
    with_comments = frames(made(tmp_path, "reset-blind:exact", "ack-scan", into=MORNING))
    stream = io.StringIO()
    without = frames(made(tmp_path, "reset-blind:exact", "ack-scan", into=MORNING, labels=stream))
    labels = read_labels(stream.getvalue().splitlines())
    expected = {n: label for n, frame in enumerate(with_comments, 1) if (label := label_among(frame[2])) is not None}
    assert labels == expected
    assert len(labels) == 43
    assert not any(label_among(frame[2]) for frame in without)
    assert [frame[:2] for frame in without] == [frame[:2] for frame in with_comments]


def test_labels_that_a_capture_has_already_go_into_the_file_as_well(tmp_path: Path) -> None:
    first = made(tmp_path, "ack-scan")
    kept = tmp_path / "first.pcapng"
    kept.write_bytes(Path(first).read_bytes())
    stream = io.StringIO()
    found = frames(made(tmp_path, "fin-scan", into=str(kept), labels=stream))
    families = [label["attack"] for label in read_labels(stream.getvalue().splitlines()).values()]
    assert (families.count("ack-scan"), families.count("fin-scan")) == (42, 42)
    assert not any(frame[2] for frame in found)


def test_what_cannot_be_done_is_told_before_a_file_is_begun(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dns-spoof: there is no DNS question"):
        made(tmp_path, "dns-spoof", into=SMALL)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="read more than once"):
        attack([ordered("land", None, {})], Place([Input("-")]), str(tmp_path / "out.pcapng"))


def test_inside_is_guessed_from_the_capture_if_nobody_tells(tmp_path: Path) -> None:
    path = str(tmp_path / "out.pcapng")
    attack([ordered("reset-blind:exact", None, {})], Place([Input(MORNING)]), path)
    (label,) = [label for frame in frames(path) if (label := label_among(frame[2])) is not None]
    assert label["by-rfc5961"] == "reset"


ELSEWHERE = {
    "IPv6 alone": Place((), {"lan": [ip_network("fd00:1::/64")], "wan": [ip_network("::/0")]}),
    "a host that protects itself": Place((), {}, [ip_network("192.0.2.10"), ip_network("2001:db8:10::10")]),
    "nothing declared": Place(),
}
REFUSED = {
    "IPv6 alone": {"tiny-fragments", "overlapping-fragments"},
    "a host that protects itself": {"spoof-inside", "ftp-bounce"},
    "nothing declared": set(),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_every_family_works_elsewhere_or_tells_what_is_missing(where: str, tmp_path: Path) -> None:
    path, refused, ground_path = str(tmp_path / "out.pcapng"), set(), str(tmp_path / "ground.pcapng")
    named = ground.declared(ELSEWHERE[where].interfaces, ELSEWHERE[where].own)
    ground.write(ground_path, ground.ground(named, "0", ELSEWHERE[where].own, 1), list(named))
    made_once = replace(ELSEWHERE[where], captures=[Input(ground_path)], interfaces=named)
    for name in FAMILIES:
        known = {option.name for option in FAMILIES[name].options}
        options = {key: value for key, value in {"count": "5"}.items() if key in known}
        try:
            count = attack([ordered(name, None, options)], made_once, path)
        except UsageError:
            refused.add(name)
        else:
            assert count.forged > 0
    assert refused == REFUSED[where]


def test_a_host_that_protects_itself_is_seen_answering(tmp_path: Path) -> None:
    path = str(tmp_path / "out.pcapng")
    attack([ordered("split-handshake", None, {})], ELSEWHERE["a host that protects itself"], path)
    directions = set()
    for chunk in open_captures([Input(path)]):
        directions |= set(chunk.frames["sent_or_received"].tolist())
    assert directions == {1, 2}
