"""Matches on transport headers: tcp, udp, sctp, dccp, multiport, esp, ah.

Read first: `extensions`. All are false for later fragments; as a match on a field that is not there is false anyhow,
only those that ask for nothing say so. Unlike Linux: a packet too short for its transport header, which these matches
drop at once, goes on to the next rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.netfilter.fields import Option, Raw
from fwsim.netfilter.steps import AnyOf, Match, Step
from fwsim.ruleset.values import Choice, Intervals, Masked, Numbers, merged
from fwsim.terms import TcpFlag

from .extensions import DCCP, SCTP, TCP, UDP, UDPLITE, Steps, Use, match
from .options import one_of
from .values import RefusedError, interval, numbers_value, port, port_range, services_of

ESP, AH, IPCOMP = 50, 51, 108

FLAGS = {
    **{name: int(TcpFlag[name]) for name in ("FIN", "SYN", "RST", "PSH", "ACK", "URG")},
    "ALL": 0x3F, "NONE": 0,
}  # fmt: skip
"""The flags that iptables knows: ECE and CWR are not among them, nor in ALL."""

SYN_FLAGS = FLAGS["FIN"] | FLAGS["SYN"] | FLAGS["RST"] | FLAGS["ACK"]
SERVICE_PROTOCOLS = {TCP: "tcp", UDP: "udp", SCTP: "sctp"}


def _numbers(use: Use, name: str, intervals: Intervals) -> Numbers:
    """An option's values."""
    return numbers_value(intervals, use.negated(name))


def _ports(use: Use, fold: dict[str, tuple[int, int]]) -> Iterator[Step]:
    """`--source-port` and `--destination-port`."""
    for name, field in (("source-port", "sport"), ("destination-port", "dport")):
        if name in use:
            yield use.match(name, field, _numbers(use, name, interval(*fold[name])))


def _header(use: Use) -> Step:
    """That there is a transport header."""
    return Match("fragment", Numbers(((2, 2),), negated=True), text=use.text)


def _strict_ports(use: Use) -> dict[str, tuple[int, int]]:
    """The ports of tcp and sctp."""
    services = services_of(use.extension.name)
    names = [name for name in ("source-port", "destination-port") if name in use]
    return {name: port_range(use.given[name].value[0], services) for name in names}


def _loose_ports(use: Use) -> dict[str, tuple[int, int]]:
    """The ports of udp and dccp."""
    return {name: use.given[name].value for name in ("source-port", "destination-port") if name in use}


def flag_mask(text: str) -> int:
    """A list of flags."""
    mask = 0
    for word in text.split(","):
        if word and word.upper() not in FLAGS:
            raise RefusedError(f"`{word}` is no TCP flag: expected some of {' '.join(FLAGS)}, with commas")
        mask |= FLAGS[word.upper()] if word else 0
    return mask


@match(
    "tcp", "! source-port|sport one", "! destination-port|dport one", "! syn flag -tcp-flags", "! tcp-flags two",
    "! tcp-option u8 1..0", protocols=(TCP,),
)  # fmt: skip
def tcp(use: Use) -> Steps:
    """xt_tcpudp.c: tcp_mt."""
    if not use.given:
        yield _header(use)
    yield from _ports(use, _strict_ports(use))
    for name in ("syn", "tcp-flags"):
        if name in use:
            mask, wanted = SYN_FLAGS, FLAGS["SYN"]
            if name == "tcp-flags":
                mask, wanted = (flag_mask(word) for word in use.given[name].value)
            value = Masked((Choice(wanted, wanted, mask),), use.negated(name))
            yield use.match(name, "tcp_flags", value)
    if "tcp-option" in use:
        present = 0 if use.negated("tcp-option") else 1
        option = Option("tcp", use.given["tcp-option"].value)
        yield use.match("tcp-option", option, Numbers(((present, present),)))


@match("udp", "! source-port|sport ports", "! destination-port|dport ports", protocols=(UDP,))
def udp(use: Use) -> Steps:
    """xt_tcpudp.c: udp_mt."""
    if not use.given:
        yield _header(use)
    yield from _ports(use, _loose_ports(use))


