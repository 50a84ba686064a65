"""One packet about which two firewalls disagree."""

from __future__ import annotations

import numpy as np
import pytest
from scapy.layers.inet import IP, UDP

from fwsim.capture import from_scapy
from fwsim.parity.difference import COMPARED, WITHOUT_RULE, conceded, difference, differing, fields_differing
from fwsim.result import Result
from fwsim.ruleset import Ruleset
from fwsim.simulator import Simulator
from fwsim.tables import DECISION, RULE_SEVERAL, empty, plain
from fwsim.terms import UNKNOWN_VALUE, RejectWith, Verdict


@pytest.mark.parametrize("name", COMPARED)
def test_every_compared_field_counts(name: str) -> None:
    ours, theirs = empty(DECISION, 3), empty(DECISION, 3)
    theirs[name][1] = 1
    assert np.flatnonzero(differing(ours, theirs)).tolist() == [1]


def test_why_a_verdict_was_given_does_not_count() -> None:
    ours, theirs = empty(DECISION, 1), empty(DECISION, 1)
    for name in set(DECISION.names or ()) - set(COMPARED):
        theirs[name] = 7
    assert not differing(ours, theirs).any()


def test_a_difference_names_the_packet_and_the_fields() -> None:
    packets = [IP(dst="192.0.2.1") / UDP(), IP(dst="192.0.2.2") / UDP()]
    (batch,) = Result(from_scapy(packets), Simulator(Ruleset.model_validate({"policy": "accept"})))
    theirs = {**plain(batch.stateful[1]), "verdict": 1, "rule": 4}
    one = difference(batch, 1, theirs, "because")
    assert (one.number, one.proto, one.fields, one.words) == (2, 17, ("verdict", "rule"), "because")
    other = one.with_other({**theirs, "rule": -2}, ("verdict",))
    assert (other.number, other.fields, other.theirs["rule"]) == (2, ("verdict",), -2)


def beside(**theirs: int) -> dict[str, int]:
    """A decision of a firewall that does not tell its rules."""
    return {**plain(empty(DECISION, 1)[0]), "chain": UNKNOWN_VALUE, "rule": UNKNOWN_VALUE, **theirs}


@pytest.mark.parametrize("name", WITHOUT_RULE)
def test_hook_and_answer_count_where_the_rule_is_not_told(name: str) -> None:
    ours = plain(empty(DECISION, 1)[0])
    assert fields_differing({**ours, "rule": 3, "chain": 5}, beside()) == ()
    assert fields_differing({**ours, name: 1}, beside()) == (name,)


def test_what_is_not_told_does_not_count() -> None:
    ours = {**plain(empty(DECISION, 1)[0]), "hook": 2, "reject_with": 5}
    assert fields_differing(ours, beside(hook=UNKNOWN_VALUE, reject_with=UNKNOWN_VALUE)) == ()
    rows, theirs = empty(DECISION, 1), empty(DECISION, 1)
    rows["hook"], theirs["chain"], theirs["hook"] = 2, UNKNOWN_VALUE, UNKNOWN_VALUE
    assert not differing(rows, theirs).any()


def test_an_answer_for_both_families_is_the_one_that_the_packets_family_has() -> None:
    ours = {**plain(empty(DECISION, 1)[0]), "reject_with": int(RejectWith.ICMPX_HOST_UNREACHABLE)}
    for same in (RejectWith.ICMP_HOST_UNREACHABLE, RejectWith.ICMPV6_ADDR_UNREACHABLE):
        assert fields_differing(ours, beside(reject_with=int(same))) == ()
    assert fields_differing(ours, beside(reject_with=int(RejectWith.TCP_RESET))) == ("reject_with",)


def test_where_nobody_is_answered_a_drop_may_be_a_reject() -> None:
    ours, theirs = empty(DECISION, 3), empty(DECISION, 3)
    ours["verdict"], ours["reject_with"] = Verdict.REJECT, 5
    theirs["chain"], theirs["verdict"] = UNKNOWN_VALUE, (Verdict.DROP, Verdict.DROP, Verdict.ACCEPT)
    same = conceded(ours, theirs, (0, 2))
    assert np.flatnonzero(differing(ours, same)).tolist() == [1, 2]
    assert theirs["verdict"].tolist() == [Verdict.DROP, Verdict.DROP, Verdict.ACCEPT]


def test_one_of_several_rules_agrees_with_any() -> None:
    ours, theirs = empty(DECISION, 2), empty(DECISION, 2)
    ours["rule"] = ours["chain"] = RULE_SEVERAL
    theirs["rule"], theirs["chain"] = [1, -2], 0
    assert not differing(ours, theirs).any()
    theirs["verdict"][1] = int(Verdict.DROP)
    assert differing(ours, theirs).tolist() == [False, True]
    assert fields_differing(plain(ours[1]), plain(theirs[1])) == ("verdict",)
