"""The selection language: its grammar, its errors with columns, and what absent fields do."""

from __future__ import annotations

import pytest

from fwsim.errors import UsageError
from fwsim.selection import Selection
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, Evidence, Proto, Reason, Verdict
from tests.batches import BASE_TS, FakeBatch, batch, naming

BOTH = ("stateless", "stateful")
ICMP = {"proto": int(Proto.ICMP), "sport": ABSENT, "dport": ABSENT, "flags": ABSENT, "seq": ABSENT, "ack": ABSENT,
        "win": ABSENT, "icmp_type": 8, "icmp_code": 0}  # fmt: skip


@pytest.fixture
def mixed() -> FakeBatch:
    """A SYN, an ACK from elsewhere, a ping, an IPv6 segment, an ARP frame."""
    return batch(
        {},
        {"src": "198.51.100.7", "dst": "10.1.4.23", "sport": 443, "dport": 51822, "flags": 0x10, "iif": 1, "oif": 0,
         "evidence": Evidence.ACK_WITHOUT_CONNECTION | Evidence.BOGON_SOURCE, "connection": 0},
        ICMP,
        {"family": 6, "src": "fd00:1::5", "dst": "2001:db8::1", "flags": 0x18, "iif": UNKNOWN_VALUE},
        {"family": 0, "proto": 0, "sport": ABSENT, "dport": ABSENT, "flags": ABSENT, "vlan": 7},
        stateless=[{}, {"mirror": 1}, {}, {}, {"verdict": Verdict.NOT_EVALUATED, "rule": -1, "chain": -1}],
        stateful=[
            {}, {"verdict": Verdict.DROP, "reason": Reason.TCP_NO_PICKUP, "rule": 1, "ct_state": CtState.INVALID},
            {"rule": 3}, {"rule": -2}, {"verdict": Verdict.NOT_EVALUATED, "rule": -1, "chain": -1},
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("n==2", [1]),
        ("n in {1, 3}", [0, 2]),
        ("n > 2 and n <= 4", [2, 3]),
        ("src==10.1.4.23", [0, 2]),
        ("src in 10.0.0.0/8 && proto", [0, 2]),
        ("src == 10.1.0.0/16 and not proto==tcp", [2]),
        ("src in {198.51.100.0/24, fd00:1::/64}", [1, 3]),
        ("dst != 203.0.113.80", [1, 3]),
        ("proto == tcp", [0, 1, 3]),
        ("proto == 1", [2]),
        ("sport == 443 or dport == 0x1bb", [0, 1, 3]),
        ("sport != 443", [0, 3]),
        ("not sport == 443", [0, 2, 3, 4]),
        ("flags == S", [0]),
        ("flags contains .", [1, 3]),
        ('flags == "P."', [3]),
        ("flags", [0, 1, 3]),
        ("icmp_type", [2]),
        ("icmp_code == 0", [2]),
        ("vlan", [4]),
        ("iif == lan", [0, 2, 4]),
        ("iif != lan", [1]),
        ("evidence", [1]),
        ("evidence contains ack-without-connection", [1]),
        ('evidence == "bogon-source"', [1]),
        ("evidence != bogon-source", [0, 2, 3, 4]),
        ("evidence in {land, bogon-source}", [1]),
        ("connection", [0, 2, 3, 4]),
        ("stateless.verdict==accept and stateful.verdict!=accept", [1]),
        ("stateful.verdict == NOT_EVALUATED", [4]),
        ("stateless.mirror", [1]),
        ("stateless.mirror == true", [1]),
        ("stateful.reason == tcp-no-pickup", [1]),
        ("stateful.ct_state == invalid", [1]),
        ("stateful.ct_state in {new, established}", [0, 2, 3, 4]),
        ('stateful.rule == "public web"', [2]),
        ("stateful.rule == 3", [0]),
        ("stateful.rule == policy", [3]),
        ("stateful.rule contains web", [2]),
        ("stateful.rule", [0, 1, 2, 3]),
        ("stateful.line == 16", [2]),
        ("stateful.line < 10", [3]),
        ("stateful.chain != forward", []),
        ("file contains office", [0, 1, 2, 3, 4]),
        ("not (n==1 or n==2) and !(n==3)", [3, 4]),
        ("n==1 or n==2 and n==3", [0]),
        ("(n==1 or n==2) and n==2", [1]),
        (f"ts >= {BASE_TS // 10**9}.000000003", [3, 4]),
        ("len == 74", [0, 1, 2, 3, 4]),
    ],
)
def test_expression_selects_exactly_its_rows(mixed: FakeBatch, expression: str, rows: list[int]) -> None:
    assert Selection(expression, BOTH).rows(mixed, naming()).tolist() == rows


