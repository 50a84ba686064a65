"""Translation without a memory: each packet as if it opened a connection, and what rules see behind it."""

from __future__ import annotations

import pytest
from scapy.layers.inet import IP, TCP

from fwsim.engine.translating_alone import new_port
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Verdict
from tests.binding import ports, rule
from tests.deciding import icmp, udp
from tests.gateway import FORWARD, IN, OUTSIDE, Gateway
from tests.gateway import PUBLIC as ADDRESS
from tests.natted import HOST, PEER, PUBLIC, SELF, SERVER
from tests.natted import Gateway as Home


def stateless(gateway: Gateway, port: int) -> Verdict:
    """The verdict on a packet to a port of the public address."""
    packet = IP(src=OUTSIDE, dst=ADDRESS) / TCP(sport=5000, dport=port, flags="S")
    return Verdict(int(gateway.batch("wan", IN, packet).stateless[0]["verdict"]))


def test_rules_see_that_a_packet_is_translated() -> None:
    gateway = Gateway(FORWARD)
    assert stateless(gateway, 80) == Verdict.ACCEPT  # ct status dnat
    assert stateless(gateway, 81) == Verdict.DROP


def home(rule_: str, hook: str = "postrouting", filtered: str = "") -> Home:
    """A firewall without a memory that translates at one hook; `filtered` are rules at FORWARD behind PREROUTING."""
    return Home(
        f"table inet nat {{\nchain c {{\ntype nat hook {hook} priority 0\n{rule_}\n}}\n}}\n"
        f"table inet filter {{\nchain f {{\ntype filter hook forward priority 0\n{filtered}\n}}\n}}\n",
        "stateless",
    )


def left(gate: Home, *packets: object) -> list[str | None]:
    """How packets leave, one after the other."""
    found = []
    for packet in packets:
        gate.ask(packet)  # type: ignore[arg-type]
        found.append(gate.left)
    return found


OPENING = udp(HOST, PEER)


@pytest.mark.parametrize(
    ("rule_", "source"),
    [
        ("masquerade", f"{PUBLIC}.40000"),
        ("snat ip to 198.51.100.7", "198.51.100.7.40000"),
        (f"snat ip to {HOST}", None),
        ("meta l4proto udp snat ip to 198.51.100.7:4000", "198.51.100.7.4000"),
        ("meta l4proto udp snat ip to 198.51.100.7:40000-40009", "198.51.100.7.40000"),
        ("meta l4proto udp snat ip to 198.51.100.7:4000-4009", "198.51.100.7.?"),
        ("masquerade random", f"{PUBLIC}.?"),
        ("snat ip prefix to ip saddr map { 10.1.0.0/24 : 198.51.100.0/24 }", "198.51.100.11.40000"),
        ("snat ip6 to 2001:db8::7", None),
    ],
)
def test_sources(rule_: str, source: str | None) -> None:
    assert left(home(rule_), OPENING) == [source and f"{source} > {PEER}.53"]


@pytest.mark.parametrize(
    ("rule_", "destination"),
    [
        ("redirect", f"{SELF}.53"),
        ("meta l4proto udp redirect to :5353", f"{SELF}.5353"),
        (f"dnat ip to {SERVER}", f"{SERVER}.53"),
        (f"meta l4proto udp dnat ip to {SERVER}:8053", f"{SERVER}.8053"),
        (f"meta l4proto udp dnat ip to {SERVER}:50-60", f"{SERVER}.53"),
    ],
)
def test_destinations(rule_: str, destination: str) -> None:
    assert left(home(rule_, "prerouting"), OPENING) == [f"{HOST}.40000 > {destination}"]


def test_each_packet_is_translated_as_if_all_ports_were_free() -> None:
    gate = home("masquerade")
    assert left(gate, OPENING, udp(SERVER, PEER), OPENING) == [f"{PUBLIC}.40000 > {PEER}.53"] * 3


def test_answers_are_for_whom_they_are_addressed_to() -> None:
    assert left(home("masquerade"), OPENING, udp(PEER, PUBLIC, ports=(53, 40000)))[1] is None


def test_an_address_of_a_range_is_chosen_as_ever() -> None:
    """As Linux chose for these ends; it takes no part of it from what was before."""
    first, second = "198.51.100.21", "198.51.100.22"
    gate = home("snat ip to 203.0.113.10-203.0.113.20")
    assert left(gate, udp(HOST, first), udp(HOST, second)) == [
        f"203.0.113.13.40000 > {first}.53",
        f"203.0.113.12.40000 > {second}.53",
    ]


def test_rules_behind_it_see_the_new_destination() -> None:
    gate = home(f"meta l4proto udp dnat ip to {SERVER}:8053", "prerouting", f"ip daddr {SERVER} udp dport 8053 drop")
    assert gate.ask(udp(PEER, HOST)).verdict == Verdict.DROP
    assert home("", "prerouting", "udp dport 8053 drop").ask(udp(PEER, HOST)).verdict == Verdict.ACCEPT


def test_ids_of_icmp_are_kept_and_other_protocols_have_no_ports() -> None:
    assert left(home("masquerade"), icmp(8, HOST, PEER)) == [f"{PUBLIC} > {PEER} id 7"]


@pytest.mark.parametrize(
    ("wanted", "port", "new"),
    [
        (rule(), 5000, 5000),
        (rule(), ABSENT, ABSENT),
        (rule(random=1), 5000, UNKNOWN_VALUE),
        (rule(random=1), ABSENT, ABSENT),
        (rule(**ports(80)), 5000, 80),
        (rule(random=1, **ports(80)), 5000, 80),
        (rule(random=1, **ports(80, 81)), 80, UNKNOWN_VALUE),
        (rule(**ports(80, 90)), 80, 80),
        (rule(**ports(80, 90)), 90, 90),
        (rule(**ports(80, 90)), 91, UNKNOWN_VALUE),
        (rule(**ports(80, 90)), 79, UNKNOWN_VALUE),
        (rule(**ports(80, 90)), UNKNOWN_VALUE, UNKNOWN_VALUE),
        (rule(offset=1, base_port=1000, **ports(80, 90)), 1003, 83),
        (rule(offset=1, base_port=1000, **ports(80, 90)), 1011, 80),
        (rule(offset=1, base_port=1000, **ports(80, 90)), 999, 80 + 0xFFFF % 11),
    ],
)
def test_ports(wanted: dict[str, int], port: int, new: int) -> None:
    assert new_port(wanted, port) == new
