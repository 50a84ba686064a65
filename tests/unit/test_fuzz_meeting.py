"""Fuzzed hosts lie behind the interfaces of a ruleset."""

from __future__ import annotations

import io
from typing import Any

from fwsim.fuzz.hosts import USUAL
from fwsim.fuzz.meeting import Meeting, meeting
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.ruleset import Ruleset, load_ruleset


def met(**interfaces: dict[str, Any]) -> Meeting:
    return meeting(Ruleset.model_validate({"interfaces": interfaces, "rules": []}))


def test_the_fuzzers_own_ruleset_is_met_by_the_usual_hosts() -> None:
    assert meeting(load_ruleset(io.StringIO(EVERY_STATE))) == Meeting(("lan", "wan"), USUAL)


def test_hosts_lie_behind_the_first_two_interfaces_with_networks_of_both_families() -> None:
    found = met(
        lan={"networks": ["10.9.0.0/16", "fd00:9::/64"]},
        tap={},
        dmz={"networks": ["192.0.2.0/28"]},
        wan={"networks": ["any"]},
    )
    assert found.interfaces == ("lan", "wan")
    assert found.hosts.sides[0] == (("10.9.0.11", "10.9.0.12"), ("fd00:9::11", "fd00:9::12:3:4"))
    assert found.hosts.sides[1] == USUAL.sides[1]


def test_without_both_families_one_will_do() -> None:
    found = met(lan={"networks": ["10.9.0.0/16"]}, dmz={"networks": ["192.0.2.0/28", "fd00:5::/64"]})
    assert found.interfaces == ("lan", "dmz")
    assert found.hosts.sides[1] == (("192.0.2.11", "192.0.2.12"), ("fd00:5::11", "fd00:5::12:3:4"))


def test_the_firewalls_own_addresses_are_no_hosts() -> None:
    found = met(lan={"networks": ["10.9.0.0/30"], "addresses": ["10.9.0.1"]}, wan={"networks": ["any"]})
    assert found.hosts.sides[0] == (("10.9.0.2", "10.9.0.3"), ())


def test_any_on_both_sides_gives_different_hosts() -> None:
    found = met(one={"networks": ["any"]}, other={"networks": ["any"]})
    assert found.hosts.sides == (USUAL.sides[1], USUAL.sides[0])


def test_without_two_interfaces_of_a_common_family_the_usual_ones_are_taken() -> None:
    assert met() == met(lan={"networks": ["10.9.0.0/16"]}) == Meeting()
    assert met(lan={"networks": ["10.9.0.0/16"]}, wan={"networks": ["fd00::/64"]}) == Meeting()
