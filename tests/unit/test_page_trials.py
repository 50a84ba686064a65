from __future__ import annotations

import pytest

from fwsim.page import trials
from fwsim.page.trials import full
from fwsim.terms import Verdict, word
from tests.paging import Page, told

ENDS = {word(Verdict.ACCEPT), word(Verdict.DROP), word(Verdict.REJECT)}


def test_every_line_gets_the_name_of_its_step() -> None:
    assert list(full([("as new", "a"), ("", "b"), ("mirror", "c"), ("", "d")])) == [
        ("as new", "a"), ("as new", "b"), ("mirror", "c"), ("mirror", "d"),
    ]  # fmt: skip


def test_a_walk_ends_with_the_rule_that_decided() -> None:
    page = Page(told("blind-reset.pcapng"))
    for at in range(page.count):
        decision = page.decision("stateful", at)
        (_, name, _, outcome) = page.walk("stateful", at)[-1]
        assert outcome.endswith(decision["verdict"])
        assert name in decision["title"] if decision["rule"] >= 0 else name == decision["title"]


def test_the_stateless_walk_tells_its_mirror() -> None:
    page = Page(told("handshake.pcapng"))
    mirrored = [at for at in range(page.count) if page.decision("stateless", at)["mirror"]]
    assert mirrored
    for at in mirrored:
        assert {step for step, *_ in page.walk("stateless", at)} == {"as new", "mirror", "as reply"}


def test_alike_walks_are_kept_once() -> None:
    data = told("syn-flood.pcap.zst", count=300, read=300)
    assert data["packets"]["count"] == 300
    assert len(data["walks"]) < 30


@pytest.mark.parametrize("mode", ["stateless", "stateful"])
def test_of_a_rule_that_fails_the_match_is_told(mode: str) -> None:
    page = Page(told("handshake.pcapng", count=1))
    failed = [about for _, _, about, outcome in page.walk(mode, 0) if outcome == "no"]
    assert failed
    assert all("wants" in about for about in failed)


def test_of_a_long_walk_the_last_rule_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MOST", 4)
    page = Page(told("handshake.pcapng", count=2))
    walk = page.walk("stateless", 1)
    assert len(walk) == 4
    assert "more; fwsim explain tells them" in walk[2][2]
    assert walk[3][3] == "yes -> accept"


def test_after_many_lines_walks_are_told_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "LOOKS", 10)
    page = Page(told("handshake.pcapng"))
    assert page.walk("stateful", 0)[-1][3] == "yes -> accept"
    assert [about for _, _, about, _ in page.walk("stateful", page.count - 1)] == [trials.NOT_TOLD]
