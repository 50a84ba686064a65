"""What a packet is asked for, in JSON as in text."""

from typing import Any

import pytest

from tests.nft_json_reading import left_of, refused
from tests.nft_reading import left_of as left_of_text

SAME: list[tuple[dict[str, Any], str]] = [
    ({"payload": {"protocol": "tcp", "field": "dport"}}, "tcp dport 1"),
    ({"payload": {"protocol": "arp", "field": "saddr ip"}}, "arp saddr ip 1"),
    ({"payload": {"protocol": "icmpv6", "field": "parameter-problem"}}, "icmpv6 param-problem 1"),
    ({"payload": {"base": "th", "offset": 16, "len": 16}}, "@th,16,16 1"),
    ({"payload": {"tunnel": "vxlan", "protocol": "ip", "field": "saddr"}}, "vxlan ip saddr 1"),
    ({"payload": {"protocol": "vxlan", "field": "vni"}}, "vxlan vni 1"),
    ({"exthdr": {"name": "frag", "field": "id"}}, "frag id 1"),
    ({"exthdr": {"name": "frag"}}, "exthdr frag 1"),
    ({"exthdr": {"name": "srh", "field": "sid[1]"}}, "srh sid[1] 1"),
    ({"exthdr": {"name": "rt0", "field": "addr", "offset": 1}}, "rt0 addr[1] 1"),
    ({"tcp option": {"name": "maxseg", "field": "size"}}, "tcp option maxseg size 1"),
    ({"tcp option": {"name": "sack0", "field": "left"}}, "tcp option sack left 1"),
    ({"tcp option": {"name": "sack-perm"}}, "tcp option sack-permitted 1"),
    ({"tcp option": {"base": 42, "offset": 16, "len": 4}}, "tcp option @42,16,4 1"),
    ({"ip option": {"name": "rr", "field": "ptr"}}, "ip option rr ptr 1"),
    ({"sctp chunk": {"name": "data", "field": "tsn"}}, "sctp chunk data tsn 1"),
    ({"dccp option": {"type": 40}}, "dccp option 40 1"),
    ({"meta": {"key": "mark"}}, "meta mark 1"),
    ({"meta": {"key": "ibridgename"}}, "meta ibrname 1"),
    ({"ct": {"key": "state"}}, "ct state 1"),
    ({"ct": {"key": "bytes", "dir": "original"}}, "ct original bytes 1"),
    ({"ct": {"key": "ip saddr", "dir": "original"}}, "ct original ip saddr 1"),
    ({"ct": {"key": "saddr", "family": "ip6", "dir": "reply"}}, "ct reply ip6 saddr 1"),
    ({"rt": {"key": "nexthop", "family": "ip"}}, "rt ip nexthop 1"),
    ({"rt": {"key": "mtu"}}, "rt mtu 1"),
    ({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, "fib saddr . iif oif 1"),
    ({"fib": {"result": "type", "flags": "daddr"}}, "fib daddr type 1"),
    ({"socket": {"key": "transparent"}}, "socket transparent 1"),
    ({"socket": {"key": "cgroupv2", "level": 2}}, "socket cgroupv2 level 2 1"),
    ({"osf": {"key": "name", "ttl": "loose"}}, "osf ttl loose name 1"),
    ({"ipsec": {"key": "reqid", "dir": "in", "spnum": 0}}, "ipsec in reqid 1"),
    ({"ipsec": {"key": "daddr", "family": "ip6", "dir": "out", "spnum": 1}}, "ipsec out spnum 1 ip6 daddr 1"),
    ({"numgen": {"mode": "inc", "mod": 2, "offset": 5}}, "numgen inc mod 2 offset 5 1"),
]


@pytest.mark.parametrize(("told", "text"), SAME, ids=[text for _, text in SAME])
def test_what_is_asked_for_is_what_text_asks_for(told: dict[str, Any], text: str) -> None:
    assert left_of(told) == left_of_text(text)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"payload": {"protocol": "tcp"}}, "'field' is missing"),
        ({"payload": {"protocol": "tcp", "field": "saddr"}}, "unexpected string 'saddr', expected a field of tcp"),
        ({"payload": {"protocol": "tcp", "field": "option"}}, "unexpected string 'option', expected a field of tcp"),
        ({"payload": {"protocol": "xyz", "field": "a"}}, "unexpected string 'xyz', expected a header such as tcp"),
        ({"payload": {"base": "th", "offset": -1, "len": 1}}, "-1 is out of range, expected 0 to 4294967295"),
        ({"exthdr": {"name": "frag", "field": "sid[1]"}}, "unexpected string 'sid[1]', expected a field of frag"),
        ({"tcp option": {"name": "mss"}}, "unexpected string 'mss', expected an option of tcp"),
        ({"tcp option": {"base": 256, "offset": 0, "len": 8}}, "256 is out of range, expected 0 to 255"),
        ({"meta": {"key": "foo"}}, "unexpected string 'foo', expected a key of meta"),
        ({"meta": {"kye": "mark"}}, "unknown key 'kye', expected 'key'"),
        ({"ct": {"key": "state", "dir": "original"}}, "'state' of ct takes no direction"),
        ({"ct": {"key": "ip saddr"}}, "'ip saddr' of ct takes a direction"),
        ({"fib": {"result": "oif", "flags": ["iif"]}}, "fib needs one of saddr and daddr"),
        ({"fib": {"result": "oif", "flags": ["saddr", "iif", "oif"]}}, "fib takes only one of iif and oif"),
        ({"osf": {"key": "name", "ttl": "x"}}, "unexpected string 'x', expected loose or skip"),
        ({"numgen": {"mode": "inc"}}, "'mod' is missing"),
        ({"unheard": {}}, "unexpected an object with 'unheard', expected an expression such as payload, meta or set"),
    ],
)
def test_what_nobody_can_ask_for_is_refused(told: dict[str, Any], expected: str) -> None:
    assert refused({"match": {"op": "==", "left": told, "right": 1}}) == expected
