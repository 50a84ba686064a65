"""One tcpdump-like line for a packet, with what became of it.

Read first: `tcpdump(1)`, OUTPUT FORMAT, whose form the headers have; then `fwsim.naming`. For example

```
4117 08:41:07.220114 wan > lan IP 203.0.113.80.443 > 10.1.4.23.51822: Flags [R], seq 1000000, win 0, length 0
     [rst-out-of-window] stateless accept "staff web" (mirror) | stateful drop "broken" invalid tcp-seq-over ESTABLISHED
```

(on one line). Every name that is not ours goes through `safe`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

from fwsim.harmless import safe
from fwsim.naming import DECISION_WORDS, PROTO_WORDS, Naming, address_text
from fwsim.report.cells import Rows
from fwsim.report.departure import became
from fwsim.report.figures import time_of_day
from fwsim.tables import each
from fwsim.terms import Proto, Reason, Verdict, evidence_words, flags_text

ICMP_TYPES = {
    0: "echo reply", 3: "unreachable", 4: "source quench", 5: "redirect", 8: "echo request",
    9: "router advertisement", 10: "router solicitation", 11: "time exceeded", 12: "parameter problem",
    13: "time stamp query", 14: "time stamp reply", 17: "address mask request", 18: "address mask reply",
}  # fmt: skip
ICMPV6_TYPES = {
    1: "destination unreachable", 2: "packet too big", 3: "time exceeded", 4: "parameter problem",
    128: "echo request", 129: "echo reply", 130: "multicast listener query", 131: "multicast listener report",
    132: "multicast listener done", 133: "router solicitation", 134: "router advertisement",
    135: "neighbor solicitation", 136: "neighbor advertisement", 137: "redirect", 143: "multicast listener report v2",
}  # fmt: skip

COLOURS = {
    Verdict.ACCEPT: "32",
    Verdict.DROP: "31",
    Verdict.REJECT: "31",
    Verdict.NOT_EVALUATED: "90",
    Verdict.UNKNOWN: "33",
}
_PLAIN_REASONS = frozenset(map(int, (Reason.NONE, Reason.RULE, Reason.POLICY, Reason.ONE_OF_SEVERAL, Reason.MIRROR)))


def paint(text: str, colour: str, on: bool) -> str:
    """The text in a colour (an SGR number), if colours are wanted."""
    return f"\x1b[{colour}m{text}\x1b[0m" if on else text


class Lines:
    """Writes packets as lines of text."""

    def __init__(self, modes: Sequence[str], naming: Naming, *, colour: bool = False) -> None:
        """`modes` are those that the run has decisions of."""
        self.modes = modes
        self.naming = naming
        self.colour = colour
        self.known: dict[tuple[Any, ...], str] = {}

    def lines(self, batch: Any, rows: Rows) -> str:
        """The selected rows of a batch."""
        frames, packets = each(batch.frames[rows]), each(batch.packets[rows])
        decisions = zip(*(each(getattr(batch, mode)[rows]) for mode in self.modes), strict=True)
        joined = zip(frames, packets, decisions, self.departures(batch, rows), strict=False)
        return "".join([self.line(*one) for one in joined])

    def departures(self, batch: Any, rows: Rows) -> Iterator[tuple[dict[str, int] | None, ...]]:
        """For each row, how it left in each mode; None without end in one that does not translate."""
        tables = [batch.departures.get(mode) for mode in self.modes]
        return zip(*(repeat(None) if table is None else each(table[rows]) for table in tables), strict=False)

    def line(
        self,
        frame: dict[str, int],
        packet: dict[str, int],
        decisions: tuple[dict[str, int], ...],
        departures: tuple[dict[str, int] | None, ...],
    ) -> str:
        """One packet."""
        file = f"{safe(self.naming.file(frame['file']))}:" if len(self.naming.files) > 1 else ""
        evidence = " ".join(evidence_words(frame["evidence"]))
        place = f"{file}{frame['number']:>6} {time_of_day(frame['ts'])}"
        return (
            f"{place} {self.way(packet)}{headers(packet, frame['length'])}"
            + (f" [{paint(evidence, '35', self.colour)}]" if evidence else "")
            + f"  {self.verdicts(packet, decisions, departures)}\n"
        )

    def way(self, packet: dict[str, int]) -> str:
        """The interfaces it goes through, if any is known."""
        names = [self.naming.interface(packet[name]) for name in ("iif", "oif")]
        return f"{safe(names[0] or '?')} > {safe(names[1] or '?')} " if any(names) else ""

    def verdicts(
        self,
        packet: dict[str, int],
        decisions: tuple[dict[str, int], ...],
        departures: tuple[dict[str, int] | None, ...],
    ) -> str:
        """What each mode makes of it."""
        told = []
        for mode, decision, departure in zip(self.modes, decisions, departures, strict=True):
            name = f"{mode} " if len(self.modes) > 1 else ""
            nat = became(departure, packet) if departure is not None else ""
            told.append(f"{name}{self.verdict(mode, decision)}{', ' if nat else ''}{nat}")
        return " | ".join(told)

    def verdict(self, mode: str, decision: dict[str, int]) -> str:
        """The verdict and who gave it; alike ones are put into words once."""
        key = (mode, *(decision[name] for name in _TOLD))
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self.told(mode, decision)
        return found

    def told(self, mode: str, decision: dict[str, int]) -> str:
        """The words of a decision: verdict, rule, ct state, reason, TCP state."""
        words = DECISION_WORDS
        kind = decision["verdict"]
        parts = [paint(words["verdict"][kind].replace("_", " "), COLOURS[Verdict(kind)], self.colour)]
        if decision["reject_with"] in words["reject_with"]:
            parts.append(f"with {words['reject_with'][decision['reject_with']]}")
        parts += [self.decider(mode, decision), "(mirror)" if decision["mirror"] else ""]
        parts.append(words["ct_state"].get(decision["ct_state"], "").replace("none", ""))
        parts.append("" if decision["reason"] in _PLAIN_REASONS else words["reason"][decision["reason"]])
        parts.append(_states(decision))
        return " ".join(part for part in parts if part)

    def decider(self, mode: str, decision: dict[str, int]) -> str:
        """The rule or policy that decided."""
        return safe(self.naming.rules[mode].title(decision["rule"], decision["chain"]) or "")


_TOLD = (
    "verdict", "reason", "reject_with", "chain", "rule", "mirror", "ct_state", "tcp_state_before", "tcp_state"
)  # fmt: skip


def _states(decision: dict[str, int]) -> str:
    """The TCP state, or its change."""
    words = DECISION_WORDS["tcp_state"]
    before, after = words.get(decision["tcp_state_before"]), words.get(decision["tcp_state"])
    return f"{before}->{after}" if before and after and before != after else after or ""


def headers(packet: dict[str, int], length: int) -> str:
    """The headers of a packet as tcpdump would print them; `length` is the frame's, for what is not IP."""
    if packet["family"] <= 0:
        return f"not IP, length {length}"
    name = "IP6" if packet["family"] == 6 else "IP"
    ends = [address_text([packet[f"{end}{word}"] for word in range(4)]) for end in ("src", "dst")]
    ports = [f".{packet[port]}" if packet[port] >= 0 else "" for port in ("sport", "dport")]
    return f"{name} {ends[0]}{ports[0]} > {ends[1]}{ports[1]}: {_transport(packet)}"


