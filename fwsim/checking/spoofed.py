"""Anti-spoofing gaps as findings: what `spoofing` certifies, of the mode in which firewalls run.

Read first: `spoofing`, `kinds`.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.terms import Hook

from .confirming import Witness
from .kinds import Finding, Kind, Shown, finding
from .packet_text import fields_of, text_of
from .spoofing import HANGS, NAT, TOO_MANY, Certificate, Spoofing, Status
from .telling import title

Where = tuple[int, int, str, str]
WAYS = {Hook.FORWARD: "through the firewall", Hook.INPUT: "to the firewall"}
STEPS = 4_000
"""Regions that are looked at in each search."""


def gaps(ruleset: Ruleset, path: str, host: Host | None = None, *, asked: bool = False) -> Iterator[Finding]:
    """A finding for every rule that lets in a source that cannot be there, by each interface; and what is not known.

    If this was `asked` for, an interface behind which no network is known is something that is not known.
    """
    spoofing = Spoofing(ruleset, host, STEPS)
    for one in spoofing.of_every_rule():
        yield from _gaps(spoofing, path, one)
    if spoofing.has_networks:
        yield from (
            finding(Kind.REMARK, path, 0, 0, unfiltered(spoofing, one, f"IPv{one}")) for one in spoofing.unfiltered
        )
    if asked:
        yield from _unplaced(spoofing, path)


def unfiltered(spoofing: Spoofing, family: int, name: str = "it") -> str:
    """That nothing is said of a family."""
    other = {4: "iptables-save", 6: "ip6tables-save"}
    files = f" (put the output of {other[family]} into the file as well)" if family in spoofing.untold else ""
    return f"no chain filters {name}, and no forged source of it is looked for{files}"


def _unplaced(spoofing: Spoofing, path: str) -> Iterator[Finding]:
    """The interfaces that nothing can be said of."""
    for name in spoofing.unplaced:
        yield _unknown(path, name, name, "no network is known to lie behind it", ())
    if not spoofing.unplaced and not spoofing.has_networks:
        yield _unknown(path, "any interface", "", "no interface has a network", ())


def _gaps(spoofing: Spoofing, path: str, one: Certificate) -> Iterator[Finding]:
    """What a certificate tells: at the rules that let packets in, or may, or at the policy."""
    asked = one.asked
    way = f"{asked.interface} IPv{asked.family} {WAYS[asked.hook]}"
    subject = f"{asked.interface} {asked.family} {asked.hook.name}"
    if one.witness is not None:
        yield from (_gap(spoofing, path, way, subject, witness) for witness in (one.witness, *one.others))
    why = one.why or HANGS
    if why == HANGS:
        for rule in one.rules:
            yield _unknown(path, way, subject, why, _of_rule(spoofing, rule))
    elif one.status == Status.NOT_CERTIFIED:
        yield _unknown(path, way, subject, why, ())
    if one.incomplete:
        yield _unknown(path, way, f"{subject} more", f"there are {TOO_MANY}", (), more=True)


def _unknown(path: str, way: str, subject: str, why: str, place: tuple[()] | Where, *, more: bool = False) -> Finding:
    """What is not known of an interface, at the rule on which that hangs, if there is one."""
    line, column, name, text = place or (0, 0, "", "")
    what = f"whether {'more ' * more}sources that cannot be there get in by {way} is not known: {why}"
    level = Kind.SPOOFING.level
    subject = f"{subject}\0{text or name}"
    return Finding(
        Kind.UNKNOWN, path, line, column, what, name, text, level, subject=subject, together=f"{way}: {why}"
    )  # fmt: skip


def _gap(spoofing: Spoofing, path: str, way: str, subject: str, witness: Witness) -> Finding:
    """A rule or a policy that lets a packet in."""
    line, column, name, text = _place(spoofing, witness)
    what = f"a source that cannot be behind it gets in by {way}"
    shown = Shown(
        text_of(witness.packet, bad_checksum=witness.bad_checksum), f"accept: {name}" if name else "accept",
        fields_of(witness.packet),
    )  # fmt: skip
    chain = witness.decision["chain"]
    by = f"{spoofing.lowered.chains[chain].name}\0{text or name}" if name else ""
    return Finding(
        Kind.SPOOFING, path, line, column, what, name, text, Kind.SPOOFING.level, (), shown, f"{subject}\0{by}",
        together=way,
    )  # fmt: skip


def _of_rule(spoofing: Spoofing, number: int) -> Where:
    """Where a rule is: line, column, name and text."""
    info = spoofing.lowered.rules[number]
    return info.line or 0, info.column if info.line else 0, title(spoofing.lowered, info), info.text


def _place(spoofing: Spoofing, witness: Witness) -> Where:
    """Where a packet was let in: line, column, name and text of the rule, or of the policy."""
    lowered, rule, chain = spoofing.lowered, witness.decision["rule"], witness.decision["chain"]
    if chain >= 0 and lowered.chains[chain].kind == NAT:
        return 0, 0, "", ""  # it only translates what others have let in
    if rule >= 0:
        return _of_rule(spoofing, rule)
    if chain >= 0:
        line = lowered.chains[chain].line or 0
        return line, int(line > 0), f"the policy of {lowered.chains[chain].name}", ""
    return 0, 0, "", ""
