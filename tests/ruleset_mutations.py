"""Broken and hostile rulesets of every format, and the readers that must answer them.

A reader answers with what it read or with RulesetError, whose every problem has a place; never with anything else, and
within bounds of time and memory (`answers`, which asks in a process of its own). A reader of one more format is one
line in `READERS`.
"""

from __future__ import annotations

import json
import operator
import os
import random
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fwsim.errors import RulesetError
from fwsim.importing.iptables import read_iptables
from fwsim.importing.nft import netfilter_of, read_nft
from fwsim.nft import read_script
from fwsim.nft.from_json import parse_json
from fwsim.nft.source import decoded, read_bytes
from fwsim.ruleset import load_ruleset

ROOT = Path(__file__).parent.parent
DEEP = 10_000
MANY = 250_000
LONG = 500_000

SECONDS = 60
MEMORY = 2 << 30
"""What a reader may take for one hostile text, of which none takes near as much: time of the processor, and bytes."""

NFT = b"""define ports = { 22, 80 }
table inet t {
  set s { type ipv4_addr . inet_service; flags interval, timeout
    elements = { 10.0.0.0/8 . 22, 10.1.0.1-10.1.0.5 . 80-90 } }
  set d { type ipv4_addr . inet_service; size 100; flags dynamic, timeout; timeout 1h; }
  map m { type inet_service : verdict; elements = { 22 : accept, 80 : jump other } }
  chain other { counter packets 1 bytes 2 return; }
  chain input {
    type filter hook input priority filter + 10; policy drop;
    ct state established,related accept # a comment
    iifname "eth*" ip saddr . tcp dport @s tcp dport $ports limit rate 10/second burst 5 packets accept comment "x"
    meta mark set ip saddr map { 10.0.0.1 : 0x10, 10.0.0.2 : 2 } tcp flags syn / syn,ack log prefix "a b"
    tcp dport vmap @m
    update @d { ip saddr . tcp dport timeout 1m counter } queue num 1-3 bypass
  }
}
add rule inet t input ip6 saddr fe80::/10 reject with icmpv6 admin-prohibited
"""
NFT_JSON = json.dumps({"nftables": [
    {"metainfo": {"json_schema_version": 1}}, {"flush": {"ruleset": None}}, {"table": {"family": "inet", "name": "t"}},
    {"chain": {"family": "inet", "table": "t", "name": "c", "type": "filter", "hook": "input", "prio": 0,
               "policy": "drop"}},
    {"set": {"family": "inet", "table": "t", "name": "s", "type": ["ipv4_addr", "inet_service"], "flags": ["interval"],
             "elem": [{"concat": [{"prefix": {"addr": "10.0.0.0", "len": 8}}, {"range": [80, 90]}]}]}},
    {"set": {"family": "inet", "table": "t", "name": "d", "type": "ipv4_addr", "size": 100, "flags": ["timeout"]}},
    {"add": {"rule": {"family": "inet", "table": "t", "chain": "c", "comment": "x", "expr": [
        {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}},
        {"match": {"op": "==", "left": {"&": [{"meta": {"key": "mark"}}, 255]}, "right": 16}},
        {"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}},
                  "data": {"set": [[22, {"accept": None}]]}}},
        {"limit": {"rate": 10, "per": "second", "burst": 5}}, {"counter": {"packets": 1, "bytes": 2}},
        {"set": {"op": "add", "elem": {"elem": {"val": {"payload": {"protocol": "ip", "field": "saddr"}},
                                                "timeout": 60}}, "set": "@d"}}, {"drop": None}]}}}]},
    indent=1).encode()  # fmt: skip
