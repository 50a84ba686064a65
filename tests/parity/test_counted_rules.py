"""Rules that count, in the kernel and here: datagrams sent in real time, and how many each rule matched.

The kernel says when each datagram was sent, and ours are sent then. Times are chosen so that a tick more or less, or a
machine that is slow for a while, makes no difference.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from fwsim.engine.tuples import link, unlink
from fwsim.netfilter import Set
from fwsim.netfilter.fields import Numgen
from fwsim.netfilter.steps import (
    Connections,
    HashLimit,
    Lookup,
    Match,
    Quota,
    Rate,
    Recent,
    Statistic,
    Update,
)
from fwsim.ruleset.values import Limit, Numbers
from tests.keeping_by_key import SECOND, Keeper
from tests.netfiltering import number
from tests.parity.private_network import in_private_network

pytestmark = pytest.mark.kernel

SENDER = r"""
import json, socket, subprocess, sys, time
orders = json.loads(ORDERS)
def run(command):
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr}")
    return done.stdout
run("ip link set lo up")
for command in orders["load"]:
    run(command)
sockets, times = {}, []
start = time.monotonic_ns()
for order in orders["packets"]:
    if isinstance(order, str):
        run(order)
        continue
    at, host, sport, dport, length = order
    key = host, sport
    if key not in sockets:
        sockets[key] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sockets[key].bind((f"127.0.0.{host}", sport))
    wait = start / 1e9 + at - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    times.append(time.monotonic_ns() - start)
    sockets[key].sendto(bytes(length - 28), ("127.0.0.1", dport))
print(json.dumps({"times": times, "list": run(orders["list"])}))
"""
"""Sends datagrams from 127.0.0.`host`; a text among them is a command."""


class Datagram(NamedTuple):
    """When it is to be sent (seconds), from which of the loopback's addresses, and how long it is."""

    at: float
    host: int = 1
    sport: int = 3000
    dport: int = 2000
    length: int = 100


Answer = tuple[list[int], list[int]]
"""When the datagrams were sent (ns), and how many packets each rule has matched."""


def kernel(load: Sequence[str], packets: Sequence[Datagram | str], listing: str, counters: str) -> Answer:
    """Load rules, send datagrams, read the counters."""
    program = SENDER.replace("ORDERS", repr(json.dumps({"load": load, "packets": packets, "list": listing})))
    done = in_private_network(f"{sys.executable} -", program)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return answer["times"], [int(hits) for hits in re.findall(counters, answer["list"], re.MULTILINE)]


def nft(rules: Sequence[str], packets: Sequence[Datagram | str], sets: str = "") -> Answer:
    """The same of rules of nft; a counter is put behind each."""
    chain = "\n".join(f"meta l4proto udp {rule} counter" for rule in rules)
    text = f"table ip t {{\n{sets}\nchain o {{\ntype filter hook output priority 0;\n{chain}\n}}\n}}\n"
    listing = "nft -n list chain ip t o"
    return kernel([f"nft -f - <<'END'\n{text}END"], packets, listing, r"counter packets (\d+) bytes \d+$")


def iptables(rules: Sequence[str], packets: Sequence[Datagram | str]) -> Answer:
    """The same of rules of iptables."""
    load = [f"iptables-nft -A OUTPUT -p udp {rule}" for rule in rules]
    return kernel(load, packets, "iptables-nft -L OUTPUT -nvx", r"^ +(\d+) +\d+ +17 ")


class Watched(Keeper):
    """Rules without a verdict, and a table of the connections that their packets open."""

    def __init__(self, rules: Sequence[Sequence[Any]], sets: Sequence[Set]) -> None:
        """Every datagram passes all rules."""
        super().__init__(*rules, sets=sets, ends=())
        self.rows: dict[tuple[int, int, int], int] = {}

    def send(self, packet: Datagram, time: int) -> None:
        """Let a datagram pass the rules, and confirm its connection."""
        fields: dict[str, Any] = {"sport": packet.sport, "dport": packet.dport, "length": packet.length, "proto": 17}
        flow = packet.host, packet.sport, packet.dport
        if flow in self.rows:
            self.books["connection"] = self.rows[flow]
        else:
            self.write(0, *flow)
        self.ask(now=time, src=f"127.0.0.{packet.host}", dst="127.0.0.1", ct_state=8, **fields)
        if flow not in self.rows:
            self.rows[flow] = len(self.rows) + 2
            self.write(self.rows[flow], *flow)
            link(self.tracker, self.rows[flow])

    def write(self, row: int, host: int, sport: int, dport: int) -> None:
        """The tuples of a connection, which is the packet's."""
        original, reply = self.tracker.tuples[2 * row], self.tracker.tuples[2 * row + 1]
        original["src0"], original["dst0"] = reply["dst0"], reply["src0"] = 0x7F000000 + host, 0x7F000001
        original["src_id"], original["dst_id"] = reply["dst_id"], reply["src_id"] = sport, dport
        original["proto"] = reply["proto"] = 17
        self.books["connection"] = row

    def forget(self) -> None:
        """Delete all connections."""
        for row in self.rows.values():
            unlink(self.tracker, row)
        self.rows = {}


