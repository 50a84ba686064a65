"""Names and places of iptables."""

from __future__ import annotations

import pytest

from fwsim.exporting.iptables_words import ANSWERS, PLACES, ChainNames, comment, interface, quoted
from fwsim.exporting.saying import CannotSay
from fwsim.terms import Hook, RejectWith


def test_names_of_chains_are_short_unique_and_no_targets() -> None:
    names = ChainNames()
    assert [names.fresh(wanted) for wanted in ("a b", "a b", "ACCEPT", "-x", "y" * 40, "y" * 40)] == [
        "a_b", "a_b_2", "ACCEPT_2", "x", "y" * 28, "y" * 26 + "_2",
    ]  # fmt: skip


def test_texts_are_quoted_and_comments_cut() -> None:
    assert quoted('a "b" \\') == '"a \\"b\\" \\\\"'
    assert comment("x\n" * 200) == '-m comment --comment "' + "x " * 127 + 'x"'


@pytest.mark.parametrize("name", ["eth+", "a b"])
def test_names_that_would_mean_something_else_are_refused(name: str) -> None:
    with pytest.raises(CannotSay):
        interface(name)


def test_tables_stand_at_their_hooks() -> None:
    assert PLACES["mangle"][Hook.FORWARD] == -150
    assert set(PLACES["filter"]) == {Hook.INPUT, Hook.FORWARD, Hook.OUTPUT}


def test_answers_of_both_families_are_translated_as_the_kernel_does() -> None:
    kind = RejectWith.ICMPX_ADMIN_PROHIBITED
    assert (ANSWERS[4][kind], ANSWERS[6][kind]) == ("icmp-admin-prohibited", "icmp6-adm-prohibited")
