"""Bits of headers, options and extension headers: the kernel is asked the same of packets at the boundaries.

Each question has a sender of its own, so that one ruleset asks all, and each kind of packet is sent by every sender.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from fwsim.capture import Input, open_captures
from fwsim.kernel import KernelFirewall
from fwsim.parity import Comparison, compare_firewalls
from fwsim.result import Result
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from fwsim.tables import SLOTS
from fwsim.terms import Verdict
from tests.captures_by_hand import icmp, ip4, ip6, tcp, udp
from tests.kernel_stage import Seen, capture_of, needs_kernel

pytestmark = pytest.mark.kernel

SELF, PEER = bytes([10, 0, 255, 254]), bytes([192, 0, 2, 2])
SELF6, PEER6 = bytes.fromhex("fd00" + "00" * 13 + "fe"), bytes.fromhex("20010db8" + "00" * 11 + "02")
PLACES = {"lan": ("10.0.0.0/8", "fd00::/16"), "wan": ("any",)}
LOCAL = ("10.0.255.254", "fd00::fe")
HOOKS = ("prerouting", "forward", "input", "postrouting")

Made = Callable[[bytes, bytes], bytes]
"""A packet from one address to another."""


def sender(number: int) -> bytes:
    return bytes([10, 0, 1 + number // 200, 1 + number % 200])


def sender6(number: int) -> bytes:
    return bytes.fromhex("fd00" + "00" * 12) + number.to_bytes(2, "big")


def v4_tcp(options: bytes = b"", flags: int = 2, *, more: dict[str, Any] | None = None, **fields: Any) -> Made:
    """A segment; `options` of TCP are filled up to a multiple of four bytes by ends of them."""
    whole = options + bytes(-len(options) % 4)
    return lambda src, dst: ip4(tcp(flags, options=whole, src=src, dst=dst, **(more or {})), src=src, dst=dst, **fields)


def v4_raw(payload: bytes, proto: int, **fields: Any) -> Made:
    return lambda src, dst: ip4(payload, proto, src=src, dst=dst, **fields)


def v4_udp(payload: bytes = b"hello", **fields: Any) -> Made:
    return lambda src, dst: ip4(udp(payload, src=src, dst=dst), 17, src=src, dst=dst, **fields)


MSS = bytes([2, 4, 5, 180])  # 1460
SCALE = bytes([3, 3, 7])
TIMES = bytes([8, 10, 0, 0, 0, 5, 0, 0, 0, 6])
SACK = bytes([5, 10, 0, 0, 0, 9, 0, 0, 0, 99])
NOP = b"\1"

TCP_PACKETS = [
    v4_tcp(),
    v4_tcp(MSS),
    v4_tcp(bytes([2, 4, 2, 24])),
    v4_tcp(bytes([2, 4, 3, 232])),
    v4_tcp(MSS + NOP + SCALE),
    v4_tcp(NOP + NOP + TIMES, 0x10),
    v4_tcp(NOP + NOP + SACK, 0x10),
    v4_tcp(MSS + bytes([4, 2]) + TIMES + NOP + SCALE),
    v4_tcp(b"\0" + MSS),  # an end does not end it
    v4_tcp(bytes([3, 0]) + MSS),  # a length of zero counts as one byte
    v4_tcp(NOP * 37 + SCALE),
    v4_tcp(NOP * 39 + b"\2"),  # in the last byte
    v4_tcp(SCALE + NOP),
    v4_tcp(bytes([34, 6, 1, 2, 3, 4]) + NOP * 2),
    v4_tcp(bytes([30, 12, 0x10, 1, *range(8)])),
    v4_tcp(flags=0x10, more={"win": 1}),
    v4_tcp(flags=0xC2, tos=1),
    v4_tcp(flags=0x52, tos=2),
    v4_tcp(flags=0x12, tos=3),
    v4_tcp(more={"offset": 6}),  # beyond the packet
    v4_tcp(more={"offset": 4}),  # too short
    v4_raw(tcp()[:13], 6),
]
MALFORMED = [
    v4_tcp(bytes([2, 3, 1, 1]) + MSS),
    v4_tcp(bytes([2, 8, 5, 180]) + NOP * 4),
    v4_tcp(NOP * 2 + b"\2\5"),
    v4_tcp(bytes([2, 200, 5, 180])),
]
"""Maximum segment sizes that nft and xtables take differently."""
PLAIN_PACKETS = [
    v4_udp(),
    v4_udp(b""),
    v4_udp(tos=0x10),
    v4_udp(tos=0xB9),
    v4_udp(ttl=2),
    v4_udp(ident=0xFEFF),
    v4_udp(ident=0xFFFF, fragment=0x4000),
    v4_udp(b"x" * 100),
    v4_raw(b"\0" * 3, 47),
    v4_raw(b"\0" * 2, 47),
    v4_raw(b"", 89),
    v4_raw(bytes(range(40)), 50),
    v4_raw(icmp(), 1),
    v4_raw(icmp(13, body=bytes(12)), 1),
]
EDGE_OF_CHECKSUM = [v4_udp(ident=number) for number in range(0xD000, 0xD400, 0x33)]
ROUTED = [
    v4_raw(udp(), 17, options=options)
    for options in (
        bytes([148, 4, 0, 0]),
        bytes([7, 7, 4, 0, 0, 0, 0, 0]),
        bytes([1, 1, 1, 0]),
        bytes([1, 148, 4, 0, 0, 0, 0, 0]),
        bytes([0, 148, 4, 0]),
        bytes([7, 3, 5, 0]),
    )
]

TCP_OPTIONS = (
    *(f"tcp option {name} {there}" for name in ("eol", "nop", "window", "maxseg", "sack-perm", "sack", "timestamp",
                                               "md5sig", "mptcp", "fastopen") for there in ("exists", "missing")),
    "tcp option maxseg size 1460", "tcp option maxseg size != 1460", "tcp option maxseg size 536-1000",
    "tcp option maxseg size < 1000", "tcp option maxseg length 4", "tcp option window count 7",
    "tcp option window count & 1 == 1", "tcp option timestamp tsval 5", "tcp option timestamp tsecr 6",
    "tcp option sack left 9", "tcp option sack right 99", "tcp option sack1 left 0", "tcp option sack length 10",
    "tcp option @34,16,8 1", "tcp option @3,16,8 7", "tcp option 34 exists", "tcp option mptcp subtype 1",
    "tcp doff 5", "tcp doff 6-15", "tcp urgptr 0", "tcp checksum > 32768", "tcp reserved 0", "@th,0,8 0x9c",
    "@th,100,12 2", "@th,152,8 0", "@th,160,32 & 0xff000000 == 0x02000000", "@th,159,1 0", "@ih,0,8 0",
    "@th,32,128 0-0xffffffffffffffffffffffffffffffff", "@th,160,8 2", "@th,64,63 & 0xff == 0",
)  # fmt: skip
PLAIN = (
    "ip ecn 1", "ip ecn != 1", "ip ecn ect0", "ip version 4", "ip hdrlength 5", "ip hdrlength 6-15",
    "ip checksum < 32768", "ip checksum 0-1000", "ip frag-off 0x4000", "@nh,0,8 0x45", "@nh,8,8 0x10",
    "@nh,8,8 & 0xfc == 0xb8", "@nh,64,8 1", "@nh,64,8 2", "@nh,64,16 & 0xff00 == 0x3f00", "@nh,80,16 > 0x8000",
    "@nh,88,8 > 0x80", "@nh,120,8 1-100", "@th,32,16 13",
    "@nh,96,32 & 0xff00 == 0x100", "udp length 8-13", "udp checksum > 32768",
    "@th,0,24 0-16777215", "@th,0,17 0-131071", "@th,0,24 != 0", "@th,24,8 0-255", "@th,40,24 0-16777215",
    "@th,0,64 0-0xffffffffffffffff", "@th,33,7 0-3", "@th,33,15 13", "@ih,0,8 0x68", "@ih,0,40 0-0xffffffffff",
    "@ih,0,48 0-0xffffffffffff", "@nh,224,8 0", "@nh,160,16 5000", "esp spi 0x00010203", "esp sequence 0x04050607",
    "icmp sequence 1", "udp length != 13",
)  # fmt: skip
IP_OPTIONS = (
    *(f"ip option {name} {there}" for name in ("ra", "rr", "lsrr", "ssrr") for there in ("exists", "missing")),
    "ip hdrlength 6", "udp length 13", "@nh,160,8 148",
)  # fmt: skip
CHECKSUMS = ("ip checksum > 0x8000", *(f"@nh,80,16 & 0xff00 == {part << 8:#x}" for part in range(0, 256, 37)))


def parts(questions: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many questions at once as there are slots."""
    for start in range(0, len(questions), SLOTS):
        yield questions[start : start + SLOTS]


