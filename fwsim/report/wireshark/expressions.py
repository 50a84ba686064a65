"""Display filters of Wireshark that ask what the comment of an annotated frame says.

Read first: `fwsim.report.annotations`; wireshark-filter(4). `contains` finds letters as they are, and `matches` takes a
regular expression; both hold if one of the frame's comments is so.
"""

from __future__ import annotations

from collections.abc import Iterable

from fwsim.report.annotations import PREFIX, said
from fwsim.terms import SUSPICIOUS, evidence_words

STATELESS, STATEFUL = MODES = ("stateless", "stateful")


def quoted(text: str) -> str:
    """A text as Wireshark's filters write it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def holds(text: str) -> str:
    """A comment has this in it."""
    return f"frame.comment contains {quoted(text)}"


def says(name: str, value: str) -> str:
    """An annotation gives this value to a name."""
    return holds(said(name, value))


def any_of(expressions: Iterable[str]) -> str:
    """One of them holds."""
    return "(" + " or ".join(expressions) + ")"


def both(*expressions: str) -> str:
    """All of them hold."""
    return " and ".join(expressions)


def is_decided(mode: str) -> str:
    """The annotation has a verdict of this mode."""
    return holds(f"{mode}=")


def admits(mode: str) -> str:
    """The mode accepts the packet."""
    return says(mode, "accept")


def refuses(mode: str) -> str:
    """There is a verdict of the mode, and it is another."""
    return both(is_decided(mode), f"not {admits(mode)}")


def evidence(mask: int) -> str:
    """The packet carries one of these words of evidence (`fwsim.terms.Evidence`)."""
    words = evidence_words(mask)
    if len(words) == 1:
        return says("evidence", words[0])
    one_of = "|".join(words)
    return f"frame.comment matches {quoted(f'evidence=({one_of});')}"


SUSPECT = evidence(SUSPICIOUS)
ANNOTATED = holds(PREFIX)
BOTH_ADMIT = both(*map(admits, MODES))
ONLY_STATELESS = both(admits(STATELESS), refuses(STATEFUL), f"not {says(STATEFUL, 'unknown')}")
ONLY_STATEFUL = both(admits(STATEFUL), refuses(STATELESS), f"not {says(STATELESS, 'unknown')}")
UNKNOWN = any_of(says(mode, "unknown") for mode in MODES)
NOT_EVALUATED = both(*(says(mode, "not_evaluated") for mode in MODES))
NEITHER = both(*map(refuses, MODES), f"not ({NOT_EVALUATED})", f"not {UNKNOWN}")
DIFFER = any_of([f"({ONLY_STATELESS})", f"({ONLY_STATEFUL})"])
