"""What a connection is translated to: the address, the port if it may be kept, another one where that is taken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwsim.engine.expiry import UNCONFIRMED
from fwsim.engine.unique_tuple import KNOWN, PERHAPS_KEPT, least_of_kind, make_unique
from fwsim.engine.vague import DESTINATION_ID, SOURCE_ADDRESS, SOURCE_ID, blur
from fwsim.terms import CtStatus, Proto, TcpFlag, TcpState
from tests.binding import INSIDE, OTHER, PUBLIC, RANGE, SERVER, Binder, flow, ports, rule
from tests.tracking import Datagram, icmp, tcp

SECOND_SERVER = "203.0.113.81"
SYN = int(TcpFlag.SYN)


def opened(src: str, sport: int = 5000, seq: int = 1000, dst: str = SERVER) -> Datagram:
    """A SYN."""
    return tcp(src, sport, dst, 443, SYN, seq)


# --- sources -----------------------------------------------------------------------------------------------------


def test_the_port_is_kept_if_it_is_free() -> None:
    table = Binder()
    assert table.open(flow(), rule()) == f"{PUBLIC} 5000"
    assert table.parts == KNOWN


def test_where_the_port_is_taken_the_kernel_draws_another() -> None:
    table = Binder()
    table.open(flow(), rule())
    assert table.open(flow(OTHER), rule()) == f"{PUBLIC} ?"
    assert table.parts == SOURCE_ID


def test_towards_another_server_the_same_port_is_not_taken() -> None:
    table = Binder()
    table.open(flow(), rule())
    assert table.open(flow(OTHER, dst=SECOND_SERVER), rule()) == f"{PUBLIC} 5000"


def test_a_port_out_of_the_range_is_drawn_from_it() -> None:
    assert Binder().propose(flow(), rule(**ports(4000, 4007))) == f"{PUBLIC} ?"
    assert Binder().propose(flow(sport=4003), rule(**ports(4000, 4007))) == f"{PUBLIC} 4003"


def test_a_range_of_one_port_is_no_draw_even_if_it_is_taken() -> None:
    table = Binder()
    assert table.open(flow(), rule(**ports(4000))) == f"{PUBLIC} 4000"
    assert table.propose(flow(OTHER), rule(**ports(4000))) == f"{PUBLIC} 4000"
    assert table.parts == KNOWN


def test_a_random_port_is_drawn_though_its_own_is_free() -> None:
    assert Binder().propose(flow(), rule(random=1)) == f"{PUBLIC} ?"
    assert Binder().propose(flow(), rule(random=1, **ports(4000))) == f"{PUBLIC} 4000"


@pytest.mark.parametrize(("port", "least"), [(1, 1), (511, 1), (512, 600), (1023, 600), (1024, 1024), (65535, 1024)])
def test_a_port_is_replaced_by_one_of_its_kind(port: int, least: int) -> None:
    assert least_of_kind(port) == least


def test_the_same_source_gets_what_it_had() -> None:
    table = Binder()
    table.open(flow(), rule())
    table.open(flow(sport=4000), rule(*RANGE, **ports(4000)))
    first = table.propose(flow(dst=SECOND_SERVER), rule(*RANGE))
    assert first != f"{PUBLIC} 5000", "that does not fit"
    kept = table.open(flow(sport=4000, dst=SECOND_SERVER), rule(*RANGE))
    others = {table.open(flow(sport=4000, dst=f"203.0.113.{last}"), rule(*RANGE)) for last in range(90, 110)}
    assert others == {kept}
    assert len({table.open(flow(sport=last, dst=f"203.0.113.{last}"), rule(*RANGE)) for last in range(90, 110)}) > 5


def test_the_newest_that_fits_is_followed_also_in_its_port() -> None:
    table = Binder()
    table.open(flow(dport=1), rule(**ports(7001)))
    table.open(flow(dport=2), rule(**ports(7002)))
    table.open(flow(dport=3), rule(**ports(7999)))
    assert table.propose(flow(dport=4), rule(**ports(7000, 7010))) == f"{PUBLIC} 7002"
    assert table.propose(flow(dport=4), rule()) == f"{PUBLIC} 7999"
    assert table.propose(flow(OTHER, dport=4), rule()) == f"{PUBLIC} 5000"


def test_ids_are_followed_too() -> None:
    table = Binder()
    table.open(icmp(INSIDE, SERVER, 8, 0, 7), rule(**ports(80)))
    assert table.propose(icmp(INSIDE, SECOND_SERVER, 8, 0, 7), rule()) == f"{PUBLIC} 80"


def test_one_that_is_taken_for_not_being_there_is_not_followed() -> None:
    table = Binder()
    table.open(flow(dport=1), rule(**ports(7001)))
    table.open(flow(dport=2), rule(**ports(7002)))
    table.tracker.counters[0]["apart"] = table.row
    assert table.propose(flow(dport=3), rule()) == f"{PUBLIC} 7001"


def test_behind_one_that_perhaps_fits_another_may_be_followed_to_another_address() -> None:
    """Though the port that was drawn is at the same address as would be chosen anew."""
    table = Binder()
    first = table.open(flow(dport=1), rule(*RANGE, random=1))
    assert table.propose(flow(OTHER, dport=1), rule(*RANGE)).split()[0] != first.split()[0]
    assert table.propose(flow(dport=2), rule(*RANGE)) == "? ?"


def test_a_source_is_not_followed_to_what_is_taken() -> None:
    table = Binder()
    table.open(flow(), rule(**ports(7001)))
    table.open(flow(OTHER, sport=7001, dport=99), rule())
    assert table.propose(flow(dport=99), rule()) == f"{PUBLIC} 5000"


def test_who_follows_a_source_that_is_not_known_is_not_known_either() -> None:
    table = Binder()
    table.open(flow(), rule(random=1))
    assert table.propose(flow(dst=SECOND_SERVER), rule()) == f"{PUBLIC} ?"
    assert table.parts == SOURCE_ID | PERHAPS_KEPT
    assert table.propose(flow(dst=SECOND_SERVER), rule(*RANGE)) == "? ?"
    assert table.parts == SOURCE_ADDRESS | SOURCE_ID | PERHAPS_KEPT


def test_a_rule_with_one_address_and_port_leaves_nothing_to_follow() -> None:
    table = Binder()
    table.open(flow(), rule(random=1))
    assert table.propose(flow(dst=SECOND_SERVER), rule(**ports(4000))) == f"{PUBLIC} 4000"
    assert table.parts == KNOWN


def test_what_is_perhaps_followed_perhaps_clashes_if_it_is_not() -> None:
    table = Binder()
    first = table.propose(flow(), rule(*RANGE, **ports(4000))).split()[0]
    table.open(flow(OTHER), rule(first, **ports(4000)))
    table.open(flow(dst=SECOND_SERVER), rule(*RANGE, random=1))
    assert table.propose(flow(), rule(*RANGE, **ports(4000))) == "? 4000"
    assert table.tracker.connections[UNCONFIRMED]["status"] & CtStatus.NAT_CLASH_IN_DOUBT


def test_a_port_that_is_perhaps_taken_is_perhaps_kept() -> None:
    table = Binder()
    table.open(flow(), rule(random=1))
    assert table.propose(flow(OTHER), rule()) == f"{PUBLIC} ?"
    assert table.parts == SOURCE_ID | PERHAPS_KEPT
    assert table.propose(flow(OTHER, dst=SECOND_SERVER), rule()) == f"{PUBLIC} 5000", "to another server it is free"


def test_a_connection_that_may_not_be_there_has_its_port_perhaps() -> None:
    table = Binder()
    table.open(flow(), rule())
    table.tracker.connections[table.row]["status"] |= CtStatus.TENTATIVE
    assert table.propose(flow(OTHER), rule()) == f"{PUBLIC} ?"
    assert table.parts & PERHAPS_KEPT


def test_one_that_is_taken_for_not_being_there_is_in_nobodys_way() -> None:
    table = Binder()
    table.open(flow(), rule())
    table.tracker.counters[0]["apart"] = table.row
    assert table.propose(flow(OTHER), rule()) == f"{PUBLIC} 5000"


@pytest.mark.parametrize("proto", [Proto.GRE, 99])
def test_what_has_no_ports_stays_what_it_is_taken_or_not(proto: int) -> None:
    table = Binder()
    assert table.open(Datagram(INSIDE, SERVER, int(proto)), rule()) == f"{PUBLIC} 0"
    assert table.propose(Datagram(OTHER, SERVER, int(proto)), rule()) == f"{PUBLIC} 0"
    assert table.parts == KNOWN


def test_an_id_that_is_taken_is_drawn() -> None:
    table = Binder()
    assert table.open(icmp(INSIDE, SERVER, 8, 0, 7), rule()) == f"{PUBLIC} 7"
    assert table.propose(icmp(OTHER, SERVER, 8, 0, 7), rule()) == f"{PUBLIC} ?"
    assert table.propose(icmp(OTHER, SERVER, 8, 0, 8), rule()) == f"{PUBLIC} 8"
    assert table.propose(icmp(OTHER, SERVER, 8, 0, 8), rule(**ports(80))) == f"{PUBLIC} 80"


# --- nothing is free ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("high", "clash"), [(4001, CtStatus.NAT_CLASH), (4002, 0)])
def test_that_nothing_is_free_is_noted(high: int, clash: int) -> None:
    table = Binder()
    for number, port in enumerate((4000, 4001)):
        table.open(flow(f"10.1.0.{20 + number}", sport=port), rule())
    table.propose(flow(), rule(**ports(4000, high)))
    assert table.tracker.connections[UNCONFIRMED]["status"] & CtStatus.NAT_CLASH == clash


def test_ports_that_were_drawn_take_perhaps_the_last_one() -> None:
    table = Binder()
    table.open(flow("10.1.0.20"), rule(**ports(4000, 4001)))
    table.open(flow("10.1.0.21", sport=4000), rule(**ports(4000)))
    table.propose(flow(), rule(**ports(4000, 4001)))
    status = table.tracker.connections[UNCONFIRMED]["status"]
    assert status & (CtStatus.NAT_CLASH | CtStatus.NAT_CLASH_IN_DOUBT) == CtStatus.NAT_CLASH_IN_DOUBT


# --- destinations ------------------------------------------------------------------------------------------------


def inward(number: int, wanted: dict[str, int], table: Binder) -> str:
    """A client outside is sent to a server; all clients have the same address, and one port each."""
    return table.open(flow(SERVER, 6000 + number, PUBLIC, 80), wanted, 0)


def test_a_destination_keeps_its_port_without_a_range() -> None:
    assert inward(0, rule(INSIDE), Binder()) == f"{INSIDE} 80"
    assert Binder().propose(flow(SERVER, 6000, PUBLIC, 80), rule(INSIDE, random=1), 0) == f"{INSIDE} 80"


def test_a_destination_gets_the_first_free_port_of_a_range() -> None:
    table = Binder()
    wanted = rule(INSIDE, **ports(7000, 7002))
    same = [table.open(flow(SERVER, 6000, f"198.51.100.{last}", 80), wanted, 0) for last in range(1, 6)]
    assert same == [f"{INSIDE} {port}" for port in (7000, 7001, 7002, 7002, 7002)]
    assert inward(1, wanted, table) == f"{INSIDE} 7000", "another source"


def test_a_range_of_ports_may_be_told_from_its_end() -> None:
    assert inward(0, rule(INSIDE, **ports(7002, 7000)), Binder()) == f"{INSIDE} 7000"


def test_where_a_port_is_perhaps_taken_the_next_one_is_perhaps_chosen() -> None:
    table = Binder()
    wanted = rule(INSIDE, **ports(7000, 7002))
    table.open(flow(SERVER, 6000, "198.51.100.2", 80), wanted | {"random": 1}, 0)
    assert table.propose(flow(SERVER, 6000, "198.51.100.3", 80), wanted, 0) == f"{INSIDE} ?"
    assert table.parts == DESTINATION_ID
    assert table.propose(flow(SERVER, 6001, "198.51.100.3", 80), wanted, 0) == f"{INSIDE} 7000", "another source"


def test_a_destination_in_the_range_keeps_its_port() -> None:
    assert inward(0, rule(INSIDE, **ports(79, 81)), Binder()) == f"{INSIDE} 80"


def test_a_base_moves_the_port_as_far() -> None:
    shifted = rule(INSIDE, offset=1, base_port=78, **ports(7000, 7010))
    assert inward(0, shifted, Binder()) == f"{INSIDE} 7002"
    assert inward(0, shifted | {"base_port": 60}, Binder()) == f"{INSIDE} 7009", "20 behind, around the end of 11"
    assert inward(0, rule(INSIDE, offset=1, base_port=80, **ports(79, 81)), Binder()) == f"{INSIDE} 79", (
        "though it fits"
    )


def test_a_random_port_of_a_range_is_drawn_for_a_destination_too() -> None:
    table = Binder()
    assert (
        table.propose(flow(SERVER, 6000, PUBLIC, 80), rule(INSIDE, random=1, **ports(7000, 7010)), 0) == f"{INSIDE} ?"
    )
    assert table.parts == DESTINATION_ID


def test_without_an_address_only_the_port_changes() -> None:
    assert inward(0, rule(None, **ports(8080)), Binder()) == f"{PUBLIC} 8080"


def test_an_id_is_looked_for_from_the_first_on_for_a_destination() -> None:
    table = Binder()
    for last in range(3):
        table.open(icmp(SERVER, f"198.51.100.{last}", 8, 0, 9), rule(INSIDE), 0)
    ids = [connection["reply"]["src_id"] for connection in table.connections()]
    assert ids == [9, 0, 1]


# --- connections that are over -----------------------------------------------------------------------------------


def over(table: Binder, state: TcpState = TcpState.TIME_WAIT, status: int = 0) -> None:
    """The newest connection is in a state, and of a status besides."""
    table.tracker.connections[table.row]["state"] = state
    table.tracker.connections[table.row]["status"] |= status


@pytest.mark.parametrize(
    ("state", "seq", "deleted"),
    [
        (TcpState.TIME_WAIT, 2000, True),
        (TcpState.CLOSE, 2000, True),
        (TcpState.LAST_ACK, 2000, False),
        (TcpState.TIME_WAIT, 900, False),
        (TcpState.TIME_WAIT, 1000, False),
    ],
)
def test_a_connection_that_is_over_makes_room_for_later_numbers(state: TcpState, seq: int, deleted: bool) -> None:
    table = Binder()
    table.open(opened(OTHER), rule(**ports(4000)))
    over(table, state)
    few = rule(**ports(4000, 4000), offset=1, base_port=5000)
    table.propose(opened(INSIDE, seq=seq), few)
    assert len(table.connections()) == (0 if deleted else 1)


def test_what_is_not_translated_is_not_overcome() -> None:
    table = Binder()
    table.open(opened(PUBLIC, 4000), rule(PUBLIC))
    over(table)
    table.tracker.connections[table.row]["status"] &= ~CtStatus.SNAT
    table.propose(opened(INSIDE, seq=2000), rule(**ports(4000, 4000), offset=1, base_port=5000))
    assert len(table.connections()) == 1


def test_with_many_ports_another_is_tried_first() -> None:
    table = Binder()
    table.open(opened(OTHER), rule(**ports(4000)))
    over(table)
    many = rule(**ports(4000, 4100), offset=1, base_port=5000)
    assert table.propose(opened(INSIDE, seq=2000), many) == f"{PUBLIC} 4001"
    assert len(table.connections()) == 1


def test_udp_is_never_over() -> None:
    table = Binder()
    table.open(flow(OTHER), rule(**ports(4000)))
    over(table)
    table.propose(replace(flow()), rule(**ports(4000, 4000), offset=1, base_port=5000))
    assert len(table.connections()) == 1


def test_of_whom_the_id_is_drawn_nobody_knows_whom_it_follows() -> None:
    table = Binder()
    assert table.track(icmp("10.1.0.11", SERVER, 8))["fresh"]
    blur(table.tracker.tuples[2 * UNCONFIRMED + 1], SOURCE_ID)  # its destination was translated, and its id with it
    parts = make_unique(table.tracker, rule(*RANGE), 1)
    assert parts & SOURCE_ADDRESS
