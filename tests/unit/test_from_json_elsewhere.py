"""Statements that tell somebody or send a packet elsewhere, in JSON as in text."""

from typing import Any

import pytest

from tests.nft_json_reading import DPORT, is_as_text, refused

MAP = {"map": {"key": DPORT, "data": {"set": [[80, "10.0.0.1"]]}}}


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"log": None}, "log"),
        ({"log": {}}, "log"),
        ({"log": {"prefix": "a ", "level": "info", "flags": "all"}}, 'log prefix "a " level info flags all'),
        ({"log": {"group": 1, "snaplen": 2, "queue-threshold": 3}}, "log group 1 snaplen 2 queue-threshold 3"),
        ({"log": {"flags": ["tcp sequence", "ip options"]}}, "log flags tcp sequence flags ip options"),
        ({"reject": None}, "reject"),
        ({"reject": {"type": "tcp reset"}}, "reject with tcp reset"),
        ({"reject": {"type": "icmp", "expr": "host-prohibited"}}, "reject with icmp host-prohibited"),
        ({"reject": {"type": "icmpx", "expr": 3}}, "reject with icmpx 3"),
        ({"snat": {"addr": "1.2.3.4"}}, "snat to 1.2.3.4"),
        (
            {"dnat": {"family": "ip6", "addr": "::1", "port": 80, "flags": ["random", "persistent"]}},
            "dnat ip6 to [::1]:80 random,persistent",
        ),
        ({"dnat": {"port": {"range": [1, 2]}}}, "dnat to :1-2"),
        ({"dnat": {"addr": MAP}}, "dnat to tcp dport map { 80 : 10.0.0.1 }"),
        (
            {
                "snat": {
                    "family": "ip",
                    "addr": {"prefix": {"addr": "1.2.3.0", "len": 24}},
                    "flags": "netmap",
                    "type_flags": "prefix",
                }
            },
            "snat ip prefix to 1.2.3.0/24",
        ),
        ({"masquerade": None}, "masquerade"),
        ({"masquerade": {"flags": "random"}}, "masquerade random"),
        ({"redirect": {"port": 8080}}, "redirect to :8080"),
        ({"tproxy": {"family": "ip", "addr": "127.0.0.1", "port": 1}}, "tproxy ip to 127.0.0.1:1"),
        ({"tproxy": {"port": 1}}, "tproxy to :1"),
        ({"dup": {"addr": "10.0.0.1", "dev": "eth0"}}, 'dup to 10.0.0.1 device "eth0"'),
        ({"fwd": {"dev": "eth0"}}, 'fwd to "eth0"'),
        ({"fwd": {"dev": "eth0", "family": "ip", "addr": "1.2.3.4"}}, 'fwd ip to 1.2.3.4 device "eth0"'),
        ({"queue": None}, "queue"),
        ({"queue": {"num": {"range": [1, 3]}, "flags": ["bypass", "fanout"]}}, "queue flags bypass,fanout to 1-3"),
        ({"queue": {"num": {"numgen": {"mode": "inc", "mod": 4, "offset": 0}}}}, "queue to numgen inc mod 4"),
        ({"synproxy": None}, "synproxy"),
        ({"synproxy": "sp"}, 'synproxy name "sp"'),
        (
            {"synproxy": {"mss": 1460, "wscale": 7, "flags": ["timestamp", "sack-perm"]}},
            "synproxy mss 1460 wscale 7 timestamp sack-perm",
        ),
        ({"flow": {"op": "add", "flowtable": "@ft"}}, "flow add @ft"),
    ],
)
def test_statements_are_what_text_says(told: Any, text: str) -> None:
    assert is_as_text(told, text)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"log": {"group": 70000}}, "70000 is out of range, expected 0 to 65535"),
        ({"log": {"level": "loud"}}, "unexpected string 'loud', expected a level such as info"),
        (
            {"log": "x"},
            "unexpected string 'x', expected an object with prefix, level, flags, group, snaplen, queue-threshold",
        ),
        ({"reject": {"expr": "x"}}, "'type' is missing"),
        ({"reject": {"type": "icmp", "expr": True}}, "unexpected 'true', expected a code"),
        ({"reject": {"type": "x"}}, "unexpected string 'x', expected icmp, icmpv6, icmpx or tcp reset"),
        ({"masquerade": {"addr": "1.2.3.4"}}, "masquerade takes no address"),
        ({"dnat": {"family": "inet", "addr": "1.2.3.4"}}, "unexpected string 'inet', expected ip or ip6"),
        ({"dup": None}, "unexpected 'null', expected an object with addr"),
        ({"fwd": {}}, "'dev' is missing"),
        ({"fwd": {"dev": "eth0", "addr": "1.2.3.4"}}, "'family' and 'addr' go together"),
        ({"queue": {"flags": ["x"]}}, "unexpected string 'x', expected one of bypass, fanout"),
        ({"synproxy": {}}, "unexpected an object, expected an object with one key: an expression"),
        ({"flow": {"op": "add", "flowtable": "ft"}}, "unexpected 'ft', expected the name of a flowtable behind '@'"),
    ],
)
def test_statements_that_nft_refuses_are_refused(told: Any, expected: str) -> None:
    assert refused(told) == expected
