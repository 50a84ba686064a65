"""Ten thousand rules as a machine may have them, in the words of each format: what loading is measured with.

One list of rules, drawn from a seed, written four times. The nft text is laid out as `nft list ruleset` prints it, the
iptables one as `iptables-save` does.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

INTERFACES = ("lan", "dmz", "wan", "guest", "vpn0", "vpn1")
BASES = ("input", "forward", "output")
SERVICES = (22, 25, 53, 80, 123, 443, 587, 993, 3306, 5432, 8080, 8443)
USER_CHAINS = 20
NETWORKS = [word for number, name in enumerate(INTERFACES) for word in ("--interface", f"{name}=10.{number}.0.0/16")]
"""Options that say what lies behind them."""
FAMILY = {"family": "ip", "table": "filter"}


class Drawn(NamedTuple):
    """A rule; what is None it does not ask."""

    chain: str
    name: str
    verdict: str
    src: str | None = None
    dst: str | None = None
    iif: str | None = None
    oif: str | None = None
    proto: str | None = None
    sport: int | None = None
    dports: tuple[int | tuple[int, int], ...] = ()
    states: tuple[str, ...] = ()
    counter: bool = False


def drawn(count: int, seed: int = 1) -> list[Drawn]:
    """So many rules; the first ones of the base chains jump to the others."""
    chance = random.Random(seed)
    users = [f"zone_{number}" for number in range(USER_CHAINS)]
    rules = []
    for base in BASES:
        rules.append(Drawn(base, f"replies {base}", "accept", states=("established", "related"), counter=True))
        rules.append(Drawn(base, f"broken {base}", "drop", states=("invalid",)))
    rules += [Drawn("forward", f"to {user}", user, dst=f"10.{number}.0.0/16") for number, user in enumerate(users)]
    places = [*BASES, "forward", "forward", *users]
    return rules + [_rule(chance, chance.choice(places), number) for number in range(count - len(rules))]


def _rule(chance: random.Random, chain: str, number: int) -> Drawn:
    """One rule among many."""
    proto = chance.choices(("tcp", "udp", None), (6, 3, 1))[0]
    return Drawn(
        chain,
        f"ticket {number}",
        chance.choices(("accept", "drop"), (4, 1))[0],
        src=_prefix(chance) if chance.random() < 0.8 else None,
        dst=_prefix(chance) if chance.random() < 0.7 else None,
        iif=chance.choice(INTERFACES) if chain != "output" and chance.random() < 0.4 else None,
        oif=chance.choice(INTERFACES) if chain != "input" and chance.random() < 0.3 else None,
        proto=proto,
        sport=chance.randrange(1024, 65536) if proto and chance.random() < 0.1 else None,
        dports=_ports(chance) if proto else (),
        states=("new",) if chance.random() < 0.5 else (),
        counter=chance.random() < 0.3,
    )


def _prefix(chance: random.Random) -> str:
    """A prefix, most often a single address."""
    length = chance.choice((16, 24, 24, 28, 32, 32, 32))
    address = (10 << 24 | chance.randrange(1 << 24)) >> (32 - length) << (32 - length)
    dotted = ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))
    return dotted if length == 32 else f"{dotted}/{length}"


def _ports(chance: random.Random) -> tuple[int | tuple[int, int], ...]:
    """One port, a range, or a few ports."""
    kind = chance.random()
    if kind < 0.6:
        return (chance.choice(SERVICES) if kind < 0.4 else chance.randrange(1, 65536),)
    if kind < 0.75:
        first = chance.randrange(1024, 60000)
        return ((first, first + chance.randrange(1, 1000)),)
    return tuple(sorted(chance.sample(SERVICES, chance.randrange(2, 6))))


def _chains(rules: Sequence[Drawn]) -> Iterator[tuple[str, list[Drawn]]]:
    """Each chain with its rules."""
    found: dict[str, list[Drawn]] = {}
    for rule in rules:
        found.setdefault(rule.chain, []).append(rule)
    yield from found.items()


def _range(port: int | tuple[int, int], between: str = "-") -> str:
    """A port or range as text."""
    return str(port) if isinstance(port, int) else f"{port[0]}{between}{port[1]}"


def nft_text(rules: Sequence[Drawn]) -> str:
    """As `nft list ruleset` prints them."""
    lines = ["table ip filter {"]
    for chain, held in _chains(rules):
        lines.append(f"\tchain {chain} {{")
        if chain in BASES:
            lines.append(f"\t\ttype filter hook {chain} priority filter; policy drop;")
        lines += [f"\t\t{_nft_rule(rule)}" for rule in held]
        lines += ["\t}", ""]
    return "\n".join([*lines[:-1], "}", ""])


def _nft_rule(rule: Drawn) -> str:
    """One rule of nft."""
    parts = [f"iifname {_quoted(rule.iif)}"] if rule.iif else []
    parts += [f"oifname {_quoted(rule.oif)}"] if rule.oif else []
    parts += [f"ip saddr {rule.src}"] if rule.src else []
    parts += [f"ip daddr {rule.dst}"] if rule.dst else []
    parts += [f"{rule.proto} sport {rule.sport}"] if rule.sport else []
    if rule.dports:
        ports = ", ".join(map(_range, rule.dports))
        parts.append(f"{rule.proto} dport {ports if len(rule.dports) == 1 else f'{{ {ports} }}'}")
    parts += [f"ct state {','.join(rule.states)}"] if rule.states else []
    parts += ["counter packets 0 bytes 0"] if rule.counter else []
    verdict = rule.verdict if rule.verdict in ("accept", "drop") else f"jump {rule.verdict}"
    return " ".join([*parts, verdict, f"comment {_quoted(rule.name)}"])


def _quoted(text: str | None) -> str:
    return f'"{text}"'


def nft_json(rules: Sequence[Drawn]) -> str:
    """As `nft -j list ruleset` prints them: on one line."""
    objects: list[dict[str, Any]] = [
        {"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}},
        {"table": {"family": "ip", "name": "filter", "handle": 1}},
    ]
    told = []
    handle = 1
    for chain, held in _chains(rules):
        handle += 1
        base = {"type": "filter", "hook": chain, "prio": 0, "policy": "drop"} if chain in BASES else {}
        objects.append({"chain": {**FAMILY, "name": chain, "handle": handle, **base}})
        for rule in held:
            handle += 1
            body = {**FAMILY, "chain": chain, "handle": handle, "comment": rule.name, "expr": _expressions(rule)}
            told.append({"rule": body})
    return json.dumps({"nftables": [*objects, *told]}) + "\n"


def _expressions(rule: Drawn) -> list[dict[str, Any]]:
    """One rule of nft JSON."""
    found = [
        _equal({"meta": {"key": key}}, value) for key, value in (("iifname", rule.iif), ("oifname", rule.oif)) if value
    ]
    found += [
        _equal(_payload("ip", key), _in_json(value))
        for key, value in (("saddr", rule.src), ("daddr", rule.dst))
        if value
    ]
    if rule.proto and rule.sport:
        found.append(_equal(_payload(rule.proto, "sport"), rule.sport))
    if rule.proto and rule.dports:
        ports = [port if isinstance(port, int) else {"range": list(port)} for port in rule.dports]
        found.append(_equal(_payload(rule.proto, "dport"), ports[0] if len(ports) == 1 else {"set": ports}))
    if rule.states:
        states = list(rule.states) if len(rule.states) > 1 else rule.states[0]
        found.append({"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": states}})
    found += [{"counter": {"packets": 0, "bytes": 0}}] if rule.counter else []
    return [*found, {rule.verdict: None} if rule.verdict in ("accept", "drop") else {"jump": {"target": rule.verdict}}]


def _payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


def _equal(left: dict[str, Any], right: object) -> dict[str, Any]:
    return {"match": {"op": "==", "left": left, "right": right}}


def _in_json(prefix: str) -> object:
    """An address or prefix."""
    address, _, length = prefix.partition("/")
    return {"prefix": {"addr": address, "len": int(length)}} if length else address


def iptables_save(rules: Sequence[Drawn]) -> str:
    """As `iptables-save` prints them."""
    chains = dict.fromkeys(rule.chain for rule in rules)
    titles = {chain: chain.upper() if chain in BASES else chain for chain in chains}
    lines = ["# Generated by iptables-save v1.8.9 (nf_tables)", "*filter"]
    lines += [f":{title} {'DROP' if chain in BASES else '-'} [0:0]" for chain, title in titles.items()]
    lines += [_iptables_rule(rule, titles[rule.chain]) for _, held in _chains(rules) for rule in held]
    return "\n".join([*lines, "COMMIT", "# Completed", ""])


def _iptables_rule(rule: Drawn, chain: str) -> str:
    """One rule of iptables."""
    parts = ["-A", chain]
    for option, value in (("-s", rule.src), ("-d", rule.dst)):
        parts += [option, value if "/" in value else f"{value}/32"] if value else []
    for option, value in (("-i", rule.iif), ("-o", rule.oif), ("-p", rule.proto)):
        parts += [option, value] if value else []
    if rule.proto and (rule.sport or len(rule.dports) == 1):
        parts += ["-m", rule.proto]
    parts += ["--sport", str(rule.sport)] if rule.sport else []
    if len(rule.dports) == 1:
        parts += ["--dport", _range(rule.dports[0], ":")]
    elif rule.dports:
        parts += ["-m", "multiport", "--dports", ",".join(_range(port, ":") for port in rule.dports)]
    parts += ["-m", "conntrack", "--ctstate", ",".join(state.upper() for state in rule.states)] if rule.states else []
    parts += ["-m", "comment", "--comment", _quoted(rule.name)]
    return " ".join([*parts, "-j", rule.verdict.upper() if rule.verdict in ("accept", "drop") else rule.verdict])


def yaml_text(rules: Sequence[Drawn]) -> str:
    """As a person writes them: YAML of ours."""
    lines = ["name: many rules", "interfaces:"]
    lines += [f"  {name}: {{networks: [10.{number}.0.0/16]}}" for number, name in enumerate(INTERFACES)]
    lines.append("chains:")
    for chain, held in _chains(rules):
        lines.append(f"  {chain}:")
        lines += [f"    hook: {chain}", "    policy: drop"] if chain in BASES else []
        lines += ["    rules:", *(f"      - {{{_yaml_rule(rule)}}}" for rule in held)]
    return "\n".join([*lines, ""])


def _yaml_rule(rule: Drawn) -> str:
    """The keys of one rule of ours."""
    keys: dict[str, object] = {"name": rule.name, "iif": rule.iif, "oif": rule.oif, "src": rule.src, "dst": rule.dst}
    keys |= {"proto": rule.proto, "sport": rule.sport, "dport": _listed([_range(port) for port in rule.dports])}
    keys |= {"ct_state": _listed(rule.states), "counter": "true" if rule.counter else None}
    keys["verdict"] = rule.verdict if rule.verdict in ("accept", "drop") else f"jump {rule.verdict}"
    return ", ".join(f"{key}: {value}" for key, value in keys.items() if value)


def _listed(values: Sequence[str]) -> str:
    """One value plain, several as a list, none as nothing."""
    return values[0] if len(values) == 1 else f"[{', '.join(values)}]" if values else ""


WRITERS: dict[str, Callable[[Sequence[Drawn]], str]] = {
    "nft": nft_text, "nft-json": nft_json, "iptables": iptables_save, "yaml": yaml_text,
}  # fmt: skip
"""What writes each format."""
