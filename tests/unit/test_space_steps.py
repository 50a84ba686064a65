"""The steps of a rule with a region: what is certain, what is not, and where it is cut."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest

from fwsim.engine.program import FALSE, MAYBE, TRUE
from fwsim.lower import lower
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.space import Model
from fwsim.space.fields import CT_STATE, CT_STATUS, DST, MARK, PROTO, SRC, TTL, domain
from fwsim.space.intervals import Set, point
from fwsim.space.node import Node
from fwsim.space.steps import ELSEWHERE, Cut, Stepping
from fwsim.terms import ABSENT, Hook


def model_of(*rules: dict[str, Any]) -> Model:
    chains = {"forward": {"hook": "forward", "rules": list(rules)}}
    return Model(lower(Ruleset.model_validate({"chains": chains}), interfaces=("lan",)))


def model_of_nft(rule: str, kind: str = "filter hook forward") -> Model:
    text = f"table ip filter {{\n\tchain c {{\n\t\ttype {kind} priority 0;\n\t\t{rule}\n\t}}\n}}\n"
    return Model(lower(load_ruleset(StringIO(text)), interfaces=("lan",)))


def stepped(
    model: Model, truth: int = TRUE, hook: Hook = Hook.FORWARD, **seen: Set | None
) -> tuple[Stepping, Cut | None]:
    """The only rule, with regions of the fields that are named."""
    named = {"mark": MARK, "ct_state": CT_STATE, "ttl": TTL, "ct_status": CT_STATUS, "proto": PROTO}
    region = [domain(field) for field in model.fields]
    node = Node(0, tuple(region), chain=0, step=0, truth=truth)
    for name, values in seen.items():
        node = node.seeing(model.places[named[name]], values)
    stepping = Stepping(node, model.places, int(hook))
    return stepping, stepping.follow(model.chains[0].rules[0])


def test_what_looks_at_a_set_mark_is_certain() -> None:
    model = model_of({"set_mark": "0x5/0xf", "verdict": "continue"})
    stepping, cut = stepped(model, mark=point(0xA0))
    assert cut is None
    assert stepping.region[model.places[MARK]] == point(0xA5)
    assert stepping.under[model.places[MARK]] == point(0xA0)


def test_a_mark_that_is_perhaps_set_is_not_known() -> None:
    model = model_of({"set_mark": 5, "verdict": "continue"})
    stepping, _ = stepped(model, MAYBE, mark=point(0))
    assert stepping.region[model.places[MARK]] is None
    same, _ = stepped(model, MAYBE, mark=point(5))
    assert same.region[model.places[MARK]] == point(5)


def test_a_limit_is_true_or_not() -> None:
    stepping, cut = stepped(model_of({"limit": "1/second", "verdict": "accept"}))
    assert (cut, stepping.truth) == (None, MAYBE)


def test_only_what_is_not_tracked_yet_is_exempted() -> None:
    model = model_of({"notrack": True, "verdict": "continue"})
    place = model.places[CT_STATE]
    assert stepped(model, ct_state=((1, 1), (8, 8)))[1] == Cut(place, ((1, 1),))
    assert stepped(model, ct_state=point(1))[0].region[place] == point(64)
    assert stepped(model, ct_state=point(8))[0].region[place] == point(8)


def test_a_match_behind_a_statement_cuts_the_region() -> None:
    model = model_of_nft("meta mark set 1 ip ttl 3-5 accept")
    place = model.places[TTL]
    assert stepped(model, ttl=((0, 4),))[1] == Cut(place, ((3, 4),))
    assert stepped(model, ttl=((3, 4),))[0].truth == TRUE
    assert stepped(model, ttl=((6, 9),))[0].truth == FALSE
    assert stepped(model, ttl=None)[0].truth == MAYBE


def test_bits_of_a_mark_are_told_of_few_values_only() -> None:
    model = model_of({"mark": "0x10/0x30", "verdict": "drop"})
    assert stepped(model, mark=point(0x13))[0].truth == TRUE
    assert stepped(model, mark=((0, 1 << 31),))[0].truth == MAYBE


def test_translated_destinations_are_not_followed() -> None:
    model = model_of_nft("dnat to 10.0.0.1", "nat hook prerouting")
    assert stepped(model, hook=Hook.PREROUTING)[0].truth == ELSEWHERE


def test_behind_a_translated_source_nobody_knows_it() -> None:
    model = model_of_nft("snat to 10.0.0.1", "nat hook postrouting")
    stepping, _ = stepped(model, hook=Hook.POSTROUTING)
    assert stepping.truth == TRUE
    assert stepping.region[model.places[SRC]] is None


@pytest.mark.parametrize(("rule", "truth"), [("meta skuid 0 accept", FALSE), ("meta cpu 0 accept", MAYBE)])
def test_what_is_not_simulated_is_not_known_where_it_can_be_so(rule: str, truth: int) -> None:
    assert stepped(model_of_nft(rule))[0].truth == truth


def test_a_helper_leaves_its_bit() -> None:
    model = model_of({"proto": "tcp", "helper": "ftp", "verdict": "continue"})
    assert stepped(model)[0].region[model.places[CT_STATUS]] is None


def test_addresses_stay_as_they_came() -> None:
    model = model_of({"set_mark": 1, "verdict": "continue"})
    stepping, _ = stepped(model, mark=point(0))
    assert model.places[SRC] not in stepping.under
    assert model.places[DST] not in stepping.under
    assert ABSENT not in stepping.kept
