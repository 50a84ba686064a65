"""Forwarding and reverse-path filtering: how far packets get in the kernel, and with us."""

from __future__ import annotations

import ipaddress
from collections import Counter

import pytest

from fwsim.terms import Reason
from tests.parity.asking_fib import answers, topology_of
from tests.parity.fib_kernel import DEVICES, Asked
from tests.placed import IN, Interface, place

pytestmark = pytest.mark.kernel

FORWARDING = {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"}
CASES: dict[str, tuple[dict[str, str], Reason]] = {
    "routes alone": ({}, Reason.NO_ROUTE),
    "strict everywhere": ({"net.ipv4.conf.all.rp_filter": "1"}, Reason.REVERSE_PATH),
    "loose everywhere": ({"net.ipv4.conf.all.rp_filter": "2"}, Reason.REVERSE_PATH),
    "strict on one": ({"net.ipv4.conf.one.rp_filter": "1"}, Reason.REVERSE_PATH),
    "loose before strict": (
        {"net.ipv4.conf.all.rp_filter": "2", "net.ipv4.conf.one.rp_filter": "1"}, Reason.REVERSE_PATH,
    ),
    "no forwarding": (
        {"net.ipv4.ip_forward": "0", "net.ipv6.conf.all.forwarding": "0"}, Reason.FORWARDING_OFF,
    ),
    "no forwarding from one": (
        {"net.ipv4.conf.one.forwarding": "0", "net.ipv6.conf.one.forwarding": "0"}, Reason.FORWARDING_OFF,
    ),
}  # fmt: skip


def is_left_out(source: str, destination: str) -> bool:
    """What is known to be unlike Linux: members of groups, 127.0.0.2 to 255.255.255.255, what depends on a link."""
    here, there = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if there.is_multicast or (here.is_loopback and destination == "255.255.255.255"):
        return True
    return here.version == 6 and (there.is_link_local or here.is_link_local or not int(here) or not int(there))


@pytest.mark.parametrize("bare", [False, True], ids=["with a default route", "without"])
@pytest.mark.parametrize(("sysctls", "reason"), CASES.values(), ids=CASES)
def test_packets_get_as_far_as_in_the_kernel(sysctls: dict[str, str], reason: Reason, bare: bool) -> None:
    host, found = answers(Asked({4: {}, 6: {}}, sysctls=FORWARDING | sysctls, bare=bare))
    topology = topology_of(host)
    topology.bind([Interface(name) for name in DEVICES])
    different = []
    faults: Counter[Reason] = Counter()
    for family in (4, 6):
        for packet in sorted(found[family]["seen"]):
            source, destination, device, proto, _ = packet
            if device not in DEVICES or proto not in (17, 58) or is_left_out(source, destination):
                continue  # (ICMP is what the machine says itself)
            ours = place(
                topology, source, destination, DEVICES.index(device), sent_or_received=IN, proto=proto,
                ttl=64 if family == 4 else 255,
            )  # fmt: skip
            faults[ours.fault] += 1
            theirs = next((hook for hook in ("input", "forward") if packet in found[family][hook]), "nowhere")
            if theirs != ("nowhere" if ours.fault else ours.hook):
                different.append((packet, theirs, ours.hook, ours.fault.name))
    assert different == []
    assert faults[reason] > 10
    assert faults[Reason.NONE] > 100
