"""A lowered ruleset to throw packets at, for tests of the matcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.engine.match import walk, walk_linear
from fwsim.lower import Lowered, lower
from fwsim.ruleset import Ruleset
from fwsim.tables import DECISION, EXTRA, PACKET, RULE_POLICY, empty, words
from fwsim.terms import ABSENT, Hook, Reason, Verdict, word
from fwsim.trace import Look, trace_walk
from tests.oracle import row_of

LOWEST, HIGHEST = -(1 << 31), 1 << 31
INTERFACES = ("lan", "dmz", "wan")
TCP = {"proto": 6, "sport": 1000, "dport": 80, "flags": 2}
DEFAULTS: dict[str, Any] = {
    "now": 0, "family": 4, "src": "10.1.0.5", "dst": "192.0.2.2", "length": 60, "ttl": 64, "dscp": 0, "fragment": 0,
    "mark": 0, "iif": 0, "oif": 2, "ct_state": 8, "ct_direction": 0, "ct_status": 0, "ct_mark": 0,
}  # fmt: skip
"""A new TCP packet from lan to wan."""

Rule = Mapping[str, Any]


class Answer(NamedTuple):
    """What a walk said: words, the rule by its name or position (or `policy`), and the numbers that it left."""

    verdict: str
    chain: str | None
    rule: str | None
    reason: str
    reject_with: int
    tried: int
    mark: int
    ct_mark: int
    ct_state: int


def fresh_decision() -> npt.NDArray[np.void]:
    """A decision before the first walk."""
    table = empty(DECISION, 1)
    table[0]["chain"] = table[0]["rule"] = ABSENT
    return table


def packet_row(unknown: Sequence[str] = (), **fields: Any) -> npt.NDArray[np.void]:
    """A row of PACKET, the TCP packet above if nothing else is said; a field given as None is not there."""
    packet = {**DEFAULTS, **({} if "proto" in fields else TCP), **fields}
    packet = {key: value for key, value in packet.items() if value is not None}
    for key in ("src", "dst"):
        if key in packet:
            packet[key] = ip_address(packet[key])
    return row_of(packet, unknown)


def with_more(table: npt.NDArray[np.void]) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int64]]:
    """A row of PACKET with one of EXTRA behind it, of which nothing is asked for: as a table, and both as a matrix."""
    fields = len(PACKET.names or ())
    matrix = np.zeros((1, fields + len(EXTRA.names or ())), np.int64)
    matrix[0, :fields] = words(table)[0]
    return matrix[0, :fields].view(PACKET), matrix


class Firewall:
    """A ruleset, lowered, with its memory."""

    def __init__(self, chains: Mapping[str, Any] | Sequence[Rule], policy: str = "accept", **more: Any) -> None:
        """`chains` as in a ruleset, or the rules of one chain at forward with this policy."""
        if not isinstance(chains, Mapping):
            chains = {"forward": {"hook": "forward", "policy": policy, "rules": list(chains)}}
        interfaces: dict[str, Any] = {name: {"networks": []} for name in INTERFACES}
        document = {"interfaces": interfaces, "chains": chains, **more}
        self.lowered: Lowered = lower(Ruleset.model_validate(document), interfaces=INTERFACES)
        self.memory = self.lowered.memory()

    def ask(
        self,
        unknown: Sequence[str] = (),
        *,
        hook: Hook = Hook.FORWARD,
        span: tuple[int, int] = (LOWEST, HIGHEST),
        quiet: int = 0,
        which: Callable[..., int] = walk,
        decision: npt.NDArray[np.void] | None = None,
        **fields: Any,
    ) -> Answer:
        """Walk one packet."""
        table, matrix = with_more(packet_row(unknown, **fields))
        decision = fresh_decision() if decision is None else decision
        program = self.lowered.program
        verdict = which(program, self.memory, int(hook), *span, table[0], matrix, decision[0], quiet)
        assert verdict == decision[0]["verdict"]
        return self.answer(decision[0], table[0])

    def answer(self, decision: Any, row: Any) -> Answer:
        """A decision in words."""
        chain = None if decision["chain"] < 0 else self.lowered.chains[int(decision["chain"])].name
        rule = "policy" if decision["rule"] == RULE_POLICY else None
        if decision["rule"] >= 0:
            rule = self.lowered.rules[int(decision["rule"])].label
        return Answer(
            word(Verdict(int(decision["verdict"]))), chain, rule, word(Reason(int(decision["reason"]))),
            int(decision["reject_with"]), int(decision["tried"]), int(row["mark"]), int(row["ct_mark"]),
            int(row["ct_state"]),
        )  # fmt: skip

    def verdict(self, unknown: Sequence[str] = (), **fields: Any) -> tuple[str, str | None]:
        """The verdict and the rule, after checking that the index and the linear walk say the same."""
        linear = self.ask(unknown, which=walk_linear, quiet=1, **fields)
        answer = self.ask(unknown, quiet=1, **fields)
        assert answer == linear
        self.ask(unknown, **fields)
        return answer.verdict, answer.rule

    def trace(self, unknown: Sequence[str] = (), *, quiet: int = 0, **fields: Any) -> list[Look]:
        """Every rule looked at."""
        (table, matrix), decision = with_more(packet_row(unknown, **fields)), fresh_decision()
        span = (int(Hook.FORWARD), LOWEST, HIGHEST)
        return list(trace_walk(self.lowered, self.memory, *span, table, matrix, decision[0], quiet))

    def hits(self) -> dict[str, int]:
        """How often each rule matched, and each policy decided; those with none are left out."""
        names = [rule.label for rule in self.lowered.rules] + [f"policy {c.name}" for c in self.lowered.chains]
        return {name: int(count) for name, count in zip(names, self.memory.hits, strict=True) if count}
