"""What unknown verdicts hang on: each construct with how many packets, the first of them, and the rule that asked.

Read first: `fwsim.terms.Reason` and `fwsim.engine.instructions.cause_of`. A decision gives a reason and a rule; what
the packet itself lacks tells whether that is the construct, or whether a rule's limit or mark became unknown before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.harmless import safe
from fwsim.lower import Lowered
from fwsim.naming import Naming, RuleNames
from fwsim.report.cells import Rows
from fwsim.report.figures import counted
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Proto, Reason, Verdict

Column = npt.NDArray[np.int64]

NOT_SIMULATED = {int(Proto.SCTP): "SCTP packets of very many chunks", int(Proto.TCP): "FTP commands that are not read"}
"""Protocols whose connections tracking does not follow."""

TRANSPORT_FIELDS = (
    "proto", "sport", "dport", "flags", "seq", "ack", "win", "payload", "tcp_options", "icmp_type", "icmp_code",
    "icmp_id", "quote",
)  # fmt: skip
"""What tracking and rules read behind the IP header: not known if the capture cut it off."""

CUT = "what the capture cut off"
NO_INTERFACE = "an interface that is not known"
INTERFACE_ADVICE = "; --interface NAME=CIDR or --topology FILE tells what lies where"
COUNTING = {
    int(Reason.NOT_COUNTED): "a number of connections without tracking",
    int(Reason.ENTRIES_FULL): "a table of what rules keep by key, which may be full",
}
NAT = "an address or a port that was translated, to or from what is not known"
CONNECTION = "a connection that may not be there, since the verdict on its opening is unknown"
MARK = "a mark that may or may not be set"
NOTRACK = "a notrack rule that may or may not apply"
LIMIT = "a limit that has lost count"
LIMIT_OF = "the limit of "
OTHER = "something that is not simulated"


class Hanging(NamedTuple):
    """One unknown verdict: its reason and rule, whether the ct state was unknown, and what the packet lacks."""

    reason: int
    rule: int
    chain: int
    no_ct_state: int
    cut: int
    no_interface: int
    protocol: int
    """One of `NOT_SIMULATED`, else 0."""
    no_ports: int = 0
    """Whether it has none, so that what a rule finds in their place may be what is not simulated."""


@dataclass
class Count:
    """How often a construct was what a verdict hung on."""

    construct: str
    packets: int = 0
    first: tuple[int, int] = (0, 0)
    """The file and number of the first packet."""
    rules: dict[str, None] = field(default_factory=dict)
    """Where it was asked for, in the order of appearance."""


class Unknowns:
    """Counts unknown verdicts while a run streams by; `paths` are the rulesets' by mode."""

    def __init__(
        self,
        modes: Sequence[str],
        naming: Naming,
        paths: dict[str, str],
        limited: dict[str, frozenset[int]],
        needed: str = "",
    ) -> None:
        """Nothing counted yet. `limited` are the rules with a limit, by mode; `needed` says what translation lacks."""
        self.modes = tuple(modes)
        self.naming = naming
        self.paths = paths
        self.limited = limited
        self.advice = {NO_INTERFACE: INTERFACE_ADVICE, NAT: f"; {safe(needed)}" if needed else ""}
        self.counts: dict[str, Count] = {}

    def add(self, batch: Any, rows: Rows = slice(None)) -> None:
        """Count the selected rows of a batch."""
        verdicts = [getattr(batch, mode)["verdict"][rows] == Verdict.UNKNOWN for mode in self.modes]
        places = np.arange(len(batch))[rows][np.logical_or.reduce(verdicts)]
        if len(places) == 0:
            return
        keys = np.hstack([_keys(batch, getattr(batch, mode), places) for mode in self.modes])
        kinds, firsts, numbers = np.unique(keys, axis=0, return_index=True, return_counts=True)
        width = len(Hanging._fields)
        for at in np.argsort(firsts).tolist():
            parts = [Hanging(*part) for part in kinds[at].reshape(-1, width).tolist()]
            self._count(parts, int(numbers[at]), batch.frames[places[firsts[at]]])

    def _count(self, parts: Sequence[Hanging], packets: int, frame: Any) -> None:
        """Count packets that all hang on the same; on one construct in both modes only once."""
        found: dict[str, dict[str, None]] = {}
        for mode, part in zip(self.modes, parts, strict=True):
            if part.reason:
                rule = self._rule(mode, part)
                asked = constructs_of(part, self.naming.rules[mode])
                construct = ", ".join(asked) or construct_of(part, mode, part.rule in self.limited[mode])
                if construct == LIMIT_OF:
                    construct, rule = LIMIT_OF + rule, ""
                found.setdefault(construct, {}).update({rule: None} if rule else {})
        for construct, rules in found.items():
            count = self.counts.setdefault(construct, Count(construct))
            if not count.packets:
                count.first = (int(frame["file"]), int(frame["number"]))
            count.packets += packets
            count.rules |= rules

    def _rule(self, mode: str, part: Hanging) -> str:
        """The rule that asked, with its file and line: `rule "few" (office.yaml:12)`; empty if none did."""
        names = self.naming.rules[mode]
        title = names.title(part.rule, part.chain)
        if part.rule < 0 or title is None:
            return ""
        line = names.line(part.rule, part.chain)
        path = names.rules[part.rule].path or self.paths[mode]  # it may stand in a file that the ruleset includes
        place = f"{path}:{line}" if line else path
        kind = "rule " if names.rules[part.rule].name else ""  # a rule without a name has the word in its title
        return f"{kind}{safe(title)} ({safe(place)})"

    def lines(self) -> list[str]:
        """One line for each construct, in the order of appearance."""
        return [self._line(count) for count in self.counts.values()]

    def _line(self, count: Count) -> str:
        """`12 packets hang on fragments, first packet 7, ...`."""
        file, number = count.first
        several = f"{safe(self.naming.file(file))}:" if len(self.naming.files) > 1 else ""
        hang = "hangs" if count.packets == 1 else "hang"
        text = f"{counted(count.packets, 'packet')} {hang} on {count.construct}, first packet {several}{number}"
        if count.rules:
            first, *others = count.rules
            more = f" and {counted(len(others), 'other rule')}" if others else ""
            text += f", asked for by {first}{more}"
        return text + self.advice.get(count.construct, "")


