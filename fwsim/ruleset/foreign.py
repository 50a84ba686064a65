"""Text that is a ruleset, but in the words of another program: recognised, so that it is not told as broken YAML.

Read first: nothing. Asked only when a text is no ruleset of ours, so that a guess here can spoil nothing.
"""

from __future__ import annotations

import re

_NFT = re.compile(
    r"(?:flush\s+ruleset|(?:add\s+|create\s+|delete\s+|destroy\s+|flush\s+)?table\s+(?:(?:ip6?|inet|arp|bridge|netdev)\s+)?[\w.\"/-]+\s*(?:\{|;|$)|"
    r"(?:define|include)\s+\S|(?:add|insert)\s+(?:chain|rule|set|map|element)\s)"
)
_IPTABLES = re.compile(
    r"\*(?:filter|nat|mangle|raw|security)\s*$|(?:ip6?tables(?:-\w+)?\s+)?-(?:[AINPFX]|-append)\s+\S+"
)
_NFT_JSON = re.compile(r'\{\s*"nftables"\s*:')

LINES_READ = 200
"""Lines looked at before giving up: comments may stand before the first statement."""


def foreign_format(text: str) -> str | None:
    """What a text looks like: `nft`, `iptables-save`, or None."""
    if text.startswith("#!") and "nft" in text.partition("\n")[0]:
        return "nft"
    if _NFT_JSON.match(text.lstrip()):
        return "nft"
    for line in text.splitlines()[:LINES_READ]:
        statement = line.strip()
        if not statement or statement.startswith("#"):
            continue
        if _NFT.match(statement):
            return "nft"
        return "iptables-save" if _IPTABLES.match(statement) else None
    return None


def looks_like(text: str) -> str | None:
    """The message for a text in another program's words, or None."""
    found = foreign_format(text)
    return f"looks like {found} text, which is not read yet: expected YAML or JSON" if found else None
