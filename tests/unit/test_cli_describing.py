"""What options say of the machine."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from fwsim.cli import describing
from fwsim.cli.describing import host_of, interfaces_by_hand, known_interfaces, networks_of, own_addresses
from fwsim.cli.options import InputOptions
from fwsim.errors import RulesetError, UsageError
from fwsim.ruleset import Interface, Ruleset, load_ruleset
from fwsim.ruleset.host import Host
from tests.hosts import ADDRESSES, ROUTES


def options(**given: Any) -> InputOptions:
    nothing: dict[str, Any] = {
        "captures": (), "named": (), "rules": None, "stateless_rules": None, "interfaces": {}, "local": (),
        "settings": {}, "sysctl": None, "checksum": "auto", "count": None, "seed": None,
    }  # fmt: skip
    return InputOptions(**{**nothing, **given})


def test_without_options_nothing_is_known() -> None:
    assert not host_of(options())
    assert networks_of(options(interfaces={"lan": "10.0.0.0/8,fd00::/8"})) == {"lan": ["10.0.0.0/8", "fd00::/8"]}
    assert own_addresses(Host()) == []


def test_files_add_up_and_an_interface_option_replaces_networks(tmp_path: Path) -> None:
    for name, listing in (("addr", ADDRESSES), ("route", ROUTES)):
        (tmp_path / name).write_text(json.dumps(listing))
    given = options(topology=(str(tmp_path / "addr"), str(tmp_path / "route")), interfaces={"br0": "172.16.0.0/12"})
    host = host_of(given)
    found = networks_of(given, host)
    assert found["br0"] == ["172.16.0.0/12"]
    assert found["tun0"] == ["10.8.0.2/32", "10.9.0.0/16"]
    assert "10.0.0.1/32" in own_addresses(host)


def test_a_file_of_settings_goes_before_the_machines_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describing, "live", lambda: Host(sysctls={"net.ipv4.ip_forward": "1", "other": "1"}))
    (tmp_path / "sysctl").write_text("net.ipv4.ip_forward = 0\n")
    assert host_of(options(live=True, sysctl=str(tmp_path / "sysctl"))).sysctls == {
        "net.ipv4.ip_forward": "0", "other": "1",
    }  # fmt: skip


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulesetError, match="no such file"):
        host_of(options(topology=(str(tmp_path / "missing"),)))
    with pytest.raises(UsageError, match="expected the output of sysctl -a"):
        host_of(options(sysctl=str(tmp_path / "missing")))


def loaded(text: str) -> Ruleset:
    return load_ruleset(io.StringIO(text))


def test_the_ruleset_of_the_stateless_mode_adds_its_interfaces() -> None:
    ours = loaded("interfaces: {lan: {networks: [10.0.0.0/8]}, dmz: {networks: [192.0.2.0/28]}}\npolicy: drop\n")
    assert interfaces_by_hand(ours, ["lan"]) == {"dmz": ["192.0.2.0/28"]}
    foreign = loaded(
        "table ip f {\n chain c {\n  type filter hook forward priority 0;\n"
        '  iifname { "lan", "wan" } accept\n  oifname "eth*" accept\n }\n}\n'
    )
    assert interfaces_by_hand(foreign, ["lan"]) == {"wan": []}


def test_a_stateless_ruleset_in_our_words_must_not_name_what_nobody_declares() -> None:
    by_hand = loaded("rules:\n  - {iif: [lan, wam], verdict: accept}\n  - {oif: 'eth*', verdict: accept}\n")
    with pytest.raises(RulesetError, match=r":2:5: unknown interface 'wam', did you mean 'wan'\?$"):
        interfaces_by_hand(by_hand, ["lan", "wan"])
    assert interfaces_by_hand(by_hand, []) == {}


def test_interfaces_without_networks_are_known_too() -> None:
    assert known_interfaces(Host()) == []
    assert known_interfaces(Host(interfaces={"lan": Interface()})) == ["lan"]
