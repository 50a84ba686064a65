"""The keys of the models: how each is read, written back and described, put together from `fields`.

Read first: `fields`. `model` names these beside its fields; nothing else uses them but tests and the schema.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from fwsim.terms import RejectWith, Verdict

from . import words
from .addresses import (
    parse_address_list,
    parse_addresses,
    parse_interface_name,
    parse_macs,
    parse_names,
    parse_networks,
)
from .fields import (
    DURATION,
    FLAGS,
    INTEGER,
    MARKS,
    NAME,
    SET_MARK,
    SWITCH,
    TEXT,
    Json,
    Reads,
    bits,
    listed,
    numeric,
    word,
    words_or_text,
    written,
)  # fmt: skip
from .limits import parse_limit, parse_log
from .sets import parse_set, write_set
from .statements import parse_action, parse_hooks, parse_label, parse_policy, parse_priority, parse_reject_with
from .values import Action, Addresses, Network

__all__ = ["DURATION", "FLAGS", "MARKS", "NAME", "SET_MARK", "SWITCH"]

FAMILY = numeric("family")
PROTO = numeric("proto")
PORT = numeric("dport")
ICMP_TYPE = numeric("icmp_type")
ICMP_CODE = numeric("icmp_code")
ICMPV6_TYPE = numeric("icmpv6_type")
ICMPV6_CODE = numeric("icmpv6_code")
DSCP = numeric("dscp")
TTL = numeric("ttl")
LENGTH = numeric("length")
FRAGMENT = numeric("fragment")
VLAN = numeric("vlan")
CT_DIRECTION = numeric("ct_direction")
CT_STATE = bits(words.CT_STATES, "ct state")
CT_STATUS = bits(words.CT_STATUS, "ct status")
TRACKING = word("tracking", "auto", "on", "off")
REPLIES = word("replies", "ack-or-rst", "any", "never")
HELPER = word("helper", *words.HELPERS)
ICMP_ERRORS = word("icmp_errors", "accept", "never")
RP_FILTER = word("rp_filter", "off", "strict", "loose")


def _write_action(action: Action) -> str:
    """A verdict as a rule writes it."""
    return action.kind if action.target is None else f"{action.kind} {action.target}"


def _write_networks(networks: tuple[Network, ...]) -> list[str]:
    """Networks as written; `any` became two of them."""
    return list(dict.fromkeys(network.source for network in networks))


def _write_macs(macs: tuple[int, ...]) -> list[str]:
    """MAC addresses with colons."""
    return [mac.to_bytes(6, "big").hex(":") for mac in macs]


def _write_hooks(hooks: tuple[Any, ...]) -> str | list[str]:
    """One hook as a word, several as a list."""
    names = [hook.name.lower() for hook in hooks]
    return names[0] if len(names) == 1 else names


def _write_addresses(value: Addresses) -> object:
    """A list of addresses; an empty one has no source."""
    return written(value) if value.source else []


def _write_reject(kind: RejectWith) -> str:
    """A kind of reject in nft's words, joined by hyphens."""
    return kind.name.lower().replace("_", "-")


def _write_verdict(policy: Verdict) -> str:
    """A policy as a word."""
    return policy.name.lower()


BURST: Json = {"anyOf": [{"type": "integer", "minimum": 0}, TEXT]}
LIMIT_SCHEMA: Json = {
    "anyOf": [
        {"type": "string", "pattern": r"^\s*\d+\s*[a-z]*\s*/\s*(second|minute|hour|day|week)\s*$"},
        {
            "type": "object",
            "properties": {"rate": TEXT, "burst": BURST, "over": {"type": "boolean"}},
            "required": ["rate"],
            "additionalProperties": False,
        },
    ]
}
LOG_SCHEMA: Json = {
    "anyOf": [
        {"type": "boolean"},
        {"type": "string", "maxLength": 127},
        {"type": "object", "properties": {"prefix": TEXT}, "additionalProperties": False},
    ]
}
ELEMENTS: Json = listed(INTEGER, TEXT)
SET_SCHEMA: Json = {
    "anyOf": [
        *ELEMENTS["anyOf"],
        {
            "type": "object",
            "properties": {"type": {"enum": [*words.SET_TYPES, *words.NFT_SET_TYPES]}, "elements": ELEMENTS},
            "required": ["elements"],
            "additionalProperties": False,
        },
    ]
}
ACTION_SCHEMA: Json = {
    "anyOf": [
        {"enum": [verdict for verdict in words.VERDICTS if verdict not in words.JUMPS]},
        {"pattern": "^(jump|goto) "},
    ]
}
MAC_SCHEMA: Json = {"type": "string", "pattern": "^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$"}

ADDRESSES = Reads(parse_addresses, written, listed(TEXT))
ADDRESS_LIST = Reads(parse_address_list, _write_addresses, listed(TEXT))
INTERFACES = Reads(parse_names, written, listed(TEXT))
INTERFACE_NAME = Reads(parse_interface_name, str, TEXT)
NETWORKS = Reads(parse_networks, _write_networks, {"anyOf": [TEXT, {"type": "array", "items": TEXT}]})
MACS = Reads(parse_macs, _write_macs, {"anyOf": [MAC_SCHEMA, {"type": "array", "items": MAC_SCHEMA}]})
LABEL = Reads(parse_label, str, TEXT)
SET = Reads(parse_set, write_set, SET_SCHEMA)
LIMIT = Reads(parse_limit, written, LIMIT_SCHEMA)
LOG = Reads(parse_log, written, LOG_SCHEMA)
ACTION = Reads(parse_action, _write_action, ACTION_SCHEMA)
POLICY = Reads(parse_policy, _write_verdict, {"enum": ["accept", "drop"]})
REJECT_WITH = Reads(parse_reject_with, _write_reject, words_or_text(words.REJECT_KINDS))
HOOKS = Reads(parse_hooks, _write_hooks, listed({"enum": list(words.HOOKS)}))
PRIORITY = Reads(parse_priority, int, {"anyOf": [INTEGER, words_or_text(words.PRIORITIES)]})

SET_KINDS: dict[str, str] = {
    "iif": "interface", "oif": "interface", "src": "address", "dst": "address", "proto": "protocol",
    "sport": "port", "dport": "port", "icmp_type": "icmp-type", "icmp_code": "number",
    "icmpv6_type": "icmpv6-type", "icmpv6_code": "number", "dscp": "dscp", "ttl": "number", "length": "number",
    "vlan": "number", "mark": "mark", "ct_mark": "mark",
}  # fmt: skip
"""The keys of a rule that can be compared with a set, and what its elements must then be."""

IMPLIED_PROTO = {"tcp_flags": 6, "icmp_type": 1, "icmp_code": 1, "icmpv6_type": 58, "icmpv6_code": 58}
"""Matches that only packets of one protocol can meet."""

IMPLIED_FAMILY = {"icmp_type": 4, "icmp_code": 4, "icmpv6_type": 6, "icmpv6_code": 6}
"""Matches that imply a family: nft adds `meta nfproto` to them in an inet table (checked with --debug=netlink)."""


def implied(given: AbstractSet[str], table: dict[str, int]) -> int | None:
    """The number that one of the given keys implies, or None."""
    return next((number for key, number in table.items() if key in given), None)
