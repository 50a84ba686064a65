"""Packets and conversations, played to a firewall that has seen nothing, and compared with what is expected.

Read first: `model.Step`, `speaking`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NoReturn

from fwsim.capture.crafting import SCTP
from fwsim.errors import RulesetError
from fwsim.expectations.expected import Difference, Expected, differences, expected_of
from fwsim.expectations.facts import ABSENT, PRESENT, Remembered
from fwsim.expectations.lines import Spoken
from fwsim.expectations.model import Case, Step
from fwsim.expectations.preparing import Prepared
from fwsim.expectations.reading import placed
from fwsim.expectations.results import CaseResult, Failure, Reached
from fwsim.expectations.simulated import Entry, SimulatedFirewall
from fwsim.expectations.speaking import Speaker
from fwsim.expectations.stage import START_NS, Sent, Stage
from fwsim.simulator import MODES, Simulator
from fwsim.tables import RULE_POLICY, plain
from fwsim.terms import CtStatus, SctpState, TcpState, Verdict

LATEST = 1 << 62
"""The latest time of a packet, in ns since 1970."""
FAILURES_TOLD = 10
"""Of one case; the others are counted."""


def play(case: Case, number: int, prepared: Prepared, title: str) -> CaseResult:
    """Play a case with packets of its own, the case of this number in its file."""
    return _Play(case, number, prepared).result(title)


class _Play:
    """One case on its way."""

    def __init__(self, case: Case, number: int, prepared: Prepared) -> None:
        self.case = case
        self.number = number
        self.file = prepared.file
        self.firewall = SimulatedFirewall(prepared.simulator)
        self.naming = prepared.naming
        start = START_NS if case.time is None else case.time
        self.stage = Stage(self.firewall, ground=self.firewall.ground, start_ns=start)
        self.speaker = Speaker(self.stage)
        self.decided: set[tuple[str, int]] = set()
        self.failures: list[Failure] = []
        self.more = 0
        self.packets = 0

    def result(self, title: str) -> CaseResult:
        """Play it all."""
        inherited = expected_of(self.case)
        if self.case.packet is not None:
            self._say(self.case.packet, inherited, self.case.location.line)
        for at, step in enumerate(self.case.conversation or ()):
            self._pass_time(step, at)
            line = placed(self.file, ("cases", self.number, "conversation", at), "").line
            if step.packet is not None:
                self._repeat(step, step.packet, expected_of(step, inherited), line)
            elif step.connection is not None:
                self._look(step.connection, line)
        reached = frozenset(self.decided) | reached_by(self.firewall.simulator)
        path = self.file.location.path
        return CaseResult(self.case, path, title, tuple(self.failures), self.packets, self.more, reached)

    def _pass_time(self, step: Step, at: int) -> None:
        """Let time pass before a step."""
        if step.after is not None:
            self.stage.after(step.after / 1e9)
        if step.at is not None:
            try:
                self.stage.at(step.at / 1e9)
            except ValueError:
                since = (self.stage.now_ns - self.stage.start_ns) / 1e9
                self._refuse_time(at, "at", f"it is {since:g} s by then already: expected a later time")
        if self.stage.now_ns + step.repeat * (step.every or 0) > LATEST:
            key = "every" if step.every else "at" if step.at is not None else "after"
            self._refuse_time(at, key, "later than any capture can be: expected an earlier time")

    def _refuse_time(self, at: int, key: str, what: str) -> NoReturn:
        """Raise the mistake in the time of a step."""
        raise RulesetError([placed(self.file, ("cases", self.number, "conversation", at, key), what)]) from None

    def _repeat(self, step: Step, packet: Spoken, expected: Expected, line: int) -> None:
        """Send the packets of a step as often as it says."""
        for time in range(step.repeat):
            if time and step.every is not None:
                self.stage.after(step.every / 1e9)
            self._say(packet, expected, line)

    def _say(self, packet: Spoken, expected: Expected, line: int) -> None:
        """Send what a line says, and compare each packet."""
        for sent in self.speaker.speak(packet):
            self._compare(sent, expected, line)

    def _compare(self, sent: Sent, expected: Expected, line: int) -> None:
        """Compare what was decided about a packet."""
        batch = self.firewall.batch
        if sent.decision is None or batch is None:
            return
        for mode in MODES:
            number = decider(plain(batch.decisions(mode)[0]), len(self.naming.rules[mode].rules))
            if number is not None:
                self.decided.add((mode, number))
        if not expected:
            return
        self.packets += 1
        found = differences(expected, batch, 0, self.naming)
        if found:
            self._fail(sent.text, sent.number, line, found)

    def _look(self, wanted: Remembered, line: int) -> None:
        """Compare what is remembered of the conversation."""
        conversation = self.speaker.current
        assert conversation is not None
        self.packets += 1
        entry = self.firewall.connection(conversation.key, self.stage.now_ns)
        found = list(complaints(wanted, entry, conversation.proto))
        if found:
            self._fail("the connection", self.stage.decided, line, found)

    def _fail(self, what: str, number: int | None, line: int, found: list[Difference]) -> None:
        """Note a failure; the first is explained."""
        if len(self.failures) == FAILURES_TOLD:
            self.more += 1
            return
        told = self.firewall.explained(number) if number and not self.failures else ""
        self.failures.append(Failure(what, line, tuple(found), told))


def complaints(wanted: Remembered, entry: Entry | None, proto: int) -> Iterator[Difference]:
    """What is not as expected of a connection."""
    if entry is None:
        if wanted.state != (ABSENT,):
            yield Difference("stateful", "connection", " or ".join(wanted.state or (PRESENT,)), ABSENT)
        return
    name = (SctpState if proto == SCTP else TcpState)(entry.state).name
    if wanted.state is not None and name not in wanted.state and PRESENT not in wanted.state:
        yield Difference("stateful", "connection", " or ".join(wanted.state), name if entry.state else PRESENT)
    for fact, bit in (("assured", CtStatus.ASSURED), ("seen_reply", CtStatus.SEEN_REPLY)):
        asked = getattr(wanted, fact)
        if asked is not None and asked != bool(entry.status & bit):
            yield Difference("stateful", fact, str(asked).lower(), str(not asked).lower())
    if wanted.timeout is not None and round(entry.timeout) != round(wanted.timeout / 1e9):
        yield Difference("stateful", "timeout", f"{wanted.timeout / 1e9:g} s", f"{entry.timeout:g} s")


def reached_by(simulator: Simulator) -> Reached:
    """The rules that have applied to a packet, decided or not, and the policies that have let one go on.

    A policy that drops is reached where it decides only: the stateless mode may go on behind it, to the mirror image.
    """
    found = set()
    simulator.stateless.settle()
    simulator.stateful.settle()
    for mode in MODES:
        run = simulator.stateless if mode == "stateless" else simulator.stateful
        lowered = simulator.lowered[mode]
        rules = len(lowered.rules)
        for number in run.mode.course.memory.hits.nonzero()[0].tolist():
            if number < rules or lowered.chains[number - rules].policy != Verdict.DROP:
                found.add((mode, number))
    return frozenset(found)


def decider(decision: Mapping[str, int], rules: int) -> int | None:
    """The rule or the policy that has decided, by its number among the hits of so many rules."""
    if decision["rule"] == RULE_POLICY and decision["chain"] >= 0:
        return rules + decision["chain"]
    return decision["rule"] if decision["rule"] >= 0 else None
