"""Variants of a ruleset: each changes what it says, and nothing else."""

from __future__ import annotations

import io

from fwsim.attack.variants import COLUMNS, RUNS, SMALL_TABLE
from fwsim.ruleset import load_ruleset
from fwsim.ruleset.host import Host
from tests.attacking import office


def test_columns_have_names_of_their_own_and_stand_in_one_mode() -> None:
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    assert {column.mode for column in COLUMNS} == {"stateless", "stateful"}
    for run in RUNS:
        assert len({column.mode for column in run.columns}) == len(run.columns)


def test_the_first_run_is_the_ruleset_as_it_is() -> None:
    assert RUNS[0].changed(office()) == office()
    assert RUNS[0].machine() is None


def test_each_run_changes_what_it_says() -> None:
    changed = {run.columns[-1].name: run.changed(office()) for run in RUNS}
    assert changed["loose"].conntrack.tcp_loose is True
    assert changed["loose"].stateless.replies == "any"
    assert changed["liberal"].conntrack.tcp_be_liberal is True
    assert changed["liberal"].stateless.replies == "never"
    assert changed["no-window"].conntrack.tcp_ignore_invalid_rst is True
    assert changed["no-checksum"].conntrack.checksum is False
    assert changed["small"].conntrack.max == SMALL_TABLE
    assert changed["rp-filter"] == office()
    assert all(ruleset.chains == office().chains for ruleset in changed.values())


NFT = """table inet edge {
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state established accept
    }
}
"""


def test_a_changed_ruleset_that_was_imported_keeps_its_rules() -> None:
    ruleset = load_ruleset(io.StringIO(NFT))
    assert ruleset.netfilter.tables
    for run in RUNS:
        assert run.changed(ruleset).netfilter == ruleset.netfilter


def test_the_reverse_path_filter_is_a_setting_of_the_machine() -> None:
    (filtered,) = [run for run in RUNS if run.sysctls]
    strict, forwarding = {"net.ipv4.conf.all.rp_filter": "1"}, {"net.ipv4.ip_forward": "1"}
    assert filtered.machine() == Host(sysctls=strict)
    host = Host(sysctls={**forwarding, "net.ipv4.conf.all.rp_filter": "0"})
    assert filtered.machine(host) == Host(sysctls=forwarding | strict)
    assert all(run.machine(host) is host for run in RUNS if run is not filtered)
