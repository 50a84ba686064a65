"""The stage that conversations share: the clock, the firewall, the packets sent so far, and what is expected of them.

Read first: `playbook`, which tells how a script is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Protocol, Self

from fwsim.capture.crafting import Ip, ethernet, in_pieces, mac_of
from fwsim.terms import (
    CtState,
    CtStatus,
    Direction,
    Evidence,
    Reason,
    SctpState,
    TcpState,
    Verdict,
    evidence_words,
    word,
)
from tests.playbook_capture import OUTBOUND, Frame

ACCEPT, DROP = Verdict.ACCEPT, Verdict.DROP
ORIGINAL, REPLY, NO_DIRECTION = Direction.ORIGINAL, Direction.REPLY, Direction.NONE

START_NS = 1_772_438_403_000_000_000
"""2026-03-02 08:00:03 UTC."""

STEP_NS = 1_000_000
"""The time from one packet to the next where the script does not say: a millisecond."""

BEHIND = {"lan": ("10.1.0.0/16", "fd00:1::/64", "fe80::/10"), "dmz": ("192.0.2.0/28",)}
"""Who lives behind which interface of the firewall on stage; everybody else is behind `wan`."""

FIREWALL_MAC = {name: b"\x02\x00\x5e\x00\x00" + bytes([n]) for n, name in enumerate(("lan", "wan", "dmz"), 1)}
UPSTREAM_MAC = b"\x02\x00\x5e\x00\x01\xfe"

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


class ExpectationError(AssertionError):
    """The firewall did something else; the message is the transcript."""


def behind(address: str) -> str:
    """The interface behind which a host lives."""
    for interface, networks in BEHIND.items():
        if any(ip_address(address) in ip_network(n) for n in networks):
            return interface
    return "wan"


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


@dataclass
class Sent:
    """A packet that was sent, and what the firewall made of it (nothing if there is none, or if it was lost before)."""

    play: Stage
    at_ns: int
    interface: str
    text: str
    key: Key | None
    decision: Judgement | None = None
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

    def expect(self, verdict: Verdict | None = None, **expected: object) -> Self:
        """Compare what the firewall did with what it should have done; see `FACTS`. Without a firewall: nothing."""
        if verdict is not None:
            expected = {"verdict": verdict, **expected}
        self.play.pending = 0
        if self.play.firewall is None:
            return self
        for name, wanted in expected.items():
            actual = FACTS[name](self)
            if actual != wanted:
                self.complaints.append(f"{name}: expected {_shown(wanted)}, actual {_shown(actual)}")
        if self.complaints:
            raise ExpectationError(self.play.transcript())
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

    def is_(self, state: TcpState | None = None, **expected: object) -> None:
        """It is in the table, and like this."""
        if state is not None:
            expected = {"remains": state, **expected}
        self.sent.expect(None, exists=True, **expected)

    def is_absent(self) -> None:
        """It is not in the table, or dead."""
        self.sent.expect(exists=False)


class Stage:
    """The clock, the firewall, the packets sent so far: what conversations share."""

    def __init__(self, firewall: Firewall | None = None, *, start_ns: int = START_NS, step_ns: int = STEP_NS) -> None:
        """Set the stage at a time; nothing has been sent."""
        self.firewall = firewall
        self.start_ns = self.now_ns = start_ns
        self.step_ns = step_ns
        self.copies = False
        """Whether forwarded packets are seen again where they go out, as by `tcpdump -i lan -i wan`."""
        self.frames: list[Frame] = []
        self.sent: list[Sent] = []
        self.moved = True
        self.pending = 0
        """How many packets (or pauses) nothing has been expected after."""

    def after(self, seconds: float) -> Self:
        """Let time pass, counted from the last packet."""
        self.now_ns += round(seconds * 1e9)
        self.moved, self.pending = True, 1
        return self

    def at(self, seconds: float) -> Self:
        """Go to a time, counted from the start: also back, for conversations that overlap (only without a firewall)."""
        assert self.firewall is None
        self.now_ns = self.start_ns + round(seconds * 1e9)
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
        came_in = seen or behind(packet.src)
        if lost:
            return self._say(came_in, text + "  (lost)", key)
        source = UPSTREAM_MAC if came_in == "wan" else mac_of(packet.src)
        data = ethernet(source, FIREWALL_MAC[came_in], packet.encode(), vlan=vlan)
        sent = self.raw(data, came_in, text, key, label=label, cut=cut)
        if self.copies and copied and behind(packet.dst) != came_in:
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
        goes_out = behind(packet.dst)
        target = UPSTREAM_MAC if goes_out == "wan" else mac_of(packet.dst)
        data = ethernet(FIREWALL_MAC[goes_out], target, packet.forwarded().encode(), padded=False)
        self.frames.append(Frame(self.now_ns + 40_000, goes_out, data, len(data), label, OUTBOUND))

    def transcript(self) -> str:
        """Everything sent so far, one line per packet and one per decision."""
        return "\n" + "\n".join(str(sent) for sent in self.sent)

    def finish(self) -> None:
        """Fail if the script is unfinished: time has passed or packets were sent, and nothing was expected after."""
        if self.firewall is None:
            return
        if not self.sent or self.pending:
            raise ExpectationError("the playbook ends without an expectation" + self.transcript())

    def captured(self) -> list[Frame]:
        """The frames in the order of their times."""
        return sorted(self.frames, key=lambda frame: frame.at_ns)
