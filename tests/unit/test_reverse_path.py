"""What routes and settings say against a packet that came in."""

from __future__ import annotations

import pytest

from fwsim.terms import Reason
from fwsim.topology import Topology
from tests.hosts import ADDRESSES, LINKS, ROUTES, topology
from tests.placed import IN, OUT, Interface, place

STRICT = {"net.ipv4.conf.all.rp_filter": "1"}
LOOSE = {"net.ipv4.conf.all.rp_filter": "2"}
BARE = [*LINKS, {"ifname": "new", "link_type": "ether", "address": "02:00:00:00:00:09"}]


def made(sysctls: dict[str, str], *routes: dict[str, str]) -> Topology:
    found = topology(BARE, ADDRESSES, ROUTES if not routes else list(routes), sysctls=sysctls)
    found.bind([Interface("br0"), Interface("eth0"), Interface("new")])
    return found


BR0, ETH0, NEW = 0, 1, 2


@pytest.mark.parametrize(
    ("sysctls", "source", "on", "fault"),
    [
        ({}, "10.0.0.9", ETH0, Reason.NONE),
        (STRICT, "10.0.0.9", ETH0, Reason.REVERSE_PATH),
        (STRICT, "10.0.0.9", BR0, Reason.NONE),
        (LOOSE, "10.0.0.9", ETH0, Reason.NONE),
        (LOOSE, "10.0.0.9", NEW, Reason.REVERSE_PATH),  # it has no address
        (LOOSE, "10.200.0.1", ETH0, Reason.REVERSE_PATH),  # unreachable
        (STRICT, "10.0.255.255", BR0, Reason.MARTIAN_SOURCE),
        ({}, "10.0.255.255", BR0, Reason.NONE),
        (STRICT, "192.0.2.7", ETH0, Reason.NONE),  # by the default route
        (STRICT, "192.0.2.7", BR0, Reason.REVERSE_PATH),
        (STRICT, "2001:db8::7", BR0, Reason.NONE),  # of IPv6 no source is filtered
    ],
)
def test_sources_are_filtered_by_their_way_back(sysctls: dict[str, str], source: str, on: int, fault: Reason) -> None:
    destination = "2001:db8::2" if ":" in source else "203.0.113.2"
    assert place(made(sysctls), source, destination, on, sent_or_received=IN).fault == fault


def test_a_packet_without_a_source_yet_passes() -> None:
    assert place(made(STRICT), "0.0.0.0", "255.255.255.255", BR0, sent_or_received=IN).fault == Reason.NONE


def test_what_was_seen_going_out_has_passed() -> None:
    found = topology(LINKS, ADDRESSES, ROUTES, sysctls=STRICT)
    found.bind([Interface("eth0")])
    assert place(found, "192.0.2.7", "198.51.100.1", 0, sent_or_received=OUT).fault == Reason.NONE


def test_the_interface_that_a_packet_came_in_by_forwards_or_not() -> None:
    found = made({"net.ipv4.ip_forward": "1", "net.ipv4.conf.br0.forwarding": "0", "net.ipv6.conf.all.forwarding": "0"})
    assert place(found, "10.0.0.9", "192.0.2.1", BR0, sent_or_received=IN).fault == Reason.FORWARDING_OFF
    assert place(found, "192.0.2.1", "10.0.0.9", ETH0, sent_or_received=IN).fault == Reason.NONE
    assert place(found, "2001:db8::9", "2001:db8::7", ETH0, sent_or_received=IN).fault == Reason.FORWARDING_OFF


def test_without_a_known_way_back_a_source_passes_unless_all_routes_are_known() -> None:
    alone = topology(LINKS, ADDRESSES, sysctls=STRICT)
    alone.bind([Interface("br0")])
    assert place(alone, "192.0.2.7", "10.0.0.1", 0, sent_or_received=IN).fault == Reason.NONE
    assert "without all routes of the machine" in alone.notes()[0]
    complete = made(STRICT, {"dst": "10.0.0.0/16", "dev": "br0"})
    assert place(complete, "192.0.2.7", "10.0.0.1", BR0, sent_or_received=IN).fault == Reason.REVERSE_PATH
