"""A ruleset in the place of another: connections stay in their rows, rules and chains are numbered apart."""

from __future__ import annotations

import io

import numpy as np
import pytest

from fwsim.capture import Input, open_captures
from fwsim.errors import UsageError
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.reloading import Reloaded, carried, cut_at, in_turn, names_of_both, take_over
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.run_names import naming_of
from fwsim.simulator import Simulator
from fwsim.tracker import connections_listing
from tests.keeping import POLICY, halfway

TRANSLATING = """
table ip t {
	chain p {
		type nat hook postrouting priority srcnat
		oif "wan" snat to 9.9.9.9
	}
	chain f {
		type filter hook forward priority 0; policy accept;
		ct state established accept
	}
}
"""


def test_the_next_packets_are_decided_as_if_nothing_had_happened(tmp_path) -> None:  # type: ignore[no-untyped-def]
    write_traffic(str(tmp_path / "a.pcapng"), "reload", 500, fragments=0.0)
    ruleset = load_ruleset(io.StringIO(EVERY_STATE))
    old, one = Simulator(ruleset, key=3), Simulator(ruleset, key=3)
    new = Reloaded(ruleset, key=4)
    captures = open_captures([Input(str(tmp_path / "a.pcapng"))], chunk_rows=50)
    deciding: Simulator = old
    rules = len(old.lowered["stateful"].rules)
    for number, chunk in enumerate(captures):
        if number == 6:
            take_over(new, old)
            deciding = new
        batches = []
        for simulator in (one, deciding):
            simulator.topology.locate(captures, chunk)
            batches.append(simulator.run(chunk))
        for mode in ("stateless", "stateful"):
            wanted, found = (getattr(batch, mode).copy() for batch in batches)
            if number >= 6:
                assert ((found["rule"] >= rules) | (found["rule"] < 0)).all()
                found["rule"] = np.where(found["rule"] >= 0, found["rule"] - rules, found["rule"])
                found["chain"] = np.where(found["chain"] >= 0, found["chain"] - 2, found["chain"])
            assert (wanted == found).all()
    assert number > 8


def test_both_have_decided_in_their_turn() -> None:
    old, new = Simulator(Ruleset.model_validate(POLICY)), Reloaded(Ruleset.model_validate(POLICY))
    assert in_turn(old) == [old]
    assert in_turn(new) == [new]
    take_over(new, old)
    assert in_turn(new) == [old, new]


def test_the_names_are_those_of_both() -> None:
    old, new = (Simulator(Ruleset.model_validate(POLICY)) for _ in range(2))
    captures = open_captures([], digest=False)
    names = names_of_both(naming_of(captures, old), old, new).rules["stateful"]
    rules, chains = len(old.lowered["stateful"].rules), len(old.lowered["stateful"].chains)
    assert len(names.rules) == 2 * rules
    for number in range(rules):
        assert names.title(number, 0) == names.title(number + rules, 0)
    assert names.rules[rules].chain == chains


def test_a_table_that_begins_to_translate_knows_its_connections_by_source(tmp_path) -> None:  # type: ignore[no-untyped-def]
    deciding, _, _ = halfway(tmp_path)
    deciding.stateful.settle()
    fresh = Simulator(load_ruleset(io.StringIO(TRANSLATING))).stateful.tracker
    assert fresh.settings[0]["translating"]
    tracker = carried(deciding.stateful.tracker, fresh)
    before, after = (list(connections_listing(table)) for table in (deciding.stateful.tracker, tracker))
    assert [one["number"] for one in before] == [one["number"] for one in after]
    assert all(tracker.sources[one["row"]]["bucket"] for one in after)
    again = carried(tracker, fresh)
    assert (again.sources[: len(tracker.sources)] == tracker.sources).all()


def test_other_interfaces_and_several_tables_are_refused() -> None:
    ruleset = Ruleset.model_validate(POLICY)
    other = Ruleset.model_validate({**POLICY, "interfaces": {"eth0": {"networks": ["any"]}}})
    with pytest.raises(UsageError, match="other interfaces"):
        take_over(Reloaded(other), Simulator(ruleset))
    with pytest.raises(UsageError, match="one table"):
        take_over(Reloaded(ruleset), Simulator(ruleset, jobs=2))


def test_a_chunk_is_cut_in_two(tmp_path) -> None:  # type: ignore[no-untyped-def]
    write_traffic(str(tmp_path / "a.pcapng"), 1, 20)
    (chunk,) = open_captures([Input(str(tmp_path / "a.pcapng"))], chunk_rows=100)
    chunk.comments.update({3: ["before"], 7: ["behind"]})
    before, after = cut_at(chunk, 5)
    assert (len(before), len(after)) == (5, len(chunk) - 5)
    assert after.data(0) == chunk.data(5)
    assert (before.comments, after.comments) == ({3: ["before"]}, {2: ["behind"]})
