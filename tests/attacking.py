"""Attacks made for tests: on the invented office, taken apart by tshark, and judged by both modes."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from fwsim.attack import ground
from fwsim.attack.conversation import Conversation
from fwsim.attack.crafting import crafted
from fwsim.attack.lab import Place, attack
from fwsim.attack.labels import label_among
from fwsim.attack.model import Forged, Knowledge
from fwsim.attack.registry import ordered
from fwsim.attack.segment import taken_apart
from fwsim.attack.survey import Survey, followed, survey_of
from fwsim.capture import Captures, CaptureWriter, Input, open_captures
from fwsim.result import compare
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.terms import Verdict, evidence_words
from fwsim.topology.address_plan import IPNetwork
from fwsim.topology.declared import declared_interfaces, declared_local

ROOT = Path(__file__).parent.parent
OFFICE = str(ROOT / "rulesets" / "office.yaml")
TSHARK = shutil.which("tshark")
needs_tshark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
FLAGS = {letter: 1 << bit for bit, letter in enumerate("FSRPAU")}


@cache
def folder() -> Path:
    """A folder that goes when the tests end."""
    path = Path(tempfile.mkdtemp(prefix="fwsim-attacking-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@cache
def office() -> Ruleset:
    """The office's ruleset."""
    return load_ruleset(OFFICE)


@cache
def interfaces() -> dict[str, tuple[IPNetwork, ...]]:
    """The office's networks, as the ground takes them."""
    found = declared_interfaces(office(), {})
    return ground.declared({name: list(behind.networks) for name, behind in found.items()})


def own() -> tuple[IPNetwork, ...]:
    """The office firewall's own addresses."""
    return declared_local(office(), ())


def place() -> Place:
    """The office, with no capture."""
    return Place((), interfaces(), own())


@cache
def packets() -> tuple[ground.Packet, ...]:
    """The invented office's packets."""
    return tuple(ground.ground(interfaces(), "0/ground", own()))


def stored(found: Sequence[ground.Packet], name: str) -> str:
    """A capture of packets."""
    path = str(folder() / name)
    ground.write(path, found, list(interfaces()))
    return path


@cache
def ground_path() -> str:
    """A capture of the invented office."""
    return stored(packets(), "ground.pcapng")


def opened(path: str) -> Captures:
    """The capture, from its beginning."""
    return open_captures([Input(path)], digest=False)


def inside() -> list[IPNetwork]:
    """The office's networks."""
    return [network for networks in interfaces().values() for network in networks if network.prefixlen]


@cache
def survey(path: str | None = None) -> Survey:
    """What is in the invented office, or in another capture."""
    return survey_of(opened(path or ground_path()), inside())


@cache
def _followed(path: str, numbers: frozenset[int]) -> dict[int, Conversation]:
    return followed(opened(path), inside(), numbers)


def forge(
    name: str, *, knows: Knowledge | None = None, seed: int = 0, path: str | None = None, **options: object
) -> list[Forged]:
    """The packets of an attack on the invented office, or on another capture."""

    def follow(numbers: Collection[int]) -> dict[int, Conversation]:
        return _followed(path or ground_path(), frozenset(numbers))

    given = {key.rstrip("_"): str(value) for key, value in options.items()}
    return list(crafted([ordered(name, knows, given)], survey(path), seed, follow))


def flags_of(forged: Forged) -> str:
    """The TCP flags of a packet, in letters."""
    bits = taken_apart(forged.packet).flags
    return "".join(letter for letter, bit in FLAGS.items() if bits & bit)


def dissected(found: Sequence[Forged], *fields: str, every: bool = False) -> list[tuple[str, ...]]:
    """What tshark reads in the packets; of fields that come more than once the first value, or all with commas."""
    assert TSHARK is not None
    path = str(folder() / "dissected.pcapng")
    with CaptureWriter(path) as writer:
        for forged in found:
            number = writer.interface(forged.seen.name, forged.seen.link_type)
            writer.packet(forged.seen.frame(forged.packet), forged.ts, interface=number)
    command = [TSHARK, "-r", path, "-n", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
    command += ["-o", "ip.check_checksum:TRUE", "-o", "ip.defragment:FALSE"]
    command += ["-o", "tcp.relative_sequence_numbers:FALSE"]
    command += ["-T", "fields", "-E", "separator=|", "-E", f"occurrence={'a' if every else 'f'}"]
    for name in fields:
        command += ["-e", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    rows = [tuple(line.split("|")) for line in done.stdout.splitlines()]
    assert len(rows) == len(found)
    return rows


@dataclass(frozen=True)
class Outcome:
    """What became of a forged packet."""

    label: dict[str, str]
    stateless: bool
    stateful: bool
    tcp_state: int
    evidence: tuple[str, ...]


def outcomes(
    name: str, *, ruleset: Ruleset | None = None, knows: Knowledge | None = None, seed: int = 0, **options: object
) -> list[Outcome]:
    """The forged packets of an attack on the invented office, as both modes judge them."""
    path = str(folder() / f"{name.replace(':', '-')}.pcapng")
    given = {key.rstrip("_"): str(value) for key, value in options.items()}
    attack([ordered(name, knows, given)], place(), path, seed=seed)
    found = []
    for batch in compare(path, ruleset or office()):
        for row in range(len(batch.frames)):
            label = label_among(batch.comments.get(row, []))
            if label is not None:
                without, with_state = batch.stateless[row], batch.stateful[row]
                words = tuple(evidence_words(int(batch.frames[row]["evidence"])))
                found.append(
                    Outcome(
                        label,
                        int(without["verdict"]) == Verdict.ACCEPT,
                        int(with_state["verdict"]) == Verdict.ACCEPT,
                        int(with_state["tcp_state"]),
                        words,
                    )
                )
    return found


def admitted(found: Sequence[Outcome]) -> tuple[int, int, int]:
    """How many there are, and how many of them each mode admits: without state, with it."""
    return len(found), sum(one.stateless for one in found), sum(one.stateful for one in found)
