"""Rulesets of text that count or forget, in the kernel and here: datagrams sent in real time, and each one's verdict.

A datagram that is dropped on its way out is refused to its sender. As in `test_counted_rules` ours are sent when the
kernel's were, at times for which a tick more or less, or a machine that is slow for a while, makes no difference.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pytest

from tests.from_text import FromText, iptables, nft
from tests.parity.private_network import in_private_network
from tests.parity.test_counted_rules import BURST, FLOWS, SIZES, TWO, Datagram

pytestmark = pytest.mark.kernel

SENDER = r"""
import json, socket, subprocess, sys, time
load, packets = json.loads(ORDERS)
subprocess.run("ip link set lo up", shell=True, check=True)
for command in load:
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr}")
sockets, answers = {}, []
def bound(host, port):
    if (host, port) not in sockets:
        sockets[host, port] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sockets[host, port].bind((f"127.0.0.{host}", port))
    return sockets[host, port]
for packet in packets:
    bound(1, packet[3])  # somebody listens: no ICMP errors go out
start = time.monotonic_ns()
for at, host, sport, dport, length in packets:
    source = bound(host, sport)
    wait = start / 1e9 + at - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    now = time.monotonic_ns() - start
    try:
        source.sendto(bytes(length - 28), ("127.0.0.1", dport))
        answers.append((now, True))
    except PermissionError:
        answers.append((now, False))
