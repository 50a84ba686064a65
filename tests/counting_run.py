"""Rules of every kind that counts, run over captures; prints what was decided, in short.

`python -m tests.counting_run ROWS KEY`: so many rows a chunk, and the key of the hash.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from fwsim.capture import Input, open_captures
from fwsim.netfilter import Set
from fwsim.netfilter.fields import Numgen
from fwsim.netfilter.steps import (
    Assign,
    Connections,
    HashLimit,
    Lookup,
    Match,
    Quota,
    Rate,
    Recent,
    Statistic,
    Step,
    Term,
    Unknown,
    Update,
)
from fwsim.ruleset.values import Addresses, Choice, Limit, Masked, Numbers
from fwsim.simulator import MODES, Simulator
from tests.keeping_by_key import SECOND
from tests.netfiltering import ACCEPT, imported, number, table

ROOT = Path(__file__).parent.parent
CAPTURES = ("ack-scan", "asymmetric", "blind-reset", "flag-scan", "forged-icmp-error", "midstream", "office")
SRC = (("src", 32),)
BOTH = ("src", "dport")
LOW = Numbers(((0, 1),))
NETS = ((0x0A000000, 0x0A0000FF), (0x0A000100, 0x0A00FFFF), (0x0A010000, 0xFFFFFFFF))
RULES: list[list[Step]] = [
    [Rate(Limit(50, SECOND, 5), "xt")],
    [Quota(20_000)],
    [Quota(30_000, kernel="xt")],
    [Statistic(every=3)],
    [Statistic(probability=1 << 30)],
    [Match(Numgen("inc", 5, 0, 1), LOW)],
    [Match(Numgen("random", 5, 0, 2), LOW)],
    [HashLimit("h", Limit(20, SECOND, 5), SRC, 5 * SECOND)],
    [HashLimit("b", Limit(2000, SECOND, 4000, unit="bytes"), SRC, 5 * SECOND)],
    [Recent("r", "set")],
    [Recent("r", "rcheck", seconds=1, hitcount=3)],
    [Recent("r", "update", seconds=2, hitcount=2, reap=True)],
    [Connections(2, key=(("src", 24),))],
    [Connections(5, over=True)],
    [Update("add", "s", BOTH)],
    [Lookup(("dst", "sport"), set="s")],
    [Update("add", "m", ("src",), steps=(Rate(Limit(10, SECOND, 3)),))],
    [Update("update", "c", ("src",), steps=(Connections(3),))],
    [number("dport", 443), Update("delete", "s", BOTH)],
    [number("sport", 443), Unknown("what is not simulated"), Update("add", "s", BOTH)],
    [Lookup(("src",), set="f")],
    [Assign("ct_mark", 0, (Term(Numgen("inc", 4, 1, 3), 0xF0, 4),))],
    [Match("ct_mark", Masked((Choice(0x20, 0x20, 0xFF),)))],
    [Statistic(every=2), ACCEPT],
]
SETS = [
    Set("s", ("ipv4_addr", "inet_service"), dynamic=True, timeout_ns=2 * SECOND, size=20),
    Set("m", ("ipv4_addr",), dynamic=True),
    Set("c", ("ipv4_addr",), dynamic=True, timeout_ns=3 * SECOND),
    Set("f", ("ipv4_addr",), tuple((Addresses(v4=(net,)),) for net in NETS), timeout_ns=SECOND, expiries=(None, 0, 5)),
]


def main(rows: int, key: int) -> None:
    """Run over all captures."""
    digests = {mode: hashlib.sha256() for mode in MODES}
    for name in CAPTURES:
        path = next((ROOT / "pcaps").glob(f"{name}.pcap*"))
        simulator = Simulator(imported(table(*RULES, sets=SETS)), interfaces={"lan": ["10.0.0.0/8"]}, key=key)
        captures = open_captures([Input(str(path))], chunk_rows=rows)
        for chunk in captures:
            simulator.topology.locate(captures, chunk)
            batch = simulator.run(chunk)
            for mode in MODES:
                digests[mode].update(batch.decisions(mode)["verdict"].tobytes())
        for run in (simulator.stateless, simulator.stateful):
            run.settle()
            sys.stdout.write(f"{name} {run.mode.course.memory.hits.tolist()}\n")
    for digest in digests.values():
        sys.stdout.write(digest.hexdigest() + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
