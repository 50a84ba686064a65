"""`fwsim check --only spoofing`: the certificates of rulesets, printed.

Read first: `fwsim.checking.spoofing`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fwsim.cli.options import InputOptions
from fwsim.harmless import safe

if TYPE_CHECKING:
    from fwsim.checking.confirming import Witness
    from fwsim.checking.spoofing import Certificate, Spoofing

GETS_THROUGH = 1
"""The exit status if a packet with a forged source gets through."""
NOT_KNOWN = 3
"""The exit status if that is not known of some interface."""

HELP = "--interface NAME=CIDR, --topology FILE or --live"
WAYS = {"forward": "through", "input": "to the firewall"}


def certify(rulesets: Sequence[str], inputs: InputOptions, format: str, output: str = "-") -> int:
    """Write the certificates of all rulesets; returns the exit status."""
    from fwsim.checking.spoofing import Spoofing
    from fwsim.cli.describing import host_of
    from fwsim.cli.loading import load
    from fwsim.cli.streams import opened
    from fwsim.garbage import uncollected

    host = host_of(inputs)
    every: list[tuple[str, Spoofing, list[Certificate]]] = []
    for path in rulesets:
        with uncollected(stays=True):
            spoofing = Spoofing(load(inputs, path, host), host)
            every.append((path, spoofing, list(spoofing.certificates())))
    lines = [json.dumps([_object(*one) for one in every], indent=2)] if format == "json" else []
    with opened(output, whole=True) as stream:
        stream.writelines(f"{line}\n" for line in lines or [safe(line) for one in every for line in _lines(*one)])
    return max((_status(spoofing, found) for _, spoofing, found in every), default=0)


def _status(spoofing: Spoofing, found: Sequence[Certificate]) -> int:
    """The exit status: what is not known counts most, also if that is everything. The stateful mode counts alone."""
    from fwsim.checking.spoofing import Status

    stateful = {certificate.status for certificate in found if certificate.asked.mode == "stateful"}
    if Status.NOT_CERTIFIED in stateful or not stateful or spoofing.unplaced:
        return NOT_KNOWN
    return GETS_THROUGH if Status.OPEN in stateful else 0


def _lines(path: str, spoofing: Spoofing, found: Sequence[Certificate]) -> list[str]:
    """A line for each certificate, below one for the ruleset."""
    from fwsim.checking.spoofed import unfiltered
    from fwsim.terms import word

    scope = "stateful: packets that belong to no connection"
    lines = [f"{safe(path)}  sources that cannot be there, by interface ({scope})"]
    for one in found:
        asked = one.asked
        title = f"{safe(asked.interface)} IPv{asked.family} {WAYS[word(asked.hook)]}, {asked.mode}"
        lines.append(f"  {title}: {_told(path, spoofing, one)}")
    lines += [
        f"  {safe(name)}: not certified: nothing is known to lie behind it ({HELP})" for name in spoofing.unplaced
    ]
    lines += [f"  IPv{family}: {unfiltered(spoofing, family)}" for family in spoofing.untold if spoofing.has_networks]
    if len(lines) == 1:
        lines.append(f"  no interface has a network: {HELP}")
    return lines


def _told(path: str, spoofing: Spoofing, one: Certificate) -> str:
    """What a certificate says."""
    status = one.status.value
    if one.witness is not None:
        return f"{status}: {packet_text(one.witness)}, {_decided(path, spoofing, one.witness)}"
    if not one.why:
        return status
    where = ", ".join(_rule(path, spoofing, rule) for rule in one.rules[:3])
    more = f" and {len(one.rules) - 3} more rules" if len(one.rules) > 3 else ""
    return f"{status}: {one.why}" + (f": {where}{more}" if where else "")


def _decided(path: str, spoofing: Spoofing, witness: Witness) -> str:
    """Who let a packet through."""
    rule, chain = witness.decision["rule"], witness.decision["chain"]
    if rule >= 0:
        return f"by {_rule(path, spoofing, rule)}"
    if chain < 0:
        return "no chain refuses it"
    info = spoofing.lowered.chains[chain]
    return f"by the policy of {safe(info.name)}" + (f" ({safe(path)}:{info.line})" if info.line else "")


def _rule(path: str, spoofing: Spoofing, number: int) -> str:
    """A rule by its name and place, with what of it is not simulated."""
    rule = spoofing.lowered.rules[number]
    name = f'rule "{safe(rule.name)}"' if rule.name else f"rule {rule.position}"
    place = f" ({safe(rule.path or path)}:{rule.line})" if rule.line else ""
    unknown = f" [{safe('; '.join(rule.not_simulated))}]" if rule.not_simulated else ""
    return f"{name} of {safe(spoofing.lowered.chains[rule.chain].name)}{place}{unknown}"


def packet_text(witness: Witness) -> str:
    """`tcp 198.51.100.7:40000 > 192.0.2.2:443 syn`: a packet in a line."""
    from fwsim.checking.packet_text import text_of

    return text_of(witness.packet, bad_checksum=witness.bad_checksum)


def _object(path: str, spoofing: Spoofing, found: Sequence[Certificate]) -> dict[str, Any]:
    """The certificates of a ruleset for programs."""
    from fwsim.terms import word

    return {
        "path": path,
        "format": spoofing.ruleset.netfilter.format,
        "without_network": spoofing.unplaced,
        "families_not_filtered": spoofing.unfiltered,
        "spoofing": [
            {
                "interface": one.asked.interface, "family": one.asked.family, "hook": word(one.asked.hook),
                "mode": one.asked.mode, "status": one.status.name.lower(), "why": one.why or None,
                "rules": [_rule_object(path, spoofing, rule) for rule in one.rules],
                "packet": None if one.witness is None else _packet_object(one.witness),
            }
            for one in found
        ],
    }  # fmt: skip


def _rule_object(path: str, spoofing: Spoofing, number: int) -> dict[str, Any]:
    """A rule for programs."""
    rule = spoofing.lowered.rules[number]
    return {
        "rule": rule.label, "chain": spoofing.lowered.chains[rule.chain].name, "path": rule.path or path,
        "line": rule.line, "not_simulated": list(rule.not_simulated),
    }  # fmt: skip


def _packet_object(witness: Witness) -> dict[str, Any]:
    """A packet for programs: in a line, its fields, its bytes from the Ethernet header on, and what decided."""
    from fwsim.space.fields import DST, SRC, written
    from fwsim.terms import Reason, word

    fields = {name: value for name, value in witness.packet.items() if value >= 0 and name not in ("src", "dst")}
    ends = {"src": written(SRC, witness.packet["src"]), "dst": written(DST, witness.packet["dst"])}
    reason = word(Reason(witness.decision["reason"]))
    return {"text": packet_text(witness), **ends, **fields, "bytes": witness.data.hex(), "reason": reason}
