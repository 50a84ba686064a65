"""Every kind of mistake in a ruleset: its place, its words, and all of a file at once."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from fwsim.errors import RulesetError
from fwsim.ruleset import load_ruleset, mistakes


def problems(source: str, **options: Mapping[str, str]) -> list[str]:
    """The problems of a ruleset, without the name of the file."""
    with pytest.raises(RulesetError) as caught:
        load_ruleset(io.StringIO(source), **options)  # type: ignore[arg-type]
    return [str(problem).removeprefix("<input>:") for problem in caught.value.problems]


TWENTY = """\
nam: office
interfaces:
  lan: {networks: [10.1.0.0/16, "fd00:1::/640"]}
  wan: {networks: [any], macs: [zz]}
conntrack: {tcp_lose: false, udp_timeout: 5x, tcp_loose: on}
tracking: maybe
sets:
  admins: [10.1.0.5, 10.1.0.9-10.1.0.2]
  web: [80, 443]
  web: [80]
policy: acept
chains:
  forward:
    hook: forwrd
    policy: reject
    rules:
      - {name: a, ct_state: [establised], verdict: accept}
      - {name: a, proto: tcpp, dport: 99999, verdict: jump nowhere}
      - {iif: lam, dport: [22, ftpp], verdict: accept}
      - {src: "@admin", dst: "@web", verdict: reject with tcp reset}
      - {src: 10.0.0.1, dst: "fd00::1", verdict: accept, limit: {rate: 10/sec, brst: 5}}
      - {proto: udp, icmp_type: ping, verdict: drop, reject_with: tcp-reset}
      - 17
      - {verdict: goto loop, dport: !65536, proto: tcp}
  loop: {priority: 5, rules: [{verdict: jump loop}]}
