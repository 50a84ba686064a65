"""Commands in order."""

from __future__ import annotations

import pytest

from fwsim.errors import RulesetError
from tests.nft_importing import imported, refused, table_of


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("add rule t c accept\n", "there is no table ip t"),
        ("add table t\nadd rule t c accept\n", "there is no chain 'c'"),
        ("create table t\ncreate table t\n", "there is a table ip t already"),
        ("add table t\nadd chain t c\nadd rule t c jump d\nadd chain t d\n", "there is no chain 'd'"),
        ("table t {\n chain c { jump d; }\n}\ntable t {\n chain d { }\n}\n", "there is no chain 'd'"),
        (
            "table t {\n chain c { tcp dport @s accept; }\n}\ntable t {\n set s { type inet_service; }\n}\n",
            "there is no set 's'",
        ),
        ("delete table t\n", "there is no table"),
        ("add table t\ndelete chain t c\n", "there is no chain 'c'"),
        ("add table t\ndelete set t s\n", "there is no set 's'"),
        ("add table t\ndelete counter t x\n", "there is no counter 'x'"),
        ("add table t\ndelete flowtable t x\n", "there is no flowtable 'x'"),
        ("add table t\nflush set t s\n", "there is no set 's'"),
        ("add table t\nadd counter t x\ncreate counter t x\n", "there is a counter 'x' already"),
        ("add table t\nadd chain t c\nrename chain t c d\n", "when it is loaded only"),
        ("table bridge t {\n flowtable f { hook ingress priority 0; devices = { lo }; }\n}\n", "have no flowtables"),
        ("table t {\n flowtable f { devices = { lo }; }\n}\n", "has no hook"),
    ],
)
def test_commands_that_nft_or_the_kernel_refuse_are_refused(text: str, what: str) -> None:
    assert what in refused(text)


def test_a_block_may_speak_of_what_stands_below() -> None:
    table = table_of("table t {\n chain c { tcp dport @s jump d; }\n chain d { }\n set s { type inet_service; }\n}\n")
    assert list(table.chains) == ["c", "d"]


def test_chains_in_several_blocks_are_one() -> None:
    text = "table t {\n chain c { accept; }\n}\ntable t {\n chain c { drop; }\n}\n"
    assert [rule.location.text for rule in table_of(text).chains["c"].rules] == ["accept", "drop"]


def test_deleting_and_destroying() -> None:
    text = (
        "add table t\nadd table inet u\nadd chain inet u c\ndelete table t\ndelete chain inet u c\n"
        "destroy chain inet u c\n"
    )
    assert table_of(text).chains == {}


def test_flushing_leaves_chains_and_sets() -> None:
    text = "table t {\n set s { type mark; elements = { 1 }\n}\n chain c { accept; }\n}\n"
    table = table_of(text + "flush table t\n")
    assert table.chains["c"].rules == ()
    assert table.sets["s"].value is not None
    assert table_of(text + "flush chain t c\n").chains["c"].rules == ()
    assert imported(text + "flush ruleset\n").tables == ()
    assert len(imported(text + "flush ruleset inet\n").tables) == 1


def test_questions_change_nothing() -> None:
    assert imported("list ruleset\nadd table t\n").tables[0].name == "t"


def test_mistakes_are_told_together_and_at_most_ten() -> None:
    rules = "\n".join("ip ttl 256" for _ in range(20))
    with pytest.raises(RulesetError) as caught:
        imported(f"table t {{\n chain c {{\n{rules}\n}}\n}}\n")
    assert [problem.line for problem in caught.value.problems] == list(range(3, 13))
