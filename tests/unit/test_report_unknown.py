"""What unknown verdicts hang on: one line for each construct, with the rule that asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fwsim.capture.crafting import Ip, in_pieces
from fwsim.naming import Naming, RuleNames
from fwsim.report.unknown import COUNTING, NAT, Hanging, Unknowns, construct_of, rules_with_limit
from fwsim.terms import Reason
from tests.deciding import (
    EDGE,
    HERE,
    KNOWN,
    NOWHERE,
    OWN,
    PERHAPS,
    THERE,
    UNKNOWN_INTERFACE,
    Rules,
    Wall,
    back,
    tcp,
    udp,
)
from tests.natted import HOST, PEER, PUBLIC, Gateway
from tests.playbook_sctp import endless

SCTP = 132
MANY = "SCTP packets of very many chunks"
BOTH = ("stateless", "stateful")
FEW: dict[str, Any] = {"name": "few", "iif": "lan", "limit": {"rate": "1/hour", "burst": 5}, "verdict": "accept"}


def unknowns(wall: Wall, modes: tuple[str, ...] = ("stateful",), files: tuple[str, ...] = ("x.pcap",)) -> Unknowns:
    """A count of what a wall decides."""
    limited = {str(mode): rules_with_limit(lowered) for mode, lowered in wall.simulator.lowered.items()}
    naming = replace(wall.naming, files=files)
    return Unknowns(modes, naming, {"stateful": "r.yaml", "stateless": "s.yaml"}, limited)


def lines(rules: Rules, *packets: Any, modes: tuple[str, ...] = ("stateful",), **document: Any) -> list[str]:
    """The lines after these packets; a pair is a packet and how it is brought."""
    wall = Wall(rules, **document)
    counted = unknowns(wall, modes)
    for one in packets:
        packet, how = one if isinstance(one, tuple) else (one, {})
        wall.ask(packet, **how)
        counted.add(wall.batch)
    return counted.lines()


@pytest.mark.parametrize(
    ("packet", "construct"),
    [
        (Ip(HERE, THERE, SCTP, endless()), MANY),
        ((tcp(), {"cut": 34}), "what the capture cut off"),
    ],
    ids=["SCTP", "cut"],
)
def test_a_ct_state_that_is_not_known_names_its_construct_and_the_rule_that_asked(packet: Any, construct: str) -> None:
    told = f'{construct}, first packet 1, asked for by rule "known" (r.yaml)'
    assert lines(EDGE, packet) == [f"1 packet hangs on {told}"]


def test_a_datagram_of_which_a_fragment_was_cut_hangs_on_what_was_cut_off() -> None:
    first, second = in_pieces(udp(data=100), 64)
    told = '1 packet hangs on what the capture cut off, first packet 2, asked for by rule "known" (r.yaml)'
    assert lines(EDGE, (first, {"cut": 36}), second) == [told]


def test_packets_are_counted_by_construct_and_the_first_is_named() -> None:
    cut, many = (tcp(), {"cut": 34}), Ip(HERE, THERE, SCTP, endless())
    assert lines(EDGE, tcp(), many, tcp("A"), many, cut, many) == [
        f'3 packets hang on {MANY}, first packet 2, asked for by rule "known" (r.yaml)',
        '1 packet hangs on what the capture cut off, first packet 5, asked for by rule "known" (r.yaml)',
    ]


def test_nothing_unknown_is_nothing_to_tell() -> None:
    assert lines(EDGE, tcp(), tcp("S", THERE, HERE)) == []


def test_a_limit_that_lost_count_is_named_with_its_rule() -> None:
    """The first packet may have been accepted ahead of the limit, so nobody knows what it took."""
    assert lines([{**KNOWN, "verdict": "drop"}, FEW], Ip(HERE, THERE, SCTP, endless()), tcp(), udp()) == [
        f'1 packet hangs on {MANY}, first packet 1, asked for by rule "known" (r.yaml)',
        '2 packets hang on the limit of rule "few" (r.yaml), first packet 2',
    ]


def test_two_limits_are_two_constructs() -> None:
    rules = [
        {**KNOWN, "verdict": "drop"},
        {**FEW, "proto": ["tcp", "sctp"]},
        {key: FEW[key] for key in FEW if key != "name"},
    ]
    assert lines(rules, Ip(HERE, THERE, SCTP, endless()), tcp(), udp())[1:] == [
        '1 packet hangs on the limit of rule "few" (r.yaml), first packet 2',
        "1 packet hangs on the limit of rule 3 of rules (r.yaml), first packet 3",
    ]


def test_a_connection_that_may_not_be_there_is_a_construct() -> None:
    answer = tcp("SA", NOWHERE, HERE, ports=(443, 40000), seq=5000, ack=1001)
    assert lines([KNOWN, PERHAPS], tcp("S", HERE, NOWHERE), answer) == [
        '1 packet hangs on an interface that is not known, first packet 1, asked for by rule "perhaps" (r.yaml); '
        "--interface NAME=CIDR or --topology FILE tells what lies where",
        "1 packet hangs on a connection that may not be there, since the verdict on its opening is unknown, "
        "first packet 2",
    ]


def test_a_packet_is_counted_once_for_both_modes() -> None:
    rules = [KNOWN, {**UNKNOWN_INTERFACE, "verdict": "accept"}]
    told = lines(rules, tcp("S", HERE, NOWHERE), modes=BOTH)
    who = 'rule "perhaps" (s.yaml) and 1 other rule'
    advice = "--interface NAME=CIDR or --topology FILE tells what lies where"
    assert told == [f"1 packet hangs on an interface that is not known, first packet 1, asked for by {who}; {advice}"]


def test_a_notrack_rule_that_may_apply_is_a_construct_in_both_modes() -> None:
    chains: Rules = {
        "raw": {"hook": "output", "priority": "raw", "rules": [{**UNKNOWN_INTERFACE, "notrack": True}]},
        "out": {"hook": "output", "policy": "drop", "rules": [{"name": "new", "ct_state": "new", "verdict": "accept"}]},
    }
    for mode, file in (("stateful", "r.yaml"), ("stateless", "s.yaml")):
        told = lines(chains, udp(OWN, NOWHERE), modes=(mode,), local=[OWN])
        expected = f'a notrack rule that may or may not apply, first packet 1, asked for by rule "new" ({file})'
        assert told == [f"1 packet hangs on {expected}"]


def test_a_mark_that_may_be_set_is_a_construct() -> None:
    rules = [
        {**UNKNOWN_INTERFACE, "ct_state": "new", "set_ct_mark": 5},
        {"name": "marked", "ct_mark": 5, "verdict": "drop"},
        {"verdict": "accept"},
    ]
    assert lines(rules, tcp("S", HERE, NOWHERE)) == [
        '1 packet hangs on a mark that may or may not be set, first packet 1, asked for by rule "marked" (r.yaml)'
    ]


def test_what_stands_where_a_protocol_has_no_ports_is_no_mark() -> None:
    part = Hanging(*(0 for _ in Hanging._fields))._replace(reason=int(Reason.NOT_SIMULATED), rule=1)
    assert construct_of(part, "stateful", has_limit=False) == "a mark that may or may not be set"
    esp = part._replace(no_ports=1)
    assert construct_of(esp, "stateful", has_limit=False) == "something that is not simulated"


def test_only_selected_rows_are_counted() -> None:
    wall = Wall(EDGE)
    counted = unknowns(wall)
    wall.ask(Ip(HERE, THERE, SCTP, endless()))
    counted.add(wall.batch, np.array([], dtype=np.intp))
    assert counted.lines() == []
    counted.add(wall.batch, np.array([0]))
    assert len(counted.lines()) == 1


def test_with_several_captures_the_first_packet_is_named_with_its_file() -> None:
    wall = Wall(EDGE)
    counted = unknowns(wall, files=("a.pcap", "b\x1b.pcap"))
    wall.ask(Ip(HERE, THERE, SCTP, endless()))
    wall.batch.frames["file"] = 1
    counted.add(wall.batch)
    assert "first packet b\\x1b.pcap:1," in counted.lines()[0]


def test_a_hostile_name_is_written_out_harmlessly() -> None:
    wall = Wall(EDGE)
    lowered = wall.simulator.lowered["stateful"]
    lowered.rules[0] = replace(lowered.rules[0], name="\x1b[31m", line=7)
    naming = Naming(["x"], [], {"stateful": RuleNames(lowered.rules, lowered.chains)})
    counted = Unknowns(("stateful",), naming, {"stateful": "r\n.yaml"}, {"stateful": frozenset()})
    wall.ask(Ip(HERE, THERE, SCTP, endless()))
    counted.add(wall.batch)
    assert counted.lines()[0].endswith('asked for by rule "\\x1b[31m" (r\\n.yaml:7)')


def test_the_rules_with_a_limit_are_found() -> None:
    lowered = Wall([KNOWN, FEW, {"set_mark": 1}, {"limit": "1/second"}]).simulator.lowered["stateful"]
    assert rules_with_limit(lowered) == {1, 3}


def test_what_translation_lacks_is_said_where_something_hangs_on_it() -> None:
    gate = Gateway(own=[])
    paths = {"stateful": "r.nft"}
    told = [Unknowns(("stateful",), gate.naming, paths, {"stateful": frozenset()}, lacks) for lacks in ("", "tell\x1b")]
    for packet in (tcp("S", HOST, PEER), tcp("SA", PEER, PUBLIC, ports=(443, 7))):
        gate.ask(packet)
        for counted in told:
            counted.add(gate.batch)
    (plain,), (advised,) = (counted.lines() for counted in told)
    assert plain.startswith("1 packet hangs on an address or a port that was translated, to or from what is not known")
    assert advised == f"{plain}; tell\\x1b"


def test_the_answer_to_a_known_connection_hangs_on_nothing() -> None:
    assert lines(EDGE, tcp(), back()) == []


@pytest.mark.parametrize("reason", [Reason.NOT_COUNTED, Reason.ENTRIES_FULL])
def test_what_could_not_be_counted_is_said(reason: Reason) -> None:
    part = Hanging(*(0 for _ in Hanging._fields))._replace(reason=int(reason))
    assert construct_of(part, "stateless", has_limit=True) in COUNTING.values()


def test_a_translation_that_is_not_known_is_said() -> None:
    part = Hanging(*(0 for _ in Hanging._fields))._replace(reason=int(Reason.TRANSLATED), no_ct_state=1)
    assert construct_of(part, "stateful", has_limit=True) == NAT


def test_an_icmp_error_whose_quote_was_cut_hangs_on_what_was_cut_off() -> None:
    part = Hanging(*(0 for _ in Hanging._fields))._replace(reason=int(Reason.CUT), rule=7, no_ct_state=1)
    assert construct_of(part, "stateful", has_limit=False) == "what the capture cut off"
