"""JSON lines and CSV: every field of the contract for every frame, exact values, no formulas."""

from __future__ import annotations

import csv
import io
import json

import jsonschema
import numpy as np
import pytest

from fwsim.harmless import csv_cell, safe
from fwsim.naming import DECISION_FIELDS, FRAME_FIELDS, NAT
from fwsim.report.frame_schema import frame_schema
from fwsim.report.frames import Csv, JsonLines
from fwsim.tables import DEPARTURE, V6, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, Direction, Evidence, Hook, Proto, Reason, RejectWith, Verdict
from tests.batches import FakeBatch, FakeRule, batch, naming

BOTH = ("stateless", "stateful")
CONTRACT = [
    "n",
    "file",
    "ts",
    "len",
    "src",
    "dst",
    "proto",
    "sport",
    "dport",
    "flags",
    "seq",
    "ack",
    "win",
    "icmp_type",
    "icmp_code",
    "vlan",
    "iif",
    "oif",
    "connection",
    "evidence",
]
DECISION_CONTRACT = [
    "verdict",
    "reason",
    "reject_with",
    "hook",
    "chain",
    "rule",
    "line",
    "mirror",
    "ct_state",
    "ct_direction",
    "tcp_state_before",
    "tcp_state",
    "nat",
]


@pytest.fixture
def mixed() -> FakeBatch:
    """An answer that is refused, an IPv6 ping with a rejection, a frame that is not IP."""
    nothing = {"sport": ABSENT, "dport": ABSENT, "flags": ABSENT, "seq": ABSENT, "ack": ABSENT, "win": ABSENT}
    undecided = {
        "verdict": Verdict.NOT_EVALUATED,
        "reason": Reason.NOT_IP,
        "hook": -1,
        "chain": -1,
        "rule": -1,
        "ct_state": 0,
        "ct_direction": Direction.NONE,
        "tcp_state_before": -1,
        "tcp_state": -1,
    }
    return batch(
        {
            "flags": 0x12,
            "seq": 4_294_967_295,
            "ack": 7,
            "sport": UNKNOWN_VALUE,
            "vlan": 12,
            "iif": UNKNOWN_VALUE,
            "evidence": Evidence.LAND | Evidence.SYNACK_WITHOUT_SYN,
        },
        {
            **nothing,
            "family": 6,
            "proto": int(Proto.ICMPV6),
            "src": "fd00:1::5",
            "dst": "2001:db8::1",
            "icmp_type": 128,
            "icmp_code": 0,
            "connection": 0,
        },
        {**nothing, "family": 0, "proto": 0, "iif": 1, "connection": 0},
        stateless=[{"mirror": 1, "reason": Reason.MIRROR, "rule": 3}, {}, undecided],
        stateful=[
            {
                "verdict": Verdict.DROP,
                "reason": Reason.TCP_NOT_AN_OPENING,
                "rule": 1,
                "ct_state": CtState.INVALID,
                "ct_direction": Direction.NONE,
                "tcp_state_before": -1,
                "tcp_state": -1,
            },
            {
                "verdict": Verdict.REJECT,
                "reject_with": RejectWith.ICMPX_ADMIN_PROHIBITED,
                "rule": -2,
                "hook": Hook.INPUT,
                "reason": Reason.POLICY,
                "tcp_state_before": -1,
                "tcp_state": -1,
            },
            undecided,
        ],
    )


def lines(of: FakeBatch, modes: tuple[str, ...] = BOTH) -> list[dict[str, object]]:
    """The parsed JSON lines of a whole batch."""
    return [json.loads(line) for line in JsonLines(modes, naming()).lines(of, slice(None)).splitlines()]


def test_field_names_are_those_of_the_contract_in_its_order(mixed: FakeBatch) -> None:
    assert list(FRAME_FIELDS) == CONTRACT
    assert [*DECISION_FIELDS, NAT] == DECISION_CONTRACT
    for record in lines(mixed):
        assert list(record) == [*CONTRACT, "stateless", "stateful"]
    for record in lines(mixed, ("stateful",)):
        assert list(record) == [*CONTRACT, *DECISION_CONTRACT]


def test_values_are_exact_and_absent_or_unknown_ones_are_null(mixed: FakeBatch) -> None:
    answer, ping, foreign = lines(mixed)
    assert {name: answer[name] for name in CONTRACT} == {
        "n": 1,
        "file": "office.pcapng",
        "ts": "1772438403.000000000",
        "len": 74,
        "src": "10.1.4.23",
        "dst": "203.0.113.80",
        "proto": "tcp",
        "sport": None,
        "dport": 443,
        "flags": "S.",
        "seq": 4_294_967_295,
        "ack": 7,
        "win": 64240,
        "icmp_type": None,
        "icmp_code": None,
        "vlan": 12,
        "iif": None,
        "oif": "wan",
        "connection": 1,
        "evidence": ["land", "synack-without-syn"],
    }
    assert answer["stateless"] == {
        "verdict": "accept",
        "reason": "mirror",
        "reject_with": None,
        "hook": "forward",
        "chain": "forward",
        "rule": "public web",
        "line": 16,
        "mirror": True,
        "ct_state": "none",
        "ct_direction": "none",
        "tcp_state_before": None,
        "tcp_state": None,
        "nat": None,
    }
    assert answer["stateful"]["verdict"] == "drop"  # type: ignore[index]
    assert answer["stateful"]["reason"] == "tcp-not-an-opening"  # type: ignore[index]
    assert ping["src"] == "fd00:1::5"
    assert ping["proto"] == "icmpv6"
    assert ping["flags"] is None
    assert ping["icmp_type"] == 128
    assert ping["connection"] is None
    rejected = ping["stateful"]
    assert isinstance(rejected, dict)
    assert (rejected["reject_with"], rejected["rule"], rejected["line"]) == ("icmpx-admin-prohibited", "policy", 8)
    assert [foreign[name] for name in ("src", "dst", "proto", "sport", "flags")] == [None] * 5
    assert foreign["stateful"] == {
        "verdict": "not_evaluated",
        "reason": "not-ip",
        "reject_with": None,
        "hook": None,
        "chain": None,
        "rule": None,
        "line": None,
        "mirror": False,
        "ct_state": "none",
        "ct_direction": "none",
        "tcp_state_before": None,
        "tcp_state": None,
        "nat": None,
    }


