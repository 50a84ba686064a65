"""The rows of a program, put together."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.program import V_CONTINUE, V_GOTO, V_JUMP, V_RETURN
from fwsim.lower.tables import Tables, reject_with
from fwsim.netfilter.steps import Verdict as End
from fwsim.tables import each
from fwsim.terms import ABSENT, RejectWith, Verdict
from tests.deciding import ruleset_of


def tables_of(chains: dict[str, Any]) -> Tables:
    tables = Tables(ruleset_of(chains).netfilter, ["lan", "wan"])
    tables.add_chains()
    return tables


CHAINS: dict[str, Any] = {
    "f": {
        "hook": "forward", "policy": "drop",
        "rules": [
            {"ttl": 5, "ct_mark": [1, "0x10/0xf0"], "limit": "1/second", "set_mark": 3, "verdict": "jump other"},
            {"verdict": "goto other"},
        ],
    },
    "other": {"rules": [{"verdict": "return"}, {"proto": "tcp"}, {"verdict": "reject"}]},
}  # fmt: skip


def test_chains_hold_their_rules_one_after_the_other() -> None:
    program = tables_of(CHAINS).program()
    spans = [(chain["first"], chain["last"], chain["policy"]) for chain in each(program.chains)]
    assert spans == [(0, 2, Verdict.DROP), (2, 5, Verdict.ACCEPT)]
    assert [rule["chain"] for rule in each(program.rules)] == [0, 0, 1, 1, 1]


def test_rules_end_as_they_say_and_lead_where_they_say() -> None:
    program = tables_of(CHAINS).program()
    ends = [(rule["verdict"], rule["target"]) for rule in each(program.rules)]
    reject = (int(Verdict.REJECT), ABSENT)
    assert ends == [(V_JUMP, 1), (V_GOTO, 1), (V_RETURN, ABSENT), (V_CONTINUE, ABSENT), reject]


def test_a_rule_spans_its_instructions_and_tells_which_the_index_answers() -> None:
    program = tables_of(CHAINS).program()
    first = next(each(program.rules))
    assert (first["first"], first["rest"], first["last"]) == (0, 1, 4)
    assert [(rule["source"], rule["counts"]) for rule in each(program.rules)] == [(n, n) for n in range(5)]
    assert len(program.limits) == 1


def test_of_every_instruction_it_is_known_what_it_asks() -> None:
    tables = tables_of(CHAINS)
    assert len(tables.asks) == len(tables.instructions)
    assert [ask and (ask.key, ask.field, ask.wanted) for ask in tables.asks[:4]] == [
        ("ttl", "ttl", "5"),
        ("ct_mark", "ct_mark", "[1, 0x10/0xf0]"),
        ("limit", None, "1/second"),
        None,
    ]


@pytest.mark.parametrize(
    ("end", "answer"),
    [
        (End("drop"), RejectWith.NONE),
        (End("reject"), RejectWith.ICMPX_PORT_UNREACHABLE),
        (End("reject", reject_with=RejectWith.TCP_RESET), RejectWith.TCP_RESET),
    ],
)
def test_a_reject_answers_port_unreachable_unless_it_says_otherwise(end: End, answer: RejectWith) -> None:
    assert reject_with(end) == answer
