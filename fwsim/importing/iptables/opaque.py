"""Matches on what no capture shows, or what is not simulated: their options are checked, their answer is unknown.

Read first: `extensions`.
"""

from __future__ import annotations

import re

from fwsim.netfilter.steps import Unknown

from .extensions import (
    FORWARD,
    INPUT,
    OUTPUT,
    POSTROUTING,
    PREROUTING,
    TCP,
    Steps,
    Use,
    match,
)
from .options import one_of
from .values import RefusedError, number_or_none

SOCKETS = frozenset((OUTPUT, POSTROUTING))
"""Where a packet may have the socket that has sent it."""


def _of_sockets(use: Use) -> Unknown:
    """Unknown where there may be a socket. Elsewhere only a match that is inverted altogether is true."""
    return Unknown(use.whole_text(), SOCKETS, all(given.negated for given in use.given.values()))


def _check_ids(use: Use, names: tuple[str, ...]) -> None:
    """Users and groups by number or range; by name, which is what the machine knows."""
    for name in names:
        text = use.given[name].value if name in use else "0"
        parts = text.split("-")
        if text[:1].isdigit() and (
            len(parts) > 2 or any(number_or_none(part, 0, 0xFFFFFFFE) is None for part in parts)
        ):
            raise RefusedError(f"--{name}: `{text}` is no number, range or name")


@match(
    "owner", "! uid-owner text", "! gid-owner text", "! socket-exists flag", "suppl-groups flag", hooks=SOCKETS,
)  # fmt: skip
def owner(use: Use) -> Steps:
    """xt_owner.c."""
    one_of("owner", use.given, "uid-owner", "gid-owner", "socket-exists")
    _check_ids(use, ("uid-owner", "gid-owner"))
    yield _of_sockets(use)


@match("cgroup", "! path text", "! cgroup u32", hooks=(INPUT, OUTPUT, POSTROUTING))
def cgroup(use: Use) -> Steps:
    """xt_cgroup.c."""
    yield use.unknown()


@match("socket", "transparent flag", "nowildcard flag", "restore-skmark flag", hooks=(PREROUTING, INPUT))
def socket(use: Use) -> Steps:
    """xt_socket.c."""
    yield use.unknown()


@match(
    "physdev", "! physdev-in text", "! physdev-out text", "! physdev-is-in flag", "! physdev-is-out flag",
    "! physdev-is-bridged flag",
)  # fmt: skip
def physdev(use: Use) -> Steps:
    """xt_physdev.c: ports of a bridge are not simulated."""
    one_of("physdev", use.given, *use.extension.options)
    if "physdev-out" in use or "physdev-is-out" in use:
        use.hooks = frozenset((PREROUTING, INPUT, FORWARD, POSTROUTING))
    yield use.unknown()


@match(
    "string", "from u16", "to u16", "+ algo text", "! string text 1..0 -hex-string", "! hex-string text 1..0",
    "icase flag",
)  # fmt: skip
def string(use: Use) -> Steps:
    """xt_string.c: payload is not simulated."""
    one_of("string", use.given, "string", "hex-string")
    if use.given["algo"].value not in ("bm", "kmp", "fsm"):
        raise RefusedError("--algo: expected bm or kmp")
    if "hex-string" in use:
        for block in use.given["hex-string"].value.split("|")[1::2]:
            digits = block.replace(" ", "")
            if len(digits) % 2 or not re.fullmatch(r"[0-9a-fA-F]*", digits):
                raise RefusedError(f"--hex-string: `{block}` is no block of hexadecimal bytes")
    yield use.unknown()


U32_TEST = r"\s*\w+\s*(?:(?:&|<<|>>|@)\s*\w+\s*)*=\s*\w+\s*(?::\s*\w+\s*)?(?:,\s*\w+\s*(?::\s*\w+\s*)?)*"
U32 = re.compile(rf"{U32_TEST}(?:&&{U32_TEST})*\Z")


@match("u32", "+! u32 text")
def u32(use: Use) -> Steps:
    """xt_u32.c."""
    if not U32.match(use.given["u32"].value):
        raise RefusedError("--u32: expected tests such as `0&0xFFFF=0x100:0xFFFF`, with && between them")
    yield use.unknown()


