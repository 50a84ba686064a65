"""The stage that conversations share: the clock, the firewall, the packets sent so far, and what is expected of them.

Read first: `playbook`, which tells how a script is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol, Self, runtime_checkable

from fwsim.capture.crafting import Ip, ethernet, in_pieces
from fwsim.capture.made import OUTBOUND, Frame
from fwsim.errors import UsageError
from fwsim.expectations.ground import Ground
from fwsim.ruleset.mistakes import unknown
from fwsim.terms import (
    CtState,
    CtStatus,
    Direction,
    Evidence,
    Reason,
    RejectWith,
    SctpState,
    TcpState,
    Verdict,
    evidence_words,
    word,
)

ACCEPT, DROP = Verdict.ACCEPT, Verdict.DROP
ORIGINAL, REPLY, NO_DIRECTION = Direction.ORIGINAL, Direction.REPLY, Direction.NONE

START_NS = 1_772_438_403_000_000_000
"""2026-03-02 08:00:03 UTC."""

STEP_NS = 1_000_000
"""The time from one packet to the next where the script does not say: a millisecond."""

Key = tuple[int, str, int, str, int]
"""The original tuple: protocol, source, its port (or the ICMP id), destination, its port (or type * 256 + code)."""


class Judgement(Protocol):
    """What a firewall says of one packet; `rule` by name, the numbers as in `fwsim.terms`."""

    verdict: int
    reason: int
    ct_state: int
    ct_direction: int
    tcp_state_before: int
    tcp_state: int
    evidence: int
    rule: str


class Remembered(Protocol):
    """What a firewall remembers of a connection: TCP state, `CtStatus` bits, seconds of its timeout left."""

    state: int
    status: int
    timeout: float


class Firewall(Protocol):
    """Anything that a playbook can be played against: the simulator, or a kernel."""

    def decide(self, frame: bytes, at_ns: int, interface: str) -> Judgement:
        """Judge an Ethernet frame that came in by an interface."""

    def connection(self, key: Key, at_ns: int) -> Remembered | None:
        """What is remembered of the connection with this original tuple at this time, if it is alive."""


@runtime_checkable
class Explaining(Protocol):
    """A firewall that can tell how it came to a verdict."""

    def explained(self, number: int) -> str:
        """Every step that led to the verdicts on the packet of this number, from 1 in the order of `decide`."""


class ExpectationError(AssertionError):
    """The firewall did something else; the message is the transcript."""


def _known(fact: Callable[[Remembered], object]) -> Callable[[Sent], object]:
    """A fact about the packet's connection; None without one."""
    return lambda sent: None if (known := sent.remembered()) is None else fact(known)


FACTS: dict[str, Callable[[Sent], object]] = {
    "verdict": lambda sent: Verdict(sent.judgement.verdict),
    "ct": lambda sent: CtState(sent.judgement.ct_state),
    "direction": lambda sent: Direction(sent.judgement.ct_direction),
    "before": lambda sent: _tcp_state(sent.judgement.tcp_state_before),
    "state": lambda sent: _tcp_state(sent.judgement.tcp_state),
    "reason": lambda sent: Reason(sent.judgement.reason),
    "evidence": lambda sent: Evidence(sent.judgement.evidence),
    "rule": lambda sent: sent.judgement.rule,
    "chain": lambda sent: getattr(sent.judgement, "chain", None),
    "reject_with": lambda sent: RejectWith(getattr(sent.judgement, "reject_with", RejectWith.NONE)),
    "remains": _known(lambda known: TcpState(known.state)),
    "association": _known(lambda known: SctpState(known.state)),
    "timeout": _known(lambda known: known.timeout),
    "seen_reply": _known(lambda known: bool(known.status & CtStatus.SEEN_REPLY)),
    "assured": _known(lambda known: bool(known.status & CtStatus.ASSURED)),
    "exists": lambda sent: sent.remembered() is not None,
}
"""All that can be expected of a packet. `state` is what the decision says, `remains` the state of its connection in the
table afterwards (of SCTP: `association`); `timeout` is in seconds; `exists` tells whether its connection is in the
table."""


KINDS: dict[str, type[IntEnum] | type[CtState]] = {
    "verdict": Verdict, "ct": CtState, "direction": Direction, "before": TcpState, "state": TcpState,
    "reason": Reason, "reject_with": RejectWith, "remains": TcpState, "association": SctpState,
}  # fmt: skip
"""The facts that are one of a few words, which may be given as such: `expect("accept")`."""


