"""Which packets the stack discards behind PREROUTING or before it: the cases measured on kernel 6.18.

Measured in a private network namespace with two TUN devices, counters at every hook, rp_filter off; 203.0.113.1 and
10.1.0.1 are the firewall's own, 10.1.0.0/24 and fd00:1::/64 lie behind lan, all else behind wan.
"""

from __future__ import annotations

import pytest

from fwsim.terms import Reason
from fwsim.topology import Topology
from tests.placed import IN, OUT, place, topology

PASSES = Reason.NONE
TTL = Reason.TTL_EXPIRED
SOURCE = Reason.MARTIAN_SOURCE
DESTINATION = Reason.MARTIAN_DESTINATION
GROUP = Reason.MULTICAST_NOT_FORWARDED
OPTIONS, HOP_BY_HOP = Reason.BAD_IP_OPTIONS, Reason.BAD_HOP_BY_HOP

OUTSIDE, INSIDE = "198.51.100.7", "10.1.0.9"
OUTSIDE6, INSIDE6 = "2001:db8:5::7", "fd00:1::9"


def router() -> Topology:
    return topology(
        {"lan": ["10.1.0.0/24", "fd00:1::/64"], "wan": ["any", "203.0.113.0/24"]},
        ["10.1.0.1", "203.0.113.1", "fd00:1::1", "2001:db8:f::1"],
        on=["lan", "wan"],
    )


def received(src: str, dst: str, ttl: int = 64) -> tuple[str, Reason]:
    """The hook and the fault of a packet that came in by wan."""
    got = place(router(), src, dst, 1, ttl=ttl, sent_or_received=IN)
    assert got.reason == Reason.NONE
    return got.hook, got.fault


@pytest.mark.parametrize(
    ("ttl", "dst", "expected"),
    [
        (0, INSIDE, ("forward", TTL)), (1, INSIDE, ("forward", TTL)), (2, INSIDE, ("forward", PASSES)),
        (0, "203.0.113.1", ("input", PASSES)), (1, "203.0.113.1", ("input", PASSES)),
        (1, "224.0.0.1", ("input", PASSES)), (1, "239.1.1.1", ("forward", GROUP)),
    ],
)  # fmt: skip
def test_last_ttl_stops_what_would_be_forwarded(ttl: int, dst: str, expected: tuple[str, Reason]) -> None:
    assert received(OUTSIDE, dst, ttl) == expected


@pytest.mark.parametrize(
    ("hops", "dst", "expected"),
    [(0, INSIDE6, TTL), (1, INSIDE6, TTL), (2, INSIDE6, PASSES), (1, "2001:db8:f::1", PASSES)],
)
def test_last_hop_limit_stops_what_would_be_forwarded(hops: int, dst: str, expected: Reason) -> None:
    assert received(OUTSIDE6, dst, hops)[1] == expected


@pytest.mark.parametrize("dst", [INSIDE, "203.0.113.1", "255.255.255.255", "224.0.0.1", "203.0.113.255"])
@pytest.mark.parametrize("src", ["224.0.0.5", "239.1.1.1", "255.255.255.255", "127.0.0.1", "203.0.113.1", "10.1.0.1"])
def test_ipv4_source_that_is_never_accepted(src: str, dst: str) -> None:
    assert received(src, dst)[1] == SOURCE


@pytest.mark.parametrize("dst", [INSIDE, "203.0.113.1", "255.255.255.255", "224.0.0.1", "203.0.113.255"])
@pytest.mark.parametrize("src", ["240.0.0.1", "250.1.1.1", "0.1.2.3", "169.254.1.1", "10.1.0.9", "10.1.0.255"])
def test_odd_ipv4_source_that_linux_routes_all_the_same(src: str, dst: str) -> None:
    assert received(src, dst)[1] == PASSES


