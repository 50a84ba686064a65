"""Certificates against a search at random: nothing certified gets through, whatever is tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fwsim.checking.spoofing import Spoofing, Status
from fwsim.errors import FwsimError
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.ruleset.host import Host
from tests.examples import RULESETS
from tests.spoofed import gets_through, letting_in

ROOT = Path(__file__).parent.parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "rulesets"
INTERFACES = {
    "lan": {"networks": ["10.1.0.0/16", "fd00:1::/64"]},
    "dmz": {"networks": ["192.0.2.0/28"]},
    "wan": {"networks": ["any"]},
}
LOCAL = ["10.1.0.1", "192.0.2.1", "fd00:1::1"]
ASKS: tuple[dict[str, Any], ...] = (
    {"iif": "wan"}, {"iif": "lan"}, {"iif": "!lan"}, {"oif": "lan"}, {"proto": "tcp", "dport": "22-80"},
    {"proto": "udp", "sport": 53}, {"src": "10.1.0.0/16"}, {"src": "!10.1.0.0/16"}, {"src": "fd00:1::/64"},
    {"src": ["192.0.2.0/28", "10.1.0.0/17"]}, {"dst": "192.0.2.2"}, {"ct_state": "new"}, {"ct_state": "invalid"},
    {"ct_state": ["established", "related"]}, {"family": "ipv6"}, {"icmp_type": "echo-request"}, {"ttl": "!64"},
    {"proto": "tcp", "tcp_flags": "syn / syn,ack"}, {"mark": 1}, {"mark": "!1"},
)  # fmt: skip
GUARDS: tuple[dict[str, Any], ...] = (
    {"iif": "lan", "src": "!10.1.0.0/16", "verdict": "drop"}, {"iif": "lan", "src": "!fd00:1::/64", "verdict": "drop"},
    {"iif": "dmz", "src": "!192.0.2.0/28", "verdict": "drop"}, {"iif": "dmz", "family": "ipv6", "verdict": "drop"},
    {"iif": "wan", "src": ["10.1.0.0/16", "192.0.2.0/28"], "verdict": "drop"},
    {"iif": "wan", "src": "fd00:1::/64", "verdict": "drop"}, {"src": "10.1.0.1", "verdict": "drop"},
)  # fmt: skip


def random_ruleset(dice: Random) -> Ruleset:
    """A ruleset that guards against some forged sources, with rules around that may let them in."""

    def rule(targets: tuple[str, ...]) -> dict[str, Any]:
        found = {**dice.choice(ASKS), **(dice.choice(ASKS) if dice.random() < 0.5 else {})}
        if "family" in found and {"src", "dst", "icmp_type"} & found.keys():
            del found["family"]
        if "proto" in found and "icmp_type" in found:
            del found["icmp_type"]
        if "tcp_flags" in found:
            found["proto"] = "tcp"
        if ":" in str(found.get("src")):
            found.pop("dst", None), found.pop("icmp_type", None)
        if dice.random() < 0.2:
            return {**found, "set_mark": dice.choice((0, 1)), "verdict": "continue"}
        verdicts = ("accept", "drop", "drop", "return", "continue", *(f"jump {name}" for name in targets))
        return {**found, "verdict": dice.choice(verdicts)}

    guards = [dict(one) for one in GUARDS if dice.random() < 0.85]
    chains: dict[str, Any] = {"below": {"rules": [rule(()) for _ in range(3)]}}
    chains["guard"] = {"hook": "prerouting", "priority": dice.choice((-300, -150)), "rules": guards, "policy": "accept"}
    for name in ("input", "forward"):
        rules = [rule(("below",)) for _ in range(dice.randint(0, 4))]
        chains[name] = {"hook": name, "rules": rules, "policy": dice.choice(("accept", "drop"))}
    document = {"interfaces": INTERFACES, "local": LOCAL, "chains": chains}
    return Ruleset.model_validate(document)


def outcomes(spoofing: Spoofing, count: int, seed: int) -> Iterator[Status]:
    """The certificates, none of which a random packet contradicts."""
    certificates = {one.asked: one for one in spoofing.certificates()}
    assert certificates
    for asked, data in gets_through(spoofing, count, seed).items():
        if asked in certificates:
            assert certificates[asked].status != Status.CERTIFIED, (asked, data)
    for one in certificates.values():
        yield one.status


def test_nothing_that_is_certified_gets_through() -> None:
    seen: Counter[Status] = Counter()
    for seed in range(25):
        host = Host(sysctls={"net.ipv4.conf.all.rp_filter": str(seed % 3)}) if seed % 2 else None
        seen.update(outcomes(Spoofing(random_ruleset(Random(seed)), host), 60, seed))
    assert min(seen[Status.CERTIFIED], seen[Status.OPEN]) > 50


MATCHES = (
    'iifname "wan"', 'iifname "lan"', "tcp dport 80", "udp dport 53", "ip saddr 10.1.0.0/16", "ip saddr != 10.1.0.0/16",
    "ip daddr 192.0.2.2", "ip daddr 10.1.0.0/16", "ct state new", "ct state invalid", "ct state untracked",
    "meta mark 1", "ct status dnat", "ct status snat", "ct status & 0x180 == 0", "ip ttl 64", "tcp flags syn / syn,ack",
    "limit rate 1/second", "meta l4proto tcp", "tcp sport 1024-65535", "ip frag-off & 0x1fff != 0",
)  # fmt: skip
DOES = ("accept", "drop", "accept", "drop", "meta mark set 1", "ip ttl set 64", "notrack", "return", "jump below")
HEADS = {
    "early": ("type filter hook prerouting priority -450", DOES),
    "raw": ("type filter hook prerouting priority -300", DOES),
    "pre": ("type nat hook prerouting priority -100", ("dnat ip to 192.0.2.2", "redirect to :8080", "accept")),
    "forward": ("type filter hook forward priority 0", DOES), "input": ("type filter hook input priority 0", DOES),
    "into": ("type nat hook input priority 100", ("snat ip to 10.1.0.9", "accept")),
    "post": ("type nat hook postrouting priority 100", ("snat ip to 10.1.0.1", "masquerade", "accept", "drop")),
    "again": ("type nat hook postrouting priority 110", ("drop", "accept")),
    "late": ("type filter hook postrouting priority 200", DOES),
}  # fmt: skip
"""Base chains, and what the rules of each do."""


def random_text(dice: Random) -> str:
    """A ruleset in nft's words, some chains of which translate."""

    def rule(does: tuple[str, ...], hook: str = "") -> str:
        done = dice.choice([one for one in does if one != "notrack" or "prerouting" in hook])
        of_udp = dice.random() < 0.3 and "redirect" not in done
        matches = [one for one in MATCHES if ("tcp" not in one if of_udp else "udp" not in one)]
        needs = "meta l4proto tcp " if "redirect" in done else ""
        return f"{needs}{' '.join(sorted(dice.sample(matches, dice.randint(1, 2))))} {done}"

    chains = {"below": [rule(("accept", "drop", "return")) for _ in range(2)]}
    for name, (head, does) in HEADS.items():
        if name != "forward" and dice.random() < 0.4:
            continue
        rules = [rule(does, head) for _ in range(dice.randint(0, 3))]
        if name == "forward" and dice.random() < 0.6:
            rules.insert(dice.randint(0, len(rules)), 'iifname "wan" ip saddr { 10.1.0.0/16, 192.0.2.0/28 } drop')
        chains[name] = [f"{head}; policy {dice.choice(('accept', 'drop'))};", *rules]
    text = "".join(f"chain {name} {{\n{chr(10).join(lines)}\n}}\n" for name, lines in chains.items())
    return f"table ip nat {{\n{text}}}\n"


