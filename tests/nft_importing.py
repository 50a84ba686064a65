"""nft rules imported in tests: their steps told in short, and what is refused."""

from __future__ import annotations

import ipaddress
import textwrap
from collections.abc import Callable

import pytest

from fwsim.errors import RulesetError
from fwsim.importing.nft import read_nft
from fwsim.netfilter.fields import Fib, NotSimulated, Numgen, Option, Raw
from fwsim.netfilter.model import Netfilter, Table
from fwsim.netfilter.steps import (
    Alter,
    Assign,
    Choose,
    Connections,
    Effectless,
    Lookup,
    Match,
    Nat,
    NoTrack,
    Quota,
    Rate,
    SetHelper,
    Step,
    Unknown,
    Update,
    Verdict,
)
from fwsim.ruleset.values import Addresses, Masked, Names, Numbers

INPUT = "type filter hook input priority 0;"


def script(rule: str, family: str = "inet", before: str = "", head: str = INPUT) -> str:
    """A rule in the chain `c` of a table `t`, which has an empty chain `other`."""
    return f"table {family} t {{\n{before}\nchain other {{\n}}\nchain c {{ {head}\n{rule}\n}}\n}}\n"


def imported(text: str) -> Netfilter:
    """A script that is fine."""
    return read_nft(textwrap.dedent(text), "s.nft", None)


def table_of(text: str) -> Table:
    """The only table of a script."""
    (table,) = imported(text).tables
    return table


def steps_of(rule: str, family: str = "inet", before: str = "", head: str = INPUT) -> tuple[Step, ...]:
    """The steps of a rule."""
    (found,) = table_of(script(rule, family, before, head)).chains["c"].rules
    return found.steps


def refused(text: str) -> str:
    """The first mistake of a script."""
    with pytest.raises(RulesetError) as caught:
        imported(text)
    return str(caught.value.problems[0])


def refused_rule(rule: str, family: str = "inet", before: str = "", head: str = INPUT) -> str:
    """The first mistake of a rule, without its place."""
    return refused(script(rule, family, before, head)).split(": ", 1)[1]


def told(rule: str, family: str = "inet", before: str = "", head: str = INPUT) -> list[str]:
    """The steps of a rule in short."""
    return [short(step) for step in steps_of(rule, family, before, head)]


def selector(each: object) -> str:
    """A selector in short."""
    if isinstance(each, Raw):
        return f"@{each.base},{each.offset},{each.length}"
    if isinstance(each, Option):
        return f"{each.header}[{each.option}]" + (f".{each.field}" if each.field else "")
    if isinstance(each, Fib):
        return f"fib({'.'.join(sorted(each.flags))} {each.result})"
    if isinstance(each, Numgen):
        return f"numgen({each.mode} {each.modulus}+{each.offset})"
    if isinstance(each, NotSimulated):
        return f"?({each.construct})"
    return str(each)


def interval(low: int, high: int) -> str:
    """An interval in short."""
    return str(low) if low == high else f"{low}-{high}"


def value(each: object) -> str:
    """A value in short."""
    assert isinstance(each, Addresses | Numbers | Masked | Names)
    sign = "!" if each.negated else ""
    if isinstance(each, Addresses):
        four = [interval_of(ipaddress.IPv4Address, *pair) for pair in each.v4]
        found = four + [interval_of(ipaddress.IPv6Address, *pair) for pair in each.v6]
    elif isinstance(each, Numbers):
        found = [interval(*pair) for pair in each.intervals]
    elif isinstance(each, Masked):
        found = [f"{interval(choice.low, choice.high)}&{choice.mask:#x}" for choice in each.choices]
    else:
        found = [*each.names, *(name + "*" for name in each.prefixes)]
    return sign + ",".join(found + ["@" + name for name in each.sets])


def interval_of(kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address], low: int, high: int) -> str:
    """An interval of addresses in short."""
    return str(kind(low)) if low == high else f"{kind(low)}-{kind(high)}"


def short(step: Step) -> str:
    """A step in short."""
    return TOLD[type(step)](step)


def _match(step: Match) -> str:
    return f"{selector(step.selector)}={value(step.value)}" + (" or none" if step.absent else "")


def _lookup(step: Lookup) -> str:
    inside = f"@{step.set}" if step.set else "; ".join(" . ".join(map(value, each)) for each in step.elements)
    return f"{'not ' if step.negated else ''}{' . '.join(map(selector, step.selectors))} in {inside}"


def _choose(step: Choose) -> str:
    cases = "; ".join(
        f"{' . '.join(map(value, case.element)) or '*'}: {', '.join(map(short, case.steps))}" for case in step.cases
    )
    return f"{' . '.join(map(selector, step.selectors))} map {'@' + step.map if step.map else cases}"


def _assign(step: Assign) -> str:
    terms = "".join(f" ^ ({selector(term.selector)}<<{term.shift} & {term.mask:#x})" for term in step.terms)
    return f"{step.target} := {step.constant:#x}{terms}"


def _rate(step: Rate) -> str:
    limit = step.limit
    name = f" {step.object}" if step.object else ""
    return f"rate{name} {'over ' if limit.over else ''}{limit.rate} {limit.unit}/{limit.per_ns} burst {limit.burst}"


def _update(step: Update) -> str:
    inner = "".join(f" {short(each)}" for each in step.steps)
    timeout = f" timeout {step.timeout_ns}" if step.timeout_ns is not None else ""
    return f"{step.operation} {' . '.join(map(selector, step.selectors))} to {step.set}{timeout}{inner}"


def _nat(step: Nat) -> str:
    flags = "".join(f" {flag}" for flag in sorted(step.flags))
    return f"{step.kind} {step.family} {step.addresses} {step.ports}{flags}"


def _verdict(step: Verdict) -> str:
    answer = f" {step.reject_with.name}" if step.reject_with is not None else ""
    return step.kind + (f" {step.target}" if step.target else "") + answer


TOLD: dict[type, Callable[..., str]] = {
    Match: _match, Lookup: _lookup, Choose: _choose, Assign: _assign, Rate: _rate, Update: _update, Nat: _nat,
    Verdict: _verdict, Unknown: lambda step: f"unknown {step.construct}",
    Quota: lambda step: f"quota {step.object or ''} {'over ' if step.over else ''}{step.bytes} used {step.used}",
    Connections: lambda step: f"connections {'over ' if step.over else ''}{step.count}"
    + "".join(f" {selector(each)}/{bits}" for each, bits in step.key),
    Effectless: lambda step: f"- {step.text}", NoTrack: lambda step: "notrack",
    SetHelper: lambda step: f"helper {step.helper}",
    Alter: lambda step: f"{' . '.join(map(selector, step.selectors))} altered to {step.constant}",
}  # fmt: skip
