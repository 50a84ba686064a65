"""The rules of one table as nft rules.

Read first: `drafting`, `nft_matching`, `nft_doing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fwsim.convert.identifiers import Identifiers, comment_of
from fwsim.netfilter.model import Set, Table, selectors_of
from fwsim.netfilter.steps import (
    Alter,
    Assign,
    Case,
    Choose,
    Connections,
    Effectless,
    Nat,
    NoTrack,
    SetHelper,
    Step,
    Update,
    Verdict,
)

from .drafting import COUNTS, Drafting, reads_connection, told
from .nft_doing import (
    address_text,
    alter_text,
    assign_text,
    counting_text,
    duration_text,
    effectless_text,
    nat_text,
    verdict_text,
)
from .nft_matching import BOTH, NftHead, NftMatching, asks_in_front, element_texts
from .nft_sets import case_result, helper_lines, inner_text
from .nft_words import PLAIN, PROTOCOL_WORDS, Known, by_family, quoted_name, selector_text
from .saying import CannotSay

TYPES = {"src": {4: "ipv4_addr", 6: "ipv6_addr"}, "dst": {4: "ipv4_addr", 6: "ipv6_addr"}}
BITS = {4: 32, 6: 128}
METER_SIZE = 65535
MAPPED = (Verdict, Assign, Nat)


@dataclass
class Declared:
    """What a table declares beside its chains: nft's names of what it has, and what rules have asked for further."""

    chains: dict[str, str]
    sets: dict[tuple[str, int], str]
    names: Identifiers
    helpers: dict[str, str] = field(default_factory=dict)
    """The objects that give a helper, by its name."""
    further: list[str] = field(default_factory=list)


