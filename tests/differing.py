"""Random small rulesets for two to be compared, and a toy space of packets, all of which can be asked about.

The rulesets are written in our own words; what becomes of a packet is worked out here from these words alone, without
anything of fwsim, by walking through the rules one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from io import StringIO
from itertools import product
from random import Random
from typing import Any

from fwsim.differing.answer import Answer, Named
from fwsim.ruleset import Ruleset, load_ruleset

Json = dict[str, Any]
Toy = tuple[str, str, int, int, int, str, str, str, str]
"""Source and destination, protocol, ports, interfaces, ct state and direction."""

SOURCES = ("10.0.0.1", "10.0.0.2", "10.0.1.1")
TARGETS = ("10.0.0.2", "10.0.1.9")
PORTS = (1, 2, 3)
PLACES = (("lan", "wan"), ("wan", "lan"))
STATES = (("new", "original"), ("established", "original"), ("established", "reply"), ("invalid", "none"))
INTERFACES = {name: {"networks": ["any"] if name == "wan" else ["10.0.0.0/16"]} for name in ("lan", "wan")}


def toy_space() -> list[Toy]:
    """All packets of the toy space; ICMP, which has no ports, comes as echo requests (and replies: established)."""
    found: list[Toy] = []
    for src, dst, (iif, oif), (state, way) in product(SOURCES, TARGETS, PLACES, STATES):
        for proto in (6, 17):
            found += [(src, dst, proto, 40_000, port, iif, oif, state, way) for port in PORTS]
        found.append((src, dst, 1, -1, -1, iif, oif, state, way))
    return found


def ruleset(chance: Random, rules: int = 6, *, states: bool = True) -> Json:
    """A random ruleset of a forward chain and one that it may jump to."""
    chains: Json = {
        "forward": {
            "hook": "forward", "policy": chance.choice(("accept", "drop")),
            "rules": [rule(chance, ["below"], states=states) for _ in range(chance.randrange(1, rules))],
        },
        "below": {"rules": [rule(chance, [], states=states) for _ in range(chance.randrange(1, 4))]},
    }  # fmt: skip
    if chance.random() < 0.3:
        late = [rule(chance, ["below"], states=states) for _ in range(chance.randrange(1, 3))]
        chains["late"] = {"hook": "forward", "priority": 10, "policy": chance.choice(("accept", "drop")), "rules": late}
    sets = {"hosts": chance.sample(["10.0.0.1", "10.0.0.2", "10.0.1.0/24", "10.0.0.0/31"], 2)}
    return {"interfaces": INTERFACES, "sets": sets, "chains": chains}


def rule(chance: Random, targets: list[str], *, states: bool) -> Json:
    """A random rule."""
    found: Json = {}
    addresses = ["10.0.0.1", "10.0.0.0/24", "10.0.0.2-10.0.1.5", "!10.0.0.2", "@hosts", "10.0.0.0/16", "10.0.1.0/24"]
    for side in ("src", "dst"):
        if chance.random() < 0.5:
            found[side] = chance.choice(addresses)
    if chance.random() < 0.6:
        found["proto"] = chance.choice(("tcp", "udp", ["tcp", "udp"], "icmp"))
        if found["proto"] != "icmp" and chance.random() < 0.7:
            found["dport"] = chance.choice((1, 2, "2-3", [1, 3], "!2", "!2-9", "0-65535"))
    if chance.random() < 0.3:
        found[chance.choice(("iif", "oif"))] = chance.choice(("lan", "wan", "!lan"))
    if states and chance.random() < 0.4:
        found["ct_state"] = chance.choice(("new", "established", ["established", "related"], "invalid", "!new"))
    verdicts = ["accept", "accept", "drop", "drop", "reject", *(["return"] if not targets else ["jump", "goto", None])]
    verdict = chance.choice(verdicts)
    if verdict in ("jump", "goto"):
        verdict = f"{verdict} {chance.choice(targets)}"
    return found | ({"verdict": verdict} if verdict else {})


def edited(chance: Random, before: Json, edits: int = 2, *, states: bool = True) -> Json:
    """The ruleset with some rules changed, moved, taken out or put in."""
    after = deepcopy(before)
    for _ in range(edits):
        name = chance.choice(list(after["chains"]))
        rules = after["chains"][name]["rules"]
        kind = chance.randrange(6)
        if kind == 0 and len(rules) > 1:
            rules.pop(chance.randrange(len(rules)))
        elif kind == 1:
            moved = rules.pop(chance.randrange(len(rules)))
            rules.insert(chance.randrange(len(rules) + 1), moved)
        elif kind == 2 and "policy" in after["chains"][name]:
            after["chains"][name]["policy"] = chance.choice(("accept", "drop"))
        elif kind == 3:
            one = rules[chance.randrange(len(rules))]
            if one.get("verdict") in ("accept", "drop"):
                one["verdict"] = "drop" if one["verdict"] == "accept" else "accept"
        else:
            targets = ["below"] if name != "below" else []
            rules.insert(chance.randrange(len(rules) + 1), rule(chance, targets, states=states))
    return after


def model(written: Json) -> Ruleset:
    """The ruleset as fwsim has it."""
    return Ruleset.model_validate(written)


# --- what becomes of a packet, by the words alone --------------------------------------------------------------------


def verdict_of(written: Json, toy: Toy) -> str:
    """`accept`, `drop` or `reject`."""
    for name, chain in sorted(written["chains"].items(), key=lambda item: item[1].get("priority", 0)):
        if "hook" not in chain:
            continue
        found = _walk(written, name, toy)
        found = chain.get("policy", "accept") if found in (None, "return") else found
        if found != "accept":
            return str(found)
    return "accept"


def _walk(written: Json, name: str, toy: Toy) -> str | None:
    """The verdict of a chain; `return` or None if it has none."""
    for one in written["chains"][name]["rules"]:
        if not _applies(written, one, toy):
            continue
        verdict = one.get("verdict")
        if verdict is None:
            continue
        if verdict.startswith("jump"):
            below = _walk(written, verdict.split()[1], toy)
            if below not in (None, "return"):
                return below
            continue
        return _walk(written, verdict.split()[1], toy) or "return" if verdict.startswith("goto") else str(verdict)
    return None


def _applies(written: Json, one: Mapping[str, Any], toy: Toy) -> bool:
    """Whether all that a rule asks is true."""
    src, dst, proto, _, dport, iif, oif, state, _ = toy
    asked = {"src": src, "dst": dst, "iif": iif, "oif": oif, "ct_state": state}
    for key, value in asked.items():
        if key in one and not _is(written, key, one[key], value):
            return False
    if "proto" in one:
        wanted = one["proto"] if isinstance(one["proto"], list) else [one["proto"]]
        if {6: "tcp", 17: "udp", 1: "icmp"}[proto] not in wanted:
            return False
    return "dport" not in one or (dport >= 0 and _port(one["dport"], dport))


def _is(written: Json, key: str, wanted: Any, value: str) -> bool:
    """Whether a value is one of those wanted."""
    if isinstance(wanted, list):
        return any(_is(written, key, each, value) for each in wanted)
    if wanted.startswith("!"):
        return not _is(written, key, wanted[1:], value)
    if wanted.startswith("@"):
        return _is(written, key, written["sets"][wanted[1:]], value)
    if key in ("src", "dst"):
        low, high = ends(wanted)
        return low <= number(value) <= high
    return bool(wanted == value)


def _port(wanted: Any, port: int) -> bool:
    """Whether a port is one of those wanted."""
    if isinstance(wanted, list):
        return any(_port(each, port) for each in wanted)
    text = str(wanted)
    if text.startswith("!"):
        return not _port(text[1:], port)
    low, _, high = text.partition("-")
    return int(low) <= port <= int(high or low)


def number(address: str) -> int:
    """An IPv4 address as a number."""
    return int.from_bytes(bytes(map(int, address.split("."))), "big")


def ends(written: str) -> tuple[int, int]:
    """The lowest and the highest address of a network or range."""
    if "-" in written:
        low, high = written.split("-")
        return number(low), number(high)
    address, _, length = written.partition("/")
    size = 1 << 32 - int(length or 32)
    return number(address), number(address) + size - 1


def pairs(count: int, seed: int, *, states: bool = True) -> Iterator[tuple[Json, Json]]:
    """So many pairs of rulesets, most of them a few edits apart."""
    for each in range(count):
        chance = Random(seed * 1_000_003 + each)
        before = ruleset(chance, states=states)
        apart = chance.random() < 0.15
        yield (
            before,
            ruleset(chance, states=states) if apart else edited(chance, before, chance.randrange(0, 4), states=states),
        )


def twin_verdict(written: Json, toy: Toy) -> str:
    """What the stateless mode makes of a packet that is not an echo request; TCP has ACK set."""
    src, dst, proto, sport, dport, iif, oif, _, _ = toy
    if not asks_for_states(written):
        return verdict_of(written, toy)
    direct = verdict_of(written, (*toy[:7], "new", "original"))
    if direct == "accept" or proto == 1:
        return direct
    mirror: Toy = (dst, src, proto, dport, sport, oif, iif, "new", "original")
    passes = verdict_of(written, (*toy[:7], "established", "reply")) == "accept"
    return "accept" if passes and verdict_of(written, mirror) == "accept" else direct


def asks_for_states(written: Json) -> bool:
    """Whether a rule asks for ct states."""
    return any("ct_state" in one for chain in written["chains"].values() for one in chain["rules"])


def compared(old: list[Json], new: list[Json], policies: tuple[str, str] = ("drop", "drop"), **choices: Any) -> Answer:
    """The answer about two forward chains; of packets between lan and wan."""
    written = [
        {"interfaces": INTERFACES, "chains": {"forward": {"hook": "forward", "policy": policy, "rules": rules}}}
        for policy, rules in zip(policies, (old, new), strict=True)
    ]
    return answer_about(*written, **choices)


def answer_about(old: Json, new: Json, **choices: Any) -> Answer:
    """The answer about two rulesets in our own words."""
    return Answer(Named("old.yaml", model(old)), Named("new.yaml", model(new)), **choices)


def answer_about_texts(old: str, new: str, **choices: Any) -> Answer:
    """The answer about two rulesets of any format."""
    return Answer(Named("old", load_ruleset(StringIO(old))), Named("new", load_ruleset(StringIO(new))), **choices)


def in_forward(*rules: str, policy: str = "drop") -> str:
    """The nft text of a forward chain, its rules from line 4 on."""
    base = f"type filter hook forward priority 0; policy {policy};"
    return "\n".join(["table inet f {", "chain forward {", base, *rules, "}", "}", ""])
