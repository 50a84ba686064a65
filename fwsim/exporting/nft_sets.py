"""Named sets, maps and objects of a table as nft declares them.

Read first: `nft(8)`, SETS, MAPS, STATEFUL OBJECTS; `nft_matching`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

from fwsim.netfilter.fields import Selector
from fwsim.netfilter.model import Object, Set
from fwsim.netfilter.steps import (
    Assign,
    Case,
    Connections,
    Effectless,
    Nat,
    Quota,
    Rate,
    SetHelper,
    Step,
    Verdict,
)
from fwsim.ruleset.values import Addresses

from .drafting import told
from .nft_doing import (
    amount_text,
    bucket_text,
    counting_text,
    duration_text,
    effectless_text,
    nat_text,
    own_words,
    verdict_text,
)
from .nft_matching import element_texts
from .nft_words import Known, elements_of
from .saying import CannotSay

WIDTH = 100
RANGE = re.compile(r"[0-9a-fx.:]+-[0-9a-fx.:]+")
"""Of numbers or addresses; words have hyphens too, as `seen-reply`."""
ALIKE: dict[str, Selector] = {
    "ipv4_addr": "src", "ipv6_addr": "src", "inet_service": "dport", "inet_proto": "proto", "ifname": "iif",
    "mark": "mark", "icmp_type": "icmp_type", "icmpv6_type": "icmp_type", "icmp_code": "icmp_code",
    "icmpv6_code": "icmp_code", "ether_addr": "src_mac", "ct_state": "ct_state", "ct_status": "ct_status",
    "tcp_flag": "tcp_flags", "dscp": "dscp", "pkt_type": "pkttype", "ct_dir": "ct_direction", "day": "day",
    "hour": "hour", "time": "time", "nf_proto": "family",
}  # fmt: skip
"""For each type of nft a selector with values of that type."""
FAMILIES = {"ipv4_addr": 4, "ipv6_addr": 6}
HELPERS = {
    "ftp": "tcp", "irc": "tcp", "pptp": "tcp", "sane": "tcp", "Q.931": "tcp", "sip": "udp", "tftp": "udp",
    "amanda": "udp", "netbios-ns": "udp", "snmp": "udp", "RAS": "udp",
}  # fmt: skip
"""The helpers of the kernel, and the protocol of the connections that each reads (sip reads those of TCP, too)."""
IN_ELEMENTS = (Rate, Quota, Connections, Effectless)


def split_families(own: Set) -> tuple[int, ...]:
    """The families of a set that has addresses of both, which are two sets in nft; else 0."""
    if isinstance(own.value, Addresses) and own.value.v4 and own.value.v6:
        return (4, 6)
    return (0,)


def set_lines(own: Set, name: str, family: int, chains: Mapping[str, str], *, is_nft: bool) -> list[str]:
    """A set or a map; of addresses of both families those of one."""
    kinds = {4: ("ipv4_addr",), 6: ("ipv6_addr",), 0: own.kinds}[family]
    selectors, known = _selectors(kinds)
    if own.cases is not None:
        pairs = zip(own.cases, own.expiries or (None,) * len(own.cases), strict=True)
        keys = [(case, _with_time(key, expiry)) for case, expiry in pairs for key in _keys(selectors, case, known)]
        elements = [f"{key} : {_result(case, chains)}" for case, key in keys]
        head, kind = "map", f"{' . '.join(kinds)} : {_data_type(own.cases)}"
    else:
        elements = _elements(own, selectors, known)
        head, kind = "set", " . ".join(kinds)
    settings = [f"type {kind}", *_settings(own, elements), *_statements(own.steps, is_nft=is_nft)]
    return [f"\t{head} {name} {{", *(f"\t\t{line}" for line in settings), *_listed(elements), "\t}"]


def _elements(own: Set, selectors: Sequence[Selector], known: Known) -> list[str]:
    """The elements of a set, with the time that each has left."""
    if own.value is not None and not own.dynamic:
        return elements_of(selectors[0], own.value, known.family)
    expiries = own.expiries or (None,) * len(own.elements)
    return [
        _with_time(text, expiry)
        for element, expiry in zip(own.elements, expiries, strict=True)
        for text in element_texts(selectors, element, known)
    ]


def _with_time(key: str, expiry: int | None) -> str:
    """An element with when it is forgotten; nft does not hand over that it never is."""
    if expiry == 0:
        raise CannotSay("an element that stays, of a set whose elements are forgotten")
    return key if expiry is None else f"{key} timeout {duration_text(expiry)}"


def _selectors(kinds: Sequence[str]) -> tuple[tuple[Selector, ...], Known]:
    """Selectors of these types, and the family of their addresses."""
    unknown = [kind for kind in kinds if kind not in ALIKE]
    if unknown:
        raise CannotSay(f"elements of type {', '.join(unknown)}")
    families = [FAMILIES[kind] for kind in kinds if kind in FAMILIES]
    return tuple(ALIKE[kind] for kind in kinds), Known(families[0] if families else None)


def _keys(selectors: Sequence[Selector], case: Case, known: Known) -> list[str]:
    """The elements of a map that one case is."""
    return element_texts(selectors, case.element, known) if case.element else ["*"]


def _settings(own: Set, elements: Sequence[str]) -> list[str]:
    """Size, flags and timeout."""
    flags = []
    if any(_is_range(element) for element in elements) and not own.dynamic:
        flags.append("interval")
    if own.dynamic:
        flags.append("dynamic")
    if own.timeout_ns is not None or own.dynamic or any(own.expiries):
        flags.append("timeout")
    return [
        *([f"size {own.size}"] if own.size else []),
        *([f"flags {','.join(flags)}"] if flags else []),
        *([f"timeout {duration_text(own.timeout_ns)}"] if own.timeout_ns else []),
    ]


def _is_range(element: str) -> bool:
    """Whether an element is more than one value."""
    key = element.partition(" : ")[0]
    return any("/" in part or RANGE.fullmatch(part) or "*" in part for part in key.split(" . "))


def _statements(steps: Sequence[Step], *, is_nft: bool) -> list[str]:
    """What every element of a set has."""
    return [inner_text(step, is_nft=is_nft) for step in steps]


def inner_text(step: Step, *, is_nft: bool) -> str:
    """A statement in an element of a set."""
    if not isinstance(step, IN_ELEMENTS):
        raise CannotSay(told(step))
    return effectless_text(step, is_nft=is_nft) if isinstance(step, Effectless) else counting_text(step)


def _listed(elements: Sequence[str]) -> list[str]:
    """The elements, some in each line."""
    if not elements:
        return []
    wrapped = textwrap.wrap(", ".join(elements), WIDTH, break_long_words=False, break_on_hyphens=False)
    return ["\t\telements = {", *(f"\t\t\t{line}" for line in wrapped), "\t\t}"]


def _data_type(cases: Sequence[Case]) -> str:
    """The type of what a map says."""
    last = cases[0].steps[-1] if cases else Verdict("accept")
    if isinstance(last, Verdict):
        return "verdict"
    if isinstance(last, Nat):
        address = [f"ipv{last.family or 4}_addr"] if last.addresses is not None else []
        return " . ".join([*address, *(["inet_service"] if last.ports is not None else [])])
    return "mark"


def _result(case: Case, chains: Mapping[str, str]) -> str:
    """What follows from an element of a map: a verdict, a mark, or an address."""
    if len(case.steps) != 1:
        raise CannotSay("an element of a map that does several things")
    return case_result(case.steps[0], chains)


def case_result(step: Step, chains: Mapping[str, str]) -> str:
    """A step as the value of an element."""
    if isinstance(step, Verdict) and step.kind not in ("reject", "queue"):
        return verdict_text(step, chains, is_nft=True)
    if isinstance(step, Assign) and not step.terms:
        return f"{step.constant:#x}"
    if isinstance(step, Nat) and step.kind in ("snat", "dnat"):
        target = nat_text(step, 4).partition(" to ")[2].replace("[", "").replace("]", "")
        return _with_port(target, step)
    raise CannotSay(told(step))


def _with_port(target: str, step: Nat) -> str:
    """Address and port as parts of a concatenation."""
    if step.addresses is None or step.ports is None:
        return target.lstrip(":")
    address, _, port = target.rpartition(":")
    return f"{address} . {port}"


def object_lines(own: Object, name: str, *, is_nft: bool) -> list[str]:
    """A limit, quota, counter or helper of the table."""
    step = own.step
    match step:
        case Rate():
            body = bucket_text(step)
        case Quota():
            body = amount_text(step)
        case SetHelper():
            return helper_lines(name, step.helper)
        case Effectless() if step.counter or own.kind == "counter":
            body = ""
        case _:
            if not own_words(getattr(step, "text", ""), is_nft=is_nft):
                raise CannotSay(told(step))
            body = _between_braces(step.text)  # type: ignore[union-attr]
    return [f"\t{own.kind} {name} {{", *([f"\t\t{body}"] if body else []), "\t}"]


def _between_braces(text: str) -> str:
    """What an object holds, of the text that declares it with its name."""
    _, brace, inside = text.partition("{")
    return inside.rpartition("}")[0].strip() if brace else text


def helper_lines(name: str, helper: str) -> list[str]:
    """The object of the table that stands for a helper."""
    protocol = HELPERS.get(helper)
    if protocol is None:
        raise CannotSay(f"the helper {helper!r}")
    return [f"\tct helper {name} {{", f'\t\ttype "{helper}" protocol {protocol}', "\t}"]
