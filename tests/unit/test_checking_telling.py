"""Findings in words, with places and confirmed packets."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest

from fwsim.checking import Kind, Level, pairs, unreachable
from fwsim.checking.bringing import Bringing
from fwsim.checking.deciding import Deciding
from fwsim.checking.ordinary import Ordinary
from fwsim.checking.telling import Telling, told
from fwsim.lower import lower
from fwsim.ruleset import load_ruleset
from tests.findings import lowered_of, tcp

EVERY = frozenset(Kind)
RULES = """\
table ip x {
\tchain c {
\t\ttype filter hook forward priority 0; policy drop;
\t\ttcp dport 1-10 drop comment "low"
\t\ttcp dport 5 accept
\t}
}
"""


def test_a_finding_has_the_places_of_all_rules_and_a_packet() -> None:
    telling = Telling(lower(load_ruleset(StringIO(RULES)), interfaces=()), "edge.nft")
    (found,) = (one for one in told(telling, EVERY) if one.kind == Kind.SHADOWED)
    assert (found.path, found.line, found.column) == ("<input>", 5, 3)
    assert (found.where, found.text) == ("rule 2 of ip x c", "tcp dport 5 accept")
    assert found.what == 'rule "low" (line 4) takes every packet before it'
    (place,) = found.rules
    assert (place.line, place.name) == (4, 'rule "low" of ip x c')
    assert found.packet is not None
    assert found.packet.outcome == 'drop: rule "low" of ip x c (line 4)'
    assert dict(found.packet.fields)["dport"] == 5


def test_what_the_engine_does_not_confirm_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    telling = Telling(lowered_of([tcp("1-10", "drop"), tcp("5-20"), tcp("5")]), "x")
    monkeypatch.setattr(Deciding, "decide", lambda *_: None)
    monkeypatch.setattr(Bringing, "decided", lambda *_: None)
    found = list(told(telling, EVERY))
    assert {one.kind for one in found} == {Kind.SHADOWED}  # which is proved
    assert all(one.packet is None for one in found)
    (doubted, *_) = telling.not_found_out()
    assert (doubted.kind, doubted.level) == (Kind.UNKNOWN, Level.NOTE)
    assert doubted.what.startswith("whether it is of the kind correlation: ")
    assert doubted.where == "rule 1 of forward"


def test_what_takes_too_long_is_told_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unreachable, "IN_ALL", 0)
    monkeypatch.setattr(Ordinary, "samples", lambda *_: iter(()))
    telling = Telling(lowered_of([tcp("1-10"), tcp("30")]), "x")
    assert list(told(telling, EVERY)) == []
    (unknown, *_) = telling.not_found_out()
    assert (unknown.kind, unknown.level) == (Kind.UNKNOWN, Level.WARNING)
    assert unknown.what == "too many cases: whether packets get to 2 of the rules was not found out"


def test_more_pairs_than_are_told_are_remarked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MOST", 1)
    telling = Telling(lowered_of([tcp("1-10", "drop"), tcp("5-20"), tcp("15-30", "drop")]), "x")
    list(told(telling, EVERY))
    assert ["more than 1,000 rules" in one.what for one in telling.not_found_out()] == [True]


NAT: Any = """\
table ip x {
\tchain c {
\t\ttype filter hook forward priority 0; policy drop;
\t\tct state established accept
\t\ttcp dport 1-10 drop
\t\ttcp dport 5-20 accept
\t}
\tchain post {
\t\ttype nat hook postrouting priority 100;
\t\tmasquerade
\t}
}
"""


def test_where_the_source_is_translated_packets_are_confirmed_as_well() -> None:
    telling = Telling(lower(load_ruleset(StringIO(NAT)), interfaces=()), "edge.nft")
    kinds = {one.kind for one in told(telling, EVERY)}
    assert {Kind.CORRELATION, Kind.NEW_WITHOUT_SYN} <= kinds
    assert telling.doubted == []