def rules_with_limit(lowered: Lowered) -> frozenset[int]:
    """The numbers of the rules that have a limit."""
    limits = {at for at, ask in enumerate(lowered.asks) if ask is not None and ask.kind == "limit"}
    return frozenset(
        int(row["source"])
        for row in lowered.program.rules
        if limits.intersection(range(int(row["first"]), int(row["last"])))
    )


def hangings(batch: Any, decisions: npt.NDArray[np.void], places: Column) -> list[Hanging]:
    """A `Hanging` for each of these rows of a batch."""
    return [Hanging(*row) for row in _keys(batch, decisions, places).tolist()]


def _keys(batch: Any, decisions: npt.NDArray[np.void], places: Column) -> Column:
    """The fields of `Hanging` for each of these rows, zeros where the verdict is known."""
    packets, chosen = batch.packets[places], decisions[places]
    proto = packets["proto"]
    lost = (chosen["reason"] == Reason.CUT) | (chosen["ct_state"] == UNKNOWN_VALUE)
    of_cut_datagram = (packets["fragment"] > 0) & lost  # another fragment of it was cut
    columns = {
        "reason": chosen["reason"],
        "rule": chosen["rule"],
        "chain": chosen["chain"],
        "no_ct_state": chosen["ct_state"] == UNKNOWN_VALUE,
        "cut": np.logical_or.reduce([packets[name] == UNKNOWN_VALUE for name in TRANSPORT_FIELDS]) | of_cut_datagram,
        "no_interface": (packets["iif"] == UNKNOWN_VALUE) | (packets["oif"] == UNKNOWN_VALUE),
        "protocol": np.where(np.isin(proto, list(NOT_SIMULATED)), proto, 0),
        "no_ports": packets["dport"] == ABSENT,
    }
    keys = np.column_stack([columns[name].astype(np.int64) for name in Hanging._fields])
    keys[chosen["verdict"] != Verdict.UNKNOWN] = 0
    return keys


def constructs_of(part: Hanging, names: RuleNames) -> tuple[str, ...]:
    """What of the rule that a verdict hangs on is not simulated."""
    if part.reason != Reason.NOT_SIMULATED or part.rule < 0 or part.no_ct_state:
        return ()
    return names.rules[part.rule].not_simulated


def construct_of(part: Hanging, mode: str, has_limit: bool) -> str:
    """What an unknown verdict hangs on, in words; `LIMIT_OF` if it is the limit of the rule."""
    if part.reason in COUNTING:
        return COUNTING[part.reason]
    if part.reason == Reason.TRANSLATED:
        return NAT
    if part.reason == Reason.CUT and part.no_ct_state:
        return CUT  # of a packet that is quoted, too
    lacking = _lacking(part)
    if part.reason == Reason.TENTATIVE:
        return _ct_construct(part, mode, has_limit, lacking)
    if part.reason in lacking:
        return lacking[part.reason]
    if part.reason == Reason.NOT_SIMULATED and (part.rule == ABSENT or part.no_ct_state):
        return OTHER
    if has_limit:
        return LIMIT_OF
    if part.reason == Reason.NOT_SIMULATED and part.no_ports:
        return OTHER
    return MARK if part.rule >= 0 else LIMIT


def _lacking(part: Hanging) -> dict[int, str]:
    """What the packet itself lacks, by the reason that it gives."""
    found = {
        Reason.NOT_SIMULATED: NOT_SIMULATED.get(part.protocol, ""),
        Reason.CUT: CUT if part.cut else "",
        Reason.NO_INTERFACE: NO_INTERFACE if part.no_interface else "",
    }
    return {int(reason): text for reason, text in found.items() if text}


def _ct_construct(part: Hanging, mode: str, has_limit: bool, lacking: dict[int, str]) -> str:
    """What it hangs on if a rule asked for something of conntrack, or if the connection may not be there."""
    if mode == "stateless":
        return LIMIT_OF if has_limit else NOTRACK
    if part.rule == ABSENT:
        return CONNECTION
    if part.no_ct_state:
        tracking = (Reason.NOT_SIMULATED, Reason.CUT)
        return next((lacking[reason] for reason in tracking if reason in lacking), NOTRACK)
    return LIMIT_OF if has_limit else MARK
