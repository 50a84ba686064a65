"""What is in use may not go."""

from __future__ import annotations

import pytest

from tests.nft_importing import refused, table_of


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "add table t\nadd chain t c\nadd chain t d\nadd rule t c jump d\ndelete chain t d\n",
            "in use: a rule jumps there",
        ),
        (
            "add table t\nadd chain t c\nadd chain t d\nadd rule t c tcp dport vmap { 22 : jump d }\n"
            "delete chain t d\n",
            "in use: a rule jumps there",
        ),
        (
            "add table t\nadd chain t c\nadd map t m { type mark : verdict; elements = { 1 : jump c }\n"
            "}\ndelete chain t c\n",
            "in use: a rule jumps there",
        ),
        (
            "add table t\nadd chain t c\nadd set t s { type mark; }\nadd rule t c mark @s\ndelete set t s\n",
            "the set 's' is in use",
        ),
        (
            "add table t\nadd chain t c\nadd map t m { type mark : verdict; }\n"
            "add rule t c mark vmap @m\ndelete map t m\n",
            "the set 'm' is in use",
        ),
        (
            'add table t\nadd chain t c\nadd counter t n\nadd rule t c counter name "n"\ndelete counter t n\n',
            "the counter 'n' is in use",
        ),
    ],
)
def test_what_is_in_use_stays(text: str, what: str) -> None:
    assert what in refused(text)


def test_what_nothing_speaks_of_may_go() -> None:
    text = "add table t\nadd chain t c\nadd chain t d\nadd rule t c jump d\nflush chain t c\ndelete chain t d\n"
    assert list(table_of(text).chains) == ["c"]
    assert table_of("add table t\nadd chain t c\nadd rule t c accept\ndelete chain t c\n").chains == {}
    assert table_of("add table t\nadd counter t n\ndelete counter t n\n").objects == {}
