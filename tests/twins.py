"""Rulesets with ct expressions thrown with dice, at all five hooks, and packets for them: for the stateless twin."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from fwsim.capture.crafting import Ip
from fwsim.ruleset import Ruleset
from tests.deciding import icmp, tcp, udp

Json = dict[str, Any]

INTERFACES: Json = {
    "lan": {"networks": ["10.1.0.0/16", "fd00:1::/64"], "addresses": ["10.1.0.1", "fd00:1::1"]},
    "dmz": {"networks": ["192.0.2.0/28"]},
    "wan": {"networks": ["any"], "addresses": ["203.0.113.1"]},
}
ADDRESSES = {
    4: ("10.1.0.5", "10.1.0.7", "192.0.2.2", "203.0.113.9", "198.51.100.7"),
    6: ("fd00:1::5", "2001:db8:9::1", "2001:db8::7"),
}
OWN = {4: ("10.1.0.1", "203.0.113.1"), 6: ("fd00:1::1",)}
NETWORKS = ("10.1.0.0/16", "!10.1.0.5", "203.0.113.0/24", "fd00:1::/64", "192.0.2.2")
NAMES = ("lan", "wan", "!lan", "!wan", "dmz")
ICMP_TYPES = {4: (0, 8, 3, 11, 13, 14, 5, 17, 18, 9), 6: (128, 129, 135, 1, 137, 143, 139, 140, 133, 136)}

ASKS: dict[str, tuple[Any, ...]] = {
    "iif": NAMES, "oif": NAMES, "src": NETWORKS, "dst": NETWORKS, "ttl": (64, "63", "!64", "1-63"),
    "mark": (0, 1, "!1"), "ct_direction": ("original", "reply"), "ct_mark": (0, 1),
    "ct_status": ("assured", "!assured"), "fragment": ("whole", "later", "!later"),
    "ct_state": (
        "new", "established", ["established", "related"], "invalid", "untracked", "!new", "related",
        ["new", "untracked"],
    ),
}  # fmt: skip
"""Keys that any rule may have."""
PROTOCOLS: tuple[Callable[[Random], Json], ...] = (
    lambda dice: {"proto": "tcp", dice.choice(("sport", "dport")): dice.choice((53, "443", "!80", "1024-65535"))},
    lambda dice: {"proto": "udp", dice.choice(("sport", "dport")): dice.choice((53, "443", "!80"))},
    lambda dice: {"tcp_flags": dice.choice(("syn", "syn / syn,ack", "rst", "!ack"))},
    lambda dice: {"icmp_type": dice.choice(("echo-request", "echo-reply", "!echo-request", [0, 3, 8]))},
    lambda dice: {"icmpv6_type": dice.choice((128, 129, "!128", "133-136", [1, 129]))},
)
"""What a rule may ask of the transport header."""
EFFECTS: tuple[Json, ...] = ({}, {}, {}, {"set_mark": 0}, {"set_mark": 1}, {"counter": True}, {"log": True})


def twin_rule(dice: Random, targets: tuple[str, ...], hook: str = "") -> Json:
    """One rule; `hook` is that of its chain if it is a base chain."""
    keys = dice.sample([*ASKS, "ct_state", "ct_state"], dice.randint(0, 2))
    rule: Json = {key: dice.choice(ASKS[key]) for key in keys}
    if dice.random() < 0.4:
        found = dice.choice(PROTOCOLS)(dice)
        if not (rule.keys() & {"src", "dst"} and found.keys() & {"icmp_type", "icmpv6_type"}):
            rule |= found
    rule |= dice.choice(EFFECTS)
    if hook in ("prerouting", "output") and dice.random() < 0.1:
        rule["notrack"] = True
    verdicts = ["accept", "accept", "drop", "continue", "jump", "goto", "return"]
    verdict = dice.choice([*verdicts, "reject"] if hook in ("input", "forward", "output") else verdicts)
    if verdict in ("jump", "goto"):
        verdict = f"{verdict} {dice.choice(targets)}" if targets else "drop"
    if verdict == "reject" and dice.random() < 0.5:
        rule["reject_with"] = dice.choice(("icmpx-no-route", "icmpx-admin-prohibited"))
    return {**rule, "verdict": verdict}


def twin_ruleset(dice: Random) -> Ruleset:
    """Some base chains and two below them."""
    chains: Json = {
        name: {"rules": [twin_rule(dice, targets) for _ in range(dice.randint(1, 3))]}
        for name, targets in (("a", ("b",)), ("b", ()))
    }
    for number in range(dice.randint(1, 4)):
        hook = dice.choice(("input", "forward", "output", "forward", "prerouting", "postrouting", "input"))
        early = -300 if hook in ("prerouting", "output") else 10
        chains[f"c{number}"] = {
            "hook": hook,
            "priority": dice.choice((0, 0, -150, early)),
            "policy": dice.choice(("accept", "drop", "drop")),
            "rules": [twin_rule(dice, ("a", "b"), hook) for _ in range(dice.randint(1, 4))],
        }
    stateless = {
        "replies": dice.choice(("ack-or-rst", "ack-or-rst", "any", "never")),
        "icmp_errors": dice.choice(("accept", "accept", "never")),
    }
    return Ruleset.model_validate({"interfaces": INTERFACES, "chains": chains, "stateless": stateless})


def twin_packet(dice: Random) -> Ip:
    """A packet that passes, comes in or goes out."""
    family = dice.choice((4, 4, 6))
    src, dst = dice.choice(ADDRESSES[family]), dice.choice(ADDRESSES[family])
    if dice.random() < 0.4:
        own = dice.choice(OWN[family])
        src, dst = (own, dst) if dice.random() < 0.5 else (src, own)
    ttl = dice.choice((64, 65, 63, 2))
    ports = (dice.choice((40000, 53, 443, 80)), dice.choice((443, 53, 80, 5000)))
    kind = dice.choice(("tcp", "tcp", "udp", "icmp", "icmp"))
    if kind == "tcp":
        return tcp(dice.choice(("S", "SA", "A", "R", "F", "FA")), src, dst, ports=ports, ttl=ttl)
    if kind == "udp":
        return udp(src, dst, ports=ports, ttl=ttl)
    return icmp(dice.choice(ICMP_TYPES[family]), src, dst, code=dice.choice((0, 0, 1)), ttl=ttl)
