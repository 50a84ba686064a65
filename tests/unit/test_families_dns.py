"""Forged DNS answers: what is guessed, what is right, and when they come."""

from __future__ import annotations

from fwsim.attack.model import Effect, Knowledge
from fwsim.attack.segment import taken_apart
from tests.attacking import admitted, dissected, forge, needs_tshark, outcomes, survey


@needs_tshark
def test_an_answer_repeats_the_question_and_gives_the_attackers_address() -> None:
    found = forge("dns-spoof", count=3, address="203.0.113.66")
    fields = ("dns.flags.response", "dns.qry.name", "dns.a", "udp.srcport", "udp.checksum.status")
    rows = dissected(found, *fields)
    assert len(rows) == 3
    names = {question.name for question in survey().questions}
    assert all(row[0] in ("1", "True") and row[1] in names and row[2:] == ("203.0.113.66", "53", "1") for row in rows)


def test_they_come_between_the_question_and_its_answer() -> None:
    for one in forge("dns-spoof", count=50):
        assert any(question.asked < one.ts < question.answered for question in survey().questions)


def test_who_sees_the_question_needs_one_and_it_is_taken() -> None:
    (one,) = forge("dns-spoof", knows=Knowledge.SEQUENCE)
    assert (one.intent.before, one.intent.after) == (Effect.ACCEPTED, Effect.ACCEPTED)


def test_who_knows_the_port_guesses_ids_and_who_knows_nothing_ports_as_well() -> None:
    known = [taken_apart(one.packet) for one in forge("dns-spoof", knows=Knowledge.PORTS, count=50)]
    blind = [taken_apart(one.packet) for one in forge("dns-spoof", knows=Knowledge.NOTHING, count=50)]
    assert len({segment.dport for segment in known}) == 1
    assert len({segment.data[:2] for segment in known}) > 40
    assert len({segment.dport for segment in blind}) > 40


def test_state_admits_what_has_the_right_port_and_nothing_else() -> None:
    assert admitted(outcomes("dns-spoof", count=20)) == (20, 20, 20)
    blind = outcomes("dns-spoof", knows=Knowledge.NOTHING, count=20)
    assert admitted(blind) == (20, 20, 0)
    assert {one.evidence for one in blind} == {("udp-reply-without-request",)}
