"""What people write instead of our words."""

from __future__ import annotations

import pytest

from fwsim.capture.crafting import ICMP, ICMPV6, SCTP, TCP, UDP
from fwsim.expectations.facts import VERDICTS as OURS
from fwsim.expectations.hints import FLAG_WORDS, KINDS, VERDICTS, flags_together, hint
from fwsim.expectations.lines import FLAG_SETS, LineMistake, letters, read_line


@pytest.mark.parametrize(
    ("line", "at", "message"),
    [
        ("icmp 1.1.1.1 > 2.2.2.2 ping", 23, "unknown word 'ping', did you mean 'echo-request'?"),
        ("icmp fd00::1 > fd00::2 pong", 23, "unknown word 'pong', did you mean 'echo-reply'?"),
        ("tcp 1.1.1.1 > 2.2.2.2:80 in=lan", 25, "unknown word 'in=lan': expected 'in lan'"),
        ("udp 1.1.1.1 > 2.2.2.2:80 iif lan", 25, "unknown word 'iif': expected 'in INTERFACE'"),
        ("tcp 1.1.1.1 > 2.2.2.2:80 oif=wan", 25, "unknown word 'oif=wan': where a packet goes out follows from"),
        ("tcp 1.1.1.1 > 2.2.2.2:80 syn,fin", 25, "unknown word 'syn,fin', did you mean 'syn-fin'?"),
        ("tcp 1.1.1.1 > 2.2.2.2:80 syn-syn", 25, "unknown word 'syn-syn', did you mean 'syn'?"),
        ("tcp 1.1.1.1 > 2.2.2.2:80 syn fin", 29, "flags twice: expected them in one word, 'syn-fin'"),
        ("udp 1.1.1.1 > 2.2.2.2:80 syn", 25, "only TCP has flags, found 'syn'"),
        ("tcp 1.1.1.1 > 2.2.2.2:99999", 14, "expected a port of 0 to 65535, found '99999'"),
        ("tcp 1.1.1.1 > 2.2.2.2:80 wind=5", 25, "unknown word 'wind', did you mean 'win='?"),
    ],
)
def test_a_line_says_what_was_meant(line: str, at: int, message: str) -> None:
    with pytest.raises(LineMistake) as mistake:
        read_line(line)
    assert (mistake.value.offset, str(mistake.value)[: len(message)]) == (at, message)


def test_a_word_of_which_nothing_is_known_is_left_to_its_letters() -> None:
    assert [hint(text, TCP) for text in ("sin", "ping", "win=", "")] == [None] * 4
    assert hint("ping", None) is None
    assert [hint("ack", proto) is None for proto in (None, TCP, UDP, SCTP, ICMP)] == [False] * 5


def test_what_is_proposed_is_understood() -> None:
    for proto in (ICMP, ICMPV6):
        ends = "1.1.1.1 > 2.2.2.2" if proto == ICMP else "fd00::1 > fd00::2"
        assert all(read_line(f"icmp {ends} {word}").kind for word in KINDS.values())
    assert set(VERDICTS.values()) <= set(OURS)
    for bits in range(1, 256):
        together = flags_together(letters(bits))
        assert read_line(f"tcp 1.1.1.1 > 2.2.2.2:80 {together}").flags == letters(bits)
    assert flags_together("") == "none"
    assert FLAG_WORDS.keys().isdisjoint(FLAG_SETS)
