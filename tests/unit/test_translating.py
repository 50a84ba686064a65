"""Translation at a hook: to what new connections are bound, and how their packets look behind it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import pytest

from fwsim.capture.crafting import ICMP, ICMPV6, TCP, UDP, Ip, icmp_message
from fwsim.engine.binding import DNAT, SNAT, is_within_link
from fwsim.engine.translating import VISIBLE_STATUS, applies, may_be_refused, visible
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus, Direction, Reason, Verdict, word
from fwsim.tracker import connections_listing
from tests.deciding import error_about, icmp, tcp, udp
from tests.natted import HOST, OWN, PEER, PUBLIC, SELF, SERVER, Gateway
from tests.tracking import words_of

HOST6, PEER6, PUBLIC6 = "fd00:1::5", "2001:db8:1::80", "2001:db8:2::1"
CT = "table inet known {\nchain f {\ntype filter hook forward priority 0\nct state invalid drop\n}\n}"
"""Rules that ask something of connections, so that there are some."""
CHAINS = {
    "prerouting": "type nat hook prerouting priority -100;",
    "input": "type nat hook input priority 100;",
    "output": "type nat hook output priority -100;",
    "postrouting": "type nat hook postrouting priority 100;",
}
STATUS = SNAT | DNAT | int(CtStatus.SNAT_DONE | CtStatus.DNAT_DONE)


def gate(*, own: Sequence[str] = OWN, more: str = "", **rules: str) -> Gateway:
    """A firewall that translates at these hooks, and lets everything through."""
    chains = "".join(f"chain {hook} {{\n{CHAINS[hook]} {rule}\n}}\n" for hook, rule in rules.items())
    return Gateway(f"{CT}\ntable inet nat {{\n{chains}}}\n{more}", own=own)


def connection(made: Gateway) -> dict[str, Any]:
    """The connection there is."""
    (found,) = connections_listing(made.simulator.stateful.tracker)
    return found


def status(made: Gateway) -> int:
    """What was done to it."""
    return int(connection(made)["status"]) & STATUS


def said(made: Gateway, packet: Ip) -> str:
    """Its verdict in words, with the hook and the reason where it was dropped."""
    decision = made.ask(packet)
    verdict = word(Verdict(made.row["verdict"]))
    return verdict if decision.verdict == Verdict.ACCEPT else f"{verdict} {word(Reason(made.row['reason']))}"


# --- bound -------------------------------------------------------------------------------------------------------


def test_where_no_rule_translates_both_sides_keep_what_they_have() -> None:
    made = gate(postrouting='oifname "lan" masquerade')
    made.ask(udp(HOST, PEER))
    assert made.left is None
    assert status(made) == int(CtStatus.SNAT_DONE | CtStatus.DNAT_DONE)


def test_what_keeps_its_address_gets_another_port_if_that_is_taken() -> None:
    """Somebody inside has the public address's port towards the server already."""
    made = gate(postrouting=f"ip saddr {HOST} snat to {SERVER}")
    made.ask(udp(HOST, PEER))
    made.ask(udp(SERVER, PEER))
    assert made.left == f"{SERVER}.? > {PEER}.53"
    assert list(connections_listing(made.simulator.stateful.tracker))[1]["status"] & SNAT


@pytest.mark.parametrize(
    ("rules", "changed"),
    [
        ({"postrouting": f"snat ip to {PUBLIC}"}, SNAT),
        ({"prerouting": f"dnat ip to {SERVER}"}, DNAT),
        ({"prerouting": f"dnat ip to {SERVER}", "postrouting": f"snat ip to {PUBLIC}"}, SNAT | DNAT),
        ({"postrouting": f"snat ip to {HOST}"}, 0),
        ({"prerouting": f"dnat ip to {PEER}"}, 0),
    ],
)
def test_only_what_really_changes_is_said_to_be_translated(rules: dict[str, str], changed: int) -> None:
    made = gate(**rules)
    made.ask(udp(HOST, PEER))
    assert status(made) & (SNAT | DNAT) == changed


