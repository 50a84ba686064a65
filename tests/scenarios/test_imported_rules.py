"""Rules of nft and iptables on packets: what each hook sees, and what is left open."""

from __future__ import annotations

import io
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether

from fwsim.ruleset import load_ruleset
from fwsim.simulator import Decision, Simulator

NETWORKS = {"lan": ["10.0.0.0/8"], "wan": ["0.0.0.0/0"]}

GATEWAY = """
table ip nat {
\tchain pre { type nat hook prerouting priority -100; tcp dport 8080 dnat to 10.0.0.5:80; }
\tchain post { type nat hook postrouting priority 100; oifname "wan" masquerade; }
}
table ip filter {
\tchain forward { type filter hook forward priority 0; policy drop;
\t\tct state established,related accept
\t\tiifname "lan" accept
\t}
}
"""


class Firewall:
    """A ruleset that is asked packet by packet."""

    def __init__(self, text: str, **options: Any) -> None:
        self.simulator = Simulator(load_ruleset(io.StringIO(text), interfaces=NETWORKS, **options))
        self.at = 0.0

    def ask(self, packet: Any, iif: str) -> Decision:
        self.at += 0.1
        return self.simulator.decide(Ether() / packet, at=self.at, iif=iif)


def test_a_packet_whose_destination_is_translated_goes_there() -> None:
    firewall = Firewall(GATEWAY.replace('iifname "lan"', "ip daddr 10.0.0.5"))
    decision = firewall.ask(IP(src="203.0.113.9", dst="198.51.100.1") / TCP(dport=8080, flags="S"), "wan")
    assert (decision.verdict.name, decision.line) == ("ACCEPT", 9)
    other = firewall.ask(IP(src="203.0.113.9", dst="198.51.100.1") / TCP(dport=81, flags="S"), "wan")
    assert other.verdict.name == "DROP"


def test_a_connection_whose_source_becomes_nobody_knows_what_gets_through_and_its_replies_are_unknown() -> None:
    firewall = Firewall(GATEWAY)
    out = firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(sport=5000, dport=53), "lan")
    assert (out.verdict.name, out.line) == ("ACCEPT", 9)
    again = firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(sport=5000, dport=53), "lan")
    assert again.verdict.name == "ACCEPT"
    reply = firewall.ask(IP(src="203.0.113.9", dst="10.0.0.7") / UDP(sport=53, dport=5000), "wan")
    assert reply.verdict.name == "UNKNOWN"


def test_a_connection_that_no_rule_translates_is_known_to_the_end() -> None:
    firewall = Firewall(GATEWAY)
    firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(sport=5000, dport=53), "lan")
    within = firewall.ask(IP(src="10.0.0.7", dst="10.9.9.9") / UDP(sport=5000, dport=53), "lan")
    assert within.verdict.name == "ACCEPT"
    back = firewall.ask(IP(src="10.9.9.9", dst="10.0.0.7") / UDP(sport=53, dport=5000), "lan")
    assert back.verdict.name == "ACCEPT"


def test_the_tables_of_iptables_are_walked_in_their_order() -> None:
    text = """
*raw
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p udp --dport 53 -j CT --notrack
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p udp --dport 99 -j MARK --set-xmark 0x1/0xffffffff
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate UNTRACKED -m comment --comment "dns" -j ACCEPT
-A FORWARD -m mark --mark 0x1 -j REJECT --reject-with icmp-admin-prohibited
-A FORWARD -p udp --dport 97 -m string --string "x" --algo bm -j ACCEPT
COMMIT
"""
    firewall = Firewall(text)
    dns = firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(dport=53), "lan")
    assert (dns.verdict.name, dns.chain, dns.rule) == ("ACCEPT", "ip filter FORWARD", "dns")
    marked = firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(dport=99), "lan")
    assert (marked.verdict.name, marked.reject_with.name) == ("REJECT", "ICMP_ADMIN_PROHIBITED")
    other = firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(dport=98), "lan")
    assert (other.verdict.name, other.rule) == ("DROP", "policy")
    unknown = firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(dport=97), "lan")
    assert (unknown.verdict.name, unknown.line) == ("UNKNOWN", 14)


@pytest.mark.parametrize(
    ("policy", "verdict"), [("drop", "DROP"), ("accept", "UNKNOWN")], ids=["drop later", "accept later"]
)
@pytest.mark.parametrize("answer", ["", "reject"])
def test_what_may_have_been_dropped_before_is_refused_for_sure_only_if_it_is_dropped_later(
    policy: str, verdict: str, answer: str
) -> None:
    text = f"""
table ip t {{
\tchain early {{ type filter hook prerouting priority -300; meta cpu 1 drop; }}
\tchain forward {{ type filter hook forward priority 0; policy {policy}; {answer}; }}
}}
"""
    decision = Firewall(text).ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(dport=53), "lan")
    assert decision.verdict.name == ("UNKNOWN" if answer else verdict)
    assert (decision.line == 3) == (decision.verdict.name == "UNKNOWN")


def test_an_answer_to_translated_addresses_may_be_none() -> None:
    """Linux knows the connection's answers by the firewall's address, the capture shows that of the host inside."""
    text = GATEWAY.replace("policy drop", "policy accept")
    firewall = Firewall(text)
    firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(sport=5000, dport=53), "lan")
    reply = firewall.ask(IP(src="203.0.113.9", dst="10.0.0.7") / UDP(sport=53, dport=5000), "wan")
    assert (reply.verdict.name, reply.ct_state.name) == ("UNKNOWN", "NONE")
    again = firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(sport=5000, dport=53), "lan")
    assert again.ct_state.name == "NONE"  # new, or established by that answer