EXTENDED = (
    *(f"exthdr {name} {there}" for name in ("hbh", "rt", "frag", "dst", "mh") for there in ("exists", "missing")),
    "hbh nexthdr 17", "hbh hdrlength 0", "dst nexthdr 17", "rt type 4", "rt seg-left 1", "frag more-fragments 1",
    "frag more-fragments 0", "frag frag-off 0", "frag frag-off 1-100", "frag id 7", "frag nexthdr 17", "mh type 5",
    "mh checksum 0x0102", "ip6 version 6", "ip6 ecn 1", "ip6 flowlabel 0x12345", "ip6 nexthdr 17", "ip6 length 13",
    "@nh,56,8 1", "@nh,48,16 & 0xff == 0x3f", "@th,0,24 0-16777215", "@th,32,16 13", "@th,0,8 0x13",
    "udp length 13", "@ih,0,8 0x68", "@th,8,8 0x88", "@nh,320,8 17", "@nh,336,63 0",
)  # fmt: skip
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, NO_NEXT, DESTINATION, MOBILITY = 0, 43, 44, 51, 59, 60, 135


def chained(*headers: tuple[int, bytes], last: int = 17, payload: bytes = b"", **fields: Any) -> Made:
    """A packet of IPv6 with extension headers, whose first byte is filled in; then UDP, or a payload."""

    def made(src: bytes, dst: bytes) -> bytes:
        body, following = payload or udp(src=src, dst=dst), last
        for number, rest in reversed(headers):
            body, following = bytes([following]) + rest + body, number
        return ip6(body, following, src=src, dst=dst, **fields)

    return made