def test_a_rule_for_the_other_family_is_passed_over() -> None:
    """A table of both: nft writes no match for it, the statement itself asks (`nft_nat_inet_eval`)."""
    made = gate(postrouting="snat ip6 to 2001:db8::7\nsnat ip to 198.51.100.7\nmasquerade")
    made.ask(udp(HOST, PEER))
    assert made.left == f"198.51.100.7.40000 > {PEER}.53"
    made.ask(udp(HOST6, PEER6))
    assert made.left == f"2001:db8::7.40000 > {PEER6}.53"
    made = gate(prerouting=f"dnat ip to {SERVER}")
    made.ask(udp(HOST6, PEER6))
    assert made.left is None
    assert status(made) & (SNAT | DNAT) == 0


def test_the_first_rule_that_translates_decides_for_the_connection() -> None:
    made = gate(postrouting="ip ttl 63 snat ip to 203.0.113.5; snat ip to 203.0.113.6")
    made.ask(udp(HOST, PEER))
    made.ask(udp(HOST, PEER, ttl=3))
    assert made.left == f"203.0.113.5.40000 > {PEER}.53", "the second packet is not asked"


def test_what_was_dropped_was_bound_to_nothing() -> None:
    late = "table ip late {\nchain c {\ntype filter hook postrouting priority 300\nip ttl 2 drop\n}\n}\n"
    made = gate(more=late, postrouting="ip ttl 2 snat ip to 203.0.113.5; snat ip to 203.0.113.6")
    assert made.ask(udp(HOST, PEER, ttl=3)).verdict == Verdict.DROP
    made.ask(udp(HOST, PEER))
    assert made.left == f"203.0.113.6.40000 > {PEER}.53"


def test_the_public_address_is_that_of_the_interface_by_which_it_leaves() -> None:
    made = gate(postrouting="masquerade")
    made.ask(udp(HOST, PEER))
    assert made.left == f"{PUBLIC}.40000 > {PEER}.53"
    made.ask(udp(PEER, HOST, ports=(5, 6)))
    assert made.left == f"{SELF}.5 > {HOST}.6"
    made.ask(udp(HOST6, PEER6))
    assert made.left == f"{PUBLIC6}.40000 > {PEER6}.53"


def test_masquerading_with_several_addresses_to_choose_from_is_not_known() -> None:
    made = gate(own=[*OWN, "203.0.113.2"], postrouting="masquerade")
    made.ask(udp(HOST, PEER))
    assert made.left == f"?.? > {PEER}.53"
    assert connection(made)["status"] & (CtStatus.SNAT | CtStatus.NAT_IN_DOUBT) == CtStatus.SNAT


def test_whether_masquerading_changes_what_was_made_here_is_not_known_without_the_own_address() -> None:
    made = gate(own=[*OWN, "203.0.113.2"], postrouting="masquerade")
    made.simulator.topology.take_as_made()
    made.ask(udp(PUBLIC, PEER))
    assert connection(made)["status"] & CtStatus.NAT_IN_DOUBT


def test_redirection_is_to_the_interface_that_it_came_in_by() -> None:
    made = gate(prerouting="redirect")
    made.ask(udp(HOST, PEER))
    assert made.left == f"{HOST}.40000 > {SELF}.53"
    made.ask(udp(PEER, HOST))
    assert made.left == f"{PEER}.40000 > {PUBLIC}.53"
    made.ask(udp(HOST6, PEER6))
    assert made.left == f"{HOST6}.40000 > fd00:1::1.53"


def test_what_is_made_here_is_redirected_to_loopback() -> None:
    made = gate(output="meta l4proto udp redirect to :5353")
    made.simulator.topology.take_as_made()  # else it was seen when it had left
    made.ask(udp(PUBLIC, PEER))
    assert made.left == f"{PUBLIC}.40000 > 127.0.0.1.5353"
    made.ask(udp(PUBLIC6, PEER6))
    assert made.left == f"{PUBLIC6}.40000 > ::1.5353"


@pytest.mark.parametrize("dst", ["fe80::1", "ff02::fb"])
def test_redirection_of_what_is_for_the_link_is_to_an_address_of_the_link(dst: str) -> None:
    """`nf_nat_redirect_ipv6_usable`. Which the interface has is not known."""
    made = gate(prerouting="meta l4proto udp redirect to :5353")
    made.ask(udp("fe80::5", dst), seen="lan")
    assert made.left == "?.? > ?.?"