@dataclass
class Sent:
    """A packet that was sent, and what the firewall made of it (nothing if there is none, or if it was lost before)."""

    play: Stage
    at_ns: int
    interface: str
    text: str
    key: Key | None
    decision: Judgement | None = None
    number: int | None = None
    """Which of the packets that the firewall has seen it is, from 1; None if it has not."""
    complaints: list[str] = field(default_factory=list)

    @property
    def judgement(self) -> Judgement:
        """The firewall's decision, which must have been made."""
        assert self.decision is not None, f"no firewall has seen: {self.text}"
        return self.decision

    def remembered(self) -> Remembered | None:
        """What the firewall remembers of this packet's connection now."""
        assert self.play.firewall is not None
        assert self.key is not None, f"belongs to no conversation: {self.text}"
        return self.play.firewall.connection(self.key, self.play.now_ns)

    def expect(self, verdict: Verdict | str | None = None, **expected: object) -> Self:
        """Compare what the firewall did with what it should have done; see `FACTS`. Without a firewall: nothing."""
        __tracebackhide__ = True  # the transcript tells all
        if verdict is not None:
            expected = {"verdict": verdict, **expected}
        self.play.pending = 0
        if self.play.firewall is None:
            return self
        for name, given in expected.items():
            wanted = _meant(name, given)
            actual = FACTS[name](self)
            if actual != wanted:
                self.complaints.append(f"{name}: expected {_shown(wanted)}, actual {_shown(actual)}")
        if self.complaints:
            what = self.text if self.text.startswith("(") else f"({self.text})"
            told = f"{'; '.join(self.complaints)} {what}"
            raise ExpectationError(told + self.play.transcript(self) + self.play.explained(self))
        return self

    def __str__(self) -> str:
        decision = self.decision
        line = f"{(self.at_ns - self.play.start_ns) / 1e9:12.6f} {self.interface:4} {self.text}"
        if decision is not None:
            states = f"{_shown(_tcp_state(decision.tcp_state_before))} -> {_shown(_tcp_state(decision.tcp_state))}"
            line += f"\n{'':18}{word(Verdict(decision.verdict))}, {_shown(CtState(decision.ct_state))}"
            line += f"/{word(Direction(decision.ct_direction))}, {states}, {_shown(Reason(decision.reason))}"
            line += f", rule {decision.rule!r}" + "".join(f", {w}" for w in evidence_words(decision.evidence))
        return "\n".join([line, *(f"{'':10}>>>>>>> {complaint}" for complaint in self.complaints)])


def _meant(name: str, given: object) -> object:
    """What is expected of a fact, a word as what it stands for; raises UsageError for what is none."""
    __tracebackhide__ = True
    if name not in FACTS:
        raise UsageError(unknown("fact", name, FACTS))
    kind = KINDS.get(name)
    if kind is None or not isinstance(given, str):
        return given
    plain = given.upper().replace("-", "_")
    if plain not in kind.__members__:
        raise UsageError(unknown(name, given, list(kind.__members__)))
    return kind[plain]


def _tcp_state(number: int) -> TcpState | None:
    """A TCP state; None where there is none (another protocol, no connection)."""
    return TcpState(number) if number >= 0 else None


def _shown(value: object) -> str:
    """A value as a reader of the transcript knows it."""
    return str(getattr(value, "name", None) or value)


@dataclass
class Connection:
    """What the firewall remembers of a conversation, to be looked at between packets."""

    sent: Sent

    def is_(self, state: TcpState | str | None = None, **expected: object) -> None:
        """It is in the table, and like this."""
        __tracebackhide__ = True
        if state is not None:
            expected = {"remains": state, **expected}
        self.sent.expect(None, exists=True, **expected)

    def is_absent(self) -> None:
        """It is not in the table, or dead."""
        __tracebackhide__ = True
        self.sent.expect(exists=False)


