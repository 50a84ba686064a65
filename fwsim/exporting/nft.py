"""A ruleset in the terms of netfilter as nft text, for `nft -f`.

Read first: `nft(8)`; `nft_rules`. `nft_text` does it.

* The tables of the text take the place of earlier ones of the same name.
* A base chain at several hooks becomes a chain with the rules and, for each hook, one that jumps to it.
* Of base chains with equal priority the kernel runs the one first that was registered last: where the text would
  register them in another order, they are declared in front.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.convert.identifiers import Identifiers
from fwsim.netfilter.model import Chain, Netfilter, Table
from fwsim.netfilter.steps import SetHelper
from fwsim.terms import word

from .drafting import Sheet
from .nft_rules import Declared, NftDrafting, commented, names_of
from .nft_sets import object_lines, set_lines, split_families
from .saying import CannotSay, Refusals, rule_title
from .tracking import sees_later_fragments

FORM = "nft"


def nft_text(netfilter: Netfilter, *, fragments: bool | None = None) -> str:
    """The ruleset for `nft -f`; raises RulesetError with all that nft cannot say.

    With `fragments` its rules are kept from looking for a transport header in later fragments; if that is not said,
    they are unless they were written for nft, or packets are tracked and put together first.
    """
    refusals = Refusals(FORM)
    if fragments is None:
        fragments = not netfilter.format.startswith("nft") and sees_later_fragments(netfilter)
    tables = [_TableText(netfilter, table, refusals, fragments=fragments) for table in netfilter.tables]
    blocks = [table.lines() for table in tables]
    refusals.check()
    lines = [*_registration(tables), *(line for block in blocks for line in block)]
    for table in reversed(tables):
        lines[:0] = [f"table {table.title}", f"delete table {table.title}"]
    return "\n".join([*lines, ""])


class _TableText:
    """One table on its way to text."""

    def __init__(self, netfilter: Netfilter, table: Table, refusals: Refusals, *, fragments: bool) -> None:
        """Name everything; nothing is written yet."""
        self.table = table
        self.refusals = refusals
        self.is_nft = netfilter.format.startswith("nft")
        self.title = f"{table.family} {Identifiers().fresh(table.name)}"
        self.chain_names = Identifiers()
        chains = names_of(table.chains, self.chain_names, keep=self.is_nft)
        self.names = Identifiers()
        self.objects = {}
        sets = {}
        for name, own in table.sets.items():
            for family in split_families(own):
                sets[name, family] = self.names.fresh(f"{name}_v{family}" if family else name)
        self.declared = Declared(chains, sets, Identifiers())
        for name, obj in table.objects.items():
            self.objects[name] = self.declared.names.fresh(name)
            if isinstance(obj.step, SetHelper):
                self.declared.helpers[obj.step.helper] = self.objects[name]
        self.drafting = NftDrafting(table, self.declared, self.chain_names, is_nft=self.is_nft)
        self.drafting.matching.fragments = fragments
        self.bases: dict[str, list[tuple[str, str]]] = {}

    def lines(self) -> list[str]:
        """The whole block."""
        for name, chain in self.table.chains.items():
            self._write(self.declared.chains[name], chain)
        sheets = self.drafting.sheets
        return [
            f"table {self.title} {{",
            *self._objects(),
            *self._sets(),
            *self.declared.further,
            *(line for sheet in sheets for line in self._chain(sheet)),
            *self._entries(),
            "}",
        ]

    def _objects(self) -> Iterator[str]:
        """Limits, quotas, counters, helpers."""
        for name, own in self.table.objects.items():
            with self.refusals.within(f"{own.kind} {name}", own.location):
                yield from object_lines(own, self.objects[name], is_nft=self.is_nft)

    def _sets(self) -> Iterator[str]:
        """Named sets and maps."""
        for (name, family), text in self.declared.sets.items():
            own = self.table.sets[name]
            with self.refusals.within(f"set {name}", own.location):
                yield from set_lines(own, text, family, self.declared.chains, is_nft=self.is_nft)

    def _write(self, name: str, chain: Chain) -> None:
        """The rules of a chain, and how it is reached."""
        self.drafting.open(name)
        for number, rule in enumerate(chain.rules, start=1):
            with self.refusals.within(rule_title(chain, number, rule), rule.location):
                self.drafting.comment = commented(rule.name)
                self.drafting.add(rule.steps)
        self.drafting.comment = ""
        with self.refusals.within(f"chain {chain.title}", chain.location):
            self.bases[name] = self._base(name, chain)

    def _base(self, name: str, chain: Chain) -> list[tuple[str, str]]:
        """The base chains by which a chain is reached, itself or others that jump to it, with what makes them so."""
        policy = word(chain.policy)
        if chain.other_hook is not None:
            device = f" device {_devices(chain)}" if chain.devices else ""
            return [(name, f"type {chain.kind} hook {chain.other_hook}{device} {_priority(chain)}; policy {policy};")]
        if len(chain.hooks) <= 1:
            return [(name, _hooked(chain, word(hook), policy)) for hook in chain.hooks]
        return [
            (self.chain_names.fresh(f"{name}-{word(hook)}"), _hooked(chain, word(hook), policy)) for hook in chain.hooks
        ]

    def _chain(self, sheet: Sheet) -> list[str]:
        """One chain as text."""
        own = [base for name, base in self.bases.get(sheet.name, []) if name == sheet.name]
        return [f"\tchain {sheet.name} {{", *(f"\t\t{line}" for line in (*own, *sheet.rules)), "\t}"]

    def _entries(self) -> Iterator[str]:
        """Base chains that do nothing but jump to another."""
        for body, bases in self.bases.items():
            for name, base in bases:
                if name != body:
                    yield from (f"\tchain {name} {{", f"\t\t{base}", f"\t\tjump {body}", "\t}")

    def registered(self) -> Iterator[tuple[int, str, str]]:
        """All base chains in the order of the text, with the number of their registration."""
        for entries in (False, True):
            for name, chain in self.table.chains.items():
                body = self.declared.chains[name]
                for base_name, base in self.bases.get(body, []):
                    if (base_name != body) == entries:
                        yield chain.registered, base_name, base


def _hooked(chain: Chain, hook: str, policy: str) -> str:
    """What makes a chain a base chain."""
    return f"type {chain.kind} hook {hook} {_priority(chain)}; policy {policy};"


def _priority(chain: Chain) -> str:
    """When it is run."""
    return f"priority {chain.priority}"


def _devices(chain: Chain) -> str:
    """The devices of an ingress or egress chain."""
    if any('"' in device for device in chain.devices):
        raise CannotSay("the name of a device")
    quoted = [f'"{device}"' for device in chain.devices]
    return quoted[0] if len(quoted) == 1 else f"{{ {', '.join(quoted)} }}"


def _registration(tables: list[_TableText]) -> list[str]:
    """Base chains declared in the order of their registration, where the text itself has another."""
    found = [(number, table, name, base) for table in tables for number, name, base in table.registered()]
    numbers = [number for number, *_ in found]
    if numbers == sorted(numbers):
        return []
    lines = [f"add table {table.title}" for table in tables]
    for _, table, name, base in sorted(found, key=lambda entry: entry[0]):
        lines.append(f"add chain {table.title} {name} {{ {base} }}")
    return lines
