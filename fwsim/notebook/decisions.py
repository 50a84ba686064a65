"""A decision as a table: the verdict, who gave it and why.

Read first: `fwsim.decisions`, whose line of text says the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.decisions import Decision, Decisions
from fwsim.notebook.markup import Markup, block, element, joined, table
from fwsim.reasons import EVIDENCE_SENTENCES, SENTENCES
from fwsim.terms import CtState, Direction, Evidence, Reason, Verdict, ct_state_words, word

MEANINGS = {word(bit): sentence for bit, sentence in EVIDENCE_SENTENCES.items()}
UNSAID = (Reason.RULE, Reason.POLICY, Reason.NONE)
"""Reasons that say no more than who decided."""


def decision_html(decision: Decision) -> str:
    """One decision."""
    rows = [(name, content) for name, content in _told(decision)]
    return block(table(("", ""), rows, "<~"))


def decisions_html(decisions: Decisions) -> str:
    """Those of both modes, side by side."""
    both = [dict(_told(one)) for one in (decisions.stateless, decisions.stateful)]
    names = dict.fromkeys([*both[0], *both[1]])
    rows = [(name, *(one.get(name, "") for one in both)) for name in names]
    return block(table(("", "", ""), rows, "<~~"))


def _told(decision: Decision) -> Iterator[tuple[str, object]]:
    """What there is to say, each with its name."""
    yield "mode", element("b", decision.mode)
    yield "verdict", element("b", word(decision.verdict).replace("_", " "))
    yield "by", _who(decision)
    if decision.reason not in UNSAID:
        yield "reason", f"{word(decision.reason)}: {SENTENCES[decision.reason]}"
    if decision.ct_state:
        direction = "" if decision.ct_direction == Direction.NONE else f", {word(decision.ct_direction)} direction"
        yield "ct state", f"{ct_state_words(CtState(decision.ct_state))}{direction}"
    if decision.tcp_state is not None:
        before = "" if decision.tcp_state_before is None else f"{decision.tcp_state_before.name} \u2192 "
        yield "tcp state", f"{before}{decision.tcp_state.name}"
    if decision.connection is not None:
        yield "connection", str(decision.connection) if _is_remembered(decision) else "none"
    yield "evidence", _evidence(decision)


def _is_remembered(decision: Decision) -> bool:
    """Whether the number is that of a connection in the table; that of a refused opening only tells what follows it."""
    if decision.ct_state == CtState.NEW:
        return decision.verdict in (Verdict.ACCEPT, Verdict.UNKNOWN)
    return decision.tcp_state is not None or decision.ct_state in (CtState.ESTABLISHED, CtState.RELATED)


def _who(decision: Decision) -> str:
    """The rule or policy."""
    if decision.rule is None:
        return "no rule"
    who = "policy" if decision.rule == "policy" else f"rule \u201c{decision.rule}\u201d"
    line = "" if decision.line is None else f" (line {decision.line})"
    mirror = ", through its mirror image" if decision.mirror else ""
    return f"{who} of chain {decision.chain}{line}{mirror}"


def _evidence(decision: Decision) -> Markup:
    """Each word with what it means."""
    words = [f"{name}: {MEANINGS[name]}" for name in decision.evidence]
    parts: list[object] = [words[0]] if words else ["none"]
    for one in words[1:]:
        parts += [Markup("<br>"), one]
    return joined(*parts)


assert set(MEANINGS) == {word(bit) for bit in Evidence if bit}
