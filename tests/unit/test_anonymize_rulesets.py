"""Rulesets with mapped addresses, in the formats that they were written in; what cannot be mapped is refused."""

from __future__ import annotations

import io
import re
from ipaddress import ip_address, ip_network

import pytest

from fwsim.anonymize.mapping import Mapping
from fwsim.anonymize.rulesets import anonymous_ruleset, networks_of
from fwsim.anonymize.wording import anonymous_network
from fwsim.errors import RulesetError
from fwsim.exporting.iptables import iptables_text
from fwsim.exporting.nft import nft_text
from fwsim.ruleset import load_ruleset, to_yaml
from tests.anonymous import SECRET, anonymous, mapping_of

MAPPING = Mapping(SECRET)
NFT = """
table inet filter {
	set admins {
		type ipv4_addr
		flags interval
		elements = { 203.0.113.5, 203.0.113.9-203.0.113.12 }
	}
	set pairs {
		type ipv4_addr . inet_service
		elements = { 203.0.113.5 . 22 }
	}
	map hosts {
		type inet_service : ipv4_addr
		elements = { 80 : 203.0.113.8 }
	}
	chain forward {
		type filter hook forward priority 0; policy drop;
		ip saddr @admins tcp dport 22 accept comment "ssh"
		ip saddr . tcp dport @pairs accept
		ip saddr != { 198.18.0.0/15, 203.0.113.7 } counter accept
		ip6 saddr 2001:db8:1::/64 accept
		ether saddr 02:11:22:33:44:55 accept
		ip daddr vmap { 203.0.113.3 : accept, 203.0.113.128/26 : drop }
	}
	chain pre {
		type nat hook prerouting priority dstnat
		tcp dport 8080 dnat ip to 203.0.113.0-203.0.113.3:80
		dnat ip to tcp dport map @hosts
	}
}
"""
IPTABLES = """*filter
:FORWARD DROP [0:0]
-A FORWARD -s 203.0.113.0/28 -d 198.51.100.7 -p tcp --dport 22 -m comment --comment "ssh" -j ACCEPT
-A FORWARD -m iprange --src-range 203.0.113.9-203.0.113.12 -j ACCEPT
-A FORWARD -m mac --mac-source 02:11:22:33:44:55 -j ACCEPT
COMMIT
"""
PRIVATE_TEXTS = re.compile(r"203\.0\.113\.\d+|198\.51\.100\.\d+|2001:db8:1:|02:11:22:33:44:55")


def mapped(text: str) -> str:
    address = ip_address(text)
    return str(ip_address(MAPPING.address(int(address), address.version).to_bytes(len(address.packed), "big")))


def test_all_addresses_of_an_nft_ruleset_are_mapped_and_names_stay() -> None:
    text = nft_text(anonymous_ruleset(load_ruleset(io.StringIO(NFT)), MAPPING).netfilter)
    known = {mapped(f"203.0.113.{number}") for number in range(256)}
    assert not [found for found in PRIVATE_TEXTS.findall(text) if found not in known]
    for one in ("203.0.113.5", "203.0.113.7", "203.0.113.8"):
        assert re.search(rf"\b{re.escape(mapped(one))}\b", text)
    assert 'comment "comment 1"' in text
    assert "198.18.0.0/15" in text
    mac = MAPPING.mac(0x021122334455).to_bytes(6, "big").hex(":")
    assert f"ether saddr {mac}" in text
    load_ruleset(io.StringIO(text))


def test_comments_log_prefixes_and_own_words_say_nothing_of_anybody() -> None:
    rules = [
        'ip saddr 203.0.113.5 log prefix "bob-203.0.113.5 " level info accept comment "Bob Smith 203.0.113.5"',
        'tcp dport 22 accept comment "Bob Smith 203.0.113.5"',
        "dup to 203.0.113.5 device eth0",
        'log prefix "bob" group 4',
    ]
    source = "table ip t {\nchain bobs {\ntype filter hook forward priority 0\n" + "\n".join(rules) + "\n}\n}\n"
    text = nft_text(anonymous_ruleset(load_ruleset(io.StringIO(source)), MAPPING).netfilter)
    assert "203.0.113.5" not in text.replace(mapped("203.0.113.5"), "")
    assert "Bob Smith" not in text
    assert text.count('comment "comment 1"') == 2
    assert 'log prefix "log 1 " level info' in text
    assert 'log prefix "log 2 " group 4' in text
    assert f"dup to {mapped('203.0.113.5')} device eth0" in text
    assert "chain bobs" in text


