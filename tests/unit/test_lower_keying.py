"""What rules keep by key, as rows."""

from __future__ import annotations

import pytest

from fwsim.engine.entries import K_ADD, K_LOOK_UP
from fwsim.lower.keying import HASH_SIZE, MOST_ELEMENTS, RECENT_SIZE, SET_SIZE, STAMPS, Keying
from fwsim.netfilter import Set, Table
from fwsim.netfilter.steps import Connections, Effectless, HashLimit, Lookup, Quota, Rate, Recent, Step, Update, Verdict
from fwsim.ruleset.values import Addresses, Choice, Limit, Masked, Names, Numbers
from fwsim.tables import V6, number_in_seen
from tests.netfiltering import table

SECOND = 1_000_000_000
RATE = Rate(Limit(1, SECOND))


def of_set(*elements: tuple[Addresses | Numbers | Names | Masked, ...], **more: object) -> Table:
    return table(sets=[Set("s", ("ipv4_addr",), elements, dynamic=True, **more)])  # type: ignore[arg-type]


def test_all_rules_of_a_table_share_a_set() -> None:
    keying, where = Keying(()), of_set(timeout_ns=5)
    first = keying.use(Update("add", "s", ("src", "dport")), where)
    second = keying.use(Lookup(("dst", "sport"), set="s", negated=True), where)
    assert (first, second) == (0, 1)
    assert [(use["keyed"], use["kind"], use["parts"], use["negate"]) for use in keying.uses] == [
        (0, K_ADD, 2, 0),
        (0, K_LOOK_UP, 2, 1),
    ]
    assert keying.uses[0]["timeout"] == 5
    assert keying.keyed[0]["size"] == SET_SIZE
    assert keying.fields == {"src0", "dst0", "sport", "dport"}


def test_a_timeout_of_the_rule_comes_before_that_of_the_set() -> None:
    keying = Keying(())
    keying.use(Update("update", "s", ("src",), 7), of_set(timeout_ns=5, size=9))
    assert (keying.uses[0]["timeout"], keying.keyed[0]["size"]) == (7, 9)


def test_elements_of_all_kinds_become_keys() -> None:
    keying = Keying(("lan", "wan"))
    where = of_set(
        (Addresses(v4=((1, 2),), v6=((1 << 96 | 3, 1 << 96 | 3),)), Numbers(((80, 81),))),
        (Names(("wan", "eth0")), Masked((Choice(4, 4, 0xFF),))),
        timeout_ns=9,
    )
    keying.use(Lookup(("src", "dport"), set="s"), where)
    assert [element.key for element in keying.elements] == [
        (1, 0, 0, 0, 80), (1, 0, 0, 0, 81), (2, 0, 0, 0, 80), (2, 0, 0, 0, 81),
        (V6 | 1, 0, 0, 3, 80), (V6 | 1, 0, 0, 3, 81), (1, 4),
    ]  # fmt: skip
    assert {element.timeout for element in keying.elements} == {9}


def test_an_element_that_has_a_time_of_its_own_is_forgotten_then() -> None:
    keying = Keying(())
    two = (Addresses(v4=((1, 1),)),), (Addresses(v4=((2, 2),)),)
    keying.use(Lookup(("src",), set="s"), of_set(*two, timeout_ns=9, expiries=(7, None)))
    assert [element.timeout for element in keying.elements] == [7, 9]


@pytest.mark.parametrize(
    ("steps", "counting"),
    [
        ((), 0),
        ((Effectless(counter=True),), 0),
        ((RATE, Effectless(counter=True)), 1),
        ((Quota(5),), 1),
        ((Connections(5),), 2),
        ((RATE, Quota(5)), None),
        ((Connections(5, key=(("src", 32),)),), 2),
        ((Rate(Limit(1, SECOND), object="named"),), None),
        ((Verdict("drop"),), None),
    ],
)
def test_an_element_counts_one_thing_or_is_not_simulated(steps: tuple[Step, ...], counting: int | None) -> None:
    keying = Keying(())
    use = keying.use(Update("add", "s", ("src",), steps=steps), of_set())
    assert (use is None) == (counting is None)
    if counting is not None:
        assert keying.keyed[0]["counting"] == counting


def test_a_set_of_too_many_elements_is_not_simulated() -> None:
    assert Keying(()).use(Lookup(("src",), set="s"), of_set((Addresses(v4=((0, MOST_ELEMENTS),)),))) is None
    assert Keying(()).use(Lookup(("src",), set="s"), of_set((Addresses(v4=((1, MOST_ELEMENTS),)),))) is not None


def test_a_map_that_rules_change_is_not_simulated() -> None:
    assert Keying(()).use(Lookup(("src",), set="s"), of_set(cases=())) is None


def test_lists_are_shared_by_name_and_their_rings_lie_behind_each_other() -> None:
    keying, where = Keying(()), table()
    keying.use(Recent("a", "set", mask=24), where)
    keying.use(Recent("a", "rcheck", side="dst", hitcount=40), where)
    keying.use(Recent("b", "set", hitcount=3), where)
    keying.finish()
    assert [(row["size"], row["stamps"], row["base"]) for row in keying.keyed] == [
        (RECENT_SIZE, 64, 0),
        (RECENT_SIZE, 4, RECENT_SIZE * 64),
    ]
    assert [part["narrow"] for part in keying.parts] == [0xFFFFFF00, 0xFFFFFF00, 0xFFFFFFFF]
    assert keying.parts[1]["field"] == number_in_seen("dst0")
    assert STAMPS == 32


def test_a_list_has_addresses_of_both_families_under_the_mask_of_its_first_rule() -> None:
    keying = Keying(())
    keying.use(Recent("a", "set", mask=24), table(family="ip"))
    keying.use(Recent("a", "set", mask=128), table(family="ip6"))
    keying.use(Recent("b", "set", mask=16), table(family="ip6"))
    masks = [[part[name] for name in ("narrow", "mask0", "mask1", "mask2", "mask3")] for part in keying.parts]
    upper = [0xFFFFFF00, 0xFFFFFF00, *[0xFFFFFFFF] * 3]
    assert masks == [upper, upper, [0xFFFF0000, 0xFFFF0000, 0, 0, 0]]


def test_hashlimit_is_shared_in_a_family() -> None:
    keying = Keying(())
    step = HashLimit("h", Limit(1, SECOND), (("src", 16), ("dport", 16)), SECOND)
    for family in ("ip", "ip", "ip6"):
        keying.use(step, table(family=family))
    assert [use["keyed"] for use in keying.uses] == [0, 0, 1]
    assert keying.keyed[0]["size"] == HASH_SIZE
    assert [part["otherwise"] for part in keying.parts[:2]] == [-1, 0]
    assert keying.parts[0]["narrow"] == 0xFFFF0000
    assert [keying.parts[0][f"mask{word}"] for word in range(4)] == [0xFFFF0000, 0, 0, 0]


def test_other_steps_keep_nothing() -> None:
    assert Keying(()).use(Verdict("drop"), table()) is None
    assert Keying(()).use(Lookup(("src",), ((Addresses(v4=((1, 1),)),),)), table()) is None
