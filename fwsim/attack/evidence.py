"""The words for evidence that the simulator finds, compared with the labels: who is found, who is suspected wrongly.

Read first: `Compared` and `promised`. Recall is the share of an attack's forged packets that bear a word, precision the
share of forged ones among all packets that bear one. Words of the group `capture` raise no suspicion and do not count,
unless the family promises them. An attack that has no evidence by nature is known by its labels only.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fwsim.attack.model import Family, Knowledge, Style
from fwsim.report.grid import grid
from fwsim.terms import EVIDENCE_GROUPS, CtState, Evidence, Reason, ct_state_words, evidence_words, word

SUSPICION = sum(mask for group, mask in EVIDENCE_GROUPS.items() if group != "capture")
BITS = {word(bit): int(bit) for bit in Evidence}
WIDTH = 118
"""Of notes, in letters."""
AFTER_CLOSE = word(Evidence.AFTER_CLOSE)
PLAIN = (int(Reason.NONE), int(Reason.RULE), int(Reason.POLICY), int(Reason.ONE_OF_SEVERAL))
"""Reasons that say nothing of the packet itself."""

EXPLAINED = {
    "tcp-old-data": "below the window, taken for data sent again",
    "tcp-picked-up": "taken for the rest of a connection that began before (tcp_loose)",
    "tcp-liberal": "in a connection picked up midstream, whose windows are not checked (tcp_loose)",
    "tcp-ignored": "passed over, as a retransmission would be",
    "icmp-error-related": "quote a connection that is there",
    "established": "taken for part of a connection that is there",
    "new": "open as honest ones do",
    "follows-denied": "go with a connection whose opening was refused (follows-denied)",
    "midstream": "go with a connection that began before the capture (midstream)",
}
"""What packets without a word that counts are taken for; others are told by their reason."""
BELIEVED = ", since the firewall believed a forged packet and closed the connection that they go on with"


@dataclass
class Compared:
    """What was found of one attack: words in its forged packets, how many bear one that counts, what the others are.

    `suspected` are honest packets with a word that counts, `words` all words of forged packets.
    """

    promised: tuple[str, ...]
    forged: int = 0
    found: int = 0
    words: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    suspected: int = 0
    suspicions: Counter[str] = field(default_factory=Counter)

    @property
    def label_only(self) -> bool:
        """Whether it has no evidence by nature."""
        return not self.promised

    @property
    def recall(self) -> float | None:
        """The share of its packets that are found; None if it has no evidence by nature, or no packets."""
        return None if self.label_only or not self.forged else self.found / self.forged

    @property
    def precision(self) -> float | None:
        """The share of forged ones among the packets that are suspected; None if it has no evidence, or nobody is."""
        suspects = self.found + self.suspected
        return None if self.label_only or not suspects else self.found / suspects

    def note(self, mask: int, taken_for: str) -> None:
        """A forged packet."""
        counting = SUSPICION | sum(BITS[name] for name in self.promised)
        self.forged += 1
        self.words.update(evidence_words(mask))
        if mask & counting:
            self.found += 1
        else:
            self.missed[taken_for] += 1

    def suspect(self, mask: int) -> None:
        """An honest packet."""
        counting = SUSPICION | sum(BITS[name] for name in self.promised)
        if mask & counting:
            self.suspected += 1
            self.suspicions.update(evidence_words(mask & counting))


def promised(family: Family, style: Style, knows: Knowledge) -> tuple[str, ...]:
    """The words that an attack should leave; none if its packets are like honest ones."""
    if family.flawless is not None and knows >= family.flawless:
        return ()
    return family.evidence if style.evidence is None else style.evidence


def taken_for(reason: int, ct_state: int, mask: int) -> str:
    """What a packet was taken for: by a word of the capture, else the reason, or the state if that says nothing."""
    for name in ("follows-denied", "midstream"):
        if mask & BITS[name]:
            return name
    return ct_state_words(CtState(max(ct_state, 0))) if reason in PLAIN else word(Reason(reason))


def together(many: Iterable[Compared]) -> Compared:
    """Several attacks as one."""
    whole = Compared(())
    for one in many:
        whole.promised = tuple(dict.fromkeys((*whole.promised, *one.promised)))
        whole.forged, whole.found = whole.forged + one.forged, whole.found + one.found
        whole.suspected += one.suspected
        whole.words.update(one.words)
        whole.missed.update(one.missed)
        whole.suspicions.update(one.suspicions)
    return whole


def with_evidence(many: Iterable[Compared]) -> list[Compared]:
    """Those that have evidence by nature."""
    return [one for one in many if not one.label_only]


def text_of(attacks: Sequence[tuple[str, Compared]]) -> Iterator[str]:
    """A line for each family, by the names of its attacks, and one for all."""
    yield "Evidence compared with labels: how many forged packets bear a word, and how many that bear one are forged"
    families: dict[str, dict[str, Compared]] = {}
    for name, compared in attacks:
        family, _, style = name.partition(":")
        families.setdefault(family, {})[style] = compared
    lines = [["family", "forged", "found", "recall", "honest suspected", "precision", "the others"]]
    lines += [_line(family, styles) for family, styles in families.items()]
    everything = [compared for _, compared in attacks]
    lines.append(_figures("all with evidence", together(with_evidence(everything))))
    lines.append(_figures("all, label only too", together(everything)))
    yield from grid(lines, "<>>>>><")
    for name, compared in attacks:
        if compared.suspected:
            words = ", ".join(f"{count} {what}" for what, count in compared.suspicions.items())
            why = BELIEVED if AFTER_CLOSE in compared.suspicions else ""
            note = f"{name}: {compared.suspected} honest packets are suspected ({words}){why}"
            yield from textwrap.wrap(note, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _line(family: str, styles: dict[str, Compared]) -> list[str]:
    """One family: its styles with evidence together, then what is missed, and which styles have none."""
    whole = together(with_evidence(styles.values()))
    bare = [style for style, compared in styles.items() if compared.label_only]
    if len(bare) == len(styles):
        count = sum(compared.forged for compared in styles.values())
        return [family, f"{count:,}", "-", "-", "-", "-", "label only"]
    told = [f"{count} {EXPLAINED.get(what, what)}" for what, count in whole.missed.items()]
    told += [f"label only: {', '.join(bare)}"] if bare else []
    return [*_figures(family, whole), "; ".join(told)]


def _figures(name: str, compared: Compared) -> list[str]:
    """The figures of a line."""
    shares = (f"{share:.0%}" if share is not None else "-" for share in (compared.recall, compared.precision))
    recall, precision = shares
    return [
        name,
        f"{compared.forged:,}",
        f"{compared.found:,}",
        recall,
        f"{compared.suspected:,}" if compared.suspected else "-",
        precision,
    ]


def as_dict(compared: Compared) -> dict[str, object]:
    """For JSON."""
    return {
        "label_only": compared.label_only, "promised": list(compared.promised), "words": dict(compared.words),
        "found": compared.found, "missed": dict(compared.missed), "recall": compared.recall,
        "precision": compared.precision, "honest_suspected": dict(compared.suspicions),
    }  # fmt: skip
