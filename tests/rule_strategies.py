"""Random small rulesets and packets in which much collides: few addresses, ports, interfaces, marks."""

from __future__ import annotations

from ipaddress import ip_address
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from fwsim.ruleset import Ruleset

INTERFACES = ("lan", "dmz", "wan", "wan.7")
V4 = ("10.0.0.1", "10.0.0.2", "10.0.0.255", "0.0.0.0", "255.255.255.255", "192.0.2.1")
V6 = ("::", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
PORTS = (0, 1, 22, 80, 443, 65535)
CT_STATES = ("invalid", "established", "related", "new", "untracked")
PROTOS = ((), (), ("tcp",), ("udp",), ("tcp", "udp"), ("icmp",), ("icmpv6",))
VERDICTS = ("accept", "accept", "drop", "drop", "reject", "return", "continue", "jump", "goto")
SUBCHAINS = ("one", "two", "three")

Json = dict[str, Any]


def negatable(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One or several values, perhaps all negated."""

    def written(drawn: tuple[list[Any], bool]) -> Any:
        items, negated = drawn
        return [f"!{item}" if negated else item for item in items]

    return st.tuples(st.lists(values, min_size=1, max_size=3), st.booleans()).map(written)


def addresses(family: int) -> st.SearchStrategy[Any]:
    if family == 4:
        wider = ("10.0.0.0/31", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.2-10.0.0.9", "@hosts4")
        return negatable(st.sampled_from(V4 + wider))
    wider = ("2001:db8::/64", "::/0", "2001:db8::/127", "2001:db8::1-2001:db8:0:1::", "@hosts6")
    return negatable(st.sampled_from(V6 + wider))


@st.composite
def rules(draw: st.DrawFn, targets: tuple[str, ...]) -> Json:
    """One valid rule; jumps go to `targets`."""
    family = draw(st.sampled_from((None, 4, 6)))
    protos = list(draw(st.sampled_from(PROTOS)))
    if protos in (["icmp"], ["icmpv6"]):
        family = 4 if protos == ["icmp"] else 6
    rule: Json = {}
    says_proto = bool(protos) and draw(st.sampled_from((True, True, True, False)))
    if says_proto:
        rule["proto"] = protos
    if family and draw(st.booleans()):
        rule["family"] = f"ipv{family}"
    _add(draw, rule, _optional(family, rule.get("proto"), protos))
    _add(draw, rule, STATEMENTS)
    verdict = draw(st.sampled_from(VERDICTS))
    if verdict in ("jump", "goto"):
        verdict = f"{verdict} {draw(st.sampled_from(targets))}" if targets else "continue"
    rule["verdict"] = verdict
    return rule


STATEMENTS: dict[str, tuple[int, st.SearchStrategy[Any]]] = {
    "limit": (6, st.sampled_from((
        "1/second", {"rate": "2/second", "burst": 1}, {"rate": "1/minute", "over": True},
        {"rate": "100 bytes/second", "burst": "50 bytes"},
    ))),
    "set_mark": (8, st.sampled_from((1, 2, "0x10/0xf0"))),
    "set_ct_mark": (8, st.sampled_from((1, "0x2/0x3"))),
    "notrack": (16, st.just(True)),
    "helper": (16, st.just("ftp")),
    "counter": (8, st.just(True)),
}  # fmt: skip
"""One in how many rules has each statement."""


def _optional(family: int | None, proto: list[str] | None, protos: list[str]) -> dict[str, tuple[int, Any]]:
    """The matches that fit the family and protocol, and one in how many rules has each."""
    names = st.sampled_from((*INTERFACES, "wan*"))
    marks = st.sampled_from((0, 1, 2, "0x10/0x30", "1-17", "@marks"))
    result: dict[str, tuple[int, Any]] = {
        "iif": (4, negatable(names)),
        "oif": (5, negatable(names)),
        "dscp": (10, negatable(st.sampled_from((0, "ef", "10-20")))),
        "ttl": (10, negatable(st.sampled_from((1, 64, "60-70")))),
        "length": (10, negatable(st.sampled_from((100, "1000-1500")))),
        "fragment": (10, st.sampled_from(("whole", "first", "later", True))),
        "vlan": (12, negatable(st.sampled_from((0, 7)))),
        "mark": (6, negatable(marks)),
        "ct_mark": (8, negatable(marks)),
        "ct_state": (3, negatable(st.sampled_from(CT_STATES))),
        "ct_direction": (8, st.sampled_from(("original", "reply", "!reply"))),
        "ct_status": (8, negatable(st.sampled_from(("assured", "seen-reply", "snat")))),
    }
    if family:
        result |= {"src": (3, addresses(family)), "dst": (3, addresses(family))}
    if proto and set(proto) <= {"tcp", "udp"}:
        ports = negatable(st.sampled_from((*PORTS, "1-100", "@web")))
        result |= {"sport": (4, ports), "dport": (2, ports)}
    if protos == ["tcp"]:
        result["tcp_flags"] = (3, st.sampled_from(("syn", "syn / syn,ack", "!rst", "== ack", ["syn", "fin / fin,ack"])))
    if protos in (["icmp"], ["icmpv6"]):
        types = negatable(st.sampled_from(("echo-request", "echo-reply", 3, "1-9")))
        result[f"{protos[0]}_type"] = (2, types)
        result[f"{protos[0]}_code"] = (5, negatable(st.sampled_from((0, 1, "0-3"))))
    return result


def _add(draw: st.DrawFn, rule: Json, parts: dict[str, tuple[int, Any]]) -> None:
    for key, (one_in, values) in parts.items():
        if draw(st.integers(1, one_in)) == 1:
            rule[key] = draw(values)


SETS = {
    "hosts4": ["10.0.0.1", "10.0.0.128/25"],
    "hosts6": ["2001:db8::2", "2001:db8:0:1::/64"],
    "web": [80, "443-450"],
    "marks": {"type": "mark", "elements": ["0x2", "0x10/0x10"]},
}


def ruleset_of(chains: Json) -> Ruleset:
    return Ruleset.model_validate(
        {"interfaces": {n: {"networks": []} for n in INTERFACES}, "sets": SETS, "chains": chains}
    )


@st.composite
def rulesets(draw: st.DrawFn, most: int = 6) -> Ruleset:
    """A ruleset with two base chains at forward, chains below them, and one base chain at prerouting."""
    chains: Json = {}
    for name, targets in zip(SUBCHAINS, (SUBCHAINS[1:], SUBCHAINS[2:], ()), strict=True):
        chains[name] = {"rules": draw(st.lists(rules(targets), max_size=max(2, most // 2)))}
    for name, hook in (("early", "forward"), ("late", "forward"), ("pre", "prerouting")):
        chains[name] = draw(base_chains(hook, st.lists(rules(SUBCHAINS), max_size=most)))
    return ruleset_of(chains)


def base_chains(hook: str, rules: st.SearchStrategy[list[Json]]) -> st.SearchStrategy[Json]:
    priorities = st.sampled_from((-300, -1, 0, 0, 1))
    policies = st.sampled_from(("accept", "drop"))
    return st.fixed_dictionaries({"hook": st.just(hook), "priority": priorities, "policy": policies, "rules": rules})


class Theme(NamedTuple):
    """What the rules of a ruleset that branches are made of."""

    asks: tuple[Json, ...]
    effects: tuple[Json, ...]
    verdicts: tuple[str, ...]


LIMIT = {"rate": "1/second", "burst": 1}
WAYS = Theme(
    asks=({"iif": "lan"}, {"iif": "lan"}, {"oif": "dmz"}, {"ttl": 64}, {}),
    effects=({},),
    verdicts=("accept", "drop", "drop", "return", "return", "jump", "goto"),
)
MARKS = Theme(
    asks=(
        {"iif": "lan"},
        {"mark": 1},
        {"mark": "!1"},
        {"mark": "0x0/0x1"},
        {"ct_mark": 1},
        {"ct_state": "untracked"},
        {},
    ),
    effects=({}, {}, {"set_mark": 1}, {"set_mark": "0x1/0x1"}, {"set_mark": 0}, {"set_ct_mark": 1}, {"notrack": True}),
    verdicts=("accept", "drop", "continue", "continue", "continue", "return", "jump"),
)
LIMITS = Theme(
    asks=({"iif": "lan"}, {"iif": "!lan"}, {"ttl": 64}, {}),
    effects=({}, {"limit": LIMIT}, {"limit": {**LIMIT, "over": True}}),
    verdicts=("accept", "drop", "continue", "jump", "goto"),
)


def branching_rule(dice: Random, theme: Theme, targets: tuple[str, ...]) -> Json:
    """A rule that asks for little, so that the way through the chains is what matters."""
    verdict = dice.choice(theme.verdicts)
    if verdict in ("jump", "goto"):
        verdict = f"{verdict} {dice.choice(targets)}" if targets else "continue"
    return {**dice.choice(theme.asks), **dice.choice(theme.effects), "verdict": verdict}


def branching_ruleset(dice: Random) -> Ruleset:
    """Two base chains and three chains below them: little but jumps, gotos and returns, or marks, or limits.

    Thrown with dice: what Hypothesis prefers to draw, short and alike, seldom branches.
    """
    theme = dice.choice((WAYS, WAYS, MARKS, LIMITS))
    chains: Json = {}
    for name, targets in zip(SUBCHAINS, (SUBCHAINS[1:], SUBCHAINS[2:], ()), strict=True):
        chains[name] = {"rules": [branching_rule(dice, theme, targets) for _ in range(dice.randint(1, 3))]}
    for name in ("early", "late"):
        rules = [branching_rule(dice, theme, SUBCHAINS) for _ in range(dice.randint(1, 4))]
        policy = dice.choice(("accept", "drop"))
        chains[name] = {"hook": "forward", "priority": dice.randint(-1, 1), "policy": policy, "rules": rules}
    return ruleset_of(chains)


CANDIDATES: dict[str, tuple[Any, ...]] = {
    "iif": (0, 2, 3, 9, None),
    "oif": (0, 1, 9, None),
    "sport": (0, 80, 7777, None),
    "dport": (22, 443, 65535, None),
    "flags": (0x02, 0x12, 0x10, 0x04, None),
    "icmp_type": (8, 0, 3, 128, None),
    "ct_state": (1, 2, 4, 8, 64),
    "ct_mark": (0, 1, 17, None),
    "mark": (0, 2, 16),
}
"""Values to try for a field that is not known; None stands for a field that is not there."""


@st.composite
def packets(draw: st.DrawFn) -> Json:
    """A packet as the oracle reads it: fields that it does not have are left out."""
    family = draw(st.sampled_from((4, 6)))
    proto = draw(st.sampled_from((6, 6, 17, 1 if family == 4 else 58, 47)))
    packet: Json = {
        "now": 0,
        "family": family,
        "proto": proto,
        "src": ip_address(draw(st.sampled_from(V4 if family == 4 else V6))),
        "dst": ip_address(draw(st.sampled_from(V4 if family == 4 else V6))),
        "length": draw(st.sampled_from((40, 100, 101, 1500))),
        "ttl": draw(st.sampled_from((1, 63, 64))),
        "dscp": draw(st.sampled_from((0, 10, 46))),
        "fragment": draw(st.sampled_from((0, 0, 0, 1, 2))),
        "mark": draw(st.sampled_from((0, 0, 1, 2, 16))),
        "ct_state": draw(st.sampled_from((1, 2, 4, 8, 64))),
    }
    if proto in (6, 17):
        packet |= {"sport": draw(st.sampled_from(PORTS)), "dport": draw(st.sampled_from(PORTS))}
    if proto == 6:
        packet["flags"] = draw(st.sampled_from((0x02, 0x12, 0x10, 0x11, 0x04, 0, 0xC2)))
    if proto in (1, 58):
        packet |= {
            "icmp_type": draw(st.sampled_from((0, 3, 8, 128, 129))),
            "icmp_code": draw(st.sampled_from((0, 1, 4))),
        }
    if packet["ct_state"] in (2, 4, 8):
        packet |= {"ct_direction": draw(st.integers(0, 1)), "ct_status": draw(st.sampled_from((0, 2, 6)))}
        packet["ct_mark"] = draw(st.sampled_from((0, 1, 2, 19)))
    for key, values in (("iif", (0, 1, 2, 3)), ("oif", (0, 1, 2, 3)), ("vlan", (0, 7))):
        if draw(st.integers(0, 4)):
            packet[key] = draw(st.sampled_from(values))
    return packet
