"""The row types of what counts, beside LIMIT: credits, quotas, turns and chance, and all that is kept by key.

Read first: `fwsim.tables`. Nothing here computes.
"""

from __future__ import annotations

from fwsim.tables import row_type

XT_LIMIT = row_type("tick per_tick cost capacity")
"""xt_limit (`net/netfilter/xt_limit.c`): credits, of which `per_tick` come with every tick of the kernel's clock
(`tick` ns, CONFIG_HZ), a packet takes `cost`, and there are never more than `capacity`. What is left is a BUCKET."""

COUNT = row_type("most start over xt modulus probability number")
"""Something that counts. Of a quota (`net/netfilter/nft_quota.c`, with `xt` 1 xt_quota.c) `most` bytes, of which
`start` are used already; `over` 1 turns it round. Of a counter that goes round (xt_statistic's nth, numgen inc), the
`modulus` and where it stands at the `start`. Of chance, the `modulus` or the `probability` in 2**-31; `number` tells
it from others."""

COUNTED = row_type("count used seed drawn unknown")
"""What a COUNT remembers: the bytes or packets so far, `used` 0 before the first; `seed` that of the run; `drawn` the
number that it gave last; `unknown` the `Reason` why `count` cannot be known any more, or 0."""

KEYED = row_type(
    """
    size collect timeout counting stamps base tick
    per_tick capacity_high capacity_low cost_high cost_low by_bytes burst
    """
)
"""Something that has entries by key: a set that rules change, a table of xt_hashlimit or xt_recent, counted
connections.

It holds at most `size` entries. Expired ones are taken out every `collect` ns (0: never). `counting` is 1 if elements
count something, 2 if that is connections. Of xt_recent, each entry has a ring of `stamps`, the first of which is
`base`; its times are in ticks (`tick` ns). Of xt_hashlimit, an entry stays for `timeout` (ns) and has credits of 64
bits: `per_tick` times 2**32 come with every tick, an entry has at most the capacity, a packet takes the cost; with
`by_bytes`, `per_tick` come and there are at most `capacity_low`, 16 bytes take `cost_low`, and `burst` times they are
renewed."""

USE = row_type("keyed kind first parts timeout rate quota connections over negate absent seconds hits reap ttl")
"""What a rule does with a KEYED: its row, a `kind` (`fwsim.engine.keyed.K_*`), the `parts` of the key from `first` on.

An entry that it makes lasts `timeout` (ns), and has a `rate` (row of LIMIT), a `quota` (row of COUNT) or counts
`connections` up to so many (-1: none), `over` 1 turns that round; `negate` 1 turns a look-up or xt_recent round, and
with `absent` 1 a packet without a key matches. `seconds` (in ticks), `hits`, `reap` and `ttl` are of xt_recent."""

PART = row_type("field wide otherwise narrow mask0 mask1 mask2 mask3")
"""A part of a key: a PACKET field, -1 if it is not simulated. Of a `wide` one, an address, `narrow` is the mask of
IPv4, the others of IPv6. `otherwise` stands for a field that a packet does not have; -1: there is no key then."""

KEYED_STATE = row_type("count vague unknown soonest collected oldest newest slots free_slot")
"""What a KEYED remembers: the `count` of its entries, `vague` ones of them not surely there; `unknown` the `Reason` why
none can be known any more, or 0. No entry expires before `soonest`; `collected` is when they were looked through
last. Of xt_recent, the order of use from `oldest` to `newest`, and the rings in use."""

ENTRY = row_type(
    """
    keyed hashed next expires unknown tokens last used count
    rate quota connections over first_tuple last_tuple slot older newer ttl
    """
)
"""An entry of a KEYED (-1: a free row). `next` chains those of a hash bucket or the free ones (0 ends); `expires` (ns)
0 is never; `unknown` the `Reason` why it may be there or not, or why its state is not known, or 0.

Of a rate, `tokens`, `last` and `used` are those of a BUCKET; of a quota, `count` and `used` those of COUNTED. Of
counted connections, so many (`count`) tuples from `first_tuple` to `last_tuple`. Of xt_hashlimit, `tokens` and `count`
are the upper and lower half of the credits. Of xt_recent, `count` stamps are in the ring `slot`, the next goes to place
`last`."""

BOOKS = row_type("width used free tuples tuples_used free_tuple hash_key began origin latest why connection")
"""The bookkeeping of all entries: a key is `width` words; rows 1 to `used` were ever in use, `free` begins the chain of
those that are free again; likewise of tuples, of which there are `tuples` now. `origin` is when the first packet came
(`began` 1), `latest` the last, `why` the `Reason` of the last doubt, `connection` the row of the packet's connection,
-1 if it has none."""
