"""What rules translate to, as rows of TRANSLATION.

Read first: Nat in `fwsim.netfilter.steps`, TRANSLATION in `fwsim.engine.rule_rows`.
"""

from __future__ import annotations

from fwsim.engine.program import OP_NAT, TO_ADDRESSES, TO_INTERFACE, TO_NETWORK, TO_SAME, TO_UNKNOWN
from fwsim.netfilter.steps import Nat
from fwsim.tables import V6

from .doing import Ask, Instruction

Row = tuple[int, ...]
"""A row of TRANSLATION."""

OWN = ("masquerade", "redirect")
"""Kinds that translate to an address of the firewall."""
ENDS = {"snat": 1, "masquerade": 1, "dnat": 2, "redirect": 2}
"""What is translated."""
DRAWN = frozenset({"random", "fully-random", "random-fully"})
"""Flags with which the port is drawn. (`random` does nothing else since Linux 5.0: NF_NAT_RANGE_PROTO_RANDOM.)"""
MOVED = "base "
"""What begins the flag that names the port from which others are counted."""


class Translations:
    """The rows under construction."""

    def __init__(self) -> None:
        """None yet."""
        self.rows: list[Row] = []
        self._known: dict[Row, int] = {}

    def instruction(self, step: Nat) -> Instruction:
        """A translation as an instruction."""
        row = row_of(step)
        if row not in self._known:
            self._known[row] = len(self.rows)
            self.rows.append(row)
        text = step.text or step.kind
        kind = "unknown" if row[0] == TO_UNKNOWN else "nat"
        masquerades = int(step.kind == "masquerade")
        operands = (OP_NAT, 0, self._known[row], 0, step.family or 0, masquerades, 0, 0)
        return Instruction(operands, Ask(text, None, text, kind))


def row_of(step: Nat) -> Row:
    """What a step translates to."""
    base = next((int(flag.removeprefix(MOVED)) for flag in step.flags if flag.startswith(MOVED)), None)
    family = step.family or 0
    low, high = (words_of(address, family) for address in step.addresses or (0, 0))
    ports = step.ports or (0, 0)
    return (
        _target(step), ENDS.get(step.kind, 3), family,
        int(bool(step.flags & DRAWN)), int("persistent" in step.flags), int(base is not None),
        *low, *high, int(step.ports is not None), *ports, base or 0,
    )  # fmt: skip


def _target(step: Nat) -> int:
    """The kind of address."""
    if not step.told:
        return TO_UNKNOWN
    if step.kind in OWN:
        return TO_INTERFACE
    if step.addresses is None:
        return TO_SAME
    return TO_NETWORK if step.kind == "netmap" else TO_ADDRESSES


def words_of(address: int, family: int) -> Row:
    """An address as rows have it."""
    if family != 6:
        return address, 0, 0, 0
    first, second, third, fourth = (address >> shift & 0xFFFFFFFF for shift in (96, 64, 32, 0))
    return V6 + first, second, third, fourth
