"""What two rulesets are told besides their rules, and where that differs: no comparison of rules can tell what follows.

Read first: `fwsim.ruleset.model` (Ruleset), SETTINGS in `fwsim.tables`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwsim.netfilter import Netfilter
from fwsim.ruleset.conntrack import Conntrack
from fwsim.topology import LOOPBACK

from .sides import Side

WALKED = ("ip", "ip6", "inet")
REVERSE_PATH = ("off", "strict", "loose")


@dataclass(frozen=True)
class Setting:
    """A setting that differs."""

    name: str
    old: str
    new: str


def settings_that_differ(old: Side, new: Side) -> list[Setting]:
    """All of them, in a fixed order."""
    finders = _tracking, _conntrack, _stateless, _places, _reverse_path
    return [setting for find in finders for setting in find(old, new)]


def _tracking(old: Side, new: Side) -> Iterator[Setting]:
    """Whether connections are tracked, and datagrams put together with it."""
    if old.lowered.tracking != new.lowered.tracking:
        yield Setting("tracking", _switch(old.lowered.tracking), _switch(new.lowered.tracking))
    if old.lowered.tracking and new.lowered.tracking and old.lowered.translates != new.lowered.translates:
        yield Setting("translation of connections", _switch(old.lowered.translates), _switch(new.lowered.translates))


def _conntrack(old: Side, new: Side) -> Iterator[Setting]:
    """The settings of conntrack, if both track."""
    if not (old.lowered.tracking and new.lowered.tracking):
        return
    for name in Conntrack.model_fields:
        values = getattr(old.ruleset.conntrack, name), getattr(new.ruleset.conntrack, name)
        if values[0] != values[1]:
            yield Setting(f"conntrack.{name}", *map(_written, values))


def _stateless(old: Side, new: Side) -> Iterator[Setting]:
    """What the stateless mode takes for replies, if there is a twin."""
    if not (old.lowered.uses_ct or new.lowered.uses_ct):
        return
    for name in ("replies", "icmp_errors"):
        values = getattr(old.ruleset.stateless, name), getattr(new.ruleset.stateless, name)
        if values[0] != values[1]:
            yield Setting(f"stateless.{name}", *values)


def _places(old: Side, new: Side) -> Iterator[Setting]:
    """Which networks lie behind which interface, and the own addresses.

    A ruleset that can say so and does not says that nothing is known; one that cannot is for the same machine.
    """
    could = all(side.ruleset.netfilter.format == "yaml" for side in (old, new))
    declared = [{name: each.networks for name, each in side.declares.items() if each.networks} for side in (old, new)]
    if all(declared) or (could and any(declared)):
        for name in dict.fromkeys((*declared[0], *declared[1])):
            values = [networks.get(name) for networks in declared]
            if values[0] != values[1]:
                yield Setting(f"interfaces.{name}", *(_networks(value) for value in values))
    if ((old.local and new.local) or could) and set(old.local) != set(new.local):
        yield Setting("local", *(", ".join(sorted(map(str, side.local))) or "not declared" for side in (old, new)))


def _reverse_path(old: Side, new: Side) -> Iterator[Setting]:
    """What is asked of sources, of IPv4, before any rule sees a packet."""
    names = [name for name in old.topology.names if name != LOOPBACK]
    asked = {name: [side.topology.settings.rp_filter(name) for side in (old, new)] for name in names}
    others = {name: values for name, values in asked.items() if values[0] != values[1]}
    if len({tuple(values) for values in asked.values()}) == 1 and others:
        others = {"": others[names[0]]}  # the same for all of them
    for name, values in others.items():
        yield Setting(f"rp_filter of {name}" if name else "rp_filter", *(REVERSE_PATH[value] for value in values))


def _networks(networks: tuple[object, ...] | None) -> str:
    """Networks as text."""
    return "not declared" if networks is None else ", ".join(map(str, networks)) or "no network"


def _switch(value: bool) -> str:
    """On or off."""
    return "on" if value else "off"


def _written(value: object) -> str:
    """A value of conntrack as text: durations in seconds."""
    if isinstance(value, bool):
        return _switch(value)
    if isinstance(value, int) and value >= 1_000_000_000:
        return f"{value / 1_000_000_000:g} s"
    return str(value)


def not_walked(netfilter: Netfilter) -> list[tuple[object, ...]]:
    """The tables with chains that are not walked, with all that is in them: these can only be the same, or not."""
    found: list[tuple[object, ...]] = []
    for table in netfilter.tables:
        chains = list(table.chains.values())
        if table.family in WALKED and all(chain.other_hook is None for chain in chains):
            continue
        sets = [(one.name, one.kinds, one.elements, one.cases, one.steps) for one in table.sets.values()]
        told = [
            (one.name, one.other_hook, one.hooks, one.priority, one.policy, one.devices, [r.steps for r in one.rules])
            for one in chains
        ]
        found.append((table.family, table.name, told, sets))
    return found
