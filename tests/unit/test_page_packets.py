from __future__ import annotations

import pytest

from fwsim.page import packets
from fwsim.page.packets import sentence_of
from fwsim.reasons import SENTENCES
from fwsim.simulator import MODES
from fwsim.terms import Reason
from tests.paging import ROOT, Page, reported, told

FIELDS = ("verdict", "reason", "ct_state", "rule", "chain", "mirror")


def test_decisions_are_those_of_the_run() -> None:
    page = Page(told("blind-reset.pcapng"))
    from fwsim.result import compare
    from fwsim.run_names import naming_of

    result = compare(str(ROOT / "pcaps" / "blind-reset.pcapng"), str(ROOT / "rulesets" / "office.yaml"))
    (batch,) = result
    naming = naming_of(result.captures, result.simulator)
    for mode in MODES:
        for at in range(page.count):
            decision = batch.decisions(mode)[at]
            own = page.decision(mode, at)
            assert own["title"] == (naming.rules[mode].title(int(decision["rule"]), int(decision["chain"])) or "")
            assert own["rule"] == decision["rule"]
            assert own["why"] == (SENTENCES[Reason(int(decision["reason"]))] if decision["reason"] else "")


def test_packets_have_their_headers() -> None:
    page = Page(told("handshake.pcapng", count=1))
    assert page.text(page.value("src", 0)) == "10.1.4.23"
    assert page.text(page.value("proto", 0)) == "tcp"
    assert page.value("flags", 0) == 2
    assert (page.value("n", 0), page.value("t", 0)) == (1, 0)
    assert (page.text(page.value("iif", 0)), page.text(page.value("oif", 0))) == ("lan", "wan")


def test_a_later_fragment_is_told_as_such() -> None:
    page = Page(told("fragments.pcapng"))
    assert {page.value("fragment", at) for at in range(page.count)} >= {0, 1, 2}


def test_only_the_packets_of_the_window_are_told() -> None:
    page = Page(told("handshake.pcapng", first=2, count=2))
    assert page.columns["n"] == [3, 4]


def test_what_is_seen_of_a_packet_is_not_kept_twice() -> None:
    done = reported("fragments.pcapng")
    assert done.gathered.watched.sights == {}
    assert len(done.gathered.packets) == done.tally.frames


def test_comments_of_the_capture_are_told() -> None:
    data = told("office.pcapng", count=120)
    comments = {data["texts"][number] for numbers in data["packets"]["comments"].values() for number in numbers}
    assert "rst-out-of-window" in comments


def test_a_sentence_says_what_both_modes_do_and_by_which_rule() -> None:
    done = reported("blind-reset.pcapng")
    zeros = {"verdict": 0, "rule": 0, "chain": 0, "mirror": 1}
    policy = {"verdict": 1, "rule": -2, "chain": 0, "mirror": 0}
    said = sentence_of(done.run.naming, MODES, [zeros, policy])
    assert said == 'stateless admits it (through the mirror of "replies"), stateful drops it (policy of forward)'


def test_many_comments_of_one_packet_are_left_out_too(monkeypatch: pytest.MonkeyPatch) -> None:
    done = reported("handshake.pcapng", count=1)
    monkeypatch.setattr(packets, "COMMENTED", 3)
    for place, texts in enumerate((["a", "b"], ["c", "d"], ["e"])):
        done.gathered.packets._comment(place, texts)
    told_of = done.gathered.packets.told()
    assert list(told_of["comments"]) == [0, 2]
    assert told_of["comments_left_out"] == 1


def test_comments_of_many_packets_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packets, "COMMENTED", 1)
    told_of = told("office.pcapng", count=120)["packets"]
    assert len(told_of["comments"]) == 1
    assert told_of["comments_left_out"] > 0
