"""Rules of somebody else in the kernel, loaded as they are: what is heard around them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import pytest

from fwsim.errors import KernelError, UsageError
from fwsim.kernel import KernelFirewall
from fwsim.netfilter import Netfilter
from fwsim.ruleset import Ruleset
from fwsim.tables import each
from fwsim.terms import CtState, Hook, RejectWith, Verdict
from tests.kernel_stage import HOST, OUT, PEER, SELF, STAGE, Seen, Stage, needs_kernel, tcp_packet, udp_packet

pytestmark = pytest.mark.kernel

SYN, SYN_ACK, ACK = 0x02, 0x12, 0x10

NFT = """#!/usr/sbin/nft -f
flush ruleset
table inet filter {
    chain early { type filter hook prerouting priority raw; udp dport 6666 drop; }
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        iif "lan" oifname "wan" tcp dport 113 reject with tcp reset
        iifname "lan" udp dport 99 reject with icmpx admin-prohibited
        iifname "lan" accept
    }
    chain input { type filter hook input priority 0; tcp dport 23 drop; }
    chain output { type filter hook output priority 0; tcp dport 25 reject; }
}
"""
IPTABLES = """*raw
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p udp -m udp --dport 6666 -j DROP
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i lan -p tcp -m tcp --dport 113 -j REJECT --reject-with tcp-reset
-A FORWARD -i lan -p udp -m udp --dport 99 -j REJECT --reject-with icmp-admin-prohibited
-A FORWARD -i lan -j ACCEPT
-A INPUT -p tcp -m tcp --dport 23 -j DROP
-A OUTPUT -p tcp -m tcp --dport 25 -j REJECT
COMMIT
"""
SCRIPT = """#!/bin/sh
iptables -F
iptables -P FORWARD DROP
iptables -A FORWARD -m state --state ESTABLISHED,RELATED -j ACCEPT
sudo /sbin/iptables -A FORWARD -i lan -p tcp --dport 113 -j REJECT --reject-with tcp-reset
iptables -A FORWARD -i lan -p udp --dport 99 \\
    -j REJECT --reject-with icmp-admin-prohibited
