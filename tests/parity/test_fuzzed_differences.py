"""What fuzzing against the kernel has found, in the fewest packets; what still differs is a strict expected failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fwsim.kernel import KernelFirewall
from fwsim.ruleset import Ruleset
from tests.captures_by_hand import udp
from tests.kernel_stage import HOST, PEER, Seen, Stage, ip, needs_kernel, tcp_packet

pytestmark = pytest.mark.kernel

RULES: dict[str, Any] = {
    "interfaces": {"lan": {"networks": ["10.0.0.0/8", "fd00::/16"]}, "wan": {"networks": ["any"]}},
    "chains": {
        "helpers": {"hook": "prerouting", "rules": [
            {"proto": "tcp", "dport": 21, "helper": "ftp", "verdict": "continue"},
        ]},
        "forward": {"hook": "forward", "policy": "drop", "rules": [
            {"name": "control", "proto": "tcp", "dport": 21, "verdict": "accept"},
            {"name": "known", "ct_state": ["established", "related"], "verdict": "accept"},
            {"name": "names", "proto": "udp", "dport": 53, "verdict": "accept"},
        ]},
    },
}  # fmt: skip
SYN, SYN_ACK, ACK = 0x02, 0x12, 0x18


@pytest.fixture
def stage() -> Iterator[Stage]:
    needs_kernel()
    ruleset = Ruleset.model_validate(RULES)
    with KernelFirewall(ruleset) as firewall:
        yield Stage(ruleset, firewall)


def control(family: int, *lines: bytes) -> list[Seen]:
    """A control connection in which the client says these lines."""
    client, server = HOST[family], PEER[family]
    packets = [
        Seen("lan", tcp_packet(client, server, 4000, 21, SYN, seq=0)),
        Seen("wan", tcp_packet(server, client, 21, 4000, SYN_ACK, seq=7, ack=1)),
    ]
    seq = 1
    for line in lines:
        packets.append(Seen("lan", tcp_packet(client, server, 4000, 21, ACK, seq=seq, ack=8, payload=line)))
        seq += len(line)
    return packets


@pytest.mark.parametrize("family", [4, 6])
def test_what_the_helper_drops_is_a_drop_of_the_kernel_too(stage: Stage, family: int) -> None:
    """Seed 7/0: a line broken off."""
    packets = control(family, b"USER a\r\n", b"PORT 1,2")
    said = stage.play(*packets)
    assert (said[-1].verdict, said[-1].rule, said[-1].state) == ("drop", None, "established")


@pytest.mark.parametrize("family", [4, 6])
def test_an_announced_connection_is_related_on_both_sides(stage: Stage, family: int) -> None:
    line = b"PORT 10,0,0,1,4,1\r\n" if family == 4 else b"EPRT |2|fd00::1|1025|\r\n"
    data = Seen("wan", tcp_packet(PEER[family], HOST[family], 20, 1025, SYN))
    stage.assert_like_simulator(*control(family, b"USER a\r\n", line), data)


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="rules of nft stop at an AH of IPv6: what is behind it has no port for them",
)
def test_ports_behind_an_authentication_header_of_ipv6(stage: Stage) -> None:
    """Seeds 2/0 with the office's rules: `nft_set_pktinfo_ipv6` sets IP6_FH_F_AUTH, but conntrack reads on."""
    source, target = HOST[6], PEER[6]
    header = bytes((17, 4)) + bytes(22)
    stage.assert_like_simulator(
        Seen("lan", ip(header + udp(sport=5000, dport=53, src=source, dst=target), source, target, 51))
    )


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="of an IPv6 extension header that is cut short, rules still see the protocol",
)
def test_an_ipv6_fragment_header_that_is_cut_short() -> None:
    needs_kernel()
    rules = [{"name": "others", "proto": "!tcp", "verdict": "accept"}]
    ruleset = Ruleset.model_validate(
        {**RULES, "chains": {"forward": {"hook": "forward", "policy": "drop", "rules": rules}}}
    )
    with KernelFirewall(ruleset) as firewall:
        cut = ip(bytes((17, 0, 0)), HOST[6], PEER[6], 44)
        Stage(ruleset, firewall).assert_like_simulator(Seen("lan", cut))


@pytest.mark.xfail(
    strict=True, reason="a RST that answers a packet at input closes a connection of the loopback interface"
)
def test_a_connection_within_the_firewall_that_input_resets() -> None:
    needs_kernel()
    rules = [
        {"name": "known", "ct_state": ["established", "related"], "verdict": "accept"},
        {"name": "no", "proto": "tcp", "verdict": "reject", "reject_with": "tcp-reset"},
    ]
    chains = {"input": {"hook": "input", "policy": "drop", "rules": rules}}
    ruleset = Ruleset.model_validate({"local": ["127.0.0.1"], "chains": chains})
    local = bytes((127, 0, 0, 1))
    opening = tcp_packet(local, local, 4000, 80, SYN, seq=1)
    answer = tcp_packet(local, local, 80, 4000, SYN_ACK, seq=7, ack=2)
    with KernelFirewall(ruleset) as firewall:
        Stage(ruleset, firewall).assert_like_simulator(Seen("lo", opening), Seen("lo", answer))
