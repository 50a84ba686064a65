"""ClassBench filter sets: read, enlarged, written as rulesets, and headers drawn for them. All of it follows a seed.

A filter of ClassBench (Taylor and Turner, 2007) is a line

```
@198.12.130.31/32  204.158.101.0/28  0 : 65535  1221 : 1221  0x06/0xFF  0x0200/0x1200
```

source, destination, ports, protocol and mask, and a word and mask whose upper byte holds the TCP flags, or for ICMP the
type. The corpus has sets of a thousand; larger ones are made by shifting the same filters to other networks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.terms import TcpFlag

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus" / "classbench"
SETS = ("acl1_1k", "fw1_1k", "ipc1_1k")

ICMP, TCP, UDP = 1, 6, 17
ANY_PORT = (0, 0xFFFF)
WELL_KNOWN = 1024

HEADER = np.dtype([(name, np.int64) for name in ("src", "dst", "sport", "dport", "proto", "kind")])
"""`kind` holds the TCP flags or the ICMP type; ports are 0 where the protocol has none."""

Headers = npt.NDArray[np.void]


class Filter(NamedTuple):
    """A line of a set; addresses with their prefix length, ports from and to, values with their masks."""

    src: tuple[int, int]
    dst: tuple[int, int]
    sport: tuple[int, int]
    dport: tuple[int, int]
    proto: int | None
    kind: tuple[int, int]


def corpus_sets() -> list[Path]:
    """The sets of the corpus, in a fixed order; none where the corpus is not there."""
    return [path for name in SETS for path in sorted(CORPUS.rglob(name))]


def read_filters(path: Path) -> list[Filter]:
    """The filters of a file, in order."""
    return [_filter(line) for line in path.read_text().splitlines() if line.startswith("@")]


def _filter(line: str) -> Filter:
    src, dst, s0, _, s1, d0, _, d1, proto, kind = line[1:].split()
    number, mask = (int(part, 16) for part in proto.split("/"))
    value, over = (int(part, 16) >> 8 for part in kind.split("/"))
    assert mask in (0, 0xFF), line
    return Filter(
        _prefix(src), _prefix(dst), (int(s0), int(s1)), (int(d0), int(d1)), number if mask else None, (value, over)
    )


def _prefix(text: str) -> tuple[int, int]:
    address, _, length = text.partition("/")
    return int.from_bytes(bytes(map(int, address.split("."))), "big"), int(length)


def corpus_filters() -> list[Filter]:
    """All filters of the corpus, one set after the other."""
    return [found for path in corpus_sets() for found in read_filters(path)]


def enlarged(filters: Sequence[Filter], count: int, seed: int = 1) -> list[Filter]:
    """So many different filters: the given ones shifted to other networks, as often as it takes.

    As in the sets themselves, wide filters stand behind narrow ones, else they would hide them; apart from that the
    order is random. A shift moves all networks of a copy alike, so that prefixes keep their lengths and contain each
    other as before; registered ports move with the copy, well-known ones stay. Multicast, loopback and 0.0.0.0/8 are
    left out: no rule is ever asked about a packet from there.
    """
    chance = random.Random(seed)
    found: dict[Filter, None] = {}
    while len(found) < count:
        shifts = chance.getrandbits(32), chance.getrandbits(32), chance.randrange(1, 1 << 14)
        for one in filters:
            found[_shifted(one, *shifts)] = None
    chosen = chance.sample(list(found), count)
    return sorted(chosen, key=lambda one: -((one.src[1] + one.dst[1]) // 8))


def _shifted(one: Filter, src: int, dst: int, port: int) -> Filter:
    return one._replace(
        src=_moved(one.src, src), dst=_moved(one.dst, dst), sport=_port(one.sport, port), dport=_port(one.dport, port)
    )


def _moved(prefix: tuple[int, int], shift: int) -> tuple[int, int]:
    """A prefix of the same length elsewhere among the unicast addresses."""
    address, length = prefix
    address = (address ^ shift) >> (32 - length) << (32 - length)
    if length >= 3 and address >> 29 == 7:  # 224.0.0.0/3
        address ^= 1 << 31
    if length >= 8 and address >> 24 in (0, 127):
        address ^= 1 << 24
    return address, length


def _port(ports: tuple[int, int], shift: int) -> tuple[int, int]:
    """A range of registered ports, moved as far as they reach."""
    low, high = ports
    if low < WELL_KNOWN or high == 0xFFFF:
        return ports
    low = WELL_KNOWN + (low - WELL_KNOWN + shift) % (0x10000 - WELL_KNOWN - (high - ports[0]))
    return low, low + high - ports[0]


def ruleset_of(filters: Sequence[Filter], seed: int = 1) -> dict[str, Any]:
    """A ruleset with a rule for each filter, in order, that accepts or drops at random; what meets none is dropped.

    It is JSON, and so YAML. A filter for ports of any protocol is taken for TCP and UDP.
    """
    chance = random.Random(seed)
    rules = [rule_of(one) | {"verdict": chance.choice(("accept", "drop"))} for one in filters]
    return {"chains": {"forward": {"hook": "forward", "policy": "drop", "rules": rules}}}


def edited(written: dict[str, Any], chance: random.Random, edits: int) -> tuple[dict[str, Any], list[int]]:
    """The ruleset with rules taken out, turned round and moved; and which these were."""
    rules = deepcopy(written["chains"]["forward"]["rules"])
    numbered = list(enumerate(rules))
    touched = []
    for kind in range(3 * edits):
        at = chance.randrange(len(numbered))
        number, rule = numbered.pop(at)
        touched.append(number)
        if kind % 3 == 1:
            rule["verdict"] = "drop" if rule["verdict"] == "accept" else "accept"
        if kind % 3:
            numbered.insert(at if kind % 3 == 1 else chance.randrange(len(numbered)), (number, rule))
    forward = written["chains"]["forward"] | {"rules": [rule for _, rule in numbered]}
    return {"chains": {"forward": forward}}, touched


def rule_of(one: Filter) -> dict[str, Any]:
    """The matches of a filter."""
    rule: dict[str, Any] = {"family": "ipv4"}
    for key, (address, length) in (("src", one.src), ("dst", one.dst)):
        if length:
            rule[key] = f"{'.'.join(map(str, address.to_bytes(4, 'big')))}/{length}"
    ports = {key: value for key, value in (("sport", one.sport), ("dport", one.dport)) if value != ANY_PORT}
    if one.proto is not None:
        rule["proto"] = one.proto
    elif ports:
        rule["proto"] = ["tcp", "udp"]
    for key, (low, high) in ports.items():
        rule[key] = low if low == high else f"{low}-{high}"
    value, mask = one.kind
    if one.proto == TCP and mask:
        rule["tcp_flags"] = f"{_flags(value)} / {_flags(mask)}"
    if one.proto == ICMP and mask:
        rule["icmp_type"] = value
    return rule


def _flags(bits: int) -> str:
    return ",".join(flag.name.lower() for flag in TcpFlag if bits & flag and flag.name) or "none"


def headers_for(filters: Sequence[Filter], count: int, seed: int = 1) -> Headers:
    """Headers at random: half of them inside a filter, each as likely; half anywhere, of TCP, UDP and ICMP."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, len(filters), count)
    anywhere = rng.random(count) < 0.5
    columns = {name: column[chosen] for name, column in _columns(filters).items()}
    headers = np.empty(count, HEADER)
    for name in ("src", "dst"):
        low, size = columns[name], columns[name + "_size"]
        headers[name] = _unicast(rng, np.where(anywhere, 0, low), np.where(anywhere, 1 << 32, size))
    either = np.where(rng.random(count) < 0.5, TCP, UDP)
    proto = np.where(columns["proto"] < 0, either, columns["proto"])
    headers["proto"] = np.where(anywhere, rng.choice([ICMP, TCP, UDP], count, p=[0.1, 0.6, 0.3]), proto)
    with_ports = (headers["proto"] == TCP) | (headers["proto"] == UDP)
    for name in ("sport", "dport"):
        low, size = np.where(anywhere, 0, columns[name]), np.where(anywhere, 0x10000, columns[name + "_size"])
        headers[name] = (low + rng.integers(0, size)) * with_ports
    mask = np.where(anywhere, 0, columns["mask"])
    kinds = rng.choice([0x02, 0x10, 0x10, 0x10, 0x12, 0x18, 0x11, 0x04], count)
    kinds = np.where(headers["proto"] == ICMP, rng.choice([0, 3, 8, 11], count), kinds)
    headers["kind"] = ((kinds & ~mask) | (columns["value"] & mask)) * (
        (headers["proto"] == TCP) | (headers["proto"] == ICMP)
    )
    return headers


