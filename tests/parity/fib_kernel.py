"""What the kernel answers to `fib`, `addrtype` and `rpfilter`, packet by packet; run in a namespace of its own.

Every question is an nft rule that puts the packets for which it is true into a set: at PREROUTING, where all end, or if
there are none, at INPUT and FORWARD, to see how far packets get. Prints a pickle of the machine's description and of
the packets in each set. `Asked` comes in the same way.
"""

from __future__ import annotations

import ipaddress
import json
import os
import pickle
import socket
import struct
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from fwsim.kernel.network import tap
from fwsim.topology.live import live_host


@dataclass
class Asked:
    """Names of sets with the match of each, by family; iptables commands; values of sysctls; no default route."""

    questions: dict[int, dict[str, str]]
    xtables: dict[int, list[str]] = field(default_factory=lambda: {4: [], 6: []})
    sysctls: dict[str, str] = field(default_factory=dict)
    bare: bool = False
    hook: str = "prerouting"
    """Where the questions are asked; at FORWARD packets are told apart by the interface that they leave by too."""


NETWORK = """
ip link set dev lo up
ip addr add 10.0.0.1/24 brd + dev one
ip addr add 10.0.0.129/25 dev one
ip addr add 192.168.1.1/30 dev two
ip addr add 192.168.2.4/31 dev two
ip addr add 198.51.100.1/32 dev two
ip addr add 10.8.0.1 peer 10.8.0.2 dev two
ip route add default via 10.0.0.254
ip route add unreachable 10.9.0.0/16
ip route add blackhole 10.10.0.0/16
ip route add prohibit 10.11.0.0/16
ip route add throw 10.12.0.0/16
ip route add 10.12.1.0/24 dev two
ip route add 10.20.0.0/16 nexthop via 10.0.0.2 nexthop via 192.168.1.2
ip route add 10.30.0.0/16 dev two metric 5
ip route add 10.30.0.0/16 dev one metric 50
ip route add 10.60.0.0/16 dev three
ip -6 addr add 2001:db8:1::1/64 dev one
ip -6 addr add 2001:db8:2::1/64 dev two
ip -6 addr add fe80::1/64 dev one
ip -6 addr add fe80::2/64 dev two
ip -6 route add default via 2001:db8:1::2
ip -6 route add 2001:db8:3::/48 via 2001:db8:2::2
ip -6 route add 2001:db8:4::/48 dev two
ip -6 route add unreachable 2001:db8:9::/48
ip -6 route add blackhole 2001:db8:10::/48
ip -6 route add prohibit 2001:db8:11::/48
ip -6 route add 2001:db8:20::/48 nexthop via 2001:db8:1::2 dev one nexthop via 2001:db8:2::2 dev two
"""
UNUSUAL = """
ip route add local 10.40.0.0/16 dev two
ip route add 10.40.1.0/24 dev one
ip route add multicast 10.50.0.0/16 dev one
ip route add broadcast 10.51.0.9 dev two
"""
"""Routes in the table local make the kernel look at sources as with rp_filter, but for the way back."""
WITHOUT_DEFAULT = "ip route del default\nip -6 route del default\n"

DEVICES = ("one", "two", "three")
MACS = {"one": b"\x02\0\0\0\0\x01", "two": b"\x02\0\0\0\0\x02", "three": b"\x02\0\0\0\0\x03"}
UDP, ICMPV6 = 17, 58
HOOKS = ("input", "forward")
OTHERS = {
    4: ("203.0.113.77", "10.60.0.7", "10.0.0.1", "255.255.255.255", "224.0.0.5", "0.0.0.0"),
    6: ("2001:db8:77::77", "2001:db8:1::1", "ff02::1", "fe80::9", "::"),
}
"""The other address of a packet that is not asked about."""


def probes(family: int) -> list[int]:
    """Addresses at and beside the ends of every route, and those that mean something by themselves."""
    texts = subprocess.run(
        ["ip", f"-{family}", "-j", "route", "show", "table", "all"], capture_output=True, text=True, check=True
    )
    top = (1 << (32 if family == 4 else 128)) - 1
    networks = [ipaddress.ip_network(one["dst"]) for one in json.loads(texts.stdout) if one["dst"] != "default"]
    named = {
        4: "0.0.0.0 0.0.0.1 8.8.8.8 127.0.0.1 224.0.0.0 224.0.0.255 224.0.1.0 239.9.9.9 240.0.0.1 255.255.255.255",
        6: ":: ::1 ::2 ::ffff:1.2.3.4 fe80::9 fe90::1 fec0::1 fc00::1 ff02::1 ff05::1 ff12::9 2001:db8:77::1",
    }
    found = {int(ipaddress.ip_address(text)) for text in named[family].split()}
    for network in networks:
        first, last = int(network.network_address), int(network.broadcast_address)
        found |= {first - 1, first, first + 1, last - 1, last, last + 1}
    return sorted(number for number in found if 0 <= number <= top)


