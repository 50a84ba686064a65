"""The vocabulary: numbers as the kernel has them, words as the contract prints them."""

from __future__ import annotations

import pytest

from fwsim.terms import (
    EVIDENCE_GROUPS,
    SUSPICIOUS,
    CtState,
    CtStatus,
    Direction,
    Evidence,
    Hook,
    Reason,
    TcpFlag,
    TcpState,
    Verdict,
    ct_state_words,
    evidence_words,
    flags_text,
    word,
)

CLOSED_LIST = [
    "spoofed-source", "bogon-source", "land",
    "ack-without-connection", "synack-without-syn", "rst-without-connection", "fin-without-connection",
    "udp-reply-without-request", "icmp-reply-without-request", "icmp-error-without-connection",
    "seq-above-window", "ack-above-window", "rst-out-of-window", "rst-inexact", "syn-in-connection", "after-close",
    "flags-none", "flags-xmas", "flags-fin-only", "flags-syn-fin", "flags-invalid",
    "tiny-fragment", "overlapping-fragment", "bad-length",
    "midstream", "follows-denied", "bad-checksum", "cut",
]  # fmt: skip
"""DESIGN section 3, in its order."""


def test_the_evidence_words_are_the_closed_list_in_its_order() -> None:
    assert evidence_words((1 << 62) - 1) == CLOSED_LIST


def test_the_groups_hold_the_words_that_belong_to_them() -> None:
    groups = {group: evidence_words(mask) for group, mask in EVIDENCE_GROUPS.items()}
    assert list(groups) == ["spoofed", "out of state", "malformed", "capture"]
    assert [word for words in groups.values() for word in words] == CLOSED_LIST
    assert (groups["out of state"][0], groups["out of state"][-1]) == ("ack-without-connection", "after-close")
    assert (groups["malformed"][0], groups["malformed"][-1]) == ("flags-none", "bad-length")


def test_what_only_the_capture_does_is_no_suspicion() -> None:
    assert not SUSPICIOUS & EVIDENCE_GROUPS["capture"]
    assert sum(mask for group, mask in EVIDENCE_GROUPS.items() if group != "capture") == SUSPICIOUS


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (Verdict.NOT_EVALUATED, "not_evaluated"),
        (Verdict.UNKNOWN, "unknown"),
        (Direction.ORIGINAL, "original"),
        (Hook.PREROUTING, "prerouting"),
        (Reason.TCP_RST_INEXACT, "tcp-rst-inexact"),
        (Evidence.SYNACK_WITHOUT_SYN, "synack-without-syn"),
        (CtState.ESTABLISHED, "established"),
    ],
)
def test_words_have_hyphens_for_reasons_and_evidence_and_underscores_else(member: Verdict, expected: str) -> None:
    assert word(member) == expected


def test_every_reason_has_a_word_of_its_own() -> None:
    assert len({word(reason) for reason in Reason}) == len(Reason)


@pytest.mark.parametrize(
    ("mask", "words"), [(0, "none"), (1, "invalid"), (8, "new"), (2 | 4, "established,related"), (64, "untracked")]
)
def test_a_ct_state_is_words_with_commas(mask: int, words: str) -> None:
    assert ct_state_words(mask) == words


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (0, "none"),
        (TcpFlag.SYN, "S"),
        (TcpFlag.SYN | TcpFlag.ACK, "S."),
        (TcpFlag.PSH | TcpFlag.ACK, "P."),
        (TcpFlag.FIN | TcpFlag.ACK, "F."),
        (TcpFlag.RST, "R"),
        (TcpFlag.ACK, "."),
        (0xFF, "FSRP.UEW"),
    ],
)
def test_flags_are_written_as_tcpdump_does(flags: int, text: str) -> None:
    assert flags_text(flags) == text


def test_numbers_are_the_kernels() -> None:
    """`enum nft_ct_state`, `enum ip_conntrack_status`, `enum tcp_conntrack`, `enum nf_inet_hooks`."""
    states = (CtState.INVALID, CtState.ESTABLISHED, CtState.RELATED, CtState.NEW, CtState.UNTRACKED)
    assert [int(state) for state in states] == [1, 2, 4, 8, 64]
    assert (CtStatus.SEEN_REPLY, CtStatus.ASSURED, CtStatus.CONFIRMED, CtStatus.DYING) == (2, 4, 8, 512)
    assert [state.name for state in TcpState] == [
        "NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",
        "SYN_SENT2",
    ]  # fmt: skip
    assert [hook.name for hook in Hook] == ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]


def test_our_own_status_bits_are_above_the_kernels() -> None:
    kernel = CtStatus.EXPECTED | CtStatus.SEEN_REPLY | CtStatus.ASSURED | CtStatus.CONFIRMED | CtStatus.DYING
    assert kernel | CtStatus.SNAT | CtStatus.DNAT < CtStatus.TENTATIVE
    assert CtStatus.GHOST > CtStatus.TENTATIVE
