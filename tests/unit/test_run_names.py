"""The names of a run: of files as they are opened, of interfaces, of rules and whether these ask for an interface."""

from __future__ import annotations

import io
from pathlib import Path

from fwsim.lower import lower
from fwsim.result import compare
from fwsim.ruleset import load_ruleset
from fwsim.run_names import naming_of, rules_without_iif

ROOT = Path(__file__).parent.parent.parent


def test_rules_that_do_not_ask_for_the_interface_are_known() -> None:
    text = (
        "interfaces: {lan: {networks: [10.0.0.0/8]}}\npolicy: drop\nrules:\n"
        "  - {name: a, iif: lan, dport: 1, proto: tcp, verdict: accept}\n"
        "  - {name: b, oif: lan, verdict: accept}\n"
        "  - {name: c, verdict: accept}\n  - {name: d, iif: lan, verdict: drop}\n"
    )
    lowered = lower(load_ruleset(io.StringIO(text)), interfaces=["lan"])
    assert rules_without_iif(lowered) == {1, 2}


def test_files_are_named_as_soon_as_they_are_opened() -> None:
    paths = [str(ROOT / "pcaps" / name) for name in ("handshake.pcapng", "orderly-close.pcap")]
    result = compare(paths, ROOT / "rulesets" / "office.yaml")
    naming = naming_of(result.captures, result.simulator)
    for batch in result:
        assert naming.file(int(batch.frames["file"][-1])) in paths
    assert list(naming.files) == paths
    assert list(naming.interfaces)[:2] == result.simulator.topology.names[:2]
    assert set(naming.rules) == {"stateless", "stateful"}
