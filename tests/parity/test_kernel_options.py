"""Options of IP headers: the kernel is asked about each, and says what is expected of the simulator too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fwsim.kernel import KernelFirewall
from fwsim.ruleset import Ruleset
from fwsim.terms import Reason
from tests.captures_by_hand import ip4, ip6, udp
from tests.kernel_stage import HOST, OUT, PEER, SELF, STAGE, Seen, Stage, ip, needs_kernel, tcp_packet
from tests.option_cases import IPV4, IPV6, header6

pytestmark = pytest.mark.kernel

PASSED = ("accept", "open", "new", "original")
BEHIND_PREROUTING = ("not_evaluated", None, "new", "original")
BEFORE_ANY_HOOK = ("not_evaluated", None, "none", "none")
NO_OPERATION = "1e020101"
LOOPING = {
    "chains": {
        "output": {"hook": "output", "rules": [{"name": "sent", "ct_state": "new", "verdict": "accept"}]},
        "input": {"hook": "input", "rules": [{"name": "refused", "dscp": 62, "verdict": "drop"}]},
    },
    "local": ["10.0.0.254", "203.0.113.1"],
}


@pytest.fixture
def stage() -> Iterator[Stage]:
    needs_kernel()
    ruleset = Ruleset.model_validate(STAGE)
    with KernelFirewall(ruleset) as firewall:
        yield Stage(ruleset, firewall)


def question(number: int, src: bytes, dst: bytes) -> bytes:
    """A datagram of a conversation of its own."""
    return udp(sport=2000 + number, dport=53, src=src, dst=dst)


def with_ipv4_options(number: int, area: str, src: bytes = HOST[4], dst: bytes = PEER[4]) -> bytes:
    return ip4(question(number, src, dst), 17, src=src, dst=dst, options=bytes.fromhex(area))


def with_hop_by_hop(number: int, area: str, src: bytes = HOST[6], dst: bytes = PEER[6]) -> bytes:
    return ip6(header6(area, 17) + question(number, src, dst), 0, src=src, dst=dst)


def test_ipv4_options_are_judged_behind_prerouting(stage: Stage) -> None:
    packets = [Seen("lan", with_ipv4_options(number, area)) for number, (_, area, _) in enumerate(IPV4)]
    said = dict(zip((name for name, *_ in IPV4), stage.play(*packets), strict=True))
    assert said == {name: PASSED if fault == Reason.NONE else BEHIND_PREROUTING for name, _, fault in IPV4}


def test_hop_by_hop_options_are_judged_before_any_hook(stage: Stage) -> None:
    packets = [Seen("lan", with_hop_by_hop(number, area)) for number, (_, area, _) in enumerate(IPV6)]
    said = dict(zip((name for name, *_ in IPV6), stage.play(*packets), strict=True))
    assert said == {name: PASSED if fault == Reason.NONE else BEFORE_ANY_HOOK for name, _, fault in IPV6}


def test_the_simulator_says_the_same_of_all(stage: Stage) -> None:
    v4 = [Seen("lan", with_ipv4_options(number, area)) for number, (_, area, _) in enumerate(IPV4)]
    v6 = [Seen("lan", with_hop_by_hop(number, area)) for number, (_, area, _) in enumerate(IPV6)]
    stage.assert_like_simulator(*v4, *v6)


def test_what_the_firewall_sends_itself_is_not_judged_by_options(stage: Stage) -> None:
    source_route = with_ipv4_options(1, "8307040a00000900", SELF[4], PEER[4])
    unknown = with_hop_by_hop(2, "de0400000000", SELF[6], PEER[6])
    said = stage.play(Seen("wan", source_route, OUT), Seen("wan", unknown, OUT))
    assert said == [("accept", "policy of output", "new", "original")] * 2
    stage.assert_like_simulator(Seen("wan", source_route, OUT), Seen("wan", unknown, OUT))


@pytest.mark.parametrize(
    ("kind", "header"),
    [(60, "1100de0400000000"), (60, "1100010400000100"), (43, "1102000100000000" + "00" * 16), (0, "3c00010400000000")],
    ids=["unknown option", "bad padding", "hosts still to be visited", "hop-by-hop options, then others"],
)
def test_other_headers_are_not_judged_before_delivery(stage: Stage, kind: int, header: str) -> None:
    """Destination options and routing headers are for the host that they are addressed to, behind its INPUT hook."""
    extension = bytes.fromhex(header)
    if kind == 0:
        extension += bytes.fromhex("1100de0400000000")
    packets = [
        Seen("lan", ip6(extension + question(number, HOST[6], to), kind, src=HOST[6], dst=to))
        for number, to in enumerate((PEER[6], SELF[6]))
    ]
    assert stage.play(*packets) == [PASSED, ("reject", "refuse", "new", "original")]
    stage.assert_like_simulator(*packets)


def test_a_link_local_destination_is_reached_wherever_it_came_in() -> None:
    needs_kernel()
    ruleset = Ruleset.model_validate({"chains": {"forward": {"hook": "forward", "rules": [{"verdict": "accept"}]}}})
    link = [bytes.fromhex("fe80" + "00" * 13 + host) for host in ("05", "06")]
    with KernelFirewall(ruleset) as firewall:
        unplaced = Stage(ruleset, firewall)
        packet = Seen("lan", ip(question(1, link[0], link[1]), link[0], link[1], 17))
        assert [said.verdict for said in unplaced.play(packet)] == ["accept"]
        unplaced.assert_like_simulator(packet)


def test_a_connection_from_local_to_local_is_confirmed_before_its_packet_comes_in() -> None:
    """`nf_confirm` runs at POSTROUTING already: what INPUT or routing refuses later leaves the connection there."""
    needs_kernel()
    ruleset = Ruleset.model_validate(LOOPING)
    own = (bytes([10, 0, 0, 254]), bytes([203, 0, 113, 1]))
    with KernelFirewall(ruleset) as firewall:
        looping = Stage(ruleset, firewall)
        opening = tcp_packet(*own, 1000, 80, 0x02, seq=1)
        refused = ip4(opening[20:], 6, src=own[0], dst=own[1], tos=62 << 2)
        routed = with_ipv4_options(7, "8307040a00000900", *own)
        answers = (tcp_packet(own[1], own[0], 80, 1000, 0x12, seq=7, ack=2), with_ipv4_options(7, NO_OPERATION, *own))
        packets = [Seen("lan", data, OUT) for data in (refused, answers[0], routed, answers[1])]
        said = looping.play(*packets)
        assert [(one.verdict, one.state) for one in said] == [
            ("drop", "new"), ("accept", "established"), ("not_evaluated", "new"), ("accept", "new"),
        ]  # fmt: skip
        assert len(looping.firewall.connections()) == 2
    with KernelFirewall(ruleset) as firewall:
        Stage(ruleset, firewall).assert_like_simulator(*packets)
