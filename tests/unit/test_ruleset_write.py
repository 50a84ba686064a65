"""Writing a ruleset and reading it again."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fwsim.ruleset import Ruleset, load_ruleset, to_yaml, words
from fwsim.ruleset.located import Document
from fwsim.ruleset.text import parse_text
from fwsim.ruleset.write import flow, quoted
from tests.examples import RULESETS


def again(ruleset: Ruleset) -> Ruleset:
    return load_ruleset(io.StringIO(to_yaml(ruleset)))


def v4(number: int) -> str:
    return ".".join(str(byte) for byte in number.to_bytes(4, "big"))


ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(v4),
    st.tuples(st.integers(0, 2**32 - 1).map(v4), st.integers(0, 32)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)).map(lambda p: f"{v4(min(p))}-{v4(max(p))}"),
)


PORTS = st.one_of(
    st.integers(0, 65535),
    st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda pair: f"{min(pair)}-{max(pair)}"),
    st.sampled_from(sorted(words.SERVICES)),
)


def one_or_many(elements: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    negated = st.lists(elements, min_size=1, max_size=4).map(lambda items: [f"!{item}" for item in items])
    return st.one_of(
        elements, elements.map(lambda item: f"!{item}"), st.lists(elements, min_size=1, max_size=4), negated
    )


RULES = st.fixed_dictionaries(
    {"proto": st.sampled_from(["tcp", "udp", ["tcp", "udp"]])},
    optional={
        "src": one_or_many(ADDRESSES),
        "dst": one_or_many(st.one_of(ADDRESSES, st.just("@a"))),
        "sport": one_or_many(PORTS),
        "dport": one_or_many(PORTS),
        "iif": one_or_many(st.sampled_from(["lan", "wan", "eth*"])),
        "ct_state": one_or_many(st.sampled_from(sorted(words.CT_STATES))),
        "ct_mark": one_or_many(st.sampled_from([1, "0x10", "0x10/0xf0", "1-5"])),
        "dscp": one_or_many(st.sampled_from(sorted(words.DSCP))),
        "limit": st.sampled_from(["10/second", {"rate": "5/minute", "burst": 2, "over": True}]),
        "log": st.one_of(st.booleans(), st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=20)),
        "set_mark": st.sampled_from([7, "0x1/0x3"]),
        "counter": st.booleans(),
        "verdict": st.sampled_from(["accept", "drop", "reject", "jump more", "goto more", "return", "continue"]),
    },
)


PLAIN = st.fixed_dictionaries(
    {
        "sets": st.fixed_dictionaries({"a": st.lists(ADDRESSES, min_size=1, max_size=3)}),
        "chains": st.fixed_dictionaries({"more": st.just({})}),
    },
    optional={
        "name": st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20),
        "policy": st.sampled_from(["accept", "drop"]),
        "rules": st.lists(RULES, max_size=4),
        "conntrack": st.fixed_dictionaries(
            {}, optional={"udp_timeout": st.sampled_from([30, "5m", "1h30m", "1500ms"])}
        ),
        "stateless": st.fixed_dictionaries({"replies": st.sampled_from(["any", "never"])}),
    },
)


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: path.stem)
def test_a_ruleset_written_and_read_again_is_the_same(path: Path) -> None:
    ruleset = load_ruleset(path)
    assert again(ruleset) == ruleset
    assert to_yaml(again(ruleset)) == to_yaml(ruleset)


def test_values_are_written_as_they_were_spelled() -> None:
    source = """\
name: all of it
interfaces:
  lan: {networks: [10.1.0.0/16, "fd00::/8"], macs: ["00:00:5e:00:53:01"], addresses: [10.1.0.1]}
  wan: {networks: [any]}
local: [192.0.2.1]
tracking: "on"
conntrack:
  tcp_loose: false
  udp_timeout: 5m
sets:
  admins: [10.1.0.5, 10.1.0.9-10.1.0.12]
  web: {type: port, elements: [80, https]}
chains:
  forward:
    hook: [input, forward]
    priority: -5
    policy: drop
    rules:
      - {name: "a: b", iif: lan, src: "!@admins", proto: tcp, dport: "@web", verdict: jump more}
      - {tcp_flags: "syn / fin,syn", limit: {rate: 10/second, burst: 20}, log: "x: ", set_mark: 1/0xff, verdict: drop}
  more:
    rules:
      - {icmp_type: echo-request, ct_state: [new, untracked], counter: true, verdict: goto empty}
  empty: {}
"""
    # Numbers are written in decimal and flags quoted; all else is the text above.
    assert to_yaml(load_ruleset(io.StringIO(source))) == source


@pytest.mark.parametrize(
    "text",
    [
        "on",
        "yes",
        "true",
        "null",
        "~",
        "022",
        "0o17",
        "0x1f",
        "-5",
        "+1",
        "1.5",
        "",
        " a",
        "a ",
        "a: b",
        "a #b",
        "#",
        "@a",
        "!a",
        "*",
        "&a",
        "-",
        "- a",
        "?",
        "[a]",
        "{a}",
        "a,b",
        '"',
        "\\",
        "\n",
        "\t",
        "\x85",
        "\u2028",
        "\N{BOM}",
        "Büro",
        "::1",
        "=",
        "<<",
        "1_0",
        "12:30",
        ".inf",
        "%",
        "`",
        "|",
        ">",
        "'",
        "---",
        "...",
    ],
)
def test_any_text_written_is_read_as_the_same_text(text: str) -> None:
    source = f"a: {quoted(text)}\nb: [{quoted(text)}]\n"
    root, _, problems = parse_text(Document("f", source))
    assert problems == []
    assert root == {"a": text, "b": [text]}
    assert yaml.safe_load(source) == root, "another parser reads something else"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_all_text_written_is_read_as_the_same_text(text: str) -> None:
    root, _, _ = parse_text(Document("f", f"a: {quoted(text)}\n"))
    assert root == {"a": text} == yaml.safe_load(f"a: {quoted(text)}\n")


@given(st.one_of(st.integers(-(10**20), 10**20), st.booleans()))
def test_numbers_and_switches_written_are_read_as_the_same(value: object) -> None:
    root, _, _ = parse_text(Document("f", f"a: {flow(value)}\n"))
    assert root == {"a": value}
    assert type(root["a"]) is type(value)


@given(PLAIN)
def test_any_ruleset_written_and_read_again_is_the_same(plain: dict[str, Any]) -> None:
    ruleset = Ruleset.model_validate({"policy": "drop", **plain})
    written = to_yaml(ruleset)
    assert load_ruleset(io.StringIO(written)) == ruleset
    assert to_yaml(load_ruleset(io.StringIO(written))) == written
