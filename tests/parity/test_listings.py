"""What the real tools list of the rulesets that people have: equal decisions, or unknown where something was lost.

Each ruleset of the corpus has its listings beside it: `nft list ruleset` (`.canon.nft`), the same as JSON
(`.canon.json`), and `iptables-save` (`.canon.ipt`). Of iptables' extensions nft lists some by their names alone.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.checking import Kind
from fwsim.checking.findings import findings_of
from fwsim.errors import RulesetError
from fwsim.fuzz.from_rules import places_for, write_packets
from fwsim.fuzz.rules.places import Places
from fwsim.result import Result
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.simulator import MODES, Mode, Simulator
from fwsim.tables import plain
from fwsim.terms import UNKNOWN_VALUE, RejectWith, Verdict
from tests.parity.test_rulesets import SEED, originals, readable, title

pytestmark = pytest.mark.corpus

PACKETS = 200
SHARE = 4
"""All rulesets take two minutes: one of so many is asked."""
FORMATS = ("nft", "json", "ipt")

REFUSED = {
    "AclCheckTest.testIcmpMatching.stdout.ref.canon.nft": "xt match icmp: a keyword is no name",
    "typical_home_user_iptables-save.canon.nft": "two meters of one name",
    "2014_sep_iptables-saveakachan.canon.nft": "a chain that is called reject",
    "replaced.golden.canon.json": "the type integer has no certain width",
    "init.golden.canon.json": "the type integer has no certain width",
}
"""Listings that nft refuses itself, and why."""

OTHERWISE = {
    "medium-sized-company/iptables-save.canon.nft": "fib saddr . iif oif 0 lets broadcasts pass, -m rpfilter does not",
}
"""Listings that do not mean the same, and why."""


def decisions_of(ruleset: Ruleset, places: Places, capture: Path) -> dict[Mode, list[dict[str, int]]]:
    """What both modes decide about a capture."""
    simulator = Simulator(ruleset, interfaces=places.interfaces, local=places.local, key=1)
    simulator.topology.take_as_made()
    found: dict[Mode, list[dict[str, int]]] = {mode: [] for mode in MODES}
    for batch in Result(open_captures([Input(str(capture))]), simulator):
        for mode in MODES:
            found[mode] += [plain(row) for row in batch.decisions(mode)]
    return found


def compared(original: dict[str, int], listed: dict[str, int]) -> str:
    """`equal`, `unknown` or `different`. Who accepted last is not compared: iptables-nft lists no idle chain."""
    fields = ["verdict", "reject_with", "ct_state"] + ["hook"] * (original["verdict"] != Verdict.ACCEPT)
    if all(original[field] == listed[field] for field in fields):
        return "equal"
    if Verdict.UNKNOWN in (original["verdict"], listed["verdict"]):
        return "unknown"
    if original["verdict"] == listed["verdict"] and UNKNOWN_VALUE in (original["ct_state"], listed["ct_state"]):
        return "unknown"
    lost = original["verdict"] == listed["verdict"] == Verdict.REJECT and listed["reject_with"] == RejectWith.NONE
    return "unknown" if lost else "different"


def listings(path: Path) -> list[Path]:
    """What the real tools list of a ruleset."""
    found = [path.with_name(f"{path.name}.canon.{form}") for form in FORMATS]
    return [each for each in found if each.exists()]


def assert_refused(path: Path) -> None:
    """A listing is refused with the places of its mistakes."""
    with pytest.raises(RulesetError) as caught:
        load_ruleset(str(path))
    assert all(problem.line for problem in caught.value.problems)


def is_told(ruleset: Ruleset) -> bool:
    """Whether check says of a ruleset that something is not simulated, or was lost."""
    return any(finding.kind in (Kind.NOT_SIMULATED, Kind.REMARK) for finding in findings_of(ruleset, "r"))


@pytest.mark.parametrize("path", originals()[::SHARE], ids=title)
def test_the_listings_of_a_ruleset_decide_as_it_does(path: Path, tmp_path: Path) -> None:
    original = load_ruleset(str(readable(path)))
    places, capture = places_for(original.netfilter), tmp_path / "made.pcapng"
    write_packets(str(capture), original.netfilter, places, SEED, PACKETS)
    expected = decisions_of(original, places, capture)
    for beside in listings(path):
        if beside.name in REFUSED:
            assert_refused(beside)
            continue
        listed = load_ruleset(str(beside))
        found: Counter[str] = Counter()
        for mode, rows in decisions_of(listed, places, capture).items():
            found.update(map(compared, expected[mode], rows))
        assert found.total() > PACKETS / 2
        assert found["different"] == 0 or str(beside).endswith(tuple(OTHERWISE)), beside.name
        assert not found["unknown"] or (is_told(listed) and beside.suffix != ".ipt"), beside.name
