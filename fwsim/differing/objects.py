"""The answer as an object for programs, and its JSON Schema.

Read first: `answer`.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from fwsim.checking.confirming import Packet
from fwsim.space.fields import DST, SRC, written
from fwsim.terms import CtState, Direction, Reason, word

from .accepting import key_of
from .answer import Answer, Named
from .describing import Describing, flags_text, protocol
from .differences import STATEFUL
from .grouping import Group, RegionTold, Responsible
from .witnessing import Witness

SCHEMA_VERSION = 1
HOOKS = {1: "input", 2: "forward", 3: "output", 5: "local"}
"""What `hook` says: the filter hook, or from a local address to a local one."""
Object = dict[str, Any]


def object_of(answer: Answer) -> Object:
    """The whole answer."""
    describing = Describing(answer.comparison.interface_words, answer.comparison.slots)
    return {
        "schema_version": SCHEMA_VERSION,
        "status": answer.status,
        "modes": {mode: answer.status_of(mode) for mode in answer.modes},
        "counts": answer.count,
        "old": _ruleset(answer.old),
        "new": _ruleset(answer.new),
        "same_in_both_modes": answer.comparison.stateless_is_the_same,
        "settings": [
            {"name": each.name, "old": each.old, "new": each.new, "accepted": answer.is_setting_accepted(each)}
            for each in answer.settings
        ],
        "not_known": answer.reasons,
        "hangs_on": answer.doubts,
        "accepted_no_more": answer.accepted_no_more,
        "differences": [_group(answer, describing, group) for group in answer.groups],
    }


def _ruleset(named: Named) -> Object:
    """A ruleset."""
    netfilter = named.ruleset.netfilter
    return {"path": named.path, "format": netfilter.format, "rules": named.rules, "sha256": _digest(named)}


def _digest(named: Named) -> str | None:
    """The digest of the texts that a ruleset was read from; of our own the file's, if it is one that is still there."""
    sources = [text.encode("utf-8", "surrogatepass") for _, text in named.ruleset.netfilter.sources]
    if not sources and os.path.isfile(named.path):
        try:
            sources = [Path(named.path).read_bytes()]
        except OSError:
            return None
    return hashlib.sha256(b"\0".join(sources)).hexdigest() if sources else None


def _group(answer: Answer, describing: Describing, group: Group) -> Object:
    """Differences for which the same two are responsible."""
    return {
        "key": key_of(group),
        "mode": group.mode,
        "status": "different" if group.witness is not None else "unknown",
        "accepted": answer.is_accepted(group),
        "same_verdict": group.leaves,
        "old": _responsible(group.old),
        "new": _responsible(group.new),
        "hangs_on": list(group.doubts),
        "regions": [_region(describing, region) for region in group.regions],
        "all_regions": group.complete,
        "witness": None if group.witness is None else _witness(group, group.witness),
    }


def _responsible(one: Responsible) -> Object:
    """Who is responsible, and what becomes of the packets."""
    return {
        "verdict": one.verdict, "reject_with": one.reject_with, "rule": one.rule, "chain": one.chain,
        "path": one.path or None, "line": one.line, "text": one.text or None,
    }  # fmt: skip


def _region(describing: Describing, region: RegionTold) -> Object:
    """A region: its fields as lists of lowest and highest values, -1 for packets without the field."""
    fields = {
        describing.name(field): [
            [written(field, low), written(field, high)] if field in (SRC, DST) else [low, high] for low, high in values
        ]
        for field, values in region.fields.items()
    }
    return {"hook": HOOKS[region.hook], "family": region.family, "text": region.text, "fields": fields}


def _witness(group: Group, witness: Witness) -> Object:
    """A packet and both decisions about it."""
    difference = group.witnessed
    shown = None
    if group.mode == STATEFUL:
        state, way = witness.shown["ct_state"], witness.shown["ct_direction"]
        shown = {
            "ct_state": word(CtState(state)), "ct_direction": word(Direction(way)) if way >= 0 else "none",
            "ct_status": witness.shown["ct_status"], "ct_mark": witness.shown["ct_mark"],
        }  # fmt: skip
    return {
        "text": packet_text(witness.packet), "hook": HOOKS[difference.hook] if difference is not None else None,
        "iif": witness.iif, "oif": witness.oif, "connection": shown, "times": witness.times,
        "gap_ns": witness.gap_ns,
        "src": written(SRC, witness.packet["src"]), "dst": written(DST, witness.packet["dst"]),
        **{name: value for name, value in witness.packet.items() if value >= 0 and name not in ("src", "dst")},
        "bytes": witness.data.hex(),
        "old_reason": word(Reason(witness.old["reason"])), "new_reason": word(Reason(witness.new["reason"])),
    }  # fmt: skip


