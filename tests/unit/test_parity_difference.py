"""One packet about which two firewalls disagree."""

from __future__ import annotations

import numpy as np
import pytest
from scapy.layers.inet import IP, UDP

from fwsim.capture import from_scapy
from fwsim.parity.difference import COMPARED, difference, differing
from fwsim.result import Result
from fwsim.ruleset import Ruleset
from fwsim.simulator import Simulator
from fwsim.tables import DECISION, empty, plain


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
