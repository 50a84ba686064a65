"""The TCP tracker against recorded answers of the kernel, packet by packet (`tcp_kernel_answers.txt`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from fwsim.engine import is_compiled
from fwsim.engine.tcp_header import options
from fwsim.engine.tcp_table import CLASS_NONE, flag_class
from fwsim.terms import CtStatus, TcpState
from tests.unit.tcp_conversation import SYSCTLS, TIMEOUTS, Conversation

ANSWERS = Path(__file__).with_name("tcp_kernel_answers.txt")


@dataclass
class Recorded:
    """A recorded conversation: the settings, and its packets each with the kernel's answer."""

    number: int
    settings: dict[str, int]
    lines: list[str] = field(default_factory=list)


def recorded() -> list[Recorded]:
    """All conversations of the record."""
    names = [*SYSCTLS, *TIMEOUTS]
    found: list[Recorded] = []
    for line in ANSWERS.read_text().splitlines():
        first, *rest = line.split()
        if first == "sysctls":
            found.append(Recorded(len(found), dict(zip(names, map(int, rest), strict=True))))
        elif first != "#":
            found[-1].lines.append(line)
    return found


def read_options(talk: Conversation, raw: bytes) -> None:
    """Put a header's options into the packet as decoding does."""
    buffer = np.frombuffer(raw, dtype=np.uint8)
    talk.packet["tcp_options"] = 0
    talk.packet["wscale"] = 0
    talk.packet["sack_right"] = talk.packet["ack"]
    if raw:
        options(buffer if is_compiled() else memoryview(raw), talk.packet, 0, len(raw))


def told(talk: Conversation) -> list[str]:
    """The connection as the record writes it, but for the time left."""
    if not talk.alive:
        return ["gone"]
    status = talk.connection["status"]
    bits = ("S" if status & CtStatus.SEEN_REPLY else "-") + ("A" if status & CtStatus.ASSURED else "-")
    first, second = talk.sides[0], talk.sides[1]
    flags = [f"{side['flags']:02x}" for side in (first, second)]
    return [TcpState(talk.connection["state"]).name.lower(), bits, *flags, str(first["scale"]), str(second["scale"])]


def test_record_is_whole() -> None:
    conversations = recorded()
    assert len(conversations) == 123
    assert sum(len(conversation.lines) for conversation in conversations) == 928


@pytest.mark.parametrize("conversation", recorded(), ids=lambda conversation: str(conversation.number))
def test_tracker_answers_as_the_kernel_did(conversation: Recorded) -> None:
    talk = Conversation(**conversation.settings)
    for line in conversation.lines:
        packet, answer = line.split(" -> ")
        sender, flags, seq, ack, win, payload, raw = packet.split()
        values = {"flags": int(flags, 16), "seq": int(seq), "ack": int(ack), "win": int(win), "payload": int(payload)}
        talk.load(values)
        read_options(talk, b"" if raw == "-" else bytes.fromhex(raw))
        talk.track(sender)
        ct_state, direction, *expected = answer.split()
        assert (talk.ct_state, talk.direction) == (ct_state, direction), line
        if expected[0] != "gone":
            assert talk.left - 1 <= int(expected.pop(2)) <= talk.left, line
        assert told(talk) == expected, line


def test_record_covers_every_flag_class_in_every_state() -> None:
    seen = set()
    for conversation in recorded():
        state = "none"
        for line in conversation.lines:
            seen.add((state, flag_class(int(line.split()[1], 16))))
            answer = line.split(" -> ")[1].split()
            state = "none" if answer[2] == "gone" else answer[2]
    assert seen >= set(product((state.name.lower() for state in TcpState), range(CLASS_NONE)))