class NftDrafting(Drafting[NftHead]):
    """Writes the rules of the chains of one table."""

    def __init__(self, table: Table, declared: Declared, chain_names: Identifiers, *, is_nft: bool) -> None:
        """Chains that are needed further get their names from `chain_names`."""
        super().__init__()
        self.table = table
        self.declared = declared
        self.chain_names = chain_names
        self.is_nft = is_nft
        self.matching = NftMatching(table.sees, table.sets, declared.sets, is_nft, fragments=False)
        self.comment = ""

    def fresh(self, wanted: str) -> str:
        """A free name for a chain."""
        return self.chain_names.fresh(wanted)

    def add(self, steps: Sequence[Step]) -> None:
        """Write a rule at the end of the open chain."""
        self.matching.in_front = asks_in_front(steps)
        super().add(steps)

    def start(self) -> NftHead:
        """A rule that asks nothing: the table may tell the family."""
        return NftHead((), Known(self.table.sees or None))

    def asked(self, step: Step, head: NftHead) -> list[NftHead]:
        """The alternatives of a match."""
        return self.matching.asked(step, head.known)

    def joined(self, head: NftHead, more: NftHead) -> NftHead:
        """Both: nft rules can be of any length."""
        return NftHead((*head.parts, *more.parts), more.known)

    def call(self, head: NftHead, kind: str, target: str) -> None:
        """A rule that leads to a chain."""
        self.finish(NftHead((*head.parts, f"{kind} {target}")))

    def finish(self, head: NftHead) -> None:
        """A rule as it stands."""
        text = " ".join(without_dependencies(head.parts, self.table.sees))
        if text:
            self.sheet.rules.append(" ".join(part for part in (text, self.comment) if part))

    def has_map(self, step: Choose) -> bool:
        """Whether each case is one verdict, mark or translation."""
        return step.map is not None or all(
            len(case.steps) == 1
            and isinstance(case.steps[0], MAPPED)
            and not (isinstance(case.steps[0], Verdict) and case.steps[0].kind in ("reject", "queue"))
            for case in step.cases
        )

    def act(self, step: Step, rest: Sequence[Step]) -> bool:
        """Put a statement behind all heads."""
        if isinstance(step, (Choose, Update)) or (isinstance(step, Connections) and step.key):
            heads = [each for head in self.heads for each in self._with_family(step, head)]
            if self.acted and len(heads) > len(self.heads):
                return False
            self.heads = heads
        if isinstance(step, Verdict) and step.kind == "reject":
            self.heads = [head for head in self.heads if _can_answer(step, head.known)]
        if isinstance(step, Assign) and step.lenient and reads_connection(step):
            return self._assign_leniently(step)
        self.heads = [
            NftHead((*head.parts, text), head.known)
            for head in self.heads
            if (text := self._statement(step, head.known)) is not None
        ]
        if isinstance(step, Verdict):
            for head in self.heads:
                self.finish(head)
        return True

    def _assign_leniently(self, step: Assign) -> bool:
        """A mark made of the connection's, without which nothing is set: nft would end the rule there."""
        if self.acted:
            return False
        found = []
        for head in self.heads:
            text = assign_text(step, head.known)
            found.append(NftHead((*head.parts, "ct state established,related,new", text), head.known))
            found.append(NftHead((*head.parts, "ct state invalid,untracked"), head.known))
        self.heads = found
        return True

    def _with_family(self, step: Step, head: NftHead) -> list[NftHead]:
        """The head for each family, if the key of a set or map needs it."""
        key = step.key if isinstance(step, Connections) else ()
        selectors = (*selectors_of(step), *(selector for selector, _ in key))
        if head.known.family is not None or not any(map(by_family, selectors)):
            return [head]
        families = self._families_of_set(step)
        return [
            NftHead((*head.parts, f"meta nfproto ipv{family}"), head.known._replace(family=family))
            for family in families
        ]

    def _families_of_set(self, step: Step) -> tuple[int, ...]:
        """The families of the addresses that a set or map has."""
        own = self._set_of(step)
        kinds = own.kinds if own is not None else ()
        return (4,) if "ipv4_addr" in kinds else (6,) if "ipv6_addr" in kinds else BOTH

    def _set_of(self, step: Step) -> Set | None:
        """The named set or map that a step uses."""
        name = step.map if isinstance(step, Choose) else step.set if isinstance(step, Update) else None
        if name is not None and name not in self.table.sets:
            raise CannotSay(f"the set {name!r}, which the table does not have")
        return self.table.sets[name] if name is not None else None

    def _statement(self, step: Step, known: Known) -> str | None:
        """A step as text; None if it is never reached by packets of this family."""
        match step:
            case Connections() if step.key:
                return self._meter(step, known)
            case Choose():
                return self._map(step, known)
            case Update():
                return self._update(step, known)
            case SetHelper():
                return f"ct helper set {quoted_name(self._helper(step.helper))}"
            case Verdict():
                return verdict_text(step, self.declared.chains, is_nft=self.is_nft)
        return counting_text(step) if isinstance(step, COUNTS) else self._change(step, known)

    def _change(self, step: Step, known: Known) -> str:
        """What a step does to the packet or its connection, or what only tells of it."""
        match step:
            case Assign():
                return assign_text(step, known)
            case NoTrack():
                return "notrack"
            case Effectless():
                return effectless_text(step, is_nft=self.is_nft)
            case Alter():
                return alter_text(step, known, is_nft=self.is_nft)
            case Nat():
                return nat_text(step, self.table.sees)
        raise CannotSay(told(step))

    def _helper(self, helper: str) -> str:
        """The name of the object that gives a helper; declares one if there is none."""
        if helper not in self.declared.helpers:
            name = self.declared.names.fresh(helper)
            self.declared.further += helper_lines(name, helper)
            self.declared.helpers[helper] = name
        return self.declared.helpers[helper]

    def _update(self, step: Update, known: Known) -> str:
        """Put something into a set."""
        key = self.matching.key_text(step.selectors, known)
        timeout = f" timeout {duration_text(step.timeout_ns)}" if step.timeout_ns is not None else ""
        inner = "".join(f" {inner_text(each, is_nft=self.is_nft)}" for each in step.steps)
        return f"{step.operation} @{self.declared.sets[step.set, 0]} {{ {key}{timeout}{inner} }}"

    def _meter(self, step: Connections, known: Known) -> str:
        """Connections counted by address: a set has the counter of each."""
        parts, kinds = [], []
        for selector, bits in step.key:
            family = known.family or 4
            if selector not in ("src", "dst"):
                raise CannotSay(told(step))
            whole = bits >= BITS[family]
            mask = f" & {_mask(bits, family)}" if not whole else ""
            parts.append(selector_text(selector, known) + mask)
            kinds.append(TYPES[str(selector)][family])
        name = self.declared.names.fresh("connections")
        self.declared.further += [
            f"\tset {name} {{", f"\t\ttype {' . '.join(kinds)}", f"\t\tsize {METER_SIZE}", "\t\tflags dynamic", "\t}",
        ]  # fmt: skip
        return f"add @{name} {{ {' . '.join(parts)} ct count {'over ' if step.over else ''}{step.count} }}"

    def _map(self, step: Choose, known: Known) -> str | None:
        """A verdict map, or a value that is looked up."""
        own = self._set_of(step)
        cases = step.cases if own is None else own.cases or ()
        key = self.matching.key_text(step.selectors, known)
        first = cases[0].steps[-1] if cases else Verdict("accept")
        elements = f"@{self.declared.sets[own.name, 0]}" if own is not None else self._cases(step, known)
        if not elements:
            return None
        if isinstance(first, Verdict):
            return f"{key} vmap {elements}"
        if isinstance(first, Assign):
            return f"{PLAIN[first.target]} set {key} map {elements}"
        if isinstance(first, Nat):
            named = "" if self.table.sees else f" ip{'6' if first.family == 6 else ''}"
            concatenated = "" if first.addresses is None or first.ports is None else " addr . port"
            flags = f" {','.join(sorted(first.flags))}" if first.flags else ""
            return f"{first.kind}{named}{concatenated} to {key} map {elements}{flags}"
        raise CannotSay(told(step))

    def _cases(self, step: Choose, known: Known) -> str:
        """The elements of an anonymous map."""
        found = [
            f"{text} : {case_result(case.steps[0], self.declared.chains)}"
            for case in step.cases
            for text in _case_keys(step, case, known)
        ]
        return f"{{ {', '.join(found)} }}" if found else ""


