"""Segments into open connections: what they are made of, what they hit, and which mode admits them."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.attack.model import Effect, Intent, Knowledge
from fwsim.attack.segment import taken_apart
from fwsim.engine.serial import wrap
from fwsim.terms import TcpState
from tests.attacking import admitted, dissected, flags_of, forge, needs_tshark, outcomes, survey

FLAGS = {"reset-blind": "R", "syn-blind": "S", "data-blind": "PA", "ack-blind": "A"}


@needs_tshark
@pytest.mark.parametrize("name", FLAGS)
def test_an_exact_segment_is_in_order_by_tshark_and_has_right_checksums(name: str) -> None:
    options: dict[str, Any] = {"text": "forged!"} if name == "data-blind" else {}
    found = forge(f"{name}:exact", **options)
    rows = dissected(found, "tcp.flags.str", "tcp.checksum.status", "ip.checksum.status", "tcp.len")
    shown = "".join(letter for letter in rows[0][0] if letter.isalpha())
    assert sorted(shown) == sorted(FLAGS[name])
    assert rows[0][1:] == ("1", "1", "7" if name == "data-blind" else "0")


def test_an_exact_segment_bears_the_next_number_that_the_target_expects() -> None:
    (found,) = forge("reset-blind:exact")
    segment = taken_apart(found.packet)
    (victim,) = [c for c in survey().conversations if segment.sport in (c.ends[0].port, c.ends[1].port)
                 and segment.dport in (c.ends[0].port, c.ends[1].port)]  # fmt: skip
    assert {segment.src, segment.dst} == {end.address for end in victim.ends}
    assert victim.opened < found.ts < victim.last
    assert segment.ack == 0


@pytest.mark.parametrize(
    ("name", "before", "by"),
    [("reset-blind", Effect.RESET, Effect.RESET), ("syn-blind", Effect.RESET, Effect.ACK),
     ("data-blind", Effect.DATA, Effect.DATA), ("ack-blind", Effect.WINDOW, Effect.WINDOW)],
)  # fmt: skip
def test_what_an_exact_segment_would_do(name: str, before: Effect, by: Effect) -> None:
    assert [found.intent for found in forge(f"{name}:exact", victims=3)] == [Intent(before, by)] * 3


def test_a_sweep_by_the_largest_window_takes_as_many_packets_as_the_literature_has() -> None:
    assert len(forge("reset-blind:sweep", window=65535)) == 65_538


def test_a_sweep_steps_by_the_window_over_the_whole_space_and_hits_if_the_step_is_not_too_large() -> None:
    found = forge("reset-blind:sweep", window=60_000, rate=10_000_000)  # slower, it moves meanwhile
    numbers = [taken_apart(one.packet).seq for one in found[:3]]
    assert wrap(numbers[1] - numbers[0]) == wrap(numbers[2] - numbers[1]) == 60_000
    assert 1 <= sum(one.intent.before == Effect.RESET for one in found) <= 2
    assert sum(one.intent.after == Effect.RESET for one in found) == 0
    assert 1 <= sum(one.intent.after == Effect.ACK for one in found) <= 2


def test_a_sweep_of_data_tries_two_acknowledgements_for_each_number() -> None:
    pairs = [(s.seq, s.ack) for s in (taken_apart(one.packet) for one in forge("data-blind:sweep", window=1 << 28))]
    assert len(pairs) == 32
    for first, second in zip(pairs[::2], pairs[1::2], strict=True):
        assert first[0] == second[0]
        assert wrap(first[1] - second[1]) == 1 << 31


def test_who_knows_nothing_guesses_the_port_that_is_not_the_services() -> None:
    found = [taken_apart(one.packet) for one in forge("reset-blind:random", knows=Knowledge.NOTHING, count=50)]
    ports = {(segment.sport, segment.dport) for segment in found}
    assert len(ports) > 40
    assert all(443 in pair for pair in ports)


@needs_tshark
def test_a_hijacker_goes_on_in_order_and_acknowledges() -> None:
    found = forge("hijack", text="GET / HTTP/1.0\\r\\n\\r\\n", segment=10, acks=2)
    rows = dissected(found, "tcp.seq_raw", "tcp.nxtseq", "tcp.len", "tcp.flags", "tcp.payload")
    assert [row[2] for row in rows] == ["10", "8", "0", "0"]
    sizes = [10, 8, 0, 0]
    for size, here, there in zip(sizes, rows, rows[1:], strict=False):
        assert wrap(int(here[0]) + size) == int(there[0])
    assert bytes.fromhex(rows[0][4] + rows[1][4]) == b"GET / HTTP/1.0\r\n\r\n"
    assert [one.intent.after for one in found] == [Effect.DATA, Effect.DATA, Effect.WINDOW, Effect.WINDOW]


def test_neither_mode_stops_an_exact_reset_and_state_forgets_the_connection() -> None:
    found = outcomes("reset-blind:exact")
    assert admitted(found) == (1, 1, 1)
    assert found[0].tcp_state == TcpState.CLOSE
    assert found[0].evidence == ()


def test_state_stops_resets_far_from_the_window() -> None:
    found = outcomes("reset-blind:random", count=30)
    assert admitted(found) == (30, 30, 0)
    assert {one.evidence for one in found} == {("rst-out-of-window",)}


def test_neither_mode_stops_data_in_the_window() -> None:
    assert admitted(outcomes("data-blind:exact")) == (1, 1, 1)
    assert admitted(outcomes("hijack")) == (4, 4, 4)


def test_the_flags_of_each_family_are_those_of_its_name() -> None:
    assert {name: set(flags_of(forge(f"{name}:random", count=1)[0])) for name in FLAGS} == {
        name: set(flags) for name, flags in FLAGS.items()
    }
