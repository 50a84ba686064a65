from __future__ import annotations

import pytest

from fwsim.cli.reporting import about_run
from fwsim.page import rules
from tests.paging import ROOT, reported


def test_hits_add_up_to_all_packets_in_both_modes() -> None:
    done = reported("blind-reset.pcapng", count=0)
    table = rules.told(done.tally, done.run.naming, about_run(done))
    for mode in (0, 1):
        assert sum(sum(row["hits"][mode]) for row in table["rows"]) == done.tally.frames
    assert table["left_out"] == 0


def test_a_rule_is_told_as_it_was_written_with_its_line() -> None:
    done = reported("handshake.pcapng", count=0)
    rows = rules.told(done.tally, done.run.naming, about_run(done))["rows"]
    (web,) = [row for row in rows if row["name"] == "staff web"]
    assert web["line"] == 18
    assert "dport: [80, 443]" in web["text"]
    assert web["chain"] == "forward"
    stateless, stateful = web["mirrored"]
    assert 0 < stateless < sum(web["hits"][0])
    assert stateful == 0
    assert web["translates"] is None


def test_a_rule_that_translates_tells_how_many_connections_asked_for_it() -> None:
    folder = ROOT / "tests" / "parity" / "nat" / "captures" / "dnat-forward"
    done = reported(str(folder / "both.pcapng.gz"), str(folder / "rules.nft"), count=0)
    rows = rules.told(done.tally, done.run.naming, about_run(done))["rows"]
    asked = {row["translates"] for row in rows if row["chain"].startswith("ip nat") and row["text"]}
    assert (asked, {row["translates"] for row in rows if row["chain"].startswith("inet filter")}) == ({1}, {None})


def test_of_a_long_ruleset_rules_without_hits_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    done = reported("handshake.pcapng", count=0)
    monkeypatch.setattr(rules, "MOST", 3)
    table = rules.told(done.tally, done.run.naming, about_run(done))
    assert all(any(map(sum, row["hits"])) for row in table["rows"])
    assert table["left_out"] > 0
