"""The row types of a ruleset as the engine has it, and of a walk through it.

Read first: `fwsim.tables`, `fwsim.engine.program`. Nothing here computes.
"""

from __future__ import annotations

from fwsim.tables import row_type

INSTRUCTION = row_type("op field first count mask value negate absent")
"""One step of a rule: `op` an `fwsim.engine.program.OP_*`, `field` the number of a PACKET field.

Operands: `count` interval boundaries or choices from `first` on (of addresses `count` of IPv4, then `value` of IPv6),
or `first` a row of LIMIT or CHAIN; `count`, `mask` and `value` as the `OP_*` says; `negate` 1 turns a match of choices
round, `absent` 1 lets a packet without the field match."""

RULE = row_type("chain first rest last verdict target reject_with source counts")
"""A rule, or one of the lines that it is made of: its instructions `first` .. `last`-1, of which the chain's index
answers those before `rest`; then `verdict`, an `fwsim.engine.program.V_*`, for jump and goto with the `target` chain.
`source` is the number of the rule that was written; `counts` the same, or -1 if meeting this line is not meeting it."""

CHAIN = row_type("first last policy words summaries columns column decided everyone sparsest sparser")
"""A chain: its rules `first` .. `last`-1 and, if it stands at a hook, its `policy` (a `Verdict`).

Of its index: `words` of 63 rules each; `columns` rows of COLUMN from `column` on; `decided`, where `columns`+1 times
`words` begin, the rules that ask for none but the first 0, 1, 2 ... of these fields; `everyone`, the bitset of all
rules. A bitset is its `words`.

A long chain has `summaries`. There a bitset is so many words, with a bit for each block that is not zero, and then the
places of its blocks, of 8 words each. `sparsest` and `sparser` are the two columns, counted from 0, that leave the
fewest rules."""

BASE = row_type("chain priority next family nat")
"""A chain at a hook, its `priority`, and the next one at the same hook (or -1). Rows 0 to 4 stand for the hooks.
`family` 4 or 6: only packets of it get there (0: all).
Translation has one place at a hook, for each family: first the chains that say how, whose `nat` is the `CtStatus` bit
of connections that need them no more; behind them a row without a chain (-1), where the walk stops for it."""

TRANSLATION = row_type(
    """
    to ends family random persistent offset
    low0 low1 low2 low3 high0 high1 high2 high3 ports low_port high_port base_port
    """
)
"""What a rule translates to: `to` an `fwsim.engine.program.TO_*`, of a `family` (0: whatever the packet's is).
`ends` is 1 for the source, 2 for the destination, 3 for either, as the hook has it.

`low`..`high` are addresses, the mask of NETMAP being what both have in common; `ports` 1 if `low_port`..`high_port` are
given too, and `offset` 1 if the port is moved as far from `low_port` as it was from `base_port`. `random` 1: the port
is drawn; `persistent` 1: a source gets the same address whatever its destination."""

COLUMN = row_type("field mask kind first count wide rows absent")
"""One field of a chain's index, of a number only the bits of `mask`: how to find a value's class, `kind`, an
`fwsim.engine.program.BY_*`, over `count` boundaries from `first` on (of addresses `count` of IPv4, then `wide` of
IPv6); `rows`, where the places of the classes' bitsets begin; `absent`, the bitset of a packet without it."""

LIMIT = row_type("capacity cost remainder divisor by_bytes longest over")
"""A `limit` (`net/netfilter/nft_limit.c`), in ns of time: the bucket's `capacity`, and what a packet costs, or
(`by_bytes`) a byte: `cost` + `remainder` / `divisor`; the bucket never holds enough for more than `longest` bytes.
`over` 1 turns it round: it matches what exceeds the rate."""

BUCKET = row_type("tokens last used unknown")
"""What a `limit` remembers: `tokens` left (ns) at time `last`; `used` 0 before its first packet; `unknown` the `Reason`
why what is left cannot be known any more, or 0."""

WALK = row_type(
    """
    chain depth linear truth sure possible doubt cause cause_rule waiting tried known vague
    accept_rule accept_chain refused_rule refused_chain refused_with
    hook kept value blame policies refusals lost lost_ct blamed
    stage halt chosen bound iif oif fault
    """
)
"""Scratch of one walk. The `chain` it is in, `depth` calls deep; `linear` 1 looks at rule after rule;
`truth` of the last rule looked at.

`sure` 0 once the packet may be elsewhere; `possible` one bit for each verdict that it may get, with the rule that
gives it (RULE_SEVERAL: one or another); `doubt` the `Reason` why the last rule was not clear, `cause` the first such
that mattered, at `cause_rule`;
`waiting` 1 if it may have returned to the policy; `tried` rules looked at; `known` columns of the index looked up,
`vague` 1 if the value of one of them is not known.

`hook` it is at; `kept` two bits for each truth that OP_KEEP has kept; `value` under construction by OP_TERM,
`blame` the rule (plus 1; -1: this one) because of which it is not known, since something is not simulated, or 0;
`policies` where the hits of policies begin; `refusals` one bit for each verdict by which the packet may have been
refused at an earlier hook; `lost` the rule (plus 1) since which the mark is not known because something is not
simulated, or 0, `lost_ct` that of the connection's mark; `blamed` one of them if that is the `doubt`.

Of its way: the `stage` it is at, its interfaces `iif` and `oif`, and the `fault` for which routing discards it; `halt`
the row of BASE where the walk has stopped for a translation (else -1), and `chosen` the row of TRANSLATION that applies
(-1 none, UNKNOWN_VALUE perhaps one), `bound` the bits `SNAT_DONE` and `DNAT_DONE` of a connection that has been asked
for. A second row is for looking up elements: only its `known` and `vague` are used."""
