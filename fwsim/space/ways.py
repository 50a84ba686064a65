"""The way of a packet through the hooks as a list of stops: base chains, and what changes between them.

Read first: `fwsim.engine.path`, whose order this is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from fwsim.engine.path import (
    CONNTRACK,
    FORWARD,
    HIGHEST,
    INPUT,
    LOCAL,
    LOWEST,
    OUTPUT,
    PATHS,
    POSTROUTING,
    PREROUTING,
    first_hook,
)
from fwsim.terms import ABSENT, CtState, CtStatus

from .fields import CT_DIRECTION, CT_MARK, CT_STATE, CT_STATUS, DPORT, DST, IIF, OIF, SPORT, SRC, domain
from .intervals import Set, of_intervals, only, point, touches
from .model import Model

NOT_TRACKED_YET: dict[int, Set] = {
    CT_STATE: point(int(CtState.INVALID)),
    CT_DIRECTION: point(ABSENT),
    CT_STATUS: point(ABSENT),
    CT_MARK: point(ABSENT),
}
"""What rules see of a connection before the packet is tracked."""
OPENING: Set = ((int(CtState.RELATED), int(CtState.RELATED)), (int(CtState.NEW), int(CtState.NEW)))
KNOWN: Set = ((int(CtState.ESTABLISHED), int(CtState.ESTABLISHED)), (int(CtState.RELATED), int(CtState.RELATED)))
CONFIRMED = int(CtStatus.CONFIRMED)
MARKS = {
    DST: (int(CtStatus.DNAT), int(CtStatus.DNAT_DONE)),
    SRC: (int(CtStatus.SNAT), int(CtStatus.SNAT_DONE)),
}
"""By what is translated, the bits of a connection's status that tell of it."""


class Hide(NamedTuple):
    """Fields are seen with other values until they are shown again."""

    fields: dict[int, Set]


class Show(NamedTuple):
    """Fields are seen as they are again."""

    fields: tuple[int, ...]


class Track(NamedTuple):
    """The packet is tracked, unless a rule has exempted it."""


class Pass(NamedTuple):
    """The packet is forwarded: one hop less is left to it."""


class Base(NamedTuple):
    """A base chain: its number, the hook, and whom it is for."""

    chain: int
    hook: int
    family: int
    nat: int


class Translate(NamedTuple):
    """Addresses and ports of packets of translated connections, of a family, become others: any."""

    fields: tuple[int, ...]
    family: int


Stop = Hide | Show | Track | Pass | Base | Translate

TRANSLATED: dict[int, tuple[int, ...]] = {
    PREROUTING: (DST, DPORT), OUTPUT: (DST, DPORT), INPUT: (SRC, SPORT), POSTROUTING: (SRC, SPORT),
}  # fmt: skip
"""By hook what of translated connections is seen differently behind the place where that is done."""


def way_through(model: Model, hook: int, *, stateful: bool = True) -> list[Stop]:
    """The stops of packets whose PACKET["hook"] is this one.

    In the stateless mode rules before tracking see what is known of the connection, but for its state.
    """
    stops: list[Stop] = []
    raw = _bases(model, first_hook(hook), LOWEST, CONNTRACK)
    if raw:
        hidden = NOT_TRACKED_YET if stateful else {CT_STATE: NOT_TRACKED_YET[CT_STATE]}
        unseen = OIF if first_hook(hook) == PREROUTING else IIF
        stops += [Hide({**hidden, unseen: point(ABSENT)}), *raw, Show((unseen,)), Track()]
    for stage, at in enumerate(each for each in PATHS[hook] if each >= 0):
        if at == FORWARD:
            stops.append(Pass())
        here = _bases(model, at, CONNTRACK if stage == 0 else LOWEST, HIGHEST)
        if here:
            made_here = stage < 2 and hook in (OUTPUT, LOCAL)
            unseen_here = (IIF,) * made_here + (OIF,) * (at in (PREROUTING, INPUT))
            stops += [Hide({field: point(ABSENT) for field in unseen_here}), *here, Show(unseen_here)]
    return stops


def _bases(model: Model, hook: int, low: int, high: int) -> list[Stop]:
    """The base chains at a hook in a range of priorities; and behind those that say how, where translation is done."""
    found: list[Stop] = []
    number = model.bases[hook]["next"]
    while number >= 0:
        base = model.bases[number]
        if low <= base["priority"] < high and base["chain"] >= 0:
            found.append(Base(base["chain"], hook, base["family"], base["nat"]))
        elif low <= base["priority"] < high:
            found.append(Translate(TRANSLATED[hook], base["family"]))
        number = base["next"]
    return found


def seen_behind(translated: Sequence[int], states: Set | None, status: Set | None) -> dict[int, Set]:
    """What rules see, of fields that are translated and of the status, behind the place where connections are.

    Packets of known connections may be seen with any address; a new one may get another source port. That it was
    looked at, the status of each connection says, of those too that are not translated.
    """
    fields = list(translated)
    if states is not None and not touches(states, KNOWN):
        fields = [field for field in translated if field == SPORT and touches(states, OPENING)]
    seen = {field: domain(field) for field in fields}
    if status is None or status == point(ABSENT):
        return seen
    before = only(status)
    if before is None:
        return {**seen, CT_STATUS: domain(CT_STATUS)}
    every = {before}
    for bit in (bit for field, bits in MARKS.items() if field in translated for bit in bits):
        every |= {value | bit for value in every}
    return {**seen, CT_STATUS: of_intervals((value, value) for value in every)}


@cache
def not_asked_yet(done: int) -> Set:
    """The status of connections of which chains are asked how they are translated, unless it has this bit."""
    lows = range(0, 2 * CtStatus.HELPER, CONFIRMED)
    return of_intervals((low, low + CONFIRMED - 1) for low in lows if not low & (CONFIRMED | done))
