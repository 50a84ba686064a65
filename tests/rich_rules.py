"""Random nft rulesets of nearly everything that rules may ask of a packet, to be judged by traffic: see `rich_traffic`.

Marks, hops, flags under masks, fragments, ct state, status and direction, limits, exemption from tracking, sets,
concatenations, maps of verdicts; chains at all hooks of a packet, at several priorities, with jumps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

SETS = """\
  set v4 { type ipv4_addr; flags interval; elements = { 10.0.0.1, 10.0.0.4-10.0.0.255, 203.0.113.0/25 }; }
  set v6 { type ipv6_addr; flags interval; elements = { fd00::/65, 2001:db8::1 }; }
  set ports { type inet_service; flags interval; elements = { 22, 80-90, 443 }; }
  set pairs { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/31 . 1-100, 10.0.0.2 . 443 }; }
"""
V4 = (
    "10.0.0.1", "10.0.0.2", "10.0.0.0/24", "10.0.0.1-10.0.0.2", "203.0.113.1", "{ 10.0.0.1, 203.0.113.0/24 }",
    "{ 10.0.0.0/31, 10.0.0.2-10.0.0.9 }", "@v4", "0.0.0.0/0", "128.0.0.0/1", "0.0.0.0/1",
)  # fmt: skip
V6 = ("fd00::1", "fd00::/64", "2001:db8::1", "{ fd00::1-fd00::5, 2001:db8::/32 }", "@v6", "::/0")
PORTS = ("22", "80", "443", "53", "1-1023", "{ 22, 80 }", "{ 22, 80-443 }", "0-65535", "1024-65535", "@ports")
NAMES = ('"lan"', '"wan"', '"l*"', '{ "lan", "wan" }', '"lo"')
STATES = ("new", "established", "related", "invalid", "untracked")
SEVERAL: dict[str, tuple[str, ...]] = {
    "flags": (
        "tcp flags syn", "tcp flags & (fin|syn|rst|ack) == syn", "tcp flags & (fin|syn|rst|ack) != syn",
        "tcp flags != syn", "tcp flags syn,ack", "tcp flags & (syn|fin) == (syn|fin)", "tcp flags ! syn",
        "tcp flags ack / fin,syn,rst,ack", "tcp flags & (ack|rst) != 0x0", "tcp flags == 0x0",
        "tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0", "tcp flags rst",
    ),
    "connection": (
        "ct status assured", "ct status seen-reply", "ct status & seen-reply == 0", "ct status confirmed",
        "ct direction original", "ct direction reply", "ct status expected", "ct status dnat",
        "ct status & dnat == 0",
    ),
    "protocol": (
        "meta l4proto tcp", "meta l4proto { tcp, udp }", "meta nfproto ipv4", "meta nfproto ipv6", "ip protocol tcp",
        "ip protocol != udp", "meta l4proto != tcp", "meta l4proto icmp", "ip6 nexthdr tcp",
    ),
    "icmp": (
        "icmp type echo-request", "icmp type { echo-reply, destination-unreachable }", "icmpv6 type echo-request",
        "icmpv6 type { nd-neighbor-solicit, destination-unreachable }", "icmp type != echo-request", "icmp code 0",
    ),
    "fragment": ("ip frag-off & 0x1fff != 0", "ip frag-off & 0x3fff != 0", "ip frag-off & 0x1fff == 0"),
    "header": (
        "ip ttl < 3", "ip ttl 1", "ip ttl != 64", "ip6 hoplimit < 5", "ip dscp cs1", "ip dscp != cs0",
        "meta length > 60", "ip length 40-60",
    ),
    "limit": ("limit rate 1/second burst 2 packets", "limit rate over 1/minute burst 1 packets"),
    "together": (
        "ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.2 . 80-443 }", "ip saddr . tcp dport @pairs",
        "ip saddr . ip daddr != { 10.0.0.1 . 203.0.113.1 }",
        'iifname . meta l4proto { "lan" . tcp, "wan" . udp }',
        "meta l4proto . th dport { tcp . 22, udp . 53, tcp . 0-65535 }",
    ),
    "mark": (
        "meta mark 1", "meta mark != 1", "ct mark 1", "ct mark 0", "ct mark != 0", "meta mark & 1 == 1",
        "meta mark { 1, 2 }", "meta mark 0",
    ),
}  # fmt: skip
MARKING = (
    "meta mark set 1", "meta mark set 2", "ct mark set 1", "meta mark set ct mark", "ct mark set meta mark",
    "meta mark set meta mark or 2", "meta mark set 0",
)  # fmt: skip
DOING = ("counter", 'log prefix "x"')
MAPS = (
    "tcp dport vmap {{ 22 : {0}, 80-443 : {1} }}", "ct state vmap {{ established : {0}, invalid : {1}, new : {2} }}",
    "ip saddr vmap {{ 10.0.0.1 : {0}, 10.0.0.2-10.0.0.9 : {1}, 203.0.113.0/24 : {2} }}",
    'iifname vmap {{ "lan" : {0}, "wan" : {1} }}', "meta l4proto . th dport vmap {{ tcp . 22 : {0}, udp . 53 : {1} }}",
    "meta l4proto vmap {{ tcp : {0}, udp : {1}, icmp : {2} }}",
)  # fmt: skip
ENDS = ("accept", "accept", "accept", "drop", "drop", "drop", "reject", "return", "")
BELOW = ("x1", "x2")
NO_REJECT = ("raw", "pre", "post")
"""Chains at hooks where packets cannot be rejected."""


@dataclass(frozen=True)
class Rule:
    """A rule: what it asks and does, and its verdict at the end of the line (`notrack` counts as one)."""

    asks: str
    verdict: str

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.asks} {self.verdict}".strip() or "accept"


@dataclass(frozen=True)
class Chain:
    """A chain: how a base chain begins (nothing for others), and its rules."""

    head: str
    rules: tuple[Rule, ...]

    def without(self, place: int) -> Chain:
        """The chain without a rule."""
        return replace(self, rules=self.rules[:place] + self.rules[place + 1 :])

    def with_verdict(self, place: int, verdict: str) -> Chain:
        """The chain with another verdict of a rule."""
        changed = replace(self.rules[place], verdict=verdict)
        return replace(self, rules=(*self.rules[:place], changed, *self.rules[place + 1 :]))


Chains = dict[str, Chain]


def text_of(chains: Chains) -> tuple[str, dict[int, tuple[str, int]]]:
    """The ruleset, and for each line that has a rule its chain and place."""
    lines, places = ["table inet t {", *SETS.splitlines()], {}
    for name, chain in chains.items():
        lines += [f"  chain {name} {{", *([f"    {chain.head}"] if chain.head else [])]
        for place, rule in enumerate(chain.rules):
            lines.append(f"    {rule}")
            places[len(lines)] = name, place
        lines.append("  }")
    return "\n".join([*lines, "}", ""]), places


def ruleset(dice: Random) -> Chains:
    """A few chains at all hooks, with jumps from those that filter."""

    def rules(name: str, low: int, high: int, below: Sequence[str] = ()) -> tuple[Rule, ...]:
        return tuple(rule(dice, name, below) for _ in range(dice.randint(low, high)))

    def base(name: str, hook: str, priority: int, policies: Sequence[str], most: int, low: int = 1) -> Chain:
        below = () if name in NO_REJECT else BELOW
        head = f"type filter hook {hook} priority {priority}; policy {dice.choice(policies)};"
        return Chain(head, rules(name, low, most, below))

    either = ("accept", "drop")
    chains = {"x2": Chain("", rules("x2", 1, 3)), "x1": Chain("", rules("x1", 1, 4, ("x2",)))}
    wanted: tuple[tuple[float, str, Callable[[], Chain]], ...] = (
        (0.35, "raw", lambda: base("raw", "prerouting", dice.choice((-300, -300, -450)), ("accept",), 2)),
        (0.35, "pre", lambda: base("pre", "prerouting", -150, ("accept",), 3)),
        (1.0, "forward", lambda: base("forward", "forward", 0, either, 7, 2)),
        (0.4, "later", lambda: base("later", "forward", 10, ("accept", "accept", "drop"), 3)),
        (0.4, "in", lambda: base("in", "input", 0, either, 4)),
        (0.3, "out", lambda: base("out", "output", 0, either, 3)),
        (0.2, "post", lambda: base("post", "postrouting", 0, ("accept",), 2)),
    )
    return chains | {name: made() for share, name, made in wanted if dice.random() < share}


def rule(dice: Random, chain: str, below: Sequence[str]) -> Rule:
    """One rule."""
    ends = [*ENDS, *(f"{how} {name}" for name in below for how in ("jump", "jump", "goto"))]
    if chain in NO_REJECT:
        ends.remove("reject")
    if dice.random() < 0.1:
        whom = [f"{how} {name}" for name in below for how in ("jump", "goto")]
        cases = [dice.choice(["accept", "drop", "return", *whom]) for _ in range(3)]
        return Rule(asked(dice, dice.choice((0, 0, 1))), dice.choice(MAPS).format(*cases))
    does = [dice.choice(MARKING)] * (dice.random() < 0.25) + [dice.choice(DOING)] * (dice.random() < 0.1)
    asks = " ".join([asked(dice, dice.choice((0, 1, 1, 1, 2, 2, 2, 3))), *does]).strip()
    exempts = chain == "raw" and dice.random() < 0.35
    return Rule(asks, "notrack" if exempts else dice.choice(ends))


def asked(dice: Random, count: int) -> str:
    """So many conditions, of which none is for another family or protocol than the rest."""
    found: list[str] = []
    families: set[int] = set()
    protocols: set[str] = set()
    for one in (condition(dice) for _ in range(count)):
        first = one.split()[0]
        family = {"ip6": {6}, "icmpv6": {6}, "ip": {4}, "icmp": {4}}.get(first, set())
        protocol = {first} & {"tcp", "udp", "icmp", "icmpv6"}
        if len(families | family) < 2 and len(protocols | protocol) < 2:
            found.append(one)
            families |= family
            protocols |= protocol
    return " ".join(found)


def condition(dice: Random) -> str:
    """One condition."""
    kind = dice.randrange(18)
    if kind < 3:
        side = dice.choice(("dport", "dport", "dport", "sport"))
        return f"{dice.choice(('tcp', 'tcp', 'udp', 'th'))} {side} {dice.choice(('', '', '!= '))}{dice.choice(PORTS)}"
    if kind < 5:
        family, values = dice.choice((("ip", V4), ("ip", V4), ("ip", V4), ("ip6", V6)))
        return f"{family} {dice.choice(('saddr', 'daddr'))} {dice.choice(('', '', '!= '))}{dice.choice(values)}"
    if kind == 5:
        side = dice.choice(("iifname", "iifname", "oifname"))
        return f"{side} {dice.choice(('', '', '!= '))}{dice.choice(NAMES)}"
    if kind < 8:
        several = ",".join(dice.sample(STATES, dice.randint(1, 3)))
        return f"ct state {several}" if dice.random() < 0.7 else f"ct state != {dice.choice(STATES)}"
    kinds = list(SEVERAL)
    return dice.choice(SEVERAL[kinds[kind - 8] if kind - 8 < len(kinds) else "mark"])
