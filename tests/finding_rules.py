"""Random small rulesets for findings, with packets or a solver as judges: a base chain and one that it may jump to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from random import Random
from typing import Any

from fwsim.ruleset import Ruleset
from fwsim.terms import Hook
from tests.oracle import Oracle, Packet

Json = dict[str, Any]
INTERFACES = ("lan", "wan", "tun*")
"""The last one stands for any that is called so, as `fwsim.checking.findings.names_of` has it."""
PORTS = 6
HOSTS = 4
STATES = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}
VERDICTS = ("accept", "accept", "drop", "drop", "jump below", "return", "continue")
LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1


def document(dice: Random, *, wide: bool = False) -> Json:
    """Two chains of a few rules; `wide` values are such that packets cannot be tried one by one."""
    below = [rule(dice, wide=wide, jumps=False) for _ in range(dice.randint(1, 4))]
    forward = [rule(dice, wide=wide, jumps=True) for _ in range(dice.randint(2, 6))]
    policy = dice.choice(("accept", "drop"))
    return {"forward": {"hook": "forward", "policy": policy, "rules": forward}, "below": {"rules": below}}


def rule(dice: Random, *, wide: bool, jumps: bool) -> Json:
    """One rule; sets, ranges and negation in all fields."""
    found: Json = {}
    if dice.random() < 0.6:
        found["proto"] = dice.choice(("tcp", "udp", ["tcp", "udp"]))
        if dice.random() < 0.7:
            found["dport"] = values(dice, 0xFFFF if wide else PORTS - 1)
    if dice.random() < 0.5:
        found["src"] = network(dice) if wide else hosts(dice)
    if dice.random() < 0.3:
        found["iif"] = dice.choice(("lan", "wan", "!lan", "!wan", ["lan", "wan"], "tun*", "!tun*", ["!lan", "!tun*"]))
    if dice.random() < 0.3:
        states = dice.sample(list(STATES), dice.randint(1, 3))
        found["ct_state"] = [f"!{state}" for state in states] if dice.random() < 0.2 else states
    verdict = dice.choice(VERDICTS)
    return {**found, "verdict": verdict if jumps or not verdict.startswith("jump") else "accept"}


def values(dice: Random, highest: int) -> Any:
    """A range, several values, or all others."""
    low, high = sorted((dice.randint(0, highest), dice.randint(0, highest)))
    several = dice.sample(range(highest + 1), 3)
    return dice.choice((f"{low}-{high}", f"{low}-{high}", f"!{low}-{high}", several, [f"!{one}" for one in several]))


def hosts(dice: Random) -> Any:
    """Some of a few addresses."""
    one, other = sorted((dice.randrange(HOSTS), dice.randrange(HOSTS)))
    return dice.choice((f"10.0.0.{one}", f"10.0.0.{one}-10.0.0.{other}", f"!10.0.0.{one}", "10.0.0.0/31"))


def network(dice: Random) -> Any:
    """A network, a range, or all others."""
    length = dice.choice((1, 2, 4, 8, 8, 12, 31))
    first = dice.getrandbits(length) << 32 - length
    prefix = f"{ip_address(first)}/{length}"
    low, high = sorted((dice.getrandbits(32), dice.getrandbits(32)))
    return dice.choice((prefix, prefix, f"!{prefix}", f"{ip_address(low)}-{ip_address(high)}"))


def without(chains: Json, name: str, number: int) -> Json:
    """The same rules but one."""
    rules = chains[name]["rules"]
    return {**chains, name: {**chains[name], "rules": rules[:number] + rules[number + 1 :]}}


def positions(chains: Json) -> list[tuple[str, int]]:
    """The chain and the position of each rule, in the order of their numbers."""
    return [(name, number) for name, chain in chains.items() for number in range(len(chain["rules"]))]


# --- packets one by one ---------------------------------------------------------------------------------------------


def packets() -> Iterator[Packet]:
    """One packet for each kind that the narrow rules can tell apart."""
    for number in range(HOSTS + 2):
        src = ip_address("192.0.2.1" if number == HOSTS else f"10.0.0.{number}" if number < HOSTS else "2001:db8::1")
        for transport in transports():
            for iif in range(len(INTERFACES) + 1):
                for state in STATES.values():
                    family = src.version
                    yield {
                        "family": family, "src": src, "dst": ip_address("192.0.2.9" if family == 4 else "2001:db8::9"),
                        "ttl": 64, "mark": 0, "iif": iif, "oif": 1, "ct_state": state, **transport,
                    }  # fmt: skip


def transports() -> Iterator[Packet]:
    """What stands behind the IP header: ports, no ports since it is a later fragment, another protocol."""
    for proto in (6, 17):
        yield {"proto": proto, "fragment": 2}
        for port in range(PORTS + 1):
            yield {"proto": proto, "fragment": 0, "sport": 9, "dport": port}
    yield {"proto": 47, "fragment": 0}


@dataclass
class Noting(Oracle):
    """The naive matcher, noting which rules apply."""

    applied: set[int] = field(default_factory=set)

    def applies(self, number: int, rule: Any, packet: Packet) -> bool:
        found = super().applies(number, rule, packet)
        if found:
            self.applied.add(number)
        return found


def judged(chains: Json) -> list[tuple[frozenset[int], int, int]]:
    """For each packet the rules that apply, its verdict, and the rule that decides (-1: the policy)."""
    oracle = Noting(Ruleset.model_validate({"chains": chains}), INTERFACES)
    result = []
    for packet in packets():
        oracle.applied = set()
        outcome = oracle.decide(dict(packet), Hook.FORWARD, LOWEST, HIGHEST)
        decided = -1 if outcome.rule is None else outcome.rule
        result.append((frozenset(oracle.applied), int(outcome.verdict), decided))
    return result


def matching(chains: Json) -> list[frozenset[int]]:
    """For each packet the rules whose conditions it meets, whether it gets to them or not."""
    ruleset = Ruleset.model_validate({"chains": chains})
    oracle = Oracle(ruleset, INTERFACES)
    rules = [rule for chain in oracle.chains.values() for rule in chain.rules]
    return [frozenset(n for n, one in enumerate(rules) if oracle.matches(one, packet)) for packet in packets()]