@pytest.mark.parametrize("dst", ["fe80::5", "ff02::fb"])
def test_masquerading_of_what_is_for_the_link_is_from_an_address_of_the_link(dst: str) -> None:
    """RFC 6724, rule 2."""
    made = gate(postrouting="masquerade")
    made.simulator.topology.take_as_made()
    made.ask(udp("fd00:1::1", dst), seen="lan", direction=2)
    assert made.left == f"?.? > {dst}.53"


@pytest.mark.parametrize(
    ("address", "within"),
    [
        ("fe80::1", True),
        ("febf::1", True),
        ("fec0::1", True),
        ("ff02::1", True),
        ("ff0e::1", True),
        ("fe7f::1", False),
        ("fd00::1", False),
        ("2001:db8::1", False),
    ],
)
def test_what_is_for_a_link(address: str, within: bool) -> None:
    assert is_within_link(words_of(address)[0]) == within
    assert is_within_link(UNKNOWN_VALUE)


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("snat ip prefix to ip saddr map { 10.1.0.0/24 : 198.51.100.0/24 }", f"198.51.100.11.40000 > {PEER}.53"),
        ("ip6 saddr fd00:1::/64 snat ip6 prefix to ip6 saddr map { fd00:1::/64 : 2001:db8:7::/64 }", None),
    ],
)
def test_another_network_has_the_same_hosts(rule: str, left: str | None) -> None:
    made = gate(postrouting=rule)
    made.ask(udp(HOST, PEER))
    assert made.left == left
    if left is None:
        made.ask(udp(HOST6, PEER6))
        assert made.left == f"2001:db8:7::5.40000 > {PEER6}.53"


def test_a_network_is_translated_back() -> None:
    made = gate(prerouting="dnat ip prefix to ip daddr map { 198.51.100.0/24 : 10.1.0.0/24 }")
    made.ask(udp(PEER, "198.51.100.12"))
    assert made.left == f"{PEER}.40000 > {SERVER}.53"
    made.ask(udp(SERVER, PEER, ports=(53, 40000)))
    assert made.left == f"198.51.100.12.53 > {PEER}.40000"


def test_without_an_address_masquerading_drops() -> None:
    made = gate(postrouting="masquerade")
    interfaces = made.simulator.stateful.mode.nat.places.interfaces
    for name in ("own4", "own60"):
        interfaces[name] = ABSENT
    assert said(made, udp(HOST, PEER)) == "drop nat-no-address"
    assert said(made, udp(HOST6, PEER6)) == "drop nat-no-address"
    assert list(connections_listing(made.simulator.stateful.tracker)) == []


def test_what_is_not_known_of_a_rule_is_not_known_of_its_packets() -> None:
    """Whether the first rule applies hangs on what nobody can know of a packet that was captured."""
    made = gate(prerouting=f"meta rtclassid 5 dnat ip to {SERVER}; dnat ip to {HOST}")
    made.ask(udp(PEER, PUBLIC))
    assert made.left == "?.? > ?.?"
    assert connection(made)["status"] & CtStatus.NAT_IN_DOUBT


# --- later packets -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "direction", "source", "changes"),
    [
        (SNAT, Direction.ORIGINAL, 1, True),
        (SNAT, Direction.ORIGINAL, 0, False),
        (SNAT, Direction.REPLY, 1, False),
        (SNAT, Direction.REPLY, 0, True),
        (DNAT, Direction.ORIGINAL, 0, True),
        (DNAT, Direction.REPLY, 1, True),
        (DNAT, Direction.REPLY, 0, False),
        (SNAT | DNAT, Direction.REPLY, 0, True),
        (0, Direction.ORIGINAL, 1, False),
        (0, Direction.REPLY, 1, False),
    ],
)
def test_answers_are_translated_at_the_other_hook(
    status: int, direction: Direction, source: int, changes: bool
) -> None:
    assert applies(status, int(direction), source) == changes


def test_answers_go_back_to_who_has_asked() -> None:
    made = gate(prerouting=f"ip daddr {PUBLIC} udp dport 53 dnat ip to {SERVER}:8053", postrouting="masquerade")
    made.ask(udp(PEER, PUBLIC))
    assert made.left == f"{SELF}.40000 > {SERVER}.8053"
    made.ask(udp(SERVER, SELF, ports=(8053, 40000)))
    assert made.left == f"{PUBLIC}.53 > {PEER}.40000"
    made.ask(udp(PEER, PUBLIC))
    assert made.left == f"{SELF}.40000 > {SERVER}.8053"


