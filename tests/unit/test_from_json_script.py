"""Whole texts of nft JSON, and what nft itself lists and takes."""

import json
from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.nft import parse_text
from fwsim.nft.from_json import looks_like_nft_json, parse_json, script
from fwsim.nft.source import ITEMS, MOST
from fwsim.nft.tree import children, walk
from tests.nft_json_compared import differences
from tests.nft_json_reading import CHAIN, mistakes_in, rule_text, text_of
from tests.nft_json_texts import OBJECTS, RULES, listed_both_ways, nft_and_devices, object_text
from tests.nft_json_texts import rule_text as text_with

CORPUS = Path(__file__).parent.parent.parent.parent / "shared" / "corpus" / "rulesets"

CANNOT_BE_READ = [
    "flags dormant",  # nft breaks off in the middle of its JSON
    "ct timeout i { protocol tcp; }",  # `policy = {  }` in text, which nft does not take either
    "inet in|icmpv6 param-problem 1",  # printed as parameter-problem in text
    "inet in|frag frag-off & 1 != 0",  # printed as "unknown" and "[invalid type]"
]
DIFFER = ["inet in|ip dscp vmap { 0x20 : accept, 0x0-0x3 : drop }"]
"""The first of a range is `cs0` in JSON and `0x00` in text."""


def test_nft_json_is_recognised_by_its_beginning() -> None:
    assert looks_like_nft_json(' {\n"nftables" : [')
    assert not looks_like_nft_json('{"chains": {}}')
    assert not looks_like_nft_json("table ip t { }")


def test_mistakes_of_several_commands_are_told_at_once() -> None:
    text = text_of({"x": 1}, {"table": {"family": "ip", "name": "t"}}, {"rule": {**CHAIN, "expr": 5}}).replace(
        ", {", ",\n{"
    )
    assert [found.split(":")[1] for found in mistakes_in(text)] == ["1", "3"]
    assert len(mistakes_in(text_of(*[{"x": 1}] * 50))) == 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "s.json:1:1: unexpected end of file, expected a value"),
        ("[]", "s.json:1:1: unexpected an array, expected an object with nftables"),
        ("{}", "s.json:1:1: 'nftables' is missing, expected nft JSON"),
        ('{"nftables": {}}', "s.json:1:14: unexpected an object, expected an array of commands"),
        ('{"nftables": [], "x": 1}', "s.json:1:23: unknown key 'x', expected nftables"),
        (
            text_of({"metainfo": {"json_schema_version": 2}}),
            "s.json:1:52: version 2 of the schema is not known, expected at most 1",
        ),
    ],
)
def test_what_is_no_nft_json_is_refused_with_its_place(text: str, expected: str) -> None:
    assert mistakes_in(text) == [expected]


def test_a_text_that_is_too_large_is_refused() -> None:
    assert mistakes_in(" " * (32 * 1024 * 1024 + 1)) == ["s.json: larger than 32 MiB, expected nft JSON"]


def test_nodes_lie_within_each_other() -> None:
    saddr = {"payload": {"protocol": "ip", "field": "saddr"}}
    addresses = {"set": [{"prefix": {"addr": "10.0.0.0", "len": 8}}, "1.2.3.4"]}
    text = rule_text(
        {"match": {"op": "==", "left": saddr, "right": addresses}},
        {"set": {"op": "add", "elem": {"elem": {"val": saddr, "timeout": 5}}, "set": "@s"}},
        {"jump": {"target": "x"}},
    )
    for node in walk(parse_json(text)):
        assert all(node.start <= child.start <= child.end <= node.end for child in children(node)), node


@pytest.mark.kernel
def test_what_nft_lists_as_json_says_what_it_lists_as_text() -> None:
    if not nft_and_devices():
        pytest.skip("nft cannot be asked here: not installed, or no network namespace of one's own")
    asked = {object_text(line): line for line in OBJECTS} | {text_with(line): line for line in RULES}
    listed = listed_both_ways(list(asked))
    assert len(listed) > 300
    wrong = []
    for text, as_text, as_json in listed:
        if asked[text] in CANNOT_BE_READ:
            continue
        found = differences(parse_text(as_text), parse_json(as_json))
        if bool(found) != (asked[text] in DIFFER):
            wrong.append((asked[text], found))
    assert wrong == []


@pytest.mark.corpus
def test_listings_of_the_corpus_say_the_same_as_json_and_as_text() -> None:
    if not CORPUS.is_dir():
        pytest.skip("no corpus beside the checkout")
    compared, wrong = 0, []
    for file in sorted(CORPUS.rglob("*.canon.json")):
        told = parse_json(file.read_text(), str(file))
        try:
            listed = parse_text(file.with_suffix(".nft").read_text())
        except RulesetError:
            continue  # chains called `reject`, which nft prints and does not take
        compared += 1
        if differences(listed, told):
            wrong.append(file.name)
    assert wrong == []
    assert compared > 100


def test_a_listing_may_be_laid_out_in_any_way() -> None:
    told = json.loads(rule_text({"accept": None}))
    assert parse_json(json.dumps(told, indent=4)) == parse_json(json.dumps(told, separators=(",", ":")))


def test_what_a_listing_needs_comes_before_what_needs_it() -> None:
    held = {"family": "ip", "table": "t", "name": "x"}
    jump = {"map": {**held, "type": "mark", "map": "verdict", "elem": [[1, {"jump": {"target": "c"}}]]}}
    rule = {"rule": {"family": "ip", "table": "t", "chain": "c", "expr": []}}
    table, chain = {"table": {"family": "ip", "name": "t"}}, {"chain": {**held, "name": "c"}}
    gone = {"flush": {"table": {"family": "ip", "name": "t"}}}
    listing = text_of({"flush": {"ruleset": None}}, table, jump, {"counter": held}, rule, chain, gone, rule)
    assert [each.kind for each in parse_json(listing).commands] == [
        "ruleset", "table", "chain", "counter", "map", "rule", "table", "rule",
    ]  # fmt: skip


def test_commands_keep_their_order() -> None:
    table, chain = {"family": "ip", "name": "t"}, {"family": "ip", "table": "t", "name": "c"}
    told = [
        {"add": {"chain": chain}},
        {"add": {"table": table}},
        {"delete": {"chain": chain}},
        {"add": {"chain": chain}},
    ]
    assert [each.kind for each in parse_json(text_of(*told)).commands] == ["chain", "table", "chain", "chain"]


def test_a_text_holds_so_much_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of(*[{"rule": {**CHAIN, "expr": [{"accept": None}]}}] * 5).replace(', {"rule"', ',\n{"rule"')
    monkeypatch.setitem(MOST, ITEMS, 5)
    assert len(parse_json(text).commands) == 5
    monkeypatch.setitem(MOST, ITEMS, 3)
    assert mistakes_in(text) == [f"s.json:4:1: more than 3 {ITEMS} in one ruleset"]
    monkeypatch.setattr(script, "MOST_VALUES", 10)
    assert mistakes_in(text) == ["s.json: more than 10 values, expected nft JSON of fewer"]
