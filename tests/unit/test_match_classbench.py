"""ClassBench: the first match of every header is that of trying every filter, in third-party sets and larger ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fwsim.engine.match import walk
from fwsim.lower import Lowered, lower
from fwsim.ruleset import Ruleset
from fwsim.tables import DECISION, PACKET, empty, words
from fwsim.terms import ABSENT, Hook
from fwsim.uncompiled import wrapped
from tests import classbench
from tests.classbench import (
    CORPUS,
    HEADER,
    ICMP,
    TCP,
    UDP,
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

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not corpus_sets(), reason="no ClassBench sets beside the checkout"),
]
NONE = -2
"""RULE_POLICY: no filter matches."""


def lowered_of(filters: Sequence[Filter]) -> Lowered:
    return lower(Ruleset.model_validate(ruleset_of(filters)), interfaces=())


def packets_of(headers: Headers) -> npt.NDArray[np.void]:
    """The headers as packets."""
    table = empty(PACKET, len(headers))
    words(table)[:] = ABSENT
    for field in ("src", "dst"):
        table[f"{field}0"] = headers[field]
        for n in (1, 2, 3):
            table[f"{field}{n}"] = 0
    table["family"] = 4
    table["proto"] = headers["proto"]
    for field in ("sport", "dport"):
        table[field] = np.where(np.isin(headers["proto"], (TCP, UDP)), headers[field], ABSENT)
    table["flags"] = np.where(headers["proto"] == TCP, headers["kind"], ABSENT)
    table["icmp_type"] = np.where(headers["proto"] == ICMP, headers["kind"], ABSENT)
    return table


def first_matches(lowered: Lowered, headers: Headers) -> npt.NDArray[np.int64]:
    """The rule that decides each header."""
    program, memory = wrapped(lowered.program), wrapped(lowered.memory())
    rows = packets_of(headers)
    matrix = words(rows)
    decision: dict[str, Any] = dict.fromkeys(DECISION.names or (), ABSENT)
    found = []
    for n in range(len(rows)):
        row = matrix[n : n + 1]
        walk(program, memory, int(Hook.FORWARD), -1000, 1000, rows[n], memoryview(row), decision, 1)  # type: ignore[arg-type]
        found.append(decision["rule"])
    return np.array(found, np.int64)


def brute_force(filters: Sequence[Filter], headers: Headers) -> npt.NDArray[np.int64]:
    """The first filter that matches each header, by trying one after the other."""
    found = np.full(len(headers), NONE, np.int64)
    left = np.arange(len(headers))
    for number, one in enumerate(filters):
        hit = inside(one, headers[left])
        found[left[hit]] = number
        left = left[~hit]
    return found


@pytest.mark.parametrize("path", corpus_sets(), ids=lambda path: path.name)
def test_every_header_meets_the_first_filter_that_matches_it(path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    filters = read_filters(path)
    # Some filters of the sets are of networks without a unicast address.
    monkeypatch.setattr(classbench, "_unicast", lambda rng, low, size: low + rng.integers(0, size))
    headers = headers_for(filters, 4000)
    wanted = brute_force(filters, headers)
    assert len(set(wanted.tolist())) > 300
    assert first_matches(lowered_of(filters), headers).tolist() == wanted.tolist()


def test_of_ten_thousand_filters_every_header_meets_the_first_that_matches_it() -> None:
    filters = enlarged(corpus_filters(), 10_000)
    headers = headers_for(filters, 10_000)
    lowered = lowered_of(filters)
    assert lowered.program.chains[0]["summaries"] == 1
    wanted = brute_force(filters, headers)
    assert len(set(wanted.tolist())) > 2000
    assert first_matches(lowered, headers).tolist() == wanted.tolist()


def test_the_trace_meets_the_filter_it_was_made_for_or_one_before_it_that_matches_too() -> None:
    """The last column is the filter from which a header was drawn, from 0; the flags stand in the highest byte."""
    filters = read_filters(next(CORPUS.rglob("acl1_1k")))
    trace = np.loadtxt(next(CORPUS.rglob("acl1_1k_trace")), dtype=np.int64)
    headers = np.zeros(len(trace), HEADER)
    for column, name in enumerate(("src", "dst", "sport", "dport", "proto")):
        headers[name] = trace[:, column]
    headers["kind"] = trace[:, 5] >> 24
    drawn = trace[:, 6]
    found = first_matches(lowered_of(filters), headers)
    assert found.tolist() == brute_force(filters, headers).tolist()
    assert ((found >= 0) & (found <= drawn)).all()
    assert (found == drawn).mean() > 0.98