def test_what_is_invalid_is_not_translated() -> None:
    made = gate(postrouting="masquerade")
    made.ask(tcp("S", HOST, PEER))
    made.ask(tcp("SA", PEER, PUBLIC, ports=(443, 40000), ack=99999))
    assert (made.left, made.row["ct_state"]) == (None, CtState.INVALID)
    assert may_be_refused(TCP)
    assert not may_be_refused(UDP)


def test_rules_see_the_status_and_only_what_the_kernel_has_of_it() -> None:
    assert visible(SNAT | int(CtStatus.GHOST)) == SNAT
    assert visible(int(CtStatus.HELPER | CtStatus.ASSURED)) == int(CtStatus.HELPER | CtStatus.ASSURED)
    for doubt in (CtStatus.NAT_IN_DOUBT, CtStatus.STRAY):
        assert visible(SNAT | int(doubt)) == UNKNOWN_VALUE
    assert VISIBLE_STATUS & int(CtStatus.TENTATIVE) == 0


def test_rules_behind_the_hook_see_what_was_done() -> None:
    late = "table ip late {\nchain c {\ntype filter hook postrouting priority %d\nct status snat drop\n}\n}\n"
    assert said(gate(more=late % 300, postrouting="masquerade"), udp(HOST, PEER)) == "drop rule"
    assert said(gate(more=late % 50, postrouting="masquerade"), udp(HOST, PEER)) == "accept"


def test_a_masqueraded_connection_that_would_leave_elsewhere_is_ended() -> None:
    made = gate(postrouting="masquerade")
    made.ask(udp(HOST, PEER))
    tracker = made.simulator.stateful.tracker
    assert tracker.sources["out"].max() > 0
    tracker.sources["out"][tracker.sources["out"] > 0] += 1
    assert said(made, udp(HOST, PEER)) == "drop nat-other-interface"
    assert list(connections_listing(made.simulator.stateful.tracker)) == []
    assert said(made, udp(HOST, PEER)) == "accept"
    assert made.left == f"{PUBLIC}.40000 > {PEER}.53"


def test_answers_and_source_translation_do_not_mind_by_which_interface() -> None:
    made = gate(postrouting="masquerade")
    made.ask(udp(HOST, PEER))
    tracker = made.simulator.stateful.tracker
    tracker.sources["out"][tracker.sources["out"] > 0] += 1
    assert said(made, udp(PEER, PUBLIC, ports=(53, 40000))) == "accept"
    made = gate(postrouting=f"snat ip to {PUBLIC}")
    made.ask(udp(HOST, PEER))
    assert made.simulator.stateful.tracker.sources["out"].max() == 0


# --- ICMP --------------------------------------------------------------------------------------------------------


def masqueraded() -> Gateway:
    """HOST's packet has left with the public address."""
    made = gate(postrouting="masquerade")
    made.ask(udp(HOST, PEER))
    return made


def test_ids_are_translated_with_the_address() -> None:
    made = gate(postrouting=f"snat ip to {PUBLIC}")
    for host in (HOST, SERVER):
        made.ask(icmp(8, host, PEER))
    assert made.left == f"{PUBLIC} > {PEER} id ?"
    made = gate(postrouting=f"meta l4proto icmp snat ip to {PUBLIC}:80")
    made.ask(icmp(8, HOST, PEER))
    assert made.left == f"{PUBLIC} > {PEER} id 80"
    made.ask(icmp(0, PEER, PUBLIC, ident=80))
    assert made.left == f"{PEER} > {HOST} id 7"


def test_an_error_goes_to_who_has_sent_what_it_is_about() -> None:
    made = masqueraded()
    assert said(made, error_about(udp(PUBLIC, PEER), "192.0.2.9")) == "accept"
    assert made.left == f"192.0.2.9 > {HOST}"


def test_an_error_from_behind_comes_from_the_public_address() -> None:
    made = gate(prerouting=f"ip daddr {PUBLIC} dnat ip to {SERVER}")
    made.ask(udp(PEER, PUBLIC))
    assert said(made, error_about(udp(PEER, SERVER), "10.1.0.200")) == "accept"
    assert made.left == f"{PUBLIC} > {PEER}"


