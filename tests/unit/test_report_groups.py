"""`--by`: groups in the order of what counts, with bounded memory and columns that add up."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fwsim.report import groups as module
from fwsim.report.groups import Groups, groups_csv, groups_jsonl, groups_records, groups_text
from fwsim.terms import ABSENT, Verdict
from tests.batches import FakeBatch, batch, naming

BOTH = ("stateless", "stateful")
DROP = {"verdict": Verdict.DROP}


@pytest.fixture
def mixed() -> FakeBatch:
    """Three packets of one source, of which two differ, one of another, one that is not IP."""
    return batch(
        {},
        {"dport": 80},
        {"connection": 2},
        {"src": "fd00::1", "family": 6, "proto": 17, "dport": 53},
        {"family": 0, "proto": 0, "dport": ABSENT, "connection": 0},
        stateful=[DROP, {**DROP, "rule": 1}, {}, {"rule": -2}, {"rule": -1, "chain": -1}],
    )


def names(kind: str, of: FakeBatch) -> list[tuple[str, int, tuple[int, ...], int]]:
    """The rows of the table."""
    groups = Groups(kind, BOTH, naming())
    groups.add(of)
    return [(group.name, group.frames, group.admitted, group.telling) for group in groups.top(10)]


def test_by_source(mixed: FakeBatch) -> None:
    assert names("source", mixed) == [
        ("10.1.4.23", 3, (3, 1), 2),
        ("not IP", 1, (1, 1), 0),
        ("fd00::1", 1, (1, 1), 0),
    ]


def test_by_port(mixed: FakeBatch) -> None:
    assert names("port", mixed) == [
        ("tcp/443", 2, (2, 1), 1),
        ("tcp/80", 1, (1, 0), 1),
        ("0", 1, (1, 1), 0),
        ("udp/53", 1, (1, 1), 0),
    ]


def test_by_connection(mixed: FakeBatch) -> None:
    assert names("connection", mixed)[0] == ("connection 1", 3, (3, 1), 2)
    assert {row[0] for row in names("connection", mixed)} == {"connection 1", "connection 2", "no connection"}


def test_by_rule(mixed: FakeBatch) -> None:
    assert [row[0] for row in names("rule", mixed)] == ["forward: 3", "forward: broken", "forward: policy", "no rule"]


def test_a_replay_counts_what_is_not_admitted(mixed: FakeBatch) -> None:
    groups = Groups("source", ("stateful",), naming())
    groups.add(mixed)
    assert [(group.admitted, group.telling) for group in groups.top(1)] == [((1,), 2), ((2,), 0)]


def test_rows_beyond_the_top_are_added_up(mixed: FakeBatch) -> None:
    groups = Groups("port", BOTH, naming())
    groups.add(mixed, np.array([0, 1, 3]))
    assert [(group.name, group.frames) for group in groups.top(1)] == [("tcp/80", 1), ("2 others", 2)]


def test_a_flood_of_sources_is_merged_and_still_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 20)
    groups = Groups("source", BOTH, naming())
    for number in range(100):
        groups.add(batch({"src": f"10.0.0.{number}"}, {"src": "192.0.2.1"}, stateful=[{}, DROP]))
    assert len(groups.counts) <= 21
    table = groups.top(3)
    assert (table[0].name, table[0].frames) == ("192.0.2.1", 100)
    assert sum(group.frames for group in table) == 200


def test_forms_say_the_same(mixed: FakeBatch) -> None:
    groups = Groups("source", BOTH, naming())
    groups.add(mixed)
    records = groups_records(groups, 10)
    assert records[0] == {"source": "10.1.4.23", "packets": 3, "stateless_admits": 3, "stateful_admits": 1, "differ": 2}
    assert [json.loads(line) for line in groups_jsonl(groups, 10).splitlines()] == records
    assert groups_csv(groups, 10).splitlines()[:2] == [
        "source,packets,stateless_admits,stateful_admits,differ",
        "10.1.4.23,3,3,1,2",
    ]
    assert groups_text(groups, 10).splitlines()[:2] == [
        "by source   packets   stateless admits   stateful admits   differ",
        "10.1.4.23         3                  3                 1        2",
    ]


def test_nothing_to_group_is_an_empty_table() -> None:
    groups = Groups("port", ("stateful",), naming())
    groups.add(batch(), slice(None))
    assert groups_records(groups, 5) == []
    assert groups_csv(groups, 5) == "port\n"
