"""A rule as it was written, and the steps that it stands for.

Read first: `extensions`, `fwsim.netfilter.steps`. iptables compares the header first (`ip_tables.c`: ip_packet_match),
then its matches in the order in which they were loaded; then comes the target. A list of addresses makes several rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from fwsim.netfilter.fields import Raw
from fwsim.netfilter.steps import AnyOf, AtHook, Effectless, Match, Step, Unknown, Verdict
from fwsim.ruleset.values import Masked, Names, Numbers
from fwsim.terms import Hook

from . import options
from .extensions import EVERYWHERE, Use
from .transport import FLAGS, flag_mask
from .values import AddressMask, RefusedError, addresses_value, interface_value, numbers_value

ADDRESS_FIELDS = {("src", 6): Raw("nh", 64, 128), ("dst", 6): Raw("nh", 192, 128)}
"""Where an IPv6 address stands, for masks with holes."""

WITHOUT_OUT = ("INPUT", "PREROUTING")
WITHOUT_IN = ("OUTPUT", "POSTROUTING")
"""Chains in which a rule cannot ask for the other interface."""


class Main(NamedTuple):
    """A part of a rule that iptables itself compares: its value, whether inverted, and its text."""

    value: Any
    negated: bool
    text: str


@dataclass(slots=True)
class RuleWords:
    """A rule as it was written."""

    family: int = 4
    table: str = "filter"
    sources: list[Main] = field(default_factory=list)
    destinations: list[Main] = field(default_factory=list)
    iif: Main | None = None
    oif: Main | None = None
    protocol: Main | None = None
    fragment: Main | None = None
    uses: list[Use] = field(default_factory=list)
    """Its matches."""
    use: Use | None = None
    """Its target, if that is an extension."""
    verdict: str = ""
    """Its target, if that is a verdict: `accept`, `jump` ..."""
    target: str = ""
    target_text: str = ""

    @property
    def jump(self) -> str | None:
        """The chain that it goes to."""
        return self.target if self.verdict in ("jump", "goto") else None

    @property
    def comment(self) -> str | None:
        """What `-m comment` says."""
        for use in self.uses:
            if use.extension.name == "comment":
                return str(use.given["comment"].value)
        return None

    def hooks(self) -> frozenset[Hook]:
        """Where the kernel lets it stand."""
        allowed = EVERYWHERE
        for use in self._everything():
            allowed = allowed & use.extension.hooks & use.hooks
        return allowed

    def _everything(self) -> list[Use]:
        """The matches and the target."""
        return self.uses if self.use is None else [*self.uses, self.use]

    # --- steps ------------------------------------------------------------------------------------------------------

    def steps(self, chain: str) -> Iterator[tuple[Step, ...]]:
        """The steps of the rule, for each pair of addresses."""
        self._check(chain)
        rest = tuple(self._rest())
        nowhere: list[Main | None] = [None]
        for source in self.sources or nowhere:
            for destination in self.destinations or nowhere:
                yield (*self._address("src", source), *self._address("dst", destination), *rest)

    def _check(self, chain: str) -> None:
        """What iptables and the kernel ask of the rule as a whole."""
        if chain in WITHOUT_OUT and self.oif is not None:
            raise RefusedError(f"-o has no place in {chain}")
        if chain in WITHOUT_IN and self.iif is not None:
            raise RefusedError(f"-i has no place in {chain}")
        if self.table == "nat" and self.verdict == "drop":
            raise RefusedError("the table nat is not for filtering: DROP has no place in it")
        for use in self._everything():
            self._check_use(use)

    def _check_use(self, use: Use) -> None:
        """What an extension asks of the rule."""
        extension = use.extension
        use.protocol_then = use.protocol
        if self.protocol is not None:
            use.protocol, use.protocol_negated = self.protocol.value, self.protocol.negated
        options.check(extension.name, extension.bound, use.given)
        if extension.protocols and (use.protocol not in extension.protocols or use.protocol_negated):
            raise RefusedError(
                f"{extension.name} needs a protocol that it knows: `-p` with {_protocols(extension.protocols)}"
            )
        if extension.tables and self.table not in extension.tables:
            raise RefusedError(f"{extension.name} has its place in the table {' or '.join(extension.tables)} only")

    def _rest(self) -> Iterator[Step]:
        """All but the addresses."""
        yield from _interface("iif", self.iif)
        yield from _interface("oif", self.oif)
        if self.protocol is not None and self.protocol.value:
            value = numbers_value(((self.protocol.value,) * 2,), self.protocol.negated)
            yield Match("proto", value, text=self.protocol.text)
        if self.fragment is not None:
            yield Match("fragment", Numbers(((2, 2),), self.fragment.negated), text=self.fragment.text)
        for use in self.uses:
            yield from use.extension.steps(use)
        if self.use is not None:
            self.use.syn = any(_asks_syn(use) for use in self.uses)
            yield from self.use.extension.steps(self.use)
        elif self.verdict:
            yield Verdict(self.verdict, self.jump, None, self.target_text)

    def _address(self, side: str, main: Main | None) -> Iterator[Step]:
        """`-s` or `-d`."""
        if main is None:
            return
        found: AddressMask = main.value
        if found.mask == 0 and not main.negated:
            return
        value = addresses_value(found, self.family, main.negated)
        selector = ADDRESS_FIELDS[side, 6] if isinstance(value, Masked) and self.family == 6 else side
        yield Match(selector, value, text=main.text)


def without_text(step: Step) -> Step:
    """A step as -D compares it: how it was written does not count, but of what has no effect it is all there is."""
    if isinstance(step, AnyOf):
        ways = tuple(tuple(replace(match, text="") for match in way) for way in step.alternatives)
        return AnyOf(ways)
    if isinstance(step, (Unknown, AtHook, Effectless)):
        return step
    return replace(step, text="")


def _protocols(numbers: tuple[int, ...]) -> str:
    """Protocols by number."""
    return " or ".join(str(number) for number in numbers)


def _interface(field_name: str, main: Main | None) -> Iterator[Step]:
    """`-i` or `-o`; where there is no interface its name is empty."""
    if main is None:
        return
    name: str = main.value
    if name != "+":
        yield Match(field_name, interface_value(name, main.negated), absent=main.negated, text=main.text)
    elif main.negated:
        yield Match(field_name, Names((), ("",), True), text=main.text)


def _asks_syn(use: Use) -> bool:
    """Whether a match asks for the SYN flag, as xt_TCPMSS.c wants it."""
    if use.extension.name != "tcp":
        return False
    if "syn" in use:
        return not use.negated("syn")
    if "tcp-flags" not in use or use.negated("tcp-flags"):
        return False
    return bool(flag_mask(use.given["tcp-flags"].value[1]) & FLAGS["SYN"])
