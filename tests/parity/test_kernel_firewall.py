"""The kernel as a firewall: every verdict, ct state and hook, told by the real one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from fwsim.kernel import KernelFirewall
from fwsim.ruleset import Ruleset
from fwsim.terms import CtStatus, TcpState
from tests.captures_by_hand import icmp, icmpv6, ip4, ip6, pseudo, with_sum
from tests.kernel_stage import (
    HOST,
    OUT,
    PEER,
    SELF,
    STAGE,
    Seen,
    Stage,
    ip,
    needs_kernel,
    tcp_packet,
    udp_packet,
)

pytestmark = pytest.mark.kernel

SYN, SYN_ACK, ACK = 0x02, 0x12, 0x10


@pytest.fixture
def stage() -> Iterator[Stage]:
    needs_kernel()
    ruleset = Ruleset.model_validate(STAGE)
    with KernelFirewall(ruleset) as firewall:
        yield Stage(ruleset, firewall)


@pytest.fixture(params=[4, 6], ids=["v4", "v6"])
def family(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


def test_a_handshake_is_new_then_established_in_both_directions(stage: Stage, family: int) -> None:
    host, peer = HOST[family], PEER[family]
    assert stage.play(
        Seen("lan", tcp_packet(host, peer, 1000, 80, SYN, seq=1)),
        Seen("wan", tcp_packet(peer, host, 80, 1000, SYN_ACK, seq=7, ack=2)),
        Seen("lan", tcp_packet(host, peer, 1000, 80, ACK, seq=2, ack=8)),
    ) == [
        ("accept", "open", "new", "original"),
        ("accept", "known", "established", "reply"),
        ("accept", "known", "established", "original"),
    ]


def test_what_a_rule_or_policy_refuses_is_told_with_the_rule(stage: Stage, family: int) -> None:
    host, peer = HOST[family], PEER[family]
    said = stage.play(
        Seen("wan", tcp_packet(peer, host, 1000, 80, SYN)),
        Seen("lan", tcp_packet(host, peer, 1000, 113, SYN)),
        Seen("lan", tcp_packet(host, peer, 1001, 80, ACK, ack=5)),
        Seen("lan", udp_packet(host, peer, 1000, 6666)),
    )
    assert said == [
        ("drop", "policy of forward", "new", "original"),
        ("reject", "ident", "new", "original"),
        ("drop", "broken", "invalid", "none"),
        ("drop", "early drop", "none", "none"),
    ]
    assert stage.hooks == ["forward", "forward", "forward", "prerouting"]


def test_a_refused_opening_leaves_no_connection(stage: Stage, family: int) -> None:
    host, peer = HOST[family], PEER[family]
    said = stage.play(
        Seen("wan", tcp_packet(peer, host, 1000, 80, SYN, seq=1)),
        Seen("lan", tcp_packet(host, peer, 80, 1000, SYN_ACK, seq=7, ack=2)),
    )
    assert said[1] == ("drop", "broken", "invalid", "none")
    assert stage.firewall.connections() == []


def test_an_untracked_packet_is_told_as_such(stage: Stage, family: int) -> None:
    (said,) = stage.play(Seen("lan", udp_packet(HOST[family], PEER[family], 1000, 7777)))
    assert said == ("accept", "untracked", "untracked", "none")


def test_an_icmp_error_about_a_connection_is_related(stage: Stage) -> None:
    opening = udp_packet(HOST[4], PEER[4], 1000, 53)
    error = ip4(icmp(3, 3, ident=0, body=opening), 1, src=PEER[4], dst=HOST[4])
    said = stage.play(Seen("lan", opening), Seen("wan", error))
    assert said[1] == ("accept", "known", "related", "reply")


def test_an_icmpv6_error_about_a_connection_is_related(stage: Stage) -> None:
    opening = udp_packet(HOST[6], PEER[6], 1000, 53)
    message = b"\x01\x04\0\0\0\0\0\0" + opening
    message = with_sum(message, 2, pseudo(PEER[6], HOST[6], 58, len(message)))
    said = stage.play(Seen("lan", opening), Seen("wan", ip6(message, 58, src=PEER[6], dst=HOST[6])))
    assert said[1] == ("accept", "known", "related", "reply")


def test_packets_to_the_firewall_meet_the_input_chain(stage: Stage, family: int) -> None:
    host, own = HOST[family], SELF[family]
    said = stage.play(
        Seen("lan", tcp_packet(host, own, 1000, 22, SYN)),
        Seen("lan", udp_packet(host, own, 1000, 53)),
        Seen("lan", tcp_packet(host, own, 1000, 80, SYN)),
    )
    assert said == [
        ("accept", "ssh", "new", "original"),
        ("reject", "refuse", "new", "original"),
        ("drop", "policy of input", "new", "original"),
    ]
    assert set(stage.hooks) == {"input"}


def test_what_the_stack_answers_touches_no_connection(stage: Stage, family: int) -> None:
    host, own = HOST[family], SELF[family]
    stage.play(Seen("lan", tcp_packet(host, own, 1000, 22, SYN)))  # nobody listens there: the stack sends a RST
    (connection,) = stage.firewall.connections()
    assert connection.tcp_state == TcpState.SYN_SENT
    assert not connection.status & CtStatus.SEEN_REPLY


def test_the_firewalls_own_packets_meet_the_output_chain(stage: Stage, family: int) -> None:
    own, peer = SELF[family], PEER[family]
    said = stage.play(
        Seen("wan", tcp_packet(own, peer, 1000, 80, SYN, seq=1), OUT),
        Seen("wan", tcp_packet(peer, own, 80, 1000, SYN_ACK, seq=7, ack=2)),
        Seen("wan", tcp_packet(own, peer, 1000, 25, SYN), OUT),
    )
    assert said == [
        ("accept", "policy of output", "new", "original"),
        ("accept", "known here", "established", "reply"),
        ("drop", "no mail", "new", "original"),
    ]
    assert stage.hooks == ["output", "input", "output"]


@pytest.mark.parametrize(
    ("what", "packet"),
    [
        ("time to live over", tcp_packet(HOST[4], PEER[4], 1000, 80, SYN, ttl=1)),
        ("hop limit over", tcp_packet(HOST[6], PEER[6], 1000, 80, SYN, ttl=1)),
        ("multicast beyond the link", udp_packet(HOST[4], bytes([239, 1, 2, 3]), 1, 2)),
        ("no source", udp_packet(bytes(4), PEER[4], 1, 2)),
        ("wrong header checksum", udp_packet(HOST[4], PEER[4], 1, 2)[:10] + b"\x12\x34" + HOST[4] + PEER[4] + bytes(8)),
        ("its own source address", udp_packet(SELF[4], PEER[4], 1, 2)),
    ],
)
def test_what_the_stack_never_forwards_is_not_evaluated(stage: Stage, what: str, packet: bytes) -> None:
    (said,) = stage.play(Seen("lan", packet))
    assert (said.verdict, said.rule, stage.hooks) == ("not_evaluated", None, [None]), what


@pytest.mark.parametrize("group", [bytes([224, 0, 0, 251]), bytes([10, 255, 255, 255]), bytes([255] * 4)])
def test_broadcast_and_groups_of_the_link_are_for_the_firewall(stage: Stage, group: bytes) -> None:
    (said,) = stage.play(Seen("lan", udp_packet(HOST[4], group, 1, 2)))
    assert (stage.hooks, said.rule) == (["input"], "refuse")


def test_a_group_of_an_ipv6_link_is_for_the_firewall(stage: Stage) -> None:
    group = bytes.fromhex("ff02" + "00" * 13 + "fb")
    (said,) = stage.play(Seen("lan", udp_packet(bytes.fromhex("fe80" + "00" * 13 + "05"), group, 1, 2)))
    assert (stage.hooks, said.rule) == (["input"], "refuse")


@pytest.mark.parametrize("group", [bytes([224, 0, 0, 251]), bytes.fromhex("ff02" + "00" * 13 + "fb")], ids=["v4", "v6"])
def test_the_stacks_own_reports_of_group_membership_are_nobodys_packets(group: bytes) -> None:
    needs_kernel()
    ruleset = Ruleset.model_validate({"rules": [{"ct_state": "new", "verdict": "accept"}]})
    source = HOST[4] if len(group) == 4 else bytes.fromhex("fe80" + "00" * 13 + "05")
    with KernelFirewall(ruleset, real_time=0.005) as firewall:  # a millisecond becomes 200: time to report
        stage = Stage(ruleset, firewall)
        stage.play(*(Seen("lan", udp_packet(source, group, 1, port)) for port in (5, 6, 7, 8)))
        assert [connection.original[2] for connection in firewall.connections()] == [17] * 4


def test_neighbour_discovery_is_untracked(stage: Stage) -> None:
    solicitation = icmpv6(135, body=SELF[6])
    source, target = bytes.fromhex("fe80" + "00" * 13 + "05"), bytes.fromhex("ff02" + "00" * 9 + "01ff0000fe")
    message = with_sum(solicitation, 2, pseudo(source, target, 58, len(solicitation)))
    (said,) = stage.play(Seen("lan", ip(message, source, target, 58, ttl=255)))
    assert (said.state, stage.hooks) == ("untracked", ["input"])


def test_a_datagram_is_told_at_its_first_fragment(stage: Stage) -> None:
    whole = udp_packet(HOST[4], PEER[4], 1000, 53)[20:] + bytes(27)
    segment = with_sum(whole[:4] + (40).to_bytes(2, "big") + whole[6:40], 6, pseudo(HOST[4], PEER[4], 17, 40))
    pieces = [
        Seen("lan", ip4(segment[:16], 17, src=HOST[4], dst=PEER[4], fragment=0x2000)),
        Seen("lan", ip4(segment[32:], 17, src=HOST[4], dst=PEER[4], fragment=4)),
        Seen("lan", ip4(segment[16:32], 17, src=HOST[4], dst=PEER[4], fragment=0x2002)),
    ]
    silence = ("not_evaluated", None, "none", "none")
    assert stage.play(*pieces) == [("accept", "open", "new", "original"), silence, silence]
    assert stage.answers[-1].silent == {1, 2}


def test_fragments_of_which_one_is_missing_are_not_evaluated(stage: Stage) -> None:
    (said,) = stage.play(Seen("lan", ip4(bytes(16), 17, src=HOST[4], dst=PEER[4], fragment=0x2000)))
    assert said == ("not_evaluated", None, "none", "none")


def test_the_kernel_says_why_a_packet_is_invalid(stage: Stage, family: int) -> None:
    stage.play(Seen("lan", tcp_packet(HOST[family], PEER[family], 1000, 80, 0)))
    assert "invalid" in stage.answers[-1].invalid[0]


def test_the_connection_behind_each_packet_is_told_on_request(stage: Stage) -> None:
    host, peer = HOST[4], PEER[4]
    stage.play(
        Seen("lan", tcp_packet(host, peer, 1000, 80, SYN, seq=1)),
        Seen("wan", tcp_packet(peer, host, 80, 1000, SYN_ACK, seq=7, ack=2)),
        connections=True,
    )
    (opened,), (answered,) = (stage.answers[-1].connections[row] for row in range(2))
    assert opened.original == ("10.0.0.1", "192.0.2.2", 6, 1000, 80)
    assert (opened.tcp_state, opened.timeout) in [(TcpState.SYN_SENT, 120), (TcpState.SYN_SENT, 119)]
    assert answered.tcp_state == TcpState.SYN_RECV
    assert answered.status & CtStatus.SEEN_REPLY
    assert opened.reply == ("192.0.2.2", "10.0.0.1", 6, 80, 1000)


def test_settings_of_the_ruleset_hold(stage: Stage) -> None:
    (said,) = stage.play(Seen("lan", tcp_packet(HOST[4], PEER[4], 1000, 80, ACK)))
    assert said.state == "invalid"  # tcp_loose is off
    needs_kernel()
    loose = Ruleset.model_validate({**STAGE, "conntrack": {"tcp_loose": True}})
    with KernelFirewall(loose) as firewall:
        (said,) = Stage(loose, firewall).play(Seen("lan", tcp_packet(HOST[4], PEER[4], 1000, 80, ACK)))
    assert said.state == "new"


def test_without_ct_expressions_nothing_is_tracked() -> None:
    needs_kernel()
    ruleset = Ruleset.model_validate({"interfaces": STAGE["interfaces"], "policy": "drop", "rules": [
        {"name": "web", "proto": "tcp", "dport": 80, "verdict": "accept"},
    ]})  # fmt: skip
    with KernelFirewall(ruleset) as firewall:
        said = Stage(ruleset, firewall).play(
            Seen("lan", tcp_packet(HOST[4], PEER[4], 1000, 80, SYN)),
            Seen("wan", tcp_packet(PEER[4], HOST[4], 80, 1000, SYN_ACK)),
        )
        assert said == [("accept", "web", "none", "none"), ("drop", "policy of rules", "none", "none")]
        assert firewall.connections() == []


def test_interfaces_with_names_that_linux_refuses_still_decide() -> None:
    needs_kernel()
    long = "interface-with-a-long-name"
    ruleset = Ruleset.model_validate({
        "interfaces": {
            "lan": {"networks": ["10.0.0.0/8"]}, "wan": {"networks": ["any"]},
            "default": {"networks": ["172.16.0.0/12"]}, long: {"networks": ["192.0.2.0/24"]},
        },
        "chains": {"forward": {"hook": "forward", "policy": "drop", "rules": [
            {"name": "there", "oif": long, "verdict": "accept"},
            {"name": "elsewhere", "oif": "default", "verdict": "accept"},
        ]}},
    })  # fmt: skip
    with KernelFirewall(ruleset) as firewall:
        said = Stage(ruleset, firewall).play(
            Seen("lan", udp_packet(HOST[4], PEER[4], 1, 2)),
            Seen("lan", udp_packet(HOST[4], bytes([172, 16, 0, 1]), 1, 2)),
            Seen("lan", udp_packet(HOST[4], bytes([8, 8, 8, 8]), 1, 2)),
        )
    assert [one.rule for one in said] == ["there", "elsewhere", "policy of forward"]


def test_a_packet_that_was_seen_leaving_elsewhere_leaves_there(stage: Stage) -> None:
    chunk = stage.chunk([Seen("lan", udp_packet(HOST[4], bytes([10, 9, 9, 9]), 1, 2))])
    assert stage.rules(chunk) == ["policy of forward"]  # from lan to lan
    chunk.packets["oif"] = 1
    assert stage.rules(chunk) == ["open"]


def test_what_came_from_nobody_knows_where_does_not_go_back_there() -> None:
    needs_kernel()
    ruleset = Ruleset.model_validate({"rules": [{"name": "all", "family": "ipv6", "verdict": "accept"}]})
    source = bytes.fromhex("fe80" + "00" * 13 + "05")  # is passed on only within its link
    with KernelFirewall(ruleset) as firewall:
        stage = Stage(ruleset, firewall)
        said = stage.play(
            Seen("lan", udp_packet(source, PEER[6], 1, 2)), Seen("lan", udp_packet(HOST[6], PEER[6], 1, 2))
        )
        stage.assert_like_simulator(Seen("lan", udp_packet(source, PEER[6], 1, 2)))
    assert [one.verdict for one in said] == ["not_evaluated", "accept"]


def test_many_packets_are_all_heard(stage: Stage) -> None:
    packets = [Seen("lan", udp_packet(HOST[4], PEER[4], 1 + n, 53)) for n in range(5000)]
    decisions = stage.firewall.run(stage.chunk(packets))
    assert np.unique(decisions["ct_state"]).tolist() == [8]
    assert np.unique(decisions["verdict"]).tolist() == [0]
    assert len(stage.firewall.connections()) == 5000


def test_real_time_lets_timers_run() -> None:
    needs_kernel()
    ruleset = Ruleset.model_validate({**STAGE, "conntrack": {"udp_timeout": 1}})
    with KernelFirewall(ruleset, real_time=0.001) as firewall:  # a millisecond becomes a second
        stage = Stage(ruleset, firewall)
        said = stage.play(
            Seen("lan", udp_packet(HOST[4], PEER[4], 1, 2)),
            Seen("lan", udp_packet(HOST[4], PEER[4], 3, 4)),
            Seen("lan", udp_packet(HOST[4], PEER[4], 5, 6)),
            Seen("wan", udp_packet(PEER[4], HOST[4], 2, 1)),
        )
    assert said[3] == ("drop", "policy of forward", "new", "original")


def test_both_firewalls_agree_on_a_conversation(stage: Stage, family: int) -> None:
    host, peer, own = HOST[family], PEER[family], SELF[family]
    stage.assert_like_simulator(
        Seen("lan", tcp_packet(host, peer, 1000, 80, SYN, seq=1)),
        Seen("wan", tcp_packet(peer, host, 80, 1000, SYN_ACK, seq=7, ack=2)),
        Seen("lan", tcp_packet(host, peer, 1000, 80, ACK, seq=2, ack=8)),
        Seen("wan", tcp_packet(peer, host, 80, 1000, 0x11, seq=8, ack=2)),
        Seen("lan", tcp_packet(host, peer, 1000, 80, 0x11, seq=2, ack=9)),
        Seen("lan", tcp_packet(host, own, 1000, 22, SYN, seq=1)),
        Seen("lan", tcp_packet(own, host, 22, 1000, SYN_ACK, seq=7, ack=2), OUT),
        Seen("lan", udp_packet(host, peer, 5, 7777)),
        Seen("lan", udp_packet(host, peer, 5, 6666)),
        Seen("lan", tcp_packet(host, peer, 1000, 113, SYN, seq=1)),
        Seen("lan", tcp_packet(host, peer, 1000, 81, SYN, seq=1, ttl=1)),
    )
