"""Kinds of findings, and their fingerprints."""

from __future__ import annotations

from dataclasses import replace

from fwsim.checking.kinds import Kind, Level, finding, fingerprinted
from fwsim.cli.check import KINDS


def test_every_kind_has_a_word_of_its_own_that_the_command_knows() -> None:
    assert tuple(kind.word for kind in Kind) == KINDS
    assert len({kind.title for kind in Kind}) == len(Kind)
    assert all(kind.meaning.endswith(".") for kind in Kind)


def test_a_finding_has_the_level_of_its_kind() -> None:
    assert finding(Kind.SHADOWED, "x", 1, 1, "what").level == Level.ERROR
    assert Level.NOTE < Level.WARNING < Level.ERROR


def test_fingerprints_stay_when_lines_move_and_words_change() -> None:
    one = finding(Kind.SHADOWED, "a/edge.nft", 3, 5, "rule 1 takes it", "rule 2 of c", "tcp dport 1 accept")
    moved = replace(one, path="b/edge.nft", line=30, column=1, what="rule 7 takes it", where="rule 8 of c")
    (first,), (second,) = fingerprinted([one]), fingerprinted([moved])
    assert first.fingerprint == second.fingerprint
    for other in (
        replace(one, kind=Kind.REDUNDANT), replace(one, text="tcp dport 2 accept"), replace(one, subject="x"),
        replace(one, path="other.nft"),
    ):  # fmt: skip
        assert fingerprinted([other])[0].fingerprint != first.fingerprint


def test_what_is_there_twice_has_two_fingerprints() -> None:
    one = finding(Kind.SHADOWED, "x", 3, 5, "what", text="accept")
    first, second = fingerprinted([one, replace(one, line=4)])
    assert first.fingerprint != second.fingerprint