@pytest.mark.parametrize(
    ("dst", "expected"),
    [
        ("255.255.255.255", ("input", PASSES)), ("224.0.0.1", ("input", PASSES)), ("0.0.0.0", ("input", PASSES)),
        (INSIDE, ("forward", SOURCE)), ("203.0.113.1", ("input", SOURCE)), ("203.0.113.255", ("input", SOURCE)),
    ],
)  # fmt: skip
def test_unspecified_ipv4_source_may_only_broadcast(dst: str, expected: tuple[str, Reason]) -> None:
    assert received("0.0.0.0", dst) == expected


@pytest.mark.parametrize(
    ("dst", "expected"),
    [
        ("0.0.0.0", ("forward", DESTINATION)), ("127.0.0.1", ("forward", DESTINATION)),
        ("127.3.3.3", ("forward", DESTINATION)), ("0.1.2.3", ("forward", PASSES)),
        ("240.0.0.1", ("forward", PASSES)), ("250.0.0.1", ("forward", PASSES)), ("169.254.3.3", ("forward", PASSES)),
        ("224.0.1.1", ("forward", GROUP)), ("239.1.1.1", ("forward", GROUP)),
        ("255.255.255.255", ("input", PASSES)), ("10.1.0.255", ("input", PASSES)), ("203.0.113.255", ("input", PASSES)),
        ("10.1.0.0", ("forward", PASSES)),
    ],
)  # fmt: skip
def test_ipv4_destination(dst: str, expected: tuple[str, Reason]) -> None:
    assert received(OUTSIDE, dst) == expected


@pytest.mark.parametrize(
    ("src", "dst", "reason"),
    [
        ("::1", INSIDE6, SOURCE), ("::1", "2001:db8:f::1", SOURCE), ("::1", "ff02::1", SOURCE),
        ("ff02::1", INSIDE6, SOURCE), ("ff05::2", "2001:db8:f::1", SOURCE), ("ff05::2", "ff02::1", SOURCE),
        (OUTSIDE6, "::1", DESTINATION), (OUTSIDE6, "ff00::1", DESTINATION), (OUTSIDE6, "ff01::1", DESTINATION),
        (OUTSIDE6, "ff11::1", DESTINATION),
    ],
)  # fmt: skip
def test_ipv6_packet_that_vanishes_before_any_hook(src: str, dst: str, reason: Reason) -> None:
    assert place(router(), src, dst, 1, sent_or_received=IN).reason == reason


@pytest.mark.parametrize(
    ("src", "expected"),
    [
        ("::", SOURCE), ("fe80::5", SOURCE), ("::ffff:198.51.100.7", PASSES), ("::198.51.100.7", PASSES),
        ("fec0::7", PASSES), ("fd00:1::7", PASSES), ("2001:db8:f::1", PASSES), ("fd00:1::1", PASSES),
        ("100::1", PASSES),
    ],
)  # fmt: skip
def test_ipv6_source(src: str, expected: Reason) -> None:
    assert received(src, INSIDE6) == ("forward", expected)
    assert received(src, "2001:db8:f::1") == ("input", PASSES)
    assert received(src, "ff02::1") == ("input", PASSES)


@pytest.mark.parametrize(
    ("dst", "expected"),
    [
        ("::", ("forward", PASSES)), ("ff02::fb", ("input", PASSES)), ("ff12::1", ("input", PASSES)),
        ("ff32::1", ("input", PASSES)), ("ff03::1", ("forward", GROUP)), ("ff08::1", ("forward", GROUP)),
        ("ff0e::1", ("forward", GROUP)), ("fe80::77", ("forward", PASSES)), ("fec0::1", ("forward", PASSES)),
    ],
)  # fmt: skip
def test_ipv6_destination(dst: str, expected: tuple[str, Reason]) -> None:
    assert received(OUTSIDE6, dst) == expected


@pytest.mark.parametrize("src", ["fe80::5", "::"])
def test_link_local_ipv6_source_is_passed_on_within_its_link_only(src: str) -> None:
    assert received(src, "2001:db8:9::1") == ("forward", PASSES)
    assert received(src, INSIDE6) == ("forward", SOURCE)


