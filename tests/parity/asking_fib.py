"""Questions to the kernel about routes, and our answers to them, packet by packet."""

from __future__ import annotations

import ipaddress
import pickle
import subprocess
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest

from fwsim.netfilter.fields import Fib
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.ruleset.values import MatchValue
from fwsim.terms import Hook
from fwsim.topology import Topology
from fwsim.topology.fib import Alternative, where
from tests.kernel_stage import needs_kernel
from tests.parity.fib_kernel import Asked
from tests.parity.private_network import entrance

Packet = tuple[str, str, str, int, str]
"""Source, destination, the interface it came in by, protocol, the one it leaves by (empty before routing)."""


class Question(NamedTuple):
    """A match as it is written for nft or iptables, and as the terms of netfilter have it."""

    text: str
    fib: Fib
    value: MatchValue


def answers(asked: Asked) -> tuple[Host, dict[int, dict[str, set[Packet]]]]:
    """The machine in the namespace, and the packets in each set by family."""
    needs_kernel()
    enter = entrance()
    if enter is None:
        pytest.skip("no nft here, or no network namespace is permitted")
    command = [*enter, sys.executable, "-m", "tests.parity.fib_kernel"]
    done = subprocess.run(command, input=pickle.dumps(asked), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    host, found = pickle.loads(done.stdout)
    return host, found


def topology_of(host: Host) -> Topology:
    """A topology of nothing but the machine."""
    return Topology.build(Ruleset.model_validate({"policy": "accept"}), host=host)


def holding(alternatives: Iterable[Alternative], packet: Packet) -> int:
    """How many alternatives are true of a packet."""
    return sum(all(is_true(match.selector, match.value, packet) for match in one) for one in alternatives)


def is_true(selector: Any, value: Any, packet: Packet) -> bool:
    """Whether a match is true of a packet."""
    source, destination, device, proto, out = packet
    if selector in ("iif", "oif"):
        return bool(value.matches({"iif": device, "oif": out}[selector]) is not value.negated)
    if selector == "proto":
        return any(low <= proto <= high for low, high in value.intervals) is not value.negated
    address = ipaddress.ip_address({"src": source, "dst": destination}[selector])
    intervals = value.v4 if address.version == 4 else value.v6
    return any(low <= int(address) <= high for low, high in intervals)


class Compared(NamedTuple):
    """What came of comparing."""

    packets: int
    different: list[str]
    unknown: int


def compared(
    topology: Topology, question: Question, seen: set[Packet], true: set[Packet], hook: Hook = Hook.PREROUTING
) -> Compared:
    """Our answer to a question against the kernel's, for all packets that it has seen."""
    ours = where(topology, question.fib, question.value, hook)
    different = []
    unknown = 0
    for packet in sorted(seen):
        found, perhaps = holding(ours.true, packet), holding(ours.unknown, packet)
        assert found + perhaps <= 1, f"{question.text}: several alternatives are true of {packet}"
        unknown += perhaps
        if not perhaps and bool(found) != (packet in true):
            different.append(f"{question.text}: {packet}: kernel {packet in true}")
    return Compared(len(seen), different, unknown)
