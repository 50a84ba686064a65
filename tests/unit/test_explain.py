"""Explanations: what is told of a packet, that it agrees with what is decided, and that telling changes nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fwsim
from fwsim.capture import Input, open_captures
from fwsim.capture.crafting import Ip, in_pieces
from fwsim.explain import explain
from fwsim.explain.waiting import WAITING
from fwsim.naming import Naming, RuleNames
from fwsim.result import compare
from fwsim.simulator import MODES, Batch, Simulator
from fwsim.tables import DECISION, empty, plain
from fwsim.terms import Verdict, word
from tests.deciding import (
    EDGE,
    HERE,
    HERE6,
    KNOWN,
    NOWHERE,
    THERE,
    THERE6,
    UNKNOWN_INTERFACE,
    Wall,
    error_about,
    handshake,
    icmp,
    later,
    tcp,
    udp,
)
from tests.explaining import told
from tests.playbook_sctp import endless

ROOT = Path(__file__).parent.parent.parent
OFFICE = str(ROOT / "rulesets" / "office.yaml")
OFFICE_CAPTURE = str(ROOT / "pcaps" / "office.pcapng")


def explained(path: str, wanted: Any, limit: int | None = None) -> tuple[dict[int, str], list[Batch]]:
    """The explanations of some packets of a capture (by number), and all batches, decided packet by packet."""
    simulator = Simulator(fwsim.load_ruleset(OFFICE), key=1)
    captures = open_captures([Input(path)], limit=limit)
    names = {str(mode): RuleNames(simulator.lowered[mode].rules, simulator.lowered[mode].chains) for mode in MODES}
    naming = Naming([path], simulator.topology.names, names)
    texts, batches = {}, []
    for chunk in captures:
        simulator.topology.locate(captures, chunk)
        batch = Batch(chunk, empty(DECISION, len(chunk)), empty(DECISION, len(chunk)))
        for row, number in enumerate(chunk.frames["number"].tolist()):
            if wanted(number):
                texts[number] = explain(simulator, batch, row, naming)
            else:
                simulator.step(batch, row)
        batches.append(batch)
    return texts, batches


def test_a_reset_out_of_the_window_is_told_with_its_numbers() -> None:
    """Packet 106 of the office: a blind reset, 900,000 beyond the one number that closes."""
    texts, _ = explained(OFFICE_CAPTURE, lambda number: number == 106, limit=106)
    text = re.sub(r" +", " ", texts[106])
    assert text.startswith("Packet 106 08:01:19.037293 wan -> lan IP 203.0.113.89.443 > 10.1.4.74.33004: Flags [R],")
    for line in (
        'STATEFUL drop, by rule "broken" (line 17)',
        "tracking belongs to the connection opened by packet 86, last seen in 105; reply direction",
        "ESTABLISHED, ASSURED, 432000 s left",
        "ct state invalid: its sequence number lies beyond the window that the receiver has granted (bound I)",
        'the kernel\'s words: "SEQ is over upper bound (over the window of the receiver)"',
        "window expected next 3,570,906,448 exactly here a RST closes the connection",
        "window ends at 3,570,970,704 +64,256 bound I: no data may begin beyond",
        "Linux tolerates to 3,571,034,959 +128,511 one more window of the receiver",
        "this packet 3,571,806,448 +900,000 to 3,571,806,448: beyond the window (bound I)",
        "forward 16 replies ct_state is invalid, wants [established, related] no",
        "17 broken all of it matches yes -> drop",
        "afterwards ESTABLISHED, ASSURED, 432000 s left: unchanged",
        'STATELESS accept, by the mirror of rule "staff web" (line 18)',
        "mirror 16 replies ct_state is new, wants [established, related] no",
        "18 staff web all of it matches yes -> accept",
        "as reply 16 replies all of it matches yes -> accept",
        "evidence rst-out-of-window: a reset whose numbers lie outside the window: a guess",
    ):
        assert f" {line}\n" in text.replace("\nST", "\n ST"), line


def test_a_refused_opening_is_told_with_every_rule_that_did_not_let_it_in() -> None:
    text = told(Wall(EDGE), tcp("S", THERE, HERE, ports=(4000, 22)))
    assert "STATEFUL drop, by policy of rules\n" in text
    assert "tracking no connection is known for it: it would open one\n ct state new\n" in text
    assert "- out iif is wan, wants lan no\n" in text
    assert "policy of rules -> drop\n" in text
    assert "afterwards nothing: a refused packet opens no connection\n" in text
    assert "mirror it cannot be a reply (no ACK and no RST): no mirror image is tried\n" in text
    assert text.endswith("evidence none\n")


def test_what_follows_a_refused_opening_names_the_packet_that_was_refused() -> None:
    wall = Wall(EDGE)
    wall.ask(tcp("S", THERE, HERE, ports=(4000, 22)))
    text = told(wall, tcp("SA", HERE, THERE, ports=(22, 4000), seq=1, ack=1001))
    assert "ct state invalid: there is no connection, and such a packet cannot open one\n" in text
    assert "evidence follows-denied: it follows an opening that was refused\n" in text
    assert "evidence packet 1 tried to open this conversation and was refused\n" in text


def test_an_icmp_error_names_the_connection_that_it_is_about() -> None:
    wall = Wall(EDGE)
    handshake(wall)
    text = told(wall, error_about(tcp("A", seq=1001, ack=5001), NOWHERE))
    assert "tracking quotes a packet of the connection opened by packet 1, last seen in 3; reply direction\n" in text
    assert "ct state related: an ICMP error about a packet of a known connection\n" in text
    assert "as related - known all of it matches yes -> accept\n" in text


@pytest.mark.parametrize(
    ("error", "reason", "evidence"),
    [
        (
            later(error_about(tcp("A", seq=1001, ack=5001), NOWHERE), dst="10.1.0.9"),
            "an ICMP error that is not addressed to the sender of the packet it quotes",
            "it reports an error, but not to the sender of the packet it quotes",
        ),
        (
            icmp(3, NOWHERE, HERE),
            "an ICMP error whose quoted packet cannot be read",
            "it reports an error, but the packet it quotes cannot be read",
        ),
        (
            error_about(tcp("A", ports=(1, 443)), NOWHERE),
            "an ICMP error about a packet of no known connection",
            "it reports an error about a packet of no known connection",
        ),
    ],
    ids=["wrong target", "bad quote", "unmatched"],
)
def test_tracking_and_evidence_agree_on_what_is_wrong_with_an_icmp_error(
    error: Any, reason: str, evidence: str
) -> None:
    wall = Wall(EDGE)
    handshake(wall)
    text = told(wall, error)
    assert f"ct state invalid: {reason}\n" in text
    assert f"evidence icmp-error-without-connection: {evidence}\n" in text


def test_a_rule_without_a_name_is_called_a_rule_once() -> None:
    text = told(Wall([{"proto": "tcp", "verdict": "accept"}]), tcp())
    assert "STATEFUL accept, by rule 1 of rules\n" in text


@pytest.mark.parametrize(
    ("packet", "cut", "why"),
    [
        (Ip(HERE, THERE, 132, endless()), None, "it hangs on something that is not simulated"),
        (tcp(), 34, "the capture cut off the bytes that a rule or tracking would need"),
    ],
    ids=["SCTP", "cut"],
)
def test_a_ct_state_that_is_not_known_is_told_with_its_own_reason(packet: Any, cut: int | None, why: str) -> None:
    assert f'STATEFUL unknown: {why} (at rule "known")\n' in told(Wall(EDGE), packet, cut=cut)


def test_a_limit_that_lost_count_is_told_as_such() -> None:
    wall = Wall([{**UNKNOWN_INTERFACE, "limit": {"rate": "1/hour", "burst": 2}, "verdict": "accept"}])
    wall.ask(tcp("S", HERE, NOWHERE))
    assert 'STATEFUL unknown: what is left of the rule\'s limit is not known (at rule "perhaps")' in told(wall, tcp())


def test_neighbour_discovery_is_told_to_be_untracked() -> None:
    text = told(Wall(EDGE), icmp(135, HERE6, THERE6))
    assert "ct state untracked: neighbour discovery and multicast listener messages are never tracked\n" in text
    assert "untracked - known ct_state is untracked, wants [established, related] no\n" in text


def test_a_frame_that_is_not_evaluated_meets_no_rule() -> None:
    text = told(Wall(EDGE), tcp(bad_header_checksum=True))
    sentence = "the IPv4 header checksum is wrong: the stack discards it before any rule"
    assert f"STATEFUL not evaluated: {sentence}\n\nSTATELESS not evaluated: {sentence}\n" in text


def test_what_is_not_known_is_told_where_it_mattered() -> None:
    wall = Wall([KNOWN, {**UNKNOWN_INTERFACE, "verdict": "accept"}])
    text = told(wall, tcp("S", HERE, NOWHERE))
    why = "a rule asks for an interface that is not known for this packet"
    assert f'STATEFUL unknown: {why} (at rule "perhaps")\n' in text
    assert "- perhaps oif is not known, wants wan perhaps\n" in text
    assert "perhaps not there (the verdict on its opening is unknown)" in text
    answer = told(wall, tcp("SA", NOWHERE, HERE, ports=(443, 40000), seq=5, ack=1001))
    assert "unknown: the packet that opened its connection has an unknown verdict, and it matters here\n" in answer


def test_a_packet_that_was_cut_tells_so() -> None:
    text = told(Wall(EDGE), tcp(), cut=34)
    assert "ct state not known: the capture cut off the bytes that a rule or tracking would need\n" in text
    assert "- known ct_state is not known, wants [established, related] perhaps\n" in text
    assert "evidence cut: the capture cut off a part of its headers\n" in text


def test_invalid_without_evidence_is_no_contradiction() -> None:
    wall = Wall(EDGE)
    wall.ask(tcp("S"))
    text = told(wall, tcp("SA", THERE, HERE, ports=(443, 40000), seq=1, ack=999, options=b"", offset=4))
    assert "ct state invalid" in text
    assert "evidence none, although tracking calls it invalid\n" in text or "evidence bad-length" in text


@pytest.mark.parametrize("letters", ["\x1b[31mred", "two\nlines", "\u202eback"])
def test_hostile_names_are_written_out_harmlessly(letters: str) -> None:
    """A ruleset refuses them, but names may come from elsewhere."""
    wall = Wall([{"name": "x", "verdict": "drop"}])
    for lowered in wall.simulator.lowered.values():
        lowered.rules[0] = replace(lowered.rules[0], name=letters)
        lowered.chains[0] = replace(lowered.chains[0], name=letters)
    clean = told(Wall([{"name": "x", "verdict": "drop"}]), tcp())
    text = told(wall, tcp())
    assert letters not in text
    assert "\x1b" not in text
    assert text.count("\n") == clean.count("\n")


# --- agreement -------------------------------------------------------------------------------------------------

LAST_STEP = re.compile(r"-> (accept|drop|reject)$")


def last_verdict(text: str, mode: str) -> str | None:
    """The verdict of the last rule or policy that is told in a mode's part."""
    part = text.split("STATELESS")[0 if mode == "stateful" else 1]
    ends = [found[1] for line in part.splitlines() if (found := LAST_STEP.search(line))]
    return ends[-1] if ends else None


