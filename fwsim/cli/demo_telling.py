"""How `fwsim demo` tells its story: what both firewalls made of each packet, in as many columns as there are.

Read first: `fwsim.cli.demo_story`. Verdicts, rules, reasons and evidence are those of the run; only the sentences are
written in advance, and a test holds that they are true.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fwsim.cli.demo_story import CLIENT, DNS, NAMES, RULES, STRANGER, WEB, Scene
from fwsim.naming import DECISION_WORDS, Naming, address_text
from fwsim.reasons import SENTENCES
from fwsim.report.line import COLOURS, paint
from fwsim.tables import plain
from fwsim.terms import Proto, Reason, TcpFlag, Verdict, evidence_words

MODES = ("stateless", "stateful")
NARROWEST, WIDEST = 50, 100
INDENT = " " * 4
VERDICTS = 11
"""Columns of a verdict and the gap in front of it."""
BOLD = "1"
EVIDENCE = "35"
"""Colours; verdicts have theirs everywhere."""

BEGINNING = (
    "Sixteen packets meet a firewall between an office (lan) and the world (wan), twice: a stateless one judges each "
    "by its headers alone, a stateful one remembers the connections that it has seen. Both have the same rules:"
)
CAST = (
    f"The client is {CLIENT}, in the office; the server {WEB}, the resolver {DNS} and the stranger {STRANGER} are "
    "outside."
)
REMEMBERED = "Now the stateful firewall remembers (conntrack -L shows it so):"
WITHOUT = (
    "The stateless one has nothing of the kind. From outside it admits what could be a reply (TCP with the flag ACK or "
    "RST, any UDP, a reply of ICMP), if a rule would let the mirror image out: source and destination swapped."
)
PARTS = {
    0: "The client talks to the server",
    6: "Then packets come that nobody asked for (!: it gets in)",
    13: "The client and the server end their connection",
}
"""The headings by the packets that they stand above, counted from 0."""


@dataclass(frozen=True)
class Teller:
    """Tells in lines of `columns`, with or without colour."""

    columns: int
    colour: bool
    naming: Naming

    def beginning(self) -> Iterator[str]:
        """Who and what it is about."""
        yield from self.filled(BEGINNING)
        yield ""
        for name, verdict, words in [*((name, _verdict_of(name), words) for name, words in RULES.items()),
                                     ("policy", Verdict.DROP, "all else")]:  # fmt: skip
            first = f"  {verdict.name.lower():6}  {name:10}  "
            lines = textwrap.wrap(words, self.columns - len(first))
            yield f"  {self.painted(verdict)}{' ' * (6 - len(verdict.name))}  {name:10}  {lines[0]}"
            yield from (" " * len(first) + line for line in lines[1:])
        yield ""
        yield from self.filled(CAST)

    def heading(self, text: str, *, modes: bool = True) -> Iterator[str]:
        """What comes next; above verdicts, with the names of the modes."""
        yield ""
        wide = self.columns - VERDICTS * len(MODES)
        lines = textwrap.wrap(text, wide if modes else self.columns)
        over = "".join(f"  {mode:{VERDICTS - 2}}" for mode in MODES).rstrip() if modes else ""
        for number, line in enumerate(lines):
            last = number == len(lines) - 1
            yield f"{paint(line, BOLD, self.colour)}{' ' * (wide - len(line)) + over if last and over else ''}"

    def scene(self, scene: Scene, number: int, batch: Any) -> Iterator[str]:
        """A packet, both verdicts, and what is to be said."""
        packet, frame = plain(batch.packets[number]), plain(batch.frames[number])
        decisions = [plain(batch.decisions(mode)[number]) for mode in MODES]
        forged = bool(evidence_words(frame["evidence"]))
        head = headline(packet, ports=forged)
        wide = self.columns - VERDICTS * len(MODES) - len(INDENT)
        noted = head if forged else f"{head:<27} {scene.sentence}"
        if len(noted) <= wide:
            first, rest = noted, []
        else:
            first, *rest = [head] if len(head) <= wide else textwrap.wrap(" ".join(head.split()), wide)
            rest += [] if forged else [scene.sentence]
        yield f"{number + 1:>2}  {first:{wide}}{self.verdicts(decisions, forged=forged)}"
        yield from (INDENT + line for line in rest)
        if forged:
            yield from self.filled(scene.sentence, INDENT)
            yield from self.filled(f"stateful: {self.why(decisions[1])}", INDENT)

    def verdicts(self, decisions: Sequence[dict[str, int]], *, forged: bool) -> str:
        """Both verdicts in their columns; a sign behind one by which a forged packet gets in."""
        told = ""
        for decision in decisions:
            verdict = Verdict(decision["verdict"])
            sign = " !" if forged and verdict == Verdict.ACCEPT else ""
            gap = " " * (VERDICTS - 2 - len(verdict.name) - len(sign))
            told += f"  {self.painted(verdict)}{paint(sign, EVIDENCE, self.colour and bool(sign))}{gap}"
        return told.rstrip()

    def painted(self, verdict: Verdict) -> str:
        """The word for a verdict, in its colour."""
        return paint(DECISION_WORDS["verdict"][verdict], COLOURS[verdict], self.colour)

    def why(self, decision: dict[str, int]) -> str:
        """The rule that decided, and why it did."""
        title = self.naming.rules["stateful"].title(decision["rule"], decision["chain"])
        state = DECISION_WORDS["ct_state"][decision["ct_state"]]
        return f"{title}, ct state {state}: {SENTENCES[Reason(decision['reason'])]}"

    def remembered(self, line: str) -> Iterator[str]:
        """What the table holds, and what does without it."""
        yield ""
        yield from self.filled(REMEMBERED)
        yield from self.filled(line, INDENT)
        yield from self.filled(WITHOUT)

    def end(self, batch: Any) -> Iterator[str]:
        """What it comes to."""
        forged = batch.frames["evidence"] > 0
        admitted = [int((forged & (batch.decisions(mode)["verdict"] == Verdict.ACCEPT)).sum()) for mode in MODES]
        blocked = int(
            ((batch.stateless["verdict"] == Verdict.ACCEPT) & (batch.stateful["verdict"] != Verdict.ACCEPT)).sum()
        )
        yield ""
        yield from self.filled(
            f"Of {int(forged.sum())} packets that nobody asked for, {admitted[0]} get in without state and "
            f"{admitted[1]} with it. Keeping state blocked {blocked} packets that stateless rules of the same policy "
            "admit. Its price is the table: it takes memory, and can be filled up."
        )

    def commands(self, rows: dict[str, str]) -> Iterator[str]:
        """Commands with what they tell; where both do not fit on a line, one below the other."""
        gap = max(map(len, rows.values())) + 2
        beside = len(INDENT) + gap + max(map(len, rows)) <= self.columns
        for command, told in rows.items():
            if beside:
                yield f"{INDENT}{told:<{gap}}{command}"
            else:
                yield from (f"  {told}:", f"{INDENT}{command}")

    def filled(self, text: str, indent: str = "") -> list[str]:
        """A paragraph."""
        return textwrap.wrap(
            text, self.columns, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
        )


def _verdict_of(rule: str) -> Verdict:
    """What a rule of the story says."""
    return Verdict.DROP if rule == "broken" else Verdict.ACCEPT


def headline(packet: dict[str, int], *, ports: bool) -> str:
    """Who sends what to whom."""
    ends = []
    for end, port in (("src", "sport"), ("dst", "dport")):
        name = NAMES[address_text([packet[f"{end}{word}"] for word in range(4)])]
        ends.append(f"{name}:{packet[port]}" if ports and packet[port] >= 0 else name)
    return f"{' > '.join(ends):<{28 if ports else 18}} {_kind(packet)}"


def _kind(packet: dict[str, int]) -> str:
    """What sort of packet it is."""
    if packet["proto"] == Proto.UDP:
        return "UDP"
    if packet["proto"] == Proto.ICMP:
        return "ICMP echo reply"
    flags = TcpFlag(packet["flags"])
    if TcpFlag.PSH in flags:
        return "data"
    return " ".join(flag.name or "" for flag in (TcpFlag.SYN, TcpFlag.FIN, TcpFlag.RST, TcpFlag.ACK) if flag in flags)
