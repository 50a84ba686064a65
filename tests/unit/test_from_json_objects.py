"""What tables hold, in JSON as in text."""

from typing import Any

import pytest

from fwsim.nft.from_json import parse_json
from tests.nft_json_reading import is_as_object, mistakes_in, object_of, text_of


@pytest.mark.parametrize(
    ("kind", "told", "text"),
    [
        (
            "chain",
            {"type": "nat", "hook": "prerouting", "prio": -105, "policy": "drop"},
            "chain x { type nat hook prerouting priority dstnat - 5; policy drop; }",
        ),
        ("set", {"type": "ipv4_addr"}, "set x { type ipv4_addr; }"),
        (
            "set",
            {
                "type": ["ipv4_addr", "inet_service"],
                "flags": ["interval", "timeout"],
                "timeout": 3600,
                "size": 5,
                "gc-interval": 10,
                "policy": "memory",
                "comment": "c",
                "elem": [{"concat": ["10.0.0.1", 22]}],
            },
            "set x { type ipv4_addr . inet_service; flags interval, timeout; timeout 1h; size 5; gc-interval 10s\n"
            'policy memory; comment "c"; elements = { 10.0.0.1 . 22 } }',
        ),
        (
            "set",
            {"type": "mark", "stmt": [{"counter": None}], "elem": 5},
            "set x { type mark; counter; elements = { 5 } }",
        ),
        (
            "map",
            {"type": "ipv4_addr", "map": "ipv4_addr . inet_service", "elem": [["1.2.3.4", {"concat": ["::", 1]}]]},
            "map x { type ipv4_addr : ipv4_addr . inet_service; elements = { 1.2.3.4 : :: . 1 } }",
        ),
        ("map", {"type": "mark", "map": "verdict"}, "map x { type mark : verdict; }"),
        ("map", {"type": "mark", "map": "counter"}, "map x { type mark : counter; }"),
        (
            "flowtable",
            {"hook": "ingress", "prio": 5, "dev": ["eth0", "eth1"]},
            "flowtable x { hook ingress priority 5; devices = { eth0, eth1 }; }",
        ),
        ("counter", {"packets": 1, "bytes": 2, "comment": "c"}, 'counter x { comment "c"; packets 1 bytes 2; }'),
        ("quota", {"bytes": 2048, "used": 0, "inv": True}, "quota x { over 2 kbytes; }"),
        (
            "limit",
            {"rate": 1, "per": "second", "inv": True, "rate_unit": "mbytes"},
            "limit x { rate over 1 mbytes/second; }",
        ),
        ("secmark", {"context": "a:b"}, 'secmark x { "a:b"; }'),
        ("synproxy", {"mss": 1460, "wscale": 7, "flags": ["sack-perm"]}, "synproxy x { mss 1460 wscale 7 sack-perm; }"),
        (
            "ct helper",
            {"type": "ftp", "protocol": "tcp", "l3proto": "ip"},
            'ct helper x { type "ftp" protocol tcp; l3proto ip; }',
        ),
        (
            "ct timeout",
            {"protocol": "tcp", "l3proto": "ip", "policy": {"established": 120, "close": 20}},
            "ct timeout x { protocol tcp; l3proto ip; policy = { established : 120, close : 20 }; }",
        ),
        (
            "ct expectation",
            {"protocol": "udp", "dport": 5060, "timeout": 120000, "size": 10, "l3proto": "ip"},
            "ct expectation x { protocol udp; dport 5060; timeout 2m; size 10; l3proto ip; }",
        ),
    ],
)
def test_objects_are_what_text_says(kind: str, told: dict[str, Any], text: str) -> None:
    assert is_as_object(object_of(kind, **told), text)


def test_what_later_versions_of_nft_tell_is_read() -> None:
    assert object_of("chain", comment="c").comment == "c"
    assert object_of("set", type="mark", **{"auto-merge": True}).auto_merge
    found = object_of("set", type={"typeof": {"concat": [{"meta": {"key": "mark"}}, {"meta": {"key": "cpu"}}]}})
    assert len(found.key.expressions) == 2
    base = object_of("chain", type="filter", hook="ingress", prio=0, dev=["eth0", "eth1"]).base
    assert [each.name for each in base.devices] == ["eth0", "eth1"]


def test_a_timeout_without_a_policy_has_no_states() -> None:
    assert object_of("ct timeout", protocol="tcp", policy=None).timeouts == ()


def test_a_table_has_flags_or_a_comment_or_nothing() -> None:
    text = text_of(
        {"table": {"family": "ip", "name": "a", "flags": "dormant"}}, {"table": {"family": "ip", "name": "b"}}
    )
    first, second = parse_json(text).commands
    assert first.body is not None
    assert first.body.flags == ("dormant",)  # type: ignore[union-attr]
    assert second.body is None


@pytest.mark.parametrize(
    ("kind", "told", "expected"),
    [
        ("chain", {"type": "filter"}, "'hook' is missing"),
        ("chain", {"policy": "drop"}, "a policy or interface without a hook, expected 'type', 'hook' and 'prio'"),
        ("chain", {"type": "filter", "hook": "in", "prio": 0}, "unexpected string 'in', expected a hook such as input"),
        ("chain", {"type": "filter", "hook": "input", "prio": 1 << 31}, "2147483648 is out of range, expected 32 bits"),
        (
            "chain",
            {"type": "filter", "hook": "ingress", "prio": 0, "dev": "a" * 16},
            "expected the name of an interface, of at most 15 bytes",
        ),
        ("set", {}, "'type' is missing"),
        ("set", {"type": "x"}, "unexpected string 'x', expected a data type such as ipv4_addr"),
        ("set", {"type": []}, "unexpected an array, expected a data type such as ipv4_addr"),
        ("set", {"type": "mark", "size": -1}, "-1 is out of range, expected 0 to 4294967295"),
        ("set", {"type": "mark", "flag": "x"}, "unknown key 'flag', expected 'flags'"),
        ("map", {"type": "mark", "map": "x"}, "unexpected string 'x', expected a data type such as ipv4_addr"),
        ("flowtable", {"hook": "ingress"}, "'prio' is missing"),
        ("secmark", {"context": ""}, "expected a security context, of at most 255 bytes"),
        ("synproxy", {"mss": 1}, "'wscale' is missing"),
        ("limit", {"rate": 1}, "'per' is missing"),
        ("ct helper", {"type": "a" * 16, "protocol": "tcp"}, "expected the name of a helper, of at most 15 bytes"),
        ("ct timeout", {"policy": {"x": "y"}}, "unexpected string 'y', expected a number of seconds"),
        ("ct expectation", {"dport": 70000}, "70000 is out of range, expected 0 to 65535"),
    ],
)
def test_objects_that_nft_refuses_are_refused(kind: str, told: dict[str, Any], expected: str) -> None:
    (found,) = mistakes_in(text_of({kind: {"family": "ip", "table": "t", "name": "x", **told}}))
    assert found.partition(": ")[2] == expected