def _transport(packet: dict[str, int]) -> str:
    """What stands behind the addresses."""
    proto = packet["proto"]
    if packet["fragment"] == 2:
        return f"later fragment of {PROTO_WORDS.get(proto, proto)}, length {packet['length']}"
    if proto == Proto.TCP and packet["flags"] >= 0:
        return _tcp(packet)
    if proto in (Proto.ICMP, Proto.ICMPV6) and packet["icmp_type"] >= 0:
        return _icmp(packet)
    title = PROTO_WORDS.get(proto, f"proto {proto}").upper()
    return f"{title}, length {packet['payload'] if packet['payload'] >= 0 else packet['length']}"


def _tcp(packet: dict[str, int]) -> str:
    """Flags, numbers, window and length of a segment."""
    end = f":{(packet['seq'] + packet['payload']) & 0xFFFFFFFF}" if packet["payload"] > 0 else ""
    ack = f", ack {packet['ack']}" if packet["flags"] & 0x10 else ""
    rest = f"win {packet['win']}, length {packet['payload']}"
    return f"Flags [{flags_text(packet['flags'])}], seq {packet['seq']}{end}{ack}, {rest}"


def _icmp(packet: dict[str, int]) -> str:
    """Type and code of an ICMP message, and the id of an echo."""
    six = packet["proto"] == Proto.ICMPV6
    name = (ICMPV6_TYPES if six else ICMP_TYPES).get(packet["icmp_type"], f"type {packet['icmp_type']}")
    code = f" code {packet['icmp_code']}" if packet["icmp_code"] > 0 else ""
    number = f", id {packet['icmp_id']}" if "echo" in name and packet["icmp_id"] >= 0 else ""
    return f"ICMP{'6' if six else ''} {name}{code}{number}, length {packet['payload']}"