IPTABLES = b"""# saved
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [12:345]
-A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080
-A POSTROUTING ! -d 10.0.0.0/8 -o eth0 -j MASQUERADE --random
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:web - [0:0]
:web3 - [0:0]
[3:180] -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "a \\"b\\" c" -j ACCEPT
-A INPUT -p tcp -m multiport --dports 22,80:90 -m limit --limit 10/sec --limit-burst 7 -j web
-A INPUT -p icmp --icmp-type 8 -m mark ! --mark 0x10/0xff -j REJECT --reject-with icmp-host-prohibited
-A web -m set --match-set hosts src,dst -m iprange --src-range 10.0.0.1-10.0.0.9 -g web3
-A web -m string --string "x" --algo bm -j LOG --log-prefix "no: "
COMMIT
"""
YAML = (ROOT / "rulesets" / "office.yaml").read_bytes()
IP_JSON = json.dumps([{
    "ifindex": 2, "ifname": "eth0", "link": "br0", "flags": ["BROADCAST", "UP"], "mtu": 1500, "operstate": "UP",
    "address": "00:11:22:33:44:55", "addr_info": [
        {"family": "inet", "local": "10.0.0.1", "prefixlen": 24, "broadcast": "10.0.0.255", "scope": "global"},
        {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"}]},
    {"dst": "default", "gateway": "10.0.0.254", "dev": "eth0", "flags": []}]).encode()  # fmt: skip


@dataclass(frozen=True)
class Format:
    """What reads a format from a file, and a good text of it."""

    read: Callable[[Path], object]
    seed: bytes


def text_of(path: Path) -> str:
    """What a file holds, as text."""
    return decoded(str(path), read_bytes(path, str(path))).text


READERS: dict[str, Format] = {
    "nft": Format(read_script, NFT),
    "nft-json": Format(lambda path: parse_json(text_of(path), str(path)), NFT_JSON),
    "yaml": Format(load_ruleset, YAML),
    "nft, imported": Format(lambda path: read_nft(text_of(path), str(path), path.parent), NFT),
    "nft-json, imported": Format(lambda path: netfilter_of(parse_json(text_of(path), str(path))), NFT_JSON),
    "iptables": Format(lambda path: read_iptables(text_of(path), str(path)), IPTABLES),
}
"""The readers, by the format."""

SEEDS = {"nft": NFT, "nft-json": NFT_JSON, "iptables": IPTABLES, "yaml": YAML, "ip-json": IP_JSON}
"""Good texts of all formats; what is not for a reader is for it a text like any other."""

PIECES = re.compile(rb'"[^"\n]*"|[A-Za-z0-9_.:/\-]+|\n|[ \t]+|.', re.DOTALL)
NASTY = [
    *(b"\0", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x1b[31m"),
    *(b"\r\n", b"\r", b"\t", b"\v", b"\\", b"\\\n", b'"', b"'", b"#", b"{", b"}", b"[", b"]", b"(", b")"),
    *(b"$", b"@", b"!", b"*", b"&", b"%", b"`", b";", b",", b":", b"--", b"- ", b"...", b"---\n", b"null", b"0x"),
    *(b'include "x"\n', b"define x = $x\n", b"!!python/object:os.system "),
]
NUMBERS = [
    *(b"-1", b"0", b"08", b"65536", b"4294967296", b"18446744073709551616", b"-9223372036854775809", b"9" * 400),
    *(b"0x" + b"f" * 40, b"1e999", b"1.5", b"nan", b"256.0.0.1", b"10.0.0.0/33", b"::/129"),
]
NUMBER = re.compile(rb"[0-9]+")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """One to three small changes."""
    for _ in range(chance.randrange(1, 4)):
        data = chance.choice(CHANGES)(data, chance)
    return data


def _cut(data: bytes, chance: random.Random) -> bytes:
    """The text ends anywhere."""
    return data[: chance.randrange(len(data) + 1)]


def _without(data: bytes, chance: random.Random) -> bytes:
    """A stretch is missing."""
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.choice((1, 1, 2, 5, 40)) :]


def _pieces(data: bytes, chance: random.Random) -> bytes:
    """A token is deleted, doubled, swapped with another or written in its place."""
    pieces = PIECES.findall(data)
    if not pieces:
        return data
    place, other = chance.randrange(len(pieces)), chance.randrange(len(pieces))
    kind = chance.randrange(4)
    if kind == 0:
        del pieces[place]
    elif kind == 1:
        pieces.insert(place, pieces[place] + b" ")
    elif kind == 2:
        pieces[place], pieces[other] = pieces[other], pieces[place]
    else:
        pieces[place] = pieces[other]
    return b"".join(pieces)


def _lines(data: bytes, chance: random.Random) -> bytes:
    """A line is deleted, doubled or swapped with another."""
    lines = data.split(b"\n")
    place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    kind = chance.randrange(3)
    if kind == 0:
        del lines[place]
    elif kind == 1:
        lines.insert(other, lines[place])
    else:
        lines[place], lines[other] = lines[other], lines[place]
    return b"\n".join(lines)


def _nasty(data: bytes, chance: random.Random) -> bytes:
    """Something is put in that seldom belongs there."""
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(NASTY) * chance.choice((1, 1, 1, 3)) + data[place:]


def _number(data: bytes, chance: random.Random) -> bytes:
    """A number is another."""
    found = list(NUMBER.finditer(data))
    if not found:
        return data
    place = chance.choice(found)
    return data[: place.start()] + chance.choice(NUMBERS) + data[place.end() :]


def _line_ends(data: bytes, chance: random.Random) -> bytes:
    """Lines end as they do elsewhere, or not at all."""
    return data.replace(b"\n", chance.choice((b"\r\n", b"\r", b" ", b"\n\n")))


def _flipped(data: bytes, chance: random.Random) -> bytes:
    """A byte is another."""
    place = chance.randrange(len(data)) if data else 0
    return data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]


CHANGES = (_cut, _without, _pieces, _pieces, _pieces, _lines, _nasty, _number, _line_ends, _flipped)


def _chain(rule: bytes) -> bytes:
    """A table of nft with a rule."""
    return b"table t {\nchain c {\n" + rule + b"\n}\n}\n"


def _doubling() -> bytes:
    """Names that each stand for another twice: short to write, without end to write out."""
    lines = [b"define a0 = { 1, 2 }"]
    lines += [b"define a%d = { $a%d, $a%d }" % (number + 1, number, number) for number in range(60)]
    return b"\n".join(lines) + b"\n" + _chain(b"tcp dport $a60 accept")


def _names_of_names() -> bytes:
    """Names that stand for names, very deep."""
    lines = [b"define a0 = 22", *(b"define a%d = $a%d" % (number + 1, number) for number in range(DEEP))]
    return b"\n".join(lines) + b"\n" + _chain(b"tcp dport $a%d accept" % DEEP)


def _in_json(rule: bytes) -> bytes:
    """nft JSON with a rule of one comparison."""
    return (b'{"nftables": [{"rule": {"family": "ip", "table": "t", "chain": "c", "expr": [{"match": {"op": "==", '
            b'"left": {"meta": {"key": "mark"}}, "right": ' + rule + b"}}]}}]}")  # fmt: skip


def _each(line: bytes, count: int) -> bytes:
    """A line with every number from 0."""
    return b"".join(line % each for each in range(count))


def _numbers(count: int) -> bytes:
    """Numbers with commas between."""
    return _each(b"%d, ", count) + b"%d" % count


def _addresses(line: bytes) -> bytes:
    """A line with each of very many addresses."""
    return b"".join(line % (b"10.%d.%d.%d" % (each >> 16, each >> 8 & 255, each & 255)) for each in range(MANY))


OPENING = [b"{", b"[", b"(", b'{"a":', b'[{"a":', b"- ", b"table t {\n", b"a:\n", b"!", b"$(", b"{% ", b"? ", b"&a ["]

HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "nul bytes": lambda: b"\0" * LONG,
    "newlines": lambda: b"\n" * LONG,
    "quotes": lambda: b'"' * LONG,
    "backslashes": lambda: b"\\\n" * LONG,
    "a word": lambda: b"a" * LONG,
    "digits": lambda: b"9" * LONG,
    "colons": lambda: b":" * LONG,
    "comments": lambda: b"#\n" * LONG,
    "hashes": lambda: b"#" * LONG,
    "bytes": lambda: random.Random(1).randbytes(LONG),
    "commas": lambda: b"," * LONG,
    "too large": lambda: b"a b\n" * (33 << 18),
    "semicolons": lambda: b"; " * LONG,
    "dollars": lambda: b"$a " * LONG,
    **{f"open {mark!r}": partial(operator.mul, mark, DEEP) for mark in OPENING},
    "nft: jumps into chains": lambda: _chain(b"jump {\n" * DEEP + b"accept\n" + b"}\n" * DEEP),
    "nft: sets in sets": lambda: _chain(b"tcp dport " + b"{" * DEEP + b"1" + b"}" * DEEP + b" accept"),
    "nft: parentheses": lambda: _chain(b"meta mark set " + b"(" * DEEP + b"1" + b")" * DEEP),
    "nft: operators": lambda: _chain(b"meta mark " + b"1 | " * DEEP + b"1 accept"),
    "nft: a hash of hashes": lambda: _chain(b"jhash " * DEEP + b"ip saddr mod 2 1 accept"),
    "nft: a concatenation": lambda: _chain(b"ip saddr " + b". ip saddr " * DEEP + b"@s accept"),
    "nft: a quarter million elements": lambda: b"add element t s { " + _numbers(MANY) + b" }\n",
    "nft: a long name": lambda: b"table " + b"a" * LONG + b" { }\n",
    "nft: a long comment": lambda: _chain(b'accept comment "' + b"a" * LONG + b'"'),
    "nft: a long rule": lambda: _chain(b"counter " * (LONG // 8)),
    "nft: many mistakes": lambda: _chain(b"accept }\n" * (LONG // 8)),
    "nft: many tables": lambda: b"table t { chain c { accept; }; }\n" * (LONG // 20),
    "nft: names that double": _doubling,
    "nft: names of names": _names_of_names,
    "nft: a long number": lambda: _chain(b"meta mark 0x" + b"f" * LONG),
    "nft: an address without end": lambda: _chain(b"ip6 saddr " + b"f:" * LONG),
    "nft: an octet without end": lambda: _chain(b"ip saddr " + b"1." * LONG),
    "json: arrays": lambda: b'{"nftables": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "json: operators": lambda: _in_json(b'{"|": [1, ' * DEEP + b"1" + b"]}" * DEEP),
    "json: sets": lambda: _in_json(b'{"set": [' * DEEP + b"1" + b"]}" * DEEP),
    "json: a quarter million elements": lambda: _in_json(b'{"set": [' + _numbers(MANY) + b"]}"),
    "json: a quarter million mistakes": lambda: b'{"nftables": [' + b"{}," * MANY + b"{}]}",
    "json: a long string": lambda: _in_json(b'"' + b"a" * LONG + b'"'),
    "json: escapes": lambda: _in_json(b'"' + b"\\u0041" * LONG + b'"'),
    "json: a long key": lambda: b'{"nftables": [{"' + b"a" * LONG + b'": 1}]}',
    "json: many keys": lambda: b'{"nftables": [{"add": {' + _each(b'"%d": 1,', 100_000) + b'"x": 1' + b"}}]}",
    "json: a long number": lambda: _in_json(b"1" * LONG),
    "json: a long real": lambda: _in_json(b"1." + b"1" * LONG),
    "json: blanks": lambda: b" " * LONG + b'{"nftables": []}' + b" " * LONG,
    "json: rules": lambda: (
        NFT_JSON[:-3]
        + b", "
        + b", ".join([b'{"rule": {"family": "ip", "table": "t", "chain": "c", "expr": [{"accept": null}]}}'] * 100_000)
        + b"]}"
    ),
    "yaml: lists": lambda: b"rules: " + b"[" * DEEP + b"]" * DEEP,
    "yaml: a quarter million elements": lambda: b"sets: {s: [" + _addresses(b"%s,") + b"]}\npolicy: drop\n",
    "yaml: aliases that double": lambda: (
        b"a0: &a0 [1, 2]\n"
        + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (each, each, each - 1, each - 1) for each in range(1, 60))
        + b"policy: drop\n"
    ),
    "yaml: indentation": lambda: b"".join(b" " * each + b"a:\n" for each in range(2000)),
    "iptables: a long line": lambda: (
        b"*filter\n-A INPUT " + b"-m comment --comment x " * (LONG // 20) + b"-j ACCEPT\nCOMMIT\n"
    ),
    "iptables: many rules": lambda: b"*filter\n" + b"-A INPUT -p tcp --dport 22 -j ACCEPT\n" * 30_000 + b"COMMIT\n",
    "iptables: many chains": lambda: b"*filter\n" + _each(b":c%d - [0:0]\n", 100_000) + b"COMMIT\n",
    "iptables: a long chain": lambda: b"*filter\n:" + b"a" * LONG + b" - [0:0]\nCOMMIT\n",
    "iptables: jumps": lambda: (
        b"*filter\n"
        + b"".join(b":c%d - [0:0]\n-A c%d -j c%d\n" % (each, each, each + 1) for each in range(DEEP))
        + b"COMMIT\n"
    ),
    "iptables: many ports": lambda: b"*filter\n-A INPUT -p tcp -m multiport --dports " + b"1," * LONG + b"1\nCOMMIT\n",
    "iptables: a quarter million elements": lambda: b"create s hash:ip\n" + _addresses(b"add s %s\n"),
    "ip: many addresses": lambda: b"[" + b",".join([IP_JSON[1:-1]] * 10_000) + b"]",
}
"""Texts that are deep, long or many; each is for every reader."""


def outcome(read: Callable[[Path], object], path: Path) -> str:
    """`read`, or `refused` with problems that have a place and fit on a line; anything else is raised."""
    try:
        read(path)
    except RulesetError as error:
        problems = error.problems
    else:
        return "read"
    assert problems, "refused without a problem"
    for problem in problems:
        assert (problem.line > 0) == (problem.column > 0), problem
        assert problem.path == str(path) or Path(problem.path).is_relative_to(path.parent), problem
        assert 0 < len(problem.what) < 2000, problem
        assert problem.what.isprintable(), problem
    return "refused"


def answers(reader: str, names: list[str], folder: Path) -> dict[str, str]:
    """The outcome of hostile texts, asked in a process that is ended over a text that takes too much."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.ruleset_mutations", reader, str(folder / "hostile"), *names],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    found: dict[str, str] = dict(json.loads(line) for line in run.stdout.splitlines())
    missing = [name for name in names if name not in found]
    return found | ({missing[0]: f"ended with {run.returncode}: {run.stderr[-2000:]}"} if missing else {})


def main() -> None:
    """Write hostile texts one after the other and have each read, within bounds."""
    reader, file, *names = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    path = Path(file)
    for name in names:
        path.write_bytes(HOSTILE[name]())
        used = int(resource.getrusage(resource.RUSAGE_SELF).ru_utime)
        resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, resource.RLIM_INFINITY))
        sys.stdout.write(json.dumps([name, outcome(READERS[reader].read, path)]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
