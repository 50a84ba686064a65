"""The JSON Schema of a ruleset (draft 2020-12), for editors: completion, hints, and a first check.

Read first: `fields`, `keys`. The schema admits every spelling that the loader admits; it knows nothing of cross
references, and little of what stands inside a text.
"""

from __future__ import annotations

from typing import Any

from .conntrack import Conntrack
from .model import Ruleset
from .settings import duration_text
from .timeouts import KEY, SOURCES

DIALECT = "https://json-schema.org/draft/2020-12/schema"

DESCRIPTIONS: dict[str, dict[str, str]] = {
    "Ruleset": {
        "name": "What the ruleset is called in output.",
        "interfaces": "The firewall's interfaces by name, and what lies behind each.",
        "local": "Addresses of the firewall itself: to them is input, from them is output.",
        "rp_filter": "Reverse-path filter of all interfaces, of IPv4: sources must lie behind where they come in.",
        "tracking": "Whether connections are tracked: auto does so, like Linux, only if a rule needs it.",
        "conntrack": "Settings of connection tracking: sysctl names without nf_conntrack_; durations as 30, 5m, 5d.",
        "stateless": "What the stateless twin of rules with ct_state admits.",
        "sets": "Named sets, which rules refer to as '@name'.",
        "policy": "With 'rules' at the top level: what happens to a packet that no rule decides.",
        "rules": "Short for one chain that sees every packet (at input, forward and output).",
        "chains": "Chains by name: with a hook they see packets, without one rules jump to them.",
    },
    "Chain": {
        "hook": "Where the chain sits: prerouting, input, forward, output or postrouting; a list for several.",
        "priority": "Order among chains of a hook: a number or a name such as filter, raw, 'filter + 10'.",
        "policy": "What happens to a packet that no rule of the chain decides.",
        "rules": "The rules, tried in order.",
    },
    "Interface": {
        "networks": "Networks behind the interface, or any.",
        "macs": "MAC addresses of what lies behind the interface.",
        "own_macs": "The firewall's own MAC addresses on the interface: frames that they send are leaving by it.",
        "addresses": "The firewall's own addresses on the interface.",
        "rp_filter": "Reverse-path filter of the interface; as in Linux, loose here or for all outweighs strict.",
    },
    "Stateless": {
        "replies": "Which packets could be replies: TCP with ACK or RST (and all that has no flags), any, never.",
        "icmp_errors": "Whether ICMP errors are admitted if the policy accepts related packets.",
    },
    "Rule": {
        "name": "The rule's name in output, unique within its chain.",
        "family": "ipv4 or ipv6.",
        "iif": "Interface the packet came in by; eth* for all that begin so.",
        "oif": "Interface the packet leaves by.",
        "src": "Source address: addresses, networks, ranges, '@set'; '!' in front negates.",
        "dst": "Destination address: addresses, networks, ranges, '@set'; '!' in front negates.",
        "proto": "Protocol by name or number.",
        "sport": "Source port: numbers, names, ranges as 1024-65535, '@set'.",
        "dport": "Destination port: numbers, names, ranges as 1024-65535, '@set'.",
        "tcp_flags": "'syn': it is set; list: any; 'syn / fin,syn,rst,ack': of these exactly it; '== syn': of all.",
        "icmp_type": "ICMP type by name or number.",
        "icmp_code": "ICMP code by name or number.",
        "icmpv6_type": "ICMPv6 type by name or number.",
        "icmpv6_code": "ICMPv6 code by name or number.",
        "dscp": "Differentiated services code point by name or number.",
        "ttl": "Time to live, or hop limit; one lower at forward than on the wire.",
        "length": "Length of the IP packet in bytes.",
        "fragment": "whole, first or later; true for any fragment.",
        "vlan": "VLAN id of the frame.",
        "mark": "Packet mark: 1, 0x10/0xff or a range.",
        "ct_state": "Connection tracking state: new, established, related, invalid, untracked.",
        "ct_direction": "Direction within the connection: original or reply.",
        "ct_status": "Status bits of the connection: assured, seen-reply, ...",
        "ct_mark": "Mark of the connection.",
        "limit": "10/second, or rate, burst and over: a limit on how often the rule applies.",
        "counter": "Count the packets that reach this statement.",
        "log": "Log the packet; true or a prefix.",
        "set_mark": "Set the packet's mark: value or value/mask.",
        "set_ct_mark": "Set the connection's mark: value or value/mask.",
        "notrack": "Do not track the packet (at prerouting or output, before priority -200).",
        "helper": "ftp: read the TCP connection that the packet opens, and expect the data connections it announces.",
        "verdict": "accept, drop, reject, jump CHAIN, goto CHAIN, return; left out: go on with the next rule.",
        "reject_with": "What a reject answers: tcp-reset, icmpx-admin-prohibited, ...",
    },
}
"""What editors show beside a key."""


TIMEOUTS: dict[str, Any] = {
    "enum": list(SOURCES),
    "default": "linux",
    "description": "A named set of timers, that of another firewall, for those that are not given here.",
}
"""The key of conntrack that stands for many."""

WRITTEN: dict[str, Any] = {
    "policy": "accept",
    **{key: duration_text(field.default) for key, field in Conntrack.model_fields.items() if "timeout" in key},
}
"""Defaults whose value in the model is not how they are written."""


def ruleset_schema() -> dict[str, Any]:
    """The schema as a plain mapping, ready for `json.dumps`."""
    schema = Ruleset.model_json_schema()
    for name, descriptions in DESCRIPTIONS.items():
        properties = schema["properties"] if name == "Ruleset" else schema["$defs"][name]["properties"]
        for key, text in descriptions.items():
            properties[key]["description"] = text
    schema["$defs"]["Conntrack"]["properties"][KEY] = TIMEOUTS
    _without_noise(schema)
    schema["anyOf"] = [{"required": [key]} for key in ("rules", "chains", "policy")]
    return {"$schema": DIALECT, "title": "fwsim ruleset", **{key: schema[key] for key in schema if key != "title"}}


def _without_noise(node: Any) -> None:
    """Drop the titles that repeat a key, and write defaults as a person would."""
    properties = node.get("properties", {})
    for item in [*properties.values(), *node.get("$defs", {}).values()]:
        item.pop("title", None)
        if not isinstance(item.get("default"), (str, int, bool)):
            item.pop("default", None)
        _without_noise(item)
    for key in WRITTEN.keys() & properties.keys():
        properties[key]["default"] = WRITTEN[key]
