import pytest

from tests.nft_reading import left_of, refused


@pytest.mark.parametrize(
    ("text", "kind", "fields"),
    [
        ("tcp dport 1", "Header", {"header": "tcp", "field": "dport"}),
        ("arp saddr ip 1.2.3.4", "Header", {"field": "saddr ip"}),
        ("srh sid[2] ::1", "Header", {"header": "srh", "field": "sid", "index": 2}),
        ("@th,16,8 1", "RawPayload", {"base": "th", "offset": 16, "length": 8}),
        ("tcp option mss size 1", "HeaderOption", {"option": "maxseg", "field": "size"}),
        ("tcp option @42,16,4 1", "HeaderOption", {"option": 42, "raw": (16, 4)}),
        ("ip option rr exists", "HeaderOption", {"option": "rr", "field": None}),
        ("sctp chunk data tsn 1", "HeaderOption", {"header": "sctp", "option": "data", "field": "tsn"}),
        ("dccp option 40 exists", "HeaderOption", {"header": "dccp", "option": 40}),
        ("exthdr frag exists", "ExtensionHeader", {"header": "frag"}),
        ("iifname eth0", "Meta", {"key": "iifname"}),
        ("meta l4proto tcp", "Meta", {"key": "l4proto"}),
        ("meta ipsec exists", "Meta", {"key": "ipsec"}),
        ("ipsec in spnum 1 ip saddr 1.2.3.4", "Ipsec", {"direction": "in", "spnum": 1, "family": "ip", "key": "saddr"}),
        ("ct original ip saddr 1.2.3.4", "Ct", {"key": "saddr", "direction": "original", "family": "ip"}),
        ("ct state new", "Ct", {"key": "state", "direction": None}),
        ("fib saddr . iif oif missing", "Fib", {"flags": ("saddr", "iif"), "result": "oif"}),
        ("rt ip6 nexthop ::1", "Route", {"key": "nexthop", "family": "ip6"}),
        ("rt seg-left 1", "Header", {"header": "rt"}),
        ("socket cgroupv2 level 2 x", "Socket", {"key": "cgroupv2", "level": 2}),
        ("osf ttl loose name x", "Osf", {"key": "name", "ttl": "loose"}),
        ("numgen inc mod 4 offset 2 1", "Numgen", {"mode": "inc", "modulus": 4, "offset": 2}),
        ("vxlan vni 1", "Header", {"header": "vxlan", "field": "vni"}),
        ("gre ip saddr 1.2.3.4", "Inner", {"tunnel": "gre"}),
    ],
)
def test_a_selector_is_read_with_its_parts(text: str, kind: str, fields: dict[str, object]) -> None:
    found = left_of(text)
    assert type(found).__name__ == kind
    assert {name: getattr(found, name) for name in fields} == fields


@pytest.mark.parametrize(
    "text",
    [
        "tcp port 1", "ip saddr", "meta foo 1", "ct foo 1", "ct mark saddr", "meta mark length", "fib oif oif 1",
        "fib saddr . daddr type local", "tcp option 256 exists", "tcp option nop nop", "@xx,0,8 1", "@th,0 1",
        "ipsec in spnum 256 reqid 1", "srh sid 1", "sctp chunk foo exists", "osf ttl foo name x",
    ],
)  # fmt: skip
def test_what_is_no_field_is_refused(text: str) -> None:
    assert refused(text)
