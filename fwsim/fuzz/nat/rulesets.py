"""Random rulesets that translate: nft text of tables for one family or both, with filters before and behind.

Read first: `fwsim.fuzz.nat.conditions`, `fwsim.fuzz.nat.statements`. Equal seeds give equal texts; all of them load.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from fwsim.fuzz.nat import statements
from fwsim.fuzz.nat.conditions import BEFORE_ROUTING, BEHIND_ROUTING, FILTERING, IP, Making, has_protocol, some
from fwsim.fuzz.nat.iptables import saved

SAVED = 0.2
"""How often a ruleset is one of iptables."""
HELPED = 0.4
"""How often a table gives control connections of FTP the helper."""
HELPER = (
    "\tct helper reads-ftp {", '\t\ttype "ftp" protocol tcp', "\t}",
    "\tchain helpers {", "\t\ttype filter hook prerouting priority -150; policy accept;",
    '\t\ttcp dport 21 ct helper set "reads-ftp"', "\t}",
)  # fmt: skip
AROUND = {
    "prerouting": (-310, -150, -50, 10),
    "postrouting": (50, 150),
    "input": (0, 0, 150),
    "forward": (-10, 0, 0, 5),
}
"""Priorities of filters, among them such before and behind translation."""
NAT_PRIORITIES = {"prerouting": (-100, -110, -90, 0), "postrouting": (100, 90, 110, 0), "input": (100, 50)}
VERDICTS = ("accept",) * 5 + ("drop",) * 2 + ("reject", 'log prefix "seen" accept', "counter")
UNANSWERED = ("accept", "drop", "counter")
"""Verdicts at hooks where nothing is rejected."""
KNOWN = "ct state established,related accept"


def ruleset(seed: int | str) -> str:
    """A ruleset."""
    chance = Random(f"{seed}")
    if chance.random() < SAVED:
        return saved(chance)
    layout = chance.choice((("inet",), ("inet",), ("ip", "ip6"), ("inet", "ip")))
    return "\n".join(line for number, family in enumerate(layout) for line in table(chance, family, f"gateway{number}"))


def table(chance: Random, family: str, name: str) -> Iterator[str]:
    """A table with chains for NAT and for filtering."""
    families = {"ip": (4,), "ip6": (6,), "inet": (4, 6)}[family]
    word = family == "inet"
    yield f"table {family} {name} {{"
    if chance.random() < HELPED:
        yield from HELPER
    for hook, shares in (("prerouting", (1, 1, 2)), ("postrouting", (1, 1, 2)), ("input", (0, 0, 1))):
        for number in range(chance.choice(shares)):
            priority = NAT_PRIORITIES[hook][number] if chance.random() < 0.7 else chance.choice(NAT_PRIORITIES[hook])
            yield from base(f"nat-{hook}-{number}", "nat", hook, priority, "accept")
            yield from indented(translations(chance, families, hook, word))
            yield "\t}"
    for hook, share in (("forward", 1.0), ("input", 0.8), ("prerouting", 0.3), ("postrouting", 0.3)):
        if chance.random() < share:
            policy = chance.choice(("accept", "accept", "drop")) if hook in ("forward", "input") else "accept"
            yield from base(f"filter-{hook}", "filter", hook, chance.choice(AROUND[hook]), policy)
            yield from indented(filtering(chance, families, hook))
            yield "\t}"
    yield "}"


def base(name: str, kind: str, hook: str, priority: int, policy: str) -> Iterator[str]:
    """The beginning of a base chain."""
    yield f"\tchain {name} {{"
    yield f"\t\ttype {kind} hook {hook} priority {priority}; policy {policy};"


def indented(rules: Iterator[str]) -> Iterator[str]:
    """Rules in their chain."""
    return (f"\t\t{rule}" for rule in rules)


def translations(chance: Random, families: Sequence[int], hook: str, word: bool) -> Iterator[str]:
    """The rules of a chain for NAT."""
    before = hook == "prerouting"
    makings = statements.DESTINATION if before else statements.AT_INPUT if hook == "input" else statements.SOURCE
    if hook == "postrouting" and chance.random() < 0.05:
        makings = makings + statements.RARE
    asked: tuple[Making, ...] = BEFORE_ROUTING if before or hook == "input" else BEHIND_ROUTING
    for _ in range(chance.randint(1, 6)):
        family = chance.choice(families)
        condition, statement = chance.choice(makings)(chance, family, f" {IP[family]}" if word else "")
        found = some(chance, family, asked, 0 if condition else 1, 2)
        if condition:
            found = [one for one in found if not has_protocol(one)] + [condition]
        if word and not any(names_family(one) for one in found):
            found.insert(0, f"meta nfproto ipv{family}")
        yield " ".join([*found, *(["counter"] if chance.random() < 0.2 else []), statement])


def names_family(condition: str) -> bool:
    """Whether a condition asks for one family's header."""
    return condition.startswith(("ip ", "ip6 "))


def filtering(chance: Random, families: Sequence[int], hook: str) -> Iterator[str]:
    """The rules of a filter."""
    early = hook == "prerouting"
    if not early and chance.random() < 0.7:
        yield KNOWN
    for _ in range(chance.randint(2, 8)):
        family = chance.choice(families)
        asked = some(chance, family, FILTERING, 1, 3)
        if early and chance.random() < 0.1:
            yield " ".join([*asked, "notrack"])
        else:
            yield " ".join([*asked, chance.choice(VERDICTS if hook in ("forward", "input") else UNANSWERED)])