"""


TWENTY_TOLD = """\
1:1: unknown key 'nam', did you mean 'name'?
3:33: expected a prefix length of 0 to 128 in 'fd00:1::/640'
4:33: expected a MAC address such as 00:00:5e:00:53:01, found 'zz'
5:13: unknown key 'tcp_lose', did you mean 'tcp_loose'?
5:43: expected a duration such as 30 (seconds), 5m, 2h, 5d or 1h30m, found '5x'
5:58: expected true or false (or 1 or 0), found 'on'
6:11: unknown tracking 'maybe', expected one of auto, on, off
8:22: the range '10.1.0.9-10.1.0.2' is reversed, expected the lower address first
10:3: the key 'web' is repeated, it stands in line 9 too
11:9: expected the policy accept or drop, found 'acept'
14:11: unknown hook 'forwrd', did you mean 'forward'?
15:13: a policy is accept or drop, found 'reject' (write a last rule with verdict: reject)
17:30: unknown ct state 'establised', did you mean 'established'?
18:16: the name 'a' is taken by the rule in line 17
18:26: unknown protocol 'tcpp', did you mean 'tcp'?
18:39: expected a port of 0 to 65535 or its name, found 99999
18:55: unknown chain 'nowhere', expected one of forward, loop
19:15: unknown interface 'lam', did you mean 'lan'?
19:20: 'dport' needs 'proto' to be tcp, udp, sctp, dccp or udplite (or a list of them)
19:32: unknown port 'ftpp', did you mean 'ftp'?
20:15: unknown set 'admin', did you mean 'admins'?
20:30: the set 'web' holds ports, dst needs addresses
20:47: expected 'reject' alone, found 'reject with tcp reset', what it answers belongs to 'reject_with'
21:30: 'dst' is IPv6 but 'src' is IPv4, so no packet can match both
21:72: unknown unit of time 'sec', did you mean 'second'?
21:80: unknown key 'brst', did you mean 'burst'?
22:33: unknown ICMP type 'ping', expected one of echo-reply, destination-unreachable, source-quench, redirect, \
echo-request, router-advertisement, router-solicitation, time-exceeded, parameter-problem, timestamp-request, \
timestamp-reply, info-request, info-reply, address-mask-request, ...
22:54: 'reject_with' needs 'verdict: reject'
22:67: tcp-reset needs 'proto' to be tcp alone
23:9: expected a rule: a mapping such as {proto: tcp, dport: 22, verdict: accept}, found 17
24:37: expected a port of 0 to 65535 or its name, found '65536'
25:10: 'priority' needs a 'hook': only a chain at a hook has one
25:41: a loop of jumps: 'loop' -> 'loop'
"""


def test_a_file_with_more_than_twenty_mistakes_tells_all_of_them_at_once() -> None:
    assert problems(TWENTY) == TWENTY_TOLD.splitlines()


def test_the_error_prints_a_line_for_every_mistake_with_its_file() -> None:
    with pytest.raises(RulesetError) as caught:
        load_ruleset(io.StringIO("polcy: drop\nruls: []\npolicy: drop\n"))
    assert caught.value.lines() == [
        "error: <input>:1:1: unknown key 'polcy', did you mean 'policy'?",
        "error: <input>:2:1: unknown key 'ruls', did you mean 'rules'?",
    ]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        # addresses
        ("{src: 10.1.0.256}", "13: expected an address, a network or a range of addresses, found '10.1.0.256'"),
        ("{src: 10.1.0}", "13: expected an address, a network or a range of addresses, found '10.1.0'"),
        ("{src: 010.1.0.5}", "13: expected an address, a network or a range of addresses, found '010.1.0.5'"),
        ("{src: 167837701}", "13: expected an address, a network or a range of addresses, found 167837701"),
        ('{src: "fd00:::1"}', "13: expected an address, a network or a range of addresses, found 'fd00:::1'"),
        ('{src: "fe80::1%eth0"}', "13: expected an address, a network or a range of addresses, found 'fe80::1%eth0'"),
        (
            "{src: admins}",
            "13: expected an address, a network or a range of addresses, found 'admins' (a set is written '@NAME')",
        ),
        ("{src: 10.1.0.0/33}", "13: expected a prefix length of 0 to 32 in '10.1.0.0/33'"),
        (
            "{src: 10.1.0.0/255.0.255.0}",
            "13: the netmask of '10.1.0.0/255.0.255.0' has holes, expected ones before zeros",
        ),
        ("{src: 10.1.0.9-10.1.0.1}", "13: the range '10.1.0.9-10.1.0.1' is reversed, expected the lower address first"),
        ('{src: "10.1.0.9-fd00::1"}', "13: the range '10.1.0.9-fd00::1' mixes IPv4 and IPv6"),
        ("{src: []}", "13: expected an address, a network or a range of addresses, found an empty list"),
        ("{src: [10.1.0.1, [10.1.0.2]]}", "24: expected an address, a network or a range of addresses, found a list"),
        ("{src: {a: b}}", "13: expected an address, a network or a range of addresses, found a mapping"),
        ("{src: }", "13: expected an address, a network or a range of addresses, found nothing"),
        ('{src: ""}', "13: expected an address, a network or a range of addresses, found ''"),
        ('{src: "10.1.0.1,"}', "13: expected an address, a network or a range of addresses, found '10.1.0.1,'"),
        ('{src: "!"}', "13: expected an address, a network or a range of addresses, found '!'"),
        ('{src: "@"}', "13: expected the name of a set behind '@', found '@'"),
        ("{src: '@nowhere'}", "13: unknown set 'nowhere', none is declared"),
        # numbers
        ("{ttl: 256}", "13: expected a ttl of 0 to 255, found 256"),
        ("{ttl: -1}", "13: expected a ttl of 0 to 255, found -1"),
        ("{ttl: 1.5}", "13: expected a ttl of 0 to 255, found '1.5'"),
        ("{ttl: true}", "13: expected a ttl of 0 to 255, found true"),
        ("{ttl: 9-1}", "13: the range '9-1' is reversed, expected the lower ttl first"),
        ("{ttl: " + "9" * 100 + "}", "13: expected a ttl of 0 to 255, found '" + "9" * 57 + "...'"),
        (
            "{proto: tcp, dport: 1024:65535}",
            "27: expected a port of 0 to 65535 or its name, found '1024:65535' (a range is written 1024-65535)",
        ),
        ("{proto: tcp, dport: 65536}", "27: expected a port of 0 to 65535 or its name, found 65536"),
        ("{proto: tcp, dport: 80-65536}", "27: expected a port of 0 to 65535 or its name, found '65536'"),
        ("{proto: tcp, dport: htps}", "27: unknown port 'htps', did you mean 'https'?"),
        ("{proto: tcp, dport: [80, http, htp]}", "38: unknown port 'htp', did you mean 'http'?"),
        ("{proto: icpm}", "15: unknown protocol 'icpm', did you mean 'icmp'?"),
        ("{proto: 256}", "15: expected a protocol of 0 to 255 or its name, found 256"),
        (
            "{icmpv6_type: nd-neigbor-solicit}",
            "21: unknown ICMPv6 type 'nd-neigbor-solicit', did you mean 'nd-neighbor-solicit'?",
        ),
        ("{dscp: 64}", "14: expected a dscp of 0 to 63 or its name, found 64"),
        ("{vlan: 4096}", "14: expected a vlan of 0 to 4095, found 4096"),
        ("{family: 4}", "16: expected one of ipv4, ipv6, found 4"),
        ("{family: inet}", "16: unknown family 'inet', expected one of ipv4, ipv6"),
        ("{family: '@a'}", "16: family cannot be compared with a set, expected one of ipv4, ipv6"),
        ("{ct_direction: orignal}", "22: unknown ct direction 'orignal', did you mean 'original'?"),
        ("{fragment: maybe}", "18: unknown fragment 'maybe', expected one of whole, first, later"),
        # bits
        ("{ct_state: NEWW}", "18: unknown ct state 'NEWW', did you mean 'new'?"),
        ("{ct_state: 8}", "18: unknown ct state '8', expected one of invalid, established, related, new, untracked"),
        ("{ct_status: asured}", "19: unknown ct status 'asured', did you mean 'assured'?"),
        ("{tcp_flags: sin}", "19: unknown TCP flag 'sin', did you mean 'syn'?"),
        ("{tcp_flags: 2}", "19: expected TCP flags such as 'syn' or 'syn / fin,syn,rst,ack', found 2"),
        ("{tcp_flags: 'syn / ack'}", "19: the flags before '/' must be among those behind it, found 'syn / ack'"),
        ("{tcp_flags: none}", "19: no flag set is written '== none' or 'none / fin,syn,rst,ack', found 'none'"),
        ("{mark: 0x100000000}", "14: expected a mark of 0 to 0xffffffff, found 4294967296"),
        ("{mark: -1}", "14: expected a mark of 0 to 0xffffffff, found -1"),
        ("{mark: 5-1}", "14: the range '5-1' is reversed, expected the lower mark first"),
        ("{mark: 3/4}", "14: the mark has bits outside its mask in '3/4', so it could never match"),
        ("{mark: red}", "14: expected a mark such as 1, 0x10, 0x10/0xff or 1-5, found 'red'"),
        ("{set_mark: [1]}", "18: expected a mark such as 1, 0x10 or 0x10/0xff, found a list"),
        # names
        ("{iif: eth*0}", "13: expected the name of an interface, or its beginning as 'eth*', found 'eth*0'"),
        ("{iif: a/b}", "13: expected the name of an interface, or its beginning as 'eth*', found 'a/b'"),
        # statements
        ("{verdict: acept}", "17: unknown verdict 'acept', did you mean 'accept'?"),
        ("{verdict: accept it}", "17: expected 'accept' alone, found 'accept it'"),
        ("{verdict: jump}", "17: expected the name of a chain behind 'jump', found nothing"),
        ("{verdict: jump a b}", "17: expected the name of a chain behind 'jump', found 'a b'"),
        (
            "{verdict: true}",
            "17: expected a verdict: accept, drop, reject, jump CHAIN, goto CHAIN, return or continue, found true",
        ),
        (
            "{verdict: reject, reject_with: icmp-port-unreachabel}",
            "38: unknown kind of reject 'icmp-port-unreachabel', did you mean 'icmp-port-unreachable'?",
        ),
        ("{limit: fast}", "15: expected a rate such as '10/second' or '64 kbytes/minute', found 'fast'"),
        ("{limit: 0/second}", "15: expected a rate of at least 1, found 0"),
        ("{limit: 10 gbytes/second}", "15: unknown unit 'gbytes', did you mean 'bytes'?"),
        ("{limit: 99999 mbytes/second}", "15: expected at most 4294967295 bytes, found 104856551424"),
        ("{limit: {burst: 5}}", "15: a limit needs its 'rate': a rate such as '10/second' or '64 kbytes/minute'"),
        ("{limit: {rate: 1/second, over: 1}}", "38: expected true or false, found 1"),
        ("{limit: {rate: 1/second, burst: x}}", "39: expected a burst such as 20 or '8 kbytes', found 'x'"),
        (
            "{limit: {rate: 1/second, burst: 8 kbytes}}",
            "39: the burst is in bytes but the rate in packets, expected the same unit",
        ),
        ("{log: {prefx: a}}", "14: unknown key 'prefx', did you mean 'prefix'?"),
        ("{log: 5}", "13: expected true or a printable prefix of at most 127 letters, found 5"),
        ("{counter: yes}", "17: expected true or false (or 1 or 0), found 'yes'"),
        ("{name: [a]}", "14: expected text (in quotes if needed), found a list"),
        ("{name: true}", "14: expected text (in quotes if needed), found true"),
        ("{name: }", "14: expected text (in quotes if needed), found nothing"),
        (
            '{name: "a\\nb"}',
            "14: expected one line of at most 200 printable letters, found 'a\N{REPLACEMENT CHARACTER}b'",
        ),
        # keys
        ("{dprt: 22}", "8: unknown key 'dprt', did you mean 'dport'?"),
        ("{action: drop}", "8: unknown key 'action', did you mean 'verdict'?"),
        ("{port: 22, proto: tcp}", "8: unknown key 'port', did you mean 'dport'?"),
        ("{policy: drop}", "8: the key 'policy' does not belong here but under 'chains'"),
        ("{proto: tcp, dport: 80,443}", "30: unknown key '443' (several values are a list: [80, 443])"),
        ("{<<: {a: b}}", "8: unknown key '<<': YAML 1.2 has no merge keys, write the keys out"),
        (
            "{xyzzy: 1}",
            "8: unknown key 'xyzzy', expected one of name, family, iif, oif, src, dst, proto, sport, dport, "
            "tcp_flags, icmp_type, icmp_code, icmpv6_type, icmpv6_code, ...",
        ),
        ("5", "7: expected a rule: a mapping such as {proto: tcp, dport: 22, verdict: accept}, found 5"),
        # what does not fit together
        ("{dport: 22}", "8: 'dport' needs 'proto' to be tcp, udp, sctp, dccp or udplite (or a list of them)"),
        (
            "{sport: 22, proto: [tcp, icmp]}",
            "8: 'sport' needs 'proto' to be tcp, udp, sctp, dccp or udplite (or a list of them)",
        ),
        (
            "{sport: 22, proto: '!tcp'}",
            "8: 'sport' needs 'proto' to be tcp, udp, sctp, dccp or udplite (or a list of them)",
        ),
        ("{tcp_flags: syn, proto: udp}", "8: 'tcp_flags' needs 'proto' to be tcp alone"),
        (
            "{icmp_type: 8, proto: icmpv6}",
            "8: 'icmp_type' needs 'proto' to be icmp alone (for icmpv6 write 'icmpv6_type')",
        ),
        (
            "{tcp_flags: syn, icmp_type: 8}",
            "24: 'icmp_type' is of icmp, but another key of the rule is of another protocol",
        ),
        ('{src: 10.0.0.1, dst: "::1"}', "28: 'dst' is IPv6 but 'src' is IPv4, so no packet can match both"),
        ("{family: ipv6, src: 10.0.0.1}", "27: 'src' is IPv4 but 'family' is IPv6, so no packet can match both"),
        ("{family: ipv6, icmp_type: 8}", "33: 'icmp_type' is IPv4 but 'family' is IPv6, so no packet can match both"),
        ('{family: ["!ipv4", "!ipv6"]}', "16: 'family' leaves no family possible"),
        ("{reject_with: tcp-reset, proto: tcp}", "8: 'reject_with' needs 'verdict: reject'"),
        ("{verdict: reject, reject_with: tcp-reset}", "38: tcp-reset needs 'proto' to be tcp alone"),
        (
            "{verdict: reject, reject_with: icmp-host-prohibited}",
            "38: icmp-host-prohibited needs 'family: ipv4' or such addresses (icmpx-... fits both families)",
        ),
        (
            "{verdict: reject, reject_with: icmpv6-no-route, src: 10.0.0.1}",
            "38: icmpv6-no-route needs 'family: ipv6' or such addresses (icmpx-... fits both families)",
        ),
        ("{verdict: jump nowhere}", "17: unknown chain 'nowhere', none is declared"),
    ],
)
def test_a_mistake_in_a_rule_is_told_with_its_column(rule: str, told: str) -> None:
    assert problems(f"rules:\n  -   {rule}\n") == [f"2:{told}"]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("rules: 5\n", "1:8: expected a list of rules, found 5"),
        ("rules:\n", "1:7: expected a list of rules, found nothing"),
        ("rules: {verdict: drop}\n", "1:8: expected a list of rules, found a mapping"),
        ("chains: []\n", "1:9: expected a mapping of chains by name, found a list"),
        ("chains: {a: []}\n", "1:13: expected a chain: a mapping with 'hook', 'policy' or 'rules', found a list"),
        ("chains: {a: {rules: x}}\n", "1:21: expected a list of rules, found 'x'"),
        ("chains: {'a b': {}}\n", "1:10: expected a name of letters, digits and '_.-/', found 'a b'"),
        (
            "chains: {a: {hook: ingress}}\n",
            "1:20: unknown hook 'ingress', expected one of prerouting, input, forward, output, postrouting",
        ),
        (
            "chains: {a: {hook: []}}\n",
            "1:20: expected a hook (prerouting, input, forward, output, postrouting), found an empty list",
        ),
        ("chains: {a: {hook: [input, input]}}\n", "1:28: hook 'input' is named twice"),
        (
            "chains: {a: {hook: input, priority: first}}\n",
            "1:37: unknown priority 'first', expected one of raw, mangle, dstnat, filter, security, srcnat",
        ),
        (
            "chains: {a: {hook: input, priority: filter * 2}}\n",
            "1:37: expected a priority: a number or raw, mangle, dstnat, filter, security, srcnat, found 'filter * 2'",
        ),
        (
            "chains: {a: {hook: input, priority: 4294967296}}\n",
            "1:37: expected a priority of 32 bits, found 4294967296",
        ),
        ("chains: {a: {policy: drop}}\n", "1:14: 'policy' needs a 'hook': only a chain at a hook has one"),
        (
            "chains: {rules: {}}\nrules: []\n",
            "1:10: the chain name 'rules' is taken by 'rules' and 'policy' at the top level",
        ),
        (
            "interfaces: {lan: [10.0.0.0/8]}\npolicy: drop\n",
            "1:19: expected an interface: a mapping with 'networks', 'macs' or 'addresses', found a list",
        ),
        (
            "interfaces: {lan: {networks: [10.0.0.1-10.0.0.3]}}\npolicy: drop\n",
            "1:31: expected a network such as 10.1.0.0/16 or 'any', found the range '10.0.0.1-10.0.0.3'",
        ),
        (
            "interfaces: {'a*': {}}\npolicy: drop\n",
            "1:14: expected the name of an interface (letters, digits, '.', '-'), found 'a*'",
        ),
        (
            "local: ['!10.0.0.1']\npolicy: drop\n",
            "1:9: expected an address, a network or a range of addresses, found '!10.0.0.1'",
        ),
        (
            "conntrack: {nf_conntrack_udp_timeout: 30}\npolicy: drop\n",
            "1:13: unknown key 'nf_conntrack_udp_timeout', did you mean 'udp_timeout'?",
        ),
        (
            "conntrack: {udp_timeout: -1}\npolicy: drop\n",
            "1:26: expected a duration of 0 to 2147483647 seconds, found -1",
        ),
        (
            "conntrack: {udp_timeout: 9999999w}\npolicy: drop\n",
            "1:26: expected a duration of 0 to 2147483647 seconds, found '9999999w'",
        ),
        ("conntrack: {max: many}\npolicy: drop\n", "1:18: expected a number of 0 to 2147483648, found 'many'"),
        ("conntrack: {tcp_max_retrans: 256}\npolicy: drop\n", "1:30: expected a number of 0 to 255, found 256"),
        ("conntrack: 5\npolicy: drop\n", "1:12: expected a mapping of conntrack settings, found 5"),
        (
            "stateless: {replies: all}\npolicy: drop\n",
            "1:22: unknown replies 'all', expected one of ack-or-rst, any, never",
        ),
        ("tracking: true\npolicy: drop\n", "1:11: expected one of auto, on, off, found true"),
        (
            "sets: {a: []}\npolicy: drop\n",
            "1:11: expected elements: addresses, ports, protocols, marks, names, found an empty list",
        ),
        ("sets: {a: {elements: [1], typ: port}}\npolicy: drop\n", "1:27: unknown key 'typ', did you mean 'type'?"),
        (
            "sets: {a: {type: prot, elements: [1]}}\npolicy: drop\n",
            "1:18: unknown set type 'prot', did you mean 'port'?",
        ),
        ("sets: {a: {type: port}}\npolicy: drop\n", "1:11: a set needs its 'elements'"),
        (
            "sets: {a: {type: port, elements: [80, htps]}}\npolicy: drop\n",
            "1:39: unknown port 'htps', did you mean 'https'?",
        ),
        (
            "sets: {a: [10.0.0.1, 10.0.0.300]}\npolicy: drop\n",
            "1:22: expected an address, a network or a range of addresses, found '10.0.0.300'",
        ),
        ("sets: {a: ['!10.0.0.1']}\npolicy: drop\n", "1:12: expected an element of the set, found '!10.0.0.1'"),
        ("sets: {a: ['@b']}\npolicy: drop\n", "1:12: expected an element of the set, found '@b'"),
        (
            "sets: {a: [10.0.0.1, 99999999]}\nrules: [{src: '@a'}]\n",
            "1:22: expected an address, a network or a range of addresses, found 99999999",
        ),
        (
            "sets: {a: [80, 90000]}\nrules: [{proto: tcp, dport: '@a'}]\n",
            "1:16: expected a port of 0 to 65535 or its name, found 90000",
        ),
        (
            "sets: {a: {type: port, elements: [80]}}\nrules: [{mark: '@a'}]\n",
            "2:16: the set 'a' holds ports, mark needs marks",
        ),
        (
            "interfaces: {lan: {}}\nrules: [{iif: [lan, wlan*, lo]}]\n",
            "2:15: no interface is called 'wlan*', declared are lan",
        ),
        (
            "policy: drop\ngibberish: 1\n",
            "2:1: unknown key 'gibberish', expected one of name, interfaces, local, rp_filter, tracking, "
            "conntrack, stateless, sets, policy, rules, chains",
        ),
    ],
)
def test_a_mistake_elsewhere_is_told_with_its_place(source: str, told: str) -> None:
    assert problems(source) == [told]


def test_json_mistakes_have_their_places_too() -> None:
    source = '{\n  "policy": "drp",\n  "rules": [{"verdict": "acept"}]\n}'
    assert problems(source) == [
        "2:13: expected the policy accept or drop, found 'drp'",
        "3:25: unknown verdict 'acept', did you mean 'accept'?",
    ]


def test_a_flood_of_mistakes_is_cut_short() -> None:
    told = problems("rules:\n" + "  - {prot: tcp}\n" * 600)
    assert len(told) == 501
    assert told[-1] == "502:6: and 100 more mistakes from here on"


def test_every_mistake_in_a_list_is_told() -> None:
    assert problems("rules: [{src: [10.0.0.300, 10.0.0.1, 10.0.0.0/40]}]\n") == [
        "1:16: expected an address, a network or a range of addresses, found '10.0.0.300'",
        "1:38: expected a prefix length of 0 to 32 in '10.0.0.0/40'",
    ]


def test_of_a_flood_of_mistakes_only_those_that_are_told_are_put_into_words(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    nearest = mistakes.nearest

    def counted(word: str, known: list[str]) -> str | None:
        asked.append(word)
        return nearest(word, known)

    monkeypatch.setattr(mistakes, "nearest", counted)
    told = problems("rules:\n" + "".join(f"  - {{prot{n}: tcp}}\n" for n in range(3000)))
    assert told[0] == "2:6: unknown key 'prot0', did you mean 'proto'?"
    assert told[-1] == "502:6: and 2500 more mistakes from here on"
    assert len(asked) <= 501
