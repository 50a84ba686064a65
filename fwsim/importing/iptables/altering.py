"""Targets that change the headers of a packet: TOS, DSCP, TTL, HL, ECN, TCPMSS, TCPOPTSTRIP, SNPT, DNPT.

Read first: `extensions`, Alter in `fwsim.netfilter.steps`. What the change makes of a field is not known where it hangs
on what the field was.
"""

from __future__ import annotations

from fwsim.netfilter.fields import Option
from fwsim.netfilter.steps import Alter

from .extensions import FORWARD, INPUT, OUTPUT, POSTROUTING, PREROUTING, TCP, Steps, Use, target
from .headers import DSCP_BITS, ECN_FIELD, SERVICE_FIELD, dscp_class, tos_and_mask
from .options import one_of
from .values import RefusedError, number_or_none

MANGLE = ("mangle",)


@target("DSCP", "set-dscp u8 0..63 -set-dscp-class", "set-dscp-class text", tables=MANGLE)
def dscp(use: Use) -> Steps:
    """xt_DSCP.c."""
    one_of("DSCP", use.given, "set-dscp", "set-dscp-class")
    (given,) = use.given.values()
    new = given.value if isinstance(given.value, int) else dscp_class(given.value)
    yield Alter(("dscp",), new, use.whole_text())


@target(
    "TOS", "set-tos text -and-tos -or-tos -xor-tos", "and-tos u8 -or-tos -xor-tos", "or-tos u8 -xor-tos", "xor-tos u8",
    tables=MANGLE,
)  # fmt: skip
def tos(use: Use) -> Steps:
    """xt_DSCP.c, the whole byte."""
    one_of("TOS", use.given, "set-tos", "and-tos", "or-tos", "xor-tos")
    value, mask = tos_and_mask(use.given["set-tos"].value) if "set-tos" in use else (0, 0)
    known = value >> 2 if mask & DSCP_BITS == DSCP_BITS else None
    yield Alter(("dscp",), known, use.whole_text())
    yield Alter((SERVICE_FIELD[use.family],), value if mask == 0xFF else None)


def _lifetime(use: Use, prefix: str) -> Steps:
    """Set time to live or hop limit, or move it."""
    one_of(use.extension.name, use.given, f"{prefix}-set", f"{prefix}-inc", f"{prefix}-dec")
    known = use.given[f"{prefix}-set"].value if f"{prefix}-set" in use else None
    yield Alter(("ttl",), known, use.whole_text())


@target(
    "TTL", "ttl-set u8 -ttl-dec -ttl-inc", "ttl-dec u8 1..0 -ttl-inc", "ttl-inc u8 1..0", families=(4,), tables=MANGLE
)
def ttl(use: Use) -> Steps:
    """xt_HL.c for IPv4."""
    return _lifetime(use, "ttl")


@target("HL", "hl-set u8 -hl-dec -hl-inc", "hl-dec u8 1..0 -hl-inc", "hl-inc u8 1..0", families=(6,), tables=MANGLE)
def hl(use: Use) -> Steps:
    """xt_HL.c for IPv6."""
    return _lifetime(use, "hl")


@target(
    "ECN", "ecn-tcp-remove flag -ecn-tcp-cwr -ecn-tcp-ece", "ecn-tcp-cwr u8 0..1", "ecn-tcp-ece u8 0..1",
    "ecn-ip-ect u8 0..3", families=(4,), tables=MANGLE,
)  # fmt: skip
def ecn(use: Use) -> Steps:
    """ipt_ECN.c."""
    one_of("ECN", use.given, *use.extension.options)
    if use.given.keys() & {"ecn-tcp-remove", "ecn-tcp-cwr", "ecn-tcp-ece"}:
        if use.protocol != TCP or use.protocol_negated:
            raise RefusedError("ECN: TCP's flags need `-p tcp`")
        yield Alter(("tcp_flags",), None, use.whole_text())
    if "ecn-ip-ect" in use:
        yield Alter((ECN_FIELD[use.family],), use.given["ecn-ip-ect"].value, use.whole_text())


def _mss(use: Use, most: int) -> Steps:
    """A maximum segment size, at most the one that was there."""
    one_of("TCPMSS", use.given, "set-mss", "clamp-mss-to-pmtu")
    if "set-mss" in use and use.given["set-mss"].value > most:
        raise RefusedError(f"--set-mss: at most {most}")
    if "clamp-mss-to-pmtu" in use:
        use.hooks = frozenset((FORWARD, OUTPUT, POSTROUTING))
    if not use.syn:
        raise RefusedError("TCPMSS needs a match of SYN packets: `--syn` or `--tcp-flags SYN,RST SYN`")
    yield Alter((Option("tcp", "maxseg", "size"),), None, use.whole_text())


@target("TCPMSS", "set-mss u16", "clamp-mss-to-pmtu flag", families=(4,), protocols=(TCP,))
def tcpmss(use: Use) -> Steps:
    """xt_TCPMSS.c for IPv4."""
    return _mss(use, 65515)


@target("TCPMSS", "set-mss u16", "clamp-mss-to-pmtu flag", families=(6,), protocols=(TCP,))
def tcpmss6(use: Use) -> Steps:
    """xt_TCPMSS.c for IPv6."""
    return _mss(use, 65495)


TCP_OPTIONS = {"wscale": 3, "mss": 2, "sack-permitted": 4, "sack": 5, "timestamp": 8, "md5": 19}


@target("TCPOPTSTRIP", "strip-options text", tables=MANGLE, protocols=(TCP,))
def tcpoptstrip(use: Use) -> Steps:
    """xt_TCPOPTSTRIP.c."""
    words = use.given["strip-options"].value.split(",") if "strip-options" in use else []
    numbers = [TCP_OPTIONS.get(word) or number_or_none(word, 0, 255) for word in words]
    for word, number in zip(words, numbers, strict=True):
        if number is None:
            raise RefusedError(
                f"--strip-options: `{word}` is no TCP option: expected 0 to 255 or {' '.join(TCP_OPTIONS)}"
            )
    stripped = tuple(Option("tcp", number) for number in numbers if number is not None)
    yield Alter(stripped, 0, use.whole_text())


@target("SNPT", "+ src-pfx network", "+ dst-pfx network", families=(6,), tables=MANGLE, hooks=(INPUT, POSTROUTING))
def snpt(use: Use) -> Steps:
    """ip6t_NPT.c."""
    yield Alter(("src",), None, use.whole_text())


@target("DNPT", "+ src-pfx network", "+ dst-pfx network", families=(6,), tables=MANGLE, hooks=(PREROUTING, OUTPUT))
def dnpt(use: Use) -> Steps:
    """ip6t_NPT.c."""
    yield Alter(("dst",), None, use.whole_text())
