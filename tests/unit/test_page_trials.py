from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP

from fwsim.explain.chains import Tried
from fwsim.page import trials
from fwsim.page.trials import full, without
from fwsim.terms import Verdict, word
from tests.captures_by_hand import pcap
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


def flooded(tmp_path: Path, packets: int) -> Page:
    """A page of a flood from different addresses to different ports, under rules that ask for both."""
    sources = [f"198.51.100.{number}" for number in range(1, packets + 1)]
    frames = [bytes(IP(src=source, dst="10.1.2.3") / TCP(sport=1_000 + number, dport=2_000 + number, flags="S"))
              for number, source in enumerate(sources)]  # fmt: skip
    (tmp_path / "flood.pcap").write_bytes(pcap(*frames, link=101))
    rules: list[dict[str, Any]] = [{"src": f"192.0.2.{number}", "verdict": "drop"} for number in range(4)]
    rules += [{"proto": "tcp", "dport": 80 + number, "verdict": "drop"} for number in range(4)]
    (tmp_path / "rules.json").write_text(json.dumps({"policy": "accept", "rules": rules}))
    return Page(told(str(tmp_path / "flood.pcap"), str(tmp_path / "rules.json")))


def test_packets_with_other_addresses_and_ports_share_their_walks(tmp_path: Path) -> None:
    page = flooded(tmp_path, 30)
    assert len(page.data["walks"]) == 1
    abouts = [about for _, _, about, _ in page.walk("stateful", 6)]
    assert abouts[0] == "src is 198.51.100.7, wants 192.0.2.0"
    assert abouts[4] == "dport is 2006, wants 80"


def test_after_many_different_walks_only_those_that_are_known_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "PLACES", 20)
    page = Page(told("office.pcapng", count=120, read=120))
    walks = [page.walk("stateless", at) for at in range(page.count)]
    untold = [at for at, walk in enumerate(walks) if [about for _, _, about, _ in walk] == [trials.NOT_TOLD]]
    assert untold
    assert any(walks[at] in walks[: untold[0]] for at in range(untold[0], page.count)), "one that is known"


def test_after_many_different_lines_no_other_walk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "LINES", 10)
    assert len(told("office.pcapng", count=120, read=120)["lines"]) < 60


@pytest.mark.parametrize(
    ("about", "shared"),
    [
        ("src is 10.0.0.1, wants 10.0.0.2", "src is {src}, wants 10.0.0.2"),
        ("ip daddr is 10.0.0.2, wants @s", "ip daddr is {dst}, wants @s"),
        ("sport is 53, wants 80", "sport is {sport}, wants 80"),
        ("x is 10.0.0.9, wants 10.0.0.1", "x is 10.0.0.9, wants 10.0.0.1"),
        ("10.0.0.1: not simulated", "10.0.0.1: not simulated"),
    ],
)
def test_only_values_of_the_packet_itself_are_left_out(about: str, shared: str) -> None:
    own = {"10.0.0.1": "{src}", "10.0.0.2": "{dst}", "53": "{sport}"}
    line = without(Tried(0, 1, 0, "name", about, "no"), own)
    assert isinstance(line, Tried)
    assert line.about == shared