def test_with_one_mode_decisions_have_no_prefix(mixed: FakeBatch) -> None:
    assert Selection("verdict==drop", ("stateful",)).rows(mixed, naming()).tolist() == [1]


@pytest.mark.parametrize("field", ["sport", "iif", "src", "stateful.rule", "stateful.line", "stateful.hook"])
def test_an_absent_field_makes_both_equal_and_unequal_false(field: str) -> None:
    nothing = batch(
        {"family": 0, "sport": ABSENT, "iif": UNKNOWN_VALUE},
        stateful=[{"verdict": Verdict.NOT_EVALUATED, "rule": -1, "chain": -1, "hook": -1}],
    )
    value = {"src": "10.0.0.1", "stateful.hook": "forward"}.get(field, "1")
    for operator in ("==", "!="):
        assert Selection(f"{field} {operator} {value}", BOTH).rows(nothing, naming()).tolist() == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "column 1: expected a field, but the expression ends"),
        ("verdict==1", "column 1: no field is called 'verdict': did you mean stateless.verdict or stateful.verdict?"),
        ("spot==1", "column 1: no field is called 'spot': did you mean sport?"),
        ("n==1 and dpotr==2", "column 10: no field is called 'dpotr': did you mean dport?"),
        ("stateful.verdict==acept", "column 19: 'acept' is no verdict: did you mean accept?"),
        ("evidence contains lnd", "column 19: 'lnd' is no word of evidence: did you mean land?"),
        ("sport==htps", "column 8: 'htps' is neither a port nor a service: did you mean https?"),
        ("dport==zzzzzz", "column 8: 'zzzzzz' is neither a port nor a service"),
        ("seq==http", "column 6: 'http' is not a number"),
        (
            "dport in 1-1024",
            "column 10: '1-1024' is not a number: a range is written dport >= 1 and dport <= 1024",
        ),
        ("sport==-1", "column 8: -1 is not in the range of sport"),
        ("src==10.1.0", "column 6: '10.1.0' is neither an address nor a network"),
        ("src<10.1.0.0", "column 4: src cannot be compared by '<', only by ==, !=, in"),
        ("n==", "column 4: expected a value for n, but the expression ends"),
        ("n==1 n==2", "column 6: 'n' is too much, expected and, or, or the end"),
        ("(n==1", "column 6: expected ')'"),
        ("n in {1, 2", "column 11: expected ',' or '}'"),
        ("n in {}", "column 7: expected a value for n, not '}'"),
        ("n=1", "column 2: '=' is not understood here, expected =="),
        ('file=="abc', "column 7: '\"' is not understood here, the quote is not closed"),
        ("flags==SX", "column 8: 'SX' is not made of the letters of TCP flags, F S R P . U E W, nor none"),
        ("ts==yesterday", "column 5: 'yesterday' is no time, expected 2026-03-02T08:00:03 or seconds since 1970"),
        ("stateless.mirror==maybe", "column 19: 'maybe' is neither true nor false, expected one of: true, false"),
    ],
)  # fmt: skip
def test_mistake_is_told_with_its_column_and_what_was_expected(expression: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Selection(expression, BOTH)
    assert str(caught.value).startswith(f"-Y, {message}")


@pytest.mark.parametrize("opening", ["(", "not ", "!"])
def test_nesting_without_end_is_refused_instead_of_overflowing(opening: str) -> None:
    with pytest.raises(UsageError, match="nested more than"):
        Selection(opening * 100_000 + "n==1", BOTH)


def test_quoted_keyword_is_a_value_and_no_keyword(mixed: FakeBatch) -> None:
    assert Selection('stateful.rule == "and" or n==1', BOTH).rows(mixed, naming()).tolist() == [0]
    assert Selection(r'stateful.rule == "a\"b"', BOTH).rows(mixed, naming()).tolist() == []


@pytest.mark.parametrize(
    ("named", "numbered"),
    [("dport==HTTPS", "dport==443"), ("dport in {https, 22}", "dport in {443, ssh}"), ("sport!=ssh", "sport!=22")],
)
def test_ports_may_be_named_by_their_services(mixed: FakeBatch, named: str, numbered: str) -> None:
    mixed.packets["dport"] = 443
    mixed.packets["sport"][1:] = 22
    first, second = (Selection(text, BOTH).rows(mixed, naming()).tolist() for text in (named, numbered))
    assert first == second != []