def test_explanations_agree_with_what_is_decided_and_change_nothing() -> None:
    texts, batches = explained(OFFICE_CAPTURE, lambda number: number % 50 == 0)
    result = compare(OFFICE_CAPTURE, OFFICE, key=1)
    decided = result.decisions
    for mode in MODES:
        in_steps = np.concatenate([batch.decisions(mode) for batch in batches])
        assert in_steps.tolist() == decided[mode].tolist()
    assert len(texts) == len(decided["stateful"]) // 50
    for number, text in texts.items():
        for mode in MODES:
            row = plain(decided[mode][number - 1])
            verdict = word(Verdict(row["verdict"]))
            (headline,) = [line for line in text.splitlines() if line.startswith(mode.upper())]
            assert headline.startswith(f"{mode.upper()}  {verdict.replace('_', ' ')}"), text
            if row["rule"] >= 0:
                rule = result.simulator.lowered[mode].rules[row["rule"]]
                assert f'"{rule.label}" (line {rule.line})' in headline
            if row["verdict"] != Verdict.NOT_EVALUATED and row["chain"] >= 0:
                refused_as_mirror = mode == "stateless" and verdict == "drop" and "as reply" in text
                assert refused_as_mirror or last_verdict(text, mode) == verdict, text


def test_explaining_every_packet_changes_no_decision() -> None:
    path = str(ROOT / "pcaps" / "data-injection.pcapng")
    texts, batches = explained(path, lambda number: True)
    decided = compare(path, OFFICE, key=1).decisions
    assert len(texts) == len(decided["stateful"])
    for mode in MODES:
        assert np.concatenate([batch.decisions(mode) for batch in batches]).tolist() == decided[mode].tolist()


