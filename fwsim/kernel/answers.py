"""What was heard of each packet, as rows of DECISION.

Read first: `fwsim.convert.observing`, whose prefixes are read here. The verdict is that of the last rule or policy that
said something; a packet of which the end was not reported, though nothing refused it, was discarded by the stack, or
behind the last chains by the helper of its connection (`nf_confirm`), where the ruleset gives one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fwsim.capture.ends import Ends
from fwsim.convert.observing import BEHIND, DECIDED_BY_POLICY, DECIDED_BY_RULE, TRACKED
from fwsim.engine.match import has_told_more
from fwsim.engine.path import LOCAL as HOOK_LOCAL
from fwsim.engine.program import OP_SET_HELPER, V_DROP, V_REJECT
from fwsim.kernel.orders import Connection, Heard
from fwsim.lower import Lowered
from fwsim.tables import DECISION, RULE_POLICY, empty
from fwsim.terms import ABSENT, CtState, Direction, Hook, Reason, Verdict

Table = npt.NDArray[np.void]

MOST_WAITING = 100_000
"""Fragments that are remembered while nothing is heard of them, the latest: far more than the kernel keeps (4 MB)."""

DIRECTIONS = {"o": Direction.ORIGINAL, "r": Direction.REPLY, "-": Direction.NONE}
NAMES = DECISION.names or ()
ENDS = {int(Hook.INPUT): int(Hook.INPUT), int(Hook.FORWARD): int(Hook.POSTROUTING)}
ENDS |= {int(Hook.OUTPUT): int(Hook.POSTROUTING), HOOK_LOCAL: int(Hook.INPUT)}
"""By PACKET["hook"]: the hook behind whose end a packet has gone through."""
BEHIND_ROUTING = (int(Hook.INPUT), int(Hook.FORWARD), int(Hook.POSTROUTING))
"""Hooks from which on the stack discards nothing any more."""


@dataclass
class Answer:
    """What the kernel said of a chunk; row i is the same frame.

    `left_out` says by row why a frame was not played (`fwsim.kernel.framing.LEFT_OUT`, TOO_LONG); its decision is
    NOT_EVALUATED, which is the kernel's own only of frames that are not IP and of egress copies. `invalid` says in
    the kernel's words why it was no valid packet. `failed` are those that could not be sent, with the error.
    `connections` is the table behind each packet, where asked for. `translated` are the rows of packets that came
    through with other ends than they came with (`fwsim.capture.ends.Ends`); with `by_chance` they may hang on numbers
    that each firewall draws for itself.

    A datagram in fragments is reported once, under the number of its first piece: `silent` are the rows of fragments of
    which nothing was heard, and `late` decisions about fragments of earlier chunks, by their (negative) row.
    """

    decisions: Table
    left_out: dict[int, str] = field(default_factory=dict)
    invalid: dict[int, str] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    connections: dict[int, list[Connection]] = field(default_factory=dict)
    silent: frozenset[int] = frozenset()
    late: dict[int, dict[str, int]] = field(default_factory=dict)
    unanswerable: frozenset[int] = frozenset()
    translated: dict[int, Ends] = field(default_factory=dict)
    by_chance: bool = False


class Hearing(ABC):
    """Puts messages to their packets; what they mean is for `decide` to say."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self.outcomes: dict[tuple[int, tuple[tuple[int, str], ...]], tuple[int, ...]] = {}
        self.waiting: dict[int, int] = {}
        """The hooks of fragments of which nothing was heard yet, by number."""

    def read(self, answer: Answer, packets: Table, heard: Iterable[Heard], first: int) -> None:
        """Fill the rows of decisions of which something was heard; `first` is the number of row 0."""
        by_row: dict[int, list[tuple[int, str]]] = {}
        for number, hook, prefix in self.about(packets, heard, first):
            by_row.setdefault(number - first, []).append((hook, prefix))
        ways = packets["hook"].tolist()
        for row in [row for row in by_row if not 0 <= row < len(ways)]:
            notes = tuple(by_row.pop(row))
            way = self.waiting.pop(first + row, None)
            if way is not None:  # else nothing that was played: noise of the namespace's own stack
                answer.late[row] = dict(zip(NAMES, self.outcome(way, notes), strict=True))
        rows = list(by_row)
        if rows:
            answer.decisions[rows] = [self.outcome(ways[row], tuple(by_row[row])) for row in rows]
        answer.silent = frozenset(np.flatnonzero(packets["fragment"]).tolist()) - by_row.keys()
        self.waiting.update({first + row: ways[row] for row in sorted(answer.silent)})
        while len(self.waiting) > MOST_WAITING:
            del self.waiting[next(iter(self.waiting))]

    def outcome(self, way: int, notes: tuple[tuple[int, str], ...]) -> tuple[int, ...]:
        """The decision that these messages mean; there are few different ones, so each is worked out once."""
        known = self.outcomes.get((way, notes))
        if known is None:
            table = empty(DECISION, 1)
            self.blank(table)
            self.decide(table[0], notes, way)
            known = self.outcomes[way, notes] = table[0].item()
        return known

    def about(self, packets: Table, heard: Iterable[Heard], first: int) -> Iterable[Heard]:
        """The messages that say something about a packet; `first` is the number of row 0 of the packets."""
        return heard

    def blank(self, decisions: Table) -> None:
        """Rows of which nothing was heard."""
        blank(decisions)

    @abstractmethod
    def decide(self, decision: np.void, notes: tuple[tuple[int, str], ...], way: int) -> None:
        """Fill one row; `notes` are hooks and prefixes in the order in which they were heard."""