def packet_text(packet: Packet) -> str:
    """`tcp 198.51.100.7:40000 > 192.0.2.2:443 syn`: a packet in a line."""
    src, dst = written(SRC, packet["src"]), written(DST, packet["dst"])
    if packet["sport"] >= 0:
        ends = [f"[{end}]" if packet["family"] == 6 else end for end in (src, dst)]
        src, dst = f"{ends[0]}:{packet['sport']}", f"{ends[1]}:{packet['dport']}" if packet["dport"] >= 0 else dst
    parts = [protocol(packet["proto"]), f"{src} > {dst}"]
    if packet["tcp_flags"] >= 0:
        parts.append(flags_text(packet["tcp_flags"]) if packet["tcp_flags"] else "no flags")
    if packet["icmp_type"] >= 0:
        parts.append(
            f"type {packet['icmp_type']}" + (f" code {packet['icmp_code']}" if packet["icmp_code"] >= 0 else "")
        )
    if (packet["sport"] >= 0 > packet["dport"]) or (packet["icmp_type"] >= 0 > packet["icmp_code"]):
        parts.append("cut short")
    parts += [f"{name} {packet[name]}" for name in ("vlan", "dscp") if packet[name] > 0]
    return " ".join([*parts, *([f"ttl {packet['ttl']}"] if packet["ttl"] != 64 else [])])


def schema() -> Object:
    """The JSON Schema of the answer."""
    text, number = {"type": "string"}, {"type": "integer"}
    status = {"enum": ["equivalent", "accepted", "different", "unknown"]}
    ruleset = _closed({"path": text, "format": text, "rules": number, "sha256": _or_null(text)})
    responsible = _closed(
        {
            "verdict": {"enum": ["accept", "drop", "reject", "elsewhere"]}, "reject_with": _or_null(text),
            "rule": _or_null(text), "chain": _or_null(text), "path": _or_null(text), "line": _or_null(number),
            "text": _or_null(text),
        }
    )  # fmt: skip
    interval = {"type": "array", "items": {"type": ["integer", "string"]}, "minItems": 2, "maxItems": 2}
    fields = {"type": "object", "additionalProperties": {"type": "array", "items": interval}}
    hooks = {"enum": list(HOOKS.values())}
    region = _closed({"hook": hooks, "family": {"enum": [4, 6]}, "text": text, "fields": fields})
    witness = {"type": "object", "required": ["text", "hook", "src", "dst", "bytes"], "properties": {"bytes": text}}
    group = _closed(
        {
            "key": text, "mode": {"enum": ["stateful", "stateless"]}, "status": {"enum": ["different", "unknown"]},
            "accepted": {"type": "boolean"}, "same_verdict": {"type": "boolean"}, "old": responsible,
            "new": responsible, "hangs_on": _list(text), "regions": _list(region), "all_regions": {"type": "boolean"},
            "witness": _or_null(witness),
        }
    )  # fmt: skip
    setting = _closed({"name": text, "old": text, "new": text, "accepted": {"type": "boolean"}})
    whole = _closed(
        {
            "schema_version": {"const": SCHEMA_VERSION}, "status": status,
            "modes": {"type": "object", "additionalProperties": status},
            "counts": _closed({"different": number, "accepted": number, "unknown": number}), "old": ruleset,
            "new": ruleset, "same_in_both_modes": {"type": "boolean"}, "settings": _list(setting),
            "not_known": _list(text), "hangs_on": _list(text), "accepted_no_more": _list(text),
            "differences": _list(group),
        }
    )  # fmt: skip
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fwsim: what two rulesets do otherwise",
    }
    return about | whole


def _closed(properties: Object) -> Object:
    """An object with just these properties."""
    names = list(properties)
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def _list(items: Object) -> Object:
    """A list of these."""
    return {"type": "array", "items": items}


def _or_null(one: Object) -> Object:
    """The same, or null."""
    return {"anyOf": [one, {"type": "null"}]}