def test_what_iptables_writes_in_its_own_words_is_mapped_too() -> None:
    rules = [
        '-A FORWARD -m comment --comment "Bob" -j LOG --log-prefix "bob 203.0.113.5 " --log-level 6',
        "-A FORWARD -p tcp -j NFLOG --nflog-prefix bob --nflog-group 3",
        '-A FORWARD -m string --string "bob" --algo bm -j ACCEPT',
        "-A FORWARD -m policy --dir in --pol ipsec --mode tunnel --tunnel-src 203.0.113.5/32 -j ACCEPT",
    ]
    source = "*mangle\n-A FORWARD -j TEE --gateway 203.0.113.5\nCOMMIT\n*filter\n" + "\n".join(rules) + "\nCOMMIT\n"
    text = iptables_text(anonymous_ruleset(load_ruleset(io.StringIO(source)), MAPPING).netfilter, 4)
    assert "203.0.113.5" not in text.replace(mapped("203.0.113.5"), "")
    assert "bob" not in text.lower()
    assert '--log-prefix "log 1 " --log-level 6' in text
    assert '--nflog-prefix "log 2 " --nflog-group 3' in text
    assert f"--gateway {mapped('203.0.113.5')}" in text
    assert f"--tunnel-src {mapped('203.0.113.5')}/32" in text


def test_names_of_our_own_rules_stay_and_their_log_prefixes_do_not() -> None:
    source = "chains: {f: {hook: forward, rules: [{name: ssh, log: {prefix: bob}, verdict: accept}]}}"
    found = to_yaml(anonymous(load_ruleset(io.StringIO(source)), MAPPING))
    assert "name: ssh" in found
    assert "bob" not in found


def test_an_iptables_ruleset_is_mapped() -> None:
    text = iptables_text(anonymous_ruleset(load_ruleset(io.StringIO(IPTABLES)), MAPPING).netfilter, 4)
    assert f"-s {mapped('203.0.113.0')[:-1]}" in text or "/28" in text
    assert f"-d {mapped('198.51.100.7')}" in text
    assert "02:11:22:33:44:55" not in text
    assert "ssh" not in text


def test_our_own_ruleset_keeps_its_rules_and_maps_its_surroundings() -> None:
    ruleset = load_ruleset("rulesets/office.yaml")
    found = anonymous(ruleset, mapping_of(ruleset))
    assert list(found.interfaces) == list(ruleset.interfaces)
    prefixes = [[network.prefix for network in interface.networks] for interface in (*found.interfaces.values(),)]
    assert prefixes == [[network.prefix for network in one.networks] for one in ruleset.interfaces.values()]
    names = [rule.name for rule in ruleset.chains["forward"].rules]
    assert [rule.name for rule in found.chains["forward"].rules] == names
    assert found.interfaces["lan"].networks != ruleset.interfaces["lan"].networks
    assert (
        load_ruleset(io.StringIO(to_yaml(found))).chains["forward"].rules[3].dst == found.chains["forward"].rules[3].dst
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("ip saddr & 0.0.255.0 == 0.0.7.0 drop", "bits of a header"),
        ("@nh,96,16 0x0a01 drop", "bits of a header"),
        ("@ll,0,8 2 drop", "bits of a header"),
        ("ip option rr addr 0xcb007105 drop", "an address in the option rr"),
    ],
)
def test_what_has_no_counterpart_is_refused_with_its_place(rule: str, said: str) -> None:
    text = f"table ip t {{\nchain c {{\ntype filter hook forward priority 0\n{rule}\n}}\n}}\n"
    with pytest.raises(RulesetError, match=f":4:1: cannot be mapped: {said}"):
        anonymous_ruleset(load_ruleset(io.StringIO(text)), MAPPING)


def test_a_translation_to_addresses_that_come_apart_is_refused() -> None:
    text = "table ip t {\nchain c {\ntype nat hook prerouting priority 0\ndnat to 203.0.113.1-203.0.113.2\n}\n}\n"
    keys = [Mapping(bytes([number]) * 16) for number in range(20)]
    refused = 0
    for mapping in keys:
        try:
            anonymous_ruleset(load_ruleset(io.StringIO(text)), mapping)
        except RulesetError as problem:
            refused += "do not lie together" in str(problem)
    assert refused > 5


def test_networks_are_those_of_the_interfaces() -> None:
    ruleset = load_ruleset(
        io.StringIO("interfaces: {lan: {networks: [10.1.0.0/16]}, wan: {networks: [any]}}\nrules: []")
    )
    assert networks_of(ruleset) == [ip_network("10.1.0.0/16")]


def test_options_are_mapped() -> None:
    assert anonymous_network("any", MAPPING) == "any"
    assert anonymous_network("10.0.0.0/8", MAPPING) == "10.0.0.0/8"
    assert anonymous_network("203.0.113.5", MAPPING) == mapped("203.0.113.5")
