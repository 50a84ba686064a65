"""Frames that left translated: copies of what came in, what came in unseen, and what nobody can know."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether

from fwsim.capture import Input, open_captures
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from fwsim.terms import CtStatus, Reason, Verdict
from fwsim.tracker import connections_listing
from tests.gateway import FORWARD, IN, INSIDE, MASQUERADE, OUT, OUTSIDE, PUBLIC, Gateway, nat
from tests.parity.nat.replayed import machine
from tests.parity.nat.truth import CAPTURES

SERVER = "10.2.0.2"
COPY = "not_evaluated egress-copy"
DOUBTFUL = "unknown translated"
DRAWN = nat('oifname "wan" masquerade random')


def tcp(src: str, sport: int, dst: str, dport: int, flags: str = "S", seq: int = 1, ack: int = 0, ttl: int = 64) -> Any:
    return IP(src=src, dst=dst, ttl=ttl, id=0) / TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=ack)


def test_what_left_of_what_came_in_is_a_copy() -> None:
    gateway = Gateway(MASQUERADE)
    assert gateway.see("lan", IN, tcp(INSIDE, 4000, OUTSIDE, 80)) == "accept"
    assert gateway.see("wan", OUT, tcp(PUBLIC, 4000, OUTSIDE, 80, ttl=63)) == COPY
    assert gateway.see("wan", IN, tcp(OUTSIDE, 80, PUBLIC, 4000, "SA", 9, 2)) == "accept"
    assert gateway.see("lan", OUT, tcp(OUTSIDE, 80, INSIDE, 4000, "SA", 9, 2, 63)) == COPY


def test_what_left_is_a_copy_also_long_after_it_came_in() -> None:
    gateway = Gateway(MASQUERADE)
    gateway.see("lan", IN, tcp(INSIDE, 4000, OUTSIDE, 80))
    gateway.number += 1000
    assert gateway.see("wan", OUT, tcp(PUBLIC, 4000, OUTSIDE, 80, ttl=63)) == COPY


def test_an_answer_that_is_seen_leaving_only_is_that_to_the_public_address() -> None:
    gateway = Gateway(MASQUERADE, on=("lan",))
    assert gateway.see("lan", IN, tcp(INSIDE, 4000, OUTSIDE, 80)) == "accept"
    batch = gateway.batch("lan", OUT, tcp(OUTSIDE, 80, INSIDE, 4000, "SA", 9, 2, 63))
    (connection,) = connections_listing(gateway.simulator.stateful.tracker)
    assert batch.frames[0]["connection"] == connection["number"]
    assert connection["reply"]["dst0"] != connection["original"]["src0"]
    assert gateway.see("lan", IN, tcp(INSIDE, 4000, OUTSIDE, 80, "A", 2, 10)) == "accept"


def test_of_an_opening_that_is_seen_leaving_only_nobody_knows_who_sent_it() -> None:
    gateway = Gateway(MASQUERADE, on=("wan",))
    assert gateway.see("wan", OUT, tcp(PUBLIC, 4000, OUTSIDE, 80)) == DOUBTFUL
    assert gateway.see("wan", IN, tcp(OUTSIDE, 80, PUBLIC, 4000, "SA", 9, 2)).startswith("unknown")
    assert gateway.see("wan", OUT, tcp(PUBLIC, 4000, OUTSIDE, 80, "A", 2, 10)) == DOUBTFUL
    assert gateway.see("wan", IN, tcp(OUTSIDE, 80, PUBLIC, 4001, "SA", 9, 2)) == "drop"


@pytest.mark.parametrize("flags", ["SA", "A", "R", "FA"])
def test_nothing_speaks_against_what_left_of_what_nobody_knows(flags: str) -> None:
    gateway = Gateway(MASQUERADE, on=("wan",))
    for seq in (1, 2):
        batch = gateway.batch("wan", OUT, tcp(PUBLIC, 4000, OUTSIDE, 80, flags, seq))
        assert batch.stateful[0]["reason"] == Reason.TRANSLATED
        assert batch.frames[0]["evidence"] == 0


def test_what_no_rule_translates_to_what_it_is_stays_what_it_is() -> None:
    gateway = Gateway(nat(f'oifname "wan" snat to {PUBLIC}'), on=("wan",))
    assert gateway.see("wan", OUT, tcp("203.0.113.9", 4000, OUTSIDE, 80)) != DOUBTFUL
    assert gateway.see("wan", OUT, tcp(PUBLIC, 4000, OUTSIDE, 80)) == DOUBTFUL
    assert gateway.see("wan", OUT, tcp("203.0.113.9", 4001, OUTSIDE, 80, "A")) == DOUBTFUL  # may be an answer


def test_without_rules_that_translate_nothing_is_in_doubt() -> None:
    assert Gateway(on=("wan",)).see("wan", OUT, tcp(PUBLIC, 4000, OUTSIDE, 80)) == "accept"


def test_the_answer_of_a_server_behind_the_firewall_is_judged_as_it_came_in() -> None:
    gateway = Gateway(FORWARD, on=("wan",))
    assert gateway.see("wan", IN, tcp(OUTSIDE, 5000, PUBLIC, 80)) == "accept"
    assert gateway.see("wan", OUT, tcp(PUBLIC, 80, OUTSIDE, 5000, "SA", 9, 2)) == "accept"
    assert gateway.see("wan", IN, tcp(OUTSIDE, 5000, PUBLIC, 80, "A", 2, 10)) == "accept"


def test_the_server_behind_the_firewall_answers_what_was_seen_leaving_only() -> None:
    gateway = Gateway(FORWARD, on=("dmz",))
    assert gateway.see("dmz", OUT, tcp(OUTSIDE, 5000, SERVER, 8080)) == DOUBTFUL
    decision = gateway.batch("dmz", IN, tcp(SERVER, 8080, OUTSIDE, 5000, "SA", 9, 2)).stateful[0]
    assert decision["connection"] == 1


def test_an_icmp_error_that_is_seen_leaving_only_belongs_to_its_connection() -> None:
    gateway = Gateway(MASQUERADE, on=("lan",))
    gateway.see("lan", IN, IP(src=INSIDE, dst=OUTSIDE) / UDP(sport=4000, dport=53))
    quoted = IP(src=INSIDE, dst=OUTSIDE) / UDP(sport=4000, dport=53)
    assert gateway.see("lan", OUT, IP(src="192.0.2.1", dst=INSIDE) / ICMP(type=3, code=1) / quoted) == "accept"
    about_another = IP(src=INSIDE, dst=OUTSIDE) / UDP(sport=4001, dport=53)
    error = IP(src="192.0.2.1", dst=INSIDE) / ICMP(type=3, code=1) / about_another
    assert gateway.see("lan", OUT, error) == DOUBTFUL


def test_a_copy_teaches_the_port_that_was_drawn() -> None:
    gateway = Gateway(DRAWN)
    gateway.see("lan", IN, tcp(INSIDE, 4000, OUTSIDE, 80))
    assert [one["reply"]["dst_id"] for one in listed(gateway)] == [-2]
    assert gateway.see("wan", OUT, tcp(PUBLIC, 23456, OUTSIDE, 80, ttl=63)) == COPY
    assert [one["reply"]["dst_id"] for one in listed(gateway)] == [23456]
    assert gateway.see("wan", IN, tcp(OUTSIDE, 80, PUBLIC, 23456, "SA", 9, 2)) == "accept"


@pytest.mark.parametrize("local", [[], ["10.1.0.1"], ["10.1.0.1", PUBLIC, "198.51.100.2"]])
def test_a_copy_teaches_the_own_address_that_nobody_has_told(local: list[str]) -> None:
    gateway = Gateway(MASQUERADE, local=local)
    assert gateway.see("lan", IN, tcp(INSIDE, 4000, OUTSIDE, 80)) == "accept"
    assert gateway.see("wan", OUT, tcp(PUBLIC, 4000, OUTSIDE, 80, ttl=63)) == COPY
    assert gateway.see("wan", IN, tcp(OUTSIDE, 80, PUBLIC, 4000, "SA", 9, 2)) == "accept"
    assert gateway.see("lan", OUT, tcp(OUTSIDE, 80, INSIDE, 4000, "SA", 9, 2, 63)) == COPY
    assert gateway.see("lan", IN, tcp(INSIDE, 4000, OUTSIDE, 80, "A", 2, 10)) == "accept"
    (one,) = listed(gateway)
    assert one["reply"]["dst_id"] == 4000
    assert one["status"] & (CtStatus.TENTATIVE | CtStatus.STRAY | CtStatus.SNAT) == CtStatus.SNAT


def test_an_own_address_that_nobody_has_told_is_not_guessed() -> None:
    gateway = Gateway(MASQUERADE, local=[])
    assert gateway.see("lan", IN, tcp(INSIDE, 4000, OUTSIDE, 80)) == "accept"
    assert gateway.see("wan", IN, tcp(OUTSIDE, 80, PUBLIC, 4000, "SA", 9, 2)).startswith("unknown")


def test_a_copy_that_comes_after_an_answer_teaches_nothing() -> None:
    gateway = Gateway(MASQUERADE, local=[])
    gateway.see("lan", IN, tcp(INSIDE, 4000, OUTSIDE, 80))
    gateway.see("wan", IN, tcp(OUTSIDE, 80, PUBLIC, 4000, "SA", 9, 2))
    assert gateway.see("wan", OUT, tcp(PUBLIC, 4000, OUTSIDE, 80, ttl=63)) == COPY
    assert listed(gateway)[0]["reply"]["dst_id"] == -2


def test_a_port_that_was_drawn_is_not_guessed() -> None:
    gateway = Gateway(DRAWN)
    gateway.see("lan", IN, tcp(INSIDE, 4000, OUTSIDE, 80))
    assert gateway.see("wan", IN, tcp(OUTSIDE, 80, PUBLIC, 23456, "SA", 9, 2)).startswith("unknown")


def test_connections_whose_ports_were_drawn_are_told_apart() -> None:
    gateway = Gateway(DRAWN, on=("lan",))
    for port in (4000, 4001):
        assert gateway.see("lan", IN, tcp(INSIDE, port, OUTSIDE, 80)) == "accept"
    for port in (4001, 4000):
        assert gateway.see("lan", OUT, tcp(OUTSIDE, 80, INSIDE, port, "SA", 9, 2)) == "accept"
    assert len(listed(gateway)) == 2


@pytest.mark.parametrize("way", [IN, OUT])
def test_a_copy_of_a_packet_of_another_frame_teaches_nothing(way: int) -> None:
    gateway = Gateway(DRAWN)
    gateway.see("lan", IN, tcp(INSIDE, 4000, OUTSIDE, 80))
    gateway.see("lan", IN, tcp(INSIDE, 4001, OUTSIDE, 443, seq=77))
    gateway.see("wan", way, tcp(PUBLIC, 30000, OUTSIDE, 443, seq=77, ttl=63))
    assert [one["reply"]["dst_id"] for one in listed(gateway)] == ([-2, 30000] if way == OUT else [-2, -2])


def listed(gateway: Gateway) -> list[dict[str, Any]]:
    """The connections."""
    return list(connections_listing(gateway.simulator.stateful.tracker))


def test_of_an_announced_connection_no_other_row_is_asked() -> None:
    """What it came in with is known, but there is no connection yet: the row of its tuple is none."""
    recorded = CAPTURES / "ftp-masquerade"
    deciding = Simulator(load_ruleset(str(recorded / "rules.nft")), key=1, host=machine())
    captures = open_captures([Input(str(recorded / "lan.pcapng.gz"))], limit=14)
    (chunk,) = captures
    deciding.topology.locate(captures, chunk)
    batch = deciding.undecided(chunk)
    for row in range(13):
        deciding.step(batch, row)
    deciding.stateful.tracker.connections["status"][-8:] = CtStatus.STRAY  # rows that nobody uses
    deciding.step(batch, 13)
    assert Verdict(int(batch.stateful["verdict"][13])) == Verdict.ACCEPT
    assert Reason(int(batch.stateful["reason"][13])) == Reason.EXPECTED


def query(src: str, sport: int, dst: str, dport: int, ttl: int = 64) -> Any:
    return IP(src=src, dst=dst, ttl=ttl, id=0) / UDP(sport=sport, dport=dport)


def test_a_packet_of_ones_own_that_looks_like_a_forwarded_one_is_no_copy() -> None:
    """What was forwarded is one hop older."""
    gateway = Gateway(MASQUERADE)
    gateway.see("lan", IN, query(INSIDE, 4000, OUTSIDE, 53))
    assert gateway.see("wan", OUT, query(PUBLIC, 33000, OUTSIDE, 53)) == DOUBTFUL


def test_rules_that_translate_nothing_have_no_translated_copies() -> None:
    gateway = Gateway()
    gateway.see("lan", IN, query(INSIDE, 4000, OUTSIDE, 53))
    assert gateway.see("wan", OUT, query(PUBLIC, 33000, OUTSIDE, 53, ttl=63)) == "accept"


def test_what_seems_a_copy_is_no_answer_of_a_connection_that_is_over() -> None:
    gateway = Gateway(nat("udp dport 53 redirect to :5353", hook="prerouting", priority=-100))
    gateway.see("lan", IN, query(INSIDE, 4000, OUTSIDE, 53))
    assert gateway.see("lan", OUT, query(OUTSIDE, 53, INSIDE, 4000)) == "accept"
    gateway.number += 200_000
    assert gateway.see("lan", OUT, query(OUTSIDE, 53, INSIDE, 4000)) == COPY
    assert listed(gateway) == []


def test_rules_do_not_know_who_opened_what_was_seen_leaving_only() -> None:
    early = """table inet early {
chain c { type filter hook prerouting priority -150; policy drop; ct original ip saddr 10.1.0.0/24 accept; }
}
"""
    gateway = Gateway(MASQUERADE, early, on=("wan",))
    gateway.see("wan", OUT, tcp(PUBLIC, 4000, OUTSIDE, 80))
    assert gateway.see("wan", IN, tcp(OUTSIDE, 80, PUBLIC, 4000, "SA", 9, 2)).startswith("unknown")


def test_rules_do_not_know_bits_of_a_packet_that_was_seen_leaving_only() -> None:
    early = "table ip early {\nchain c { type filter hook prerouting priority -300; @nh,96,32 0x0a020002 drop; }\n}\n"
    gateway = Gateway(FORWARD, early, on=("wan",))
    gateway.see("wan", IN, tcp(OUTSIDE, 5000, PUBLIC, 80))
    assert gateway.see("wan", OUT, tcp(PUBLIC, 80, OUTSIDE, 5000, "SA", 9, 2)).startswith("unknown")


def test_rules_do_not_know_the_station_that_sent_what_was_seen_leaving_only() -> None:
    early = """table ip early {
chain c { type filter hook prerouting priority -300; ether saddr 2:0:0:0:0:9 drop; }
}
"""
    gateway = Gateway(FORWARD, early, on=("wan",))
    gateway.see("wan", IN, Ether() / tcp(OUTSIDE, 5000, PUBLIC, 80))
    answer = Ether(src="02:00:00:00:00:01") / tcp(PUBLIC, 80, OUTSIDE, 5000, "SA", 9, 2)
    assert gateway.see("wan", OUT, answer).startswith("unknown")
