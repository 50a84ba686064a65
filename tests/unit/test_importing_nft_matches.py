"""Comparisons as steps, with what nft asks before them (as `nft --debug=netlink` shows it)."""

from __future__ import annotations

import pytest

from tests.nft_importing import imported, refused_rule, short, told

CASES = [
    ("ip saddr 1.2.3.4", ["family=4", "src=1.2.3.4"]),
    ("ip6 daddr 2001:db8::/32", ["family=6", "dst=2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"]),
    ("ip saddr != 10.0.0.0/8", ["family=4", "src=!10.0.0.0-10.255.255.255"]),
    ("ip saddr 10.0.0.1-10.0.0.9", ["family=4", "src=10.0.0.1-10.0.0.9"]),
    ("ip saddr { 10.0.0.0/8, 10.1.0.0/16, 192.168.0.1 }", ["family=4", "src=10.0.0.0-10.255.255.255,192.168.0.1"]),
    ("ip saddr & 255.0.0.0 == 10.0.0.0", ["family=4", "src=10.0.0.0-10.255.255.255"]),
    ("ip saddr & 0.0.0.255 == 0.0.0.1", ["family=4", "@nh,96,32=1&0xff"]),
    ("icmp type echo-request", ["family=4", "proto=1", "icmp_type=8"]),
    ("icmpv6 type { nd-router-advert, nd-neighbor-solicit }", ["family=6", "proto=58", "icmp_type=134-135"]),
    ("icmp id 5", ["family=4", "proto=1", "icmp_type=0,8", "icmp_id=5"]),
    ("icmp type echo-reply icmp id 5", ["family=4", "proto=1", "icmp_type=0", "icmp_id=5"]),
    ("icmp mtu 1400", ["family=4", "proto=1", "icmp_type=3", "@th,48,16=1400"]),
    ("icmp code port-unreachable", ["family=4", "proto=1", "icmp_code=3"]),
    ("tcp dport 22", ["proto=6", "dport=22"]),
    ("tcp dport { ssh, 80-90 }", ["proto=6", "dport=22,80-90"]),
    ("tcp dport != 22", ["proto=6", "dport=!22"]),
    ("tcp dport >= 1024", ["proto=6", "dport=1024-65535"]),
    ("tcp dport < 0", ["proto=6", "dport="]),
    ("meta l4proto tcp tcp dport 22", ["proto=6", "dport=22"]),
    ("meta l4proto { tcp, udp } th dport 53", ["proto=6,17", "dport=53"]),
    ("th dport 53", ["@th,16,16=53"]),
    ("meta l4proto != tcp udp sport 5", ["proto=!6", "proto=17", "sport=5"]),
    ("ip protocol tcp tcp dport 22", ["family=4", "proto=6", "dport=22"]),
    ("ip6 nexthdr tcp tcp dport 22", ["family=6", "@nh,48,8=6", "dport=22"]),
    ("meta nfproto ipv4 tcp dport 22 ip saddr 1.2.3.4", ["family=4", "proto=6", "dport=22", "src=1.2.3.4"]),
    ("meta protocol ip6 tcp dport 22", ["family=6", "proto=6", "dport=22"]),
    ("ether saddr 00:11:22:33:44:55", ["iif=*", "src_mac=73588229205"]),
    ("ether saddr 00:11:22:33:44:55 ip saddr 1.2.3.4", ["iif=*", "src_mac=73588229205", "family=4", "src=1.2.3.4"]),
    ("ether type ip", ["iif=*", "family=4"]),
    ("vlan id 5", ["iif=*", "@ll,96,16=33024", "@ll,116,12=5"]),
    ("tcp flags syn", ["proto=6", "tcp_flags=1-2&0x2"]),
    ("tcp flags syn,ack", ["proto=6", "tcp_flags=1-18&0x12"]),
    ("tcp flags { syn }", ["proto=6", "tcp_flags=1-2&0x2"]),
    ("tcp flags { syn, ack }", ["proto=6", "tcp_flags=2&0xff,16&0xff"]),
    ("tcp flags == syn", ["proto=6", "tcp_flags=2&0xff"]),
    ("tcp flags != syn,ack", ["proto=6", "tcp_flags=!18&0xff"]),
    ("tcp flags ! syn", ["proto=6", "tcp_flags=0&0x2"]),
    ("tcp flags syn,ack / syn,ack,fin", ["proto=6", "tcp_flags=18&0x13"]),
    ("tcp flags & (fin | syn | rst) == syn", ["proto=6", "tcp_flags=2&0x7"]),
    ("tcp flags & (fin | syn) syn", ["proto=6", "tcp_flags=2&0x3"]),
    ("tcp flags 1-3", ["proto=6", "tcp_flags=1-3&0xff"]),
    ("ct state new,established", ["ct_state=1-10&0xa"]),
    ("ct state { new, established }", ["ct_state=2&0xffffffff,8&0xffffffff"]),
    ("ct state != { new, established }", ["ct_state=!2&0xffffffff,8&0xffffffff"]),
    ("ct state != new", ["ct_state=!8&0xffffffff"]),
    ("ct status dnat", ["ct_status=1-32&0x20"]),
    ("ct direction reply", ["ct_direction=1"]),
    ("ct mark & 0xff == 0x10", ["ct_mark=16&0xff"]),
    ("ct original ip saddr 10.0.0.0/8", ["ct_original_src=10.0.0.0-10.255.255.255"]),
    ("meta l4proto tcp ct reply proto-dst 22", ["proto=6", "ct_reply_dport=22"]),
    ("ct protocol tcp tcp dport 5", ["ct_proto=6", "proto=6", "dport=5"]),
    ("ct expiration 30s", ["ct_expiration=30000"]),
    ('ct helper "ftp"', ["ct_helper=ftp"]),
    ("ct bytes > 1000", ["ct_bytes=1001-9223372036854775807"]),
    ("ct original bytes > 1000", ["unknown ct original bytes > 1000"]),
    ("meta mark & 0xff != 0x10", ["mark=!16&0xff"]),
    ("meta mark | 1 == 3", ["mark=2&0xfffffffe"]),
    ("meta mark ^ 3 1-5", ["mark=0-2&0xffffffff,6-7&0xffffffff"]),
    ("meta mark > 5", ["mark=6-4294967295&0xffffffff"]),
    ('iifname "eth0"', ["iif=eth0"]),
    ('iifname != "eth*"', ["iif=!eth* or none"]),
    ('iifname { "eth0", "lan*" }', ["iif=eth0,lan*"]),
    ("iif lo", ["iif=lo"]),
    ("oif != lo", ["oif=!lo or none"]),
    ("iif 5", ["unknown iif 5"]),
    ("meta length 64-128", ["length=64-128"]),
    ('meta hour "10:00"-"12:00"', ["hour=36000-43200"]),
    ('meta hour "22:00"-"06:00"', ["hour=!21600-79200"]),
    ('meta hour != "22:00"-"06:00"', ["hour=21600-79200"]),
    ("meta day Monday", ["day=1"]),
    ('meta time "2020-01-01"', ["time=1577836800000000000"]),
    ("meta pkttype broadcast", ["pkttype=1"]),
    ("meta skuid 0", ["unknown meta skuid 0"]),
    ("ip ttl 64", ["family=4", "ttl=64"]),
    ("ip6 hoplimit 1", ["family=6", "ttl=1"]),
    ("ip dscp ef", ["family=4", "dscp=46"]),
    ("ip6 dscp { cs1, af11 }", ["family=6", "dscp=8,10"]),
    ("ip length > 100", ["family=4", "length=101-65535"]),
    ("ip id 7", ["family=4", "ip_id=7"]),
    ("ip ecn ce", ["family=4", "@nh,14,2=3"]),
    ("ip frag-off & 0x1fff != 0", ["family=4", "fragment=!0-1"]),
    ("ip frag-off & 0x3fff == 0", ["family=4", "fragment=0"]),
    ("ip frag-off 8192", ["family=4", "@nh,48,16=8192"]),
    ("ip version 4", ["family=4", "@nh,0,4=4"]),
    ("ip6 flowlabel 5", ["family=6", "@nh,12,20=5"]),
    ("tcp window 5", ["proto=6", "tcp_window=5"]),
    ("tcp urgptr > 0", ["proto=6", "@th,144,16=1-65535"]),
    ("udp length 8", ["proto=17", "@th,32,16=8"]),
    ("sctp vtag 5", ["proto=132", "@th,32,32=5"]),
    ("esp spi 5", ["proto=50", "@th,0,32=5"]),
    ("tcp option maxseg size 1-500", ["tcp[maxseg].size=1-500"]),
    ("tcp option sack-perm exists", ["tcp[sack-perm]=1"]),
    ("ip option rr missing", ["family=4", "ip[rr]=0"]),
    ("frag more-fragments 1", ["family=6", "ip6[frag].more-fragments=1"]),
    ("tcp dport 5 exthdr frag exists", ["family=6", "proto=6", "dport=5", "ip6[frag]=1"]),
    ("fib saddr . iif oif missing", ["fib(iif.saddr exists)=0"]),
    ("fib daddr type { local, broadcast }", ["fib(daddr type)=2-3"]),
    ("fib saddr . iif oif != 0", ["fib(iif.saddr oif)=*"]),
    ('fib daddr oifname "eth*"', ["fib(daddr oifname)=eth*"]),
    ("@th,16,16 22", ["@th,16,16=22"]),
    ("@nh,0,4 4", ["@nh,0,4=4"]),
    ("numgen inc mod 2 0", ["numgen(inc 2+0)=0"]),
    ("symhash mod 2 1", ["unknown symhash mod 2 1"]),
    (
        "ip saddr . tcp dport { 10.0.0.0/8 . 1-5, 1.2.3.4 . 22 }",
        ["family=4", "proto=6", "src . dport in 10.0.0.0-10.255.255.255 . 1-5; 1.2.3.4 . 22"],
    ),
    ("ip saddr . meta mark & 0xff != { 10.0.0.1 . 5 }", ["family=4", "not src . mark in 10.0.0.1 . 5&0xff"]),
    ('iifname . ip saddr { "eth*" . 10.0.0.1 }', ["family=4", "iif . src in eth* . 10.0.0.1"]),
    ("meta l4proto . th dport { tcp . 22, udp . 53 }", ["proto . dport in 6 . 22; 17 . 53"]),
    ("ip dscp . ct state { ef . new }", ["family=4", "dscp . ct_state in 46 . 8&0xffffffff"]),
]


