"""Two rulesets side by side: interfaces and fields have the same numbers."""

from __future__ import annotations

from io import StringIO

from fwsim.differing.sides import FIRST_SLOT, interface_names, sides_of
from fwsim.ruleset import Ruleset, load_ruleset

NFT = "table ip filter {{ chain forward {{ type filter hook forward priority 0; {rules} }}\n}}\n"


def nft(*rules: str) -> Ruleset:
    return load_ruleset(StringIO(NFT.format(rules="\n".join(rules) + "\n")))


def test_beginnings_and_all_others_have_an_interface_that_stands_for_them() -> None:
    names, told = interface_names(nft('iifname "eth0" accept'), nft('iifname "eth*" accept', 'oifname "wan" drop'))
    assert set(names) == {"eth0", "wan", "eth1", "other"}
    assert told == {"eth1": "eth*", "other": "any other"}


def test_where_interfaces_are_declared_there_are_no_others() -> None:
    declared = Ruleset.model_validate({"interfaces": {"lan": {}, "wan": {}}})
    assert interface_names(declared, nft('iifname "lan" accept')) == (["lan", "wan"], {})


def test_beginnings_of_other_beginnings_are_told_apart() -> None:
    names, _ = interface_names(nft('iifname "eth*" accept'), nft('iifname "eth0*" accept'))
    assert len([name for name in names if name.startswith("eth0")]) == 1
    assert len([name for name in names if name.startswith("eth") and not name.startswith("eth0")]) == 1


def test_what_is_read_of_headers_has_one_number_whatever_its_place() -> None:
    sides = sides_of(nft("@th,32,8 1 accept", "@th,40,8 2 accept"), nft("@th,40,8 3 accept"))
    assert len(sides.slots) == 2
    assert set(sides.new.common.values()) == {FIRST_SLOT + 1}
    region = {FIRST_SLOT + 1: ((3, 3),), FIRST_SLOT: ((1, 1),)}
    own = sides.new.own(region)
    assert list(own.values()) == [((3, 3),)]
    assert sides.new.in_common(own) == {FIRST_SLOT + 1: ((3, 3),)}
