"""A ruleset as pydantic models: what a user writes, read into typed values.

Read first: DESIGN's example of a ruleset, then `values` (what a match value is). Everything that reads, checks or
writes rulesets builds on these models:

    Ruleset -- Interface, Conntrack, Stateless, sets
       +------ Chain -- Rule

All are frozen; keys that are not known are refused. How each key is read and described is in `fields` and `keys`.
Cross references are checked by `checks` as the last step of validating a `Ruleset`. `load` attaches locations;
a model made in Python has none.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from fwsim.shown import Shown
from fwsim.terms import Hook, RejectWith, Verdict

from . import keys
from .checks import check
from .conntrack import Conntrack
from .located import Map
from .resolve import Readings
from .values import (
    Action,
    Addresses,
    Limit,
    Location,
    Log,
    Masked,
    MatchValue,
    Names,
    Network,
    Numbers,
    SetElements,
    SetMark,
)  # fmt: skip
from .words import SHORTHAND

if TYPE_CHECKING:
    from fwsim.netfilter import Netfilter

SHORTHAND_HOOKS = (Hook.INPUT, Hook.FORWARD, Hook.OUTPUT)
"""Where that chain is walked: every packet passes one of them (from a local address to a local one, two)."""

NOWHERE = Location()
"""The place of what was made in Python: one for all, as a default that pydantic copies costs a third of reading."""

STRICT = ConfigDict(frozen=True, extra="forbid")


class Located(BaseModel):
    """A model that remembers where it was written, when it was read from a file."""

    model_config = STRICT

    _location: Location = PrivateAttr(default_factory=lambda: NOWHERE)

    @model_validator(mode="wrap")
    @classmethod
    def _locate(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Keep the place."""
        model = handler(data)
        if isinstance(data, Map):
            model._location = data.location()
        return model

    @property
    def location(self) -> Location:
        """Where it was written; line 0 if it was made in Python."""
        return self._location


class Rule(Located):
    """One rule: it applies when all its matches do, and then does what its statements say, in this order of keys."""

    name: Annotated[str | None, keys.NAME] = None
    family: Annotated[Numbers | None, keys.FAMILY] = None
    iif: Annotated[Names | None, keys.INTERFACES] = None
    oif: Annotated[Names | None, keys.INTERFACES] = None
    src: Annotated[Addresses | None, keys.ADDRESSES] = None
    dst: Annotated[Addresses | None, keys.ADDRESSES] = None
    proto: Annotated[Numbers | None, keys.PROTO] = None
    sport: Annotated[Numbers | None, keys.PORT] = None
    dport: Annotated[Numbers | None, keys.PORT] = None
    tcp_flags: Annotated[Masked | None, keys.FLAGS] = None
    icmp_type: Annotated[Numbers | None, keys.ICMP_TYPE] = None
    icmp_code: Annotated[Numbers | None, keys.ICMP_CODE] = None
    icmpv6_type: Annotated[Numbers | None, keys.ICMPV6_TYPE] = None
    icmpv6_code: Annotated[Numbers | None, keys.ICMPV6_CODE] = None
    dscp: Annotated[Numbers | None, keys.DSCP] = None
    ttl: Annotated[Numbers | None, keys.TTL] = None
    length: Annotated[Numbers | None, keys.LENGTH] = None
    fragment: Annotated[Numbers | None, keys.FRAGMENT] = None
    vlan: Annotated[Numbers | None, keys.VLAN] = None
    mark: Annotated[Masked | None, keys.MARKS] = None
    ct_state: Annotated[Masked | None, keys.CT_STATE] = None
    ct_direction: Annotated[Numbers | None, keys.CT_DIRECTION] = None
    ct_status: Annotated[Masked | None, keys.CT_STATUS] = None
    ct_mark: Annotated[Masked | None, keys.MARKS] = None
    limit: Annotated[Limit | None, keys.LIMIT] = None
    counter: Annotated[bool, keys.SWITCH] = False
    log: Annotated[Log | None, keys.LOG] = None
    set_mark: Annotated[SetMark | None, keys.SET_MARK] = None
    set_ct_mark: Annotated[SetMark | None, keys.SET_MARK] = None
    notrack: Annotated[bool, keys.SWITCH] = False
    helper: Annotated[str | None, keys.HELPER] = None
    verdict: Annotated[Action, keys.ACTION] = Action()
    reject_with: Annotated[RejectWith | None, keys.REJECT_WITH] = None

    @property
    def implied_proto(self) -> int | None:
        """The protocol that a rule needs because of its other matches: 6 with `tcp_flags`, 1 or 58 with ICMP types."""
        return keys.implied(self.model_fields_set, keys.IMPLIED_PROTO)

    @property
    def implied_family(self) -> int | None:
        """The family (4 or 6) that a match on ICMP or ICMPv6 types implies, as in nft."""
        return keys.implied(self.model_fields_set, keys.IMPLIED_FAMILY)