def test_chains_of_xtables_may_be_deeper_than_those_of_nft() -> None:
    chains = [f"c{n}" for n in range(40)]
    jumps = [f"-A {one} -j {other}" for one, other in zip(["FORWARD", *chains], chains, strict=False)]
    lines = ["*filter", ":FORWARD ACCEPT", *(f":{name} -" for name in chains), *jumps, "-A c39 -j DROP", "COMMIT"]
    decision = Firewall("\n".join(lines)).ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(dport=53), "lan")
    assert (decision.verdict.name, decision.chain) == ("DROP", "ip filter c39")


def test_an_element_that_expires_in_a_set_that_rules_change_is_forgotten_then() -> None:
    rules = "ip saddr @s drop\n ip saddr 10.9.9.9 add @s { ip saddr }"
    elements = "elements = { 10.0.0.7 timeout 10s expires 300ms, 10.0.0.8 }"
    firewall = Firewall(
        f"table ip t {{\n set s {{ type ipv4_addr; flags dynamic,timeout; {elements}\n }}\n"
        f" chain f {{ type filter hook forward priority 0; {rules}\n }}\n}}\n"
    )
    packets = [IP(src=f"10.0.0.{host}", dst="203.0.113.9") / UDP(dport=53) for host in (7, 8, 7, 7, 8)]
    said = [firewall.ask(packet, "lan").verdict.name for packet in packets]
    assert said == ["DROP", "DROP", "DROP", "ACCEPT", "DROP"]


@pytest.mark.parametrize(
    "rule",
    ["meta mark set jhash ip saddr mod 2", "meta random 5 meta mark set 0x4", "udp dport 53 queue num 1"],
)
def test_a_verdict_that_hangs_on_what_a_rule_does_names_that_rule_and_what_it_does(rule: str) -> None:
    text = f"table ip t {{\n chain f {{ type filter hook forward priority 0;\n {rule}\n meta mark 0 drop\n }}\n}}\n"
    firewall = Firewall(text)
    decision = firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(dport=53), "lan")
    assert (decision.verdict.name, decision.reason.name, decision.line) == ("UNKNOWN", "NOT_SIMULATED", 3)
    lowered = firewall.simulator.lowered["stateful"]
    assert len(lowered.rules[0].not_simulated) == 1
    assert lowered.rules[0].not_simulated[0] in rule


def test_a_mark_that_is_set_again_is_known_again() -> None:
    rules = "meta mark set jhash ip saddr mod 2\n meta mark set 0\n meta mark 0 drop"
    firewall = Firewall(f"table ip t {{\n chain f {{ type filter hook forward priority 0; {rules}\n }}\n}}\n")
    assert firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(dport=53), "lan").verdict.name == "DROP"


def test_connections_are_counted_for_each_element_of_a_set() -> None:
    rule = "add @s { ip saddr ct count over 1 } drop"
    firewall = Firewall(
        f"table ip t {{\n set s {{ type ipv4_addr; flags dynamic; }}\n"
        f" chain f {{ type filter hook forward priority 0; {rule}\n }}\n}}\n"
    )
    hosts = [(7, 1000), (7, 1000), (8, 1000), (7, 1001), (8, 1000)]
    packets = [IP(src=f"10.0.0.{host}", dst="203.0.113.9") / UDP(sport=sport, dport=53) for host, sport in hosts]
    said = [firewall.ask(packet, "lan").verdict.name for packet in packets]
    assert said == ["ACCEPT", "ACCEPT", "ACCEPT", "DROP", "ACCEPT"]


def test_a_map_by_which_connections_get_a_mark_makes_the_firewall_track() -> None:
    marks = "map m { type ipv4_addr : mark; elements = { 10.0.0.7 : 5 }\n }"
    rules = "ct mark set ip saddr map @m\n ct mark 5 drop"
    firewall = Firewall(f"table ip t {{\n {marks}\n chain f {{ type filter hook forward priority 0; {rules}\n }}\n}}\n")
    assert firewall.ask(IP(src="10.0.0.7", dst="203.0.113.9") / UDP(dport=53), "lan").verdict.name == "DROP"
    ports = "map m { type inet_service : ipv4_addr; elements = { 53 : 10.0.0.5 }\n }"
    nat = "chain f { type nat hook prerouting priority -100; dnat to udp dport map @m\n }"
    firewall = Firewall(f"table ip t {{\n {ports}\n {nat}\n}}\n")
    packet = IP(src="10.0.0.7", dst="203.0.113.9") / UDP(dport=53)
    assert firewall.ask(packet, "lan").ct_state.name == "NEW"


@pytest.mark.parametrize("count", [3, 70])
def test_a_long_list_of_hardware_addresses_with_addresses_is_asked_like_a_short_one(count: int) -> None:
    pairs = ", ".join(f"00:01:02:03:04:{n:02x} . 10.0.0.{n}" for n in range(count))
    rule = f"ether saddr . ip saddr {{ {pairs} }} drop"
    firewall = Firewall(f"table ip t {{\n chain f {{ type filter hook forward priority 0; {rule}\n }}\n}}\n")
    decide = firewall.simulator.decide
    packet = IP(src="10.0.0.2", dst="203.0.113.9") / UDP(dport=53)
    assert decide(Ether(src="00:01:02:03:04:02") / packet, at=0.1, iif="lan").verdict.name == "DROP"
    assert decide(Ether(src="00:01:02:03:04:01") / packet, at=0.2, iif="lan").verdict.name == "ACCEPT"
