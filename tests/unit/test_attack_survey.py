"""What is seen in a capture: conversations, questions, hosts, and the ways by which packets come."""

from __future__ import annotations

import pytest

from fwsim.attack.survey import Survey, followed, name_in, survey_of
from fwsim.attack.wire import dns_question
from tests.attacking import ROOT, ground_path, inside, opened, packets, survey

MORNING = str(ROOT / "pcaps" / "office.pcapng")


def test_the_invented_office_is_seen_as_it_was_made() -> None:
    found = survey()
    assert len(found.conversations) == 12
    assert all(conversation.whole and conversation.opened for conversation in found.conversations)
    assert sum(bool(conversation.closed) for conversation in found.conversations) == 6
    assert len(found.questions) == 12
    assert all(question.answered - question.asked == 24_000_000 for question in found.questions)
    assert (found.first, found.last) == (packets()[0].ts, packets()[-1].ts)


def test_hosts_are_inside_or_outside_and_strangers_come_by_wan() -> None:
    found = survey()
    assert all(found.is_inside(host) for host in found.inside_hosts)
    assert not any(found.is_inside(host) for host in found.outside_hosts)
    assert {seen.name for seen in found.entries} == {"wan"}
    assert {seen.name for seen in found.inside_hosts.values() if seen} == {"lan", "dmz"}
    assert ("192.0.2.2", 443) in found.listeners


def test_who_is_followed_is_the_same_conversation_with_its_moments() -> None:
    found = followed(opened(ground_path()), inside(), {1, 4})
    assert sorted(found) == [1, 4]
    for number, conversation in found.items():
        other = survey().conversations[number]
        assert [(end.address, end.port) for end in conversation.ends] == [(end.address, end.port) for end in other.ends]
        assert conversation.moments
        assert other.moments is None


def test_a_real_morning_has_conversations_to_attack_and_no_egress_copy_is_a_way_in() -> None:
    found = survey_of(opened(MORNING), inside())
    attackable = [c for c in found.conversations if c.whole and c.quiet]
    assert len(attackable) > 100
    assert max(found.entries, key=lambda seen: found.entries[seen]).name == "wan"
    assert {end.sighting.name for c in attackable for end in c.ends if end.sighting} <= {"lan", "wan", "dmz"}


def test_a_name_is_read_from_a_question_and_nothing_from_garbage() -> None:
    assert name_in(dns_question("www.example.com", 7)) == "www.example.com"
    assert name_in(bytes(12)) == ""
    assert name_in(bytes(12) + b"\x3fshort") == ""
    assert name_in(bytes(12) + b"\x02\xff\xfe\x00\x00\x01\x00\x01") == ""


def test_a_conversation_too_many_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fwsim.attack.survey.CONVERSATIONS_MAX", 3)
    assert len(survey_of(opened(ground_path()), inside()).conversations) == 3


def test_an_address_is_inside_if_it_lies_in_one_of_the_networks() -> None:
    found = Survey(inside())
    assert found.is_inside("10.1.200.1")
    assert found.is_inside("fd00:1::9")
    assert not found.is_inside("203.0.113.1")