class Chain(Located):
    """Rules tried in order. With a `hook` it is a base chain, else one that rules jump to.

    `hook` is a tuple: a chain may sit at several hooks and is then walked at each.
    """

    hook: Annotated[tuple[Hook, ...], keys.HOOKS] = ()
    priority: Annotated[int, keys.PRIORITY] = 0
    policy: Annotated[Verdict, keys.POLICY] = Verdict.ACCEPT
    rules: tuple[Rule, ...] = ()


class Interface(BaseModel):
    """What lies behind an interface of the firewall, and the firewall's own addresses and MACs on it."""

    model_config = STRICT

    networks: Annotated[tuple[Network, ...], keys.NETWORKS] = ()
    macs: Annotated[tuple[int, ...], keys.MACS] = ()
    own_macs: Annotated[tuple[int, ...], keys.MACS] = ()
    addresses: Annotated[Addresses, keys.ADDRESS_LIST] = Addresses()
    rp_filter: Annotated[Literal["off", "strict", "loose"], keys.RP_FILTER] = "off"


class Stateless(BaseModel):
    """What the stateless twin of a policy with ct expressions admits as replies and as ICMP errors."""

    model_config = STRICT

    replies: Annotated[Literal["ack-or-rst", "any", "never"], keys.REPLIES] = "ack-or-rst"
    icmp_errors: Annotated[Literal["accept", "never"], keys.ICMP_ERRORS] = "accept"


class Ruleset(Located, Shown):
    """Everything that a firewall is told: interfaces, settings, sets, chains of rules."""

    name: Annotated[str | None, keys.NAME] = None
    interfaces: dict[Annotated[str, keys.INTERFACE_NAME], Interface] = Field(default_factory=dict)
    local: Annotated[Addresses, keys.ADDRESS_LIST] = Addresses()
    rp_filter: Annotated[Literal["off", "strict", "loose"], keys.RP_FILTER] = "off"
    tracking: Annotated[Literal["auto", "on", "off"], keys.TRACKING] = "auto"
    conntrack: Conntrack = Conntrack()
    stateless: Stateless = Stateless()
    sets: dict[Annotated[str, keys.LABEL], Annotated[SetElements, keys.SET]] = Field(default_factory=dict)
    policy: Annotated[Verdict, keys.POLICY] = Verdict.ACCEPT
    rules: tuple[Rule, ...] = ()
    chains: dict[Annotated[str, keys.LABEL], Chain] = Field(default_factory=dict)

    _imported: Netfilter | None = PrivateAttr(default=None)
    """The rules of a ruleset that was written for netfilter; it has no chains of its own then."""

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo) -> Ruleset:
        """Refuse what does not fit together."""
        check(self, info.context)
        return self

    @cached_property
    def all_chains(self) -> dict[str, Chain]:
        """Every chain in the order of the file; `rules:` at the top level comes first, as the chain `rules`."""
        if not {"rules", "policy"} & self.model_fields_set:
            return dict(self.chains)
        whole = Chain(hook=SHORTHAND_HOOKS, policy=self.policy, rules=self.rules)
        whole._location = self.location
        return {SHORTHAND: whole, **self.chains}

    @cached_property
    def netfilter(self) -> Netfilter:
        """The same in the terms of netfilter: what is run, and what other formats are written from."""
        from fwsim.netfilter.from_model import netfilter_of

        return self._imported or netfilter_of(self)

    @cached_property
    def readings(self) -> Readings:
        """The sets, each read once for every kind of field."""
        return Readings(self.sets)

    def resolved(self, key: str, value: MatchValue) -> MatchValue:
        """A match value of a rule's `key`, with the elements of its sets put in."""
        return self.readings.resolved(value, keys.SET_KINDS[key]) if value.sets else value