def test_link_local_ipv6_destination_stays_on_its_link() -> None:
    got = place(router(), "fe80::5", "fe80::77", 1, sent_or_received=IN)
    assert (got.iif, got.oif, got.fault) == ("wan", "wan", PASSES)


@pytest.mark.parametrize(("dst", "ttl"), [("239.1.1.1", 1), ("127.0.0.1", 64), (OUTSIDE, 1), ("0.0.0.0", 64)])
def test_packet_of_our_own_is_no_martian_whatever_it_is_sent_to(dst: str, ttl: int) -> None:
    got = place(router(), "203.0.113.1", dst, 1, ttl=ttl)
    assert (got.hook, got.fault, got.reason) == ("output", PASSES, PASSES)


@pytest.mark.parametrize(
    ("src", "dst", "ttl", "expected"),
    [
        (OUTSIDE, INSIDE, 64, ("forward", OPTIONS)), (OUTSIDE, "203.0.113.1", 64, ("input", OPTIONS)),
        (OUTSIDE, INSIDE, 1, ("forward", OPTIONS)), ("224.0.0.1", INSIDE, 64, ("forward", SOURCE)),
        (OUTSIDE, "127.0.0.1", 64, ("forward", DESTINATION)), (OUTSIDE, "239.1.1.1", 64, ("forward", GROUP)),
    ],
)  # fmt: skip
def test_ipv4_options_are_read_when_the_route_is_known(
    src: str, dst: str, ttl: int, expected: tuple[str, Reason]
) -> None:
    """`ip_rcv_finish_core`: the route first, then the options; the TTL only in `ip_forward`."""
    got = place(router(), src, dst, 1, ttl=ttl, option_fault=OPTIONS, sent_or_received=IN)
    assert (got.hook, got.fault, got.reason) == (*expected, PASSES)


@pytest.mark.parametrize("dst", [INSIDE6, "2001:db8:f::1", "ff02::1"])
def test_hop_by_hop_options_are_read_before_any_hook(dst: str) -> None:
    got = place(router(), OUTSIDE6, dst, 1, option_fault=HOP_BY_HOP, sent_or_received=IN)
    assert got.reason == HOP_BY_HOP


def test_addresses_are_looked_at_before_hop_by_hop_options() -> None:
    """`ip6_rcv_core`."""
    assert place(router(), "::1", INSIDE6, 1, option_fault=HOP_BY_HOP, sent_or_received=IN).reason == SOURCE


@pytest.mark.parametrize(
    ("src", "dst", "fault"),
    [("203.0.113.1", OUTSIDE, OPTIONS), ("2001:db8:f::1", OUTSIDE6, HOP_BY_HOP)],
)
def test_options_of_what_is_sent_here_are_not_read(src: str, dst: str, fault: Reason) -> None:
    got = place(router(), src, dst, 1, option_fault=fault)
    assert (got.hook, got.fault, got.reason) == ("output", PASSES, PASSES)


def test_options_from_local_to_local_are_read_when_they_come_in() -> None:
    got = place(router(), "203.0.113.1", "10.1.0.1", 1, option_fault=OPTIONS, sent_or_received=OUT)
    assert (got.hook, got.fault, got.reason) == ("local", OPTIONS, PASSES)


@pytest.mark.parametrize("dst", ["fe80::77", "febf::77"])
def test_link_local_to_link_local_stays_on_its_link_though_that_is_not_known(dst: str) -> None:
    """`ip6_forward` asks only whether it leaves by the device by which it came in."""
    got = place(topology({"lan": ["fd00:1::/64"], "wan": ["any"]}, on=[None]), "fe80::5", dst)
    assert (got.hook, got.iif, got.oif, got.fault) == ("forward", "?", "?", PASSES)


def test_link_local_to_elsewhere_is_a_martian_where_its_link_is_not_known() -> None:
    assert place(topology({"lan": ["fd00:1::/64"]}, on=[None]), "fe80::5", OUTSIDE6).fault == SOURCE
