"""The rules of one chain after the other as the keys of our own rules.

Read first: `drafting`, `fwsim.ruleset.model` (Rule). All matches of a rule are asked before it does anything, and it
does things in the order of its keys; steps in another order, or a key twice, go on in a chain of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fwsim.convert.comparing import members
from fwsim.convert.identifiers import Identifiers
from fwsim.netfilter.model import Set, Table
from fwsim.netfilter.steps import (
    AnyOf,
    Assign,
    Case,
    Choose,
    Effectless,
    Lookup,
    Match,
    NoTrack,
    Rate,
    SetHelper,
    Step,
    Verdict,
)
from fwsim.ruleset import words
from fwsim.ruleset.limits import SECOND, UNITS_OF_TIME
from fwsim.ruleset.located import Map
from fwsim.ruleset.values import MARK_MASK, Addresses, Limit, Location, Masked, MatchValue, Names, Numbers
from fwsim.terms import Hook, RejectWith, word

from .drafting import COUNTS, Drafting, Generated, reads_connection, told
from .elements import alternatives_of, resolved
from .saying import CannotSay
from .yaml_values import Written, written

KEYS = frozenset({
    "family", "iif", "oif", "src", "dst", "proto", "sport", "dport", "tcp_flags", "dscp", "ttl", "length", "fragment",
    "vlan", "mark", "ct_state", "ct_direction", "ct_status", "ct_mark",
})  # fmt: skip
"""Fields that are a key of the same name."""
BY_PROTOCOL = {
    "icmp_type": {1: "icmp_type", 58: "icmpv6_type"}, "icmp_code": {1: "icmp_code", 58: "icmpv6_code"},
}  # fmt: skip
WITH_PORTS = sorted(words.PORT_PROTOCOLS.values())
TCP = 6
CONNECTED = ["new", "established", "related"]
STAGES = ("limit", "log", "set_mark", "set_ct_mark", "notrack", "helper", "verdict")
"""What a rule does, in this order; a counter may be counted anywhere."""
HAS_INTERFACE = {
    "iif": frozenset({Hook.PREROUTING, Hook.INPUT, Hook.FORWARD}),
    "oif": frozenset({Hook.FORWARD, Hook.OUTPUT, Hook.POSTROUTING}),
}
LACKS_INTERFACE = {"iif": frozenset({Hook.OUTPUT}), "oif": frozenset({Hook.PREROUTING, Hook.INPUT})}


class YamlHead(NamedTuple):
    """The keys of a rule so far, the protocol if it is known, how far in `STAGES` the rule is."""

    keys: Mapping[str, Any]
    proto: int | None = None
    stage: int = -1


class YamlDrafting(Drafting[YamlHead]):
    """Writes rules as mappings of keys."""

    def __init__(self, names: Identifiers) -> None:
        """`names` gives the chains their names."""
        super().__init__()
        self.names = names
        self.name: str | None = None
        self.at = Location()

    def begin(
        self, table: Table, chains: Mapping[str, str], set_names: Mapping[str, str], hooks: frozenset[Hook]
    ) -> None:
        """Go on with a chain of this table, which is reached at these hooks."""
        self.table = table
        self.chains = chains
        self.set_names = set_names
        self.hooks = hooks

    def fresh(self, wanted: str) -> str:
        """A free name for a chain."""
        return self.names.fresh(wanted)

    def start(self) -> YamlHead:
        """A rule that asks nothing."""
        return YamlHead({})

    # --- what it asks -----------------------------------------------------------------------------------------------

    def asked(self, step: Step, head: YamlHead) -> list[YamlHead]:
        """The alternatives of a match."""
        if isinstance(step, Match):
            return self._match(step, head)
        if isinstance(step, Lookup):
            return self._any(alternatives_of(step, self.table.sets), head)
        if isinstance(step, AnyOf):
            return self._any(step.alternatives, head)
        raise CannotSay(told(step))

    def _any(self, alternatives: Sequence[Sequence[Match]], head: YamlHead) -> list[YamlHead]:
        """Each of several lists of matches."""
        found = []
        for matches in alternatives:
            heads = [YamlHead({}, head.proto)]
            for match in matches:
                both = [
                    _both(each, more, told(match))
                    for each in heads
                    for more in self._match(match, each._replace(keys={**head.keys, **each.keys}))
                ]
                heads = [each for each in both if each is not None]
            found += heads
        return found

    def _match(self, step: Match, head: YamlHead) -> list[YamlHead]:
        """One field; a key that needs the protocol tells it."""
        field = step.selector
        if field in BY_PROTOCOL:
            return self._icmp(step, head)
        if not isinstance(field, str) or field not in KEYS:
            raise CannotSay(told(step))
        if step.absent and field not in ("family", "proto", "length", "ct_state", "mark"):
            if field not in HAS_INTERFACE:
                raise CannotSay(f"{told(step)} for packets that may lack the field")
            certain = self._absent_interface(step, field)
            if certain is not None:
                return [YamlHead({}, head.proto)] if certain else []
        value = self._written(field, step.value)
        if value is None:
            return []
        keys: dict[str, Any] = {field: value}
        if field in ("sport", "dport") and "proto" not in head.keys:
            keys["proto"] = [_protocol(number) for number in WITH_PORTS]
        return [YamlHead(keys, _protocol_of(step) if field == "proto" else head.proto)]

    def _icmp(self, step: Match, head: YamlHead) -> list[YamlHead]:
        """Types and codes of ICMP or ICMPv6, whichever it is."""
        protocols = [head.proto] if head.proto is not None else [1, 58]
        found = []
        for proto in protocols:
            key = BY_PROTOCOL[str(step.selector)].get(proto)
            value = self._written(key, step.value) if key is not None else None
            if key is not None and value is not None:
                found.append(YamlHead({key: value}, proto))
        return found

    def _absent_interface(self, step: Match, field: str) -> bool | None:
        """What a match gives where there is no interface, or None if there is one at all hooks of the chain."""
        if self.hooks <= HAS_INTERFACE[field]:
            return None
        if self.hooks <= LACKS_INTERFACE[field]:
            return True
        raise CannotSay(f"{told(step)} at hooks with and without that interface")

    def _written(self, key: str, value: MatchValue) -> Written | None:
        """A value, by the name of a set if it is one."""
        if len(value.sets) == 1 and value.sets[0] in self.set_names and not _more_than_set(value):
            return f"{'!' if value.negated else ''}@{self.set_names[value.sets[0]]}"
        return written(key, resolved(value, self.table.sets))

    def joined(self, head: YamlHead, more: YamlHead) -> YamlHead | None:
        """Both, if no key stands in both and nothing was done yet."""
        if head.stage >= 0 and more.keys:
            return None
        if _clash(head.keys, more.keys):
            return None
        keys = _merged(head.keys, more.keys)
        return YamlHead(keys, more.proto) if keys.get("ct_state") != [] else None

    # --- what it does -----------------------------------------------------------------------------------------------

    def act(self, step: Step, rest: Sequence[Step]) -> bool:
        """Put a key behind the matches, if the order of keys allows it."""
        if isinstance(step, Effectless) and step.counter and step.log_prefix is None:
            self.heads = [head._replace(keys={**head.keys, "counter": True}) for head in self.heads]
            return True
        if isinstance(step, Verdict):
            for head in self.heads:
                self._write(head, self._verdict(step, head))
            return True
        key, value = _statement(step)
        if isinstance(step, Assign) and not step.lenient and reads_connection(step):
            self._ask_connection(step)
        stage = STAGES.index(key)
        if any(head.stage >= stage for head in self.heads):
            return False
        self.heads = [head._replace(keys={**head.keys, key: value}, stage=stage) for head in self.heads]
        return True

    def _ask_connection(self, step: Assign) -> None:
        """Ask for a connection, since the rule ends without one."""
        if any("ct_state" in head.keys for head in self.heads):
            raise CannotSay(f"{told(step)}: a rule that ends where there is no connection")
        self.heads = [head._replace(keys={**head.keys, "ct_state": CONNECTED}) for head in self.heads]

    def _verdict(self, step: Verdict, head: YamlHead) -> dict[str, Any]:
        """The verdict, with what it needs."""
        if step.kind in ("jump", "goto"):
            target = step.target or ""
            return {"verdict": f"{step.kind} {target if isinstance(target, Generated) else self.chains[target]}"}
        if step.kind not in words.VERDICTS or step.reject_with == RejectWith.NONE:
            raise CannotSay(told(step))
        if step.kind != "reject" or not step.reject_with:
            return {"verdict": step.kind}
        needs: dict[str, Any] = {}
        family = step.reject_with.name.partition("_")[0].lower()
        if step.reject_with == RejectWith.TCP_RESET and head.proto != TCP and "tcp_flags" not in head.keys:
            needs["proto"] = "tcp"  # as nft asks for by itself
        if family in ("icmp", "icmpv6") and "family" not in head.keys:
            needs["family"] = "ipv4" if family == "icmp" else "ipv6"
        return {**needs, "verdict": "reject", "reject_with": word(step.reject_with).replace("_", "-")}

    def call(self, head: YamlHead, kind: str, target: str) -> None:
        """A rule that leads to a chain."""
        self._write(head, {"verdict": f"{kind} {target}"})

    def finish(self, head: YamlHead) -> None:
        """A rule without a verdict; nothing if it does nothing."""
        if head.stage >= 0 or "counter" in head.keys:
            self._write(head, {})

    def _write(self, head: YamlHead, more: Mapping[str, Any]) -> None:
        """Add a rule to the open chain."""
        named = {"name": self.name} if self.name else {}
        keys = without_implied({**head.keys, **more})
        order = (*_ORDER, "verdict", "reject_with")
        self.sheet.rules.append(located({**named, **{key: keys[key] for key in order if key in keys}}, self.at))

    def cases_of(self, step: Choose) -> Sequence[Case]:
        """The cases of a map, also of a named one."""
        if step.map is None:
            return step.cases
        own = self.table.sets.get(step.map)
        if own is None or own.cases is None or own.dynamic or own.expires:
            raise CannotSay(told(step))
        return own.cases


_ORDER = (
    "family", "iif", "oif", "src", "dst", "proto", "sport", "dport", "tcp_flags", "icmp_type", "icmp_code",
    "icmpv6_type", "icmpv6_code", "dscp", "ttl", "length", "fragment", "vlan", "mark", "ct_state", "ct_direction",
    "ct_status", "ct_mark", "limit", "counter", "log", "set_mark", "set_ct_mark", "notrack", "helper",
)  # fmt: skip


def located(keys: Mapping[str, Any], at: Location) -> Map:
    """A mapping that was made of something that stands there."""
    place = (at.path, at.line, at.column)
    found = Map(place)
    for key, value in keys.items():
        found.put(key, place, value, place)
    return found


def without_implied(keys: Mapping[str, Any]) -> dict[str, Any]:
    """The keys but those that others imply: the protocol of flags and types, the family of types."""
    found = dict(keys)
    implied = {"tcp_flags": ("tcp", None), "icmp_type": ("icmp", "ipv4"), "icmp_code": ("icmp", "ipv4"),
               "icmpv6_type": ("icmpv6", "ipv6"), "icmpv6_code": ("icmpv6", "ipv6")}  # fmt: skip
    for key, (proto, family) in implied.items():
        ported = key == "tcp_flags" and ("sport" in keys or "dport" in keys)
        if key in keys and found.get("proto") == proto and not ported and keys.get("reject_with") != "tcp-reset":
            del found["proto"]
        if key in keys and family is not None and found.get("family") == family:
            del found["family"]
    return found


def _statement(step: Step) -> tuple[str, Any]:
    """The key of what a step counts or does, and its value."""
    match step:
        case Rate():
            return "limit", _limit(step)
        case Effectless() if step.log_prefix is not None and not step.counter:
            return "log", step.log_prefix or True
        case Assign(target="mark" | "ct_mark"):
            return f"set_{step.target}", _mark(step)
        case NoTrack():
            return "notrack", True
        case SetHelper() if step.helper in words.HELPERS:
            return "helper", step.helper
    raise CannotSay(told(step) + (": counted otherwise than a limit of nft" if isinstance(step, COUNTS) else ""))


def _limit(step: Rate) -> Any:
    """A token bucket of its own."""
    if step.kernel != "nft":
        raise CannotSay(f"{told(step)}: iptables counts a limit in ticks, nft and fwsim in nanoseconds")
    if step.object is not None:
        raise CannotSay(f"{told(step)}: a limit that several rules may share")
    return limit_keys(step.limit)


def limit_keys(limit: Limit) -> dict[str, Any]:
    """A limit as a mapping."""
    units = {seconds * SECOND: name for name, seconds in UNITS_OF_TIME.items()}
    if limit.per_ns not in units:
        raise CannotSay("a limit that is not per second, minute, hour, day or week")
    unit = " bytes" if limit.unit == "bytes" else ""
    burst: Any = f"{limit.burst} bytes" if unit else limit.burst
    found: dict[str, Any] = {"rate": f"{limit.rate}{unit}/{units[limit.per_ns]}", "burst": burst}
    return {**found, "over": True} if limit.over else found


def _mark(step: Assign) -> str:
    """The bits that are set, and under which mask."""
    if not step.terms:
        return f"{step.constant:#x}"
    term = step.terms[0]
    own = len(step.terms) == 1 and term.selector == step.target and not term.shift
    if not own or term.mask & step.constant:
        raise CannotSay(f"{told(step)}: a mark that is computed")
    return f"{step.constant:#x}/{MARK_MASK & ~term.mask:#x}"


def _both(head: YamlHead, more: YamlHead, what: str) -> YamlHead | None:
    """Two parts of one alternative; None if no packet meets both."""
    if _clash(head.keys, more.keys):
        raise CannotSay(f"{what}: a field that is asked twice")
    keys = _merged(head.keys, more.keys)
    return YamlHead(keys, more.proto) if keys.get("ct_state") != [] else None


def _clash(keys: Mapping[str, Any], more: Mapping[str, Any]) -> bool:
    """Whether a key has two values that are not one; two lists of ct states are those that stand in both."""
    return any(key in keys and keys[key] != value and key != "ct_state" for key, value in more.items())


def _merged(keys: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """All keys."""
    found = {**keys, **more}
    if "ct_state" in keys and "ct_state" in more:
        first, second = (_listed(each["ct_state"]) for each in (keys, more))
        found["ct_state"] = [state for state in first if state in second]
    return found


def _listed(value: Any) -> list[Any]:
    """A value or some as a list."""
    return value if isinstance(value, list) else [value]


def _protocol(number: int) -> str:
    """A protocol with ports by its name."""
    return next(name for name, value in words.PORT_PROTOCOLS.items() if value == number)


def _protocol_of(step: Match) -> int | None:
    """The protocol if a match leaves only one."""
    if not isinstance(step.value, Numbers) or step.value.sets:
        return None
    possible = members(step.value, 255)
    return min(possible) if len(possible) == 1 else None


def _more_than_set(value: MatchValue) -> bool:
    """Whether a value has more than the elements of its sets."""
    match value:
        case Addresses():
            return bool(value.v4 or value.v6)
        case Numbers():
            return bool(value.intervals)
        case Masked():
            return bool(value.choices)
        case Names():
            return bool(value.names or value.prefixes)


def set_written(own: Set) -> Mapping[str, Any] | None:
    """A named set as our rulesets have it; None if only its elements can be written where they are asked for."""
    kind = words.NFT_SET_TYPES.get(own.kinds[0]) if len(own.kinds) == 1 else None
    key = {"address": "src", "port": "dport", "protocol": "proto", "interface": "iif"}.get(kind or "")
    if own.dynamic or own.value is None or key is None or own.cases is not None:
        return None
    found = written(key, own.value)
    if found is None:
        return None
    return {"type": kind, "elements": found if isinstance(found, list) else [found]}
