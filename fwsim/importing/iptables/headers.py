"""Matches on fields of the IP header and on TCP options: length, ttl, hl, dscp, tos, ecn, tcpmss.

Read first: `extensions`.
"""

from __future__ import annotations

from fwsim.netfilter.fields import Option, Raw
from fwsim.netfilter.steps import Match
from fwsim.ruleset.values import Choice, Intervals, Masked, Numbers
from fwsim.ruleset.words import DSCP

from .extensions import TCP, Steps, Use, match
from .options import one_of
from .values import RefusedError, interval, number_or_none

SERVICE_FIELD = {4: Raw("nh", 8, 8), 6: Raw("nh", 4, 8)}
"""Type of service or traffic class: where it stands in the header."""

ECN_FIELD = {4: Raw("nh", 14, 2), 6: Raw("nh", 10, 2)}
ECN_BITS, DSCP_BITS = 0x03, 0xFC
ECN_FLAGS = {"ecn-tcp-cwr": 0x80, "ecn-tcp-ece": 0x40}


@match("length", "+! length u16:")
def length(use: Use) -> Steps:
    """xt_length.c."""
    value = Numbers(interval(*use.given["length"].value), use.negated("length"))
    yield use.match("length", "length", value)


def _lifetime(use: Use, name: str) -> Steps:
    """Time to live or hop limit: equal, less or greater."""
    one_of(name, use.given, f"{name}-eq", f"{name}-lt", f"{name}-gt")
    for option, given in use.given.items():
        wanted: dict[str, Intervals] = {
            "eq": ((given.value, given.value),),
            "lt": interval(0, given.value - 1),
            "gt": interval(given.value + 1, 255),
        }
        yield use.match(option, "ttl", Numbers(wanted[option.rpartition("-")[2]], given.negated))


@match("ttl", "! ttl-eq|ttl u8 -ttl-lt -ttl-gt", "ttl-lt u8 -ttl-eq -ttl-gt", "ttl-gt u8", families=(4,))
def ttl(use: Use) -> Steps:
    """xt_hl.c for IPv4."""
    return _lifetime(use, "ttl")


@match("hl", "! hl-eq|hl u8 -hl-lt -hl-gt", "hl-lt u8 -hl-eq -hl-gt", "hl-gt u8", families=(6,))
def hl(use: Use) -> Steps:
    """xt_hl.c for IPv6."""
    return _lifetime(use, "hl")


CLASSES = {name: number for name, number in DSCP.items() if name[:2] in ("cs", "af", "be", "ef")}


def dscp_class(word: str) -> int:
    """A class by name."""
    if word.lower() not in CLASSES:
        raise RefusedError(f"`{word}` is no DSCP class: expected one of {' '.join(CLASSES)}")
    return CLASSES[word.lower()]


@match("dscp", "! dscp u8 0..63 -dscp-class", "! dscp-class text")
def dscp(use: Use) -> Steps:
    """xt_dscp.c."""
    one_of("dscp", use.given, "dscp", "dscp-class")
    for name, given in use.given.items():
        wanted = dscp_class(given.value) if name == "dscp-class" else given.value
        yield use.match(name, "dscp", Numbers(((wanted, wanted),), given.negated))


SERVICE_NAMES = {
    "minimize-delay": 0x10, "maximize-throughput": 0x08, "maximize-reliability": 0x04, "minimize-cost": 0x02,
    "normal-service": 0x00,
}  # fmt: skip
NAMED_MASK = 0x3F


def tos_and_mask(text: str) -> tuple[int, int]:
    """`VALUE`, `VALUE/MASK` or a name."""
    if text.lower() in SERVICE_NAMES:
        return SERVICE_NAMES[text.lower()], NAMED_MASK
    value, slash, mask = text.partition("/")
    numbers = number_or_none(value, 0, 255), number_or_none(mask, 0, 255) if slash else 255
    if numbers[0] is None or numbers[1] is None:
        raise RefusedError(
            f"`{text}` is no type of service: expected 0 to 255, VALUE/MASK, or {', '.join(SERVICE_NAMES)}"
        )
    return numbers[0], numbers[1]


@match("tos", "+! tos text")
def tos(use: Use) -> Steps:
    """xt_dscp.c, the whole byte."""
    value, mask = tos_and_mask(use.given["tos"].value)
    if mask == DSCP_BITS and not value & ECN_BITS:
        yield use.match("tos", "dscp", Numbers(((value >> 2, value >> 2),), use.negated("tos")))
    else:
        yield use.match("tos", SERVICE_FIELD[use.family], Masked((Choice(value, value, mask),), use.negated("tos")))