PADDED = bytes([0, 1, 4, 0, 0, 0, 0])
ROUTE = bytes([0, 4, 0, 0, 0, 0, 0])
IPV6_PACKETS = [
    chained(),
    chained(traffic_class=1),
    chained(ttl=2),
    chained((HOP_BY_HOP, PADDED)),
    chained((DESTINATION, PADDED)),
    chained((HOP_BY_HOP, PADDED), (DESTINATION, PADDED), (ROUTING, ROUTE), (DESTINATION, PADDED)),
    chained((ROUTING, ROUTE)),
    chained((FRAGMENT, bytes([0, 0, 0, 0, 0, 0, 7]))),
    chained((FRAGMENT, bytes([0, 0, 1, 0, 0, 0, 7])), payload=b"x" * 16),
    chained((FRAGMENT, bytes([0, 0, 8, 0, 0, 0, 7])), payload=b"x" * 13),
    chained((DESTINATION, PADDED), (FRAGMENT, bytes([0, 0, 9, 0, 0, 0, 8])), payload=b"x" * 16),
    chained((FRAGMENT, bytes([0, 0, 8, 0, 0, 0, 7])), last=DESTINATION, payload=bytes([17]) + PADDED),
    chained((AUTHENTICATION, bytes([1, *range(10)]))),
    chained(last=NO_NEXT, payload=b"zz"),
    chained((MOBILITY, bytes([0, 5, 0, 1, 2, 0, 0])), last=NO_NEXT, payload=b"z"),
    chained(last=DESTINATION, payload=bytes([17])),
    chained(last=ROUTING, payload=bytes([17, 0, 4])),
    chained(last=DESTINATION, payload=bytes([17, 5, 1, 4, 0, 0, 0, 0])),
    chained(last=17, payload=b"\x13\x88\0"),
    chained(last=58, payload=bytes([128, 0, 0, 0, 0, 1, 0, 1])),
]
BROKEN = IPV6_PACKETS[15:18]
"""Those whose last extension header is no whole one: xtables drops them, which is unknown here."""
XTABLES = (
    *(f"-p tcp -m tcpmss {negated}--mss {sizes}" for negated in ("", "! ") for sizes in ("1460", "536:1000", "1000")),
    *(f"-p tcp -m tcp {negated}--tcp-option {kind}" for negated in ("", "! ") for kind in (1, 2, 3, 8, 34)),
    "-m ecn --ecn-ip-ect 1", "-m ecn ! --ecn-ip-ect 0", "-p tcp -m ecn --ecn-tcp-cwr", "-p tcp -m ecn --ecn-tcp-ece",
    "-m tos --tos 0x10/0xff", "-m tos --tos 1/3", "-m tos ! --tos 0xb9", "-m dscp --dscp 46",
)  # fmt: skip
XTABLES6 = (
    "-m frag", "-m frag --fragid 7", "-m frag ! --fragid 7", "-m frag --fragfirst", "-m frag --fragmore",
    "-m frag --fraglast", "-m hbh", "-m dst", "-m rt", "-m ah", "-m ecn --ecn-ip-ect 1", "-m tos --tos 1/3",
)  # fmt: skip


