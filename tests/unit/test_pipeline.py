"""The stateful mode: what is confirmed, what is forgotten, and what is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.tables import plain
from fwsim.terms import ABSENT, CtState, CtStatus, Direction, Evidence, Hook, Reason, TcpState, Verdict
from fwsim.tracker import connections_listing
from tests.deciding import (
    EDGE,
    HERE,
    HERE6,
    KNOWN,
    NOWHERE,
    OWN,
    PERHAPS,
    THERE,
    THERE6,
    UNKNOWN_INTERFACE,
    Rules,
    Wall,
    back,
    handshake,
    icmp,
    later,
    tcp,
    udp,
)

ACCEPT, DROP, REJECT, UNKNOWN = Verdict.ACCEPT, Verdict.DROP, Verdict.REJECT, Verdict.UNKNOWN
NOT_EVALUATED = Verdict.NOT_EVALUATED
NEW, ESTABLISHED, RELATED = CtState.NEW, CtState.ESTABLISHED, CtState.RELATED
INVALID, UNTRACKED, NONE = CtState.INVALID, CtState.UNTRACKED, CtState.NONE


def wall(*rules: dict[str, Any], **document: Any) -> Wall:
    return Wall(list(rules) or EDGE, **document)


def connections(asked: Wall) -> list[dict[str, Any]]:
    asked.simulator.stateful.settle()
    return list(connections_listing(asked.simulator.stateful.tracker))


def ghosts(asked: Wall) -> list[dict[str, Any]]:
    asked.simulator.stateful.settle()
    return list(connections_listing(asked.simulator.stateful.ghosts))


# --- confirmed only if accepted --------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", ["prerouting", "input"])
def test_an_opening_from_local_to_local_is_confirmed_though_it_is_refused_when_it_comes_in(hook: str) -> None:
    """`nf_confirm` runs at POSTROUTING, which it has passed by then (measured on 6.18)."""
    chain = {"hook": hook, "rules": [{"dscp": 62, "verdict": "drop"}, {"ct_state": "new", "verdict": "accept"}]}
    asked = Wall({"in": chain}, local=[OWN, "203.0.113.1"])
    assert asked.ask(later(tcp("S", OWN, "203.0.113.1"), tos=62 << 2)).verdict == DROP
    assert (len(connections(asked)), ghosts(asked)) == (1, [])
    assert asked.ask(tcp("SA", "203.0.113.1", OWN, ports=(443, 40000), ack=1001)).ct_state == ESTABLISHED


def test_an_opening_from_local_to_local_is_confirmed_though_routing_discards_it_when_it_comes_in() -> None:
    chain = {"hook": "output", "rules": [{"ct_state": "new", "verdict": "accept"}]}
    asked = Wall({"out": chain}, local=[OWN, "203.0.113.1"])
    routed = asked.ask(later(tcp("S", OWN, "203.0.113.1"), ip_options=b"\x83\x03\x04\0"))
    assert (routed.verdict, routed.reason, routed.ct_state) == (NOT_EVALUATED, Reason.SOURCE_ROUTED, NEW)
    assert len(connections(asked)) == 1


@pytest.mark.parametrize("hook", ["output", "postrouting"])
def test_an_opening_from_local_to_local_that_is_refused_on_its_way_out_is_forgotten(hook: str) -> None:
    chain = {"hook": hook, "rules": [{"ct_state": "new", "verdict": "drop"}]}
    asked = Wall({"out": chain}, local=[OWN, "203.0.113.1"])
    assert asked.ask(tcp("S", OWN, "203.0.113.1")).verdict == DROP
    assert connections(asked) == []


def test_an_opening_with_a_source_route_is_new_and_leaves_no_connection() -> None:
    asked = wall()
    routed = asked.ask(later(tcp(), ip_options=b"\x83\x03\x04\0"))
    assert (routed.verdict, routed.reason, routed.ct_state) == (NOT_EVALUATED, Reason.SOURCE_ROUTED, NEW)
    assert connections(asked) == []


def test_an_accepted_opening_is_remembered() -> None:
    asked = wall()
    decision = asked.ask(tcp())
    assert (decision.verdict, decision.ct_state, decision.rule) == (ACCEPT, NEW, "out")
    (connection,) = connections(asked)
    assert connection["state"] == TcpState.SYN_SENT
    assert connection["status"] & CtStatus.CONFIRMED
    assert (connection["opened_frame"], connection["last_frame"]) == (1, 1)


@pytest.mark.parametrize("verdict", ["drop", "reject"])
def test_a_refused_opening_is_forgotten(verdict: str) -> None:
    asked = wall({"verdict": verdict, "ct_state": "new"})
    assert asked.ask(tcp()).verdict in (DROP, REJECT)
    assert connections(asked) == []
    assert asked.ask(tcp()).ct_state == NEW


def test_an_opening_that_a_later_hook_drops_is_forgotten() -> None:
    chains: Rules = {
        "f": {"hook": "forward", "rules": [{"ct_state": "new", "verdict": "accept"}]},
        "p": {"hook": "postrouting", "policy": "drop"},
    }
    asked = Wall(chains)
    assert asked.ask(tcp()).chain == "p"
    assert connections(asked) == []


def test_an_opening_that_routing_discards_is_forgotten_but_was_tracked() -> None:
    asked = wall()
    decision = asked.ask(tcp(ttl=1))
    assert (decision.verdict, decision.reason, decision.ct_state) == (NOT_EVALUATED, Reason.TTL_EXPIRED, NEW)
    assert connections(asked) == []


def test_what_routing_discards_has_met_the_rules_at_prerouting() -> None:
    chains: Rules = {"p": {"hook": "prerouting", "rules": [{"name": "no", "ct_state": "new", "verdict": "drop"}]}}
    assert Wall(chains).ask(tcp(ttl=1)).rule == "no"


def test_a_packet_of_a_known_connection_that_is_dropped_changes_it_all_the_same() -> None:
    asked = wall({"name": "late", "ttl": "!63", "verdict": "drop"}, *EDGE)
    handshake(asked)
    assert asked.ask(tcp("FA", seq=1001, ack=5001, ttl=30)).rule == "late"
    (connection,) = connections(asked)
    assert connection["state"] == TcpState.FIN_WAIT


def test_what_the_stack_discards_is_not_tracked() -> None:
    asked = wall()
    decision = asked.ask(tcp(bad_header_checksum=True))
    assert (decision.verdict, decision.reason, decision.ct_state) == (NOT_EVALUATED, Reason.BAD_IP_CHECKSUM, NONE)
    assert connections(asked) == []


def test_a_packet_that_a_raw_rule_drops_is_not_tracked() -> None:
    chains: Rules = {
        "raw": {"hook": "prerouting", "priority": "raw", "rules": [{"name": "no", "ttl": 9, "verdict": "drop"}]},
        "f": {"hook": "forward", "rules": [{"ct_state": "new", "verdict": "accept"}]},
    }
    asked = Wall(chains)
    decision = asked.ask(tcp(ttl=9))
    assert (decision.rule, decision.ct_state, decision.ct_direction) == ("no", NONE, Direction.NONE)
    assert (decision.tcp_state, decision.connection) == (None, None)
    assert connections(asked) == ghosts(asked) == []


# --- what the decision says ------------------------------------------------------------------------------------


def test_a_handshake_walks_through_the_states() -> None:
    said = [(d.ct_state, d.ct_direction, d.tcp_state_before, d.tcp_state, d.connection) for d in handshake(wall())]
    assert said == [
        (NEW, Direction.ORIGINAL, TcpState.NONE, TcpState.SYN_SENT, 1),
        (ESTABLISHED, Direction.REPLY, TcpState.SYN_SENT, TcpState.SYN_RECV, 1),
        (ESTABLISHED, Direction.ORIGINAL, TcpState.SYN_RECV, TcpState.ESTABLISHED, 1),
    ]


def test_the_tracker_has_the_word_where_it_has_something_to_say() -> None:
    asked = wall()
    handshake(asked)
    decision = asked.ask(back("A", seq=5001 + 500_000, ack=1001, data=10))
    assert (decision.verdict, decision.rule, decision.reason) == (DROP, "broken", Reason.TCP_SEQ_OVER)
    assert (decision.ct_state, decision.ct_direction) == (INVALID, Direction.NONE)
    assert asked.ask(tcp("A", seq=1001, ack=5001)).reason == Reason.RULE


# --- tracking off, notrack, untracked --------------------------------------------------------------------------


def test_without_a_rule_that_needs_it_nothing_is_tracked() -> None:
    asked = wall({"iif": "lan", "verdict": "accept"})
    decision = asked.ask(tcp("A"))
    assert (decision.verdict, decision.reason, decision.ct_state) == (ACCEPT, Reason.RULE, NONE)
    assert decision.ct_direction == Direction.NONE


@pytest.mark.parametrize("rules", [[{"iif": "lan", "verdict": "accept"}], EDGE], ids=["auto", "off"])
def test_without_tracking_no_decision_tells_a_tcp_state(rules: list[dict[str, Any]]) -> None:
    asked = wall(*rules, tracking="off" if rules is EDGE else "auto")
    for decision in handshake(asked):
        assert (decision.tcp_state_before, decision.tcp_state) == (None, None)
        assert (asked.row["tcp_state_before"], asked.row["tcp_state"]) == (ABSENT, ABSENT)
    assert all(decision.tcp_state is not None for decision in handshake(wall(*EDGE, tracking="on")))


def test_tracking_can_be_forced_off_and_a_rule_that_asks_then_sees_invalid() -> None:
    asked = wall(*EDGE, tracking="off")
    decision = asked.ask(tcp())
    assert (decision.verdict, decision.rule, decision.ct_state) == (DROP, "broken", NONE)


def test_tracking_can_be_forced_on() -> None:
    asked = wall({"iif": "lan", "verdict": "accept"}, tracking="on")
    assert asked.ask(tcp()).ct_state == NEW


@pytest.mark.parametrize("tracking", ["on", "off"])
def test_the_evidence_is_the_same_whether_the_rules_track_or_not(tracking: str) -> None:
    asked = wall({"iif": "lan", "verdict": "accept"}, tracking=tracking)
    handshake(asked)
    assert asked.ask(back("R", seq=5001 + 500_000)).evidence == ("rst-out-of-window",)
    assert asked.ask(tcp("FA", THERE, HERE, ports=(1, 2))).evidence == ("fin-without-connection",)


def test_a_packet_exempted_in_raw_is_untracked_and_leaves_nothing() -> None:
    chains: Rules = {
        "raw": {"hook": "prerouting", "priority": "raw", "rules": [{"proto": "udp", "notrack": True}]},
        "f": {
            "hook": "forward", "policy": "drop",
            "rules": [{"name": "free", "ct_state": "untracked", "verdict": "accept"}],
        },
    }  # fmt: skip
    asked = Wall(chains)
    decision = asked.ask(udp())
    assert (decision.verdict, decision.rule, decision.ct_state) == (ACCEPT, "free", UNTRACKED)
    assert (decision.ct_direction, decision.connection) == (Direction.NONE, None)
    assert connections(asked) == []


def test_neighbour_discovery_is_untracked_without_any_rule() -> None:
    asked = wall()
    decision = asked.ask(icmp(135, HERE6, THERE6))
    assert (decision.ct_state, decision.reason) == (UNTRACKED, Reason.UNTRACKED_ND)
    assert connections(asked) == ghosts(asked) == []


def test_chains_before_tracking_see_no_ct_state_and_no_mark() -> None:
    rules = [
        {"name": "state", "ct_state": ["new", "established"], "verdict": "drop"},
        {"name": "direction", "ct_direction": ["original", "reply"], "verdict": "drop"},
        {"name": "status", "ct_status": "!dying", "verdict": "drop"},
        {"name": "mark", "ct_mark": "!99", "verdict": "drop"},
        {"name": "nothing", "ct_state": "invalid", "verdict": "accept"},
    ]
    asked = Wall({"raw": {"hook": "prerouting", "priority": "raw", "policy": "drop", "rules": rules}})
    assert [d.rule for d in handshake(asked)] == ["nothing"] * 3


# --- the table is full -----------------------------------------------------------------------------------------


def test_a_full_table_drops_before_any_rule_behind_tracking() -> None:
    asked = wall(conntrack={"max": 1})
    handshake(asked, ports=(1, 443))  # ASSURED, so it cannot be evicted
    decision = asked.ask(tcp(ports=(2, 443)))
    assert (decision.verdict, decision.reason, decision.rule, decision.chain) == (DROP, Reason.TABLE_FULL, None, None)
    assert len(connections(asked)) == 1
    assert asked.ask(tcp("A", ports=(1, 443), seq=1001, ack=5001)).verdict == ACCEPT


def test_a_full_table_does_not_matter_where_the_rules_do_not_track() -> None:
    asked = wall({"verdict": "accept"}, conntrack={"max": 1})
    handshake(asked, ports=(1, 443))
    assert asked.ask(tcp(ports=(2, 443))).verdict == ACCEPT


# --- marks -----------------------------------------------------------------------------------------------------


def test_a_mark_set_on_a_connection_is_seen_by_its_later_packets() -> None:
    asked = wall({"name": "marked", "ct_mark": 7, "verdict": "drop"}, {"ct_state": "new", "set_ct_mark": 7}, *EDGE)
    assert asked.ask(tcp()).rule == "out"
    assert asked.ask(back()).rule == "marked"


def test_a_mark_stays_set_even_if_a_rule_then_drops_the_packet() -> None:
    asked = wall({"ttl": 30, "set_ct_mark": 9, "verdict": "continue"}, {"ttl": 30, "verdict": "drop"}, *EDGE)
    asked.ask(tcp())
    assert asked.ask(back(ttl=31)).verdict == DROP
    (connection,) = connections(asked)
    assert connection["mark"] == 9


def test_a_mark_belongs_to_its_connection_only() -> None:
    asked = wall({"proto": "tcp", "dport": 443, "ct_state": "new", "set_ct_mark": 7}, *EDGE)
    asked.ask(tcp(ports=(1, 443)))
    asked.ask(tcp(ports=(1, 80)))
    assert [connection["mark"] for connection in connections(asked)] == [7, 0]


def test_a_mark_on_a_refused_opening_does_not_reach_the_next_one() -> None:
    asked = wall({"name": "marked", "ct_mark": 7, "verdict": "accept"}, {"set_ct_mark": 7})
    assert [asked.ask(tcp()).rule for _ in range(2)] == ["policy", "policy"]


# --- unknown ---------------------------------------------------------------------------------------------------

FROM: dict[str, Any] = {"src": HERE, "dst": NOWHERE}


def answer(flags: str = "SA", **words: Any) -> Any:
    return tcp(flags, NOWHERE, HERE, **{"ports": (443, 40000), "seq": 5000, "ack": 1001, **words})


def test_an_opening_with_an_unknown_verdict_makes_a_tentative_connection() -> None:
    asked = wall(KNOWN, PERHAPS)
    decision = asked.ask(tcp(**FROM))
    assert (decision.verdict, decision.reason, decision.ct_state) == (UNKNOWN, Reason.NO_INTERFACE, NEW)
    (connection,) = connections(asked)
    assert connection["status"] & CtStatus.TENTATIVE
    assert ghosts(asked) == []


def test_a_packet_of_a_tentative_connection_is_unknown_if_its_existence_matters() -> None:
    asked = wall(KNOWN, PERHAPS)
    asked.ask(tcp(**FROM))
    decision = asked.ask(answer())
    assert (decision.verdict, decision.reason, decision.rule) == (UNKNOWN, Reason.TENTATIVE, None)


def test_a_packet_of_a_tentative_connection_is_known_if_both_ways_agree() -> None:
    asked = wall(KNOWN, PERHAPS, {"name": "answers", "src": NOWHERE, "verdict": "accept"})
    asked.ask(tcp(**FROM))
    decision = asked.ask(answer())
    assert decision.verdict == ACCEPT
    assert decision.ct_state == CtState.NONE  # established, or picked up: not known


def test_a_packet_of_a_tentative_connection_that_is_dropped_either_way_is_dropped() -> None:
    asked = wall({"name": "no", "src": NOWHERE, "verdict": "drop"}, KNOWN, PERHAPS)
    asked.ask(tcp(**FROM))
    assert asked.ask(answer()).rule == "no"


def test_rules_do_not_see_that_a_connection_is_tentative() -> None:
    asked = wall(PERHAPS, {"name": "status", "ct_status": "confirmed", "ct_state": "established", "verdict": "drop"})
    asked.ask(tcp(**FROM))
    assert asked.ask(answer()).verdict == DROP


def test_judging_without_a_tentative_connection_takes_no_tokens() -> None:
    limited = {"name": "few", "ct_state": "invalid", "limit": {"rate": "1/hour", "burst": 1}, "verdict": "accept"}
    asked = wall({**KNOWN, "src": NOWHERE}, PERHAPS, limited, conntrack={"tcp_loose": False})
    asked.ask(tcp(**FROM))
    for _ in range(3):
        assert asked.ask(answer()).verdict == ACCEPT  # established, or invalid within the limit
    assert asked.ask(tcp("A", THERE, HERE)).rule == "few"


def test_the_last_token_of_a_limit_serves_both_views_of_a_tentative_connection() -> None:
    limited = {"name": "few", "src": NOWHERE, "limit": {"rate": "1/hour", "burst": 1}, "verdict": "accept"}
    asked = wall(PERHAPS, limited)
    asked.ask(tcp(**FROM))
    decision = asked.ask(answer())
    assert (decision.verdict, decision.rule) == (ACCEPT, "few")


def test_a_ct_state_left_open_by_the_capture_is_the_reason_of_what_hangs_on_it() -> None:
    found = Wall(EDGE).ask(tcp(), cut=34)
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.CUT)


def test_what_is_unknown_before_tracking_stays_unknown_and_keeps_its_cause() -> None:
    chains: Rules = {
        "raw": {"hook": "output", "priority": "raw", "rules": [{**UNKNOWN_INTERFACE, "verdict": "drop"}]},
        "out": {"hook": "output", "policy": "drop", "rules": [{"ct_state": "new", "verdict": "accept"}]},
    }
    for mode in ("stateful", "stateless"):
        asked = Wall(chains, mode=mode, local=[OWN])
        decision = asked.ask(udp(OWN, NOWHERE))
        assert (decision.verdict, decision.reason, decision.chain) == (UNKNOWN, Reason.NO_INTERFACE, "raw")


def test_a_packet_cut_before_its_ports_has_an_unknown_ct_state() -> None:
    asked = wall()
    decision = asked.ask(tcp(), cut=34)
    assert decision.verdict == UNKNOWN
    assert connections(asked) == []
    assert asked.ask(tcp(), cut=34).connection is None


# --- side by side ----------------------------------------------------------------------------------------------


def test_time_expires_connections_before_each_packet() -> None:
    asked = wall()
    asked.ask(udp())
    asked.wait(29)
    assert asked.ask(udp(THERE, HERE, ports=(53, 40000))).ct_state == ESTABLISHED
    asked.wait(31)
    late = asked.ask(udp(THERE, HERE, ports=(53, 40000)))
    assert (late.ct_state, late.verdict) == (NEW, DROP)


def test_the_decision_of_a_dropped_stranger_is_complete() -> None:
    asked = wall()
    asked.ask(tcp("S", THERE, HERE, ports=(40000, 22)))
    row = plain(asked.batch.stateful[0])
    assert (row["hook"], row["mirror"], row["tried"] > 0, row["rule"]) == (Hook.FORWARD, 0, True, -2)
    assert Evidence(int(asked.batch.frames[0]["evidence"])) == Evidence.NONE
    assert row["reject_with"] == 0
    assert ABSENT not in (row["chain"], row["tcp_state"])