@match("ecn", "! ecn-tcp-cwr flag", "! ecn-tcp-ece flag", "! ecn-ip-ect u8 0..3")
def ecn(use: Use) -> Steps:
    """xt_ecn.c."""
    one_of("ecn", use.given, "ecn-tcp-cwr", "ecn-tcp-ece", "ecn-ip-ect")
    for name, given in use.given.items():
        if name in ECN_FLAGS:
            if use.protocol != TCP or use.protocol_negated:
                raise RefusedError(f"--{name} needs `-p tcp`")
            flag = ECN_FLAGS[name]
            yield use.match(name, "tcp_flags", Masked((Choice(flag, flag, flag),), given.negated))
        else:
            yield use.match(name, ECN_FIELD[use.family], Numbers(((given.value, given.value),), given.negated))


@match("tcpmss", "+! mss u16:", protocols=(TCP,))
def tcpmss(use: Use) -> Steps:
    """xt_tcpmss.c: a packet without the option meets the inverted match."""
    low, high = use.given["mss"].value
    if low > high:
        raise RefusedError("--mss: the first of a range is greater than the last")
    negated = use.negated("mss")
    yield use.match("mss", Option("tcp", "maxseg", "size"), Numbers(((low, high),), negated), absent=negated)


# --- extension headers of IPv6 ---------------------------------------------------------------------------------------


def _present(use: Use, header: str) -> Match:
    """That a packet has an extension header."""
    return Match(Option("exthdr", header), Numbers(((1, 1),)), text=use.text)


@match(
    "frag", "! fragid u32:", "! fraglen u32", "fragres flag", "fragfirst flag", "fragmore flag -fraglast",
    "fraglast flag", families=(6,),
)  # fmt: skip
def frag(use: Use) -> Steps:
    """ip6t_frag.c; the length was never compared."""
    yield _present(use, "frag")
    numbers = {"fragfirst": ("frag-off", 0), "fragmore": ("more-fragments", 1), "fraglast": ("more-fragments", 0)}
    for name, given in use.given.items():
        if name in numbers:
            field, wanted = numbers[name]
            yield use.match(name, Option("exthdr", "frag", field), Numbers(((wanted, wanted),)))
        elif name == "fragid":
            value = Numbers(interval(*given.value), given.negated)
            yield use.match(name, Option("exthdr", "frag", "id"), value)
        elif name == "fragres":
            yield use.unknown(name)


@match("hbh", "! hbh-len u32", "hbh-opts text", families=(6,))
def hbh(use: Use) -> Steps:
    """ip6t_hbh.c."""
    yield _present(use, "hbh")
    if use.given:
        yield use.unknown()


@match("dst", "! dst-len u32", "dst-opts text", families=(6,))
def dst(use: Use) -> Steps:
    """ip6t_hbh.c, for destination options."""
    yield _present(use, "dst")
    if use.given:
        yield use.unknown()


@match("ah", "! ahspi u32:", "! ahlen u32", "ahres flag", families=(6,))
def ah6(use: Use) -> Steps:
    """ip6t_ah.c."""
    yield _present(use, "ah")
    if use.given:
        yield use.unknown()


@match(
    "rt", "! rt-type u32", "! rt-segsleft u32:", "! rt-len u32", "rt-0-res flag", "rt-0-addrs text",
    "rt-0-not-strict flag", families=(6,),
)  # fmt: skip
def rt(use: Use) -> Steps:
    """ip6t_rt.c."""
    for name in ("rt-0-res", "rt-0-addrs", "rt-0-not-strict"):
        if name in use and ("rt-type" not in use or use.given["rt-type"].value or use.negated("rt-type")):
            raise RefusedError(f"--{name} needs `--rt-type 0`")
    yield _present(use, "rt")
    if use.given:
        yield use.unknown()


HEADERS = frozenset(
    [
        "hop",
        "dst",
        "route",
        "frag",
        "auth",
        "esp",
        "none",
        "prot",
        "hop-by-hop",
        "ipv6-opts",
        "ipv6-route",
        "ipv6-frag",
        "ah",
        "ipv6-nonxt",
        "protocol",
    ]
)


@match("ipv6header", "+! header text", "soft flag", families=(6,))
def ipv6header(use: Use) -> Steps:
    """ip6t_ipv6header.c."""
    for word in use.given["header"].value.split(","):
        if word not in HEADERS:
            raise RefusedError(f"--header: `{word}` is none of {' '.join(sorted(HEADERS))}")
    yield use.unknown()
