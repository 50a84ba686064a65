"""The words for what is wrong with a packet, from its reason, its flags and its connection's history."""

from __future__ import annotations

import pytest

from fwsim.capture.crafting import flag_bits
from fwsim.engine.evidence import of_history, tcp_in_connection, tcp_without_connection, without_connection
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtStatus, Direction, Evidence, Proto, Reason, TcpState

NOTHING = Evidence.NONE


def segment(flags: str, *, seq: int = 1000, payload: int = 0) -> dict[str, int]:
    return {"proto": Proto.TCP, "flags": flag_bits(flags), "seq": seq, "payload": payload}


def datagram(sport: int, dport: int) -> dict[str, int]:
    return {"proto": Proto.UDP, "sport": sport, "dport": dport}


# --- no connection ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        ("A", Evidence.ACK_WITHOUT_CONNECTION), ("PA", Evidence.ACK_WITHOUT_CONNECTION),
        ("SA", Evidence.SYNACK_WITHOUT_SYN),
        ("R", Evidence.RST_WITHOUT_CONNECTION), ("RA", Evidence.RST_WITHOUT_CONNECTION),
        ("F", Evidence.FIN_WITHOUT_CONNECTION), ("FA", Evidence.FIN_WITHOUT_CONNECTION),
        ("S", NOTHING), ("", NOTHING), ("PU", NOTHING),
    ],
)  # fmt: skip
def test_a_segment_of_no_connection_is_named_by_what_it_claims(flags: str, word: Evidence) -> None:
    assert tcp_without_connection(flag_bits(flags)) == word
    assert without_connection(segment(flags), Reason.TCP_NOT_AN_OPENING) == word


def test_impossible_flags_have_words_of_their_own_and_get_no_other() -> None:
    assert without_connection(segment("SR"), Reason.TCP_BAD_FLAGS) == NOTHING


def test_flags_that_were_cut_off_say_nothing() -> None:
    assert tcp_without_connection(UNKNOWN_VALUE) == NOTHING
    assert tcp_in_connection({**segment(""), "flags": UNKNOWN_VALUE}, Reason.TCP_SEQ_OVER, 3, 0) == NOTHING


@pytest.mark.parametrize(
    ("sport", "dport", "word"),
    [
        (53, 40000, Evidence.UDP_REPLY_WITHOUT_REQUEST), (1023, 1024, Evidence.UDP_REPLY_WITHOUT_REQUEST),
        (40000, 53, NOTHING), (53, 53, NOTHING), (1024, 40000, NOTHING), (123, 123, NOTHING),
        (ABSENT, ABSENT, NOTHING), (UNKNOWN_VALUE, UNKNOWN_VALUE, NOTHING),
    ],
)  # fmt: skip
def test_a_datagram_from_a_service_to_an_ephemeral_port_looks_like_a_reply(sport: int, dport: int, word: int) -> None:
    assert without_connection(datagram(sport, dport), Reason.NONE) == word


@pytest.mark.parametrize("proto", [Proto.ICMP, Proto.ICMPV6])
@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (Reason.ICMP_REPLY_WITHOUT_REQUEST, Evidence.ICMP_REPLY_WITHOUT_REQUEST),
        (Reason.ICMP_ERROR_UNMATCHED, Evidence.ICMP_ERROR_WITHOUT_CONNECTION),
        (Reason.ICMP_ERROR_BAD_QUOTE, Evidence.ICMP_ERROR_WITHOUT_CONNECTION),
        (Reason.ICMP_ERROR_WRONG_TARGET, Evidence.ICMP_ERROR_WITHOUT_CONNECTION),
        (Reason.ICMP_BAD_TYPE, NOTHING), (Reason.ICMP_REDIRECT_NOT_LOCAL, NOTHING), (Reason.NONE, NOTHING),
    ],
)  # fmt: skip
def test_icmp_is_named_by_what_tracking_found(proto: int, reason: int, word: int) -> None:
    assert without_connection({"proto": proto}, reason) == word


def test_other_protocols_have_nothing_to_claim() -> None:
    assert without_connection({"proto": Proto.GRE}, Reason.NONE) == NOTHING


# --- in a connection -------------------------------------------------------------------------------------------

OPEN, CLOSED = TcpState.ESTABLISHED, TcpState.CLOSE


@pytest.mark.parametrize(
    ("flags", "reason", "word"),
    [
        ("A", Reason.TCP_SEQ_OVER, Evidence.SEQ_ABOVE_WINDOW), ("PA", Reason.TCP_OVERSHOOT, Evidence.SEQ_ABOVE_WINDOW),
        ("A", Reason.TCP_ACK_OVER, Evidence.ACK_ABOVE_WINDOW),
        ("R", Reason.TCP_SEQ_OVER, Evidence.RST_OUT_OF_WINDOW), ("R", Reason.TCP_OVERSHOOT, Evidence.RST_OUT_OF_WINDOW),
        ("RA", Reason.TCP_ACK_OVER, Evidence.RST_OUT_OF_WINDOW),
        ("R", Reason.TCP_RST_SEQ_LOW, Evidence.RST_OUT_OF_WINDOW),
        ("R", Reason.TCP_RST_INEXACT, Evidence.RST_INEXACT),
        ("R", Reason.NONE, NOTHING), ("A", Reason.NONE, NOTHING), ("A", Reason.TCP_OLD_DATA, NOTHING),
        ("A", Reason.TCP_OLD_ACK, NOTHING),
    ],
)  # fmt: skip
def test_a_segment_outside_the_window_is_named_by_the_bound_and_by_being_a_reset(
    flags: str, reason: int, word: int
) -> None:
    assert tcp_in_connection(segment(flags), reason, OPEN, 1000) == word


