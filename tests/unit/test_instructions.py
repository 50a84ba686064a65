"""The instructions of one rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fwsim.engine.instructions import cause_of, change, follow, is_chosen, match
from fwsim.engine.program import FALSE, MAYBE, OP_ALTER, OP_ASSIGN, OP_NAT, OP_NOTRACK, OP_SET_HELPER, TRUE
from fwsim.engine.rule_rows import INSTRUCTION, WALK
from fwsim.report.conntrack_listing import listed, record
from fwsim.tables import PACKET, empty, number_in_seen, number_of, words
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Reason
from fwsim.tracker import connections_listing
from tests.from_text import FromText, nft
from tests.matching import Firewall, packet_row, with_more

NO_WORDS = np.zeros((1, 100), np.int64)

TCP = {"proto": "tcp", "verdict": "drop"}
ALL = 0xFFFFFFFF


def truth(rule: dict[str, Any], unknown: tuple[str, ...] = (), **fields: Any) -> int:
    """The truth of a single rule, followed from its first instruction."""
    firewall = Firewall([{"verdict": "drop", **rule}])
    table = packet_row(unknown, **fields)
    firewall.memory.state[0]["sure"] = 1
    start = int(firewall.lowered.program.rules[0]["first"])
    return follow(firewall.lowered.program, firewall.memory, 0, start, table[0], words(table), 0)


@pytest.mark.parametrize(
    ("rule", "fields", "wanted"),
    [
        ({"src": "10.1.0.0/16"}, {}, TRUE),
        ({"src": "!10.1.0.0/16"}, {}, FALSE),
        ({"src": "!10.1.0.0/16"}, {"family": 6, "src": "::1", "dst": "::2"}, FALSE),
        ({"dst": ["192.0.2.1", "192.0.2.3"]}, {}, FALSE),
        ({"dst": "2001:db8::/32"}, {"family": 6, "src": "::1", "dst": "2001:db8:ffff::1"}, TRUE),
        ({**TCP, "dport": "!80"}, {"dport": 81}, TRUE),
        ({**TCP, "dport": "!80"}, {"dport": None}, FALSE),
        ({**TCP, "sport": "1000-2000"}, {}, TRUE),
        ({"tcp_flags": "syn"}, {"flags": 0x12}, TRUE),
        ({"tcp_flags": "syn / syn,ack"}, {"flags": 0x12}, FALSE),
        ({"tcp_flags": "!syn"}, {"flags": 0x10}, TRUE),
        ({"tcp_flags": "!syn"}, {"proto": 17, "flags": None}, FALSE),
        ({"icmp_type": "echo-request"}, {"proto": 1, "icmp_type": 8}, TRUE),
        ({"icmp_type": "echo-request"}, {"proto": 58, "family": 6, "icmp_type": 8}, FALSE),
        ({"icmpv6_type": "echo-request"}, {"proto": 58, "family": 6, "icmp_type": 128}, TRUE),
        ({"mark": "0x10/0xf0"}, {"mark": 0x1F}, TRUE),
        ({"mark": "!0x10/0xf0"}, {"mark": 0x1F}, FALSE),
        ({"ct_state": ["new", "established"]}, {"ct_state": 4}, FALSE),
        ({"ct_status": "assured"}, {"ct_status": 6}, TRUE),
        ({"ct_status": "!assured"}, {"ct_status": None}, FALSE),
        ({"ct_direction": "reply"}, {"ct_direction": 1}, TRUE),
        ({"vlan": 7}, {}, FALSE),
        ({"dscp": "ef"}, {"dscp": 46}, TRUE),
        ({"fragment": True}, {"fragment": 2}, TRUE),
        ({"iif": "lan", "oif": "lan"}, {}, FALSE),
    ],
)
def test_a_rule_is_true_exactly_when_all_its_matches_are(
    rule: dict[str, Any], fields: dict[str, Any], wanted: int
) -> None:
    assert truth(rule, **fields) == wanted


def test_one_false_match_outweighs_an_unknown_one_on_either_side() -> None:
    assert truth({"iif": "lan", "ttl": 1}, ("iif",)) == FALSE
    assert truth({"iif": "dmz", "ttl": 64}, ("ttl",)) == FALSE
    assert truth({"iif": "lan", "ttl": 64}, ("ttl",)) == MAYBE


def test_an_unknown_address_is_unknown_for_either_family() -> None:
    assert truth({"src": "10.0.0.0/8"}, ("src",)) == MAYBE
    assert truth({"dst": "!::/0"}, ("dst",)) == MAYBE


def test_a_set_without_elements_matches_nothing_but_its_negation_everything() -> None:
    firewall = Firewall([{"iif": "lo", "verdict": "drop"}, {"iif": "!lo", "verdict": "drop"}])
    numbers, row = firewall.lowered.program.numbers, words(packet_row())
    assert [match(step, numbers, row) for step in firewall.lowered.program.instructions] == [FALSE, TRUE]


def test_a_choice_is_a_range_of_the_masked_value() -> None:
    numbers = np.array([0, 0xF0, 0x10, 0x20, 0x0F, 5, 5], dtype=np.int64)
    assert [is_chosen(numbers, 1, 2, value) for value in (0x13, 0x2F, 0x31, 0x35)] == [1, 1, 0, 1]
    assert is_chosen(numbers, 1, 0, 0) == 0


@pytest.mark.parametrize(
    ("old", "mask", "value", "certain", "wanted"),
    [
        (7, ALL, 1, True, 1),
        (7, ALL, 1, False, UNKNOWN_VALUE),
        (1, ALL, 1, False, 1),
        (0x1234, 0x00F0, 0x0010, True, 0x1214),
        (UNKNOWN_VALUE, 0x00F0, 0x0010, True, UNKNOWN_VALUE),
        (UNKNOWN_VALUE, ALL, 3, True, 3),
        (ALL, 0x80000000, 0, True, 0x7FFFFFFF),
    ],
)
def test_a_mark_is_set_under_its_mask_and_only_if_certain(
    old: int, mask: int, value: int, certain: bool, wanted: int
) -> None:
    firewall = Firewall([{"set_mark": f"{value:#x}/{mask:#x}"}])
    row = packet_row(mark=old)
    state = firewall.memory.state[0]
    state["sure"] = int(certain)
    program = firewall.lowered.program
    assert follow(program, firewall.memory, 0, int(program.rules[0]["first"]), row[0], words(row), 0) == TRUE
    assert row[0]["mark"] == wanted


def changed_row(op: int, certain: bool, field: str = "mark", value: int = 5, **fields: Any) -> Any:
    """A packet behind one instruction, of which it is certain that the packet is there, or not."""
    step = empty(INSTRUCTION, 1)[0]
    step["op"], step["field"], step["value"] = op, number_of(PACKET, field), value
    state = empty(WALK, 1)[0]
    state["sure"] = 1
    row, matrix = with_more(packet_row(**fields))
    assert change(step, state, row[0], matrix, TRUE if certain else MAYBE, 0, 0) == TRUE
    return row[0]


def test_a_mark_of_a_connection_is_set_only_where_there_is_one() -> None:
    assert changed_row(OP_ASSIGN, True, "ct_mark")["ct_mark"] == 5
    assert changed_row(OP_ASSIGN, True, "ct_mark", ct_mark=None)["ct_mark"] == ABSENT
    assert changed_row(OP_ASSIGN, True, ct_mark=None)["mark"] == 5


def test_a_header_that_is_altered_has_its_new_value_only_if_certain_and_only_if_it_is_there() -> None:
    assert changed_row(OP_ALTER, True, "dscp")["dscp"] == 5
    assert changed_row(OP_ALTER, False, "dscp")["dscp"] == UNKNOWN_VALUE
    assert changed_row(OP_ALTER, True, "dscp", dscp=None)["dscp"] == ABSENT


def test_a_translation_is_chosen_not_done_and_perhaps_only() -> None:
    """It happens where the walk stops for it (`fwsim.engine.path`)."""
    assert changed_row(OP_NAT, True) == changed_row(OP_NAT, False)


@pytest.mark.parametrize(("state", "wanted"), [(0, 64), (1, 64), (2, 2), (8, 8), (64, 64)])
def test_notrack_takes_only_packets_without_connection(state: int, wanted: int) -> None:
    # nft_notrack_eval leaves alone what has a connection
    assert changed_row(OP_NOTRACK, True, value=0, ct_state=state)["ct_state"] == wanted


@pytest.mark.parametrize(("state", "wanted"), [(0, UNKNOWN_VALUE), (1, UNKNOWN_VALUE), (2, 2), (8, 8), (64, 64)])
@pytest.mark.parametrize("certain", [True, False])
def test_what_a_packet_is_in_another_zone_is_not_known(certain: bool, state: int, wanted: int) -> None:
    # nft_ct_set_zone_eval leaves alone what has a connection, or is exempted
    assert changed_row(OP_NOTRACK, certain, value=1, ct_state=state)["ct_state"] == wanted


@pytest.mark.parametrize(
    ("fields", "helper"),
    [
        ({"ct_status": 0, "proto": 6}, 5),
        ({"ct_status": 1, "proto": 6}, 5),
        ({"ct_status": 8, "proto": 6}, 0),
        ({"ct_status": 0, "proto": 17}, 0),
        ({"ct_status": None, "proto": 6}, 0),
        ({"ct_status": UNKNOWN_VALUE, "proto": 6}, UNKNOWN_VALUE),
    ],
    ids=["new", "expected", "confirmed", "udp", "nothing attached", "unknown"],
)
def test_a_helper_is_given_to_tcp_connections_that_are_not_confirmed_yet(fields: dict[str, Any], helper: int) -> None:
    row = changed_row(OP_SET_HELPER, True, ct_helper=0, **fields)
    assert row["ct_helper"] == helper
    assert row["ct_status"] == (
        fields["ct_status"] | 8192 if helper == 5 else -1 if fields["ct_status"] is None else fields["ct_status"]
    )


def test_a_helper_that_may_be_given_is_unknown_but_one_that_is_given_stays() -> None:
    assert changed_row(OP_SET_HELPER, False, ct_helper=0, ct_status=0, proto=6)["ct_helper"] == UNKNOWN_VALUE
    assert changed_row(OP_SET_HELPER, False, ct_helper=5, ct_status=0, proto=6)["ct_helper"] == 5


def test_a_notrack_that_may_apply_leaves_the_state_unknown() -> None:
    assert changed_row(OP_NOTRACK, False, value=0, ct_state=1)["ct_state"] == UNKNOWN_VALUE
    assert changed_row(OP_NOTRACK, False, value=0, ct_state=8)["ct_state"] == 8


@pytest.mark.parametrize(
    ("field", "unknown", "fragment", "wanted"),
    [
        ("iif", [], 0, Reason.NO_INTERFACE),
        ("oif", [], 1, Reason.NO_INTERFACE),
        ("ct_status", [], 0, Reason.TENTATIVE),
        ("sport", [], 0, Reason.CUT),
        ("sport", [], 1, Reason.CUT),
        ("mark", ["oif"], 0, Reason.NO_INTERFACE),
        ("mark", [], 0, Reason.CUT),
    ],
)
def test_the_cause_of_an_unknown_field(field: str, unknown: list[str], fragment: int, wanted: Reason) -> None:
    state = empty(WALK, 1)[0]
    assert cause_of(number_of(PACKET, field), packet_row(unknown, fragment=fragment)[0], state, NO_WORDS) == wanted


@pytest.mark.parametrize("side", ["sport", "dport"])
def test_where_a_protocol_has_no_ports_what_stands_there_is_not_simulated_and_not_cut(side: str) -> None:
    state, field = empty(WALK, 1)[0], number_in_seen(f"th_{side}")
    esp, cut = packet_row(proto=50, sport=None, dport=None)[0], packet_row([side], proto=6)[0]
    assert cause_of(field, esp, state, NO_WORDS) == Reason.NOT_SIMULATED
    assert cause_of(field, cut, state, NO_WORDS) == Reason.CUT


@pytest.mark.parametrize(("field", "lost"), [("mark", "lost"), ("ct_mark", "lost_ct")])
def test_a_mark_that_a_rule_has_made_unknown_is_not_simulated(field: str, lost: str) -> None:
    state = empty(WALK, 1)[0]
    state[lost] = 1
    assert cause_of(number_of(PACKET, field), packet_row()[0], state, NO_WORDS) == Reason.NOT_SIMULATED


HASH = "jhash ip saddr mod 4"


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        (f"ct mark set {HASH}\nct mark 3 drop", "1"),
        (f"meta mark set {HASH}\nmeta mark 3 drop", "1"),
        (f"udp sport 9 drop\nct mark set {HASH}\nmeta mark set ct mark\nmeta mark 3 drop", "2"),
        (f"meta mark set {HASH}\nct mark set meta mark & 1\nct mark 1 drop", "1"),
        (f"meta mark set {HASH}\nmeta mark 3 ct mark set 5\nct mark 5 drop", "1"),
        (f"ct mark set {HASH}\nct mark set 3\nmeta cgroup 1 ct mark set 4\nct mark 4 drop", "3"),
    ],
)
def test_an_unknown_mark_names_the_rule_that_made_it_so(rules: str, rule: str) -> None:
    decision = FromText(nft(rules, policy="accept")).decide()
    assert (decision.verdict.name, decision.reason, decision.rule) == ("UNKNOWN", Reason.NOT_SIMULATED, rule)


def test_the_unknown_mark_of_a_connection_names_it_to_later_packets_too() -> None:
    rules = f"udp sport 9 drop\nmeta length > 200 ct mark set {HASH}\nmeta length > 200 accept\nct mark 3 accept"
    firewall = FromText(nft(rules))
    assert firewall.accepts(length=300)
    for _ in range(2):
        decision = firewall.decide(1, length=100)
        assert (decision.verdict.name, decision.reason, decision.rule) == ("UNKNOWN", Reason.NOT_SIMULATED, "2")
    assert firewall.accepts(2, sport=3001) is False
    (tracked,) = [one for one in connections_listing(firewall.simulator.stateful.tracker) if one["mark"] < 0]
    assert " mark=? " in listed(tracked, 0)
    assert record(tracked, 0)["mark"] is None


def test_a_rule_that_there_is_not_is_not_to_blame() -> None:
    firewall = FromText(nft("meta length > 200 accept\nct mark 3 accept"))
    assert firewall.accepts(length=300)
    firewall.simulator.stateful.settle()
    firewall.simulator.stateful.mode.tracker.connections["mark"][:] = UNKNOWN_VALUE - 1000
    assert firewall.decide(1, length=100).reason == Reason.TENTATIVE
