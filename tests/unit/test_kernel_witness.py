"""What is heard around rules of somebody else, as decisions."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.path import LOCAL
from fwsim.kernel.answers import Answer
from fwsim.kernel.orders import Heard
from fwsim.kernel.witness import Witness, unanswerable
from fwsim.tables import DECISION, FRAME, PACKET, V6, empty, plain
from fwsim.terms import UNKNOWN_VALUE, CtState, Direction, Evidence, Hook, Proto, RejectWith, TcpFlag, Verdict

PRE, IN, FWD, OUT, POST = (int(hook) for hook in Hook)
PASSED = ((PRE, "B"), (PRE, "F"), (PRE, "H"), (PRE, "S8o"), (PRE, "L"))
FORWARDED = (*PASSED, (FWD, "H"), (FWD, "L"), (POST, "H"), (POST, "L"))


def answered(
    *notes: tuple[int, str], hook: int = FWD, helps: bool = False, fragment: int = 0, translates: bool = False
) -> Answer:
    """The answer about one packet, which is number 7."""
    witness = Witness(helps=helps, translates=translates)
    answer, packets = Answer(empty(DECISION, 1)), empty(PACKET, 1)
    packets["hook"], packets["fragment"] = hook, fragment
    witness.blank(answer.decisions)
    witness.read(answer, packets, [Heard(7, at, prefix) for at, prefix in notes], 7)
    return answer


def decided(*notes: tuple[int, str], **more: Any) -> dict[str, int]:
    return plain(answered(*notes, **more).decisions[0])


def test_what_comes_to_its_end_was_accepted_by_nobody_knows_which_rule() -> None:
    decision = decided(*FORWARDED, (POST, "E"))
    assert decision["verdict"] == Verdict.ACCEPT
    assert (decision["ct_state"], decision["ct_direction"]) == (CtState.NEW, Direction.ORIGINAL)
    assert {decision[name] for name in ("hook", "chain", "rule", "reject_with")} == {UNKNOWN_VALUE}


@pytest.mark.parametrize(("heard", "hook"), [(3, PRE), (6, FWD), (8, POST)])
def test_a_hook_that_is_entered_and_not_left_has_dropped_the_packet(heard: int, hook: int) -> None:
    decision = decided(*FORWARDED[:heard])
    assert (decision["verdict"], decision["hook"], decision["reject_with"]) == (Verdict.DROP, hook, 0)


def test_an_answer_of_the_stack_tells_a_reject_from_a_drop() -> None:
    decision = decided(*FORWARDED[:6], (OUT, f"A{int(RejectWith.ICMP_HOST_PROHIBITED)}"))
    assert (decision["verdict"], decision["hook"]) == (Verdict.REJECT, FWD)
    assert decision["reject_with"] == RejectWith.ICMP_HOST_PROHIBITED


def test_an_answer_to_what_was_accepted_is_the_stacks_own() -> None:
    notes = (*PASSED, (IN, "H"), (IN, "L"), (IN, "E"), (OUT, "A5"))
    assert decided(*notes, hook=IN)["verdict"] == Verdict.ACCEPT


def test_what_is_lost_between_hooks_was_discarded_by_the_stack() -> None:
    assert decided(*PASSED)["verdict"] == Verdict.NOT_EVALUATED
    assert decided()["verdict"] == Verdict.NOT_EVALUATED
    assert decided((PRE, "B"), (PRE, "F"))["verdict"] == Verdict.NOT_EVALUATED


@pytest.mark.parametrize(("helps", "verdict"), [(True, Verdict.DROP), (False, Verdict.NOT_EVALUATED)])
def test_behind_the_last_rule_only_a_helper_drops(helps: bool, verdict: Verdict) -> None:
    assert decided(*FORWARDED, helps=helps)["verdict"] == verdict


def test_from_local_to_local_the_end_is_that_of_input() -> None:
    sent = ((OUT, "B"), (OUT, "H"), (OUT, "S8o"), (OUT, "L"), (POST, "H"), (POST, "L"), (POST, "E"))
    assert decided(*sent, (PRE, "B"), (PRE, "H"), (PRE, "L"), (IN, "H"), hook=LOCAL)["hook"] == IN
    whole = (*sent, (PRE, "B"), (PRE, "H"), (PRE, "L"), (IN, "H"), (IN, "L"), (IN, "E"))
    assert decided(*whole, hook=LOCAL)["verdict"] == Verdict.ACCEPT


HERE = (*PASSED, (IN, "H"), (IN, "L"))


@pytest.mark.parametrize(("whole", "end", "captured"), [(FORWARDED, POST, IN), (HERE, IN, FWD)])
def test_a_translated_packet_comes_to_the_end_that_its_new_addresses_lead_to(
    whole: tuple[tuple[int, str], ...], end: int, captured: int
) -> None:
    assert decided(*whole, (end, "E"), hook=captured, translates=True)["verdict"] == Verdict.ACCEPT
    assert decided(*whole, (end, "E"), hook=captured)["verdict"] != Verdict.ACCEPT
    assert decided(*whole, hook=captured, translates=True)["verdict"] == Verdict.DROP  # its new addresses were taken


def test_what_is_led_back_here_has_its_end_at_input() -> None:
    sent = ((OUT, "B"), (OUT, "H"), (OUT, "L"), (POST, "H"), (POST, "L"), (POST, "E"), (PRE, "B"), (PRE, "H"))
    assert decided(*sent[:-2], hook=OUT, translates=True)["verdict"] == Verdict.ACCEPT
    assert decided(*sent, hook=OUT, translates=True)["hook"] == PRE
    whole = (*sent, (PRE, "L"), (IN, "H"), (IN, "L"), (IN, "E"))
    assert decided(*whole, hook=OUT, translates=True)["verdict"] == Verdict.ACCEPT


@pytest.mark.parametrize("notes", [((PRE, "B"), (PRE, "F")), ((PRE, "B"), (PRE, "H"), (PRE, "L"))])
def test_a_piece_that_went_into_a_datagram_is_silent(notes: tuple[tuple[int, str], ...]) -> None:
    assert answered(*notes, fragment=2, hook=IN).silent == {0}
    assert answered(*notes, fragment=0, hook=IN).silent == set()


@pytest.mark.parametrize(
    ("fields", "evidence"),
    [
        ({"fragment": 2, "proto": Proto.UDP}, 0),
        ({"proto": Proto.TCP, "flags": TcpFlag.RST}, 0),
        ({"proto": Proto.ICMP, "icmp_type": 3}, 0),
        ({"proto": Proto.ICMP, "icmp_type": 42}, 0),
        ({"family": 6, "src0": V6 + 1, "dst0": V6 + 1, "proto": Proto.ICMPV6, "icmp_type": 1}, 0),
        ({"proto": Proto.UDP, "dst0": 0xE0000001}, 0),
        ({"proto": Proto.UDP, "src0": 0}, 0),
        ({"proto": Proto.UDP, "dst0": 0x7FFFFFFF}, 0),
        ({"proto": Proto.UDP, "dst0": 0x0A0000FF}, 0),
        ({"family": 6, "proto": Proto.UDP, "src0": V6 + 1, "dst0": V6 + 0xFF020000}, 0),
        ({"proto": Proto.UDP}, Evidence.BAD_CHECKSUM),
        ({"family": 6, "proto": Proto.ESP, "src0": V6 + 1, "dst0": V6 + 1, "length": 40}, 0),
    ],
)
def test_to_some_packets_nobody_answers(fields: dict[str, int], evidence: int) -> None:
    packets, frames = empty(PACKET, 2), empty(FRAME, 2)
    packets["family"], packets["src0"], packets["dst0"], packets["proto"] = 4, 0x0A000001, 0x0A000002, 17
    packets["length"] = 60
    for name, value in fields.items():
        packets[name][1] = value
    frames["evidence"][1] = evidence
    assert unanswerable(packets, frames, frozenset([0x0A0000FF])) == {1}
