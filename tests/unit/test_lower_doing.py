"""Single steps as instructions."""

from __future__ import annotations

import pytest

from fwsim.engine.program import OP_ALTER, OP_ASSIGN, OP_NOTRACK, OP_SET_HELPER, OP_TERM, OP_UNKNOWN
from fwsim.lower.asking import Meaning, instruction_of, question
from fwsim.lower.doing import Ask, Questions, assigning, at_hook, construct_of, doing, kept, unknown
from fwsim.lower.fields import Fields
from fwsim.lower.stretches import Stretches
from fwsim.netfilter.fields import NotSimulated, Option, Raw
from fwsim.netfilter.steps import Alter, Assign, Match, NoTrack, Quota, SetHelper, Step, Term
from fwsim.ruleset.values import Numbers
from fwsim.tables import number_in_seen
from fwsim.terms import UNKNOWN_VALUE, Hook


def nothing_drawn(_: Term) -> None:
    """No number was drawn before."""


@pytest.mark.parametrize(
    ("step", "operations"),
    [
        (NoTrack(), [OP_NOTRACK]),
        (SetHelper("ftp"), [OP_SET_HELPER]),
        (SetHelper("irc"), []),
        (Assign("mark", 1), [OP_ASSIGN]),
        (Assign("ct_mark", 1, (Term("mark"), Term("ct_mark", 3))), [OP_TERM, OP_TERM, OP_ASSIGN]),
        (Assign("priority", 1), []),
        (Alter(("dscp", "ttl", Raw("th", 0, 8))), [OP_ALTER, OP_ALTER]),
    ],
)
def test_what_a_step_does_is_a_row_of_instructions(step: Step, operations: list[int]) -> None:
    done = assigning(step, nothing_drawn) if isinstance(step, Assign) else doing(step)
    assert done is not None
    assert [instruction.operands[0] for instruction in done] == operations
    assert all(instruction.ask is None or instruction.ask.kind == "unknown" for instruction in done)


def test_what_changes_nothing_and_asks_is_left_to_others() -> None:
    assert doing(Quota(5)) is None


def test_a_part_of_a_mark_that_is_not_simulated_is_unknown() -> None:
    (term, _) = assigning(Assign("mark", 0, (Term(NotSimulated("jhash ip saddr")),)), nothing_drawn)
    assert term.operands[1] == -1


def test_a_header_is_altered_to_a_value_or_to_one_that_is_not_known() -> None:
    ((known, _),) = doing(Alter(("dscp",), 5)) or []
    ((lost, _),) = doing(Alter(("dscp",))) or []
    assert (known[1], known[5], lost[5]) == (number_in_seen("dscp"), 5, UNKNOWN_VALUE)


def test_a_question_without_an_answer_says_at_which_hooks() -> None:
    here = unknown("meta skuid 1", {Hook.INPUT}, elsewhere=True)
    assert here.operands[0] == OP_UNKNOWN
    assert here.operands[4] == 1 << Hook.INPUT
    assert here.operands[5] == sum(1 << hook for hook in Hook if hook != Hook.INPUT)
    only = at_hook(frozenset({Hook.INPUT, Hook.FORWARD}))
    assert (only.operands[4], only.operands[5]) == (0, 1 << Hook.INPUT | 1 << Hook.FORWARD)


def test_a_construct_is_told_as_it_was_written() -> None:
    assert construct_of(NotSimulated("meta cpu")) == "meta cpu"
    assert construct_of("ct_bytes") == "ct_bytes"


def test_what_is_kept_is_numbered() -> None:
    assert kept(1, 3).operands[2] == 3


def test_what_is_done_with_something_unknown_is_told() -> None:
    lost = Assign("mark", terms=(Term(NotSimulated("jhash")), Term("ct_mark")), text="meta mark set jhash ...")
    asks = [instruction.ask for instruction in assigning(lost, nothing_drawn)]
    assert [ask and (ask.wanted, ask.kind) for ask in asks] == [("meta mark set jhash ...", "unknown"), None, None]
    assert [instruction.ask is None for instruction in doing(Alter(("ttl",))) or []] == [False]
    assert [instruction.ask is None for instruction in doing(Alter(("ttl",), 4)) or []] == [True]


def test_what_is_changed_by_the_way_is_lost() -> None:
    asked = [Raw("nh", 80, 16), Raw("th", 0, 8)]
    fields = Fields([Match(each, Numbers(((1, 1),))) for each in asked])
    known, lost = doing(Alter(("dscp",), 5), fields) or []
    assert (known.operands[1], known.operands[5]) == (number_in_seen("dscp"), 5)
    assert (lost.operands[1], lost.operands[5]) == (number_in_seen("slot0"), UNKNOWN_VALUE)


def test_an_option_that_is_put_in_is_lost_even_where_there_was_none() -> None:
    size = Option("tcp", "maxseg", "size")
    fields = Fields([Match(size, Numbers(((1, 1),)))])
    (step,) = doing(Alter((size,)), fields) or []
    assert (step.operands[5], step.operands[7]) == (UNKNOWN_VALUE, 1)
    (step,) = doing(Alter((size,), 536), fields) or []
    assert (step.operands[5], step.operands[7]) == (536, 0)


def test_bits_that_forwarding_changes_are_lost_when_they_are_set() -> None:
    ttl = Raw("nh", 64, 8)
    fields = Fields([Match(ttl, Numbers(((1, 1),)))])
    assert [step.operands[5] for step in doing(Alter((ttl,), 9), fields) or []] == [UNKNOWN_VALUE]


def test_a_question_is_an_instruction_made_once() -> None:
    questions = Questions(Stretches())
    one, other = (question("ttl", "ttl", wanted, Meaning((1, 6))) for wanted in ("1-5", "<6"))
    made = questions.instruction(one)
    assert made.operands == instruction_of(one, Stretches())
    assert made.ask == Ask("ttl", "ttl", "1-5")
    assert questions.instruction(one) is made
    assert questions.instruction(other) == made._replace(ask=Ask("ttl", "ttl", "<6"))