def test_nothing_that_is_certified_gets_through_where_rules_translate() -> None:
    networks = {name: one["networks"] for name, one in INTERFACES.items()}
    seen: Counter[Status] = Counter()
    for seed in (*range(12), 41, 163):
        text = random_text(Random(seed))
        ruleset = load_ruleset(StringIO(text), interfaces=networks, local=LOCAL)
        seen.update(outcomes(Spoofing(ruleset), 60, seed))
    assert min(seen[Status.CERTIFIED], seen[Status.OPEN]) > 20


@pytest.mark.parametrize("name", [path.name for path in RULESETS if path.stem != "host"])
def test_the_examples_are_certified_rightly(name: str) -> None:
    assert list(outcomes(Spoofing(load_ruleset(ROOT / "rulesets" / name)), 200, 1))


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus beside the checkout")
def test_real_rulesets_are_certified_rightly() -> None:
    networks = {"eth0": ["10.0.0.0/8"], "eth1": ["192.168.0.0/16", "fd00::/16"], "ppp0": ["any"]}
    seen: Counter[Status] = Counter()
    paths = sorted(CORPUS.rglob("*iptables-save"))
    for path in paths:
        try:
            spoofing = Spoofing(load_ruleset(path, interfaces=networks, local=["10.0.0.1", "192.168.1.1"]))
        except FwsimError:
            continue  # what cannot be read is for other tests
        seen.update(outcomes(spoofing, 100, 1))
    assert seen[Status.CERTIFIED] > 10


@pytest.mark.parametrize("seed", range(4))
def test_every_rule_that_lets_a_forged_source_in_is_told(seed: int) -> None:
    spoofing = Spoofing(random_ruleset(Random(100 + seed)), steps=4_000)
    certificates = {one.asked: one for one in spoofing.of_every_rule()}
    for asked, rules in letting_in(spoofing, 400, seed).items():
        if asked not in certificates:
            continue  # the stateless mode, and where nothing filters
        one = certificates[asked]
        assert one.status == Status.OPEN
        assert one.witness is not None
        told = {(found.decision["rule"], found.decision["chain"]) for found in (one.witness, *one.others)}
        policies = {chain for rule, chain in told if rule < 0}  # what does the same is not told apart from them
        left = {by for by in rules if not (by in told or by[0] in one.rules or by[1] in policies)}
        assert one.incomplete or not left