@pytest.mark.parametrize("reason", [Reason.TCP_IGNORED, Reason.TCP_INVALID_STATE])
def test_a_syn_in_an_open_connection_is_named(reason: int) -> None:
    assert tcp_in_connection(segment("S", seq=77), reason, OPEN, 1000) == Evidence.SYN_IN_CONNECTION


def test_a_syn_sent_again_is_not_suspicious() -> None:
    """Its number is the one that opened the connection: the end of the sender's data so far."""
    assert tcp_in_connection(segment("S", seq=999), Reason.TCP_IGNORED, TcpState.SYN_RECV, 1000) == NOTHING
    assert tcp_in_connection(segment("S", seq=77), Reason.TCP_IGNORED, TcpState.SYN_SENT, 1000) == NOTHING


def test_a_syn_ack_out_of_place_is_named_only_if_it_is_invalid() -> None:
    assert tcp_in_connection(segment("SA"), Reason.TCP_INVALID_STATE, OPEN, 1000) == Evidence.SYN_IN_CONNECTION
    assert tcp_in_connection(segment("SA"), Reason.TCP_IGNORED, OPEN, 1000) == NOTHING


@pytest.mark.parametrize(
    ("state", "payload", "word"),
    [
        (CLOSED, 0, Evidence.AFTER_CLOSE), (CLOSED, 10, Evidence.AFTER_CLOSE),
        (TcpState.TIME_WAIT, 10, Evidence.AFTER_CLOSE), (TcpState.TIME_WAIT, 0, NOTHING),
        (TcpState.LAST_ACK, 10, NOTHING), (OPEN, 10, NOTHING),
    ],
)  # fmt: skip
def test_data_after_the_close_are_named(state: int, payload: int, word: int) -> None:
    assert tcp_in_connection(segment("A", seq=1000, payload=payload), Reason.NONE, state, 1000) == word


def test_data_sent_again_after_the_close_are_not_named() -> None:
    assert tcp_in_connection(segment("A", seq=990, payload=10), Reason.NONE, TcpState.TIME_WAIT, 1000) == NOTHING


def test_a_reset_after_the_close_is_not_named() -> None:
    assert tcp_in_connection(segment("R"), Reason.NONE, CLOSED, 1000) == NOTHING


def test_numbers_come_round_at_the_end_of_32_bits() -> None:
    packet = segment("A", seq=0xFFFFFFFF, payload=10)
    assert tcp_in_connection(packet, Reason.NONE, TcpState.TIME_WAIT, 0xFFFFFFF0) == Evidence.AFTER_CLOSE
    assert tcp_in_connection(packet, Reason.NONE, TcpState.TIME_WAIT, 9) == NOTHING


@pytest.mark.parametrize(
    ("flags", "word"), [("A", Evidence.ACK_WITHOUT_CONNECTION), ("FA", Evidence.FIN_WITHOUT_CONNECTION)]
)
def test_a_segment_that_cannot_occur_in_the_state_claims_a_connection_that_is_not_there(flags: str, word: int) -> None:
    assert tcp_in_connection(segment(flags), Reason.TCP_INVALID_STATE, TcpState.SYN_SENT, 1000) == word


# --- what is inherited -----------------------------------------------------------------------------------------

PLAIN = {"evidence": 0, "status": 0}
FORGED = {"evidence": int(Evidence.SYNACK_WITHOUT_SYN), "status": 0}
MID = {"evidence": int(Evidence.ACK_WITHOUT_CONNECTION), "status": 0}
ORIGINAL, REPLY = Direction.ORIGINAL, Direction.REPLY


def test_an_ordinary_connection_hands_nothing_down() -> None:
    assert of_history(PLAIN, ORIGINAL, 0, 0) == NOTHING


@pytest.mark.parametrize("direction", [ORIGINAL, REPLY])
def test_a_ghost_of_an_ordinary_opening_says_that_it_was_denied(direction: int) -> None:
    assert of_history(PLAIN, direction, 0, 1) == Evidence.FOLLOWS_DENIED


def test_a_forged_opening_stays_suspicious_until_it_is_answered() -> None:
    assert of_history(FORGED, ORIGINAL, 0, 0) == Evidence.SYNACK_WITHOUT_SYN
    assert of_history(FORGED, ORIGINAL, 1, 0) == NOTHING
    assert of_history(FORGED, REPLY, 0, 0) == NOTHING


def test_the_answer_to_a_denied_forgery_follows_what_was_denied() -> None:
    assert of_history(FORGED, REPLY, 0, 1) == Evidence.FOLLOWS_DENIED
    assert of_history(FORGED, ORIGINAL, 0, 1) == Evidence.SYNACK_WITHOUT_SYN


@pytest.mark.parametrize("denied", [0, 1])
def test_a_conversation_picked_up_and_answered_was_open_before(denied: int) -> None:
    assert of_history(MID, ORIGINAL, 0, denied) == Evidence.ACK_WITHOUT_CONNECTION
    assert of_history(MID, ORIGINAL, 1, denied) == Evidence.MIDSTREAM
    answered = {**MID, "status": int(CtStatus.SEEN_REPLY)}
    assert of_history(answered, REPLY, 0, denied) == Evidence.MIDSTREAM


def test_a_connection_known_to_be_midstream_stays_so() -> None:
    assert of_history({"evidence": int(Evidence.MIDSTREAM), "status": 0}, ORIGINAL, 0, 0) == Evidence.MIDSTREAM
