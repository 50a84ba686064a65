"""What people write in a packet's line, or for a verdict, that is said otherwise here; for messages.

Read first: `lines`. The nearest word by its letters is often another one in meaning (`ping` is not `in`).
"""

from __future__ import annotations

import re

from fwsim.capture.crafting import ICMP, ICMPV6, TCP
from fwsim.ruleset.mistakes import seen

FLAG_WORDS = {"syn": 2, "fin": 1, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ece": 64, "cwr": 128}
"""TCP flags by name."""

VERDICTS = {
    "allow": "accept", "allowed": "accept", "permit": "accept", "pass": "accept", "deny": "drop", "denied": "drop",
    "block": "drop", "blocked": "drop", "discard": "drop", "refuse": "reject",
}  # fmt: skip
"""What other firewalls call our verdicts."""
KINDS = {"ping": "echo-request", "echo": "echo-request", "pong": "echo-reply"}
"""What people call the types of ICMP."""
COMES_IN = ("in", "iif", "iifname", "input")
GOES_OUT = ("out", "oif", "oifname", "output")


def hint(text: str, proto: int | None) -> str | None:
    """What to say of a word that is none of a line about this protocol, if more is known than the nearest word."""
    if proto in (ICMP, ICMPV6) and text in KINDS:
        return f"unknown word {seen(text)}, did you mean {seen(KINDS[text])}?"
    name, sign, value = text.partition("=")
    if name in COMES_IN and (sign or name != "in"):
        return f"unknown word {seen(text)}: expected {seen(f'in {value}' if value else 'in INTERFACE')}"
    if name in GOES_OUT:
        return f"unknown word {seen(text)}: where a packet goes out follows from its destination"
    parts = re.split(r"[-,+/|]", text)
    if not all(part in FLAG_WORDS for part in parts):
        return None
    if proto not in (None, TCP):
        return f"only TCP has flags, found {seen(text)}"
    return f"unknown word {seen(text)}, did you mean {seen('-'.join(dict.fromkeys(parts)))}?"


def flags_together(letters: str) -> str:
    """Flags as one word of a line, from their letters."""
    names = {("." if word == "ack" else word[0].upper()): word for word in FLAG_WORDS} | {"A": "ack", "W": "cwr"}
    return "-".join(dict.fromkeys(names[letter] for letter in letters)) or "none"