def ours(
    rules: Sequence[Sequence[Any]], packets: Sequence[Datagram | str], times: Sequence[int], *sets: Set
) -> list[int]:
    """How many packets our rules match, sent when the kernel's were."""
    firewall, sent = Watched(rules, sets), iter(times)
    for packet in packets:
        if isinstance(packet, str):
            firewall.forget()
        else:
            firewall.send(packet, next(sent))
    return firewall.rule_hits


BURST = [Datagram(at) for at in (0, 0, 0, 0, 0, 0.15, 0.25, 0.35, 0.35, 0.55)]
"""Five at once, then some in the rhythm of a tenth of a second."""
TWO = [Datagram(at, host) for at in (0, 0, 0, 0, 0.25, 0.25, 0.7, 0.7) for host in (1, 2)][:-3]
SIZES = [Datagram(0, length=length) for length in (100, 200, 300, 50, 400, 30, 30, 1000, 30)]
FLOWS = [Datagram(n / 50, sport=3000 + port) for n, port in enumerate((0, 0, 1, 2, 1, 3, 0, 3))]
TURNS = ((3, 0), (3, 1), (2, 1), (1, 0))
TEN = Limit(10, SECOND, 3)
HASHED = "-m hashlimit --hashlimit-mode srcip --hashlimit-htable-expire 60000 --hashlimit-name"
SRC = (("src", 32),)


def hashed(name: str, limit: Limit, **more: Any) -> HashLimit:
    return HashLimit(name, limit, SRC, 60 * SECOND, **more)


