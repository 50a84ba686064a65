"""What packets look like behind translation, and which ones it drops: scenes."""

from __future__ import annotations

import pytest

from fwsim.capture.crafting import GRE, ICMP, Ip, gre_packet, icmp_message
from fwsim.engine.translating import leaves_otherwise
from fwsim.lower.settings import settings_row
from fwsim.ruleset.conntrack import Conntrack
from fwsim.terms import Hook, Reason, Verdict
from fwsim.tracker import make_tracker
from fwsim.uncompiled import usable
from tests.deciding import error_about, tcp, udp
from tests.natted import HOST, PEER, PUBLIC, SERVER, Gateway

TUNNEL = """table ip nat {
  chain pre { type nat hook prerouting priority dstnat; iifname "wan" meta l4proto gre dnat to 10.1.0.12
  }
  chain post { type nat hook postrouting priority srcnat; oifname "wan" masquerade
  }
}
"""


def verdict(gate: Gateway, packet: Ip) -> tuple[Verdict, Reason]:
    """What becomes of a packet."""
    gate.ask(packet)
    return Verdict(gate.row["verdict"]), Reason(gate.row["reason"])


@pytest.mark.parametrize("size", [4, 6, 7])
def test_too_short_a_gre_header_is_dropped_where_it_is_translated(size: int) -> None:
    short = Ip(HOST, PEER, GRE, gre_packet(0, 0x0800, 0)[:size])
    assert verdict(Gateway(TUNNEL), short) == (Verdict.DROP, Reason.NAT_UNWRITABLE)
    assert verdict(Gateway(TUNNEL), Ip(HOST, SERVER, GRE, short.payload))[0] == Verdict.ACCEPT


@pytest.mark.parametrize(("version", "expected"), [(0, Verdict.ACCEPT), (1, Verdict.ACCEPT), (2, Verdict.DROP)])
def test_of_gre_in_unknown_versions_only_the_source_is_translated(version: int, expected: Verdict) -> None:
    inner = 0x880B if version == 1 else 0x0800
    packet = gre_packet(version, inner, 5, bytes(8))
    assert verdict(Gateway(TUNNEL), Ip(PEER, PUBLIC, GRE, packet))[0] == expected
    gate = Gateway(TUNNEL)
    assert verdict(gate, Ip(HOST, PEER, GRE, packet))[0] == Verdict.ACCEPT
    assert gate.left is not None
    assert gate.left.startswith(PUBLIC)


@pytest.mark.parametrize(("quoted", "expected"), [(4, Verdict.DROP), (7, Verdict.DROP), (8, Verdict.ACCEPT)])
def test_an_error_that_quotes_too_little_of_a_translated_packet_is_dropped(quoted: int, expected: Verdict) -> None:
    gate = Gateway()
    gate.ask(tcp("S", HOST, PEER))
    left = tcp("S", PUBLIC, PEER).encode()[: 20 + quoted]
    error = Ip(PEER, PUBLIC, ICMP, icmp_message(PEER, PUBLIC, 3, 1, bytes(4), left))
    assert verdict(gate, error)[0] == expected


def test_an_error_about_the_translated_packet_goes_to_who_has_sent_it() -> None:
    gate = Gateway()
    gate.ask(tcp("S", HOST, PEER))
    assert verdict(gate, error_about(tcp("S", PUBLIC, PEER), PEER))[0] == Verdict.ACCEPT
    assert gate.left is not None
    assert gate.left.endswith(f"> {HOST}")


def test_a_redirect_about_a_translated_connection_is_dropped() -> None:
    gate = Gateway()
    gate.ask(tcp("S", HOST, PEER))
    redirect = error_about(tcp("S", PUBLIC, PEER), PEER, kind=5)
    assert verdict(gate, redirect) == (Verdict.DROP, Reason.NAT_REDIRECT)


def test_an_invalid_packet_of_a_translated_connection_stays_as_it_is() -> None:
    gate = Gateway()
    gate.ask(tcp("S", HOST, PEER))
    gate.ask(tcp("SF", HOST, PEER))
    assert gate.left is None


def test_a_masqueraded_connection_is_bound_to_its_way_out() -> None:
    tracker = usable(make_tracker(settings_row(Conntrack(), True, (4,)), key=1))
    tracker.sources[5]["out"] = 1 + 3
    ways = [leaves_otherwise(tracker, 5, direction, {"oif": out}) for direction, out in ((0, 3), (0, 2), (1, 2))]
    assert ways == [False, True, False]
    assert not leaves_otherwise(tracker, 6, 0, {"oif": 2})  # not masqueraded


def test_a_chain_that_says_how_to_translate_does_not_refuse_who_may_not_be_asked() -> None:
    drops = """table ip nat {
      chain pre { type nat hook prerouting priority dstnat; iifname "wan" udp dport 40000 drop
      }
      chain post { type nat hook postrouting priority srcnat; oifname "wan" masquerade random
      }
    }
    """
    gate = Gateway(drops)
    assert verdict(gate, udp(PEER, PUBLIC, ports=(53, 40000)))[0] == Verdict.DROP
    gate.ask(udp(HOST, PEER))
    assert verdict(gate, udp(PEER, PUBLIC, ports=(53, 40000)))[0] == Verdict.UNKNOWN
    assert gate.row["hook"] == Hook.PREROUTING


def test_who_reports_an_error_is_not_known_if_the_connection_may_be_translated() -> None:
    hidden = f"""table ip nat {{
      chain post {{ type nat hook postrouting priority srcnat; ip saddr {PEER} snat to {HOST} random
      }}
    }}
    """
    gate = Gateway(hidden)
    gate.ask(udp(PEER, SERVER))
    gate.ask(udp(HOST, SERVER))  # to the same port: the source may have another one then
    assert gate.left == f"{HOST}.? > {SERVER}.53"
    gate.ask(error_about(udp(SERVER, HOST, ports=(53, 40000)), "10.1.0.99"))
    assert gate.left == f"? > {SERVER}"
