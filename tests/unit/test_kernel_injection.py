"""Which packet a log message is about, and when the end has come; injecting is tested in tests/parity."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from fwsim.kernel import injection
from fwsim.kernel.injection import IPV4_TYPE, Injector
from fwsim.kernel.nflog import Note
from fwsim.kernel.observers import END_MARK, GROUP, INVALID_GROUP, MADE
from fwsim.kernel.orders import Heard, Injection, Played, Way


class Told:
    """A listener that was told before."""

    def __init__(self, *datagrams: list[Note]) -> None:
        self.datagrams = list(datagrams)

    def receive(self, *, wait: bool) -> Iterator[Note]:
        yield from self.datagrams.pop(0) if self.datagrams else []


def heard(*notes: Note) -> Played:
    injector, played = Injector(None, None, time.sleep), Played()  # type: ignore[arg-type]
    for note in notes:
        injector.hear(note, played)
    return played


def test_a_frame_is_known_by_its_mac() -> None:
    assert heard(Note(GROUP, 2, "R3", 42, 0)).heard == [Heard(42, 2, "R3")]


def test_a_packet_made_here_is_known_by_the_mark_that_came_first() -> None:
    played = heard(Note(GROUP, 3, MADE, 0, 7), Note(GROUP, 3, "R1", 0, 0), Note(GROUP, 0, "S8o", 9, 0))
    assert played.heard == [Heard(7, 3, "R1"), Heard(9, 0, "S8o")]


def test_the_bytes_that_a_packet_left_with_are_those_of_the_last_end() -> None:
    played = heard(Note(GROUP, 4, "E", 0, 0, b"on its way"), Note(GROUP, 1, "E", 0, 0, b"arrived"))
    assert played.left == {0: b"arrived"}


def test_conntracks_own_words_are_kept_apart() -> None:
    played = heard(Note(INVALID_GROUP, 0, "bad checksum", 5, 0), Note(INVALID_GROUP, 0, "later", 5, 0))
    assert (played.heard, played.invalid) == ([], {5: "bad checksum"})


def test_the_end_mark_ends_the_listening() -> None:
    listener: Any = Told([Note(GROUP, 2, "R1", 1, 0)], [Note(GROUP, 2, "R2", 2, 0), Note(GROUP, 0, END_MARK, 0, 0)])
    injector, played = Injector(None, listener, time.sleep), Played()  # type: ignore[arg-type]
    assert injector.drain(played, wait=True)
    assert [note.prefix for note in played.heard] == ["R1", "R2"]
    assert not injector.drain(played)


def test_packets_are_waited_for_from_the_first_one_on_also_in_a_later_chunk() -> None:
    waits: list[float] = []
    injector = Injector(None, None, waits.append)  # type: ignore[arg-type]
    injector.wait_for(5 * 10**9, 2.0)
    assert waits == []
    injector.wait_for(9 * 10**9, 2.0)
    injector.wait_for(4 * 10**9, 2.0)
    (left,) = waits
    assert 1.9 < left <= 2.0


class Routes:
    """A network that writes down what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, int]] = []

    def redirect(self, network: str, device: int) -> None:
        self.asked.append(("redirect", network, device))

    def restore(self, network: str, device: int) -> None:
        self.asked.append(("restore", network, device))


def received(host: int, detour: int) -> Injection:
    return Injection(1, Way.RECEIVED, 0, IPV4_TYPE + bytes(16) + bytes([192, 0, 2, host]), 0, detour)


def test_a_detour_is_made_once_and_ends_with_a_packet_that_takes_none() -> None:
    routes: Any = Routes()
    injector = Injector(routes, None, time.sleep)  # type: ignore[arg-type]
    for detour in (-1, 2, 2, 3, -1, -1, 3):
        injector.take_detour(received(7, detour))
    net = "192.0.2.7/32"
    assert routes.asked == [
        ("redirect", net, 2), ("redirect", net, 3), ("restore", net, 3), ("redirect", net, 3),
    ]  # fmt: skip


def test_there_are_not_too_many_detours_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(injection, "MOST_DETOURS", 2)
    routes: Any = Routes()
    injector = Injector(routes, None, time.sleep)  # type: ignore[arg-type]
    for host in (1, 2, 3, 1):
        injector.take_detour(received(host, 2))
    assert [(what, network.split("/")[0][-1]) for what, network, _ in routes.asked] == [
        ("redirect", "1"), ("redirect", "2"), ("redirect", "3"), ("restore", "1"), ("redirect", "1"), ("restore", "2"),
    ]  # fmt: skip
    assert len(injector.detours) == 2
