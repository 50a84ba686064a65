"""Every family of attacks, in the order in which they are listed.

Read first: `FAMILIES`. A family is found by its name, or by `NAME:STYLE`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fwsim.attack.families import (
    blind,
    dns,
    errors,
    evasion,
    floods,
    fragments,
    ftp,
    handshake,
    reuse,
    scans,
    spoofing,
    unsolicited,
)
from fwsim.attack.model import Family, Knowledge, Option, Order
from fwsim.errors import UsageError
from fwsim.ruleset.mistakes import unknown

GROUPS = (scans, unsolicited, blind, errors, handshake, spoofing, dns, floods, fragments, evasion, ftp, reuse)
FAMILIES: dict[str, Family] = {family.name: family for group in GROUPS for family in group.FAMILIES}


def ordered(name: str, knows: Knowledge | None, options: Mapping[str, str]) -> Order:
    """What `NAME` or `NAME:STYLE` asks for; UsageError for what is not known, or needs more than the attacker knows.

    Without `knows`, the attacker knows as much as the style needs, but ports in any case if a connection is attacked.
    """
    base, _, wanted = name.partition(":")
    family = FAMILIES.get(base)
    if family is None:
        raise UsageError(unknown("attack", base, FAMILIES))
    style = family.style(wanted or None)
    if style is None:
        raise UsageError(unknown(f"style of {base}", wanted, [style.name for style in family.styles]))
    least = Knowledge.PORTS if family.aims_at in ("connections", "questions") else Knowledge.NOTHING
    known = max(style.needs, least) if knows is None else knows
    if known < style.needs:
        label = base if len(family.styles) == 1 else f"{base}:{style.name}"
        raise UsageError(f"{label} needs --knows {style.needs.word}, got {known.word}")
    return Order(family, style, known, values_of(family, options))


def values_of(family: Family, given: Mapping[str, str]) -> dict[str, int | str]:
    """The options of a family, with those that were given; UsageError for one that it has not."""
    known = {option.name: option for option in family.options}
    for name in given:
        if name not in known:
            raise UsageError(unknown(f"option of {family.name}", name, known))
    return {name: value_of(family, option, given.get(name)) for name, option in known.items()}


def value_of(family: Family, option: Option, text: str | None) -> int | str:
    """The value of an option from its text."""
    if text is None:
        return option.default
    where = f"option {option.name} of {family.name}"
    if option.choices:
        if text not in option.choices:
            raise UsageError(unknown(where, text, option.choices))
        return text
    if isinstance(option.default, str):
        return text
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
    if not option.low <= number <= option.high:
        raise UsageError(f"{where}: {text!r} is no number from {option.low} to {option.high}")
    return number


def names_with_styles(families: Sequence[Family]) -> list[str]:
    """Every family in every style, as `ordered` takes them."""
    return [f"{family.name}:{style.name}" for family in families for style in family.styles]
