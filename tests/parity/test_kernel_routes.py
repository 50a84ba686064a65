"""The routes and settings of a machine in the kernel that is compared with."""

from __future__ import annotations

import ipaddress
from itertools import product
from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.kernel import KernelFirewall
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host, united
from fwsim.simulator import Simulator
from fwsim.terms import Verdict
from tests.hosts import ADDRESSES, LINKS, ROUTES, read
from tests.kernel_stage import IN, Seen, capture_of, needs_kernel, udp_packet

pytestmark = pytest.mark.kernel

RULES = {
    "chains": {
        "forward": {"hook": "forward", "rules": [{"ct_state": ["new", "established"], "verdict": "accept"}]},
        "input": {"hook": "input", "policy": "drop", "rules": [{"ct_state": "new", "verdict": "accept"}]},
    }
}
INTERFACES = ("eth0", "br0", "tun0")
SOURCES = ("10.0.0.9", "10.9.0.9", "10.200.0.1", "192.0.2.7", "203.0.113.7", "10.8.0.2")
DESTINATIONS = (
    "10.0.0.8",
    "10.0.255.255",
    "10.9.255.255",
    "10.200.0.1",
    "198.51.100.1",
    "203.0.113.2",
    "203.0.113.255",
)
STRICT = {"net.ipv4.conf.br0.rp_filter": "1", "net.ipv4.conf.eth0.rp_filter": "1"}
OFF = {"net.ipv4.ip_forward": "1", "net.ipv4.conf.br0.forwarding": "0"}


def packed(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


@pytest.mark.parametrize("sysctls", [{}, STRICT, OFF], ids=["routes", "rp_filter", "forwarding"])
@pytest.mark.parametrize("routes", [ROUTES, ROUTES[1:]], ids=["all", "no default"])
def test_packets_fare_as_in_the_kernel(tmp_path: Path, sysctls: dict[str, str], routes: list[dict[str, str]]) -> None:
    needs_kernel()
    ruleset = Ruleset.model_validate(RULES)
    host = united([read(LINKS, ADDRESSES, routes), Host(sysctls=sysctls)])
    simulator = Simulator(ruleset, host=host, key=1)
    packets = [
        Seen(
            name, udp_packet(ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed, 1000 + number, 53), IN
        )
        for number, (name, src, dst) in enumerate(product(INTERFACES, SOURCES, DESTINATIONS))
        if src != dst
    ]
    (tmp_path / "capture").write_bytes(capture_of(packets, INTERFACES))
    captures = open_captures([Input(str(tmp_path / "capture"))], chunk_rows=10_000)
    (chunk,) = captures
    simulator.topology.locate(captures, chunk)
    ours = simulator.run(chunk).stateful
    with KernelFirewall(ruleset, topology=simulator.topology) as firewall:
        theirs = firewall.run(chunk)
    for name in ("verdict", "hook", "ct_state"):
        assert ours[name].tolist() == theirs[name].tolist(), name
    assert {Verdict.ACCEPT, Verdict.NOT_EVALUATED} <= {Verdict(verdict) for verdict in ours["verdict"].tolist()}
