"""Text that is a ruleset in the words of another program, recognised by its content.

Read first: nothing. No ruleset of ours begins like any of these.
"""

from __future__ import annotations

import re

_NFT = re.compile(
    r"(?:flush\s+ruleset|(?:add\s+|create\s+|delete\s+|destroy\s+|flush\s+)?table\s+(?:(?:ip6?|inet|arp|bridge|netdev)\s+)?[\w.\"/-]+\s*(?:\{|;|$)|"
    r"(?:define|include)\s+\S|(?:add|insert)\s+(?:chain|rule|set|map|element)\s)"
)
_OURS = re.compile(r"""["']?[\w.-]+["']?\s*:(?:\s|$)|-\s|---|[{\[%]""")
"""How a line of YAML or JSON begins."""
_NFT_JSON = re.compile(r'\{\s*"nftables"\s*:')

LINES_READ = 200
"""Lines looked at before giving up: comments may stand before the first statement."""


def foreign_format(text: str) -> str | None:
    """What a text looks like: `nft`, `nft-json`, `iptables`, or None."""
    if text.startswith("#!") and "nft" in text.partition("\n")[0]:
        return "nft"
    if _NFT_JSON.match(text.lstrip()):
        return "nft-json"
    for line in text.splitlines()[:LINES_READ]:
        statement = line.strip()
        if not statement or statement.startswith("#"):
            continue
        if _NFT.match(statement):
            return "nft"
        return None if _OURS.match(statement) else _iptables(text)
    return _iptables(text)


def _iptables(text: str) -> str | None:
    """Whether a text that is none of ours has lines of iptables: a script may begin in any way."""
    from fwsim.importing.iptables import looks_like_iptables

    return "iptables" if looks_like_iptables(text) else None