def packet(family: int, source: bytes, destination: bytes, proto: int) -> bytes:
    """An IP packet of eight bytes of payload."""
    payload = struct.pack("!HHHH", 9, 9, 8, 0) if proto == UDP else struct.pack("!BBHI", 135, 0, 0, 0)
    if family == 6:
        return struct.pack("!IHBB", 6 << 28, len(payload), proto, 255) + source + destination + payload
    header = struct.pack("!BBHHHBBH", 0x45, 0, 28, 1, 0, 64, proto, 0) + source + destination
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return header[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + header[12:] + payload


def rules(questions: dict[str, str], family: int, hook: str = "prerouting") -> str:
    """The ruleset: a set and a rule for each question at a hook, where packets end; or sets at other hooks."""
    name, kind = ("ip", "ipv4_addr") if family == 4 else ("ip6", "ipv6_addr")
    last = "meta oifname" if hook == "forward" else "meta l4proto"  # nft has no room for both
    key = f"{name} saddr . {name} daddr . meta iifname . {last}"
    types = f"{kind} . {kind} . ifname . {'ifname' if hook == 'forward' else 'inet_proto'}"
    sets = "".join(
        f"set {one} {{ type {types}; size 65535; flags dynamic; }}\n" for one in ("seen", *(questions or HOOKS))
    )
    lines = [f"add @seen {{ {key} }}", *(f"{text} add @{one} {{ {key} }}" for one, text in questions.items())]
    lines += ['iifname != "lo" drop'] if questions else []
    chains = [(hook, lines), *((hook, [f"add @{hook} {{ {key} }}"]) for hook in HOOKS if not questions)]
    body = [f"chain {hook} {{ type filter hook {hook} priority 0;\n{chr(10).join(each)}\n}}\n" for hook, each in chains]
    return f"table {name} t {{\n{sets}{''.join(body)}}}\n"


def set_elements(family: int, name: str) -> set[tuple[str, str, str, int, str]]:
    """The packets in a set."""
    table = "ip" if family == 4 else "ip6"
    said = subprocess.run(
        ["nft", "-j", "-n", "list", "set", table, "t", name], capture_output=True, text=True, check=True
    )
    listed = next(one["set"] for one in json.loads(said.stdout)["nftables"] if "set" in one)
    found = set()
    for one in listed.get("elem", ()):
        source, destination, device, last = (one["elem"]["val"] if "elem" in one else one)["concat"]
        proto, out = (last, "") if isinstance(last, int) else (UDP, last)
        found.add((source, destination, device, proto, out))
    return found


def build(asked: Asked) -> dict[str, int]:
    """The network, with its settings; gives the TAP devices by name."""
    descriptors = {name: tap(name) for name in DEVICES}
    for path in Path("/proc/sys/net/ipv6/conf").iterdir():
        (path / "accept_dad").write_text("0")
        (path / "addr_gen_mode").write_text("1")
    for path in Path("/proc/sys/net/ipv4/conf").iterdir():
        (path / "send_redirects").write_text("0")
    for name in DEVICES:
        subprocess.run(["ip", "link", "set", "dev", name, "address", MACS[name].hex(":"), "up"], check=True)
    script = NETWORK + (UNUSUAL if any(asked.questions.values()) else "") + (WITHOUT_DEFAULT if asked.bare else "")
    subprocess.run(["sh", "-ec", script], check=True)
    for name, value in asked.sysctls.items():
        Path("/proc/sys", name.replace(".", "/")).write_text(value)
    for family in (4, 6):
        subprocess.run(
            ["nft", "-f", "-"], input=rules(asked.questions[family], family, asked.hook), text=True, check=True
        )
        for command in asked.xtables[family]:
            subprocess.run(["sh", "-ec", command], check=True)
    return descriptors


def play(descriptors: dict[str, int], family: int, hook: str) -> None:
    """Every address as source and as destination, on every device."""
    protos = (UDP, ICMPV6) if family == 6 and hook != "forward" else (UDP,)
    kind = b"\x08\x00" if family == 4 else b"\x86\xdd"
    others = [ipaddress.ip_address(text).packed for text in OTHERS[family]]
    for number in probes(family):
        address = number.to_bytes(4 if family == 4 else 16, "big")
        pairs = [pair for other in others for pair in ((address, other), (other, address))]
        for name, descriptor in descriptors.items():
            for pair in pairs:
                for proto in protos:
                    os.write(descriptor, MACS[name] + b"\x02" * 6 + kind + packet(family, *pair, proto))


def main() -> None:
    """Build, ask, play, answer."""
    warnings.simplefilter("ignore")
    asked: Asked = pickle.loads(sys.stdin.buffer.read())
    descriptors = build(asked)
    for family in (4, 6):
        play(descriptors, family, asked.hook)
    for kind, address in ((socket.AF_INET, "10.0.0.1"), (socket.AF_INET6, "2001:db8:1::1")):
        with socket.socket(kind, socket.SOCK_DGRAM) as own:
            own.sendto(b"x", (address, 9))
    answers = {
        family: {one: set_elements(family, one) for one in ("seen", *(asked.questions[family] or HOOKS))}
        for family in (4, 6)
    }
    sys.stdout.buffer.write(pickle.dumps((live_host(), answers)))


if __name__ == "__main__":
    main()
