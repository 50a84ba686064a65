"""Damaged rulesets: whatever is done to a file, it is read, or it is told what is wrong with it."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fwsim.errors import Problem, RulesetError
from fwsim.ruleset import Ruleset, load_ruleset

OFFICE = (Path(__file__).parents[2] / "rulesets" / "office.yaml").read_bytes()
PIECES = [
    b"!",
    b"@",
    b"*x",
    b"&x ",
    b"[",
    b"]",
    b"{",
    b"}",
    b": ",
    b"- ",
    b"\n",
    b"\t",
    b"#",
    b'"',
    b"'",
    b"|",
    b">",
    b"%",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b"---\n",
    b"...\n",
    b"<<: ",
    b"!!str ",
    b"? ",
    b"99999999999",
    b"-1",
    b"0x",
    b"null",
    b"on",
    b"rules",
    b"chains: ",
    b"  ",
    b"\r",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["!", "@", "@a", "!@a", "a-b", "1-", "-1", "any", "*", "eth*", "jump a", "goto", "0x", "/", "10.0.0.0/8"]
    ),
)
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)),
)
KEYS = sorted(
    {
        "name",
        "interfaces",
        "local",
        "tracking",
        "conntrack",
        "stateless",
        "sets",
        "policy",
        "rules",
        "chains",
        "src",
        "dst",
    }
    | {
        "proto",
        "dport",
        "verdict",
        "limit",
        "log",
        "hook",
        "networks",
        "macs",
        "elements",
        "type",
        "ct_state",
        "tcp_flags",
    }
    | {"mark", "set_mark", "iif", "reject_with", "priority", "udp_timeout", "tcp_loose", "max", "replies", "a"}
)
SHAPED: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)),
    max_leaves=25,
)


def told(data: bytes) -> list[Problem]:
    """The problems of a ruleset, none if it can be read."""
    try:
        load_ruleset(io.BytesIO(data))
    except RulesetError as error:
        return error.problems
    return []


def refused(tree: Any) -> ValidationError | None:
    """Why a Python value is no ruleset."""
    try:
        Ruleset.model_validate(tree)
    except ValidationError as error:
        return error
    return None


def told_or_read(data: bytes) -> None:
    """Load the ruleset; an error must tell at least one mistake, each at a place in the file, or of it as a whole."""
    lines = data.count(b"\n") + data.count(b"\r") + data.count(b"\xe2\x80\xa8") + data.count(b"\xc2\x85") + 2
    for problem in told(data):
        assert 0 <= problem.line <= lines
        assert (problem.column >= 1) == (problem.line >= 1)
        assert problem.what.isprintable()


@pytest.mark.parametrize("seed", range(40))
def test_a_file_with_pieces_changed_is_read_or_told(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(10):
        data = bytearray(OFFICE)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(data))
            data[place : place + chance.choice([0, 0, 1, 3, 20])] = chance.choice(PIECES)
        told_or_read(bytes(data))


@pytest.mark.parametrize("seed", range(10))
def test_a_file_cut_short_is_read_or_told(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(5):
        told_or_read(OFFICE[: chance.randrange(len(OFFICE))])


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    told_or_read(data)


@given(st.text(max_size=200))
def test_any_text_is_read_or_told(text: str) -> None:
    told_or_read(text.encode("utf-8", "replace"))


@given(st.dictionaries(st.sampled_from(KEYS), SHAPED, max_size=6))
def test_any_tree_of_known_keys_is_read_or_told(tree: dict[str, Any]) -> None:
    told_or_read(json.dumps(tree).encode())


@given(TREES)
def test_any_python_value_is_validated_or_refused(tree: Any) -> None:
    error = refused(tree)
    assert error is None or error.error_count() >= 1


@given(st.dictionaries(st.sampled_from(KEYS), SHAPED, max_size=6))
def test_python_and_file_agree_on_what_is_a_ruleset(tree: dict[str, Any]) -> None:
    text = json.dumps(tree)
    plain = json.loads(text, parse_float=str, parse_constant=str)
    plain.setdefault("policy", "drop")  # which a file may not leave out together with all rules
    assert bool(told(json.dumps(plain).encode())) == (refused(plain) is not None)