@pytest.mark.parametrize(("rule", "steps"), CASES, ids=[rule for rule, _ in CASES])
def test_a_comparison_asks_what_nft_asks(rule: str, steps: list[str]) -> None:
    assert told(rule) == steps


def test_tables_of_one_family_need_not_ask_for_it() -> None:
    assert told("icmp type echo-request", "ip") == ["proto=1", "icmp_type=8"]
    assert told("ip6 saddr ::1", "ip6") == ["src=::1"]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("tcp dport > { 22, 23 }", "'>' cannot be used with a set"),
        ("tcp dport > 22-23", "'>' needs a single value"),
        ("tcp flags ! fin,syn / fin,syn", "expected == or !="),
        ("tcp dport ! 22", "'!' stands before flags only"),
        ("meta mark >> 4 == 1", "what is shifted is an integer"),
        ("ip saddr . tcp dport 10.0.0.1 . 22", "compared with sets and maps only"),
        ("22 22", "not a constant"),
        ("tcp dport == exists", "cannot be compared with inet_service"),
        ("ct state @nowhere", "there is no set 'nowhere'"),
        ("meta secmark 5", "a secmark cannot be compared"),
    ],
)
def test_what_nft_refuses_is_refused(rule: str, what: str) -> None:
    assert what in refused_rule(rule)


