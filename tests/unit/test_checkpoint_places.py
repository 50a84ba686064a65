"""Where things lie and what was seen where, put back."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.checkpoint.places import restore_topology, save_topology
from fwsim.checkpoint.saved import DamagedError
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from fwsim.topology import Topology
from tests.keeping import through_a_file

ROOT = Path(__file__).parent.parent.parent
BOTH_SIDES = str(ROOT / "pcaps" / "any-interface.pcapng")


def topology() -> Topology:
    return Simulator(load_ruleset(str(ROOT / "rulesets" / "office.yaml"))).topology


def test_the_rest_of_a_capture_is_located_alike(tmp_path: Path) -> None:
    whole, halves = topology(), [topology(), topology()]
    for located in ([whole, whole], halves):
        captures = open_captures([Input(BOTH_SIDES)], chunk_rows=6)
        for number, chunk in enumerate(captures):
            if number == 1 and located is halves:
                with through_a_file(tmp_path, save_topology(halves[0])) as saved:
                    restore_topology(halves[1], saved, captures.interfaces)
            located[min(number, 1)].locate(captures, chunk)
    expected = whole.places
    for name in ("sightings", "learned", "counts", "seen_on", "vlans", "interfaces"):
        assert getattr(halves[1].places, name).tobytes() == getattr(expected, name).tobytes(), name
    assert expected.counts[0]["copies"] > 0
    assert list(halves[1].surroundings.addresses_seen.items()) == list(whole.surroundings.addresses_seen.items())
    assert halves[1].surroundings.propose() == whole.surroundings.propose()
    assert halves[1].notes() == whole.notes()


@pytest.mark.parametrize("field", ["learned", "addresses", "sample"])
def test_what_cannot_be_is_refused(tmp_path: Path, field: str) -> None:
    made = topology()
    captures = open_captures([Input(BOTH_SIDES)])
    for chunk in captures:
        made.locate(captures, chunk)
    tree = save_topology(made)
    if field == "learned":
        made.places.learned["interface"] = 99
    elif field == "addresses":
        tree[field][0, 0] = 1 << 40
    else:
        tree[field] = [-1, 0]
    with pytest.raises(DamagedError, match=field), through_a_file(tmp_path, tree) as saved:
        restore_topology(topology(), saved, captures.interfaces)
