"""The truth table of the ACK scan: which filter answers what, and what Nmap and CAPEC conclude from it.

Read first: Lyon, Nmap Network Scanning, chapter 5 (table 5.5); CAPEC-305. Probes go through the firewall
to a host that answers as RFC 793 has it; its answer has to pass as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwsim.attack.host import without_connection
from fwsim.attack.literature.model import Row, Table
from fwsim.attack.literature.stage import BROKEN, CALLED, KNOWN, OPEN, STRANGER, STRICT, WEB, Firewall, Play
from fwsim.attack.model import Effect
from fwsim.capture.crafting import flag_bits
from fwsim.simulator import Decision
from fwsim.terms import RejectWith, Verdict

NOTHING, RST, SYN_ACK, ICMP = "nothing", "RST", "SYN-ACK", "ICMP"
"""What comes back."""
PROBES = {"SYN": "S", "ACK": "A", "FIN": "F"}
OPENED, CLOSED, GUARDED = 443, 8443, 22
"""Ports of the server: one that may be called and listens, one that may be called, one that listens behind the wall."""
LISTENING = (OPENED, GUARDED)

NMAP = {
    "SYN": {SYN_ACK: "open", RST: "closed", NOTHING: "filtered", ICMP: "filtered"},
    "ACK": {RST: "unfiltered", NOTHING: "filtered", ICMP: "filtered"},
    "FIN": {NOTHING: "open|filtered", RST: "closed", ICMP: "filtered"},
}
"""What Nmap calls a port by the answer to each probe."""

BY_STATE, NO_FILTER, BY_RULE, BY_FLAGS = "by state", "no filter", "by a rule", "by flags alone"
CAPEC = {(True, True): NO_FILTER, (True, False): BY_STATE, (False, True): BY_FLAGS, (False, False): BY_RULE}
"""What CAPEC-305 concludes of a port, if a TCP answer comes to a SYN, and if one comes to an ACK. (For the third it
prints "statefully filtered"; only a filter that looks at flags and keeps no state can do that.)"""

LIST_WEB = {"name": "web", "dst": WEB, "proto": "tcp", "dport": [OPENED, CLOSED], "verdict": "accept"}
LIST_OUT = {"name": "outbound", "iif": "lan", "verdict": "accept"}
HOLE = {"name": "established", "proto": "tcp", "tcp_flags": ["ack", "rst"], "verdict": "accept"}
BY_SYN = {**CALLED, "tcp_flags": "syn / fin,syn,rst,ack"}
RESETS = {"name": "refuse", "proto": "tcp", "verdict": "reject", "reject_with": "tcp-reset"}
PROHIBITS = {"name": "refuse", "verdict": "reject", "reject_with": "icmpx-admin-prohibited"}
UNTRACKED = {"tracking": "off"}


@dataclass(frozen=True)
class Case:
    """A firewall, and what the literature concludes of its permitted port and of its guarded one."""

    firewall: Firewall
    permitted: str
    guarded: str
    why: str = ""


CASES = (
    Case(Firewall("no filter", [{"verdict": "accept"}], settings=UNTRACKED), NO_FILTER, NO_FILTER),
    Case(Firewall("list of ports", [LIST_WEB, LIST_OUT], settings=UNTRACKED), NO_FILTER, BY_RULE),
    Case(Firewall("list with established", [HOLE, LIST_WEB, LIST_OUT], settings=UNTRACKED), NO_FILTER, BY_FLAGS),
    Case(Firewall("state, tcp_loose=0", [KNOWN, BROKEN, OPEN, CALLED], conntrack=STRICT), BY_STATE, BY_RULE),
    Case(
        Firewall("state, Linux's default", [KNOWN, BROKEN, OPEN, CALLED]), BY_STATE, BY_RULE,
        "tcp_loose=1 takes a lone ACK for a connection that it has missed, so the rule for new ones admits it",
    ),
    Case(Firewall("state, new only by SYN", [KNOWN, BROKEN, OPEN, BY_SYN]), BY_STATE, BY_RULE),
    Case(Firewall("state, refuses by ICMP", [KNOWN, OPEN, CALLED, PROHIBITS], conntrack=STRICT), BY_STATE, BY_RULE),
    Case(
        Firewall("state, refuses by RST", [KNOWN, OPEN, CALLED, RESETS], conntrack=STRICT), BY_STATE, BY_RULE,
        "its RSTs look like those of a host, so that nothing seems to be filtered",
    ),
)  # fmt: skip


def table() -> Table:
    """The truth table."""
    ports = (f"{OPENED} open", f"{CLOSED} closed", f"{GUARDED} guarded")
    return Table(
        "ack-scan",
        "The ACK scan: what Nmap calls a port by the answer to SYN / ACK / FIN, and what filters it by CAPEC-305",
        "Lyon, Nmap Network Scanning, chapter 5 (the ACK scan: table 5.5); CAPEC-305",
        ("firewall", *ports, f"{OPENED} is filtered", f"{GUARDED} is filtered"),
        tuple(row_of(case) for case in CASES),
    )


def row_of(case: Case) -> Row:
    """What one firewall answers."""
    answers = {port: answers_of(case.firewall, port) for port in (OPENED, CLOSED, GUARDED)}
    cells = [" / ".join(NMAP[probe][answer] for probe, answer in found.items()) for found in answers.values()]
    permitted, guarded = concluded(answers[OPENED]), concluded(answers[GUARDED])
    published = f"{case.permitted}; {case.guarded}"
    agrees = (permitted, guarded) == (case.permitted, case.guarded)
    return Row((case.firewall.name, *cells, permitted, guarded), published, agrees, case.why)


def concluded(answers: dict[str, str]) -> str:
    """What CAPEC-305 concludes from the answers to a SYN and to an ACK."""
    syn, ack = (answers[probe] in (RST, SYN_ACK) for probe in ("SYN", "ACK"))
    return CAPEC[syn, ack]


def answers_of(firewall: Firewall, port: int) -> dict[str, str]:
    """What comes back from a port to each probe."""
    simulator = firewall.simulator()
    return {
        name: answer_to(Play(simulator, (STRANGER, 40_000 + number), (WEB, port)), flags)
        for number, (name, flags) in enumerate(PROBES.items())
    }


def answer_to(play: Play, flags: str) -> str:
    """What comes back to one probe: from the firewall, or through it from the host."""
    probe = play.send(0, flags, 0)
    if probe.verdict == Verdict.REJECT:
        return RST if probe.reject_with == RejectWith.TCP_RESET else ICMP
    if not probe.admitted:
        return NOTHING
    port = play.ends[1][1]
    effect = without_connection(flag_bits(flags), listening=port in LISTENING)
    if effect not in (Effect.SYN_ACK, Effect.RST):
        return NOTHING
    arrived = answered(play, flags, effect).admitted
    return NOTHING if not arrived else SYN_ACK if effect == Effect.SYN_ACK else RST


def answered(play: Play, flags: str, effect: Effect) -> Decision:
    """The host's answer on its way back (RFC 793 page 36: a reset takes its number from an ACK, if there is one)."""
    if effect == Effect.SYN_ACK:
        return play.send(1, "SA", 0, 1)
    return play.send(1, "R", 0, win=0) if "A" in flags else play.send(1, "RA", 0, 1, win=0)
