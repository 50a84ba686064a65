"""ICMP queries over IPv4 (conntrack-spec 8, 2.1)."""

from __future__ import annotations

import pytest

from fwsim.terms import Evidence, Reason
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, NEW, ORIGINAL, REPLY

QUERIES = {"echo": 8, "timestamp": 13, "information": 15, "address mask": 17}


@pytest.mark.parametrize("kind", QUERIES.values(), ids=QUERIES)
def test_a_query_is_new_and_its_answer_established(stage: Stager, kind: int) -> None:
    """Spec 8: 30 s, never assured."""
    play = stage()
    query = play.ping(kind=kind)
    query.original().expect(ACCEPT, ct=NEW, direction=ORIGINAL, timeout=30, seen_reply=False, state=None)
    query.reply().expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, timeout=30, seen_reply=True, assured=False)
    play.after(seconds=20)
    query.original().expect(ACCEPT, ct=ESTABLISHED, direction=ORIGINAL, timeout=30, assured=False)
    play.after(seconds=30)
    query.connection.is_absent()


@pytest.mark.parametrize("kind", [0, 14, 16, 18])
def test_an_answer_without_a_query_is_invalid(stage: Stager, kind: int) -> None:
    """Spec 8."""
    stray = stage().ping(kind=8).original(kind=kind)
    stray.expect(DROP, ct=INVALID, reason=Reason.ICMP_REPLY_WITHOUT_REQUEST)
    stray.expect(evidence=Evidence.ICMP_REPLY_WITHOUT_REQUEST, exists=False)


@pytest.mark.parametrize("kind", [1, 2, 6, 7, 9, 10, 19, 40, 255])
def test_types_that_neither_ask_nor_answer_are_invalid(stage: Stager, kind: int) -> None:
    """Spec 8: not invertible, or above 18."""
    stage().ping().original(kind=kind).expect(DROP, ct=INVALID, reason=Reason.ICMP_BAD_TYPE, exists=False)


def test_a_second_request_is_new_until_the_first_is_answered(stage: Stager) -> None:
    """Spec 8, naive mistake 21."""
    ping = stage().ping()
    ping.original().expect(ACCEPT, ct=NEW)
    ping.original().expect(ACCEPT, ct=NEW)
    ping.reply().expect(ACCEPT, ct=ESTABLISHED)
    ping.original().expect(ACCEPT, ct=ESTABLISHED, direction=ORIGINAL)


@pytest.mark.parametrize("words", [{"ident": 2}, {"code": 1}, {"kind": 14}], ids=["id", "code", "type"])
def test_an_answer_with_another_id_code_or_type_is_invalid(stage: Stager, words: dict[str, int]) -> None:
    """Spec 2.1, naive mistake 21: all three belong to the key (K618)."""
    ping = stage().ping(ident=1)
    ping.original().expect(ACCEPT)
    ping.reply(**words).expect(DROP, ct=INVALID, reason=Reason.ICMP_REPLY_WITHOUT_REQUEST)
    ping.connection.is_(seen_reply=False)


def test_the_sequence_number_of_an_answer_does_not_matter(stage: Stager) -> None:
    """Spec 2.1."""
    ping = stage().ping()
    ping.original(number=1).expect(ACCEPT)
    ping.reply(number=99).expect(ACCEPT, ct=ESTABLISHED)


def test_the_same_answer_twice_is_established_twice(stage: Stager) -> None:
    """Spec 8: duplicates are fine."""
    ping = stage().ping()
    ping.original().expect(ACCEPT)
    ping.reply().expect(ACCEPT, ct=ESTABLISHED)
    ping.reply().expect(ACCEPT, ct=ESTABLISHED)


def test_a_request_the_other_way_with_the_same_id_is_another_connection(stage: Stager) -> None:
    """Spec 8."""
    play = stage()
    play.ping(ident=5).original().expect(ACCEPT, ct=NEW)
    play.ping("203.0.113.80", "10.1.0.23", ident=5).original().expect(ACCEPT, ct=NEW, direction=ORIGINAL)


def test_less_than_a_header_is_invalid(stage: Stager) -> None:
    """Spec 8: 8 bytes."""
    stage().generic(1).original(b"\x08\x00\xf7\xff\x00").expect(DROP, ct=INVALID, reason=Reason.ICMP_SHORT)


def test_a_wrong_checksum_is_invalid_before_the_type_is_looked_at(stage: Stager) -> None:
    """Spec 8: the order of the tests."""
    ping = stage().ping()
    ping.original(bad_checksum=True).expect(DROP, ct=INVALID, reason=Reason.ICMP_BAD_CHECKSUM)
    ping.original(kind=40, bad_checksum=True).expect(DROP, ct=INVALID, reason=Reason.ICMP_BAD_CHECKSUM)


def test_a_wrong_checksum_passes_where_checksums_are_not_verified(stage: Stager) -> None:
    """`nf_conntrack_checksum=0`."""
    stage(checksum=False).ping().original(bad_checksum=True).expect(ACCEPT, ct=NEW)


def test_the_timeout_is_a_setting(stage: Stager) -> None:
    """Spec 6.2."""
    stage(icmp_timeout=7).ping().original().expect(ACCEPT, timeout=7)


def test_icmp_inside_ipv6_is_invalid(stage: Stager) -> None:
    """Spec 9 (K618): protocol 1 over IPv6, and 58 over IPv4."""
    play = stage()
    echo = b"\x08\x00\xf7\xfd\x00\x01\x00\x01"
    play.generic(1, "fd00:1::23", "2001:db8::80").original(echo).expect(DROP, ct=INVALID)
    play.generic(58).original(b"\x80" + echo[1:]).expect(DROP, ct=INVALID)
