"""Numbers in decisions, and the names they stand for."""

from __future__ import annotations

import pytest

from fwsim.naming import DECISION_WORDS, address_text, proto_text
from fwsim.tables import RULE_SEVERAL, V6
from fwsim.terms import Reason, RejectWith, Verdict
from tests.batches import naming


def test_rules_are_named_or_numbered_and_policies_called_so() -> None:
    names = naming().rules["stateful"]
    assert [names.rule(number) for number in (0, 2, -2, -1)] == ["replies", "3", "policy", None]
    assert [names.title(number, 0) for number in (0, 2, -2, -1)] == [
        '"replies"', "rule 3 of forward", "policy of forward", None,
    ]  # fmt: skip
    assert [names.line(number, 0) for number in (0, -2, -1)] == [13, 8, None]
    assert names.line(-2, -1) is None
    assert (names.chain(0), names.chain(-1)) == ("forward", None)


def test_unknown_interfaces_have_no_name() -> None:
    assert [naming().interface(number) for number in (1, -1, -2)] == ["wan", None, None]
    assert naming().file(0) == "office.pcapng"


def test_every_verdict_and_reason_has_its_word() -> None:
    assert set(DECISION_WORDS["verdict"]) == set(map(int, Verdict))
    assert set(DECISION_WORDS["reason"]) == set(map(int, Reason))
    assert RejectWith.NONE not in DECISION_WORDS["reject_with"]
    assert DECISION_WORDS["tcp_state"][3] == "ESTABLISHED"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((0, 0, 0, 0), "0.0.0.0"),
        ((0xFFFFFFFF, 0, 0, 0), "255.255.255.255"),
        ((0x0A010417, 0, 0, 0), "10.1.4.23"),
        ((V6, 0, 0, 0), "::"),
        ((V6 + 0x20010DB8, 0, 0, 1), "2001:db8::1"),
        ((V6 + 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ((V6, 0, 0xFFFF, 0x01020304), "::ffff:1.2.3.4"),
        ((V6, 0, 0, 0x01020304), "::102:304"),
        ((V6 + 1, 0, 0xFFFF, 0x01020304), "0:1::ffff:102:304"),
    ],
)
def test_addresses_of_both_families(words: tuple[int, int, int, int], text: str) -> None:
    assert address_text(words) == text


def test_a_protocol_has_its_name_or_number_if_it_is_ip_and_known() -> None:
    assert [proto_text(4, 6), proto_text(6, 58), proto_text(4, 89)] == ["tcp", "icmpv6", 89]
    assert [proto_text(0, 6), proto_text(4, -2)] == [None, None]


def test_one_of_several_rules_has_a_title_but_neither_name_nor_line() -> None:
    names = naming().rules["stateful"]
    assert (names.rule(RULE_SEVERAL), names.line(RULE_SEVERAL, 0)) == (None, None)
    assert names.title(RULE_SEVERAL, 0) == "one of several rules of forward"
    assert names.title(RULE_SEVERAL, RULE_SEVERAL) == "one of several rules"
