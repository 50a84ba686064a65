"""Rules that translate, in the kernel: verdicts of packets whose addresses change, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fwsim.capture.crafting import Ip, icmp_message, tcp_segment, udp_datagram
from fwsim.capture.ends import ends_of
from fwsim.kernel import KernelFirewall
from fwsim.ruleset.load import load_ruleset
from fwsim.terms import CtState, Hook, Verdict
from tests.kernel_stage import OUT, Seen, Stage, needs_kernel

pytestmark = pytest.mark.kernel

GATEWAY = """table inet nat {
  chain pre {
    type nat hook prerouting priority dstnat
    iifname "wan" ip daddr 198.51.100.1 tcp dport 8080 dnat ip to 10.1.0.12:80
    ip daddr 198.51.100.1 tcp dport 80 dnat ip to 10.1.0.12
    iifname "lan" udp dport 53 redirect to :5353
  }
  chain post {
    type nat hook postrouting priority srcnat
    oifname "wan" masquerade
    iifname "lan" oifname "lan" ct status dnat masquerade
  }
  chain own {
    type nat hook output priority -100
    udp dport 99 dnat ip to 10.1.0.12:98
    tcp dport 7 redirect to :70
  }
  chain here {
    type nat hook input priority 100
    tcp dport 22 snat ip to 10.1.0.99
  }
}
table inet filter {
  chain forward {
    type filter hook forward priority 0; policy drop
    ct state established,related accept
    ct status dnat accept
    iifname "lan" oifname "wan" accept
  }
  chain input {
    type filter hook input priority 0; policy drop
    udp dport 5353 accept
    tcp dport { 22, 70 } accept
  }
}
"""
INTERFACES = {"lan": ["10.1.0.0/16", "fd00:1::/64"], "wan": ["any"]}
OWN = ["10.1.0.1", "198.51.100.1", "fd00:1::1", "2001:db8:2::1"]
HOST, SERVER, PEER, PUBLIC, SELF = "10.1.0.11", "10.1.0.12", "198.51.100.21", "198.51.100.1", "10.1.0.1"
HOST6, PEER6, PUBLIC6 = "fd00:1::11", "2001:db8:2::21", "2001:db8:2::1"
SYN, SYN_ACK = 0x02, 0x12
ACCEPT, DROP = Verdict.ACCEPT, Verdict.DROP
NEW, ESTABLISHED, RELATED, INVALID = CtState.NEW, CtState.ESTABLISHED, CtState.RELATED, CtState.INVALID


def udp(src: str, dst: str, *ports: int) -> bytes:
    return Ip(src, dst, 17, udp_datagram(src, dst, (ports[0], ports[1]), b"data")).encode()


def tcp(src: str, dst: str, *ports: int, flags: int = SYN) -> bytes:
    numbers = (5000, 1001) if flags == SYN_ACK else (1000, 0)
    return Ip(src, dst, 6, tcp_segment(src, dst, (ports[0], ports[1]), numbers, flags, 1000)).encode()


def error(src: str, dst: str, about: bytes) -> bytes:
    return Ip(src, dst, 1, icmp_message(src, dst, 3, 1, bytes(4), about[:28])).encode()


@contextmanager
def gateway(tmp_path: Any, text: str = GATEWAY) -> Iterator[Stage]:
    needs_kernel()
    path = tmp_path / "gateway.nft"
    path.write_text(text)
    ruleset = load_ruleset(str(path))
    with KernelFirewall(ruleset, interfaces=INTERFACES, local=OWN) as firewall:
        yield Stage(ruleset, firewall)


def heard(stage: Stage, *packets: Seen) -> list[tuple[Any, ...]]:
    """Verdict, hook of a drop, ct state, and what the packet became."""
    answer = stage.firewall.answer(stage.chunk(packets))
    assert not answer.failed
    found = []
    for row, decision in enumerate(answer.decisions):
        hook = int(decision["hook"])
        found.append(
            (
                Verdict(int(decision["verdict"])),
                Hook(hook) if hook >= 0 else None,
                CtState(int(decision["ct_state"])),
                answer.translated.get(row),
            )
        )
    return found


def test_a_masqueraded_connection_is_followed_both_ways(tmp_path: Any) -> None:
    with gateway(tmp_path) as stage:
        assert heard(
            stage,
            Seen("lan", udp(HOST, PEER, 5000, 1000)),
            Seen("wan", udp(PEER, PUBLIC, 1000, 5000)),
            Seen("wan", error(PEER, PUBLIC, udp(PUBLIC, PEER, 5000, 1000))),
            Seen("wan", udp(PEER, PUBLIC, 1000, 5001)),
            Seen("wan", udp(PEER, HOST, 1000, 5000)),
            Seen("lan", udp(HOST6, PEER6, 5000, 1000)),
        ) == [
            (ACCEPT, None, NEW, (PUBLIC, 5000, PEER, 1000)),
            (ACCEPT, None, ESTABLISHED, (PEER, 1000, HOST, 5000)),
            (ACCEPT, None, RELATED, (PEER, 0, HOST, 3 << 8 | 1)),
            (DROP, Hook.INPUT, NEW, None),
            (DROP, Hook.FORWARD, NEW, None),
            (ACCEPT, None, NEW, (PUBLIC6, 5000, PEER6, 1000)),
        ]
        tuples = {(one.original[:2], one.reply[:2]) for one in stage.firewall.connections()}
        assert tuples == {((HOST, PEER), (PEER, PUBLIC)), ((HOST6, PEER6), (PEER6, PUBLIC6))}


def test_a_packet_to_the_firewall_may_go_through_it_and_one_through_it_to_itself(tmp_path: Any) -> None:
    with gateway(tmp_path) as stage:
        assert heard(
            stage,
            Seen("wan", tcp(PEER, PUBLIC, 1000, 8080)),
            Seen("lan", tcp(SERVER, PEER, 80, 1000, flags=SYN_ACK)),
            Seen("lan", tcp(HOST, PUBLIC, 1000, 80)),
            Seen("lan", tcp(SERVER, SELF, 80, 1000, flags=SYN_ACK)),
            Seen("lan", udp(HOST, PEER, 4000, 53)),
            Seen("lan", udp(SELF, HOST, 5353, 4000), OUT),
            Seen("lan", tcp(HOST, SELF, 2000, 22)),
        ) == [
            (ACCEPT, None, NEW, (PEER, 1000, SERVER, 80)),
            (ACCEPT, None, ESTABLISHED, (PUBLIC, 8080, PEER, 1000)),
            (ACCEPT, None, NEW, (SELF, 1000, SERVER, 80)),
            (ACCEPT, None, ESTABLISHED, (PUBLIC, 80, HOST, 1000)),
            (ACCEPT, None, NEW, (HOST, 4000, SELF, 5353)),
            (ACCEPT, None, ESTABLISHED, (PEER, 53, HOST, 4000)),
            (ACCEPT, None, NEW, ("10.1.0.99", 2000, SELF, 22)),
        ]


def test_the_firewalls_own_packets_are_led_where_they_are_translated_to(tmp_path: Any) -> None:
    with gateway(tmp_path) as stage:
        assert heard(
            stage,
            Seen("wan", udp(PUBLIC, "203.0.113.5", 6000, 99), OUT),
            Seen("wan", tcp(PUBLIC, "203.0.113.5", 6000, 7), OUT),
            Seen("wan", udp(PUBLIC, "203.0.113.5", 6000, 1), OUT),
        ) == [
            (ACCEPT, None, NEW, (PUBLIC, 6000, SERVER, 98)),
            (ACCEPT, None, NEW, (PUBLIC, 6000, "127.0.0.1", 70)),
            (ACCEPT, None, NEW, None),
        ]


TAKEN = """table ip nat {
  chain post {
    type nat hook postrouting priority 100
    oifname "wan" tcp sport 5000 snat to 198.51.100.1:4000
  }
}
table ip filter { chain forward { type filter hook forward priority 0; ct state new accept; }
}
"""


def test_a_packet_whose_new_ends_are_taken_is_dropped_behind_the_last_rule(tmp_path: Any) -> None:
    with gateway(tmp_path, TAKEN) as stage:
        assert heard(
            stage, Seen("lan", tcp(HOST, PEER, 5000, 80)), Seen("lan", tcp(SERVER, PEER, 5000, 80)),
        ) == [(ACCEPT, None, NEW, (PUBLIC, 4000, PEER, 80)), (DROP, None, NEW, None)]  # fmt: skip


def test_a_relay_tells_with_what_ends_packets_left(tmp_path: Any) -> None:
    with gateway(tmp_path) as stage:
        left = stage.firewall.relay([("lan", udp(HOST, PEER, 5000, 1000)), ("wan", udp(PEER, PUBLIC, 1, 2))])
        assert {place: ends_of(data) for place, data in left.items()} == {0: (PUBLIC, 5000, PEER, 1000)}
        answer = stage.firewall.relay([("wan", udp(PEER, PUBLIC, 1000, 5000))])
        assert ends_of(answer[0]) == (PEER, 1000, HOST, 5000)