def translated(mixed: FakeBatch) -> FakeBatch:
    """The first frame left from another address and port, the second to somewhere that is not known."""
    left = empty(DEPARTURE, 3)
    left[0] = (1, 0xC6336401, 0, 0, 0, 0xCB007150, 0, 0, 0, 1024, 443, ABSENT)
    left[1] = (2, V6 + 0xFD000001, 0, 0, 5, UNKNOWN_VALUE, 0, 0, 0, ABSENT, ABSENT, UNKNOWN_VALUE)
    mixed.departures["stateful"] = left
    return mixed


def test_translated_packets_tell_how_they_left_and_null_is_not_known(mixed: FakeBatch) -> None:
    answer, ping, foreign = (record["stateful"] for record in lines(translated(mixed)))
    found = [record["nat"] for record in (answer, ping, foreign)]  # type: ignore[index]
    assert found == [
        {"side": "out", "src": "198.51.100.1", "dst": "203.0.113.80", "sport": 1024, "dport": 443, "icmp_id": None},
        {"side": "in", "src": "fd00:1::5", "dst": None, "sport": None, "dport": None, "icmp_id": None},
        None,
    ]
    assert [record["stateless"]["nat"] for record in lines(mixed)] == [None] * 3  # type: ignore[index]
    assert [record["nat"] for record in lines(mixed, ("stateful",))] == found


@pytest.mark.parametrize("modes", [BOTH, ("stateful",)])
def test_translated_packets_satisfy_the_schema_and_are_flat_in_csv(mixed: FakeBatch, modes: tuple[str, ...]) -> None:
    for record in lines(translated(mixed), modes):
        jsonschema.validate(record, frame_schema(modes))
    test_csv_has_the_same_fields_flat_and_the_same_values(mixed)


@pytest.mark.parametrize("modes", [BOTH, ("stateful",)])
def test_every_line_satisfies_the_published_schema(mixed: FakeBatch, modes: tuple[str, ...]) -> None:
    schema = frame_schema(modes)
    jsonschema.Draft202012Validator.check_schema(schema)
    for record in lines(mixed, modes):
        jsonschema.validate(record, schema)


def test_only_selected_rows_are_written(mixed: FakeBatch) -> None:
    text = JsonLines(BOTH, naming()).lines(mixed, np.array([2, 0]))
    assert [json.loads(line)["n"] for line in text.splitlines()] == [3, 1]


def test_hostile_names_leave_json_and_csv_well_formed() -> None:
    hostile = 'x",\n"verdict":"accept\x1b[2J'
    names = naming([FakeRule(hostile, 1, 1)] * 4, [hostile])
    record = json.loads(JsonLines(BOTH, names).lines(batch({}), slice(None)))
    assert record["file"] == hostile
    assert record["stateful"]["rule"] == hostile
    form = Csv(BOTH, names)
    (header, row) = csv.reader(io.StringIO(form.header() + form.lines(batch({}), slice(None)), newline=""))
    assert len(row) == len(header)
    assert row[header.index("stateful.rule")] == safe(hostile)


def test_csv_has_the_same_fields_flat_and_the_same_values(mixed: FakeBatch) -> None:
    form = Csv(BOTH, naming())
    rows = list(csv.DictReader(io.StringIO(form.header() + form.lines(mixed, slice(None)))))
    flat = [*DECISION_CONTRACT[:-1], *(f"nat.{name}" for name in ("side", "src", "dst", "sport", "dport", "icmp_id"))]
    assert list(rows[0]) == [*CONTRACT, *(f"{mode}.{name}" for mode in BOTH for name in flat)]
    for row, record in zip(rows, lines(mixed), strict=True):
        for name in CONTRACT:
            assert row[name] == csv_cell(record[name])
        for mode in BOTH:
            decision = record[mode]
            assert isinstance(decision, dict)
            left = decision["nat"] or dict.fromkeys(("side", "src", "dst", "sport", "dport", "icmp_id"))
            told = decision | {f"nat.{name}": value for name, value in left.items()}
            assert {name: row[f"{mode}.{name}"] for name in flat} == {name: csv_cell(told[name]) for name in flat}


def test_a_thousand_lines_cost_little() -> None:
    """Not a benchmark, but a guard against making lines one value at a time."""
    import time

    one = batch({})
    many = np.zeros(20_000, dtype=np.int64)
    large = FakeBatch(one.frames[many], one.packets[many], one.stateless[many], one.stateful[many])
    begun = time.process_time()
    JsonLines(BOTH, naming()).lines(large, slice(None))
    assert time.process_time() - begun < 20_000 * 100e-6