def judged(rules: str, packets: Sequence[Seen], folder: Path) -> Comparison:
    """Rules and packets in both firewalls; that something was dropped, and something not."""
    needs_kernel()
    path, capture = folder / "rules", folder / "capture.pcapng"
    path.write_text(rules)
    capture.write_bytes(capture_of(packets))
    ruleset = load_ruleset(str(path), interfaces=PLACES, local=LOCAL)
    simulator = Simulator(ruleset, interfaces=PLACES, local=LOCAL, key=1)
    captures = open_captures([Input(str(capture))])
    with KernelFirewall(ruleset, topology=simulator.topology) as kernel:
        comparison = compare_firewalls(Result(captures, simulator), kernel)
    assert [(one.number, one.ours, one.theirs, one.words) for one in comparison.differences] == []
    assert comparison.compared.total() > len(packets) * 0.9
    verdicts = Result(open_captures([Input(str(capture))]), Simulator(ruleset, interfaces=PLACES, local=LOCAL))
    said = set(verdicts.decisions["stateful"]["verdict"].tolist())
    assert {int(Verdict.DROP), int(Verdict.ACCEPT)} <= said
    return comparison


def nft_rules(questions: Sequence[str], hook: str, family: int = 4) -> str:
    """A ruleset that drops what a sender's question is true of."""
    place, address = ("ip saddr", "ip") if family == 4 else ("ip6 saddr", "ip6")
    lines = []
    for number, question in enumerate(questions):
        raw = sender(number) if family == 4 else sender6(number)
        text = ".".join(map(str, raw)) if family == 4 else f"fd00::{int.from_bytes(raw[-2:], 'big'):x}"
        lines.append(f"{place} {text} {question} drop")
    body = "\n".join(lines)
    return f"table {address} t {{\nchain c {{\ntype filter hook {hook} priority 0; policy accept;\n{body}\n}}\n}}\n"


def iptables_rules(questions: Sequence[str], family: int = 4) -> str:
    """The same in the words of iptables-save, for what is forwarded."""
    lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    for number, question in enumerate(questions):
        source = ".".join(map(str, sender(number))) if family == 4 else f"fd00::{sender6(number)[-2:].hex()}"
        lines.append(f"-A FORWARD -s {source}/{32 if family == 4 else 128} {question} -j DROP")
    return "\n".join([*lines, "COMMIT", ""])


def sent(made: Sequence[Made], questions: Sequence[str], hook: str, family: int = 4) -> Iterator[Seen]:
    """Every packet from every sender, to the machine itself or beyond it."""
    targets = (SELF, PEER) if family == 4 else (SELF6, PEER6)
    senders = sender if family == 4 else sender6
    for number in range(len(questions)):
        for make in made:
            yield Seen("lan", make(senders(number), targets[hook != "input"]))


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    ("questions", "packets"),
    [(TCP_OPTIONS, TCP_PACKETS), (PLAIN, PLAIN_PACKETS), (CHECKSUMS, EDGE_OF_CHECKSUM), (IP_OPTIONS, ROUTED)],
    ids=["tcp", "plain", "checksums", "ip-options"],
)
def test_nft_finds_the_same_bits(hook: str, questions: Sequence[str], packets: Sequence[Made], tmp_path: Path) -> None:
    for part in parts(questions):
        comparison = judged(nft_rules(part, hook), list(sent(packets, part, hook)), tmp_path)
        assert not comparison.unknown


