"""One packet about which two firewalls disagree.

Read first: `COMPARED`, what must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fwsim.simulator import Batch
from fwsim.tables import RULE_SEVERAL, plain
from fwsim.terms import UNKNOWN_VALUE, RejectWith, Verdict

Table = npt.NDArray[np.void]

COMPARED = ("verdict", "ct_state", "ct_direction", "chain", "rule")
"""The fields of DECISION that must agree."""

WITHOUT_RULE = ("verdict", "ct_state", "ct_direction", "hook", "reject_with")
"""Those that must where the other firewall does not tell which chain decided (UNKNOWN_VALUE); where it does not tell
the hook or the answer either, these need not."""

BOTH_FAMILIES = {
    RejectWith.ICMPX_NO_ROUTE: (RejectWith.ICMP_NET_UNREACHABLE, RejectWith.ICMPV6_NO_ROUTE),
    RejectWith.ICMPX_PORT_UNREACHABLE: (RejectWith.ICMP_PORT_UNREACHABLE, RejectWith.ICMPV6_PORT_UNREACHABLE),
    RejectWith.ICMPX_HOST_UNREACHABLE: (RejectWith.ICMP_HOST_UNREACHABLE, RejectWith.ICMPV6_ADDR_UNREACHABLE),
    RejectWith.ICMPX_ADMIN_PROHIBITED: (RejectWith.ICMP_ADMIN_PROHIBITED, RejectWith.ICMPV6_ADMIN_PROHIBITED),
}  # fmt: skip
"""What a REJECT for both families answers to a packet of either (`nft_reject_icmp_code`, `nft_reject_icmpv6_code`)."""
SAME_ANSWER = {frozenset((both, one)) for both, each in BOTH_FAMILIES.items() for one in each}


@dataclass(frozen=True)
class Difference:
    """A frame about which two firewalls disagree: both decisions, and the fields in which they differ."""

    file: int
    number: int
    proto: int
    fields: tuple[str, ...]
    ours: dict[str, int]
    theirs: dict[str, int]
    words: str = ""
    """What the other firewall says of the packet."""
    ends: tuple[str, str] | None = None
    """How it left either firewall, if that is the difference."""

    def with_other(self, theirs: dict[str, int], fields: tuple[str, ...]) -> Difference:
        """The same frame with another decision of the other firewall."""
        return replace(self, theirs=theirs, fields=fields)


def differing(ours: Table, theirs: Table) -> npt.NDArray[np.bool_]:
    """The rows that do not agree in every field that is compared."""
    rows = np.zeros(len(ours), np.bool_)
    for name in COMPARED:
        rows |= ours[name] != theirs[name]
    for row in np.flatnonzero((theirs["chain"] == UNKNOWN_VALUE) | (ours["rule"] == RULE_SEVERAL)).tolist():
        rows[row] = bool(fields_differing(plain(ours[row]), plain(theirs[row])))
    return rows


def fields_differing(ours: Mapping[str, int], theirs: Mapping[str, int]) -> tuple[str, ...]:
    """The fields of a decision that do not agree."""
    if theirs["chain"] != UNKNOWN_VALUE:
        left_open = ("rule", "chain") if ours["rule"] == RULE_SEVERAL else ()
        return tuple(name for name in COMPARED if ours[name] != theirs[name] and name not in left_open)
    told = (name for name in WITHOUT_RULE if theirs[name] not in (UNKNOWN_VALUE, ours[name]))
    return tuple(name for name in told if name != "reject_with" or not same_answer(ours[name], theirs[name]))


def same_answer(ours: int, theirs: int) -> bool:
    """Whether two kinds of REJECT are the same to the packet's sender."""
    return ours == theirs or frozenset((ours, theirs)) in SAME_ANSWER


def conceded(ours: Table, theirs: Table, unanswerable: Iterable[int]) -> Table:
    """The other firewall's decisions where its DROP may be our REJECT, as it sends no answer there: taken for one."""
    rows = [row for row in unanswerable if is_rejected(ours[row]) and int(theirs[row]["verdict"]) == Verdict.DROP]
    if not rows:
        return theirs
    theirs = theirs.copy()
    theirs["verdict"][rows] = Verdict.REJECT
    theirs["reject_with"][rows] = ours["reject_with"][rows]
    return theirs


def is_rejected(decision: np.void) -> bool:
    """Whether a row's verdict is REJECT."""
    return int(decision["verdict"]) == Verdict.REJECT


def difference(batch: Batch, row: int, theirs: dict[str, int], words: str = "") -> Difference:
    """A row of a batch beside what the other firewall decided."""
    ours = plain(batch.stateful[row])
    return Difference(
        file=int(batch.frames[row]["file"]),
        number=int(batch.frames[row]["number"]),
        proto=int(batch.packets[row]["proto"]),
        fields=fields_differing(ours, theirs),
        ours=ours,
        theirs=theirs,
        words=words,
    )