class Stage:
    """The clock, the firewall, the packets sent so far: what conversations share."""

    def __init__(
        self,
        firewall: Firewall | None = None,
        *,
        ground: Ground | None = None,
        start_ns: int = START_NS,
        step_ns: int = STEP_NS,
    ) -> None:
        """Set the stage at a time; nothing has been sent. `ground` says who lives behind which interface."""
        self.firewall = firewall
        self.ground = Ground() if ground is None else ground
        self.start_ns = self.now_ns = start_ns
        self.step_ns = step_ns
        self.copies = False
        """Whether forwarded packets are seen again where they go out, as by `tcpdump -i lan -i wan`."""
        self.frames: list[Frame] = []
        self.sent: list[Sent] = []
        self.moved = True
        self.decided = 0
        """How many packets the firewall has seen."""
        self.pending = 0
        """How many packets (or pauses) nothing has been expected after."""

    def after(self, seconds: float) -> Self:
        """Let time pass, counted from the last packet."""
        self.now_ns += round(seconds * 1e9)
        self.moved, self.pending = True, 1
        return self

    def at(self, seconds: float) -> Self:
        """Go to a time, counted from the start: also back, for conversations that overlap (only without a firewall)."""
        time = self.start_ns + round(seconds * 1e9)
        if self.firewall is not None:
            if time < self.now_ns:
                raise ValueError(f"at {seconds} s: it is later than that, a firewall's clock does not go back")
            self.pending = 1
        self.now_ns = time
        self.moved = True
        return self

    def send(
        self,
        packet: Ip,
        text: str,
        key: Key | None = None,
        *,
        seen: str | None = None,
        label: str = "",
        lost: bool = False,
        cut: int | None = None,
        vlan: int | None = None,
        copied: bool = True,
        pieces: int | None = None,
        order: Sequence[int] | None = None,
    ) -> Sent:
        """Send a packet past the firewall; `lost` before it, it only takes time. `cut` is the capture's snap length.

        `pieces` sends it in fragments of so many bytes, in this `order` (numbers from 0; all of them, if not said).
        What is returned is the last.
        """
        if pieces is not None:
            fragments = in_pieces(packet, pieces)
            words = {"seen": seen, "label": label, "lost": lost, "cut": cut, "vlan": vlan, "copied": copied}
            for number in range(len(fragments)) if order is None else order:
                sent = self.send(fragments[number], f"{text}, piece {number}", key, **words)  # type: ignore[arg-type]
            return sent
        came_in = seen or self.ground.behind(packet.src)
        if lost:
            return self._say(came_in, text + "  (lost)", key)
        ends = (self.ground.mac_behind(came_in, packet.src), self.ground.own_mac(came_in))
        data = ethernet(*ends, packet.encode(), vlan=vlan)
        sent = self.raw(data, came_in, text, key, label=label, cut=cut)
        if self.copies and copied and self.ground.behind(packet.dst) != came_in:
            self._copy(packet, label)
        return sent

    def raw(
        self, data: bytes, interface: str, text: str, key: Key | None = None, *, label: str = "", cut: int | None = None
    ) -> Sent:
        """Send a frame as it is."""
        sent = self._say(interface, text, key)
        self.frames.append(Frame(self.now_ns, interface, data[:cut], len(data), label))
        if self.firewall is not None:
            sent.decision = self.firewall.decide(data[:cut], self.now_ns, interface)
            self.decided += 1
            sent.number = self.decided
            self.pending += 1
        return sent

    def _say(self, interface: str, text: str, key: Key | None) -> Sent:
        """Write down what is said now: a step after the last packet, or as long as the script has waited."""
        if not self.moved:
            self.now_ns += self.step_ns
        self.moved = False
        sent = Sent(self, self.now_ns, interface, text, key)
        self.sent.append(sent)
        return sent

    def _copy(self, packet: Ip, label: str) -> None:
        """Write down the forwarded packet where it goes out, 40 microseconds later."""
        goes_out = self.ground.behind(packet.dst)
        ends = (self.ground.own_mac(goes_out), self.ground.mac_behind(goes_out, packet.dst))
        data = ethernet(*ends, packet.forwarded().encode(), padded=False)
        self.frames.append(Frame(self.now_ns + 40_000, goes_out, data, len(data), label, OUTBOUND))

    def transcript(self, last: Sent | None = None) -> str:
        """Everything sent so far, one line per packet and one per decision; then a `last` look that was no packet."""
        looks = [last] if last is not None and all(last is not sent for sent in self.sent) else []
        return "\n" + "\n".join(str(sent) for sent in [*self.sent, *looks])

    def explained(self, sent: Sent) -> str:
        """What decided about a packet, step by step, if the firewall can tell; else nothing."""
        if not isinstance(self.firewall, Explaining) or sent.number is None:
            return ""
        return f"\n\n{self.firewall.explained(sent.number)}"

    def finish(self) -> None:
        """Fail if the script is unfinished: time has passed or packets were sent, and nothing was expected after."""
        __tracebackhide__ = True
        if self.firewall is None:
            return
        if not self.sent or self.pending:
            raise ExpectationError("the playbook ends without an expectation" + self.transcript())

    def captured(self) -> list[Frame]:
        """The frames in the order of their times."""
        return sorted(self.frames, key=lambda frame: frame.at_ns)
