"""What was heard of each packet beside somebody else's rules, as rows of DECISION.

Read first: `fwsim.kernel.watching`, whose prefixes are read here, and `fwsim.kernel.answers`. Which rule or chain
decided nobody says: UNKNOWN_VALUE stands for what is not told, here and in no other decision of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from fwsim.convert.observing import BEHIND, TRACKED
from fwsim.kernel.answers import DIRECTIONS, ENDS, Hearing, blank
from fwsim.kernel.observers import ANSWERS
from fwsim.kernel.orders import Heard
from fwsim.kernel.watching import COMES, ENTERS, GATHERED, LEAVES
from fwsim.terms import UNKNOWN_VALUE, Evidence, Hook, Proto, TcpFlag, Verdict

Table = npt.NDArray[np.void]
Notes = Sequence[tuple[int, str]]

NOT_TOLD = ("hook", "chain", "rule", "reject_with")
"""Fields of which nothing is heard, of most packets."""


WAITING = {
    (int(Hook.PREROUTING), GATHERED), (int(Hook.OUTPUT), GATHERED), (int(Hook.PREROUTING), LEAVES),
}  # fmt: skip
"""The last that is heard of a piece that waits for others, or went into their datagram."""


class Witness(Hearing):
    """Reads the messages of the observers that stand around somebody else's rules."""

    def __init__(self, *, helps: bool, translates: bool = False) -> None:
        """`helps`: a helper may drop packets behind the last rule.

        `translates`: where a packet goes is not where its captured addresses lead; and one whose translated addresses
        are taken is dropped behind the last rule too.
        """
        super().__init__()
        self.helps = helps or translates
        self.translates = translates

    def about(self, packets: Table, heard: Iterable[Heard], first: int) -> Iterable[Heard]:
        """All but what is said of pieces that wait for the rest of their datagram, or went into it.

        Where packets are tracked that is at the first hook, else before the input hook (`ip_local_deliver`).
        """
        heard = list(heard)
        last = {one.number: (one.hook, one.prefix) for one in heard}
        pieces = packets["fragment"].tolist()
        rows = range(len(pieces))
        kept = {number for number, note in last.items() if note in WAITING}
        kept = {number for number in kept if number - first not in rows or pieces[number - first]}
        return [one for one in heard if one.number not in kept]

    def blank(self, decisions: Table) -> None:
        """Rows of which nothing was heard: what is not told is not known of them either."""
        blank(decisions)
        for name in NOT_TOLD:
            decisions[name] = UNKNOWN_VALUE

    def decide(self, decision: np.void, notes: tuple[tuple[int, str], ...], way: int) -> None:
        """Fill one row."""
        inside, left, ended, answer = follow(notes, last_hook(notes) if self.translates else ENDS.get(way))
        for _, prefix in notes:
            if prefix[0] == TRACKED:
                decision["ct_state"] = int(prefix[1:-1])
                decision["ct_direction"] = int(DIRECTIONS[prefix[-1]])
                break
        if ended:
            decision["verdict"] = Verdict.ACCEPT
        elif inside is not None:
            decision["verdict"] = Verdict.REJECT if answer else Verdict.DROP
            decision["hook"], decision["reject_with"] = inside, answer
        else:
            behind = self.helps and left in (Hook.INPUT, Hook.POSTROUTING)
            decision["verdict"] = Verdict.DROP if behind else Verdict.NOT_EVALUATED


def last_hook(notes: Notes) -> int:
    """The hook at which a packet ends that went this way: what comes in again behind its postrouting goes to input."""
    hooks = [hook for hook, prefix in notes if prefix in (COMES, ENTERS)]
    passed = Hook.POSTROUTING in hooks and Hook.PREROUTING not in hooks[hooks.index(Hook.POSTROUTING) :]
    return int(Hook.POSTROUTING if passed else Hook.INPUT)


