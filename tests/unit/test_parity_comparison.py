"""Two firewalls compared: what counts as a difference, and that all of them are counted."""

from __future__ import annotations

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether

from fwsim.capture import from_scapy
from fwsim.kernel import Answer
from fwsim.parity import Comparison, compare_firewalls
from fwsim.parity.comparison import SHOWN, Table
from fwsim.result import Result
from fwsim.ruleset import Ruleset
from fwsim.simulator import Batch, Simulator
from fwsim.terms import UNKNOWN_VALUE, Proto, Verdict

RULES = Ruleset.model_validate(
    {"policy": "accept", "rules": [{"name": "no telnet", "proto": "tcp", "dport": 23, "verdict": "drop"}]}
)
TRAFFIC = [
    IP(dst="192.0.2.1") / TCP(dport=23),
    IP(dst="192.0.2.1") / TCP(dport=80),
    IP(dst="192.0.2.1") / UDP(dport=53),
    IP(dst="192.0.2.1") / ICMP(),
]


class Other:
    """A firewall that decides like the simulator but for what `spoil` does to its decisions."""

    def __init__(self, left_out: dict[int, str] | None = None, **spoil: tuple[list[int], int]) -> None:
        self.simulator = Simulator(RULES)
        self.left_out = left_out or {}
        self.spoil = spoil

    def answer(self, batch: Batch, /) -> Answer:
        decisions: Table = self.simulator.run(batch.chunk).stateful
        for name, (rows, value) in self.spoil.items():
            decisions[name][rows] = value
        return Answer(decisions, self.left_out, invalid={1: "bad checksum"})


def compared(other: Other, packets: list[object] | None = None) -> Comparison:
    return compare_firewalls(Result(from_scapy(packets or TRAFFIC), Simulator(RULES)), other)


def test_equal_decisions_agree() -> None:
    found = compared(Other())
    assert found.agrees
    assert not found.differences
    assert found.packets == found.compared == {Proto.TCP: 2, Proto.UDP: 1, Proto.ICMP: 1}


def test_another_verdict_is_a_difference_with_both_decisions() -> None:
    found = compared(Other(verdict=([1], int(Verdict.DROP))))
    assert found.differing == {Proto.TCP: 1}
    (difference,) = found.differences
    assert (difference.number, difference.fields) == (2, ("verdict",))
    assert difference.words == "bad checksum"
    assert (difference.ours["verdict"], difference.theirs["verdict"]) == (Verdict.ACCEPT, Verdict.DROP)


def test_the_same_verdict_by_another_rule_is_a_difference() -> None:
    assert compared(Other(rule=([0], 5))).differences[0].fields == ("rule",)


def test_frames_that_the_other_was_not_given_are_not_compared() -> None:
    found = compared(Other({0: "not IP", 2: "cut"}, verdict=([0, 2], int(Verdict.DROP))))
    assert found.agrees
    assert found.compared == {Proto.TCP: 1, Proto.ICMP: 1}
    assert found.left_out == {"not IP": 1, "cut": 1}


def test_what_the_simulator_does_not_know_is_counted_and_is_no_difference() -> None:
    batch = next(iter(Result(from_scapy(TRAFFIC), Simulator(RULES))))
    theirs = Answer(batch.stateful.copy())
    batch.stateful["verdict"][0] = Verdict.UNKNOWN
    found = Comparison()
    found.add(batch, theirs)
    assert found.agrees
    assert found.unknown == {Proto.TCP: 1}


def test_all_differences_are_counted_and_the_first_are_kept() -> None:
    packets = [IP(dst="192.0.2.1") / UDP(dport=port) for port in range(1, 101)]
    found = compared(Other(verdict=(list(range(30, 100)), int(Verdict.DROP))), packets)
    assert found.differing == {Proto.UDP: 70}
    assert [one.number for one in found.differences] == list(range(31, 31 + SHOWN))


def test_frames_that_are_not_ip_are_counted_apart() -> None:
    found = compared(Other(), [Ether() / ARP()])
    assert found.packets == {-1: 1}


class Unsure(Other):
    """The simulator that compares with this one does not know the ct state of a packet."""

    def answer(self, batch: Batch, /) -> Answer:
        batch.stateful["ct_state"][1] = UNKNOWN_VALUE
        return super().answer(batch)


def test_a_ct_state_that_is_not_known_is_unknown_and_no_difference() -> None:
    found = compared(Unsure())
    assert found.agrees
    assert found.unknown == {Proto.TCP: 1}


def test_another_verdict_differs_though_the_ct_state_is_not_known() -> None:
    found = compared(Unsure(verdict=([1], int(Verdict.DROP))))
    assert not found.agrees
    assert not found.unknown


def test_what_the_kernel_could_not_take_is_told_apart_from_what_it_was_not_given() -> None:
    batch = next(iter(Result(from_scapy(TRAFFIC), Simulator(RULES))))
    found = Comparison()
    found.add(batch, Answer(batch.stateful.copy(), {0: "not IP"}, failed={1: "Message too long"}))
    assert found.left_out == {"not IP": 1, "that it could not take (Message too long)": 1}
    assert found.compared.total() == len(TRAFFIC) - 2
