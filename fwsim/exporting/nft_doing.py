"""What a step counts, changes or decides, as nft writes it.

Read first: `nft(8)`, STATEMENTS; `nft_words`. Buckets in the arithmetic of iptables (`xt_limit` counts in ticks,
nft in ns), buckets for each address (`hashlimit`) and lists of addresses (`recent`) are refused: nft has none
that give the same at every packet.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address

from fwsim.convert.matching import NotInNft
from fwsim.convert.stating import limit_text, log_text, reject_text
from fwsim.netfilter.fields import Selector
from fwsim.netfilter.steps import (
    Alter,
    Assign,
    Connections,
    Effectless,
    HashLimit,
    Nat,
    Quota,
    Rate,
    Recent,
    Statistic,
    Step,
    Term,
    Verdict,
)
from fwsim.ruleset.values import Log
from fwsim.terms import RejectWith

from .drafting import Generated, told
from .nft_matching import statistic_text
from .nft_words import PLAIN, Known, number_text, selector_text
from .saying import UNLIKE_BUCKETS, CannotSay

ALL_BITS = 0xFFFFFFFF
SECOND = 1_000_000_000
UNITS = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def duration_text(nanoseconds: int) -> str:
    """A time as `1h30m`; nft counts in milliseconds."""
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    if rest:
        raise CannotSay("a time that is no whole number of milliseconds")
    seconds, milliseconds = divmod(milliseconds, 1000)
    found = ""
    for unit, size in UNITS:
        count, seconds = divmod(seconds, size)
        found += f"{count}{unit}" if count else ""
    return found + (f"{milliseconds}ms" if milliseconds or not found else "")


def own_words(text: str, *, is_nft: bool) -> bool:
    """Whether a step was written in words of nft that mean the same again: no JSON, no variable, no extension."""
    return is_nft and bool(text) and not text.startswith(("{", "xt ")) and "$" not in text


def rate_text(step: Rate) -> str:
    """A token bucket, or the one that an object of the table is."""
    if step.object is not None:
        return f'limit name "{step.object}"'
    return f"limit {bucket_text(step)}"


def bucket_text(step: Rate) -> str:
    """The bucket without the word `limit`."""
    if step.kernel != "nft":
        raise CannotSay(f"{told(step)}: {UNLIKE_BUCKETS}")
    try:
        return limit_text(step.limit)
    except NotInNft as error:
        raise CannotSay(str(error)) from None


def quota_text(step: Quota) -> str:
    """Bytes that may pass, or the object that counts them."""
    return f'quota name "{step.object}"' if step.object is not None else f"quota {amount_text(step)}"


def amount_text(step: Quota) -> str:
    """A quota without the word."""
    used = f" used {step.used} bytes" if step.used else ""
    return f"{'over ' if step.over else ''}{step.bytes} bytes{used}"


def connections_text(step: Connections) -> str:
    """How many connections there are, whatever their addresses."""
    if step.key:
        raise CannotSay(f"{told(step)}: connections counted by address need a set")
    return f"ct count {'over ' if step.over else ''}{step.count}"


def assign_text(step: Assign, known: Known) -> str:
    """A new mark, or another thing of the packet or its connection."""
    if step.target not in PLAIN:
        raise CannotSay(told(step))
    if len(step.terms) > 1:
        raise CannotSay(f"{told(step)}: a value made of several")
    if not step.terms:
        value = number_text(step.target, step.constant)
    else:
        value = term_text(step.terms[0], known)
        if step.constant:
            joint = "|" if not step.constant & step.terms[0].mask else "^"
            value += f" {joint} {step.constant:#x}"
    return f"{PLAIN[step.target]} set {value}"


def term_text(term: Term, known: Known) -> str:
    """The bits of a selector, moved and masked."""
    found = selector_text(term.selector, known)
    if term.shift:
        found += f" {'<<' if term.shift > 0 else '>>'} {abs(term.shift)}"
    return found if term.mask == ALL_BITS else f"{found} & {term.mask:#x}"


def alter_text(step: Alter, known: Known, *, is_nft: bool) -> str:
    """A field of the header that gets a value."""
    if step.constant is None or len(step.selectors) != 1:
        if own_words(step.text, is_nft=is_nft):
            return step.text
        raise CannotSay(told(step))
    selector = step.selectors[0]
    return f"{selector_text(selector, known)} set {value_text(selector, step.constant, known)}"


def value_text(selector: Selector, number: int, known: Known) -> str:
    """A number, or an address, as the value of a selector."""
    if selector in ("src", "dst"):
        return address_text(number, known.family or 4)
    return number_text(selector, number)


def effectless_text(step: Effectless, *, is_nft: bool) -> str:
    """A counter or a log entry."""
    if own_words(step.text, is_nft=is_nft):
        return step.text
    if step.counter:
        return "counter"
    if step.log_prefix is None:
        raise CannotSay(told(step))
    try:
        return log_text(Log(step.log_prefix))
    except NotInNft as error:
        raise CannotSay(str(error)) from None


def nat_text(step: Nat, family: int) -> str:
    """A translation; `family` is that of the table, which must be told where it sees both."""
    if not step.told:
        raise CannotSay(told(step))
    if step.kind in ("masquerade", "redirect"):
        return " ".join(part for part in (step.kind, _ports_to(step), _flags(step)) if part)
    named = f" ip{'6' if step.family == 6 else ''}" if not family and step.family is not None else ""
    if step.kind == "netmap":
        raise CannotSay(f"{told(step)}: a whole network that is translated into another")
    return " ".join(part for part in (f"{step.kind}{named} to {_target(step)}", _flags(step)) if part)


def _target(step: Nat) -> str:
    """Addresses and ports to translate to."""
    ports = _ports(step)
    if step.addresses is None:
        return f":{ports}"
    family = 6 if step.family == 6 else 4
    low, high = (address_text(number, family) for number in step.addresses)
    bracketed = family == 6 and bool(ports)
    text = f"[{low}]" if bracketed else low
    if low != high:
        text += f"-[{high}]" if bracketed else f"-{high}"
    return f"{text}:{ports}" if ports else text


def _ports(step: Nat) -> str:
    """A port or a range of ports; nothing if none is given."""
    if step.ports is None:
        return ""
    low, high = step.ports
    return str(low) if low == high else f"{low}-{high}"


def _ports_to(step: Nat) -> str:
    """The ports of a redirect or masquerade."""
    return f"to :{_ports(step)}" if step.ports is not None else ""


def _flags(step: Nat) -> str:
    """`random`, `fully-random`, `persistent`."""
    return ",".join(sorted(step.flags))


def address_text(number: int, family: int) -> str:
    """One address."""
    return str(IPv6Address(number) if family == 6 else IPv4Address(number))


def verdict_text(step: Verdict, chains: Mapping[str, str], *, is_nft: bool) -> str:
    """A verdict; nft's names of the chains are in `chains`."""
    if step.kind == "unknown" or step.reject_with == RejectWith.NONE:
        raise CannotSay(told(step))
    if step.kind == "reject":
        return reject_text(step.reject_with) if step.reject_with else "reject"
    if step.kind == "queue":
        if not own_words(step.text, is_nft=is_nft):
            raise CannotSay(told(step))
        return step.text
    if step.target is None:
        return step.kind
    return f"{step.kind} {step.target if isinstance(step.target, Generated) else chains[step.target]}"


def counting_text(step: Step) -> str:
    """A step that asks and counts."""
    match step:
        case Rate():
            return rate_text(step)
        case Quota():
            return quota_text(step)
        case Connections():
            return connections_text(step)
        case Statistic():
            return statistic_text(step)
        case HashLimit():
            raise CannotSay(f"{told(step)}: iptables counts in ticks, nft in nanoseconds")
        case Recent():
            raise CannotSay(f"{told(step)}: nft keeps no list of the times when an address was seen")
    raise CannotSay(told(step))
