"""The stateless mode: what a reflexive access list admits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fwsim.terms import CtState, Hook, Reason, RejectWith, Verdict
from tests.deciding import (
    BROKEN,
    EDGE,
    HERE,
    HERE6,
    KNOWN,
    NOWHERE,
    OUT,
    OWN,
    PERHAPS,
    THERE,
    THERE6,
    Wall,
    error_about,
    handshake,
    icmp,
    tcp,
    udp,
)
from tests.playbook_frames import Ip

ACCEPT, DROP, REJECT, UNKNOWN = Verdict.ACCEPT, Verdict.DROP, Verdict.REJECT, Verdict.UNKNOWN

WEB = {"name": "web", "iif": "lan", "proto": "tcp", "dport": 443, "ct_state": "new", "verdict": "accept"}


def wall(*rules: dict[str, Any], **document: Any) -> Wall:
    return Wall(list(rules), mode="stateless", **document)


def reply(flags: str = "A", **words: Any) -> Ip:
    """From the server that WEB lets people ask."""
    return tcp(flags, THERE, HERE, **{"ports": (443, 40000), **words})


# --- through the mirror ----------------------------------------------------------------------------------------


def test_a_reply_is_admitted_by_the_rule_that_lets_its_mirror_image_in() -> None:
    decision = wall(KNOWN, BROKEN, WEB).ask(reply())
    assert (decision.verdict, decision.reason, decision.rule) == (ACCEPT, Reason.MIRROR, "web")
    assert decision.mirror
    assert (decision.chain, decision.hook) == ("rules", Hook.FORWARD)
    assert decision.reject_with == RejectWith.NONE


def test_what_is_admitted_as_new_does_not_come_through_the_mirror() -> None:
    decision = wall(KNOWN, BROKEN, WEB).ask(tcp("A"))
    assert (decision.verdict, decision.reason, decision.rule, decision.mirror) == (ACCEPT, Reason.RULE, "web", False)


def test_a_reply_to_what_nobody_may_ask_is_dropped_by_what_drops_it_as_new() -> None:
    decision = wall(KNOWN, BROKEN, WEB).ask(reply(ports=(80, 40000)))
    assert (decision.verdict, decision.reason, decision.rule, decision.mirror) == (DROP, Reason.POLICY, "policy", False)


def test_explicit_drops_ahead_keep_their_force() -> None:
    banned = {"name": "banned", "src": THERE, "verdict": "drop"}
    decision = wall(banned, KNOWN, WEB).ask(reply())
    assert (decision.verdict, decision.rule, decision.mirror) == (DROP, "banned", False)


def test_a_drop_of_the_mirror_image_keeps_its_force_too() -> None:
    banned = {"name": "banned", "dst": THERE, "verdict": "drop"}
    assert wall(banned, KNOWN, WEB).ask(reply()).verdict == DROP


def test_a_policy_that_never_accepts_established_admits_no_replies() -> None:
    assert wall(WEB, BROKEN).ask(reply()).verdict == DROP
    assert wall(WEB, {"ct_state": "related", "verdict": "accept"}).ask(reply()).verdict == DROP


def test_a_policy_of_its_own_for_one_direction_counts() -> None:
    one_way = {"ct_state": "established", "ct_direction": "original", "verdict": "accept"}
    assert wall(one_way, WEB).ask(reply()).verdict == DROP
    assert wall({**one_way, "ct_direction": "reply"}, WEB).ask(reply()).verdict == ACCEPT


def test_a_refusal_that_the_mirror_overcomes_leaves_no_answer_behind() -> None:
    """The packet as new would be rejected with a reset; admitted, nothing is answered."""
    no = {"name": "no", "proto": "tcp", "ct_state": "new", "verdict": "reject", "reject_with": "tcp-reset"}
    admitted = wall(KNOWN, WEB, no).ask(reply())
    assert (admitted.verdict, admitted.reject_with) == (ACCEPT, RejectWith.NONE)
    refused = wall(KNOWN, WEB, no).ask(reply(ports=(80, 40000)))
    assert (refused.verdict, refused.reject_with, refused.rule) == (REJECT, RejectWith.TCP_RESET, "no")


@pytest.mark.parametrize("flags", ["S", "F", "P", "U", "", "SF", "FPU"])
def test_a_segment_without_ack_and_rst_never_comes_through_the_mirror(flags: str) -> None:
    decision = wall(KNOWN, WEB).ask(reply(flags))
    assert (decision.verdict, decision.mirror) == (DROP, False)


@pytest.mark.parametrize("flags", ["A", "SA", "R", "RA", "FA", "PA", "SFA"])
def test_a_segment_with_ack_or_rst_could_be_a_reply(flags: str) -> None:
    decision = wall(KNOWN, WEB).ask(reply(flags))
    assert (decision.verdict, decision.mirror) == (ACCEPT, True)


def test_the_mirror_image_of_a_segment_is_a_syn() -> None:
    opening = {**WEB, "tcp_flags": "syn / syn,ack,rst,fin"}
    assert wall(KNOWN, opening).ask(reply("PA")).rule == "web"


@pytest.mark.parametrize(
    ("replies", "flags", "verdict"),
    [
        ("any", "S", ACCEPT), ("any", "F", ACCEPT), ("any", "A", ACCEPT),
        ("ack-or-rst", "S", DROP), ("ack-or-rst", "A", ACCEPT),
        ("never", "A", DROP), ("never", "R", DROP), ("never", "S", DROP),
    ],
)  # fmt: skip
def test_the_ruleset_says_what_counts_as_a_reply(replies: str, flags: str, verdict: Verdict) -> None:
    assert wall(KNOWN, WEB, stateless={"replies": replies}).ask(reply(flags)).verdict == verdict


@pytest.mark.parametrize(("replies", "verdict"), [("any", ACCEPT), ("ack-or-rst", ACCEPT), ("never", DROP)])
def test_protocols_without_flags_answer_unless_never(replies: str, verdict: Verdict) -> None:
    answer = udp(THERE, HERE, ports=(53, 40000))
    assert wall(*EDGE, stateless={"replies": replies}).ask(answer).verdict == verdict


# --- other protocols -------------------------------------------------------------------------------------------


def test_a_udp_reply_has_its_ports_and_interfaces_turned_round() -> None:
    names = {
        "name": "names",
        "iif": "lan",
        "oif": "wan",
        "proto": "udp",
        "dport": 53,
        "ct_state": "new",
        "verdict": "accept",
    }
    decision = wall(KNOWN, names).ask(udp(THERE, HERE, ports=(53, 40000)))
    assert (decision.verdict, decision.rule, decision.mirror) == (ACCEPT, "names", True)
    assert wall(KNOWN, names).ask(udp(THERE, HERE, ports=(40000, 53))).verdict == DROP


def test_ipv6_addresses_are_turned_round_in_full() -> None:
    rule = {
        "name": "six",
        "src": HERE6,
        "dst": THERE6,
        "proto": "tcp",
        "dport": 443,
        "ct_state": "new",
        "verdict": "accept",
    }
    asked = wall(KNOWN, rule)
    assert asked.ask(tcp("SA", THERE6, HERE6, ports=(443, 40000))).rule == "six"
    assert asked.ask(tcp("SA", "2001:db8::81", HERE6, ports=(443, 40000))).verdict == DROP


@pytest.mark.parametrize(("request_", "answer"), [(8, 0), (13, 14), (15, 16), (17, 18)])
def test_an_icmp_reply_is_admitted_if_its_request_would_be(request_: int, answer: int) -> None:
    asking = {"name": "asking", "iif": "lan", "icmp_type": request_, "ct_state": "new", "verdict": "accept"}
    decision = wall(KNOWN, asking).ask(icmp(answer, THERE, HERE))
    assert (decision.verdict, decision.rule, decision.mirror) == (ACCEPT, "asking", True)


@pytest.mark.parametrize("kind", [8, 13, 9, 10, 30])
def test_an_icmp_message_that_is_no_reply_has_no_mirror_image(kind: int) -> None:
    assert wall(*EDGE).ask(icmp(kind, THERE, HERE)).verdict == DROP


def test_an_icmpv6_echo_reply_is_admitted_if_its_request_would_be() -> None:
    asking = {"name": "asking", "iif": "lan", "icmpv6_type": "echo-request", "ct_state": "new", "verdict": "accept"}
    assert wall(KNOWN, asking).ask(icmp(129, THERE6, HERE6)).rule == "asking"
    assert wall(KNOWN, asking).ask(icmp(128, THERE6, HERE6)).verdict == DROP


def test_other_protocols_are_mirrored_by_their_addresses() -> None:
    tunnel = {"name": "tunnel", "iif": "lan", "proto": "gre", "ct_state": "new", "verdict": "accept"}
    assert wall(KNOWN, tunnel).ask(Ip(THERE, HERE, 47, bytes(8))).rule == "tunnel"


def test_a_later_fragment_has_no_mirror_image() -> None:
    """No port is there that could be turned round."""
    later = Ip(THERE, HERE, 17, bytes(64), fragment=1480, dont_fragment=False)
    assert wall(*EDGE).ask(later).mirror is False
    assert wall(*EDGE).ask(later).verdict == DROP


# --- ICMP errors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [3, 4, 5, 11, 12])
def test_an_icmp_error_is_admitted_if_related_would_be(kind: int) -> None:
    error = error_about(tcp(), THERE, kind)
    decision = wall(*EDGE).ask(error)
    assert (decision.verdict, decision.reason, decision.rule) == (ACCEPT, Reason.ICMP_ERROR_TWIN, "known")
    assert not decision.mirror
    assert wall({**KNOWN, "ct_state": "established"}, OUT).ask(error).verdict == DROP


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_an_icmpv6_error_is_admitted_too(kind: int) -> None:
    decision = wall(*EDGE).ask(error_about(tcp("S", HERE6, THERE6), THERE6, kind))
    assert (decision.verdict, decision.reason) == (ACCEPT, Reason.ICMP_ERROR_TWIN)


def test_icmp_errors_may_never_be_admitted_as_related() -> None:
    never = wall(*EDGE, stateless={"icmp_errors": "never"})
    decision = never.ask(error_about(tcp(), THERE))
    assert (decision.verdict, decision.rule, decision.reason) == (DROP, "broken", Reason.RULE)


def test_an_icmp_error_that_is_not_related_has_no_direction() -> None:
    reply_only = {"name": "back", "ct_direction": "reply", "verdict": "accept"}
    never = wall(reply_only, stateless={"icmp_errors": "never"})
    assert never.ask(error_about(tcp(), THERE)).verdict == DROP
    assert wall(reply_only).ask(error_about(tcp(), THERE)).rule == "back"


# --- what is never tracked -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [130, 131, 132, 133, 134, 135, 136, 143, 151, 152])
def test_neighbour_discovery_and_listener_messages_are_untracked(kind: int) -> None:
    free = {"name": "free", "ct_state": "untracked", "verdict": "accept"}
    decision = wall(KNOWN, free).ask(icmp(kind, THERE6, HERE6))
    assert (decision.verdict, decision.rule, decision.ct_state) == (ACCEPT, "free", CtState.UNTRACKED)
    assert wall(*EDGE).ask(icmp(kind, HERE6, THERE6)).verdict == DROP


def test_a_packet_that_a_raw_rule_exempts_is_untracked_and_has_no_mirror_image() -> None:
    chains: dict[str, Any] = {
        "raw": {"hook": "prerouting", "priority": "raw", "rules": [{"dst": HERE, "notrack": True}]},
        "f": {"hook": "forward", "policy": "drop", "rules": [KNOWN, WEB]},
    }
    assert Wall(chains, mode="stateless").ask(reply()).verdict == DROP
    assert Wall({"f": chains["f"]}, mode="stateless").ask(reply()).verdict == ACCEPT


# --- rules without ct expressions ------------------------------------------------------------------------------


def test_rules_that_never_ask_for_state_are_evaluated_packet_by_packet() -> None:
    plain = wall({"name": "web", "iif": "lan", "proto": "tcp", "dport": 443, "verdict": "accept"})
    assert plain.ask(tcp()).rule == "web"
    assert plain.ask(reply()).verdict == DROP
    assert plain.ask(error_about(tcp(), THERE)).verdict == DROP
    assert plain.ask(tcp()).ct_state == CtState.NONE


def test_nothing_that_came_before_matters() -> None:
    asked = wall(KNOWN, BROKEN, OUT)
    cold = asked.ask(reply("A", seq=1))
    handshake(asked)
    asked.wait(1000)
    assert replace(asked.ask(reply("A", seq=1)), evidence=()) == replace(cold, evidence=())


# --- side effects ----------------------------------------------------------------------------------------------

LIMITED = {"name": "few", "iif": "lan", "proto": "udp", "ct_state": "new", "limit": "1/minute", "verdict": "accept"}
ONE = {"rate": "1/minute", "burst": 1}


def test_a_mirror_image_takes_no_tokens_of_a_limit() -> None:
    asked = wall(KNOWN, {**LIMITED, "limit": ONE})
    for _ in range(3):
        assert asked.ask(udp(THERE, HERE, ports=(53, 40000))).verdict == ACCEPT
    assert asked.ask(udp()).verdict == ACCEPT
    assert asked.ask(udp()).verdict == DROP


def test_a_mirror_image_is_refused_by_a_limit_that_is_used_up() -> None:
    asked = wall(KNOWN, {**LIMITED, "limit": ONE})
    asked.ask(udp())
    assert asked.ask(udp(THERE, HERE, ports=(53, 40000))).verdict == DROP


def test_a_mirror_image_is_counted_at_no_rule() -> None:
    asked = wall(KNOWN, WEB)
    asked.ask(reply())
    hits = asked.simulator.stateless.mode.course.memory.hits
    asked.simulator.stateless.settle()
    assert hits[:2].tolist() == [0, 0]


def test_rules_looked_at_are_counted_in_every_evaluation() -> None:
    asked = wall(KNOWN, BROKEN, WEB)
    asked.ask(tcp())
    direct = asked.row["tried"]
    asked.ask(reply())
    assert asked.row["tried"] > direct


# --- the firewall's own packets --------------------------------------------------------------------------------


def hooks(*, input_: list[dict[str, Any]], output: list[dict[str, Any]]) -> Wall:
    chains = {
        "in": {"hook": "input", "policy": "drop", "rules": input_},
        "out": {"hook": "output", "policy": "drop", "rules": output},
    }
    return Wall(chains, mode="stateless", local=[OWN])


def test_an_answer_of_the_firewall_has_its_mirror_image_at_input() -> None:
    ssh = {"name": "ssh", "iif": "lan", "proto": "tcp", "dport": 22, "ct_state": "new", "verdict": "accept"}
    asked = hooks(input_=[ssh], output=[KNOWN])
    decision = asked.ask(tcp("SA", OWN, HERE, ports=(22, 40000)))
    assert (decision.verdict, decision.rule, decision.chain, decision.hook) == (ACCEPT, "ssh", "in", Hook.INPUT)
    assert decision.mirror


def test_an_answer_to_the_firewall_has_its_mirror_image_at_output() -> None:
    names = {"name": "names", "oif": "wan", "proto": "udp", "dport": 53, "ct_state": "new", "verdict": "accept"}
    asked = hooks(input_=[KNOWN], output=[names])
    decision = asked.ask(udp(THERE, OWN, ports=(53, 40000)))
    assert (decision.verdict, decision.rule, decision.chain, decision.hook) == (ACCEPT, "names", "out", Hook.OUTPUT)
    assert asked.ask(udp(THERE, OWN, ports=(54, 40000))).verdict == DROP


# --- routing and the stack -------------------------------------------------------------------------------------


def test_what_routing_discards_is_not_tried_as_a_reply() -> None:
    decision = wall(KNOWN, WEB).ask(reply(ttl=1))
    assert (decision.verdict, decision.reason) == (Verdict.NOT_EVALUATED, Reason.TTL_EXPIRED)


def test_what_the_stack_discards_meets_no_rule() -> None:
    decision = wall(KNOWN, WEB).ask(reply(bad_header_checksum=True))
    assert (decision.verdict, decision.reason) == (Verdict.NOT_EVALUATED, Reason.BAD_IP_CHECKSUM)


def test_a_wrong_transport_checksum_means_nothing_without_tracking() -> None:
    assert wall(KNOWN, BROKEN, WEB).ask(tcp(bad_checksum=True)).verdict == ACCEPT


# --- unknown ---------------------------------------------------------------------------------------------------


def test_a_packet_that_may_be_admitted_is_unknown() -> None:
    decision = wall(KNOWN, PERHAPS).ask(tcp("S", HERE, NOWHERE))
    assert (decision.verdict, decision.reason) == (UNKNOWN, Reason.NO_INTERFACE)


def test_a_reply_whose_mirror_image_may_be_admitted_is_unknown() -> None:
    decision = wall(KNOWN, PERHAPS).ask(tcp("A", NOWHERE, HERE))
    assert (decision.verdict, decision.reason, decision.mirror) == (UNKNOWN, Reason.NO_INTERFACE, False)


def test_a_reply_that_may_be_admitted_as_such_is_unknown() -> None:
    perhaps_known = {**KNOWN, "iif": "wan"}
    decision = wall(perhaps_known, {**OUT, "name": "any"}).ask(tcp("A", NOWHERE, HERE))
    assert (decision.verdict, decision.reason) == (UNKNOWN, Reason.NO_INTERFACE)


def test_a_mirror_image_that_is_surely_refused_settles_it() -> None:
    assert wall(KNOWN).ask(tcp("A", NOWHERE, HERE)).verdict == DROP
    assert wall({**KNOWN, "iif": "wan"}, WEB).ask(tcp("A", NOWHERE, HERE, ports=(80, 40000))).verdict == DROP


def test_a_reply_that_is_surely_refused_settles_it() -> None:
    assert wall({"ct_state": "established", "verdict": "drop"}, PERHAPS).ask(tcp("A", NOWHERE, HERE)).verdict == DROP


def test_a_reply_that_is_surely_admitted_settles_what_is_unknown_of_it_as_new() -> None:
    unsure = {"name": "unsure", "iif": "wan", "ct_state": "new", "verdict": "accept"}
    assert wall(unsure).ask(tcp("A", NOWHERE, HERE)).verdict == UNKNOWN
    decision = wall(KNOWN, {**OUT, "name": "any"}, unsure).ask(tcp("A", NOWHERE, HERE))
    assert (decision.verdict, decision.rule) == (ACCEPT, "any")


def test_a_port_that_was_cut_off_is_unknown() -> None:
    asked = wall(KNOWN, WEB)
    assert asked.ask(tcp(), cut=34).verdict == UNKNOWN
    assert asked.ask(udp(), cut=34).verdict == DROP
