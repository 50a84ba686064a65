"""Topology files: whose they are is told by their content, and every mistake has its place."""

from __future__ import annotations

import io
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fwsim.errors import RulesetError
from fwsim.netfilter.fields import Fib
from fwsim.ruleset.host import Host, read_topology
from fwsim.ruleset.values import Numbers
from fwsim.terms import Hook
from fwsim.topology.fib import where
from tests.hosts import ADDRESSES, LINKS, ROUTES, read, topology


def problems(text: str) -> list[str]:
    with pytest.raises(RulesetError) as raised:
        read_topology(io.StringIO(text))
    return [f"{problem.line}:{problem.column}: {problem.what}" for problem in raised.value.problems]


def test_our_own_keys_in_yaml_and_json_mean_the_same() -> None:
    tree = {"interfaces": {"lan": {"networks": ["10.0.0.0/8"], "addresses": ["10.0.0.1"]}}, "local": "192.0.2.1"}
    written = "interfaces:\n  lan:\n    networks: [10.0.0.0/8]\n    addresses: [10.0.0.1]\nlocal: 192.0.2.1\n"
    host = read(written)
    assert host == read(json.dumps(tree))
    assert [network.source for network in host.interfaces["lan"].networks] == ["10.0.0.0/8"]


def test_listings_may_stand_in_one_list_and_nothing_listed_says_nothing() -> None:
    assert read([*LINKS, *ROUTES]) == read(LINKS, ROUTES)
    assert not read("[]")
    assert not read("[{}, {}]")


def test_a_whole_ruleset_is_no_topology() -> None:
    assert problems("interfaces: {lan: {networks: any}}\nrules: []\n") == [
        "2:1: unknown key 'rules', expected one of interfaces, local"
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("interfaces:\n  lan:\n    networks: [10.0.0.0/40]\n",
         ["3:16: expected a prefix length of 0 to 32 in '10.0.0.0/40'"]),
        ("interfaces: {lan: {nets: any}}", ["1:20: unknown key 'nets', did you mean 'networks'?"]),
        ('[{"ifname": "eth0"},\n {"dst": "10.0.0.0/8", "dev": "a/b"}]',
         ["2:31: expected the name of an interface (letters, digits, '.', '-'), found 'a/b'"]),
        ('[{"dst": "10.0.0.0/8", "metric": -1}]', ["1:34: input should be greater than or equal to 0, found -1"]),
        ('[{"ifname": "eth0"}, 7]', ["1:22: expected an object of ip -j, found 7"]),
        ('[{"ifname": "e", "link_type": "ether", "address": "xx"}]',
         ["1:1: expected a MAC address such as 00:00:5e:00:53:01, found 'xx'"]),
        ('[{"priority": 1, "src": []}]', ["1:25: expected text, found a list"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(text: str, found: list[str]) -> None:
    assert problems(text) == found


@pytest.mark.parametrize("text", ["", "eth0", "policy: drop"])
def test_what_is_no_topology_is_told_what_one_is(text: str) -> None:
    (told,) = problems(text)
    assert "expected a topology: the keys 'interfaces' and 'local' of a ruleset, or the output of ip -j" in told


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulesetError, match="no such file"):
        read_topology(tmp_path / "missing.json")


def test_broken_files_are_refused_in_bounded_time_and_say_where() -> None:
    whole = json.dumps([*LINKS, *ROUTES], indent=1)
    for end in range(1, len(whole) - 1, 37):
        with pytest.raises(RulesetError) as raised:
            read_topology(io.StringIO(whole[:end]))
        assert raised.value.problems[0].line > 0
    deep = "[" * 10_000
    with pytest.raises(RulesetError):
        read_topology(io.StringIO(deep))
    assert read(whole) != Host()


SPOILT: tuple[Any, ...] = (
    None, True, -1, 1 << 70, "", [], {}, "x", "10.0.0.1", "10.0.0.1/8", "::1", "fe80::/10", "0.0.0.0/0", "lo", "local",
    "inet", "multicast", "a" * 300, [1], [{}], 1.5, "default", "255.255.255.255", "ether", "bridge", 4095,
)  # fmt: skip


def test_a_spoilt_listing_is_read_or_refused_and_what_is_read_makes_a_topology() -> None:
    random = Random(5)
    read_ones = 0
    for _ in range(400):
        tree = json.loads(json.dumps([*LINKS, *ADDRESSES, *ROUTES]))
        node = random.choice([one for one in tree if one])
        while True:
            key = random.choice(list(node) if isinstance(node, dict) else range(len(node)))
            if not (isinstance(node[key], (dict, list)) and node[key] and random.random() < 0.7):
                break
            node = node[key]
        node[key] = random.choice(SPOILT)
        try:
            made = topology(tree)
        except RulesetError:
            continue
        read_ones += 1
        where(made, Fib(frozenset({"saddr", "iif"}), "exists"), Numbers(((1, 1),)), Hook.PREROUTING)
    assert 50 < read_ones < 350


def test_bits_behind_the_prefix_are_masked_away() -> None:
    assert read([{"dst": "10.1.2.3/8", "dev": "a"}]) == read([{"dst": "10.0.0.0/8", "dev": "a"}])
