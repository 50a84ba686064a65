"""Packets in a line."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.expectations.lines import End, LineMistake, Next, Spoken, read_line
from fwsim.terms import Direction

TCP = "tcp 198.51.100.7:40000 > 192.0.2.2:443"


def test_a_packet_has_a_protocol_two_ends_flags_and_an_interface() -> None:
    line = read_line(f"{TCP} syn in wan")
    assert line.proto == 6
    assert line.ends == (End("198.51.100.7", 40000), End("192.0.2.2", 443))
    assert (line.flags, line.interface) == ("S", "wan")


@pytest.mark.parametrize(
    ("word", "letters"),
    [
        ("syn", "S"), ("syn-ack", "SA"), ("ack", "A"), ("fin-ack", "FA"), ("rst", "R"), ("psh-ack", "PA"),
        ("ack-syn", "SA"), ("none", ""), ("xmas", "FPU"), ("cwr-ece", "EW"), ("[S.]", "S."), ("[none]", ""),
    ],
)  # fmt: skip
def test_flags_are_words_or_letters(word: str, letters: str) -> None:
    assert read_line(f"{TCP} {word}").flags == letters


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("udp [fd00:1::23]:5353 > [2001:db8::53]:domain", (End("fd00:1::23", 5353), End("2001:db8::53", 53))),
        ("udp fd00:1::23 > [2001:db8::53]:53", (End("fd00:1::23", 40000), End("2001:db8::53", 53))),
        ("icmp fd00:1::23 -> 2001:db8::1", (End("fd00:1::23"), End("2001:db8::1"))),
        ("tcp 10.1.0.5 > 192.0.2.2:https", (End("10.1.0.5", 40000), End("192.0.2.2", 443))),
        ("47 10.1.0.5 > 192.0.2.2", (End("10.1.0.5"), End("192.0.2.2"))),
    ],
)
def test_ends_are_addresses_with_ports_by_name_or_number(text: str, ends: tuple[End, End]) -> None:
    assert read_line(text).ends == ends


def test_icmp_between_ipv6_addresses_is_icmpv6() -> None:
    assert read_line("icmp fd00:1::23 > 2001:db8::1 echo-reply").kind == (129, 0)
    assert read_line("icmp fd00:1::23 > 2001:db8::1").proto == 58


def test_numbers_are_absolute_or_count_from_the_next_one() -> None:
    line = read_line(f"{TCP} rst seq=+100 ack=-3 win=0 len=12 ttl=3 dscp=46")
    assert line.numbers == {"seq": Next(100), "ack": Next(-3), "win": 0, "len": 12, "ttl": 3, "dscp": 46}
    assert read_line("reply rst seq=1000000").numbers == {"seq": 1_000_000}


def test_a_line_may_go_on_with_a_conversation() -> None:
    line = read_line("reply syn-ack")
    assert (line.ends, line.direction, line.flags) == (None, Direction.REPLY, "SA")
    assert read_line("original close").whole == "close"
    assert read_line("original again syn").anew


@pytest.mark.parametrize(
    ("word", "kind"),
    [("port-unreachable", (3, 3)), ("time-exceeded", (11, 0)), ("time-exceeded code=1", (11, 1)), ("type=5", (5, 0))],
)
def test_an_icmp_error_is_a_type_or_a_code_of_unreachable(word: str, kind: tuple[int, int]) -> None:
    line = read_line(f"icmp 203.0.113.9 > 10.1.0.5 {word} about original")
    assert (line.kind, line.about, line.is_error) == (kind, Direction.ORIGINAL, True)


def test_an_icmp_error_may_be_about_a_packet_of_its_own() -> None:
    line = read_line("icmp 203.0.113.9 > 10.1.0.5 host-unreachable about udp 10.1.0.5:1 > 9.9.9.9:53 len=5")
    assert isinstance(line.about, Spoken)
    assert (line.about.proto, line.about.numbers) == (17, {"len": 5})


def test_sctp_speaks_in_chunks() -> None:
    assert read_line("sctp 10.1.0.5 > 9.9.9.9:36412 cookie-echo,data").chunks == ("cookie-echo", "data")


MISTAKES: list[tuple[str, str, str]] = [
    ("tpc 1.1.1.1 > 2.2.2.2:80", "tpc", "unknown protocol 'tpc', did you mean 'tcp'?"),
    ("", "", "expected a protocol, original or reply, but the line ends"),
    ("tcp 1.1.1.1 2.2.2.2:80", "2.2.2.2:80", "expected '>' between the ends"),
    ("tcp 1.1.1.1 > 2.2.2.2", "2.2.2.2", "expected a port behind 2.2.2.2"),
    ("tcp 1.1.1.1:1 > [::1]:2", "[::1]:2", "both ends must be of one family"),
    ("tcp 1.1.1.999 > 2.2.2.2:80", "1.1.1.999", "expected an address"),
    ("udp 1.1.1.1 > 2.2.2.2:70000", "2.2.2.2:70000", "expected a port of 0 to 65535, found '70000'"),
    ("icmp 1.1.1.1:7 > 2.2.2.2", "1.1.1.1:7", "this protocol has no ports"),
    ("icmpv6 1.1.1.1 > 2.2.2.2", "2.2.2.2", "icmpv6 runs between IPv6 addresses"),
    ("tcp 1.1.1.1 > 2.2.2.2:80 sny", "sny", "unknown word 'sny', did you mean 'syn'?"),
    ("tcp 1.1.1.1 > 2.2.2.2:80 syn ack", "ack", "flags twice: expected them in one word, 'syn-ack'"),
    ("tcp 1.1.1.1 > 2.2.2.2:80 in", "", "expected the name of an interface, but the line ends"),
    ("tcp 1.1.1.1 > 2.2.2.2:80 ttl=256", "ttl=256", "ttl: expected a number of 0 to 255"),
    ("tcp 1.1.1.1 > 2.2.2.2:80 ttl=1 ttl=2", "ttl=2", "ttl is said twice"),
    ("tcp 1.1.1.1 > 2.2.2.2:80 sq=1", "sq=1", "unknown word 'sq', did you mean 'seq='?"),
    ("udp 1.1.1.1 > 2.2.2.2:80 syn", "syn", "only TCP has flags, found 'syn'"),
    ("udp 1.1.1.1 > 2.2.2.2:80 seq=1", "seq=1", "unknown word 'seq'"),
    ("icmp 1.1.1.1 > 2.2.2.2 echo-request about original", "", "only an ICMP error is about another packet"),
    ("udplite 1.1.1.1 > 2.2.2.2", "udplite", "packets of udplite are not made here"),
    ("esp 1.1.1.1 > 2.2.2.2 bad-checksum", "bad-checksum", "unknown word 'bad-checksum'"),
    ("sctp 1.1.1.1 > 2.2.2.2:80 close", "close", "close is of TCP"),
    ("tcp 1.1.1.1 > 2.2.2.2:80 " + "x" * 2000, "", "expected a line of at most 1000 letters"),
]


@pytest.mark.parametrize(("text", "at", "message"), MISTAKES)
def test_a_mistake_is_told_where_it_is(text: str, at: str, message: str) -> None:
    with pytest.raises(LineMistake) as mistake:
        read_line(text)
    assert message in str(mistake.value)
    assert text[mistake.value.offset :].startswith(at)


@pytest.mark.parametrize(("proto", "text"), [(17, "reply syn"), (6, "reply echo-reply"), (1, "reply len=1 seq=2")])
def test_the_words_of_a_continuing_line_are_those_of_its_protocol(proto: int, text: str) -> None:
    read_line(text)
    with pytest.raises(LineMistake):
        read_line(text, proto)


def test_what_is_quoted_quotes_nothing_itself() -> None:
    inner = "icmp 1.1.1.1 > 2.2.2.2 port-unreachable about"
    with pytest.raises(LineMistake, match="quotes nothing itself"):
        read_line(f"{inner} {inner} original")


def kinds(text: str) -> Any:
    return read_line(text).kind


def test_names_of_icmp_types_differ_by_family() -> None:
    assert kinds("icmp 1.1.1.1 > 2.2.2.2 time-exceeded") == (11, 0)
    assert kinds("icmp ::1 > ::2 time-exceeded") == (3, 0)
