"""ClassBench filters: read right, enlarged the same every time, and meant by the rules as they are written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fwsim.ruleset import load_ruleset
from fwsim.terms import Verdict
from tests.bench.making import drawn_headers, write_capture
from tests.classbench import (
    HEADER,
    Filter,
    Headers,
    corpus_filters,
    corpus_sets,
    enlarged,
    headers_for,
    inside,
    read_filters,
    ruleset_of,
)
from tests.replaying import replay_files

LINES = """\
@198.12.130.31/32\t204.158.101.0/28\t0 : 65535\t1221 : 1221\t0x06/0xFF\t0x0200/0x1200\t
@37.184.85.16/29\t0.0.0.0/0\t1024 : 65535\t137 : 139\t0x11/0xFF\t0x0000/0x0000\t
@0.0.0.0/1\t70.166.181.48/28\t0 : 65535\t0 : 65535\t0x01/0xFF\t0x0800/0xff00\t
@11.5.0.0/16\t204.158.0.0/15\t0 : 65535\t25 : 25\t0x00/0x00\t0x0000/0x0000\t
@37.184.0.0/15\t0.0.0.0/0\t0 : 65535\t0 : 65535\t0x06/0xFF\t0x0000/0x0200\t
@0.0.0.0/0\t70.166.0.0/16\t0 : 65535\t0 : 65535\t0x2f/0xFF\t0x0000/0x0000\t
@128.0.0.0/2\t11.5.0.0/16\t53 : 53\t0 : 65535\t0x11/0xFF\t0x0000/0x0000\t
"""


@pytest.fixture
def filters(tmp_path: Path) -> list[Filter]:
    (tmp_path / "set").write_text(LINES)
    return read_filters(tmp_path / "set")


needs_corpus = pytest.mark.skipif(not corpus_sets(), reason="no ClassBench sets beside the checkout")


def first_of(filters: list[Filter], headers: Headers) -> np.ndarray:
    """The first filter that matches each header, or -1."""
    found = np.full(len(headers), -1)
    for number in reversed(range(len(filters))):
        found[inside(filters[number], headers)] = number
    return found


def test_a_line_reads_as_it_is_written(filters: list[Filter]) -> None:
    assert filters[0] == Filter((0xC60C821F, 32), (0xCC9E6500, 28), (0, 65535), (1221, 1221), 6, (0x02, 0x12))
    assert filters[3].proto is None
    assert filters[2].kind == (8, 0xFF)


def test_filters_are_enlarged_the_same_every_time(filters: list[Filter]) -> None:
    many = enlarged(filters, 300)
    assert many == enlarged(filters, 300)
    assert many != enlarged(filters, 300, seed=2)
    assert len(set(many)) == 300
    assert {(one.src[1], one.dst[1]) for one in many} <= {(one.src[1], one.dst[1]) for one in filters}


def test_enlarged_filters_can_all_be_met_by_hosts(filters: list[Filter]) -> None:
    for one in enlarged(filters, 300):
        for address, length in (one.src, one.dst):
            assert address & (1 << 32 - length) - 1 == 0
            last = address | (1 << 32 - length) - 1
            assert any(octet not in (0, 127) and octet < 224 for octet in range(address >> 24, (last >> 24) + 1))
        assert 0 <= one.sport[0] <= one.sport[1] <= 65535
        assert 0 <= one.dport[0] <= one.dport[1] <= 65535


def test_half_of_the_headers_are_inside_a_filter(filters: list[Filter]) -> None:
    many = enlarged(filters, 50)
    headers = headers_for(many, 4_000)
    assert headers.dtype == HEADER
    assert (headers == headers_for(many, 4_000)).all()
    met = first_of(many, headers) >= 0
    assert met.mean() >= 0.45
    hit = [inside(one, headers).any() for one in many]
    assert all(hit)


def test_a_header_drawn_inside_a_filter_is_inside(filters: list[Filter]) -> None:
    for one in filters:
        share = inside(one, headers_for([one], 2_000)).mean()
        assert share >= 0.45


def test_rules_match_as_their_filters(filters: list[Filter], tmp_path: Path) -> None:
    many = enlarged(filters, 40)
    headers = headers_for(many, 1_500)
    write_capture(tmp_path / "headers.pcap", drawn_headers(many, 1_500))
    (tmp_path / "rules.json").write_text(json.dumps(ruleset_of(many)))
    outcome = replay_files([tmp_path / "headers.pcap"], load_ruleset(str(tmp_path / "rules.json")))
    assert set(outcome.column("verdict", "stateless")) <= {Verdict.ACCEPT, Verdict.DROP}
    rules = np.array(outcome.column("rule", "stateless"))
    expected = first_of(many, headers)
    assert (np.where(rules < 0, -1, rules) == expected).all()
    assert (expected >= 0).any()
    assert (expected < 0).any()


@pytest.mark.corpus
@needs_corpus
def test_the_sets_of_the_corpus_make_ten_thousand_rules(tmp_path: Path) -> None:
    many = enlarged(corpus_filters(), 10_000)
    assert len(set(many)) == 10_000
    (tmp_path / "rules.json").write_text(json.dumps(ruleset_of(many)))
    ruleset = load_ruleset(str(tmp_path / "rules.json"))
    assert [len(chain.rules) for chain in ruleset.chains.values()] == [10_000]