@match("sctp", "! source-port|sport one", "! destination-port|dport one", "! chunk-types two", protocols=(SCTP,))
def sctp(use: Use) -> Steps:
    """xt_sctp.c; chunks are not simulated."""
    if not use.given:
        yield _header(use)
    yield from _ports(use, _strict_ports(use))
    if "chunk-types" in use:
        if use.given["chunk-types"].value[0].lower() not in ("any", "all", "only"):
            raise RefusedError("--chunk-types: expected `any`, `all` or `only`, then a list of chunks")
        yield use.unknown("chunk-types")


DCCP_TYPES = frozenset(
    ("REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC", "SYNCACK", "INVALID")
)


@match(
    "dccp", "! source-port|sport ports", "! destination-port|dport ports", "! dccp-types text", "! dccp-option u8 1..0",
    protocols=(DCCP,),
)  # fmt: skip
def dccp(use: Use) -> Steps:
    """xt_dccp.c; types and options of packets are not simulated."""
    if not use.given:
        yield _header(use)
    yield from _ports(use, _loose_ports(use))
    if "dccp-types" in use:
        for word in use.given["dccp-types"].value.split(","):
            if word.upper() not in DCCP_TYPES:
                raise RefusedError(f"--dccp-types: `{word}` is no type of DCCP packet")
    for name in ("dccp-types", "dccp-option"):
        if name in use:
            yield use.unknown(name)


# --- multiport -------------------------------------------------------------------------------------------------------

MOST_PORTS = 15


def _port_list(use: Use, text: str) -> Intervals:
    """At most fifteen ports, of which a range counts as two."""
    services = services_of(SERVICE_PROTOCOLS.get(use.protocol, ""))
    found, places = [], 0
    for part in text.split(","):
        first, colon, last = part.partition(":")
        low = port(first, services)
        high = port(last, services) if colon else low
        if colon and low >= high:
            raise RefusedError(f"`{part}` is no range of ports: the second must be greater than the first")
        found.append((low, high))
        places += 2 if colon else 1
    if places > MOST_PORTS:
        raise RefusedError(f"multiport: more than {MOST_PORTS} ports (a range counts as two)")
    return merged(found)


@match(
    "multiport", "! source-ports|sports text -destination-ports -ports",
    "! destination-ports|dports text -source-ports -ports", "! ports text -source-ports -destination-ports",
    protocols=(TCP, UDP, UDPLITE, SCTP, DCCP),
)  # fmt: skip
def multiport(use: Use) -> Steps:
    """xt_multiport.c."""
    one_of("multiport", use.given, "source-ports", "destination-ports", "ports")
    if not use.protocol_then:
        raise RefusedError("multiport needs `-p` in front of its ports")
    for name, given in use.given.items():
        ports = _port_list(use, given.value)
        inside, outside = numbers_value(ports), numbers_value(ports, negated=True)
        if name != "ports":
            yield use.match(name, "sport" if name == "source-ports" else "dport", _numbers(use, name, ports))
        elif given.negated:
            yield use.match(name, "sport", outside)
            yield use.match(name, "dport", outside)
        else:
            source, destination = use.match(name, "sport", inside), use.match(name, "dport", inside)
            yield AnyOf(((source,), (use.match(name, "sport", outside), destination)), given.text)


# --- IPsec headers ---------------------------------------------------------------------------------------------------


def _spi(use: Use, name: str, offset: int) -> Iterator[Step]:
    """A security parameter index, this many bits into the header."""
    if name not in use:
        yield _header(use)
        return
    yield use.match(name, Raw("th", offset, 32), _numbers(use, name, interval(*use.given[name].value)))


@match("esp", "! espspi u32:", protocols=(ESP,))
def esp(use: Use) -> Steps:
    """xt_esp.c."""
    return _spi(use, "espspi", 0)


@match("ah", "! ahspi u32:", families=(4,), protocols=(AH,))
def ah(use: Use) -> Steps:
    """ipt_ah.c."""
    return _spi(use, "ahspi", 32)


@match("ipcomp", "! ipcompspi u32:", "compres flag", protocols=(IPCOMP,))
def ipcomp(use: Use) -> Steps:
    """xt_ipcomp.c."""
    yield use.unknown()