@match("bpf", "bytecode text", "object-pinned text")
def bpf(use: Use) -> Steps:
    """xt_bpf.c."""
    one_of("bpf", use.given, "bytecode", "object-pinned")
    if "bytecode" in use and not re.match(r"\d+,(\s*\d+ \d+ \d+ \d+\s*,?)+\Z", use.given["bytecode"].value):
        raise RefusedError("--bytecode: expected what nfbpf_compile prints")
    yield use.unknown()


@match(
    "policy", "dir text", "pol text", "strict flag", "!* reqid u32", "!* spi u32", "!* tunnel-src network",
    "!* tunnel-dst network", "!* proto proto", "!* mode text", "* next flag &strict",
)  # fmt: skip
def policy(use: Use) -> Steps:
    """xt_policy.c: IPsec is not simulated."""
    directions = {"in": (PREROUTING, INPUT, FORWARD), "out": (FORWARD, OUTPUT, POSTROUTING)}
    if "dir" not in use or use.given["dir"].value not in directions:
        raise RefusedError("policy: `--dir in` or `--dir out` must be given")
    if "pol" in use and use.given["pol"].value not in ("none", "ipsec"):
        raise RefusedError("--pol: expected none or ipsec")
    use.hooks = frozenset(directions[use.given["dir"].value])
    yield use.unknown()


@match("realm", "+! realm text", families=(4,))
def realm(use: Use) -> Steps:
    """xt_realm.c."""
    value, _, mask = use.given["realm"].value.partition("/")
    if number_or_none(value, 0, 0xFFFFFFFF) is None or (mask and number_or_none(mask, 0, 0xFFFFFFFF) is None):
        raise RefusedError("--realm: expected a number; names of realms are the machine's")
    yield use.unknown()


@match("devgroup", "! src-group text", "! dst-group text")
def devgroup(use: Use) -> Steps:
    """xt_devgroup.c."""
    one_of("devgroup", use.given, "src-group", "dst-group")
    for name, given in use.given.items():
        parts = given.value.split("/")
        if len(parts) > 2 or any(number_or_none(part, 0, 0xFFFFFFFF) is None for part in parts):
            raise RefusedError(f"--{name}: expected a number; names of groups are the machine's")
    yield use.unknown()


@match(
    "cluster", "+ cluster-total-nodes u32 1..32", "! cluster-local-node u32 1..32 -cluster-local-nodemask",
    "! cluster-local-nodemask u32 1..0", "+ cluster-hash-seed u32",
)  # fmt: skip
def cluster(use: Use) -> Steps:
    """xt_cluster.c."""
    one_of("cluster", use.given, "cluster-local-node", "cluster-local-nodemask")
    yield use.unknown()


@match("cpu", "+! cpu u32")
@match("eui64", families=(6,))
@match("mh", "! mh-type text", families=(6,), protocols=(135,))
@match("nfacct", "+ nfacct-name text 1..0")
@match("osf", "+! genre text", "ttl u32 0..2", "log u32 0..2", protocols=(TCP,))
@match(
    "ipvs", "! ipvs flag", "! vproto proto", "! vaddr network", "! vport port", "vdir text", "! vmethod text",
    "! vportctl port",
)  # fmt: skip
@match(
    "srh", "! srh-next-hdr u8", "! srh-hdr-len-eq u8", "! srh-hdr-len-gt u8", "! srh-hdr-len-lt u8",
    "! srh-segs-left-eq u8", "! srh-segs-left-gt u8", "! srh-segs-left-lt u8", "! srh-last-entry-eq u8",
    "! srh-last-entry-gt u8", "! srh-last-entry-lt u8", "! srh-tag u16", "! srh-psid network", "! srh-nsid network",
    "! srh-lsid network", families=(6,),
)  # fmt: skip
@match(
    "rateest", "rateest1|rateest one", "rateest2 one", "rateest-bps1|rateest-bps maybe",
    "rateest-pps1|rateest-pps maybe", "rateest-bps2 maybe", "rateest-pps2 maybe", "rateest-delta flag",
    "! rateest-lt flag", "! rateest-gt flag", "! rateest-eq flag",
)  # fmt: skip
def unknown(use: Use) -> Steps:
    """What is not simulated."""
    yield use.unknown()


@match("comment", "+ comment text")
def comment(use: Use) -> Steps:
    """xt_comment.c: always true; the rule takes it for its name."""
    return ()