IPTABLES: dict[str, tuple[list[str], list[list[Any]], list[Datagram | str]]] = {
    "limit": (
        ["-m limit --limit 10/s --limit-burst 3", "-m limit --limit 100/min --limit-burst 1"],
        [[Rate(TEN, "xt")], [Rate(Limit(100, 60 * SECOND, 1), "xt")]],
        [*BURST],
    ),
    "statistic": (
        [f"-m statistic --mode nth --every {every} --packet {packet}" for every, packet in TURNS],
        [[Statistic(every=every, packet=packet)] for every, packet in TURNS],
        [*BURST],
    ),
    "quota": (
        ["-m quota --quota 600", "-m quota ! --quota 600", "-m quota --quota 699"],
        [[Quota(600, kernel="xt")], [Quota(600, over=True, kernel="xt")], [Quota(699, kernel="xt")]],
        [*SIZES],
    ),
    "hashlimit": (
        [
            f"{HASHED} a --hashlimit-upto 10/s --hashlimit-burst 3",
            f"{HASHED} b --hashlimit-above 10/s --hashlimit-burst 3",
            f"{HASHED} c --hashlimit-upto 2/min --hashlimit-burst 2",
        ],
        [[hashed("a", TEN)], [hashed("b", Limit(10, SECOND, 3, over=True))], [hashed("c", Limit(2, 60 * SECOND, 2))]],
        [*TWO],
    ),
    "hashlimit by bytes": (
        [f"{HASHED} a --hashlimit-upto 1kb/s", f"{HASHED} b --hashlimit-upto 1kb/s --hashlimit-burst 2kb"],
        [[hashed("a", Limit(1024, SECOND, 0, unit="bytes"))], [hashed("b", Limit(1024, SECOND, 2048, unit="bytes"))]],
        [Datagram(0.5 * (n > 4), length=length) for n, length in enumerate((500, 700, 400, 900, 900, 300, 300))],
    ),
    "recent": (
        [
            "-m recent --name r --rcheck", "-m recent --name r --update --seconds 1 --hitcount 2",
            "-m recent --name r ! --rcheck --seconds 1 --hitcount 3", "--dport 2001 -m recent --name r --set",
            "--dport 2002 -m recent --name r --remove", "-m recent --name r --rcheck --seconds 1 --reap",
        ],
        [
            [Recent("r", "rcheck")], [Recent("r", "update", seconds=1, hitcount=2)],
            [Recent("r", "rcheck", seconds=1, hitcount=3, negated=True)],
            [number("dport", 2001), Recent("r", "set")], [number("dport", 2002), Recent("r", "remove")],
            [Recent("r", "rcheck", seconds=1, reap=True)],
        ],
        [
            Datagram(at, host, dport=2000 + action)
            for at, host, action in (
                (0, 1, 0), (0.05, 1, 1), (0.1, 1, 0), (0.15, 1, 1), (0.2, 1, 0), (0.25, 2, 1), (0.3, 2, 0), (1.5, 1, 0),
                (1.55, 1, 1), (1.6, 2, 0), (1.65, 1, 2), (1.7, 1, 0), (1.75, 2, 1), (1.8, 2, 0),
            )
        ],
    ),
    "connlimit": (
        [
            "-m connlimit --connlimit-above 2", "-m connlimit --connlimit-upto 1",
            "-m connlimit --connlimit-above 2 --connlimit-daddr",
        ],
        [
            [Connections(2, over=True, key=SRC)], [Connections(1, key=SRC)],
            [Connections(2, over=True, key=(("dst", 32),))],
        ],
        [*FLOWS, "conntrack -F", Datagram(0.3, sport=3003), Datagram(0.35, 2), Datagram(0.4, 2, 3001)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IPTABLES)
def test_xtables_count_alike(name: str) -> None:
    rules, steps, packets = IPTABLES[name]
    times, hits = iptables(rules, packets)
    assert ours(steps, packets, times) == hits


CHANGES = ("add", "update", "delete")
PORTS = "set s { type inet_service; size 3; flags dynamic,timeout; timeout 1s; }"
METER = "set m { type ipv4_addr; flags dynamic; }"
DYNAMIC = Set("s", ("inet_service",), dynamic=True, size=3, timeout_ns=SECOND)
EACH = Set("m", ("ipv4_addr",), dynamic=True)
ZERO = Numbers(((0, 0),))

NFT: dict[str, tuple[str, list[str], list[list[Any]], list[Datagram | str], list[Set]]] = {
    "quota": (
        "", ["quota 600 bytes", "quota over 600 bytes", "quota 650 bytes"],
        [[Quota(600)], [Quota(600, over=True)], [Quota(650)]], [*SIZES], [],
    ),
    "numgen": (
        "", ["numgen inc mod 3 0", "numgen inc mod 2 offset 5 6"],
        [[Match(Numgen("inc", 3, 0, 1), ZERO)], [Match(Numgen("inc", 2, 5, 2), Numbers(((6, 6),)))]], [*BURST], [],
    ),
    "limit": (
        "", ["limit rate 10/second burst 3 packets"], [[Rate(TEN)]], [*BURST], [],
    ),
    "a set with a timeout": (
        PORTS,
        [*(f"udp dport {port} {what} @s {{ udp sport }}" for port, what in enumerate(CHANGES, 1)),
         "udp sport @s", "udp sport != @s"],
        [*([number("dport", port), Update(what, "s", ("sport",))] for port, what in enumerate(CHANGES, 1)),
         [Lookup(("sport",), set="s")], [Lookup(("sport",), set="s", negated=True)]],
        [Datagram(at, 1, 3000 + port, dport) for at, port, dport in (
            (0, 0, 9), (0.02, 0, 1), (0.04, 1, 1), (0.06, 1, 9), (0.5, 1, 2), (0.52, 0, 1), (0.54, 2, 1), (0.56, 3, 1),
            (0.58, 2, 3), (0.6, 3, 1), (0.62, 2, 3), (1.3, 0, 9), (1.32, 1, 9), (1.34, 3, 9), (3.2, 0, 1), (3.22, 0, 9),
        )],
        [DYNAMIC],
    ),
    "a meter": (
        METER, ["add @m { ip saddr limit rate 10/second burst 3 packets }"],
        [[Update("add", "m", ("src",), steps=(Rate(TEN),))]], [*TWO], [EACH],
    ),
    "connections": (
        METER, ["ct count 2", "ct count over 2", "add @m { ip saddr ct count over 1 }"],
        [[Connections(2)], [Connections(2, over=True)],
         [Update("add", "m", ("src",), steps=(Connections(1, over=True),))]],
        [*FLOWS, "conntrack -F", Datagram(0.3, sport=3003), Datagram(0.35, 2), Datagram(0.4, 2, 3001)], [EACH],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NFT)
def test_nft_counts_alike(name: str) -> None:
    text, rules, steps, packets, sets = NFT[name]
    times, hits = nft(rules, packets, text)
    assert ours(steps, packets, times, *sets) == hits