iptables -A FORWARD -i lan -j ACCEPT
iptables -A INPUT -p tcp --dport 23 -j DROP
iptables -A OUTPUT -p tcp --dport 25 -j REJECT
iptables -t raw -A PREROUTING -p udp --dport 6666 -j DROP
"""
TEXTS = {"nft": NFT, "iptables-save": IPTABLES, "script": SCRIPT}


@contextmanager
def loaded(*texts: str) -> Iterator[Stage]:
    """A kernel with these texts, and the interfaces and addresses of the usual stage."""
    needs_kernel()
    ruleset = Ruleset.model_validate({**STAGE, "conntrack": {}})
    sources = tuple((f"text-{number}", text) for number, text in enumerate(texts))
    with KernelFirewall(ruleset, as_it_stands=Netfilter((), sources=sources, interfaces=("lan", "ppp7"))) as firewall:
        yield Stage(ruleset, firewall)


def heard(stage: Stage, *packets: Seen) -> list[dict[str, int]]:
    return list(each(stage.firewall.answer(stage.chunk(packets)).decisions))


def verdicts(stage: Stage, *packets: Seen) -> list[Any]:
    found = heard(stage, *packets)
    return [(Verdict(one["verdict"]), Hook(one["hook"]) if one["hook"] >= 0 else None) for one in found]


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_is_loaded_by_its_own_program_and_its_verdicts_are_heard(kind: str) -> None:
    if kind != "nft" and shutil.which("iptables") is None:
        pytest.skip("no iptables here")
    host, peer, own = HOST[4], PEER[4], SELF[4]
    with loaded(TEXTS[kind]) as stage:
        assert verdicts(
            stage,
            Seen("lan", tcp_packet(host, peer, 1000, 80, SYN, seq=1)),
            Seen("wan", tcp_packet(peer, host, 80, 1000, SYN_ACK, seq=7, ack=2)),
            Seen("wan", tcp_packet(peer, host, 1000, 80, SYN)),
            Seen("lan", udp_packet(host, peer, 1000, 6666)),
            Seen("lan", tcp_packet(host, own, 1000, 23, SYN)),
            Seen("lan", tcp_packet(host, own, 1000, 24, SYN)),
            Seen("lan", tcp_packet(own, host, 1000, 25, SYN), OUT),
            Seen("lan", tcp_packet(own, host, 1000, 26, SYN), OUT),
        ) == [
            (Verdict.ACCEPT, None),
            (Verdict.ACCEPT, None),
            (Verdict.DROP, Hook.FORWARD),
            (Verdict.DROP, Hook.PREROUTING),
            (Verdict.DROP, Hook.INPUT),
            (Verdict.ACCEPT, None),
            (Verdict.REJECT, Hook.OUTPUT),
            (Verdict.ACCEPT, None),
        ]


@pytest.mark.parametrize("kind", TEXTS)
def test_a_reject_is_told_by_the_answer_that_the_kernel_makes(kind: str) -> None:
    host, peer = HOST[4], PEER[4]
    with loaded(TEXTS[kind]) as stage:
        reset, unreachable = heard(
            stage,
            Seen("lan", tcp_packet(host, peer, 1000, 113, SYN)),
            Seen("lan", udp_packet(host, peer, 1000, 99)),
        )
    assert (reset["verdict"], reset["reject_with"]) == (Verdict.REJECT, RejectWith.TCP_RESET)
    assert (unreachable["verdict"], unreachable["reject_with"]) == (Verdict.REJECT, RejectWith.ICMP_ADMIN_PROHIBITED)
    assert {one["ct_state"] for one in (reset, unreachable)} == {CtState.NEW}


def test_many_rejects_at_once_are_all_told() -> None:
    for family in (4, 6):
        packet = Seen("lan", udp_packet(HOST[family], PEER[family], 1000, 99))
        with loaded(NFT) as stage:
            assert set(verdicts(stage, *[packet] * 200)) == {(Verdict.REJECT, Hook.FORWARD)}


def test_texts_of_both_programs_stand_beside_each_other() -> None:
    with loaded(
        IPTABLES, "table ip filter2 { chain f { type filter hook forward priority 9; tcp dport 81 drop; }; }"
    ) as stage:
        host, peer = HOST[4], PEER[4]
        assert verdicts(
            stage,
            Seen("lan", tcp_packet(host, peer, 1000, 81, SYN)),
            Seen("lan", tcp_packet(host, peer, 1000, 82, SYN)),
            Seen("lan", tcp_packet(host, peer, 1000, 113, SYN)),
        ) == [(Verdict.DROP, Hook.FORWARD), (Verdict.ACCEPT, None), (Verdict.REJECT, Hook.FORWARD)]


def test_a_set_of_addresses_is_there_before_the_rules_that_ask_for_it() -> None:
    if shutil.which("ipset") is None:
        pytest.skip("no ipset here")
    rules = "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m set --match-set bad src -j DROP\nCOMMIT\n"
    try:
        with loaded(rules, f"create bad hash:ip\nadd bad {ip_address(HOST[4])}\n") as stage:
            dropped, passed = (
                Seen("lan", udp_packet(HOST[4], PEER[4], 1, 2)),
                Seen("wan", udp_packet(PEER[4], HOST[4], 3, 4)),
            )
            assert verdicts(stage, dropped, passed) == [(Verdict.DROP, Hook.FORWARD), (Verdict.ACCEPT, None)]
    except KernelError as error:
        pytest.skip(str(error))


def test_what_nft_refuses_is_told_with_the_name_of_the_text() -> None:
    with (
        pytest.raises(UsageError, match=r"text-0: nft refuses it: .*syntax error"),
        loaded("table inet x { nonsense }"),
    ):
        pass


def test_an_interface_that_the_rules_name_must_only_be_there() -> None:
    with loaded('table inet x { chain f { type filter hook forward priority 0; iif "ppp7" drop; }; }') as stage:
        packet = Seen("lan", udp_packet(HOST[4], PEER[4], 1, 2))
        assert verdicts(stage, packet) == [(Verdict.ACCEPT, None)]