@pytest.mark.parametrize("hook", HOOKS)
def test_nft_finds_the_same_extension_headers(hook: str, tmp_path: Path) -> None:
    for part in parts(EXTENDED):
        comparison = judged(nft_rules(part, hook, 6), list(sent(IPV6_PACKETS, part, hook, 6)), tmp_path)
        assert not comparison.unknown


def test_iptables_finds_the_same_bits(tmp_path: Path) -> None:
    packets = [*(TCP_PACKETS[:-3]), *MALFORMED, *PLAIN_PACKETS]
    for part in parts(XTABLES):
        comparison = judged(iptables_rules(part), list(sent(packets, part, "forward")), tmp_path)
        assert not comparison.unknown


def test_iptables_drops_what_is_no_whole_header_which_is_unknown_here(tmp_path: Path) -> None:
    rules = iptables_rules(XTABLES[:1] * 3)
    comparison = judged(rules, list(sent([*TCP_PACKETS[:3], *TCP_PACKETS[-3:]], XTABLES[:1] * 3, "forward")), tmp_path)
    assert comparison.unknown.total() == 9


def test_nft_finds_the_same_in_malformed_options(tmp_path: Path) -> None:
    questions = [question for question in TCP_OPTIONS if "maxseg" in question]
    comparison = judged(nft_rules(questions, "forward"), list(sent(MALFORMED, questions, "forward")), tmp_path)
    assert not comparison.unknown


def test_ip6tables_finds_the_same_extension_headers(tmp_path: Path) -> None:
    whole = [made for made in IPV6_PACKETS if made not in BROKEN]
    comparison = judged(iptables_rules(XTABLES6, 6), list(sent(whole, XTABLES6, "forward", 6)), tmp_path)
    assert not comparison.unknown
    comparison = judged(iptables_rules(XTABLES6, 6), list(sent(IPV6_PACKETS, XTABLES6, "forward", 6)), tmp_path)
    asking = [question for question in XTABLES6 if question.split()[1] in ("frag", "hbh", "dst", "rt", "ah")]
    assert 0 < comparison.unknown.total() <= len(asking) * len(BROKEN)


def piece(first: int, last: int | None, fragment: int, **fields: Any) -> Made:
    """Some bytes of a UDP datagram in a fragment."""
    return lambda src, dst: ip4(
        udp(b"x" * 24, src=src, dst=dst)[first:last], 17, src=src, dst=dst, fragment=fragment, ident=7, **fields
    )


PIECES = [piece(0, 16, 0x2000), piece(16, None, 2)]
OF_PIECES = (
    "udp length 32", "@th,0,24 0-16777215", "@ih,184,8 0x78", "ip frag-off 0x2000", "ip checksum > 0", "ip ecn 0",
    "@nh,16,16 52", "@nh,16,16 36", "@th,128,8 0x78",
)  # fmt: skip


def test_a_later_fragment_has_no_transport_header(tmp_path: Path) -> None:
    comparison = judged(nft_rules(OF_PIECES, "prerouting"), list(sent(PIECES, OF_PIECES, "prerouting")), tmp_path)
    assert not comparison.unknown


def test_a_datagram_put_together_has_the_bits_of_the_whole(tmp_path: Path) -> None:
    rules = nft_rules(OF_PIECES, "forward").replace("policy accept;", "policy accept; ct state established accept")
    comparison = judged(rules, list(sent(PIECES, OF_PIECES, "forward")), tmp_path)
    worked_out_anew = ("frag-off", "checksum", "ecn")
    assert comparison.unknown.total() <= 2 * sum(any(w in question for w in worked_out_anew) for question in OF_PIECES)


CHANGED = (
    "ip dscp set 5 ip ecn 0", "ip dscp set 5 ip checksum > 0x8000",
    "tcp option maxseg size set 536 tcp option maxseg size 536",
    "reset tcp option maxseg tcp option maxseg missing", "ip dscp set 5 tcp option window exists",
    "ip dscp set 5 tcp option window missing", "ip ttl set 9 @nh,64,8 8-9",
)  # fmt: skip


def test_what_a_rule_has_changed_is_unknown_at_most(tmp_path: Path) -> None:
    packets = TCP_PACKETS[:8]
    comparison = judged(nft_rules(CHANGED, "forward"), list(sent(packets, CHANGED, "forward")), tmp_path)
    assert comparison.unknown.total() <= 3 * len(packets)
