"""A ruleset to the rows of the engine: the only place that knows both.

Read first: `fwsim.netfilter`, `fwsim.engine.program`. `lower` does it; `Lowered` is what comes out. `tables` puts the
program together, from `lines` (one rule), `bitsets` (the index of a chain) and `bases` (which chain runs when).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from fwsim.engine.counted_rows import COUNTED
from fwsim.engine.places import Places
from fwsim.engine.program import MAX_DEPTH, OP_DRAW, OP_LUCK, Memory, Program
from fwsim.engine.rule_rows import BUCKET, WALK
from fwsim.engine.tuples import Tracker
from fwsim.errors import RulesetError
from fwsim.frozen import dataclass
from fwsim.garbage import uncollected
from fwsim.headers.selecting import Readable
from fwsim.keyed_tables import Element, make_keyed, no_tracker
from fwsim.netfilter.model import Chain, Table
from fwsim.ruleset.model import Ruleset
from fwsim.ruleset.values import Location
from fwsim.tables import empty
from fwsim.terms import Hook, Verdict

from .bases import families_translated
from .doing import Ask
from .fields import ELAPSED
from .limits import is_too_large, limit_problems
from .needs import asks_conntrack, gives_helper, needs_tracking, tracks
from .routed import Routes
from .settings import settings_row
from .tables import Tables

__all__ = ["ChainInfo", "Lowered", "RuleInfo", "families_of_one", "lower", "needs_tracking"]

POLICY = re.compile(r'^[ \t]*"?policy"?[ \t]*:', re.MULTILINE)
"""The key in the text of a chain, at the beginning of a line."""


@dataclass(frozen=True)
class RuleInfo:
    """A rule by its number: what it is called and where it stands. `line` is None if it was made in Python."""

    number: int
    name: str | None
    position: int
    """Its place in its chain, from 1."""
    chain: int
    path: str
    line: int | None
    text: str
    not_simulated: tuple[str, ...] = ()
    """What it asks that cannot be answered."""
    column: int = 0

    @property
    def label(self) -> str:
        """The name, or the position of a rule without one."""
        return self.name or str(self.position)


@dataclass(frozen=True)
class ChainInfo:
    """A chain by its number; without `hooks` it is one that rules jump to."""

    name: str
    hooks: tuple[Hook, ...]
    priority: int
    policy: Verdict
    line: int | None
    """Of its policy, or of the chain if that is not written; None if it was made in Python."""
    first: int
    last: int
    """Its rules are those numbered `first` .. `last`-1."""
    family: int = 0
    """4 or 6 if only packets of it get there, else 0."""
    kind: str = "filter"
    """Or `nat`, `route`."""


@dataclass(frozen=True)
class Lowered:
    """A ruleset that can run, with the names of its parts.

    `tracking` tells whether packets are tracked (`auto` decided); `uses_ct` whether a rule asks for anything of
    conntrack; `uses_fields` are the PACKET fields that rules ask for. `asks` tells of each instruction what it asks
    (None if it sets something).
    """

    program: Program
    rules: list[RuleInfo]
    chains: list[ChainInfo]
    settings: npt.NDArray[np.void]
    tracking: bool
    uses_ct: bool
    uses_fields: frozenset[str]
    asks: list[Ask | None]
    interfaces: tuple[str, ...]
    depth: int
    """How many chains deep a packet gets at most."""
    elements: tuple[Element, ...] = ()
    """What stands in sets that rules change."""
    places: Places | None = None
    """Where addresses lie, for packets whose destination is translated."""
    asked: tuple[Readable, ...] = ()
    """What is read of headers and of the clock: the slots of EXTRA, by their numbers."""

    @property
    def counts(self) -> bool:
        """Whether rules count the packets of all connections together, or the time from the first of them on."""
        program = self.program
        tables = program.limits, program.xt_limits, program.counts, program.keyed.uses
        return any(map(len, tables)) or ELAPSED in self.uses_fields

    @property
    def draws(self) -> bool:
        """Whether anything is left to chance."""
        steps = self.program.instructions
        return bool(((steps["op"] == OP_LUCK) | ((steps["op"] == OP_DRAW) & (steps["value"] == 1))).any())

    @property
    def translates(self) -> bool:
        """Whether addresses may be translated."""
        return bool(self.settings[0]["translating"])

    def memory(self, *, key: int = 0, seed: int = 0, tracker: Tracker | None = None) -> Memory:
        """What a fresh run remembers: nothing counted, all buckets full.

        `key` keys the hash of entries by key, and changes no result; `seed` decides what is left to chance; `tracker`
        is the table in which connections are counted.
        """
        counted = empty(COUNTED, len(self.program.counts))
        counted["seed"] = seed
        state = empty(WALK, 2)
        state[0]["policies"] = len(self.rules)
        return Memory(
            hits=np.zeros(len(self.rules) + len(self.chains), dtype=np.int64),
            buckets=empty(BUCKET, len(self.program.limits)),
            xt_buckets=empty(BUCKET, len(self.program.xt_limits)),
            counted=counted,
            keyed=make_keyed(self.program.keyed, self.elements, tracker or no_tracker(), key=key),
            stack=np.zeros(max(MAX_DEPTH, self.depth), dtype=np.int64),
            places=np.zeros(len(self.program.columns), dtype=np.int64),
            element_places=np.zeros(len(self.program.columns), dtype=np.int64),
            state=state,
        )


@uncollected()
def lower(
    ruleset: Ruleset, *, interfaces: Sequence[str], routes: Routes | None = None, places: Places | None = None
) -> Lowered:
    """Lower a ruleset. `interfaces` are the declared names in the order of their numbers.

    `routes` answers questions about routes; without it they have no answer. `places` is where addresses lie.

    Raises RulesetError for jumps in a circle and limits that cannot be counted; all else that is wrong, its reader has
    refused.
    """
    tables = Tables(ruleset.netfilter, interfaces, routes)
    steps = tables.steps
    if any(map(is_too_large, steps)):
        raise RulesetError(limit_problems(tables.every_rule))
    tables.add_chains()
    tracking = ruleset.tracking == "on" or (ruleset.tracking == "auto" and any(map(tracks, steps)))
    asks = tables.asks
    keying = tables.lines.counting.keying
    return Lowered(
        program=tables.program(),
        rules=_rules(tables.running, tables.constructs),
        chains=_chains(tables.running),
        settings=settings_row(
            ruleset.conntrack,
            tracking,
            families_translated(tables.running) if tracking else (),
            gives_helper(steps),
        ),
        tracking=tracking,
        uses_ct=any(map(asks_conntrack, steps)),
        uses_fields=frozenset(ask.field for ask in asks if ask is not None and ask.field is not None)
        | keying.fields
        | tables.lines.fields,
        asks=asks,
        interfaces=tuple(interfaces),
        depth=tables.depth,
        elements=tuple(keying.elements),
        places=places if len(tables.lines.translations.rows) else None,
        asked=tuple(tables.fields.slots),
    )


def families_of_one(lowered: Lowered) -> dict[int, int]:
    """The hooks at which there are chains for packets of one family only, and which that is.

    Those that translate do not count: the other family needs no translation, and is not let in for want of one.
    """
    found: dict[int, set[int]] = {}
    for chain in lowered.chains:
        for hook in chain.hooks if chain.kind != "nat" else ():
            found.setdefault(int(hook), set()).add(chain.family)
    return {hook: next(iter(families)) for hook, families in found.items() if len(families) == 1 and 0 not in families}


def policy_line(chain: Location) -> int | None:
    """The line on which the policy of a chain stands, or on which the chain begins."""
    if not chain.line:
        return None
    if chain.policy_line:
        return chain.policy_line
    policy = POLICY.search(chain.text)
    return chain.line + (chain.text.count("\n", 0, policy.start()) if policy else 0)


def _rules(running: Sequence[tuple[Table, Chain]], constructs: Mapping[int, Sequence[str]]) -> list[RuleInfo]:
    """The names of all rules, by number."""
    result: list[RuleInfo] = []
    for number, (_, chain) in enumerate(running):
        for position, rule in enumerate(chain.rules, 1):
            at = rule.location
            unknown = tuple(dict.fromkeys(constructs.get(len(result), ())))
            info = RuleInfo(
                len(result), rule.name, position, number, at.path, at.line or None, at.text, unknown, at.column
            )
            result.append(info)
    return result


def _chains(running: Sequence[tuple[Table, Chain]]) -> list[ChainInfo]:
    """The names of all chains, by number."""
    result: list[ChainInfo] = []
    first = 0
    for table, chain in running:
        last = first + len(chain.rules)
        line = policy_line(chain.location)
        names = (chain.title, chain.hooks, chain.priority, chain.policy, line, first, last, table.sees, chain.kind)
        result.append(ChainInfo(*names))
        first = last
    return result