def _can_answer(step: Verdict, known: Known) -> bool:
    """Whether an answer is one for packets of the family: the rule may be written for both, while one gets there."""
    flavour = step.reject_with.name.partition("_")[0] if step.reject_with else ""
    return known.family is None or {"ICMP": 4, "ICMPV6": 6}.get(flavour, known.family) == known.family


def _case_keys(step: Choose, case: Case, known: Known) -> list[str]:
    """The keys of one case."""
    return element_texts(step.selectors, case.element, known) if case.element else ["*"]


def _mask(bits: int, family: int) -> str:
    """So many bits of an address, as an address."""
    return address_text(((1 << bits) - 1) << (BITS[family] - bits), family)


def without_dependencies(parts: Sequence[str], family: int) -> list[str]:
    """The parts of a rule but those that nft puts in front of the next part by itself."""
    found: list[str] = []
    for part in reversed(parts):
        behind = found[-1] if found else ""
        if not _is_implied(part, behind, family):
            found.append(part)
    return found[::-1]


def _is_implied(part: str, behind: str, family: int) -> bool:
    """Whether the next part asks for this one already. Of a concatenation only the first field would."""
    key = behind.partition("{")[0]
    if " . " in key or " vmap" in key or "@" in key.partition(" ")[0]:
        return False
    if part in ("meta nfproto ipv4", "meta nfproto ipv6") and not family:
        own = ("ip ", "icmp ") if part.endswith("4") else ("ip6 ", "icmpv6 ")
        return behind.startswith(own)
    protocol = part.removeprefix("meta l4proto ")
    return protocol in PROTOCOL_WORDS.values() and part != protocol and behind.startswith(f"{protocol} ")


def commented(name: str | None) -> str:
    """The name of a rule as its comment."""
    return comment_of(name) if name else ""


def names_of(chains: Mapping[str, object], names: Identifiers, *, keep: bool) -> dict[str, str]:
    """Nft's names of chains; those of nft itself are kept."""
    if keep:
        names.taken |= set(chains)
        return {name: name for name in chains}
    return {name: names.fresh(name) for name in chains}