def test_a_set_is_compared_by_name() -> None:
    sets = "set a { type ipv4_addr; elements = { 10.0.0.1 }\n}\nset b { type ipv4_addr . inet_service; }"
    assert told("ip saddr != @a", "ip", sets) == ["src=!@a"]
    assert told("ip saddr . tcp dport @b", "ip", sets) == ["proto=6", "src . dport in @b"]


def test_an_empty_set_of_addresses_is_looked_up_since_no_value_tells_its_family() -> None:
    assert told("ip saddr != @a", "ip", "set a { type ipv4_addr; }") == ["not src in @a"]


def test_a_masked_key_in_a_named_set_is_unknown() -> None:
    assert told("ct mark & 1 @a", "ip", "set a { type mark; }") == ["unknown ct mark & 1 @a"]


def test_what_is_written_again_is_the_same_step_unless_a_variable_or_the_family_changes_what_it_means() -> None:
    fragment = "@nh,48,16 & 0x1fff != 0"
    text = f"""
        define port = 22
        table ip a {{
            chain c {{ tcp dport 80 ct state new
                tcp dport 80 {fragment}
                tcp dport $port
            }}
        }}
        redefine port = 23
        table ip a {{
            chain d {{ tcp dport $port
            }}
        }}
        table ip6 b {{
            chain c {{ tcp dport 80 {fragment}
            }}
        }}
    """
    one, six = imported(text).tables
    first, second, third = (rule.steps for rule in one.chains["c"].rules)
    (redefined,), (of_six,) = one.chains["d"].rules, six.chains["c"].rules
    assert first[1] is second[1]
    assert first[1] is of_six.steps[1]
    assert [short(third[1]), short(redefined.steps[1])] == ["dport=22", "dport=23"]
    assert [short(second[2]), short(of_six.steps[2])] == ["fragment=!0-1", "@nh,48,16=!0&0x1fff"]