class Reader(Hearing):
    """Reads the messages that `fwsim.convert` has written into a ruleset."""

    def __init__(self, lowered: Lowered) -> None:
        """Learn what each rule does, and in which chain it stands."""
        super().__init__()
        self.rule_verdicts = lowered.program.rules["verdict"].tolist()
        self.rejections = lowered.program.rules["reject_with"].tolist()
        self.rule_chains = [rule.chain for rule in lowered.rules]
        self.policies = [chain.policy for chain in lowered.chains]
        self.helps = gives_helpers(lowered)

    def decide(self, decision: np.void, notes: tuple[tuple[int, str], ...], way: int) -> None:
        """Fill one row: of several that accept, who tells most."""
        for hook, prefix in notes:
            if prefix[0] in (DECIDED_BY_RULE, DECIDED_BY_POLICY):
                self.decided(decision, hook, int(prefix[1:]), prefix[0] == DECIDED_BY_RULE)
        ended = -1
        for _, prefix in reversed(notes):
            kind, number = prefix[0], prefix[1:]
            if kind == TRACKED:
                decision["ct_state"] = int(number[:-1])
                decision["ct_direction"] = int(DIRECTIONS[number[-1]])
            elif kind == BEHIND:
                ended = max(ended, int(number)) if ended != ENDS.get(way) else ended
        through = ended >= 0 and ended == ENDS.get(way, ended)
        if decision["verdict"] == Verdict.ACCEPT and not through:
            dropped = self.helps and decision["hook"] in BEHIND_ROUTING
            unsaid(decision, Verdict.DROP if dropped else Verdict.NOT_EVALUATED)
        elif through and decision["chain"] == ABSENT:
            decision["verdict"] = Verdict.ACCEPT
            decision["reason"] = Reason.NO_CHAIN
            decision["hook"] = Hook.OUTPUT if way == HOOK_LOCAL else way

    def decided(self, decision: np.void, hook: int, number: int, by_rule: bool) -> None:
        """Write who decided, and what."""
        verdict = self.rule_verdicts[number] if by_rule else int(self.policies[number])
        if verdict == Verdict.ACCEPT and has_told_more(decision, hook, number if by_rule else RULE_POLICY):
            return
        decision["hook"] = hook
        decision["reason"] = Reason.RULE if by_rule else Reason.POLICY
        decision["rule"] = number if by_rule else RULE_POLICY
        decision["chain"] = self.rule_chains[number] if by_rule else number
        decision["verdict"] = verdict if verdict in (V_DROP, V_REJECT) else Verdict.ACCEPT
        decision["reject_with"] = self.rejections[number] if by_rule and verdict == V_REJECT else 0


def gives_helpers(lowered: Lowered) -> bool:
    """Whether connections may have helpers, which may drop packets behind the last rule."""
    return bool((lowered.program.instructions["op"] == OP_SET_HELPER).any())


def blank(decisions: Table) -> None:
    """Rows of which nothing was heard: the stack discarded the packets before any hook."""
    decisions["verdict"] = Verdict.NOT_EVALUATED
    for name in ("hook", "chain", "rule", "tcp_state_before", "tcp_state"):
        decisions[name] = ABSENT
    decisions["ct_state"] = CtState.NONE
    decisions["ct_direction"] = Direction.NONE


def unsaid(decision: np.void, verdict: Verdict) -> None:
    """The packet did not get through, though all rules so far let it pass."""
    decision["verdict"] = verdict
    decision["reason"] = Reason.NONE
    for name in ("hook", "chain", "rule"):
        decision[name] = ABSENT
