"""What came of comparing the simulator with the kernel, as text: counts by protocol, and the differences.

Read first: `fwsim.parity.Comparison`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fwsim.harmless import safe
from fwsim.naming import PROTO_WORDS, RuleNames
from fwsim.parity import Comparison, Difference
from fwsim.report.figures import count, counted
from fwsim.report.grid import grid
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Direction, Hook, Reason, RejectWith, Verdict, ct_state_words, word

NOT_IP = "not IP"


def counts(comparison: Comparison) -> list[str]:
    """A table: for each protocol its packets, those compared, those unknown, those that differ; and all of them."""
    rows = [["protocol", "packets", "compared", "unknown", "differing"]]
    for proto, packets in sorted(comparison.packets.items(), key=lambda item: -item[1]):
        columns = (comparison.compared, comparison.unknown, comparison.differing)
        rows.append([protocol(proto), count(packets), *(count(column[proto]) for column in columns)])
    every = (comparison.packets, comparison.compared, comparison.unknown, comparison.differing)
    rows.append(["all", *(count(column.total()) for column in every)])
    return grid(rows, "<>>>>")


def protocol(number: int) -> str:
    """The name of a protocol, or its number."""
    return NOT_IP if number == ABSENT else str(PROTO_WORDS.get(number, number))


def left_out(comparison: Comparison) -> list[str]:
    """What the kernel was not given, if anything."""
    if not comparison.left_out:
        return []
    parts = [f"{count(packets)} {why}" for why, packets in comparison.left_out.most_common()]
    return [f"Not given to the kernel: {', '.join(parts)}."]


def answer(comparison: Comparison) -> str:
    """The result in a sentence, and in another what the simulator does not know."""
    compared, unknown = comparison.compared.total(), comparison.unknown.total()
    doubt = f" Of {counted(unknown, 'packet')} the simulator does not know the answer." if unknown else ""
    if comparison.agrees:
        return f"No difference in {counted(compared, 'packet')}.{doubt}"
    return f"{counted(comparison.differing.total(), 'packet')} of {count(compared)} differ.{doubt}"


def told(difference: Difference, names: RuleNames, files: Sequence[str]) -> list[str]:
    """A difference: the packet, and what each firewall decided."""
    where = f"packet {difference.number} of {safe(files[difference.file])}"
    lines = [f"{where} ({protocol(difference.proto)}): {', '.join(difference.fields)}"]
    ours, theirs = (f", leaves as {ends}" for ends in difference.ends) if difference.ends else ("", "")
    lines.append(f"  simulator  {decided(difference.ours, names)}{ours}")
    words = f', "{safe(difference.words)}"' if difference.words else ""
    lines.append(f"  kernel     {decided(difference.theirs, names)}{words}{theirs}")
    return lines


def decided(decision: dict[str, int], names: RuleNames) -> str:
    """A decision in a line."""
    parts = [word(Verdict(decision["verdict"]))]
    title = names.title(decision["rule"], decision["chain"]) if decision["chain"] != UNKNOWN_VALUE else None
    if decision["chain"] == UNKNOWN_VALUE and decision["hook"] >= 0:
        parts.append(f"at {word(Hook(decision['hook']))}")
    if decision.get("reject_with", 0) > 0:
        parts.append(f"with {word(RejectWith(decision['reject_with']))}")
    if title is not None:
        parts.append(f"by {safe(title)}")
    if decision["ct_state"] == UNKNOWN_VALUE:
        parts.append("ct state not known")
    elif decision["ct_state"]:
        direction = Direction(decision["ct_direction"])
        parts.append(f"ct state {ct_state_words(decision['ct_state'])}")
        if direction != Direction.NONE:
            parts.append(word(direction))
    if decision["reason"] > 0 and Reason(decision["reason"]) not in (Reason.RULE, Reason.POLICY, Reason.ONE_OF_SEVERAL):
        parts.append(word(Reason(decision["reason"])))
    return ", ".join(parts)
