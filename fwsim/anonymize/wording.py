"""Texts in rulesets that only people read: comments and log prefixes are numbered, addresses in own words are mapped.

Read first: `fwsim.netfilter.steps`, `Unknown`, `Effectless` and `Alter`: what has no words of ours is written again in
its own. Names (of tables, chains, sets, lists, interfaces and rules of ours) are not texts: others speak of them.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

from fwsim.anonymize.mapping import BITS, Mapping

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
"""A word, or a text in quotes."""
MAC = re.compile(r"(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}")
SEPARATORS = re.compile(r"[,/=\-!\"{}()]+")
PREFIXES = ("prefix", "--log-prefix", "--nflog-prefix", "--ulog-prefix")
TEXTS = ("--string", "--hex-string", "--comment")
"""Words that a text follows."""


class CannotMapError(Exception):
    """What has no counterpart under the mapping. Never leaves this package."""


def address_text(number: int, family: int) -> str:
    """An address."""
    return str(ip_address(number.to_bytes(BITS[family] // 8, "big")))


def anonymous_network(text: str, mapping: Mapping) -> str:
    """A network, or an address, as options have it; `any` stays."""
    if text.strip() == "any":
        return text
    network = ip_network(text.strip(), strict=False)
    first = mapping.network(int(network.network_address), network.version, network.prefixlen)
    found = address_text(first, network.version)
    return f"{found}/{network.prefixlen}" if "/" in text else found


class Wording:
    """The texts of one ruleset: equal ones become equal ones, numbered as they come."""

    def __init__(self, mapping: Mapping) -> None:
        """There were none yet."""
        self.mapping = mapping
        self._numbers: dict[str, dict[str, int]] = {"comment": {}, "log": {}, "text": {}}

    def comment(self, text: str) -> str:
        """What stands for a comment."""
        return self._numbered("comment", text)

    def prefix(self, text: str) -> str:
        """What stands for the prefix of log entries, of which there may be none."""
        return f"{self._numbered('log', text)} " if text else ""

    def _numbered(self, kind: str, text: str) -> str:
        """The number of a text among those of its kind."""
        numbers = self._numbers[kind]
        return f"{kind} {numbers.setdefault(text, len(numbers) + 1)}"

    def own_words(self, text: str) -> str:
        """Words of another firewall; raises CannotMapError if there are addresses in them that cannot be mapped."""
        before = ""

        def replaced(found: re.Match[str]) -> str:
            nonlocal before
            leader, before = before, found.group()
            option, equals, value = before.partition("=")
            if equals and option in (*PREFIXES, *TEXTS):
                return f"{option}={self._free(option, value)}"
            return self._free(leader, before) if leader in (*PREFIXES, *TEXTS) else self._word(before)

        return TOKEN.sub(replaced, text)

    def _free(self, leader: str, text: str) -> str:
        """A text that follows a word."""
        plain = re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') and len(text) > 1 else text
        return f'"{self.prefix(plain) if leader in PREFIXES else self._numbered("text", plain)}"'

    def _word(self, word: str) -> str:
        """Any other word: an address, or one without any in it."""
        if MAC.fullmatch(word):
            return self.mapping.mac(int(word.replace(":", ""), 16)).to_bytes(6, "big").hex(":")
        if _is_network(word):
            return anonymous_network(word, self.mapping)
        if any(MAC.fullmatch(part) or _is_network(part) for part in SEPARATORS.split(word)):
            raise CannotMapError(f"an address in {word}")
        return word


def _is_network(word: str) -> bool:
    """Whether a word is an address or a network; a number alone is none."""
    if not ("." in word or ":" in word):
        return False
    try:
        ip_network(word, strict=False)
    except ValueError:
        return False
    return "/" not in word or word.rpartition("/")[2].isdigit()
