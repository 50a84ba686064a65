"""Named sets of a ruleset as those of a table: typed, with the addresses of the two families apart.

Read first: `fwsim.ruleset.sets`. A set whose elements fit no set type of nft (numbers of several fields, marks under a
mask) is written out in the rules that name it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from .identifiers import Identifiers

TYPES = {
    ("address", 4): "ipv4_addr", ("address", 6): "ipv6_addr", ("port", 0): "inet_service",
    ("protocol", 0): "inet_proto", ("icmp-type", 0): "icmp_type", ("icmpv6-type", 0): "icmpv6_type",
}  # fmt: skip
"""nft's type of a set, by what its elements are and their family."""

SUFFIXES = {4: "_v4", 6: "_v6", 0: ""}
WIDTH = 100


class NamedSets:
    """The sets that the rules have asked for so far."""

    def __init__(self) -> None:
        """None yet."""
        self.identifiers = Identifiers()
        self.known: dict[tuple[str, str, int], str] = {}
        self.written: list[str] = []

    def reference(self, name: str, kind: str, family: int, elements: Sequence[str]) -> str | None:
        """How a match names a set with these elements; None if nft has no type for it."""
        key = (name, kind, family)
        if (kind, family) not in TYPES:
            return None
        if key not in self.known:
            self.known[key] = self.identifiers.fresh(name + SUFFIXES[family])
            self._write(self.known[key], TYPES[kind, family], elements)
        return "@" + self.known[key]

    def _write(self, name: str, kind: str, elements: Sequence[str]) -> None:
        """Add the lines of one set."""
        flags = ["\t\tflags interval"] if any("-" in element or "/" in element for element in elements) else []
        listed = textwrap.wrap(", ".join(elements), WIDTH, break_long_words=False, break_on_hyphens=False)
        self.written += [f"\tset {name} {{", f"\t\ttype {kind}", *flags, "\t\telements = {"]
        self.written += [f"\t\t\t{line}" for line in listed]
        self.written += ["\t\t}", "\t}"]
