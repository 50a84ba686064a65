"""Port scans: one packet for each port, from a stranger outside.

Read first: Lyon, Nmap Network Scanning, chapter 5; Maimon, "Port Scanning without the SYN flag", Phrack 49, 1996;
CAPEC-287, 302 to 306. What the answers tell stands in `SCANS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fwsim.attack.choices import PORTS, RATE, TARGETS, ports_of
from fwsim.attack.model import Family, Shot
from fwsim.attack.scene import Scene
from fwsim.attack.wire import is_v6, tcp

SYN_OPTIONS = (("MSS", 1460),)


@dataclass(frozen=True)
class Scan:
    """A scan: the flags of its probes, what is told by their answers, where it is described, what it leaves."""

    name: str
    flags: str
    what: str
    source: str
    evidence: tuple[str, ...] = ()


SCANS = (
    Scan("syn-scan", "S", "SYNs to many ports: an open one answers SYN-ACK, a closed one RST, a filtered one nothing",
         "CAPEC-287; Lyon, Nmap Network Scanning, 5.4"),
    Scan("ack-scan", "A", "bare ACKs: any port that no filter guards answers RST",
         "CAPEC-305; Lyon, Nmap Network Scanning, 5.7", ("ack-without-connection",)),
    Scan("fin-scan", "F", "FINs without ACK: a closed port answers RST, an open one nothing (RFC 793 page 65)",
         "CAPEC-302; Lyon, Nmap Network Scanning, 5.5", ("flags-fin-only",)),
    Scan("null-scan", "", "segments without any flag: a closed port answers RST, an open one nothing",
         "CAPEC-304; Lyon, Nmap Network Scanning, 5.5", ("flags-none",)),
    Scan("xmas-scan", "FPU", "FIN, PSH and URG at once: a closed port answers RST, an open one nothing",
         "CAPEC-303; Lyon, Nmap Network Scanning, 5.5", ("flags-xmas",)),
    Scan("maimon-scan", "FA", "FIN-ACKs: a closed port answers RST, an open one nothing in systems derived from BSD",
         "Maimon, Phrack 49, article 15, 1996", ("fin-without-connection",)),
    Scan("window-scan", "A", "bare ACKs: the window of the RST that answers tells open from closed in some systems",
         "CAPEC-306; Lyon, Nmap Network Scanning, 5.8", ("ack-without-connection",)),
)  # fmt: skip


def forging(scan: Scan) -> Callable[[Scene], Iterator[Shot]]:
    """What makes the probes of a scan."""

    def forge(scene: Scene) -> Iterator[Shot]:
        ports = ports_of(scene.text("ports"))
        source_port = scene.dice.randint(33000, 63000)
        ts = scene.begin
        for host in scene.hosts(scene.number("targets")):
            v6 = is_v6(host)
            for port in scene.dice.sample(ports, len(ports)):
                packet = probe(scene, scan, (scene.stranger(v6=v6), host), (source_port, port))
                yield Shot(ts, packet, scene.entry)
                ts += scene.step

    return forge


def probe(scene: Scene, scan: Scan, path: tuple[str, str], ports: tuple[int, int]) -> bytes:
    """One probe, with the random numbers that Nmap puts in."""
    opens = scan.flags == "S"
    return tcp(
        *path, ports, scan.flags, seq=scene.any32(), ack=scene.any32() if "A" in scan.flags else 0, win=1024,
        options=SYN_OPTIONS if opens else (), ttl=scene.dice.randint(37, 59), ip_id=scene.dice.getrandbits(16),
    )  # fmt: skip


FAMILIES = tuple(
    Family(scan.name, scan.what, scan.source, forging(scan), options=(TARGETS, PORTS, RATE), evidence=scan.evidence)
    for scan in SCANS
)