print(json.dumps(answers))
"""


class Case(NamedTuple):
    """A ruleset, and what is sent."""

    text: str
    packets: Sequence[Datagram]


def asked(load: Sequence[str], packets: Sequence[Datagram]) -> list[tuple[int, bool]]:
    """When the kernel saw each datagram (ns), and whether it let it go."""
    program = SENDER.replace("ORDERS", repr(json.dumps([load, packets])))
    done = in_private_network(f"{sys.executable} -", program)
    assert done.returncode == 0, done.stderr
    return [(time, passed) for time, passed in json.loads(done.stdout)]


def assert_alike(case: Case, load: Sequence[str]) -> None:
    """The kernel and fwsim decide alike about each datagram; some get through, some do not."""
    answers = asked(load, case.packets)
    firewall = FromText(case.text)
    ours = [
        firewall.accepts(time / 1e9, host=one.host, sport=one.sport, dport=one.dport, length=one.length)
        for one, (time, _) in zip(case.packets, answers, strict=True)
    ]
    assert ours == [passed for _, passed in answers]
    assert len(set(ours)) == 2


def sent(*packets: tuple[float, int, int, int]) -> list[Datagram]:
    """Datagrams by their time, host, source port and destination port, both counted from 3000 and 2000 on."""
    return [Datagram(at, host, 3000 + sport, 2000 + dport) for at, host, sport, dport in packets]


def hosts(times: Iterable[float], *numbers: int) -> list[Datagram]:
    """At each time a datagram from each host."""
    return [Datagram(at, host) for at in times for host in numbers]


LONG = [packet for packet in SIZES if packet.length > 30]
KEPT = "set m {\ntype ipv4_addr; flags dynamic\n}"
EXPIRING = """
set s {
type ipv4_addr; flags timeout,interval; timeout 900ms
elements = { 127.0.0.1, 127.0.0.2-127.0.0.3 timeout 30s expires 300ms, 127.0.0.4/31 timeout 1h }
}
map m {
type ipv4_addr : verdict; flags timeout,interval
elements = { * timeout 900ms : drop, 127.0.0.1-127.0.0.3 timeout 300ms : accept, 127.0.0.6 : accept }
}
set c {
type ipv4_addr . inet_service; flags timeout,interval
elements = { 127.0.0.1-127.0.0.2 . 3000-3005 timeout 300ms, 127.0.0.3 . 3000 timeout 900ms, 127.0.0.4 . 3000 }
}
"""
EACH = hosts((0, 0.6, 1.2), 1, 2, 3, 4, 5, 6, 7)
CHANGES = sent(
    (0, 1, 0, 9), (0.02, 1, 0, 1), (0.04, 1, 1, 1), (0.06, 1, 1, 9), (0.2, 1, 1, 2), (0.22, 1, 0, 1), (0.24, 1, 2, 1),
    (0.26, 1, 3, 1), (0.28, 1, 2, 3), (0.3, 1, 3, 9), (0.32, 1, 2, 9), (0.8, 1, 0, 9), (0.82, 1, 1, 9), (1, 1, 1, 9),
)  # fmt: skip
CHANGED = """
set s {
type inet_service; size 3; flags dynamic,timeout; timeout 300ms
}
"""
RECENT = sent(
    (0, 1, 0, 0), (0.02, 1, 0, 1), (0.04, 1, 0, 0), (0.06, 1, 0, 1), (0.08, 1, 0, 0), (0.1, 2, 0, 1), (0.12, 2, 0, 0),
    (1.6, 1, 0, 0), (1.62, 1, 0, 1), (1.64, 2, 0, 0), (1.66, 1, 0, 2), (1.68, 1, 0, 0), (1.7, 2, 0, 1), (1.72, 2, 0, 0),
)  # fmt: skip
HASHED = "-m hashlimit --hashlimit-mode srcip --hashlimit-htable-expire 60000 --hashlimit-name h"

NFT = {
    "a rate": Case(nft("limit rate 10/second burst 3 packets accept"), BURST),
    "a rate over": Case(nft("limit rate over 10/second burst 3 packets drop\naccept"), BURST),
    "a rate of bytes": Case(nft("limit rate 400 bytes/second burst 500 bytes accept"), SIZES),
    "a rate that two rules share": Case(
        nft("udp sport 3000 limit name l accept\nlimit name l accept", "limit l {\nrate 10/second burst 3 packets\n}"),
        BURST,
    ),
    "a quota": Case(nft("quota until 600 bytes accept"), LONG),
    "a quota over": Case(nft("quota over 600 bytes drop\naccept"), LONG),
    "a quota by name": Case(nft("quota name q drop\naccept", "quota q {\nover 600 bytes used 150 bytes\n}"), LONG),
    "connections": Case(nft("ct count 2 accept"), FLOWS),
    "connections over": Case(nft("ct count over 2 drop\naccept"), FLOWS),
    "connections of each host": Case(nft("add @m { ip saddr ct count over 1 } drop\naccept", KEPT), [
        *FLOWS, *sent((0.3, 2, 0, 0), (0.32, 2, 1, 0), (0.34, 2, 0, 0), (0.36, 3, 1, 0)),
    ]),
    "a meter": Case(nft("meter x { ip saddr limit rate 10/second burst 3 packets } accept"), TWO),
    "a meter over": Case(
        nft("meter x size 4 { ip saddr limit rate over 10/second burst 3 packets } drop\naccept"), TWO
    ),
    "a rate for each element": Case(
        nft("update @m { ip saddr timeout 400ms limit rate 1/minute burst 2 packets } accept",
            "set m {\ntype ipv4_addr; flags dynamic,timeout\n}"),
        hosts((0, 0.05, 0.1, 0.15, 0.9, 0.95, 1), 1, 2),
    ),
    "a quota for each element": Case(nft("add @m { ip saddr quota over 250 bytes } drop\naccept", KEPT), TWO),
    "a set that rules change": Case(
        nft("udp dport 2001 add @s { udp sport } accept\nudp dport 2002 update @s { udp sport } accept\n"
            "udp dport 2003 delete @s { udp sport } accept\nudp sport @s accept", CHANGED),
        CHANGES,
    ),
    "a set that rules change, negated": Case(
        nft("udp dport 2001 add @s { udp sport }\nudp dport 2002 update @s { udp sport }\n"
            "udp dport 2003 delete @s { udp sport }\nudp sport != @s accept", CHANGED),
        CHANGES,
    ),
    "numbers in turn": Case(nft("numgen inc mod 3 vmap { 0 : accept, 1 : drop, 2 : accept }"), BURST),
    "numbers with an offset": Case(nft("numgen inc mod 4 offset 10 vmap { 10 : accept, 12-13 : accept }"), BURST),
    "numbers under a mask": Case(nft("numgen inc mod 4 & 1 == 1 accept"), BURST),
    "a mark in turn": Case(nft("meta mark set numgen inc mod 4 offset 5\nmeta mark 6-7 accept"), BURST),
    "a shifted mark in turn": Case(nft("ct mark set (numgen inc mod 3 offset 1) << 4\nct mark 0x20 accept"), BURST),
    "a mark by a map in turn": Case(
        nft("meta mark set numgen inc mod 3 map { 0 : 7, 1 : 8 }\nmeta mark 8 accept"), BURST
    ),
    "elements that are forgotten": Case(nft("ip saddr @s accept", EXPIRING), EACH),
    "elements that are forgotten, negated": Case(nft("ip saddr != @s accept", EXPIRING), EACH),
    "verdicts that are forgotten": Case(nft("ip saddr vmap @m\nip saddr != 127.0.0.7 accept", EXPIRING), EACH),
    "concatenations that are forgotten": Case(nft("ip saddr . udp sport @c accept", EXPIRING), EACH),
    "concatenations that are forgotten, negated": Case(nft("ip saddr . udp sport != @c accept", EXPIRING), EACH),
    "a mark that is forgotten": Case(
        nft("meta mark set ip saddr map { 127.0.0.1 : 1 }\nmeta mark set ip saddr map @n\nmeta mark 7 accept",
            "map n {\ntype ipv4_addr : mark; flags timeout\n"
            "elements = { 127.0.0.1 timeout 300ms : 7, 127.0.0.2 timeout 900ms : 7, 127.0.0.3 : 7 }\n}"),
        EACH,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NFT)
def test_nft_decides_alike(name: str) -> None:
    assert_alike(NFT[name], [f"nft -f - <<'END'\n{NFT[name].text}END"])


IPTABLES = {
    "limit": Case(iptables("-m limit --limit 10/s --limit-burst 3 -j ACCEPT"), BURST),
    "limit by the minute": Case(iptables("-m limit --limit 100/min --limit-burst 1 -j ACCEPT"), BURST),
    "statistic nth": Case(iptables("-m statistic --mode nth --every 3 --packet 1 -j ACCEPT"), BURST),
    "statistic not nth": Case(iptables("-m statistic --mode nth ! --every 3 --packet 0 -j ACCEPT"), BURST),
    "quota": Case(iptables("-m quota --quota 600 -j ACCEPT"), SIZES),
    "quota over": Case(iptables("-m quota ! --quota 600 -j ACCEPT"), SIZES),
    "connlimit above": Case(iptables("-m connlimit --connlimit-above 2 -j DROP\n-j ACCEPT"), FLOWS),
    "connlimit upto": Case(iptables("-m connlimit --connlimit-upto 1 -j ACCEPT"), FLOWS),
    "connlimit by mask": Case(
        iptables("-m connlimit --connlimit-above 2 --connlimit-mask 30 -j DROP\n-j ACCEPT"),
        sent(*((number / 50, host, 0, 0) for number, host in enumerate((1, 2, 3, 4, 5, 1, 6, 7)))),
    ),
    "hashlimit upto": Case(iptables(f"{HASHED} --hashlimit-upto 10/s --hashlimit-burst 3 -j ACCEPT"), TWO),
    "hashlimit above": Case(iptables(f"{HASHED} --hashlimit-above 10/s --hashlimit-burst 3 -j DROP\n-j ACCEPT"), TWO),
    "hashlimit by bytes": Case(
        iptables(f"{HASHED} --hashlimit-upto 1kb/s --hashlimit-burst 2kb -j ACCEPT"),
        [Datagram(0.5 * (n > 4), length=length) for n, length in enumerate((500, 700, 400, 900, 900, 300, 300))],
    ),
    "recent rcheck": Case(
        iptables("-p udp --dport 2001 -m recent --name r --set -j DROP\n"
                 "-p udp --dport 2002 -m recent --name r --remove -j ACCEPT\n-m recent --name r --rcheck -j ACCEPT"),
        RECENT,
    ),
    "recent update": Case(
        iptables("-p udp --dport 2001 -m recent --name r --set -j ACCEPT\n"
                 "-m recent --name r --update --seconds 1 --hitcount 2 -j ACCEPT"),
        RECENT,
    ),
    "recent hitcount": Case(
        iptables("-p udp --dport 2001 -m recent --name r --set\n"
                 "-m recent --name r ! --rcheck --seconds 1 --hitcount 2 -j ACCEPT"),
        RECENT,
    ),
    "recent reap": Case(
        iptables("-p udp --dport 2001 -m recent --name r --set -j DROP\n"
                 "-m recent --name r --rcheck --seconds 1 --reap -j ACCEPT\n-m recent --name r --rcheck -j ACCEPT"),
        RECENT,
    ),
    "recent by destination": Case(
        iptables("-p udp --sport 3001 -m recent --name r --rdest --set -j DROP\n"
                 "-m recent --name r --rdest --rcheck -j ACCEPT"),
        sent((0, 1, 0, 0), (0.02, 1, 1, 0), (0.04, 2, 0, 0), (0.06, 1, 2, 0)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IPTABLES)
def test_iptables_decides_alike(name: str) -> None:
    assert_alike(IPTABLES[name], [f"iptables-nft-restore <<'END'\n{IPTABLES[name].text}END"])


@pytest.mark.parametrize("negated", ["", "! "])
def test_elements_of_ipset_are_forgotten_alike(negated: str) -> None:
    if shutil.which("ipset") is None:
        pytest.skip("no ipset here")
    sets = "create a hash:net timeout 1\n" + "".join(
        f"add a {element}\n" for element in ("127.0.0.1", "127.0.0.2 timeout 0", "127.0.0.4/31 timeout 3")
    )
    rules = iptables(f"-m set {negated}--match-set a src -j ACCEPT")
    load = [f"ipset restore <<'END'\n{sets}END", f"iptables-nft-restore <<'END'\n{rules}END"]
    assert_alike(Case(sets + rules, hosts((0, 0.5, 1.8), 1, 2, 3, 4, 5)), load)
