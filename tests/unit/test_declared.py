"""What a ruleset and the options declare."""

from __future__ import annotations

import pytest

from fwsim.errors import UsageError
from fwsim.topology.declared import Behind, declared_interfaces, declared_local
from tests.declaring import Declared, Ruleset, rules


def texts(behind: Behind) -> list[str]:
    return [str(network) for network in behind.networks]


def test_new_interfaces_of_options_come_behind_those_of_the_ruleset() -> None:
    assert list(declared_interfaces(rules(), {"dmz": ["192.0.2.0/28"], "lan": ["any"]})) == ["lan", "wan", "dmz"]


def test_option_replaces_the_networks_of_an_interface_and_keeps_its_macs() -> None:
    ruleset = Ruleset({"lan": Declared("10.1.0.0/16", macs=(7,))})
    behind = declared_interfaces(ruleset, {"lan": ["10.2.0.0/16", "fd00:2::/64"]})
    assert texts(behind["lan"]) == ["10.2.0.0/16", "fd00:2::/64"]
    assert behind["lan"].macs == (7,)


def test_any_is_all_of_both_families() -> None:
    assert texts(declared_interfaces(rules(), {})["wan"]) == ["0.0.0.0/0", "::/0"]


def test_local_addresses_come_from_the_ruleset_its_interfaces_and_the_options() -> None:
    ruleset = Ruleset({"lan": Declared("10.1.0.0/16", addresses=("10.1.0.1",))}, "192.0.2.4-192.0.2.6")
    found = declared_local(ruleset, ["2001:db8::1", "10.1.0.1"])
    assert {str(network) for network in found} == {
        "10.1.0.1/32", "192.0.2.4/31", "192.0.2.6/32", "2001:db8::1/128"
    }  # fmt: skip
    assert len(found) == 4


@pytest.mark.parametrize(
    ("name", "networks", "message"),
    [
        ("lan", ["10.1.0.0/33"], "--interface lan=10.1.0.0/33: "),
        ("lan", ["10.1.0.0/16", "nonsense"], "--interface lan=10.1.0.0/16,nonsense: "),
        ("", ["any"], "--interface =any: "),
    ],
)
def test_interface_option_that_cannot_be_read_is_named(name: str, networks: list[str], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        declared_interfaces(rules(), {name: networks})
    assert str(raised.value).startswith(message)


def test_local_option_that_cannot_be_read_is_named() -> None:
    with pytest.raises(UsageError, match="--local here: "):
        declared_local(rules(), ["10.1.0.1", "here"])
