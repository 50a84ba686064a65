"""The JSON Schema of a file of expectations (draft 2020-12), for editors: completion, hints, and a first check.

Read first: `model`; `fwsim.ruleset.schema`, whose manner it has.
"""

from __future__ import annotations

from typing import Any

from fwsim.expectations.model import Expectations
from fwsim.ruleset.schema import DIALECT

EXPECTING = {
    "verdict": "The verdict in both modes, or a list of those that will do.",
    "stateless": "The verdict without state, or a mapping of what is expected there.",
    "stateful": "The verdict with state, or a mapping of what is expected there.",
    "rule": "The rule that decides: its name, its place in its chain, or policy.",
    "chain": "The chain of the rule that decides.",
    "hook": "Where it is decided.",
    "reason": "Why, in a word.",
    "reject_with": "What a reject answers; none if it does not.",
    "ct_state": "The state of connection tracking that rules see (stateful).",
    "ct_direction": "The direction within the connection (stateful).",
    "tcp_state": "The TCP state of the connection behind the packet (stateful).",
    "mirror": "Whether it is admitted through its mirror image (stateless).",
    "nat": "How the packet looks on the other side if addresses are translated; none if they are not.",
    "evidence": "Words of evidence that the packet must have; none if it must have none.",
}
"""What may be expected of a packet."""

DESCRIPTIONS: dict[str, dict[str, str]] = {
    "Expectations": {
        "name": "What the file is about.",
        "ruleset": "The ruleset: a path from the folder of this file, or a ruleset itself.",
        "stateless_rules": "A ruleset of its own for the stateless mode.",
        "topology": "Files as for --topology, by their paths from the folder of this file.",
        "interfaces": "The networks behind interfaces, as --interface gives them.",
        "local": "Addresses of the firewall itself, as --local gives them.",
        "settings": "Settings by dotted key, as --set gives them: conntrack.tcp_loose.",
        "capture": "The capture that cases with 'select' are about, or one for each interface.",
        "cases": "What is expected. Every case meets a firewall that has seen nothing.",
    },
    "Case": {
        "name": "The case in output, unique in its file.",
        "description": "What it is good for.",
        "tags": "Words to choose cases by (--tag, -k).",
        "points": "Points of an exercise that the case is worth.",
        "packet": "One packet: tcp 198.51.100.7:40000 > 192.0.2.2:443 syn in wan",
        "conversation": "Packets in order, with what is expected of each.",
        "time": "When the first packet comes: a date, or seconds since 1970.",
        "select": "The packets of a capture that are meant, as with -Y.",
        "capture": "The capture, or one for each interface, if not that of the file.",
        "count": "How many packets must be selected; by default at least one.",
        **EXPECTING,
    },
    "Step": {
        "packet": "A packet in a line; of the same conversation: original ack, reply syn-ack.",
        "connection": "What is remembered of the conversation now: a state, absent or present.",
        "after": "Time since the packet before: 30, 100ms, 2h.",
        "at": "Time since the first packet.",
        "repeat": "How often the packet is sent.",
        "every": "Time between repeated packets, by default a millisecond.",
        **EXPECTING,
    },
    "Facts": {key: text for key, text in EXPECTING.items() if key not in ("stateless", "stateful", "evidence")},
    "Remembered": {
        "state": "The state as conntrack -L prints it, or absent or present.",
        "assured": "Whether it is ASSURED.",
        "seen_reply": "Whether there was an answer.",
        "timeout": "What is left of its timeout, to the second.",
    },
    "Nat": {
        "side": "out: it was translated on its way; in: it was seen when it had left; none.",
        "src": "The source address there.",
        "dst": "The destination address there.",
        "sport": "The source port there.",
        "dport": "The destination port there.",
        "icmp_id": "The ICMP id there.",
    },
}
"""What editors show beside a key."""


def expectations_schema() -> dict[str, Any]:
    """The schema as a plain mapping, ready for `json.dumps`."""
    schema = Expectations.model_json_schema()
    for name, descriptions in DESCRIPTIONS.items():
        properties = _properties(schema if name == "Expectations" else schema["$defs"][name])
        for key, text in descriptions.items():
            properties[key]["description"] = text
    _without_noise(schema)
    schema.pop("description", None)
    return {"$schema": DIALECT, "title": "fwsim expectations", **{k: v for k, v in schema.items() if k != "title"}}


def _properties(node: dict[str, Any]) -> dict[str, Any]:
    """The properties of a model, which may be written as one of its values too."""
    found: dict[str, Any] = node["properties"] if "properties" in node else node["anyOf"][-1]["properties"]
    return found


def _without_noise(node: Any) -> None:
    """Drop the titles that repeat a key, and defaults that say nothing."""
    if isinstance(node, list):
        for item in node:
            _without_noise(item)
    if not isinstance(node, dict):
        return
    for name, item in node.items():
        if name in ("properties", "$defs"):
            for one in item.values():
                one.pop("title", None)
                one.pop("default", None)
        _without_noise(item)