def _columns(filters: Sequence[Filter]) -> dict[str, npt.NDArray[np.int64]]:
    """The filters as columns: where a field begins, and how many values it allows."""
    table: dict[str, Iterator[int]] = {
        "src": (one.src[0] for one in filters),
        "src_size": (1 << 32 - one.src[1] for one in filters),
        "dst": (one.dst[0] for one in filters),
        "dst_size": (1 << 32 - one.dst[1] for one in filters),
        "sport": (one.sport[0] for one in filters),
        "sport_size": (one.sport[1] - one.sport[0] + 1 for one in filters),
        "dport": (one.dport[0] for one in filters),
        "dport_size": (one.dport[1] - one.dport[0] + 1 for one in filters),
        "proto": (-1 if one.proto is None else one.proto for one in filters),
        "value": (one.kind[0] for one in filters),
        "mask": (one.kind[1] for one in filters),
    }
    return {name: np.fromiter(values, np.int64, len(filters)) for name, values in table.items()}


def _unicast(
    rng: np.random.Generator, low: npt.NDArray[np.int64], size: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Addresses in the given networks, each of which has some that hosts may use."""
    drawn = low + rng.integers(0, size)
    while True:
        octet = drawn >> 24
        bad = np.flatnonzero((octet == 0) | (octet == 127) | (octet >= 224))
        if not len(bad):
            return drawn
        drawn[bad] = low[bad] + rng.integers(0, size[bad])


def inside(one: Filter, headers: Headers) -> npt.NDArray[np.bool_]:
    """Which headers a filter matches, read off its definition."""
    found = np.ones(len(headers), np.bool_)
    for name, (address, length) in (("src", one.src), ("dst", one.dst)):
        found &= headers[name] >> 32 - length == address >> 32 - length
    for name, (low, high) in (("sport", one.sport), ("dport", one.dport)):
        if (low, high) != ANY_PORT:
            found &= (headers[name] >= low) & (headers[name] <= high)
            found &= (headers["proto"] == TCP) | (headers["proto"] == UDP)
    if one.proto is not None:
        found &= headers["proto"] == one.proto
    if one.proto in (TCP, ICMP):
        found &= headers["kind"] & one.kind[1] == one.kind[0] & one.kind[1]
    return found