def test_an_error_about_what_nobody_has_sent_so_is_left_as_it_is() -> None:
    made = masqueraded()
    assert said(made, error_about(udp(HOST, PEER), "192.0.2.9")) == "drop icmp-error-unmatched"
    assert made.left is None


def redirect_about(offender: Ip) -> Ip:
    """Use another router, said of a packet (RFC 792, RFC 4861 §4.5)."""
    if ":" not in offender.src:
        return error_about(offender, "192.0.2.9", 5, 1)
    quoted = offender.encode()
    option = struct.pack("!BB6x", 4, 1 + len(quoted) // 8) + quoted
    body = icmp_message("fe80::9", offender.src, 137, 0, bytes(4), bytes(32) + option)
    return Ip("fe80::9", offender.src, ICMPV6, body, ttl=255)


@pytest.mark.parametrize(("host", "peer", "public"), [(HOST, PEER, PUBLIC), (HOST6, PEER6, PUBLIC6)])
def test_icmp_redirects_about_what_is_translated_are_dropped(host: str, peer: str, public: str) -> None:
    made = gate(postrouting="masquerade")
    made.ask(udp(host, peer))
    made.ask(redirect_about(udp(public, peer)), seen="wan", direction=1)
    assert (made.row["verdict"], made.row["reason"]) == (Verdict.DROP, Reason.NAT_REDIRECT)


def test_icmp_redirects_about_what_is_not_translated_pass() -> None:
    made = gate(postrouting='oifname "lan" masquerade')
    made.ask(udp(HOST, PEER))
    assert said(made, redirect_about(udp(HOST, PEER))) == "accept"


def short_error(quoted: int, src: str = "192.0.2.9") -> Ip:
    """An error that quotes so many bytes behind the IP header."""
    body = udp(PUBLIC, PEER).encode()[: 20 + quoted]
    return Ip(src, PUBLIC, ICMP, icmp_message(src, PUBLIC, 3, 1, bytes(4), body))


@pytest.mark.parametrize(("quoted", "verdict"), [(8, "accept"), (7, "drop nat-unwritable"), (4, "drop nat-unwritable")])
def test_a_quote_that_is_too_short_to_be_rewritten_is_dropped(quoted: int, verdict: str) -> None:
    assert said(masqueraded(), short_error(quoted)) == verdict


# --- GRE ---------------------------------------------------------------------------------------------------------


def gre(src: str, dst: str, version: int, size: int = 8) -> Ip:
    """A GRE packet of so many bytes; of version 1 with call id 9."""
    head = struct.pack("!HHHH", 0x2000 | version, 0x880B, 4 if version == 1 else 0, 9 if version == 1 else 0)
    return Ip(src, dst, 47, head[:size] + bytes(4 if size == 8 else 0))


@pytest.mark.parametrize(
    ("version", "size", "source", "destination"),
    [
        (0, 8, "accept", "accept"),
        (0, 4, "drop nat-unwritable", "drop nat-unwritable"),
        (1, 8, "accept", "accept"),
        (2, 8, "accept", "drop nat-unwritable"),
    ],
)
def test_gre_that_cannot_be_rewritten_is_dropped(version: int, size: int, source: str, destination: str) -> None:
    assert said(gate(postrouting="masquerade"), gre(HOST, PEER, version, size)) == source
    assert said(gate(prerouting=f"dnat ip to {SERVER}"), gre(PEER, PUBLIC, version, size)) == destination
    assert said(gate(postrouting='oifname "lan" masquerade'), gre(HOST, PEER, version, size)) == "accept"


def test_an_error_about_gre_whose_destination_cannot_be_rewritten_passes_where_that_stays() -> None:
    made = gate(postrouting="masquerade")
    made.ask(gre(HOST, PEER, 2))
    assert said(made, error_about(gre(PUBLIC, PEER, 2), "192.0.2.9")) == "accept"
    assert made.left == f"192.0.2.9 > {HOST}"


def test_icmpv6_is_translated_like_icmp() -> None:
    made = gate(postrouting="masquerade")
    made.ask(icmp(128, HOST6, PEER6))
    assert made.left == f"{PUBLIC6} > {PEER6} id 7"
    made.ask(icmp(129, PEER6, PUBLIC6))
    assert made.left == f"{PEER6} > {HOST6} id 7"
    assert ICMPV6 == 58
