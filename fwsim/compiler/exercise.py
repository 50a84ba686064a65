"""Every entry function of the engine called once, with tables as they are in every run, so that all get compiled."""

from __future__ import annotations

import io
import struct
import tempfile
from pathlib import Path

from fwsim import keyed_tables
from fwsim.capture import Captures, Input, open_captures
from fwsim.report.fragments import Fragments
from fwsim.report.frames import JsonLines
from fwsim.report.tally import Slots, Tally
from fwsim.ruleset import load_ruleset
from fwsim.run_names import naming_of
from fwsim.simulator import MODES, Batch, Simulator
from fwsim.tracker import grow

RULES = """
interfaces: {lan: {networks: [10.0.0.0/8]}, wan: {networks: [any]}}
chains:
  forward:
    hook: forward
    policy: drop
    rules:
      - {name: replies, ct_state: established, verdict: accept}
"""

COUNTING = """\
table ip t {
\tset s { type ipv4_addr; size 65535; flags dynamic; }
\tchain c {
\t\tupdate @s { ip saddr }
\t}
}
"""
"""Rules that keep something by key."""

FRAME = bytes.fromhex(
    "020000000001 020000000002 0800"  # Ethernet
    "4500 0028 0001 4000 40 06 0000 0a000001 c0000201"  # IPv4
    "0400 01bb 00000001 00000000 50 02 ffff 0000 0000"  # a SYN
)


def pcap() -> bytes:
    """A capture of one frame."""
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return header + struct.pack("<IIII", 1, 0, len(FRAME), len(FRAME)) + FRAME


def pcapng() -> bytes:
    """The same in the other format."""
    padded = FRAME + bytes(-len(FRAME) % 4)
    section = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    interface = block(1, struct.pack("<HHI", 1, 0, 65535))
    return section + interface + block(6, struct.pack("<IIIII", 0, 0, 1, len(FRAME), len(FRAME)) + padded)


def block(kind: int, body: bytes) -> bytes:
    """A block of pcapng."""
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def report(captures: Captures, simulator: Simulator, batch: Batch) -> None:
    """Count a batch, and write it as JSON lines, to nowhere."""
    naming = naming_of(captures, simulator)
    slots = {mode: Slots(len(names.rules), len(names.chains)) for mode, names in naming.rules.items()}
    Tally(MODES, slots).add(batch)
    for _ in Fragments(JsonLines(MODES, naming), str.encode).pieces(batch, slice(None)):
        pass


def exercise() -> None:
    """Read both formats, decide about their frames, also in shards, count and write them, let a table grow."""
    ruleset = load_ruleset(io.StringIO(RULES))
    with tempfile.TemporaryDirectory(prefix="fwsim-") as folder:
        for number, content in enumerate((pcap(), pcapng())):
            path = Path(folder, f"{number}.pcap")
            path.write_bytes(content)
            captures = open_captures([Input(str(path))])
            simulator = Simulator(ruleset)
            shards = Simulator(ruleset, jobs=2)
            for chunk in captures:
                simulator.topology.locate(captures, chunk)
                report(captures, simulator, simulator.run(chunk))
                shards.run(chunk)
                simulator.stateful.pass_time(0)
            tracker = simulator.stateful.tracker
            grow(tracker, 2 * len(tracker.connections))
    let_grow(Simulator(load_ruleset(io.StringIO(COUNTING))))


def let_grow(simulator: Simulator) -> None:
    """Make room for more than is kept by key."""
    course = simulator.stateful.mode.course
    keyed_tables.grow(course.memory.keyed, course.program.keyed, 10 * len(course.memory.keyed.entries))