def follow(notes: Notes, end: int | None) -> tuple[int | None, int | None, bool, int]:
    """A packet's way: the hook that it entered and did not leave, the last one left, whether it came to its `end` ...

    ... and the answer that was sent from where it was dropped.
    """
    inside: int | None = None
    left: int | None = None
    ended, answer = -1, 0
    for hook, prefix in notes:
        if prefix in (COMES, ENTERS):
            inside, answer = hook, 0
        elif prefix == GATHERED:
            inside = None
        elif prefix == LEAVES:
            inside, left = None, hook
        elif prefix == BEHIND:
            ended = hook if ended != end else ended
        elif prefix[0] == ANSWERS and inside is not None:
            answer = int(prefix[1:])
    return inside, left, ended >= 0 and end in (None, ended), answer


# --- packets to which nobody answers ---------------------------------------------------------------------------------

MULTICAST_V4, MULTICAST_V6 = range(224, 256), 0xFF
ANSWERED_ICMP = (0, 8, *range(13, 19))
ICMP_ERRORS = {
    int(Proto.ICMP): frozenset(range(256)) - frozenset(ANSWERED_ICMP),
    int(Proto.ICMPV6): frozenset(range(128)),
}  # fmt: skip
"""The types that count as errors where answers are made (`icmp_pointers` in net/ipv4/icmp.c, `is_ineligible`)."""
LOOPBACK_BROADCAST = 0x7FFFFFFF
DAMAGED = int(Evidence.BAD_CHECKSUM | Evidence.BAD_LENGTH)


CHECKED = {4: (Proto.TCP, Proto.UDP, Proto.ICMP), 6: (Proto.TCP, Proto.UDP, Proto.ICMPV6)}
IPV6_HEADER = 40
"""Bytes; of a packet that ends there nothing is answered (`reject6_csum_ok`)."""
UNCHECKED = (Proto.AH, Proto.ESP, Proto.SCTP, Proto.UDPLITE, Proto.GRE)
"""Protocols whose checksum is of another kind, of a part only, or optional."""


def unanswerable(packets: Table, frames: Table, broadcasts: frozenset[int] = frozenset()) -> frozenset[int]:
    """The rows to which the kernel sends no answer, whatever a REJECT says: there it cannot be told from a drop.

    `broadcasts` are the networks' broadcast addresses, as numbers.

    `nf_send_unreach`, `nf_send_reset`, `icmp_send` and their like for IPv6: none to a piece behind the first, to a
    reset, to an ICMP error, to or from a group or everybody, and none to a packet that is cut short or whose checksum
    is wrong. One of a protocol unknown to them is summed up as if it had a checksum (`nf_reject_verify_csum`), most
    often a wrong one.
    """
    fields = ("family", "proto", "fragment", "flags", "icmp_type", "src0", "dst0", "length")
    rows = zip(*(packets[name].tolist() for name in fields), (frames["evidence"] & DAMAGED).tolist(), strict=True)
    everybody = broadcasts | {LOOPBACK_BROADCAST}
    return frozenset(row for row, packet in enumerate(rows) if packet[6] in everybody or not answered(*packet))


def answered(
    family: int, proto: int, fragment: int, flags: int, icmp_type: int, src0: int, dst0: int, length: int, damaged: int
) -> bool:
    """Whether an answer can be made."""
    if fragment == 2 or damaged or (family == 6 and length <= IPV6_HEADER):
        return False
    if proto == Proto.TCP and (flags < 0 or flags & TcpFlag.RST):
        return False
    if icmp_type in ICMP_ERRORS.get(proto, ()) or (proto not in CHECKED.get(family, ()) and proto not in UNCHECKED):
        return False
    ends = (src0, dst0)
    if family == 6:
        return not any(end >> 24 & 0xFF == MULTICAST_V6 for end in ends)
    return not any(end >> 24 in MULTICAST_V4 for end in ends) and src0 != 0
