"""The fields of `-Y` with their operators and words, known without NumPy.

Read first: `fwsim.selection.fields`, which has them for a run; a test holds that both say the same. The words come from
where everything has them, `fwsim.terms`.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwsim.terms import CtState, Direction, Evidence, Hook, Proto, Reason, RejectWith, TcpState, Verdict, word

EQUAL = ("==", "!=")
NUMBER = ("==", "!=", "<", "<=", ">", ">=", "in")
WORD = ("==", "!=", "in")
NAME = ("==", "!=", "in", "contains")
PREFIXES = ("stateless.", "stateful.")


@dataclass(frozen=True)
class Kind:
    """How a field is compared, and with which words if they are a closed list."""

    operators: tuple[str, ...]
    words: tuple[str, ...] = ()


EVIDENCE_WORDS = tuple(word(bit) for bit in Evidence if bit)
TCP_STATES = tuple(state.name for state in TcpState)
CT_STATES = (CtState.NEW, CtState.ESTABLISHED, CtState.RELATED, CtState.INVALID, CtState.UNTRACKED, CtState.NONE)

OF_FRAMES = {
    **dict.fromkeys(("n", "ts", "len", "connection", "sport", "dport", "seq", "ack", "win"), Kind(NUMBER)),
    **dict.fromkeys(("icmp_type", "icmp_code", "vlan"), Kind(NUMBER)),
    **dict.fromkeys(("src", "dst"), Kind(WORD)),
    **dict.fromkeys(("file", "iif", "oif", "flags"), Kind(NAME)),
    "evidence": Kind(NAME, EVIDENCE_WORDS),
    "proto": Kind(NUMBER, tuple(word(proto) for proto in Proto)),
}
OF_DECISIONS = {
    "verdict": Kind(WORD, tuple(word(verdict) for verdict in Verdict)),
    "reason": Kind(WORD, tuple(word(reason) for reason in Reason)),
    "reject_with": Kind(WORD, tuple(word(kind).replace("_", "-") for kind in RejectWith if kind)),
    "hook": Kind(WORD, tuple(word(hook) for hook in Hook)),
    "ct_state": Kind(WORD, tuple(word(state) for state in CT_STATES)),
    "ct_direction": Kind(WORD, tuple(word(direction) for direction in Direction)),
    "tcp_state_before": Kind(WORD, TCP_STATES),
    "tcp_state": Kind(WORD, TCP_STATES),
    **dict.fromkeys(("mirror", "nat"), Kind(EQUAL, ("true", "false"))),
    **dict.fromkeys(("chain", "rule"), Kind(NAME)),
    **dict.fromkeys(("line", "nat.sport", "nat.dport", "nat.icmp_id"), Kind(NUMBER)),
    **dict.fromkeys(("nat.src", "nat.dst"), Kind(WORD)),
    "nat.side": Kind(WORD, ("out", "in")),
}


def kinds(*, both: bool) -> dict[str, Kind]:
    """Every field by its name; with both modes, what is decided begins with one."""
    prefixes = PREFIXES if both else ("",)
    return OF_FRAMES | {prefix + name: kind for prefix in prefixes for name, kind in OF_DECISIONS.items()}