def test_a_limit_that_is_used_up_is_told_in_both_modes() -> None:
    wall = Wall([{"name": "few", "limit": {"rate": "1/hour", "burst": 1}, "verdict": "accept"}])
    wall.ask(tcp())
    assert told(wall, tcp()).count("few limit is used up") == 2


def test_explaining_takes_a_limits_token_only_once() -> None:
    limited = [{"name": "few", "limit": {"rate": "1/hour", "burst": 2}, "verdict": "accept"}]
    wall = Wall(limited)
    assert 'by rule "few"' in told(wall, tcp())
    assert "few all of it matches" in told(wall, tcp())
    assert "- few limit is used up" in told(wall, tcp())


def test_nothing_is_remembered_where_nothing_is_tracked() -> None:
    text = told(Wall([{"proto": "tcp", "verdict": "accept"}]), tcp())
    assert "afterwards nothing: there is no connection table\n" in text


def test_a_fragment_that_waits_says_so_and_the_one_that_completes_its_datagram_tells_the_story() -> None:
    wall = Wall(EDGE)
    first, second = in_pieces(replace(udp(data=100), ip_id=9), 64)
    text = told(wall, first)
    assert "STATEFUL a fragment that waits for the rest of its datagram, " in text
    assert f"\n fragments {WAITING}\n" in text
    assert "STATELESS accept, by rule" in text
    text = told(wall, second)
    assert text.splitlines()[0].endswith("later fragment of udp, length 64")
    assert f"\n fragments completes a datagram, with 1: IP {HERE}.40000 > {THERE}.53: " in text
    assert "no connection is known for it: it opens one\n" in text
    assert "STATEFUL accept, by rule" in text
