"""The packets of the window, column by column: what was captured, and what both modes decided.

Read first: `fwsim.naming` and `fwsim.page.watching`. Texts, decisions and walks are named by their numbers; sequence
numbers are as captured, and the page makes them relative.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fwsim.naming import DECISION_SOURCES, Naming, address_text, proto_text
from fwsim.page.texts import Records, Texts
from fwsim.page.watching import NOTHING_SEEN, Sight
from fwsim.page.window import Window
from fwsim.reasons import SENTENCES
from fwsim.report.departure import ENDS, became, differs, number_text
from fwsim.simulator import MODES
from fwsim.tables import CAME, plain
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Reason, Verdict

MICROSECOND = 1_000

COMMENTED = 1_000
"""Comments that are told, of whole packets."""

NUMBERS = ("sport", "dport", "flags", "seq", "ack", "win", "payload", "icmp_type", "icmp_code", "icmp_id", "ttl")
"""Fields of PACKET that are told as they are; negative where they are not there."""

DECISION = ("verdict", "reason", "title", "line", "mirror", "ct_state", "ct_direction", "before", "after",
            "reject_with", "why", "rule", "chain")  # fmt: skip
"""What is told of a decision, in this order: words, by their numbers, but `line`, `mirror`, `rule` and `chain`."""


class Packets:
    """The packets of the window so far."""

    def __init__(self, naming: Naming, window: Window, texts: Texts, sights: dict[tuple[int, int], Sight]) -> None:
        """None yet. `sights` are taken out as packets come."""
        self.naming = naming
        self.window = window
        self.texts = texts
        self.sights = sights
        self.decisions = Records()
        self.columns: dict[str, list[Any]] = {}
        self.comments: dict[int, list[int]] = {}
        self.comments_told = 0
        self.comments_left_out = 0
        self.begin: int | None = None
        self.seen = 0

    def add(self, batch: Any) -> None:
        """Keep those of a batch that are shown."""
        if self.begin is None and len(batch):
            self.begin = int(batch.packets["now"][0])
        for row in self.window.rows(self.seen, len(batch)):
            place = len(self)
            for name, value in self._packet(batch, row).items():
                self.columns.setdefault(name, []).append(value)
            if batch.comments.get(row):
                self._comment(place, batch.comments[row])
        self.seen += len(batch)

    def _comment(self, place: int, texts: list[str]) -> None:
        """Keep what a packet is commented with."""
        if len(texts) <= COMMENTED - self.comments_told:
            self.comments_told += len(texts)
            self.comments[place] = [self.texts.number(text) for text in texts]
        else:
            self.comments_left_out += 1

    def __len__(self) -> int:
        """How many there are."""
        return len(self.columns.get("n", ()))

    def _packet(self, batch: Any, row: int) -> dict[str, Any]:
        """One packet."""
        frame, packet = plain(batch.frames[row]), plain(batch.packets[row])
        sight = self.sights.pop((frame["file"], frame["number"]), NOTHING_SEEN)
        text = self.texts.number
        has_ip = packet["family"] > 0
        told = {
            "n": frame["number"],
            "file": frame["file"],
            "t": frame["ts"] // MICROSECOND - (self.begin or 0) // MICROSECOND,
            "length": frame["length"],
            "src": text(_address(packet, "src")) if has_ip else 0,
            "dst": text(_address(packet, "dst")) if has_ip else 0,
            "proto": text(str(proto_text(packet["family"], packet["proto"]) or "not IP")),
            "iif": text(self.naming.interface(packet["iif"])),
            "oif": text(self.naming.interface(packet["oif"])),
            "connection": max(frame["connection"], 0),
            "evidence": frame["evidence"],
            "fragment": packet["fragment"],
        }
        told |= {name: packet[name] if has_ip else -1 for name in NUMBERS}
        for mode in MODES:
            told[mode] = self._decision(mode, plain(batch.decisions(mode)[row]))
            departures = batch.departures.get(mode)
            departure = None if departures is None else plain(departures[row])
            told[f"nat_{mode}"] = 0 if departure is None else text(became(departure, packet))
            if mode == "stateful":
                told |= self._other_side(departure, packet)
        told |= {"walk_stateless": sight.stateless, "walk_stateful": sight.stateful}
        return told | {
            "bounds": sight.bounds or 0,
            "changes": sight.changes or 0,
            "live": sight.live,
            "remembered": int(sight.remembered),
        }

    def _other_side(self, departure: dict[str, int] | None, packet: dict[str, int]) -> dict[str, int]:
        """Both ends of a translated packet on the other side of the firewall, where it left, or came in (`came`)."""
        known = departure is not None and departure["left"] and departure["src0"] != UNKNOWN_VALUE
        if departure is None or not known or not any(differs(departure, packet, end, port) for end, port in ENDS):
            return {"other_from": 0, "other_to": 0, "came": 0}
        came = int(departure["left"] == CAME)
        ends = [self.texts.number(_end(departure, packet, end, port)) for end, port in ENDS]
        return {"other_from": ends[0], "other_to": ends[1], "came": came}

    def _decision(self, mode: str, decision: dict[str, int]) -> int:
        """The number of a decision."""
        names = self.naming.rules[mode]
        words = self.naming.decision(mode, [decision[name] for name in DECISION_SOURCES])
        (verdict, reason, reject_with, _, _, _, line, mirror, ct_state, direction, before, after) = words
        title = names.title(decision["rule"], decision["chain"])
        why = SENTENCES[Reason(decision["reason"])] if decision["reason"] else ""
        text = self.texts.number
        plain_words = [text(word) for word in (verdict, reason, title)]
        states = [text(word) for word in (ct_state, direction, before, after, reject_with, why)]
        numbers = (decision["rule"], decision["chain"])
        return self.decisions.number((*plain_words, line or 0, int(mirror), *states, *numbers))

    def told(self) -> dict[str, Any]:
        """For the page."""
        columns = {name: values for name, values in self.columns.items() if any(value != 0 for value in values)}
        comments = {"comments": self.comments, "comments_left_out": self.comments_left_out}
        return {"count": len(self), "columns": columns, "decisions": self.decisions.all} | comments


def _end(departure: dict[str, int], packet: dict[str, int], end: str, port: str) -> str:
    """An end as the page writes it: `10.1.0.5:40000`, `[2001:db8::5]:40000`."""
    address = _address(departure, end)
    if ABSENT in (departure[port], packet[port]):
        return address
    return f"{f'[{address}]' if ':' in address else address}:{number_text(departure[port])}"


def _address(packet: dict[str, int], end: str) -> str:
    """An address."""
    return address_text([packet[f"{end}{word}"] for word in range(4)])


def admits(verdict: int) -> str:
    """What a mode does, in a word of a sentence."""
    return DOES[Verdict(verdict)]


DOES: dict[Verdict, str] = {
    Verdict.ACCEPT: "admits",
    Verdict.DROP: "drops",
    Verdict.REJECT: "rejects",
    Verdict.NOT_EVALUATED: "does not evaluate",
    Verdict.UNKNOWN: "cannot tell what becomes of",
}


def by_whom(naming: Naming, mode: str, decision: Any) -> str:
    """The rule or policy that decided, in brackets."""
    title = naming.rules[mode].title(int(decision["rule"]), int(decision["chain"]))
    through = "through the mirror of " if decision["mirror"] else ""
    return f" ({through}{title})" if title else ""


def sentence_of(naming: Naming, modes: Sequence[str], decisions: Sequence[Any]) -> str:
    """What both modes make of a packet: `stateless admits it ("web"), stateful drops it ("broken")`."""
    return ", ".join(
        f"{mode} {admits(int(decision['verdict']))} it{by_whom(naming, mode, decision)}"
        for mode, decision in zip(modes, decisions, strict=True)
    )
