"""What `to_nft` writes is accepted by nft and the kernel, and stays the same when nft lists and loads it again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwsim.convert import Observe, behind_confirmation, to_nft
from fwsim.convert.identifiers import RESERVED
from fwsim.ruleset import Ruleset, load_ruleset
from tests.examples import RULESETS
from tests.parity.private_network import in_private_network
from tests.rule_strategies import rulesets

ROOT = Path(__file__).parent.parent.parent
OBSERVED = (None, Observe())

LISTED_TWICE = """
cd "$(mktemp -d)" && trap 'rm -r "$PWD"' EXIT
nft -f - || exit 1
for n in 1 2 3; do nft list ruleset > listed.$n; nft flush ruleset; nft -f listed.$n || exit 2; done
cat listed.2; echo =====; cat listed.3
"""
"""The first listing may still change: nft 1.0.6 then reads `reject` beside `icmp` as one for IPv4 alone."""

pytestmark = pytest.mark.kernel


def text_of(ruleset: Ruleset, observe: Observe | None) -> str:
    first = behind_confirmation(observe) if observe is not None else ""
    return first + to_nft(ruleset, observe=observe)


def sorted_sets(listing: str) -> str:
    """A listing with the elements of each anonymous set in order: nft turns them round each time."""
    return re.sub(r"\{ ([^{}\n]*) \}", lambda found: ", ".join(sorted(found[1].split(", "))), listing)


def without_vlan(ruleset: Ruleset) -> Ruleset:
    """The ruleset without the one match that nft cannot say."""
    document: dict[str, Any] = ruleset.model_dump(exclude_unset=True, exclude_none=True)
    for chain in document["chains"].values():
        for rule in chain.get("rules", ()):
            rule.pop("vlan", None)
    return Ruleset.model_validate(document)


@pytest.mark.parametrize("observe", OBSERVED, ids=["plain", "observed"])
@pytest.mark.parametrize("path", RULESETS, ids=lambda path: path.stem)
def test_every_example_is_accepted(path: Path, observe: Observe | None) -> None:
    text = text_of(load_ruleset(str(path)), observe)
    done = in_private_network("nft -c -f -", text)
    assert (done.returncode, done.stderr) == (0, ""), text


@settings(max_examples=25, deadline=None)
@given(rulesets().map(without_vlan), st.sampled_from(OBSERVED))
def test_any_ruleset_is_accepted_and_listed_as_it_is_loaded(ruleset: Ruleset, observe: Observe | None) -> None:
    text = text_of(ruleset, observe)
    done = in_private_network(LISTED_TWICE, text)
    assert (done.returncode, done.stderr) == (0, ""), text
    second, third = done.stdout.split("=====\n")
    assert sorted_sets(second) == sorted_sets(third)


def test_loading_twice_leaves_one_table() -> None:
    text = to_nft(load_ruleset(str(ROOT / "rulesets" / "office.yaml")))
    done = in_private_network("cat > /dev/null; nft list ruleset", text)
    assert done.stdout == ""
    done = in_private_network('text=$(cat); for n in 1 2; do echo "$text" | nft -f -; done; nft list ruleset', text)
    assert done.stderr == ""
    assert done.stdout.count('comment "replies"') == 1


def test_no_reserved_word_is_used_as_a_name() -> None:
    chains: dict[str, Any] = {name: {} for name in sorted(RESERVED)}
    jumps = [{"verdict": f"jump {name}"} for name in chains]
    sets = {name: ["10.0.0.1"] for name in chains}
    jumps += [{"src": f"@{name}", "verdict": "drop"} for name in sets]
    done = in_private_network(
        "nft -c -f -", to_nft(Ruleset.model_validate({"chains": chains, "rules": jumps, "sets": sets}))
    )
    assert (done.returncode, done.stderr) == (0, "")
