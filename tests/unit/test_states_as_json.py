"""States as JSON: written and read alike, and everything that is wrong is told with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.states.as_json import BOUNDS, LAST, READ, WrongError, json_lines, record, seconds, state_of
from fwsim.states.model import BITS, OF_SIDE, STATES, Entry, State, inverse_of, tuple_of

ADDRESS = st.tuples(st.ip_addresses(v=4), st.ip_addresses(v=4)) | st.tuples(st.ip_addresses(v=6), st.ip_addresses(v=6))
TIMES = st.integers(0, 1 << 60)


def numbers(names: Any) -> st.SearchStrategy[dict[str, int]]:
    return st.fixed_dictionaries({name: st.integers(*BOUNDS[name]) for name in names})


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    proto = draw(st.sampled_from([1, 6, 17, 47, 50, 132]))
    src, dst = map(str, draw(ADDRESS))
    ports = draw(st.tuples(st.integers(0, 65535), st.integers(0, 65535)))
    ids = (ports[0], 8 << 8) if proto == 1 else (0, 0) if proto == 50 else ports
    original = tuple_of(proto, src, dst, ids)
    helped = draw(st.booleans())
    stateful = proto in STATES
    return Entry(
        original=original,
        reply=inverse_of(original),
        left_ns=draw(TIMES),
        state=draw(st.sampled_from(sorted(STATES[proto].values()))) if stateful else 0,
        status=sum(draw(st.sets(st.sampled_from([BITS["seen_reply"], BITS["assured"]])))) + helped * BITS["helper"],
        mark=draw(st.integers(0, 0xFFFFFFFF)),
        timeout_ns=draw(TIMES),
        age_ns=draw(TIMES),
        sides=draw(st.none() | st.tuples(numbers(OF_SIDE), numbers(OF_SIDE))) if stateful else None,
        last=draw(numbers(LAST)) if stateful else {},
        expectation=draw(numbers(READ)) if helped else None,
    )


@given(st.lists(entries(), max_size=4), st.none() | TIMES)
def test_what_is_written_is_read(found: list[Entry], at: int | None) -> None:
    state = State(found, at)
    text = "".join(json_lines(state))
    assert state_of(text) == state
    assert len(text.splitlines()) == len(found) + 2


@given(st.integers(-(1 << 60), 1 << 60))
def test_seconds_are_exact(nanoseconds: int) -> None:
    text = seconds(nanoseconds)
    assert int(text.replace(".", "")) == nanoseconds


LEAST = {"proto": "tcp", "state": "ESTABLISHED", "left": 60}
ENDS = {"src": "10.0.0.1", "dst": "2.3.4.5", "sport": 1000, "dport": 80}
GOOD = {**LEAST, "original": ENDS}


def read(*connections: Any, **more: Any) -> State:
    return state_of(json.dumps({"format": "fwsim connections", "version": 1, "connections": connections, **more}))


def test_a_person_needs_to_write_little() -> None:
    (entry,) = read(GOOD).entries
    assert entry.left_ns == 60_000_000_000
    assert entry.reply == inverse_of(entry.original)
    assert entry.sides is None
    assert record(entry)["state"] == "ESTABLISHED"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"proto": "tpc"}, "proto"),
        ({"proto": 300}, "proto"),
        ({"state": "OPEN"}, "state: expected one of"),
        ({"state": None}, "state"),
        ({"left": "1e9"}, "left"),
        ({"left": 1.5}, "left"),
        ({"left": "9" * 19}, "too many|left"),
        ({"colour": 1}, "unknown keys colour"),
        ({"status": ["loud"]}, "status"),
        ({"status": ["helper"]}, "helper"),
        ({"mark": -1}, "mark"),
        ({"mark": True}, "mark"),
        ({"windows": [{}]}, "windows"),
        ({"windows": [dict.fromkeys(OF_SIDE, 1), dict.fromkeys(OF_SIDE, 1 << 40)]}, "windows"),
        ({"last": {"last_seq": -1}}, "last_seq"),
        ({"original": {**ENDS, "dst": None}}, "not known"),
        ({"original": {**ENDS, "dst": "somewhere"}}, "somewhere"),
        ({"original": {**ENDS, "sport": 70000}}, "sport"),
        ({"original": {"src": "10.0.0.1", "dst": "2.3.4.5"}}, "no sport, dport"),
        ({"original": None}, "expected an object"),
    ],
)
def test_what_is_wrong_is_told_with_its_connection(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongError, match=rf"connection 2: .*({said})"):
        read(GOOD, {**GOOD, **changed})


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "7", "{}", '{"format": "x", "version": 1, "connections": []}']
)
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(WrongError):
        state_of(text)
    with pytest.raises(WrongError, match="version"):
        read(version=2)
    with pytest.raises(WrongError, match="list"):
        state_of('{"format": "fwsim connections", "version": 1, "connections": 5}')
